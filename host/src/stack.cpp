#include "tautline/stack.hpp"

#include <utility>

#include "stack_core.hpp"

namespace tautline {

Stack::Stack(std::shared_ptr<detail::StackCore> core) noexcept : core_(std::move(core)) {}

std::expected<Stack, std::error_code> Stack::create(std::string_view device_url,
                                                    const StackConfig& config) {
  auto function = open_pci_function(device_url);
  if (!function) {
    if (config.explanation != nullptr) {
      const std::string& sentence = last_open_explanation();
      *config.explanation = sentence.empty() ? "cannot open " + std::string(device_url) + ": " +
                                                   function.error().message()
                                             : sentence;
    }
    return std::unexpected(function.error());
  }
  return create(std::move(*function), config);
}

std::expected<Stack, std::error_code> Stack::create(std::unique_ptr<PciFunction> function,
                                                    const StackConfig& config) {
  if (!function) return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  PciFunction& device = *function;
  auto core = detail::StackCore::create(std::move(function), device, config);
  if (!core) return std::unexpected(core.error());
  return Stack(std::move(*core));
}

std::expected<Stack, std::error_code> Stack::create(PciFunction& function,
                                                    const StackConfig& config) {
  auto core = detail::StackCore::create(nullptr, function, config);
  if (!core) return std::unexpected(core.error());
  return Stack(std::move(*core));
}

Stack::Stack(Stack&& other) noexcept = default;

Stack& Stack::operator=(Stack&& other) noexcept {
  if (this != &other) {
    if (core_) core_->detach();
    core_ = std::move(other.core_);
  }
  return *this;
}

// Sockets and listeners may still refer to the core; they find it detached.
Stack::~Stack() {
  if (core_) core_->detach();
}

std::expected<Listener, std::error_code> Stack::listen(const Endpoint& local,
                                                       const ListenOptions& options) {
  const auto index = core_->listen(local, options);
  if (!index) return std::unexpected(index.error());
  return Listener(core_, *index);
}

std::expected<Socket, std::error_code> Stack::start_connect(const Endpoint& peer,
                                                            const ConnectOptions& options) {
  const auto index = core_->start_connect(peer, options);
  if (!index) return std::unexpected(index.error());
  return Socket(core_, *index);
}

std::expected<Socket, std::error_code> Stack::connect(const Endpoint& peer,
                                                      const ConnectOptions& options) {
  auto socket = start_connect(peer, options);
  if (!socket) return socket;
  if (const auto error = socket->wait_connected(options.timeout)) {
    socket->abort();
    return std::unexpected(error);
  }
  return socket;
}

std::span<const Event> Stack::poll() noexcept {
  return core_->poll();
}

std::span<const Event> Stack::wait(std::optional<Microseconds> timeout) noexcept {
  return core_->wait(timeout);
}

int Stack::native_handle() const noexcept {
  return core_->function().interrupt_fd();
}

bool Stack::arm() noexcept {
  return core_->arm();
}

std::error_code Stack::drain(Microseconds timeout) {
  return core_->drain_orphans(timeout);
}

Microseconds Stack::now() const noexcept {
  return core_->function().now();
}

LinkState Stack::link_state() const noexcept {
  return core_->function().link_state();
}

const DeviceInfo& Stack::device() const noexcept {
  return core_->device();
}

StackCounters Stack::counters() const noexcept {
  return core_->counters();
}

std::uint32_t Stack::device_counter(unsigned index) const noexcept {
  return core_->device_counter(index);
}

PciFunction& Stack::function() noexcept {
  return core_->function();
}

}  // namespace tautline
