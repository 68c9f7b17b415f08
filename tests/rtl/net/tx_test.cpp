// Transmit: frames byte by byte against frames built in C++, latencies, gaps, fairness, limits.
#include <numeric>

#include "net_bench.hpp"

namespace tautline::test {
namespace {

// The frame that tl_net must send for a request, from the packet builders. Its IP identification is
// free (RFC 6864), so it is taken from the frame that was sent.
Frame Model(const Config& cfg, const TxRequest& t, std::uint16_t ip_id) {
  EthernetHeader eth{t.dst_mac, cfg.mac, std::nullopt, kEtherIpv4};
  if (cfg.vlan_en) eth.vlan_tci = cfg.vlan_tci;
  Ipv4Header ip;
  ip.src = t.key.laddr;
  ip.dst = t.key.raddr;
  ip.ttl = t.ttl;
  ip.tos = static_cast<std::uint8_t>(t.dscp << 2);
  ip.df = cfg.df;
  ip.id = ip_id;
  TcpSegment tcp;
  tcp.src_port = t.key.lport;
  tcp.dst_port = t.key.rport;
  tcp.seq = t.seq;
  tcp.ack = t.ack;
  tcp.flags = t.flags;
  tcp.window = t.wnd;
  if (tcp.Has(TcpFlags::kSyn)) {
    tcp.options = OptionMss(t.mss);
    if (t.ws_ok) tcp.options = Join({tcp.options, OptionNop(), OptionWindowScale(t.ws)});
  }
  for (std::uint32_t i = 0; i < t.len; i++) {
    tcp.payload.push_back(NetBench::StreamByte(t.flow, t.pos + i));
  }
  return BuildTcp(eth, ip, tcp);
}

// Smallest frames that have begun while the wire stalls: the one in the output register, if that
// holds all of it, and the one that is being built.
constexpr std::size_t kInBuilder = kLanes >= kMinFrame ? 2 : 1;

std::uint16_t IpId(const Frame& f) {
  const auto packet = ParseFrame(f);
  return packet && packet->ip ? packet->ip->id : 0;
}

void ExpectFrame(const Config& cfg, const TxRequest& t, const Frame& sent) {
  const Frame model = Model(cfg, t, IpId(sent));
  ASSERT_EQ(sent, model) << Describe(sent) << "\n"
                         << HexDump(sent) << "\nshould be\n"
                         << Describe(model) << "\n"
                         << HexDump(model);
}

TxRequest RandomRequest(Random& r, std::size_t max_len = 1460) {
  TxRequest t;
  t.flow = static_cast<std::uint16_t>(r.below(64));
  t.key = {static_cast<std::uint32_t>(r.bits()), static_cast<std::uint32_t>(r.bits()),
           static_cast<std::uint16_t>(r.bits()), static_cast<std::uint16_t>(r.bits())};
  t.dst_mac = r.bits() >> 16;
  t.seq = static_cast<std::uint32_t>(r.bits());
  t.ack = static_cast<std::uint32_t>(r.bits());
  t.flags = static_cast<std::uint8_t>(r.bits());
  t.wnd = static_cast<std::uint16_t>(r.bits());
  t.pos = static_cast<std::uint32_t>(r.chance(30) ? -r.below(3000) : r.bits());
  t.len = static_cast<std::uint16_t>(r.chance(70) ? r.below(60) : r.below(max_len + 1));
  if (r.chance(20)) t.len = 0;
  t.mss = static_cast<std::uint16_t>(r.bits());
  t.ws_ok = r.chance(50);
  t.ws = static_cast<std::uint8_t>(r.below(15));
  t.ttl = static_cast<std::uint8_t>(r.bits());
  t.dscp = static_cast<std::uint8_t>(r.below(64));
  return t;
}

void SendAndCompare(NetBench& net, const std::vector<TxRequest>& requests) {
  for (const TxRequest& t : requests) net.Send(t);
  net.Drain();
  ASSERT_EQ(net.sent.size(), requests.size());
  std::uint64_t with_payload = 0;
  for (std::size_t i = 0; i < requests.size(); i++) {
    ExpectFrame(net.cfg, requests[i], net.sent[i].bytes);
    if (testing::Test::HasFatalFailure()) return;
    with_payload += requests[i].len != 0;
  }
  EXPECT_EQ(net.tx_done, with_payload);
  EXPECT_EQ(net.tx_taken, requests.size());
  EXPECT_EQ(net.counters[kTxFrames], requests.size());
  EXPECT_EQ(net.counters[kTxTcpSegments], requests.size());
}

TEST(NetTransmit, BuildsEveryLengthFromEveryLane) {
  for (bool vlan : {false, true}) {
    Config cfg;
    cfg.vlan_en = vlan;
    cfg.vlan_tci = 0x6123;
    NetBench net(cfg);
    std::vector<TxRequest> requests;
    for (std::uint32_t lane = 0; lane < kLanes; lane++) {
      for (std::uint16_t len = 0; len <= 4 * kLanes && len < 100; len++) {
        TxRequest t;
        t.pos = 0xfffffff0 + lane;
        t.len = len;
        requests.push_back(t);
      }
    }
    SendAndCompare(net, requests);
  }
}

TEST(NetTransmit, SendsMssAndWindowScaleOnlyWithSyn) {
  NetBench net;
  std::vector<TxRequest> requests;
  for (std::uint8_t flags : {TcpFlags::kSyn, TcpFlags::kAck,
                             static_cast<std::uint8_t>(TcpFlags::kSyn | TcpFlags::kAck)}) {
    for (bool ws_ok : {false, true}) {
      TxRequest t;
      t.flags = flags;
      t.mss = 1460;
      t.ws_ok = ws_ok;
      t.ws = 7;
      requests.push_back(t);
    }
  }
  SendAndCompare(net, requests);
  EXPECT_TRUE(ParseFrame(net.sent[2].bytes)->tcp->options.empty());
  EXPECT_EQ(ParseFrame(net.sent[1].bytes)->tcp->options.size(), 8U);
}

TEST(NetTransmit, PadsShortFramesWithZeros) {
  NetBench net;
  TxRequest t;
  t.len = 1;
  SendAndCompare(net, {t});
  EXPECT_EQ(net.sent[0].bytes.size(), 60U);
  EXPECT_EQ(ParseFrame(net.sent[0].bytes)->padding, Frame(5, 0));
}

TEST(NetTransmit, BuildsRandomFrames) {
  for (bool vlan : {false, true}) {
    Config cfg;
    cfg.vlan_en = vlan;
    cfg.vlan_tci = 0xffff;
    cfg.df = !vlan;
    NetBench net(cfg);
    std::vector<TxRequest> requests(3000);
    for (auto& t : requests) t = RandomRequest(net.random());
    SendAndCompare(net, requests);
  }
}

TEST(NetTransmit, BuildsRandomFramesUnderBackPressure) {
  for (unsigned stall : {20U, 60U}) {
    NetBench net;
    net.wire_stall = stall;
    net.store_stall = stall;
    net.store_delay = 1 + stall / 6;
    std::vector<TxRequest> requests(1000);
    for (auto& t : requests) t = RandomRequest(net.random());
    SendAndCompare(net, requests);
  }
}

TEST(NetTransmit, WaitsForALateStore) {
  for (std::uint64_t delay = 1; delay < 30; delay++) {
    NetBench net;
    net.store_delay = delay;
    std::vector<TxRequest> requests(20);
    for (auto& t : requests) t = RandomRequest(net.random(), 100);
    SendAndCompare(net, requests);
  }
}

TEST(NetTransmit, BuildsJumboFrames) {
  Config cfg;
  cfg.mtu = 9000;
  NetBench net(cfg);
  TxRequest t;
  t.pos = 3;
  t.len = 8960;
  SendAndCompare(net, {t});
}

TEST(NetTransmit, HoldsTheSegmentUntilItsFrameHasLeft) {
  NetBench net;
  TxRequest t;
  t.len = 400;
  net.Send(t);
  while (net.sent.empty() || net.sent[0].last_cycle == 0) {
    EXPECT_LE(net.tx_taken, net.sent.empty() || net.sent[0].bytes.size() + kLanes < 454 ? 0U : 1U);
    net.Tick();
  }
  EXPECT_EQ(net.tx_taken, 1U);
}

// ------------------------------------------------------------------------------------ time
TEST(NetTransmitTiming, PutsTheFirstWordOnTheWireTwoCyclesAfterTheRequest) {
  if (kLanes != 8) GTEST_SKIP() << "stated for 64 bit";
  for (std::uint16_t len : {0, 1, 2, 3, 100, 1460}) {
    for (std::uint32_t pos = 0; pos < 8; pos++) {
      NetBench net;
      net.Tick(5);
      TxRequest t;
      t.pos = pos;
      t.len = len;
      net.Send(t);
      net.Drain();
      ASSERT_EQ(net.sent.size(), 1U);
      EXPECT_EQ(net.sent[0].first_cycle - net.tx_valid_cycle, 2U);
      // And the rest without a hole.
      EXPECT_EQ(net.sent[0].last_cycle - net.sent[0].first_cycle + 1,
                (net.sent[0].bytes.size() + kLanes - 1) / kLanes);
    }
  }
}

TEST(NetTransmitTiming, LeavesAtMostTwoIdleCyclesBetweenFrames) {
  NetBench net;
  constexpr std::uint64_t kIdle = kLanes == 8 ? 1 : 8;
  for (int i = 0; i < 300; i++) net.Send(RandomRequest(net.random()));
  net.Drain();
  for (std::size_t i = 1; i < net.sent.size(); i++) {
    EXPECT_LE(net.sent[i].first_cycle - net.sent[i - 1].last_cycle - 1, kIdle) << i;
    if (kLanes == 8) {
      EXPECT_EQ(net.sent[i].last_cycle - net.sent[i].first_cycle + 1,
                (net.sent[i].bytes.size() + kLanes - 1) / kLanes);
    }
  }
}

// ------------------------------------------------------------------------------------ replies
TEST(NetReply, BuildsASegmentWithoutOptionsOrPayload) {
  for (bool vlan : {false, true}) {
    Config cfg;
    cfg.vlan_en = vlan;
    cfg.vlan_tci = 17;
    cfg.ttl = 33;
    cfg.reply_us = 0;
    NetBench net(cfg);
    std::vector<ReplyRequest> replies;
    for (int i = 0; i < 200; i++) {
      ReplyRequest r;
      r.key.rport = static_cast<std::uint16_t>(net.random().bits());
      r.key.raddr = static_cast<std::uint32_t>(net.random().bits());
      r.dst_mac = net.random().bits() >> 16;
      r.seq = static_cast<std::uint32_t>(net.random().bits());
      r.ack = static_cast<std::uint32_t>(net.random().bits());
      r.flags = static_cast<std::uint8_t>(net.random().bits() & ~TcpFlags::kSyn);
      r.wnd = static_cast<std::uint16_t>(net.random().bits());
      replies.push_back(r);
      net.Reply(r);
      net.Drain();
    }
    ASSERT_EQ(net.sent.size(), replies.size());
    for (std::size_t i = 0; i < replies.size(); i++) {
      TxRequest t;
      t.key = replies[i].key;
      t.dst_mac = replies[i].dst_mac;
      t.seq = replies[i].seq;
      t.ack = replies[i].ack;
      t.flags = replies[i].flags;
      t.wnd = replies[i].wnd;
      t.ttl = cfg.ttl;
      ExpectFrame(cfg, t, net.sent[i].bytes);
    }
    EXPECT_EQ(net.counters[kTxReplies], replies.size());
    EXPECT_EQ(net.counters[kReplyDropped], 0U);
  }
}

TEST(NetReply, DropsWhatFindsTheQueueFull) {
  NetBench net;
  net.wire_stall = 100;
  for (int i = 0; i < 30; i++) net.Reply({});
  net.Tick(40);
  net.wire_stall = 0;
  net.Drain();
  // Sixteen wait behind those that the builder holds.
  EXPECT_EQ(net.sent.size(), 16 + kInBuilder);
  EXPECT_EQ(net.counters[kReplyDropped], 14 - kInBuilder);
}

TEST(NetReply, SendsABurstOfSixtyFourAndThenOneEveryInterval) {
  Config cfg;
  cfg.reply_us = 500;
  NetBench net(cfg);
  for (int i = 0; i < 100; i++) {
    net.Reply({});
    net.Tick(20);
  }
  net.Drain();
  EXPECT_EQ(net.sent.size(), 64U);
  EXPECT_EQ(net.counters[kReplyDropped], 36U);

  net.now_us += 499;
  net.Tick(3);
  net.Reply({});
  net.Drain();
  EXPECT_EQ(net.sent.size(), 64U);
  net.now_us += 1;
  net.Tick(3);
  net.Reply({});
  net.Reply({});
  net.Drain();
  EXPECT_EQ(net.sent.size(), 65U);

  // After any leap of time the burst is 64 again, not more.
  net.now_us += 3'600'000'000;
  net.Tick(100);
  for (int i = 0; i < 100; i++) {
    net.Reply({});
    net.Tick(20);
  }
  net.Drain();
  EXPECT_EQ(net.sent.size(), 65U + 64U);
}

// ------------------------------------------------------------------------------------ fairness
TEST(NetSelect, TakesTurnsBetweenItsSources) {
  Config cfg;
  cfg.reply_us = 0;
  NetBench net(cfg);
  net.wire_stall = 100;
  for (int i = 0; i < 10; i++) net.Send({});
  for (int i = 0; i < 4; i++) net.Reply({});
  for (int i = 0; i < 2; i++) {
    ArpPacket arp;
    arp.sender_mac = kPeerMac;
    arp.sender_ip = kPeerIp;
    arp.target_ip = cfg.ip;
    net.Receive(BuildArp({kBroadcastMac, kPeerMac, std::nullopt, 0}, arp));
    PeerFrame peer;
    net.Receive(BuildIcmp(peer.eth, peer.ip, {}));
  }
  net.Tick(100);
  net.wire_stall = 0;
  net.Drain();
  ASSERT_EQ(net.sent.size(), 18U);
  // While all four wait, any four frames on end are of four kinds.
  std::string kinds;
  for (const SentFrame& f : net.sent) {
    const auto p = ParseFrame(f.bytes);
    ASSERT_TRUE(p);
    kinds += p->arp ? 'A' : p->icmp ? 'I' : p->tcp->Has(TcpFlags::kRst) ? 'R' : 'T';
  }
  EXPECT_EQ(kinds, "TRAITRAITRTRTTTTTT");
}

TEST(NetSelect, ThrowsAwayWhatWaitsWhileNotEnabled) {
  Config cfg;
  NetBench net(cfg);
  net.wire_stall = 100;
  for (int i = 0; i < 5; i++) {
    TxRequest t;
    t.len = static_cast<std::uint16_t>(i);
    net.Send(t);
    net.Reply({});
  }
  PeerFrame peer;
  net.Receive(BuildIcmp(peer.eth, peer.ip, {}));
  net.Tick(50);
  cfg.enable = false;
  net.Apply(cfg);
  net.wire_stall = 0;
  net.Drain();
  EXPECT_EQ(net.sent.size(), kInBuilder) << "what was under way, and no other";
  EXPECT_EQ(net.tx_taken, 5U);
  EXPECT_EQ(net.tx_done, 4U) << "one per range";

  cfg.enable = true;
  net.Apply(cfg);
  TxRequest t;
  t.len = 33;
  net.Send(t);
  net.Drain();
  ASSERT_EQ(net.sent.size(), kInBuilder + 1);
  ExpectFrame(cfg, t, net.sent.back().bytes);
}

}  // namespace
}  // namespace tautline::test
