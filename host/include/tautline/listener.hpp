#pragma once
/// \file
/// A port that accepts connections.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <system_error>

#include "tautline/endpoint.hpp"
#include "tautline/options.hpp"
#include "tautline/socket.hpp"

namespace tautline {

/// Moves, does not copy; the thread of its stack. The destructor closes.
class Listener {
 public:
  Listener() noexcept = default;
  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return core_ != nullptr; }
  [[nodiscard]] explicit operator bool() const noexcept { return is_open(); }

  /// The oldest established connection, or `operation_would_block`. It may have ended since: it
  /// then tells so.
  [[nodiscard]] std::expected<Socket, std::error_code> try_accept() noexcept;
  /// Waits for one, in the device's time; `resource_unavailable_try_again` when the timeout passes.
  [[nodiscard]] std::expected<Socket, std::error_code> accept(
      std::optional<Microseconds> timeout = std::nullopt) noexcept;

  /// The value that events carry (readable: `try_accept` has a connection); initially unique in the
  /// stack.
  void set_token(std::uint64_t token) noexcept;
  [[nodiscard]] std::uint64_t token() const noexcept;
  [[nodiscard]] Endpoint local_endpoint() const noexcept;

  /// Stops listening: when it returns the engine refuses the port's SYNs, and the port is free.
  /// Asks the engine (one command, about a microsecond of device time; polls meanwhile, at most ten
  /// seconds of a device that does not answer). Connections that nobody accepted are reset.
  void close() noexcept;

 private:
  friend class Stack;
  Listener(std::shared_ptr<detail::StackCore> core, std::uint32_t index) noexcept;

  std::shared_ptr<detail::StackCore> core_;
  std::uint32_t index_ = 0;
};

}  // namespace tautline
