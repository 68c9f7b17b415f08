// The FTDI transport through an unmodified libusb: the chip's model is a device of umockdev.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <random>

#include "ftdi_stream.hpp"
#include "scripted_board.hpp"
#include "tautline_sim_usb/umockdev_host.hpp"
#include "tautline_usb/error.hpp"
#include "tautline_usb/usb_function.hpp"
#include "url.hpp"

namespace tautline::test {
namespace {

using namespace std::chrono_literals;

/// What goes in comes out.
class Loop final : public sim::ByteSide {
 public:
  std::size_t give(std::span<const std::uint8_t> bytes) override {
    const std::lock_guard lock(mutex);
    const std::size_t n = std::min(bytes.size(), 4096 - std::min<std::size_t>(4096, held.size()));
    held.insert(held.end(), bytes.begin(), bytes.begin() + static_cast<long>(n));
    return n;
  }
  std::size_t take(std::span<std::uint8_t> room) override {
    const std::lock_guard lock(mutex);
    const std::size_t n = std::min(room.size(), held.size());
    std::copy_n(held.begin(), n, room.begin());
    held.erase(held.begin(), held.begin() + static_cast<long>(n));
    return n;
  }
  [[nodiscard]] std::size_t waiting() const override {
    const std::lock_guard lock(mutex);
    return held.size();
  }
  void purge(bool, bool) override {
    const std::lock_guard lock(mutex);
    held.clear();
  }
  mutable std::mutex mutex;
  std::deque<std::uint8_t> held;
};

/// The scripted board behind the chip.
class Scripted final : public sim::ByteSide {
 public:
  std::size_t give(std::span<const std::uint8_t> bytes) override {
    const std::lock_guard lock(mutex);
    board.listen(std::as_bytes(bytes));
    return bytes.size();
  }
  std::size_t take(std::span<std::uint8_t> room) override {
    const std::lock_guard lock(mutex);
    const std::size_t n = std::min(room.size(), board.bytes.size());
    std::copy_n(board.bytes.begin(), n, room.begin());
    board.bytes.erase(board.bytes.begin(), board.bytes.begin() + static_cast<long>(n));
    return n;
  }
  [[nodiscard]] std::size_t waiting() const override {
    const std::lock_guard lock(mutex);
    return board.bytes.size();
  }
  void purge(bool to_host, bool) override {
    const std::lock_guard lock(mutex);
    if (to_host) board.bytes.clear();
  }
  mutable std::mutex mutex;
  ScriptedBoard board;
};

class Transport : public testing::Test {
 protected:
  void plug_in(sim::FtConfig config = {}) {
    auto plugged = sim::UmockdevHost::plug_in(loop, config);
    ASSERT_TRUE(plugged) << plugged.error().message();
    host = std::move(*plugged);
  }
  std::error_code open(const char* url = "0403:6010") {
    const auto address = usb::parse_usb_url(url);
    if (!address) return address.error();
    auto opened = usb::open_ftdi(*address);
    if (!opened) return opened.error();
    stream = std::move(*opened);
    return {};
  }
  /// Sends `n` bytes through the loop and expects them back. Bounded by turns, not by a clock.
  void round_trip(std::size_t n, std::size_t chunk = 3000) {
    std::vector<std::byte> out(n), in;
    std::mt19937 random(static_cast<unsigned>(n));
    for (auto& b : out) b = static_cast<std::byte>(random());
    std::vector<std::byte> room(8192);
    std::size_t sent = 0, calm = 0;
    while (in.size() < n && calm < 100 && stream->state() == LinkState::up) {
      const std::size_t s = stream->send(std::span(out).subspan(sent, std::min(chunk, n - sent)));
      sent += s;
      const std::size_t r = stream->receive(room);
      in.insert(in.end(), room.begin(), room.begin() + static_cast<long>(r));
      calm = s + r > 0 ? 0 : calm + 1;
      if (s + r == 0) stream->wait(100ms);
    }
    ASSERT_EQ(in.size(), n) << "sent " << sent;
    EXPECT_TRUE(in == out);
  }
  /// Until the stream notices, for at most so many turns.
  LinkState state_after(int turns = 100) {
    std::array<std::byte, 64> some{};
    for (int i = 0; i < turns && stream->state() == LinkState::up; ++i) {
      (void)stream->send(some);
      stream->wait(50ms);
    }
    return stream->state();
  }

  Loop loop;
  std::unique_ptr<sim::UmockdevHost> host;
  std::unique_ptr<usb::ByteStream> stream;
};

TEST_F(Transport, CarriesBytesBothWaysAndTakesAwayTheStatusOfEveryPacket) {
  plug_in();
  ASSERT_FALSE(open());
  round_trip(100'000);
  EXPECT_GT(host->counts().in_transfers, 10u);
}

TEST_F(Transport, CarriesPacketsOfAnyLength) {
  plug_in();
  ASSERT_FALSE(open());
  for (const std::size_t n : {1, 2, 61, 62, 63, 509, 510, 511, 512, 1020, 1021}) {
    SCOPED_TRACE(n);
    round_trip(n);
  }
}

TEST_F(Transport, CarriesPacketsOf64BytesAtFullSpeed) {
  plug_in({.full_speed = true});
  ASSERT_FALSE(open());
  round_trip(20'000);
}

TEST_F(Transport, UsesTheFifoOfPortA) {
  plug_in({.fifo = true});
  ASSERT_FALSE(open("0403:6010?mode=fifo"));
  round_trip(20'000);
}

TEST_F(Transport, ClearsAStalledPipeAndLosesNothing) {
  plug_in();
  ASSERT_FALSE(open());
  round_trip(1'000);
  host->stall(0x83, 1);
  round_trip(20'000);
  host->stall(0x04, 1);
  round_trip(20'000);
  EXPECT_EQ(host->counts().cleared, 2u);
}

TEST_F(Transport, GivesUpAPipeThatStallsAgainAndAgain) {
  plug_in();
  ASSERT_FALSE(open());
  host->stall(0x83, 1'000'000);
  EXPECT_EQ(state_after(), LinkState::failed);
}

TEST_F(Transport, SendsTheRestOfAShortTransfer) {
  plug_in();
  ASSERT_FALSE(open());
  round_trip(100);
  host->shorten_out(700);
  round_trip(2'000, 2'000);
}

TEST_F(Transport, FailsAfterAnErrorOfTheBus) {
  plug_in();
  ASSERT_FALSE(open());
  round_trip(100);
  host->break_transfer(0x83);
  EXPECT_EQ(state_after(), LinkState::failed);
}

TEST_F(Transport, SaysThatTheBoardWasUnplugged) {
  plug_in();
  ASSERT_FALSE(open());
  round_trip(100);
  host->unplug();
  EXPECT_EQ(state_after(), LinkState::removed);
  stream.reset();
}

TEST_F(Transport, EndsItsTransfersWhenItCloses) {
  plug_in();
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(open());
    round_trip(600);
    stream.reset();
  }
  EXPECT_GE(host->counts().cancelled, 3u);
}

TEST_F(Transport, FindsNoOtherBoard) {
  plug_in({.serial = "FT123"});
  EXPECT_EQ(open("0403:6014"), make_error_code(usb::Errc::no_device));
  EXPECT_EQ(open("0403:6010:FT124"), make_error_code(usb::Errc::no_device));
  EXPECT_EQ(open("0403:6010:FT123:C"), make_error_code(usb::Errc::wrong_board));
  EXPECT_FALSE(open("0403:6010:FT123"));
}

TEST_F(Transport, SaysThatAnotherProgramUsesTheInterface) {
  plug_in();
  host->take_interface();
  EXPECT_EQ(open(), make_error_code(usb::Errc::busy));
}

TEST(UsbLink, ReachesABoardThroughLibusb) {
  Scripted side;
  auto host = sim::UmockdevHost::plug_in(side, {});
  ASSERT_TRUE(host);
  auto function = open_pci_function("usb:0403:6010");
  ASSERT_TRUE(function) << function.error().message();
  EXPECT_EQ((*function)->read32(0, regs::id::offset), regs::id::reset_value);
  (*function)->write32(0, regs::ip::offset, 42);
  EXPECT_EQ((*function)->read32(0, regs::ip::offset), 42u);
  EXPECT_GE((*function)->interrupt_fd(), 0);
}

TEST(UsbLink, HasNoAnswerAtAnotherRate) {
  Scripted side;
  auto host = sim::UmockdevHost::plug_in(side, {});
  ASSERT_TRUE(host);
  const auto function = open_pci_function("usb:0403:6010?baud=3000000");
  ASSERT_FALSE(function);
  EXPECT_EQ(function.error(), make_error_code(usb::Errc::no_answer));
}

}  // namespace
}  // namespace tautline::test

// umockdev shows its devices only to processes that run under its wrapper.
int main(int argc, char** argv) {
  if (std::getenv("TAUTLINE_UMOCKDEV") == nullptr) {
    ::setenv("TAUTLINE_UMOCKDEV", "1", 1);
    std::vector<char*> command{const_cast<char*>("umockdev-wrapper")};
    command.insert(command.end(), argv, argv + argc);
    command.push_back(nullptr);
    ::execvp(command[0], command.data());
    std::perror("umockdev-wrapper");
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
