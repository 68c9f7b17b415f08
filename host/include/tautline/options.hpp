#pragma once
/// \file
/// Every setting of a stack, a listener and a socket, with its default, declared once.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tautline/endpoint.hpp"

namespace tautline {

using Microseconds = std::chrono::microseconds;

/// Keys of the engine's hashes. They come from the system's random source unless a test fixes them.
struct Secrets {
  std::array<std::byte, 16> isn_key{};   ///< RFC 6528's F()
  std::array<std::byte, 16> hash_key{};  ///< connection lookup
  std::array<std::byte, 16> port_key{};  ///< RFC 6056 ephemeral ports
};

/// One device's configuration, fixed while the stack lives. Times have the engine's range, 32 bits
/// of microseconds (71 minutes).
struct StackConfig {
  Ipv4Address address{};  ///< our address; required
  unsigned prefix = 24;   ///< length of the on-link prefix
  Ipv4Address gateway{};  ///< 0: none, other networks are unreachable
  MacAddress mac{};       ///< all zero: 02:00 followed by the address
  /// 802.1Q {PCP, DEI, VID}: send with it, accept only its VID.
  std::optional<std::uint16_t> vlan_tci = std::nullopt;

  std::uint16_t mtu = 1500;  ///< bytes of an IP packet, 576 to 9000
  bool dont_fragment = true;
  std::uint8_t ttl = 64;  ///< for new connections
  std::uint8_t dscp = 0;  ///< for new connections
  bool nodelay = false;   ///< for new connections: Nagle's algorithm off

  Microseconds rto_min{std::chrono::seconds{1}};            ///< RFC 6298 (2.4)
  Microseconds rto_initial{std::chrono::seconds{1}};        ///< RFC 6298 (2.1)
  Microseconds rto_max{std::chrono::seconds{60}};           ///< RFC 6298 (2.5), at least 60 s
  Microseconds delayed_ack{std::chrono::milliseconds{40}};  ///< RFC 9293 MUST-40: below 500 ms
  Microseconds user_timeout{std::chrono::seconds{120}};  ///< R2 for data (SHLD-11: at least 100 s)
  Microseconds syn_timeout{std::chrono::seconds{180}};   ///< R2 for a SYN (MUST-23: at least 180 s)
  std::uint8_t r1_retries = 3;                           ///< R1 (SHLD-10)
  Microseconds time_wait{std::chrono::seconds{240}};     ///< 2 MSL
  Microseconds fin_wait2{std::chrono::seconds{60}};      ///< FIN_WAIT_2 of a socket that was closed
  Microseconds challenge_interval{std::chrono::milliseconds{500}};  ///< RFC 5961, per connection
  /// One reply without a flow (RST, TIME_WAIT's ACK) each, burst of 64.
  Microseconds reply_interval{std::chrono::milliseconds{1}};
  Microseconds arp_timeout{std::chrono::seconds{60}};

  /// Bytes of one flow's receive ring, 12 to 22; also its largest receive window.
  unsigned rx_ring_log2 = 16;
  /// Bytes of one flow's transmit ring in host memory, 12 to 22: what `write` takes ahead of the
  /// peer's acknowledgments. It may be larger than the device's transmit store.
  unsigned tx_ring_log2 = 16;
  /// log2 of the entries of the status ring, 2 to 15; 0: room for one report of every flow.
  unsigned status_ring_log2 = 0;
  /// At most one interrupt per this interval; 0: no limit.
  Microseconds interrupt_interval{0};
  /// How long attach waits for the device to drain and to come out of reset.
  Microseconds attach_timeout{std::chrono::seconds{2}};
  /// Fixed keys make a run repeatable. Never set in production.
  std::optional<Secrets> secrets = std::nullopt;
  /// If not null: told in words why `Stack::create` failed.
  std::string* explanation = nullptr;
};

/// Options of a connection. Unset ones keep the stack's default.
struct SocketOptions {
  std::optional<bool> nodelay = std::nullopt;       ///< send small segments at once (Nagle off)
  std::optional<bool> quickack = std::nullopt;      ///< acknowledge every segment at once
  std::optional<std::uint8_t> ttl = std::nullopt;   ///< 1 to 255
  std::optional<std::uint8_t> dscp = std::nullopt;  ///< 0 to 63
  /// R2: give up on unacknowledged data; 0: the stack's default.
  std::optional<Microseconds> user_timeout = std::nullopt;
  std::optional<Microseconds> send_timeout = std::nullopt;  ///< of blocking writes; unset: for ever
  std::optional<Microseconds> recv_timeout = std::nullopt;  ///< of blocking reads; unset: for ever
  /// What `close` does: unset: returns at once, the engine finishes. 0: resets the connection.
  /// Otherwise waits this long until all bytes and the FIN are acknowledged.
  std::optional<Microseconds> linger = std::nullopt;
};

struct ListenOptions {
  std::uint16_t backlog = 64;    ///< established connections that wait for `accept`
  std::uint16_t half_open = 64;  ///< connections in SYN_RCVD
  SocketOptions socket = {};     ///< for every accepted connection
};

struct ConnectOptions {
  std::uint16_t local_port = 0;  ///< 0: an ephemeral port (RFC 6056)
  /// Of `Stack::connect`; unset: the engine's SYN timeout decides.
  std::optional<Microseconds> timeout = std::nullopt;
  SocketOptions socket = {};
};

}  // namespace tautline
