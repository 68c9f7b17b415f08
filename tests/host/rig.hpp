#pragma once
/// \file
/// A stack on a mock device, and the shortest ways to a connection.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "mock_function.hpp"
#include "tautline/tautline.hpp"

namespace tautline::test {

inline constexpr Ipv4Address our_address{0x0a000001};
inline constexpr Endpoint peer{{0x0a000002}, 40000};

inline StackConfig small_config() {
  StackConfig config;
  config.address = our_address;
  config.rx_ring_log2 = 12;
  config.tx_ring_log2 = 12;
  config.status_ring_log2 = 4;
  config.secrets = Secrets{};
  return config;
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The byte of a stream at a position: repeats with no power of two.
inline std::byte pattern(std::uint64_t position) {
  return static_cast<std::byte>(position % 251 ^ position / 251 % 241);
}

inline std::vector<std::byte> pattern_range(std::uint64_t from, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = pattern(from + i);
  return bytes;
}

class Rig {
 public:
  Rig() : Rig(MockFunction::Build{}, small_config()) {}
  explicit Rig(const MockFunction::Build& build) : Rig(build, small_config()) {}
  Rig(const MockFunction::Build& build, const StackConfig& config)
      : mock(build), stack(Stack::create(mock, config).value()) {
    mock.writes.clear();
  }

  /// Reports a slot and polls; the events that came of it.
  std::span<const Event> report(std::uint32_t slot) {
    mock.report(slot);
    return stack.poll();
  }

  /// An active open that the device gave the next slot and that is established.
  Socket connected(const ConnectOptions& options = {}) {
    const std::uint32_t slot = mock.next_slot;
    Socket socket = stack.start_connect(peer, options).value();
    stack.poll();
    mock.flow(slot).state = regs::State::established;
    report(slot);
    stack.poll();
    mock.commands.clear();
    return socket;
  }

  /// A connection that a listener's tag was given to.
  void arrive(std::uint32_t slot, std::uint32_t listener_tag, std::uint8_t gen = 0) {
    MockFlow& flow = mock.flow(slot);
    flow = MockFlow{};
    flow.gen = gen;
    flow.tag = listener_tag;
    flow.listening = true;
    flow.state = regs::State::established;
    flow.rport = static_cast<std::uint16_t>(40000 + slot);
    mock.report(slot);
  }

  MockFunction mock;
  Stack stack;
};

/// The readiness that a token has among events.
inline Ready ready_of(std::span<const Event> events, std::uint64_t token) {
  for (const Event& event : events) {
    if (event.token == token) return event.ready;
  }
  return Ready::none;
}

inline std::string read_text(Socket& socket, std::size_t most = 4096) {
  std::vector<std::byte> buffer(most);
  const auto count = socket.read(buffer);
  return count ? text_of(std::span(buffer).first(*count)) : "<" + count.error().message() + ">";
}

}  // namespace tautline::test
