// The addresses that a link gives its device.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "vfio_dma.hpp"

namespace tautline::detail {
namespace {

constexpr std::size_t page = AddressSpace::page;

TEST(AddressSpace, GivesTheLowestAlignedAddress) {
  AddressSpace space({{0x10'0000, 0xffff'ffff}});
  EXPECT_EQ(space.take(1, page), 0x10'0000u);
  EXPECT_EQ(space.take(0x10'0000, 0x10'0000), 0x20'0000u);
  EXPECT_EQ(space.take(page, page), 0x10'2000u) << "a page stays free behind the first";
}

TEST(AddressSpace, KeepsAPageBetweenRegions) {
  AddressSpace space({{0, 0xf'ffff}});
  const auto a = space.take(3 * page, page);
  const auto b = space.take(page, page);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(*b, *a + 4 * page);
}

TEST(AddressSpace, UsesAGapAgainAndOnlyIfItFits) {
  AddressSpace space({{0, 0xf'ffff}});
  (void)space.take(page, page);
  const auto gap = space.take(4 * page, page);
  const auto last = space.take(page, page);
  ASSERT_TRUE(gap && last);
  space.give_back(*gap);
  EXPECT_GT(space.take(5 * page, page).value(), *last);
  EXPECT_EQ(space.take(4 * page, page), *gap);
}

TEST(AddressSpace, PassesByWhatTheIommuReserves) {
  AddressSpace space({{0xfef0'0000, 0xffff'ffff}, {0, 0xfedf'ffff}});
  const auto first = space.take(0x8000'0000, 0x8000'0000);
  EXPECT_EQ(first, 0u);
  EXPECT_EQ(space.take(0x7e00'0000, page), 0x8000'1000u);
  EXPECT_EQ(space.take(0x0100'0000, page), 0xfef0'0000u) << "not across the reserved range";
}

TEST(AddressSpace, RefusesWhatDoesNotFitOrMakesNoSense) {
  AddressSpace space({{0, 0xffff}});
  EXPECT_EQ(space.take(0, page).error(), std::errc::invalid_argument);
  EXPECT_EQ(space.take(page, 3 * page).error(), std::errc::invalid_argument);
  EXPECT_EQ(space.take(0x1'1000, page).error(), std::errc::not_enough_memory);
  EXPECT_EQ(space.take(0x1'0000, page), 0u);
  EXPECT_EQ(space.take(1, page).error(), std::errc::not_enough_memory);
  AddressSpace nothing({});
  EXPECT_EQ(nothing.take(1, page).error(), std::errc::not_enough_memory);
  AddressSpace top({{~std::uint64_t{0} - 2 * page + 1, ~std::uint64_t{0}}});
  EXPECT_EQ(top.take(3 * page, page).error(), std::errc::not_enough_memory);
  EXPECT_TRUE(top.take(2 * page, page));
}

TEST(AddressSpace, NeverGivesAnAddressTwice) {
  const char* const given = std::getenv("TAUTLINE_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : 1;
  SCOPED_TRACE("replay with TAUTLINE_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  AddressSpace space({{0x1000, 0x8f'ffff}, {0xa0'0000, 0xff'ffff}});
  std::vector<AddressSpace::Range> held;
  for (unsigned round = 0; round < 5000; ++round) {
    if (!held.empty() && random() % 5 < 2) {
      const auto at = held.begin() + static_cast<std::ptrdiff_t>(random() % held.size());
      space.give_back(at->first);
      held.erase(at);
      continue;
    }
    const std::size_t size = 1 + random() % (random() % 8 == 0 ? 0x8'0000 : 0x4000);
    const std::size_t alignment = page << (random() % 6);
    const auto address = space.take(size, alignment);
    if (!address) continue;
    const AddressSpace::Range range{*address, *address + size - 1};
    EXPECT_EQ(*address % alignment, 0u);
    EXPECT_TRUE((range.first >= 0x1000 && range.last <= 0x8f'ffff) ||
                (range.first >= 0xa0'0000 && range.last <= 0xff'ffff));
    for (const auto& other : held) {
      ASSERT_TRUE(range.last + page < other.first || other.last + page < range.first);
    }
    held.push_back(range);
  }
}

}  // namespace
}  // namespace tautline::detail
