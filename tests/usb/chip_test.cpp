// The model of FTDI's chip by itself: what a driver may rely on.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "tautline_sim_usb/ft_chip.hpp"

namespace tautline::sim {
namespace {

using namespace std::chrono_literals;

class Pipe final : public ByteSide {
 public:
  std::size_t give(std::span<const std::uint8_t> bytes) override {
    const std::size_t n = std::min(bytes.size(), room);
    room -= n;
    given.insert(given.end(), bytes.begin(), bytes.begin() + static_cast<long>(n));
    return n;
  }
  std::size_t take(std::span<std::uint8_t> to) override {
    const std::size_t n = std::min(to.size(), held);
    std::fill_n(to.begin(), n, std::uint8_t{0x11});
    held -= n;
    return n;
  }
  [[nodiscard]] std::size_t waiting() const override { return held; }
  void purge(bool to_host, bool) override {
    if (to_host) held = 0;
  }
  std::size_t held = 0, room = 1'000'000;
  std::vector<std::uint8_t> given;
};

class Chip : public testing::Test {
 protected:
  static constexpr std::uint8_t in = 0x83, out = 0x04;
  void set(std::uint8_t request, std::uint16_t value, std::uint16_t index) {
    EXPECT_TRUE(chip.control({0x40, request, value, index, 0}));
  }
  Pipe board;
  FtChip chip{board, {}};
};

TEST_F(Chip, HasTheDescriptorsOfATwoPortChip) {
  const auto device = chip.control({0x80, 6, 0x0100, 0, 18});
  ASSERT_TRUE(device);
  EXPECT_EQ(device->size(), 18u);
  EXPECT_EQ((*device)[8] | (*device)[9] << 8, 0x0403);
  EXPECT_EQ((*device)[10] | (*device)[11] << 8, 0x6010);
  const auto head = chip.control({0x80, 6, 0x0200, 0, 9});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->size(), 9u);
  EXPECT_EQ((*head)[2] | (*head)[3] << 8, 55);
  EXPECT_EQ(chip.configuration_descriptor().size(), 55u);
  EXPECT_FALSE(chip.control({0x80, 6, 0x0600, 0, 10})) << "no qualifier";
}

TEST_F(Chip, HearsTheHostOnlyOnItsPortAndAtItsRate) {
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  EXPECT_EQ(chip.out(out, bytes), 3u);
  EXPECT_EQ(board.given.size(), 3u) << "a chip out of reset runs at its highest rate";
  set(3, 4, 0x0202);  // 3 Mbaud
  EXPECT_EQ(chip.out(out, bytes), 3u);
  EXPECT_EQ(board.given.size(), 3u);
  set(3, 0, 0x0202);
  EXPECT_EQ(chip.out(0x02, bytes), 3u) << "port A";
  EXPECT_EQ(board.given.size(), 3u);
  board.room = 2;
  EXPECT_EQ(chip.out(out, bytes), 2u) << "no more than there is room for";
  EXPECT_FALSE(chip.control({0x40, 3, 0, 3, 0})) << "there is no third port";
}

TEST_F(Chip, PutsItsStatusBeforeEveryPacketAndSendsWholeOnesAtOnce) {
  board.held = 510 * 2 + 7;
  const auto transfer = chip.in(in, 4096, 0us);
  ASSERT_TRUE(transfer);
  ASSERT_EQ(transfer->size(), 512u * 2 + 9);
  for (const std::size_t at : {0, 512, 1024}) {
    EXPECT_EQ((*transfer)[at], 0x01);
    EXPECT_EQ((*transfer)[at + 1], 0x60);
    EXPECT_EQ((*transfer)[at + 2], 0x11);
  }
}

TEST_F(Chip, KeepsAShortPacketUntilItsTimerHasRun) {
  set(9, 5, 2);
  EXPECT_EQ(chip.control({0xC0, 0x0A, 0, 2, 1})->at(0), 5);
  (void)chip.in(in, 512, 100ms);
  board.held = 3;
  EXPECT_FALSE(chip.in(in, 512, 101ms));
  EXPECT_FALSE(chip.in(in, 512, 105ms));
  const auto packet = chip.in(in, 512, 106ms);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->size(), 5u);
}

TEST_F(Chip, SendsItsStatusAloneWhenNothingComes) {
  (void)chip.in(in, 512, 100ms);
  EXPECT_FALSE(chip.in(in, 512, 110ms));
  const auto packet = chip.in(in, 512, 117ms);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->size(), 2u);
}

}  // namespace
}  // namespace tautline::sim
