#pragma once
/// \file
/// `pci:DDDD:BB:DD.F`: a PCI function that the kernel's VFIO gives to this process (group
/// interface, type 1 IOMMU). Reference: Documentation/driver-api/vfio.rst of the kernel.

#include <expected>
#include <memory>
#include <string_view>
#include <system_error>

#include "tautline/pci_function.hpp"
#include "vfio_sysfs.hpp"

namespace tautline::detail {

/// `no_such_device`, `Errc::no_iommu`, `no_vfio`, `not_bound`, `permission_denied`,
/// `device_or_resource_busy`; the sentence is in `last_open_explanation`.
[[nodiscard]] std::expected<std::unique_ptr<PciFunction>, std::error_code> open_vfio_pci(
    std::string_view address);
/// On another kernel than this machine's: for tests.
[[nodiscard]] std::expected<std::unique_ptr<PciFunction>, std::error_code> open_vfio_pci(
    std::string_view address, const VfioSystem& system);

}  // namespace tautline::detail
