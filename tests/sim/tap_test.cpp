// The board on a TAP device, with this machine's kernel as the peer. The program moves into a
// network namespace of its own, so it needs the right to (root, or a user namespace) and leaves
// nothing behind.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "tautline/stack.hpp"
#include "tautline_sim/harness.hpp"

namespace tautline::sim {
namespace {

using namespace std::chrono_literals;

bool own_network() {
  static const bool ok = [] {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    return std::system("ip link set lo up 2>/dev/null") == 0 &&
           ::access("/dev/net/tun", R_OK | W_OK) == 0;
  }();
  return ok;
}

class Tap : public ::testing::Test {
 protected:
  void open(const std::string& query) {
    if (!own_network()) GTEST_SKIP() << "no right to make a network namespace and a TAP device";
    auto options = parse_board_options("?tap=tl0" + query);
    ASSERT_TRUE(options) << options.error().message();
    auto made = Board::create(std::move(*options));
    ASSERT_TRUE(made) << made.error().message();
    board = *made;
    ASSERT_EQ(std::system("ip addr add 10.9.0.1/24 dev tl0 && ip link set tl0 up"), 0);
    StackConfig config;
    config.address = {0x0a090002};
    std::string why;
    config.explanation = &why;
    auto created = Stack::create(board->function(), config);
    ASSERT_TRUE(created) << created.error().message() << ": " << why;
    stack.emplace(std::move(*created));
  }

  std::shared_ptr<Board> board;
  std::optional<Stack> stack;
};

TEST_F(Tap, TheKernelsPingIsAnswered) {
  open("");
  if (IsSkipped()) return;
  EXPECT_EQ(std::system("ping -c 3 -i 0.2 -W 2 -q 10.9.0.2 > /dev/null"), 0);
  EXPECT_EQ(std::system("ping -c 1 -s 1400 -W 2 -q 10.9.0.2 > /dev/null"), 0);
  EXPECT_TRUE(board->violations().empty()) << board->violations().front();
}

TEST_F(Tap, AnIdleBoardSleeps) {
  open("");
  if (IsSkipped()) return;
  std::this_thread::sleep_for(300ms);
  const auto before = board->stats();
  std::this_thread::sleep_for(500ms);
  const auto after = board->stats();
  // The kernel's own noise (IPv6) and a deadline may wake it now and then.
  EXPECT_LT(after.executed - before.executed, 100'000u);
}

TEST_F(Tap, ItsClockFollowsTheWall) {
  open("");
  if (IsSkipped()) return;
  // Each reading of the device stands between two of the wall, however long they take.
  using Clock = std::chrono::steady_clock;
  PciFunction& function = stack->function();
  const auto before_first = Clock::now();
  const auto first = function.now();
  const auto after_first = Clock::now();
  std::this_thread::sleep_for(200ms);
  const auto before_second = Clock::now();
  const auto second = function.now();
  const auto after_second = Clock::now();
  EXPECT_GE(second - first + 1us, before_second - after_first);
  EXPECT_LE(second - first - 1us, after_second - before_first);
}

TEST_F(Tap, ARecordedRunReplaysExactly) {
  const std::string path =
      ::testing::TempDir() + "tautline_tap_test_" + std::to_string(::getpid()) + ".record";
  open("&record=" + path);
  if (IsSkipped()) return;
  EXPECT_EQ(std::system("ping -c 5 -i 0.05 -W 2 -q 10.9.0.2 > /dev/null"), 0);
  stack.reset();
  board.reset();
  const auto report = replay(path);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->first_difference, "");
  EXPECT_GT(report->outputs, 5u);
  ::unlink(path.c_str());
}

TEST_F(Tap, ADeviceThatIsTakenSaysSo) {
  open("");
  if (IsSkipped()) return;
  const auto second = TapWire::open("tl0");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, std::errc::device_or_resource_busy);
  EXPECT_NE(second.error().message().find("another program holds it"), std::string::npos);
}

}  // namespace
}  // namespace tautline::sim
