#pragma once
/// \file
/// Errors are `std::error_code`s. What POSIX names has its POSIX value (`std::errc`, generic
/// category), so that a caller compares with `std::errc::connection_refused` and so on; only what
/// POSIX cannot say is an `Errc`.

#include <system_error>
#include <type_traits>

namespace tautline {

/// Why a device was refused. Everything else is a `std::errc`.
enum class Errc {
  not_tautline = 1,    ///< The identification register is not Tautline's.
  version_mismatch,    ///< The device speaks another major version of the host interface.
  map_mismatch,        ///< The device was built from another register description.
  missing_capability,  ///< The device lacks something the configuration asks for, or reports
                       ///< nonsense.
  stuck,               ///< The device did not drain or did not come out of reset.
  unknown_scheme,      ///< No backend is registered for the URL's scheme.
  no_iommu,            ///< The function is behind no IOMMU, or the kernel does not use it.
  no_vfio,             ///< The kernel has no VFIO, or its module is not loaded.
  not_bound,           ///< The function is not bound to vfio-pci.
};

[[nodiscard]] const std::error_category& tautline_category() noexcept;
[[nodiscard]] std::error_code make_error_code(Errc error) noexcept;

/// True if an operation could not do anything now and may be repeated after `Stack::poll`.
[[nodiscard]] inline bool is_would_block(const std::error_code& error) noexcept {
  return error.category() == std::generic_category() &&
         (error.value() == static_cast<int>(std::errc::operation_would_block) ||
          error.value() == static_cast<int>(std::errc::resource_unavailable_try_again));
}

}  // namespace tautline

template <>
struct std::is_error_code_enum<tautline::Errc> : std::true_type {};
