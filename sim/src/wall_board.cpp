#include "wall_board.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

namespace tautline::sim {
namespace {

// now_us moves at most so far at once while the device is busy.
constexpr std::uint64_t kStepUs = 1000;
// Board time lags behind the wall at most so far. What is beyond was lost to a slow model, a busy
// machine or a blocked write, and the board never lives it: a peer that had no time to answer must
// not find a timer expired.
constexpr std::uint64_t kMaxLagUs = 2000;
// A frame that is in has reached its connection after so many cycles.
constexpr Cycle kThrough = 128;
// Frames taken from the wire ahead of the line; the rest waits in the kernel's queue.
constexpr std::size_t kFramesAhead = 64;

}  // namespace

Result<std::shared_ptr<WallBoard>> WallBoard::start(std::unique_ptr<Core> core,
                                                    std::shared_ptr<StreamPort> port) {
  std::shared_ptr<WallBoard> board(new WallBoard(std::move(core)));
  board->port_ = std::move(port);
  board->kick_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (board->kick_fd_ < 0) return fail_errno(errno, "cannot make an eventfd");
  board->thread_ = std::thread([b = board.get()] { b->loop(); });
  return board;
}

WallBoard::WallBoard(std::unique_ptr<Core> core)
    : core_(std::move(core)), start_(std::chrono::steady_clock::now()) {
  timespec utc;
  ::clock_gettime(CLOCK_REALTIME, &utc);
  core_->utc_start_ns = static_cast<std::uint64_t>(utc.tv_sec) * 1'000'000'000 +
                        static_cast<std::uint64_t>(utc.tv_nsec);
  core_->bus->stop_on_read = true;
  core_->set_now(core_->options.epoch_us);
}

WallBoard::~WallBoard() {
  stop_ = true;
  if (thread_.joinable()) {
    kick();
    thread_.join();
  }
  if (kick_fd_ >= 0) ::close(kick_fd_);
}

std::uint64_t WallBoard::wall_us() const {
  return core_->options.epoch_us +
         static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::steady_clock::now() - start_)
                                        .count());
}

std::uint64_t WallBoard::board_us() const {
  return wall_us() - lost_us_;
}

// `due` is what the board's clock would show if nothing had held it up.
void WallBoard::absorb_lag(std::uint64_t due) {
  const std::uint64_t now = board_us();
  if (now <= due + kMaxLagUs) return;
  const std::uint64_t lost = now - due - kMaxLagUs;
  lost_us_ += lost;
  core_->utc_start_ns += lost * 1000;  // a capture stays on the wall's time
}

void WallBoard::kick() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(kick_fd_, &one, sizeof one);
}

void WallBoard::post(const MmioOp& op) {
  while (!ops_.push(op)) std::this_thread::yield();  // posted-write credits are used up
  wake();
}

void WallBoard::wake() {
  // Pairs with the fence in sleep(): either we see it asleep or it sees the operation.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_relaxed)) kick();
}

std::uint32_t WallBoard::read(std::uint32_t offset) {
  const std::uint64_t before = read_answer_.load();
  post({.kind = MmioOp::Kind::read, .offset = offset});
  read_answer_.wait(before);
  return static_cast<std::uint32_t>(read_answer_.load());
}

bool WallBoard::drain_mmio() {
  bool any = false;
  MmioOp op;
  while (ops_.pop(op)) {
    core_->mmio(op);
    any = true;
  }
  if (port_ && port_->exchange(*core_)) any = true;
  return any;
}

void WallBoard::loop() {
  Core& core = *core_;
  Bus& bus = *core.bus;
  // The scanner looks at one flow a cycle.
  const Cycle sweep = core.variant.flows + 64;
  const Cycle slice = std::max<Cycle>(sweep, 512);
  Cycle stepped = 0;      // when now_us moved last
  std::size_t ahead = 0;  // of the frames that wait, those that go in before time moves again
  Cycle settled = 0;      // they have all been through then
  std::uint64_t due = bus.now_us;
  std::uint64_t read_count = 0;
  while (!stop_) {
    absorb_lag(std::max(due, bus.now_us));
    due = 0;
    // Idle time has no effects, so it may be left out, up to the next thing that is due: inputs
    // that wait go first, then the deadline.
    bool moved = false;
    if (core.idle()) {
      std::uint64_t to = board_us();
      if (bus.deadline_valid) to = std::min(to, bus.deadline - 1);
      const Nanos event = core.wire->next_event();
      if (event != kNever) to = std::min(to, bus.epoch_us + (event + 999) / 1000);
      if (to > bus.now_us) {
        core.set_now(to);
        moved = true;
      }
    }
    const bool written = drain_mmio();
    const std::size_t before = bus.rx.queue.size();
    core.pump(before < kFramesAhead ? kFramesAhead - before : 0);
    if (before == 0) ahead = bus.rx.queue.size();
    const bool waiting = written || !bus.rx.queue.empty() || bus.mmio.active;
    // One step a sweep, and none while what could stop a timer waits. A flood does not hold time
    // for ever: what comes after a step waits for the next.
    const bool held = ahead > 0 || (bus.cycle < settled && !core.idle());
    if (!moved && !held && (core.idle() || bus.cycle - stepped >= sweep)) {
      const std::uint64_t wall = board_us();
      if (wall > bus.now_us) {
        core.set_now(std::min(wall, bus.now_us + kStepUs));
        moved = true;
        ahead = bus.rx.queue.size();
      }
    }
    if (moved) stepped = bus.cycle;
    if (!core.idle() || bus.busy_until > bus.cycle) {
      const std::size_t queued = bus.rx.queue.size();
      core.run(bus.cycle + slice);
      if (port_) port_->exchange(core);
      if (ahead > 0) {
        ahead -= std::min(ahead, queued - bus.rx.queue.size());
        if (ahead == 0) settled = bus.cycle + kThrough;
      }
      written_.store(bus.memory.counts().written_bytes, std::memory_order_release);
      for (const std::uint32_t value : core.reads) {
        read_answer_.store(++read_count << 32 | value);
        read_answer_.notify_all();
      }
      core.reads.clear();
      const std::lock_guard lock(mutex_);
      stats_ = core.stats();
      if (observer_changed_) {
        observer_changed_ = false;
        core.observer = observer_;
      }
      if (core.link != LinkState::up && violations_.empty()) {
        violations_ = bus.memory.violations();
        violations_.insert(violations_.end(), core.stream_violations.begin(),
                           core.stream_violations.end());
      }
    }
    if (flush_.exchange(false)) core.flush();
    if (core.idle() && !waiting) due = sleep();
  }
  // Nobody waits for an answer that cannot come.
  read_answer_.store(++read_count << 32 | 0xffffffff);
  read_answer_.notify_all();
}

// Sleeps until a frame, a doorbell, a deadline or an event of the link model. Returns the time up
// to which that was right: who oversleeps has lost the rest.
std::uint64_t WallBoard::sleep() {
  Bus& bus = *core_->bus;
  sleeping_.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::uint64_t until = kNever;
  if (bus.deadline_valid) until = bus.deadline;
  const Nanos event = core_->wire->next_event();
  if (event != kNever) until = std::min(until, bus.epoch_us + (event + 999) / 1000);
  const std::uint64_t now = board_us();
  if (ops_.empty() && !(port_ && port_->waiting()) && until > now && !stop_ && !flush_) {
    pollfd fds[2] = {{kick_fd_, POLLIN, 0}, {core_->wire->fd(), POLLIN, 0}};
    const std::uint64_t us = std::min<std::uint64_t>(until - now, 1'000'000);
    const timespec timeout{static_cast<time_t>(us / 1'000'000),
                           static_cast<long>(us % 1'000'000 * 1000)};
    ::ppoll(fds, 2, &timeout, nullptr);
    if ((fds[0].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t n = ::read(kick_fd_, &count, sizeof count);
    }
    // A TAP device that is down is always "readable" with an error: do not spin on it.
    if ((fds[1].revents & (POLLERR | POLLNVAL)) != 0 && (fds[1].revents & POLLIN) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  sleeping_.store(false, std::memory_order_relaxed);
  return std::min(until, board_us());
}

BoardStats WallBoard::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::vector<std::string> WallBoard::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

void WallBoard::on_frame(std::function<void(const Frame&, bool)> observer) {
  {
    const std::lock_guard lock(mutex_);
    observer_ = std::move(observer);
    observer_changed_ = true;
  }
  kick();
}

void WallBoard::flush_files() {
  flush_ = true;
  kick();
}

// ---------------------------------------------------------------------------------- function
namespace {

class WallFunction final : public PciFunction {
 public:
  explicit WallFunction(std::shared_ptr<WallBoard> board) : board_(std::move(board)) {
    acknowledge_interrupt();
    seen_ = board_->bytes_written();
  }

  std::uint32_t read32(unsigned bar, std::uint64_t offset) override {
    if (!usable(bar, offset, 4) || bar != 0) return ~std::uint32_t{0};
    return board_->read(static_cast<std::uint32_t>(offset));
  }
  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override {
    if (!usable(bar, offset, 4) || bar != 0) return;
    board_->post({.kind = MmioOp::Kind::write,
                  .offset = static_cast<std::uint32_t>(offset),
                  .value = value});
  }
  void write_line(unsigned bar, std::uint64_t offset,
                  std::span<const std::byte, 64> line) override {
    if (!usable(bar, offset, 64) || bar != 2) return;
    MmioOp op{.kind = MmioOp::Kind::line, .offset = static_cast<std::uint32_t>(offset)};
    std::copy(line.begin(), line.end(), op.line.begin());
    board_->post(op);
  }
  [[nodiscard]] std::uint64_t bar_size(unsigned bar) const noexcept override {
    return board_->core().bar_size(bar);
  }
  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override {
    return board_->core().host_memory->allocate(size, alignment);
  }
  [[nodiscard]] int interrupt_fd() const noexcept override { return board_->core().interrupt_fd; }
  void acknowledge_interrupt() noexcept override {
    Core& core = board_->core();
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t n = ::read(core.interrupt_fd, &count, sizeof count);
    core.interrupt_pending = false;
  }
  bool progress() override {
    const std::uint64_t written = board_->bytes_written();
    return std::exchange(seen_, written) != written;
  }
  void wait(std::chrono::microseconds timeout) override {
    if (timeout.count() <= 0 || link_state() != LinkState::up) return;
    pollfd fd{interrupt_fd(), POLLIN, 0};
    const auto us = std::min<std::int64_t>(timeout.count(), 1'000'000'000);
    const timespec limit{us / 1'000'000, us % 1'000'000 * 1000};
    ::ppoll(&fd, 1, &limit, nullptr);
  }
  [[nodiscard]] std::chrono::microseconds now() const noexcept override {
    return std::chrono::microseconds(board_->wall_us());
  }
  [[nodiscard]] LinkState link_state() const noexcept override { return board_->core().link; }

 private:
  [[nodiscard]] bool usable(unsigned bar, std::uint64_t offset, std::size_t size) const {
    const std::uint64_t end = bar_size(bar);
    return link_state() == LinkState::up && offset % size == 0 && end >= size &&
           offset <= end - size;
  }

  std::shared_ptr<WallBoard> board_;
  std::uint64_t seen_ = 0;
};

}  // namespace

std::unique_ptr<PciFunction> WallBoard::function() {
  return std::make_unique<WallFunction>(std::static_pointer_cast<WallBoard>(shared_from_this()));
}

}  // namespace tautline::sim
