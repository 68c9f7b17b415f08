#include "vfio_user_channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tautline::vfio_user {
namespace {

constexpr std::size_t receive_bytes = 0x1'0000;

std::error_code system_error(int value) {
  return {value, std::generic_category()};
}

}  // namespace

std::error_code Channel::send(Header header, std::span<const std::byte> head,
                              std::span<const std::byte> data, std::span<const int> descriptors) {
  header.size = static_cast<std::uint32_t>(sizeof header + head.size() + data.size());
  std::array<iovec, 3> parts{{{&header, sizeof header},
                              {const_cast<std::byte*>(head.data()), head.size()},
                              {const_cast<std::byte*>(data.data()), data.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * max_descriptors)> control{};
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  std::size_t left = header.size;
  for (;;) {
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return system_error(errno == EAGAIN || errno == EWOULDBLOCK ? ETIMEDOUT : errno);
    }
    left -= static_cast<std::size_t>(sent);
    if (left == 0) return {};
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    auto skip = static_cast<std::size_t>(sent);
    for (iovec& part : parts) {
      const std::size_t step = std::min(skip, part.iov_len);
      part.iov_base = static_cast<std::byte*>(part.iov_base) + step;
      part.iov_len -= step;
      skip -= step;
    }
  }
}

std::error_code Channel::receive(bool wait) {
  const std::size_t old = bytes_.size();
  bytes_.resize(old + receive_bytes);
  iovec part{bytes_.data() + old, receive_bytes};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * max_descriptors)> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (count < 0 && errno == EINTR);
  const int error = errno;
  bytes_.resize(old + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0) return system_error(error == EWOULDBLOCK ? EAGAIN : error);
  if (count == 0) return system_error(ECONNRESET);
  stream_end_ += static_cast<std::uint64_t>(count);
  std::vector<detail::Descriptor> descriptors;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < n; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  if (!descriptors.empty()) came_.push_back({stream_end_, std::move(descriptors)});
  if ((message.msg_flags & MSG_CTRUNC) != 0) return system_error(EBADMSG);
  return split();
}

std::error_code Channel::split() {
  std::size_t at = 0;
  std::error_code error;
  while (bytes_.size() - at >= sizeof(Header)) {
    Message message;
    std::memcpy(&message.header, bytes_.data() + at, sizeof message.header);
    const std::size_t size = message.header.size;
    if (size < sizeof(Header) || size > max_message) {
      error = system_error(EBADMSG);
      break;
    }
    if (bytes_.size() - at < size) break;
    message.payload.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(at + sizeof(Header)),
                           bytes_.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
    const std::uint64_t end = stream_end_ - (bytes_.size() - at);
    while (!came_.empty() && came_.front().end <= end) {
      std::ranges::move(came_.front().descriptors, std::back_inserter(message.descriptors));
      came_.pop_front();
    }
    messages_.push_back(std::move(message));
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  return error;
}

std::optional<Message> Channel::next() {
  if (messages_.empty()) return std::nullopt;
  Message message = std::move(messages_.front());
  messages_.pop_front();
  return message;
}

std::optional<Message> Channel::take_reply(std::uint16_t id) {
  const auto found = std::ranges::find_if(messages_, [id](const Message& message) {
    return message.is_reply() && message.header.id == id;
  });
  if (found == messages_.end()) return std::nullopt;
  Message message = std::move(*found);
  messages_.erase(found);
  return message;
}

void Channel::shut_down() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace tautline::vfio_user
