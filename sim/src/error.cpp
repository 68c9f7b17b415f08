#include "tautline_sim/error.hpp"

#include <cerrno>
#include <cstring>

namespace tautline::sim {
namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tautline.sim"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::unknown_option:
        return "unknown option of the simulated board";
      case Errc::bad_value:
        return "bad value of an option of the simulated board";
      case Errc::conflict:
        return "options of the simulated board exclude each other";
      case Errc::no_variant:
        return "no such model of the board is linked into this program";
      case Errc::no_trace:
        return "this model of the board cannot write a waveform";
      case Errc::bad_file:
        return "file is not a capture or record of the simulated board";
      case Errc::cable_full:
        return "both ends of the cable are taken";
      case Errc::violation:
        return "the device broke a bus protocol";
    }
    return "unknown error of the simulated board";
  }
  [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
    switch (static_cast<Errc>(code)) {
      case Errc::violation:
        return std::errc::io_error;
      case Errc::no_variant:
      case Errc::no_trace:
        return std::errc::not_supported;
      case Errc::cable_full:
        return std::errc::device_or_resource_busy;
      default:
        return std::errc::invalid_argument;
    }
  }
};

thread_local std::string last_error;

}  // namespace

const std::error_category& sim_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), sim_category()};
}

std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{make_error_code(code), std::move(message)});
}

std::unexpected<Error> fail_errno(int error, const std::string& what) {
  return std::unexpected(
      Error{std::error_code(error, std::generic_category()), what + ": " + std::strerror(error)});
}

const std::string& last_open_error() noexcept {
  return last_error;
}
void set_last_open_error(std::string message) {
  last_error = std::move(message);
}

}  // namespace tautline::sim
