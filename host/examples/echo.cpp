#include "echo.hpp"

#include <array>
#include <cstddef>

namespace examples {

using tautline::Ready;
using tautline::Shutdown;

bool EchoSession::advance() {
  auto& peer = socket();
  for (;;) {
    const auto view = peer.receive_view();
    if (view.empty()) {
      // Nothing, the end, or an error: only `read` can tell.
      std::array<std::byte, 1> none;
      const auto count = peer.read(none);
      if (count && *count == 0) {
        peer.shutdown(Shutdown::write);
        return false;
      }
      peer.set_interest(Ready::readable);
      return !count && tautline::is_would_block(count.error());
    }
    const auto written = peer.write(view.first, tautline::Push::later);
    if (!written) {
      peer.flush();
      // The peer reads slowly: take nothing more from it until it does.
      peer.set_interest(Ready::writable);
      return tautline::is_would_block(written.error());
    }
    peer.consume(*written);
    peer.flush();
  }
}

}  // namespace examples
