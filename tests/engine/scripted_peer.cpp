#include "scripted_peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tautline::test {

namespace {

std::string FlagNames(std::uint8_t flags) {
  static constexpr std::string_view kNames[] = {"F", "S", "R", "P", "A", "U", "E", "C"};
  std::string text;
  for (unsigned i = 0; i < 8; ++i) {
    if ((flags >> i & 1) != 0) text += kNames[i];
  }
  return text.empty() ? "none" : text;
}

std::span<const std::byte> Bytes(const Frame& frame) {
  return std::as_bytes(std::span(frame.data(), frame.size()));
}

}  // namespace

std::string Pattern(std::size_t size, std::size_t from) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t p = from + i;
    text[i] = static_cast<char>((p * 2654435761U >> 13) ^ p);
  }
  return text;
}

std::string Describe(const Received& s) {
  return fmt::format("<{} seq={} ack={} len={} win={}>", FlagNames(s.flags), s.seq, s.ack,
                     s.data.size(), s.window);
}

std::string ReadAll(Socket& socket) {
  std::string text;
  std::array<std::byte, 4096> buffer{};
  while (auto count = socket.read(buffer)) {
    if (*count == 0) break;
    text.append(reinterpret_cast<const char*>(buffer.data()), *count);
  }
  return text;
}

// ---------------------------------------------------------------------------------- Bench
StackConfig Bench::DefaultConfig() {
  StackConfig config;
  config.address = {kEngineIp};
  config.gateway = {Ipv4Address(10, 0, 0, 254)};
  config.secrets = Secrets{};
  for (unsigned i = 0; i < 16; ++i) {
    config.secrets->isn_key[i] = std::byte(i);
    config.secrets->hash_key[i] = std::byte(0x5a ^ (i * 37));
    config.secrets->port_key[i] = std::byte(0xc3 ^ (i * 11));
  }
  return config;
}

sim::BoardOptions Bench::DefaultOptions() {
  sim::BoardOptions options;
  options.variant = "assert";
  options.flows = 16;
  return options;
}

Bench::Bench(StackConfig config, sim::BoardOptions options) : config_(std::move(config)) {
  auto board = sim::Board::create(std::move(options));
  if (!board) throw std::runtime_error("board: " + board.error().message());
  board_ = *board;
  config_.explanation = &explanation_;
  Attach();
}

void Bench::Attach() {
  auto stack = Stack::create(board_->function(), config_);
  if (!stack) {
    throw std::runtime_error("attach: " + stack.error().message() + ": " + explanation_);
  }
  stack_.emplace(std::move(*stack));
  engine_mac_ =
      config_.mac.value() != 0 ? config_.mac.value() : 0x0200'0000'0000ULL | config_.address.value;
  Settle();  // the last register writes of attach are posted
}

void Bench::Settle() {
  for (int i = 0; i < 3; ++i) {
    board_->advance_to_quiescence(200us);
    if (stack_) stack_->poll();
  }
}

void Bench::Pass(std::chrono::nanoseconds time) {
  board_->advance(time);
  if (stack_) stack_->poll();
}

std::optional<sim::Frame> Bench::NextFrame(std::chrono::nanoseconds limit) {
  const sim::Nanos end = board_->time() + static_cast<sim::Nanos>(limit.count());
  for (;;) {
    while (auto frame = board_->take_frame()) {
      auto packet = ParseFrame(std::span(reinterpret_cast<const std::uint8_t*>(frame->bytes.data()),
                                         frame->bytes.size()));
      if (answer_arp && packet && packet->arp && packet->arp->operation == 1) {
        ArpPacket reply{.operation = 2,
                        .sender_mac = kPeerMac,
                        .sender_ip = packet->arp->target_ip,
                        .target_mac = packet->arp->sender_mac,
                        .target_ip = packet->arp->sender_ip};
        EthernetHeader eth{.dst = packet->eth.src, .src = kPeerMac, .type = kEtherArp};
        board_->give_frame(Bytes(BuildArp(eth, reply)));
        continue;
      }
      return frame;
    }
    if (board_->time() >= end) return std::nullopt;
    board_->advance(std::chrono::nanoseconds(end - board_->time()), false, true);
  }
}

// ---------------------------------------------------------------------------------- ScriptedPeer
ScriptedPeer::ScriptedPeer(Bench& bench, std::uint16_t port, std::uint16_t engine_port,
                           std::uint32_t isn)
    : bench_(bench), port_(port), engine_port_(engine_port), isn_(isn) {}

Frame ScriptedPeer::Build(const Segment& segment) const {
  TcpSegment tcp;
  tcp.src_port = port_;
  tcp.dst_port = engine_port_;
  tcp.seq = isn_ + segment.seq;
  tcp.ack = (segment.flags & kAck) != 0 ? engine_isn_ + segment.ack : segment.ack;
  tcp.flags = segment.flags;
  tcp.window = segment.window;
  tcp.options = segment.options;
  tcp.payload.assign(segment.data.begin(), segment.data.end());
  return BuildTcp({.dst = bench_.engine_mac(), .src = kPeerMac},
                  {.src = ip, .dst = bench_.config().address.value}, tcp);
}

void ScriptedPeer::Send(const Segment& segment) {
  SendRaw(Build(segment));
}

void ScriptedPeer::SendRaw(const Frame& frame, bool bad) {
  bench_.board().give_frame(Bytes(frame), 0, bad);
}

Received ScriptedPeer::Translate(const sim::Frame& frame, Packet packet) {
  const TcpSegment& tcp = *packet.tcp;
  Received r;
  r.flags = tcp.flags;
  if (tcp.Has(kSyn)) engine_isn_ = tcp.seq;
  r.seq = tcp.seq - engine_isn_;
  r.ack = tcp.Has(kAck) ? tcp.ack - isn_ : 0;
  r.data.assign(tcp.payload.begin(), tcp.payload.end());
  r.window = tcp.window;
  r.options = WalkTcpOptions(tcp.options).value_or(TcpOptions{});
  r.time = frame.time;
  r.first_cycle = frame.first_cycle;
  r.last_cycle = frame.last_cycle;
  EXPECT_TRUE(packet.ip_checksum_ok) << "IP checksum of " << Describe(r);
  EXPECT_TRUE(packet.transport_checksum_ok) << "TCP checksum of " << Describe(r);
  EXPECT_EQ(packet.eth.dst, kPeerMac);
  EXPECT_EQ(packet.eth.src, bench_.engine_mac());
  EXPECT_EQ(packet.ip->src, bench_.config().address.value);
  r.packet = std::move(packet);
  return r;
}

std::optional<Received> ScriptedPeer::TryNext(std::chrono::nanoseconds limit) {
  const sim::Nanos end = bench_.board().time() + static_cast<sim::Nanos>(limit.count());
  for (;;) {
    const sim::Nanos now = bench_.board().time();
    auto frame = bench_.NextFrame(std::chrono::nanoseconds(end > now ? end - now : 0));
    if (!frame) return std::nullopt;
    auto packet = ParseFrame(
        std::span(reinterpret_cast<const std::uint8_t*>(frame->bytes.data()), frame->bytes.size()));
    if (!packet) {
      ADD_FAILURE() << "the engine sent a malformed frame: " << packet.error();
      continue;
    }
    if (!packet->tcp || packet->tcp->dst_port != port_) continue;
    return Translate(*frame, std::move(*packet));
  }
}

std::vector<Received> ScriptedPeer::Take(std::chrono::nanoseconds silence) {
  std::vector<Received> all;
  while (auto received = TryNext(silence)) all.push_back(std::move(*received));
  return all;
}

Received ScriptedPeer::Next(std::chrono::nanoseconds limit) {
  auto received = TryNext(limit);
  if (!received) {
    ADD_FAILURE() << "no segment within " << limit.count() / 1000 << " us";
    return {};
  }
  return *received;
}

Received ScriptedPeer::Expect(const Expected& expected, std::chrono::nanoseconds limit) {
  auto received = TryNext(limit);
  if (!received) {
    ADD_FAILURE() << fmt::format("no segment within {} us; expected <{} seq={} ack={}>",
                                 limit.count() / 1000, FlagNames(expected.flags.value_or(0)),
                                 expected.seq.value_or(0), expected.ack.value_or(0));
    return {};
  }
  const std::string text = Describe(*received);
  if (expected.flags) {
    EXPECT_EQ(FlagNames(received->flags), FlagNames(*expected.flags)) << text;
  }
  if (expected.seq) {
    EXPECT_EQ(received->seq, *expected.seq) << text;
  }
  if (expected.ack) {
    EXPECT_EQ(received->ack, *expected.ack) << text;
  }
  if (expected.data) {
    EXPECT_TRUE(received->data == *expected.data) << "other bytes in " << text;
  }
  if (expected.len) {
    EXPECT_EQ(received->data.size(), *expected.len) << text;
  }
  if (expected.window) {
    EXPECT_EQ(received->window, *expected.window) << text;
  }
  return *received;
}

void ScriptedPeer::ExpectSilence(std::chrono::nanoseconds time) {
  if (auto received = TryNext(time)) {
    ADD_FAILURE() << "the engine should be silent but sent " << Describe(*received);
  }
}

void ScriptedPeer::Connect(std::uint16_t mss, std::optional<std::uint8_t> window_scale,
                           std::uint16_t window) {
  Segment syn{.flags = kSyn, .window = window};
  if (mss != 0) syn.options = OptionMss(mss);
  if (window_scale) {
    syn.options = Join({syn.options, OptionNop(), OptionWindowScale(*window_scale)});
  }
  Send(syn);
  Expect({.flags = kSyn | kAck, .seq = 0, .ack = 1});
  Send({.flags = kAck, .seq = 1, .ack = 1, .window = window});
  bench_.Settle();
}

void ScriptedPeer::Accept(std::uint16_t mss, std::optional<std::uint8_t> window_scale,
                          std::uint16_t window) {
  Expect({.flags = kSyn, .seq = 0});
  Segment answer{.flags = kSyn | kAck, .ack = 1, .window = window};
  if (mss != 0) answer.options = OptionMss(mss);
  if (window_scale) {
    answer.options = Join({answer.options, OptionNop(), OptionWindowScale(*window_scale)});
  }
  Send(answer);
  Expect({.flags = kAck, .seq = 1, .ack = 1});
  bench_.Settle();
}

}  // namespace tautline::test
