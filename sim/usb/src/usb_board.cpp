#include "tautline_sim_usb/usb_board.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <mutex>

#include "core.hpp"
#include "virtual_board.hpp"
#include "wall_board.hpp"

namespace tautline::sim {
namespace {

// Buffers of the chip, each way.
constexpr std::size_t kChipBytes = 4096;

// ---------------------------------------------------------------------------------- wall clock
class Port final : public StreamPort {
 public:
  bool exchange(Core& core) override {
    ByteLine& line = core.bus->stream;
    bool in = false, changed = false;
    {
      const std::lock_guard lock(mutex_);
      if (purge_in_) line.to_board.clear();
      purge_in_ = false;
      if (!to_board_.empty() && line.to_board.size() < kChipBytes) {
        line.to_board.insert(line.to_board.end(), to_board_.begin(), to_board_.end());
        to_board_.clear();
        in = changed = true;
      }
      if (!line.to_host.empty() && to_host_.size() < kChipBytes) {
        to_host_.insert(to_host_.end(), line.to_host.begin(), line.to_host.end());
        line.to_host.clear();
        changed = true;
      }
      waiting_ = !to_board_.empty();
    }
    if (in) core.bus->touch();
    if (changed) {
      const std::lock_guard lock(call_mutex_);
      if (call_) call_();
    }
    return in;
  }
  [[nodiscard]] bool waiting() const override { return waiting_; }

  std::size_t give(std::span<const std::uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t n =
        std::min(bytes.size(), kChipBytes - std::min(kChipBytes, to_board_.size()));
    to_board_.insert(to_board_.end(), bytes.begin(), bytes.begin() + static_cast<long>(n));
    waiting_ = !to_board_.empty();
    return n;
  }
  std::size_t take(std::span<std::uint8_t> room) {
    const std::lock_guard lock(mutex_);
    const std::size_t n = std::min(room.size(), to_host_.size());
    std::copy_n(to_host_.begin(), n, room.begin());
    to_host_.erase(to_host_.begin(), to_host_.begin() + static_cast<long>(n));
    return n;
  }
  [[nodiscard]] std::size_t held() const {
    const std::lock_guard lock(mutex_);
    return to_host_.size();
  }
  void purge(bool to_host, bool to_device) {
    const std::lock_guard lock(mutex_);
    if (to_host) to_host_.clear();
    if (to_device) {
      to_board_.clear();
      purge_in_ = true;
    }
  }
  void on_change(std::function<void()> call) {
    const std::lock_guard lock(call_mutex_);
    call_ = std::move(call);
  }

 private:
  std::mutex call_mutex_;
  std::function<void()> call_;
  mutable std::mutex mutex_;  // of what follows
  std::deque<std::uint8_t> to_board_, to_host_;
  std::atomic<bool> waiting_{false};
  bool purge_in_ = false;
};

class WallUsbBoard final : public UsbBoard {
 public:
  WallUsbBoard(std::shared_ptr<Port> port, std::shared_ptr<WallBoard> board)
      : port_(std::move(port)), board_(std::move(board)) {}
  std::size_t give(std::span<const std::uint8_t> bytes) override {
    const std::size_t n = port_->give(bytes);
    if (n > 0) board_->wake();
    return n;
  }
  std::size_t take(std::span<std::uint8_t> room) override {
    const std::size_t n = port_->take(room);
    if (n > 0) board_->wake();  // there is room again
    return n;
  }
  [[nodiscard]] std::size_t waiting() const override { return port_->held(); }
  void purge(bool to_host, bool to_device) override {
    port_->purge(to_host, to_device);
    board_->wake();
  }
  void on_change(std::function<void()> call) override { port_->on_change(std::move(call)); }
  [[nodiscard]] Board& board() override { return *board_; }

 private:
  std::shared_ptr<Port> port_;
  std::shared_ptr<WallBoard> board_;
};

// ---------------------------------------------------------------------------------- virtual time
class VirtualStream final : public usb::ByteStream {
 public:
  explicit VirtualStream(std::shared_ptr<VirtualBoard> board) : board_(std::move(board)) {}

  std::size_t send(std::span<const std::byte> bytes) override {
    auto& to = line().to_board;
    const std::size_t n = std::min(bytes.size(), kChipBytes - std::min(kChipBytes, to.size()));
    for (std::size_t i = 0; i < n; ++i) to.push_back(std::to_integer<std::uint8_t>(bytes[i]));
    if (n > 0) board_->core->bus->touch();
    return n;
  }
  std::size_t receive(std::span<std::byte> room) override {
    auto& from = line().to_host;
    const std::size_t n = std::min(room.size(), from.size());
    for (std::size_t i = 0; i < n; ++i) {
      room[i] = static_cast<std::byte>(from.front());
      from.pop_front();
    }
    return n;
  }
  bool progress() override {
    const std::uint64_t before = line().bytes_in + line().bytes_out;
    World& world = *board_->world;
    world.advance(world.now() + board_->core->options.poll_cycles, {});
    return line().bytes_in + line().bytes_out != before;
  }
  void wait(std::chrono::microseconds timeout) override {
    World& world = *board_->world;
    const Cycle end =
        world.now() +
        us_to_cycles(static_cast<std::uint64_t>(std::max<std::int64_t>(timeout.count(), 0)));
    // In steps, so that it ends soon after the first byte.
    constexpr Cycle kStep = 256;
    while (world.now() < end && line().to_host.empty()) {
      const Core& core = *board_->core;
      Cycle step = kStep;
      if (core.idle()) {
        const Cycle next = std::min(core.wake(), ns_to_cycles(core.wire->next_event()));
        step = next > world.now() + kStep ? next - world.now() : kStep;
      }
      world.advance(std::min(end, world.now() + std::min(step, end - world.now())), {});
    }
  }
  [[nodiscard]] std::chrono::microseconds now() const noexcept override {
    return std::chrono::microseconds(board_->core->bus->now_us);
  }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  void acknowledge() noexcept override {}
  [[nodiscard]] LinkState state() const noexcept override { return board_->core->link; }

 private:
  [[nodiscard]] ByteLine& line() const { return board_->core->bus->stream; }
  std::shared_ptr<VirtualBoard> board_;
};

}  // namespace

Result<std::shared_ptr<UsbBoard>> UsbBoard::start(BoardOptions options) {
  options.stream = true;
  auto tap = TapWire::open(options.tap, options.netns);
  if (!tap) return std::unexpected(tap.error());
  auto core = Core::create(std::move(options), std::move(*tap));
  if (!core) return std::unexpected(core.error());
  auto port = std::make_shared<Port>();
  auto board = WallBoard::start(std::move(*core), port);
  if (!board) return std::unexpected(board.error());
  return std::make_shared<WallUsbBoard>(std::move(port), std::move(*board));
}

std::unique_ptr<usb::ByteStream> open_stream(const std::shared_ptr<Board>& board,
                                             double bytes_per_second) {
  auto virtual_board = std::dynamic_pointer_cast<VirtualBoard>(board);
  if (virtual_board == nullptr || !virtual_board->core->variant.stream) return nullptr;
  virtual_board->core->bus->stream.per_byte =
      bytes_per_second > 0
          ? static_cast<std::uint64_t>(std::llround(kClockHz * 1024 / bytes_per_second))
          : 1024;
  return std::make_unique<VirtualStream>(std::move(virtual_board));
}

}  // namespace tautline::sim
