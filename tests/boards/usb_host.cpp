#include "usb_host.hpp"

#include <gtest/gtest.h>

#include "generated/regs.hpp"

namespace tautline::test {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Type = regs::StreamType;

std::uint16_t HeaderCheck(std::span<const std::uint8_t> head) {
  unsigned crc = 0xffff;
  for (const std::uint8_t byte : head) {
    crc ^= static_cast<unsigned>(byte) << 8;
    for (int i = 0; i < 8; ++i) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021u : 0u);
    crc &= 0xffff;
  }
  return static_cast<std::uint16_t>(crc);
}

std::uint32_t Crc32(std::span<const std::uint8_t> data) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : data) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

void Put(Bytes& to, std::uint32_t value, unsigned bytes = 4) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint32_t Word(std::span<const std::uint8_t> from, std::size_t word) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4 && 4 * word + i < from.size(); ++i) {
    value |= static_cast<std::uint32_t>(from[4 * word + i]) << (8 * i);
  }
  return value;
}

std::uint32_t Place(std::uint16_t slot, std::uint8_t gen) {
  return static_cast<std::uint32_t>(gen) << 24 | slot;
}

constexpr std::uint16_t kHostCredit = 0xf000;
constexpr std::size_t kHeader = 8;

}  // namespace

void UsbHost::Frame_(std::uint8_t kind, const Bytes& data) {
  Bytes frame;
  Put(frame, regs::stream_magic, 1);
  Put(frame, kind, 1);
  Put(frame, static_cast<std::uint32_t>(data.size()), 2);
  Put(frame, seq_++, 1);
  Put(frame, taken_bytes_ / regs::stream_credit_unit, 1);
  Put(frame, HeaderCheck(frame), 2);
  if (!data.empty()) {
    frame.insert(frame.end(), data.begin(), data.end());
    Put(frame, Crc32(data));
  }
  board_.to_board.insert(board_.to_board.end(), frame.begin(), frame.end());
}

bool UsbHost::Hello(std::uint32_t nonce) {
  seq_ = peer_seq_ = 0;
  taken_bytes_ = 0;
  bytes_.clear();
  entries_.clear();
  values_.clear();
  deliveries.clear();
  hello_.reset();
  Bytes data;
  Put(data, regs::stream_version);
  Put(data, regs::expected_map_hash);
  Put(data, nonce);
  Put(data, kHostCredit);
  Frame_(static_cast<std::uint8_t>(Type::hello), data);
  return Await([&] { return hello_ && (*hello_)[2] == nonce; }) &&
         ((*hello_)[0] & 0xffff) == regs::stream_version && (*hello_)[1] == regs::expected_map_hash;
}

void UsbHost::Write(std::uint32_t offset, std::uint32_t value) {
  Bytes data;
  Put(data, offset);
  Put(data, value);
  Frame_(static_cast<std::uint8_t>(Type::write), data);
}

std::uint32_t UsbHost::Read(std::uint32_t offset) {
  Bytes data;
  Put(data, offset);
  Put(data, 0);
  Frame_(static_cast<std::uint8_t>(Type::read), data);
  if (!Await([&] { return !values_.empty(); })) {
    ADD_FAILURE() << "no answer to a read of " << offset;
    return ~0u;
  }
  const std::uint32_t value = values_.front();
  values_.pop_front();
  return value;
}

void UsbHost::Send(std::uint16_t slot, std::uint8_t gen, std::uint32_t position,
                   std::string_view text) {
  Bytes data;
  Put(data, Place(slot, gen));
  Put(data, position);
  data.insert(data.end(), text.begin(), text.end());
  Frame_(static_cast<std::uint8_t>(Type::send), data);
}

void UsbHost::Taken(std::uint16_t slot, std::uint8_t gen, std::uint32_t position) {
  Bytes data;
  Put(data, Place(slot, gen));
  Put(data, position);
  Frame_(static_cast<std::uint8_t>(Type::taken), data);
}

std::optional<UsbHost::Entry> UsbHost::Command(std::uint8_t op, std::uint16_t slot,
                                               std::uint8_t gen, std::uint32_t ports,
                                               std::uint32_t arg0, std::uint32_t arg1) {
  const std::uint16_t cookie = ++cookie_;
  const std::array<std::uint32_t, 8> words{
      static_cast<std::uint32_t>(cookie) << 16 | op, Place(slot, gen), 0, ports, arg0, arg1, 0, 0};
  for (unsigned i = 0; i < words.size(); ++i) Write(regs::cmd0::offset + 4 * i, words[i]);
  return AwaitEntry([&](const Entry& entry) {
    return regs::completion_entry::kind.from(entry) ==
               static_cast<std::uint32_t>(regs::Kind::completion) &&
           regs::completion_entry::cookie.from(entry) == cookie;
  });
}

bool UsbHost::Await(const std::function<bool()>& done) {
  for (unsigned i = 0; i < steps_; ++i) {
    Pump();
    if (done()) return true;
    board_.Step();
  }
  return false;
}

std::optional<Packet> UsbHost::AwaitFrame(const std::function<bool(const Packet&)>& wanted) {
  std::optional<Packet> found;
  (void)Await([&] {
    while (!board_.frames_out.empty() && !found) {
      auto packet = ParseFrame(board_.frames_out.front());
      board_.frames_out.pop_front();
      EXPECT_TRUE(packet) << packet.error();
      if (packet && wanted(*packet)) found = *packet;
    }
    return found.has_value();
  });
  return found;
}

std::optional<UsbHost::Entry> UsbHost::AwaitEntry(const std::function<bool(const Entry&)>& wanted) {
  std::optional<Entry> found;
  (void)Await([&] {
    while (!entries_.empty() && !found) {
      if (wanted(entries_.front())) found = entries_.front();
      entries_.pop_front();
    }
    return found.has_value();
  });
  return found;
}

void UsbHost::Pump() {
  bytes_.insert(bytes_.end(), board_.from_board.begin(), board_.from_board.end());
  board_.from_board.clear();
  std::size_t at = 0;
  while (bytes_.size() - at >= kHeader) {
    const std::span<const std::uint8_t> head(bytes_.data() + at, kHeader);
    const std::size_t length = Word(head, 0) >> 16;
    if (head[0] != regs::stream_magic || HeaderCheck(head.first(6)) != Word(head, 1) >> 16) {
      ++bad_bytes;
      ++at;
      continue;
    }
    const std::size_t whole = kHeader + (length != 0 ? length + 4 : 0);
    if (bytes_.size() - at < whole) break;
    const Bytes data(bytes_.begin() + static_cast<std::ptrdiff_t>(at + kHeader),
                     bytes_.begin() + static_cast<std::ptrdiff_t>(at + kHeader + length));
    if (length != 0 &&
        Crc32(data) != Word(std::span(bytes_).subspan(at + kHeader + length, 4), 0)) {
      ++bad_bytes;
      ++at;
      continue;
    }
    EXPECT_EQ(head[4], peer_seq_) << "a gap in the board's frames";
    ++peer_seq_;
    if (length != 0) taken_bytes_ += static_cast<std::uint32_t>(length) + regs::stream_frame_cost;
    Take(head[1], data);
    at += whole;
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
}

void UsbHost::Take(std::uint8_t kind, const Bytes& data) {
  switch (static_cast<Type>(kind)) {
    case Type::hello:
      hello_ = {Word(data, 0), Word(data, 1), Word(data, 2), Word(data, 3)};
      taken_bytes_ = 0;
      peer_seq_ = static_cast<std::uint8_t>(1);
      break;
    case Type::value:
      values_.push_back(Word(data, 0));
      break;
    case Type::deliver:
      deliveries.push_back({static_cast<std::uint16_t>(Word(data, 0)), Word(data, 1),
                            std::string(data.begin() + 8, data.end())});
      break;
    case Type::entry: {
      Entry entry{};
      for (std::size_t i = 0; i < entry.size(); ++i) entry[i] = Word(data, i);
      entries_.push_back(entry);
      break;
    }
    case Type::lost:
      ADD_FAILURE() << "the board says that the session has ended";
      break;
    default:
      break;
  }
}

// ---------------------------------------------------------------------------------- the exchange
namespace {

constexpr std::uint64_t kEngineMac = 0x02'00'0a'00'00'01, kPeerMac = 0x02'00'00'00'00'99;
constexpr std::uint32_t kEngineIp = Ipv4Address(10, 0, 0, 1), kPeerIp = Ipv4Address(10, 0, 0, 2);
constexpr std::uint16_t kPort = 7, kPeerPort = 5555;
constexpr std::uint32_t kPeerIsn = 1000;

Frame Tcp(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::string_view text = {},
          Frame options = {}) {
  return BuildTcp({.dst = kEngineMac, .src = kPeerMac}, {.src = kPeerIp, .dst = kEngineIp},
                  {.src_port = kPeerPort,
                   .dst_port = kPort,
                   .seq = seq,
                   .ack = ack,
                   .flags = flags,
                   .options = std::move(options),
                   .payload = Frame(text.begin(), text.end())});
}

std::uint32_t FieldOf(regs::Field field, const UsbHost::Entry& entry) {
  return field.from(entry);
}

bool IsStatus(const UsbHost::Entry& entry) {
  return FieldOf(regs::status_entry::kind, entry) == static_cast<std::uint32_t>(regs::Kind::status);
}

void Attach(UsbHost& host) {
  ASSERT_TRUE(host.Hello(0x1234'5678)) << "no answer to HELLO";
  EXPECT_EQ(host.Read(regs::id::offset), regs::id::reset_value);
  EXPECT_EQ(host.Read(regs::map_hash::offset), regs::expected_map_hash);
  host.Write(regs::control::offset, 0);
  host.Write(regs::control::offset, regs::control::reset.put(1));
  ASSERT_TRUE(host.Await([&] {
    return (host.Read(regs::status::offset) & regs::status::ready.mask()) != 0;
  })) << "the engine does not become ready";

  host.Write(regs::mac_lo::offset, static_cast<std::uint32_t>(kEngineMac));
  host.Write(regs::mac_hi::offset, static_cast<std::uint32_t>(kEngineMac >> 32));
  host.Write(regs::ip::offset, kEngineIp);
  host.Write(regs::netmask::offset, 0xffff'ff00);
  host.Write(regs::mtu::offset, 1500);
  host.Write(regs::ipcfg::offset, regs::ipcfg::ttl.put(64) | regs::ipcfg::df.put(1));
  for (unsigned i = 0; i < 4; ++i) {
    host.Write(regs::isn_key0::offset + 4 * i, 0x0102'0304 * (i + 1));
    host.Write(regs::hash_key0::offset + 4 * i, 0x1122'3344 * (i + 1));
    host.Write(regs::port_key0::offset + 4 * i, 0x5566'7788 * (i + 1));
  }
  host.Write(regs::tx_ring_log2::offset, 12);
  host.Write(regs::rx_ring_log2::offset, 13);
  host.Write(regs::status_log2::offset, 6);
  host.Write(regs::status_consumer::offset, 0);
  host.Write(regs::control::offset, regs::control::enable.put(1));
  EXPECT_EQ(host.Read(regs::ip::offset), kEngineIp);
}

void AnswersArpAndPing(UsbBoard& board, UsbHost& host) {
  board.frames_in.push_back(BuildArp(
      {.dst = kBroadcastMac, .src = kPeerMac, .type = kEtherArp},
      {.operation = 1, .sender_mac = kPeerMac, .sender_ip = kPeerIp, .target_ip = kEngineIp}));
  auto arp = host.AwaitFrame([](const Packet& p) { return p.arp && p.arp->operation == 2; });
  ASSERT_TRUE(arp) << "no answer to ARP";
  EXPECT_EQ(arp->arp->sender_mac, kEngineMac);

  const IcmpMessage echo{.id = 7, .sequence = 1, .payload = Frame(56, 0xab)};
  board.frames_in.push_back(BuildIcmp({.dst = kEngineMac, .src = kPeerMac},
                                      {.src = kPeerIp, .dst = kEngineIp, .protocol = kProtoIcmp},
                                      echo));
  auto pong = host.AwaitFrame([](const Packet& p) { return p.icmp.has_value(); });
  ASSERT_TRUE(pong) << "no answer to ping";
  EXPECT_EQ(pong->icmp->type, 0);
  EXPECT_EQ(pong->icmp->payload, echo.payload);
}

}  // namespace

void RunSmokeExchange(UsbBoard& board, unsigned steps) {
  constexpr std::uint8_t ack_flag = TcpFlags::kAck, syn = TcpFlags::kSyn, fin = TcpFlags::kFin,
                         psh = TcpFlags::kPsh;
  UsbHost host(board, steps);
  ASSERT_NO_FATAL_FAILURE(Attach(host));
  ASSERT_NO_FATAL_FAILURE(AnswersArpAndPing(board, host));
  const auto tcp = [&] {
    return host.AwaitFrame([](const Packet& p) { return p.tcp.has_value(); });
  };
  const auto command = [&](regs::Op op, std::uint16_t slot, std::uint8_t gen, std::uint32_t ports,
                           std::uint32_t arg0, std::uint32_t arg1) {
    auto done = host.Command(static_cast<std::uint8_t>(op), slot, gen, ports, arg0, arg1);
    EXPECT_TRUE(done) << "no completion of command " << static_cast<unsigned>(op);
    if (done) {
      EXPECT_EQ(FieldOf(regs::completion_entry::rc, *done), 0U);
    }
  };

  // Handshake.
  command(regs::Op::listen, 0, 0, kPort, 0x77, 0x0004'0004);
  board.frames_in.push_back(Tcp(syn, kPeerIsn, 0, {}, OptionMss(1460)));
  auto syn_ack = tcp();
  ASSERT_TRUE(syn_ack) << "no answer to a SYN";
  EXPECT_EQ(syn_ack->tcp->flags, syn | ack_flag);
  EXPECT_EQ(syn_ack->tcp->ack, kPeerIsn + 1);
  const std::uint32_t isn = syn_ack->tcp->seq;
  board.frames_in.push_back(Tcp(ack_flag, kPeerIsn + 1, isn + 1));
  auto born = host.AwaitEntry([](const UsbHost::Entry& e) {
    return IsStatus(e) && FieldOf(regs::status_entry::state, e) ==
                              static_cast<std::uint32_t>(regs::State::established);
  });
  ASSERT_TRUE(born) << "no status of the new connection";
  const auto slot = static_cast<std::uint16_t>(FieldOf(regs::status_entry::slot, *born));
  const auto gen = static_cast<std::uint8_t>(FieldOf(regs::status_entry::gen, *born));
  EXPECT_EQ(FieldOf(regs::status_entry::raddr, *born), kPeerIp);
  EXPECT_EQ(FieldOf(regs::status_entry::rport, *born), kPeerPort);
  command(regs::Op::accept, slot, gen, 0, 0x42, 0);

  // Echo.
  const std::string text = "Tautline says what it hears.";
  const auto length = static_cast<std::uint32_t>(text.size());
  board.frames_in.push_back(Tcp(ack_flag | psh, kPeerIsn + 1, isn + 1, text));
  ASSERT_TRUE(host.Await([&] { return !host.deliveries.empty(); })) << "no payload delivered";
  EXPECT_EQ(host.deliveries.front().slot, slot);
  EXPECT_EQ(host.deliveries.front().position, 0U);
  EXPECT_EQ(host.deliveries.front().data, text);
  host.Taken(slot, gen, length);
  host.Send(slot, gen, 0, text);
  auto echoed = host.AwaitFrame([](const Packet& p) { return p.tcp && !p.tcp->payload.empty(); });
  ASSERT_TRUE(echoed) << "no echo";
  EXPECT_EQ(std::string(echoed->tcp->payload.begin(), echoed->tcp->payload.end()), text);
  EXPECT_EQ(echoed->tcp->seq, isn + 1);
  EXPECT_EQ(echoed->tcp->ack, kPeerIsn + 1 + length);
  EXPECT_TRUE(echoed->ip_checksum_ok && echoed->transport_checksum_ok);

  // Orderly close from both sides.
  board.frames_in.push_back(Tcp(ack_flag | fin, kPeerIsn + 1 + length, isn + 1 + length));
  ASSERT_TRUE(host.AwaitEntry([](const UsbHost::Entry& e) {
    return IsStatus(e) && FieldOf(regs::status_entry::fin, e) != 0;
  })) << "the host does not hear of the FIN";
  command(regs::Op::shutdown, slot, gen, 0, length, 0);
  auto last = host.AwaitFrame([](const Packet& p) { return p.tcp && p.tcp->Has(TcpFlags::kFin); });
  ASSERT_TRUE(last) << "no FIN";
  EXPECT_EQ(last->tcp->seq, isn + 1 + length);
  EXPECT_EQ(last->tcp->ack, kPeerIsn + 2 + length);
  board.frames_in.push_back(Tcp(ack_flag, kPeerIsn + 2 + length, isn + 2 + length));
  auto done = host.AwaitEntry([](const UsbHost::Entry& e) {
    return IsStatus(e) && FieldOf(regs::status_entry::done, e) != 0;
  });
  ASSERT_TRUE(done) << "the connection does not end";
  EXPECT_EQ(FieldOf(regs::status_entry::cause, *done), 0U);
  command(regs::Op::release, slot, gen, 0, 0, 0);
  EXPECT_EQ(host.bad_bytes, 0U);
}

}  // namespace tautline::test
