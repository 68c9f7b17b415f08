#include "tautline_sim/wire.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>

#include "seed.hpp"
#include "tautline_sim/pcapng.hpp"

namespace tautline::sim {
namespace {

// An IPv4 frame that carries its number.
Frame numbered(std::uint32_t n, Nanos time, std::size_t size = 100) {
  Frame frame;
  frame.bytes.resize(size);
  frame.bytes[12] = std::byte{0x08};
  const std::size_t total = size - 14;
  frame.bytes[16] = static_cast<std::byte>(total >> 8);
  frame.bytes[17] = static_cast<std::byte>(total);
  std::memcpy(&frame.bytes[40], &n, 4);
  frame.time = time;
  return frame;
}

std::uint32_t number(const Frame& frame) {
  std::uint32_t n = 0;
  std::memcpy(&n, &frame.bytes[40], 4);
  return n;
}

std::vector<Frame> through(Impairment& link, unsigned frames, Nanos distance = 1'000) {
  std::vector<Frame> out;
  Nanos now = 0;
  for (unsigned i = 0; i < frames; ++i, now += distance) {
    link.push(numbered(i, now));
    while (auto f = link.pop(now)) out.push_back(std::move(*f));
  }
  while (link.next_event() != kNever) {
    now = std::max(now, link.next_event());
    while (auto f = link.pop(now)) out.push_back(std::move(*f));
  }
  return out;
}

TEST(Impairment, WithoutFaultsIsAWire) {
  Impairment link({}, Random(1));
  const auto out = through(link, 1000);
  ASSERT_EQ(out.size(), 1000u);
  for (unsigned i = 0; i < out.size(); ++i) {
    EXPECT_EQ(number(out[i]), i);
    EXPECT_EQ(out[i].time, i * 1'000u);
  }
}

TEST(Impairment, FaultsHappenAsOftenAsAsked) {
  const auto seed = test_seed(42);
  TAUTLINE_TRACE_SEED(seed);
  Impairment link({.loss = 0.05, .duplicate = 0.02, .reorder = 0.03, .corrupt = 0.04},
                  Random(seed));
  constexpr unsigned kFrames = 100'000;
  const auto out = through(link, kFrames);
  const ImpairmentCounts& c = link.counts();
  // Four standard deviations of a binomial are 276 at most.
  EXPECT_NEAR(static_cast<double>(c.lost), 0.05 * kFrames, 280);
  EXPECT_NEAR(static_cast<double>(c.reordered), 0.95 * 0.03 * kFrames, 220);
  EXPECT_NEAR(static_cast<double>(c.corrupted), 0.95 * 0.04 * kFrames, 250);
  EXPECT_NEAR(static_cast<double>(c.duplicated), 0.95 * 0.97 * 0.02 * kFrames, 180);
  EXPECT_EQ(out.size(), kFrames - c.lost + c.duplicated);
}

TEST(Impairment, IsAFunctionOfItsSeed) {
  const ImpairmentConfig config{
      .loss = 0.1, .duplicate = 0.1, .reorder = 0.1, .corrupt = 0.1, .jitter = 5'000};
  std::vector<std::vector<Frame>> runs;
  for (const std::uint64_t seed : {9, 9, 10}) {
    Impairment link(config, Random(seed));
    runs.push_back(through(link, 2'000));
  }
  const auto same = [](const Frame& a, const Frame& b) {
    return a.bytes == b.bytes && a.time == b.time && a.bad == b.bad;
  };
  EXPECT_TRUE(std::ranges::equal(runs[0], runs[1], same));
  EXPECT_FALSE(std::ranges::equal(runs[0], runs[2], same));
}

TEST(Impairment, OneKindOfFaultDoesNotShiftAnother) {
  const auto lost = [](double corrupt) {
    Impairment link({.loss = 0.1, .corrupt = corrupt}, Random(3));
    std::set<Nanos> all;
    link.on_drop = [&](const Frame& f) { all.insert(f.time); };
    through(link, 1'000);
    return all;
  };
  EXPECT_EQ(lost(0), lost(0.5));
}

TEST(Impairment, AReorderedFrameIsOvertakenByOneToThree) {
  Impairment link({.reorder = 0.05}, Random(4));
  const auto out = through(link, 5'000);
  ASSERT_EQ(out.size(), 5'000u);
  std::set<std::uint32_t> seen;
  int overtaken = 0;
  for (const Frame& f : out) {
    const auto later = static_cast<int>(
        std::ranges::count_if(seen, [&](std::uint32_t s) { return s > number(f); }));
    if (later > 0) {
      ++overtaken;
      EXPECT_STREQ(f.comment, "reordered");
    }
    // Three, and those that were held at the same time and left first.
    EXPECT_LE(later, 6);
    seen.insert(number(f));
  }
  EXPECT_GT(overtaken, 150);
}

TEST(Impairment, AReorderedFrameLeavesAlthoughNothingFollows) {
  Impairment link({.reorder = 1}, Random(4));
  link.push(numbered(0, 1'000));
  EXPECT_FALSE(link.pop(1'000'000));
  EXPECT_EQ(link.next_event(), 2'001'000u);
  EXPECT_TRUE(link.pop(2'001'000));
}

TEST(Impairment, AFlippedBitOutsideTheIpPacketIsAlwaysSeenByTheFcs) {
  Impairment link({.corrupt = 1}, Random(6));
  const auto out = through(link, 5'000);
  unsigned unseen = 0;
  for (unsigned i = 0; i < out.size(); ++i) {
    const Frame original = numbered(i, 0);
    unsigned flipped = 0;
    std::size_t where = 0;
    for (std::size_t b = 0; b < original.bytes.size(); ++b) {
      const auto x = std::to_integer<unsigned>(original.bytes[b] ^ out[i].bytes[b]);
      flipped += static_cast<unsigned>(std::popcount(x));
      if (x != 0) where = b;
    }
    EXPECT_EQ(flipped, 1u);
    if (!out[i].bad) {
      ++unseen;
      EXPECT_GE(where, 14u);
    }
  }
  EXPECT_NEAR(unseen, 5'000 * 0.86 / 2, 150);
}

TEST(Impairment, DelaysKeepOrderAndJitterStaysInBounds) {
  Impairment link({.delay = 50'000, .jitter = 20'000}, Random(8));
  const auto out = through(link, 1'000);
  for (unsigned i = 0; i < out.size(); ++i) {
    EXPECT_EQ(number(out[i]), i);
    EXPECT_GE(out[i].time, i * 1'000u + 50'000u);
    EXPECT_LT(out[i].time, i * 1'000u + 70'000u);
    if (i > 0) {
      EXPECT_GE(out[i].time, out[i - 1].time);
    }
  }
}

TEST(Impairment, ARateSpacesFramesAndItsQueueOverflows) {
  // 100 bytes and the gap at 100 Mb/s: 9,920 ns.
  Impairment link({.rate_mbps = 100, .queue = 10}, Random(8));
  unsigned dropped = 0;
  link.on_drop = [&](const Frame& f) {
    ++dropped;
    EXPECT_STREQ(f.comment, "dropped: queue full");
  };
  const auto out = through(link, 100, 0);
  EXPECT_EQ(out.size(), 10u);
  EXPECT_EQ(dropped, 90u);
  for (unsigned i = 0; i < out.size(); ++i) EXPECT_EQ(out[i].time, (i + 1) * 9'920u);
}

TEST(ImpairedWire, TreatsItsDirectionsApart) {
  auto inner = std::make_unique<HarnessWire>();
  HarnessWire& far = *inner;
  ImpairedWire wire(std::move(inner), {.loss = 1}, {.delay = 1'000}, 1);
  EXPECT_STREQ(wire.send(numbered(1, 0)), "dropped: loss");
  EXPECT_EQ(far.waiting(), 0u);
  far.give(numbered(2, 0).bytes, 500);
  EXPECT_FALSE(wire.receive(499));
  EXPECT_EQ(wire.next_event(), 500u);
  EXPECT_FALSE(wire.receive(500));
  EXPECT_EQ(wire.next_event(), 1'500u);
  EXPECT_TRUE(wire.receive(1'500));
  EXPECT_EQ(wire.next_event(), kNever);
}

TEST(CableWire, AFrameArrivesOnceAfterTheDelay) {
  auto [left, right] = CableWire::make(500);
  left->send(numbered(1, 1'000));
  EXPECT_EQ(right->next_event(), 1'500u);
  EXPECT_EQ(left->next_event(), kNever);
  EXPECT_FALSE(right->receive(1'499));
  const auto frame = right->receive(1'500);
  ASSERT_TRUE(frame);
  EXPECT_EQ(number(*frame), 1u);
  EXPECT_FALSE(right->receive(10'000));
  EXPECT_EQ(left->lookahead(), 500u);
}

TEST(TapWire, SaysWhatIsWrongWithAName) {
  for (const char* name : {"", "a-name-that-is-too-long", "a/b"}) {
    const auto wire = TapWire::open(name);
    ASSERT_FALSE(wire);
    EXPECT_EQ(wire.error().code, Errc::bad_value);
  }
}

TEST(TapWire, SaysWhyADeviceCannotBeOpened) {
  // The loopback device is an interface and no TAP device; without rights it already fails before.
  const auto wire = TapWire::open("lo");
  ASSERT_FALSE(wire);
  EXPECT_EQ(wire.error().code.category(), std::generic_category());
  EXPECT_NE(wire.error().message().find("'lo'"), std::string::npos) << wire.error().message();
  const auto nowhere = TapWire::open("tap0", "no-such-namespace");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, std::errc::no_such_file_or_directory);
  EXPECT_NE(nowhere.error().message().find("/var/run/netns/no-such-namespace"), std::string::npos);
}

class Capture : public ::testing::Test {
 protected:
  void SetUp() override {
    path = ::testing::TempDir() + "tautline_wire_test_" + std::to_string(::getpid()) + ".pcapng";
    auto writer = PcapngWriter::create(path, "board0");
    ASSERT_TRUE(writer) << writer.error().message();
    for (unsigned i = 0; i < 5; ++i) {
      (*writer)->packet(
          1'700'000'000'000'000'007 + Nanos{i} * 1'000,
          i % 2 == 0 ? PcapngWriter::Direction::to_board : PcapngWriter::Direction::from_board,
          numbered(i, 0, 60 + i).bytes, i == 3, i == 4 ? "dropped: loss" : nullptr);
    }
  }
  void TearDown() override { ::unlink(path.c_str()); }
  std::string path;
};

TEST_F(Capture, IsReadByLibpcapAndReplayedWithItsDistances) {
  auto wire = PcapReplayWire::open(path);
  ASSERT_TRUE(wire) << wire.error().message();
  for (unsigned i = 0; i < 5; ++i) {
    EXPECT_EQ((*wire)->next_event(), Nanos{i} * 1'000);
    const auto frame = (*wire)->receive(Nanos{i} * 1'000);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->bytes, numbered(i, 0, 60 + i).bytes);
  }
  EXPECT_EQ((*wire)->next_event(), kNever);
  auto fast = PcapReplayWire::open(path, 0);
  EXPECT_EQ((*fast)->next_event(), 0u);
}

TEST_F(Capture, IsReadByTsharkWithDirectionCommentAndNanoseconds) {
  if (std::system("command -v tshark > /dev/null 2>&1") != 0) GTEST_SKIP() << "no tshark";
  const std::string command = "tshark -r " + path +
                              " -T fields -e frame.time_epoch -e frame.packet_flags_direction "
                              "-e frame.comment -e frame.len -e frame.interface_name 2>/dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string out;
  char buffer[256];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) out += buffer;
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_NE(out.find("1700000000.000000007"), std::string::npos) << out;
  EXPECT_NE(out.find("0x00000001\t\t60\tboard0"), std::string::npos) << out;
  EXPECT_NE(out.find("0x00000002\t\t61"), std::string::npos) << out;
  EXPECT_NE(out.find("dropped: loss\t64"), std::string::npos) << out;
}

TEST(PcapReplayWire, RefusesWhatIsNoCapture) {
  const auto missing = PcapReplayWire::open("/nonexistent.pcap");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("/nonexistent.pcap"), std::string::npos);
}

}  // namespace
}  // namespace tautline::sim
