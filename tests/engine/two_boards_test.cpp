// Two engines talk to each other over a cable, through their hosts' libraries.
#include "two_boards.hpp"

#include <fmt/format.h>

#include <vector>

namespace tautline::test {
namespace {

struct LinkCase {
  const char* name;
  sim::ImpairmentConfig link;
};

void PrintTo(const LinkCase& link, std::ostream* out) {
  *out << link.name;
}

struct OverALink : ::testing::TestWithParam<LinkCase> {};

TEST_P(OverALink, CarriesBothDirectionsByteForByte) {
  PairOptions options;
  options.a.seed = Seed();
  options.b.seed = options.a.seed + 1;
  options.a.to_board = options.b.to_board = GetParam().link;
  for (StackConfig* config : {&options.config_a, &options.config_b}) {
    config->rto_min = config->rto_initial = 200ms;
  }
  BoardPair pair{std::move(options)};
  auto listener = pair.b().listen({.port = 9});
  ASSERT_TRUE(listener);
  auto [client, server] = pair.Connect(*listener);
  ASSERT_TRUE(client && server);

  const std::size_t total = (Soak() ? 100 : 8) << 20;
  Transfer there{client, server, total, 0};
  Transfer back{server, client, total, 77};
  EXPECT_TRUE(pair.PollUntil(
      [&] {
        there.Step();
        back.Step();
        return there.failed() || back.failed() || (there.Done() && back.Done());
      },
      3600s))
      << "stalled: " << there.sent() << '/' << there.received() << ", " << back.sent() << '/'
      << back.received();
  pair.ExpectCleanBuses();
}

INSTANTIATE_TEST_SUITE_P(
    TwoBoards, OverALink,
    ::testing::Values(
        LinkCase{"Perfect", {}}, LinkCase{"OnePercentLoss", {.loss = 0.01}},
        LinkCase{"FivePercentLoss", {.loss = 0.05}}, LinkCase{"Duplication", {.duplicate = 0.02}},
        LinkCase{"Reordering", {.reorder = 0.02}}, LinkCase{"Corruption", {.corrupt = 0.01}},
        LinkCase{
            "Everything",
            {.loss = 0.01, .duplicate = 0.01, .reorder = 0.01, .corrupt = 0.005, .delay = 20'000}}),
    [](const auto& link) { return std::string(link.param.name); });

TEST(TwoBoards, OpenAndCloseAThousandConnectionsInTurnWithoutLeakingASlot) {
  BoardPair pair{{}};
  auto listener = pair.b().listen({.port = 9});
  ASSERT_TRUE(listener);
  for (int i = 0; i < 1000; ++i) {
    auto [client, server] = pair.Connect(*listener);
    ASSERT_TRUE(client && server) << "connection " << i;
    Transfer there{client, server, 100, 0};
    ASSERT_TRUE(pair.PollUntil(
        [&] {
          there.Step();
          return there.Done();
        },
        10s))
        << i;
    // The side that closes first alternates.
    Socket& first = i % 2 == 0 ? server : client;
    Socket& second = i % 2 == 0 ? client : server;
    first.close();
    ASSERT_TRUE(pair.PollUntil([&] { return second.peer_finished(); }, 10s)) << i;
    second.close();
    pair.Poll();
  }
  EXPECT_FALSE(pair.a().drain(10s));
  EXPECT_FALSE(pair.b().drain(10s));
  pair.ExpectCleanBuses();
}

TEST(TwoBoards, OpenEveryFlowAtOnceAndRefuseOneMoreCleanly) {
  BoardPair pair{{}};
  auto listener = pair.b().listen({.port = 9});
  ASSERT_TRUE(listener);
  std::vector<std::pair<Socket, Socket>> all;
  const unsigned flows = pair.a().device().flows;
  for (unsigned i = 0; i < flows; ++i) {
    all.push_back(pair.Connect(*listener));
    ASSERT_TRUE(all.back().first && all.back().second) << i;
  }
  auto extra = pair.a().start_connect({{kPeerIp}, 9});
  if (extra) {
    EXPECT_EQ(extra->wait_connected(10s), std::errc::too_many_files_open);
  } else {
    EXPECT_EQ(extra.error(), std::errc::too_many_files_open);
  }
  // Every one of them still works, all at once.
  std::vector<Transfer> transfers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    transfers.emplace_back(all[i].first, all[i].second, 50'000, i);
    transfers.emplace_back(all[i].second, all[i].first, 50'000, i + 1000);
  }
  EXPECT_TRUE(pair.PollUntil(
      [&] {
        bool done = true;
        for (Transfer& t : transfers) {
          t.Step();
          done = done && t.Done();
        }
        return done;
      },
      60s));
  // A perfect link at line rate: the receive FIFO never filled, nothing was sent twice.
  for (Stack* stack : {&pair.a(), &pair.b()}) {
    EXPECT_EQ(stack->device_counter(Counter::rx_no_room), 0U);
    EXPECT_EQ(stack->device_counter(Counter::retrans_segs), 0U);
  }
  pair.ExpectCleanBuses();
}

TEST(TwoBoards, RefuseAConnectionThatFindsNoSlotOnTheListeningSide) {
  PairOptions options;
  options.a.flows = 256;
  BoardPair pair{std::move(options)};
  auto listener = pair.b().listen({.port = 9});
  ASSERT_TRUE(listener);
  std::vector<std::pair<Socket, Socket>> all;
  for (unsigned i = 0; i < pair.b().device().flows; ++i) all.push_back(pair.Connect(*listener));
  auto extra = pair.a().start_connect({{kPeerIp}, 9});
  ASSERT_TRUE(extra);
  ASSERT_TRUE(pair.PollUntil([&] { return bool(extra->error()); }, 10s));
  EXPECT_EQ(extra->error(), std::errc::connection_refused);
}

TEST(TwoBoards, WaitMinutesForAReaderThatStopped) {
  BoardPair pair{{}};
  auto listener = pair.b().listen({.port = 9});
  ASSERT_TRUE(listener);
  auto [client, server] = pair.Connect(*listener);
  Transfer there{client, server, 1 << 20, 0};
  there.read_paused = true;
  pair.PollUntil(
      [&] {
        there.Step();
        return false;
      },
      300s);
  EXPECT_FALSE(there.failed());
  EXPECT_LT(there.sent(), std::size_t{1} << 20);
  there.read_paused = false;
  EXPECT_TRUE(pair.PollUntil(
      [&] {
        there.Step();
        return there.Done();
      },
      120s))
      << there.sent() << '/' << there.received();
  pair.ExpectCleanBuses();
}

TEST(TwoBoards, KeepFramesForAHostThatDoesNotPoll) {
  BoardPair pair{{}};
  auto listener = pair.b().listen({.port = 9});
  ASSERT_TRUE(listener);
  auto [client, server] = pair.Connect(*listener);
  // Only A polls; B's board works alone.
  const std::string text = Pattern(200'000);
  std::size_t sent = 0;
  for (int i = 0; i < 2000; ++i) {
    if (sent < text.size()) {
      if (auto n = client.write(AsBytes(text).subspan(sent))) sent += *n;
    }
    pair.a().poll();
  }
  EXPECT_GT(sent, 65536U);
  std::string got;
  EXPECT_TRUE(pair.PollUntil(
      [&] {
        if (sent < text.size()) {
          if (auto n = client.write(AsBytes(text).subspan(sent))) sent += *n;
        }
        got += ReadAll(server);
        return got.size() == text.size();
      },
      60s));
  EXPECT_TRUE(got == text);
}

TEST(TwoBoards, SurviveAHostThatDiesInMidTransfer) {
  BoardPair pair{{}};
  for (int life = 0; life < 3; ++life) {
    auto listener = pair.b().listen({.port = 9});
    ASSERT_TRUE(listener) << "life " << life;
    auto [client, server] = pair.Connect(*listener);
    ASSERT_TRUE(client && server);
    Transfer there{client, server, 8 << 20, 0};
    Transfer back{server, client, 8 << 20, 5};
    ASSERT_TRUE(pair.PollUntil(
        [&] {
          there.Step();
          back.Step();
          return there.received() > 500'000;
        },
        60s));
    pair.KillHostB();
    for (int i = 0; i < 20; ++i) pair.Poll();
    pair.AttachB();
    // The old connection is unknown to the new life, and the peer learns it.
    for (int i = 0; i < 4 && !client.error(); ++i) {
      client.write(AsBytes("x"));
      pair.PollUntil([&] { return bool(client.error()); }, 3s);
    }
    EXPECT_EQ(client.error(), std::errc::connection_reset) << client.error().message();
    // Nothing of the old life is left: every slot can be opened and carries its own bytes.
    auto again = pair.b().listen({.port = 10});
    ASSERT_TRUE(again);
    client = Socket{};
    std::vector<std::pair<Socket, Socket>> all;
    for (unsigned i = 0; i < pair.b().device().flows; ++i) {
      all.push_back(pair.Connect(*again));
      ASSERT_TRUE(all.back().first && all.back().second) << i;
      Transfer small{all.back().first, all.back().second, 3000, i};
      Transfer reply{all.back().second, all.back().first, 3000, i + 50};
      ASSERT_TRUE(pair.PollUntil(
          [&] {
            small.Step();
            reply.Step();
            return small.Done() && reply.Done();
          },
          10s));
    }
    for (auto& [x, y] : all) {
      x.close();
      y.close();
    }
    EXPECT_FALSE(pair.a().drain(20s));
    EXPECT_FALSE(pair.b().drain(20s));
  }
}

TEST(TwoBoards, CarrySequenceNumbersAcrossTheWrap) {
  // The ISN moves by one every 4 us of the device's clock (RFC 6528), so a first connection tells
  // which epoch puts the second one 100 kB before the wrap.
  auto isn_at = [](std::uint64_t epoch, bool transfer) {
    PairOptions options;
    options.a.epoch_us = epoch;
    options.b.epoch_us = epoch;
    BoardPair pair{std::move(options)};
    std::optional<std::uint32_t> isn;
    pair.board_a().on_frame([&](const sim::Frame& frame, bool from_board) {
      auto packet = ParseFrame(
          std::span(reinterpret_cast<const std::uint8_t*>(frame.bytes.data()), frame.bytes.size()));
      if (from_board && packet && packet->tcp && packet->tcp->Has(TcpFlags::kSyn)) {
        isn = packet->tcp->seq;
      }
    });
    auto listener = pair.b().listen({.port = 9});
    auto [client, server] = pair.Connect(*listener, {.local_port = 50000});
    if (transfer) {
      EXPECT_GT(*isn, 0xffff'0000U - 200'000U);
      Transfer there{client, server, 1 << 20, 0};
      Transfer back{server, client, 1 << 20, 9};
      EXPECT_TRUE(pair.PollUntil(
          [&] {
            there.Step();
            back.Step();
            return there.Done() && back.Done();
          },
          60s));
    }
    return *isn;
  };
  constexpr std::uint64_t kEpoch = 1'000'000;
  const std::uint32_t first = isn_at(kEpoch, false);
  const std::uint32_t target = 0U - 100'000U;
  isn_at(kEpoch + 4 * std::uint64_t{target - first}, true);
}

}  // namespace
}  // namespace tautline::test
