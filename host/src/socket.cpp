#include "tautline/socket.hpp"

#include <utility>

#include "stack_core.hpp"

namespace tautline {
namespace {

std::error_code closed() noexcept {
  return std::make_error_code(std::errc::bad_file_descriptor);
}

}  // namespace

Socket::Socket(std::shared_ptr<detail::StackCore> core, std::uint32_t index) noexcept
    : core_(std::move(core)), index_(index) {}

Socket::~Socket() {
  if (core_) (void)core_->close(index_, false);
}

Socket::Socket(Socket&& other) noexcept
    : core_(std::move(other.core_)), index_(std::exchange(other.index_, 0)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (core_) (void)core_->close(index_, false);
    core_ = std::move(other.core_);
    index_ = std::exchange(other.index_, 0);
  }
  return *this;
}

std::expected<std::size_t, std::error_code> Socket::read(std::span<std::byte> into) noexcept {
  if (!core_) return std::unexpected(closed());
  return core_->read(index_, into);
}

std::expected<std::size_t, std::error_code> Socket::write(std::span<const std::byte> from,
                                                          Push push) noexcept {
  if (!core_) return std::unexpected(closed());
  return core_->write(index_, from, push);
}

void Socket::flush() noexcept {
  if (core_) core_->flush(index_);
}

ReceiveView Socket::receive_view() const noexcept {
  return core_ ? core_->receive_view(index_) : ReceiveView{};
}

std::error_code Socket::consume(std::size_t count) noexcept {
  return core_ ? core_->consume(index_, count) : closed();
}

TransmitView Socket::reserve(std::size_t count) noexcept {
  return core_ ? core_->reserve(index_, count) : TransmitView{};
}

std::error_code Socket::commit(std::size_t count, Push push) noexcept {
  return core_ ? core_->commit(index_, count, push) : closed();
}

std::size_t Socket::readable_bytes() const noexcept {
  return core_ ? core_->readable_bytes(index_) : 0;
}

std::size_t Socket::writable_bytes() const noexcept {
  return core_ ? core_->writable_bytes(index_) : 0;
}

std::size_t Socket::unacknowledged_bytes() const noexcept {
  return core_ ? core_->unacknowledged_bytes(index_) : 0;
}

std::error_code Socket::shutdown(Shutdown how) noexcept {
  return core_ ? core_->shutdown(index_, how) : closed();
}

std::error_code Socket::close() noexcept {
  if (!core_) return closed();
  return std::exchange(core_, nullptr)->close(index_, true);
}

void Socket::abort() noexcept {
  if (core_) std::exchange(core_, nullptr)->abort(index_);
}

void Socket::set_interest(Ready interest) noexcept {
  if (core_) core_->set_interest(index_, interest);
}

void Socket::set_token(std::uint64_t token) noexcept {
  if (core_) core_->set_token(index_, token);
}

std::uint64_t Socket::token() const noexcept {
  return core_ ? core_->token(index_) : 0;
}

Ready Socket::ready() const noexcept {
  return core_ ? core_->ready(index_) : Ready::none;
}

bool Socket::is_connected() const noexcept {
  return core_ && core_->is_connected(index_);
}

bool Socket::peer_finished() const noexcept {
  return core_ && core_->peer_finished(index_);
}

bool Socket::delivery_delayed() const noexcept {
  return core_ && core_->delivery_delayed(index_);
}

std::error_code Socket::error() const noexcept {
  return core_ ? core_->error(index_) : closed();
}

std::error_code Socket::set_options(const SocketOptions& options) noexcept {
  return core_ ? core_->set_options(index_, options) : closed();
}

SocketOptions Socket::options() const noexcept {
  return core_ ? core_->options(index_) : SocketOptions{};
}

Endpoint Socket::local_endpoint() const noexcept {
  return core_ ? core_->local_endpoint(index_) : Endpoint{};
}

Endpoint Socket::peer_endpoint() const noexcept {
  return core_ ? core_->peer_endpoint(index_) : Endpoint{};
}

State Socket::state() const noexcept {
  return core_ ? core_->state(index_) : State::closed;
}

std::expected<ConnectionInfo, std::error_code> Socket::info() noexcept {
  if (!core_) return std::unexpected(closed());
  return core_->info(index_);
}

std::error_code Socket::wait_connected(std::optional<Microseconds> timeout) noexcept {
  return core_ ? core_->wait_connected(index_, timeout) : closed();
}

std::expected<std::size_t, std::error_code> Socket::read_some(
    std::span<std::byte> into, std::optional<Microseconds> timeout) noexcept {
  if (!core_) return std::unexpected(closed());
  return core_->read_some(index_, into, timeout);
}

std::expected<std::size_t, std::error_code> Socket::read_exact(
    std::span<std::byte> into, std::optional<Microseconds> timeout) noexcept {
  if (!core_) return std::unexpected(closed());
  return core_->read_exact(index_, into, timeout);
}

std::expected<std::size_t, std::error_code> Socket::write_all(
    std::span<const std::byte> from, std::optional<Microseconds> timeout) noexcept {
  if (!core_) return std::unexpected(closed());
  return core_->write_all(index_, from, timeout);
}

std::error_code Socket::drain(std::optional<Microseconds> timeout) noexcept {
  return core_ ? core_->drain(index_, timeout) : closed();
}

}  // namespace tautline
