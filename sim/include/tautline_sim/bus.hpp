#pragma once
/// \file
/// Everything that is connected to the board's pins, apart from the Verilated model: the line in
/// both directions, the host's register and push-window writes, the memory, the interrupt, time.
/// The cycle loop of a model variant (src/model_loop.hpp) works on these objects without a virtual
/// call.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "tautline_sim/axi_memory.hpp"
#include "tautline_sim/time.hpp"
#include "tautline_sim/wire.hpp"

namespace tautline::sim {

/// Line time in 1/1024 cycles, so that 10 Gb/s (128 a byte) and its divisors are exact.
struct LineRate {
  static constexpr unsigned kShift = 10;
  /// Preamble, FCS and inter-frame gap; the shortest frame without FCS.
  std::uint64_t per_byte = 128;
  unsigned gap_bytes = 24;
  static constexpr std::size_t kMinFrame = 60;

  static LineRate from_gbps(double gbps) {
    LineRate rate;
    rate.per_byte = static_cast<std::uint64_t>(std::llround(8 * kClockHz * 1024 / (gbps * 1e9)));
    if (rate.per_byte == 0) rate.per_byte = 1;
    return rate;
  }
  [[nodiscard]] std::uint64_t frame(std::size_t bytes) const {
    return (bytes < kMinFrame ? kMinFrame : bytes) * per_byte + gap_bytes * per_byte;
  }
};

/// Frames on their way into the board, beat by beat at line rate.
struct RxLine {
  LineRate rate;
  std::deque<Frame> queue;      // the first may be under way
  Cycle due = kNever;           // cycle in which the next beat is offered
  std::size_t at = 0;           // bytes of the first frame that were offered
  bool offered = false;         // a beat is on the pins
  std::uint64_t start = 0;      // line time of the first frame's start
  std::uint64_t line_free = 0;  // line time at which the line is free

  void push(Frame frame, Cycle now) {
    queue.push_back(std::move(frame));
    if (queue.size() == 1) next_frame(now);
  }
  /// The frame in front begins as soon as its time has come and the line is free.
  void next_frame(Cycle now) {
    at = 0;
    if (queue.empty()) {
      due = kNever;
      return;
    }
    const Cycle wanted = std::max(ns_to_cycles(queue.front().time), now);
    start = std::max(wanted << LineRate::kShift, line_free);
    due = std::max(start >> LineRate::kShift, now);
  }
  [[nodiscard]] bool idle() const { return at == 0 && !offered; }
};

/// Frames on their way out of the board.
struct TxLine {
  LineRate rate;
  Frame frame;
  Cycle ready_at = 0;  // tready is low before
  bool inside = false;
  std::uint64_t start = 0;
  std::uint64_t line_free = 0;
};

/// One register or push-window access of the host.
struct MmioOp {
  enum class Kind : std::uint8_t { write, read, line };
  Kind kind = Kind::write;
  std::uint32_t offset = 0;
  std::uint32_t value = 0;
  std::array<std::byte, 64> line{};
};

/// The host's posted writes and reads as one ordered queue over two ports (AXI4-Lite, AXI4), as
/// PCIe orders them: writes in order across both ports, a read after every earlier write.
struct MmioPort {
  std::deque<MmioOp> queue;
  bool active = false;  // something is queued or in flight
  // AXI4-Lite
  bool aw = false, w = false, ar = false;  // valid is driven and not yet taken
  unsigned lite_writes = 0;                // without response
  bool read_in_flight = false;
  std::deque<std::uint32_t> read_results;
  // push window
  bool push_aw = false;
  bool push_w = false;
  std::size_t push_at = 0;
  std::array<std::byte, 64> push_line{};
  unsigned push_writes = 0;      // without response
  std::uint64_t bus_errors = 0;  // responses other than OKAY

  void push(MmioOp op) {
    queue.push_back(op);
    active = true;
  }
};

/// The host's two byte streams of a board with the byte-stream carrier, each at its own pace.
struct ByteLine {
  /// Between two bytes of one direction, in 1/1024 cycles; 1024: a byte a cycle.
  std::uint64_t per_byte = 1024;
  std::size_t room = 4096;  ///< bytes towards the host that wait before the board is held back
  std::deque<std::uint8_t> to_board, to_host;
  bool offered = false;  // the first byte to the board is on the pins
  std::uint64_t in_next = 0, out_next = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;

  [[nodiscard]] Cycle in_due(Cycle cycle) const {
    return to_board.empty() ? kNever : std::max(in_next >> LineRate::kShift, cycle);
  }
  [[nodiscard]] bool takes(Cycle cycle) const {
    return to_host.size() < room && out_next >> LineRate::kShift <= cycle;
  }
};

/// Recent pulses of a probe output.
struct Probe {
  static constexpr std::size_t kDepth = 64;
  std::uint64_t count = 0;
  std::array<Cycle, kDepth> cycles{};
  void hit(Cycle cycle) { cycles[count++ % kDepth] = cycle; }
  /// Cycle of the n-th pulse (from 0), kNever if it has not happened or is too long ago.
  [[nodiscard]] Cycle at(std::uint64_t n) const {
    return n >= count || count - n > kDepth ? kNever : cycles[n % kDepth];
  }
  [[nodiscard]] Cycle last() const { return count == 0 ? kNever : at(count - 1); }
};

struct Bus {
  Bus(const AxiMemoryConfig& memory_config, MemoryTarget& target) : memory(memory_config, target) {}

  AxiMemory memory;
  RxLine rx;
  TxLine tx;
  MmioPort mmio;    // of a board with PCIe
  ByteLine stream;  // of a board with the byte-stream carrier
  bool link_up = false;

  // Time.
  Cycle cycle = 0;  ///< executed + skipped
  Cycle executed = 0;
  bool now_derived = true;  ///< now_us follows the cycles; else `set_now` does
  std::uint64_t epoch_us = 0;
  std::uint64_t now_us = 0;
  Cycle next_us = 0;  ///< cycle of the next microsecond; kNever when not derived
  bool now_changed = true;

  // What the loop hands out.
  std::vector<Frame> sent;     ///< frames that left, oldest first
  std::vector<Frame> arrived;  ///< frames that went in, when `log_arrivals`
  bool log_arrivals = false;
  std::vector<Cycle> interrupt_cycles;
  bool quiescent = false;
  bool ready = false;
  bool deadline_valid = false;
  std::uint64_t deadline = 0;
  Probe probe_event, probe_send, probe_issue;
  std::uint64_t stream_violations = 0;
  std::function<void(const std::string&)> on_violation;

  // When the loop returns early.
  bool stop_when_idle = true;
  bool stop_on_frame = true;
  bool stop_on_interrupt = false;
  bool stop_on_read = false;
  Cycle busy_until = 0;  ///< `quiescent` is not believed before: an input has not gone through yet

  [[nodiscard]] std::uint64_t us_at(Cycle c) const { return epoch_us + cycles_to_us(c); }
  /// Cycle at which now_us reaches `us`.
  [[nodiscard]] Cycle cycle_of_us(std::uint64_t us) const {
    return us <= epoch_us ? 0 : us_to_cycles(us - epoch_us);
  }
  void derive_now() {
    now_us = us_at(cycle);
    next_us = cycle_of_us(now_us + 1);
    now_changed = true;
  }
  void set_now(std::uint64_t us) {
    now_derived = false;
    next_us = kNever;
    now_us = us;
    now_changed = true;
    touch();
  }
  /// Idle time is left out. A skip that ends before the deadline changes nothing, so the device is
  /// as quiescent as before; one that reaches it gives the device something to do.
  void skip_to(Cycle c) {
    cycle = c;
    if (now_derived) derive_now();
    if (deadline_valid && now_us >= deadline) touch();
  }
  /// An input has changed: let it go through before `quiescent` counts.
  void touch() {
    busy_until = cycle + 16;
    quiescent = false;
  }
  /// Nothing on our side of the pins that still has to happen before the rx line's `due`.
  [[nodiscard]] bool quiet() const {
    return !mmio.active && rx.idle() && rx.due > cycle && !tx.inside && memory.idle() &&
           stream.in_due(cycle) > cycle && !stream.offered;
  }
};

}  // namespace tautline::sim
