// Transfer: segmentation, Nagle, acknowledgments, reassembly (RFC 9293 3.7, 3.8.6, 3.10.7.4).
#include <random>

#include "connection_rig.hpp"

namespace tautline::test {
namespace {

RigOptions NoDelay() {
  return {.listen = {.socket = {.nodelay = true}}};
}

std::uint64_t Seed() {
  const char* text = std::getenv("TAUTLINE_SEED");
  const std::uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 0) : 1;
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

TEST(Data, IsCutAtTheEffectiveMssAndPushedAtItsEnd) {
  Covers("MUST-2 MUST-16 MUST-60 MUST-61 SHLD-27 SHLD-28");
  Rig rig;
  rig.Open(1000);
  const std::string text = Pattern(4500);
  rig.socket.set_options({.nodelay = true});
  rig.WriteWhole(text);
  for (std::uint32_t at = 0; at < 4000; at += 1000) {
    rig.peer.Expect({.flags = kAck, .seq = 1 + at, .ack = 1, .data = text.substr(at, 1000)});
  }
  rig.peer.Expect({.flags = kAck | kPsh, .seq = 4001, .data = text.substr(4000)});
}

TEST(Data, WaitsForAnAckWithASmallSegmentUnderNagle) {
  Covers("SHLD-7 MUST-38");
  Rig rig;
  rig.Open(1000);
  rig.Write("a");
  rig.peer.Expect({.flags = kAck | kPsh, .seq = 1, .data = "a"});
  rig.Write("b");
  rig.Write("c");
  rig.peer.ExpectSilence(100ms);
  rig.peer.Send({.seq = 1, .ack = 2});
  rig.peer.Expect({.flags = kAck | kPsh, .seq = 2, .data = "bc"});
}

TEST(Data, SendsAFullSegmentInSpiteOfNagle) {
  Covers("SHLD-7");
  Rig rig;
  rig.Open(1000);
  rig.Write("a");
  rig.peer.Expect({.seq = 1, .len = 1});
  rig.Write(Pattern(1300, 1));
  rig.peer.Expect({.seq = 2, .data = Pattern(1000, 1)});
  rig.peer.ExpectSilence(10ms);
}

TEST(Data, GoesAtOnceWithNagleOff) {
  Covers("MUST-17");
  Rig rig;
  rig.Open(1000);
  EXPECT_FALSE(rig.socket.set_options({.nodelay = true}));
  for (const char* text : {"a", "b", "c"}) {
    rig.Write(text);
    rig.peer.Expect({.flags = kAck | kPsh, .data = text});
  }
  EXPECT_FALSE(rig.socket.set_options({.nodelay = false}));
  rig.bench.Settle();
  rig.Write("d");
  rig.peer.ExpectSilence(10ms);
}

TEST(Data, IsAcknowledgedWithin40MillisecondsOrEverySecondSegment) {
  Covers("MUST-40 SHLD-18 SHLD-19");
  Rig rig;
  rig.Open();
  const auto start = rig.bench.board().time();
  rig.peer.Send({.seq = 1, .ack = 1, .data = Pattern(1460)});
  const Received late = rig.peer.Expect({.flags = kAck, .ack = 1461}, 50ms);
  EXPECT_NEAR(static_cast<double>(late.time - start) * 1e-6, 40.0, 0.1);

  rig.peer.Send({.seq = 1461, .ack = 1, .data = Pattern(1460)});
  rig.peer.ExpectSilence(1ms);
  rig.peer.Send({.seq = 2921, .ack = 1, .data = Pattern(1460)});
  rig.peer.Expect({.flags = kAck, .ack = 4381}, 1ms);
  rig.peer.ExpectSilence(100ms);
}

TEST(Data, IsAcknowledgedAtOnceIfTheHostSaysSo) {
  Rig rig({.listen = {.socket = {.quickack = true}}});
  rig.Open();
  rig.bench.Settle();
  rig.peer.Send({.seq = 1, .ack = 1, .data = "x"});
  rig.peer.Expect({.flags = kAck, .ack = 2}, 1ms);
}

TEST(Data, IsAcknowledgedByDataThatGoesTheOtherWay) {
  Covers("MUST-58");
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .data = "question"});
  rig.Write("answer");
  rig.peer.Expect({.flags = kAck | kPsh, .seq = 1, .ack = 9, .data = "answer"});
  rig.peer.Send({.seq = 9, .ack = 7});
  rig.peer.ExpectSilence(100ms);
}

TEST(Data, OfABackToBackBurstIsAcknowledgedInFewSegments) {
  Covers("MUST-58 MUST-59");
  Rig rig;
  rig.Open();
  for (std::uint32_t i = 0; i < 20; ++i) {
    rig.peer.Send({.seq = 1 + 1000 * i, .ack = 1, .data = Pattern(1000, 1000 * i)});
  }
  const auto acks = rig.peer.Take(50ms);
  ASSERT_FALSE(acks.empty());
  EXPECT_LE(acks.size(), 11U);
  EXPECT_EQ(acks.back().ack, 20001U);
  rig.bench.Settle();
  EXPECT_EQ(ReadAll(rig.socket), Pattern(20000));
}

TEST(Data, ArrivesAndLeavesAtEveryAlignment) {
  Covers("MUST-2 MUST-3");
  Rig rig(NoDelay());
  rig.Open();
  std::uint32_t at = 0;
  for (std::uint32_t size = 1; size <= 80; ++size) {
    SCOPED_TRACE(size);
    const std::string text = Pattern(size, at);
    rig.peer.Send({.flags = kAck | kPsh, .seq = 1 + at, .ack = 1 + at, .data = text});
    rig.bench.Settle();
    ASSERT_EQ(ReadAll(rig.socket), text);
    rig.Write(text);
    // A write that lies across two DMA bursts may leave in two segments.
    std::string got;
    for (const Received& s : rig.peer.Take(100us)) {
      EXPECT_EQ(s.seq, 1 + at + got.size());
      EXPECT_EQ(s.ack, 1 + at + size);
      got += s.data;
    }
    ASSERT_EQ(got, text);
    at += size;
  }
}

TEST(Data, WrapsBothRings) {
  StackConfig config = Bench::DefaultConfig();
  config.rx_ring_log2 = 12;
  config.tx_ring_log2 = 12;
  Rig rig({.config = config});
  rig.Open();
  const std::string text = Pattern(60'000);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, text, 1) == text) << "the 16 KiB store went round thrice";
  std::string got;
  for (std::uint32_t at = 0; at < 20'000; at += 1000) {
    rig.Give({.seq = 1 + at, .ack = 60'001, .data = text.substr(at, 1000)});
    got += ReadAll(rig.socket);
    rig.bench.Settle();
  }
  EXPECT_TRUE(got == text.substr(0, 20'000));
}

TEST(Data, OutOfOrderFillsFourRangesAndAFifthIsDropped) {
  Covers("SHLD-31 MAY-13");
  Rig rig;
  rig.Open();
  auto give = [&](std::uint32_t at) {
    rig.peer.Send({.seq = 1 + at, .ack = 1, .data = Pattern(10, at)});
  };
  for (const std::uint32_t at : {70, 30, 10, 50, 90}) {
    give(at);
    rig.peer.Expect({.flags = kAck, .ack = 1}, 1ms);
  }
  EXPECT_EQ(rig.Count(Counter::out_of_order), 4U);
  EXPECT_EQ(rig.Count(Counter::ooo_dropped), 1U);
  for (const std::uint32_t at : {0, 20, 40, 60}) {
    give(at);
    rig.peer.Expect({.flags = kAck, .ack = at + 21}, 1ms);
  }
  give(80);
  rig.peer.Expect({.flags = kAck, .ack = 91}, 50ms);
  give(90);
  rig.peer.Expect({.flags = kAck, .ack = 101}, 50ms);
  rig.bench.Settle();
  EXPECT_EQ(ReadAll(rig.socket), Pattern(100));
}

TEST(Data, OutOfOrderIsNotReadableBeforeTheGapIsFilled) {
  Rig rig;
  rig.Open();
  rig.Give({.seq = 101, .ack = 1, .data = Pattern(100, 100)});
  EXPECT_EQ(rig.socket.readable_bytes(), 0U);
  rig.Give({.seq = 1, .ack = 1, .data = Pattern(50)});
  EXPECT_EQ(ReadAll(rig.socket), Pattern(50));
  rig.Give({.seq = 51, .ack = 1, .data = Pattern(50, 50)});
  EXPECT_EQ(ReadAll(rig.socket), Pattern(150, 50));
}

TEST(Data, OverlappingInEveryWayIsAssembledByteForByte) {
  Covers("SHLD-31");
  Rig rig;
  rig.Open();
  std::mt19937_64 random{Seed()};
  constexpr std::uint32_t kTotal = 60'000;
  std::string got;
  std::uint32_t next = 0;
  for (int i = 0; i < 3000 && next < kTotal; ++i) {
    const std::uint32_t from = random() % 4 == 0 ? next
                                                 : next - std::min<std::uint32_t>(next, 3000) +
                                                       static_cast<std::uint32_t>(random() % 9000);
    const std::uint32_t size = 1 + static_cast<std::uint32_t>(random() % 1460);
    if (from >= kTotal) continue;
    rig.peer.Send(
        {.seq = 1 + from, .ack = 1, .data = Pattern(std::min(size, kTotal - from), from)});
    rig.bench.Settle();
    for (const Received& ack : rig.peer.Take(0us)) {
      ASSERT_GE(ack.ack - 1, next) << "an acknowledgment never goes back";
      next = ack.ack - 1;
    }
    got += ReadAll(rig.socket);
    ASSERT_TRUE(got == Pattern(got.size())) << "after segment " << i;
  }
  for (std::uint32_t at = static_cast<std::uint32_t>(got.size()); at < kTotal; at += 1000) {
    rig.Give({.seq = 1 + at, .ack = 1, .data = Pattern(std::min(1000U, kTotal - at), at)});
    got += ReadAll(rig.socket);
  }
  EXPECT_TRUE(got == Pattern(kTotal));
}

TEST(Data, BeyondTheAdvertisedEdgeIsTrimmed) {
  StackConfig config = Bench::DefaultConfig();
  config.rx_ring_log2 = 12;
  Rig rig({.config = config});
  rig.Open();
  for (std::uint32_t at = 0; at < 4096; at += 1400) {
    rig.peer.Send({.seq = 1 + at, .ack = 1, .data = Pattern(1400, at)});
  }
  const auto acks = rig.peer.Take();
  ASSERT_FALSE(acks.empty());
  EXPECT_EQ(acks.back().ack, 4097U);
  EXPECT_EQ(acks.back().window, 0U);
  EXPECT_EQ(rig.Count(Counter::trimmed), 1U);
  rig.bench.Settle();
  EXPECT_EQ(ReadAll(rig.socket), Pattern(4096));
}

TEST(Data, CarriesUrgentAndPushedSegmentsAsOrdinaryBytes) {
  Rig rig;
  rig.Open();
  rig.Give({.flags = kAck | kPsh | kUrg, .seq = 1, .ack = 1, .data = "urgent"});
  EXPECT_EQ(ReadAll(rig.socket), "urgent");
}

TEST(Data, IsTakenFromASegmentWithOptions) {
  Covers("MUST-5 MUST-6");
  Rig rig;
  rig.Open();
  std::uint32_t seq = 1;
  for (const Frame& options : {Join({OptionNop(2), OptionTimestamps(7, 8)}), Join({OptionMss(100)}),
                               Frame{254, 4, 0, 0, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8}, Frame(40, 1)}) {
    rig.Give({.seq = seq, .ack = 1, .data = "data", .options = options});
    EXPECT_EQ(ReadAll(rig.socket), "data");
    seq += 4;
  }
}

TEST(Data, CarriesTheTtlAndDiffservOfItsSocket) {
  Covers("MUST-48 MUST-49 SHLD-21 SHLD-22");
  Rig rig;
  rig.Open();
  rig.socket.set_options({.ttl = 17, .dscp = 46});
  rig.bench.Settle();
  rig.Write("x");
  const Received data = rig.peer.Expect({.data = "x"});
  EXPECT_EQ(data.packet.ip->ttl, 17);
  EXPECT_EQ(data.packet.ip->tos, 46 << 2);
}

// The carrier tells the engine of new bytes burst by burst (512 bytes), and an idle connection
// sends what it knows of at once. A write across a burst's end leaves in two segments, each with
// PSH, and with Nagle off a long write leaves in segments of a burst.
TEST(Data, OfOneWriteIsNotCutWhereADmaBurstEnds) {
  Covers("SHLD-27 SHLD-28");
  Rig rig(NoDelay());
  rig.Open();
  EXPECT_EQ(Carry(rig.socket, rig.peer, Pattern(300), 1), Pattern(300));
  rig.Write(Pattern(500, 300));
  EXPECT_EQ(rig.peer.Take(100us).size(), 1U);
  rig.Give({.seq = 1, .ack = 801});
  // Five full segments, and a cut where the stream passes 4096: the carrier tells the tail there.
  rig.Write(Pattern(7300, 800));
  EXPECT_LE(rig.peer.Take(100us).size(), 6U);
}

TEST(Data, OrItsAbsenceLeavesAnIdleConnectionAlone) {
  Covers("MUST-25");
  Rig rig;
  rig.Open();
  rig.peer.ExpectSilence(3h);
  rig.Give({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "alive"});
  EXPECT_EQ(ReadAll(rig.socket), "alive");
}

TEST(Data, IsPaddedWithZerosToTheShortestFrame) {
  Covers("MUST-69");
  Rig rig;
  rig.Open();
  rig.Write("x");
  const Received data = rig.peer.Expect({.data = "x"});
  EXPECT_EQ(data.packet.padding, Frame(5, 0));
}

}  // namespace
}  // namespace tautline::test
