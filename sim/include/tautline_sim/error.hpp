#pragma once
/// \file
/// Errors of opening a board. A code says what class of thing went wrong, the text says which.

#include <expected>
#include <string>
#include <system_error>

namespace tautline::sim {

enum class Errc {
  unknown_option = 1,  ///< the URL names an option that does not exist
  bad_value,           ///< an option's value is malformed or out of range
  conflict,            ///< two options exclude each other
  no_variant,          ///< no model of that variant and number of flows is linked in
  no_trace,            ///< a waveform was asked of a variant that cannot write one
  bad_file,            ///< a capture or record is not what it should be
  cable_full,          ///< both ends of the cable are taken
  violation,           ///< the device broke a bus protocol
};

[[nodiscard]] const std::error_category& sim_category() noexcept;
[[nodiscard]] std::error_code make_error_code(Errc e) noexcept;

/// A code for programs, a sentence for people.
struct Error {
  std::error_code code;
  std::string text;
  [[nodiscard]] const std::string& message() const noexcept { return text; }
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] std::unexpected<Error> fail(Errc code, std::string message);
/// From errno, with what was tried.
[[nodiscard]] std::unexpected<Error> fail_errno(int error, const std::string& what);

/// The sentence of this thread's last failed `open_pci_function("sim:...")`.
[[nodiscard]] const std::string& last_open_error() noexcept;
void set_last_open_error(std::string message);

}  // namespace tautline::sim

template <>
struct std::is_error_code_enum<tautline::sim::Errc> : std::true_type {};
