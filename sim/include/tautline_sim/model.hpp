#pragma once
/// \file
/// A Verilated board that can be stepped, whatever its variant and parameters. Each variant is one
/// object file that includes one Verilated class and adds itself to the registry.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tautline_sim/bus.hpp"
#include "tautline_sim/error.hpp"

namespace tautline::sim {

class BoardModel {
 public:
  virtual ~BoardModel() = default;
  /// Holds reset for some cycles, inputs idle.
  virtual void reset(Bus& bus) = 0;
  /// Steps until bus.cycle == end, or until one of the bus's stop conditions. At least one cycle.
  virtual void run(Bus& bus, Cycle end) = 0;
  /// Writes the cycles in [from, to) to an FST file.
  virtual Result<void> trace(const std::string& path, Cycle from, Cycle to) = 0;
};

struct ModelVariant {
  std::string_view name;  ///< "assert", "fast", "trace"
  bool stream;            ///< has the byte-stream carrier instead of PCIe
  unsigned flows;
  std::size_t beat_bytes;
  std::unique_ptr<BoardModel> (*make)(std::uint64_t seed);
};

/// Called by the variants' static initialisers.
bool register_variant(const ModelVariant& variant);
[[nodiscard]] const std::vector<ModelVariant>& variants();
/// An empty name takes the fastest that is linked in, `flows` 0 the largest.
[[nodiscard]] Result<ModelVariant> find_variant(std::string_view name, unsigned flows,
                                                bool stream = false);

}  // namespace tautline::sim
