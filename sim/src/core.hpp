#pragma once
// One board with everything around it, without an opinion on who moves time.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tautline_sim/harness.hpp"
#include "tautline_sim/model.hpp"
#include "tautline_sim/pcapng.hpp"
#include "tautline_sim/record.hpp"

namespace tautline::sim {

class Core {
 public:
  static Result<std::unique_ptr<Core>> create(BoardOptions options, std::unique_ptr<Wire> wire);
  ~Core();

  // Inputs; each is recorded with the executed cycle before which it is given.
  void inject(Frame frame);
  void mmio(const MmioOp& op);
  void set_now(std::uint64_t us);
  void skip_to(Cycle cycle);

  /// Runs the model up to `end` or a stop condition and hands out what came out of it.
  void run(Cycle end);
  /// Moves what is due on the wire at the present time; at most `room` frames in.
  std::size_t pump(std::size_t room = ~std::size_t{0});
  /// Nothing to do before the next deadline, frame or access.
  [[nodiscard]] bool idle() const;
  /// First cycle at which a deadline or a frame on the line wants the model to run; only where time
  /// follows the cycles.
  [[nodiscard]] Cycle wake() const;
  /// Board time on the wire's clock.
  [[nodiscard]] Nanos time_of(Cycle cycle) const;
  [[nodiscard]] BoardStats stats() const;
  [[nodiscard]] std::uint64_t bar_size(unsigned bar) const;
  void flush();
  void fail_link(const std::string& why);

  BoardOptions options;
  ModelVariant variant{};
  std::shared_ptr<HostMemory> host_memory = HostMemory::create();
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<RecordingTarget> recording;
  std::unique_ptr<Bus> bus;
  std::unique_ptr<BoardModel> model;
  std::unique_ptr<Wire> wire;
  ImpairedWire* impaired = nullptr;  // the wire, if it is one
  HarnessWire* harness = nullptr;    // the far end, if it is the program
  std::unique_ptr<PcapngWriter> capture;
  std::function<void(const Frame&, bool)> observer;
  std::string variant_name;

  int interrupt_fd = -1;
  std::atomic<bool> interrupt_pending{false};
  std::atomic<LinkState> link{LinkState::up};
  std::vector<std::string> stream_violations;
  std::vector<std::uint32_t> reads;  // values that came back
  std::uint64_t utc_start_ns = 0;    // capture time of board time 0

 private:
  explicit Core(BoardOptions o) : options(std::move(o)) {}
  void collect();
  void record(RecordKind kind, std::span<const std::byte> a, std::span<const std::byte> b = {}) {
    if (recorder) recorder->entry(kind, bus->executed, a, b);
  }

  BoardStats counts_;
  Cycle now_set_at_ = 0;
};

/// The model as options or a record describe it, out of reset.
Result<void> start_model(Core& core);
AxiMemoryConfig memory_config(const BoardOptions& options, std::size_t beat_bytes);

template <class T>
std::span<const std::byte> as_bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace tautline::sim
