// `tautline info`: who a device says it is. It only reads, so it may look at a device in use where
// the link lets a second program in.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "commands.hpp"
#include "generated/regs.hpp"
#include "tautline/counters.hpp"
#include "tautline/pci_function.hpp"

namespace tools {
namespace {

namespace regs = tautline::regs;

int info(const std::string& url) {
  auto opened = tautline::open_pci_function(url);
  if (!opened) {
    const std::string& sentence = tautline::last_open_explanation();
    fmt::print(stderr, "tautline: cannot open {}: {}\n", url,
               sentence.empty() ? opened.error().message() : sentence);
    return EXIT_FAILURE;
  }
  tautline::PciFunction& device = **opened;
  const auto read = [&](std::uint32_t offset) { return device.read32(0, offset); };
  const std::uint32_t id = read(regs::id::offset);
  if (id != regs::id::reset_value) {
    fmt::print(stderr, "tautline: {} is not a Tautline device: its first register is {:#010x}\n",
               url, id);
    return EXIT_FAILURE;
  }
  const std::uint32_t version = read(regs::version::offset);
  const std::uint32_t hash = read(regs::map_hash::offset);
  const std::uint32_t caps = read(regs::caps::offset), caps2 = read(regs::caps2::offset);
  const std::uint32_t status = read(regs::status::offset);
  fmt::print("version {}.{}\n", regs::version::major_version.get(version),
             regs::version::minor_version.get(version));
  fmt::print("register_map {:#010x}{}\n", hash,
             hash == regs::expected_map_hash ? "" : " (not this library's)");
  fmt::print("flows {}\ndata_bits {}\nlisteners {}\ntx_store_bytes {}\n",
             1U << regs::caps::flows_log2.get(caps), 8U << regs::caps::data_log2.get(caps),
             regs::caps::listeners.get(caps), 1U << regs::caps::tx_store_log2.get(caps));
  fmt::print("command_credits {}\nring_bytes_most {}\n", regs::caps2::cmd_credits.get(caps2),
             1U << regs::caps2::ring_log2_max.get(caps2));
  fmt::print("bar0_bytes {}\npush_window_bytes {}\n", device.bar_size(0), device.bar_size(2));
  fmt::print("ready {}\nidle {}\nerror {}\n", regs::status::ready.get(status),
             regs::status::idle.get(status), regs::status::error.get(status));
  for (std::uint32_t i = 0; i < tautline::counter_count; ++i) {
    const std::uint32_t value = read(regs::counter_base + 4 * i);
    if (value != 0) fmt::print("counter.{} {}\n", tautline::counter_names[i], value);
  }
  return EXIT_SUCCESS;
}

}  // namespace

void add_info(CLI::App& app, Action& action) {
  CLI::App* const command =
      app.add_subcommand("info", "Prints a device's identity, capabilities and counters");
  auto url = std::make_shared<std::string>();
  command->add_option("device", *url, "vfio-user:/path or pci:DDDD:BB:DD.F")
      ->type_name("URL")
      ->required();
  command->callback([&action, url] { action = [url] { return info(*url); }; });
}

}  // namespace tools
