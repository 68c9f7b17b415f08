#pragma once
// A board that follows the wall clock: a thread of its own owns the model. Its time runs as the
// wall's does, less what it could not keep up with; the host sees the wall's.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core.hpp"

namespace tautline::sim {

/// One producer, one consumer, no locks.
template <class T, std::size_t kSize>
class SpscQueue {
  static_assert((kSize & (kSize - 1)) == 0);

 public:
  bool push(const T& value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kSize) return false;
    slots_[tail % kSize] = value;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  bool pop(T& value) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (tail_.load(std::memory_order_acquire) == head) return false;
    value = slots_[head % kSize];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }
  [[nodiscard]] bool empty() const {
    return tail_.load(std::memory_order_acquire) == head_.load(std::memory_order_acquire);
  }

 private:
  std::vector<T> slots_ = std::vector<T>(kSize);
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
};

/// What exchanges bytes with a board that has the byte-stream carrier.
class StreamPort {
 public:
  virtual ~StreamPort() = default;
  /// In the board's thread: moves bytes both ways; true if some went in.
  virtual bool exchange(Core& core) = 0;
  /// Bytes for the board wait.
  [[nodiscard]] virtual bool waiting() const = 0;
};

class WallBoard final : public Board {
 public:
  static Result<std::shared_ptr<WallBoard>> start(std::unique_ptr<Core> core,
                                                  std::shared_ptr<StreamPort> port = nullptr);
  ~WallBoard() override;

  std::unique_ptr<PciFunction> function() override;
  void give_frame(std::span<const std::byte>, Nanos, bool) override {}
  std::optional<Frame> take_frame() override { return std::nullopt; }
  void on_frame(std::function<void(const Frame&, bool)> observer) override;
  void run(Cycle) override {}
  bool advance(std::chrono::nanoseconds, bool, bool) override { return false; }
  bool advance_to_quiescence(std::chrono::nanoseconds) override { return false; }
  [[nodiscard]] bool quiescent() const override { return false; }
  [[nodiscard]] std::optional<std::uint64_t> next_deadline_us() const override {
    return std::nullopt;
  }
  [[nodiscard]] std::uint64_t now_us() const override { return wall_us(); }
  [[nodiscard]] Cycle cycle() const override { return stats().executed; }
  [[nodiscard]] BoardStats stats() const override;
  // For a look after the board has come to rest; the thread of the board owns them.
  [[nodiscard]] const Probe& probe_event() const override { return core_->bus->probe_event; }
  [[nodiscard]] const Probe& probe_send() const override { return core_->bus->probe_send; }
  [[nodiscard]] const Probe& probe_issue() const override { return core_->bus->probe_issue; }
  [[nodiscard]] AxiMemory& memory() override { return core_->bus->memory; }
  [[nodiscard]] std::vector<std::string> violations() const override;
  void set_link_state(LinkState state) override { core_->link = state; }
  [[nodiscard]] unsigned flows() const override { return core_->variant.flows; }
  [[nodiscard]] const std::string& variant() const override { return core_->variant_name; }
  void flush_files() override;

  // For the function.
  void post(const MmioOp& op);
  /// Something waits for the board's thread.
  void wake();
  std::uint32_t read(std::uint32_t offset);
  [[nodiscard]] std::uint64_t wall_us() const;
  [[nodiscard]] Core& core() { return *core_; }
  [[nodiscard]] std::uint64_t bytes_written() const { return written_.load(); }

 private:
  explicit WallBoard(std::unique_ptr<Core> core);
  void loop();
  std::uint64_t sleep();
  [[nodiscard]] std::uint64_t board_us() const;
  void absorb_lag(std::uint64_t due);
  void kick();
  bool drain_mmio();

  std::unique_ptr<Core> core_;
  std::shared_ptr<StreamPort> port_;
  std::chrono::steady_clock::time_point start_;
  std::uint64_t lost_us_ = 0;  // wall time that the board has not lived; its thread's
  SpscQueue<MmioOp, 1024> ops_;
  std::atomic<std::uint64_t> read_answer_{0};  // count in the upper half, value in the lower
  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> flush_{false};
  int kick_fd_ = -1;
  mutable std::mutex mutex_;  // of what follows
  BoardStats stats_;
  std::vector<std::string> violations_;
  std::function<void(const Frame&, bool)> observer_;
  bool observer_changed_ = false;
  std::thread thread_;
};

}  // namespace tautline::sim
