#include <Vtl_lookup_tb.h>
#include <gtest/gtest.h>

#include <compare>
#include <map>
#include <optional>
#include <set>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

struct Key {
  std::uint32_t raddr = 0x0a000001, laddr = 0x0a000002;
  std::uint16_t rport = 1, lport = 80;
  auto operator<=>(const Key&) const = default;
};
struct Place {
  unsigned flow, gen;
  bool operator==(const Place&) const = default;
};

// 16 flows: 16 sets of 4 ways and a stash of 16.
class Lookup : public ::testing::Test {
 protected:
  Lookup() {
    b->one_set = 0;
    b->s_key_valid = b->s_find_valid = b->s_ins_valid = b->s_del_valid = 0;
    b.reset();
    clear_cycles = b.until([&] { return b->cleared; });
  }
  void put(const Key& k) {
    b->raddr = k.raddr, b->laddr = k.laddr, b->rport = k.rport, b->lport = k.lport;
  }
  std::optional<Place> key(const Key& k) {
    put(k);
    b->s_key_valid = 1;
    b.tick();
    b->s_key_valid = 0;
    latency = 1 + b.until([&] { return b->m_hit_valid; }, 20);
    const auto r = b->m_hit ? std::optional(Place{b->m_hit_flow, b->m_hit_gen}) : std::nullopt;
    b.tick();
    return r;
  }
  std::optional<Place> find(const Key& k) {
    put(k);
    b->s_find_valid = 1;
    EXPECT_GE(b.until([&] { return b->s_find_ready; }, 100), 0);
    b.tick();
    b->s_find_valid = 0;
    latency = 1 + b.until([&] { return b->m_find_valid; }, 20);
    const auto r =
        b->m_found ? std::optional(Place{b->m_found_flow, b->m_found_gen}) : std::nullopt;
    b.tick();
    return r;
  }
  bool insert(const Key& k, unsigned flow, unsigned gen) {
    put(k);
    b->s_ins_valid = 1;
    b->s_ins_flow = flow;
    b->s_ins_gen = gen;
    EXPECT_GE(b.until([&] { return b->s_ins_ready; }, 100), 0);
    b.tick();
    b->s_ins_valid = 0;
    EXPECT_GE(b.until([&] { return b->m_ins_done; }, 20), 0);
    const bool ok = b->m_ins_ok;
    b.tick();
    return ok;
  }
  void remove(const Key& k, unsigned flow) {
    put(k);
    b->s_del_valid = 1;
    b->s_del_flow = flow;
    b.tick();
    b->s_del_valid = 0;
  }
  void settle() {
    EXPECT_GE(b.until([&] { return !b->busy; }, 100), 0);
  }

  Bench<Vtl_lookup_tb> b;
  int clear_cycles = 0, latency = 0;
};

TEST_F(Lookup, IsClearFlowsCyclesAfterReset) {
  EXPECT_EQ(clear_cycles, 16);
}

TEST_F(Lookup, AnswersAKeyAfterExactlyThreeCycles) {
  EXPECT_FALSE(key({}));
  EXPECT_EQ(latency, 3);
  ASSERT_TRUE(insert({}, 5, 9));
  EXPECT_EQ(key({}), (Place{5, 9}));
  EXPECT_EQ(latency, 3);
}

TEST_F(Lookup, TakesAKeyEachCycleAndAnswersInOrder) {
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(insert({.rport = std::uint16_t(i)}, i, i));
  int answers = 0;
  for (int i = 0; i < 20; ++i) {
    b->s_key_valid = i < 16;
    put({.rport = std::uint16_t(i)});
    b.settle();
    if (b->m_hit_valid) {
      ASSERT_EQ(answers, i - 3);
      ASSERT_EQ(b->m_hit, answers < 12);
      if (b->m_hit) {
        ASSERT_EQ(b->m_hit_flow, answers);
      }
      ++answers;
    }
    b.tick();
  }
  EXPECT_EQ(answers, 16);
}

TEST_F(Lookup, AFindStartedRightAfterAnInsertSeesIt) {
  put({});
  b->s_ins_valid = 1;
  b->s_ins_flow = 3;
  b->s_ins_gen = 1;
  ASSERT_EQ(b.until([&] { return b->s_ins_ready; }, 100), 0);
  b.tick();
  b->s_ins_valid = 0;
  EXPECT_EQ(find({}), (Place{3, 1}));
}

TEST_F(Lookup, ComparesTheWholeKeyEvenWithinOneSet) {
  b->one_set = 1;
  ASSERT_TRUE(insert({}, 1, 0));
  EXPECT_FALSE(find({.raddr = 0x0a000003}));
  EXPECT_FALSE(find({.laddr = 0x0a000003}));
  EXPECT_FALSE(find({.rport = 2}));
  EXPECT_FALSE(find({.lport = 81}));
  // Ports exchanged with the remote address, so that folded signatures agree.
  EXPECT_FALSE(find({.raddr = 0x00000a01, .rport = 1}));
  EXPECT_TRUE(find({}));
}

TEST_F(Lookup, AFullSetGoesToTheStashAndAFullStashFailsWithoutEvicting) {
  b->one_set = 1;
  for (unsigned i = 0; i < 20; ++i) ASSERT_TRUE(insert({.rport = std::uint16_t(i)}, i % 16, i));
  EXPECT_FALSE(insert({.rport = 100}, 7, 7));
  for (unsigned i = 0; i < 20; ++i)
    ASSERT_EQ(find({.rport = std::uint16_t(i)}), (Place{i % 16, i}));
  EXPECT_FALSE(find({.rport = 100}));
  // A place in the stash, and one in the set, become free again.
  remove({.rport = 19}, 3);
  remove({.rport = 2}, 2);
  EXPECT_TRUE(insert({.rport = 100}, 7, 7));
  EXPECT_TRUE(insert({.rport = 101}, 8, 7));
  EXPECT_FALSE(insert({.rport = 102}, 9, 7));
  EXPECT_EQ(key({.rport = 100}), (Place{7, 7}));
  EXPECT_EQ(key({.rport = 101}), (Place{8, 7}));
}

TEST_F(Lookup, TheStashRefusesAKeyThatItCouldNotTellFromAnother) {
  b->one_set = 1;
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(insert({.rport = std::uint16_t(i)}, i, 0));
  // Adding the same number to both halves of an address leaves the folded signature alone.
  const Key first{.raddr = 0x0a000100}, twin{.raddr = 0x0a010101}, other{.raddr = 0x0a000101};
  ASSERT_TRUE(insert(first, 5, 0));
  EXPECT_FALSE(insert(twin, 6, 0));
  EXPECT_TRUE(insert(other, 7, 0));
  EXPECT_EQ(find(first), (Place{5, 0}));
  EXPECT_EQ(find(other), (Place{7, 0}));
  EXPECT_FALSE(find(twin));
}

TEST_F(Lookup, ARemovalOfAnotherSlotLeavesTheEntry) {
  ASSERT_TRUE(insert({}, 4, 0));
  remove({}, 5);
  EXPECT_TRUE(find({}));
  remove({}, 4);
  EXPECT_FALSE(find({}));
}

TEST_F(Lookup, QueuesRemovalsAndSaysWhenFourPlacesAreLeft) {
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(insert({.rport = std::uint16_t(i)}, i, 0));
  // Keys keep the second port waiting.
  b->s_key_valid = 1;
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(b->del_room, i < 5);
    remove({.rport = std::uint16_t(i)}, i);
    b.settle();
  }
  EXPECT_EQ(b->del_room, 0);
  b->s_key_valid = 0;
  settle();
  EXPECT_EQ(b->del_room, 1);
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(find({.rport = std::uint16_t(i)}));
}

TEST_F(Lookup, AgreesWithAMapUnderRandomUse) {
  Random r;
  std::map<Key, Place> model;
  std::set<unsigned> slots;
  for (unsigned s = 0; s < 16; ++s) slots.insert(s);
  for (int i = 0; i < 6000; ++i) {
    const Key k{.raddr = 0x0a000000u + static_cast<std::uint32_t>(r.below(3)),
                .rport = static_cast<std::uint16_t>(r.below(16))};
    const auto it = model.find(k);
    const auto expected = it == model.end() ? std::nullopt : std::optional(it->second);
    if (r.chance(30)) {
      settle();
      ASSERT_EQ(key(k), expected);
    } else {
      ASSERT_EQ(find(k), expected);
    }
    if (!expected && !slots.empty() && r.chance(60)) {
      const unsigned slot = *slots.begin(), gen = r.below(256);
      ASSERT_TRUE(insert(k, slot, gen));
      slots.erase(slot);
      model[k] = {slot, gen};
    } else if (expected && r.chance(50)) {
      remove(k, expected->flow);
      slots.insert(expected->flow);
      model.erase(k);
    }
  }
}

}  // namespace
