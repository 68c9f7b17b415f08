// One listener, one peer and the connection between them: where most tests of the engine begin.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "scripted_peer.hpp"

namespace tautline::test {

inline constexpr std::uint16_t kPort = 80;

struct RigOptions {
  StackConfig config = Bench::DefaultConfig();
  ListenOptions listen = {};
  std::uint32_t peer_isn = 0x1000;
  std::uint64_t epoch_us = sim::BoardOptions{}.epoch_us;
};

struct Rig {
  explicit Rig(RigOptions options = {})
      : bench(options.config, Board(options.epoch_us)), peer(bench, 5555, kPort, options.peer_isn) {
    auto opened = bench.stack().listen({.port = kPort}, options.listen);
    EXPECT_TRUE(opened) << opened.error().message();
    if (opened) listener = std::move(*opened);
  }

  static sim::BoardOptions Board(std::uint64_t epoch_us) {
    sim::BoardOptions board = Bench::DefaultOptions();
    board.epoch_us = epoch_us;
    return board;
  }

  // The peer connects and the connection is accepted.
  Socket Accept(ScriptedPeer& from, std::uint16_t mss = 1460,
                std::optional<std::uint8_t> window_scale = {}, std::uint16_t window = 65535) {
    from.Connect(mss, window_scale, window);
    auto accepted = listener.try_accept();
    EXPECT_TRUE(accepted) << accepted.error().message();
    return accepted ? std::move(*accepted) : Socket{};
  }
  Rig& Open(std::uint16_t mss = 1460, std::optional<std::uint8_t> window_scale = {},
            std::uint16_t window = 65535) {
    socket = Accept(peer, mss, window_scale, window);
    return *this;
  }

  // Sends, and lets the board and the library take it in.
  void Give(const Segment& segment) {
    peer.Send(segment);
    bench.Settle();
  }
  void Write(std::string_view text) {
    auto count = socket.write(AsBytes(text));
    ASSERT_TRUE(count) << count.error().message();
    ASSERT_EQ(*count, text.size());
  }
  // Writes so that the engine holds every byte before it may send the first, and therefore cuts
  // them only by MSS and windows: the peer's window is shut meanwhile.
  void WriteWhole(std::string_view text, std::uint32_t peer_seq = 1, std::uint32_t ack = 1,
                  std::uint16_t window = 65535) {
    Give({.seq = peer_seq, .ack = ack, .window = 0});
    Write(text);
    bench.Settle();
    peer.Send({.seq = peer_seq, .ack = ack, .window = window});
  }
  std::uint32_t Count(Counter counter) { return bench.stack().device_counter(counter); }

  Bench bench;
  ScriptedPeer peer;
  Listener listener;
  Socket socket;
};

// Writes `text` and takes it at the peer, who acknowledges what has come whenever the line falls
// silent. `seq` is the engine's number of the first byte. Returns what the peer got.
inline std::string Carry(Socket& socket, ScriptedPeer& peer, std::string_view text,
                         std::uint32_t seq, std::uint32_t peer_seq = 1,
                         std::uint16_t window = 65535) {
  std::string got;
  std::size_t written = 0;
  while (got.size() < text.size()) {
    if (written < text.size()) {
      if (auto count = socket.write(AsBytes(text.substr(written)))) written += *count;
    }
    const auto burst = peer.Take(300us);
    if (burst.empty()) {
      ADD_FAILURE() << "stalled after " << got.size() << " of " << text.size() << " bytes";
      break;
    }
    for (const Received& segment : burst) {
      if (segment.seq == seq + got.size()) got += segment.data;
    }
    peer.Send(
        {.seq = peer_seq, .ack = seq + static_cast<std::uint32_t>(got.size()), .window = window});
    peer.bench().Settle();
  }
  return got;
}

inline double SecondsBetween(const Received& a, const Received& b) {
  return static_cast<double>(b.time - a.time) * 1e-9;
}
// What a wait that ends by a timer may be off.
inline constexpr double kTimerError = 0.002;

}  // namespace tautline::test
