#include "virtual_board.hpp"

#include <unistd.h>

#include <algorithm>

namespace tautline::sim {

// ---------------------------------------------------------------------------------- World
void World::add(VirtualBoard* board) {
  Bus& bus = *board->core->bus;
  // A board that joins late takes over the time of those that are there.
  now_ = std::max(now_, bus.cycle);
  boards_.push_back(board);
  for (VirtualBoard* b : boards_) {
    if (b->core->bus->cycle < now_) b->core->skip_to(now_);
    b->core->bus->stop_on_frame = boards_.size() == 1 || b->core->wire->lookahead() == 0;
  }
}

void World::remove(VirtualBoard* board) {
  std::erase(boards_, board);
}

bool World::advance(Cycle target, const Until& until, bool skip) {
  const auto reached = [&] {
    if (until.board == nullptr) return false;
    const Core& core = *until.board->core;
    return (until.frame && core.harness != nullptr && core.harness->waiting() > 0) ||
           (until.read && !core.reads.empty());
  };
  std::uint64_t interrupts = 0;
  for (const VirtualBoard* b : boards_) interrupts += b->core->stats().interrupts;
  for (VirtualBoard* b : boards_) {
    b->core->bus->stop_on_interrupt = until.interrupt;
    b->core->bus->stop_on_read = until.read && b == until.board;
    b->core->bus->stop_when_idle = skip;
  }
  while (now_ < target) {
    Cycle next = target;
    bool idle = skip;
    Cycle wake = kNever;
    Cycle quantum = kNever;
    for (VirtualBoard* b : boards_) {
      b->core->pump();
      next = std::min(next, std::max(now_ + 1, ns_to_cycles(b->core->wire->next_event())));
      idle = idle && b->core->idle();
      wake = std::min(wake, b->core->wake());
      if (boards_.size() > 1) {
        // A frame sent in cycle c arrives at c + lookahead, rounded; stay a cycle inside.
        const Cycle ahead = ns_to_cycles(b->core->wire->lookahead());
        quantum = std::min(quantum, ahead > 2 ? ahead - 2 : 1);
      }
    }
    if (idle) {
      now_ = std::min(next, wake);
      for (VirtualBoard* b : boards_) b->core->skip_to(now_);
      continue;
    }
    if (quantum != kNever) next = std::min(next, now_ + quantum);
    if (boards_.size() == 1) {
      boards_[0]->core->run(next);
      now_ = boards_[0]->core->bus->cycle;
    } else {
      for (VirtualBoard* b : boards_) {
        Core& core = *b->core;
        while (core.bus->cycle < next) {
          if (skip && core.idle()) {
            core.skip_to(std::min(next, core.wake()));
          } else {
            core.run(next);
          }
        }
      }
      now_ = next;
    }
    if (until.interrupt) {
      std::uint64_t seen = 0;
      for (const VirtualBoard* b : boards_) seen += b->core->stats().interrupts;
      if (seen != interrupts) return true;
    }
    if (reached()) return true;
  }
  return reached();
}

// ---------------------------------------------------------------------------------- function
namespace {

class VirtualFunction final : public PciFunction {
 public:
  explicit VirtualFunction(std::shared_ptr<VirtualBoard> board) : board_(std::move(board)) {
    acknowledge_interrupt();
  }

  std::uint32_t read32(unsigned bar, std::uint64_t offset) override {
    Core& core = *board_->core;
    if (!usable(bar, offset, 4) || bar != 0) return ~std::uint32_t{0};
    core.reads.clear();
    core.mmio({.kind = MmioOp::Kind::read, .offset = static_cast<std::uint32_t>(offset)});
    // A device that never answers is a dead link; PCIe gives up after 50 ms, in cycles 160 times
    // less is ample.
    World& world = *board_->world;
    world.advance(world.now() + 50'000, {.read = true, .board = board_.get()});
    if (core.reads.empty()) {
      core.fail_link("a register read was not answered");
      return ~std::uint32_t{0};
    }
    return core.reads.back();
  }

  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override {
    if (!usable(bar, offset, 4) || bar != 0) return;
    post({.kind = MmioOp::Kind::write,
          .offset = static_cast<std::uint32_t>(offset),
          .value = value});
  }

  void write_line(unsigned bar, std::uint64_t offset,
                  std::span<const std::byte, 64> line) override {
    if (!usable(bar, offset, 64) || bar != 2) return;
    MmioOp op{.kind = MmioOp::Kind::line, .offset = static_cast<std::uint32_t>(offset)};
    std::copy(line.begin(), line.end(), op.line.begin());
    post(op);
  }

  [[nodiscard]] std::uint64_t bar_size(unsigned bar) const noexcept override {
    return board_->core->bar_size(bar);
  }

  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override {
    return board_->core->host_memory->allocate(size, alignment);
  }

  [[nodiscard]] int interrupt_fd() const noexcept override { return board_->core->interrupt_fd; }

  void acknowledge_interrupt() noexcept override {
    Core& core = *board_->core;
    core.interrupt_pending = false;
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t n = ::read(core.interrupt_fd, &count, sizeof count);
  }

  bool progress() override {
    if (link_state() != LinkState::up) return false;
    Core& core = *board_->core;
    const std::uint64_t written = core.bus->memory.counts().written_bytes;
    World& world = *board_->world;
    world.advance(world.now() + core.options.poll_cycles, {});
    return core.bus->memory.counts().written_bytes != written || core.interrupt_pending ||
           !core.bus->quiescent;
  }

  void wait(std::chrono::microseconds timeout) override {
    Core& core = *board_->core;
    if (link_state() != LinkState::up || core.interrupt_pending || timeout.count() <= 0) return;
    World& world = *board_->world;
    // Nobody waits for ever on a board on which nothing will happen: it returns, as after a signal.
    constexpr std::chrono::microseconds kLongest = std::chrono::hours(24);
    const auto us = static_cast<std::uint64_t>(std::min(timeout, kLongest).count());
    world.advance(world.now() + us_to_cycles(us), {.interrupt = true});
  }

  [[nodiscard]] std::chrono::microseconds now() const noexcept override {
    return std::chrono::microseconds(board_->core->bus->now_us);
  }
  [[nodiscard]] LinkState link_state() const noexcept override { return board_->core->link; }

 private:
  [[nodiscard]] bool usable(unsigned bar, std::uint64_t offset, std::size_t size) const {
    const std::uint64_t end = bar_size(bar);
    return link_state() == LinkState::up && offset % size == 0 && end >= size &&
           offset <= end - size;
  }

  // A link takes so many posted writes before it holds the processor back.
  void post(const MmioOp& op) {
    constexpr std::size_t kCredits = 256;
    Core& core = *board_->core;
    World& world = *board_->world;
    for (int i = 0; core.bus->mmio.queue.size() >= kCredits && i < 1000; ++i) {
      world.advance(world.now() + 64, {});
    }
    core.mmio(op);
  }

  std::shared_ptr<VirtualBoard> board_;
};

}  // namespace

// ---------------------------------------------------------------------------------- VirtualBoard
VirtualBoard::VirtualBoard(std::unique_ptr<Core> c, std::shared_ptr<World> w)
    : core(std::move(c)), world(std::move(w)) {
  world->add(this);
}

VirtualBoard::~VirtualBoard() {
  world->remove(this);
}

std::unique_ptr<PciFunction> VirtualBoard::function() {
  return std::make_unique<VirtualFunction>(
      std::static_pointer_cast<VirtualBoard>(shared_from_this()));
}

void VirtualBoard::give_frame(std::span<const std::byte> frame, Nanos at, bool bad) {
  if (core->harness != nullptr) core->harness->give(frame, std::max(at, time()), bad);
}

std::optional<Frame> VirtualBoard::take_frame() {
  return core->harness != nullptr ? core->harness->take() : std::nullopt;
}

void VirtualBoard::on_frame(std::function<void(const Frame&, bool)> observer) {
  core->observer = std::move(observer);
}

void VirtualBoard::run(Cycle cycles) {
  world->advance(world->now() + cycles, {}, false);
}

bool VirtualBoard::advance(std::chrono::nanoseconds time, bool until_interrupt, bool until_frame) {
  const Cycle end =
      world->now() + ns_to_cycles(static_cast<Nanos>(std::max<std::int64_t>(time.count(), 0)));
  return world->advance(end, {.interrupt = until_interrupt, .frame = until_frame, .board = this});
}

bool VirtualBoard::quiescent() const {
  return core->idle() && core->bus->rx.queue.empty() && core->wire->next_event() == kNever;
}

bool VirtualBoard::advance_to_quiescence(std::chrono::nanoseconds limit) {
  const Cycle end = world->now() + ns_to_cycles(static_cast<Nanos>(limit.count()));
  // Deadlines count as idle: a step ends when nothing is left but to wait for one.
  while (world->now() < end) {
    if (quiescent()) return true;
    const Cycle next = ns_to_cycles(core->wire->next_event());
    const Cycle step = std::max(world->now() + 64, next == kNever ? 0 : next);
    world->advance(std::min(end, step), {});
  }
  return quiescent();
}

std::optional<std::uint64_t> VirtualBoard::next_deadline_us() const {
  if (!core->bus->deadline_valid) return std::nullopt;
  return core->bus->deadline;
}

std::vector<std::string> VirtualBoard::violations() const {
  std::vector<std::string> all = core->bus->memory.violations();
  all.insert(all.end(), core->stream_violations.begin(), core->stream_violations.end());
  return all;
}

}  // namespace tautline::sim
