// Makes `sim:` known to open_pci_function. Apart from the board itself, which needs no host
// library.

#include "tautline_sim/harness.hpp"

namespace tautline::sim {
namespace {

std::expected<std::unique_ptr<PciFunction>, std::error_code> open(std::string_view query) {
  auto options = parse_board_options(query);
  if (!options) {
    set_last_open_error(options.error().message());
    return std::unexpected(options.error().code);
  }
  auto board = Board::create(std::move(*options));
  if (!board) {
    set_last_open_error(board.error().message());
    return std::unexpected(board.error().code);
  }
  return (*board)->function();
}

[[maybe_unused]] const bool registered = (register_sim_scheme(), true);

}  // namespace

void register_sim_scheme() {
  register_device_scheme("sim", open);
}

}  // namespace tautline::sim
