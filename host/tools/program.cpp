// `tautline program`: a bitstream into a board. Where an open loader knows the board it is run; for
// the others the steps are told.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"

namespace tools {
namespace {

struct Board {
  const char* name;
  const char* loader;     // openFPGALoader's name for it, or nullptr
  const char* bitstream;  // where the build leaves it
  const char* steps;      // instead of a loader
};

constexpr Board kBoards[] = {
    {"ecpix5", "ecpix5", "build/bitstream/ecpix5/ecpix5.bit", nullptr},
    {"arty_a7_35", "arty_a7_35t", "build/vivado/arty_a7_35_uart/arty_a7_35.bit", nullptr},
    {"arty_a7_100", "arty_a7_100t", "build/vivado/arty_a7_100_uart/arty_a7_100.bit", nullptr},
    {"alveo_u50", nullptr, "build/vivado/alveo_u50/alveo_u50.bit",
     "1. Connect the card's debug cable (DMB-1 or the maintenance connector's USB).\n"
     "2. vivado -mode batch: open_hw_manager; connect_hw_server; open_hw_target;\n"
     "   set_property PROGRAM.FILE {BITSTREAM} [current_hw_device]; program_hw_devices\n"
     "3. Reboot the host without switching it off, so that it enumerates the card again.\n"},
    {"alveo_u55c", nullptr, "build/vivado/alveo_u55c/alveo_u55c.bit",
     "1. Connect the card's maintenance connector by USB.\n"
     "2. vivado -mode batch: open_hw_manager; connect_hw_server; open_hw_target;\n"
     "   set_property PROGRAM.FILE {BITSTREAM} [current_hw_device]; program_hw_devices\n"
     "3. Reboot the host without switching it off, so that it enumerates the card again.\n"},
};

std::string names() {
  std::string text;
  for (const Board& board : kBoards) text += (text.empty() ? "" : ", ") + std::string(board.name);
  return text;
}

/// Runs a program and waits; its exit status, or 127 if it could not be started.
int run(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) {
    fmt::print(stderr, "tautline: cannot start {}: {}\n", words[0], std::strerror(errno));
    return 127;
  }
  if (child == 0) {
    ::execvp(argv[0], argv.data());
    std::_Exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program(const std::string& name, const std::string& given, bool flash, bool show) {
  const Board* found = nullptr;
  for (const Board& board : kBoards) {
    if (name == board.name) found = &board;
  }
  if (found == nullptr) {
    fmt::print(stderr, "tautline: there is no board '{}'; boards are {}\n", name, names());
    return EXIT_FAILURE;
  }
  const std::string bitstream = given.empty() ? found->bitstream : given;
  if (found->loader == nullptr) {
    fmt::print("No open loader programs {}. With {}:\n{}", name, bitstream, found->steps);
    return EXIT_SUCCESS;
  }
  std::vector<std::string> words{"openFPGALoader", "--board", found->loader};
  if (flash) words.emplace_back("--write-flash");
  words.push_back(bitstream);
  if (show) {
    fmt::print("{}\n", fmt::join(words, " "));
    return EXIT_SUCCESS;
  }
  if (!std::filesystem::exists(bitstream)) {
    fmt::print(stderr, "tautline: {} does not exist; docs/hardware.md says how to build it\n",
               bitstream);
    return EXIT_FAILURE;
  }
  const int status = run(words);
  if (status == 127) {
    fmt::print(stderr, "tautline: openFPGALoader is not installed: apt install openfpgaloader\n");
  }
  return status;
}

}  // namespace

void add_program(CLI::App& app, Action& action) {
  struct Options {
    std::string board, bitstream;
    bool flash = false, show = false;
  };
  CLI::App* const command =
      app.add_subcommand("program", "Loads a bitstream into a board, or says how");
  auto options = std::make_shared<Options>();
  command->add_option("--board", options->board, "One of " + names())->required();
  command->add_option("bitstream", options->bitstream, "Default: where the build leaves it");
  command->add_flag("--flash", options->flash, "Into the flash memory, to stay");
  command->add_flag("--show", options->show, "Only say what would be run");
  command->callback([&action, options] {
    action = [options] {
      return program(options->board, options->bitstream, options->flash, options->show);
    };
  });
}

}  // namespace tools
