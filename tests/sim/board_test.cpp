// The board with the real engine, driven by the library's own stack.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "packet.hpp"
#include "seed.hpp"
#include "tautline/stack.hpp"
#include "tautline_sim/harness.hpp"

namespace tautline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kPeerMac = 0x02'00'00'00'00'99;
constexpr std::uint32_t kPeer = 0x0a000002;
constexpr std::uint64_t kMac = 0x02'00'0a'00'00'01;
constexpr std::uint32_t kAddress = 0x0a000001;

StackConfig stack_config() {
  StackConfig config;
  config.address = {kAddress};
  config.secrets = Secrets{};
  return config;
}

BoardOptions options(const std::string& query = {}) {
  auto o = parse_board_options("?variant=assert&flows=16" + query);
  EXPECT_TRUE(o) << o.error().message();
  return std::move(*o);
}

std::shared_ptr<Board> make(const std::string& query = {}) {
  auto board = Board::create(options(query));
  EXPECT_TRUE(board) << board.error().message();
  return board ? *board : nullptr;
}

Stack attach(Board& board) {
  std::string why;
  StackConfig config = stack_config();
  config.explanation = &why;
  auto stack = Stack::create(board.function(), config);
  if (!stack) throw std::runtime_error(stack.error().message() + ": " + why);
  // The write that enables the device is posted.
  board.advance_to_quiescence(100us);
  return std::move(*stack);
}

test::Frame echo_request(std::uint16_t sequence, std::size_t size = 56) {
  test::IcmpMessage icmp{.type = 8, .id = 7, .sequence = sequence, .payload = test::Frame(size)};
  for (std::size_t i = 0; i < size; ++i) {
    icmp.payload[i] = static_cast<std::uint8_t>(sequence * 31u + i);
  }
  return test::BuildIcmp({.dst = kMac, .src = kPeerMac},
                         {.src = kPeer, .dst = kAddress, .protocol = test::kProtoIcmp}, icmp);
}

std::span<const std::byte> bytes(const test::Frame& frame) {
  return std::as_bytes(std::span(frame));
}

std::optional<test::Packet> parse(const Frame& frame) {
  auto packet = test::ParseFrame(
      {reinterpret_cast<const std::uint8_t*>(frame.bytes.data()), frame.bytes.size()});
  if (!packet) return std::nullopt;
  return std::move(*packet);
}

// The next echo reply; requests for the peer's address are answered on the way.
std::optional<Frame> next_reply(Board& board) {
  for (int i = 0; i < 10; ++i) {
    auto frame = board.take_frame();
    if (!frame) {
      if (!board.advance(2ms, false, true)) return std::nullopt;
      continue;
    }
    const auto packet = parse(*frame);
    if (packet && packet->icmp && packet->icmp->type == 0) return frame;
    if (packet && packet->arp && packet->arp->operation == 1) {
      board.give_frame(
          bytes(test::BuildArp({.dst = kMac, .src = kPeerMac}, {.operation = 2,
                                                                .sender_mac = kPeerMac,
                                                                .sender_ip = kPeer,
                                                                .target_mac = kMac,
                                                                .target_ip = kAddress})));
    }
  }
  return std::nullopt;
}

void expect_no_complaints(Board& board) {
  EXPECT_TRUE(board.violations().empty()) << board.violations().front();
  EXPECT_TRUE(board.memory().faults().empty());
  EXPECT_EQ(board.stats().mmio_errors, 0u);
}

TEST(Board, ShowsItsIdentityInTheFirstRegister) {
  auto board = make();
  auto function = board->function();
  EXPECT_EQ(function->read32(0, 0), 0x314e4c54u);  // "TLN1"
  EXPECT_GT(function->bar_size(0), 0x10000u + 8 * board->flows());
  EXPECT_EQ(function->bar_size(1), 0u);
  EXPECT_EQ(function->bar_size(2), 64u * board->flows());
  EXPECT_EQ(function->read32(1, 0), 0xffffffffu);
}

TEST(Board, IsAttachedAndThenQuiet) {
  auto board = make();
  Stack stack = attach(*board);
  EXPECT_TRUE(board->advance_to_quiescence(1ms));
  EXPECT_EQ(stack.link_state(), LinkState::up);
  expect_no_complaints(*board);
}

TEST(Board, AnIdleHourCostsNoCycles) {
  auto board = make();
  Stack stack = attach(*board);
  ASSERT_TRUE(board->advance_to_quiescence(1ms));
  const auto before = board->stats();
  const auto now = board->now_us();
  board->advance(std::chrono::hours(1));
  const auto after = board->stats();
  EXPECT_NEAR(static_cast<double>(board->now_us() - now), 3.6e9, 2);
  EXPECT_NEAR(
      static_cast<double>(after.executed + after.skipped - before.executed - before.skipped),
      3600 * kClockHz, 2);
  EXPECT_LT(after.executed - before.executed, 100'000u);
}

TEST(Board, AnswersAPing) {
  auto board = make();
  Stack stack = attach(*board);
  for (std::uint16_t n = 0; n < 4; ++n) {
    const auto request = echo_request(n, std::size_t{n} * 100);
    board->give_frame(bytes(request));
    const auto reply = next_reply(*board);
    ASSERT_TRUE(reply) << "request " << n;
    const auto packet = parse(*reply);
    ASSERT_TRUE(packet && packet->icmp);
    EXPECT_EQ(packet->icmp->sequence, n);
    EXPECT_EQ(packet->icmp->payload, test::ParseFrame(request)->icmp->payload);
    EXPECT_TRUE(packet->transport_checksum_ok && packet->ip_checksum_ok);
    EXPECT_LT(reply->first_cycle, reply->last_cycle);
  }
  expect_no_complaints(*board);
}

struct Trip {
  std::vector<std::vector<std::byte>> frames;
  std::vector<Cycle> cycles;
  Cycle executed = 0;
};

Trip pings(const std::string& query, unsigned count) {
  auto board = make(query);
  Trip run;
  board->on_frame([&](const Frame& frame, bool from_board) {
    if (!from_board) return;
    run.frames.push_back(frame.bytes);
    run.cycles.push_back(frame.last_cycle);
  });
  Stack stack = attach(*board);
  auto listener = stack.listen({.port = 7});
  for (std::uint16_t n = 0; n < count; ++n) {
    board->give_frame(bytes(echo_request(n, std::size_t{n} * 17 % 1000)));
    (void)next_reply(*board);
    stack.poll();
  }
  run.executed = board->stats().executed;
  return run;
}

TEST(Board, ARunIsAFunctionOfItsSeedAndInputs) {
  const std::string query = "&loss=0.1&dup=0.1&reorder=0.1&corrupt=0.1&stall=0.2&reorder_reads=2";
  const Trip a = pings(query + "&seed=5", 30);
  const Trip b = pings(query + "&seed=5", 30);
  const Trip c = pings(query + "&seed=6", 30);
  EXPECT_EQ(a.frames, b.frames);
  EXPECT_EQ(a.cycles, b.cycles);
  EXPECT_EQ(a.executed, b.executed);
  EXPECT_NE(a.cycles, c.cycles);
}

TEST(Board, ARecordReplaysExactly) {
  const std::string path =
      ::testing::TempDir() + "tautline_board_test_" + std::to_string(::getpid()) + ".record";
  const Trip trip = pings("&stall=0.1&record=" + path, 20);
  const auto report = replay(path);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->first_difference, "");
  EXPECT_GE(report->executed, trip.executed);
  EXPECT_GT(report->outputs, trip.frames.size());
  ::unlink(path.c_str());
}

TEST(Board, AReplayNoticesWhatIsDifferent) {
  const std::string path =
      ::testing::TempDir() + "tautline_board_test_" + std::to_string(::getpid()) + ".damaged";
  (void)pings("&record=" + path, 3);
  // One bit of the payload of the last frame that went in.
  std::FILE* file = std::fopen(path.c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  std::vector<unsigned char> all(1 << 22);
  all.resize(std::fread(all.data(), 1, all.size(), file));
  const auto request = echo_request(2, 34);
  const auto at = std::search(all.begin(), all.end(), request.end() - 20, request.end());
  ASSERT_NE(at, all.end());
  std::fseek(file, at - all.begin() + 5, SEEK_SET);
  std::fputc(at[5] ^ 1, file);
  std::fclose(file);
  const auto report = replay(path);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_NE(report->first_difference, "");
  ::unlink(path.c_str());
}

TEST(Board, FramesCrossItsEdgeAtLineRate) {
  auto board = make();
  Stack stack = attach(*board);
  std::vector<Cycle> first;
  board->on_frame([&](const Frame& frame, bool from_board) {
    if (!from_board) first.push_back(frame.first_cycle);
  });
  const auto request = echo_request(1, 18);  // 60 bytes
  ASSERT_EQ(request.size(), 60u);
  for (int i = 0; i < 21; ++i) board->give_frame(bytes(request));
  board->run(1'000);
  ASSERT_EQ(first.size(), 21u);
  EXPECT_EQ(first.back() - first.front(), 210u) << "10.5 cycles each";
}

TEST(Board, AHostThatVanishesLeavesTheBoardToTheNext) {
  auto board = make();
  {
    auto function = board->function();
    std::string why;
    StackConfig config = stack_config();
    config.explanation = &why;
    auto* raw = function.get();
    auto stack = Stack::create(std::move(function), config);
    ASSERT_TRUE(stack) << why;
    board->set_link_state(LinkState::removed);
    EXPECT_EQ(raw->read32(0, 0), 0xffffffffu);
  }
  board->set_link_state(LinkState::up);
  Stack stack = attach(*board);
  board->give_frame(bytes(echo_request(1)));
  EXPECT_TRUE(next_reply(*board));
  EXPECT_TRUE(board->violations().empty());
}

TEST(Board, IsOpenedByUrl) {
  auto function = open_pci_function("sim:?variant=assert&flows=16");
  ASSERT_TRUE(function) << last_open_error();
  EXPECT_EQ((*function)->read32(0, 0), 0x314e4c54u);
  auto wrong = open_pci_function("sim:?flows=16&nonsense=1");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error(), Errc::unknown_option);
  EXPECT_NE(last_open_error().find("nonsense"), std::string::npos);
}

TEST(Board, RefusesAWaveformFromAModelWithoutOne) {
  auto board = Board::create(options("&trace=/tmp/never-written.fst"));
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().code, Errc::no_trace);
  EXPECT_NE(board.error().message().find("variant=trace"), std::string::npos);
}

TEST(Board, TwoOnACableShareOneTime) {
  auto a = Board::create(options("&cable=board_test"));
  auto b = Board::create(options("&cable=board_test"));
  ASSERT_TRUE(a && b);
  EXPECT_FALSE(Board::create(options("&cable=board_test")));
  auto fa = (*a)->function();
  auto fb = (*b)->function();
  EXPECT_EQ(fa->read32(0, 0), fb->read32(0, 0));
  fa->wait(1ms);
  EXPECT_EQ((*a)->cycle(), (*b)->cycle());
  EXPECT_GE((*b)->time(), 1'000'000u);
}

}  // namespace
}  // namespace tautline::sim
