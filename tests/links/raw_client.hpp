#pragma once
/// \file
/// A vfio-user client that says what it is told to, right or wrong.

#include <gtest/gtest.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "board_process.hpp"
#include "pci_config.hpp"
#include "vfio_user_channel.hpp"

namespace tautline::test {

using namespace vfio_user;

/// A memory file of so many bytes.
inline detail::Descriptor memory_file(std::size_t size) {
  detail::Descriptor file(::memfd_create("link_test", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
  return file;
}

class RawClient {
 public:
  explicit RawClient(const BoardProcess& board) : channel_(connect(board)) {}

  /// The reply, within its time; nothing if the server has hung up.
  std::optional<Message> call(Command command, std::span<const std::byte> head,
                              std::span<const std::byte> data = {},
                              std::span<const int> descriptors = {}) {
    const std::uint16_t id = ++id_;
    if (channel_.send({.id = id, .command = command}, head, data, descriptors)) return {};
    for (;;) {
      if (auto reply = channel_.take_reply(id)) return reply;
      while (auto message = channel_.next()) {
        if (on_request) on_request(*message);
      }
      if (const auto error = channel_.receive(true)) return {};
    }
  }
  /// The errno of a reply; 0 if it was none; -1 without reply.
  int error_of(Command command, std::span<const std::byte> head,
               std::span<const std::byte> data = {}, std::span<const int> descriptors = {}) {
    const auto reply = call(command, head, data, descriptors);
    if (!reply) return -1;
    return (reply->header.flags & flag_error) != 0 ? static_cast<int>(reply->header.error) : 0;
  }

  void negotiate() {
    const std::string text = R"({"capabilities":{}})";
    ASSERT_EQ(error_of(Command::version, bytes_of(Version{}),
                       std::as_bytes(std::span(text.c_str(), text.size() + 1))),
              0);
  }
  /// As a driver begins: negotiated, memory and bus master on.
  void start() {
    negotiate();
    write_config16(pci_config::command,
                   pci_config::command_memory | pci_config::command_bus_master);
  }

  int map(std::uint64_t address, std::uint64_t size, int fd = -1, std::uint64_t offset = 0,
          std::uint32_t flags = dma_readable | dma_writable) {
    const DmaMapRequest request{32, flags, offset, address, size};
    return error_of(Command::dma_map, bytes_of(request), {}, std::span(&fd, fd >= 0 ? 1u : 0u));
  }
  int unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0) {
    return error_of(Command::dma_unmap, bytes_of(DmaUnmapRequest{24, flags, address, size}));
  }

  std::optional<std::vector<std::byte>> read(std::uint32_t region, std::uint64_t offset,
                                             std::uint32_t count) {
    const RegionAccess access{offset, region, count};
    auto reply = call(Command::region_read, bytes_of(access));
    if (!reply || (reply->header.flags & flag_error) != 0) return {};
    const auto data = reply->after<RegionAccess>();
    return std::vector<std::byte>(data.begin(), data.end());
  }
  std::uint32_t read32(std::uint64_t offset, std::uint32_t region = 0) {
    const auto data = read(region, offset, 4);
    std::uint32_t value = 0;
    EXPECT_TRUE(data && data->size() == 4) << "region " << region << " offset " << offset;
    if (data && data->size() == 4) std::memcpy(&value, data->data(), 4);
    return value;
  }
  int write(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data) {
    const RegionAccess access{offset, region, static_cast<std::uint32_t>(data.size())};
    return error_of(Command::region_write, bytes_of(access), data);
  }
  int write32(std::uint64_t offset, std::uint32_t value, std::uint32_t region = 0) {
    return write(region, offset, bytes_of(value));
  }
  int write_config16(std::uint64_t offset, std::uint16_t value) {
    return write(VFIO_PCI_CONFIG_REGION_INDEX, offset, bytes_of(value));
  }
  void post32(std::uint64_t offset, std::uint32_t value) {
    const RegionAccess access{offset, 0, 4};
    (void)channel_.send({.id = ++id_, .command = Command::region_write, .flags = flag_no_reply},
                        bytes_of(access), bytes_of(value));
  }
  /// Whatever bytes.
  void send_raw(std::span<const std::byte> bytes) {
    (void)::send(channel_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  Channel& channel() { return channel_; }

  /// A request of the server.
  std::function<void(Message&)> on_request;

 private:
  static detail::Descriptor connect(const BoardProcess& board) {
    auto socket = connect_to(board.socket());
    const timeval patience{20, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return socket;
  }

  Channel channel_;
  std::uint16_t id_ = 0;
};

}  // namespace tautline::test
