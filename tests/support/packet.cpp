#include "packet.hpp"

#include <cstdio>
#include <string_view>
#include <utility>

namespace tautline::test {
namespace {

void Put16(Frame& out, std::uint16_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}

void Put32(Frame& out, std::uint32_t v) {
  Put16(out, static_cast<std::uint16_t>(v >> 16));
  Put16(out, static_cast<std::uint16_t>(v));
}

void Put48(Frame& out, std::uint64_t v) {
  Put16(out, static_cast<std::uint16_t>(v >> 32));
  Put32(out, static_cast<std::uint32_t>(v));
}

void Store16(Frame& out, std::size_t at, std::uint16_t v) {
  out[at] = static_cast<std::uint8_t>(v >> 8);
  out[at + 1] = static_cast<std::uint8_t>(v);
}

std::uint16_t Get16(ByteView b, std::size_t at) {
  return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]);
}

std::uint32_t Get32(ByteView b, std::size_t at) {
  return static_cast<std::uint32_t>(Get16(b, at)) << 16 | Get16(b, at + 2);
}

std::uint64_t Get48(ByteView b, std::size_t at) {
  return static_cast<std::uint64_t>(Get16(b, at)) << 32 | Get32(b, at + 2);
}

void Append(Frame& out, ByteView more) {
  out.insert(out.end(), more.begin(), more.end());
}

void PadTo4(Frame& out) {
  while (out.size() % 4 != 0) out.push_back(0);
}

std::uint16_t Complement(std::uint16_t v) {
  return static_cast<std::uint16_t>(~v);
}

// Sum of the TCP pseudo-header (RFC 9293 3.1).
std::uint32_t PseudoHeader(const Ipv4Header& ip, std::size_t length) {
  return (ip.src >> 16) + (ip.src & 0xffff) + (ip.dst >> 16) + (ip.dst & 0xffff) + kProtoTcp +
         static_cast<std::uint32_t>(length);
}

template <typename... Args>
std::string Print(const char* format, Args... args) {
  char text[128];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

std::string Dotted(std::uint32_t ip) {
  return Print("%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

std::string Hex48(std::uint64_t mac) {
  return Print("%012llx", static_cast<unsigned long long>(mac));
}

}  // namespace

std::uint16_t OnesComplementSum(ByteView bytes, std::uint32_t initial) {
  std::uint64_t sum = initial;
  for (std::size_t i = 0; i < bytes.size(); i++) {
    sum += i % 2 == 0 ? static_cast<std::uint64_t>(bytes[i]) << 8 : bytes[i];
  }
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

Frame OptionEnd() {
  return {0};
}

Frame OptionNop(std::size_t count) {
  return Frame(count, 1);
}

Frame OptionMss(std::uint16_t mss) {
  Frame out{2, 4};
  Put16(out, mss);
  return out;
}

Frame OptionWindowScale(std::uint8_t shift) {
  return {3, 3, shift};
}

Frame OptionSackPermitted() {
  return {4, 2};
}

Frame OptionTimestamps(std::uint32_t value, std::uint32_t echo) {
  Frame out{8, 10};
  Put32(out, value);
  Put32(out, echo);
  return out;
}

Frame Join(std::initializer_list<Frame> parts) {
  Frame out;
  for (const Frame& part : parts) Append(out, part);
  return out;
}

Frame BuildEthernet(const EthernetHeader& eth, ByteView payload, std::size_t min_size) {
  Frame out;
  Put48(out, eth.dst);
  Put48(out, eth.src);
  if (eth.vlan_tci) {
    Put16(out, kEtherVlan);
    Put16(out, *eth.vlan_tci);
  }
  Put16(out, eth.type);
  Append(out, payload);
  if (out.size() < min_size) out.resize(min_size, 0);
  return out;
}

Frame BuildArp(const EthernetHeader& eth, const ArpPacket& arp, std::size_t min_size) {
  Frame body;
  Put16(body, arp.hardware_type);
  Put16(body, arp.protocol_type);
  body.push_back(arp.hardware_len);
  body.push_back(arp.protocol_len);
  Put16(body, arp.operation);
  Put48(body, arp.sender_mac);
  Put32(body, arp.sender_ip);
  Put48(body, arp.target_mac);
  Put32(body, arp.target_ip);
  EthernetHeader header = eth;
  header.type = kEtherArp;
  return BuildEthernet(header, body, min_size);
}

Frame BuildIpv4(const EthernetHeader& eth, const Ipv4Header& ip, ByteView payload,
                std::size_t min_size) {
  Frame options = ip.options;
  PadTo4(options);
  const std::size_t header_len = 20 + options.size();
  const auto ihl = ip.ihl.value_or(static_cast<std::uint8_t>(header_len / 4));
  Frame body;
  body.push_back(static_cast<std::uint8_t>(ip.version.value_or(4) << 4 | (ihl & 0xf)));
  body.push_back(ip.tos);
  Put16(body, ip.total_length.value_or(static_cast<std::uint16_t>(header_len + payload.size())));
  Put16(body, ip.id);
  Put16(body, static_cast<std::uint16_t>((ip.df ? 0x4000 : 0) | (ip.mf ? 0x2000 : 0) |
                                         (ip.fragment_offset & 0x1fff)));
  body.push_back(ip.ttl);
  body.push_back(ip.protocol);
  Put16(body, 0);
  Put32(body, ip.src);
  Put32(body, ip.dst);
  Append(body, options);
  Store16(body, 10, ip.checksum.value_or(Complement(OnesComplementSum(body))));
  Append(body, payload);
  EthernetHeader header = eth;
  header.type = kEtherIpv4;
  return BuildEthernet(header, body, min_size);
}

Frame BuildTcp(const EthernetHeader& eth, const Ipv4Header& ip, const TcpSegment& tcp,
               std::size_t min_size) {
  Frame options = tcp.options;
  PadTo4(options);
  Frame out;
  Put16(out, tcp.src_port);
  Put16(out, tcp.dst_port);
  Put32(out, tcp.seq);
  Put32(out, tcp.ack);
  const auto offset =
      tcp.data_offset.value_or(static_cast<std::uint8_t>((20 + options.size()) / 4));
  out.push_back(static_cast<std::uint8_t>(offset << 4));
  out.push_back(tcp.flags);
  Put16(out, tcp.window);
  Put16(out, 0);
  Put16(out, tcp.urgent);
  Append(out, options);
  Append(out, tcp.payload);
  Store16(out, 16,
          tcp.checksum.value_or(Complement(OnesComplementSum(out, PseudoHeader(ip, out.size())))));
  Ipv4Header header = ip;
  header.protocol = kProtoTcp;
  return BuildIpv4(eth, header, out, min_size);
}

Frame BuildIcmp(const EthernetHeader& eth, const Ipv4Header& ip, const IcmpMessage& icmp,
                std::size_t min_size) {
  Frame out{icmp.type, icmp.code, 0, 0};
  Put16(out, icmp.id);
  Put16(out, icmp.sequence);
  Append(out, icmp.payload);
  Store16(out, 2, icmp.checksum.value_or(Complement(OnesComplementSum(out))));
  Ipv4Header header = ip;
  header.protocol = kProtoIcmp;
  return BuildIpv4(eth, header, out, min_size);
}

std::expected<Packet, std::string> ParseFrame(ByteView frame) {
  Packet packet;
  if (frame.size() < 14) return std::unexpected("shorter than an Ethernet header");
  packet.eth.dst = Get48(frame, 0);
  packet.eth.src = Get48(frame, 6);
  packet.eth.type = Get16(frame, 12);
  std::size_t at = 14;
  if (packet.eth.type == kEtherVlan) {
    if (frame.size() < 18) return std::unexpected("shorter than a tagged Ethernet header");
    packet.eth.vlan_tci = Get16(frame, 14);
    packet.eth.type = Get16(frame, 16);
    at = 18;
  }
  ByteView body = frame.subspan(at);

  if (packet.eth.type == kEtherArp) {
    if (body.size() < 28) return std::unexpected("ARP body is cut short");
    ArpPacket arp;
    arp.hardware_type = Get16(body, 0);
    arp.protocol_type = Get16(body, 2);
    arp.hardware_len = body[4];
    arp.protocol_len = body[5];
    arp.operation = Get16(body, 6);
    arp.sender_mac = Get48(body, 8);
    arp.sender_ip = Get32(body, 14);
    arp.target_mac = Get48(body, 18);
    arp.target_ip = Get32(body, 24);
    packet.arp = arp;
    packet.padding.assign(body.begin() + 28, body.end());
    return packet;
  }
  if (packet.eth.type != kEtherIpv4) {
    packet.ip_payload.assign(body.begin(), body.end());
    return packet;
  }

  if (body.size() < 20) return std::unexpected("IPv4 header is cut short");
  if (body[0] >> 4 != 4) return std::unexpected("IP version is not 4");
  const std::size_t header_len = (body[0] & 0xfu) * 4;
  const std::size_t total = Get16(body, 2);
  if (header_len < 20 || header_len > total) return std::unexpected("bad IPv4 header length");
  if (total > body.size()) return std::unexpected("IPv4 total length exceeds the frame");
  Ipv4Header ip;
  ip.tos = body[1];
  ip.id = Get16(body, 4);
  const std::uint16_t fragment = Get16(body, 6);
  ip.df = fragment & 0x4000;
  ip.mf = fragment & 0x2000;
  ip.fragment_offset = fragment & 0x1fff;
  ip.ttl = body[8];
  ip.protocol = body[9];
  ip.src = Get32(body, 12);
  ip.dst = Get32(body, 16);
  ip.options.assign(body.begin() + 20, body.begin() + static_cast<std::ptrdiff_t>(header_len));
  packet.ip_checksum_ok = OnesComplementSum(body.first(header_len)) == 0xffff;
  packet.padding.assign(body.begin() + static_cast<std::ptrdiff_t>(total), body.end());
  ByteView transport = body.subspan(header_len, total - header_len);
  const bool whole = !ip.mf && ip.fragment_offset == 0;
  packet.ip = ip;

  if (whole && ip.protocol == kProtoTcp) {
    if (transport.size() < 20) return std::unexpected("TCP header is cut short");
    const std::size_t tcp_len = (transport[12] >> 4) * 4u;
    if (tcp_len < 20 || tcp_len > transport.size()) return std::unexpected("bad TCP data offset");
    TcpSegment tcp;
    tcp.src_port = Get16(transport, 0);
    tcp.dst_port = Get16(transport, 2);
    tcp.seq = Get32(transport, 4);
    tcp.ack = Get32(transport, 8);
    tcp.flags = transport[13];
    tcp.window = Get16(transport, 14);
    tcp.urgent = Get16(transport, 18);
    tcp.options.assign(transport.begin() + 20,
                       transport.begin() + static_cast<std::ptrdiff_t>(tcp_len));
    tcp.payload.assign(transport.begin() + static_cast<std::ptrdiff_t>(tcp_len), transport.end());
    packet.transport_checksum_ok =
        OnesComplementSum(transport, PseudoHeader(ip, transport.size())) == 0xffff;
    packet.tcp = std::move(tcp);
  } else if (whole && ip.protocol == kProtoIcmp) {
    if (transport.size() < 8) return std::unexpected("ICMP header is cut short");
    IcmpMessage icmp;
    icmp.type = transport[0];
    icmp.code = transport[1];
    icmp.id = Get16(transport, 4);
    icmp.sequence = Get16(transport, 6);
    icmp.payload.assign(transport.begin() + 8, transport.end());
    packet.transport_checksum_ok = OnesComplementSum(transport) == 0xffff;
    packet.icmp = std::move(icmp);
  } else {
    packet.ip_payload.assign(transport.begin(), transport.end());
  }
  return packet;
}

std::optional<TcpOptions> WalkTcpOptions(ByteView options) {
  TcpOptions found;
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t kind = options[at];
    if (kind == 0) break;
    if (kind == 1) {
      at++;
      continue;
    }
    if (at + 1 >= options.size()) return std::nullopt;
    const std::size_t length = options[at + 1];
    if (length < 2 || at + length > options.size()) return std::nullopt;
    const ByteView value = options.subspan(at + 2, length - 2);
    if (kind == 2) {
      if (length != 4) return std::nullopt;
      found.mss = Get16(value, 0);
    } else if (kind == 3) {
      if (length != 3) return std::nullopt;
      found.window_scale = value[0];
    } else if (kind == 4) {
      if (length != 2) return std::nullopt;
      found.sack_permitted = true;
    } else if (kind == 8) {
      if (length != 10) return std::nullopt;
      found.timestamps = {Get32(value, 0), Get32(value, 4)};
    }
    at += length;
  }
  return found;
}

std::string Describe(ByteView frame) {
  const auto packet = ParseFrame(frame);
  if (!packet) return "[" + packet.error() + "] " + std::to_string(frame.size()) + " bytes";
  std::string out;
  if (packet->eth.vlan_tci) out += Print("vlan %#06x ", *packet->eth.vlan_tci);
  if (packet->arp) {
    const ArpPacket& arp = *packet->arp;
    out += arp.operation == 1 ? "ARP request " : arp.operation == 2 ? "ARP reply " : "ARP other ";
    out += Dotted(arp.sender_ip) + " (" + Hex48(arp.sender_mac) + ") -> " + Dotted(arp.target_ip) +
           " (" + Hex48(arp.target_mac) + ")";
  } else if (packet->tcp) {
    const TcpSegment& tcp = *packet->tcp;
    constexpr std::string_view kNames = "FSRPAUEC";
    out += "TCP " + Dotted(packet->ip->src) + ":" + std::to_string(tcp.src_port) + " -> " +
           Dotted(packet->ip->dst) + ":" + std::to_string(tcp.dst_port) + " [";
    for (std::size_t i = 0; i < kNames.size(); i++) {
      if (tcp.flags >> i & 1) out += kNames[i];
    }
    out +=
        Print("] seq %u ack %u win %u len %zu", tcp.seq, tcp.ack, tcp.window, tcp.payload.size());
  } else if (packet->icmp) {
    const IcmpMessage& icmp = *packet->icmp;
    out += "ICMP " + Dotted(packet->ip->src) + " -> " + Dotted(packet->ip->dst) +
           Print(" type %u code %u id %u seq %u len %zu", icmp.type, icmp.code, icmp.id,
                 icmp.sequence, icmp.payload.size());
  } else {
    out += Print("type %#06x %zu bytes ", packet->eth.type, frame.size()) + Hex48(packet->eth.src) +
           " -> " + Hex48(packet->eth.dst);
  }
  if (!packet->ip_checksum_ok) out += " BAD IP CHECKSUM";
  if (!packet->transport_checksum_ok) out += " BAD CHECKSUM";
  return out;
}

std::string HexDump(ByteView bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i++) {
    if (i % 16 == 0) out += Print(i == 0 ? "%04zx:" : "\n%04zx:", i);
    out += Print(" %02x", bytes[i]);
  }
  return out;
}

}  // namespace tautline::test
