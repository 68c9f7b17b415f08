#pragma once
// Boards in virtual time: one thread, driven by whoever calls.

#include <memory>
#include <vector>

#include "core.hpp"

namespace tautline::sim {

class VirtualBoard;

/// Boards that share one time.
class World {
 public:
  struct Until {
    bool interrupt = false;  // any board's
    bool frame = false;      // of `board` for the harness
    bool read = false;       // value for `board`
    VirtualBoard* board = nullptr;
  };
  void add(VirtualBoard* board);
  void remove(VirtualBoard* board);
  /// Lets time pass to `target`; true if a condition ended it earlier or at the same time.
  bool advance(Cycle target, const Until& until, bool skip = true);
  [[nodiscard]] Cycle now() const { return now_; }
  [[nodiscard]] std::size_t size() const { return boards_.size(); }

 private:
  std::vector<VirtualBoard*> boards_;
  Cycle now_ = 0;
  bool inside_ = false;
};

class VirtualBoard final : public Board {
 public:
  VirtualBoard(std::unique_ptr<Core> core, std::shared_ptr<World> world);
  ~VirtualBoard() override;

  std::unique_ptr<PciFunction> function() override;
  void give_frame(std::span<const std::byte> frame, Nanos at, bool bad) override;
  std::optional<Frame> take_frame() override;
  void on_frame(std::function<void(const Frame&, bool)> observer) override;
  void run(Cycle cycles) override;
  bool advance(std::chrono::nanoseconds time, bool until_interrupt, bool until_frame) override;
  bool advance_to_quiescence(std::chrono::nanoseconds limit) override;
  [[nodiscard]] bool quiescent() const override;
  [[nodiscard]] std::optional<std::uint64_t> next_deadline_us() const override;
  [[nodiscard]] std::uint64_t now_us() const override { return core->bus->now_us; }
  [[nodiscard]] Cycle cycle() const override { return core->bus->cycle; }
  [[nodiscard]] BoardStats stats() const override { return core->stats(); }
  [[nodiscard]] const Probe& probe_event() const override { return core->bus->probe_event; }
  [[nodiscard]] const Probe& probe_send() const override { return core->bus->probe_send; }
  [[nodiscard]] const Probe& probe_issue() const override { return core->bus->probe_issue; }
  [[nodiscard]] AxiMemory& memory() override { return core->bus->memory; }
  [[nodiscard]] std::vector<std::string> violations() const override;
  void set_link_state(LinkState state) override { core->link = state; }
  [[nodiscard]] unsigned flows() const override { return core->variant.flows; }
  [[nodiscard]] const std::string& variant() const override { return core->variant_name; }
  void flush_files() override { core->flush(); }

  std::unique_ptr<Core> core;
  std::shared_ptr<World> world;
};

}  // namespace tautline::sim
