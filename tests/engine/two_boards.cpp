#include "two_boards.hpp"

#include <cstdlib>
#include <cstring>
#include <iostream>

namespace tautline::test {

bool Soak() {
  return std::getenv("TAUTLINE_SOAK") != nullptr;
}

std::uint64_t Seed() {
  const char* text = std::getenv("TAUTLINE_SEED");
  const std::uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 0) : 1;
  std::cout << "[   SEED   ] replay with TAUTLINE_SEED=" << seed << '\n';
  return seed;
}

namespace {

Stack MustCreate(std::unique_ptr<PciFunction> function, StackConfig config) {
  std::string explanation;
  config.explanation = &explanation;
  auto stack = Stack::create(std::move(function), config);
  if (!stack) throw std::runtime_error("attach: " + stack.error().message() + ": " + explanation);
  return std::move(*stack);
}

}  // namespace

BoardPair::BoardPair(PairOptions options) : config_b_(std::move(options.config_b)) {
  config_b_.address = {kPeerIp};
  auto boards = sim::Board::create_pair(std::move(options.a), std::move(options.b));
  if (!boards) throw std::runtime_error("boards: " + boards.error().message());
  boards_ = *boards;
  a_.emplace(MustCreate(board_a().function(), options.config_a));
  AttachB();
}

void BoardPair::AttachB() {
  auto function = std::make_unique<SeverableFunction>(board_b().function());
  function_b_ = function.get();
  b_.reset();
  b_.emplace(MustCreate(std::move(function), config_b_));
}

void BoardPair::KillHostB() {
  function_b_->Sever();
  b_.reset();
}

void BoardPair::Poll() {
  a_->poll();
  if (b_) b_->poll();
}

std::pair<Socket, Socket> BoardPair::Connect(Listener& listener, const ConnectOptions& options) {
  auto client = a().start_connect(listener.local_endpoint().address.value != 0
                                      ? listener.local_endpoint()
                                      : Endpoint{{kPeerIp}, listener.local_endpoint().port},
                                  options);
  if (!client) {
    ADD_FAILURE() << "connect: " << client.error().message();
    return {};
  }
  Socket server;
  const bool ok = PollUntil(
      [&] {
        if (!server) {
          if (auto accepted = listener.try_accept()) server = std::move(*accepted);
        }
        return client->error() || (client->is_connected() && server);
      },
      600s);
  EXPECT_TRUE(ok) << "the handshake did not end";
  EXPECT_FALSE(client->error()) << client->error().message();
  return {std::move(*client), std::move(server)};
}

void BoardPair::ExpectCleanBuses() {
  for (sim::Board* board : {&board_a(), &board_b()}) {
    for (const std::string& text : board->violations()) ADD_FAILURE() << text;
  }
}

void Transfer::Fail(const std::string& text) {
  ADD_FAILURE() << text << " after " << sent_ << " bytes sent and " << received_ << " received";
  failed_ = true;
}

void Transfer::Step() {
  if (failed_) return;
  // Pieces of odd size walk every alignment through the rings.
  while (sent_ < total_) {
    const std::size_t want = std::min<std::size_t>(total_ - sent_, 8191);
    if (from_.writable_bytes() < want) break;
    const std::string piece = Pattern(want, sent_ + salt_);
    auto count = from_.write(AsBytes(piece));
    if (!count) {
      if (count.error() != std::errc::operation_would_block) Fail(count.error().message());
      break;
    }
    sent_ += *count;
  }
  if (sent_ == total_ && !shut_) {
    if (auto error = from_.shutdown(Shutdown::write)) return Fail(error.message());
    shut_ = true;
  }
  while (!read_paused && !ended_) {
    std::array<std::byte, 16384> buffer;
    auto count = to_.read(buffer);
    if (!count) {
      if (count.error() != std::errc::operation_would_block) Fail(count.error().message());
      break;
    }
    if (*count == 0) {
      ended_ = true;
      if (received_ != total_) Fail("the stream ended early");
      break;
    }
    const std::string expected = Pattern(*count, received_ + salt_);
    if (std::memcmp(expected.data(), buffer.data(), *count) != 0) {
      std::size_t i = 0;
      while (std::byte(expected[i]) == buffer[i]) ++i;
      return Fail("wrong byte at stream position " + std::to_string(received_ + i));
    }
    received_ += *count;
  }
}

}  // namespace tautline::test
