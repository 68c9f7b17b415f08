#pragma once
/// \file
/// What sysfs says of a PCI function, and how it is given to vfio-pci and back.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace tautline::detail {

/// The kernel, as far as VFIO needs it. Tests put directories and calls of their own here.
struct VfioSystem {
  std::filesystem::path sys = "/sys";
  std::filesystem::path dev = "/dev";
  std::function<int(const std::filesystem::path& path, int flags)> open = system_open;
  std::function<int(int fd, unsigned long request, void* argument)> ioctl = system_ioctl;

 private:
  static int system_open(const std::filesystem::path& path, int flags);
  static int system_ioctl(int fd, unsigned long request, void* argument);
};

/// Why something was refused: for programs and for people.
struct Refusal {
  std::error_code code;
  std::string sentence;
};

/// DDDD:BB:DD.F; the domain may be left out.
struct PciAddress {
  std::uint32_t domain = 0;
  std::uint8_t bus = 0;
  std::uint8_t device = 0;
  std::uint8_t function = 0;

  [[nodiscard]] static std::optional<PciAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  bool operator==(const PciAddress&) const = default;
};

class PciSysfs {
 public:
  static constexpr std::string_view vfio_driver = "vfio-pci";

  /// `no_such_device` if there is no such function.
  [[nodiscard]] static std::expected<PciSysfs, Refusal> find(const VfioSystem& system,
                                                             const PciAddress& address);
  /// Every function, by address.
  [[nodiscard]] static std::vector<PciSysfs> all(const VfioSystem& system);

  [[nodiscard]] const PciAddress& address() const { return address_; }
  [[nodiscard]] std::filesystem::path directory() const;
  [[nodiscard]] std::uint32_t vendor() const { return number("vendor"); }
  [[nodiscard]] std::uint32_t device() const { return number("device"); }
  [[nodiscard]] std::uint32_t class_code() const { return number("class"); }
  /// The driver's name; empty without one.
  [[nodiscard]] std::string driver() const { return link("driver"); }
  /// The number of the IOMMU group; empty behind no IOMMU.
  [[nodiscard]] std::string group() const { return link("iommu_group"); }
  /// The functions of the group that drivers of the kernel hold: VFIO refuses it because of them.
  [[nodiscard]] std::vector<std::string> held_neighbours() const;

  /// Nothing is missing for a program to open it, as far as sysfs and /dev tell: an IOMMU, the
  /// module, the driver.
  [[nodiscard]] std::expected<void, Refusal> check_usable() const;
  /// Takes it from its driver and gives it to vfio-pci. Nothing to do if it is there already.
  [[nodiscard]] std::expected<void, Refusal> bind() const;
  /// Gives it back to the driver that the kernel would choose. `device_or_resource_busy` while a
  /// program has it open: the kernel would wait for its end.
  [[nodiscard]] std::expected<void, Refusal> unbind() const;

 private:
  PciSysfs(const VfioSystem& system, const PciAddress& address)
      : system_(&system), address_(address) {}
  [[nodiscard]] std::uint32_t number(const char* name) const;
  [[nodiscard]] std::string link(const char* name) const;
  [[nodiscard]] std::expected<void, Refusal> check_iommu() const;
  [[nodiscard]] std::expected<void, Refusal> check_module() const;
  [[nodiscard]] std::expected<void, Refusal> put(const std::filesystem::path& file,
                                                 const std::string& text) const;

  const VfioSystem* system_;
  PciAddress address_;
};

}  // namespace tautline::detail
