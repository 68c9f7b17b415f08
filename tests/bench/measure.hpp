// The engine's figures in cycles, each measured in one place: engine_bench prints them,
// engine_cycles_test holds them. A cycle is 6.4 ns; a word is 8 bytes; the line is 10GbE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tautline_sim/time.hpp"

namespace tautline::bench {

using sim::Cycle;

// Which Verilated model; both must be linked into the program.
struct Model {
  std::string variant = "assert";
  unsigned flows = 16;
};

// A data segment on an idle engine, and its immediate acknowledgment.
struct ReceiveLatency {
  Cycle first_word_to_event = 0;  // the event is issued to the lane
  Cycle last_word_to_event = 0;
  Cycle last_word_to_ack = 0;      // the ACK's first word is at the board's edge
  Cycle decision_to_ack_word = 0;  // from the send decision
};
ReceiveLatency MeasureReceive(const Model& model, std::size_t payload);

// A write of the host on an idle engine. The call is the cycle in which the first beat of the
// posted write is offered to the board.
struct SendLatency {
  Cycle push_to_word = 0;      // through the push window
  Cycle doorbell_to_word = 0;  // doorbell, DMA read of `memory_latency` cycles
  Cycle memory_latency = 0;
  Cycle decision_to_word = 0;  // of a segment with payload
};
SendLatency MeasureSend(const Model& model, std::size_t payload);

// Third duplicate ACK's last word -> first word of the retransmission.
Cycle MeasureFastRetransmit(const Model& model);
// The same while another flow fills the line with MSS-sized frames: the longest of `phases` places
// in the frame under way.
Cycle MeasureFastRetransmitBusy(const Model& model, unsigned phases);

// Last word in -> first word of the answer, on an idle engine.
Cycle MeasurePing(const Model& model, std::size_t payload);
Cycle MeasureSyn(const Model& model);

// Traffic at line rate against a peer that acknowledges at once.
struct Load {
  Model model;
  unsigned flows = 1;
  std::size_t in = 0;  // payload bytes of each frame towards the engine; 0: only acknowledgments
  std::size_t out =
      0;  // bytes of each write of the host; 0: none; >= 1460: as much as there is room
  std::size_t frames = 2000;  // in the measured direction, or in each
  bool quickack = false;
};
struct LoadResult {
  std::uint64_t frames_in = 0, frames_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;  // delivered in order
  double cycles_per_frame_in = 0, cycles_per_frame_out = 0;
  double line_in = 0, line_out = 0;  // share of the line's time, gap and FCS included
  std::uint32_t no_room = 0;         // frames the engine dropped
  std::uint64_t gaps = 0;            // segments of the engine out of order or sent twice
  bool complete = false;             // everything that was sent was received and read
  Cycle least_issue_spacing = 0;     // between two events in the lane
  Cycle cycles = 0;
  double wall_seconds = 0;
};
LoadResult MeasureLoad(const Load& load);

// Cycles of line time that a frame of so many bytes takes at 10GbE.
double LineCycles(std::size_t frame_bytes);

}  // namespace tautline::bench
