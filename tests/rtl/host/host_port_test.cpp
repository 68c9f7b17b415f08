// The link-agnostic host port: credits, completions, level status.

#include <gtest/gtest.h>
#include <verilated.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "Vtl_host_port_tb.h"

namespace tautline::test {
namespace {

std::uint64_t seed() {
  static const std::uint64_t s = [] {
    const char* e = std::getenv("TAUTLINE_SEED");
    const std::uint64_t v = e ? std::strtoull(e, nullptr, 0) : std::random_device{}();
    std::cout << "TAUTLINE_SEED=" << v << std::endl;
    return v;
  }();
  return s;
}

class HostPort : public testing::Test {
 protected:
  static constexpr unsigned flows = 16;
  struct Event {
    bool completion;
    unsigned flow, cookie, gen;
    std::uint32_t acked, delivered;
    std::uint64_t cycle;
  };

  HostPort() {
    context.randReset(2);
    d = std::make_unique<Vtl_host_port_tb>(&context);
    d->s_cmd_valid = d->m_cmd_ready = d->cpl_valid = d->status_valid = d->landed_valid = 0;
    d->life_valid = d->evt_ready = 0;
    d->rst = 1;
    run(3);
    d->rst = 0;
    run(flows + 2);
    for (unsigned f = 0; f < flows; ++f) life(f, 0), tick(), run(3), status(f, 0, 0), tick();
    d->evt_ready = 1;
    run(60);
    events.clear();
  }
  ~HostPort() override { d->final(); }

  // Inputs of the next cycle only.
  void status(unsigned flow, unsigned gen, std::uint32_t acked) {
    d->status_valid = 1, d->status_flow = flow, d->status_gen = gen, d->status_acked = acked;
  }
  void landed(unsigned flow, unsigned gen, std::uint32_t pos) {
    d->landed_valid = 1, d->landed_flow = flow, d->landed_gen = gen, d->landed_pos = pos;
  }
  void life(unsigned flow, unsigned gen) {
    d->life_valid = 1, d->life_flow = flow, d->life_gen = gen;
  }
  void complete(unsigned flow, unsigned cookie) {
    d->cpl_valid = 1, d->cpl_flow = flow, d->cpl_cookie = cookie;
  }
  void command(unsigned cookie) { d->s_cmd_valid = 1, d->s_cmd_cookie = cookie; }

  void tick() {
    d->clk = 0;
    d->eval();
    if (!d->rst) {
      if (d->evt_valid && !event_seen) event_cycle = cycle, event_seen = true;
      if (d->evt_valid && d->evt_ready) {
        events.push_back({d->evt_is_cpl != 0, d->evt_flow, d->evt_cookie, d->evt_gen, d->evt_acked,
                          d->evt_delivered, event_cycle});
        event_seen = false;
      }
      if (d->m_cmd_valid && d->m_cmd_ready) commands.push_back(d->m_cmd_cookie);
      accepted = d->s_cmd_valid && d->s_cmd_ready;
    }
    d->clk = 1;
    d->eval();
    ++cycle;
    d->s_cmd_valid = d->cpl_valid = d->status_valid = d->landed_valid = d->life_valid = 0;
  }
  void run(unsigned n) {
    for (unsigned i = 0; i < n; ++i) tick();
  }

  VerilatedContext context;
  std::unique_ptr<Vtl_host_port_tb> d;
  std::vector<Event> events;
  std::vector<unsigned> commands;
  std::uint64_t cycle = 0, event_cycle = 0;
  bool event_seen = false, accepted = false;
};

TEST_F(HostPort, TakesSixteenCommandsAndReturnsACreditWithEachCompletion) {
  d->m_cmd_ready = 1;
  d->evt_ready = 0;
  for (unsigned i = 0; i < 16; ++i) {
    command(i);
    tick();
    EXPECT_TRUE(accepted) << i;
  }
  command(99);
  tick();
  EXPECT_FALSE(accepted);
  run(4);
  ASSERT_EQ(commands.size(), 16u);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(commands[i], i);
  // All completions at once, and a carrier that takes none: they wait, and no credit comes back.
  for (unsigned i = 0; i < 16; ++i) complete(i, i), tick();
  run(20);
  command(99);
  tick();
  EXPECT_FALSE(accepted);
  d->evt_ready = 1;
  run(2);
  command(100);
  tick();
  EXPECT_TRUE(accepted);
  run(60);
  ASSERT_EQ(events.size(), 16u);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(events[i].cookie, i);
}

TEST_F(HostPort, KeepsItsLatencies) {
  std::uint64_t at = cycle;
  status(3, 0, 7);
  tick();
  run(10);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].cycle - at, 3u);
  at = cycle;
  landed(3, 0, 9);
  tick();
  run(10);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].cycle - at, 4u);
  d->m_cmd_ready = 1;
  command(1);
  tick();
  run(3);
  at = cycle;
  complete(1, 1);
  tick();
  run(10);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[2].cycle - at, 2u);
}

TEST_F(HostPort, TellsCompletionsBeforeFlows) {
  d->m_cmd_ready = 1;
  for (unsigned i = 0; i < 4; ++i) command(i), tick();
  run(4);
  d->evt_ready = 0;
  for (unsigned f = 0; f < 8; ++f) status(f, 0, f + 1), tick();
  run(4);
  for (unsigned i = 0; i < 4; ++i) complete(i, i), tick();
  d->evt_ready = 1;
  run(60);
  ASSERT_EQ(events.size(), 12u);
  // The one that was already offered, then the completions, then the others.
  for (unsigned i = 1; i <= 4; ++i) EXPECT_TRUE(events[i].completion) << i;
  std::array<unsigned, flows> seen{};
  for (auto& e : events)
    if (!e.completion) ++seen[e.flow];
  for (unsigned f = 0; f < 8; ++f) EXPECT_EQ(seen[f], 1u);
}

TEST_F(HostPort, MergesChangesWhileTheCarrierIsSlow) {
  d->evt_ready = 0;
  for (unsigned i = 1; i <= 100; ++i) status(5, 0, i), tick(), landed(5, 0, 2 * i), tick();
  run(10);
  d->evt_ready = 1;
  run(30);
  EXPECT_LE(events.size(), 2u);
  EXPECT_EQ(events.back().acked, 100u);
  EXPECT_EQ(events.back().delivered, 200u);
}

TEST_F(HostPort, ZeroesDeliveredWithTheLifeAndIgnoresWhatTheOldOneLandsLater) {
  landed(4, 0, 500), tick();
  run(10);
  EXPECT_EQ(events.back().delivered, 500u);
  life(4, 1), landed(4, 0, 600), tick();
  run(2);
  status(4, 1, 0), tick();
  run(20);
  EXPECT_EQ(events.back().gen, 1u);
  EXPECT_EQ(events.back().delivered, 0u);
  landed(4, 0, 700), tick();
  run(20);
  EXPECT_EQ(events.back().delivered, 0u);
  landed(4, 1, 30), tick();
  run(20);
  EXPECT_EQ(events.back().delivered, 30u);
}

TEST_F(HostPort, LosesNoWakeUp) {
  std::mt19937_64 random(seed());
  std::array<std::uint32_t, flows> acked{}, landed_to{}, seen_acked{}, seen_landed{};
  std::uint64_t next_life = 0;
  std::array<unsigned, flows> gen{};
  std::size_t looked = 0;
  auto look = [&] {
    for (; looked < events.size(); ++looked) {
      const Event& e = events[looked];
      if (e.gen != gen[e.flow]) continue;
      seen_acked[e.flow] = e.acked;
      seen_landed[e.flow] = e.delivered;
    }
  };
  for (unsigned i = 0; i < 20000; ++i) {
    const unsigned f = random() % flows;
    if (random() % 4 == 0) status(f, gen[f], ++acked[f]);
    const unsigned g = random() % flows;
    if (random() % 3 == 0) landed(g, gen[g], landed_to[g] += 1 + random() % 100);
    if (cycle >= next_life && random() % 100 == 0) {
      const unsigned l = random() % flows;
      if (!(d->landed_valid && g == l) && !d->status_valid) {
        gen[l] = (gen[l] + 1) & 0xFF;
        landed_to[l] = 0;
        life(l, gen[l]);
        status(l, gen[l], acked[l]);
        next_life = cycle + 4;
      }
    }
    d->evt_ready = random() % 3 == 0;
    tick();
    look();
  }
  d->evt_ready = 1;
  run(200);
  look();
  EXPECT_EQ(seen_acked, acked);
  EXPECT_EQ(seen_landed, landed_to);
  EXPECT_EQ(d->busy, 0);
}

}  // namespace
}  // namespace tautline::test
