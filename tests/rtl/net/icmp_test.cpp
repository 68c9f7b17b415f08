// Ping: replies to every size, their checksums, limits.
#include "net_bench.hpp"

namespace tautline::test {
namespace {

IcmpMessage Echo(Random& random, std::size_t n) {
  IcmpMessage icmp;
  icmp.id = static_cast<std::uint16_t>(random.bits());
  icmp.sequence = static_cast<std::uint16_t>(random.bits());
  icmp.payload = RandomBytes(random, n);
  return icmp;
}

void ExpectReply(const Config& cfg, const Frame& request, const Frame& reply) {
  const auto asked = ParseFrame(request);
  const auto packet = ParseFrame(reply);
  ASSERT_TRUE(asked && asked->icmp);
  ASSERT_TRUE(packet && packet->icmp) << Describe(reply);
  EXPECT_TRUE(packet->ip_checksum_ok);
  EXPECT_TRUE(packet->transport_checksum_ok);
  EXPECT_EQ(packet->eth.dst, asked->eth.src);
  EXPECT_EQ(packet->eth.src, cfg.mac);
  EXPECT_EQ(packet->eth.vlan_tci,
            cfg.vlan_en ? std::optional<std::uint16_t>(cfg.vlan_tci) : std::nullopt);
  EXPECT_EQ(packet->ip->src, asked->ip->dst);
  EXPECT_EQ(packet->ip->dst, asked->ip->src);
  EXPECT_EQ(packet->ip->ttl, cfg.ttl);
  EXPECT_EQ(packet->ip->tos, asked->ip->tos);
  EXPECT_EQ(packet->icmp->type, 0);
  EXPECT_EQ(packet->icmp->code, 0);
  EXPECT_EQ(packet->icmp->id, asked->icmp->id);
  EXPECT_EQ(packet->icmp->sequence, asked->icmp->sequence);
  EXPECT_EQ(packet->icmp->payload, asked->icmp->payload);
  EXPECT_EQ(packet->padding, Frame(packet->padding.size(), 0));
  EXPECT_GE(reply.size(), kMinFrame);
}

void Ping(const Config& cfg, std::size_t from, std::size_t to, std::size_t step,
          const std::function<void(PeerFrame&)>& change) {
  NetBench net(cfg);
  net.wire_stall = 20;
  for (std::size_t n = from; n <= to; n += step) {
    PeerFrame peer(cfg);
    peer.ip.tos = static_cast<std::uint8_t>(net.random().bits());
    change(peer);
    const Frame request =
        BuildIcmp(peer.eth, peer.ip, Echo(net.random(), n), n % 2 ? 0 : kMinFrame);
    net.Receive(request);
    net.Drain();
    ASSERT_FALSE(net.sent.empty());
    ExpectReply(cfg, request, net.sent.back().bytes);
    if (testing::Test::HasFailure()) FAIL() << "size " << n;
  }
  EXPECT_EQ(net.counters[kIcmpEcho], net.sent.size());
  EXPECT_EQ(net.sent.size(), (to - from) / step + 1);
}

TEST(NetPing, AnswersEverySizeUpToTheFullMtu) {
  Ping({}, 0, 1472, 1, [](PeerFrame&) {});
}

TEST(NetPing, AnswersOnAVlan) {
  Config cfg;
  cfg.vlan_en = true;
  cfg.vlan_tci = 99;
  Ping(cfg, 0, 1472, 23, [](PeerFrame& p) { p.eth.vlan_tci = 99; });
}

TEST(NetPing, AnswersATaggedRequestUntaggedWhenNoVlanIsSet) {
  Ping({}, 0, 1472, 29, [](PeerFrame& p) { p.eth.vlan_tci = 7; });
}

TEST(NetPing, AnswersRequestsWithIpOptionsWithoutThem) {
  for (std::size_t options = 4; options <= 40; options += 12) {
    Ping({}, 0, 100, 7, [&](PeerFrame& p) { p.ip.options = OptionNop(options); });
  }
}

TEST(NetPing, MakesARightChecksumOfEveryRequestsChecksum) {
  NetBench net;
  for (std::uint32_t value = 0; value <= 0xffff; value += net.random().below(64) + 1) {
    IcmpMessage icmp;
    icmp.id = static_cast<std::uint16_t>(value);
    if (value + 64 > 0xffff) value = 0xffff;
    PeerFrame peer;
    const Frame request = BuildIcmp(peer.eth, peer.ip, icmp);
    net.Receive(request);
    net.Drain();
    ExpectReply(net.cfg, request, net.sent.back().bytes);
    ASSERT_FALSE(testing::Test::HasFailure()) << "id " << icmp.id;
  }
}

TEST(NetPing, HoldsTwoRequestsAndCountsTheRest) {
  NetBench net;
  net.wire_stall = 100;
  std::vector<Frame> requests;
  for (int i = 0; i < 6; i++) {
    PeerFrame peer;
    requests.push_back(BuildIcmp(peer.eth, peer.ip, Echo(net.random(), 1472)));
    net.Receive(requests.back());
  }
  net.Tick(2000);
  EXPECT_EQ(net.counters[kIcmpDropped], 4U);
  net.wire_stall = 0;
  net.Drain();
  ASSERT_EQ(net.sent.size(), 2U);
  ExpectReply(net.cfg, requests[0], net.sent[0].bytes);
  ExpectReply(net.cfg, requests[1], net.sent[1].bytes);
}

TEST(NetPing, AnswersAFloodAtLineRate) {
  if (kLanes != 8) GTEST_SKIP() << "stated for 64 bit";
  NetBench net;
  std::vector<Frame> requests;
  for (int i = 0; i < 100; i++) {
    PeerFrame peer;
    requests.push_back(BuildIcmp(peer.eth, peer.ip, Echo(net.random(), 1000)));
    net.Receive(requests.back());
    // The wire's own gap: preamble, FCS and inter-frame gap are 24 bytes.
    net.Tick(static_cast<int>((requests.back().size() + 24 + kLanes - 1) / kLanes));
  }
  net.Drain();
  ASSERT_EQ(net.sent.size(), requests.size());
  for (std::size_t i = 0; i < requests.size(); i++)
    ExpectReply(net.cfg, requests[i], net.sent[i].bytes);
}

TEST(NetPing, DropsARequestLongerThanASlot) {
  Config cfg;
  cfg.mtu = 9000;
  NetBench net(cfg);
  PeerFrame peer;
  net.Receive(BuildIcmp(peer.eth, peer.ip, Echo(net.random(), 3000)));
  const Frame small = BuildIcmp(peer.eth, peer.ip, Echo(net.random(), 1900));
  net.Receive(small);
  net.Drain();
  EXPECT_EQ(net.counters[kIcmpDropped], 1U);
  ASSERT_EQ(net.sent.size(), 1U);
  ExpectReply(cfg, small, net.sent[0].bytes);
}

TEST(NetPing, DropsWhatIsNoGoodEchoRequest) {
  NetBench net;
  PeerFrame peer;
  const auto drop = [&](const IcmpMessage& icmp) {
    net.Receive(BuildIcmp(peer.eth, peer.ip, icmp));
    net.Drain();
  };
  IcmpMessage icmp;
  icmp.payload = Frame(20, 1);
  icmp.type = 0;
  drop(icmp);
  icmp.type = 3;
  drop(icmp);
  icmp.type = 8;
  icmp.code = 1;
  drop(icmp);
  icmp.code = 0;
  icmp.checksum = 0xbad;
  drop(icmp);
  peer.ip.total_length = 27;  // seven bytes of ICMP
  icmp.checksum.reset();
  drop(icmp);
  EXPECT_EQ(net.counters[kIcmpDropped], 5U);
  EXPECT_TRUE(net.sent.empty());
}

}  // namespace
}  // namespace tautline::test
