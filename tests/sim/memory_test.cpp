// The memory model against a small AXI master that follows the protocol, or breaks it on purpose.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "seed.hpp"
#include "tautline_sim/axi_memory.hpp"

namespace tautline::sim {
namespace {

AxiAddress incr(std::uint64_t address, unsigned beats, unsigned id = 0) {
  return {address, static_cast<std::uint8_t>(id), static_cast<std::uint8_t>(beats - 1), 3, 1};
}

class Memory : public ::testing::Test {
 protected:
  void open(AxiMemoryConfig config) {
    memory.emplace(config, *host);
    region = std::move(*host->allocate(65536, 4096));
    for (std::size_t i = 0; i < region->bytes().size(); ++i) {
      region->bytes()[i] = static_cast<std::byte>(i * 131 >> 3);
    }
    base = region->device_address();
  }

  void address_read(const AxiAddress& a) {
    while (!memory->ar_ready()) {
      memory->ar(cycle, a, false);
      step();
    }
    memory->ar(cycle, a, true);
    step();
  }

  void write(const AxiAddress& a, const std::vector<std::byte>& data,
             std::uint64_t strobes = 0xff) {
    while (!memory->aw_ready()) {
      memory->aw(cycle, a, false);
      step();
    }
    memory->aw(cycle, a, true);
    const unsigned beats = a.len + 1u;
    for (unsigned i = 0; i < beats; ++i) {
      while (!memory->w_ready(cycle)) {
        memory->w(cycle, &data[8 * i], strobes, i + 1 == beats, false);
        step();
      }
      memory->w(cycle, &data[8 * i], strobes, i + 1 == beats, true);
      step();
    }
  }

  void step() {
    ++cycle;
    AxiReadBeat beat;
    if (memory->r_due() <= cycle && memory->next_r(cycle, beat)) {
      order.push_back(beat.id);
      auto& bytes = received[beat.id];
      bytes.insert(bytes.end(), beat.data, beat.data + 8);
      responses.push_back(beat.resp);
      if (beat.last) ++lasts;
      beat_cycles.push_back(cycle);
    }
    AxiWriteResponse b;
    if (memory->b_due() <= cycle && memory->next_b(cycle, b)) {
      write_responses.push_back(b.resp);
      write_cycles.push_back(cycle);
    }
  }

  void drain(Cycle limit = 20'000) {
    for (const Cycle end = cycle + limit; cycle < end && !memory->idle();) step();
    ASSERT_TRUE(memory->idle());
  }

  [[nodiscard]] bool violated(std::string_view what) const {
    return std::ranges::any_of(memory->violations(), [&](const std::string& v) {
      return v.find(what) != std::string::npos;
    });
  }

  std::shared_ptr<HostMemory> host = HostMemory::create();
  std::optional<AxiMemory> memory;
  std::unique_ptr<DmaRegion> region;
  std::uint64_t base = 0;
  Cycle cycle = 0;
  std::vector<unsigned> order;
  std::map<unsigned, std::vector<std::byte>> received;
  std::vector<AxiResp> responses, write_responses;
  std::vector<Cycle> beat_cycles, write_cycles;
  unsigned lasts = 0;
};

TEST_F(Memory, AnswersAReadAfterItsLatencyThenOneBeatACycle) {
  open({.read_latency = 80});
  address_read(incr(base + 256, 16, 3));
  drain();
  ASSERT_EQ(received[3].size(), 128u);
  EXPECT_EQ(std::memcmp(received[3].data(), &region->bytes()[256], 128), 0);
  EXPECT_EQ(beat_cycles.front(), 80u);
  EXPECT_EQ(beat_cycles.back(), 95u);
  EXPECT_EQ(lasts, 1u);
  EXPECT_TRUE(memory->violations().empty());
}

TEST_F(Memory, HoldsReadsToTheirBandwidth) {
  open({.read_latency = 10, .read_bytes_per_cycle = 2});
  for (unsigned i = 0; i < 8; ++i) address_read(incr(base + 128 * i, 16, i));
  drain();
  // 1,024 bytes at 2 bytes a cycle.
  EXPECT_NEAR(static_cast<double>(beat_cycles.back() - beat_cycles.front()), 508, 4);
}

TEST_F(Memory, WritesLandBeforeTheirResponse) {
  open({.write_latency = 40});
  std::vector<std::byte> data(64, std::byte{0xab});
  write(incr(base + 4032, 8), data);
  EXPECT_NE(region->bytes()[4032], std::byte{0xab}) << "nothing lands before the latency";
  drain();
  EXPECT_EQ(std::memcmp(&region->bytes()[4032], data.data(), 64), 0);
  ASSERT_EQ(write_responses.size(), 1u);
  EXPECT_EQ(write_responses[0], AxiResp::okay);
  EXPECT_EQ(write_cycles[0], 7u + 40u);
}

TEST_F(Memory, WritesOnlyTheBytesWhoseStrobeIsSet) {
  open({});
  const std::byte before = region->bytes()[8];
  write(incr(base + 8, 1), std::vector<std::byte>(8, std::byte{0x5a}), 0x3c);
  drain();
  EXPECT_EQ(region->bytes()[8], before);
  EXPECT_EQ(region->bytes()[10], std::byte{0x5a});
  EXPECT_EQ(region->bytes()[13], std::byte{0x5a});
  EXPECT_NE(region->bytes()[14], std::byte{0x5a});
}

TEST_F(Memory, WriteDataMayComeBeforeItsAddress) {
  open({});
  const std::vector<std::byte> data(16, std::byte{0x77});
  memory->w(cycle, data.data(), 0xff, false, true);
  memory->w(cycle, data.data(), 0xff, true, true);
  EXPECT_FALSE(memory->idle());
  for (int i = 0; i < 100; ++i) step();
  EXPECT_TRUE(write_responses.empty());
  memory->aw(cycle, incr(base, 2), true);
  drain();
  EXPECT_EQ(write_responses.size(), 1u);
  EXPECT_EQ(region->bytes()[15], std::byte{0x77});
}

TEST_F(Memory, KeepsTheOrderOfReadsWhenItIsNotToldToReorder) {
  open({});
  for (unsigned i = 0; i < 16; ++i) address_read(incr(base + 64 * i, 8, i));
  drain();
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(Memory, ReordersBurstsOfDifferentIdsAndNeverWithinAnId) {
  const auto seed = test_seed(11);
  TAUTLINE_TRACE_SEED(seed);
  for (const unsigned mode : {1u, 2u}) {
    order.clear();
    received.clear();
    open({.reorder_reads = mode, .stall = 0.1, .seed = seed});
    std::map<unsigned, std::vector<std::byte>> expected;
    for (unsigned i = 0; i < 48; ++i) {
      const unsigned id = (i * 7) % 16;
      address_read(incr(base + 64 * i, 8, id));
      expected[id].insert(expected[id].end(), &region->bytes()[64 * i],
                          &region->bytes()[64 * i] + 64);
    }
    drain();
    EXPECT_EQ(received, expected);
    EXPECT_FALSE(std::ranges::is_sorted(order));
    // Whether the beats of one burst stand together.
    unsigned interleaved = 0;
    for (std::size_t i = 1; i < order.size(); ++i)
      interleaved += i % 8 != 0 && order[i] != order[i - 1];
    if (mode == 1) {
      EXPECT_EQ(interleaved, 0u);
    } else {
      EXPECT_GT(interleaved, 20u);
    }
  }
}

TEST_F(Memory, TheSameSeedGivesTheSameOrder) {
  std::vector<unsigned> first;
  for (int run = 0; run < 2; ++run) {
    order.clear();
    cycle = 0;
    open({.reorder_reads = 2, .stall = 0.3, .seed = 5});
    for (unsigned i = 0; i < 32; ++i) address_read(incr(base + 64 * i, 8, i % 16));
    drain();
    if (run == 0) first = order;
  }
  EXPECT_EQ(order, first);
}

TEST_F(Memory, TakesNoMoreAddressesThanItsLimit) {
  open({.read_latency = 1000, .max_reads = 4});
  for (unsigned i = 0; i < 4; ++i) address_read(incr(base, 1, i));
  EXPECT_FALSE(memory->ar_ready());
  drain();
  EXPECT_TRUE(memory->ar_ready());
}

TEST_F(Memory, AnAccessOutsideEveryRegionIsADecodeErrorAndIsRemembered) {
  open({});
  address_read(incr(base - 4096, 2, 5));
  // The burst begins inside and runs over the end.
  write(incr(base + 65536 - 32, 4), std::vector<std::byte>(32));
  write(incr(base + 65536, 1), std::vector<std::byte>(8));
  drain();
  EXPECT_EQ(responses, (std::vector{AxiResp::decerr, AxiResp::decerr}));
  EXPECT_EQ(write_responses, (std::vector{AxiResp::okay, AxiResp::decerr}));
  ASSERT_EQ(memory->faults().size(), 2u);
  EXPECT_FALSE(memory->faults()[0].write && memory->faults()[1].write);
  for (const DmaFault& fault : memory->faults()) {
    EXPECT_FALSE(fault.injected);
    EXPECT_EQ(fault.address, fault.write ? base + 65536 : base - 4096);
  }
}

TEST_F(Memory, AReleasedRegionIsOutsideAndItsAddressIsNotUsedAgain) {
  open({});
  const std::uint64_t old = base;
  region.reset();
  auto next = host->allocate(65536, 4096);
  EXPECT_NE((*next)->device_address(), old);
  address_read(incr(old, 1));
  drain();
  EXPECT_EQ(responses.at(0), AxiResp::decerr);
}

TEST_F(Memory, RegionsAreAlignedAsAskedAndZeroed) {
  for (const std::size_t alignment : {std::size_t{4096}, std::size_t{1} << 22}) {
    auto r = host->allocate(100'000, alignment);
    ASSERT_TRUE(r);
    EXPECT_EQ((*r)->device_address() % alignment, 0u);
    EXPECT_EQ((*r)->bytes().size(), 100'000u);
    EXPECT_TRUE(std::ranges::all_of((*r)->bytes(), [](std::byte b) { return b == std::byte{0}; }));
  }
  EXPECT_FALSE(host->allocate(0, 4096));
  EXPECT_FALSE(host->allocate(4096, 3000));
}

TEST_F(Memory, InjectsErrorsByRangeAndByCount) {
  open({});
  memory->inject_range(base + 1024, base + 1032, AxiResp::slverr, true, false);
  memory->inject_nth_read(3, AxiResp::decerr);
  memory->inject_nth_write(2, AxiResp::slverr);
  for (const unsigned at : {0u, 1024u, 2048u, 3072u}) address_read(incr(base + at, 1));
  for (int i = 0; i < 3; ++i) write(incr(base + 1024, 1), std::vector<std::byte>(8));
  drain();
  EXPECT_EQ(responses,
            (std::vector{AxiResp::okay, AxiResp::slverr, AxiResp::decerr, AxiResp::okay}));
  EXPECT_EQ(write_responses, (std::vector{AxiResp::okay, AxiResp::slverr, AxiResp::okay}));
  EXPECT_EQ(memory->faults().size(), 3u);
  EXPECT_TRUE(memory->faults()[0].injected);
}

TEST_F(Memory, NoticesABurstThatCrosses4K) {
  open({});
  address_read(incr(base + 4096 - 8, 2));
  EXPECT_TRUE(violated("crosses 4 KB"));
}

TEST_F(Memory, AcceptsABurstThatEndsAt4K) {
  open({});
  address_read(incr(base + 4096 - 16, 2));
  drain();
  EXPECT_TRUE(memory->violations().empty());
}

TEST_F(Memory, NoticesABurstThatIsNotIncrementingOrNarrow) {
  open({});
  AxiAddress fixed = incr(base, 1);
  fixed.burst = 0;
  address_read(fixed);
  EXPECT_TRUE(violated("not INCR"));
  AxiAddress narrow = incr(base, 1);
  narrow.size = 2;
  address_read(narrow);
  EXPECT_TRUE(violated("AR size 4 bytes"));
}

TEST_F(Memory, NoticesAHeldAddressThatChangesOrVanishes) {
  open({});
  memory->ar(0, incr(base, 1), false);
  EXPECT_TRUE(memory->holds_ar());
  memory->ar(1, incr(base + 8, 1), true);
  EXPECT_TRUE(violated("AR changed while it was held"));
  memory->aw(2, incr(base, 1), false);
  memory->aw_idle(3);
  EXPECT_TRUE(violated("AW valid fell"));
}

TEST_F(Memory, NoticesHeldWriteDataThatChanges) {
  open({});
  const std::vector<std::byte> a(8), b(8, std::byte{1});
  memory->w(0, a.data(), 0xff, true, false);
  memory->w(1, b.data(), 0xff, true, true);
  EXPECT_TRUE(violated("W changed while it was held"));
}

TEST_F(Memory, NoticesAWriteWhoseLastIsNotWhereItsLengthSays) {
  open({});
  const std::vector<std::byte> data(8);
  memory->aw(0, incr(base, 4), true);
  memory->w(0, data.data(), 0xff, false, true);
  memory->w(1, data.data(), 0xff, true, true);
  EXPECT_TRUE(violated("W burst of 2 beats"));
}

TEST_F(Memory, NoticesStrobesBelowTheStartAddressAndAWrongWriteId) {
  open({});
  const std::vector<std::byte> data(8);
  memory->aw(0, incr(base + 4, 1, 2), true);
  memory->w(0, data.data(), 0xff, true, true);
  EXPECT_TRUE(violated("below the start address"));
  EXPECT_TRUE(violated("AW id 2"));
}

TEST_F(Memory, TellsOfEachViolationWhenItHappens) {
  open({});
  std::vector<std::string> told;
  memory->on_violation = [&](const std::string& what) { told.push_back(what); };
  address_read(incr(base + 4096 - 8, 2));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told, memory->violations());
  EXPECT_EQ(told[0].find("cycle 0: AR burst"), 0u) << told[0];
}

}  // namespace
}  // namespace tautline::sim
