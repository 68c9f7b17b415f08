#pragma once
/// \file
/// The driver of one engine: attach, DMA regions, status ring, commands, doorbells, push window. It
/// knows registers and messages and nothing of sockets.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include "generated/regs.hpp"
#include "tautline/info.hpp"
#include "tautline/options.hpp"
#include "tautline/pci_function.hpp"

namespace tautline::detail {

static_assert(std::endian::native == std::endian::little,
              "ring entries and push lines are little-endian in memory");

/// One entry of the status ring. Its fields are regs::status_entry, completion_entry,
/// link_error_entry.
using Entry = std::array<std::uint32_t, 16>;
static_assert(sizeof(Entry) == regs::status_entry_bytes);
static_assert(regs::status_entry::words == 16 && regs::completion_entry::words == 16);

/// CMD0 to CMD7; its fields are regs::command.
using Command = std::array<std::uint32_t, regs::command::words>;

[[nodiscard]] Command make_command(regs::Op op, std::uint32_t slot = 0, std::uint8_t gen = 0,
                                   std::uint32_t arg0 = 0, std::uint32_t arg1 = 0) noexcept;

class Driver {
 public:
  /// Takes the device over whatever state it is in: identify, drain, reset, program, enable. `why`
  /// says in words what was wrong.
  [[nodiscard]] static std::expected<std::unique_ptr<Driver>, std::error_code> attach(
      PciFunction& function, const StackConfig& config, std::string& why);

  /// Disables the engine and gives it a moment to end its DMA, because the memory goes away
  /// afterwards.
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  [[nodiscard]] const DeviceInfo& info() const noexcept { return info_; }
  [[nodiscard]] std::size_t tx_ring_bytes() const noexcept { return std::size_t{1} << tx_log2_; }
  [[nodiscard]] std::size_t rx_ring_bytes() const noexcept { return std::size_t{1} << rx_log2_; }
  [[nodiscard]] std::byte* tx_ring(std::uint32_t slot) const noexcept {
    return tx_->bytes().data() + (std::size_t{slot} << tx_log2_);
  }
  [[nodiscard]] const std::byte* rx_ring(std::uint32_t slot) const noexcept {
    return rx_->bytes().data() + (std::size_t{slot} << rx_log2_);
  }

  // ------------------------------------------------------------------------------- commands
  /// Commands that may be submitted now.
  [[nodiscard]] unsigned credits() const noexcept { return free_count_; }
  /// Submits and takes a credit; `context` comes back with the completion. False without a credit.
  bool submit(Command command, std::uint64_t context) noexcept;

  // ------------------------------------------------------------------------------- status ring
  /// Takes up to one ring of entries and calls `handler.on_status(entry)`, `on_completion(entry,
  /// context)` or `on_link_error(entry)` for each. Returns how many entries it took.
  template <typename Handler>
  unsigned reap(Handler& handler) noexcept {
    unsigned count = 0;
    for (; count < entries_; ++count) {
      std::uint32_t* const words = ring_ + std::size_t{16} * (consumer_ & (entries_ - 1));
      // The phase word is written last: after the acquire the rest of the entry is there.
      const std::uint32_t last =
          std::atomic_ref<std::uint32_t>(words[15]).load(std::memory_order_acquire);
      if (regs::status_entry::phase.get(last) != phase()) break;
      Entry entry;
      std::memcpy(entry.data(), words, sizeof entry);
      ++consumer_;
      dispatch(handler, entry);
    }
    if (unsigned(consumer_ - told_consumer_) >= entries_ / 4) tell_consumer(false);
    return count;
  }

  /// Names the consumer index to the engine and asks for an interrupt if the host is, or falls,
  /// behind. False if an entry is there already.
  bool arm() noexcept;

  // ------------------------------------------------------------------------------- doorbells
  /// Transmit bytes below `position` are in the ring.
  void ring_tail(std::uint32_t slot, std::uint8_t gen, std::uint64_t position) noexcept {
    ++doorbells;
    function_.write32(0, doorbell_offset(slot, regs::doorbell::tail_position.word),
                      regs::doorbell::tail_gen.put(gen) |
                          regs::doorbell::tail_position.put(static_cast<std::uint32_t>(position)));
  }
  /// Receive bytes below `position` have been read.
  void ring_taken(std::uint32_t slot, std::uint8_t gen, std::uint64_t position) noexcept {
    ++doorbells;
    function_.write32(0, doorbell_offset(slot, regs::doorbell::taken_position.word),
                      regs::doorbell::taken_gen.put(gen) |
                          regs::doorbell::taken_position.put(static_cast<std::uint32_t>(position)));
  }

  /// Bytes at `position` that fit one push line; 0 without a push window. The line carries position
  /// p in byte lane p % 8.
  [[nodiscard]] std::size_t push_capacity(std::uint64_t position) const noexcept {
    return info_.push_window ? push_payload_bytes - position % 8 : 0;
  }
  /// One push line with the ring's bytes [position, position + length); they count only after the
  /// doorbell.
  void push(std::uint32_t slot, std::uint8_t gen, std::uint64_t position,
            std::size_t length) noexcept;

  [[nodiscard]] std::uint32_t counter(unsigned index) noexcept {
    return function_.read32(0, regs::counter_base + 4 * std::uint64_t{index});
  }

  std::uint64_t doorbells = 0;
  std::uint64_t push_lines = 0;
  std::uint64_t commands = 0;
  std::uint64_t malformed = 0;  ///< entries of unknown kind or cookie

 private:
  static constexpr std::size_t push_payload_bytes = 48;

  explicit Driver(PciFunction& function) noexcept : function_(function) {}

  [[nodiscard]] std::error_code identify(std::string& why);
  [[nodiscard]] std::error_code check(const StackConfig& config, std::string& why);
  [[nodiscard]] std::error_code quiesce(const StackConfig& config, std::string& why);
  [[nodiscard]] std::error_code allocate(const StackConfig& config, std::string& why);
  [[nodiscard]] std::error_code program(const StackConfig& config, std::string& why);
  [[nodiscard]] std::error_code await(std::uint32_t bits, Microseconds timeout);
  void write(std::uint32_t offset, std::uint32_t value) { function_.write32(0, offset, value); }
  void write_address(std::uint32_t offset_lo, std::uint64_t address);

  [[nodiscard]] static std::uint64_t doorbell_offset(std::uint32_t slot,
                                                     std::uint32_t word) noexcept {
    return regs::doorbell_base + std::uint64_t{regs::doorbell_stride} * slot +
           std::uint64_t{4} * word;
  }
  /// The phase of the entry at the consumer index: 1 in the first pass over the ring.
  [[nodiscard]] std::uint32_t phase() const noexcept {
    return ((consumer_ >> entries_log2_) & 1) ^ 1;
  }
  void tell_consumer(bool arm) noexcept;
  /// Returns the credit of a completed command; false if the cookie is not of an outstanding one.
  bool retire(std::uint16_t cookie, std::uint64_t& context) noexcept;

  template <typename Handler>
  void dispatch(Handler& handler, const Entry& entry) noexcept {
    switch (static_cast<regs::Kind>(regs::status_entry::kind.from(entry))) {
      case regs::Kind::status:
        handler.on_status(entry);
        return;
      case regs::Kind::completion: {
        std::uint64_t context = 0;
        const auto cookie = static_cast<std::uint16_t>(regs::completion_entry::cookie.from(entry));
        if (retire(cookie, context)) {
          handler.on_completion(entry, context);
        } else {
          ++malformed;
        }
        return;
      }
      case regs::Kind::link_error:
        handler.on_link_error(entry);
        return;
    }
    ++malformed;
  }

  PciFunction& function_;
  DeviceInfo info_;
  unsigned ring_log2_max_ = 0;
  unsigned status_log2_max_ = 0;
  bool enabled_ = false;

  std::unique_ptr<DmaRegion> status_;
  std::unique_ptr<DmaRegion> tx_;
  std::unique_ptr<DmaRegion> rx_;
  unsigned tx_log2_ = 0;
  unsigned rx_log2_ = 0;

  std::uint32_t* ring_ = nullptr;
  unsigned entries_log2_ = 0;
  unsigned entries_ = 0;
  std::uint32_t consumer_ = 0;       ///< entries taken since attach
  std::uint32_t told_consumer_ = 0;  ///< as the engine knows it

  // One place per credit. A cookie is {serial, place}: a completion that comes twice, or from an
  // earlier driver's command, has the wrong serial.
  struct Outstanding {
    std::uint64_t context = 0;
    std::uint16_t cookie = 0;
    bool busy = false;
  };
  std::array<Outstanding, 256> outstanding_;
  std::array<std::uint8_t, 256> free_;
  unsigned free_count_ = 0;
  std::uint8_t serial_ = 0;
};

}  // namespace tautline::detail
