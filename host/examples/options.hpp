#pragma once
/// \file
/// The options that every example has, and what follows from them: a stack.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "board_report.hpp"
#include "tautline/tautline.hpp"

namespace examples {

/// Times are given with a unit: 500us, 200ms, 1.5s.
class CommonOptions {
 public:
  /// Adds the options to `app`.
  explicit CommonOptions(CLI::App& app, std::uint16_t default_port);
  CommonOptions(const CommonOptions&) = delete;
  CommonOptions& operator=(const CommonOptions&) = delete;

  /// Opens the device. On failure the log says why.
  [[nodiscard]] std::optional<tautline::Stack> open_stack();

  /// Prints the counters of the board, the engine and the library, a name and a number a line.
  void print_stats(const tautline::Stack& stack) const;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] bool stats() const noexcept { return stats_; }

 private:
  std::string device_ = "sim:";
  std::string address_;
  std::string gateway_;
  std::uint16_t port_;
  BoardReport board_;
  bool stats_ = false;
  bool verbose_ = false;
  tautline::StackConfig config_;
  std::uint64_t rto_min_us_;
  std::uint64_t rto_initial_us_;
  std::uint64_t delayed_ack_us_;
  std::uint64_t time_wait_us_;
};

/// Adds an option that takes a time with its unit.
CLI::Option* add_time(CLI::App& app, const std::string& name, std::uint64_t& microseconds,
                      const std::string& description);

/// Make it first in `main`, before any thread starts: SIGINT, SIGTERM (stop) and SIGUSR1 (report)
/// then arrive at a descriptor.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// SIGINT or SIGTERM has come; once true it stays true.
  [[nodiscard]] bool stop() noexcept;
  /// SIGUSR1 has come since the last call.
  [[nodiscard]] bool report() noexcept;

 private:
  void take() noexcept;
  int descriptor_;
  bool stop_ = false;
  bool report_ = false;
};

}  // namespace examples
