// Opening and closing, segment by segment.
#include "scripted_peer.hpp"

namespace tautline::test {
namespace {

struct Connection : ::testing::Test {
  Bench bench{Bench::DefaultConfig(), Bench::DefaultOptions()};
  ScriptedPeer peer{bench, 5555, 80};

  Listener Listen() {
    auto listener = bench.stack().listen({.port = 80});
    EXPECT_TRUE(listener) << listener.error().message();
    return std::move(*listener);
  }
  Socket ConnectPassively(Listener& listener) {
    peer.Connect();
    auto socket = listener.try_accept();
    EXPECT_TRUE(socket) << socket.error().message();
    return socket ? std::move(*socket) : Socket{};
  }
};

TEST_F(Connection, AnswersPing) {
  const IcmpMessage echo{.id = 7, .sequence = 1, .payload = Frame(56, 0xab)};
  const Frame frame = BuildIcmp({.dst = bench.engine_mac(), .src = kPeerMac},
                                {.src = kPeerIp, .dst = kEngineIp, .protocol = kProtoIcmp}, echo);
  peer.SendRaw(frame);
  auto answer = bench.NextFrame(1ms);
  ASSERT_TRUE(answer);
  auto packet = ParseFrame(
      std::span(reinterpret_cast<const std::uint8_t*>(answer->bytes.data()), answer->bytes.size()));
  ASSERT_TRUE(packet && packet->icmp);
  EXPECT_EQ(packet->icmp->type, 0);
  EXPECT_EQ(packet->icmp->payload, echo.payload);
  EXPECT_TRUE(packet->transport_checksum_ok);
}

TEST_F(Connection, OpensEchoesAndClosesInTheTextbookOrder) {
  Listener listener = Listen();
  Socket socket = ConnectPassively(listener);
  EXPECT_EQ(socket.state(), State::established);
  EXPECT_EQ(socket.peer_endpoint(), (Endpoint{{kPeerIp}, 5555}));

  peer.Send({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "hello"});
  bench.Settle();
  EXPECT_EQ(ReadAll(socket), "hello");
  ASSERT_TRUE(socket.write(AsBytes("hello")));
  peer.Expect({.flags = kAck | kPsh, .seq = 1, .ack = 6, .data = "hello"});
  peer.Send({.seq = 6, .ack = 6});

  peer.Send({.flags = kAck | kFin, .seq = 6, .ack = 6});
  peer.Expect({.flags = kAck, .seq = 6, .ack = 7});
  bench.Settle();
  EXPECT_TRUE(socket.peer_finished());
  EXPECT_EQ(socket.state(), State::close_wait);
  EXPECT_FALSE(socket.close());
  peer.Expect({.flags = kAck | kFin, .seq = 6, .ack = 7});
  peer.Send({.seq = 7, .ack = 7});
  peer.ExpectSilence(100ms);
}

TEST_F(Connection, RefusesASynWithoutAListener) {
  peer.Send({.flags = kSyn});
  auto rst = peer.Next();
  EXPECT_EQ(rst.flags, kRst | kAck);
  EXPECT_EQ(rst.ack, 1U);
}

TEST_F(Connection, OpensActively) {
  ScriptedPeer server{bench, 7, 0};
  auto socket = bench.stack().start_connect({{kPeerIp}, 7}, {.local_port = 40000});
  ASSERT_TRUE(socket) << socket.error().message();
  server.set_engine_port(40000);
  server.Accept();
  EXPECT_TRUE(socket->is_connected());
  ASSERT_TRUE(socket->write(AsBytes("ping")));
  server.Expect({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "ping"});
  server.Send({.seq = 1, .ack = 5});
}

}  // namespace
}  // namespace tautline::test
