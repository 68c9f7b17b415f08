#include "tautline/listener.hpp"

#include <utility>

#include "stack_core.hpp"

namespace tautline {
namespace {

std::unexpected<std::error_code> closed() noexcept {
  return std::unexpected(std::make_error_code(std::errc::bad_file_descriptor));
}

}  // namespace

Listener::Listener(std::shared_ptr<detail::StackCore> core, std::uint32_t index) noexcept
    : core_(std::move(core)), index_(index) {}

Listener::~Listener() {
  close();
}

Listener::Listener(Listener&& other) noexcept
    : core_(std::move(other.core_)), index_(std::exchange(other.index_, 0)) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    close();
    core_ = std::move(other.core_);
    index_ = std::exchange(other.index_, 0);
  }
  return *this;
}

std::expected<Socket, std::error_code> Listener::try_accept() noexcept {
  if (!core_) return closed();
  const auto child = core_->try_accept(index_);
  if (!child) return std::unexpected(child.error());
  return Socket(core_, *child);
}

std::expected<Socket, std::error_code> Listener::accept(
    std::optional<Microseconds> timeout) noexcept {
  if (!core_) return closed();
  const auto child = core_->accept(index_, timeout);
  if (!child) return std::unexpected(child.error());
  return Socket(core_, *child);
}

void Listener::set_token(std::uint64_t token) noexcept {
  if (core_) core_->listener_token(index_) = token;
}

std::uint64_t Listener::token() const noexcept {
  return core_ ? core_->listener_token(index_) : 0;
}

Endpoint Listener::local_endpoint() const noexcept {
  return core_ ? core_->listener_endpoint(index_) : Endpoint{};
}

void Listener::close() noexcept {
  if (core_) std::exchange(core_, nullptr)->close_listener(index_);
}

}  // namespace tautline
