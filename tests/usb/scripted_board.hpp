// A board made of nothing but frames, in virtual time: the far side of UsbFunction for tests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "generated/regs.hpp"
#include "stream_frames.hpp"
#include "tautline_usb/byte_stream.hpp"

namespace tautline::test {

/// Answers HELLO, PING, READ and WRITE as the RTL does; everything else is the test's.
struct ScriptedBoard {
  Decoder heard;                   // what the host said
  std::deque<std::uint8_t> bytes;  // on their way to the host
  std::map<std::uint32_t, std::uint32_t> registers{
      {regs::id::offset, regs::id::reset_value}, {regs::map_hash::offset, regs::expected_map_hash}};
  std::uint32_t version = regs::stream_version, map_hash = regs::expected_map_hash;
  std::uint32_t buffer = 4096;
  unsigned space_log2 = 12;
  bool deaf = false;                   // answers nothing
  bool gives_credit = true;            // returns credit for what it heard
  std::size_t room = ~std::size_t{0};  // bytes that send() takes in all
  std::chrono::microseconds now{0};
  LinkState state = LinkState::up;
  std::uint8_t seq = 0;
  std::uint32_t used = 0;  // credit that the host has used
  std::size_t done = 0;    // frames of `heard` that were looked at

  void say(FrameType type, Bytes payload = {}) {
    say_raw(
        encode({.type = type, .seq = seq++, .credit = credit(), .payload = std::move(payload)}));
  }
  void say_raw(const Bytes& raw) { bytes.insert(bytes.end(), raw.begin(), raw.end()); }
  [[nodiscard]] std::uint8_t credit() const {
    return gives_credit ? static_cast<std::uint8_t>(used / 256) : std::uint8_t{0};
  }

  void listen(std::span<const std::byte> from_host) {
    for (const std::byte b : from_host) heard.push(std::to_integer<std::uint8_t>(b));
    for (; done < heard.frames.size(); ++done) react(heard.frames[done]);
  }

  void react(const StreamFrame& f) {
    if (!f.payload.empty() && f.type != kHello)
      used += static_cast<std::uint32_t>(f.payload.size()) + 4;
    if (deaf) return;
    switch (f.type) {
      case kHello:
        seq = 0;
        used = 0;
        say(kHello, words({version | space_log2 << 16, map_hash, f.word(2), buffer}));
        break;
      case kPing:
        say(kCredit);
        break;
      case kRead:
        say(kValue, words({registers[f.word(0)]}));
        break;
      case kWrite:
        for (std::size_t i = 1; 4 * i < f.payload.size(); ++i)
          registers[f.word(0) + static_cast<std::uint32_t>(4 * (i - 1))] = f.word(i);
        break;
      default:
        break;
    }
  }
  [[nodiscard]] std::vector<StreamFrame> all(FrameType type) const {
    std::vector<StreamFrame> found;
    for (const auto& f : heard.frames)
      if (f.type == type) found.push_back(f);
    return found;
  }
};

class ScriptedStream final : public usb::ByteStream {
 public:
  explicit ScriptedStream(ScriptedBoard& board) : board_(board) {}
  std::size_t send(std::span<const std::byte> bytes) override {
    const std::size_t n = std::min(bytes.size(), board_.room);
    board_.room -= n;
    board_.listen(bytes.first(n));
    return n;
  }
  std::size_t receive(std::span<std::byte> room) override {
    const std::size_t n = std::min(room.size(), board_.bytes.size());
    for (std::size_t i = 0; i < n; ++i) {
      room[i] = static_cast<std::byte>(board_.bytes.front());
      board_.bytes.pop_front();
    }
    return n;
  }
  bool progress() override { return false; }
  void wait(std::chrono::microseconds timeout) override {
    if (board_.bytes.empty()) board_.now += timeout;
  }
  [[nodiscard]] std::chrono::microseconds now() const noexcept override { return board_.now; }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  void acknowledge() noexcept override {}
  [[nodiscard]] LinkState state() const noexcept override { return board_.state; }

 private:
  ScriptedBoard& board_;
};

}  // namespace tautline::test
