// `tautline`: what an operator does to a device apart from using it.

#include <CLI/CLI.hpp>

#include "commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Looks after Tautline devices."};
  app.require_subcommand(1);
  tools::Action action;
  tools::add_bind(app, action);
  tools::add_unbind(app, action);
  tools::add_list(app, action);
  tools::add_info(app, action);
  tools::add_program(app, action);
  CLI11_PARSE(app, argc, argv);
  return action();
}
