// The virtual board as a process of its own: programs reach it as `--device vfio-user:/path`,
// virtual machines as a PCI card.

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

#include "descriptor.hpp"
#include "device.hpp"
#include "dma_map.hpp"
#include "server.hpp"
#include "tautline_sim/harness.hpp"

namespace {

namespace sim = tautline::sim;

struct Arguments {
  std::string socket, query, tap, netns, capture, record, variant;
  bool stats = false;
  bool verbose = false;
};

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    if (c == '&' || c == '%') {
      encoded += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      encoded += c;
    }
  }
  return encoded;
}

sim::Result<sim::BoardOptions> board_options(const Arguments& arguments) {
  std::string query = arguments.query.empty() ? "?" : arguments.query;
  for (const auto& [name, value] : {std::pair{"tap", arguments.tap},
                                    {"netns", arguments.netns},
                                    {"capture", arguments.capture},
                                    {"record", arguments.record},
                                    {"variant", arguments.variant}}) {
    if (!value.empty()) query += fmt::format("&{}={}", name, percent_encoded(value));
  }
  return sim::parse_board_options(query);
}

void print_stats(tautline::board::Device& device, const tautline::board::Server& server) {
  const sim::BoardStats stats = device.board().stats();
  const auto faults = device.dma().faults();
  fmt::print("board.executed_cycles {}\nboard.frames_in {}\nboard.frames_out {}\n", stats.executed,
             stats.frames_in, stats.frames_out);
  fmt::print(
      "board.interrupts {}\nboard.mmio_writes {}\nboard.mmio_reads {}\nboard.mmio_lines {}\n",
      stats.interrupts, stats.mmio_writes, stats.mmio_reads, stats.mmio_lines);
  fmt::print("dma.read_bytes {}\ndma.written_bytes {}\ndma.faults {}\ndma.regions {}\n",
             stats.dma.read_bytes, stats.dma.written_bytes, faults.count, device.dma().regions());
  fmt::print("server.clients {}\nserver.refused {}\nserver.odd_accesses {}\n", server.clients(),
             server.refused(), device.odd_accesses());
  for (const std::string& violation : device.board().violations()) {
    fmt::print("board.violation {}\n", violation);
  }
  std::fflush(stdout);
}

int serve(const Arguments& arguments, int stop) {
  const auto refuse = [](const sim::Error& error) {
    spdlog::error("{}", error.message());
    return EXIT_FAILURE;
  };
  auto options = board_options(arguments);
  if (!options) return refuse(options.error());
  auto dma = std::make_shared<tautline::board::DmaMap>();
  options->memory_target = dma;
  options->wall_clock = true;
  auto board = sim::Board::create(std::move(*options));
  if (!board) return refuse(board.error());
  tautline::board::Device device(*board, dma);
  auto server = tautline::board::Server::create(arguments.socket, device);
  if (!server) return refuse(server.error());
  spdlog::info("vfio-user:{} is up: {} flows, model {}", arguments.socket, (*board)->flows(),
               (*board)->variant());
  const bool ended = (*server)->run(stop);
  (*board)->flush_files();
  if (arguments.stats) print_stats(device, **server);
  return ended ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"The virtual Tautline board as a PCI device at a vfio-user socket."};
  Arguments arguments;
  app.add_option("--socket", arguments.socket, "Where clients connect")
      ->type_name("PATH")
      ->required();
  app.add_option("--board", arguments.query, "Options of the board as in a sim: URL")
      ->type_name("?OPTION=VALUE&...");
  app.add_option("--tap", arguments.tap, "TAP device that is the board's wire")->type_name("NAME");
  app.add_option("--netns", arguments.netns, "Network namespace of the TAP device")
      ->type_name("NAME");
  app.add_option("--capture", arguments.capture, "Writes the frames at the board's edge")
      ->type_name("FILE.pcapng");
  app.add_option("--record", arguments.record, "Writes every input, to replay the run")
      ->type_name("FILE");
  app.add_option("--variant", arguments.variant, "Model of the board")->type_name("fast|assert");
  app.add_flag("--stats", arguments.stats, "Print counters at the end");
  app.add_flag("--verbose", arguments.verbose, "Log more");
  CLI11_PARSE(app, argc, argv);

  spdlog::set_default_logger(spdlog::stderr_color_mt("tautline-board"));
  spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(arguments.verbose ? spdlog::level::debug : spdlog::level::info);
  spdlog::flush_on(spdlog::level::info);

  // Before the board's thread starts, so that it inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const tautline::detail::Descriptor stop(signalfd(-1, &signals, SFD_CLOEXEC));
  return serve(arguments, stop.get());
}
