#pragma once
/// \file
/// What a simulated board did, counted at its edge in clock cycles. Empty for real boards.

#include <expected>
#include <memory>
#include <string_view>
#include <system_error>

#include "tautline/pci_function.hpp"

namespace examples {

class BoardReport {
 public:
  BoardReport();
  ~BoardReport();
  BoardReport(BoardReport&& other) noexcept;
  BoardReport& operator=(BoardReport&& other) noexcept;

  /// Opens the device, and watches it if it is simulated. `explanation` is set on failure.
  [[nodiscard]] std::expected<std::unique_ptr<tautline::PciFunction>, std::error_code> open(
      std::string_view url, std::string& explanation);

  /// Prints what was counted so far, a name and a number a line.
  void print() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace examples
