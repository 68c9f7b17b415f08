#pragma once
/// \file
/// `tautline-board` as a process of a test.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include "descriptor.hpp"

namespace tautline::test {

/// A directory with a short name, for sockets.
class ShortDirectory {
 public:
  ShortDirectory() {
    std::string pattern = "/tmp/tautline-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  ~ShortDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ShortDirectory(const ShortDirectory&) = delete;
  ShortDirectory& operator=(const ShortDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Connects; nothing if nobody serves there.
inline detail::Descriptor connect_to(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
  detail::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    return {};
  }
  return socket;
}

class BoardProcess {
 public:
  explicit BoardProcess(const std::string& query = "?variant=assert&flows=16") {
    int fds[2];
    if (::pipe(fds) != 0) throw std::runtime_error("pipe");
    out_ = detail::Descriptor(fds[0]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(fds[1], 1);
      ::close(fds[0]);
      ::close(fds[1]);
      ::execl(TAUTLINE_BOARD, TAUTLINE_BOARD, "--socket", socket().c_str(), "--board",
              query.c_str(), "--stats", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(fds[1]);
    // A socket at which somebody listens: the board is up. Bounded by the process's life and by
    // time.
    for (int i = 0; i < 3000; ++i) {
      if (std::filesystem::exists(socket()) && alive()) return;
      if (!alive()) break;
      ::usleep(10'000);
    }
    throw std::runtime_error("tautline-board did not come up");
  }
  ~BoardProcess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  BoardProcess(const BoardProcess&) = delete;
  BoardProcess& operator=(const BoardProcess&) = delete;

  [[nodiscard]] std::string socket() const { return directory_.path() / "board"; }
  [[nodiscard]] std::string url() const { return "vfio-user:" + socket(); }
  [[nodiscard]] bool alive() {
    if (pid_ <= 0) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  /// Ends it as an operator would; its counters. Fails the test if it does not end well.
  std::map<std::string, double> stop() {
    std::map<std::string, double> counters;
    if (!alive()) {
      ADD_FAILURE() << "tautline-board is dead";
      return counters;
    }
    ::kill(pid_, SIGTERM);
    std::string text;
    std::array<char, 4096> part;
    for (ssize_t n = 0; (n = ::read(out_.get(), part.data(), part.size())) > 0;) {
      text.append(part.data(), static_cast<std::size_t>(n));
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
    EXPECT_EQ(text.find("board.violation"), std::string::npos) << text;
    std::istringstream lines(text);
    std::string name;
    for (double value = 0; lines >> name >> value;) counters[name] = value;
    return counters;
  }

 private:
  ShortDirectory directory_;
  detail::Descriptor out_;
  pid_t pid_ = -1;
};

}  // namespace tautline::test
