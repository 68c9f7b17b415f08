/// Sends and receives a verified pattern, and prints the goodput.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "options.hpp"
#include "pattern.hpp"
#include "tautline/tautline.hpp"

namespace {

using namespace std::chrono_literals;
using examples::Pattern;
using tautline::Microseconds;
using tautline::Ready;

/// One direction each; `send` bytes go out and end with a FIN, the peer's bytes come in until its.
class Transfer {
 public:
  Transfer(tautline::Socket& socket, std::uint64_t send, std::uint64_t seed)
      : socket_{socket}, pattern_{seed}, to_send_{send} {}

  [[nodiscard]] bool done() const noexcept { return fin_sent_ && fin_received_; }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] std::optional<std::uint64_t> wrong_byte() const noexcept { return wrong_byte_; }

  /// Does what can be done now.
  std::error_code advance() {
    while (sent_ < to_send_) {
      const auto want = std::min<std::uint64_t>(to_send_ - sent_, 1U << 16U);
      const auto room = socket_.reserve(static_cast<std::size_t>(want));
      if (room.empty()) break;
      pattern_.fill(sent_, room.first);
      pattern_.fill(sent_ + room.first.size(), room.second);
      if (const auto error = socket_.commit(room.size())) return error;
      sent_ += room.size();
    }
    if (sent_ == to_send_ && !fin_sent_) {
      if (const auto error = socket_.shutdown(tautline::Shutdown::write)) return error;
      fin_sent_ = true;
    }
    for (;;) {
      const auto view = socket_.receive_view();
      if (view.empty()) break;
      for (const auto part : view.parts()) {
        if (!wrong_byte_) wrong_byte_ = pattern_.first_difference(received_, part);
        received_ += part.size();
      }
      if (const auto error = socket_.consume(view.size())) return error;
    }
    if (!fin_received_) {
      std::array<std::byte, 1> none;
      const auto count = socket_.read(none);
      if (count) {
        fin_received_ = *count == 0;
      } else if (!tautline::is_would_block(count.error())) {
        return count.error();
      }
    }
    auto interest = Ready::none;
    if (sent_ < to_send_) interest = interest | Ready::writable;
    if (!fin_received_) interest = interest | Ready::readable;
    socket_.set_interest(interest);
    return {};
  }

 private:
  tautline::Socket& socket_;
  Pattern pattern_;
  std::uint64_t to_send_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  bool fin_sent_ = false;
  bool fin_received_ = false;
  std::optional<std::uint64_t> wrong_byte_;
};

double megabits_per_second(std::uint64_t bytes, double seconds) {
  return seconds > 0 ? static_cast<double>(bytes) * 8 / seconds / 1e6 : 0;
}

struct Clock {
  std::chrono::steady_clock::time_point wall = std::chrono::steady_clock::now();
  Microseconds device;
};

void print_result(const Transfer& transfer, const Clock& start, Microseconds now,
                  std::uint32_t retransmissions) {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start.wall;
  const std::chrono::duration<double> device = now - start.device;
  fmt::print("{:<10} {:>14} {:>12} {:>16} {:>18}\n", "direction", "bytes", "wall s", "wall Mbit/s",
             "device Mbit/s");
  for (const auto& [name, bytes] :
       {std::pair{"sent", transfer.sent()}, std::pair{"received", transfer.received()}}) {
    if (bytes == 0) continue;
    fmt::print("{:<10} {:>14} {:>12.3f} {:>16.2f} {:>18.2f}\n", name, bytes, wall.count(),
               megabits_per_second(bytes, wall.count()),
               megabits_per_second(bytes, device.count()));
  }
  fmt::print("retransmissions {}\n", retransmissions);
  std::fflush(stdout);
}

struct Job {
  std::uint64_t send = 0;
  std::optional<std::uint64_t> expect;
  std::uint64_t seed = 1;
};

/// True if every byte came and was right.
bool run(tautline::Stack& stack, tautline::Socket& socket, const Job& job,
         examples::Signals& signals) {
  const Clock start{.device = stack.now()};
  Transfer transfer{socket, job.send, job.seed};
  std::error_code error;
  while (!error && !transfer.done() && !signals.stop()) {
    error = transfer.advance();
    if (!error && !transfer.done()) (void)stack.wait(100ms);
  }
  // The bytes are through when the peer has acknowledged them.
  while (!error && socket.unacknowledged_bytes() > 0 && !signals.stop()) {
    (void)stack.wait(100ms);
    error = socket.error();
  }
  const auto now = stack.now();
  const auto info = socket.info();
  print_result(transfer, start, now, info ? info->retransmissions : 0);
  if (error) {
    spdlog::error("the connection ended: {}", error.message());
    return false;
  }
  if (signals.stop()) return false;
  if (const auto wrong = transfer.wrong_byte()) {
    spdlog::error("byte {} differs from the pattern", *wrong);
    return false;
  }
  if (job.expect && transfer.received() != *job.expect) {
    spdlog::error("received {} bytes instead of {}", transfer.received(), *job.expect);
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  examples::Signals signals;
  CLI::App app{
      "Sends N bytes of a pattern, receives and verifies the peer's, and prints the goodput. Waits "
      "for a connection unless --connect is given."};
  examples::CommonOptions options{app, 5001};
  std::string peer;
  Job job;
  std::optional<std::uint64_t> expect;
  unsigned count = 1;
  app.add_option("--connect", peer, "Be the client of this server")->type_name("A.B.C.D:PORT");
  app.add_option("--send", job.send, "Bytes to send")->transform(CLI::AsSizeValue(false));
  app.add_option("--expect", expect, "Fail unless the peer sends so many bytes")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--seed", job.seed, "Of the pattern; the same on both sides");
  app.add_option("--count", count, "Connections, one after the other");
  CLI11_PARSE(app, argc, argv);
  job.expect = expect;

  std::optional<tautline::Endpoint> server;
  if (!peer.empty()) {
    const auto endpoint = tautline::Endpoint::parse(peer);
    if (!endpoint) {
      fmt::print(stderr, "--connect: '{}' is not an address and a port\n", peer);
      return 1;
    }
    server = *endpoint;
  }
  auto stack = options.open_stack();
  if (!stack) return 1;

  tautline::Listener listener;
  if (!server) {
    auto opened = stack->listen({.address = {}, .port = options.port()});
    if (!opened) {
      spdlog::error("cannot listen on port {}: {}", options.port(), opened.error().message());
      return 1;
    }
    listener = std::move(*opened);
    spdlog::info("waiting on port {}", options.port());
  }
  bool good = true;
  for (unsigned i = 0; i < count && good && !signals.stop(); ++i) {
    std::expected<tautline::Socket, std::error_code> socket;
    if (server) {
      socket = stack->connect(*server);
    } else {
      do {
        socket = listener.accept(200ms);
      } while (!socket && tautline::is_would_block(socket.error()) && !signals.stop());
    }
    if (!socket) {
      spdlog::error("no connection: {}", socket.error().message());
      return 1;
    }
    good = run(*stack, *socket, job, signals);
    socket->close();
  }
  listener.close();
  if (const auto error = stack->drain(2s)) {
    spdlog::warn("some connections did not finish: {}", error.message());
  }
  if (options.stats()) options.print_stats(*stack);
  return good ? 0 : 1;
}
