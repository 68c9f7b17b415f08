#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

#include "http_session.hpp"

namespace {

using examples::ByteRange;
using examples::parse_range;

void expect_range(std::string_view header, std::uint64_t size, std::uint64_t first,
                  std::uint64_t length) {
  const auto range = parse_range(header, size);
  EXPECT_EQ(range.kind, ByteRange::Kind::satisfiable) << header;
  EXPECT_EQ(range.first, first) << header;
  EXPECT_EQ(range.length, length) << header;
}

TEST(Range, TakesFirstAndLast) {
  expect_range("bytes=0-0", 10, 0, 1);
  expect_range("bytes=2-5", 10, 2, 4);
  expect_range("Bytes = 2-5", 10, 2, 4);
}

TEST(Range, ReachesTheEndWithoutALast) {
  expect_range("bytes=3-", 10, 3, 7);
}

TEST(Range, CutsALastBeyondTheEnd) {
  expect_range("bytes=3-1000", 10, 3, 7);
}

TEST(Range, TakesASuffix) {
  expect_range("bytes=-4", 10, 6, 4);
  expect_range("bytes=-40", 10, 0, 10);
}

TEST(Range, CannotBeSatisfiedBeyondTheEnd) {
  for (const auto* header : {"bytes=10-", "bytes=10-20", "bytes=-0"}) {
    EXPECT_EQ(parse_range(header, 10).kind, ByteRange::Kind::unsatisfiable) << header;
  }
  EXPECT_EQ(parse_range("bytes=-1", 0).kind, ByteRange::Kind::unsatisfiable);
}

TEST(Range, IgnoresWhatIsNotOneByteRange) {
  for (const auto* header : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2",
                             "lines=0-1", "bytes=0-1,3-4", "bytes=99999999999999999999-"}) {
    EXPECT_EQ(parse_range(header, 10).kind, ByteRange::Kind::none) << header;
  }
}

}  // namespace
