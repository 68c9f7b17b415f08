// The stack as a whole: several devices, event loops, a link that goes away, handles that outlive
// it.

#include <poll.h>

#include "rig.hpp"

namespace tautline {
namespace {

using test::bytes_of;
using test::read_text;
using test::ready_of;
using test::Rig;

bool readable(int descriptor) {
  pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(Stacks, LiveBesideEachOther) {
  Rig a;
  Rig b({}, [] {
    StackConfig config = test::small_config();
    config.address = {0x0a000101};
    return config;
  }());
  Socket at_a = a.connected();
  Socket at_b = b.connected();
  a.mock.land(0, "for a");
  b.mock.land(0, "for b");
  a.report(0);
  EXPECT_EQ(at_b.readable_bytes(), 0u);
  b.report(0);
  EXPECT_EQ(read_text(at_a), "for a");
  EXPECT_EQ(read_text(at_b), "for b");
  EXPECT_EQ(b.mock.reg(regs::ip::offset), 0x0a000101u);
}

TEST(Stacks, AreOpenedByUrlAndOwnTheirDevice) {
  static test::MockFunction* made = nullptr;
  register_device_scheme("mock", [](std::string_view) {
    auto mock = std::make_unique<test::MockFunction>();
    made = mock.get();
    return std::expected<std::unique_ptr<PciFunction>, std::error_code>(std::move(mock));
  });
  auto stack = Stack::create("mock:", test::small_config());
  ASSERT_TRUE(stack);
  EXPECT_EQ(&stack->function(), made);
  EXPECT_EQ(stack->device().flows, 16u);
  EXPECT_EQ(stack->device().data_bits, 64u);
}

TEST(Stacks, ADeviceCanBeAttachedAgain) {
  test::MockFunction mock;
  {
    Stack first = Stack::create(mock, test::small_config()).value();
    (void)first.start_connect(test::peer);
    first.poll();
  }
  EXPECT_EQ(mock.reg(regs::control::offset), 0u) << "disabled";
  EXPECT_EQ(mock.dma_regions(), 0u);
  Stack second = Stack::create(mock, test::small_config()).value();
  EXPECT_EQ(mock.reg(regs::control::offset), 1u);
  mock.next_slot = 0;
  Socket socket = second.start_connect(test::peer).value();
  second.poll();
  mock.flow(0).state = regs::State::established;
  mock.report(0);
  second.poll();
  EXPECT_TRUE(socket.is_connected());
}

TEST(Counters, AreReadFromTheDeviceByNameOrIndex) {
  Rig rig;
  for (unsigned i = 0; i < counter_count; ++i) {
    rig.mock.set_reg(regs::counter_base + 4 * i, 1000 + i);
    EXPECT_EQ(rig.stack.device_counter(i), 1000 + i);
    EXPECT_FALSE(counter_names[i].empty());
  }
  EXPECT_EQ(rig.stack.device_counter(Counter::retrans_segs),
            1000u + static_cast<unsigned>(Counter::retrans_segs));
  EXPECT_EQ(to_string(Counter::retrans_segs), "retrans_segs");
  EXPECT_EQ(rig.stack.device_counter(counter_count), 0u) << "nothing is read beyond them";
  rig.mock.link = LinkState::removed;
  rig.stack.poll();
  EXPECT_EQ(rig.stack.device_counter(0), ~0u) << "what a removed card reads";
}

TEST(Stacks, HandlesThatOutliveTheirStackAnswerNoSuchDevice) {
  Socket socket;
  Socket finished;
  Listener listener;
  {
    Rig rig;
    socket = rig.connected();
    listener = rig.stack.listen({{}, 7}).value();
    rig.mock.land(0, "lost");
    rig.report(0);
  }
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(socket.read(buffer).error(), std::errc::no_such_device);
  EXPECT_EQ(socket.read_some(buffer).error(), std::errc::no_such_device);
  EXPECT_EQ(socket.write(buffer).error(), std::errc::broken_pipe);
  EXPECT_TRUE(socket.receive_view().empty());
  EXPECT_TRUE(socket.reserve(1).empty());
  EXPECT_EQ(socket.info().error(), std::errc::no_such_device);
  EXPECT_FALSE(socket.set_options({.nodelay = true}));
  socket.set_interest(Ready::writable);
  socket.flush();
  EXPECT_EQ(listener.try_accept().error(), std::errc::no_such_device);
  EXPECT_EQ(listener.accept().error(), std::errc::no_such_device);
  EXPECT_FALSE(socket.close());
  listener.close();
}

TEST(EventLoop, ArmPollSleepMissesNothing) {
  Rig rig;
  Socket socket = rig.connected();
  const int descriptor = rig.stack.native_handle();
  ASSERT_GE(descriptor, 0);
  EXPECT_TRUE(rig.stack.poll().empty());
  EXPECT_TRUE(rig.stack.arm());
  EXPECT_FALSE(readable(descriptor));
  rig.mock.land(0, "wake up");
  rig.mock.report(0);
  EXPECT_TRUE(readable(descriptor));
  EXPECT_EQ(ready_of(rig.stack.poll(), socket.token()), Ready::readable);
  EXPECT_FALSE(readable(descriptor)) << "poll acknowledges";
  EXPECT_FALSE(rig.stack.arm()) << "somebody is still ready: there is work to do before sleeping";
  (void)read_text(socket);
  EXPECT_TRUE(rig.stack.poll().empty());
  EXPECT_TRUE(rig.stack.arm());
}

TEST(EventLoop, AReportThatRacesWithArmIsNotSleptThrough) {
  Rig rig;
  Socket socket = rig.connected();
  rig.stack.poll();
  rig.mock.on_arm = [&] {
    rig.mock.on_arm = nullptr;
    rig.mock.land(0, "!");
    rig.mock.report(0);
  };
  EXPECT_FALSE(rig.stack.arm());
  EXPECT_EQ(rig.stack.poll().size(), 1u);
  EXPECT_FALSE(readable(rig.stack.native_handle())) << "its interrupt was acknowledged with it";
}

TEST(EventLoop, ArmTellsWhatWasReadFirst) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "abc");
  rig.report(0);
  (void)read_text(socket);
  (void)socket.write(bytes_of("deferred"), Push::later);
  while (!rig.stack.poll().empty()) {
  }
  EXPECT_EQ(rig.mock.flow(0).told_taken, 3u);
  EXPECT_EQ(rig.mock.flow(0).tail, 8u);
  EXPECT_TRUE(rig.stack.arm());
}

TEST(EventLoop, WaitReturnsEventsOrTimesOut) {
  Rig rig;
  Socket socket = rig.connected();
  const auto start = rig.stack.now();
  EXPECT_TRUE(rig.stack.wait(std::chrono::milliseconds{4}).empty());
  EXPECT_EQ(rig.stack.now() - start, std::chrono::milliseconds{4});
  rig.mock.after(std::chrono::hours{5}, [&] {
    rig.mock.land(0, "x");
    rig.mock.report(0);
  });
  EXPECT_EQ(rig.stack.wait().size(), 1u);
  EXPECT_EQ(rig.stack.now() - start, std::chrono::milliseconds{4} + std::chrono::hours{5});
}

TEST(EventLoop, ASpuriousInterruptIsHarmless) {
  Rig rig;
  rig.stack.poll();
  EXPECT_TRUE(rig.stack.arm());
  EXPECT_TRUE(rig.stack.poll().empty());
  EXPECT_TRUE(rig.stack.arm());
}

TEST(Link, RemovalReachesEverySocketAndListener) {
  Rig rig;
  Socket one = rig.connected();
  Socket two = rig.connected();
  Socket opening = rig.stack.start_connect(test::peer).value();
  Listener listener = rig.stack.listen({{}, 7}).value();
  rig.mock.land(0, "before");
  rig.report(0);
  rig.mock.link = LinkState::removed;
  rig.mock.commands.clear();
  const auto events = rig.stack.poll();
  for (const std::uint64_t token : {one.token(), two.token(), opening.token(), listener.token()}) {
    EXPECT_TRUE(has(ready_of(events, token), Ready::error)) << token;
  }
  EXPECT_EQ(read_text(one), "before") << "that is in our memory";
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(one.read(buffer).error(), std::errc::no_such_device);
  EXPECT_EQ(two.write(buffer).error(), std::errc::no_such_device);
  EXPECT_EQ(opening.wait_connected(), std::errc::no_such_device);
  EXPECT_EQ(two.info().error(), std::errc::no_such_device);
  EXPECT_EQ(two.shutdown(Shutdown::both), std::errc::no_such_device);
  EXPECT_EQ(listener.accept().error(), std::errc::no_such_device);
  EXPECT_EQ(rig.stack.listen({{}, 8}).error(), std::errc::no_such_device);
  EXPECT_EQ(rig.stack.connect(test::peer).error(), std::errc::no_such_device);
  EXPECT_EQ(rig.stack.drain(std::chrono::seconds{1}), std::errc::no_such_device);
  EXPECT_FALSE(rig.stack.arm());
  EXPECT_FALSE(one.close());
  EXPECT_TRUE(rig.mock.commands.empty());
}

TEST(Link, FailureAndDmaErrorsAreInputOutputErrors) {
  {
    Rig rig;
    Socket socket = rig.connected();
    rig.mock.link = LinkState::failed;
    rig.stack.poll();
    EXPECT_EQ(socket.error(), std::errc::io_error);
  }
  {
    Rig rig;
    Socket socket = rig.connected();
    rig.mock.link_error();
    rig.stack.poll();
    EXPECT_EQ(socket.error(), std::errc::io_error);
    EXPECT_EQ(rig.stack.start_connect(test::peer).error(), std::errc::io_error);
  }
}

TEST(Link, ABlockingCallEndsWhenTheLinkGoes) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.after(std::chrono::seconds{2}, [&] { rig.mock.link = LinkState::removed; });
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(socket.read_some(buffer).error(), std::errc::no_such_device);
}

TEST(Link, BytesThatNeverLandedAreNotWaitedFor) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "ab");
  rig.mock.flow(0).rx_end = 5;
  rig.mock.flow(0).fin = true;
  rig.report(0);
  rig.mock.link = LinkState::failed;
  rig.stack.poll();
  EXPECT_EQ(read_text(socket), "ab");
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(socket.read(buffer).error(), std::errc::io_error) << "not an orderly end";
}

TEST(Robustness, ReportsOfSlotsThatDoNotExistAreCounted) {
  Rig rig;
  std::array<std::uint32_t, 16> entry{};
  regs::status_entry::kind.into(entry, static_cast<std::uint32_t>(regs::Kind::status));
  regs::status_entry::slot.into(entry, 16);
  regs::status_entry::active.into(entry, 1);
  rig.mock.raw_entry(entry);
  rig.stack.poll();
  EXPECT_EQ(rig.stack.counters().malformed_reports, 1u);
}

TEST(Robustness, AnUnknownTagIsNobodysConnection) {
  Rig rig;
  for (const std::uint32_t tag : {0u, 0xffffffffu, 0x40000u}) {
    rig.mock.flow(3).tag = tag;
    rig.mock.flow(3).state = regs::State::established;
    EXPECT_TRUE(rig.report(3).empty());
  }
  EXPECT_EQ(rig.stack.counters().stale_reports, 3u);
}

TEST(Robustness, TheLibrarysOwnTableFullIsToldAndHeals) {
  Rig rig({.flows_log2 = 4, .credits = 2});
  rig.mock.on_command = [&](const auto& c) { rig.mock.complete(c, regs::Result::no_slot); };
  std::vector<Socket> sockets;
  for (;;) {
    auto socket = rig.stack.start_connect(test::peer);
    if (!socket) {
      EXPECT_EQ(socket.error(), std::errc::too_many_files_open);
      break;
    }
    sockets.push_back(std::move(*socket));
    rig.stack.poll();
  }
  EXPECT_GE(sockets.size(), 32u);
  sockets.clear();
  EXPECT_TRUE(rig.stack.start_connect(test::peer));
}

TEST(Robustness, ASocketClosedBetweenEventsIsNotReportedAgain) {
  Rig rig;
  Socket one = rig.connected();
  Socket two = rig.connected();
  rig.mock.land(0, "x");
  rig.mock.land(1, "y");
  rig.report(0);
  EXPECT_EQ(rig.report(1).size(), 2u);
  one.abort();
  const auto events = rig.stack.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].token, two.token());
}

}  // namespace
}  // namespace tautline
