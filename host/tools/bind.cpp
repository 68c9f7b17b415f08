// `tautline bind` and `tautline unbind`: a PCI function to vfio-pci and back.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "commands.hpp"
#include "vfio_sysfs.hpp"

namespace tools {
namespace {

using tautline::detail::PciAddress;
using tautline::detail::PciSysfs;
using tautline::detail::Refusal;
using tautline::detail::VfioSystem;

int move(const std::string& text,
         const std::function<std::expected<void, Refusal>(const PciSysfs&)>& step) {
  const auto refuse = [](const std::string& sentence) {
    fmt::print(stderr, "tautline: {}\n", sentence);
    return EXIT_FAILURE;
  };
  const auto address = PciAddress::parse(text);
  if (!address) return refuse("'" + text + "' is no PCI address such as 0000:01:00.0");
  const VfioSystem system;
  const auto function = PciSysfs::find(system, *address);
  if (!function) return refuse(function.error().sentence);
  if (const auto done = step(*function); !done) return refuse(done.error().sentence);
  const std::string driver = function->driver();
  fmt::print("{} is bound to {}\n", address->to_string(), driver.empty() ? "no driver" : driver);
  return EXIT_SUCCESS;
}

CLI::App* add_mover(CLI::App& app, Action& action, const char* name, const char* description,
                    std::expected<void, Refusal> (PciSysfs::*step)() const) {
  CLI::App* const command = app.add_subcommand(name, description);
  auto text = std::make_shared<std::string>();
  command->add_option("address", *text, "The PCI function")->type_name("DDDD:BB:DD.F")->required();
  command->callback(
      [&action, text, step] { action = [text, step] { return move(*text, std::mem_fn(step)); }; });
  return command;
}

}  // namespace

void add_bind(CLI::App& app, Action& action) {
  add_mover(app, action, "bind", "Gives a PCI function to vfio-pci, for --device pci:DDDD:BB:DD.F",
            &PciSysfs::bind);
}

void add_unbind(CLI::App& app, Action& action) {
  add_mover(app, action, "unbind", "Gives a PCI function back to the kernel's own driver",
            &PciSysfs::unbind);
}

}  // namespace tools
