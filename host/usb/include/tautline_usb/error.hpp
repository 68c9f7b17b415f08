#pragma once
/// \file
/// Why a USB device was refused or given up, in words that say what to do.

#include <system_error>
#include <type_traits>

namespace tautline::usb {

enum class Errc {
  bad_url = 1,    ///< invalid_argument
  no_device,      ///< no_such_device
  several,        ///< invalid_argument: a serial number would tell them apart
  permission,     ///< permission_denied
  busy,           ///< device_or_resource_busy
  wrong_board,    ///< no_such_device: no such interface, or not a pair of bulk pipes
  bad_rate,       ///< invalid_argument
  transfer,       ///< io_error
  no_answer,      ///< timed_out
  wrong_version,  ///< protocol_not_supported
  wrong_map,      ///< protocol_not_supported
};

/// Messages are whole sentences; `==` with the std::errc beside each name holds.
[[nodiscard]] const std::error_category& usb_category() noexcept;
[[nodiscard]] std::error_code make_error_code(Errc error) noexcept;

}  // namespace tautline::usb

template <>
struct std::is_error_code_enum<tautline::usb::Errc> : std::true_type {};
