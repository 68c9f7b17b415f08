// One variant of the board. The build defines TAUTLINE_MODEL_HEADER, TAUTLINE_MODEL_ROOT and
// TAUTLINE_MODEL_CLASS (Verilator's output), TAUTLINE_MODEL_NAME, TAUTLINE_MODEL_FLOWS and
// TAUTLINE_MODEL_ASSERTS.

#include TAUTLINE_MODEL_HEADER
#include TAUTLINE_MODEL_ROOT

#include "model_loop.hpp"

namespace tautline::sim {
namespace {

constexpr char kName[] = TAUTLINE_MODEL_NAME;
constexpr VariantTraits kTraits{kName, TAUTLINE_MODEL_FLOWS, TAUTLINE_MODEL_ASSERTS != 0,
                                TAUTLINE_MODEL_ASSERTS != 0};
[[maybe_unused]] const bool registered = register_verilated<TAUTLINE_MODEL_CLASS, kTraits>();

}  // namespace
}  // namespace tautline::sim
