// Cycles that tl_lane states: issue to notices and decision, distance of events, fairness of
// sources.
#include "lane_bench.hpp"

namespace lane {
namespace {

// The cycle in which a valid/ready pair handshakes counts as cycle 0.
TEST(Latency, SegmentToReadyToDecision) {
  Bench b;
  b.connect_established();
  b.command(kSetopt, kQuickAck, 1);
  b.sent.clear();
  b.put({.flags = A, .seq = 1, .len = 100}, 0, false, false);
  const uint64_t issued = b.cycle;  // the edge that took the segment
  while (b.ready.empty()) b.clock();
  EXPECT_LE(b.ready_cycle - issued, 4u) << "so that a send event may issue within 5";
  b.ready.clear();
  b.v.s_send_valid = 1;
  b.v.s_send_flow = 0;
  b.wait_ready(b.v.s_send_ready);
  const uint64_t send = b.cycle;
  EXPECT_LE(send - issued, 5u);
  b.v.s_send_valid = 0;
  while (b.sent.empty()) b.clock();
  EXPECT_LE(b.sent[0].cycle - send, 4u);
  std::printf("segment issue -> ready %u, send issue -> decision %u cycles\n",
              unsigned(b.ready_cycle - issued), unsigned(b.sent[0].cycle - send));
}

TEST(Latency, EventsOfTheSameFlowFollowAfterFourCyclesAndOfOthersEveryCycle) {
  Bench b;
  b.connect_established();
  for (int f = 1; f < 8; ++f) b.command(kOpen, 0, 0, f);
  b.drain();
  auto stream = [&](int flows) {
    b.v.s_seg_valid = 0;
    b.put({.ack = 1}, 0, false, false);  // sets up the fields
    b.drain();
    const uint64_t start = b.cycle;
    int taken = 0;
    while (taken < 64) {
      b.v.s_seg_valid = 1;
      b.v.g_flow = taken % flows;
      b.v.eval();
      const bool took = b.v.s_seg_ready;
      b.clock();
      taken += took;
    }
    b.v.s_seg_valid = 0;
    const uint64_t cycles = b.cycle - start;
    b.drain();
    return cycles;
  };
  EXPECT_LE(stream(1), 64u * 4);
  EXPECT_LE(stream(8), 64u + 4);
}

TEST(Latency, NoSourceStarves) {
  Bench b;
  b.connect_established();
  for (int f = 1; f < 8; ++f) b.command(kOpen, 0, 0, f);
  b.drain();
  b.put({.ack = 1}, 0, false, false);
  b.drain();
  b.v.s_seg_valid = 1;
  b.v.s_tmo_valid = 1;
  b.v.s_tmo_flow = 9;
  b.v.s_cmd_valid = 1;
  b.v.c_op = kQuery;
  b.v.c_flow = 10;
  b.v.b_birth = 0;
  b.v.s_send_valid = 1;
  b.v.s_send_flow = 11;
  int seg = 0, tmo = 0, cmd = 0, snd = 0;
  const int cycles = 2000;
  for (int i = 0; i < cycles; ++i) {
    b.v.g_flow = seg % 8;
    b.v.eval();
    seg += b.v.s_seg_ready;
    tmo += b.v.s_tmo_ready;
    cmd += b.v.s_cmd_ready;
    snd += b.v.s_send_ready;
    b.clock();
  }
  EXPECT_GT(seg, cycles / 2);
  EXPECT_GT(tmo, cycles / 32);
  EXPECT_GT(cmd, cycles / 32);
  EXPECT_GT(snd, cycles / 32);
  b.v.s_seg_valid = b.v.s_tmo_valid = b.v.s_cmd_valid = b.v.s_send_valid = 0;
  b.drain();
}

TEST(Latency, ASourceOfABusyFlowIsNotStarvedByItsSegments) {
  Bench b;
  b.connect_established();
  b.put({.ack = 1}, 0, false, false);
  b.drain();
  b.v.s_seg_valid = 1;
  b.v.s_send_valid = 1;
  b.v.s_send_flow = 0;
  int sends = 0;
  for (int i = 0; i < 1000; ++i) {
    b.v.eval();
    sends += b.v.s_send_ready;
    b.clock();
  }
  EXPECT_GT(sends, 30);
  b.v.s_seg_valid = b.v.s_send_valid = 0;
  b.drain();
}

TEST(Latency, SendEventsNeverOutrunTheLaunchFifo) {
  Bench b;
  for (int f = 0; f < 8; ++f) b.command(kOpen, 0, 0, f);
  b.sent.clear();
  b.v.tx_room = 2;
  b.drain();
  // tx_room is held at 2: at most two decisions may be on their way at once.
  for (int f = 0; f < 8; ++f) {
    b.v.s_tmo_valid = 0;
  }
  int flying = 0, issued = 0;
  for (int i = 0; i < 100; ++i) {
    b.v.s_send_valid = 1;
    b.v.s_send_flow = issued % 8;
    b.v.eval();
    const bool took = b.v.s_send_ready;
    b.clock();
    issued += took;
    flying += took;
    EXPECT_LE(b.v.s_send_valid && took ? 1 : 0, 1);
  }
  // Two per pipeline length of four cycles.
  EXPECT_LE(issued, 2 * 100 / 4 + 2);
  EXPECT_GE(issued, 40);
  b.v.s_send_valid = 0;
  b.drain();
}

TEST(Latency, RoomForRemovalsHoldsEverything) {
  Bench b;
  b.connect_established();
  b.v.del_room = 0;
  b.v.s_seg_valid = 1;
  b.v.eval();
  EXPECT_EQ(b.v.s_seg_ready, 0);
  b.v.s_seg_valid = 0;
}

}  // namespace
}  // namespace lane
