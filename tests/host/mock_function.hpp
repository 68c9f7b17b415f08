#pragma once
/// \file
/// A PCI function without an engine behind it: a register file, DMA memory, a status ring that
/// tests write into, commands, doorbells and push lines that they read. Time is virtual and moves
/// only in `wait`.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "generated/regs.hpp"
#include "tautline/pci_function.hpp"

namespace tautline::test {

struct MockCommand {
  regs::Op op{};
  std::uint16_t cookie = 0;
  std::uint32_t slot = 0;
  std::uint8_t gen = 0;
  std::uint32_t raddr = 0;
  std::uint16_t rport = 0;
  std::uint16_t lport = 0;
  std::uint32_t arg0 = 0;
  std::uint32_t arg1 = 0;
  std::uint32_t laddr = 0;
};

/// What the next report of a slot says. Tests change it and call `report`.
struct MockFlow {
  std::uint8_t gen = 0;
  std::uint32_t tag = 0;
  regs::State state = regs::State::closed;
  regs::Cause cause = regs::Cause::none;
  bool active = true;
  bool fin = false;
  bool done = false;
  bool r1 = false;
  bool listening = false;
  std::uint32_t raddr = 0x0a000002;
  std::uint32_t laddr = 0x0a000001;
  std::uint16_t rport = 40000;
  std::uint16_t lport = 7;
  std::uint16_t snd_mss = 1460;
  std::uint64_t delivered = 0;
  std::uint64_t rx_end = 0;
  std::uint64_t acked = 0;
  std::uint64_t sent = 0;
  std::uint64_t taken = 0;

  // What the host said.
  std::uint64_t tail = 0;  ///< doorbells, extended to 64 bits
  std::uint64_t told_taken = 0;
  unsigned tail_bells = 0;
  unsigned taken_bells = 0;
  std::uint8_t bell_gen = 0;
};

struct MockPushLine {
  std::uint32_t slot = 0;
  std::uint8_t gen = 0;
  std::uint32_t position = 0;
  std::vector<std::byte> payload;
};

struct MockWrite {
  unsigned bar = 0;
  std::uint64_t offset = 0;
  std::uint32_t value = 0;
};

class MockFunction final : public PciFunction {
 public:
  struct Build {
    unsigned flows_log2 = 4;
    unsigned credits = 16;
    unsigned listeners = 16;
    unsigned tx_store_log2 = 14;
    unsigned ring_log2_max = 22;
    bool push_window = true;
  };

  MockFunction() : MockFunction(Build{}) {}
  explicit MockFunction(const Build& build);
  ~MockFunction() override;

  // ------------------------------------------------------------------------------- PciFunction
  std::uint32_t read32(unsigned bar, std::uint64_t offset) override;
  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override;
  void write_line(unsigned bar, std::uint64_t offset, std::span<const std::byte, 64> line) override;
  std::uint64_t bar_size(unsigned bar) const noexcept override;
  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override;
  int interrupt_fd() const noexcept override { return event_fd_; }
  void acknowledge_interrupt() noexcept override;
  bool progress() override;
  void wait(std::chrono::microseconds timeout) override;
  std::chrono::microseconds now() const noexcept override { return now_; }
  LinkState link_state() const noexcept override { return link; }

  // ------------------------------------------------------------------------------- the engine's
  // part
  /// Reports slot `slot` as `flow(slot)` says.
  void report(std::uint32_t slot);
  [[nodiscard]] MockFlow& flow(std::uint32_t slot) { return flows_[slot]; }
  /// Answers a command. `words` go to words 2 and following.
  void complete(const MockCommand& command, regs::Result result = regs::Result::ok,
                std::uint32_t slot = 0, std::uint8_t gen = 0,
                std::span<const std::uint32_t> words = {});
  void link_error();
  /// An entry as it is, apart from the phase.
  void raw_entry(std::array<std::uint32_t, 16> entry);
  /// Lands bytes in the receive ring at the flow's `delivered` and moves `delivered` and `rx_end`;
  /// no report.
  void land(std::uint32_t slot, std::span<const std::byte> bytes);
  void land(std::uint32_t slot, std::string_view text);
  /// The bytes [from, to) of a slot's transmit ring.
  [[nodiscard]] std::vector<std::byte> transmitted(std::uint32_t slot, std::uint64_t from,
                                                   std::uint64_t to) const;
  [[nodiscard]] std::span<std::byte> rx_ring(std::uint32_t slot) const;
  [[nodiscard]] std::span<std::byte> tx_ring(std::uint32_t slot) const;

  /// Something the device does at a later time of its own.
  void at(std::chrono::microseconds time, std::function<void()> action) {
    actions_.emplace(time, std::move(action));
  }
  void after(std::chrono::microseconds delay, std::function<void()> action) {
    at(now_ + delay, std::move(action));
  }

  /// Time in which neither side does anything.
  void pass(std::chrono::microseconds time) { now_ += time; }

  [[nodiscard]] std::uint32_t reg(std::uint32_t offset) const { return registers_[offset / 4]; }
  void set_reg(std::uint32_t offset, std::uint32_t value) { registers_[offset / 4] = value; }
  [[nodiscard]] bool interrupt_pending() const { return interrupt_; }
  [[nodiscard]] bool armed() const { return armed_; }
  [[nodiscard]] std::uint32_t producer() const { return producer_; }
  [[nodiscard]] unsigned dma_regions() const { return regions_alive_; }
  /// Takes the oldest captured command; an op of nop if there is none.
  MockCommand take();
  /// Takes the oldest captured command of an op, dropping those before it.
  std::optional<MockCommand> take(regs::Op op);
  [[nodiscard]] bool saw(regs::Op op) const;

  std::deque<MockCommand> commands;  ///< captured, oldest first
  std::vector<MockPushLine> push_lines;
  std::vector<MockWrite> writes;  ///< every register write
  bool record = true;             ///< keep `writes`, `commands` and `push_lines`
  unsigned lost_commands = 0;     ///< submitted without a credit
  /// What a command does; unset: it completes at once with ok, OPEN with the next slot, LISTEN with
  /// the next index.
  std::function<void(const MockCommand&)> on_command;
  /// Called before every read of a register.
  std::function<void(std::uint32_t offset)> on_read;
  /// Called when the host arms the interrupt, before the arming takes effect.
  std::function<void()> on_arm;
  LinkState link = LinkState::up;
  bool never_idle = false;
  bool never_ready = false;
  std::size_t allocation_limit = ~std::size_t{0};
  std::uint32_t next_slot = 0;
  unsigned waits = 0;

 private:
  class Region;
  void submit();
  void answer(const MockCommand& command);
  void doorbell(std::uint64_t offset, std::uint32_t value);
  void maybe_interrupt();
  [[nodiscard]] std::byte* host(std::uint64_t device_address) const;

  Build build_;
  std::vector<std::uint32_t> registers_;
  std::vector<MockFlow> flows_;
  std::map<std::uint64_t, std::span<std::byte>> memory_;  ///< by device address
  std::multimap<std::chrono::microseconds, std::function<void()>> actions_;
  std::chrono::microseconds now_{1000};
  std::uint64_t next_address_ = 0x10'0000'0000;
  unsigned regions_alive_ = 0;
  std::uint32_t producer_ = 0;
  std::uint32_t consumer_ = 0;
  unsigned outstanding_ = 0;
  std::uint32_t next_listener_ = 0;
  bool armed_ = false;
  bool interrupt_ = false;
  int event_fd_ = -1;
};

}  // namespace tautline::test
