#include <Vtl_tcp_tb.h>
#include <gtest/gtest.h>

#include <vector>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;

constexpr unsigned kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;
constexpr unsigned kOpen = 1, kListen = 2, kAccept = 4, kAbort = 6, kRelease = 7;
constexpr unsigned kEstablished = 4;

struct Sent {
  unsigned flow, flags, len, lport;
  std::uint32_t seq, ack;
  std::uint64_t cycle;
};
struct Completion {
  unsigned rc, flow, gen;
};

// The wiring of tl_tcp: everything but the transition itself, which the lane's tests cover.
class Tcp : public ::testing::Test {
 protected:
  Tcp() {
    b->now_us = 1'000'000;
    b->nbr_pending = b->nbr_changed = 0;
    b->raddr = 0x0a000001, b->rport = 1000, b->lport = 80;
    b->s_key_valid = b->s_verdict_valid = b->s_cmd_valid = b->s_tail_valid = b->s_taken_valid = 0;
    b->m_tx_ready = 1;
    b->status_flow = 0;
    b.reset();
    for (int i = 0; i < 500 && !b->ready; ++i) tick();
    EXPECT_TRUE(b->ready);
    quiet();
  }
  void tick() {
    b.settle();
    if (b->m_tx_valid && b->m_tx_ready)
      sent.push_back(
          {b->tx_flow, b->tx_flags, b->tx_len, b->tx_lport, b->tx_seq, b->tx_ack, b.cycle()});
    if (b->m_cpl_valid) cpls.push_back({b->cpl_rc, b->cpl_flow, b->cpl_gen});
    if (b->m_reply_valid) replies.push_back(b->reply_flags);
    if (b->m_ans_valid) answers.push_back(b->ans_commit ? b->ans_len : 0);
    if (b->probe_event) event_cycle = b.cycle();
    if (b->probe_send) send_cycle = b.cycle();
    b.tick();
    b.settle();
  }
  void quiet() {
    b.settle();
    for (int i = 0; i < 1000 && b->busy; ++i) tick();
    EXPECT_FALSE(b->busy);
  }
  Completion command(unsigned op, unsigned slot = 0, unsigned gen = 0, std::uint32_t arg0 = 0,
                     std::uint32_t arg1 = 0) {
    cpls.clear();
    b->s_cmd_valid = 1;
    b->op = op, b->slot = slot, b->slot_gen = gen, b->arg0 = arg0, b->arg1 = arg1;
    b.settle();
    for (int i = 0; i < 1000 && !b->s_cmd_ready; ++i) tick();
    tick();
    b->s_cmd_valid = 0;
    quiet();
    EXPECT_EQ(cpls.size(), 1u);
    return cpls.empty() ? Completion{99, 0, 0} : cpls[0];
  }
  void segment(unsigned flags, std::uint32_t seq, std::uint32_t ack, unsigned len = 0) {
    b->seg_flags = flags, b->seg_seq = seq, b->seg_ack = ack, b->pay_len = len;
    b->s_key_valid = 1;
    tick();
    b->s_key_valid = 0;
    tick(), tick(), tick();
    verdict_cycle = b.cycle();
    b->s_verdict_valid = 1;
    tick();
    b->s_verdict_valid = 0;
    quiet();
  }
  unsigned state(unsigned slot) {
    b->status_flow = slot;
    tick();
    return b->status_state;
  }
  // Active open to ESTABLISHED; the slot. `iss` is ours, the peer's ISS is 5000.
  unsigned connect() {
    sent.clear();
    const Completion c = command(kOpen);
    EXPECT_EQ(c.rc, 0u);
    EXPECT_EQ(sent.size(), 1u);
    if (sent.empty()) return 0;
    iss = sent[0].seq;
    EXPECT_EQ(sent[0].flags, kSyn);
    segment(kSyn | kAck, 5000, iss + 1);
    EXPECT_EQ(state(c.flow), kEstablished);
    return c.flow;
  }

  Bench<Vtl_tcp_tb> b;
  std::vector<Sent> sent;
  std::vector<Completion> cpls;
  std::vector<unsigned> replies, answers;
  std::uint32_t iss = 0;
  std::uint64_t verdict_cycle = 0, event_cycle = 0, send_cycle = 0;
};

TEST_F(Tcp, IsQuietAfterResetWithoutADeadline) {
  EXPECT_EQ(b->busy, 0);
  EXPECT_EQ(b->next_deadline_valid, 0);
}

TEST_F(Tcp, OpensActivelyAndAcknowledgesTheSynAck) {
  const unsigned slot = connect();
  ASSERT_GE(sent.size(), 2u);
  EXPECT_EQ(sent[1].flags, kAck);
  EXPECT_EQ(sent[1].seq, iss + 1);
  EXPECT_EQ(sent[1].ack, 5001u);
  EXPECT_EQ(sent[1].flow, slot);
}

TEST_F(Tcp, ASegmentEntersTheLaneOneCycleAfterItsVerdict) {
  connect();
  segment(kAck | kPsh, 5001, iss + 1, 10);
  EXPECT_EQ(event_cycle - verdict_cycle, 1u);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0], 10u);
}

TEST_F(Tcp, OpensPassivelyUnderTheListenersTag) {
  ASSERT_EQ(command(kListen, 0, 0, 0x77, 100 << 16 | 100).rc, 0u);
  segment(kSyn, 5000, 0);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].flags, kSyn | kAck);
  EXPECT_EQ(sent[0].ack, 5001u);
  segment(kAck, 5001, sent[0].seq + 1);
  EXPECT_EQ(state(sent[0].flow), kEstablished);
  EXPECT_EQ(b->status_tag, 0x77u);
  EXPECT_EQ(command(kAccept, sent[0].flow, 0, 0x88).rc, 0u);
  state(sent[0].flow);
  EXPECT_EQ(b->status_tag, 0x88u);
}

TEST_F(Tcp, APublishedTailIsOfferedToNetAfterSixCycles) {
  const unsigned slot = connect();
  sent.clear();
  const std::uint64_t start = b.cycle();
  b->slot = slot, b->slot_gen = 0, b->pos = 100;
  b->s_tail_valid = 1;
  b.settle();
  ASSERT_EQ(b->s_tail_ready, 1);
  tick();
  b->s_tail_valid = 0;
  quiet();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].len, 100u);
  EXPECT_EQ(sent[0].seq, iss + 1);
  // Accepted, checked, ready, four of the lane, past the empty launch FIFO.
  EXPECT_EQ(sent[0].cycle - start, 6u);
  EXPECT_EQ(b->next_deadline_valid, 1);
  EXPECT_EQ(b->next_deadline, b->now_us + 1'000'000);
}

TEST_F(Tcp, SkippingToTheDeadlineRetransmits) {
  const unsigned slot = connect();
  b->slot = slot, b->slot_gen = 0, b->pos = 100;
  b->s_tail_valid = 1;
  tick();
  b->s_tail_valid = 0;
  quiet();
  sent.clear();
  ASSERT_EQ(b->next_deadline_valid, 1);
  // Deadlines that were moved since may come first; each costs one sweep and sends nothing.
  for (int i = 0; i < 5 && sent.empty(); ++i) {
    ASSERT_GT(b->next_deadline, b->now_us);
    b->now_us = b->next_deadline;
    b.settle();
    EXPECT_EQ(b->busy, 1);
    quiet();
  }
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].seq, iss + 1);
  EXPECT_EQ(sent[0].len, 100u);
}

TEST_F(Tcp, AFlowWaitsForItsNextHopAndGoesOnWhenItIsKnown) {
  b->nbr_pending = 1;
  ASSERT_EQ(command(kOpen).rc, 0u);
  EXPECT_TRUE(sent.empty());
  b->nbr_pending = 0;
  b->nbr_changed = 1;
  tick();
  b->nbr_changed = 0;
  quiet();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].flags, kSyn);
}

TEST_F(Tcp, AnAbortedAndReleasedSlotComesBackInItsNextLife) {
  for (unsigned life = 0; life < 40; ++life) {
    const unsigned slot = connect();
    EXPECT_EQ(slot, life % 16);
    ASSERT_EQ(command(kAbort, slot, life / 16).rc, 0u);
    ASSERT_EQ(sent.back().flags & kRst, kRst);
    ASSERT_EQ(command(kRelease, slot, life / 16).rc, 0u);
  }
  // The lookup has forgotten them.
  segment(kAck, 1, 2);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0], kRst);
}

TEST_F(Tcp, AClosedConnectionStaysInTimeWaitWithoutItsSlot) {
  const unsigned slot = connect();
  ASSERT_EQ(command(5 /* shutdown */, slot, 0, 0).rc, 0u);
  sent.clear();
  segment(kAck | kFin, 5001, iss + 2);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].ack, 5002u);
  ASSERT_EQ(command(kRelease, slot, 0).rc, 0u);
  replies.clear();
  segment(kAck | kFin, 5001, iss + 2);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0], kAck);
  EXPECT_EQ(b->next_deadline_valid, 1);
  b->now_us += 240'000'000;
  b.settle();
  quiet();
  replies.clear();
  segment(kAck | kFin, 5001, iss + 2);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0], kRst);
}

TEST_F(Tcp, LaunchesFillTheFifoAndWaitForNet) {
  const unsigned slot = connect();
  sent.clear();
  b->m_tx_ready = 0;
  b->slot = slot, b->slot_gen = 0, b->pos = 8000;
  b->s_tail_valid = 1;
  tick();
  b->s_tail_valid = 0;
  for (int i = 0; i < 100; ++i) tick();
  EXPECT_EQ(b->busy, 1);
  b->m_tx_ready = 1;
  quiet();
  // Nagle holds the rest of 8000 - 5 * 1460.
  ASSERT_EQ(sent.size(), 5u);
  for (unsigned i = 0; i < 5; ++i) {
    EXPECT_EQ(sent[i].seq, iss + 1 + 1460 * i);
    EXPECT_EQ(sent[i].len, 1460u);
  }
}

}  // namespace
