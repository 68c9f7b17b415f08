// A TCP peer that does only what a test says, segment by segment, and the board it talks to, in
// virtual time. Sequence numbers are relative: `seq` counts from the sender's own ISN, `ack` from
// the ISN of the other side, so that an exchange reads like the RFC's figures whatever the ISNs
// are.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packet.hpp"
#include "tautline/tautline.hpp"
#include "tautline_sim/harness.hpp"

namespace tautline::test {

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

inline constexpr std::uint8_t kFin = TcpFlags::kFin, kSyn = TcpFlags::kSyn, kRst = TcpFlags::kRst,
                              kPsh = TcpFlags::kPsh, kAck = TcpFlags::kAck, kUrg = TcpFlags::kUrg;

inline constexpr std::uint32_t kEngineIp = Ipv4Address(10, 0, 0, 1);
inline constexpr std::uint32_t kPeerIp = Ipv4Address(10, 0, 0, 2);
inline constexpr std::uint64_t kPeerMac = 0x02'00'00'00'00'99;

// `size` bytes that depend on their position, so that a byte in the wrong place shows.
std::string Pattern(std::size_t size, std::size_t from = 0);

// A segment that the peer sends.
struct Segment {
  std::uint8_t flags = kAck;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::string data = {};
  std::uint16_t window = 65535;
  Frame options = {};
};

// What a segment of the engine must look like; only the fields that are set count.
struct Expected {
  std::optional<std::uint8_t> flags = {};
  std::optional<std::uint32_t> seq = {};
  std::optional<std::uint32_t> ack = {};
  std::optional<std::string> data = {};
  std::optional<std::size_t> len = {};
  std::optional<std::uint16_t> window = {};
};

// A segment of the engine in the test's numbers.
struct Received {
  std::uint8_t flags = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::string data;
  std::uint16_t window = 0;
  TcpOptions options;
  Packet packet;
  sim::Nanos time = 0;         // when its last word left
  sim::Cycle first_cycle = 0;  // of its first and last word at the board's edge
  sim::Cycle last_cycle = 0;

  [[nodiscard]] bool Has(std::uint8_t flag) const { return (flags & flag) == flag; }
};

std::string Describe(const Received& segment);

// Names the numbered requirements of RFC 9293 (MUST-n, SHLD-n, MAY-n) that a test proves, separated
// by spaces; docs/requirements.md is made from these calls.
inline void Covers(const char* requirements) {
  ::testing::Test::RecordProperty("requirements", requirements);
}

class ScriptedPeer;

// The board, the library on it, and the frames between them and the peers.
class Bench {
 public:
  Bench(StackConfig config, sim::BoardOptions options);

  static StackConfig DefaultConfig();
  static sim::BoardOptions DefaultOptions();

  [[nodiscard]] Stack& stack() { return *stack_; }
  [[nodiscard]] sim::Board& board() { return *board_; }
  [[nodiscard]] std::shared_ptr<sim::Board> shared_board() { return board_; }
  [[nodiscard]] const StackConfig& config() const { return config_; }
  [[nodiscard]] std::uint64_t engine_mac() const { return engine_mac_; }

  // Ends the driver without a goodbye, or attaches a new one to the same board.
  void DropStack() { stack_.reset(); }
  void Attach();

  // Lets everything that needs no deadline happen, on the board and in the library.
  void Settle();
  // Lets time pass; the library polls at its end.
  void Pass(std::chrono::nanoseconds time);

  // The engine's next frame of any kind within `limit`; ARP requests are answered on the way unless
  // `answer_arp` is false.
  std::optional<sim::Frame> NextFrame(std::chrono::nanoseconds limit);
  bool answer_arp = true;

 private:
  friend class ScriptedPeer;
  StackConfig config_;
  std::shared_ptr<sim::Board> board_;
  std::optional<Stack> stack_;
  std::uint64_t engine_mac_ = 0;
  std::string explanation_;
};

// One connection's far end. Several peers may share a bench if they take turns.
class ScriptedPeer {
 public:
  // `isn` is the peer's own.
  ScriptedPeer(Bench& bench, std::uint16_t port, std::uint16_t engine_port,
               std::uint32_t isn = 0x1000);

  // Sends a segment; numbers are relative. Returns the cycle in which its first word is offered at
  // the earliest.
  void Send(const Segment& segment);
  // Sends a frame that Send cannot make.
  void SendRaw(const Frame& frame, bool bad = false);
  [[nodiscard]] Frame Build(const Segment& segment) const;

  // The engine's next TCP segment within `limit`; a test failure if there is none.
  Received Next(std::chrono::nanoseconds limit = 10ms);
  // The same, compared.
  Received Expect(const Expected& expected, std::chrono::nanoseconds limit = 10ms);
  // No TCP segment for so long.
  void ExpectSilence(std::chrono::nanoseconds time);
  std::optional<Received> TryNext(std::chrono::nanoseconds limit);
  // Everything that comes until there is silence for so long.
  std::vector<Received> Take(std::chrono::nanoseconds silence = 1ms);

  // Opens passively on the engine's side: SYN, SYN-ACK, ACK; the listener must exist. `mss` 0: no
  // option.
  void Connect(std::uint16_t mss = 1460, std::optional<std::uint8_t> window_scale = {},
               std::uint16_t window = 65535);
  // Takes the engine's SYN of an active open and completes the handshake.
  void Accept(std::uint16_t mss = 1460, std::optional<std::uint8_t> window_scale = {},
              std::uint16_t window = 65535);

  [[nodiscard]] Bench& bench() { return bench_; }
  [[nodiscard]] std::uint32_t isn() const { return isn_; }
  [[nodiscard]] std::uint32_t engine_isn() const { return engine_isn_; }
  void set_engine_isn(std::uint32_t isn) { engine_isn_ = isn; }
  void set_engine_port(std::uint16_t port) { engine_port_ = port; }
  std::uint32_t ip = kPeerIp;

 private:
  Received Translate(const sim::Frame& frame, Packet packet);

  Bench& bench_;
  std::uint16_t port_;
  std::uint16_t engine_port_;
  std::uint32_t isn_;
  std::uint32_t engine_isn_ = 0;
};

// Bytes of a string for the library's calls.
inline std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
// Everything the socket has now.
std::string ReadAll(Socket& socket);

}  // namespace tautline::test
