#pragma once
// The seed of a test: TAUTLINE_SEED if it is set, else the given one; printed when the test fails.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>

namespace tautline::sim {

inline std::uint64_t test_seed(std::uint64_t otherwise) {
  const char* given = std::getenv("TAUTLINE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : otherwise;
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

}  // namespace tautline::sim

#define TAUTLINE_TRACE_SEED(seed) SCOPED_TRACE("replay with TAUTLINE_SEED=" + std::to_string(seed))
