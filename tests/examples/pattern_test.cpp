#include "pattern.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace {

using examples::Pattern;

TEST(Pattern, IsTheSameHoweverItIsCut) {
  const Pattern pattern{7};
  std::vector<std::byte> whole(1000);
  pattern.fill(0, whole);
  for (std::size_t first = 0; first < 40; ++first) {
    std::vector<std::byte> part(first + 3);
    pattern.fill(first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<long>(first)));
    EXPECT_FALSE(pattern.first_difference(first, std::span{whole}.subspan(first)));
  }
}

TEST(Pattern, NamesTheFirstWrongByte) {
  const Pattern pattern{7};
  std::vector<std::byte> bytes(100);
  pattern.fill(5, bytes);
  bytes[42] ^= std::byte{1};
  bytes[50] ^= std::byte{1};
  EXPECT_EQ(pattern.first_difference(5, bytes), 47U);
}

TEST(Pattern, ShowsBytesThatMoved) {
  const Pattern pattern{7};
  std::vector<std::byte> bytes(64);
  pattern.fill(1448, bytes);
  EXPECT_TRUE(pattern.first_difference(0, bytes));
}

}  // namespace
