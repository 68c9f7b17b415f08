#pragma once
/// \file
/// An event loop over one stack: listeners make sessions, sessions advance when their socket is
/// ready.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "options.hpp"
#include "tautline/tautline.hpp"

namespace examples {

/// One accepted connection.
class Session {
 public:
  explicit Session(tautline::Socket socket) : socket_{std::move(socket)} {}
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Does all that can be done now and sets the socket's interest for the rest. False: the session
  /// is over, and its socket is closed as `Socket::close` does.
  virtual bool advance() = 0;

  [[nodiscard]] tautline::Socket& socket() noexcept { return socket_; }

 private:
  tautline::Socket socket_;
};

class Server {
 public:
  using Factory = std::function<std::unique_ptr<Session>(tautline::Socket)>;

  Server(tautline::Stack& stack, Signals& signals);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::error_code listen(std::uint16_t port, Factory factory);

  /// A session that moves no byte for so long is reset. Zero: never.
  void set_idle_timeout(tautline::Microseconds timeout) noexcept { idle_timeout_ = timeout; }

  /// What SIGUSR1 calls.
  void on_report(std::function<void()> report) { report_ = std::move(report); }

  /// Serves until SIGINT or SIGTERM, then closes every session and waits a little for the peers.
  /// An error if the device failed.
  [[nodiscard]] std::error_code run();

  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }

 private:
  struct Port {
    tautline::Listener listener;
    Factory factory;
  };
  struct Entry {
    std::unique_ptr<Session> session;
    tautline::Microseconds last_active{};
  };

  void handle(const tautline::Event& event);
  void accept(Port& port);
  void advance(std::uint64_t token, Entry& entry);
  /// Signals and the idle; false: stop.
  bool housekeeping();
  void reset_idle();
  /// Sleeps until the device or a signal wants attention, at most `limit`.
  void sleep(std::chrono::milliseconds limit);

  tautline::Stack& stack_;
  Signals& signals_;
  std::function<void()> report_;
  int epoll_ = -1;
  std::uint64_t next_token_ = 1;
  std::unordered_map<std::uint64_t, Port> ports_;
  std::unordered_map<std::uint64_t, Entry> sessions_;
  std::vector<tautline::Event> batch_;
  tautline::Microseconds idle_timeout_{0};
  tautline::Microseconds next_sweep_{0};
  std::uint64_t accepted_ = 0;
};

}  // namespace examples
