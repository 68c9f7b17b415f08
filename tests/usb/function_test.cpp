// UsbFunction against a scripted board: what becomes of the driver's writes, and of the board's
// frames.

#include "tautline_usb/usb_function.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "scripted_board.hpp"
#include "tautline_usb/error.hpp"

namespace tautline::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kFlows = 4, kRing = 12, kEntries = 2;

class Function : public testing::Test {
 protected:
  std::error_code open() {
    auto opened = usb::UsbFunction::open(std::make_unique<ScriptedStream>(board));
    if (!opened) return opened.error();
    function = std::move(*opened);
    return {};
  }
  /// As a driver does it.
  void attach() {
    ASSERT_FALSE(open());
    status = *function->allocate(64u << kEntries, 4096);
    tx = *function->allocate(kFlows << kRing, 4096);
    rx = *function->allocate(kFlows << kRing, 4096);
    const auto base = [this](std::uint32_t lo, const DmaRegion& region) {
      function->write32(0, lo, static_cast<std::uint32_t>(region.device_address()));
      function->write32(0, lo + 4, static_cast<std::uint32_t>(region.device_address() >> 32));
    };
    function->write32(0, regs::control::offset, 0);
    base(regs::status_base_lo::offset, *status);
    function->write32(0, regs::status_log2::offset, kEntries);
    base(regs::tx_base_lo::offset, *tx);
    function->write32(0, regs::tx_ring_log2::offset, kRing);
    base(regs::rx_base_lo::offset, *rx);
    function->write32(0, regs::rx_ring_log2::offset, kRing);
    function->write32(0, regs::status_consumer::offset, 0);
    function->write32(0, regs::control::offset, 1);
    board.heard.frames.clear();
    board.done = 0;
  }
  void tail(unsigned slot, unsigned gen, std::uint32_t position) {
    function->write32(0, regs::doorbell_base + 8 * slot, gen << 24 | (position & 0xFFFFFF));
  }
  void taken(unsigned slot, unsigned gen, std::uint32_t position) {
    function->write32(0, regs::doorbell_base + 8 * slot + 4, gen << 24 | (position & 0xFFFFFF));
  }
  void fill(unsigned slot, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t p = from; p != to; ++p)
      tx->bytes()[(std::size_t{slot} << kRing) + (p & ((1u << kRing) - 1))] = byte(slot, p);
  }
  static std::byte byte(unsigned slot, std::uint32_t p) {
    return static_cast<std::byte>(p * 7 + slot * 31 + (p >> 8));
  }
  void deliver(unsigned slot, unsigned gen, std::uint32_t position, std::uint32_t length) {
    Bytes p = words({slot | gen << 24, position});
    for (std::uint32_t i = 0; i < length; ++i)
      p.push_back(std::to_integer<std::uint8_t>(byte(slot, position + i)));
    board.say(kDeliver, p);
  }
  std::uint32_t entry_word(unsigned index, unsigned word) {
    std::uint32_t w = 0;
    std::memcpy(&w, status->bytes().data() + 64 * (index & ((1u << kEntries) - 1)) + 4 * word, 4);
    return w;
  }

  ScriptedBoard board;
  std::unique_ptr<usb::UsbFunction> function;
  std::unique_ptr<DmaRegion> status, tx, rx;
};

TEST_F(Function, BeginsWithHelloBehindAFrameOfZeros) {
  ASSERT_FALSE(open());
  ASSERT_EQ(board.all(kHello).size(), 1u);
  const StreamFrame f = board.all(kHello)[0];
  EXPECT_EQ(f.seq, 0);
  EXPECT_EQ(f.word(0), regs::stream_version);
  EXPECT_EQ(f.word(1), regs::expected_map_hash);
  // Longer than any frame in whose middle the board may still be.
  EXPECT_GE(board.heard.garbage, regs::stream_max_length + 12);
  EXPECT_EQ(function->link_state(), LinkState::up);
  EXPECT_EQ(function->bar_size(2), 0u);
}

TEST_F(Function, RepeatsHelloAndTakesOnlyTheAnswerToTheLastOne) {
  board.deaf = true;
  const auto error = open();
  EXPECT_EQ(error, make_error_code(usb::Errc::no_answer));
  EXPECT_EQ(error, std::errc::timed_out);
  const auto hellos = board.all(kHello);
  ASSERT_GE(hellos.size(), 3u);
  EXPECT_NE(hellos[0].word(2), hellos[1].word(2));
  // Answers to those come late, then the board hears again.
  for (const auto& h : hellos)
    board.say(kHello,
              words({regs::stream_version | 12u << 16, regs::expected_map_hash, h.word(2), 4096}));
  board.deaf = false;
  ASSERT_FALSE(open());
  EXPECT_EQ(function->read32(0, regs::id::offset), regs::id::reset_value);
}

TEST_F(Function, RefusesAnotherVersionAndAnotherMap) {
  board.version = 9;
  EXPECT_EQ(open(), make_error_code(usb::Errc::wrong_version));
  board.version = regs::stream_version;
  board.map_hash ^= 1;
  EXPECT_EQ(open(), make_error_code(usb::Errc::wrong_map));
}

TEST_F(Function, ReadsAndWritesRegistersAndKeepsThoseOfTheRings) {
  ASSERT_FALSE(open());
  EXPECT_EQ(function->read32(0, regs::id::offset), regs::id::reset_value);
  function->write32(0, regs::ip::offset, 0x0A000001);
  EXPECT_EQ(function->read32(0, regs::ip::offset), 0x0A000001u);
  board.heard.frames.clear();
  board.done = 0;
  function->write32(0, regs::tx_base_lo::offset, 0x1000);
  EXPECT_EQ(function->read32(0, regs::tx_base_lo::offset), 0x1000u);
  EXPECT_TRUE(board.heard.frames.empty());
  EXPECT_EQ(function->read32(0, regs::doorbell_base), 0u);
  EXPECT_EQ(function->read32(2, 0), ~0u);
}

TEST_F(Function, SendsACommandAsOneFrameWhenItIsComplete) {
  attach();
  for (std::uint32_t i = 0; i < 8; ++i) {
    EXPECT_TRUE(board.heard.frames.empty());
    function->write32(0, regs::cmd0::offset + 4 * i, 100 + i);
  }
  ASSERT_EQ(board.heard.frames.size(), 1u);
  EXPECT_EQ(board.heard.frames[0].payload.size(), 36u);
  EXPECT_EQ(board.registers[regs::cmd7::offset], 107u);
}

TEST_F(Function, SendsTheBytesOfTheRingUpToTailAndLimitAndRoundItsEnd) {
  attach();
  fill(2, 0, 4096);
  tail(2, 0, 100);
  auto sent = board.all(kSend);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].word(0), 2u);
  EXPECT_EQ(sent[0].word(1), 0u);
  EXPECT_EQ(sent[0].payload.size(), 108u);
  // The first limit is 2^12: the rest of the ring goes, in frames that end at multiples of 1,024.
  tail(2, 0, 4096);
  for (int i = 0; i < 10; ++i) {
    board.say(kCredit);
    function->progress();
  }
  sent = board.all(kSend);
  ASSERT_EQ(sent.size(), 5u);
  EXPECT_EQ(sent[1].payload.size(), 8u + 924);
  EXPECT_EQ(sent[1].word(0), 2u | 1u << 16) << "more follows";
  EXPECT_EQ(sent[4].word(0), 2u);
  // No byte beyond the limit, until the board tells of space.
  fill(2, 4096, 4196);
  board.say(kSpace, words({2, 4096 + 64}));
  tail(2, 0, 4196);
  function->progress();
  sent = board.all(kSend);
  ASSERT_EQ(sent.size(), 6u);
  EXPECT_EQ(sent[5].payload.size(), 8u + 64);
  std::uint32_t p = 0;
  for (const auto& f : sent) {
    EXPECT_EQ(f.word(1), p);
    for (std::size_t i = 8; i < f.payload.size(); ++i, ++p)
      ASSERT_EQ(f.payload[i], std::to_integer<std::uint8_t>(byte(2, p))) << p;
  }
}

TEST_F(Function, KeepsWithinTheBoardsCredit) {
  attach();
  board.gives_credit = false;
  for (unsigned slot = 0; slot < kFlows; ++slot) {
    fill(slot, 0, 4096);
    tail(slot, 0, 4096);
  }
  std::uint32_t cost = 0;
  for (const auto& f : board.heard.frames) cost += static_cast<std::uint32_t>(f.payload.size()) + 4;
  EXPECT_LE(board.used, 4096u);
  EXPECT_GT(cost, 2048u);
  // Every flow has its turn.
  board.gives_credit = true;
  for (int i = 0; i < 40; ++i) {
    board.say(kCredit);
    function->progress();
  }
  std::map<std::uint32_t, std::size_t> bytes;
  for (const auto& f : board.all(kSend)) bytes[f.word(0) & 0xFFFF] += f.payload.size() - 8;
  for (unsigned slot = 0; slot < kFlows; ++slot) EXPECT_EQ(bytes[slot], 4096u) << slot;
}

TEST_F(Function, BeginsAgainWithANewLifeOfASlot) {
  attach();
  fill(1, 0, 10);
  tail(1, 0, 10);
  board.say(kSpace, words({1, 5000}));
  function->progress();
  tail(1, 1, 6);
  const auto sent = board.all(kSend);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[1].word(0), 1u | 1u << 24);
  EXPECT_EQ(sent[1].word(1), 0u);
  // Space of the old life does not count for the new one.
  board.say(kSpace, words({1, 8000}));
  function->progress();
  fill(1, 6, 4100);
  tail(1, 1, 4100);
  for (int i = 0; i < 10; ++i) {
    board.say(kCredit);
    function->progress();
  }
  EXPECT_EQ(board.all(kSend).back().word(1) + board.all(kSend).back().payload.size() - 8, 4096u);
}

TEST_F(Function, MergesReadPositionsThatHaveNotLeft) {
  attach();
  board.room = 0;
  taken(3, 0, 10);
  taken(3, 0, 20);
  for (std::uint32_t p = 30; p <= 4000; p += 10) taken(3, 0, p);
  board.room = ~std::size_t{0};
  function->progress();
  const auto sent = board.all(kTaken);
  ASSERT_FALSE(sent.empty());
  EXPECT_LT(sent.size(), 380u);
  EXPECT_EQ(sent.back().word(1), 4000u);
  EXPECT_EQ(sent.back().word(0), 3u);
}

TEST_F(Function, PlacesReceivedBytesAndThenTheEntryThatSpeaksOfThem) {
  attach();
  deliver(1, 0, 4000, 200);  // round the end of the ring
  board.say(kEntry, words({1u | 1u << 16, 0x77, 0, 0, 0, 0, 4200}));
  EXPECT_TRUE(function->progress());
  for (std::uint32_t p = 4000; p < 4200; ++p)
    ASSERT_EQ(rx->bytes()[(1u << kRing) + (p & 4095)], byte(1, p)) << p;
  EXPECT_EQ(entry_word(0, 0), 1u | 1u << 16);
  EXPECT_EQ(entry_word(0, 1), 0x77u);
  EXPECT_EQ(entry_word(0, 6), 4200u);
  EXPECT_EQ(entry_word(0, 15), 1u << 31);
  EXPECT_EQ(function->read32(0, regs::status_producer::offset), 1u);
}

TEST_F(Function, HoldsEntriesBackWhileTheStatusRingIsFullAndTurnsThePhase) {
  attach();
  for (std::uint32_t i = 0; i < 7; ++i) board.say(kEntry, words({i | 1u << 16, i}));
  function->progress();
  EXPECT_EQ(function->read32(0, regs::status_producer::offset), 4u);
  EXPECT_EQ(function->read32(0, regs::id::offset), regs::id::reset_value) << "answers pass them";
  function->write32(0, regs::status_consumer::offset, 2);
  EXPECT_EQ(function->read32(0, regs::status_producer::offset), 6u);
  EXPECT_EQ(entry_word(4, 1), 4u);
  EXPECT_EQ(entry_word(4, 15), 0u) << "second pass";
  function->write32(0, regs::status_consumer::offset, 6);
  EXPECT_EQ(function->read32(0, regs::status_producer::offset), 7u);
}

TEST_F(Function, ReturnsCreditWithItsFramesAndAloneWhenMuchIsOwed) {
  attach();
  for (unsigned i = 0; i < 20; ++i) deliver(0, 0, 1000 * i, 1000);
  function->progress();
  const auto credits = board.all(kCredit);
  ASSERT_EQ(credits.size(), 1u);
  EXPECT_EQ(credits[0].credit, 20u * 1012 / 256);
}

TEST_F(Function, IsNotConfusedByGarbageBetweenFrames) {
  attach();
  std::mt19937 random(7);
  for (std::uint32_t i = 0; i < 200; ++i) {
    Bytes noise(random() % 20);
    for (auto& b : noise) b = static_cast<std::uint8_t>(random() % 4 == 0 ? 0xA7 : random());
    board.say_raw(noise);
    board.say(kEntry, words({i | 1u << 16, i}));
    function->progress();
    function->write32(0, regs::status_consumer::offset, i + 1);
  }
  EXPECT_EQ(function->link_state(), LinkState::up);
  EXPECT_EQ(function->read32(0, regs::status_producer::offset), 200u);
  EXPECT_GT(function->counts().garbage, 500u);
}

TEST_F(Function, FailsWhenAFrameIsLostOrDamaged) {
  for (const bool damaged : {false, true}) {
    attach();
    Bytes frame = encode({.type = kEntry, .seq = board.seq++, .payload = words({1u << 16})});
    frame[9] ^= 1;
    if (damaged) board.say_raw(frame);
    board.say(kEntry, words({2u | 1u << 16}));
    function->progress();
    EXPECT_EQ(function->link_state(), LinkState::failed) << damaged;
    EXPECT_EQ(entry_word(0, 15), 0u);
    EXPECT_EQ(function->read32(0, regs::id::offset), ~0u);
  }
}

TEST_F(Function, FailsWhenTheBoardHasLostTheSession) {
  attach();
  board.say(kLost);
  function->progress();
  EXPECT_EQ(function->link_state(), LinkState::failed);
}

TEST_F(Function, WritesNowhereButIntoItsRings) {
  attach();
  deliver(kFlows, 0, 0, 10);  // no such flow
  function->progress();
  EXPECT_EQ(function->link_state(), LinkState::failed);
  attach();
  board.say(kDeliver, Bytes(8 + 4097, 1));  // longer than a ring
  function->progress();
  EXPECT_EQ(function->link_state(), LinkState::failed);
  ASSERT_FALSE(open());
  function->write32(0, regs::status_base_lo::offset, 0x1000);  // no memory of ours
  function->write32(0, regs::control::offset, 1);
  EXPECT_EQ(function->link_state(), LinkState::failed);
}

TEST_F(Function, AsksASilentBoardAndGivesItUp) {
  attach();
  for (int i = 0; i < 20; ++i) {
    function->wait(100ms);
    function->progress();
  }
  EXPECT_GE(board.all(kPing).size(), 2u);
  EXPECT_EQ(function->link_state(), LinkState::up);
  board.deaf = true;
  const auto begin = board.now;
  while (function->link_state() == LinkState::up && board.now - begin < 60s) {
    function->wait(100ms);
    function->progress();
  }
  EXPECT_EQ(function->link_state(), LinkState::failed);
  EXPECT_LE(board.now - begin, 6s);
}

TEST_F(Function, GivesUpAReadThatIsNotAnswered) {
  attach();
  board.deaf = true;
  EXPECT_EQ(function->read32(0, regs::id::offset), ~0u);
  EXPECT_EQ(function->link_state(), LinkState::failed);
}

TEST_F(Function, SaysThatTheDeviceIsGone) {
  attach();
  board.state = LinkState::removed;
  function->progress();
  EXPECT_EQ(function->link_state(), LinkState::removed);
  EXPECT_EQ(function->read32(0, regs::id::offset), ~0u);
  function->write32(0, regs::ip::offset, 1);  // does nothing
}

TEST_F(Function, AttachesAgainAfterAFailure) {
  attach();
  board.say(kLost);
  function->progress();
  ASSERT_EQ(function->link_state(), LinkState::failed);
  attach();
  EXPECT_EQ(function->link_state(), LinkState::up);
  fill(0, 0, 5);
  tail(0, 0, 5);
  EXPECT_EQ(board.all(kSend).size(), 1u);
}

}  // namespace
}  // namespace tautline::test
