#include "server.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace examples {

using namespace std::chrono_literals;
using tautline::Ready;

Server::Server(tautline::Stack& stack, Signals& signals) : stack_{stack}, signals_{signals} {
  if (stack_.native_handle() < 0) return;  // no interrupt: `Stack::wait` sleeps instead
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  for (const int descriptor : {stack_.native_handle(), signals_.descriptor()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }
}

Server::~Server() {
  if (epoll_ >= 0) ::close(epoll_);
}

std::error_code Server::listen(std::uint16_t port, Factory factory) {
  // Nagle off: the tail of a full transmit ring is a short segment, and holding it back until the
  // peer's delayed acknowledgement would stall the transfer.
  auto listener = stack_.listen({.address = {}, .port = port},
                                {.backlog = 256, .half_open = 256, .socket = {.nodelay = true}});
  if (!listener) return listener.error();
  const auto token = next_token_++;
  listener->set_token(token);
  ports_.emplace(token, Port{std::move(*listener), std::move(factory)});
  return {};
}

std::error_code Server::run() {
  next_sweep_ = stack_.now() + 1s;
  for (bool go_on = true; go_on;) {
    const auto events = stack_.poll();
    // Handling an event calls the stack again, and that ends the life of `events`.
    batch_.assign(events.begin(), events.end());
    for (const auto& event : batch_) handle(event);
    if (batch_.empty()) sleep(1s);
    if (batch_.empty() || stack_.now() >= next_sweep_) go_on = housekeeping();
    if (stack_.link_state() != tautline::LinkState::up) {
      return std::make_error_code(std::errc::no_such_device);
    }
  }
  spdlog::info("stopping: {} connections open", sessions_.size());
  ports_.clear();
  for (auto& [token, entry] : sessions_) entry.session->socket().close();
  sessions_.clear();
  if (const auto error = stack_.drain(2s)) {
    spdlog::warn("some connections did not finish: {}", error.message());
  }
  return {};
}

void Server::handle(const tautline::Event& event) {
  if (const auto port = ports_.find(event.token); port != ports_.end()) {
    accept(port->second);
  } else if (const auto entry = sessions_.find(event.token); entry != sessions_.end()) {
    advance(entry->first, entry->second);
  }
}

void Server::accept(Port& port) {
  while (auto socket = port.listener.try_accept()) {
    ++accepted_;
    const auto token = next_token_++;
    spdlog::debug("connection {} from {}", token, socket->peer_endpoint().to_string());
    socket->set_token(token);
    auto [entry, inserted] =
        sessions_.emplace(token, Entry{port.factory(std::move(*socket)), stack_.now()});
    advance(token, entry->second);
  }
}

void Server::advance(std::uint64_t token, Entry& entry) {
  entry.last_active = stack_.now();
  if (entry.session->advance()) return;
  auto& socket = entry.session->socket();
  if (const auto error = socket.error()) {
    spdlog::debug("connection {} ended: {}", token, error.message());
  } else {
    spdlog::debug("connection {} closed", token);
  }
  socket.close();
  sessions_.erase(token);
}

bool Server::housekeeping() {
  if (signals_.report() && report_) report_();
  if (stack_.now() >= next_sweep_) {
    next_sweep_ = stack_.now() + 1s;
    reset_idle();
  }
  return !signals_.stop();
}

void Server::reset_idle() {
  if (idle_timeout_ == 0us) return;
  const auto oldest = stack_.now() - idle_timeout_;
  std::erase_if(sessions_, [oldest](auto& item) {
    if (item.second.last_active >= oldest) return false;
    spdlog::debug("connection {} was idle for too long", item.first);
    item.second.session->socket().abort();
    return true;
  });
}

void Server::sleep(std::chrono::milliseconds limit) {
  if (epoll_ < 0) {
    (void)stack_.wait(std::min<tautline::Microseconds>(limit, 10ms));
  } else if (stack_.arm()) {
    std::array<epoll_event, 2> ready;
    const int count =
        epoll_wait(epoll_, ready.data(), ready.size(), static_cast<int>(limit.count()));
    if (count < 0 && errno != EINTR) spdlog::warn("epoll_wait: {}", std::strerror(errno));
  }
}

}  // namespace examples
