// Frames that are wrong, foreign or not for us: counted, and the connection lives on.
#include <functional>
#include <random>

#include "connection_rig.hpp"

namespace tautline::test {
namespace {

struct Parts {
  EthernetHeader eth;
  Ipv4Header ip;
  TcpSegment tcp;
};

struct Wrong {
  const char* name;
  std::function<Frame(Parts)> make;
  Counter counter;
  bool bad_fcs = false;
};

Frame Tcp(const Parts& p) {
  return BuildTcp(p.eth, p.ip, p.tcp);
}
Frame Cut(Frame frame, std::size_t size) {
  frame.resize(size);
  return frame;
}
Frame WithType(const Parts& p, std::uint16_t type) {
  Frame frame = Tcp(p);
  frame[12] = static_cast<std::uint8_t>(type >> 8);
  frame[13] = static_cast<std::uint8_t>(type);
  return frame;
}
Frame WithOptions(Parts p, Frame options) {
  p.tcp.options = std::move(options);
  return Tcp(p);
}

const Wrong kWrong[] = {
    {"a bad FCS", Tcp, Counter::rx_bad_fcs, true},
    {"another MAC address",
     [](Parts p) {
       p.eth.dst ^= 1U << 8;
       return Tcp(p);
     },
     Counter::rx_not_for_us},
    {"another IP address",
     [](Parts p) {
       ++p.ip.dst;
       return Tcp(p);
     },
     Counter::rx_not_for_us},
    {"IPv6", [](Parts p) { return WithType(p, kEtherIpv6); }, Counter::rx_not_ip},
    {"an unknown ethertype", [](Parts p) { return WithType(p, 0x88cc); }, Counter::rx_not_ip},
    {"IP version 5",
     [](Parts p) {
       p.ip.version = 5;
       return Tcp(p);
     },
     Counter::rx_ip_error},
    {"an IP header of four words",
     [](Parts p) {
       p.ip.ihl = 4;
       return Tcp(p);
     },
     Counter::rx_ip_error},
    {"a total length below the IP header",
     [](Parts p) {
       p.ip.total_length = 19;
       return Tcp(p);
     },
     Counter::rx_ip_error},
    {"a total length beyond the frame",
     [](Parts p) {
       p.ip.total_length = 1400;
       return Tcp(p);
     },
     Counter::rx_ip_error},
    {"a total length beyond the MTU",
     [](Parts p) {
       p.ip.total_length = 65535;
       return Tcp(p);
     },
     Counter::rx_ip_error},
    {"a wrong IP checksum",
     [](Parts p) {
       p.ip.checksum = 0x1234;
       return Tcp(p);
     },
     Counter::rx_ip_error},
    {"a first fragment",
     [](Parts p) {
       p.ip.mf = true;
       return Tcp(p);
     },
     Counter::rx_fragment},
    {"a last fragment",
     [](Parts p) {
       p.ip.fragment_offset = 5;
       return Tcp(p);
     },
     Counter::rx_fragment},
    {"UDP",
     [](Parts p) {
       p.ip.protocol = kProtoUdp;
       return BuildIpv4(p.eth, p.ip, Frame(60, 'w'));
     },
     Counter::rx_not_tcp},
    {"a wrong TCP checksum",
     [](Parts p) {
       p.tcp.checksum = 0x1234;
       return Tcp(p);
     },
     Counter::rx_tcp_checksum},
    {"a data offset of four words",
     [](Parts p) {
       p.tcp.data_offset = 4;
       return Tcp(p);
     },
     Counter::rx_tcp_error},
    {"a data offset of no words",
     [](Parts p) {
       p.tcp.data_offset = 0;
       return Tcp(p);
     },
     Counter::rx_tcp_error},
    {"a data offset beyond the segment",
     [](Parts p) {
       p.tcp.payload.resize(4);
       p.tcp.data_offset = 15;
       return Tcp(p);
     },
     Counter::rx_tcp_error},
    {"less than a TCP header",
     [](Parts p) {
       p.ip.total_length = 39;
       return Tcp(p);
     },
     Counter::rx_tcp_error},
    {"an option of length zero", [](Parts p) { return WithOptions(p, {254, 0, 1, 1}); },
     Counter::rx_tcp_option},
    {"an option of length one", [](Parts p) { return WithOptions(p, {254, 1, 1, 1}); },
     Counter::rx_tcp_option},
    {"an option beyond the header", [](Parts p) { return WithOptions(p, {254, 9, 1, 1}); },
     Counter::rx_tcp_option},
    {"an option cut at its kind", [](Parts p) { return WithOptions(p, {1, 1, 1, 254}); },
     Counter::rx_tcp_option},
    {"an MSS of a wrong length", [](Parts p) { return WithOptions(p, {2, 3, 1, 1}); },
     Counter::rx_tcp_option},
    {"a frame cut in the Ethernet header", [](Parts p) { return Cut(Tcp(p), 9); },
     Counter::rx_not_ip},
    {"a frame cut in the IP header", [](Parts p) { return Cut(Tcp(p), 25); }, Counter::rx_ip_error},
    {"a frame cut in the TCP header", [](Parts p) { return Cut(Tcp(p), 40); },
     Counter::rx_ip_error},
    {"a frame cut in its text", [](Parts p) { return Cut(Tcp(p), 56); }, Counter::rx_ip_error},
    {"a tag cut at the end",
     [](Parts p) {
       p.eth.vlan_tci = 5;
       return Cut(Tcp(p), 15);
     },
     Counter::rx_not_ip},
};

class WrongFrame : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongFrame, IsCountedAndLeavesTheConnectionAlive) {
  Covers("MUST-3 MUST-7");
  const Wrong& wrong = GetParam();
  Rig rig;
  rig.Open();
  Parts parts{{.dst = rig.bench.engine_mac(), .src = kPeerMac},
              {.src = kPeerIp, .dst = kEngineIp},
              {.src_port = 5555,
               .dst_port = kPort,
               .seq = rig.peer.isn() + 1,
               .ack = rig.peer.engine_isn() + 1,
               .flags = kAck | kPsh,
               .payload = Frame(40, 'w')}};
  const std::uint32_t before = rig.Count(wrong.counter);
  const std::uint32_t frames = rig.Count(Counter::rx_frames);
  for (int i = 0; i < 3; ++i) rig.peer.SendRaw(wrong.make(parts), wrong.bad_fcs);
  rig.bench.Settle();
  EXPECT_EQ(rig.Count(Counter::rx_frames), frames + 3);
  EXPECT_EQ(rig.Count(wrong.counter), before + 3);
  EXPECT_EQ(rig.socket.readable_bytes(), 0U);
  rig.peer.ExpectSilence(100ms);
  rig.Give({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "alive"});
  EXPECT_EQ(ReadAll(rig.socket), "alive");
}

INSTANTIATE_TEST_SUITE_P(, WrongFrame, ::testing::ValuesIn(kWrong), [](const auto& instance) {
  std::string name;
  for (const char c : std::string(instance.param.name)) name += std::isalnum(c) != 0 ? c : '_';
  return name;
});

TEST(Robustness, TakesSegmentsBehindIpOptions) {
  Covers("MUST-50");
  Rig rig;
  rig.Open();
  for (std::uint32_t words = 1; words <= 10; ++words) {
    rig.peer.SendRaw(BuildTcp({.dst = rig.bench.engine_mac(), .src = kPeerMac},
                              {.src = kPeerIp, .dst = kEngineIp, .options = Frame(4 * words, 1)},
                              {.src_port = 5555,
                               .dst_port = kPort,
                               .seq = rig.peer.isn() + words,
                               .ack = rig.peer.engine_isn() + 1,
                               .payload = {static_cast<std::uint8_t>('0' + words)}}));
    rig.bench.Settle();
  }
  EXPECT_EQ(ReadAll(rig.socket), "123456789:");
}

TEST(Robustness, TakesAFrameWithoutPadding) {
  Rig rig;
  rig.Open();
  rig.peer.SendRaw(BuildTcp({.dst = rig.bench.engine_mac(), .src = kPeerMac},
                            {.src = kPeerIp, .dst = kEngineIp},
                            {.src_port = 5555,
                             .dst_port = kPort,
                             .seq = rig.peer.isn() + 1,
                             .ack = rig.peer.engine_isn() + 1,
                             .payload = {'x'}},
                            0));
  rig.bench.Settle();
  EXPECT_EQ(ReadAll(rig.socket), "x");
}

TEST(Robustness, SpeaksOnItsVlanOnly) {
  StackConfig config = Bench::DefaultConfig();
  config.vlan_tci = std::uint16_t{0x6000 | 42};
  Bench bench{config, Bench::DefaultOptions()};
  auto listener = bench.stack().listen({.port = kPort});
  ASSERT_TRUE(listener);
  ScriptedPeer peer{bench, 5555, kPort};
  auto syn = [&](std::optional<std::uint16_t> tci) {
    peer.SendRaw(BuildTcp({.dst = bench.engine_mac(), .src = kPeerMac, .vlan_tci = tci},
                          {.src = kPeerIp, .dst = kEngineIp},
                          {.src_port = 5555, .dst_port = kPort, .seq = peer.isn(), .flags = kSyn}));
  };
  syn({});
  syn(43);
  EXPECT_FALSE(bench.NextFrame(1ms));
  EXPECT_EQ(bench.stack().device_counter(Counter::rx_not_for_us), 2U);
  syn(0x2000 | 42);
  bench.answer_arp = false;
  auto request = bench.NextFrame(1ms);
  ASSERT_TRUE(request);
  auto packet = ParseFrame(std::span(reinterpret_cast<const std::uint8_t*>(request->bytes.data()),
                                     request->bytes.size()));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->eth.vlan_tci, 0x6000 | 42);
}

TEST(Robustness, IgnoresFramesWhileDisabled) {
  Rig rig;
  rig.Open();
  rig.bench.DropStack();  // disables the device
  rig.peer.Send({.seq = 1, .ack = 1, .data = "anyone?"});
  ScriptedPeer{rig.bench, 6000, kPort}.Send({.flags = kSyn});
  EXPECT_FALSE(rig.bench.NextFrame(100ms));
  rig.bench.Attach();
  // Nothing of the old connection is left.
  rig.peer.Send({.seq = 1, .ack = 1, .data = "anyone?"});
  rig.peer.Expect({.flags = kRst, .seq = 1});
}

TEST(Robustness, IsNotAbortedByIcmpErrors) {
  Covers("MUST-55 MUST-56");
  Rig rig;
  rig.Open();
  rig.Write("text");
  const Received sent = rig.peer.Expect({.data = "text"});
  const Frame quoted(40, 0x45);
  struct Message {
    std::uint8_t type, code;
  };
  for (const Message m : {Message{3, 0},
                          {3, 1},
                          {3, 2},
                          {3, 3},
                          {3, 4},
                          {3, 5},
                          {4, 0},
                          {11, 0},
                          {11, 1},
                          {12, 0},
                          {5, 1}}) {
    rig.peer.SendRaw(BuildIcmp({.dst = rig.bench.engine_mac(), .src = kPeerMac},
                               {.src = kPeerIp, .dst = kEngineIp, .protocol = kProtoIcmp},
                               {.type = m.type, .code = m.code, .payload = quoted}));
  }
  rig.bench.Settle();
  EXPECT_EQ(rig.Count(Counter::icmp_dropped), 11U);
  EXPECT_EQ(rig.socket.state(), State::established);
  rig.Give({.seq = 1, .ack = 5});
  EXPECT_EQ(rig.socket.unacknowledged_bytes(), 0U);
}

TEST(Robustness, SurvivesAnyFlippedBitsAnywhere) {
  Rig rig;
  rig.Open();
  std::mt19937_64 random{11};
  for (int i = 0; i < 2000; ++i) {
    Frame frame = rig.peer.Build({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = Pattern(50)});
    frame[12 + random() % (frame.size() - 12)] ^= static_cast<std::uint8_t>(1U << random() % 8);
    rig.peer.SendRaw(frame);
    if (i % 50 == 0) rig.bench.Settle();
  }
  rig.bench.Settle();
  EXPECT_EQ(rig.socket.readable_bytes(), 0U);
  EXPECT_EQ(rig.Count(Counter::rx_tcp_segments), 1U + 1U) << "SYN and ACK of the handshake";
  rig.peer.Take(100ms);
  rig.Give({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "alive"});
  EXPECT_EQ(ReadAll(rig.socket), "alive");
}

TEST(Robustness, SurvivesRandomSegmentsWithGoodChecksums) {
  Rig rig;
  rig.Open();
  std::mt19937_64 random{13};
  for (int i = 0; i < 2000; ++i) {
    Segment s{.flags = static_cast<std::uint8_t>(random() & 0xfb),  // no RST
              .seq = static_cast<std::uint32_t>(random()),
              .ack = static_cast<std::uint32_t>(random()),
              .data = Pattern(random() % 100),
              .window = static_cast<std::uint16_t>(random())};
    if (s.seq - 1 < 70'000) continue;
    rig.peer.Send(s);
    if (i % 50 == 0) rig.bench.Settle();
  }
  rig.bench.Settle();
  rig.peer.Take(100ms);
  EXPECT_EQ(rig.socket.state(), State::established);
  rig.Give({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "alive"});
  EXPECT_EQ(ReadAll(rig.socket), "alive");
}

}  // namespace
}  // namespace tautline::test
