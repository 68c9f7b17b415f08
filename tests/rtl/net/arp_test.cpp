// Neighbours in simulated time: answering, resolving, ageing, failing, routes.
#include <algorithm>

#include "net_bench.hpp"

namespace tautline::test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;

struct Seen {
  std::uint64_t at_us;
  EthernetHeader eth;
  ArpPacket arp;
};

class NetArp : public testing::Test {
 protected:
  explicit NetArp(const Config& config = {}) : net(config) {}

  // ARP packets sent since the last call, with the time at which they were.
  std::vector<Seen> TakeSent() {
    std::vector<Seen> out;
    for (const SentFrame& f : net.sent) {
      const auto p = ParseFrame(f.bytes);
      EXPECT_TRUE(p && p->arp) << Describe(f.bytes);
      if (!p || !p->arp) continue;
      EXPECT_EQ(f.bytes.size(), kMinFrame);
      EXPECT_EQ(p->padding, Frame(p->padding.size(), 0));
      EXPECT_EQ(p->eth.src, net.cfg.mac);
      EXPECT_EQ(p->arp->sender_mac, net.cfg.mac);
      EXPECT_EQ(p->arp->sender_ip, net.cfg.ip);
      out.push_back({net.now_us, p->eth, *p->arp});
    }
    net.sent.clear();
    return out;
  }

  // Goes to a time deadline by deadline and notes what is sent at each.
  std::vector<Seen> RunTo(std::uint64_t until_us) {
    net.Drain();
    std::vector<Seen> out = TakeSent();
    while (net.now_us < until_us) {
      const auto deadline = net.NextDeadline();
      net.now_us = deadline && *deadline < until_us ? std::max(*deadline, net.now_us) : until_us;
      net.Drain();
      for (const Seen& s : TakeSent()) out.push_back(s);
    }
    return out;
  }

  void Hear(std::uint16_t operation, std::uint32_t sender_ip, std::uint64_t sender_mac,
            std::uint32_t target_ip, std::uint64_t eth_dst = kBroadcastMac) {
    ArpPacket arp;
    arp.operation = operation;
    arp.sender_ip = sender_ip;
    arp.sender_mac = sender_mac;
    arp.target_ip = target_ip;
    net.Receive(BuildArp(
        {eth_dst, sender_mac, net.cfg.vlan_en ? std::optional(net.cfg.vlan_tci) : std::nullopt, 0},
        arp));
    net.Drain();
  }
  void Answer(std::uint32_t ip, std::uint64_t mac) { Hear(2, ip, mac, net.cfg.ip, net.cfg.mac); }
  void Resolve(std::uint32_t ip, std::uint64_t mac) {
    net.Query(ip);
    RunTo(net.now_us);
    Answer(ip, mac);
    EXPECT_EQ(net.Query(ip), kResolved);
    EXPECT_EQ(net.query_mac, mac);
    TakeSent();
  }

  NetBench net;
};

void ExpectRequest(const Seen& s, std::uint64_t eth_dst, std::uint32_t target) {
  EXPECT_EQ(s.arp.operation, 1);
  EXPECT_EQ(s.eth.dst, eth_dst);
  EXPECT_EQ(s.arp.target_ip, target);
}

TEST_F(NetArp, AnswersRequestsForItsAddress) {
  Hear(1, kPeerIp, kPeerMac, net.cfg.ip);
  const auto sent = TakeSent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].arp.operation, 2);
  EXPECT_EQ(sent[0].eth.dst, kPeerMac);
  EXPECT_EQ(sent[0].arp.target_mac, kPeerMac);
  EXPECT_EQ(sent[0].arp.target_ip, kPeerIp);
  EXPECT_EQ(net.counters[kArpRequestsIn], 1U);
  // RFC 826: who asks for us is known from then on.
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
  EXPECT_EQ(net.query_mac, kPeerMac);
  EXPECT_TRUE(RunTo(net.now_us).empty());
}

TEST_F(NetArp, LeavesRequestsForOthersAlone) {
  Hear(1, kPeerIp, kPeerMac, Ipv4Address(10, 0, 0, 77));
  EXPECT_TRUE(TakeSent().empty());
  EXPECT_EQ(net.counters[kRxNotForUs], 1U);
  EXPECT_EQ(net.Query(kPeerIp), kPending) << "nothing is learnt from them";
}

TEST_F(NetArp, AnswersAProbeButDoesNotLearnFromIt) {
  Hear(1, 0, kPeerMac, net.cfg.ip);
  ASSERT_EQ(TakeSent().size(), 1U);
}

TEST_F(NetArp, DoesNotAnswerOneWhoClaimsItsAddress) {
  Hear(1, net.cfg.ip, kPeerMac, net.cfg.ip);
  EXPECT_TRUE(TakeSent().empty());
}

TEST_F(NetArp, ResolvesANextHop) {
  EXPECT_EQ(net.Query(kPeerIp), kPending);
  const auto sent = RunTo(net.now_us);
  ASSERT_EQ(sent.size(), 1U);
  ExpectRequest(sent[0], kBroadcastMac, kPeerIp);
  EXPECT_EQ(sent[0].arp.target_mac, 0U);
  EXPECT_EQ(net.changed, 0U);
  Answer(kPeerIp, kPeerMac);
  EXPECT_EQ(net.changed, 1U) << "those who wait are woken";
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
  EXPECT_EQ(net.query_mac, kPeerMac);
  EXPECT_EQ(net.counters[kArpRequestsOut], 1U);
  EXPECT_EQ(net.counters[kArpRepliesIn], 1U);
}

TEST_F(NetArp, AsksOnceHoweverManyWait) {
  for (int i = 0; i < 20; i++) EXPECT_EQ(net.Query(kPeerIp), kPending);
  EXPECT_EQ(RunTo(net.now_us + kSecond / 2).size(), 1U);
}

TEST_F(NetArp, TakesQueriesInEveryCycle) {
  net.top().nbr_valid = 1;
  for (int i = 0; i < 40; i++) {
    net.top().nbr_addr = Ipv4Address(10, 0, 0, 10 + i % 3);
    net.Tick();
    EXPECT_EQ(net.top().nbr, kPending);
  }
  net.top().nbr_valid = 0;
  EXPECT_EQ(RunTo(net.now_us).size(), 3U);
}

TEST_F(NetArp, GivesUpAfterThreeRequestsASecondApart) {
  const std::uint64_t start = net.now_us;
  EXPECT_EQ(net.Query(kPeerIp), kPending);
  const auto sent = RunTo(start + 3 * kSecond - 1);
  ASSERT_EQ(sent.size(), 3U);
  for (std::size_t i = 0; i < 3; i++) {
    EXPECT_EQ(sent[i].at_us, start + i * kSecond);
    ExpectRequest(sent[i], kBroadcastMac, kPeerIp);
  }
  EXPECT_EQ(net.Query(kPeerIp), kPending);
  EXPECT_EQ(net.changed, 0U);
  EXPECT_TRUE(RunTo(start + 3 * kSecond).empty());
  EXPECT_EQ(net.changed, 1U);
  EXPECT_EQ(net.counters[kArpFailed], 1U);
  // For a second the answer is known.
  EXPECT_EQ(net.Query(kPeerIp), kFailed);
  EXPECT_TRUE(RunTo(start + 4 * kSecond - 1).empty());
  EXPECT_EQ(net.Query(kPeerIp), kFailed);
  // Then the next asker starts anew.
  EXPECT_TRUE(RunTo(start + 4 * kSecond).empty());
  EXPECT_FALSE(net.NextDeadline());
  EXPECT_EQ(net.Query(kPeerIp), kPending);
  EXPECT_EQ(RunTo(net.now_us).size(), 1U);
}

TEST_F(NetArp, BelievesALateAnswer) {
  net.Query(kPeerIp);
  RunTo(net.now_us + 3 * kSecond + 1);
  EXPECT_EQ(net.Query(kPeerIp), kFailed);
  Answer(kPeerIp, kPeerMac);
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
}

TEST_F(NetArp, IgnoresAnAnswerNobodyAskedFor) {
  Answer(kPeerIp, kPeerMac);
  EXPECT_EQ(net.Query(kPeerIp), kPending);
}

TEST_F(NetArp, RefreshesAUsedEntryByUnicastAndAnswersMeanwhile) {
  Resolve(kPeerIp, kPeerMac);
  const std::uint64_t start = net.now_us;
  const auto sent = RunTo(start + net.cfg.arp_timeout_us);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].at_us, start + net.cfg.arp_timeout_us);
  ExpectRequest(sent[0], kPeerMac, kPeerIp);
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
  Answer(kPeerIp, kPeerMac);
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
  EXPECT_EQ(RunTo(net.now_us + net.cfg.arp_timeout_us - 1).size(), 0U);
}

TEST_F(NetArp, ForgetsAnEntryThatDoesNotAnswerThreeUnicastRequests) {
  Resolve(kPeerIp, kPeerMac);
  const std::uint64_t aged = net.now_us + net.cfg.arp_timeout_us;
  const auto sent = RunTo(aged + 3 * kSecond);
  ASSERT_EQ(sent.size(), 3U);
  for (std::size_t i = 0; i < 3; i++) {
    EXPECT_EQ(sent[i].at_us, aged + i * kSecond);
    ExpectRequest(sent[i], kPeerMac, kPeerIp);
  }
  EXPECT_EQ(net.Query(kPeerIp), kPending);
  const auto again = RunTo(net.now_us);
  ASSERT_EQ(again.size(), 1U);
  ExpectRequest(again[0], kBroadcastMac, kPeerIp);
}

TEST_F(NetArp, ForgetsAnUnusedEntryWithoutAsking) {
  Hear(1, kPeerIp, kPeerMac, net.cfg.ip);
  TakeSent();
  EXPECT_TRUE(RunTo(net.now_us + net.cfg.arp_timeout_us).empty());
  EXPECT_FALSE(net.NextDeadline());
  EXPECT_EQ(net.Query(kPeerIp), kPending);
}

TEST_F(NetArp, FollowsAHostThatMoves) {
  Resolve(kPeerIp, kPeerMac);
  Hear(1, kPeerIp, kPeerMac + 1, kPeerIp);  // gratuitous
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
  EXPECT_EQ(net.query_mac, kPeerMac + 1);
}

TEST_F(NetArp, DoesNotBelieveMulticastHardwareAddresses) {
  net.Query(kPeerIp);
  RunTo(net.now_us);
  Answer(kPeerIp, 0x01005e000001);
  EXPECT_EQ(net.Query(kPeerIp), kPending);
  Answer(kPeerIp, kBroadcastMac);
  EXPECT_EQ(net.Query(kPeerIp), kPending);
}

TEST_F(NetArp, ReachesOtherNetworksOnlyThroughAGateway) {
  const std::uint32_t far = Ipv4Address(192, 0, 2, 9);
  EXPECT_EQ(net.Query(far), kFailed) << "no gateway";
  EXPECT_TRUE(RunTo(net.now_us).empty());

  Config cfg = net.cfg;
  cfg.gateway = Ipv4Address(10, 0, 0, 254);
  net.Apply(cfg);
  EXPECT_EQ(net.Query(far), kPending);
  EXPECT_EQ(net.Query(far + 1), kPending);
  const auto sent = RunTo(net.now_us);
  ASSERT_EQ(sent.size(), 1U);
  ExpectRequest(sent[0], kBroadcastMac, cfg.gateway);
  Answer(cfg.gateway, 0x02000000fe);
  EXPECT_EQ(net.Query(far), kResolved);
  EXPECT_EQ(net.query_mac, 0x02000000feU);
  EXPECT_EQ(net.Query(Ipv4Address(10, 0, 0, 3)), kPending) << "on link, not through the gateway";
}

TEST_F(NetArp, ChoosesTheRouteByTheNetmask) {
  Config cfg;
  cfg.netmask = 0xfffffe00;
  cfg.gateway = Ipv4Address(10, 0, 0, 254);
  net.Apply(cfg);
  net.Query(Ipv4Address(10, 0, 1, 5));
  net.Query(Ipv4Address(10, 0, 2, 5));
  const auto sent = RunTo(net.now_us);
  ASSERT_EQ(sent.size(), 2U);
  std::vector<std::uint32_t> targets = {sent[0].arp.target_ip, sent[1].arp.target_ip};
  std::sort(targets.begin(), targets.end());
  EXPECT_EQ(targets, (std::vector<std::uint32_t>{cfg.gateway, Ipv4Address(10, 0, 1, 5)}));
}

TEST_F(NetArp, FailsWhatCanBeNoHost) {
  for (std::uint32_t ip : {0U, 0xffffffffU, Ipv4Address(224, 0, 0, 5), Ipv4Address(10, 0, 0, 255),
                           Ipv4Address(127, 0, 0, 1), net.cfg.ip}) {
    EXPECT_EQ(net.Query(ip), kFailed) << std::hex << ip;
  }
  EXPECT_TRUE(RunTo(net.now_us).empty());
}

TEST_F(NetArp, ReplacesAnEntryThatIsNotInUse) {
  for (int i = 0; i < 16; i++) Resolve(Ipv4Address(10, 0, 0, 10 + i), kPeerMac + i);
  for (int i = 0; i < 16; i++) EXPECT_EQ(net.Query(Ipv4Address(10, 0, 0, 10 + i)), kResolved) << i;
  // All are in use: a stranger who asks for us gets an answer, but no place.
  Hear(1, Ipv4Address(10, 0, 0, 200), kPeerMac, net.cfg.ip);
  EXPECT_EQ(TakeSent().size(), 1U);
  for (int i = 0; i < 16; i++) EXPECT_EQ(net.Query(Ipv4Address(10, 0, 0, 10 + i)), kResolved) << i;
  // A next hop of ours does get one.
  Resolve(Ipv4Address(10, 0, 0, 100), kPeerMac);
  int known = 0;
  for (int i = 0; i < 16; i++) {
    Config off = net.cfg;
    off.enable = false;  // a query then changes nothing
    net.Apply(off);
    known += net.Query(Ipv4Address(10, 0, 0, 10 + i)) == kResolved;
    off.enable = true;
    net.Apply(off);
  }
  EXPECT_EQ(known, 15);
}

TEST_F(NetArp, LetsAskersWaitForAPlaceAndWakesThem) {
  const std::uint64_t start = net.now_us;
  for (int i = 0; i < 20; i++) EXPECT_EQ(net.Query(Ipv4Address(10, 0, 0, 10 + i)), kPending);
  EXPECT_EQ(RunTo(start).size(), 16U);
  RunTo(start + 3 * kSecond);
  EXPECT_EQ(net.counters[kArpFailed], 16U);
  // The failures are remembered, so whoever waited for them learns of it; the others go on waiting.
  for (int i = 0; i < 16; i++) EXPECT_EQ(net.Query(Ipv4Address(10, 0, 0, 10 + i)), kFailed) << i;
  EXPECT_EQ(net.Query(Ipv4Address(10, 0, 0, 28)), kPending);
  const std::uint64_t changed = net.changed;
  RunTo(start + 4 * kSecond);
  EXPECT_GT(net.changed, changed);
  EXPECT_EQ(net.Query(Ipv4Address(10, 0, 0, 28)), kPending);
  EXPECT_EQ(RunTo(net.now_us).size(), 1U);
}

TEST_F(NetArp, AnswersAFloodOfRequestsWithoutLosingItsEntries) {
  Resolve(kPeerIp, kPeerMac);
  for (int i = 0; i < 300; i++) {
    ArpPacket arp;
    arp.sender_ip = Ipv4Address(10, 0, 0, 3 + i % 200);
    arp.sender_mac = kPeerMac + 1 + i;
    arp.target_ip = net.cfg.ip;
    net.Receive(BuildArp({kBroadcastMac, arp.sender_mac, std::nullopt, 0}, arp));
  }
  net.Drain();
  EXPECT_EQ(net.counters[kArpRequestsIn], 300U);
  EXPECT_GT(net.sent.size(), kLanes == 8 ? 200U : 100U);
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
  EXPECT_EQ(net.query_mac, kPeerMac);
}

TEST_F(NetArp, WorksOnAVlan) {
  Config cfg;
  cfg.vlan_en = true;
  cfg.vlan_tci = 0x0042;
  net.Apply(cfg);
  net.Query(kPeerIp);
  net.Drain();
  ASSERT_EQ(net.sent.size(), 1U);
  EXPECT_EQ(ParseFrame(net.sent[0].bytes)->eth.vlan_tci, 0x0042);
  Answer(kPeerIp, kPeerMac);
  EXPECT_EQ(net.Query(kPeerIp), kResolved);
}

TEST_F(NetArp, SendsNothingWhileNotEnabled) {
  Config off = net.cfg;
  off.enable = false;
  net.Apply(off);
  EXPECT_EQ(net.Query(kPeerIp), kPending);
  EXPECT_TRUE(RunTo(net.now_us + 10 * kSecond).empty());
  EXPECT_FALSE(net.NextDeadline());
}

TEST_F(NetArp, KeepsTimeWhenTheClockWrapsItsThirtySixBits) {
  net.now_us = (1ULL << 36) - kSecond - 1;
  net.Query(kPeerIp);
  const std::uint64_t start = net.now_us;
  const auto sent = RunTo(start + 2 * kSecond);
  ASSERT_EQ(sent.size(), 3U);
  for (std::size_t i = 0; i < 3; i++) EXPECT_EQ(sent[i].at_us, start + i * kSecond);
}

TEST_F(NetArp, RestsBetweenDeadlines) {
  Resolve(kPeerIp, kPeerMac);
  net.Tick(100);
  EXPECT_FALSE(net.Busy());
  ASSERT_TRUE(net.NextDeadline());
  EXPECT_EQ(*net.NextDeadline(), net.now_us + net.cfg.arp_timeout_us);
  net.now_us = *net.NextDeadline();
  net.Tick();
  EXPECT_TRUE(net.Busy()) << "until the deadline has been dealt with";
}

}  // namespace
}  // namespace tautline::test
