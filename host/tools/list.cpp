// `tautline list`: the PCI functions that may be ours, and what each still wants.

#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "commands.hpp"
#include "vfio_sysfs.hpp"

namespace tools {
namespace {

using tautline::detail::PciSysfs;
using tautline::detail::VfioSystem;

constexpr std::uint32_t virtual_board = 0x1234'7461;

bool may_be_ours(const PciSysfs& function) {
  return function.driver() == PciSysfs::vfio_driver ||
         (function.vendor() << 16 | function.device()) == virtual_board;
}

int list(bool all) {
  const VfioSystem system;
  for (const PciSysfs& function : PciSysfs::all(system)) {
    if (!all && !may_be_ours(function)) continue;
    const auto usable = function.check_usable();
    const std::string driver = function.driver(), group = function.group();
    fmt::print("{} {:04x}:{:04x} class {:06x} driver {} group {}{}{}\n",
               function.address().to_string(), function.vendor(), function.device(),
               function.class_code(), driver.empty() ? "-" : driver, group.empty() ? "-" : group,
               usable ? "" : ": ", usable ? "" : usable.error().sentence);
  }
  return EXIT_SUCCESS;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand(
      "list", "Lists PCI functions that are bound to vfio-pci or are virtual boards");
  auto all = std::make_shared<bool>(false);
  command->add_flag("--all", *all, "Every PCI function");
  command->callback([&action, all] { action = [all] { return list(*all); }; });
}

}  // namespace tools
