#pragma once
/// \file
/// The chip for a guest of QEMU: the host's side of usbredir over a Unix socket
/// (-chardev socket,id=u,path=SOCKET -device qemu-xhci -device usb-redir,chardev=u).

#include <memory>
#include <string>

#include "tautline_sim_usb/ft_chip.hpp"

namespace tautline::sim {

class UsbredirHost {
 public:
  /// Listens; `board` outlives the host.
  [[nodiscard]] static Result<std::unique_ptr<UsbredirHost>> listen(const std::string& path,
                                                                    ByteSide& board,
                                                                    const FtConfig& config);
  virtual ~UsbredirHost() = default;
  UsbredirHost(const UsbredirHost&) = delete;
  UsbredirHost& operator=(const UsbredirHost&) = delete;

  /// The board has bytes, or room. Any thread.
  virtual void wake() = 0;
  /// Serves one guest after another until `stop` becomes readable.
  virtual Result<void> run(int stop) = 0;

 protected:
  UsbredirHost() = default;
};

}  // namespace tautline::sim
