// The USB board in virtual time, joined by a cable to a board with PCIe: what the link costs, in
// cycles, and what is left when a host or a byte is lost. Every run is the same, so the figures are
// held.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

#include "tautline/tautline.hpp"
#include "tautline_sim/harness.hpp"
#include "tautline_sim_usb/usb_board.hpp"
#include "tautline_usb/usb_function.hpp"

namespace tautline::test {
namespace {

using namespace std::chrono_literals;

constexpr double kUart = 1.2e6, kFifo = 60e6;  // bytes a second: 12 Mbaud 8N1; 60 MHz

/// A stream that can be cut, or lose a byte.
class FrailStream final : public usb::ByteStream {
 public:
  explicit FrailStream(std::unique_ptr<usb::ByteStream> inner) : inner_(std::move(inner)) {}
  std::size_t send(std::span<const std::byte> bytes) override {
    if (lose_out && bytes.size() > 40) {
      lose_out = false;
      const std::size_t n = inner_->send(bytes.first(20));
      return n < 20 ? n : 20 + 1 + inner_->send(bytes.subspan(21));
    }
    const std::size_t n = std::min(bytes.size(), left);
    left -= n;
    return inner_->send(bytes.first(n));
  }
  std::size_t receive(std::span<std::byte> room) override {
    if (left == 0) return 0;
    std::size_t n = inner_->receive(room);
    if (lose_in && n > 4) {  // a poll is worth no more than 16 bytes
      lose_in = false;
      std::copy(room.begin() + 4, room.begin() + static_cast<long>(n), room.begin() + 3);
      --n;
    }
    return n;
  }
  bool progress() override { return inner_->progress(); }
  void wait(std::chrono::microseconds timeout) override { inner_->wait(timeout); }
  [[nodiscard]] std::chrono::microseconds now() const noexcept override { return inner_->now(); }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  void acknowledge() noexcept override {}
  [[nodiscard]] LinkState state() const noexcept override { return inner_->state(); }

  std::size_t left = ~std::size_t{0};  ///< bytes until the host is dead
  bool lose_out = false, lose_in = false;

 private:
  std::unique_ptr<usb::ByteStream> inner_;
};

/// A client behind PCIe and a server behind either.
class Pair {
 public:
  explicit Pair(bool usb, double rate = 0) : rate_(rate) {
    static int cables = 0;
    const std::string cable = "usb" + std::to_string(cables++);
    client_board_ = board(cable, false);
    server_board_ = board(cable, usb);
    client_.emplace(stack(client_board_->function(), 1));
    if (usb) {
      attach();
    } else {
      server_.emplace(stack(server_board_->function(), 2));
    }
  }
  void attach() {
    server_.reset();
    auto frail = std::make_unique<FrailStream>(sim::open_stream(server_board_, rate_));
    stream = frail.get();
    auto opened = usb::UsbFunction::open(std::move(frail), {.dead_after = 100ms});
    if (!opened) throw std::runtime_error(opened.error().message());
    function = opened->get();
    server_.emplace(stack(std::move(*opened), 2));
  }
  void drop_server() { server_.reset(); }

  void connect() {
    listener = std::move(*server_->listen({.port = 7}));
    near = std::move(*client_->start_connect({{0x0A000002}, 7}));
    run([&] {
      if (!far) {
        if (auto accepted = listener.try_accept()) far = std::move(*accepted);
      }
      return near.is_connected() && static_cast<bool>(far);
    });
  }
  template <typename Done>
  bool run(Done done, sim::Cycle limit = 60'000'000) {
    const sim::Cycle end = cycle() + limit;
    while (!done()) {
      if (cycle() > end) return false;
      client_->poll();
      if (server_) server_->poll();
    }
    return true;
  }
  [[nodiscard]] sim::Cycle cycle() const { return client_board_->cycle(); }

  /// Cycles of `size` bytes to the server and back.
  sim::Cycle round_trip(std::size_t size) {
    const std::vector<std::byte> out(size, std::byte{0x5A});
    std::vector<std::byte> in(size), there(size);
    std::size_t got = 0, echoed = 0, arrived = 0;
    const sim::Cycle begin = cycle();
    EXPECT_EQ(near.write(out).value_or(0), size);
    EXPECT_TRUE(run([&] {
      if (auto n = far.read(std::span(there).subspan(arrived))) arrived += *n;
      if (echoed < arrived) {
        if (auto n = far.write(std::span(there).subspan(echoed, arrived - echoed))) echoed += *n;
      }
      if (auto n = near.read(std::span(in).subspan(got))) got += *n;
      return got == size;
    }));
    EXPECT_EQ(in, out);
    return cycle() - begin;
  }
  /// Cycles of a bulk transfer.
  sim::Cycle bulk(Socket& from, Socket& to, std::size_t size) {
    std::vector<std::byte> buffer(32768);
    std::size_t sent = 0, got = 0;
    bool right = true;
    const sim::Cycle begin = cycle();
    EXPECT_TRUE(run([&] {
      const std::size_t n = std::min(buffer.size(), size - sent);
      for (std::size_t i = 0; i < n; ++i) buffer[i] = pattern(sent + i);
      if (n > 0) {
        if (auto w = from.write(std::span(buffer).first(n))) sent += *w;
      }
      if (auto r = to.read(buffer)) {
        for (std::size_t i = 0; i < *r; ++i) right = right && buffer[i] == pattern(got + i);
        got += *r;
      }
      return got == size;
    })) << got
        << " of " << size;
    EXPECT_TRUE(right);
    return cycle() - begin;
  }

  FrailStream* stream = nullptr;
  usb::UsbFunction* function = nullptr;
  Listener listener;
  Socket near, far;

 private:
  static std::byte pattern(std::size_t i) { return static_cast<std::byte>(i * 7 + (i >> 8)); }
  static std::shared_ptr<sim::Board> board(const std::string& cable, bool usb) {
    sim::BoardOptions options;
    options.flows = 16;
    options.stream = usb;
    options.cable = cable;
    options.poll_cycles = 16;
    auto made = sim::Board::create(std::move(options));
    if (!made) throw std::runtime_error(made.error().message());
    return *made;
  }
  static Stack stack(std::unique_ptr<PciFunction> function, std::uint32_t host) {
    StackConfig config;
    config.address = {0x0A000000 + host};
    config.rx_ring_log2 = 13;  // what the engine's FIFO holds while the link is slower
    config.nodelay = true;     // no figure depends on a delayed acknowledgement
    config.rto_min = config.rto_initial = 50ms;
    std::string why;
    config.explanation = &why;
    auto made = Stack::create(std::move(function), config);
    if (!made) throw std::runtime_error(made.error().message() + ": " + why);
    return std::move(*made);
  }

  double rate_;
  std::shared_ptr<sim::Board> client_board_, server_board_;
  std::optional<Stack> client_, server_;
};

struct Row {
  sim::Cycle round_trip, to_server, from_server;
};

Row measure(const char* name, bool usb, double rate, std::size_t size) {
  Pair pair(usb, rate);
  pair.connect();
  (void)pair.round_trip(64);  // neighbours are known, windows open
  const Row row{pair.round_trip(64), pair.bulk(pair.near, pair.far, size),
                pair.bulk(pair.far, pair.near, size)};
  const auto rate_of = [&](sim::Cycle cycles) {
    return static_cast<double>(size) / sim::cycles_to_ns(cycles) * 1000;
  };
  std::printf(
      "%-14s round trip of 64 bytes %7llu cycles; to the server %7.3f MB/s, from it %7.3f MB/s\n",
      name, static_cast<unsigned long long>(row.round_trip), rate_of(row.to_server),
      rate_of(row.from_server));
  return row;
}

TEST(UsbBoard, CostsWhatTheLinkCosts) {
  const Row pcie = measure("PCIe", false, 0, 100'000);
  const Row fifo = measure("USB, FIFO", true, kFifo, 100'000);
  const Row uart = measure("USB, 12 Mbaud", true, kUart, 8'000);
  // Two frames each way at 130 cycles a byte are the least for the UART.
  EXPECT_LT(fifo.round_trip, pcie.round_trip + 2'000);
  EXPECT_LT(uart.round_trip, 100'000u);
  // The link's rate less its overhead: 60 MB/s are 2.6 cycles a byte.
  EXPECT_LT(fifo.from_server, 100'000u * 3.2);
  EXPECT_LT(fifo.to_server, 100'000u * 3.2);
  EXPECT_LT(uart.from_server, 8'000u * 130 * 1.25);
  EXPECT_LT(uart.to_server, 8'000u * 130 * 1.25);
}

TEST(UsbBoard, TakesLittleBesideThePayload) {
  Pair pair(true);
  pair.connect();
  const auto share = [&](const char* what, auto&& work) {
    const auto before = pair.function->counts();
    work();
    const auto after = pair.function->counts();
    const auto percent = [](std::uint64_t bytes, std::uint64_t payload) {
      return payload == 0
                 ? 0.0
                 : 100.0 * static_cast<double>(bytes - payload) / static_cast<double>(payload);
    };
    const std::uint64_t out = after.payload_out - before.payload_out;
    const std::uint64_t in = after.payload_in - before.payload_in;
    const double to_board = percent(after.bytes_out - before.bytes_out, out);
    const double to_host = percent(after.bytes_in - before.bytes_in, in);
    std::printf("%-22s to the board %6llu bytes +%6.1f %%, to the host %6llu bytes +%6.1f %%\n",
                what, static_cast<unsigned long long>(out), out == 0 ? 0 : to_board,
                static_cast<unsigned long long>(in), in == 0 ? 0 : to_host);
    return std::pair(to_board, to_host);
  };
  (void)pair.round_trip(64);
  const auto small = share("echo of 64 bytes", [&] {
    for (int i = 0; i < 20; ++i) (void)pair.round_trip(64);
  });
  const auto out = share("bulk to the board", [&] { pair.bulk(pair.far, pair.near, 100'000); });
  const auto in = share("bulk to the host", [&] { pair.bulk(pair.near, pair.far, 100'000); });
  EXPECT_LT(small.first, 120);
  EXPECT_LT(small.second, 500);
  EXPECT_LT(out.first, 6);
  EXPECT_LT(in.second, 15);
}

TEST(UsbBoard, IsTakenOverFromAHostThatDiedInTheMiddleOfAFrame) {
  Pair pair(true);
  for (const std::size_t bytes : {1'000, 5'003, 17'777}) {
    pair.connect();
    pair.stream->left = bytes;
    std::vector<std::byte> data(30'000);
    (void)pair.far.write(data);
    pair.run([&] { return pair.stream->left == 0; }, 400'000);
    EXPECT_EQ(pair.stream->left, 0u);
    pair.near = {};
    pair.far = {};
    pair.listener = {};
    pair.attach();
    EXPECT_EQ(pair.function->link_state(), LinkState::up);
  }
  pair.connect();
  EXPECT_GT(pair.round_trip(1'000), 0u);
}

TEST(UsbBoard, EndsTheSessionAtALostByteAndAttachesAgain) {
  Pair pair(true);
  for (const bool out : {true, false}) {
    pair.connect();
    (void)pair.round_trip(100);
    (out ? pair.stream->lose_out : pair.stream->lose_in) = true;
    std::vector<std::byte> data(10'000);
    EXPECT_GT((out ? pair.far : pair.near).write(data).value_or(0), 0u);
    EXPECT_TRUE(pair.run([&] { return pair.function->link_state() != LinkState::up; }));
    EXPECT_EQ(pair.function->link_state(), LinkState::failed);
    EXPECT_TRUE(pair.far.error());
    pair.near = {};
    pair.far = {};
    pair.listener = {};
    pair.attach();
    pair.connect();
    EXPECT_GT(pair.round_trip(1'000), 0u);
    pair.near = {};
    pair.far = {};
    pair.listener = {};
    pair.attach();
  }
}

}  // namespace
}  // namespace tautline::test
