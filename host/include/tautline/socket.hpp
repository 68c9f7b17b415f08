#pragma once
/// \file
/// A TCP connection.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "tautline/endpoint.hpp"
#include "tautline/error.hpp"
#include "tautline/info.hpp"
#include "tautline/options.hpp"

namespace tautline {

namespace detail {
class StackCore;
}

/// Readiness, a set of bits. `hangup` and `error` are reported whatever the interest, the others if
/// asked for.
enum class Ready : std::uint8_t {
  none = 0,
  readable =
      1,  ///< `read` returns bytes, the end of the stream or an error; `try_accept` a connection
  writable =
      2,  ///< connected, and a quarter of the transmit ring is free; or `write` returns an error
  hangup = 4,    ///< both directions have ended
  error = 8,     ///< `error()` says which
  delayed = 16,  ///< the peer is silent: see `delivery_delayed()`
};
[[nodiscard]] constexpr Ready operator|(Ready a, Ready b) noexcept {
  return static_cast<Ready>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr Ready operator&(Ready a, Ready b) noexcept {
  return static_cast<Ready>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// True if `set` holds any bit of `bits`.
[[nodiscard]] constexpr bool has(Ready set, Ready bits) noexcept {
  return (set & bits) != Ready::none;
}

enum class Shutdown : std::uint8_t { read, write, both };

/// A range of a ring: the bytes of `first`, then those of `second`, which is empty unless the range
/// wraps. Two spans rather than a mirrored mapping, because DMA memory belongs to the backend and
/// cannot in general be mapped twice.
template <typename Byte>
struct RingSpans {
  std::span<Byte> first;
  std::span<Byte> second;

  [[nodiscard]] std::size_t size() const noexcept { return first.size() + second.size(); }
  [[nodiscard]] bool empty() const noexcept { return first.empty(); }
  /// In the form that scatter-gather calls want.
  [[nodiscard]] std::array<std::span<Byte>, 2> parts() const noexcept { return {first, second}; }
};
using ReceiveView = RingSpans<const std::byte>;
using TransmitView = RingSpans<std::byte>;

/// Whether more bytes follow soon: `later` leaves the doorbell to the next write, `flush` or
/// `Stack::poll`.
enum class Push : std::uint8_t { now, later };

/// A connection; moves, does not copy. Not thread-safe: the thread of its stack. The destructor
/// closes as `close` does, without waiting for `linger`. A socket may outlive its stack and then
/// answers `std::errc::no_such_device`.
///
/// Non-blocking calls do what can be done with what the last `Stack::poll` (or blocking call)
/// reaped; when nothing can be done they return `std::errc::operation_would_block`. They neither
/// allocate nor lock nor throw.
///
/// Errors: `not_connected` before any connection, `bad_file_descriptor` for a closed or moved-from
/// socket, `no_such_device` when the link was removed, `io_error` when it failed;
/// `connection_refused`, `connection_reset`, `timed_out`, `host_unreachable`, `connection_aborted`
/// for the end of a connection. Bytes that arrived before the end stay readable, in order, and only
/// then is the error returned.
class Socket {
 public:
  Socket() noexcept = default;
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// False for a default-constructed, moved-from or closed socket.
  [[nodiscard]] bool is_open() const noexcept { return core_ != nullptr; }
  [[nodiscard]] explicit operator bool() const noexcept { return is_open(); }

  // ------------------------------------------------------------------------------- non-blocking
  /// Copies received bytes. 0: the peer's stream has ended (or `into` is empty).
  [[nodiscard]] std::expected<std::size_t, std::error_code> read(
      std::span<std::byte> into) noexcept;
  /// Copies bytes into the transmit ring and rings the doorbell; a few bytes go through the push
  /// window. Returns how many were taken, at least 1 unless `from` is empty. `broken_pipe` after
  /// shutdown(write) and, once the cause was told, after the end of the connection.
  std::expected<std::size_t, std::error_code> write(std::span<const std::byte> from,
                                                    Push push = Push::now) noexcept;
  /// Rings the doorbell for bytes written or committed with `Push::later`.
  void flush() noexcept;

  /// All bytes that can be read now, in place. Empty if there are none; `read` with a span of one
  /// byte tells apart why. Valid until they are consumed or the socket is closed.
  [[nodiscard]] ReceiveView receive_view() const noexcept;
  /// Gives the first `count` bytes of the view back. `invalid_argument` beyond the view.
  std::error_code consume(std::size_t count) noexcept;

  /// Free space at the tail of the transmit ring, at most `count` bytes; empty if there is none or
  /// the socket cannot send. Fill it from the front, then `commit`.
  [[nodiscard]] TransmitView reserve(std::size_t count) noexcept;
  /// Sends the first `count` bytes of the reservation. `invalid_argument` beyond the free space.
  std::error_code commit(std::size_t count, Push push = Push::now) noexcept;

  [[nodiscard]] std::size_t readable_bytes() const noexcept;
  [[nodiscard]] std::size_t writable_bytes() const noexcept;
  /// Written and not yet acknowledged by the peer.
  [[nodiscard]] std::size_t unacknowledged_bytes() const noexcept;

  /// write: a FIN follows the bytes written so far. read: received bytes are discarded from now on
  /// and reads return 0. `not_connected` before the connection is established or after its end.
  std::error_code shutdown(Shutdown how) noexcept;
  /// Gives the connection up; the socket is then not open. With unread bytes the peer is reset (RFC
  /// 9293 SHLD-3), or with linger 0; otherwise the engine finishes in the background. A positive
  /// linger blocks; `timed_out` says that it passed with bytes unacknowledged, and the engine goes
  /// on trying.
  std::error_code close() noexcept;
  /// Resets the connection at once; the socket is then not open.
  void abort() noexcept;

  // ------------------------------------------------------------------------------- readiness
  /// What `Stack::poll` reports for this socket: level-triggered. Initially `readable`.
  void set_interest(Ready interest) noexcept;
  /// The value that events carry; initially unique in the stack.
  void set_token(std::uint64_t token) noexcept;
  [[nodiscard]] std::uint64_t token() const noexcept;
  /// The condition now, whatever the interest.
  [[nodiscard]] Ready ready() const noexcept;
  /// The handshake is done (and the connection may have ended since).
  [[nodiscard]] bool is_connected() const noexcept;
  /// The peer has ended its stream; bytes before that may still be unread.
  [[nodiscard]] bool peer_finished() const noexcept;
  /// The peer has not answered the last `StackConfig::r1_retries` retransmissions of a segment or a
  /// SYN: an advice, taken back by its next answer. The connection goes on until `user_timeout` (R1
  /// and R2 of RFC 9293 3.8.3, SHLD-9). To be told by `poll`, add `Ready::delayed` to the interest.
  [[nodiscard]] bool delivery_delayed() const noexcept;
  /// Why the connection ended or could not be opened; no error while it lives or after an orderly
  /// end.
  [[nodiscard]] std::error_code error() const noexcept;

  // ------------------------------------------------------------------------------- options
  /// Sets those that are given. `invalid_argument` and no change if any value is out of range.
  std::error_code set_options(const SocketOptions& options) noexcept;
  /// What was set on this socket.
  [[nodiscard]] SocketOptions options() const noexcept;

  [[nodiscard]] Endpoint local_endpoint() const noexcept;
  [[nodiscard]] Endpoint peer_endpoint() const noexcept;
  [[nodiscard]] State state() const noexcept;
  /// Asks the engine (one command, about a microsecond of device time; polls meanwhile).
  [[nodiscard]] std::expected<ConnectionInfo, std::error_code> info() noexcept;

  // ------------------------------------------------------------------------------- blocking
  // They poll and sleep in the device's time. Without a timeout the socket's option counts;
  // a timeout that passes is `resource_unavailable_try_again`, as with SO_RCVTIMEO.

  /// Waits until the handshake ends: no error, or why it failed.
  std::error_code wait_connected(std::optional<Microseconds> timeout = std::nullopt) noexcept;
  /// At least one byte; 0 at the end of the stream.
  [[nodiscard]] std::expected<std::size_t, std::error_code> read_some(
      std::span<std::byte> into, std::optional<Microseconds> timeout = std::nullopt) noexcept;
  /// Fills `into`; less only at the end of the stream.
  [[nodiscard]] std::expected<std::size_t, std::error_code> read_exact(
      std::span<std::byte> into, std::optional<Microseconds> timeout = std::nullopt) noexcept;
  /// Writes everything; on an error some bytes may have been taken (see `info().bytes_written`).
  std::expected<std::size_t, std::error_code> write_all(
      std::span<const std::byte> from, std::optional<Microseconds> timeout = std::nullopt) noexcept;
  /// Waits until everything written is acknowledged.
  std::error_code drain(std::optional<Microseconds> timeout = std::nullopt) noexcept;

 private:
  friend class detail::StackCore;
  friend class Stack;
  friend class Listener;
  Socket(std::shared_ptr<detail::StackCore> core, std::uint32_t index) noexcept;

  std::shared_ptr<detail::StackCore> core_;
  std::uint32_t index_ = 0;
};

}  // namespace tautline
