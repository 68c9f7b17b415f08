#include "vfio_user.hpp"

#include <linux/vfio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "pci_config.hpp"
#include "tautline/error.hpp"
#include "vfio_dma.hpp"
#include "vfio_user_channel.hpp"

namespace tautline::detail {
namespace {

using namespace vfio_user;

constexpr unsigned bars = 6;
// A server that does not answer within this is dead.
constexpr timeval patience{5, 0};
// Above 4 GiB: a device that cuts addresses is noticed. 48 bits is what any device can reach.
constexpr AddressSpace::Range addresses{0x1'0000'0000, 0xffff'ffff'ffff};
// Polls between two looks at the socket of a server that may be gone.
constexpr unsigned polls_a_look = 64;

std::error_code posix(std::errc error) {
  return std::make_error_code(error);
}

/// The connection. Regions share it with the function.
class Connection final : public DmaLink {
 public:
  explicit Connection(Descriptor socket) : DmaLink({addresses}), channel_(std::move(socket)) {}

  /// Sends a request and waits for its reply; the server's errno if it refuses.
  std::expected<Message, std::error_code> call(Command command, std::span<const std::byte> head,
                                               std::span<const std::byte> data = {},
                                               std::span<const int> descriptors = {}) {
    if (state_ != LinkState::up) return std::unexpected(posix(std::errc::no_such_device));
    const std::uint16_t id = ++last_id_;
    if (const auto error = channel_.send({.id = id, .command = command}, head, data, descriptors)) {
      return std::unexpected(broken(error));
    }
    for (;;) {
      if (auto reply = channel_.take_reply(id)) {
        if ((reply->header.flags & flag_error) != 0) {
          return std::unexpected(
              std::error_code(static_cast<int>(reply->header.error), std::generic_category()));
        }
        return std::move(*reply);
      }
      answer_server();
      if (const auto error = channel_.receive(true)) {
        return std::unexpected(broken(error == std::errc::resource_unavailable_try_again
                                          ? posix(std::errc::timed_out)
                                          : error));
      }
    }
  }

  /// A call whose reply begins with a structure.
  template <class Reply, class Request>
  std::expected<Reply, std::error_code> ask(Command command, const Request& request) {
    auto reply = call(command, bytes_of(request));
    if (!reply) return std::unexpected(reply.error());
    const auto head = reply->template head<Reply>();
    if (!head) return std::unexpected(posix(std::errc::protocol_error));
    return *head;
  }

  /// A posted write: no answer.
  void post(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data) noexcept {
    if (state_ != LinkState::up) return;
    const RegionAccess access{
        .offset = offset, .region = region, .count = static_cast<std::uint32_t>(data.size())};
    if (const auto error = channel_.send(
            {.id = ++last_id_, .command = Command::region_write, .flags = flag_no_reply},
            bytes_of(access), data)) {
      (void)broken(error);
    }
  }

  /// Learns of a server that has gone while nobody asked it anything.
  void look() noexcept {
    if (state_ != LinkState::up) return;
    const auto error = channel_.receive();
    answer_server();
    if (error && error != std::errc::resource_unavailable_try_again) (void)broken(error);
  }

  [[nodiscard]] LinkState state() const noexcept { return state_; }
  [[nodiscard]] int descriptor() const noexcept { return channel_.descriptor(); }

 protected:
  std::error_code map(std::uint64_t address, const Mapping& memory, int fd) override {
    const DmaMapRequest request{.argsz = sizeof request,
                                .flags = dma_readable | dma_writable,
                                .address = address,
                                .size = memory.size()};
    const auto reply = call(Command::dma_map, bytes_of(request), {}, std::span(&fd, 1));
    return reply ? std::error_code{} : reply.error();
  }

  void unmap(std::uint64_t address, std::size_t size) noexcept override {
    const DmaUnmapRequest request{.argsz = sizeof request, .address = address, .size = size};
    (void)call(Command::dma_unmap, bytes_of(request));
  }

 private:
  // A server that goes away is a card that was pulled; one that talks nonsense or says nothing has
  // failed.
  std::error_code broken(std::error_code error) noexcept {
    const bool gone = error == std::errc::connection_reset || error == std::errc::broken_pipe;
    state_ = gone ? LinkState::removed : LinkState::failed;
    return error;
  }

  // All our memory comes with descriptors, so a server has nothing to ask us for.
  void answer_server() noexcept {
    while (auto message = channel_.next()) {
      if (message->is_reply() || (message->header.flags & flag_no_reply) != 0) continue;
      Header header = message->header;
      header.flags = type_reply | flag_error;
      header.error = ENOTSUP;
      (void)channel_.send(header, {});
    }
  }

  Channel channel_;
  std::uint16_t last_id_ = 0;
  std::atomic<LinkState> state_ = LinkState::up;
};

class VfioUserFunction final : public PciFunction {
 public:
  VfioUserFunction(std::shared_ptr<Connection> connection, InterruptLine interrupt)
      : connection_(std::move(connection)), interrupt_(std::move(interrupt)) {}

  std::error_code start() {
    if (const auto error = negotiate()) return error;
    if (const auto error = find_bars()) return error;
    if (const auto error = connect_interrupt()) return error;
    return enable();
  }

  std::uint32_t read32(unsigned bar, std::uint64_t offset) override {
    if (!usable(bar, offset, 4)) return ~std::uint32_t{0};
    if (bars_[bar].memory) return mmio_read32(bars_[bar].memory, offset);
    std::uint32_t value = 0;
    return read_region(bar, offset, std::as_writable_bytes(std::span(&value, 1)))
               ? ~std::uint32_t{0}
               : value;
  }

  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override {
    if (!usable(bar, offset, 4)) return;
    if (bars_[bar].memory) {
      mmio_write32(bars_[bar].memory, offset, value);
    } else {
      connection_->post(bar, offset, bytes_of(value));
    }
  }

  void write_line(unsigned bar, std::uint64_t offset,
                  std::span<const std::byte, 64> line) override {
    if (!usable(bar, offset, 64)) return;
    if (bars_[bar].memory) {
      mmio_write_line(bars_[bar].memory, offset, line);
    } else {
      connection_->post(bar, offset, line);
    }
  }

  [[nodiscard]] std::uint64_t bar_size(unsigned bar) const noexcept override {
    return bar < bars ? bars_[bar].size : 0;
  }

  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override {
    return DmaLink::allocate(connection_, size, alignment);
  }

  [[nodiscard]] int interrupt_fd() const noexcept override { return interrupt_.descriptor(); }
  void acknowledge_interrupt() noexcept override {
    if (!interrupt_.take()) connection_->look();
  }

  bool progress() override {
    if (++polls_ % polls_a_look == 0) connection_->look();
    return false;
  }
  void wait(std::chrono::microseconds timeout) override {
    if (link_state() != LinkState::up) return;
    interrupt_.wait(timeout);
    connection_->look();
  }
  [[nodiscard]] std::chrono::microseconds now() const noexcept override { return wall_clock(); }
  [[nodiscard]] LinkState link_state() const noexcept override { return connection_->state(); }

 private:
  struct Bar {
    std::uint64_t size = 0;
    Mapping memory;  // if the server offers it
  };

  [[nodiscard]] bool usable(unsigned bar, std::uint64_t offset, std::size_t size) const {
    return link_state() == LinkState::up && inside_bar(bar_size(bar), offset, size);
  }

  std::error_code negotiate() {
    constexpr std::string_view capabilities = R"({"capabilities":{"max_msg_fds":8}})";
    std::array<std::byte, capabilities.size() + 1> text{};
    std::memcpy(text.data(), capabilities.data(), capabilities.size());
    const auto reply = connection_->call(Command::version, bytes_of(Version{}), text);
    if (!reply) {
      return reply.error() == std::errc::timed_out ? posix(std::errc::device_or_resource_busy)
                                                   : reply.error();
    }
    const auto version = reply->head<Version>();
    if (!version || version->major != 0) return posix(std::errc::protocol_error);

    struct [[gnu::packed]] {
      std::uint32_t argsz = 16, flags = 0, regions = 0, irqs = 0;
    } info;
    const auto device = connection_->ask<decltype(info)>(Command::device_get_info, info);
    if (!device) return device.error();
    const bool is_pci = (device->flags & VFIO_DEVICE_FLAGS_PCI) != 0;
    if (!is_pci || device->regions <= VFIO_PCI_CONFIG_REGION_INDEX) {
      return posix(std::errc::protocol_error);
    }
    return {};
  }

  std::error_code find_bars() {
    for (unsigned bar = 0; bar < bars; ++bar) {
      vfio_region_info request{};
      request.argsz = sizeof request;
      request.index = bar;
      auto reply = connection_->call(Command::device_get_region_info, bytes_of(request));
      if (!reply) return reply.error();
      const auto info = reply->head<vfio_region_info>();
      if (!info) return posix(std::errc::protocol_error);
      bars_[bar].size = info->size;
      // Sparse mappings are left aside: messages reach every register.
      const bool whole = (info->flags & VFIO_REGION_INFO_FLAG_MMAP) != 0 &&
                         (info->flags & VFIO_REGION_INFO_FLAG_CAPS) == 0;
      if (whole && info->size != 0 && reply->descriptors.size() == 1) {
        auto memory = Mapping::map(reply->descriptors[0].get(), info->size, info->offset);
        if (memory) bars_[bar].memory = std::move(*memory);
      }
    }
    return {};
  }

  std::error_code connect_interrupt() {
    vfio_irq_info request{};
    request.argsz = sizeof request;
    request.index = VFIO_PCI_MSIX_IRQ_INDEX;
    const auto info = connection_->ask<vfio_irq_info>(Command::device_get_irq_info, request);
    if (!info) return info.error();
    if (const auto error = interrupt_.watch(connection_->descriptor())) return error;
    if (info->count == 0) return {};
    struct {
      std::uint32_t argsz = 20;
      std::uint32_t flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
      std::uint32_t index = VFIO_PCI_MSIX_IRQ_INDEX;
      std::uint32_t start = 0;
      std::uint32_t count = 1;
    } set;
    static_assert(sizeof set == sizeof(vfio_irq_set));
    const int event = interrupt_.event();
    const auto reply =
        connection_->call(Command::device_set_irqs, bytes_of(set), {}, std::span(&event, 1));
    return reply ? std::error_code{} : reply.error();
  }

  std::error_code enable() {
    std::uint16_t command = 0;
    if (const auto error = read_region(VFIO_PCI_CONFIG_REGION_INDEX, pci_config::command,
                                       std::as_writable_bytes(std::span(&command, 1)))) {
      return error;
    }
    command = static_cast<std::uint16_t>(command | pci_config::command_memory |
                                         pci_config::command_bus_master);
    connection_->post(VFIO_PCI_CONFIG_REGION_INDEX, pci_config::command, bytes_of(command));
    return {};
  }

  std::error_code read_region(std::uint32_t region, std::uint64_t offset,
                              std::span<std::byte> data) {
    const RegionAccess access{
        .offset = offset, .region = region, .count = static_cast<std::uint32_t>(data.size())};
    const auto reply = connection_->call(Command::region_read, bytes_of(access));
    if (!reply) return reply.error();
    if (reply->payload.size() != sizeof access + data.size()) {
      return posix(std::errc::protocol_error);
    }
    std::memcpy(data.data(), reply->payload.data() + sizeof access, data.size());
    return {};
  }

  std::shared_ptr<Connection> connection_;
  InterruptLine interrupt_;
  std::array<Bar, bars> bars_;
  unsigned polls_ = 0;
};

}  // namespace

std::expected<std::unique_ptr<PciFunction>, std::error_code> open_vfio_user(std::string_view path) {
  const auto refuse = [&](std::error_code error, const std::string& words) {
    explain_open_failure("vfio-user socket " + std::string(path) + ": " + words);
    return std::unexpected(error);
  };
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    return refuse(posix(path.empty() ? std::errc::invalid_argument : std::errc::filename_too_long),
                  path.empty() ? "no path given" : "the path is too long for a socket");
  }
  std::memcpy(name.sun_path, path.data(), path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return std::unexpected(last_system_error());
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    ::setsockopt(socket.get(), SOL_SOCKET, option, &patience, sizeof patience);
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    const auto error = last_system_error();
    return refuse(error, error == std::errc::no_such_file_or_directory
                             ? "it is not there: is tautline-board running?"
                         : error == std::errc::connection_refused
                             ? "nobody serves it any more: is tautline-board running?"
                             : error.message());
  }
  auto interrupt = InterruptLine::create();
  if (!interrupt) return std::unexpected(interrupt.error());
  auto function = std::make_unique<VfioUserFunction>(
      std::make_shared<Connection>(std::move(socket)), std::move(*interrupt));
  if (const auto error = function->start()) {
    return refuse(error, error == std::errc::device_or_resource_busy
                             ? "the server does not answer: another program has the device"
                             : "the server refuses or speaks something else: " + error.message());
  }
  return function;
}

}  // namespace tautline::detail
