/// Sends back whatever it receives.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "echo.hpp"
#include "options.hpp"
#include "server.hpp"

int main(int argc, char** argv) {
  examples::Signals signals;
  CLI::App app{"Sends back whatever it receives (RFC 862), on a Tautline device."};
  examples::CommonOptions options{app, 7};
  CLI11_PARSE(app, argc, argv);

  auto stack = options.open_stack();
  if (!stack) return 1;
  examples::Server server{*stack, signals};
  if (const auto error = server.listen(options.port(), [](tautline::Socket socket) {
        return std::make_unique<examples::EchoSession>(std::move(socket));
      })) {
    spdlog::error("cannot listen on port {}: {}", options.port(), error.message());
    return 1;
  }
  const auto report = [&] {
    fmt::print("server.accepted {}\n", server.accepted());
    options.print_stats(*stack);
  };
  server.on_report(report);
  spdlog::info("echo on port {}", options.port());
  if (const auto error = server.run()) {
    spdlog::error("the device failed: {}", error.message());
    return 1;
  }
  if (options.stats()) report();
  return 0;
}
