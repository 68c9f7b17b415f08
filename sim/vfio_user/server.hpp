#pragma once
/// \file
/// Serves a device at a Unix socket to one vfio-user client at a time.

#include <cstdint>
#include <memory>
#include <string>

#include "descriptor.hpp"
#include "device.hpp"
#include "tautline_sim/error.hpp"

namespace tautline::board {

class Session;

class Server {
 public:
  /// Makes the socket; one that a dead server has left is replaced. The socket goes with the
  /// server.
  [[nodiscard]] static sim::Result<std::unique_ptr<Server>> create(const std::string& path,
                                                                   Device& device);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until `stop` is readable, or the board has failed (false).
  bool run(int stop);
  [[nodiscard]] std::uint64_t clients() const { return clients_; }
  /// Messages that were refused, and clients that were dropped for what they sent.
  [[nodiscard]] std::uint64_t refused() const;

 private:
  Server(std::string path, detail::Descriptor listener, detail::Descriptor kick, Device& device);
  void accept();
  void leave(const std::string& why);
  void report_faults();

  std::string path_;
  detail::Descriptor listener_;
  detail::Descriptor kick_;  // messages wait though the socket is empty
  Device& device_;
  std::shared_ptr<Session> session_;
  std::uint64_t clients_ = 0, refused_ = 0;
  std::uint64_t faults_told_ = 0;
};

}  // namespace tautline::board
