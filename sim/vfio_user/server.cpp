#include "server.hpp"

#include <linux/vfio.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "vfio_dma.hpp"
#include "vfio_user_channel.hpp"

namespace tautline::board {

using namespace vfio_user;
using detail::Descriptor;

namespace {

// A client that neither reads its answers nor answers our questions for so long is dropped.
constexpr timeval send_patience{2, 0};
constexpr std::chrono::milliseconds remote_patience{1000};

constexpr std::string_view our_capabilities =
    R"({"capabilities":{"max_msg_fds":8,"max_data_xfer_size":1048576,)"
    R"("pgsizes":4096,"max_dma_maps":65535}})";
static_assert(max_descriptors == 8 && max_transfer == 1048576);

struct [[gnu::packed]] DeviceInfo {
  std::uint32_t argsz, flags, regions, irqs;
};

}  // namespace

/// One client. The server's thread handles its requests. When the board's thread reaches for memory
/// that came without a descriptor it asks the client and reads the socket itself until the answer
/// is there: the server's thread may be waiting for the board.
class Session final : public RemoteMemory {
 public:
  Session(Descriptor socket, int kick, Device& device)
      : channel_(std::move(socket)), kick_(kick), device_(device) {}

  [[nodiscard]] int descriptor() const { return channel_.descriptor(); }

  /// Takes in and handles what the client has sent. Not an error: it goes on.
  std::error_code serve() {
    std::error_code error;
    {
      const std::lock_guard lock(receiving_);
      error = channel_.receive();
    }
    if (error == std::errc::resource_unavailable_try_again) error = {};
    for (;;) {
      std::optional<Message> message;
      {
        const std::lock_guard lock(receiving_);
        message = channel_.next();
      }
      if (!message) return error;
      if (const auto broken = handle(*message)) return broken;
    }
  }

  void end() {
    ended_ = true;
    channel_.shut_down();
  }

  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  // The board's thread.
  bool read(std::uint64_t address, std::span<std::byte> data) override {
    const DmaAccess access{.address = address, .count = data.size()};
    const auto reply = ask(Command::dma_read, access, {});
    if (!reply || reply->payload.size() != sizeof access + data.size()) return false;
    std::ranges::copy(reply->after<DmaAccess>(), data.begin());
    return true;
  }
  bool write(std::uint64_t address, std::span<const std::byte> data) override {
    const DmaAccess access{.address = address, .count = data.size()};
    return ask(Command::dma_write, access, data).has_value();
  }

 private:
  std::optional<Message> ask(Command command, const DmaAccess& access,
                             std::span<const std::byte> data) {
    if (ended_) return std::nullopt;
    const std::lock_guard lock(receiving_);
    const std::uint16_t id = ++last_id_;
    bool failed = static_cast<bool>(send({.id = id, .command = command}, bytes_of(access), data));
    const auto deadline = std::chrono::steady_clock::now() + remote_patience;
    std::optional<Message> reply;
    while (!failed && !(reply = channel_.take_reply(id))) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      pollfd fd{channel_.descriptor(), POLLIN, 0};
      failed = left.count() <= 0 || ::poll(&fd, 1, static_cast<int>(left.count())) <= 0 ||
               static_cast<bool>(channel_.receive());
    }
    if (channel_.has_messages()) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t n = ::write(kick_, &one, sizeof one);
    }
    // One that did not answer is not asked again, or every burst would wait.
    if (failed) end();
    if (!reply || (reply->header.flags & flag_error) != 0) return std::nullopt;
    return reply;
  }

  std::error_code send(const Header& header, std::span<const std::byte> head,
                       std::span<const std::byte> data = {}) {
    const std::lock_guard lock(sending_);
    return channel_.send(header, head, data);
  }

  std::error_code answer(const Message& message, std::span<const std::byte> head = {},
                         std::span<const std::byte> data = {}) {
    if ((message.header.flags & flag_no_reply) != 0) return {};
    return send({.id = message.header.id, .command = message.header.command, .flags = type_reply},
                head, data);
  }

  std::error_code refuse(const Message& message, int error) {
    ++refused_;
    if ((message.header.flags & flag_no_reply) != 0) return {};
    return send({.id = message.header.id,
                 .command = message.header.command,
                 .flags = type_reply | flag_error,
                 .error = static_cast<std::uint32_t>(error)},
                {});
  }

  std::error_code done(const Message& message, std::error_code error,
                       std::span<const std::byte> head = {}) {
    return error ? refuse(message, error.value()) : answer(message, head);
  }

  std::error_code handle(Message& message) {
    if (message.is_reply()) {  // late, or nobody asked
      ++refused_;
      return {};
    }
    if ((message.header.flags & type_mask) != type_command) return refuse(message, EINVAL);
    if (!negotiated_ && message.header.command != Command::version) return refuse(message, EINVAL);
    switch (message.header.command) {
      case Command::version:
        return version(message);
      case Command::dma_map:
        return dma_map(message);
      case Command::dma_unmap:
        return dma_unmap(message);
      case Command::device_get_info: {
        const DeviceInfo info{sizeof info, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
                              Device::regions, VFIO_PCI_NUM_IRQS};
        return answer(message, bytes_of(info));
      }
      case Command::device_get_region_info:
        return region_info(message);
      case Command::device_get_irq_info:
        return irq_info(message);
      case Command::device_set_irqs:
        return set_irqs(message);
      case Command::region_read:
        return region_read(message);
      case Command::region_write:
        return region_write(message);
      case Command::device_reset:
        return done(message, device_.reset() ? std::error_code{}
                                             : std::make_error_code(std::errc::io_error));
      default:
        return refuse(message, ENOTSUP);
    }
  }

  std::error_code version(const Message& message) {
    const auto proposed = message.head<Version>();
    if (!proposed || proposed->major != 0) return refuse(message, EINVAL);
    negotiated_ = true;
    std::array<std::byte, our_capabilities.size() + 1> text{};
    std::memcpy(text.data(), our_capabilities.data(), our_capabilities.size());
    // The client's minor version: nothing here depends on a later one.
    return answer(message, bytes_of(*proposed), text);
  }

  std::error_code dma_map(Message& message) {
    const auto request = message.head<DmaMapRequest>();
    if (!request || message.descriptors.size() > 1) return refuse(message, EINVAL);
    const Descriptor file =
        message.descriptors.empty() ? Descriptor{} : std::move(message.descriptors[0]);
    return done(message, device_.dma().map(request->address, request->size, request->flags, file,
                                           request->offset));
  }

  std::error_code dma_unmap(const Message& message) {
    const auto request = message.head<DmaUnmapRequest>();
    if (!request || (request->flags & ~unmap_all) != 0) return refuse(message, EINVAL);
    if ((request->flags & unmap_all) != 0) {
      const auto everything = device_.dma().unmap(0, ~std::uint64_t{0});
      return done(message, everything, bytes_of(*request));
    }
    return done(message, device_.dma().unmap(request->address, request->size), bytes_of(*request));
  }

  std::error_code region_info(const Message& message) {
    auto info = message.head<vfio_region_info>();
    if (!info || info->index >= Device::regions) return refuse(message, EINVAL);
    info->argsz = sizeof *info;
    info->size = device_.region_size(info->index);
    info->flags = info->size == 0 ? 0 : VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
    info->cap_offset = 0;
    info->offset = 0;
    return answer(message, bytes_of(*info));
  }

  std::error_code irq_info(const Message& message) {
    auto info = message.head<vfio_irq_info>();
    if (!info || info->index >= VFIO_PCI_NUM_IRQS) return refuse(message, EINVAL);
    info->argsz = sizeof *info;
    const bool msix = info->index == VFIO_PCI_MSIX_IRQ_INDEX;
    info->count = msix ? ConfigSpace::msix_vectors : 0;
    info->flags = msix ? VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE : 0;
    return answer(message, bytes_of(*info));
  }

  // As the kernel's VFIO_DEVICE_SET_IRQS.
  std::error_code set_irqs(Message& message) {
    // The structure ends in an array without size, so its head is copied by hand.
    vfio_irq_set set{};
    if (message.payload.size() < sizeof set) return refuse(message, EINVAL);
    std::memcpy(&set, message.payload.data(), sizeof set);
    const bool msix = set.index == VFIO_PCI_MSIX_IRQ_INDEX;
    const std::uint64_t end = std::uint64_t{set.start} + set.count;
    if (set.index >= VFIO_PCI_NUM_IRQS || end > (msix ? ConfigSpace::msix_vectors : 0)) {
      return refuse(message, EINVAL);
    }
    const std::uint32_t data = set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
    const std::uint32_t action = set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
    // Which of the (at most one) vectors are meant.
    bool on = set.count == 1;
    if (data == VFIO_IRQ_SET_DATA_BOOL && on) {
      if (message.payload.size() < sizeof set + 1) return refuse(message, EINVAL);
      on = message.payload[sizeof set] != std::byte{};
    }
    if (action == VFIO_IRQ_SET_ACTION_TRIGGER && data == VFIO_IRQ_SET_DATA_EVENTFD) {
      if (message.descriptors.size() > set.count) return refuse(message, EINVAL);
      if (on) {
        device_.set_interrupt(message.descriptors.empty() ? Descriptor{}
                                                          : std::move(message.descriptors[0]));
      }
    } else if (action == VFIO_IRQ_SET_ACTION_TRIGGER && set.count == 0) {
      device_.set_interrupt({});
    } else if (action == VFIO_IRQ_SET_ACTION_TRIGGER) {
      if (on) device_.trigger();
    } else if (data != VFIO_IRQ_SET_DATA_EVENTFD &&
               (action == VFIO_IRQ_SET_ACTION_MASK || action == VFIO_IRQ_SET_ACTION_UNMASK)) {
      if (on) device_.set_interrupt_masked(action == VFIO_IRQ_SET_ACTION_MASK);
    } else {
      return refuse(message, EINVAL);
    }
    return answer(message);
  }

  std::error_code region_read(const Message& message) {
    const auto access = message.head<RegionAccess>();
    if (!access || access->count > Device::max_access) return refuse(message, EINVAL);
    std::array<std::byte, Device::max_access> data;
    const auto part = std::span(data).first(access->count);
    if (const auto error = device_.read(access->region, access->offset, part)) {
      return refuse(message, error.value());
    }
    return answer(message, bytes_of(*access), part);
  }

  std::error_code region_write(const Message& message) {
    const auto access = message.head<RegionAccess>();
    if (!access || access->count != message.after<RegionAccess>().size()) {
      return refuse(message, EINVAL);
    }
    return done(message,
                device_.write(access->region, access->offset, message.after<RegionAccess>()),
                bytes_of(*access));
  }

  Channel channel_;
  std::mutex receiving_;  // of the channel's incoming side
  std::mutex sending_;    // of its outgoing side
  const int kick_;
  Device& device_;
  bool negotiated_ = false;
  std::uint16_t last_id_ = 0;
  std::atomic<bool> ended_ = false;
  std::uint64_t refused_ = 0;
};

sim::Result<std::unique_ptr<Server>> Server::create(const std::string& path, Device& device) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  // The socket gets its name when it is served, so whoever waits for the name may connect.
  const std::string unnamed = path + "~";
  if (path.empty() || unnamed.size() >= sizeof name.sun_path) {
    return sim::fail(sim::Errc::bad_value, "'" + path + "' is no path for a socket");
  }
  std::memcpy(name.sun_path, path.data(), path.size());
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return sim::fail_errno(errno, "cannot make a socket");
  // A socket at which nobody answers was left by a server that died.
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return sim::fail_errno(EEXIST, "there is a file at " + path);
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) {
      return sim::fail_errno(EADDRINUSE, "another server is at " + path);
    }
  }
  ::unlink(unnamed.c_str());
  std::memcpy(name.sun_path, unnamed.data(), unnamed.size());
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(listener.get(), 8) != 0 || ::rename(unnamed.c_str(), path.c_str()) != 0) {
    return sim::fail_errno(errno, "cannot serve at " + path);
  }
  auto kick = detail::make_event();
  if (!kick) return sim::fail_errno(kick.error().value(), "cannot make an eventfd");
  return std::unique_ptr<Server>(new Server(path, std::move(listener), std::move(*kick), device));
}

Server::Server(std::string path, Descriptor listener, Descriptor kick, Device& device)
    : path_(std::move(path)),
      listener_(std::move(listener)),
      kick_(std::move(kick)),
      device_(device) {}

Server::~Server() {
  if (session_ != nullptr) leave("the board ends");
  ::unlink(path_.c_str());
}

bool Server::run(int stop) {
  for (;;) {
    // A client that comes while another is served waits in the listener's queue.
    const int peer = session_ != nullptr ? session_->descriptor() : listener_.get();
    std::array<pollfd, 4> fds{{{stop, POLLIN, 0},
                               {peer, POLLIN, 0},
                               {device_.interrupt_fd(), POLLIN, 0},
                               {kick_.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return false;
    if (fds[0].revents != 0) return true;
    if (fds[2].revents != 0) device_.interrupt();
    if (fds[3].revents != 0) detail::take_event(kick_.get());
    if (session_ == nullptr) {
      if (fds[1].revents != 0) accept();
    } else if (fds[1].revents != 0 || fds[3].revents != 0) {
      if (const auto error = session_->serve()) {
        if (error != std::errc::connection_reset) ++refused_;
        leave(error == std::errc::connection_reset ? "it closed its socket" : error.message());
      }
    }
    report_faults();
    for (const std::string& violation : device_.board().violations()) {
      spdlog::error("the board has failed: {}", violation);
      return false;
    }
  }
}

void Server::accept() {
  Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) return;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &send_patience, sizeof send_patience);
  ++clients_;
  session_ = std::make_shared<Session>(std::move(socket), kick_.get(), device_);
  device_.dma().set_remote(session_);
  spdlog::info("client {} has come", clients_);
}

void Server::leave(const std::string& why) {
  refused_ += session_->refused();
  session_->end();
  device_.detach();
  session_ = nullptr;
  spdlog::info("client {} has gone: {}", clients_, why);
}

std::uint64_t Server::refused() const {
  return refused_ + (session_ != nullptr ? session_->refused() : 0);
}

// The first of each burst of faults, with their number: a device that runs wild makes many.
void Server::report_faults() {
  const DmaMap::Faults faults = device_.dma().faults();
  if (faults.count == faults_told_) return;
  spdlog::warn("{} DMA {} refused, the last at {:#x}", faults.count - faults_told_,
               faults.last_was_write ? "writes" : "reads", faults.last_address);
  faults_told_ = faults.count;
}

}  // namespace tautline::board
