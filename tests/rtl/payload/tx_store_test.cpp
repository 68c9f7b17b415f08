// tl_tx_store against a model that keeps whole streams and sums them byte by byte.
#include "payload_test.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "Vtl_tx_store_tb.h"

namespace tautline::test {
namespace {

constexpr std::uint32_t kFlows = 16;
constexpr std::uint32_t kSize = 1024;  // TxRingLog2 = 10

class Store : public Clocked<Vtl_tx_store_tb> {
 public:
  static constexpr std::uint32_t kBytes = sizeof(Vtl_tx_store_tb::word);

  struct Flow {
    std::uint8_t gen = 0;
    Bytes stream;            // appended since birth, whether or not the tail says so yet
    std::uint32_t tail = 0;  // as published
    std::uint32_t acked = 0;
    std::uint32_t limit = 0;  // as announced
  };
  struct Append {
    std::uint16_t flow;
    std::uint8_t gen;
    std::uint32_t pos;
    Bytes data;
    std::size_t sent = 0;
    bool header_taken = false;
    bool more = false;  // the write goes on with the next append
  };
  struct Frame {
    std::uint16_t flow;
    std::uint8_t gen;
    std::uint32_t pos;
    Bytes data;  // frozen at the decision
    std::size_t got = 0;
    bool asked = false;
    std::uint64_t asked_at = 0;
    std::uint64_t first_at = 0;
    std::uint64_t last_at = 0;
  };

  explicit Store(std::uint64_t stream) : random(stream) {
    for (std::uint16_t f = 0; f < kFlows; ++f) {
      Life(f);
      for (int i = 0; i < 4; ++i) Step();
    }
    Drain();
  }

  // Space as the model has it.
  std::uint32_t Limit(std::uint16_t f) const {
    std::uint32_t free = flows[f].acked;
    for (const Frame& frame : frames) {
      if (frame.flow == f && frame.gen == flows[f].gen) free = std::min(free, frame.pos);
    }
    return (free & ~15U) + kSize;
  }

  void Life(std::uint16_t f) {
    const auto gen = static_cast<std::uint8_t>(flows[f].gen + 1);
    flows[f] = Flow{};
    flows[f].gen = gen;
    life = true;
    top.life_flow = f;
    top.life_gen = gen;
  }
  void Queue(std::uint16_t f, std::uint32_t len) {
    Append append{f, flows[f].gen, static_cast<std::uint32_t>(flows[f].stream.size()), Bytes(len)};
    for (auto& byte : append.data) byte = random.Percent(10) ? 0xff : random.Byte();
    flows[f].stream.insert(flows[f].stream.end(), append.data.begin(), append.data.end());
    appends.push_back(append);
  }
  void Ack(std::uint16_t f, std::uint32_t pos) {
    flows[f].acked = pos;
    acked = true;
    top.acked_flow = f;
    top.acked_gen = flows[f].gen;
    top.acked_pos = pos;
  }
  void Launch(std::uint16_t f, std::uint32_t pos, std::uint32_t len) {
    const auto first = flows[f].stream.begin() + pos;
    frames.push_back(Frame{f, flows[f].gen, pos, Bytes(first, first + len)});
    launch = true;
    top.launch_flow = f;
    top.launch_pos = pos;
    top.launch_len = static_cast<std::uint16_t>(len);
  }

  // One cycle of every port.
  void Step() {
    top.life_valid = std::exchange(life, false);
    top.acked_valid = std::exchange(acked, false);
    top.launch_valid = std::exchange(launch, false);
    top.tx_done = std::exchange(done, false);
    const bool launched_now = top.launch_valid != 0;

    // Append: a header, then its words; a held beat stays.
    top.app_valid = 0;
    if (!appends.empty()) {
      Append& append = appends.front();
      if (!append.header_taken) {
        header_held = header_held || random.Percent(append_percent);
        top.app_valid = header_held;
        top.app_flow = append.flow;
        top.app_gen = append.gen;
        top.app_pos = append.pos;
        top.app_len = static_cast<std::uint16_t>(append.data.size());
        top.app_more = append.more;
        top.app_data_valid = 0;
      } else if (!word_held && random.Percent(append_percent)) {
        word_held = true;
        const std::uint32_t lane = (append.pos + append.sent) % kBytes;
        const std::size_t count =
            std::min<std::size_t>(kBytes - lane, append.data.size() - append.sent);
        for (std::uint32_t i = 0; i < kBytes; ++i) SetLane(top.app_data, i, random.Byte());
        for (std::size_t i = 0; i < count; ++i) {
          SetLane(top.app_data, lane + i, append.data[append.sent + i]);
        }
        word_count = count;
      }
    }
    top.app_data_valid = word_held;
    top.tail_ready = random.Percent(tail_percent);

    // Read: requests in the order of launch, one or more ahead of the words.
    Frame* ask = nullptr;
    std::size_t ahead = 0;
    for (std::size_t i = 0; i < frames.size() - (launched_now ? 1 : 0); ++i) {
      if (frames[i].asked) {
        if (frames[i].got < frames[i].data.size()) ++ahead;
        continue;
      }
      ask = &frames[i];
      break;
    }
    if (ask != nullptr && ahead >= ask_ahead) ask = nullptr;
    ask_held = ask != nullptr && (ask_held || random.Percent(ask_percent));
    top.rd_valid = ask_held;
    if (ask != nullptr) {
      top.rd_flow = ask->flow;
      top.rd_pos = ask->pos;
      top.rd_len = static_cast<std::uint16_t>(ask->data.size());
    }
    top.word_ready = random.Percent(word_percent);

    Settle();
    if (ask_in_last_cycle && ask == nullptr && LastWordNow()) {
      // A master whose next request depends on the last word of this one.
      for (std::size_t i = 0; i < frames.size(); ++i) {
        if (!frames[i].asked) {
          ask = &frames[i];
          break;
        }
      }
      if (ask != nullptr) {
        top.rd_valid = 1;
        top.rd_flow = ask->flow;
        top.rd_pos = ask->pos;
        top.rd_len = static_cast<std::uint16_t>(ask->data.size());
        Settle();
      }
    }

    if (top.app_valid && top.app_ready) {
      appends.front().header_taken = true;
      header_held = false;
    }
    bool append_done = false;
    if (top.app_data_valid && top.app_data_ready) {
      Append& append = appends.front();
      append.sent += word_count;
      word_held = false;
      ++words_in;
      append_done = append.sent == append.data.size();
      if (append_done) appended_at = cycle;
    }
    if (top.tail_valid) {
      if (!tail_was_valid) tail_at = cycle;
      if (top.tail_ready && top.tail_gen == flows[top.tail_flow].gen) {
        Flow& flow = flows[top.tail_flow];
        EXPECT_GT(top.tail_pos, flow.tail);
        EXPECT_LE(top.tail_pos, flow.stream.size());
        flow.tail = top.tail_pos;
      }
    }
    tail_was_valid = top.tail_valid && !top.tail_ready;
    if (top.space_valid) {
      Flow& flow = flows[top.space_flow];
      EXPECT_EQ(top.space_gen, flow.gen) << "space of an old life";
      EXPECT_GE(top.space_pos, flow.limit);
      EXPECT_LE(top.space_pos, Limit(top.space_flow));
      flow.limit = top.space_pos;
      space_at = cycle;
    }
    if (top.rd_valid && top.rd_ready) {
      ask->asked = true;
      ask->asked_at = cycle;
      ask_held = false;
    }
    if (top.word_valid) CheckWord();
    if (append_done) appends.pop_front();
    Edge();
  }

  bool LastWordNow() {
    if (!top.word_valid || !top.word_ready) return false;
    for (const Frame& frame : frames) {
      if (frame.got == frame.data.size()) continue;
      const std::uint32_t lane = (frame.pos + frame.got) % kBytes;
      return frame.data.size() - frame.got <= kBytes - lane;
    }
    return false;
  }

  void CheckWord() {
    Frame* frame = nullptr;
    for (Frame& candidate : frames) {
      if (candidate.got < candidate.data.size()) {
        frame = &candidate;
        break;
      }
    }
    ASSERT_TRUE(frame != nullptr && frame->asked) << "a word that nobody asked for";
    ASSERT_TRUE(top.sum_valid);
    ASSERT_TRUE(SameSum(top.sum, PlainSum(frame->data)))
        << "flow " << frame->flow << " pos " << frame->pos << " len " << frame->data.size();
    const std::uint32_t lane = (frame->pos + frame->got) % kBytes;
    const std::size_t count = std::min<std::size_t>(kBytes - lane, frame->data.size() - frame->got);
    if (frame->first_at == 0) frame->first_at = cycle;
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(Lane(top.word, lane + i), frame->data[frame->got + i])
          << "flow " << frame->flow << " pos " << frame->pos << " byte " << frame->got + i;
    }
    if (!top.word_ready) return;
    ++words_out;
    frame->got += count;
    if (frame->got == frame->data.size()) {
      frame->last_at = cycle;
      ++ranges;
      last_frame = *frame;
      finished.push_back(*frame);
    }
  }

  // The end of the oldest frame is told in the next cycle.
  bool Retire() {
    if (frames.empty() || frames.front().got < frames.front().data.size()) return false;
    frames.pop_front();
    done = true;
    return true;
  }

  void Drain() {
    for (int i = 0; i < 20000; ++i) {
      Retire();
      Step();
      if (frames.empty() && appends.empty() && !top.busy && !done) return;
    }
    FAIL() << "does not become idle";
  }

  Random random;
  std::array<Flow, kFlows> flows;
  std::deque<Append> appends;
  std::deque<Frame> frames;
  std::vector<Frame> finished;
  Frame last_frame{};
  bool life = false, acked = false, launch = false, done = false;
  bool header_held = false, word_held = false, ask_held = false, tail_was_valid = false;
  bool ask_in_last_cycle = false;
  std::size_t word_count = 0, ask_ahead = 1;
  std::uint32_t append_percent = 100, tail_percent = 100, ask_percent = 100, word_percent = 100;
  std::uint64_t appended_at = 0, tail_at = 0, space_at = 0;
  std::uint64_t ranges = 0, words_in = 0, words_out = 0;
};

// Appends, ACKs and frames of many flows at once until `ranges` frames have been read.
void Mix(Store& store, std::uint64_t ranges, std::uint32_t life_permille) {
  Random& random = store.random;
  std::uint64_t retired = 0;
  std::array<std::uint64_t, kFlows> quiet{};  // no ACK right behind a life
  while (store.ranges < ranges && !testing::Test::HasFailure()) {
    if (store.cycle % 4096 == 0) {
      // Phases: everything runs, or one side is slow.
      store.append_percent = random.Percent(50) ? 100 : random.Between(10, 90);
      store.tail_percent = random.Percent(50) ? 100 : random.Between(10, 90);
      store.word_percent = random.Percent(50) ? 100 : random.Between(20, 90);
      store.ask_percent = random.Percent(50) ? 100 : random.Between(20, 90);
      store.ask_ahead = random.Between(1, 3);
    }
    const auto f = static_cast<std::uint16_t>(random.Below(kFlows));
    Store::Flow& flow = store.flows[f];
    if (store.appends.size() < 2 && flow.stream.size() < flow.limit) {
      const std::uint32_t space = flow.limit - static_cast<std::uint32_t>(flow.stream.size());
      const std::uint32_t most = random.Percent(60) ? std::min(space, 40U) : space;
      store.Queue(f, random.Percent(10) ? space : random.Between(1, most));
    }
    const auto g = static_cast<std::uint16_t>(random.Below(kFlows));
    Store::Flow& other = store.flows[g];
    if (store.frames.size() < 5 && other.acked < other.tail && random.Percent(50)) {
      const std::uint32_t whole = other.tail - other.acked;
      std::uint32_t pos = other.acked + random.Below(whole);
      std::uint32_t len = random.Between(1, other.tail - pos);
      if (random.Percent(50)) len = std::min(len, random.Between(1, 40));
      if (random.Percent(10)) pos = other.acked;
      if (random.Percent(5)) {
        pos = other.acked;
        len = whole;
      }
      store.Launch(g, pos, len);
    }
    const auto h = static_cast<std::uint16_t>(random.Below(kFlows));
    Store::Flow& third = store.flows[h];
    if (third.acked < third.tail && random.Percent(20) && store.cycle > quiet[h] &&
        store.cycle % 2 == 0) {
      store.Ack(h, third.acked + random.Between(1, third.tail - third.acked));
    }
    if (store.cycle % 8 == 0 && random.Below(1000) < life_permille) {
      const auto victim = static_cast<std::uint16_t>(random.Below(kFlows));
      if (!(store.acked && store.top.acked_flow == victim) &&
          !(store.launch && store.top.launch_flow == victim)) {
        store.Life(victim);
        quiet[victim] = store.cycle + 8;
      }
    }
    // A frame takes some cycles on the wire.
    if (store.cycle >= retired + 3 && random.Percent(70) && store.Retire()) retired = store.cycle;
    store.Step();
  }
  store.append_percent = store.tail_percent = store.word_percent = store.ask_percent = 100;
  store.Drain();
}

TEST(TxStore, SumsAHundredThousandRandomRangesLikeAPlainChecksum) {
  Store store(1);
  Mix(store, 100000, 0);
  for (std::uint16_t f = 0; f < kFlows; ++f) {
    EXPECT_GT(store.flows[f].stream.size(), 20 * kSize)
        << "the ring of flow " << f << " hardly wrapped";
    EXPECT_EQ(store.flows[f].limit, store.Limit(f));
  }
}

TEST(TxStore, StaysWholeWhenLivesEndAtAnyMoment) {
  Store store(2);
  Mix(store, 20000, 30);
  for (std::uint16_t f = 0; f < kFlows; ++f) EXPECT_EQ(store.flows[f].limit, store.Limit(f));
}

TEST(TxStore, SumsEveryRangeOfAShortStream) {
  Store store(3);
  store.Queue(5, 50);
  store.Drain();
  for (std::uint32_t a = 0; a < 50; ++a) {
    for (std::uint32_t b = a + 1; b <= 50; ++b) {
      store.Launch(5, a, b - a);
      store.Drain();
      ASSERT_FALSE(HasFailure()) << a << ".." << b;
    }
  }
  EXPECT_EQ(store.ranges, 50 * 51 / 2);
}

TEST(TxStore, SumsTheWholeRing) {
  Store store(4);
  store.Queue(3, kSize);
  store.Drain();
  store.Launch(3, 0, kSize);
  store.Drain();
  store.Ack(3, 16);
  store.Drain();
  store.Queue(3, 16);
  store.Drain();
  store.Launch(3, 16, kSize);
  store.Drain();
  EXPECT_EQ(store.ranges, 2);
}

TEST(TxStore, SumsARangeThatWrapsTheRing) {
  Store store(5);
  store.Queue(7, kSize);
  store.Drain();
  store.Ack(7, 1000);
  store.Drain();
  EXPECT_EQ(store.flows[7].limit, 992 + kSize);
  store.Queue(7, 992);
  store.Drain();
  store.Launch(7, 1001, 51);
  store.Drain();
  EXPECT_EQ(store.ranges, 1);
}

TEST(TxStore, KeepsTheBytesOfALaunchedRetransmissionWhenAnAckArrives) {
  Store store(6);
  store.Queue(2, kSize);
  store.Drain();
  store.word_percent = 0;     // the frame builder is busy with something else
  store.Launch(2, 500, 300);  // a new segment
  store.Step();
  store.Launch(2, 103, 200);  // behind it the retransmission
  for (int i = 0; i < 10; ++i) store.Step();
  store.Ack(2, kSize);
  for (int i = 0; i < 10; ++i) store.Step();
  EXPECT_EQ(store.flows[2].limit, 96 + kSize) << "space below the retransmission only";
  store.Queue(2, store.flows[2].limit - kSize);
  for (int i = 0; i < 100; ++i) store.Step();
  store.word_percent = 100;
  store.Drain();
  EXPECT_EQ(store.ranges, 2);
  EXPECT_EQ(store.flows[2].limit, 2 * kSize);
}

TEST(TxStore, TellsTheTailOfAWriteThatComesInBurstsOnlyAtItsEnd) {
  Store store(12);
  store.Queue(3, 512);
  store.appends.back().more = true;
  store.Drain();
  EXPECT_EQ(store.flows[3].tail, 0);
  store.Queue(3, 88);
  store.Drain();
  EXPECT_EQ(store.flows[3].tail, 600);
}

TEST(TxStore, StartsANewLifeAtZero) {
  Store store(7);
  store.Queue(9, 333);
  store.Drain();
  store.Life(9);
  store.Drain();
  EXPECT_EQ(store.flows[9].limit, kSize);
  store.Queue(9, 100);
  store.Drain();
  EXPECT_EQ(store.flows[9].tail, 100);
  store.Launch(9, 0, 100);
  store.Drain();
  EXPECT_EQ(store.ranges, 1);
}

TEST(TxStore, GivesANewLifeNoSpaceBeforeTheOldOnesFramesAreRead) {
  Store store(8);
  store.Queue(9, 333);
  store.Drain();
  store.word_percent = 0;
  store.Launch(9, 0, 333);
  store.Step();
  store.Life(9);
  for (int i = 0; i < 50; ++i) store.Step();
  EXPECT_EQ(store.flows[9].limit, 0);
  store.word_percent = 100;
  store.Drain();
  EXPECT_EQ(store.flows[9].limit, kSize);
}

TEST(TxStore, DropsAnAppendOfAnOldLife) {
  Store store(9);
  store.Queue(4, 500);
  for (int i = 0; i < 20; ++i) store.Step();  // in the middle
  store.Life(4);
  store.Drain();
  EXPECT_EQ(store.flows[4].tail, 0);
  store.Queue(4, 64);
  store.flows[4].gen++;  // the host speaks of a life that is not there yet
  store.appends.back().gen++;
  store.Drain();
  EXPECT_EQ(store.flows[4].tail, 0);
}

TEST(TxStore, StartsANewLifeInAnyCycleOfAnAppend) {
  for (int when = 0; when < 24; ++when) {
    Store store(100 + static_cast<std::uint64_t>(when));
    store.Queue(6, 16);
    store.Drain();
    store.Queue(5, 40);
    store.Queue(6, 24);
    for (int i = 0; i < when; ++i) store.Step();
    store.Life(6);
    store.Drain();
    store.Queue(6, 30);
    store.Drain();
    EXPECT_EQ(store.flows[6].tail, 30) << "life after " << when << " cycles";
    store.Launch(6, 3, 27);
    store.Drain();
    EXPECT_EQ(store.ranges, 1);
  }
}

TEST(TxStore, GivesFirstWordAndSumFourCyclesAfterTheRequest) {
  Store store(10);
  store.Queue(1, kSize);
  store.Drain();
  for (const auto& [pos, len] : {std::pair{0U, 1U}, {15U, 1U}, {1U, 8U}, {3U, 700U}, {0U, 1024U}}) {
    store.Launch(1, pos, len);
    store.Drain();
    EXPECT_EQ(store.last_frame.first_at - store.last_frame.asked_at, 4) << pos << " " << len;
    const std::uint64_t words = (pos % Store::kBytes + len + Store::kBytes - 1) / Store::kBytes;
    EXPECT_EQ(store.last_frame.last_at - store.last_frame.first_at + 1, words) << pos << " " << len;
  }
}

TEST(TxStore, LeavesAtMostTwoIdleCyclesBetweenWaitingReadsAndThreeAfterALateOne) {
  for (const bool late : {false, true}) {
    Store store(11);
    store.Queue(1, 800);
    store.Drain();
    store.ask_ahead = late ? 1 : 2;
    store.ask_in_last_cycle = late;
    store.word_percent = 0;
    for (std::uint32_t i = 0; i < 5; ++i) {
      store.Launch(1, 100 * i, 64 + i);
      store.Step();
    }
    store.word_percent = 100;
    for (int i = 0; i < 200; ++i) store.Step();
    ASSERT_EQ(store.finished.size(), 5);
    for (std::size_t i = 1; i < 5; ++i) {
      const std::uint64_t idle = store.finished[i].first_at - store.finished[i - 1].last_at - 1;
      if (late) {
        EXPECT_EQ(idle, 3);
      } else {
        EXPECT_LE(idle, 2);
      }
    }
    store.Drain();
  }
}

TEST(TxStore, PublishesTheTailTwoCyclesAfterTheLastWord) {
  Store store(12);
  for (const std::uint32_t len : {1U, 8U, 100U}) {
    store.Queue(1, len);
    store.Drain();
    EXPECT_EQ(store.tail_at - store.appended_at, 2) << len;
  }
}

TEST(TxStore, AnnouncesSpaceThreeCyclesAfterAnAckAndFourAfterAFrameOrALife) {
  Store store(13);
  store.Queue(1, 600);
  store.Drain();
  std::uint64_t at = store.cycle;
  store.Ack(1, 300);
  for (int i = 0; i < 10; ++i) store.Step();
  EXPECT_EQ(store.space_at - at, 3);

  store.Launch(1, 300, 100);
  store.Step();
  store.Ack(1, 600);
  for (int i = 0; i < 40; ++i) store.Step();
  EXPECT_EQ(store.flows[1].limit, 288 + kSize);
  at = store.cycle;
  ASSERT_TRUE(store.Retire());
  for (int i = 0; i < 10; ++i) store.Step();
  EXPECT_EQ(store.space_at - at, 4);

  at = store.cycle;
  store.Life(1);
  for (int i = 0; i < 10; ++i) store.Step();
  EXPECT_EQ(store.space_at - at, 4);
}

TEST(TxStore, AppendsAndReadsAWordInEveryCycle) {
  Store store(14);
  store.Queue(0, kSize);
  store.Drain();
  store.Launch(0, 0, kSize);
  store.Queue(1, kSize);
  store.Step();
  const std::uint64_t in = store.words_in;
  const std::uint64_t out = store.words_out;
  const std::uint32_t words = kSize / Store::kBytes;
  for (std::uint32_t i = 0; i < words + 4; ++i) store.Step();
  EXPECT_EQ(store.words_in - in, words);
  EXPECT_EQ(store.words_out - out, words);
  store.Drain();
}

TEST(TxStore, TakesOneCycleMoreForEachHeader) {
  Store store(15);
  for (std::uint16_t i = 0; i < 10; ++i) store.Queue(i / 2, 4 * Store::kBytes);
  const std::uint64_t in = store.words_in;
  for (int i = 0; i < 50; ++i) store.Step();
  EXPECT_EQ(store.words_in - in, 40);
  store.Drain();
  for (std::uint16_t i = 0; i < 5; ++i) {
    store.Launch(i, 0, 8 * Store::kBytes);
    store.Drain();
  }
}

}  // namespace
}  // namespace tautline::test
