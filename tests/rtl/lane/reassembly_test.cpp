// Reassembly: ranges, trimming, gaps, and a random comparison with a byte-exact reference.
#include <cstdlib>
#include <random>

#include "lane_bench.hpp"

namespace lane {
namespace {

uint64_t seed() {
  const char* s = std::getenv("TAUTLINE_SEED");
  const uint64_t v = s ? std::strtoull(s, nullptr, 0) : std::random_device{}();
  std::printf("TAUTLINE_SEED=%llu\n", static_cast<unsigned long long>(v));
  return v;
}

TEST(Reassembly, GapIsAnnouncedByDuplicateAcksAndFilledAtOnce) {
  Bench b;
  b.connect_established();
  b.in({.flags = A, .seq = 101, .len = 100});
  b.in({.flags = A, .seq = 201, .len = 100});
  b.in({.flags = A, .seq = 401, .len = 100});
  EXPECT_EQ(b.tx(), (Strings{"A 1 a1", "A 1 a1", "A 1 a1"}));
  b.in({.flags = A, .seq = 1, .len = 100});
  EXPECT_EQ(b.tx(), Strings{"A 1 a301"});
  EXPECT_EQ(b.status[0].rx_end, 300u);
  b.in({.flags = A, .seq = 301, .len = 100});
  EXPECT_EQ(b.tx(), Strings{"A 1 a501"});
  EXPECT_EQ(b.counter(kCntOutOfOrder), 3u);
}

TEST(Reassembly, AnswerSaysWhatIsKeptAndWhatIsDelivered) {
  Bench b;
  b.connect_established();
  b.in({.flags = A, .seq = 101, .len = 100});
  b.in({.flags = A, .seq = 1, .len = 60});
  b.in({.flags = A, .seq = 31, .len = 120});  // head old, tail already there
  ASSERT_EQ(b.answers.size(), 3u);
  EXPECT_TRUE(b.answers[0].commit);
  EXPECT_EQ(b.answers[0].pos, 100u);
  EXPECT_EQ(b.answers[0].delivered, 0u);
  EXPECT_EQ(b.answers[1].delivered, 60u);
  EXPECT_EQ(b.answers[2].head, 30u);
  EXPECT_EQ(b.answers[2].pos, 60u);
  EXPECT_EQ(b.answers[2].len, 90u);
  EXPECT_EQ(b.answers[2].delivered, 200u);
}

TEST(Reassembly, OverlapThatFillsAGapKeepsPayloadAndStateTogether) {
  Bench b;
  b.connect_established();
  b.in({.flags = A, .seq = 51, .len = 50});
  b.in({.flags = A, .seq = 151, .len = 50});
  b.in({.flags = A, .seq = 1, .len = 300});  // covers both ranges and more
  ASSERT_EQ(b.answers.size(), 3u);
  EXPECT_EQ(b.answers[2].pos, 0u);
  EXPECT_EQ(b.answers[2].len, 300u);
  EXPECT_EQ(b.answers[2].delivered, 300u);
  b.in({.flags = A, .seq = 301, .len = 10});
  EXPECT_EQ(b.status[0].rx_end, 310u);
}

TEST(Reassembly, WithoutAFreeRangeTheSegmentIsDroppedAndNothingElse) {
  Bench b;
  b.connect_established();
  for (uint32_t i = 1; i <= 4; ++i) b.in({.flags = A, .seq = 1 + 200 * i, .len = 100});
  b.in({.flags = A, .seq = 1 + 200 * 5, .len = 100});
  EXPECT_FALSE(b.answers.back().commit);
  EXPECT_EQ(b.counter(kCntOooDropped), 1u);
  b.in({.flags = A, .seq = 301, .len = 100});  // joins two: always possible
  EXPECT_TRUE(b.answers.back().commit);
  b.in({.flags = A, .seq = 1 + 200 * 5, .len = 100});
  EXPECT_TRUE(b.answers.back().commit);
}

TEST(Reassembly, BytesBeyondTheAdvertisedEdgeAreTrimmed) {
  Bench b;
  b.v.rx_ring_log2 = 12;
  b.connect_established();
  b.in({.flags = A, .seq = 4001, .len = 1000});
  EXPECT_TRUE(b.answers.back().commit);
  EXPECT_EQ(b.answers.back().pos, 4000u);
  EXPECT_EQ(b.answers.back().len, 96u);
  b.in({.flags = A, .seq = 4097, .len = 10});
  EXPECT_FALSE(b.answers.back().commit);
  b.in({.flags = A, .seq = 5000, .len = 10});
  EXPECT_FALSE(b.answers.back().commit);
}

TEST(Reassembly, FinBeyondTheEdgeIsTrimmedWithTheText) {
  Bench b;
  b.v.rx_ring_log2 = 12;
  b.connect_established();
  b.in({.flags = A | F, .seq = 4001, .len = 1000});
  b.in({.flags = A, .seq = 1, .len = 1460});
  b.in({.flags = A, .seq = 1461, .len = 1460});
  b.in({.flags = A, .seq = 2921, .len = 1080});
  EXPECT_EQ(b.status[0].rx_end, 4096u);
  EXPECT_FALSE(b.status[0].fin);
}

// A stream of known bytes, cut, shuffled, duplicated and overlapped; every answer is carried out on
// a ring in memory exactly as tl_rx_deliver would.
void random_stream(uint64_t s, uint32_t irs) {
  std::mt19937_64 rng(s);
  auto pick = [&](uint32_t lo, uint32_t hi) {
    return std::uniform_int_distribution<uint32_t>(lo, hi)(rng);
  };
  const int log2 = int(pick(12, 16));
  const uint32_t ring = 1u << log2, total = 60000 + pick(0, 20000);
  Bench b(0x12345678, irs);
  b.v.rx_ring_log2 = log2;
  b.connect_established();
  auto byte = [](uint32_t pos) { return uint8_t(pos * 2654435761u >> 13); };
  std::vector<uint8_t> memory(ring), have(ring);
  uint32_t read = 0, delivered = 0;
  std::vector<bool> received(total + ring, false);
  uint32_t contiguous = 0;
  for (int step = 0; step < 20000 && read < total; ++step) {
    // Around the next wanted byte, sometimes before it, sometimes far ahead.
    const uint32_t back = pick(0, 3) == 0 ? pick(0, 400) : 0;
    const uint32_t ahead = pick(0, 2) == 0 ? pick(0, ring + ring / 8) : 0;
    uint32_t pos = contiguous + ahead;
    pos = pos > back ? pos - back : 0;
    if (pos >= total) pos = total - 1;
    const uint32_t len = std::min(pick(1, 1460), total - pos);
    const bool fin = pos + len == total;
    const size_t before = b.answers.size();
    b.in({.flags = A | (fin ? F : 0), .seq = 1 + pos, .len = len});
    ASSERT_EQ(b.answers.size(), before + 1) << "one answer for one segment";
    const Answer a = b.answers.back();
    if (a.commit) {
      ASSERT_GT(a.len, 0u);
      ASSERT_EQ(a.pos, pos + a.head);
      ASSERT_LE(a.head + a.len, len);
      ASSERT_GE(a.pos, contiguous) << "bytes below RCV.NXT may be read already";
      ASSERT_LE(a.pos + a.len, read + ring) << "beyond the ring";
      for (uint32_t i = 0; i < a.len; ++i) {
        memory[(a.pos + i) % ring] = byte(a.pos + i);
        received[a.pos + i] = true;
      }
    }
    while (contiguous < total && received[contiguous]) ++contiguous;
    // The state must not know less than was committed, nor more.
    if (a.commit) {
      ASSERT_EQ(a.delivered, contiguous);
      delivered = contiguous;
    }
    ASSERT_EQ(b.status[0].rx_end, contiguous);
    for (const Sent& t : b.sent)
      ASSERT_EQ(t.ack - b.irs - 1 - (b.status[0].fin ? 1 : 0), contiguous);
    b.sent.clear();
    b.answers.clear();
    // The reader takes some, late.
    if (pick(0, 3) == 0 && delivered > read) {
      const uint32_t n = pick(1, delivered - read);
      for (uint32_t i = 0; i < n; ++i) ASSERT_EQ(memory[(read + i) % ring], byte(read + i));
      read += n;
      b.take(read);
      b.sent.clear();
    }
  }
  EXPECT_EQ(read, total);
  EXPECT_EQ(b.status[0].state, kCloseWait);
}

TEST(Reassembly, RandomOverlapsMatchAByteExactReference) {
  const uint64_t s = seed();
  for (uint64_t i = 0; i < 6; ++i) {
    SCOPED_TRACE("round " + std::to_string(i));
    random_stream(s + i, i % 2 ? 0xffff8000u : uint32_t(s));
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace lane
