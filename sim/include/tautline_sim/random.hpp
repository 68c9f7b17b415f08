#pragma once
/// \file
/// Seeded randomness that is the same on every machine (the distributions of <random> are not).

#include <cstdint>

namespace tautline::sim {

/// SplitMix64 (Steele, Lea, Flood 2014): any seed is good, streams from different seeds are
/// independent.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed = 1) : state_(seed) {}

  constexpr std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound), bound > 0. The bias is below 2^-32 for bounds below 2^32.
  constexpr std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>(
        (static_cast<unsigned __int128>(next()) * static_cast<unsigned __int128>(bound)) >> 64);
  }
  constexpr bool chance(double probability) {
    return probability > 0 && static_cast<double>(next() >> 11) * 0x1p-53 < probability;
  }
  /// A new independent stream.
  constexpr Random split() { return Random(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace tautline::sim
