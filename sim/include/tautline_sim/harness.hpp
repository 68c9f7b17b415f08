#pragma once
/// \file
/// The simulated board for whoever wants to own time and frames: tests, scripted peers, other
/// simulators.
///
///     auto board = tautline::sim::Board::create({});          // virtual time, frames by this
///     program auto function = (*board)->function();                   // what a driver drives
///     (*board)->give_frame(syn);                              // begins to arrive now, at line
///     rate
///     (*board)->advance_to_quiescence(100us);                 // runs, skipping idle time
///     while (auto frame = (*board)->take_frame()) ...         // frame->first_cycle, ->last_cycle
///
/// A board without `tap` lives in virtual time: nothing happens unless somebody calls `advance`,
/// `run`, or the function's `progress()`, `wait()` or `read32()`, all on one thread; a run is a
/// pure function of options, inputs and the cycles at which they come. Boards joined by a cable
/// share one time: advancing one advances both. With `tap` a thread of the board follows the wall
/// clock and the calls marked [virtual] are not available (they do nothing).

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tautline/pci_function.hpp"
#include "tautline_sim/axi_memory.hpp"
#include "tautline_sim/bus.hpp"
#include "tautline_sim/options.hpp"
#include "tautline_sim/wire.hpp"

namespace tautline::sim {

/// What went on, for tables and tests.
struct BoardStats {
  Cycle executed = 0;  ///< cycles that were simulated
  Cycle skipped = 0;   ///< cycles that were known to do nothing
  std::uint64_t frames_in = 0, bytes_in = 0, frames_out = 0, bytes_out = 0;
  std::uint64_t interrupts = 0;
  std::uint64_t mmio_writes = 0, mmio_reads = 0, mmio_lines = 0, mmio_errors = 0;
  AxiMemory::Counts dma;
  ImpairmentCounts to_board, from_board;
  double run_seconds = 0;  ///< wall time spent in the model
};

class Board : public std::enable_shared_from_this<Board> {
 public:
  [[nodiscard]] static Result<std::shared_ptr<Board>> create(BoardOptions options);
  /// Two boards joined by a cable; `a.wire`, `tap` and the like must not be set.
  [[nodiscard]] static Result<std::pair<std::shared_ptr<Board>, std::shared_ptr<Board>>>
  create_pair(BoardOptions a, BoardOptions b);
  virtual ~Board() = default;
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// A PCI function for a driver. It keeps the board alive; the board outlives it: dropping it
  /// without a goodbye is what a host that dies looks like, and the next function finds the board
  /// as it is.
  [[nodiscard]] virtual std::unique_ptr<PciFunction> function() = 0;

  // ------------------------------------------------------------------ frames
  /// [virtual] A frame without preamble and FCS begins to arrive at board time `at` (ns, 0: now),
  /// or when the line is free. `bad`: its FCS is wrong. Passes the link model if there is one.
  virtual void give_frame(std::span<const std::byte> frame, Nanos at = 0, bool bad = false) = 0;
  /// [virtual] The oldest frame that the board has sent.
  [[nodiscard]] virtual std::optional<Frame> take_frame() = 0;
  /// Sees every frame at the board's edge, in the order of their last words (in wall-clock mode on
  /// the board's thread).
  virtual void on_frame(std::function<void(const Frame&, bool from_board)> observer) = 0;

  // ------------------------------------------------------------------ time
  /// [virtual] Executes exactly so many cycles, skipping none.
  virtual void run(Cycle cycles) = 0;
  /// [virtual] Lets time pass, skipping what is idle. Returns early after an interrupt if asked to,
  /// and, if asked to, when a frame is there to be taken; true if it did.
  virtual bool advance(std::chrono::nanoseconds time, bool until_interrupt = false,
                       bool until_frame = false) = 0;
  /// [virtual] Runs until the board is quiescent, at most `limit`; true if it is.
  virtual bool advance_to_quiescence(std::chrono::nanoseconds limit) = 0;

  /// [virtual] Nothing will happen without a new input or a deadline.
  [[nodiscard]] virtual bool quiescent() const = 0;
  /// [virtual] Earliest deadline of the device, on the clock of `now_us`; valid while quiescent.
  [[nodiscard]] virtual std::optional<std::uint64_t> next_deadline_us() const = 0;
  [[nodiscard]] virtual std::uint64_t now_us() const = 0;
  /// [virtual] Board time in cycles, executed and skipped, and in nanoseconds.
  [[nodiscard]] virtual Cycle cycle() const = 0;
  [[nodiscard]] Nanos time() const { return cycles_to_ns(cycle()); }

  // ------------------------------------------------------------------ looking inside
  [[nodiscard]] virtual BoardStats stats() const = 0;
  /// [virtual] Pulses: a segment event entered the lane; a send decision; anything was issued.
  [[nodiscard]] virtual const Probe& probe_event() const = 0;
  [[nodiscard]] virtual const Probe& probe_send() const = 0;
  [[nodiscard]] virtual const Probe& probe_issue() const = 0;
  /// [virtual] The memory model: error injection, faults.
  [[nodiscard]] virtual AxiMemory& memory() = 0;
  /// Bus protocol errors of the device, each a sentence. After the first one the link is `failed`.
  [[nodiscard]] virtual std::vector<std::string> violations() const = 0;
  /// Pulls the card: from now on reads are all ones and writes go nowhere.
  virtual void set_link_state(LinkState state) = 0;

  [[nodiscard]] virtual unsigned flows() const = 0;
  [[nodiscard]] virtual const std::string& variant() const = 0;
  /// Empties the capture's and record's buffers into their files.
  virtual void flush_files() = 0;

 protected:
  Board() = default;
};

/// Makes the scheme `sim` known to `open_pci_function`. Happens by itself in programs that link a
/// model.
void register_sim_scheme();

/// What a replay found.
struct ReplayReport {
  Cycle executed = 0;
  std::uint64_t inputs = 0;
  std::uint64_t outputs = 0;     ///< compared and equal
  std::string first_difference;  ///< empty: the run was reproduced exactly
};
/// Runs a record again and compares every frame, register read, DMA write and interrupt by its
/// cycle. `variant` empty: the recorded one; `trace` as in BoardOptions.
[[nodiscard]] Result<ReplayReport> replay(const std::string& record,
                                          const std::string& variant = {},
                                          const std::string& trace = {}, double trace_from_us = 0,
                                          double trace_to_us = -1);

}  // namespace tautline::sim
