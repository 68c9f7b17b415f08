#pragma once
/// \file
/// One end of a vfio-user socket: bytes and descriptors in, messages out, and the other way round.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "descriptor.hpp"
#include "vfio_user_protocol.hpp"

namespace tautline::vfio_user {

struct Message {
  Header header;
  std::vector<std::byte> payload;
  std::vector<detail::Descriptor> descriptors;

  [[nodiscard]] bool is_reply() const { return (header.flags & type_mask) == type_reply; }
  /// The structure at the payload's head; nothing if the payload is shorter.
  template <class T>
  [[nodiscard]] std::optional<T> head() const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (payload.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  /// What follows such a structure.
  template <class T>
  [[nodiscard]] std::span<const std::byte> after() const {
    return std::span(payload).subspan(sizeof(T));
  }
};

class Channel {
 public:
  explicit Channel(detail::Descriptor socket) : socket_(std::move(socket)) {}

  /// Sends one message; its size is filled in. Waits while the socket is full, as long as the
  /// socket's send timeout allows, then `timed_out`. After an error the stream is broken.
  std::error_code send(Header header, std::span<const std::byte> head,
                       std::span<const std::byte> data = {}, std::span<const int> descriptors = {});

  /// Takes in what the socket holds. `resource_unavailable_try_again` if it held nothing (or within
  /// its receive timeout, if `wait`), `connection_reset` at its end, `bad_message` for what is no
  /// message. Messages that came before an error can still be taken.
  std::error_code receive(bool wait = false);
  /// The oldest message.
  std::optional<Message> next();
  /// The reply to a message, out of turn.
  std::optional<Message> take_reply(std::uint16_t id);
  [[nodiscard]] bool has_messages() const { return !messages_.empty(); }

  [[nodiscard]] int descriptor() const { return socket_.get(); }
  /// Ends the connection; whoever waits at it wakes up.
  void shut_down();

 private:
  std::error_code split();

  detail::Descriptor socket_;
  std::vector<std::byte> bytes_;  // of messages that are not complete
  std::uint64_t stream_end_ = 0;  // position in the stream behind bytes_
  // Descriptors come with bytes and belong to the message that holds the last of them.
  struct Came {
    std::uint64_t end = 0;
    std::vector<detail::Descriptor> descriptors;
  };
  std::deque<Came> came_;
  std::deque<Message> messages_;
};

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace tautline::vfio_user
