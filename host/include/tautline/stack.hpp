#pragma once
/// \file
/// One device and everything that runs on it.
///
/// \code
/// auto stack = tautline::Stack::create("sim:", {.address = {0x0a000001}});
/// auto listener = stack->listen({.port = 7});
/// for (;;) {
///   auto socket = listener->accept();
///   std::array<std::byte, 2048> buffer;
///   while (auto count = socket->read_some(buffer)) {
///     if (*count == 0 || !socket->write_all({buffer.data(), *count})) break;
///   }
/// }
/// \endcode

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include "tautline/counters.hpp"
#include "tautline/endpoint.hpp"
#include "tautline/error.hpp"
#include "tautline/info.hpp"
#include "tautline/listener.hpp"
#include "tautline/options.hpp"
#include "tautline/pci_function.hpp"
#include "tautline/socket.hpp"

namespace tautline {

struct Event {
  std::uint64_t token = 0;  ///< of the socket or listener
  Ready ready = Ready::none;
};

/// A stack owns its device. Any number per process, one device and one thread each. Moves, does not
/// copy. Its end disables the device: connections that are still open or still finishing die
/// without a goodbye (see `drain`).
class Stack {
 public:
  /// Opens the device, checks that it is one the library knows, resets it and starts it. Whatever
  /// an earlier driver left behind is gone afterwards. On failure `config.explanation`, if given,
  /// says why in words. `invalid_argument` for a configuration out of range, `no_such_device` if
  /// nothing answers, `Errc` for a device that must be refused, `not_enough_memory` without DMA
  /// memory.
  [[nodiscard]] static std::expected<Stack, std::error_code> create(std::string_view device_url,
                                                                    const StackConfig& config);
  [[nodiscard]] static std::expected<Stack, std::error_code> create(
      std::unique_ptr<PciFunction> function, const StackConfig& config);
  /// As above for a device that the caller owns and that outlives the stack: it may be attached
  /// again.
  [[nodiscard]] static std::expected<Stack, std::error_code> create(PciFunction& function,
                                                                    const StackConfig& config);

  Stack(Stack&& other) noexcept;
  Stack& operator=(Stack&& other) noexcept;
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack();

  /// Listens on a port of our address; address 0 means ours. `address_in_use` if the port has a
  /// listener already, `no_buffer_space` if the engine's listener table is full.
  [[nodiscard]] std::expected<Listener, std::error_code> listen(const Endpoint& local,
                                                                const ListenOptions& options = {});

  /// Starts a connection and returns at once; the socket becomes writable when it is established,
  /// or shows its error. `too_many_files_open` if the library has no room; a device without a free
  /// slot tells so through the socket.
  [[nodiscard]] std::expected<Socket, std::error_code> start_connect(
      const Endpoint& peer, const ConnectOptions& options = {});
  /// Connects and waits for the handshake, at most `options.timeout` (then `timed_out`).
  [[nodiscard]] std::expected<Socket, std::error_code> connect(const Endpoint& peer,
                                                               const ConnectOptions& options = {});

  /// Lets the device go on, takes what it reported, sends what is owed, and tells who is ready.
  /// Level-triggered: a socket is reported at every poll while its condition and its interest meet.
  /// The events are valid until the next call of the stack. An event may be of a socket that was
  /// closed while earlier ones were handled.
  std::span<const Event> poll() noexcept;
  /// Polls until there is an event or `timeout` passes, asleep in between, in the device's time.
  std::span<const Event> wait(std::optional<Microseconds> timeout = std::nullopt) noexcept;

  /// For an event loop. The descriptor becomes readable when the device reports something after
  /// `arm` returned true; -1 if the device has no interrupt. Protocol:
  ///   1. `poll` until it returns nothing;
  ///   2. `arm`: names the library's place in the status ring to the device and looks once more.
  ///   False: something
  ///      came in between, go to 1;
  ///   3. sleep on the descriptor (`epoll_wait`), then `poll`, which acknowledges the interrupt.
  [[nodiscard]] int native_handle() const noexcept;
  [[nodiscard]] bool arm() noexcept;

  /// Waits until connections closed by their users have finished, so that the stack may end.
  /// `timed_out` if some remain.
  std::error_code drain(Microseconds timeout);

  [[nodiscard]] Microseconds now() const noexcept;
  [[nodiscard]] LinkState link_state() const noexcept;
  [[nodiscard]] const DeviceInfo& device() const noexcept;
  [[nodiscard]] StackCounters counters() const noexcept;
  /// One of the engine's counters, read from the device; all ones once the link is gone.
  [[nodiscard]] std::uint32_t device_counter(Counter counter) const noexcept {
    return device_counter(static_cast<unsigned>(counter));
  }
  /// By its index below `counter_count`, for a loop over all; 0 beyond.
  [[nodiscard]] std::uint32_t device_counter(unsigned index) const noexcept;
  /// The device, for a backend's own controls (a simulated board's wire, capture, faults).
  [[nodiscard]] PciFunction& function() noexcept;

 private:
  explicit Stack(std::shared_ptr<detail::StackCore> core) noexcept;
  std::shared_ptr<detail::StackCore> core_;
};

}  // namespace tautline
