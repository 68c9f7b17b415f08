/// The simulated board behind FTDI's USB chip, for programs that know nothing of simulation.

#include <sys/signalfd.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tautline_sim_usb/umockdev_host.hpp"
#include "tautline_sim_usb/usb_board.hpp"
#include "tautline_sim_usb/usbredir_host.hpp"

namespace {

using namespace tautline::sim;

int refuse(const std::string& what) {
  std::fprintf(stderr, "tautline-usb-board: %s\n", what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "A Tautline board on a TAP device, behind a model of FTDI's FT2232H.\n"
      "  tautline-usb-board --tap NAME --usbredir SOCKET\n"
      "      serves a guest of QEMU: -chardev socket,id=u,path=SOCKET -device qemu-xhci\n"
      "      -device usb-redir,chardev=u\n"
      "  umockdev-wrapper tautline-usb-board --tap NAME -- COMMAND [ARGUMENT ...]\n"
      "      runs a program that sees the chip as a USB device, and ends with its status"};
  std::string url_options, socket;
  std::string tap;
  FtConfig chip;
  std::vector<std::string> command;
  app.add_option("--tap", tap, "TAP device of the board's network side")->required();
  app.add_option("--board", url_options,
                 "Options of the board as in a sim: URL, for example variant=fast&capture=FILE");
  app.add_option("--usbredir", socket, "Unix socket for QEMU's usb-redir");
  app.add_option("--serial", chip.serial, "Serial number of the chip")->capture_default_str();
  app.add_option("--baud", chip.baud, "Rate of the board's UART")->capture_default_str();
  app.add_flag("--fifo", chip.fifo, "The board is on the synchronous FIFO of port A");
  app.add_flag("--full-speed", chip.full_speed, "USB 1.1: packets of 64 bytes");
  app.add_option("command", command, "Program to run under umockdev");
  CLI11_PARSE(app, argc, argv);
  if (socket.empty() == command.empty()) {
    return refuse("either --usbredir or a command is needed (see --help)");
  }

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigset_t blocked = signals;
  sigaddset(&blocked, SIGUSR1);
  sigaddset(&blocked, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);  // before any thread starts

  auto options =
      parse_board_options("?tap=" + tap + (url_options.empty() ? "" : "&" + url_options));
  if (!options) return refuse(options.error().message());
  auto board = UsbBoard::start(std::move(*options));
  if (!board) return refuse(board.error().message());

  if (!command.empty()) {
    auto host = UmockdevHost::plug_in(**board, chip);
    if (!host) return refuse(host.error().message());
    (*board)->on_change([&host] { (*host)->wake(); });
    const int status = run_child(command);
    (*board)->on_change({});
    const auto stats = (*board)->board().stats();
    std::fprintf(stderr, "tautline-usb-board: %llu cycles, %llu frames in, %llu out\n",
                 static_cast<unsigned long long>(stats.executed),
                 static_cast<unsigned long long>(stats.frames_in),
                 static_cast<unsigned long long>(stats.frames_out));
    // Its threads may still hold the mocked device.
    std::fflush(nullptr);
    std::_Exit(status < 0 ? 1 : status);
  }

  auto host = UsbredirHost::listen(socket, **board, chip);
  if (!host) return refuse(host.error().message());
  (*board)->on_change([&host] { (*host)->wake(); });
  const int stop = ::signalfd(-1, &signals, SFD_CLOEXEC);
  std::fprintf(stderr, "tautline-usb-board: listening on %s\n", socket.c_str());
  const auto ended = (*host)->run(stop);
  (*board)->on_change({});
  ::close(stop);
  return ended ? 0 : refuse(ended.error().message());
}
