#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tautline/error.hpp"
#include "tautline/pci_function.hpp"
#include "vfio_pci.hpp"
#include "vfio_user.hpp"

namespace tautline {
namespace {

struct Scheme {
  std::string name;
  PciFunctionFactory factory;
};

/// The only state that stacks of different threads share; touched at set-up only.
struct Registry {
  std::mutex mutex;
  std::vector<Scheme> schemes{{"vfio-user", detail::open_vfio_user},
                              {"pci", detail::open_vfio_pci}};
};

Registry& registry() {
  static Registry instance;  // a function's own: backends register during static initialisation
  return instance;
}

thread_local std::string explanation;

}  // namespace

const std::string& last_open_explanation() noexcept {
  return explanation;
}

void explain_open_failure(std::string sentence) {
  explanation = std::move(sentence);
}

void register_device_scheme(std::string_view scheme, PciFunctionFactory factory) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const auto same = std::ranges::find(all.schemes, scheme, &Scheme::name);
  if (same != all.schemes.end()) {
    same->factory = factory;
  } else {
    all.schemes.push_back({std::string(scheme), factory});
  }
}

std::expected<std::unique_ptr<PciFunction>, std::error_code> open_pci_function(
    std::string_view url) {
  explanation.clear();
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  PciFunctionFactory factory = nullptr;
  {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    const auto found = std::ranges::find(all.schemes, url.substr(0, colon), &Scheme::name);
    if (found != all.schemes.end()) factory = found->factory;
  }
  if (factory == nullptr) return std::unexpected(make_error_code(Errc::unknown_scheme));
  return factory(url.substr(colon + 1));
}

}  // namespace tautline
