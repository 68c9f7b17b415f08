// Listening, the accept queue, and connecting.

#include "rig.hpp"

namespace tautline {
namespace {

using regs::Op;
using regs::Result;
using test::ready_of;
using test::Rig;

struct Listening : Rig {
  explicit Listening(const ListenOptions& options = {}) {
    listener = stack.listen({{}, 7}, options).value();
    command = mock.take();
    tag = command.arg0;
  }
  Listener listener;
  test::MockCommand command;
  std::uint32_t tag = 0;
};

TEST(Listen, CarriesPortAndLimits) {
  Listening rig({.backlog = 5, .half_open = 9});
  EXPECT_EQ(rig.command.op, Op::listen);
  EXPECT_EQ(rig.command.lport, 7u);
  EXPECT_EQ(rig.command.laddr, 0u);
  EXPECT_EQ(rig.command.arg1, 5u << 16 | 9u);
  EXPECT_EQ(rig.listener.local_endpoint(), (Endpoint{test::our_address, 7}));
}

TEST(Listen, TellsWhyItWasRefused) {
  Rig rig;
  using std::errc;
  EXPECT_EQ(rig.stack.listen({{}, 0}).error(), errc::invalid_argument);
  EXPECT_EQ(rig.stack.listen({{}, 7}, {.backlog = 0}).error(), errc::invalid_argument);
  EXPECT_EQ(rig.stack.listen({{0x01020304}, 7}).error(), errc::address_not_available);
  const std::pair<Result, errc> refusals[] = {{Result::in_use, errc::address_in_use},
                                              {Result::table_full, errc::no_buffer_space},
                                              {Result::bad_arg, errc::invalid_argument}};
  for (const auto& [result, error] : refusals) {
    rig.mock.on_command = [&, answer = result](const auto& c) { rig.mock.complete(c, answer); };
    EXPECT_EQ(rig.stack.listen({{}, 7}).error(), error);
  }
  rig.mock.on_command = nullptr;
  EXPECT_TRUE(rig.stack.listen({{}, 7})) << "a refusal leaves no entry behind";
}

TEST(Listen, HasAsManyListenersAsTheDevice) {
  Rig rig({.listeners = 2});
  auto a = rig.stack.listen({{}, 1});
  auto b = rig.stack.listen({{}, 2});
  EXPECT_EQ(rig.stack.listen({{}, 3}).error(), std::errc::no_buffer_space);
  a->close();
  EXPECT_TRUE(rig.stack.listen({{}, 3}));
}

TEST(Listen, AnAnswerThatComesAfterTheCallerGaveUpIsUndone) {
  Rig rig;
  rig.mock.on_command = [](const auto&) {};
  EXPECT_EQ(rig.stack.listen({{}, 7}).error(), std::errc::timed_out);
  rig.mock.complete(rig.mock.take(), Result::ok, 11);
  rig.stack.poll();
  const auto command = rig.mock.take();
  EXPECT_EQ(command.op, Op::unlisten);
  EXPECT_EQ(command.slot, 11u);
}

TEST(Listen, AnAnswerThatCameWhileNobodyLookedCounts) {
  Rig rig;
  rig.mock.on_command = [&](const auto& c) {
    rig.mock.after(std::chrono::seconds{1}, [&rig, c] {
      rig.mock.complete(c, Result::ok, 3);
      // The host is not scheduled for a minute.
      rig.mock.pass(std::chrono::minutes{1});
    });
  };
  EXPECT_TRUE(rig.stack.listen({{}, 7}));
}

TEST(Accept, AConnectionThatCameWithTheDeadlineIsGiven) {
  Listening rig;
  rig.mock.after(std::chrono::milliseconds{3}, [&] { rig.arrive(1, rig.tag); });
  EXPECT_TRUE(rig.listener.accept(std::chrono::milliseconds{3}));
}

TEST(Accept, GivesEstablishedConnectionsInOrder) {
  Listening rig;
  EXPECT_TRUE(is_would_block(rig.listener.try_accept().error()));
  rig.arrive(4, rig.tag);
  rig.arrive(2, rig.tag);
  EXPECT_EQ(ready_of(rig.stack.poll(), rig.listener.token()), Ready::readable);
  auto first = rig.listener.try_accept();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->peer_endpoint().port, 40004u);
  EXPECT_EQ(first->local_endpoint().port, 7u);
  EXPECT_TRUE(first->is_connected());
  const auto command = rig.mock.take();
  EXPECT_EQ(command.op, Op::accept);
  EXPECT_EQ(command.slot, 4u);
  EXPECT_EQ(ready_of(rig.stack.poll(), rig.listener.token()), Ready::readable);
  auto second = rig.listener.try_accept();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->peer_endpoint().port, 40002u);
  EXPECT_TRUE(rig.stack.poll().empty());
  EXPECT_NE(first->token(), second->token());
}

TEST(Accept, HalfOpenConnectionsAreNotShown) {
  Listening rig;
  rig.arrive(4, rig.tag);
  rig.stack.poll();
  (void)rig.listener.try_accept();
  test::MockFlow& flow = rig.mock.flow(5);
  flow.tag = rig.tag;
  flow.listening = true;
  flow.state = regs::State::syn_rcvd;
  EXPECT_TRUE(rig.report(5).empty());
  EXPECT_FALSE(rig.listener.try_accept());
  flow.state = regs::State::established;
  rig.report(5);
  EXPECT_TRUE(rig.listener.try_accept());
}

TEST(Accept, BytesThatCameBeforeAreThere) {
  Listening rig;
  rig.arrive(3, rig.tag);
  rig.mock.land(3, "early");
  rig.report(3);
  rig.mock.land(3, " bird");
  const auto events = rig.report(3);
  EXPECT_EQ(events.size(), 1u) << "the listener only";
  auto socket = rig.listener.try_accept();
  ASSERT_TRUE(socket);
  EXPECT_EQ(ready_of(rig.stack.poll(), socket->token()), Ready::readable);
  EXPECT_EQ(test::read_text(*socket), "early bird");
}

TEST(Accept, AConnectionThatEndedInTheQueueTellsItself) {
  Listening rig;
  rig.arrive(3, rig.tag);
  rig.stack.poll();
  rig.mock.land(3, "x");
  rig.mock.flow(3).done = true;
  rig.mock.flow(3).cause = regs::Cause::reset;
  rig.report(3);
  auto socket = rig.listener.try_accept();
  ASSERT_TRUE(socket);
  EXPECT_FALSE(rig.mock.saw(Op::accept));
  EXPECT_EQ(test::read_text(*socket), "x");
  EXPECT_EQ(socket->error(), std::errc::connection_reset);
  rig.stack.poll();
  EXPECT_TRUE(rig.mock.saw(Op::release));
}

TEST(Accept, AFlowThatDiedBeforeItWasSeenIsReleased) {
  Listening rig;
  test::MockFlow& flow = rig.mock.flow(6);
  flow.tag = rig.tag;
  flow.listening = true;
  flow.done = true;
  rig.report(6);
  const auto release = rig.mock.take(Op::release);
  ASSERT_TRUE(release) << "its slot would be lost";
  EXPECT_EQ(release->slot, 6u);
  EXPECT_FALSE(rig.listener.try_accept());
}

TEST(Accept, BlocksInTheDevicesTime) {
  Listening rig;
  const auto start = rig.mock.now();
  rig.mock.after(std::chrono::milliseconds{12}, [&] { rig.arrive(1, rig.tag); });
  EXPECT_TRUE(rig.listener.accept(std::chrono::seconds{1}));
  EXPECT_EQ(rig.mock.now() - start, std::chrono::milliseconds{12});
  EXPECT_EQ(rig.listener.accept(std::chrono::milliseconds{3}).error(),
            std::errc::resource_unavailable_try_again);
}

TEST(Accept, OptionsOfTheListenerReachTheConnection) {
  Listening rig({.socket = {.nodelay = true, .linger = Microseconds{0}}});
  rig.arrive(1, rig.tag);
  rig.stack.poll();
  EXPECT_TRUE(rig.mock.saw(Op::setopt));
  auto socket = rig.listener.try_accept();
  EXPECT_EQ(socket->options().linger, Microseconds{0});
}

TEST(CloseListener, ResetsWhatNobodyAccepted) {
  Listening rig;
  rig.arrive(1, rig.tag);
  rig.arrive(2, rig.tag);
  rig.stack.poll();
  auto kept = rig.listener.try_accept();
  rig.mock.commands.clear();
  rig.listener.close();
  std::map<std::uint32_t, std::vector<Op>> seen;
  bool unlisten = false;
  for (const auto& command : rig.mock.commands) {
    if (command.op == Op::unlisten) {
      unlisten = true;
      EXPECT_EQ(command.slot, 0u);
    } else {
      seen[command.slot].push_back(command.op);
    }
  }
  EXPECT_TRUE(unlisten);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[2], (std::vector{Op::abort, Op::release}));
  EXPECT_TRUE(kept->is_connected());
  EXPECT_FALSE(rig.listener.is_open());
  EXPECT_EQ(rig.listener.try_accept().error(), std::errc::bad_file_descriptor);
}

TEST(CloseListener, ReturnsWhenTheEngineNoLongerListens) {
  Listening rig;
  rig.mock.on_command = [&](const auto& c) {
    rig.mock.after(std::chrono::microseconds{30}, [&rig, c] { rig.mock.complete(c); });
  };
  const auto start = rig.mock.now();
  rig.listener.close();
  EXPECT_EQ(rig.mock.now() - start, std::chrono::microseconds{30});
  EXPECT_TRUE(rig.mock.saw(Op::unlisten));
}

TEST(CloseListener, WaitsForACreditFirst) {
  Rig rig({.credits = 1});
  Listener listener = rig.stack.listen({{}, 7}).value();
  std::optional<test::MockCommand> unlisten;
  rig.mock.on_command = [&](const auto& c) {
    if (c.op == Op::unlisten) unlisten = c;
    rig.mock.after(std::chrono::microseconds{10}, [&rig, c] { rig.mock.complete(c); });
  };
  Socket socket = rig.stack.start_connect(test::peer).value();
  listener.close();
  ASSERT_TRUE(unlisten);
  EXPECT_EQ(unlisten->slot, 0u);
  EXPECT_EQ(rig.mock.lost_commands, 0u);
  EXPECT_TRUE(rig.stack.poll().empty());
}

TEST(CloseListener, ADeadEngineHoldsItNoLongerThanACommand) {
  Listening rig;
  rig.mock.on_command = [](const auto&) {};
  const auto start = rig.mock.now();
  rig.listener.close();
  EXPECT_EQ(rig.mock.now() - start, std::chrono::seconds{10});
  rig.mock.link = LinkState::removed;
  rig.stack.poll();
  Listening other;
  other.mock.link = LinkState::removed;
  other.stack.poll();
  const auto now = other.mock.now();
  other.listener.close();
  EXPECT_EQ(other.mock.now(), now) << "nobody to ask";
}

TEST(CloseListener, NobodyIsAcceptedBehindTheResets) {
  Listening rig;
  rig.arrive(1, rig.tag);
  rig.stack.poll();
  rig.mock.commands.clear();
  rig.mock.on_command = [&](const auto& c) {
    if (c.op == Op::unlisten) rig.arrive(2, rig.tag);  // crossed the command
    rig.mock.complete(c);
  };
  rig.listener.close();
  rig.stack.poll();
  std::vector<std::uint32_t> reset;
  for (const auto& c : rig.mock.commands) {
    if (c.op == Op::abort) reset.push_back(c.slot);
  }
  EXPECT_EQ(rig.mock.commands.front().op, Op::unlisten);
  std::ranges::sort(reset);
  EXPECT_EQ(reset, (std::vector<std::uint32_t>{1, 2}));
}

TEST(CloseListener, ConnectionsThatStillComeAreReset) {
  Listening rig;
  rig.listener.close();
  rig.stack.poll();
  rig.mock.commands.clear();
  Listener next = rig.stack.listen({{}, 8}).value();  // takes the same place
  rig.mock.commands.clear();
  rig.arrive(1, rig.tag);
  EXPECT_TRUE(rig.stack.poll().empty());
  EXPECT_TRUE(rig.mock.saw(Op::abort));
  EXPECT_TRUE(rig.mock.saw(Op::release));
  EXPECT_FALSE(next.try_accept());
}

TEST(Connect, CarriesAddressPortAndTag) {
  Rig rig;
  Socket socket = rig.stack.start_connect({{0x0a000009}, 443}, {.local_port = 1234}).value();
  const auto command = rig.mock.take();
  EXPECT_EQ(command.op, Op::open);
  EXPECT_EQ(command.raddr, 0x0a000009u);
  EXPECT_EQ(command.rport, 443u);
  EXPECT_EQ(command.lport, 1234u);
  EXPECT_NE(command.arg0, 0u);
}

TEST(Connect, BecomesWritableWhenEstablished) {
  Rig rig;
  Socket socket = rig.stack.start_connect(test::peer).value();
  socket.set_interest(Ready::writable);
  EXPECT_TRUE(rig.stack.poll().empty());
  EXPECT_EQ(socket.state(), State::syn_sent);
  EXPECT_TRUE(is_would_block(socket.write(test::bytes_of("x")).error()));
  rig.mock.flow(0).state = regs::State::established;
  EXPECT_EQ(ready_of(rig.report(0), socket.token()), Ready::writable);
  EXPECT_TRUE(socket.is_connected());
}

TEST(Connect, AStatusBeforeTheCompletionBindsAsWell) {
  Rig rig;
  test::MockCommand open;
  rig.mock.on_command = [&](const auto& c) { open = c; };
  Socket socket = rig.stack.start_connect(test::peer).value();
  rig.mock.flow(8).tag = open.arg0;
  rig.mock.flow(8).gen = 4;
  rig.mock.flow(8).state = regs::State::established;
  rig.mock.report(8);
  rig.mock.complete(open, Result::ok, 8, 4);
  rig.stack.poll();
  EXPECT_TRUE(socket.is_connected());
  EXPECT_EQ(socket.state(), State::established);
  (void)socket.write(test::bytes_of("x"));
  EXPECT_EQ(rig.mock.flow(8).tail, 1u);
  EXPECT_EQ(rig.mock.flow(8).bell_gen, 4u);
}

TEST(Connect, EveryRefusalHasItsError) {
  using std::errc;
  const std::pair<Result, errc> refusals[] = {
      {Result::no_slot, errc::too_many_files_open},   {Result::in_use, errc::address_in_use},
      {Result::table_full, errc::no_buffer_space},    {Result::bad_arg, errc::invalid_argument},
      {Result::no_port, errc::address_not_available}, {Result::unreachable, errc::host_unreachable},
  };
  Rig rig;
  for (const auto& [result, error] : refusals) {
    rig.mock.on_command = [&, answer = result](const auto& c) { rig.mock.complete(c, answer); };
    EXPECT_EQ(rig.stack.connect(test::peer).error(), error);
    Socket socket = rig.stack.start_connect(test::peer).value();
    EXPECT_TRUE(has(ready_of(rig.stack.poll(), socket.token()), Ready::error));
    EXPECT_EQ(socket.error(), error);
  }
  EXPECT_EQ(rig.stack.start_connect({{0}, 80}).error(), errc::invalid_argument);
  EXPECT_EQ(rig.stack.start_connect({{1}, 0}).error(), errc::invalid_argument);
}

TEST(Connect, RefusedByThePeer) {
  Rig rig;
  rig.mock.after(std::chrono::milliseconds{1}, [&] {
    rig.mock.flow(0).state = regs::State::closed;
    rig.mock.flow(0).done = true;
    rig.mock.flow(0).cause = regs::Cause::refused;
    rig.mock.report(0);
  });
  EXPECT_EQ(rig.stack.connect(test::peer).error(), std::errc::connection_refused);
  rig.stack.poll();
  EXPECT_TRUE(rig.mock.saw(Op::release)) << "the slot is not lost";
  EXPECT_FALSE(rig.mock.saw(Op::abort));
}

TEST(Connect, TimesOutAndAborts) {
  Rig rig;
  const auto start = rig.mock.now();
  EXPECT_EQ(rig.stack.connect(test::peer, {.timeout = std::chrono::seconds{3}}).error(),
            std::errc::timed_out);
  EXPECT_EQ(rig.mock.now() - start, std::chrono::seconds{3});
  EXPECT_TRUE(rig.mock.saw(Op::abort));
  EXPECT_TRUE(rig.mock.saw(Op::release));
}

TEST(Connect, MoreThanTheCreditsWaitTheirTurn) {
  Rig rig({.flows_log2 = 6, .credits = 4});
  std::deque<test::MockCommand> open;
  rig.mock.on_command = [&](const auto& c) { open.push_back(c); };
  std::vector<Socket> sockets;
  for (std::uint16_t i = 0; i < 20; ++i) {
    sockets.push_back(
        rig.stack.start_connect({{0x0a000002}, static_cast<std::uint16_t>(i + 1)}).value());
  }
  EXPECT_EQ(open.size(), 4u);
  std::uint16_t expected = 1;
  for (std::uint32_t slot = 0; slot < 20; ++slot) {
    ASSERT_FALSE(open.empty());
    const auto command = open.front();
    open.pop_front();
    EXPECT_EQ(command.rport, expected++) << "in order";
    rig.mock.flow(slot).tag = command.arg0;
    rig.mock.flow(slot).state = regs::State::established;
    rig.mock.complete(command, Result::ok, slot, 0);
    rig.report(slot);
  }
  for (const Socket& socket : sockets) EXPECT_TRUE(socket.is_connected());
  EXPECT_EQ(rig.mock.lost_commands, 0u);
}

TEST(Connect, TenThousandInTurnLoseNothing) {
  Rig rig;
  rig.mock.record = false;
  for (unsigned i = 0; i < 10'000; ++i) {
    const std::uint32_t slot = i % 16;
    rig.mock.next_slot = slot;
    rig.mock.flow(slot) = {};
    rig.mock.flow(slot).gen = static_cast<std::uint8_t>(i / 16);
    Socket socket = rig.connected();
    ASSERT_TRUE(socket.is_connected()) << i;
    ASSERT_EQ(socket.write(test::bytes_of("x")), 1u);
    ASSERT_EQ(rig.mock.flow(slot).bell_gen, static_cast<std::uint8_t>(i / 16));
    ASSERT_FALSE(socket.close());
    rig.mock.flow(slot).done = true;
    rig.report(slot);
  }
  EXPECT_EQ(rig.stack.counters().stale_reports, 0u);
  EXPECT_EQ(rig.stack.counters().malformed_reports, 0u);
  EXPECT_EQ(rig.mock.lost_commands, 0u);
}

}  // namespace
}  // namespace tautline
