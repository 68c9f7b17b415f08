// The board that follows the wall clock, on a wire whose far end is slow or holds the board up.

#include <gtest/gtest.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "packet.hpp"
#include "tautline/stack.hpp"
#include "wall_board.hpp"

namespace tautline::sim {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kPeerMac = 0x02'00'00'00'00'99;
constexpr std::uint64_t kMac = 0x02'00'0a'00'00'01;
constexpr std::uint32_t kPeer = 0x0a000002;
constexpr std::uint32_t kAddress = 0x0a000001;
constexpr auto kRto = 200ms;
// Longer than the RTO: whoever counts it as time retransmits.
constexpr auto kHoldUp = 600ms;
// Shorter than the RTO by more than a busy machine's hiccup.
constexpr auto kAnswerTime = 50ms;

// A peer that acknowledges. With `hold_up` its wire holds the board's thread up in the middle of
// the first SYN and of the first data segment, as a write to a busy device does.
class SlowPeer final : public Wire {
 public:
  struct Seen {
    std::atomic<int> syns{0}, data{0};
  };

  SlowPeer(Seen& seen, bool hold_up)
      : seen_(seen),
        hold_up_(hold_up),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {}
  ~SlowPeer() override { ::close(timer_); }

  const char* send(Frame frame) override {
    const auto packet = test::ParseFrame(
        {reinterpret_cast<const std::uint8_t*>(frame.bytes.data()), frame.bytes.size()});
    if (!packet) return nullptr;
    if (packet->arp && packet->arp->operation == 1 && packet->arp->target_ip == kPeer) {
      answer(0ms, test::BuildArp(eth(), {.operation = 2,
                                         .sender_mac = kPeerMac,
                                         .sender_ip = kPeer,
                                         .target_mac = kMac,
                                         .target_ip = kAddress}));
    } else if (packet->tcp) {
      receive_segment(*packet->tcp);
    }
    return nullptr;
  }

  std::optional<Frame> receive(Nanos /*now*/) override {
    if (queue_.empty() || queue_.front().first > SteadyClock::now()) return std::nullopt;
    Frame frame;
    const auto bytes = std::as_bytes(std::span(queue_.front().second));
    frame.bytes.assign(bytes.begin(), bytes.end());
    queue_.pop_front();
    arm();
    return frame;
  }

  [[nodiscard]] int fd() const override { return timer_; }

 private:
  static test::EthernetHeader eth() { return {.dst = kMac, .src = kPeerMac}; }

  void receive_segment(const test::TcpSegment& segment) {
    test::TcpSegment ack{.src_port = segment.dst_port, .dst_port = segment.src_port};
    ack.seq = 1;
    if (segment.Has(test::TcpFlags::kSyn)) {
      if (++seen_.syns == 1) hold_up();
      ack.flags |= test::TcpFlags::kSyn;
      ack.seq = 0;
      ack.ack = segment.seq + 1;
      ack.options = test::OptionMss(1460);
    } else if (!segment.payload.empty()) {
      if (++seen_.data == 1) hold_up();
      ack.ack = segment.seq + static_cast<std::uint32_t>(segment.payload.size());
    } else {
      return;
    }
    answer(kAnswerTime, test::BuildTcp(eth(), {.src = kPeer, .dst = kAddress}, ack));
  }

  void hold_up() const {
    if (hold_up_) std::this_thread::sleep_for(kHoldUp);
  }

  void answer(std::chrono::milliseconds after, test::Frame frame) {
    queue_.emplace_back(SteadyClock::now() + after, std::move(frame));
    arm();
  }

  // Readable from the time of the first answer on.
  void arm() const {
    itimerspec spec{};
    if (!queue_.empty()) {
      const auto ns = std::chrono::nanoseconds(queue_.front().first.time_since_epoch()).count();
      spec.it_value = {ns / 1'000'000'000, ns % 1'000'000'000};
    }
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  Seen& seen_;
  bool hold_up_;
  int timer_;
  std::deque<std::pair<SteadyClock::time_point, test::Frame>> queue_;
};

class WallBoardTest : public ::testing::Test {
 protected:
  void open(bool hold_up) {
    auto options = parse_board_options("?variant=assert&flows=16");
    ASSERT_TRUE(options) << options.error().message();
    auto core = Core::create(std::move(*options), std::make_unique<SlowPeer>(seen, hold_up));
    ASSERT_TRUE(core) << core.error().message();
    auto started = WallBoard::start(std::move(*core));
    ASSERT_TRUE(started) << started.error().message();
    board = *started;
    StackConfig config;
    config.address = {kAddress};
    config.rto_initial = config.rto_min = kRto;
    std::string why;
    config.explanation = &why;
    auto created = Stack::create(board->function(), config);
    ASSERT_TRUE(created) << created.error().message() << ": " << why;
    stack.emplace(std::move(*created));
  }

  template <class Done>
  bool poll_until(Done done, std::chrono::milliseconds limit = 10s) {
    const auto end = SteadyClock::now() + limit;
    while (!done()) {
      if (SteadyClock::now() > end) return false;
      stack->poll();
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

  // Connects, writes once and waits until all of it is acknowledged.
  void exchange() {
    auto made = stack->start_connect({{kPeer}, 80});
    ASSERT_TRUE(made) << made.error().message();
    socket.emplace(std::move(*made));
    ASSERT_TRUE(poll_until([&] { return socket->is_connected(); }));
    const std::array<std::byte, 400> data{};  // one segment
    ASSERT_TRUE(socket->write(data));
    ASSERT_TRUE(poll_until([&] { return seen.data > 0; }));
    poll_until([] { return false; }, kHoldUp + 2 * kRto);
  }

  SlowPeer::Seen seen;
  std::shared_ptr<WallBoard> board;
  std::optional<Stack> stack;
  std::optional<Socket> socket;
};

TEST_F(WallBoardTest, FiresATimerWhenItsTimeHasPassed) {
  open(false);
  const auto begin = SteadyClock::now();
  // Nobody is there: ARP gives up, by timers.
  auto nobody = stack->start_connect({{kPeer + 1}, 80});
  ASSERT_TRUE(nobody) << nobody.error().message();
  EXPECT_TRUE(poll_until([&] { return bool(nobody->error()); }, 30s));
  EXPECT_GT(SteadyClock::now() - begin, 500ms);
}

TEST_F(WallBoardTest, ATransferWithoutLossHasNoRetransmission) {
  open(false);
  exchange();
  EXPECT_EQ(seen.syns, 1);
  EXPECT_EQ(seen.data, 1);
}

TEST_F(WallBoardTest, NoTimerFiresForTimeInWhichTheBoardWasHeldUp) {
  open(true);
  exchange();
  EXPECT_EQ(seen.syns, 1);
  EXPECT_EQ(seen.data, 1);
}

}  // namespace
}  // namespace tautline::sim
