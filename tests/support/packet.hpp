// Frames for tests: Ethernet, ARP, IPv4, ICMP and TCP built and parsed in plain C++, independently
// of the RTL. A builder computes lengths and checksums unless an override says otherwise, so that a
// malformed frame is a well-formed one with a single field changed.
//
// Addresses are numbers in host order, as in the RTL's structs: 0x0a000001 is 10.0.0.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tautline::test {

using Frame = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

constexpr std::uint64_t kBroadcastMac = 0xffff'ffff'ffff;
constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherArp = 0x0806;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint8_t kProtoIcmp = 1;
constexpr std::uint8_t kProtoTcp = 6;
constexpr std::uint8_t kProtoUdp = 17;
constexpr std::size_t kMinFrame = 60;  // without FCS

constexpr std::uint32_t Ipv4Address(int a, int b, int c, int d) {
  return static_cast<std::uint32_t>(a) << 24 | static_cast<std::uint32_t>(b) << 16 |
         static_cast<std::uint32_t>(c) << 8 | static_cast<std::uint32_t>(d);
}

// Folded one's-complement sum (RFC 1071), not inverted. An odd tail byte counts as the high half.
std::uint16_t OnesComplementSum(ByteView bytes, std::uint32_t initial = 0);

struct EthernetHeader {
  std::uint64_t dst = 0;
  std::uint64_t src = 0;
  std::optional<std::uint16_t> vlan_tci;
  std::uint16_t type = kEtherIpv4;
};

struct ArpPacket {
  std::uint16_t operation = 1;  // 1 request, 2 reply
  std::uint64_t sender_mac = 0;
  std::uint32_t sender_ip = 0;
  std::uint64_t target_mac = 0;
  std::uint32_t target_ip = 0;
  std::uint16_t hardware_type = 1;
  std::uint16_t protocol_type = kEtherIpv4;
  std::uint8_t hardware_len = 6;
  std::uint8_t protocol_len = 4;
};

struct Ipv4Header {
  std::uint32_t src = 0;
  std::uint32_t dst = 0;
  std::uint8_t protocol = kProtoTcp;
  std::uint8_t tos = 0;  // DSCP and ECN
  std::uint8_t ttl = 64;
  std::uint16_t id = 0;
  bool df = true;
  bool mf = false;
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  Frame options;                      // padded with zeros to a multiple of four
  // Overrides for malformed headers.
  std::optional<std::uint8_t> version;
  std::optional<std::uint8_t> ihl;  // in 32-bit words
  std::optional<std::uint16_t> total_length;
  std::optional<std::uint16_t> checksum;
};

struct TcpFlags {
  static constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10,
                                kUrg = 0x20, kEce = 0x40, kCwr = 0x80;
};

struct TcpSegment {
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = TcpFlags::kAck;
  std::uint16_t window = 65535;
  std::uint16_t urgent = 0;
  Frame options;  // padded with zeros to a multiple of four
  Frame payload;
  // Overrides for malformed segments.
  std::optional<std::uint8_t> data_offset;  // in 32-bit words
  std::optional<std::uint16_t> checksum;

  bool Has(std::uint8_t flag) const { return (flags & flag) == flag; }
};

struct IcmpMessage {
  std::uint8_t type = 8;  // 8 echo request, 0 echo reply
  std::uint8_t code = 0;
  std::uint16_t id = 0;        // or the first half of "rest of header"
  std::uint16_t sequence = 0;  // or its second half
  Frame payload;
  std::optional<std::uint16_t> checksum;
};

// TCP options as they stand on the wire; join them with Join().
Frame OptionEnd();
Frame OptionNop(std::size_t count = 1);
Frame OptionMss(std::uint16_t mss);
Frame OptionWindowScale(std::uint8_t shift);
Frame OptionSackPermitted();
Frame OptionTimestamps(std::uint32_t value, std::uint32_t echo);
Frame Join(std::initializer_list<Frame> parts);

// Builders. Zero bytes follow until the frame has `min_size` bytes.
Frame BuildEthernet(const EthernetHeader& eth, ByteView payload, std::size_t min_size = kMinFrame);
Frame BuildArp(const EthernetHeader& eth, const ArpPacket& arp, std::size_t min_size = kMinFrame);
Frame BuildIpv4(const EthernetHeader& eth, const Ipv4Header& ip, ByteView payload,
                std::size_t min_size = kMinFrame);
Frame BuildTcp(const EthernetHeader& eth, const Ipv4Header& ip, const TcpSegment& tcp,
               std::size_t min_size = kMinFrame);
Frame BuildIcmp(const EthernetHeader& eth, const Ipv4Header& ip, const IcmpMessage& icmp,
                std::size_t min_size = kMinFrame);

// A parsed frame: exactly the layers that it has. Lengths are checked; checksums are reported.
struct Packet {
  EthernetHeader eth;
  std::optional<ArpPacket> arp;
  std::optional<Ipv4Header> ip;
  std::optional<TcpSegment> tcp;
  std::optional<IcmpMessage> icmp;
  Frame ip_payload;  // of a protocol that is neither TCP nor ICMP, or of a fragment
  Frame padding;     // bytes after the IP packet or the ARP body
  bool ip_checksum_ok = true;
  bool transport_checksum_ok = true;  // TCP or ICMP
};

std::expected<Packet, std::string> ParseFrame(ByteView frame);

// The TCP options that Tautline knows, found by a plain walk; std::nullopt when a length is
// illegal.
struct TcpOptions {
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  bool sack_permitted = false;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> timestamps;
};
std::optional<TcpOptions> WalkTcpOptions(ByteView options);

// One line, tcpdump style, for failure messages.
std::string Describe(ByteView frame);
std::string HexDump(ByteView bytes);

}  // namespace tautline::test
