/// Serves a directory over HTTP/1.1, and takes uploads.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "echo.hpp"
#include "file_store.hpp"
#include "http_session.hpp"
#include "options.hpp"
#include "server.hpp"

int main(int argc, char** argv) {
  examples::Signals signals;
  CLI::App app{"Serves a directory over HTTP/1.1 on a Tautline device: GET, HEAD, ranges, PUT."};
  examples::CommonOptions options{app, 80};
  std::string directory = ".";
  std::uint16_t echo_port = 0;
  bool read_only = false;
  std::uint64_t idle_us = 120'000'000;
  app.add_option("--directory", directory, "What to serve")->check(CLI::ExistingDirectory);
  app.add_option("--echo-port", echo_port, "Also an echo service on this port");
  app.add_flag("--read-only", read_only, "Refuse uploads");
  examples::add_time(app, "--idle-timeout", idle_us, "Reset connections that are silent so long");
  CLI11_PARSE(app, argc, argv);

  auto files = examples::FileStore::open(directory);
  if (!files) {
    fmt::print(stderr, "{}: {}\n", directory, files.error().message());
    return 1;
  }
  auto stack = options.open_stack();
  if (!stack) return 1;

  examples::HttpCounts counts;
  const examples::HttpContext context{&*files, &counts, read_only};
  examples::Server server{*stack, signals};
  server.set_idle_timeout(tautline::Microseconds{idle_us});
  auto error = server.listen(options.port(), [&context](tautline::Socket socket) {
    return std::make_unique<examples::HttpSession>(std::move(socket), context);
  });
  if (error) {
    spdlog::error("cannot listen on port {}: {}", options.port(), error.message());
    return 1;
  }
  if (echo_port != 0) {
    error = server.listen(echo_port, [](tautline::Socket socket) {
      return std::make_unique<examples::EchoSession>(std::move(socket));
    });
    if (error) {
      spdlog::error("cannot listen on port {}: {}", echo_port, error.message());
      return 1;
    }
  }
  const auto report = [&] {
    fmt::print("server.accepted {}\n", server.accepted());
    fmt::print("server.requests {}\nserver.errors {}\n", counts.requests, counts.errors);
    fmt::print("server.bytes_served {}\nserver.bytes_stored {}\n", counts.bytes_served,
               counts.bytes_stored);
    options.print_stats(*stack);
  };
  server.on_report(report);
  spdlog::info("serving {} on port {}", directory, options.port());
  error = server.run();
  if (error) {
    spdlog::error("the device failed: {}", error.message());
    return 1;
  }
  if (options.stats()) report();
  return 0;
}
