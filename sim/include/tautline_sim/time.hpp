#pragma once
/// \file
/// The board's time. One clock of 156.25 MHz: a cycle is 6.4 ns, 625 cycles are 4 us. Every time on
/// the board (wire, capture, timers) derives from the cycle count, so it is exact and repeats.

#include <cstdint>

namespace tautline::sim {

using Cycle = std::uint64_t;  ///< cycles since reset, executed or skipped
using Nanos = std::uint64_t;  ///< board time since reset, nanoseconds
inline constexpr std::uint64_t kNever = ~std::uint64_t{0};
inline constexpr double kClockHz = 156.25e6;

/// Board time of a cycle, rounded down.
constexpr Nanos cycles_to_ns(Cycle c) {
  return c == kNever ? kNever : c / 5 * 32 + c % 5 * 32 / 5;
}
/// First cycle at or after a board time.
constexpr Cycle ns_to_cycles(Nanos n) {
  return n == kNever ? kNever : n / 32 * 5 + (n % 32 * 5 + 31) / 32;
}
/// Whole microseconds that have passed at a cycle.
constexpr std::uint64_t cycles_to_us(Cycle c) {
  return c / 625 * 4 + c % 625 * 4 / 625;
}
/// First cycle at which `us` whole microseconds have passed.
constexpr Cycle us_to_cycles(std::uint64_t us) {
  return us >= kNever / 160 ? kNever : us / 4 * 625 + (us % 4 * 625 + 3) / 4;
}

}  // namespace tautline::sim
