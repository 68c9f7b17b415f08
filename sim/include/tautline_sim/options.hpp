#pragma once
/// \file
/// Options of a simulated board, as a struct and as the query of a `sim:` URL.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tautline_sim/axi_memory.hpp"
#include "tautline_sim/error.hpp"
#include "tautline_sim/wire.hpp"

namespace tautline::sim {

struct BoardOptions {
  // The model.
  std::string variant;     ///< variant=fast|assert|trace; empty: the fastest linked in
  unsigned flows = 0;      ///< flows=N; 0: the largest linked in
  std::uint64_t seed = 1;  ///< seed=N: every random choice on the board
  bool stream = false;     ///< the byte-stream carrier instead of PCIe; not in a URL

  // The wire. At most one of these; none: frames go to and come from the program (harness.hpp).
  std::string tap;        ///< tap=NAME: a Linux TAP device; makes the board follow the wall clock
  std::string netns;      ///< netns=NAME: the network namespace of the TAP device
  std::string cable;      ///< cable=NAME: the other end is the board opened with the same name
  std::string pcap;       ///< pcap=FILE: replays a capture into the board
  double pcap_speed = 1;  ///< pcap_speed=X
  std::unique_ptr<Wire> wire;  ///< any other wire; not in a URL
  Nanos cable_delay = 500;     ///< cable_delay_us=X
  /// The board follows the wall clock though it has no TAP device; without any wire its frames are
  /// lost. Not in a URL: for a board whose host is another process.
  bool wall_clock = false;

  double line_gbps = 10;  ///< line_gbps=X: rate at which frames cross the board's edge
  /// loss=, dup=, reorder=, corrupt= (probabilities), delay_us=, jitter_us=, rate_mbps=, queue=
  /// (frames): both directions; with the prefix rx_ or tx_ only towards or from the board.
  ImpairmentConfig to_board, from_board;

  // The host's side.
  /// read_latency=, write_latency= (cycles), read_bandwidth=, write_bandwidth= (bytes a cycle),
  /// reorder_reads=0|1|2, stall=P, max_reads=, max_writes=
  AxiMemoryConfig memory;
  /// What the device's AXI master reaches, instead of what `PciFunction::allocate` gave; called on
  /// the thread that owns the model. Not in a URL.
  std::shared_ptr<MemoryTarget> memory_target;
  Cycle poll_cycles = 256;  ///< poll_cycles=N: virtual time that one progress() is worth

  // Time and files.
  std::uint64_t epoch_us = 1'000'000;  ///< epoch_us=N: now_us at reset
  std::string capture;                 ///< capture=FILE.pcapng
  std::string record;        ///< record=FILE: every input by cycle, to replay the run exactly
  std::string trace;         ///< trace=FILE.fst (variant=trace)
  double trace_from_us = 0;  ///< trace_from=US: board time
  double trace_to_us = -1;   ///< trace_to=US; negative: to the end
};

/// Parses what follows `sim:` (`?a=b&c=d`, or nothing).
[[nodiscard]] Result<BoardOptions> parse_board_options(std::string_view query);

}  // namespace tautline::sim
