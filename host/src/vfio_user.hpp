#pragma once
/// \file
/// `vfio-user:/path`: a device that another process serves at a Unix socket.

#include <expected>
#include <memory>
#include <string_view>
#include <system_error>

#include "tautline/pci_function.hpp"

namespace tautline::detail {

/// Errors are those of `connect` and of the server, `device_or_resource_busy` if the server does
/// not answer (it serves one client at a time), `protocol_error` if it speaks something else.
[[nodiscard]] std::expected<std::unique_ptr<PciFunction>, std::error_code> open_vfio_user(
    std::string_view path);

}  // namespace tautline::detail
