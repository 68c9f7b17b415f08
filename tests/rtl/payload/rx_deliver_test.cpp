// tl_rx_deliver against a byte-exact model.
#include "payload_test.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "Vtl_rx_deliver_tb.h"

namespace tautline::test {
namespace {

constexpr std::uint32_t kFifoBytes = 8192;
constexpr std::uint32_t kMaxFrame = 1536;
constexpr std::uint32_t kFrames = 16;

class Deliver : public Clocked<Vtl_rx_deliver_tb> {
 public:
  static constexpr std::uint32_t kBytes = sizeof(Vtl_rx_deliver_tb::word);

  // A frame on its way in: `lane` of its first payload byte, then the payload.
  struct Frame {
    std::uint32_t lane;
    Bytes data;
    bool good;
    std::uint32_t extra = 0;  // cycles from the last word to the verdict
    std::size_t sent = 0;
    std::uint32_t waited = 0;
  };
  // What the transition says of it.
  struct Answer {
    bool commit;
    std::uint16_t flow;
    std::uint8_t gen;
    std::uint32_t pos;
    std::uint32_t head;
    std::uint32_t len;
    std::uint32_t delivered;
    Bytes kept;
  };

  explicit Deliver(std::uint64_t stream) : random(stream) {
    Step();
    Step();
  }

  void Queue(std::uint32_t lane, std::uint32_t len, bool good) {
    Frame frame{lane, Bytes(len), good};
    for (auto& byte : frame.data) byte = random.Byte();
    coming.push_back(frame);
  }
  // Decides over the oldest frame that has none; the answer leaves with the next step.
  void Decide(bool commit, std::uint32_t head, std::uint32_t len, std::uint32_t pos) {
    const Bytes data = undecided.front();
    undecided.pop_front();
    const auto first = data.begin() + (commit ? head : 0);
    Answer made{commit,
                static_cast<std::uint16_t>(random.Below(65536)),
                random.Byte(),
                pos,
                head,
                len,
                random.Below(0xffffffff),
                commit ? Bytes(first, first + len) : Bytes{}};
    answer = true;
    top.ans_commit = commit;
    top.ans_flow = made.flow;
    top.ans_gen = made.gen;
    top.ans_pos = pos;
    top.ans_head = static_cast<std::uint16_t>(head);
    top.ans_len = static_cast<std::uint16_t>(len);
    top.ans_delivered = made.delivered;
    if (commit) expected.push_back(made);
  }

  void Step() {
    top.ans_valid = std::exchange(answer, false);
    if (top.ans_valid) answered_at = cycle;

    // Frames come whole if there was room when they began, as from tl_net.
    top.pay_valid = 0;
    top.verdict_valid = 0;
    if (!inside && !coming.empty() && cycle >= gap_until) {
      if (top.room) {
        inside = true;
      } else {
        ++refused;
        if (drop_refused) coming.pop_front();
        gap_until = cycle + 8;
      }
    }
    if (inside) {
      Frame& frame = coming.front();
      const std::size_t total = frame.data.empty() ? 0 : frame.lane + frame.data.size();
      if (frame.sent < total && random.Percent(in_percent)) {
        top.pay_valid = 1;
        for (std::uint32_t i = 0; i < kBytes; ++i) {
          const std::size_t at = frame.sent + i;
          const bool payload = at >= frame.lane && at < total;
          SetLane(top.pay_data, i, payload ? frame.data[at - frame.lane] : random.Byte());
        }
        frame.sent += kBytes;
      }
      if (frame.sent >= total && frame.waited++ >= frame.extra) {
        top.verdict_valid = 1;
        top.verdict_good = frame.good;
        top.verdict_len = static_cast<std::uint16_t>(frame.data.size());
        top.verdict_lane = frame.lane;
      }
    }
    top.rx_ready = random.Percent(header_percent);
    top.word_ready = random.Percent(word_percent);
    Settle();

    if (top.verdict_valid) {
      if (coming.front().good && !coming.front().data.empty())
        undecided.push_back(coming.front().data);
      ++verdicts;
      coming.pop_front();
      inside = false;
    }
    if (top.rx_valid && !header_seen) {
      header_seen = true;
      header_at = cycle;
    }
    if (top.rx_valid && top.rx_ready) {
      header_seen = false;
      header_taken_at = cycle;
      first_at = 0;
      ASSERT_FALSE(expected.empty()) << "a header that nobody committed";
      ASSERT_TRUE(got.empty());
      const Answer& want = expected.front();
      EXPECT_EQ(top.rx_flow, want.flow);
      EXPECT_EQ(top.rx_gen, want.gen);
      EXPECT_EQ(top.rx_pos, want.pos);
      EXPECT_EQ(top.rx_len, want.len);
      EXPECT_EQ(top.rx_delivered, want.delivered);
      in_frame = true;
    }
    if (top.word_valid) {
      ASSERT_TRUE(in_frame) << "a word before its header";
      if (first_at == 0) first_at = cycle;
      if (top.word_ready) TakeWord();
    }
    Edge();
  }

  void TakeWord() {
    const Answer& want = expected.front();
    const std::uint32_t lane = static_cast<std::uint32_t>(want.pos + got.size()) % kBytes;
    for (std::uint32_t i = lane; i < kBytes && got.size() < want.len; ++i) {
      got.push_back(Lane(top.word, i));
    }
    ++words_out;
    ASSERT_EQ(top.word_last != 0, got.size() == want.len);
    if (top.word_last) {
      ASSERT_EQ(got, want.kept) << "pos " << want.pos << " head " << want.head << " len "
                                << want.len;
      got.clear();
      expected.pop_front();
      in_frame = false;
      last_at = cycle;
      ++delivered;
    }
  }

  Random random;
  std::deque<Frame> coming;
  std::deque<Bytes> undecided;
  std::deque<Answer> expected;
  Bytes got;
  bool answer = false, inside = false, in_frame = false, header_seen = false, drop_refused = false;
  std::uint32_t in_percent = 100, header_percent = 100, word_percent = 100;
  std::uint64_t gap_until = 0, refused = 0, verdicts = 0, delivered = 0, words_out = 0;
  std::uint64_t answered_at = 0, header_at = 0, header_taken_at = 0, first_at = 0, last_at = 0;
};

TEST(RxDeliver, DeliversRandomTrimsDropsAndBadVerdictsByteExactly) {
  Deliver deliver(1);
  Random& random = deliver.random;
  deliver.drop_refused = true;
  std::uint32_t answer_percent = 100;
  while (deliver.delivered < 20000 && !HasFailure()) {
    if (deliver.cycle % 4096 == 0) {
      deliver.in_percent = random.Percent(50) ? 100 : random.Between(20, 90);
      deliver.header_percent = random.Percent(50) ? 100 : random.Between(10, 90);
      deliver.word_percent = random.Percent(50) ? 100 : random.Between(20, 90);
      answer_percent = random.Percent(50) ? 100 : random.Between(1, 30);
    }
    if (deliver.coming.empty()) {
      const std::uint32_t len = random.Percent(70)   ? random.Below(40)
                                : random.Percent(80) ? random.Below(1461)
                                                     : 1460;
      deliver.Queue(random.Below(Deliver::kBytes), len, random.Percent(85));
      deliver.coming.back().extra = random.Percent(50) ? 0 : random.Below(6);
    }
    if (!deliver.undecided.empty() && random.Percent(answer_percent)) {
      const auto size = static_cast<std::uint32_t>(deliver.undecided.front().size());
      const std::uint32_t head = random.Percent(50) ? 0 : random.Below(size);
      const std::uint32_t len = random.Percent(50) ? size - head : random.Between(1, size - head);
      deliver.Decide(random.Percent(80), head, len, random.Below(0xffffffff));
    }
    deliver.Step();
  }
  EXPECT_GT(deliver.refused, 0) << "the FIFO was never full";
}

TEST(RxDeliver, ShiftsFromEveryLaneToEveryLane) {
  Deliver deliver(2);
  for (std::uint32_t from = 0; from < Deliver::kBytes; ++from) {
    for (std::uint32_t to = 0; to < Deliver::kBytes; ++to) {
      for (std::uint32_t len = 1; len <= 2 * Deliver::kBytes + 1;
           len += Deliver::kBytes > 16 ? 9 : 1) {
        deliver.Queue(from, len, true);
        while (deliver.undecided.empty()) deliver.Step();
        deliver.Decide(true, 0, len, 0x1000 + to);
        while (!deliver.expected.empty() && !HasFailure()) deliver.Step();
        ASSERT_FALSE(HasFailure()) << from << " to " << to << " length " << len;
      }
    }
  }
}

TEST(RxDeliver, StartsHeaderTwoCyclesAfterTheAnswerAndWordsTwoOrThreeAfterTheHeader) {
  for (std::uint32_t from = 0; from < Deliver::kBytes; ++from) {
    for (std::uint32_t to = 0; to < Deliver::kBytes; ++to) {
      Deliver deliver(3);
      deliver.Queue(from, 100, true);
      while (deliver.undecided.empty()) deliver.Step();
      deliver.Decide(true, 0, 100, to);
      while (!deliver.expected.empty() && !HasFailure()) deliver.Step();
      EXPECT_EQ(deliver.header_at - deliver.answered_at, 2);
      EXPECT_EQ(deliver.first_at - deliver.header_taken_at, to < from ? 3 : 2) << from << " " << to;
      // One word a cycle from then on.
      EXPECT_EQ(deliver.last_at - deliver.first_at + 1, (to + 99) / Deliver::kBytes + 1);
    }
  }
}

TEST(RxDeliver, GivesTheNextHeaderOneCycleAfterTheLastWord) {
  Deliver deliver(4);
  for (int i = 0; i < 2; ++i) deliver.Queue(3, 64, true);
  while (deliver.undecided.size() < 2) deliver.Step();
  deliver.Decide(true, 0, 64, 5);
  deliver.Step();
  deliver.Decide(true, 0, 64, 69);
  while (deliver.expected.size() > 1) deliver.Step();
  const std::uint64_t last = deliver.last_at;
  while (!deliver.expected.empty() && !HasFailure()) deliver.Step();
  EXPECT_EQ(deliver.header_at - last, 1);
}

TEST(RxDeliver, HasRoomForAFrameBeyondOneThatIsUnderWay) {
  Deliver deliver(5);
  // The host takes nothing: frames fill the FIFO until it refuses, and none is lost.
  deliver.header_percent = 0;
  std::uint64_t frames = 0;
  while (deliver.refused == 0) {
    if (deliver.coming.empty()) deliver.Queue(6 % Deliver::kBytes, 1460, true);
    deliver.Step();
  }
  frames = deliver.verdicts;
  EXPECT_LE((frames + 2) * 1460, kFifoBytes + 1460);
  EXPECT_GE((frames + 3) * kMaxFrame, kFifoBytes - kMaxFrame);
  deliver.coming.clear();
  deliver.header_percent = 100;
  for (std::uint64_t i = 0; i < frames; ++i) {
    deliver.Decide(true, 0, 1460, static_cast<std::uint32_t>(i * 1460));
    deliver.Step();
  }
  for (int i = 0; i < 20000 && !deliver.expected.empty(); ++i) deliver.Step();
  EXPECT_EQ(deliver.delivered, frames);
  deliver.Step();
  deliver.Step();
  EXPECT_TRUE(deliver.top.room);
  EXPECT_FALSE(deliver.top.busy);
}

TEST(RxDeliver, HasNoRoomWithoutAFreeDescriptor) {
  Deliver deliver(6);
  deliver.header_percent = 0;
  while (deliver.refused == 0) {
    if (deliver.coming.empty()) deliver.Queue(0, 1, true);
    deliver.Step();
  }
  EXPECT_LE(deliver.verdicts, kFrames);
  EXPECT_GE(deliver.verdicts, kFrames - 4);
}

TEST(RxDeliver, IsIdleAfterBadFramesAndFramesWithoutPayload) {
  Deliver deliver(7);
  for (int i = 0; i < 100; ++i) {
    deliver.Queue(2, 900, false);
    deliver.Queue(0, 0, true);
    deliver.Queue(0, 0, false);
  }
  while (!deliver.coming.empty()) deliver.Step();
  deliver.Step();
  EXPECT_FALSE(deliver.top.busy);
  EXPECT_EQ(deliver.refused, 0);
  deliver.Queue(1, 10, true);
  while (deliver.undecided.empty()) deliver.Step();
  deliver.Decide(true, 2, 5, 77);
  while (!deliver.expected.empty() && !HasFailure()) deliver.Step();
  EXPECT_EQ(deliver.delivered, 1);
}

TEST(RxDeliver, DropsAFrameInOneCycle) {
  Deliver deliver(8);
  for (int i = 0; i < 8; ++i) deliver.Queue(2, 20, true);
  while (deliver.undecided.size() < 8) deliver.Step();
  for (int i = 0; i < 8; ++i) {
    deliver.Decide(false, 0, 0, 0);
    deliver.Step();
  }
  deliver.Step();
  deliver.Step();
  EXPECT_FALSE(deliver.top.busy);
}

}  // namespace
}  // namespace tautline::test
