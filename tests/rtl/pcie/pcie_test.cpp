// The PCIe carrier between a host and an engine that are both scripts.

#include <algorithm>
#include <bit>

#include "carrier.hpp"

namespace tautline::test {
namespace {

using regs::Counter;

std::vector<std::uint8_t> stream(unsigned flow, unsigned gen, std::uint32_t from,
                                 std::uint32_t to) {
  std::vector<std::uint8_t> v;
  for (std::uint32_t p = from; p != to; ++p) v.push_back(stream_byte(flow, gen, p));
  return v;
}

/// Says where two streams part instead of printing both.
testing::AssertionResult same(const std::vector<std::uint8_t>& got,
                              const std::vector<std::uint8_t>& want) {
  if (got == want) return testing::AssertionSuccess();
  const auto at = std::ranges::mismatch(got, want).in1 - got.begin();
  return testing::AssertionFailure()
         << got.size() << " bytes, " << want.size() << " expected, first difference at " << at;
}

void expect_received(const Carrier& c, unsigned flow, unsigned gen, std::uint32_t from,
                     std::uint32_t to) {
  for (std::uint32_t p = from; p != to; ++p)
    ASSERT_EQ(c.memory.load(Carrier::rx_address(flow, p)), stream_byte(flow, gen, p, true))
        << "flow " << flow << " position " << p;
}

// ------------------------------------------------------------------------------ registers
TEST(Registers, ReadBackTheirResetValues) {
  Carrier c;
  EXPECT_EQ(c.peek(regs::id::offset), regs::id::reset_value);
  EXPECT_EQ(c.peek(regs::version::offset), regs::version::reset_value);
  EXPECT_EQ(c.peek(regs::map_hash::offset), regs::expected_map_hash);
  const std::uint32_t caps = c.peek(regs::caps::offset);
  EXPECT_EQ(regs::caps::flows_log2.get(caps), 4u);
  EXPECT_EQ(1u << regs::caps::data_log2.get(caps), Carrier::bytes);
  EXPECT_EQ(regs::caps::listeners.get(caps), 16u);
  EXPECT_EQ(regs::caps::tx_store_log2.get(caps), 14u);
  const std::uint32_t caps2 = c.peek(regs::caps2::offset);
  EXPECT_EQ(regs::caps2::cmd_credits.get(caps2), 16u);
  EXPECT_EQ(regs::caps2::burst_log2.get(caps2), 9u);
  EXPECT_EQ(c.peek(regs::mtu::offset), 1500u);
  EXPECT_EQ(c.peek(regs::netmask::offset), 0xFFFFFF00u);
  EXPECT_EQ(c.peek(regs::ipcfg::offset), regs::ipcfg::reset_value);
  EXPECT_EQ(c.peek(regs::rto_min::offset), 1'000'000u);
  EXPECT_EQ(c.peek(regs::rto_max::offset), 60'000'000u);
  EXPECT_EQ(c.peek(regs::delack::offset), 40'000u);
  EXPECT_EQ(c.peek(regs::user_timeout::offset), 120'000'000u);
  EXPECT_EQ(c.peek(regs::syn_timeout::offset), 180'000'000u);
  EXPECT_EQ(c.peek(regs::time_wait::offset), 240'000'000u);
  EXPECT_EQ(c.peek(regs::cmd_credits::offset), 16u);
  EXPECT_EQ(c.peek(regs::status_producer::offset), 0u);
  EXPECT_EQ(regs::status::idle.get(c.peek(regs::status::offset)), 1u);
  EXPECT_EQ(regs::status::ready.get(c.peek(regs::status::offset)), 1u);
}

TEST(Registers, CarryConfigurationToTheEngine) {
  Carrier c;
  c.poke(regs::mac_lo::offset, 0x00000001);
  c.poke(regs::mac_hi::offset, 0x0200);
  c.poke(regs::ip::offset, 0x0A000001);
  c.poke(regs::gateway::offset, 0x0A0000FE);
  c.poke(regs::vlan::offset, regs::vlan::tci.put(0x2005) | regs::vlan::en.put(1));
  c.poke(regs::ipcfg::offset,
         regs::ipcfg::ttl.put(9) | regs::ipcfg::dscp.put(46) | regs::ipcfg::nodelay.put(1));
  c.poke(regs::rto_min::offset, 200'000);
  c.poke(regs::challenge::offset, 77);
  c.poke(regs::rx_ring_log2::offset, 20);
  c.poke(regs::r1::offset, 5);
  EXPECT_EQ(c.dut->cfg_mac, 0x020000000001u);
  EXPECT_EQ(c.dut->cfg_ip, 0x0A000001u);
  EXPECT_EQ(c.dut->cfg_gateway, 0x0A0000FEu);
  EXPECT_EQ(c.dut->cfg_vlan_tci, 0x2005u);
  EXPECT_EQ(c.dut->cfg_vlan_en, 1u);
  EXPECT_EQ(c.dut->cfg_ttl, 9u);
  EXPECT_EQ(c.dut->cfg_dscp, 46u);
  EXPECT_EQ(c.dut->cfg_df, 0u);
  EXPECT_EQ(c.dut->cfg_nodelay, 1u);
  EXPECT_EQ(c.dut->cfg_rto_min_us, 200'000u);
  EXPECT_EQ(c.dut->cfg_challenge_us, 77u);
  EXPECT_EQ(c.dut->cfg_rx_ring_log2, 20u);
  EXPECT_EQ(c.dut->cfg_r1_retries, 5u);
  EXPECT_EQ(c.dut->cfg_time_wait_us, 240'000'000u);
  EXPECT_EQ(c.dut->cfg_enable, 0u);
  c.poke(regs::control::offset, 1);
  c.run(2);
  EXPECT_EQ(c.dut->cfg_enable, 1u);
}

TEST(Registers, KeepSecretsToThemselves) {
  Carrier c;
  const std::uint32_t key[3] = {regs::isn_key0::offset, regs::hash_key0::offset,
                                regs::port_key0::offset};
  for (unsigned k = 0; k < 3; ++k)
    for (unsigned i = 0; i < 4; ++i) c.poke(key[k] + 4 * i, 0x11111111u * (4 * k + i + 1));
  c.run(2);
  for (unsigned k = 0; k < 3; ++k)
    for (unsigned i = 0; i < 4; ++i) {
      EXPECT_EQ(c.peek(key[k] + 4 * i), 0u);
      EXPECT_EQ(c.dut->secret[4 * (2 - k) + i], 0x11111111u * (4 * k + i + 1));
    }
}

TEST(Registers, LatchTheUpperHalfOfTime) {
  Carrier c;
  c.dut->now_us = 0x1'FFFFFFFFull;
  EXPECT_EQ(c.peek(regs::now_lo::offset), 0xFFFFFFFFu);
  c.dut->now_us = 0x2'00000000ull;
  EXPECT_EQ(c.peek(regs::now_hi::offset), 1u);
}

TEST(Registers, ReadEveryCounterExactly) {
  Carrier c;
  for (unsigned i : {0u, 63u, 17u, 18u, 1u})
    EXPECT_EQ(c.peek(regs::counter_base + 4 * i), 0x80000000u | i << 24 | i << 8 | 0xA5) << i;
}

TEST(Registers, AnswerZeroOutsideTheMap) {
  Carrier c;
  for (std::uint32_t a : {0x03Cu, 0x7FCu, 0x800u, 0xFFFCu, 0x10000u, 0x3FFFFCu}) {
    c.poke(a, 0xFFFFFFFF);
    EXPECT_EQ(c.peek(a), 0u) << std::hex << a;
  }
}

// ------------------------------------------------------------------------------ commands
TEST(Commands, ArriveAsWritten) {
  Carrier c;
  c.attach();
  const std::uint32_t words[8] = {0xBEEF0001, 0x07000003, 0x0A000002, 0x1F900050,
                                  0x11223344, 0x55667788, 0x0A000001, 0};
  for (unsigned i = 0; i < 8; ++i) c.poke(regs::cmd0::offset + 4 * i, words[i]);
  c.run(4);
  ASSERT_EQ(c.commands.size(), 1u);
  const auto& k = c.commands[0];
  EXPECT_EQ(k.op, static_cast<unsigned>(regs::Op::open));
  EXPECT_EQ(k.cookie, 0xBEEFu);
  EXPECT_EQ(k.gen, 7u);
  EXPECT_EQ(k.flow, 3u);
  EXPECT_EQ(k.raddr, 0x0A000002u);
  EXPECT_EQ(k.rport, 0x1F90u);
  EXPECT_EQ(k.lport, 0x0050u);
  EXPECT_EQ(k.arg0, 0x11223344u);
  EXPECT_EQ(k.arg1, 0x55667788u);
  EXPECT_EQ(k.laddr, 0x0A000001u);
  EXPECT_EQ(c.peek(regs::cmd_credits::offset), 15u);
}

TEST(Commands, AreDroppedAndCountedBeyondTheCredits) {
  Carrier c;
  c.attach();
  for (unsigned i = 0; i < 18; ++i) {
    c.poke(regs::cmd0::offset, i << 16 | 9);
    c.poke(regs::cmd7::offset, 0);
  }
  c.run(4);
  EXPECT_EQ(c.commands.size(), 16u);
  EXPECT_EQ(c.peek(regs::cmd_credits::offset), 0u);
  EXPECT_EQ(c.counter(Counter::cmd_overflow), 2u);
  c.events.push_back({.completion = true, .cookie = 5});
  c.settle();
  EXPECT_EQ(c.peek(regs::cmd_credits::offset), 1u);
  c.poke(regs::cmd7::offset, 0);
  c.run(4);
  EXPECT_EQ(c.commands.size(), 17u);
}

// ------------------------------------------------------------------------------ doorbells
TEST(Doorbell, IsSixCyclesFromTheReadItCauses) {
  Carrier c;
  c.attach();
  c.send(3, 0, 0, 100);
  c.settle();
  ASSERT_EQ(c.ar_cycle.size(), 1u);
  EXPECT_EQ(c.ar_cycle[0] - c.bell_written[0], 6u);
  EXPECT_TRUE(same(c.appended(3), stream(3, 0, 0, 100)));
}

TEST(Doorbell, TellsTheMailboxHowFarTheHostHasRead) {
  Carrier c;
  c.attach();
  c.receive(2, 0, 0, 1000);
  c.settle();
  c.write(Carrier::taken_bell(2), Carrier::bell(0, 700));
  c.write(Carrier::taken_bell(2), Carrier::bell(0, 1000));
  c.settle();
  ASSERT_EQ(c.taken.size(), 2u);
  EXPECT_EQ(c.taken[0], (Carrier::Place{2, 0, 700, 0}));
  EXPECT_EQ(c.taken[1], (Carrier::Place{2, 0, 1000, 0}));
  EXPECT_EQ(c.taken[0].cycle - c.bell_written[0], 3u);
}

TEST(Doorbell, ExtendsPositionsBeyond24Bits) {
  // A read position needs no data to be fetched: past 2^24 twice and past 2^32 once.
  Carrier c;
  c.attach();
  std::uint64_t p = 0;
  const std::uint64_t end = (1ull << 32) + 0x01800000;
  while (p < end) {
    const std::uint64_t step = p < 0x02000000 || p > 0xFF000000 ? 0x3FFFFF : 0x7FFFFF;
    p += step;
    // One byte stands for all of them: what counts is how far the range says the stream is.
    c.ranges.push_back({1, 0, static_cast<std::uint32_t>(p - 1), 1, static_cast<std::uint32_t>(p)});
    c.until(
        [&] { return !c.landed.empty() && c.landed.back().pos == static_cast<std::uint32_t>(p); });
    c.run(4);
    c.poke(Carrier::taken_bell(1), Carrier::bell(0, static_cast<std::uint32_t>(p)));
    c.until(
        [&] { return !c.taken.empty() && c.taken.back().pos == static_cast<std::uint32_t>(p); });
  }
  EXPECT_EQ(c.counter(Counter::doorbell_bad), 0u);
}

TEST(Doorbell, IsDroppedAndCountedWhenItIsGarbage) {
  Carrier c;
  c.attach();
  c.send(5, 0, 0, 300);
  c.receive(5, 0, 0, 50);
  c.settle();
  const std::size_t reads = c.memory.bursts.size();
  unsigned bad = 0;
  auto refused = [&](std::uint32_t address, std::uint32_t value, unsigned strobe = 15) {
    c.poke(address, value, strobe);
    c.settle();
    EXPECT_EQ(c.counter(Counter::doorbell_bad), ++bad) << std::hex << address << " " << value;
  };
  refused(Carrier::tail_bell(5), Carrier::bell(0, 299));         // backwards
  refused(Carrier::tail_bell(5), Carrier::bell(0, 300 + 4097));  // beyond the ring
  refused(Carrier::tail_bell(5), Carrier::bell(0, 0xFFFFFF));
  refused(Carrier::taken_bell(5), Carrier::bell(0, 51));        // beyond what has landed
  refused(Carrier::taken_bell(5), Carrier::bell(0, 0xFFFFFF));  // backwards
  refused(Carrier::tail_bell(16), Carrier::bell(0, 1));         // no such flow
  refused(0x3FFFF8, 0);
  refused(Carrier::tail_bell(5), Carrier::bell(0, 301), 7);  // not a whole word
  EXPECT_EQ(c.memory.bursts.size(), reads);
  EXPECT_TRUE(c.taken.empty());
  c.poke(Carrier::tail_bell(5), Carrier::bell(1, 301));
  c.poke(Carrier::taken_bell(5), Carrier::bell(255, 10));
  c.settle();
  EXPECT_EQ(c.counter(Counter::stale_gen), 2u);
  EXPECT_EQ(c.counter(Counter::doorbell_bad), bad);
  EXPECT_EQ(c.memory.bursts.size(), reads);
  // And a good one still works, up to the whole ring.
  c.send(5, 0, 300, 300 + 4096);
  c.settle();
  EXPECT_EQ(c.appends.back().pos + c.appends.back().len, 300u + 4096u);
}

TEST(Doorbell, OfAnOlderLifeIsStaleEvenWhenItMeetsTheLifeNotice) {
  for (unsigned delay = 0; delay < 8; ++delay) {
    Carrier c;
    c.attach();
    c.send(4, 0, 0, 64);
    c.settle();
    c.write(Carrier::tail_bell(4), Carrier::bell(0, 128));
    c.run(delay);
    c.life(4, 1);
    c.settle();
    c.send(4, 1, 0, 32);
    c.settle();
    ASSERT_FALSE(c.appends.empty());
    EXPECT_EQ(c.appends.back().gen, 1u);
    EXPECT_EQ(c.appends.back().pos, 0u) << "delay " << delay;
    EXPECT_EQ(c.appends.back().data, stream(4, 1, 0, 32));
    EXPECT_EQ(c.counter(Counter::doorbell_bad), 0u);
  }
}

// ------------------------------------------------------------------------------ fetch
TEST(Fetch, StopsAtTheSpaceOfTheStore) {
  Carrier c;
  c.program();
  c.walk();
  c.poke(regs::control::offset, 1);
  c.fill(6, 0, 0, 4096);
  c.write(Carrier::tail_bell(6), Carrier::bell(0, 4096));
  c.settle();
  for (std::uint32_t p = 4096; p < 5 * 4096; p += 4096) {
    c.send(6, 0, p, p + 4096);
    c.settle();
  }
  EXPECT_EQ(c.appended(6).size(), Carrier::store);
  c.space(6, 0, Carrier::store + 48);
  c.settle();
  EXPECT_EQ(c.appended(6).size(), Carrier::store + 48);
  c.space(6, 9, Carrier::store + 4096);  // of another life
  c.settle();
  EXPECT_EQ(c.appended(6).size(), Carrier::store + 48);
}

TEST(Fetch, SurvivesWrapsPagesAndReadsThatCompleteInAnyOrder) {
  Carrier c(1);
  c.memory.options = {.read_latency = 30, .write_latency = 5, .stall = 0.2, .reorder = true};
  c.stall = 0.2;
  c.attach();
  std::array<std::uint32_t, Carrier::flows> sent{}, space{};
  space.fill(Carrier::store);
  for (unsigned round = 0; round < 600; ++round) {
    const unsigned f = c.random() % Carrier::flows;
    std::size_t have = c.appended(f).size();
    const std::uint32_t room = 4096 - (sent[f] - static_cast<std::uint32_t>(have));
    if (have + 4096 > space[f]) c.space(f, 0, space[f] = have + Carrier::store);
    const std::uint32_t n =
        std::min<std::uint32_t>(room, c.random() % 3 ? c.random() % 200 : c.random() % 4097);
    if (n) c.send(f, 0, sent[f], sent[f] + n);
    sent[f] += n;
    c.run(c.random() % 60);
  }
  c.settle();
  for (unsigned f = 0; f < Carrier::flows; ++f)
    EXPECT_TRUE(same(c.appended(f), stream(f, 0, 0, sent[f])));
  EXPECT_EQ(c.counter(Counter::doorbell_bad), 0u);
}

TEST(Fetch, KeepsSixteenReadsOutstanding) {
  Carrier c;
  c.memory.options.read_latency = 400;
  c.attach();
  for (unsigned f = 0; f < 4; ++f) c.send(f, 0, 0, 4096);
  std::size_t most = 0;
  c.until([&] {
    most = std::max(most, c.memory.reads_outstanding());
    return c.appended(3).size() == 4096;
  });
  EXPECT_EQ(most, 16u);
}

TEST(Fetch, HoldsLineRateAtEightyCyclesOfLatency) {
  Carrier c;
  c.memory.options.read_latency = 80;
  c.attach();
  std::uint32_t sent[4] = {}, space = Carrier::store;
  auto refill = [&] {
    for (unsigned f = 0; f < 4; ++f) {
      const auto have = static_cast<std::uint32_t>(c.appended(f).size());
      if (sent[f] - have <= 2048) {
        c.write(Carrier::tail_bell(f), Carrier::bell(0, sent[f] += 2048));
        c.space(f, 0, have + space);
      }
    }
  };
  for (unsigned i = 0; i < 40; ++i) refill(), c.run(32);
  const std::uint64_t words = c.app_words, start = c.cycle;
  for (unsigned i = 0; i < 60; ++i) refill(), c.run(32);
  const double use = static_cast<double>(c.app_words - words) / (c.cycle - start);
  // 10GbE carries at most 1460 bytes of payload in 1538 byte times, 94.9 % of 64 bits at 156.25
  // MHz.
  std::cout << "DMA read: " << use * Carrier::bytes << " bytes a cycle, " << 100 * use << " %\n";
  RecordProperty("dma_read_percent", static_cast<int>(100 * use));
  EXPECT_GT(use * Carrier::bytes, 0.95 * 8);
}

TEST(Fetch, DropsWhatArrivesForAnOlderLife) {
  Carrier c;
  c.memory.options.read_latency = 60;
  c.attach();
  c.send(7, 0, 0, 2000);
  c.run(30);
  EXPECT_GT(c.memory.reads_outstanding(), 0u);
  c.life(7, 1);
  c.run(10);
  c.send(7, 1, 0, 500);
  c.settle();
  for (auto& a : c.appends) EXPECT_EQ(a.gen, 1u);
  EXPECT_TRUE(same(c.appended(7), stream(7, 1, 0, 500)));
}

// ------------------------------------------------------------------------------ push
TEST(Push, IsUsedExactlyAtTheTailWithinFourCycles) {
  Carrier c;
  c.attach();
  std::uint32_t p = 0;
  for (unsigned len : {1u, 7u, 30u, 48u - 38 % 8, 3u, 41u}) {
    len = std::min(len, 48 - p % 8);
    c.push(9, 0, p, len);
    c.settle();
    p += len;
    ASSERT_TRUE(same(c.appended(9), stream(9, 0, 0, p))) << "up to " << p;
    EXPECT_EQ(c.appends.back().cycle - c.push_written.back(), 4u);
  }
  EXPECT_EQ(c.counter(Counter::push_used), 6u);
  EXPECT_EQ(c.counter(Counter::push_unused), 0u);
  EXPECT_TRUE(c.memory.bursts.empty());
  // The doorbell for the same bytes finds nothing to fetch.
  c.send(9, 0, 0, p);
  c.settle();
  EXPECT_TRUE(c.memory.bursts.empty());
  c.send(9, 0, p, p + 100);
  c.settle();
  EXPECT_TRUE(same(c.appended(9), stream(9, 0, 0, p + 100)));
}

TEST(Push, CostsOnlyTimeWhenItCannotBeUsed) {
  Carrier c;
  c.memory.options.read_latency = 50;
  c.attach();
  unsigned unused = 0;
  auto refused = [&](const char* why) {
    c.settle();
    EXPECT_EQ(c.counter(Counter::push_unused), ++unused) << why;
    EXPECT_EQ(c.counter(Counter::push_used), 0u) << why;
  };
  c.push(1, 0, 8, 10);
  refused("beyond the tail");
  c.push(1, 1, 0, 10);
  refused("generation");
  c.push(1, 0, 0, 0);
  refused("empty");
  c.push(1, 0, 0, 49);
  refused("too long");
  c.push(1, 0, 0, 20, 40);
  refused("a byte not enabled");
  c.push(200, 0, 0, 20);
  refused("no such flow");
  if (Carrier::bytes < 64) {
    c.push_bytes(64, std::vector<std::uint8_t>(32, 1));
    refused("half a line");
    c.push_bytes(64 + 32, std::vector<std::uint8_t>(32, 1));
    refused("the other half");
  }
  c.send(1, 0, 0, 200);
  c.run(10);
  c.push(1, 0, 200, 10);
  refused("a fetch is pending");
  c.push(1, 0, 100, 10);
  refused("late");
  EXPECT_TRUE(same(c.appended(1), stream(1, 0, 0, 200)));
}

TEST(Push, DoesNotPassTheSpaceOfTheStore) {
  Carrier c;
  c.attach();
  for (std::uint32_t p = 0; p < Carrier::store; p += 4096) {
    c.send(2, 0, p, p + 4096);
    c.settle();
  }
  c.push(2, 0, Carrier::store, 8);
  c.settle();
  EXPECT_EQ(c.counter(Counter::push_unused), 1u);
  c.space(2, 0, Carrier::store + 8);
  c.settle();
  c.push(2, 0, Carrier::store, 8);
  c.settle();
  EXPECT_EQ(c.counter(Counter::push_used), 1u);
}

TEST(Push, MixesWithFetchesInOrder) {
  Carrier c(2);
  c.memory.options = {.read_latency = 10, .stall = 0.1, .reorder = true};
  c.stall = 0.3;
  c.attach();
  std::array<std::uint32_t, 4> sent{}, space{};
  space.fill(Carrier::store);
  for (unsigned round = 0; round < 800; ++round) {
    const unsigned f = c.random() % 4;
    const auto have = static_cast<std::uint32_t>(c.appended(f).size());
    if (have + 4096 > space[f]) c.space(f, 0, space[f] = have + Carrier::store);
    if (sent[f] - have > 3000) {
      c.run(50);
      continue;
    }
    const unsigned len = 1 + c.random() % (48 - sent[f] % 8);
    c.fill(f, 0, sent[f], sent[f] + len);
    if (c.random() % 4) c.push(f, 0, sent[f], len);
    sent[f] += len;
    if (c.random() % 2) c.write(Carrier::tail_bell(f), Carrier::bell(0, sent[f]));
    c.run(c.random() % 30);
  }
  for (unsigned f = 0; f < 4; ++f) c.write(Carrier::tail_bell(f), Carrier::bell(0, sent[f]));
  c.settle();
  for (unsigned f = 0; f < 4; ++f) EXPECT_TRUE(same(c.appended(f), stream(f, 0, 0, sent[f])));
  EXPECT_GT(c.counter(Counter::push_used), 50u);
  EXPECT_EQ(c.counter(Counter::doorbell_bad), 0u);
}

TEST(Push, WindowReadsZero) {
  Carrier c;
  c.dut->s_push_arvalid = 1;
  c.dut->s_push_arlen = 2;
  c.dut->s_push_arid = 5;
  unsigned beats = 0, last = 0;
  for (unsigned i = 0; i < 12; ++i) {
    c.tick();
    c.dut->s_push_arvalid = 0;
    if (c.dut->s_push_rvalid) {
      ++beats;
      last += c.dut->s_push_rlast;
      EXPECT_EQ(c.dut->s_push_rid, 5u);
    }
  }
  EXPECT_EQ(beats, 3u);
  EXPECT_EQ(last, 1u);
}

// ------------------------------------------------------------------------------ receive
TEST(Receive, PutsPayloadAtItsPlaceAndTouchesNothingElse) {
  Carrier c(3);
  c.memory.options = {.write_latency = 20, .stall = 0.15};
  c.stall = 0.15;
  c.attach();
  for (unsigned f = 0; f < Carrier::flows; ++f)
    for (unsigned p = 0; p < 4096; ++p) c.memory.store(Carrier::rx_address(f, p), 0x5A);
  std::array<std::uint32_t, Carrier::flows> end{}, start{};
  for (unsigned f = 0; f < Carrier::flows; ++f) start[f] = end[f] = c.random() % 4096;
  for (unsigned i = 0; i < 200; ++i) {
    const unsigned f = c.random() % Carrier::flows;
    const std::uint32_t n =
        std::min<std::uint32_t>(1 + c.random() % 1460, start[f] + 4096 - 1 - end[f]);
    if (!n) continue;
    c.receive(f, 0, end[f], n);
    end[f] += n;
  }
  c.settle();
  std::uint32_t told[Carrier::flows] = {};
  for (auto& l : c.landed) {
    EXPECT_GE(l.pos, told[l.flow]);
    told[l.flow] = l.pos;
  }
  for (unsigned f = 0; f < Carrier::flows; ++f) {
    if (end[f] == start[f]) continue;
    EXPECT_EQ(told[f], end[f]);
    expect_received(c, f, 0, start[f], end[f]);
    for (std::uint32_t p = end[f]; p != start[f] + 4096; ++p)
      ASSERT_EQ(c.memory.load(Carrier::rx_address(f, p)), 0x5A);
  }
}

TEST(Receive, TellsOfARangeOnlyAfterItsLastResponse) {
  Carrier c;
  c.attach();
  c.memory.hold_writes = true;
  c.receive(3, 0, 4000, 1000);  // across the ring's end: 3 bursts
  c.run(300);
  EXPECT_TRUE(c.landed.empty());
  EXPECT_EQ(c.memory.bursts.size(), 3u);
  c.memory.hold_writes = false;
  c.settle();
  ASSERT_EQ(c.landed.size(), 1u);
  EXPECT_EQ(c.landed[0], (Carrier::Place{3, 0, 5000, 0}));
  EXPECT_EQ(c.landed[0].cycle - c.memory.bursts[2].done_cycle, 1u);
  expect_received(c, 3, 0, 4000, 5000);
}

TEST(Receive, HoldsLineRate) {
  Carrier c;
  c.memory.options.write_latency = 80;
  c.attach();
  std::uint32_t p = 0;
  auto refill = [&] {
    while (c.ranges.size() < 3) c.receive(1, 0, p, 1460), p += 1460;
  };
  for (unsigned i = 0; i < 20; ++i) refill(), c.run(50);
  const std::uint32_t from = c.landed.back().pos;
  const std::uint64_t start = c.cycle;
  for (unsigned i = 0; i < 200; ++i) refill(), c.run(20);
  const double rate = static_cast<double>(c.landed.back().pos - from) / (c.cycle - start);
  std::cout << "DMA write: " << rate << " bytes a cycle\n";
  EXPECT_GT(rate, 0.95 * 8);
}

// ------------------------------------------------------------------------------ status ring
TEST(Status, EntryIsAsDescribed) {
  Carrier c;
  c.attach();
  auto& d = *c.dut;
  d.st_listening = 1, d.st_active = 1, d.st_fin = 1, d.st_done = 0, d.st_r1 = 1, d.st_cause = 3;
  d.st_raddr = 0x0A000002, d.st_laddr = 0x0A000001, d.st_rport = 1234, d.st_lport = 80;
  d.st_rx_end = 5, d.st_acked = 6, d.st_sent = 7, d.st_taken = 8, d.st_snd_mss = 1460;
  c.events.push_back({.flow = 11, .gen = 200, .tag = 0xCAFE, .state = 4, .delivered = 4});
  c.settle();
  std::array<std::uint32_t, 16> w;
  for (unsigned i = 0; i < 16; ++i) w[i] = c.entry_word(0, i);
  namespace e = regs::status_entry;
  EXPECT_EQ(e::kind.from(w), static_cast<unsigned>(regs::Kind::status));
  EXPECT_EQ(e::slot.from(w), 11u);
  EXPECT_EQ(e::gen.from(w), 200u);
  EXPECT_EQ(e::tag.from(w), 0xCAFEu);
  EXPECT_EQ(e::state.from(w), static_cast<unsigned>(regs::State::established));
  EXPECT_EQ(e::cause.from(w), static_cast<unsigned>(regs::Cause::timeout));
  EXPECT_EQ(e::active.from(w), 1u);
  EXPECT_EQ(e::fin.from(w), 1u);
  EXPECT_EQ(e::done.from(w), 0u);
  EXPECT_EQ(e::r1.from(w), 1u);
  EXPECT_EQ(e::listening.from(w), 1u);
  EXPECT_EQ(e::snd_mss.from(w), 1460u);
  EXPECT_EQ(e::raddr.from(w), 0x0A000002u);
  EXPECT_EQ(e::rport.from(w), 1234u);
  EXPECT_EQ(e::lport.from(w), 80u);
  EXPECT_EQ(e::laddr.from(w), 0x0A000001u);
  EXPECT_EQ(e::delivered.from(w), 4u);
  EXPECT_EQ(e::rx_end.from(w), 5u);
  EXPECT_EQ(e::acked.from(w), 6u);
  EXPECT_EQ(e::sent.from(w), 7u);
  EXPECT_EQ(e::taken.from(w), 8u);
  EXPECT_EQ(e::phase.from(w), 1u);
  ASSERT_EQ(c.memory.bursts.size(), 1u);
  EXPECT_EQ(c.memory.bursts[0].address, Carrier::status_base);
  EXPECT_EQ(c.memory.bursts[0].beats, 64 / Carrier::bytes);
  EXPECT_EQ(c.aw_cycle[0] - c.event_taken[0], 2u);
}

TEST(Status, CompletionCarriesTheSnapshot) {
  Carrier c;
  c.attach();
  for (unsigned i = 0; i < 11; ++i) c.dut->cpl_info[10 - i] = 0x01010101u * (i + 1);
  c.dut->cpl_rc = 7;
  c.poke(regs::cmd7::offset, 0);
  c.run(4);
  c.events.push_back({.completion = true, .flow = 2, .gen = 3, .cookie = 0x1234});
  c.settle();
  std::array<std::uint32_t, 16> w;
  for (unsigned i = 0; i < 16; ++i) w[i] = c.entry_word(0, i);
  namespace e = regs::completion_entry;
  EXPECT_EQ(e::kind.from(w), static_cast<unsigned>(regs::Kind::completion));
  EXPECT_EQ(e::cookie.from(w), 0x1234u);
  EXPECT_EQ(e::rc.from(w), static_cast<unsigned>(regs::Result::no_port));
  EXPECT_EQ(e::slot.from(w), 2u);
  EXPECT_EQ(e::gen.from(w), 3u);
  EXPECT_EQ(e::rto_us.from(w), 0x01010101u);
  EXPECT_EQ(e::srtt_us.from(w), 0x02020202u);
  EXPECT_EQ(e::retrans.from(w), 0x09090909u);
  EXPECT_EQ(w[11], 0x0A0A0A0Au);
  EXPECT_EQ(w[12], 0x0B0B0000u | 0x0000u);
  EXPECT_EQ(e::phase.from(w), 1u);
}

TEST(Status, PhaseAlternatesAndAFullRingHoldsOnlyTheStatusSource) {
  Carrier c;
  c.attach();
  const unsigned size = 1u << Carrier::status_log2;
  for (unsigned i = 0; i < size + 3; ++i) c.events.push_back({.flow = i % 16, .tag = i});
  c.until([&] { return c.events.size() == 3; });
  c.run(100);
  EXPECT_EQ(c.events.size(), 3u);
  EXPECT_EQ(c.peek(regs::status_producer::offset), size);
  EXPECT_EQ(c.counter(Counter::status_stalled), 1u);
  for (unsigned i = 0; i < size; ++i) EXPECT_EQ(c.entry_word(i, 15) >> 31, 1u);
  c.receive(1, 0, 0, 3000);
  c.until([&] { return c.landed.size() == 1; });
  expect_received(c, 1, 0, 0, 3000);
  EXPECT_EQ(c.events.size(), 3u);
  // One place is read: one more entry, with the other phase.
  c.poke(regs::status_consumer::offset, 1);
  c.run(60);
  EXPECT_EQ(c.events.size(), 2u);
  EXPECT_EQ(c.entry_word(0, 15) >> 31, 0u);
  EXPECT_EQ(c.entry_word(0, 1), size);
  c.poke(regs::status_consumer::offset, size);
  c.settle();
  EXPECT_TRUE(c.events.empty());
  // Round and round, past 2^16 entries.
  std::uint32_t n = size + 3;
  while (n < 0x10000 + 20) {
    c.poke(regs::status_consumer::offset, n & 0xFFFF);
    for (unsigned i = 0; i < size; ++i) c.events.push_back({.flow = 1, .tag = n + i});
    c.until([&] { return c.events.empty() && !c.dut->busy; });
    n += size;
  }
  for (std::uint32_t i = n - size; i < n; ++i) {
    EXPECT_EQ(c.entry_word(i, 1), i);
    EXPECT_EQ(c.entry_word(i, 15) >> 31, (i >> Carrier::status_log2 & 1) ^ 1);
  }
  EXPECT_EQ(c.peek(regs::status_producer::offset), n & 0xFFFF);
}

TEST(Status, CannotBeStarvedByPayload) {
  Carrier c;
  c.attach();
  for (unsigned i = 0; i < 100; ++i) c.receive(1, 0, 1000 * i, 1000);
  for (unsigned i = 0; i < 4; ++i) c.events.push_back({.flow = 1, .tag = i});
  c.until([&] { return c.events.empty(); }, 2000);
}

// ------------------------------------------------------------------------------ interrupt
TEST(Interrupt, FiresOncePerArmingAndAtOnceIfTheHostIsBehind) {
  Carrier c;
  c.attach();
  c.events.push_back({.flow = 1});
  c.settle();
  EXPECT_EQ(c.interrupts, 0u);
  // The entry came before the arming that does not know of it: the race that must not sleep.
  c.poke(regs::status_consumer::offset, regs::status_consumer::arm.put(1) | 0);
  c.run(5);
  EXPECT_EQ(c.interrupts, 1u);
  c.events.push_back({.flow = 1});
  c.settle();
  EXPECT_EQ(c.interrupts, 1u);
  c.poke(regs::status_consumer::offset, regs::status_consumer::arm.put(1) | 2);
  c.run(50);
  EXPECT_EQ(c.interrupts, 1u);
  c.memory.hold_writes = true;
  c.events.push_back({.flow = 1});
  c.run(60);
  EXPECT_EQ(c.interrupts, 1u) << "before its entry is in memory";
  c.memory.hold_writes = false;
  c.settle();
  EXPECT_EQ(c.interrupts, 2u);
  EXPECT_EQ(c.counter(Counter::irq), 2u);
}

TEST(Interrupt, IsALevelUntilItIsAcknowledged) {
  Carrier c;
  c.attach();
  c.acknowledge = false;
  c.events.push_back({.flow = 1});
  c.settle();
  c.poke(regs::status_consumer::offset, regs::status_consumer::arm.put(1));
  c.run(30);
  EXPECT_EQ(c.dut->irq_req, 1u);
  c.acknowledge = true;
  c.run(3);
  EXPECT_EQ(c.dut->irq_req, 0u);
}

TEST(Interrupt, KeepsItsDistance) {
  Carrier c;
  c.poke(regs::irq_moderation::offset, 50);
  c.attach();
  c.dut->now_us = 1000;
  c.events.push_back({.flow = 1});
  c.settle();
  c.poke(regs::status_consumer::offset, regs::status_consumer::arm.put(1));
  c.run(5);
  EXPECT_EQ(c.interrupts, 1u);
  c.poke(regs::status_consumer::offset, regs::status_consumer::arm.put(1));
  c.dut->now_us = 1049;
  c.run(50);
  EXPECT_EQ(c.interrupts, 1u);
  EXPECT_EQ(c.dut->busy, 1u);
  c.dut->now_us = 1050;
  c.run(5);
  EXPECT_EQ(c.interrupts, 2u);
}

// ------------------------------------------------------------------------------ errors
TEST(DmaError, OfAReadStopsTheLinkAndSaysSo) {
  Carrier c;
  c.memory.options.read_latency = 20;
  c.attach();
  c.memory.bad_pages.insert(Carrier::tx_address(2, 0) / 4096);
  c.send(1, 0, 0, 1000);
  c.send(2, 0, 0, 1000);
  c.send(3, 0, 0, 3000);
  c.run(300);
  const std::uint32_t status = c.peek(regs::status::offset);
  EXPECT_EQ(regs::status::error.get(status), 1u);
  EXPECT_EQ(regs::status::error_cause.get(status),
            static_cast<unsigned>(regs::LinkCause::read_error));
  const std::uint64_t address = c.peek(regs::error_addr_lo::offset) |
                                std::uint64_t{c.peek(regs::error_addr_hi::offset)} << 32;
  EXPECT_EQ(address, Carrier::tx_address(2, 0));
  EXPECT_TRUE(c.appended(2).empty());
  EXPECT_GE(c.counter(Counter::dma_error), 1u);
  EXPECT_EQ(c.interrupts, 1u);
  EXPECT_EQ(c.entry_word(0, 0) >> 16 & 0xFF, static_cast<unsigned>(regs::Kind::link_error));
  EXPECT_EQ(c.entry_word(0, 1), 1u);
  EXPECT_EQ(c.entry_word(0, 2), static_cast<std::uint32_t>(Carrier::tx_address(2, 0)));
  EXPECT_EQ(c.entry_word(0, 15) >> 31, 1u);
  EXPECT_EQ(c.dut->cfg_enable, 0u);
  // Nothing more until a reset, which brings everything back.
  const std::size_t bursts = c.memory.bursts.size();
  c.send(4, 0, 0, 100);
  c.receive(4, 0, 0, 100);
  c.events.push_back({.flow = 1});
  c.run(300);
  EXPECT_EQ(c.memory.bursts.size(), bursts);
  EXPECT_TRUE(c.landed.empty());
  EXPECT_TRUE(c.ranges.empty());
  c.poke(regs::control::offset, 0);
  c.memory.bad_pages.clear();
  c.poke(regs::control::offset, 2);
  c.until([&] { return regs::status::ready.get(c.peek(regs::status::offset)) == 1; });
  c.walk();
  c.poke(regs::control::offset, 1);
  EXPECT_EQ(regs::status::error.get(c.peek(regs::status::offset)), 0u);
  c.appends.clear();
  c.send(2, 0, 0, 700);
  c.receive(2, 0, 0, 600);
  c.settle();
  EXPECT_TRUE(same(c.appended(2), stream(2, 0, 0, 700)));
  EXPECT_EQ(c.landed.size(), 1u);
}

TEST(DmaError, OfAWriteTellsOfNothingAfterIt) {
  Carrier c;
  c.memory.options.write_latency = 30;
  c.attach();
  c.memory.bad_pages.insert(Carrier::rx_address(2, 0) / 4096);
  c.receive(1, 0, 0, 1000);
  c.receive(2, 0, 0, 1000);
  c.receive(3, 0, 0, 1000);
  c.run(600);
  ASSERT_EQ(c.landed.size(), 1u);
  EXPECT_EQ(c.landed[0].flow, 1u);
  const std::uint32_t status = c.peek(regs::status::offset);
  EXPECT_EQ(regs::status::error_cause.get(status),
            static_cast<unsigned>(regs::LinkCause::write_error));
  EXPECT_EQ(c.peek(regs::error_addr_lo::offset),
            static_cast<std::uint32_t>(Carrier::rx_address(2, 0)));
  EXPECT_EQ(c.entry_word(0, 0) >> 16 & 0xFF, static_cast<unsigned>(regs::Kind::link_error));
  EXPECT_EQ(c.interrupts, 1u);
}

TEST(DmaError, RaisesTheInterruptEvenIfTheRingIsFull) {
  Carrier c;
  c.attach();
  for (unsigned i = 0; i < 8; ++i) c.events.push_back({.flow = i});
  c.settle();
  c.memory.bad_pages.insert(Carrier::tx_address(2, 0) / 4096);
  c.send(2, 0, 0, 10);
  c.run(100);
  EXPECT_EQ(c.interrupts, 1u);
  EXPECT_EQ(c.entry_word(0, 0) >> 16 & 0xFF, static_cast<unsigned>(regs::Kind::status));
  c.poke(regs::status_consumer::offset, 8);
  c.run(100);
  EXPECT_EQ(c.entry_word(0, 0) >> 16 & 0xFF, static_cast<unsigned>(regs::Kind::link_error));
}

// ------------------------------------------------------------------------------ attach
TEST(Attach, NothingMovesBeforeEnable) {
  Carrier c;
  c.program();
  c.walk();
  c.send(1, 0, 0, 100);
  c.push(1, 0, 0, 8);
  c.receive(1, 0, 0, 100);
  c.events.push_back({.flow = 1});
  c.poke(regs::cmd7::offset, 0);
  c.run(300);
  EXPECT_TRUE(c.memory.bursts.empty());
  EXPECT_TRUE(c.appends.empty());
  EXPECT_TRUE(c.landed.empty());
  EXPECT_TRUE(c.commands.empty());
}

TEST(Attach, IdleWaitsForWhatIsOutstandingAndSoDoesTheReset) {
  Carrier c;
  c.attach();
  c.memory.hold_reads = c.memory.hold_writes = true;
  c.send(1, 0, 0, 4000);
  c.receive(2, 0, 0, 2000);
  c.events.push_back({.flow = 3});
  c.run(400);
  c.poke(regs::control::offset, 0);
  const std::size_t bursts = c.memory.bursts.size();
  EXPECT_EQ(regs::status::idle.get(c.peek(regs::status::offset)), 0u);
  c.poke(regs::control::offset, 2);
  const std::uint64_t resets = c.reset_cycles;
  c.run(50);
  EXPECT_EQ(c.reset_cycles, resets);
  c.memory.hold_reads = false;
  c.run(1500);
  EXPECT_EQ(regs::status::idle.get(c.peek(regs::status::offset)), 0u);
  EXPECT_EQ(regs::status::ready.get(c.peek(regs::status::offset)), 0u);
  c.memory.hold_writes = false;
  c.run(200);
  EXPECT_EQ(regs::status::idle.get(c.peek(regs::status::offset)), 1u);
  EXPECT_EQ(regs::status::ready.get(c.peek(regs::status::offset)), 1u);
  EXPECT_EQ(c.reset_cycles, resets + 8);
  EXPECT_EQ(c.memory.bursts.size(), bursts);
  EXPECT_TRUE(c.memory.idle());
  EXPECT_TRUE(c.appends.empty());
  // The new life begins at zero, whatever the consumer register says.
  c.landed.clear();
  c.walk();
  c.poke(regs::control::offset, 1);
  c.send(1, 0, 0, 900);
  c.receive(2, 0, 0, 90);
  c.events.push_back({.flow = 3, .tag = 99});
  c.settle();
  EXPECT_TRUE(same(c.appended(1), stream(1, 0, 0, 900)));
  ASSERT_EQ(c.landed.size(), 1u);
  EXPECT_EQ(c.entry_word(0, 1), 99u);
  EXPECT_EQ(c.entry_word(0, 15) >> 31, 1u);
}

TEST(Attach, HostThatVanishesInMidTransferLeavesNothing) {
  for (unsigned round = 0; round < 20; ++round) {
    Carrier c(100 + round);
    c.memory.options = {.read_latency = 25, .write_latency = 25, .stall = 0.2, .reorder = true};
    c.stall = 0.2;
    c.attach();
    for (unsigned f = 0; f < 8; ++f) {
      c.send(f, 0, 0, 3000);
      c.receive(f, 0, 0, 1400);
      c.events.push_back({.flow = f});
    }
    c.run(c.random() % 600);
    c.poke(regs::control::offset, 0);
    c.poke(regs::control::offset, 2);
    c.until([&] { return regs::status::ready.get(c.peek(regs::status::offset)) == 1; });
    EXPECT_TRUE(c.memory.idle());
    const std::size_t bursts = c.memory.bursts.size();
    c.until([&] { return c.ranges.empty() && c.events.empty(); });
    c.run(200);
    EXPECT_EQ(c.memory.bursts.size(), bursts);
    c.appends.clear();
    c.landed.clear();
    c.walk();
    c.poke(regs::control::offset, 1);
    c.send(1, 0, 0, 777);
    c.receive(1, 0, 0, 555);
    c.events.push_back({.flow = 1, .tag = round});
    c.settle();
    EXPECT_TRUE(same(c.appended(1), stream(1, 0, 0, 777)));
    ASSERT_EQ(c.landed.size(), 1u);
    EXPECT_EQ(c.entry_word(0, 1), round);
  }
}

}  // namespace
}  // namespace tautline::test
