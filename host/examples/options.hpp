#pragma once
/// \file
/// The options that every example has, and what follows from them: a stack.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

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
  [[nodiscard]] std::optional<tautline::Stack> open_stack() const;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] bool stats() const noexcept { return stats_; }

 private:
  std::string device_ = "sim:";
  std::string address_;
  std::string gateway_;
  std::uint16_t port_;
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

/// Prints the counters of the engine and of the library that are not zero, one a line.
void print_stats(const tautline::Stack& stack);

/// Call first in `main`, before any thread starts: SIGINT and SIGTERM then arrive at a descriptor.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// A signal has come; once true it stays true.
  [[nodiscard]] bool raised() noexcept;

 private:
  int descriptor_;
  bool raised_ = false;
};

}  // namespace examples
