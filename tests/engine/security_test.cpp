// What a third party that cannot see the segments may try: RFC 5961, RFC 9293 3.10.7.4.
#include "connection_rig.hpp"

namespace tautline::test {
namespace {

void ExpectAlive(Rig& rig, std::uint32_t seq = 1) {
  rig.Give({.flags = kAck | kPsh, .seq = seq, .ack = 1, .data = "alive"});
  EXPECT_EQ(ReadAll(rig.socket), "alive");
  EXPECT_EQ(rig.socket.state(), State::established);
  EXPECT_FALSE(rig.socket.error());
}

TEST(Security, AResetCountsExactlyAtTheNextSequenceNumber) {
  Covers("SHLD-2");
  for (const auto& data : {"", "a reset may carry text"}) {
    Rig rig;
    rig.Open();
    rig.Give({.flags = kRst, .seq = 1, .data = data});
    EXPECT_EQ(rig.socket.error(), std::errc::connection_reset);
    rig.peer.ExpectSilence(5s);
  }
}

TEST(Security, AResetElsewhereInTheWindowIsChallenged) {
  for (const std::uint32_t seq : {2U, 1000U, 65'535U}) {
    Rig rig;
    rig.Open();
    rig.peer.Send({.flags = kRst, .seq = seq});
    rig.peer.Expect({.flags = kAck, .seq = 1, .ack = 1}, 1ms);
    ExpectAlive(rig);
  }
}

TEST(Security, AResetOutsideTheWindowIsIgnored) {
  Rig rig;
  rig.Open();
  for (const std::uint32_t seq : {0U, 65'536U, 0x8000'0000U}) {
    rig.Give({.flags = kRst, .seq = seq});
    rig.Give({.flags = kRst | kAck, .seq = seq, .ack = 1});
  }
  rig.peer.ExpectSilence(100ms);
  ExpectAlive(rig);
}

TEST(Security, TheRealPeerAnswersAChallengeWithAnExactReset) {
  Rig rig;
  rig.Open();
  rig.peer.Send({.flags = kRst, .seq = 100});
  const Received challenge = rig.peer.Expect({.flags = kAck});
  rig.Give({.flags = kRst, .seq = challenge.ack});
  EXPECT_EQ(rig.socket.error(), std::errc::connection_reset);
}

TEST(Security, ASynOnALiveConnectionIsChallengedWhereverItIs) {
  for (const std::uint32_t seq : {0U, 1U, 1000U, 0x8000'0000U}) {
    for (const std::uint8_t flags : {kSyn, static_cast<std::uint8_t>(kSyn | kAck)}) {
      Rig rig;
      rig.Open();
      rig.peer.Send({.flags = flags, .seq = seq, .ack = 1});
      rig.peer.Expect({.flags = kAck, .seq = 1, .ack = 1}, 1ms);
      ExpectAlive(rig);
    }
  }
}

TEST(Security, AnAckOutsideWhatWasSentIsChallengedAndItsDataDropped) {
  Covers("MAY-12");
  Rig window;
  window.Open();
  const std::uint32_t oldest = 1U - 65'535U;
  for (const std::uint32_t ack : {2U, 1000U, 0x8000'0000U, oldest - 1}) {
    Rig rig;
    rig.Open();
    rig.peer.Send({.seq = 1, .ack = ack, .data = "blind"});
    rig.peer.Expect({.flags = kAck, .seq = 1, .ack = 1}, 1ms);
    rig.bench.Settle();
    EXPECT_EQ(rig.socket.readable_bytes(), 0U) << ack;
    ExpectAlive(rig);
  }
  // At the old end the text counts.
  window.Give({.seq = 1, .ack = oldest, .data = "old"});
  EXPECT_EQ(ReadAll(window.socket), "old");
}

TEST(Security, ASegmentWithoutAckIsDroppedInSilence) {
  Rig rig;
  rig.Open();
  rig.Give({.flags = kPsh, .seq = 1, .data = "blind"});
  rig.Give({.flags = kFin, .seq = 1});
  rig.Give({.flags = 0, .seq = 1});
  rig.peer.ExpectSilence(100ms);
  ExpectAlive(rig);
}

TEST(Security, ChallengesAreLimitedPerConnection) {
  Rig rig;
  rig.Open();
  for (int i = 0; i < 20; ++i) {
    rig.Give({.flags = kRst, .seq = 10});
    rig.Give({.flags = kSyn, .seq = 20});
  }
  EXPECT_EQ(rig.peer.Take(100ms).size(), 1U);
  EXPECT_EQ(rig.Count(Counter::challenge_acks), 1U);
  EXPECT_EQ(rig.Count(Counter::challenge_limited), 39U);
  rig.bench.Pass(600ms);
  rig.peer.Send({.flags = kRst, .seq = 10});
  rig.peer.Expect({.flags = kAck, .seq = 1, .ack = 1}, 1ms);
  // Another connection has a limit of its own (CVE-2016-5696).
  ScriptedPeer second{rig.bench, 6001, kPort};
  Socket socket = rig.Accept(second);
  second.Send({.flags = kRst, .seq = 10});
  second.Expect({.flags = kAck}, 1ms);
}

TEST(Security, TwoSidesThatDisagreeDoNotAnswerEachOtherForEver) {
  Rig rig;
  rig.Open();
  int answers = 0;
  for (int i = 0; i < 50; ++i) {
    rig.Give({.seq = 0x4000'0000, .ack = 1});  // an ACK far from the window
    answers += static_cast<int>(rig.peer.Take(0us).size());
  }
  EXPECT_LE(answers, 2);
  ExpectAlive(rig);
}

TEST(Security, RepliesWithoutAConnectionAreLimited) {
  Rig rig;
  ScriptedPeer nobody{rig.bench, 6001, 999};
  nobody.Send({.flags = kSyn});
  nobody.Expect({.flags = kRst | kAck});
  for (int i = 0; i < 300; ++i) nobody.Send({.flags = kSyn});
  EXPECT_LE(nobody.Take().size(), 66U) << "a burst of 64, then one a millisecond";
  EXPECT_GT(rig.Count(Counter::reply_dropped), 100U);
  rig.Open();
}

TEST(Security, BlindDataFarFromTheWindowIsAnsweredAndDropped) {
  Rig rig;
  rig.Open();
  for (const std::uint32_t seq : {0x4000'0000U, 0x8000'0000U, 1U - 1000U}) {
    rig.Give({.seq = seq, .ack = 1, .data = "blind"});
  }
  for (const Received& ack : rig.peer.Take()) EXPECT_EQ(ack.ack, 1U);
  EXPECT_EQ(rig.socket.readable_bytes(), 0U);
  ExpectAlive(rig);
}

}  // namespace
}  // namespace tautline::test
