// SEGMENT ARRIVES (RFC 9293 3.10.7) as seen from the wire: what leaves for each kind of segment in
// each state that a peer can reach, and the state afterwards.
#include <map>

#include "connection_rig.hpp"

namespace tautline::test {
namespace {

// A connection in some state. The peer's next sequence number is `next`, and `ack` what it may
// acknowledge of ours without news.
struct Reached {
  Rig rig;
  std::uint32_t next = 1, ack = 1;
};

void Reach(Reached& r, State state) {
  Rig& rig = r.rig;
  rig.Open();
  auto we_close = [&] {
    rig.socket.shutdown(Shutdown::write);
    rig.peer.Expect({.flags = kAck | kFin, .seq = 1});
    rig.bench.Settle();
  };
  auto peer_closes = [&] {
    rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = r.ack});
    rig.peer.Expect({.flags = kAck, .ack = 2});
    rig.bench.Settle();
    r.next = 2;
  };
  switch (state) {
    case State::fin_wait_1:
      we_close();
      break;
    case State::fin_wait_2:
    case State::time_wait:
      we_close();
      r.ack = 2;
      rig.Give({.seq = 1, .ack = 2});
      if (state == State::time_wait) peer_closes();
      break;
    case State::close_wait:
      peer_closes();
      break;
    case State::closing:
      we_close();
      peer_closes();
      break;
    case State::last_ack:
      peer_closes();
      we_close();
      break;
    default:
      break;
  }
  if (state == State::time_wait) {
    // The compact table has it; for the library the connection has ended.
    ASSERT_EQ(rig.Count(Counter::time_wait), 1U);
  } else {
    ASSERT_EQ(rig.socket.state(), state);
  }
}

// What leaves: '.' nothing, 'A' an ACK of what was received before, 'N' an ACK of the segment as
// well, 'S' a SYN,ACK.
struct Row {
  const char* name;
  std::uint8_t flags;
  std::int32_t seq;  // from the peer's next
  std::int32_t ack;  // from what it may acknowledge
  std::size_t len;
  // Per state: ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT.
  const char* answer;
};

constexpr State kStates[] = {State::established, State::fin_wait_1, State::fin_wait_2,
                             State::close_wait,  State::closing,    State::last_ack,
                             State::time_wait};
constexpr Row kRows[] = {
    {"RST exactly at the next number", kRst, 0, 0, 0, "......."},
    {"RST elsewhere in the window", kRst, 10, 0, 0, "AAAAAA."},
    {"RST before the window", kRst, -10, 0, 0, "......."},
    {"RST beyond the window", kRst, 200'000, 0, 0, "......."},
    {"SYN in the window", kSyn, 10, 0, 0, "AAAAAAS"},
    {"SYN before the window", kSyn, -10, 0, 0, "AAAAAAA"},
    {"SYN,ACK in the window", kSyn | kAck, 10, 0, 0, "AAAAAAA"},
    {"text without ACK", kPsh, 0, 0, 4, "......."},
    {"ACK of bytes never sent", kAck, 0, 1000, 0, "AAAAAA."},
    {"ACK without news", kAck, 0, 0, 0, "......."},
    {"ACK before the window", kAck, -10, 0, 0, "AAAAAAA"},
    {"text received before", kAck, -1, 0, 1, "AAAAAAA"},
    {"text beyond the window", kAck, 200'000, 0, 4, "AAAAAAA"},
    {"text in order", kAck, 0, 0, 4, "NNNAAAA"},
    {"text with an ACK of bytes never sent", kAck, 0, 1000, 4, "AAAAAAA"},
    {"FIN in order", kAck | kFin, 0, 0, 0, "NNNAAAA"},
    {"FIN received before", kAck | kFin, -1, 0, 0, "AAAAAAA"},
    {"FIN beyond the window", kAck | kFin, 200'000, 0, 0, "AAAAAAA"},
};

class SegmentArrives : public ::testing::TestWithParam<Row> {};

TEST_P(SegmentArrives, IsAnsweredByTheStateTable) {
  const Row& row = GetParam();
  for (std::size_t i = 0; i < std::size(kStates); ++i) {
    const State state = kStates[i];
    SCOPED_TRACE(std::string(row.name) + " in " + std::string(to_string(state)));
    Reached r;
    Reach(r, state);
    Rig& rig = r.rig;
    const std::uint32_t seq = r.next + static_cast<std::uint32_t>(row.seq);
    rig.peer.Send({.flags = row.flags,
                   .seq = seq,
                   .ack = r.ack + static_cast<std::uint32_t>(row.ack),
                   .data = Pattern(row.len)});
    const auto answers = rig.peer.Take(50ms);
    rig.bench.Settle();
    const char expected = row.answer[i];
    ASSERT_EQ(answers.size(), expected == '.' ? 0U : 1U)
        << (answers.empty() ? "" : Describe(answers[0]));
    const bool fin = (row.flags & kFin) != 0;
    const auto consumed = static_cast<std::uint32_t>(row.len + (fin ? 1 : 0));
    if (expected == 'A' || expected == 'N') {
      EXPECT_EQ(int{answers[0].flags}, int{kAck}) << Describe(answers[0]);
      EXPECT_EQ(answers[0].ack, r.next + (expected == 'N' ? consumed : 0));
      const bool fin_sent = state != State::established && state != State::close_wait;
      EXPECT_EQ(answers[0].seq, fin_sent ? 2U : 1U);
    } else if (expected == 'S') {
      EXPECT_EQ(int{answers[0].flags}, kSyn | kAck) << Describe(answers[0]);
      EXPECT_EQ(answers[0].ack, seq + 1);
    }

    State after = state;
    if (row.flags == kRst && row.seq == 0 && state != State::time_wait) after = State::closed;
    if (fin && expected == 'N') {
      after = state == State::established  ? State::close_wait
              : state == State::fin_wait_1 ? State::closing
                                           : State::time_wait;
    }
    if (after == State::time_wait) {
      EXPECT_EQ(rig.Count(Counter::time_wait), 1U);
      after = State::closed;
    }
    EXPECT_EQ(rig.socket.state(), after);
    const bool lost = row.flags == kRst && row.seq == 0 && state != State::closing &&
                      state != State::last_ack && state != State::time_wait;
    EXPECT_EQ(rig.socket.error() == std::errc::connection_reset, lost);
  }
}

INSTANTIATE_TEST_SUITE_P(, SegmentArrives, ::testing::ValuesIn(kRows), [](const auto& instance) {
  std::string name;
  for (const char c : std::string(instance.param.name)) name += std::isalnum(c) != 0 ? c : '_';
  return name;
});

// The states without a finished handshake; 'R' a reset with SEG.ACK as its number, 'r' one that
// acknowledges.
struct Early {
  const char* name;
  std::uint8_t flags;
  std::uint32_t seq;
  std::uint32_t ack;
  std::size_t len;
  const char* answer;  // CLOSED, LISTEN, SYN-SENT, SYN-RECEIVED (passive)
};
constexpr Early kEarly[] = {
    {"RST", kRst, 1, 0, 0, "...."},
    {"RST,ACK", kRst | kAck, 1, 77, 0, "...."},
    {"RST in the window", kRst, 100, 0, 0, "...A"},
    {"ACK of bytes never sent", kAck, 1, 77, 0, "RRRR"},
    {"text with an ACK of bytes never sent", kAck, 1, 77, 4, "RRRR"},
    {"SYN", kSyn, 0, 0, 0, "rSSS"},
    {"SYN,ACK of bytes never sent", kSyn | kAck, 0, 77, 0, "RRRR"},
    {"SYN,ACK of ours", kSyn | kAck, 0, 1, 0, "RRA."},
    // LISTEN drops what has neither SYN, ACK nor RST (RFC 9293 3.10.7.2, fourth).
    {"FIN without ACK", kFin, 1, 0, 0, "r..."},
    {"nothing at all", 0, 1, 0, 0, "r..."},
    {"text beyond the window", kAck, 200'000, 1, 4, "RR.A"},
};

class EarlySegmentArrives : public ::testing::TestWithParam<Early> {};

TEST_P(EarlySegmentArrives, IsAnsweredByTheStateTable) {
  Covers("MUST-10");
  const Early& row = GetParam();
  for (std::size_t i = 0; i < 4; ++i) {
    SCOPED_TRACE(std::string(row.name) + " in state " + std::to_string(i));
    Rig rig;
    Socket active;
    ScriptedPeer peer{rig.bench, 7,
                      static_cast<std::uint16_t>(i == 0   ? 81
                                                 : i == 2 ? 40000
                                                          : kPort)};
    if (i == 2) {
      active = std::move(*rig.bench.stack().start_connect({{kPeerIp}, 7}, {.local_port = 40000}));
      peer.Expect({.flags = kSyn});
    } else if (i == 3) {
      peer.Send({.flags = kSyn});
      peer.Expect({.flags = kSyn | kAck});
    }
    peer.Send({.flags = row.flags, .seq = row.seq, .ack = row.ack, .data = Pattern(row.len)});
    const std::uint32_t engine_isn = peer.engine_isn();
    const auto answers = peer.Take(50ms);
    const char expected = row.answer[i];
    ASSERT_EQ(answers.size(), expected == '.' ? 0U : 1U)
        << (answers.empty() ? "" : Describe(answers[0]));
    if (expected == '.') continue;
    const Packet& packet = answers[0].packet;
    switch (expected) {
      case 'R':
        EXPECT_EQ(int{answers[0].flags}, int{kRst}) << Describe(answers[0]);
        EXPECT_EQ(packet.tcp->seq, engine_isn + row.ack);
        break;
      case 'r': {
        EXPECT_EQ(int{answers[0].flags}, kRst | kAck) << Describe(answers[0]);
        EXPECT_EQ(packet.tcp->seq, 0U);
        const bool counts = (row.flags & (kSyn | kFin)) != 0;
        EXPECT_EQ(answers[0].ack, row.seq + row.len + (counts ? 1 : 0));
        break;
      }
      case 'S':
        EXPECT_EQ(int{answers[0].flags}, kSyn | kAck) << Describe(answers[0]);
        EXPECT_EQ(answers[0].ack, 1U);
        break;
      default:
        EXPECT_EQ(int{answers[0].flags}, int{kAck}) << Describe(answers[0]);
        EXPECT_EQ(answers[0].ack, 1U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, EarlySegmentArrives, ::testing::ValuesIn(kEarly),
                         [](const auto& instance) {
                           std::string name;
                           for (const char c : std::string(instance.param.name))
                             name += std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace tautline::test
