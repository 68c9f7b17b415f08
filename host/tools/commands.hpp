#pragma once
/// \file
/// The subcommands of `tautline`, one file each. Each adds itself to the tool; its callback's
/// status is the tool's.

#include <CLI/CLI.hpp>
#include <functional>

namespace tools {

/// What the chosen subcommand will do when all arguments are read; returns the exit status.
using Action = std::function<int()>;

void add_bind(CLI::App& app, Action& action);
void add_unbind(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_info(CLI::App& app, Action& action);
void add_program(CLI::App& app, Action& action);

}  // namespace tools
