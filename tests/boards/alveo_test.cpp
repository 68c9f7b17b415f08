// The Alveo cards' core between XGMII and memory behind a bridge that answers late, in bursts of
// its own order, and holds everything back now and then. The tests of the engine that are linked
// with this run on the same model.
#include "connection_rig.hpp"

namespace tautline::test {
namespace {

// What the vendor's bridge may do (PG194): reads of different ids overtake each other, a round trip
// of about a microsecond, few writes in flight.
sim::BoardOptions BridgeBoard() {
  sim::BoardOptions board = Bench::DefaultOptions();
  board.memory.read_latency = 156;
  board.memory.write_latency = 100;
  board.memory.reorder_reads = 1;
  board.memory.stall = 0.1;
  board.memory.max_reads = 16;
  board.memory.max_writes = 8;
  return board;
}

struct Alveo : ::testing::Test {
  Bench bench{Bench::DefaultConfig(), BridgeBoard()};
  ScriptedPeer peer{bench, 5555, kPort};
};

TEST_F(Alveo, SendsWhatABridgeGivesLateAndOutOfOrder) {
  auto listener = bench.stack().listen({.port = kPort});
  ASSERT_TRUE(listener) << listener.error().message();
  peer.Connect();
  auto socket = listener->try_accept();
  ASSERT_TRUE(socket) << socket.error().message();
  const std::string text = Pattern(100'000);
  EXPECT_EQ(Carry(*socket, peer, text, 1), text);
}

TEST_F(Alveo, ReceivesBackToBackFramesAtLineRate) {
  auto listener = bench.stack().listen({.port = kPort});
  ASSERT_TRUE(listener) << listener.error().message();
  peer.Connect();
  auto socket = listener->try_accept();
  ASSERT_TRUE(socket) << socket.error().message();
  const std::string text = Pattern(20 * 1460);
  for (std::size_t at = 0; at < text.size(); at += 1460) {
    peer.Send({.flags = kAck | kPsh,
               .seq = static_cast<std::uint32_t>(1 + at),
               .ack = 1,
               .data = text.substr(at, 1460)});
  }
  bench.Settle();
  EXPECT_EQ(ReadAll(*socket), text);
}

// A frame that the wire damaged ends marked, and the engine does not take it.
TEST_F(Alveo, DropsAFrameWithAWrongFcs) {
  auto listener = bench.stack().listen({.port = kPort});
  ASSERT_TRUE(listener) << listener.error().message();
  peer.Connect();
  auto socket = listener->try_accept();
  ASSERT_TRUE(socket) << socket.error().message();
  peer.SendRaw(peer.Build({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "spoilt"}), true);
  bench.Settle();
  EXPECT_EQ(ReadAll(*socket), "");
  peer.Send({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "whole"});
  bench.Settle();
  EXPECT_EQ(ReadAll(*socket), "whole");
}

}  // namespace
}  // namespace tautline::test
