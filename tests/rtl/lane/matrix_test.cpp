// SEGMENT ARRIVES, RFC 9293 3.10.7: every state against SYN, ACK, RST, FIN and data, in the window
// and out of it. A cell says what is sent (the lane's replies without a flow as "reply R") and the
// state after; "." sends nothing.
#include "lane_bench.hpp"

namespace lane {
namespace {

const char* const kNames[] = {"CLOSED",  "LISTEN",   "SYN-SENT", "SYN-RCVD",
                              "ESTAB",   "FIN-W-1",  "FIN-W-2",  "CLOSE-WAIT",
                              "CLOSING", "LAST-ACK", "TIME-WAIT"};

struct Column {
  const char* name;
  Seg seg;
};

constexpr uint32_t kFar = 0x40000000;  // outside of any window

std::string outcome(State s, const Seg& g) {
  Bench b;
  b.reach(s);
  b.v.tx_room = 4;
  const bool was_ready = !b.ready.empty();
  Seg seg = g;
  // The peer has sent its FIN in these states: its next segment comes after it.
  if (s == kCloseWait || s == kClosing || s == kLastAck || s == kTimeWait) {
    if (seg.seq == 1) seg.seq = 2;
  }
  // Our FIN is acknowledged where the state says so.
  if ((s == kFinWait2 || s == kTimeWait) && seg.ack == 1) seg.ack = 2;
  if (was_ready)
    b.in_quiet(seg);
  else
    b.in(seg);
  b.run();
  std::string out;
  for (const auto& t : b.tx()) out += (out.empty() ? "" : ", ") + t;
  for (const auto& r : b.replies)
    out += (out.empty() ? "reply " : ", reply ") + flags_text(r.flags);
  if (out.empty()) out = ".";
  out += " / ";
  if (!b.life.empty())
    out += "FREE";
  else
    out += std::string(kNames[b.status[0].state]) + (b.status[0].done ? " done" : "");
  return out;
}

const Column kColumns[] = {
    {"SYN in window", {.flags = S, .seq = 1}},
    {"SYN far", {.flags = S, .seq = kFar}},
    {"SYN of the handshake", {.flags = S, .seq = 0}},
    {"ACK", {.flags = A, .seq = 1}},
    {"ACK far", {.flags = A, .seq = kFar}},
    {"ACK of the unsent", {.flags = A, .seq = 1, .ack = 5000}},
    {"ACK very old", {.flags = A, .seq = 1, .ack = 0u - 0x20000}},
    {"RST exact", {.flags = R, .seq = 1}},
    {"RST in window", {.flags = R, .seq = 100}},
    {"RST far", {.flags = R, .seq = kFar}},
    {"FIN", {.flags = F | A, .seq = 1}},
    {"FIN out of order", {.flags = F | A, .seq = 100}},
    {"FIN far", {.flags = F | A, .seq = kFar}},
    {"data", {.flags = A, .seq = 1, .len = 10}},
    {"data far", {.flags = A, .seq = kFar, .len = 10}},
    {"no flags", {.flags = 0, .seq = 1, .len = 10}},
};

struct Row {
  State state;
  const char* cells[std::size(kColumns)];
};

const Row kRows[] = {
#include "matrix.inc"
};

TEST(Matrix, EveryStateAgainstEverySegment) {
  for (const Row& row : kRows) {
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      EXPECT_EQ(outcome(row.state, kColumns[i].seg), row.cells[i])
          << kNames[row.state] << " gets " << kColumns[i].name;
    }
  }
}

}  // namespace
}  // namespace lane
