#include "vfio_sysfs.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "descriptor.hpp"
#include "tautline/error.hpp"
#include "vfio_dma.hpp"

namespace tautline::detail {
namespace {

namespace fs = std::filesystem;

std::unexpected<Refusal> refuse(std::error_code code, std::string sentence) {
  return std::unexpected(Refusal{code, std::move(sentence)});
}

template <class T>
bool hexadecimal(std::string_view text, std::size_t digits, std::uint32_t most, T& value) {
  std::uint32_t number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, number, 16);
  if (text.empty() || text.size() > digits || error != std::errc{} || stop != end ||
      number > most) {
    return false;
  }
  value = static_cast<T>(number);
  return true;
}

}  // namespace

int VfioSystem::system_open(const fs::path& path, int flags) {
  return ::open(path.c_str(), flags);
}

int VfioSystem::system_ioctl(int fd, unsigned long request, void* argument) {
  return ::ioctl(fd, request, argument);
}

std::optional<PciAddress> PciAddress::parse(std::string_view text) {
  PciAddress address;
  const std::size_t dot = text.rfind('.');
  const std::size_t colon = text.rfind(':', dot);
  if (dot == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
  std::string_view bus = text.substr(0, colon);
  std::string_view domain = "0";
  if (const std::size_t first = bus.find(':'); first != std::string_view::npos) {
    domain = bus.substr(0, first);
    bus = bus.substr(first + 1);
  }
  const bool good = hexadecimal(domain, 8, 0xffff'ffff, address.domain) &&
                    hexadecimal(bus, 2, 0xff, address.bus) &&
                    hexadecimal(text.substr(colon + 1, dot - colon - 1), 2, 0x1f, address.device) &&
                    hexadecimal(text.substr(dot + 1), 1, 7, address.function);
  if (!good) return std::nullopt;
  return address;
}

std::string PciAddress::to_string() const {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%x", domain, bus, device, function);
  return text.data();
}

// ------------------------------------------------------------------------------------- PciSysfs
std::expected<PciSysfs, Refusal> PciSysfs::find(const VfioSystem& system,
                                                const PciAddress& address) {
  PciSysfs function(system, address);
  std::error_code ignored;
  if (!fs::is_directory(function.directory(), ignored)) {
    return refuse(std::make_error_code(std::errc::no_such_device),
                  "there is no PCI function " + address.to_string() + " (lspci lists them)");
  }
  return function;
}

std::vector<PciSysfs> PciSysfs::all(const VfioSystem& system) {
  std::vector<PciSysfs> functions;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(system.sys / "bus/pci/devices", ignored)) {
    const auto address = PciAddress::parse(entry.path().filename().string());
    if (address) functions.push_back(PciSysfs(system, *address));
  }
  std::ranges::sort(functions, {}, [](const PciSysfs& f) { return f.address().to_string(); });
  return functions;
}

fs::path PciSysfs::directory() const {
  return system_->sys / "bus/pci/devices" / address_.to_string();
}

std::uint32_t PciSysfs::number(const char* name) const {
  std::ifstream file(directory() / name);
  std::string text;
  file >> text;
  return static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 16));
}

std::string PciSysfs::link(const char* name) const {
  std::error_code error;
  const fs::path target = fs::read_symlink(directory() / name, error);
  return error ? std::string{} : target.filename().string();
}

std::vector<std::string> PciSysfs::held_neighbours() const {
  std::vector<std::string> held;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory() / "iommu_group/devices", ignored)) {
    std::string name = entry.path().filename().string();
    const auto address = PciAddress::parse(name);
    if (!address || *address == address_) continue;
    const std::string driver = PciSysfs(*system_, *address).driver();
    if (driver.empty() || driver == vfio_driver) continue;
    held.push_back(name.append(" (").append(driver).append(")"));
  }
  return held;
}

std::expected<void, Refusal> PciSysfs::check_iommu() const {
  if (!group().empty()) return {};
  return refuse(
      Errc::no_iommu,
      address_.to_string() +
          " is behind no IOMMU that the kernel uses: enable VT-d or AMD-Vi in the firmware "
          "and start the kernel with intel_iommu=on or amd_iommu=on");
}

std::expected<void, Refusal> PciSysfs::check_module() const {
  std::error_code ignored;
  if (fs::exists(system_->sys / "bus/pci/drivers" / vfio_driver, ignored)) return {};
  return refuse(Errc::no_vfio, "the kernel's module vfio-pci is not loaded: modprobe vfio-pci");
}

std::expected<void, Refusal> PciSysfs::check_usable() const {
  if (auto good = check_iommu(); !good) return good;
  if (auto good = check_module(); !good) return good;
  const std::string name = driver();
  if (name == vfio_driver) return {};
  return refuse(Errc::not_bound, address_.to_string() + " is bound to " +
                                     (name.empty() ? "no driver" : name) + ": run tautline bind " +
                                     address_.to_string());
}

std::expected<void, Refusal> PciSysfs::put(const fs::path& file, const std::string& text) const {
  const Descriptor to(system_->open(file, O_WRONLY | O_CLOEXEC));
  if (to && ::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    return {};
  }
  const std::error_code error = last_system_error();
  const bool denied = error == std::errc::permission_denied ||
                      error == std::errc::operation_not_permitted ||
                      error == std::errc::read_only_file_system;
  return refuse(denied ? std::make_error_code(std::errc::permission_denied) : error,
                "cannot write " + file.string() + ": " + error.message() +
                    (denied ? ": run this as root" : ""));
}

std::expected<void, Refusal> PciSysfs::bind() const {
  if (auto good = check_iommu(); !good) return good;
  if (auto good = check_module(); !good) return good;
  const std::string old = driver();
  if (old == vfio_driver) return {};
  const std::string name = address_.to_string();
  if (auto done = put(directory() / "driver_override", std::string(vfio_driver)); !done) {
    return done;
  }
  if (!old.empty()) {
    if (auto done = put(directory() / "driver/unbind", name); !done) return done;
  }
  if (auto done = put(system_->sys / "bus/pci/drivers_probe", name); !done) return done;
  if (driver() == vfio_driver) return {};
  return refuse(std::make_error_code(std::errc::device_or_resource_busy),
                "vfio-pci did not take " + name + ": dmesg says why");
}

std::expected<void, Refusal> PciSysfs::unbind() const {
  const std::string name = address_.to_string();
  if (driver() != vfio_driver) {
    return refuse(Errc::not_bound, name + " is not bound to vfio-pci");
  }
  // A group opens once. Whoever has it open would make the kernel wait.
  const Descriptor probe(system_->open(system_->dev / "vfio" / group(), O_RDWR | O_CLOEXEC));
  if (!probe && errno == EBUSY) {
    return refuse(std::make_error_code(std::errc::device_or_resource_busy),
                  "a program has " + name + " open: end it first");
  }
  if (auto done = put(directory() / "driver/unbind", name); !done) return done;
  if (auto done = put(directory() / "driver_override", "\n"); !done) return done;
  return put(system_->sys / "bus/pci/drivers_probe", name);
}

}  // namespace tautline::detail
