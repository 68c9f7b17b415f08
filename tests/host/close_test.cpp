// How connections end: half-close, close, linger, abort, errors, and when a slot is given back.

#include "rig.hpp"

namespace tautline {
namespace {

using regs::Op;
using test::bytes_of;
using test::read_text;
using test::ready_of;
using test::Rig;

std::vector<Op> ops(const test::MockFunction& mock) {
  std::vector<Op> seen;
  for (const auto& command : mock.commands) seen.push_back(command.op);
  return seen;
}

/// The device ends a flow with a cause.
void kill(Rig& rig, std::uint32_t slot, regs::Cause cause) {
  rig.mock.flow(slot).state = regs::State::closed;
  rig.mock.flow(slot).done = true;
  rig.mock.flow(slot).cause = cause;
  rig.report(slot);
}

TEST(HalfClose, ShutdownCarriesThePositionOfTheFin) {
  Rig rig;
  Socket socket = rig.connected();
  (void)socket.write(bytes_of("last words"), Push::later);
  EXPECT_FALSE(socket.shutdown(Shutdown::write));
  EXPECT_EQ(rig.mock.flow(0).tail, 10u) << "the FIN stands behind every byte written";
  const auto command = rig.mock.take();
  EXPECT_EQ(command.op, Op::shutdown);
  EXPECT_EQ(command.slot, 0u);
  EXPECT_EQ(command.arg0, 10u);
  EXPECT_EQ(socket.write(bytes_of("x")).error(), std::errc::broken_pipe);
  EXPECT_TRUE(socket.reserve(1).empty());
  EXPECT_EQ(socket.commit(0), std::errc::broken_pipe);
  EXPECT_FALSE(socket.shutdown(Shutdown::write)) << "again is no error";
  EXPECT_TRUE(rig.mock.commands.empty()) << "and no second FIN";
}

TEST(HalfClose, ReceivingGoesOnAfterOurFin) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_FALSE(socket.shutdown(Shutdown::write));
  rig.mock.flow(0).state = regs::State::fin_wait_2;
  rig.mock.land(0, "more");
  rig.report(0);
  EXPECT_EQ(read_text(socket), "more");
  rig.stack.poll();
  EXPECT_EQ(rig.mock.flow(0).told_taken, 4u);
}

TEST(HalfClose, SendingGoesOnAfterThePeersFin) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "bye");
  rig.mock.flow(0).fin = true;
  rig.mock.flow(0).state = regs::State::close_wait;
  rig.report(0);
  EXPECT_TRUE(socket.peer_finished());
  EXPECT_EQ(read_text(socket), "bye");
  EXPECT_EQ(read_text(socket), "") << "end of the stream";
  EXPECT_EQ(read_text(socket), "") << "again";
  EXPECT_EQ(socket.write(bytes_of("still here")), 10u);
  EXPECT_FALSE(rig.mock.saw(Op::release));
}

TEST(HalfClose, EndOfStreamIsNotToldBeforeItsBytesHaveLanded) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "ab");
  rig.mock.flow(0).rx_end = 5;
  rig.mock.flow(0).fin = true;
  rig.report(0);
  EXPECT_EQ(read_text(socket), "ab");
  std::array<std::byte, 8> buffer;
  EXPECT_TRUE(is_would_block(socket.read(buffer).error()));
  rig.mock.land(0, "cde");
  rig.report(0);
  EXPECT_EQ(read_text(socket), "cde");
  EXPECT_EQ(read_text(socket), "");
}

TEST(HalfClose, ShutdownReadDiscardsAndKeepsTheWindowOpen) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, test::pattern_range(0, 500));
  rig.report(0);
  EXPECT_FALSE(socket.shutdown(Shutdown::read));
  EXPECT_EQ(read_text(socket), "");
  rig.mock.land(0, test::pattern_range(500, 3000));
  rig.report(0);
  rig.stack.poll();
  EXPECT_EQ(rig.mock.flow(0).told_taken, 3500u);
  EXPECT_EQ(socket.write(bytes_of("ok")), 2u);
  rig.mock.commands.clear();
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release})) << "discarded is not unread";
}

TEST(HalfClose, ShutdownNeedsAConnection) {
  Rig rig;
  Socket socket = rig.stack.start_connect(test::peer).value();
  EXPECT_EQ(socket.shutdown(Shutdown::write), std::errc::not_connected);
  rig.stack.poll();
  EXPECT_EQ(socket.shutdown(Shutdown::write), std::errc::not_connected);
}

TEST(Close, SendsFinAndReleaseAndTheEngineFinishes) {
  Rig rig;
  Socket socket = rig.connected();
  (void)socket.write(bytes_of("abc"));
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release}));
  EXPECT_EQ(rig.mock.commands[0].arg0, 3u);
}

TEST(Close, TellsTheReadPositionBeforeTheRelease) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "read it all");
  rig.report(0);
  EXPECT_EQ(read_text(socket), "read it all");
  std::uint64_t taken_at_release = 0;
  rig.mock.on_command = [&](const test::MockCommand& command) {
    if (command.op == Op::release) taken_at_release = rig.mock.flow(0).told_taken;
    rig.mock.complete(command);
  };
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(taken_at_release, 11u) << "the engine would reset for unread bytes";
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release}));
}

TEST(Close, AfterShutdownSendsNoSecondFin) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_FALSE(socket.shutdown(Shutdown::write));
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release}));
}

TEST(Close, WithUnreadBytesResets) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "unread");
  rig.report(0);
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::abort, Op::release}));
}

TEST(Close, DestructorClosesToo) {
  Rig rig;
  {
    const Socket socket = rig.connected();
  }
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release}));
}

TEST(Close, WhileConnectingAborts) {
  Rig rig;
  Socket socket = rig.stack.start_connect(test::peer).value();
  rig.stack.poll();
  rig.mock.commands.clear();
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::abort, Op::release}));
}

TEST(Close, BeforeTheEngineGaveASlotReleasesItWhenItComes) {
  Rig rig;
  rig.mock.on_command = [](const auto&) {};
  Socket socket = rig.stack.start_connect(test::peer).value();
  EXPECT_FALSE(socket.close());
  const auto open = rig.mock.take();
  rig.mock.complete(open, regs::Result::ok, 9, 3);
  rig.stack.poll();
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::abort, Op::release}));
  EXPECT_EQ(rig.mock.commands[0].slot, 9u);
  EXPECT_EQ(rig.mock.commands[0].gen, 3u);
}

TEST(Close, BeforeTheOpenFailedLeavesNothing) {
  Rig rig;
  rig.mock.on_command = [](const auto&) {};
  Socket socket = rig.stack.start_connect(test::peer).value();
  EXPECT_FALSE(socket.close());
  const auto open = rig.mock.take();
  rig.mock.complete(open, regs::Result::no_slot);
  EXPECT_TRUE(rig.stack.poll().empty());
  EXPECT_TRUE(rig.mock.commands.empty());
}

TEST(Linger, ZeroResets) {
  Rig rig;
  Socket socket = rig.connected({.socket = {.linger = Microseconds{0}}});
  (void)socket.write(bytes_of("never mind"));
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::abort, Op::release}));
}

TEST(Linger, WaitsUntilTheFinIsAcknowledged) {
  Rig rig;
  Socket socket = rig.connected({.socket = {.linger = std::chrono::seconds{10}}});
  (void)socket.write(bytes_of("abc"));
  const auto start = rig.mock.now();
  rig.mock.after(std::chrono::milliseconds{20}, [&] {
    rig.mock.flow(0).acked = rig.mock.flow(0).sent = 3;
    rig.mock.flow(0).state = regs::State::fin_wait_1;
    rig.mock.report(0);
  });
  rig.mock.after(std::chrono::milliseconds{50}, [&] {
    rig.mock.flow(0).state = regs::State::fin_wait_2;
    rig.mock.report(0);
  });
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(rig.mock.now() - start, std::chrono::milliseconds{50});
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release}));
}

TEST(Linger, ThatPassesSaysSoAndLetsTheEngineGoOn) {
  Rig rig;
  Socket socket = rig.connected({.socket = {.linger = std::chrono::milliseconds{30}}});
  (void)socket.write(bytes_of("abc"));
  const auto start = rig.mock.now();
  EXPECT_EQ(socket.close(), std::errc::timed_out);
  EXPECT_EQ(rig.mock.now() - start, std::chrono::milliseconds{30});
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release}));
}

TEST(Linger, TellsAResetThatCameMeanwhile) {
  Rig rig;
  Socket socket = rig.connected({.socket = {.linger = std::chrono::seconds{10}}});
  (void)socket.write(bytes_of("abc"));
  rig.mock.after(std::chrono::milliseconds{1}, [&] {
    rig.mock.flow(0).done = true;
    rig.mock.flow(0).cause = regs::Cause::reset;
    rig.mock.report(0);
  });
  EXPECT_EQ(socket.close(), std::errc::connection_reset);
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::shutdown, Op::release}));
}

TEST(Errors, BytesBeforeAResetStayReadable) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "precious");
  kill(rig, 0, regs::Cause::reset);
  EXPECT_FALSE(rig.mock.saw(Op::release)) << "the ring still holds bytes for the user";
  EXPECT_EQ(read_text(socket, 4), "prec");
  EXPECT_FALSE(rig.mock.saw(Op::release));
  EXPECT_EQ(read_text(socket, 4), "ious");
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(socket.read(buffer).error(), std::errc::connection_reset);
  EXPECT_EQ(socket.read(buffer).error(), std::errc::connection_reset);
  EXPECT_EQ(socket.write(buffer).error(), std::errc::broken_pipe) << "the cause was told";
  rig.stack.poll();
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::release}));
}

TEST(Errors, WriteTellsTheCauseOnceAndThenABrokenPipe) {
  Rig rig;
  Socket socket = rig.connected();
  kill(rig, 0, regs::Cause::reset);
  EXPECT_EQ(socket.write(bytes_of("x")).error(), std::errc::connection_reset);
  EXPECT_EQ(socket.write(bytes_of("x")).error(), std::errc::broken_pipe);
  EXPECT_EQ(socket.error(), std::errc::connection_reset);
}

TEST(Errors, EveryCauseReachesReadersWritersAndEvents) {
  const std::pair<regs::Cause, std::errc> expected[] = {
      {regs::Cause::reset, std::errc::connection_reset},
      {regs::Cause::timeout, std::errc::timed_out},
      {regs::Cause::unreachable, std::errc::host_unreachable},
      {regs::Cause::aborted, std::errc::connection_aborted},
      {regs::Cause::link, std::errc::io_error},
  };
  for (const auto& [cause, error] : expected) {
    Rig rig;
    Socket socket = rig.connected();
    kill(rig, 0, cause);
    EXPECT_EQ(ready_of(rig.stack.poll(), socket.token()),
              Ready::readable | Ready::hangup | Ready::error);
    std::array<std::byte, 4> buffer;
    EXPECT_EQ(socket.read(buffer).error(), error);
    EXPECT_EQ(socket.read_some(buffer).error(), error);
    EXPECT_EQ(socket.error(), error);
    EXPECT_EQ(socket.shutdown(Shutdown::write), std::errc::not_connected);
  }
}

TEST(Errors, AResetAfterTheEndOfTheStreamKeepsTheEnd) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "all");
  rig.mock.flow(0).fin = true;
  kill(rig, 0, regs::Cause::reset);
  EXPECT_EQ(read_text(socket), "all");
  EXPECT_EQ(read_text(socket), "");
}

TEST(Release, WaitsForTheUserToReadEverything) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_FALSE(socket.shutdown(Shutdown::write));
  rig.mock.commands.clear();
  rig.mock.land(0, "tail");
  rig.mock.flow(0).fin = true;
  kill(rig, 0, regs::Cause::none);
  EXPECT_TRUE(rig.mock.commands.empty());
  EXPECT_EQ(read_text(socket, 2), "ta");
  rig.stack.poll();
  EXPECT_TRUE(rig.mock.commands.empty());
  EXPECT_EQ(read_text(socket, 2), "il");
  rig.stack.poll();
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::release}));
  EXPECT_EQ(read_text(socket), "") << "the socket outlives its slot";
  EXPECT_EQ(socket.peer_endpoint(), test::peer);
  EXPECT_FALSE(socket.error());
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::release})) << "released once";
}

TEST(Release, HappensAtCloseOfAFinishedConnectionWithUnreadBytes) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "tail");
  rig.mock.flow(0).fin = true;
  kill(rig, 0, regs::Cause::none);
  EXPECT_FALSE(socket.close());
  EXPECT_EQ(ops(rig.mock), (std::vector{Op::release})) << "nothing is left to abort";
}

TEST(Release, ASlotsNextLifeIsAnotherConnection) {
  Rig rig;
  Socket first = rig.connected();
  EXPECT_FALSE(first.close());
  rig.stack.poll();
  rig.mock.commands.clear();
  rig.mock.next_slot = 0;
  rig.mock.flow(0) = {};
  rig.mock.flow(0).gen = 1;
  Socket second = rig.connected();
  EXPECT_TRUE(second.is_connected());
  rig.mock.land(0, "new life");
  rig.report(0);
  EXPECT_EQ(read_text(second), "new life");
  rig.stack.poll();
  EXPECT_EQ(rig.mock.flow(0).bell_gen, 1u);
}

TEST(Release, ReportsOfAReleasedGenerationTouchNobody) {
  Rig rig;
  Socket first = rig.connected();
  EXPECT_FALSE(first.close());
  rig.mock.commands.clear();
  rig.mock.flow(0).done = true;
  EXPECT_TRUE(rig.report(0).empty());
  EXPECT_TRUE(rig.mock.commands.empty()) << "no second release";
}

TEST(Release, ReportsOfAnotherGenerationThanTheLiveOneAreIgnored) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "ghost");
  rig.mock.flow(0).gen = 255;
  rig.mock.flow(0).done = true;
  rig.report(0);
  EXPECT_EQ(socket.readable_bytes(), 0u);
  EXPECT_EQ(socket.state(), State::established);
  EXPECT_EQ(rig.stack.counters().stale_reports, 1u);
}

TEST(Release, CommandsWaitForCreditsInOrder) {
  Rig rig({.credits = 1});
  rig.mock.on_command = [&](const test::MockCommand& c) {
    if (c.op == Op::open) rig.mock.complete(c, regs::Result::ok, rig.mock.next_slot, 0);
  };
  Socket socket = rig.stack.start_connect(test::peer).value();
  rig.stack.poll();
  rig.mock.flow(0).state = regs::State::established;
  rig.report(0);
  EXPECT_FALSE(socket.set_options({.nodelay = true, .ttl = std::uint8_t{3}}));
  (void)socket.write(bytes_of("x"));
  EXPECT_FALSE(socket.close());
  std::vector<Op> seen;
  for (int i = 0; i < 10; ++i) {
    rig.stack.poll();
    while (!rig.mock.commands.empty()) {
      const auto command = rig.mock.take();
      if (command.op != Op::open) {
        seen.push_back(command.op);
        rig.mock.complete(command);
      }
    }
  }
  EXPECT_EQ(seen, (std::vector{Op::setopt, Op::setopt, Op::shutdown, Op::release}));
  EXPECT_EQ(rig.mock.lost_commands, 0u);
  EXPECT_GT(rig.stack.counters().commands_deferred, 0u);
}

TEST(Drain, WaitsForOrphansByTheirReports) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_FALSE(socket.close());
  const auto start = rig.mock.now();
  rig.mock.after(std::chrono::microseconds{500}, [&] {
    rig.mock.flow(0).done = true;
    rig.mock.report(0);
  });
  EXPECT_FALSE(rig.stack.drain(std::chrono::seconds{1}));
  EXPECT_EQ(rig.mock.now() - start, std::chrono::microseconds{500});
}

TEST(Drain, AsksTheEngineAboutSlotsThatReportNothing) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_FALSE(socket.close());
  const auto start = rig.mock.now();
  const auto end = start + std::chrono::milliseconds{10};
  rig.mock.on_command = [&](const test::MockCommand& c) {
    EXPECT_EQ(c.op, Op::query);
    rig.mock.complete(c, rig.mock.now() < end ? regs::Result::ok : regs::Result::stale);
  };
  EXPECT_FALSE(rig.stack.drain(std::chrono::seconds{1}));
  EXPECT_GE(rig.mock.now(), end);
  EXPECT_LE(rig.mock.now(), end + std::chrono::milliseconds{2});
}

TEST(Drain, GivesUpAtItsTimeout) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_FALSE(socket.close());
  const auto start = rig.mock.now();
  EXPECT_EQ(rig.stack.drain(std::chrono::milliseconds{5}), std::errc::timed_out);
  EXPECT_LE(rig.mock.now() - start, std::chrono::milliseconds{6});
}

}  // namespace
}  // namespace tautline
