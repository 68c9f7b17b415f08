// Opening: RFC 9293 3.5, 3.7.1, 3.8.3 and 3.10.7.1 to 3.10.7.3 on the wire.
#include <cmath>

#include "connection_rig.hpp"

namespace tautline::test {
namespace {

// Data comes in segments of this size, which is what the engine believes the peer's MSS to be.
void ExpectSegmentsOf(Rig& rig, std::size_t mss) {
  rig.WriteWhole(Pattern(2 * mss));
  rig.peer.Expect({.flags = kAck, .seq = 1, .len = mss});
  rig.peer.Expect({.flags = kAck | kPsh, .seq = static_cast<std::uint32_t>(1 + mss), .len = mss});
}

// An active open that has sent its SYN; `peer` stands for port 7.
struct ActiveRig {
  explicit ActiveRig(StackConfig config = Bench::DefaultConfig())
      : bench(config, Bench::DefaultOptions()), peer(bench, 7, 40000) {}
  Received Start() {
    auto started = bench.stack().start_connect({{kPeerIp}, 7}, {.local_port = 40000});
    EXPECT_TRUE(started) << started.error().message();
    socket = std::move(*started);
    return peer.Expect({.flags = kSyn, .seq = 0, .len = 0});
  }
  void Give(const Segment& segment) {
    peer.Send(segment);
    bench.Settle();
  }
  Bench bench;
  ScriptedPeer peer;
  Socket socket;
};

TEST(Handshake, OffersTheMssOfItsMtuAndDeclinesWhatItDoesNotImplement) {
  Covers("MUST-14 MUST-67 SHLD-5");
  Rig rig;
  rig.peer.Send({.flags = kSyn,
                 .options = Join({OptionMss(1460), OptionSackPermitted(), OptionTimestamps(1, 0),
                                  OptionNop(), OptionWindowScale(7)})});
  const Received answer = rig.peer.Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1});
  EXPECT_EQ(answer.options.mss, 1460);
  EXPECT_EQ(answer.options.window_scale, 0);
  EXPECT_FALSE(answer.options.sack_permitted);
  EXPECT_FALSE(answer.options.timestamps);
  EXPECT_EQ(answer.window, 65535);
}

TEST(Handshake, OffersASmallerMssOnASmallerMtu) {
  Covers("MUST-67 SHLD-6");
  StackConfig config = Bench::DefaultConfig();
  config.mtu = 576;
  Rig rig({.config = config});
  rig.peer.Send({.flags = kSyn, .options = OptionMss(1460)});
  const Received answer = rig.peer.Expect({.flags = kSyn | kAck});
  EXPECT_EQ(answer.options.mss, 536);
  rig.Give({.seq = 1, .ack = 1});
  rig.socket = std::move(*rig.listener.try_accept());
  ExpectSegmentsOf(rig, 536);
}

TEST(Handshake, AnswersWindowScaleOnlyToAPeerThatOffersIt) {
  Rig rig;
  rig.peer.Send({.flags = kSyn, .options = OptionMss(1460)});
  EXPECT_FALSE(rig.peer.Expect({.flags = kSyn | kAck}).options.window_scale);
}

TEST(Handshake, OffersMssAndWindowScaleInItsOwnSyn) {
  Covers("MUST-14 SHLD-5");
  ActiveRig rig;
  const Received syn = rig.Start();
  EXPECT_EQ(syn.options.mss, 1460);
  EXPECT_EQ(syn.options.window_scale, 0);
  EXPECT_FALSE(syn.options.sack_permitted);
  EXPECT_FALSE(syn.options.timestamps);
  EXPECT_EQ(syn.ack, 0U);
}

TEST(Handshake, AssumesAnMssOf536FromAPeerThatNamesNone) {
  Covers("MUST-15");
  Rig rig;
  ExpectSegmentsOf(rig.Open(0), 536);
}

TEST(Handshake, DoesNotObeyAnMssBelow48) {
  for (const std::uint16_t mss : {1, 47}) {
    Rig rig;
    ExpectSegmentsOf(rig.Open(mss), 48);
  }
}

TEST(Handshake, LimitsThePeersMssByItsOwnMtu) {
  Covers("MUST-16");
  Rig rig;
  ExpectSegmentsOf(rig.Open(9000), 1460);
}

TEST(Handshake, ReadsOptionsAtAnyAlignmentAndSkipsUnknownOnes) {
  Covers("MUST-4 MUST-6 MUST-64 MUST-68");
  const Frame unknown{254, 6, 1, 2, 3, 4};
  for (const Frame& options :
       {Join({OptionNop(1), OptionMss(700)}), Join({OptionNop(2), OptionMss(700)}),
        Join({OptionNop(3), OptionMss(700)}), Join({unknown, OptionMss(700)}),
        Join({OptionNop(1), unknown, OptionNop(1), OptionMss(700), OptionEnd()}),
        Join({OptionTimestamps(1, 2), unknown, OptionMss(700)})}) {
    Rig rig;
    rig.peer.Send({.flags = kSyn, .options = options});
    rig.peer.Expect({.flags = kSyn | kAck, .ack = 1});
    rig.Give({.seq = 1, .ack = 1});
    rig.socket = std::move(*rig.listener.try_accept());
    ExpectSegmentsOf(rig, 700);
  }
}

TEST(Handshake, ReadsNothingBehindTheEndOfOptions) {
  Covers("MUST-4");
  Rig rig;
  rig.peer.Send({.flags = kSyn, .options = Join({OptionEnd(), OptionMss(700)})});
  rig.peer.Expect({.flags = kSyn | kAck, .ack = 1});
  rig.Give({.seq = 1, .ack = 1});
  rig.socket = std::move(*rig.listener.try_accept());
  ExpectSegmentsOf(rig, 536);
}

TEST(Handshake, SendsNoOptionsBehindTheSyn) {
  Covers("MUST-65");
  Rig rig;
  rig.Open(1000, 3);
  rig.Write("text");
  const Received data = rig.peer.Expect({.flags = kAck | kPsh, .data = "text"});
  EXPECT_TRUE(data.packet.tcp->options.empty());
}

TEST(Handshake, RetransmitsItsSynWithBackoffAndGivesUpAfterThreeMinutes) {
  Covers("MUST-20 MUST-22 MUST-23");
  ActiveRig rig;
  const Received first = rig.Start();
  for (const double at : {1, 3, 7, 15, 31, 63, 123}) {
    const Received again = rig.peer.Expect({.flags = kSyn, .seq = 0}, 61s);
    EXPECT_EQ(again.options.mss, first.options.mss);
    EXPECT_NEAR(SecondsBetween(first, again), at, kTimerError);
  }
  rig.bench.Settle();
  EXPECT_FALSE(rig.socket.error());
  rig.peer.ExpectSilence(120s);
  rig.bench.Settle();
  EXPECT_EQ(rig.socket.error(), std::errc::timed_out);
}

TEST(Handshake, RetransmitsItsSynAckAndForgetsAPeerThatNeverAnswers) {
  Covers("MUST-22 MUST-23");
  Rig rig;
  rig.peer.Send({.flags = kSyn, .options = OptionMss(1460)});
  const Received first = rig.peer.Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1});
  for (const double at : {1, 3, 7, 15, 31, 63, 123}) {
    const Received again = rig.peer.Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1}, 61s);
    EXPECT_NEAR(SecondsBetween(first, again), at, kTimerError);
  }
  rig.peer.ExpectSilence(120s);
  EXPECT_EQ(rig.Count(Counter::attempt_fails), 1U);
  EXPECT_FALSE(rig.listener.try_accept());
  rig.Open();
  EXPECT_EQ(rig.socket.state(), State::established);
}

TEST(Handshake, WaitsThreeSecondsForDataAfterALostSyn) {
  Covers("MUST-19");
  ActiveRig rig;
  rig.Start();
  rig.peer.Expect({.flags = kSyn}, 2s);  // again
  rig.Give({.flags = kSyn | kAck, .ack = 1, .options = OptionMss(1460)});
  rig.peer.Take();
  ASSERT_TRUE(rig.socket.write(AsBytes("x")));
  const Received first = rig.peer.Expect({.data = "x"});
  const Received again = rig.peer.Expect({.data = "x"}, 10s);
  EXPECT_NEAR(SecondsBetween(first, again), 3.0, kTimerError) << "RFC 6298 (5.7)";
}

TEST(Handshake, IsRefusedByAnAcknowledgingResetOnly) {
  ActiveRig rig;
  rig.Start();
  rig.Give({.flags = kRst, .seq = 0});
  rig.Give({.flags = kRst | kAck, .seq = 0, .ack = 2});
  EXPECT_FALSE(rig.socket.error());
  rig.Give({.flags = kRst | kAck, .seq = 0, .ack = 1});
  EXPECT_EQ(rig.socket.error(), std::errc::connection_refused);
  rig.peer.ExpectSilence(5s);
}

TEST(Handshake, TellsThatNobodyAnswersForTheNextHop) {
  ActiveRig rig;
  rig.bench.answer_arp = false;
  auto started = rig.bench.stack().start_connect({{kPeerIp}, 7});
  ASSERT_TRUE(started);
  rig.peer.ExpectSilence(20s);
  rig.bench.Settle();
  EXPECT_EQ(started->error(), std::errc::host_unreachable);
  EXPECT_GE(rig.bench.stack().device_counter(Counter::arp_requests_out), 2U);
}

TEST(Handshake, TellsThatAnotherNetworkNeedsAGateway) {
  StackConfig config = Bench::DefaultConfig();
  config.gateway = {};
  ActiveRig rig{config};
  auto started = rig.bench.stack().start_connect({{Ipv4Address(192, 168, 1, 1)}, 7});
  ASSERT_TRUE(started);
  rig.bench.Pass(10ms);
  rig.bench.Settle();
  EXPECT_EQ(started->error(), std::errc::host_unreachable);
}

TEST(Handshake, RejectsADestinationThatIsNoHost) {
  Covers("MUST-46");
  ActiveRig rig;
  for (const std::uint32_t address :
       {Ipv4Address(255, 255, 255, 255), Ipv4Address(224, 0, 0, 1), Ipv4Address(10, 0, 0, 255),
        Ipv4Address(10, 0, 0, 0), Ipv4Address(127, 0, 0, 1)}) {
    auto started = rig.bench.stack().start_connect({{address}, 7});
    if (started) rig.bench.Settle();
    EXPECT_EQ(started ? started->error() : started.error(), std::errc::invalid_argument) << address;
  }
  rig.peer.ExpectSilence(1ms);
}

TEST(Handshake, OpensSimultaneously) {
  Covers("MUST-10");
  ActiveRig rig;
  rig.Start();
  rig.peer.Send({.flags = kSyn, .options = OptionMss(1000)});
  rig.peer.Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1});
  rig.Give({.flags = kSyn | kAck, .seq = 0, .ack = 1, .options = OptionMss(1000)});
  EXPECT_TRUE(rig.socket.is_connected());
  EXPECT_EQ(rig.socket.state(), State::established);
  rig.peer.Take();
  ASSERT_TRUE(rig.socket.write(AsBytes("open")));
  rig.peer.Expect({.seq = 1, .ack = 1, .data = "open"});
}

TEST(Handshake, RemembersWhetherSynReceivedCameFromAnActiveOpen) {
  Covers("MUST-11");
  ActiveRig active;
  active.Start();
  active.peer.Send({.flags = kSyn});
  active.peer.Expect({.flags = kSyn | kAck});
  active.Give({.flags = kRst, .seq = 1});
  EXPECT_EQ(active.socket.error(), std::errc::connection_refused);

  Rig passive;
  passive.peer.Send({.flags = kSyn});
  passive.peer.Expect({.flags = kSyn | kAck});
  passive.Give({.flags = kRst, .seq = 1});
  EXPECT_FALSE(passive.listener.try_accept());
  passive.Open();  // the listener is still there
}

TEST(Handshake, AcknowledgesNeitherDataNorFinInASyn) {
  Rig rig;
  rig.peer.Send({.flags = kSyn, .data = "early"});
  rig.peer.Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1});
  rig.Give({.seq = 1, .ack = 1, .data = "early"});
  auto socket = rig.listener.try_accept();
  ASSERT_TRUE(socket);
  EXPECT_EQ(ReadAll(*socket), "early");
}

TEST(Handshake, TakesDataThatArrivesBeforeAccept) {
  Rig rig;
  rig.peer.Connect();
  rig.Give({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "hello"});
  auto socket = rig.listener.try_accept();
  ASSERT_TRUE(socket);
  EXPECT_EQ(ReadAll(*socket), "hello");
}

TEST(Handshake, AnswersARepeatedSynWithTheSameSynAck) {
  Rig rig;
  rig.peer.Send({.flags = kSyn});
  rig.peer.Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1});
  const std::uint32_t isn = rig.peer.engine_isn();
  rig.peer.Send({.flags = kSyn});
  rig.peer.Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1});
  EXPECT_EQ(rig.peer.engine_isn(), isn);
  EXPECT_EQ(rig.Count(Counter::passive_opens), 1U);
}

TEST(Handshake, ResetsAnAckThatAcknowledgesNoSynOfOurs) {
  Rig rig;
  rig.peer.Send({.flags = kSyn});
  rig.peer.Expect({.flags = kSyn | kAck});
  rig.peer.Send({.seq = 1, .ack = 77});
  rig.peer.Expect({.flags = kRst, .seq = 77});
  rig.Give({.seq = 1, .ack = 1});
  EXPECT_TRUE(rig.listener.try_accept()) << "the half-open connection outlives the stray segment";
}

TEST(Handshake, LimitsHalfOpenConnections) {
  Rig rig({.listen = {.half_open = 2}});
  ScriptedPeer second{rig.bench, 6001, kPort}, third{rig.bench, 6002, kPort};
  rig.peer.Send({.flags = kSyn});
  rig.peer.Expect({.flags = kSyn | kAck});
  second.Send({.flags = kSyn});
  second.Expect({.flags = kSyn | kAck});
  third.Send({.flags = kSyn});
  third.ExpectSilence(10ms);
  EXPECT_EQ(rig.Count(Counter::listen_overflow), 1U);
  second.Send({.seq = 1, .ack = 1});
  third.Send({.flags = kSyn});
  third.Expect({.flags = kSyn | kAck});
}

TEST(Handshake, LimitsUnacceptedConnections) {
  Rig rig({.listen = {.backlog = 1}});
  ScriptedPeer second{rig.bench, 6001, kPort};
  rig.peer.Connect();
  second.Send({.flags = kSyn});
  second.ExpectSilence(10ms);
  ASSERT_TRUE(rig.listener.try_accept());
  rig.bench.Settle();
  second.Connect();
  EXPECT_TRUE(rig.listener.try_accept());
}

TEST(Handshake, AClosedListenerResetsHalfOpenAndUnacceptedConnections) {
  Rig rig;
  ScriptedPeer half_open{rig.bench, 6001, kPort}, late{rig.bench, 6002, kPort};
  rig.peer.Connect();
  half_open.Send({.flags = kSyn});
  half_open.Expect({.flags = kSyn | kAck});
  rig.listener.close();
  rig.peer.Expect({.flags = kRst | kAck, .seq = 1, .ack = 1});
  rig.bench.Settle();
  half_open.Send({.seq = 1, .ack = 1});
  EXPECT_TRUE(half_open.Next().Has(kRst));
  late.Send({.flags = kSyn});
  late.Expect({.flags = kRst | kAck, .ack = 1});
}

TEST(Handshake, NobodyListensWhenCloseReturns) {
  Rig rig;
  rig.listener.close();
  rig.peer.Send({.flags = kSyn});  // nothing was polled in between
  rig.peer.Expect({.flags = kRst | kAck, .seq = 0, .ack = 1});
  EXPECT_TRUE(rig.bench.stack().listen({.port = kPort})) << "the port is free";
}

TEST(Handshake, AListenerDoesNotDisturbItsConnectionsNorTheyTheListener) {
  Covers("MUST-41 MUST-42");
  Rig rig;
  rig.Open();
  auto other = rig.bench.stack().listen({.port = 81});
  ASSERT_TRUE(other);
  ScriptedPeer second{rig.bench, 6001, kPort};
  Socket socket = rig.Accept(second);
  rig.listener.close();
  rig.Write("still here");
  rig.peer.Expect({.data = "still here"});
  ASSERT_TRUE(socket.write(AsBytes("me too")));
  second.Expect({.data = "me too"});
}

TEST(Handshake, ListensOnALocalAddress) {
  Covers("MUST-43 MUST-45");
  Bench bench{Bench::DefaultConfig(), Bench::DefaultOptions()};
  auto listener = bench.stack().listen({{kEngineIp}, 81});
  ASSERT_TRUE(listener);
  ScriptedPeer peer{bench, 5000, 81};
  peer.Connect();  // every segment's source address is checked
  auto socket = listener->try_accept();
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->local_endpoint(), (Endpoint{{kEngineIp}, 81}));
}

TEST(Handshake, ChoosesItsOwnAddressAndAFreePortForAnActiveOpen) {
  Covers("MUST-44 MUST-45");
  Bench bench{Bench::DefaultConfig(), Bench::DefaultOptions()};
  auto socket = bench.stack().start_connect({{kPeerIp}, 7});
  ASSERT_TRUE(socket);
  ScriptedPeer peer{bench, 7, 0};
  const Received syn = peer.Expect({.flags = kSyn});
  EXPECT_EQ(syn.packet.ip->src, kEngineIp);
  EXPECT_GE(syn.packet.tcp->src_port, 1024);
}

TEST(Handshake, RefusesAPortOrTupleThatIsTaken) {
  Rig rig;
  auto twice = rig.bench.stack().listen({.port = kPort});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error(), std::errc::address_in_use);

  auto first = rig.bench.stack().start_connect({{kPeerIp}, 7}, {.local_port = 40000});
  auto second = rig.bench.stack().start_connect({{kPeerIp}, 7}, {.local_port = 40000});
  ASSERT_TRUE(first && second);
  rig.bench.Settle();
  EXPECT_FALSE(first->error());
  EXPECT_EQ(second->error(), std::errc::address_in_use);
}

TEST(Handshake, RefusesAConnectionWithoutAFreeSlot) {
  Rig rig;
  std::vector<Socket> sockets;
  for (std::uint16_t i = 0; i < rig.bench.board().flows(); ++i) {
    ScriptedPeer peer{rig.bench, static_cast<std::uint16_t>(6000 + i), kPort};
    sockets.push_back(rig.Accept(peer));
  }
  ScriptedPeer late{rig.bench, 7000, kPort};
  late.Send({.flags = kSyn});
  late.Expect({.flags = kRst | kAck, .ack = 1});
  auto active = rig.bench.stack().start_connect({{kPeerIp}, 7});
  if (active) rig.bench.Settle();
  EXPECT_EQ(active ? active->error() : active.error(), std::errc::too_many_files_open);
  EXPECT_GE(rig.Count(Counter::no_slot), 1U);
  for (Socket& socket : sockets) EXPECT_EQ(socket.state(), State::established);
}

TEST(Handshake, RefusesAListenerBeyondItsTable) {
  Bench bench{Bench::DefaultConfig(), Bench::DefaultOptions()};
  std::vector<Listener> listeners;
  for (std::uint16_t i = 0; i < 16; ++i) {
    auto listener = bench.stack().listen({.port = static_cast<std::uint16_t>(100 + i)});
    ASSERT_TRUE(listener);
    listeners.push_back(std::move(*listener));
  }
  auto more = bench.stack().listen({.port = 200});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error(), std::errc::no_buffer_space);
}

// The ISN that the engine gives to a SYN from `port`.
std::uint32_t IsnOf(Rig& rig, std::uint16_t port) {
  ScriptedPeer peer{rig.bench, port, kPort};
  peer.Send({.flags = kSyn});
  peer.Expect({.flags = kSyn | kAck});
  const std::uint32_t isn = peer.engine_isn();
  rig.bench.Settle();
  peer.Send({.flags = kRst, .seq = 1});
  rig.bench.Settle();
  return isn;
}

TEST(Handshake, MovesTheIsnOfATupleByTheClockOfRfc6528) {
  Covers("MUST-8 SHLD-1");
  Rig rig;
  IsnOf(rig, 6000);  // the next hop is known
  const auto before = rig.bench.board().now_us();
  const std::uint32_t first = IsnOf(rig, 6001);
  rig.bench.Pass(10s);
  const std::uint32_t second = IsnOf(rig, 6001);
  const double ticks = static_cast<double>(rig.bench.board().now_us() - before) / 4;
  EXPECT_NEAR(second - first, ticks, ticks * 0.01);
}

TEST(Handshake, HashesTheTupleIntoTheIsn) {
  Covers("SHLD-1");
  Rig rig;
  const std::uint32_t a = IsnOf(rig, 6001), b = IsnOf(rig, 6002), c = IsnOf(rig, 6003);
  // Milliseconds lie between them; their clocks differ by a few thousand at most.
  EXPECT_GT(std::abs(static_cast<std::int32_t>(b - a)), 1'000'000);
  EXPECT_GT(std::abs(static_cast<std::int32_t>(c - b)), 1'000'000);
}

TEST(Handshake, KeepsTheIsnSecretByItsKey) {
  Covers("MUST-9 SHLD-1");
  StackConfig config = Bench::DefaultConfig();
  Rig one({.config = config}), same({.config = config});
  config.secrets->isn_key[7] ^= std::byte{1};
  Rig other({.config = config});
  const std::uint32_t isn = IsnOf(one, 6001);
  EXPECT_EQ(IsnOf(same, 6001), isn) << "a run is a function of its inputs";
  EXPECT_GT(std::abs(static_cast<std::int32_t>(IsnOf(other, 6001) - isn)), 1'000'000);
}

TEST(Handshake, IgnoresASynThatIsNotFromAndToAHost) {
  Covers("MUST-57 MUST-63");
  Rig rig;
  const TcpSegment syn{.src_port = 5555, .dst_port = kPort, .seq = 1, .flags = kSyn};
  const std::uint64_t mac = rig.bench.engine_mac();
  const std::uint32_t broadcast = Ipv4Address(10, 0, 0, 255);
  const std::uint32_t multicast = Ipv4Address(224, 0, 0, 1);
  for (const std::uint32_t dst : {broadcast, multicast, ~std::uint32_t{0}}) {
    for (const std::uint64_t to : {mac, kBroadcastMac}) {
      rig.peer.SendRaw(BuildTcp({.dst = to, .src = kPeerMac}, {.src = kPeerIp, .dst = dst}, syn));
    }
  }
  for (const std::uint32_t src : {broadcast, multicast, ~std::uint32_t{0}, kEngineIp,
                                  Ipv4Address(127, 0, 0, 1), std::uint32_t{0}}) {
    rig.peer.SendRaw(BuildTcp({.dst = mac, .src = kPeerMac}, {.src = src, .dst = kEngineIp}, syn));
  }
  EXPECT_FALSE(rig.bench.NextFrame(10ms)) << "neither an answer nor an ARP request";
  EXPECT_EQ(rig.Count(Counter::passive_opens), 0U);
  rig.Open();
}

}  // namespace
}  // namespace tautline::test
