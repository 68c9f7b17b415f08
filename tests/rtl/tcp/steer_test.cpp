#include <Vtl_steer_tb.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <set>
#include <vector>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;

constexpr unsigned kFin = 1, kSyn = 2, kRst = 4, kAck = 16;
constexpr unsigned kOpen = 1, kListen = 2, kUnlisten = 3, kAccept = 4;
enum Rc { kOk, kNoSlot, kInUse, kTableFull, kStale, kBadState, kBadArg, kNoPort };
enum Cnt { kNoFlow = 28, kListenOverflow = 29, kCntNoSlot = 30, kCntTableFull = 31 };
constexpr int kReopened = 52, kResetsOut = 27;
constexpr std::uint32_t kOurs = 0x0a000002, kPeer = 0x0a000001;

struct Tuple {
  std::uint32_t raddr = kPeer;
  std::uint16_t rport = 1000, lport = 80;
};
struct Segment {
  unsigned flags = kAck;
  std::uint32_t seq = 100, ack = 200;
  unsigned len = 0;
};
struct SegEvent {
  bool drop, birth, passive;
  unsigned flow, gen, listener;
  std::uint32_t seq, isn, tag;
  std::uint64_t cycle;
};
struct CmdEvent {
  bool birth;
  unsigned op, slot, gen, lport;
  std::uint32_t laddr, isn, tag;
};
struct Reply {
  std::uint32_t raddr, seq, ack;
  unsigned rport, flags;
};
struct Completion {
  unsigned cookie, rc, flow, gen;
};

// 16 slots, 8 TIME-WAIT entries, 8 tries for an ephemeral port.
class Steer : public ::testing::Test {
 protected:
  Steer() { start(); }

  void start(bool one_set = false) {
    b->one_set = one_set;
    b->now_us = 1'000'000;
    b->laddr = kOurs;
    b->s_key_valid = b->s_verdict_valid = b->s_cmd_valid = b->s_free_valid = b->s_del_valid = 0;
    b->s_tw_valid = b->s_lsn_valid = 0;
    b->m_seg_ready = b->m_cmd_ready = b->m_reply_ready = b->m_cpl_ready = 1;
    b.reset();
    lives.clear();
    for (int i = 0; i < 200 && !b->ready; ++i) tick();
    EXPECT_TRUE(b->ready);
  }
  void tick() {
    b.settle();
    if (b->m_seg_valid && b->m_seg_ready)
      segs.push_back({.drop = b->seg_drop != 0,
                      .birth = b->seg_birth != 0,
                      .passive = b->seg_passive != 0,
                      .flow = b->seg_flow,
                      .gen = b->seg_gen,
                      .listener = b->seg_listener,
                      .seq = b->seg_seq,
                      .isn = b->seg_isn,
                      .tag = b->seg_tag,
                      .cycle = b.cycle()});
    if (b->m_cmd_valid && b->m_cmd_ready)
      cmds.push_back({.birth = b->cmd_birth != 0,
                      .op = b->cmd_op,
                      .slot = b->cmd_slot,
                      .gen = b->cmd_gen,
                      .lport = b->cmd_lport,
                      .laddr = b->cmd_laddr,
                      .isn = b->cmd_isn,
                      .tag = b->cmd_tag});
    if (b->m_reply_valid && b->m_reply_ready)
      replies.push_back({.raddr = b->reply_raddr,
                         .seq = b->reply_seq,
                         .ack = b->reply_ack,
                         .rport = b->reply_rport,
                         .flags = b->reply_flags});
    if (b->m_cpl_valid && b->m_cpl_ready)
      cpls.push_back({b->cpl_cookie, b->cpl_rc, b->cpl_flow, b->cpl_gen});
    if (b->m_life_valid) {
      lives.emplace_back(b->life_flow, b.cycle());
      EXPECT_EQ(b->life_gen, 0);
    }
    for (int c = 0; c < 64; ++c) counters[c] += b->cnt >> c & 1;
    b.tick();
    b.settle();
  }
  void put(const Tuple& t) { b->raddr = t.raddr, b->rport = t.rport, b->lport = t.lport; }
  void quiet() {
    b.settle();
    for (int i = 0; i < 2000 && b->busy; ++i) tick();
    EXPECT_FALSE(b->busy);
  }
  void key(const Tuple& t) {
    put(t);
    b->s_key_valid = 1;
    tick();
    b->s_key_valid = 0;
  }
  void verdict(const Tuple& t, const Segment& s, bool good = true) {
    put(t);
    b->s_verdict_valid = 1;
    b->s_verdict_good = good;
    b->flags = s.flags, b->seq = s.seq, b->ack = s.ack, b->len = s.len;
    verdict_cycle = b.cycle();
    tick();
    b->s_verdict_valid = 0;
  }
  // A whole frame, and everything that follows from it.
  void frame(const Tuple& t, const Segment& s, bool good = true) {
    segs.clear(), replies.clear();
    key(t);
    tick(), tick(), tick();
    verdict(t, s, good);
    quiet();
  }
  Completion command(unsigned op, const Tuple& t, std::uint32_t arg0 = 0, std::uint32_t arg1 = 0,
                     unsigned flow = 0) {
    cmds.clear(), cpls.clear();
    put(t);
    b->s_cmd_valid = 1;
    b->op = op, b->cookie = 0x1234, b->arg0 = arg0, b->arg1 = arg1, b->cmd_flow = flow;
    for (int i = 0; i < 3000; ++i) {
      b.settle();
      const bool taken = b->s_cmd_ready;
      tick();
      if (taken) break;
    }
    b->s_cmd_valid = 0;
    quiet();
    if (cpls.empty()) return {0x1234, kOk, 0, 0};
    EXPECT_EQ(cpls.size(), 1u);
    EXPECT_EQ(cpls[0].cookie, 0x1234u);
    return cpls[0];
  }
  Completion listen(std::uint16_t port, unsigned half_open = 100, unsigned unaccepted = 100,
                    std::uint32_t tag = 7) {
    return command(kListen, {.lport = port}, tag, unaccepted << 16 | half_open);
  }
  void time_wait(const Tuple& t, std::uint32_t rcv_nxt, std::uint32_t snd_nxt) {
    put(t);
    b->s_tw_valid = 1;
    b->tw_rcv_nxt = rcv_nxt, b->tw_snd_nxt = snd_nxt;
    tick();
    b->s_tw_valid = 0;
    quiet();
  }
  void notice(unsigned listener, unsigned gen, unsigned change) {
    b->s_lsn_valid = 1;
    b->lsn_listener = listener, b->lsn_gen = gen, b->lsn_change = change;
    tick();
    b->s_lsn_valid = 0;
  }
  void release(const Tuple& t, unsigned flow, unsigned gen) {
    put(t);
    b->s_del_valid = 1;
    b->del_flow = flow;
    tick();
    b->s_del_valid = 0;
    b->s_free_valid = 1;
    b->free_flow = flow, b->free_gen = gen;
    tick();
    b->s_free_valid = 0;
    quiet();
  }

  Bench<Vtl_steer_tb> b;
  std::vector<SegEvent> segs;
  std::vector<CmdEvent> cmds;
  std::vector<Reply> replies;
  std::vector<Completion> cpls;
  std::vector<std::pair<unsigned, std::uint64_t>> lives;
  std::array<int, 64> counters{};
  std::uint64_t verdict_cycle = 0;
};

TEST_F(Steer, IssuesOneLifePerSlotAtMostEveryFourthCycleBeforeItIsReady) {
  ASSERT_EQ(lives.size(), 16u);
  for (unsigned i = 0; i < 16; ++i) {
    EXPECT_EQ(lives[i].first, i);
    if (i > 0) {
      EXPECT_GE(lives[i].second - lives[i - 1].second, 4u);
    }
  }
}

TEST_F(Steer, AHitReachesTheLaneInTheCycleAfterTheVerdict) {
  command(kOpen, {.lport = 5000});
  ASSERT_EQ(cmds.size(), 1u);
  frame({.lport = 5000}, {.flags = kSyn | kAck});
  ASSERT_EQ(segs.size(), 1u);
  EXPECT_EQ(segs[0].flow, cmds[0].slot);
  EXPECT_FALSE(segs[0].drop || segs[0].birth);
  EXPECT_EQ(segs[0].cycle - verdict_cycle, 1u);
}

TEST_F(Steer, KeepsRoomForThreeFramesWhileTheLaneStands) {
  command(kOpen, {.lport = 5000});
  b->m_seg_ready = 0;
  int frames = 0;
  while (b->room && frames < 20) {
    // The frame that saw the room, and two that net had already let in.
    key({.lport = 5000});
    tick(), tick(), tick();
    verdict({.lport = 5000}, {.seq = static_cast<std::uint32_t>(frames++)});
  }
  for (int i = 0; i < 2; ++i) {
    key({.lport = 5000});
    tick(), tick(), tick();
    verdict({.lport = 5000}, {.seq = static_cast<std::uint32_t>(frames++)});
  }
  EXPECT_EQ(frames, 8);
  b->m_seg_ready = 1;
  quiet();
  ASSERT_EQ(segs.size(), 8u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(segs[i].seq, static_cast<std::uint32_t>(i));
}

TEST_F(Steer, ABadVerdictIsForgotten) {
  listen(80);
  frame({}, {.flags = kSyn}, false);
  EXPECT_TRUE(segs.empty());
  EXPECT_TRUE(replies.empty());
  frame({}, {.flags = kSyn});
  EXPECT_EQ(segs.size(), 1u);
}

// RFC 9293 3.10.7.1.
TEST_F(Steer, AnAckForNobodyIsAnsweredWithItsAckNumber) {
  frame({}, {.flags = kAck, .seq = 10, .ack = 77});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kRst);
  EXPECT_EQ(replies[0].seq, 77u);
  EXPECT_EQ(replies[0].raddr, kPeer);
  EXPECT_EQ(replies[0].rport, 1000u);
  EXPECT_TRUE(segs.empty());
  EXPECT_EQ(counters[kNoFlow], 1);
  EXPECT_EQ(counters[kResetsOut], 1);
}

TEST_F(Steer, ASegmentForNobodyWithoutAckIsAnsweredByAcknowledgingItsLength) {
  frame({}, {.flags = kSyn | kFin, .seq = 0xfffffffe, .len = 10});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kRst | kAck);
  EXPECT_EQ(replies[0].seq, 0u);
  EXPECT_EQ(replies[0].ack, 10u);
}

TEST_F(Steer, AResetIsNeverAnswered) {
  for (const unsigned flags : {kRst, kRst | kAck, kRst | kSyn}) frame({}, {.flags = flags});
  EXPECT_TRUE(replies.empty());
  EXPECT_EQ(counters[kNoFlow], 3);
}

TEST_F(Steer, PayloadWithoutAFlowStillGivesTheLaneADropInOrder) {
  command(kOpen, {.lport = 5000});
  segs.clear();
  for (int i = 0; i < 3; ++i) {
    const Tuple t{.lport = static_cast<std::uint16_t>(i == 1 ? 6000 : 5000)};
    key(t);
    tick(), tick(), tick();
    verdict(t, {.seq = static_cast<std::uint32_t>(i), .len = 5});
  }
  quiet();
  ASSERT_EQ(segs.size(), 3u);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(segs[i].seq, i);
    EXPECT_EQ(segs[i].drop, i == 1);
  }
}

TEST_F(Steer, APeerThatIsNoHostIsNeitherServedNorAnswered) {
  listen(80);
  for (const std::uint32_t bad :
       {0u, 0xffffffffu, 0xe0000001u, 0x7f000001u, 0x0a0000ffu, 0x0a000000u, kOurs}) {
    frame({.raddr = bad}, {.flags = kSyn});
    EXPECT_TRUE(segs.empty() && replies.empty()) << std::hex << bad;
    EXPECT_EQ(command(kOpen, {.raddr = bad, .lport = 5000}).rc, kBadArg);
  }
  EXPECT_EQ(command(kOpen, {.rport = 0, .lport = 5000}).rc, kBadArg);
}

TEST_F(Steer, ASynToAListenerIsBornWithSlotTagAndIsn) {
  const auto c = listen(80, 100, 100, 0xabcd);
  ASSERT_EQ(c.rc, kOk);
  frame({}, {.flags = kSyn});
  ASSERT_EQ(segs.size(), 1u);
  EXPECT_TRUE(segs[0].birth && segs[0].passive);
  EXPECT_EQ(segs[0].listener, c.flow);
  EXPECT_EQ(segs[0].tag, 0xabcdu);
  EXPECT_LE(segs[0].cycle - verdict_cycle, 25u);
  const auto first = segs[0];
  frame({}, {.flags = kAck});
  ASSERT_EQ(segs.size(), 1u);
  EXPECT_FALSE(segs[0].birth);
  EXPECT_EQ(segs[0].flow, first.flow);
}

TEST_F(Steer, TwoSynsInARowNeverMakeTwins) {
  listen(80);
  segs.clear();
  key({});
  key({});
  tick(), tick(), tick();
  verdict({}, {.flags = kSyn});
  verdict({}, {.flags = kSyn});
  quiet();
  ASSERT_EQ(segs.size(), 2u);
  EXPECT_TRUE(segs[0].birth);
  EXPECT_FALSE(segs[1].birth);
  EXPECT_EQ(segs[0].flow, segs[1].flow);
}

TEST_F(Steer, AnAckToAListenerIsReset) {
  listen(80);
  frame({}, {.flags = kAck, .ack = 5});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].seq, 5u);
  frame({}, {.flags = kSyn | kAck, .ack = 6});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kRst);
}

// RFC 9293 3.10.7.2, fourth.
TEST_F(Steer, ASegmentWithoutSynAckAndRstToAListenerIsDropped) {
  listen(80);
  frame({}, {.flags = kFin, .seq = 5});
  frame({}, {.flags = 0, .seq = 5, .len = 10});
  EXPECT_TRUE(replies.empty());
  EXPECT_EQ(counters[kNoFlow], 2);
  frame({.lport = 81}, {.flags = 0, .seq = 5, .len = 10});
  ASSERT_EQ(replies.size(), 1u) << "where nobody listens it is reset";
  EXPECT_EQ(replies[0].flags, kRst | kAck);
}

TEST_F(Steer, IsnsDifferByConnectionAndGrowEveryFourMicroseconds) {
  listen(80);
  frame({.rport = 1}, {.flags = kSyn});
  const auto a = segs.at(0);
  frame({.rport = 2}, {.flags = kSyn});
  EXPECT_NE(segs.at(0).isn, a.isn);
  release({.rport = 1}, a.flow, 1);
  b->now_us += 4000;
  frame({.rport = 1}, {.flags = kSyn});
  EXPECT_EQ(segs.at(0).isn, a.isn + 1000);
}

TEST_F(Steer, HalfOpenConnectionsAreLimited) {
  const unsigned l = listen(80, 2, 100).flow;
  for (std::uint16_t p = 1; p <= 3; ++p) {
    frame({.rport = p}, {.flags = kSyn});
    EXPECT_EQ(segs.size(), p <= 2 ? 1u : 0u);
    EXPECT_TRUE(replies.empty());
  }
  EXPECT_EQ(counters[kListenOverflow], 1);
  notice(l, 0, 0b011);  // one is established
  frame({.rport = 3}, {.flags = kSyn});
  EXPECT_EQ(segs.size(), 1u);
}

TEST_F(Steer, UnacceptedConnectionsAreLimited) {
  const unsigned l = listen(80, 100, 1).flow;
  frame({.rport = 1}, {.flags = kSyn});
  notice(l, 0, 0b011);
  frame({.rport = 2}, {.flags = kSyn});
  EXPECT_TRUE(segs.empty());
  notice(l, 1, 0b100);  // of another life of the listener
  frame({.rport = 2}, {.flags = kSyn});
  EXPECT_TRUE(segs.empty());
  notice(l, 0, 0b100);
  frame({.rport = 2}, {.flags = kSyn});
  EXPECT_EQ(segs.size(), 1u);
}

TEST_F(Steer, WithoutASlotASynIsResetAndAnOpenRefused) {
  listen(80);
  for (std::uint16_t p = 1; p <= 16; ++p) {
    frame({.rport = p}, {.flags = kSyn});
    ASSERT_EQ(segs.size(), 1u);
    ASSERT_EQ(segs[0].flow, p - 1u);
  }
  frame({.rport = 17}, {.flags = kSyn});
  EXPECT_TRUE(segs.empty());
  EXPECT_EQ(replies.size(), 1u);
  EXPECT_EQ(command(kOpen, {.lport = 5000}).rc, kNoSlot);
  EXPECT_EQ(counters[kCntNoSlot], 2);
  release({.rport = 5}, 4, 1);
  frame({.rport = 17}, {.flags = kSyn});
  ASSERT_EQ(segs.size(), 1u);
  EXPECT_EQ(segs[0].flow, 4u);
  EXPECT_EQ(segs[0].gen, 1u);
}

TEST_F(Steer, AThousandConnectionsInTurnLeakNoSlot) {
  listen(80, 2000, 2000);
  std::array<unsigned, 16> gens{};
  for (std::uint16_t p = 1; p <= 1000; ++p) {
    frame({.rport = p}, {.flags = kSyn});
    ASSERT_EQ(segs.size(), 1u);
    ASSERT_EQ(segs[0].gen, gens[segs[0].flow]);
    gens[segs[0].flow] = (gens[segs[0].flow] + 1) & 255;
    release({.rport = p}, segs[0].flow, gens[segs[0].flow]);
  }
}

TEST_F(Steer, OpenAndListenTellWhatIsTaken) {
  ASSERT_EQ(listen(80).rc, kOk);
  EXPECT_EQ(listen(80).rc, kInUse);
  EXPECT_EQ(listen(0).rc, kBadArg);
  EXPECT_EQ(command(kOpen, {.lport = 5000}, 0x55).rc, kOk);
  ASSERT_EQ(cmds.size(), 1u);
  EXPECT_TRUE(cmds[0].birth);
  EXPECT_EQ(cmds[0].laddr, kOurs);
  EXPECT_EQ(cmds[0].lport, 5000u);
  EXPECT_EQ(cmds[0].tag, 0x55u);
  EXPECT_EQ(command(kOpen, {.lport = 5000}).rc, kInUse);
  time_wait({.rport = 9, .lport = 5001}, 1, 2);
  EXPECT_EQ(command(kOpen, {.rport = 9, .lport = 5001}).rc, kInUse);
}

TEST_F(Steer, SixteenListenersFitAndAClosedOnesPlaceIsReused) {
  for (std::uint16_t p = 1; p <= 16; ++p) EXPECT_EQ(listen(p).rc, kOk);
  EXPECT_EQ(listen(17).rc, kTableFull);
  EXPECT_EQ(command(kUnlisten, {}, 0, 0, 5).rc, kOk);
  EXPECT_EQ(b->listener_gen >> 20 & 15, 1u);
  EXPECT_EQ(command(kUnlisten, {}, 0, 0, 5).rc, kStale);
  EXPECT_EQ(command(kUnlisten, {}, 0, 0, 16).rc, kBadArg);
  frame({.lport = 6}, {.flags = kSyn});
  EXPECT_EQ(replies.size(), 1u);
  const auto c = listen(17);
  EXPECT_EQ(c.rc, kOk);
  EXPECT_EQ(c.flow, 5u);
  EXPECT_EQ(c.gen, 1u);
  frame({.lport = 17}, {.flags = kSyn});
  EXPECT_EQ(segs.size(), 1u);
}

TEST_F(Steer, EphemeralPortsAreDynamicDistinctAndSkipThoseInUse) {
  std::set<unsigned> ports;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(command(kOpen, {.lport = 0}).rc, kOk);
    EXPECT_GE(cmds.at(0).lport, 49152u);
    EXPECT_TRUE(ports.insert(cmds.at(0).lport).second);
  }
  // Where a port starts depends on the destination (RFC 6056 3.3.3).
  ASSERT_EQ(command(kOpen, {.raddr = kPeer + 5, .lport = 0}).rc, kOk);
  EXPECT_GT(cmds.at(0).lport - *ports.rbegin(), 1u);
  // The next one for this destination is taken.
  const auto next = static_cast<std::uint16_t>(*ports.rbegin() + 2);
  ASSERT_EQ(command(kOpen, {.lport = next}).rc, kOk);
  ASSERT_EQ(command(kOpen, {.lport = 0}).rc, kOk);
  EXPECT_EQ(cmds.at(0).lport, next + 1u);
}

TEST_F(Steer, AnOpenGivesUpAfterItsTries) {
  ASSERT_EQ(command(kOpen, {.lport = 0}).rc, kOk);
  const unsigned first = cmds.at(0).lport;
  for (unsigned i = 1; i <= 8; ++i)
    time_wait({.lport = static_cast<std::uint16_t>(49152 + ((first - 49152 + i) & 16383))}, 1, 2);
  EXPECT_EQ(command(kOpen, {.lport = 0}).rc, kNoPort);
  EXPECT_EQ(command(kOpen, {.lport = 0}).rc, kOk);
}

TEST_F(Steer, AFullLookupRefusesTheNewConnectionAndKeepsTheOld) {
  // 16 slots always fit 4 ways and a stash of 16, unless signatures repeat: keys whose folded sum
  // is the same cannot be told apart in the stash.
  start(true);
  listen(80);
  int born = 0, refused = 0;
  for (unsigned i = 0; i < 8; ++i) {
    frame({.raddr = 0x0a000100u + i * 0x00010001u, .rport = 1}, {.flags = kSyn});
    born += segs.size() == 1;
    refused += replies.size() == 1;
  }
  EXPECT_EQ(born, 5);
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(counters[kCntTableFull], 3);
  for (unsigned i = 0; i < 5; ++i) {
    frame({.raddr = 0x0a000100u + i * 0x00010001u, .rport = 1}, {.flags = kAck});
    EXPECT_EQ(segs.size(), 1u);
  }
  // No slot was lost by the refusals.
  for (std::uint16_t p = 10; p < 21; ++p) {
    frame({.rport = p}, {.flags = kSyn});
    EXPECT_EQ(segs.size(), 1u);
  }
}

TEST_F(Steer, CommandsOfAFlowPassToTheLane) {
  command(kAccept, {}, 5, 0, 3);
  ASSERT_EQ(cmds.size(), 1u);
  EXPECT_FALSE(cmds[0].birth);
  EXPECT_EQ(cmds[0].slot, 3u);
  EXPECT_EQ(command(kAccept, {}, 5, 0, 16).rc, kStale);
  EXPECT_EQ(command(99, {}).rc, kBadArg);
}

TEST_F(Steer, CommandsAreServedUnderAFloodOfMisses) {
  put({});
  b->s_cmd_valid = 1;
  b->op = kListen, b->cookie = 1, b->arg0 = 0, b->arg1 = ~0u;
  bool done = false;
  for (int i = 0; i < 100 && !done; ++i) {
    const Tuple t{};
    key(t);
    tick(), tick(), tick();
    b->s_verdict_valid = 1;
    b->s_verdict_good = 1;
    b->flags = kAck, b->len = 0;
    done = b->s_cmd_ready;
    tick();
    b->s_verdict_valid = 0;
    for (int c = 0; c < 6 && !done; ++c) done = b->s_cmd_ready, tick();
  }
  EXPECT_TRUE(done);
}

// -------------------------------------------------------------------------------- TIME-WAIT
TEST_F(Steer, TimeWaitAcknowledgesTheFinAgainAndRestarts) {
  time_wait({}, 1001, 5000);
  b->now_us += 900;
  quiet();
  frame({}, {.flags = kFin | kAck, .seq = 1000, .ack = 5000});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kAck);
  EXPECT_EQ(replies[0].seq, 5000u);
  EXPECT_EQ(replies[0].ack, 1001u);
  b->now_us += 999;
  quiet();
  frame({}, {.flags = kFin | kAck, .seq = 1000, .ack = 5000});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kAck);
  b->now_us += 1000;
  quiet();
  frame({}, {.flags = kFin | kAck, .seq = 1000, .ack = 5000});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kRst);
}

TEST_F(Steer, AResetDoesNotEndTimeWait) {
  time_wait({}, 1001, 5000);
  for (const unsigned flags : {kRst, kRst | kAck}) {
    for (const std::uint32_t seq : {1u, 1001u}) {
      frame({}, {.flags = flags, .seq = seq, .ack = 5000});
      EXPECT_TRUE(replies.empty());
    }
  }
  frame({}, {.flags = kFin | kAck, .seq = 1000});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kAck);
}

TEST_F(Steer, TimeWaitIsSilentToWhatNeedsNoAnswerAndAcknowledgesTheUnacceptable) {
  time_wait({}, 1001, 5000);
  frame({}, {.flags = kAck, .seq = 1001, .ack = 5000});
  EXPECT_TRUE(replies.empty());
  frame({}, {.flags = kAck, .seq = 900, .ack = 5000});
  EXPECT_EQ(replies.size(), 1u);
  frame({}, {.flags = kAck, .seq = 1001, .ack = 5000, .len = 4});
  EXPECT_EQ(replies.size(), 1u);
  ASSERT_EQ(segs.size(), 1u);
  EXPECT_TRUE(segs[0].drop);
}

TEST_F(Steer, ASynAboveRcvNxtReopensWithAnIsnAboveTheOldOne) {
  listen(80);
  for (const std::uint32_t old : {0x00000000u, 0x40000000u, 0x80000000u, 0xc0000000u}) {
    const Tuple t{.rport = static_cast<std::uint16_t>(old >> 24)};
    time_wait(t, 1001, old);
    frame(t, {.flags = kSyn, .seq = 1002});
    ASSERT_EQ(segs.size(), 1u);
    EXPECT_TRUE(segs[0].birth);
    EXPECT_GE(static_cast<std::int32_t>(segs[0].isn - old), 0x10000);
    // The entry is gone: no trace of TIME-WAIT once the flow has ended.
    release(t, segs[0].flow, 1);
    frame(t, {.flags = kFin | kAck, .seq = 1000});
    ASSERT_EQ(replies.size(), 1u);
    EXPECT_EQ(replies[0].flags, kRst);
  }
  EXPECT_EQ(counters[kReopened], 4);
}

TEST_F(Steer, AnOldSynOrOneWithoutAListenerIsAcknowledgedFromTimeWait) {
  listen(80);
  time_wait({}, 1001, 5000);
  frame({}, {.flags = kSyn, .seq = 1001});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kAck);
  time_wait({.lport = 81}, 1001, 5000);
  frame({.lport = 81}, {.flags = kSyn, .seq = 2000});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kAck);
}

TEST_F(Steer, AReopeningThatCannotBeServedLeavesTheEntry) {
  listen(80, 0, 0);
  time_wait({}, 1001, 5000);
  frame({}, {.flags = kSyn, .seq = 2000});
  EXPECT_TRUE(replies.empty() && segs.empty());
  frame({}, {.flags = kFin | kAck, .seq = 1000});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].flags, kAck);
}

}  // namespace
