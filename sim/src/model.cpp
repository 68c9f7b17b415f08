#include "tautline_sim/model.hpp"

#include <algorithm>

namespace tautline::sim {
namespace {

std::vector<ModelVariant>& registry() {
  static std::vector<ModelVariant> list;
  return list;
}

int rank(std::string_view name) {
  return name == "fast" ? 0 : name == "assert" ? 1 : 2;
}

}  // namespace

bool register_variant(const ModelVariant& variant) {
  auto& list = registry();
  const auto at = std::find_if(list.begin(), list.end(), [&](const ModelVariant& v) {
    return std::pair(rank(variant.name), ~variant.flows) < std::pair(rank(v.name), ~v.flows);
  });
  list.insert(at, variant);
  return true;
}

const std::vector<ModelVariant>& variants() {
  return registry();
}

Result<ModelVariant> find_variant(std::string_view name, unsigned flows, bool stream) {
  for (const ModelVariant& v : registry()) {
    if (v.stream == stream && (name.empty() || v.name == name) &&
        (flows == 0 || v.flows == flows)) {
      return v;
    }
  }
  std::string message = "no model of the board";
  if (!name.empty()) message += " of variant '" + std::string(name) + "'";
  if (flows != 0) message += " with " + std::to_string(flows) + " flows";
  message += " is linked into this program; there are:";
  for (const ModelVariant& v : registry()) {
    message += " " + std::string(v.name) + "/" + std::to_string(v.flows);
  }
  if (registry().empty()) message += " none";
  return fail(Errc::no_variant, message);
}

}  // namespace tautline::sim
