#include "mock_function.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

namespace tautline::test {
namespace {

/// The 64-bit position nearest to `known` whose low 24 bits are `wire`, as the engine extends a
/// doorbell.
std::uint64_t extend24(std::uint64_t known, std::uint32_t wire) {
  const auto shifted = static_cast<std::int32_t>((wire - static_cast<std::uint32_t>(known)) << 8);
  return known + static_cast<std::uint64_t>(static_cast<std::int64_t>(shifted >> 8));
}

}  // namespace

class MockFunction::Region final : public DmaRegion {
 public:
  Region(MockFunction& owner, std::size_t size, std::size_t alignment, std::uint64_t address)
      : owner_(owner), size_(size), address_(address) {
    data_ = static_cast<std::byte*>(std::aligned_alloc(alignment, size));
    std::memset(data_, 0, size);
    owner_.memory_[address] = {data_, size};
    ++owner_.regions_alive_;
  }
  ~Region() override {
    owner_.memory_.erase(address_);
    --owner_.regions_alive_;
    std::free(data_);
  }
  std::span<std::byte> bytes() const noexcept override { return {data_, size_}; }
  std::uint64_t device_address() const noexcept override { return address_; }

 private:
  MockFunction& owner_;
  std::byte* data_;
  std::size_t size_;
  std::uint64_t address_;
};

MockFunction::MockFunction(const Build& build)
    : build_(build),
      registers_(regs::doorbell_base / 4),
      flows_(std::size_t{1} << build.flows_log2),
      event_fd_(::eventfd(0, EFD_NONBLOCK)) {
  set_reg(regs::id::offset, regs::id::reset_value);
  set_reg(regs::version::offset, regs::version::reset_value);
  set_reg(regs::map_hash::offset, regs::expected_map_hash);
  set_reg(regs::caps::offset, regs::caps::flows_log2.put(build.flows_log2) |
                                  regs::caps::data_log2.put(3) |
                                  regs::caps::listeners.put(build.listeners) |
                                  regs::caps::tx_store_log2.put(build.tx_store_log2));
  set_reg(regs::caps2::offset,
          regs::caps2::cmd_credits.put(build.credits) | regs::caps2::status_log2_max.put(15) |
              regs::caps2::ring_log2_max.put(build.ring_log2_max) | regs::caps2::burst_log2.put(8));
}

MockFunction::~MockFunction() {
  ::close(event_fd_);
}

std::uint32_t MockFunction::read32(unsigned bar, std::uint64_t offset) {
  if (on_read) on_read(static_cast<std::uint32_t>(offset));
  if (link != LinkState::up) return ~0u;
  if (bar != 0 || offset >= regs::doorbell_base) return 0;
  if (offset == regs::status::offset) {
    const bool enabled = (reg(regs::control::offset) & regs::control::enable.mask()) != 0;
    return regs::status::idle.put(!enabled && !never_idle) | regs::status::ready.put(!never_ready);
  }
  return registers_[offset / 4];
}

void MockFunction::write32(unsigned bar, std::uint64_t offset, std::uint32_t value) {
  if (link != LinkState::up) return;
  if (record) writes.push_back({bar, offset, value});
  if (bar != 0) return;
  if (offset >= regs::doorbell_base) {
    doorbell(offset - regs::doorbell_base, value);
    return;
  }
  registers_[offset / 4] = value;
  switch (offset) {
    case regs::control::offset:
      if ((value & regs::control::reset.mask()) != 0) {
        producer_ = 0;
        outstanding_ = 0;
        next_listener_ = 0;
        armed_ = interrupt_ = false;
        std::ranges::fill(flows_, MockFlow{});
      }
      break;
    case regs::status_consumer::offset:
      consumer_ = regs::status_consumer::index.get(value);
      armed_ = false;
      if (regs::status_consumer::arm.get(value) != 0) {
        if (on_arm) on_arm();
        armed_ = true;
        maybe_interrupt();
      }
      break;
    case regs::cmd7::offset:
      submit();
      break;
    default:
      break;
  }
}

void MockFunction::doorbell(std::uint64_t offset, std::uint32_t value) {
  MockFlow& flow = flows_[offset / regs::doorbell_stride];
  flow.bell_gen = static_cast<std::uint8_t>(regs::doorbell::tail_gen.get(value));
  const std::uint32_t position = regs::doorbell::tail_position.get(value);
  if (offset % regs::doorbell_stride == 0) {
    flow.tail = extend24(flow.tail, position);
    ++flow.tail_bells;
  } else {
    flow.told_taken = extend24(flow.told_taken, position);
    ++flow.taken_bells;
  }
}

void MockFunction::write_line(unsigned bar, std::uint64_t offset,
                              std::span<const std::byte, 64> line) {
  if (!record || bar != 2) return;
  std::array<std::uint32_t, 2> head{};
  std::memcpy(head.data(), line.data(), sizeof head);
  MockPushLine push;
  push.slot = static_cast<std::uint32_t>(offset / regs::push_line_bytes);
  push.gen = static_cast<std::uint8_t>(regs::push_line::gen.from(head));
  push.position = regs::push_line::position.from(head);
  const auto payload = line.subspan(16 + push.position % 8, regs::push_line::len.from(head));
  push.payload.assign(payload.begin(), payload.end());
  push_lines.push_back(std::move(push));
}

std::uint64_t MockFunction::bar_size(unsigned bar) const noexcept {
  switch (bar) {
    case 0:
      return regs::doorbell_base + std::uint64_t{regs::doorbell_stride} * flows_.size();
    case 2:
      return build_.push_window ? std::uint64_t{regs::push_line_bytes} * flows_.size() : 0;
    default:
      return 0;
  }
}

std::expected<std::unique_ptr<DmaRegion>, std::error_code> MockFunction::allocate(
    std::size_t size, std::size_t alignment) {
  if (size > allocation_limit) {
    return std::unexpected(std::make_error_code(std::errc::not_enough_memory));
  }
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  next_address_ = (next_address_ + alignment - 1) / alignment * alignment;
  const std::uint64_t address = next_address_;
  next_address_ += rounded;
  return std::make_unique<Region>(*this, rounded, alignment, address);
}

void MockFunction::acknowledge_interrupt() noexcept {
  interrupt_ = false;
  std::uint64_t count = 0;
  while (::read(event_fd_, &count, sizeof count) > 0) {
  }
}

bool MockFunction::progress() {
  bool moved = false;
  while (!actions_.empty() && actions_.begin()->first <= now_) {
    auto action = actions_.extract(actions_.begin());
    action.mapped()();
    moved = true;
  }
  return moved;
}

void MockFunction::wait(std::chrono::microseconds timeout) {
  ++waits;
  const auto until = now_ + timeout;
  while (!interrupt_) {
    if (actions_.empty() || actions_.begin()->first > until) {
      now_ = until;
      return;
    }
    now_ = std::max(now_, actions_.begin()->first);
    progress();
  }
}

void MockFunction::maybe_interrupt() {
  if (!armed_ || (producer_ & 0xffff) == consumer_) return;
  armed_ = false;
  interrupt_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event_fd_, &one, sizeof one);
}

std::byte* MockFunction::host(std::uint64_t device_address) const {
  const auto above = memory_.upper_bound(device_address);
  if (above == memory_.begin()) return nullptr;
  const auto& [base, bytes] = *std::prev(above);
  return device_address - base < bytes.size() ? bytes.data() + (device_address - base) : nullptr;
}

void MockFunction::raw_entry(std::array<std::uint32_t, 16> entry) {
  const std::uint64_t base =
      reg(regs::status_base_lo::offset) | std::uint64_t{reg(regs::status_base_hi::offset)} << 32;
  const unsigned log2 = reg(regs::status_log2::offset);
  const std::uint32_t place = producer_ & ((1u << log2) - 1);
  auto* const words = reinterpret_cast<std::uint32_t*>(host(base + std::uint64_t{64} * place));
  const std::uint32_t phase = (producer_ >> log2 & 1) ^ 1;
  std::memcpy(words, entry.data(), 60);
  std::atomic_ref(words[15]).store((entry[15] & 0x7fffffff) | phase << 31,
                                   std::memory_order_release);
  ++producer_;
  maybe_interrupt();
}

void MockFunction::report(std::uint32_t slot) {
  namespace status = regs::status_entry;
  const MockFlow& flow = flows_[slot];
  std::array<std::uint32_t, 16> e{};
  status::slot.into(e, slot);
  status::kind.into(e, static_cast<std::uint32_t>(regs::Kind::status));
  status::gen.into(e, flow.gen);
  status::tag.into(e, flow.tag);
  status::state.into(e, static_cast<std::uint32_t>(flow.state));
  status::cause.into(e, static_cast<std::uint32_t>(flow.cause));
  status::active.into(e, flow.active);
  status::fin.into(e, flow.fin);
  status::done.into(e, flow.done);
  status::r1.into(e, flow.r1);
  status::listening.into(e, flow.listening);
  status::snd_mss.into(e, flow.snd_mss);
  status::raddr.into(e, flow.raddr);
  status::rport.into(e, flow.rport);
  status::laddr.into(e, flow.laddr);
  status::lport.into(e, flow.lport);
  status::delivered.into(e, static_cast<std::uint32_t>(flow.delivered));
  status::rx_end.into(e, static_cast<std::uint32_t>(flow.rx_end));
  status::acked.into(e, static_cast<std::uint32_t>(flow.acked));
  status::sent.into(e, static_cast<std::uint32_t>(flow.sent));
  status::taken.into(e, static_cast<std::uint32_t>(flow.taken));
  raw_entry(e);
}

void MockFunction::complete(const MockCommand& command, regs::Result result, std::uint32_t slot,
                            std::uint8_t gen, std::span<const std::uint32_t> words) {
  namespace completion = regs::completion_entry;
  std::array<std::uint32_t, 16> e{};
  completion::kind.into(e, static_cast<std::uint32_t>(regs::Kind::completion));
  completion::cookie.into(e, command.cookie);
  completion::rc.into(e, static_cast<std::uint32_t>(result));
  completion::slot.into(e, slot);
  completion::gen.into(e, gen);
  std::ranges::copy(words.first(std::min<std::size_t>(words.size(), 11)), e.begin() + 2);
  if (outstanding_ > 0) --outstanding_;
  raw_entry(e);
}

void MockFunction::link_error() {
  std::array<std::uint32_t, 16> e{};
  regs::link_error_entry::kind.into(e, static_cast<std::uint32_t>(regs::Kind::link_error));
  regs::link_error_entry::cause.into(e, static_cast<std::uint32_t>(regs::LinkCause::read_error));
  raw_entry(e);
}

void MockFunction::submit() {
  namespace command = regs::command;
  std::array<std::uint32_t, command::words> words{};
  for (std::uint32_t i = 0; i < command::words; ++i) words[i] = reg(regs::cmd0::offset + 4 * i);
  if (outstanding_ >= build_.credits) {
    ++lost_commands;
    return;
  }
  ++outstanding_;
  MockCommand c;
  c.op = static_cast<regs::Op>(command::op.from(words));
  c.cookie = static_cast<std::uint16_t>(command::cookie.from(words));
  c.slot = command::slot.from(words);
  c.gen = static_cast<std::uint8_t>(command::gen.from(words));
  c.raddr = command::raddr.from(words);
  c.rport = static_cast<std::uint16_t>(command::rport.from(words));
  c.lport = static_cast<std::uint16_t>(command::lport.from(words));
  c.arg0 = command::arg0.from(words);
  c.arg1 = command::arg1.from(words);
  c.laddr = command::laddr.from(words);
  if (record) commands.push_back(c);
  if (on_command) {
    on_command(c);
  } else {
    answer(c);
  }
}

void MockFunction::answer(const MockCommand& command) {
  switch (command.op) {
    case regs::Op::open: {
      const std::uint32_t slot = next_slot++;
      MockFlow& flow = flows_[slot];
      const std::uint8_t gen = flow.gen;
      flow = MockFlow{};
      flow.gen = gen;
      flow.tag = command.arg0;
      flow.raddr = command.raddr;
      flow.rport = command.rport;
      flow.lport = command.lport != 0 ? command.lport : 50000;
      flow.state = regs::State::syn_sent;
      complete(command, regs::Result::ok, slot, gen);
      return;
    }
    case regs::Op::listen:
      complete(command, regs::Result::ok, next_listener_++);
      return;
    case regs::Op::accept:
      flows_[command.slot].listening = false;
      flows_[command.slot].tag = command.arg0;
      break;
    default:
      break;
  }
  complete(command, regs::Result::ok, command.slot, command.gen);
}

void MockFunction::land(std::uint32_t slot, std::span<const std::byte> bytes) {
  MockFlow& flow = flows_[slot];
  const std::span<std::byte> ring = rx_ring(slot);
  for (const std::byte byte : bytes) ring[flow.delivered++ & (ring.size() - 1)] = byte;
  flow.rx_end = flow.delivered;
}

void MockFunction::land(std::uint32_t slot, std::string_view text) {
  land(slot, std::as_bytes(std::span(text)));
}

std::span<std::byte> MockFunction::rx_ring(std::uint32_t slot) const {
  const std::uint64_t base =
      reg(regs::rx_base_lo::offset) | std::uint64_t{reg(regs::rx_base_hi::offset)} << 32;
  const unsigned log2 = reg(regs::rx_ring_log2::offset);
  return {host(base + (std::uint64_t{slot} << log2)), std::size_t{1} << log2};
}

std::span<std::byte> MockFunction::tx_ring(std::uint32_t slot) const {
  const std::uint64_t base =
      reg(regs::tx_base_lo::offset) | std::uint64_t{reg(regs::tx_base_hi::offset)} << 32;
  const unsigned log2 = reg(regs::tx_ring_log2::offset);
  return {host(base + (std::uint64_t{slot} << log2)), std::size_t{1} << log2};
}

std::vector<std::byte> MockFunction::transmitted(std::uint32_t slot, std::uint64_t from,
                                                 std::uint64_t to) const {
  const std::span<std::byte> ring = tx_ring(slot);
  std::vector<std::byte> bytes;
  for (; from < to; ++from) bytes.push_back(ring[from & (ring.size() - 1)]);
  return bytes;
}

MockCommand MockFunction::take() {
  if (commands.empty()) return {};
  const MockCommand command = commands.front();
  commands.pop_front();
  return command;
}

std::optional<MockCommand> MockFunction::take(regs::Op op) {
  while (!commands.empty()) {
    const MockCommand command = take();
    if (command.op == op) return command;
  }
  return std::nullopt;
}

bool MockFunction::saw(regs::Op op) const {
  return std::ranges::any_of(commands, [op](const MockCommand& c) { return c.op == op; });
}

}  // namespace tautline::test
