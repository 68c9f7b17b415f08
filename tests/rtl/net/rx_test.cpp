// Receive: every cause of a drop, every layout of options, latencies, and random frames against a
// model.
#include <functional>
#include <string>

#include "net_bench.hpp"

namespace tautline::test {
namespace {

// ------------------------------------------------------------------------------------ the model
struct Expected {
  std::optional<Counter> counter;  // apart from kRxFrames
  bool key = false;
  bool good = false;
  bool echo = false;  // an echo request that must be answered
};

std::uint16_t Get16(const Frame& f, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < f.size() ? f[i] : 0U; };
  return static_cast<std::uint16_t>(byte(at) << 8 | byte(at + 1));
}

std::uint32_t Get32(const Frame& f, std::size_t at) {
  return static_cast<std::uint32_t>(Get16(f, at)) << 16 | Get16(f, at + 2);
}

std::uint64_t Get48(const Frame& f, std::size_t at) {
  return static_cast<std::uint64_t>(Get16(f, at)) << 32 | Get32(f, at + 2);
}

// What tl_net must make of a frame, read off its bytes in the order of the layers.
Expected Judge(const Config& cfg, const Frame& f, bool bad_fcs, bool room) {
  Expected e;
  const bool tagged = f.size() >= 14 && Get16(f, 12) == kEtherVlan;
  const std::size_t l3 = tagged ? 18 : 14;
  const bool to_us = f.size() >= 6 && Get48(f, 0) == cfg.mac;
  const bool to_all = f.size() >= 6 && Get48(f, 0) == kBroadcastMac;
  const unsigned vid = Get16(f, 14) & 0xfff;
  const bool vlan_ok = !cfg.vlan_en || (tagged && (vid == 0 || vid == (cfg.vlan_tci & 0xfffu)));
  const std::uint16_t type = Get16(f, l3 - 2);

  // Layers from the inside out, so that the outermost cause is assigned last.
  const std::size_t ihl = (Get16(f, l3) >> 8 & 0xf) * 4u;
  const std::size_t total = Get16(f, l3 + 2);
  const bool header_ok = Get16(f, l3) >> 12 == 4 && ihl >= 20 && total >= ihl &&
                         total <= std::max<std::size_t>(cfg.mtu, 1500);
  const std::uint32_t src = Get32(f, l3 + 12);
  const std::uint32_t dst = Get32(f, l3 + 16);
  const bool broadcast = (src | cfg.netmask) == 0xffffffff && (cfg.netmask & 3) == 0 &&
                         ((src ^ cfg.ip) & cfg.netmask) == 0;
  const bool for_us = to_us && vlan_ok && dst == cfg.ip && src >> 24 != 0 && src >> 24 != 127 &&
                      src < 0xe0000000 && src != cfg.ip && !broadcast;
  const bool whole = (Get16(f, l3 + 6) & 0x3fff) == 0;
  const unsigned proto = Get16(f, l3 + 8) & 0xff;
  const std::size_t l4 = l3 + ihl;
  const std::size_t l4_len = total - ihl;
  const bool complete = header_ok && f.size() >= l3 + total;

  if (type == kEtherIpv4 && header_ok && for_us && whole && proto == kProtoTcp && l4_len >= 20 &&
      f.size() >= l4 + 4) {
    e.key = room;
  }
  if (bad_fcs) {
    e.counter = kRxBadFcs;
  } else if (f.size() < l3) {
    e.counter = kRxNotIp;
  } else if (!(to_us || to_all) || !vlan_ok) {
    e.counter = kRxNotForUs;
  } else if (type == kEtherArp && f.size() >= l3 + 28 && Get16(f, l3) == 1 &&
             Get16(f, l3 + 2) == kEtherIpv4 && Get16(f, l3 + 4) == 0x0604 &&
             (Get16(f, l3 + 6) == 1 || Get16(f, l3 + 6) == 2)) {
    e.counter = Get32(f, l3 + 24) != cfg.ip ? kRxNotForUs
                : Get16(f, l3 + 6) == 1     ? kArpRequestsIn
                                            : kArpRepliesIn;
  } else if (type != kEtherIpv4) {
    e.counter = kRxNotIp;
  } else if (!complete || OnesComplementSum(ByteView(f).subspan(l3, ihl)) != 0xffff) {
    e.counter = kRxIpError;
  } else if (!for_us) {
    e.counter = kRxNotForUs;
  } else if (!whole) {
    e.counter = kRxFragment;
  } else if (proto == kProtoIcmp) {
    e.echo = l4_len >= 8 && Get16(f, l4) == 0x0800 &&
             OnesComplementSum(ByteView(f).subspan(l4, l4_len)) == 0xffff;
    e.counter = e.echo ? kIcmpEcho : kIcmpDropped;
  } else if (proto != kProtoTcp) {
    e.counter = kRxNotTcp;
  } else {
    const std::size_t tcp_header = (f.size() > l4 + 12 ? f[l4 + 12] >> 4 : 0) * 4u;
    const std::uint32_t pseudo = (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + 6 +
                                 static_cast<std::uint32_t>(l4_len);
    if (l4_len < 20 || tcp_header < 20 || tcp_header > l4_len) {
      e.counter = kRxTcpError;
    } else if (!room) {
      e.counter = kRxNoRoom;
    } else if (OnesComplementSum(ByteView(f).subspan(l4, l4_len), pseudo) != 0xffff) {
      e.counter = kRxTcpChecksum;
    } else if (!WalkTcpOptions(ByteView(f).subspan(l4 + 20, tcp_header - 20))) {
      e.counter = kRxTcpOption;
    } else {
      e.counter = kRxTcpSegments;
      e.good = true;
    }
  }
  return e;
}

// The verdict's fields against the frame's bytes.
void ExpectSegment(const Verdict& v, const Frame& f) {
  const auto packet = ParseFrame(f);
  ASSERT_TRUE(packet) << packet.error();
  ASSERT_TRUE(packet->tcp);
  const TcpSegment& tcp = *packet->tcp;
  EXPECT_EQ(v.key, (Key{packet->ip->src, packet->ip->dst, tcp.src_port, tcp.dst_port}));
  EXPECT_EQ(v.src_mac, packet->eth.src);
  EXPECT_EQ(v.seq, tcp.seq);
  EXPECT_EQ(v.ack, tcp.ack);
  EXPECT_EQ(v.flags, tcp.flags);
  EXPECT_EQ(v.wnd, tcp.window);
  EXPECT_EQ(v.len, tcp.payload.size());
  const auto options = WalkTcpOptions(tcp.options);
  ASSERT_TRUE(options);
  EXPECT_EQ(v.mss, options->mss);
  EXPECT_EQ(v.ws.has_value(), options->window_scale.has_value());
  if (v.ws && options->window_scale) {
    EXPECT_EQ(*v.ws, std::min<unsigned>(*options->window_scale, 14));
  }
  EXPECT_EQ(v.sack_ok, options->sack_permitted);
  EXPECT_EQ(v.ts, options->timestamps);
  EXPECT_EQ(v.Payload(), tcp.payload) << HexDump(f);
  // No word more than the payload needs.
  EXPECT_EQ(v.words.size(),
            tcp.payload.empty() ? 0 : (v.lane + tcp.payload.size() + kLanes - 1) / kLanes * kLanes);
}

// One frame into a fresh engine, held against the model.
void Check(const Frame& f, const Config& cfg = {}, bool bad_fcs = false, bool room = true,
           std::optional<Counter> cause = std::nullopt) {
  NetBench net(cfg);
  net.room = room;
  net.Receive(f, bad_fcs);
  net.Drain();
  const Expected e = Judge(cfg, f, bad_fcs, room);
  if (cause) {
    EXPECT_EQ(e.counter, cause);
  }
  EXPECT_EQ(net.counters[kRxFrames], 1U);
  for (std::size_t c = kRxBadFcs; c <= kIcmpDropped; c++) {
    if (c == kArpRequestsOut) continue;
    EXPECT_EQ(net.counters[c], e.counter == c ? 1U : 0U) << "counter " << c << " " << Describe(f);
  }
  EXPECT_EQ(net.keys.size(), e.key ? 1U : 0U);
  ASSERT_EQ(net.verdicts.size(), net.keys.size());
  if (e.key) {
    EXPECT_EQ(net.verdicts[0].good, e.good);
    EXPECT_EQ(net.verdicts[0].cycle, net.received[0].second + 2);
    EXPECT_GE(net.verdicts[0].cycle, net.keys[0].cycle);
    if (e.good) {
      EXPECT_EQ(net.keys[0].key, net.verdicts[0].key);
      ExpectSegment(net.verdicts[0], f);
    }
  } else {
    EXPECT_FALSE(e.good);
  }
}

Frame Segment(const std::function<void(PeerFrame&, TcpSegment&)>& change, const Config& cfg = {},
              std::size_t min_size = kMinFrame) {
  PeerFrame peer(cfg);
  TcpSegment tcp = PeerSegment();
  change(peer, tcp);
  return BuildTcp(peer.eth, peer.ip, tcp, min_size);
}

// ------------------------------------------------------------------------------------ accepted
TEST(NetReceive, PassesPayloadOfEveryLengthWithItsLane) {
  NetBench net;
  std::vector<Frame> frames;
  for (std::size_t n = 0; n <= 200; n++) {
    frames.push_back(Segment(
        [&](PeerFrame&, TcpSegment& tcp) {
          tcp.payload = RandomBytes(net.random(), n);
          tcp.options = OptionNop(n % 11 * 4 > 40 ? 40 : n % 11 * 4);
        },
        {}, n % 2 ? 0 : kMinFrame));
  }
  frames.push_back(
      Segment([&](PeerFrame&, TcpSegment& tcp) { tcp.payload = RandomBytes(net.random(), 1460); }));
  for (const Frame& f : frames) net.Receive(f);
  net.Drain();
  ASSERT_EQ(net.verdicts.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); i++) {
    ASSERT_TRUE(net.verdicts[i].good) << i;
    ExpectSegment(net.verdicts[i], frames[i]);
  }
  EXPECT_EQ(net.counters[kRxTcpSegments], frames.size());
}

TEST(NetReceive, SkipsIpOptionsOfEveryLength) {
  for (std::size_t n = 0; n <= 40; n += 4) {
    Check(Segment([&](PeerFrame& peer, TcpSegment& tcp) {
            peer.ip.options = OptionNop(n);
            tcp.options = Join({OptionMss(1000), OptionNop(2), OptionSackPermitted()});
            tcp.payload = {1, 2, 3, 4, 5, 6, 7};
          }),
          {}, false, true, kRxTcpSegments);
  }
}

TEST(NetReceive, TrimsPaddingByTheIpLength) {
  for (std::size_t size : {54U, 60U, 61U, 100U, 1514U}) {
    Check(Segment([](PeerFrame&, TcpSegment&) {}, {}, size), {}, false, true, kRxTcpSegments);
  }
}

TEST(NetReceive, ReadsAnyFlagsAndSums) {
  for (unsigned flags = 0; flags < 256; flags += 5) {
    Check(Segment(
        [&](PeerFrame&, TcpSegment& tcp) { tcp.flags = static_cast<std::uint8_t>(flags); }));
  }
}

// ------------------------------------------------------------------------------------ VLAN
TEST(NetReceive, AcceptsAnyTagUnlessAVlanIsSet) {
  for (std::uint16_t tci : {0x0000, 0xe000, 0x0005, 0x3fff}) {
    Check(Segment([&](PeerFrame& peer, TcpSegment& tcp) {
            peer.eth.vlan_tci = tci;
            tcp.options = OptionTimestamps(1, 2);
            tcp.payload = {9, 8, 7};
          }),
          {}, false, true, kRxTcpSegments);
  }
}

TEST(NetReceive, AcceptsOnlyItsVlanAndPriorityTagsWhenAVlanIsSet) {
  Config cfg;
  cfg.vlan_en = true;
  cfg.vlan_tci = 0x2005;
  const auto tagged = [&](std::optional<std::uint16_t> tci) {
    return Segment(
        [&](PeerFrame& peer, TcpSegment& tcp) {
          peer.eth.vlan_tci = tci;
          tcp.payload = {1};
        },
        cfg);
  };
  Check(tagged(0x0005), cfg, false, true, kRxTcpSegments);
  Check(tagged(0xe005), cfg, false, true, kRxTcpSegments);
  Check(tagged(0x6000), cfg, false, true, kRxTcpSegments);
  Check(tagged(0x0006), cfg, false, true, kRxNotForUs);
  Check(tagged(std::nullopt), cfg, false, true, kRxNotForUs);
}

// ------------------------------------------------------------------------------------ causes
TEST(NetReceive, CountsABadFrameWhateverItHolds) {
  Check(Segment([](PeerFrame&, TcpSegment&) {}), {}, true, true, kRxBadFcs);
  Check(Frame(60, 0xff), {}, true, true, kRxBadFcs);
}

TEST(NetReceive, CountsFramesForOthers) {
  Check(Segment([](PeerFrame& p, TcpSegment&) { p.eth.dst ^= 1; }), {}, false, true, kRxNotForUs);
  Check(Segment([](PeerFrame& p, TcpSegment&) { p.eth.dst ^= 1ULL << 47; }), {}, false, true,
        kRxNotForUs);
  Check(Segment([](PeerFrame& p, TcpSegment&) { p.ip.dst ^= 1; }), {}, false, true, kRxNotForUs);
}

TEST(NetReceive, DiscardsBroadcastAndMulticastOnBothLayers) {
  const auto drop = [](const std::function<void(PeerFrame&)>& change) {
    Check(Segment([&](PeerFrame& p, TcpSegment& tcp) {
            tcp.flags = TcpFlags::kSyn;
            change(p);
          }),
          {}, false, true, kRxNotForUs);
  };
  drop([](PeerFrame& p) { p.eth.dst = kBroadcastMac; });
  for (std::uint32_t ip : {Ipv4Address(255, 255, 255, 255), Ipv4Address(10, 0, 0, 255),
                           Ipv4Address(224, 0, 0, 1), Ipv4Address(0, 0, 0, 0)}) {
    drop([&](PeerFrame& p) { p.ip.dst = ip; });
    drop([&](PeerFrame& p) { p.ip.src = ip; });
  }
  drop([](PeerFrame& p) { p.ip.src = Ipv4Address(127, 0, 0, 1); });
  drop([](PeerFrame& p) { p.ip.src = p.ip.dst; });
}

TEST(NetReceive, CountsWhatIsNotIpv4) {
  PeerFrame peer;
  for (std::uint16_t type : {0x86dd, 0x88cc, 0x0000, 0x05dc}) {
    peer.eth.type = type;
    Check(BuildEthernet(peer.eth, Frame(46, 0)), {}, false, true, kRxNotIp);
  }
}

TEST(NetReceive, CountsRunts) {
  const Frame whole = Segment([](PeerFrame&, TcpSegment& tcp) { tcp.payload = {1, 2, 3}; }, {}, 0);
  for (std::size_t n = 1; n < whole.size(); n++) {
    Check(Frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)), {}, false, true,
          n < 14 ? kRxNotIp : kRxIpError);
  }
  Check(whole, {}, false, true, kRxTcpSegments);
}

TEST(NetReceive, CountsGiants) {
  const auto sized = [](std::size_t n) {
    return Segment([&](PeerFrame&, TcpSegment& tcp) { tcp.payload = Frame(n, 0x5a); });
  };
  Check(sized(1460), {}, false, true, kRxTcpSegments);
  Check(sized(1461), {}, false, true, kRxIpError);
  Check(sized(9000), {}, false, true, kRxIpError);
  Config jumbo;
  jumbo.mtu = 9000;
  Check(sized(8960), jumbo, false, true, kRxTcpSegments);
  Check(sized(8961), jumbo, false, true, kRxIpError);
  // A frame far longer than its datagram is trimmed like any other.
  Check(Segment([](PeerFrame&, TcpSegment& tcp) { tcp.payload = {1}; }, {}, 70000), {}, false, true,
        kRxTcpSegments);
}

TEST(NetReceive, CountsBadIpHeaders) {
  const auto bad = [](const std::function<void(Ipv4Header&)>& change) {
    Check(Segment([&](PeerFrame& p, TcpSegment& tcp) {
            tcp.payload = {1, 2, 3, 4};
            change(p.ip);
          }),
          {}, false, true, kRxIpError);
  };
  bad([](Ipv4Header& ip) { ip.version = 5; });
  bad([](Ipv4Header& ip) { ip.version = 6; });
  for (unsigned ihl = 0; ihl < 5; ihl++) bad([&](Ipv4Header& ip) { ip.ihl = ihl; });
  bad([](Ipv4Header& ip) { ip.total_length = 19; });
  bad([](Ipv4Header& ip) { ip.total_length = 0; });
  bad([](Ipv4Header& ip) { ip.total_length = 47; });  // of 46 bytes in the frame
  bad([](Ipv4Header& ip) { ip.total_length = 65535; });
  bad([](Ipv4Header& ip) { ip.checksum = 0x1234; });
  bad([](Ipv4Header& ip) {
    ip.ihl = 15;
    ip.total_length = 40;
  });
}

TEST(NetReceive, CountsFragments) {
  Check(Segment([](PeerFrame& p, TcpSegment&) { p.ip.mf = true; }), {}, false, true, kRxFragment);
  for (std::uint16_t offset : {1, 0x1000, 0x1fff}) {
    Check(Segment([&](PeerFrame& p, TcpSegment&) { p.ip.fragment_offset = offset; }), {}, false,
          true, kRxFragment);
  }
}

TEST(NetReceive, CountsOtherProtocols) {
  PeerFrame peer;
  for (int proto : {0, 2, 17, 41, 255}) {
    peer.ip.protocol = static_cast<std::uint8_t>(proto);
    Check(BuildIpv4(peer.eth, peer.ip, Frame(30, 1)), {}, false, true, kRxNotTcp);
  }
}

TEST(NetReceive, CountsBadTcpChecksums) {
  Check(Segment([](PeerFrame&, TcpSegment& tcp) { tcp.checksum = 0; }), {}, false, true,
        kRxTcpChecksum);
  const Frame good = Segment([](PeerFrame&, TcpSegment& tcp) { tcp.payload = Frame(33, 7); });
  for (std::size_t at = 34; at < good.size(); at++) {
    if (at == 46) continue;  // the data offset
    Frame f = good;
    f[at] ^= 0x10;
    Check(f, {}, false, true, kRxTcpChecksum);
  }
  // A pseudo-header of other addresses.
  Frame f = good;
  f[29] ^= 1;
  f[25] ^= 1;  // makes the IP checksum right again
  if (OnesComplementSum(ByteView(f).subspan(14, 20)) == 0xffff) {
    Check(f, {}, false, true, kRxTcpChecksum);
  }
}

TEST(NetReceive, CountsBadTcpLengths) {
  const auto bad = [](const std::function<void(PeerFrame&, TcpSegment&)>& change) {
    Check(Segment(change), {}, false, true, kRxTcpError);
  };
  for (unsigned offset = 0; offset < 5; offset++) {
    bad([&](PeerFrame&, TcpSegment& tcp) { tcp.data_offset = offset; });
  }
  bad([](PeerFrame&, TcpSegment& tcp) { tcp.data_offset = 6; });
  bad([](PeerFrame&, TcpSegment& tcp) {
    tcp.data_offset = 15;
    tcp.payload = Frame(39, 1);
  });
  for (std::uint16_t n = 20; n < 40; n++) {
    bad([&](PeerFrame& p, TcpSegment&) { p.ip.total_length = n; });
  }
}

TEST(NetReceive, DropsAWholeFrameWithoutRoom) {
  Check(Segment([](PeerFrame&, TcpSegment& tcp) { tcp.payload = Frame(100, 1); }), {}, false, false,
        kRxNoRoom);
}

TEST(NetReceive, IgnoresFramesWhileNotEnabled) {
  Config cfg;
  cfg.enable = false;
  NetBench net(cfg);
  const Frame f = Segment([](PeerFrame&, TcpSegment& tcp) { tcp.payload = Frame(300, 1); });
  net.Receive(f);
  net.Tick(10);  // the second half arrives enabled; still it is not looked at
  cfg.enable = true;
  net.Apply(cfg);
  net.Drain();
  EXPECT_EQ(net.counters[kRxFrames], 0U);
  EXPECT_TRUE(net.keys.empty());
  net.Receive(f);
  net.Drain();
  EXPECT_EQ(net.counters[kRxTcpSegments], 1U);
}

// ------------------------------------------------------------------------------------ options
TEST(NetReceiveOptions, FindsEveryOptionAtEveryAlignment) {
  const std::vector<Frame> options = {OptionMss(0x1234), OptionWindowScale(9),
                                      OptionSackPermitted(),
                                      OptionTimestamps(0x01020304, 0x05060708)};
  for (std::size_t first = 0; first < options.size(); first++) {
    for (std::size_t second = 0; second < options.size(); second++) {
      for (std::size_t nops = 0; nops <= 16; nops++) {
        Check(Segment([&](PeerFrame&, TcpSegment& tcp) {
                tcp.options =
                    Join({OptionNop(nops), options[first], OptionNop(nops % 3), options[second]});
                tcp.payload = {1, 2, 3, 4, 5};
              }),
              {}, false, true, kRxTcpSegments);
      }
    }
  }
}

TEST(NetReceiveOptions, FindsAllOfThemInOneSegment) {
  for (std::size_t nops = 0; nops <= 18; nops++) {
    Check(Segment([&](PeerFrame&, TcpSegment& tcp) {
            tcp.flags = TcpFlags::kSyn;
            tcp.options = Join({OptionTimestamps(7, 8), OptionNop(nops), OptionWindowScale(3),
                                OptionMss(536), OptionSackPermitted()});
          }),
          {}, false, true, kRxTcpSegments);
  }
}

TEST(NetReceiveOptions, SkipsUnknownOptionsByTheirLength) {
  for (std::size_t n = 2; n <= 36; n++) {
    for (std::uint8_t kind : {5, 6, 30, 253}) {
      Frame unknown(n, 2);  // looks like MSS inside
      unknown[0] = kind;
      unknown[1] = static_cast<std::uint8_t>(n);
      Check(Segment(
                [&](PeerFrame&, TcpSegment& tcp) { tcp.options = Join({unknown, OptionMss(99)}); }),
            {}, false, true, kRxTcpSegments);
    }
  }
}

TEST(NetReceiveOptions, StopsAtTheEndOfTheList) {
  for (std::size_t nops = 0; nops < 12; nops++) {
    Check(Segment([&](PeerFrame&, TcpSegment& tcp) {
            tcp.options = Join({OptionNop(nops), OptionMss(1000), OptionEnd(), Frame{2, 0},
                                OptionWindowScale(1), Frame{8, 255}});
          }),
          {}, false, true, kRxTcpSegments);
  }
}

TEST(NetReceiveOptions, DropsIllegalLengths) {
  for (std::uint8_t kind : {2, 3, 4, 5, 8, 30, 255}) {
    for (std::size_t nops = 0; nops <= 15; nops++) {
      for (std::uint8_t length : {0, 1, 39, 41, 128, 255}) {
        Check(Segment([&](PeerFrame&, TcpSegment& tcp) {
                tcp.options = Join({OptionNop(nops), Frame{kind, length}, OptionNop(2)});
                tcp.payload = Frame(20, 1);
              }),
              {}, false, true, kRxTcpOption);
      }
    }
  }
}

TEST(NetReceiveOptions, DropsAnOptionCutOffByTheHeaderEnd) {
  for (std::size_t words = 1; words <= 10; words++) {
    const std::size_t room = words * 4;
    for (std::uint8_t kind : {2, 3, 4, 8, 77}) {
      // Its kind is the last byte of the header.
      Check(Segment([&](PeerFrame&, TcpSegment& tcp) {
              tcp.options = Join({OptionNop(room - 1), Frame{kind}});
              tcp.payload = Frame(10, 2);
            }),
            {}, false, true, kRxTcpOption);
    }
    // One byte of an option is missing; all of it is there.
    for (std::size_t n = 3; n <= room; n++) {
      for (std::size_t missing : {0, 1}) {
        Frame option(n, 0);
        option[0] = 30;
        option[1] = static_cast<std::uint8_t>(n + missing);
        Check(Segment([&](PeerFrame&, TcpSegment& tcp) {
                tcp.options = Join({OptionNop(room - n), option});
                tcp.payload = Frame(10, 2);
              }),
              {}, false, true, missing ? kRxTcpOption : kRxTcpSegments);
      }
    }
  }
}

TEST(NetReceiveOptions, DropsKnownOptionsOfAnotherLength) {
  for (Frame option :
       {Frame{2, 3, 1}, Frame{2, 5, 1, 1, 1}, Frame{3, 2}, Frame{3, 4, 1, 1}, Frame{4, 3, 1},
        Frame{8, 9, 1, 1, 1, 1, 1, 1, 1}, Frame{8, 11, 1, 1, 1, 1, 1, 1, 1, 1, 1}}) {
    Check(Segment([&](PeerFrame&, TcpSegment& tcp) { tcp.options = Join({option, OptionNop(5)}); }),
          {}, false, true, kRxTcpOption);
  }
}

TEST(NetReceiveOptions, ReadsAShiftAboveFourteenAsFourteen) {
  for (unsigned shift = 0; shift < 256; shift += 3) {
    Check(Segment([&](PeerFrame&, TcpSegment& tcp) {
            tcp.options = OptionWindowScale(static_cast<std::uint8_t>(shift));
          }),
          {}, false, true, kRxTcpSegments);
  }
}

// ------------------------------------------------------------------------------------ time
TEST(NetReceiveTiming, GivesTheVerdictTwoCyclesAfterTheLastWord) {
  for (std::size_t n = 0; n <= 64; n++) {
    NetBench net;
    net.Receive(Segment([&](PeerFrame&, TcpSegment& tcp) { tcp.payload = Frame(n, 1); }));
    net.Drain();
    ASSERT_EQ(net.verdicts.size(), 1U);
    EXPECT_EQ(net.verdicts[0].cycle - net.received[0].second, 2U);
  }
}

TEST(NetReceiveTiming, GivesTheKeyOneCycleAfterThePorts) {
  NetBench net;
  net.Receive(Segment([](PeerFrame&, TcpSegment&) {}));
  net.Drain();
  ASSERT_EQ(net.keys.size(), 1U);
  EXPECT_EQ(net.keys[0].cycle - net.received[0].first, 37 / kLanes + 1);
}

TEST(NetReceiveTiming, GivesTheFirstPayloadWordOneCycleAfterItsArrival) {
  NetBench net;
  net.Receive(Segment([](PeerFrame&, TcpSegment& tcp) { tcp.payload = Frame(100, 1); }));
  net.Drain();
  ASSERT_EQ(net.verdicts.size(), 1U);
  EXPECT_EQ(net.verdicts[0].first_pay_cycle - net.received[0].first,
            54 / kLanes + (kLanes > 54 ? 2 : 1));
}

TEST(NetReceiveTiming, TakesSmallestFramesBackToBack) {
  NetBench net;
  constexpr std::size_t kFrames = 500;
  std::vector<Frame> frames;
  for (std::size_t i = 0; i < kFrames; i++) {
    frames.push_back(Segment([&](PeerFrame& peer, TcpSegment& tcp) {
      tcp.seq = static_cast<std::uint32_t>(i);
      peer.ip.src = kPeerIp + static_cast<std::uint32_t>(i % 100);
      tcp.payload = RandomBytes(net.random(), i % 7);
    }));
    net.Receive(frames.back());
  }
  net.Drain();
  ASSERT_EQ(net.verdicts.size(), kFrames);
  const std::size_t words = (kMinFrame + kLanes - 1) / kLanes;
  EXPECT_EQ(net.received.back().second - net.received.front().first + 1, kFrames * words);
  for (std::size_t i = 0; i < kFrames; i++) {
    EXPECT_EQ(net.verdicts[i].cycle, net.received[i].second + 2);
    ExpectSegment(net.verdicts[i], frames[i]);
  }
}

// ------------------------------------------------------------------------------------ random
Frame RandomFrame(Random& r, const Config& cfg) {
  PeerFrame peer(cfg);
  TcpSegment tcp = PeerSegment();
  peer.ip.src = kPeerIp + static_cast<std::uint32_t>(r.below(3));
  peer.ip.id = static_cast<std::uint16_t>(r.bits());
  peer.ip.tos = static_cast<std::uint8_t>(r.bits());
  if (r.chance(25)) peer.eth.vlan_tci = static_cast<std::uint16_t>(r.chance(50) ? 5 : r.below(7));
  if (r.chance(20)) peer.ip.options = OptionNop(4 * r.below(11));
  tcp.seq = static_cast<std::uint32_t>(r.bits());
  tcp.ack = static_cast<std::uint32_t>(r.bits());
  tcp.flags = static_cast<std::uint8_t>(r.bits());
  tcp.src_port = static_cast<std::uint16_t>(r.bits());
  while (tcp.options.size() < 40 && r.chance(60)) {
    Frame option;
    switch (r.below(7)) {
      case 0:
        option = OptionMss(static_cast<std::uint16_t>(r.bits()));
        break;
      case 1:
        option = OptionWindowScale(static_cast<std::uint8_t>(r.below(20)));
        break;
      case 2:
        option = OptionSackPermitted();
        break;
      case 3:
        option = OptionTimestamps(static_cast<std::uint32_t>(r.bits()),
                                  static_cast<std::uint32_t>(r.bits()));
        break;
      case 4:
        option = OptionNop();
        break;
      case 5:
        option = r.chance(20) ? OptionEnd() : OptionNop(2);
        break;
      default:
        option = {static_cast<std::uint8_t>(r.below(10)), static_cast<std::uint8_t>(r.below(9))};
        while (option.size() < option[1]) option.push_back(static_cast<std::uint8_t>(r.below(9)));
    }
    if (tcp.options.size() + option.size() <= 40) tcp.options = Join({tcp.options, option});
  }
  tcp.payload = RandomBytes(r, r.chance(90) ? r.below(80) : r.below(1300));
  const std::size_t min_size = r.chance(70) ? kMinFrame : 0;
  Frame f;
  const auto kind = r.below(20);
  if (kind == 0) {
    ArpPacket arp;
    arp.operation = static_cast<std::uint16_t>(r.below(4));
    arp.sender_mac = kPeerMac;
    arp.sender_ip = kPeerIp;
    arp.target_ip = r.chance(50) ? cfg.ip : kPeerIp;
    if (r.chance(50)) peer.eth.dst = kBroadcastMac;
    f = BuildArp(peer.eth, arp, min_size);
  } else if (kind == 1) {
    IcmpMessage icmp;
    icmp.type = r.chance(60) ? 8 : static_cast<std::uint8_t>(r.below(20));
    icmp.payload = RandomBytes(r, r.below(60));
    f = BuildIcmp(peer.eth, peer.ip, icmp, min_size);
  } else {
    f = BuildTcp(peer.eth, peer.ip, tcp, min_size);
  }
  if (r.chance(15)) f[r.below(std::min<std::size_t>(f.size(), 80))] ^= 1 << r.below(8);
  if (r.chance(3)) f.resize(1 + r.below(f.size()));
  // A damaged header with a right checksum, so that the deeper checks are reached.
  if (r.chance(10) && f.size() > 40) {
    const std::size_t l3 = Get16(f, 12) == kEtherVlan ? 18 : 14;
    const std::size_t ihl = (f[l3] & 0xfu) * 4;
    f[l3 + r.below(20)] ^= 1 << r.below(8);
    if (f.size() >= l3 + ihl && ihl >= 20) {
      f[l3 + 10] = f[l3 + 11] = 0;
      const auto sum = static_cast<std::uint16_t>(
          ~OnesComplementSum(ByteView(f).subspan(l3, std::min(ihl, f.size() - l3))));
      f[l3 + 10] = static_cast<std::uint8_t>(sum >> 8);
      f[l3 + 11] = static_cast<std::uint8_t>(sum);
    }
  }
  return f;
}

void RandomFrames(std::size_t count, const Config& cfg, unsigned gap) {
  NetBench net(cfg);
  net.rx_gap = gap;
  std::vector<Frame> good;
  std::array<std::uint64_t, 64> expected{};
  std::size_t keys = 0;
  for (std::size_t i = 0; i < count; i++) {
    const Frame f = RandomFrame(net.random(), cfg);
    const bool bad = net.random().chance(3);
    const Expected e = Judge(cfg, f, bad, true);
    expected[kRxFrames]++;
    if (e.counter) expected[*e.counter]++;
    if (e.key) keys++;
    if (e.good) good.push_back(f);
    net.Receive(f, bad);
    if (e.echo || i % 64 == 63) net.Drain();
  }
  net.Drain();
  for (std::size_t c = kRxFrames; c <= kIcmpDropped; c++) {
    if (c == kArpRequestsOut || c == kArpFailed) continue;
    EXPECT_EQ(net.counters[c], expected[c]) << "counter " << c;
  }
  EXPECT_EQ(net.keys.size(), keys);
  EXPECT_EQ(net.verdicts.size(), keys);
  std::size_t at = 0;
  for (std::size_t i = 0; i < net.verdicts.size(); i++) {
    if (!net.verdicts[i].good) continue;
    ASSERT_LT(at, good.size());
    EXPECT_EQ(net.verdicts[i].key, net.keys[i].key);
    ExpectSegment(net.verdicts[i], good[at++]);
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_EQ(at, good.size());
  EXPECT_GT(good.size(), count / 4);
}

TEST(NetReceiveRandom, AgreesWithTheModelOnTenThousandFramesWithoutAGap) {
  RandomFrames(10000, {}, 0);
}

TEST(NetReceiveRandom, AgreesWithTheModelWhenWordsComeWithGaps) {
  RandomFrames(2000, {}, 40);
}

TEST(NetReceiveRandom, AgreesWithTheModelOnAVlan) {
  Config cfg;
  cfg.vlan_en = true;
  cfg.vlan_tci = 5;
  NetBench net(cfg);
  std::uint64_t accepted = 0;
  for (int i = 0; i < 1000; i++) {
    const Frame f = RandomFrame(net.random(), cfg);
    net.Receive(f);
    accepted += Judge(cfg, f, false, true).good;
    net.Drain();
  }
  EXPECT_EQ(net.counters[kRxTcpSegments], accepted);
  EXPECT_GT(accepted, 20U);
}

}  // namespace
}  // namespace tautline::test
