#pragma once
/// \file
/// A byte stream in which every byte follows from its position: a lost, doubled or moved byte
/// shows.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace examples {

class Pattern {
 public:
  explicit Pattern(std::uint64_t seed) : seed_{seed} {}

  /// The bytes from `position` on.
  void fill(std::uint64_t position, std::span<std::byte> into) const {
    while (!into.empty()) {
      const auto word = bytes_of(position / 8);
      const auto offset = static_cast<std::size_t>(position % 8);
      const auto count = std::min(into.size(), 8 - offset);
      std::copy_n(word.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
      into = into.subspan(count);
      position += count;
    }
  }

  /// The position of the first byte that is wrong.
  [[nodiscard]] std::optional<std::uint64_t> first_difference(
      std::uint64_t position, std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const auto word = bytes_of(position / 8);
      const auto offset = static_cast<std::size_t>(position % 8);
      const auto count = std::min(bytes.size(), 8 - offset);
      for (std::size_t i = 0; i < count; ++i) {
        if (bytes[i] != word[offset + i]) return position + i;
      }
      bytes = bytes.subspan(count);
      position += count;
    }
    return std::nullopt;
  }

 private:
  /// SplitMix64 of the word's number, least significant byte first.
  [[nodiscard]] std::array<std::byte, 8> bytes_of(std::uint64_t word) const {
    std::uint64_t z = seed_ + (word + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    z ^= z >> 31U;
    std::array<std::byte, 8> bytes;
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(z >> (8 * i));
    return bytes;
  }

  std::uint64_t seed_;
};

}  // namespace examples
