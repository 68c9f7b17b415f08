#include "tautline_sim_usb/usbredir_host.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <usbredirparser.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>

namespace tautline::sim {
namespace {

struct ParserFreer {
  void operator()(usbredirparser* p) const noexcept { usbredirparser_destroy(p); }
};
using Parser = std::unique_ptr<usbredirparser, ParserFreer>;

class Host final : public UsbredirHost {
 public:
  Host(std::string path, ByteSide& board, FtConfig config)
      : path_(std::move(path)), board_(board), config_(std::move(config)) {}
  ~Host() override {
    for (const int fd : {listen_fd_, fd_, wake_fd_}) {
      if (fd >= 0) ::close(fd);
    }
    if (bound_) ::unlink(path_.c_str());
  }

  Result<void> open() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) {
      return fail(Errc::bad_value, "the path of the socket is too long: " + path_);
    }
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    listen_fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wake_fd_ < 0 || listen_fd_ < 0) return fail_errno(errno, "cannot make a socket");
    if (::bind(listen_fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listen_fd_, 1) != 0) {
      return fail_errno(errno, "cannot listen on " + path_);
    }
    bound_ = true;
    return {};
  }

  void wake() override {
    const std::uint64_t one = 1;
    (void)!::write(wake_fd_, &one, sizeof one);
  }

  Result<void> run(int stop) override {
    for (;;) {
      const bool guest = fd_ >= 0;
      if (guest && usbredirparser_has_data_to_write(parser_.get()) != 0 &&
          usbredirparser_do_write(parser_.get()) < 0) {
        hang_up();
        continue;
      }
      std::array<pollfd, 3> fds{{{stop, POLLIN, 0}, {wake_fd_, POLLIN, 0}, {-1, POLLIN, 0}}};
      fds[2].fd = guest ? fd_ : listen_fd_;
      // Short packets wait for the chip's timer.
      const bool waiting =
          std::ranges::any_of(in_, [](const auto& q) { return !q.second.empty(); });
      if (::poll(fds.data(), fds.size(), waiting ? 1 : -1) < 0 && errno != EINTR) {
        return fail_errno(errno, "poll");
      }
      if ((fds[0].revents & POLLIN) != 0) return {};
      if ((fds[1].revents & POLLIN) != 0) {
        std::uint64_t count = 0;
        (void)!::read(wake_fd_, &count, sizeof count);
      }
      if (!guest) {
        if ((fds[2].revents & POLLIN) != 0) answer();
        continue;
      }
      if (fds[2].revents != 0 && usbredirparser_do_read(parser_.get()) != 0) {
        hang_up();
        continue;
      }
      pump();
    }
  }

 private:
  struct In {
    std::uint64_t id;
    usb_redir_bulk_packet_header header;
  };
  struct Out {
    std::uint64_t id;
    usb_redir_bulk_packet_header header;
    std::vector<std::uint8_t> bytes;
    std::size_t done;
  };

  static Host& of(void* self) { return *static_cast<Host*>(self); }

  void answer() {
    fd_ = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd_ < 0) return;
    chip_ = std::make_unique<FtChip>(board_, config_);
    parser_.reset(usbredirparser_create());
    usbredirparser& p = *parser_;
    p.priv = this;
    p.log_func = [](void*, int level, const char* text) {
      if (level <= usbredirparser_warning) std::fprintf(stderr, "usbredir: %s\n", text);
    };
    p.read_func = [](void* self, std::uint8_t* data, int count) -> int {
      const ssize_t n = ::recv(of(self).fd_, data, static_cast<std::size_t>(count), MSG_DONTWAIT);
      if (n > 0) return static_cast<int>(n);
      return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    };
    p.write_func = [](void* self, std::uint8_t* data, int count) -> int {
      const ssize_t n = ::send(of(self).fd_, data, static_cast<std::size_t>(count), MSG_NOSIGNAL);
      return n < 0 ? -1 : static_cast<int>(n);
    };
    p.hello_func = [](void* self, usb_redir_hello_header*) { of(self).introduce(); };
    p.reset_func = [](void*) {};
    p.set_configuration_func = [](void* self, std::uint64_t id,
                                  usb_redir_set_configuration_header* h) {
      usb_redir_configuration_status_header status{usb_redir_success, h->configuration};
      usbredirparser_send_configuration_status(of(self).parser_.get(), id, &status);
    };
    p.get_configuration_func = [](void* self, std::uint64_t id) {
      usb_redir_configuration_status_header status{usb_redir_success, 1};
      usbredirparser_send_configuration_status(of(self).parser_.get(), id, &status);
    };
    p.set_alt_setting_func = [](void* self, std::uint64_t id, usb_redir_set_alt_setting_header* h) {
      usb_redir_alt_setting_status_header status{usb_redir_success, h->interface, h->alt};
      usbredirparser_send_alt_setting_status(of(self).parser_.get(), id, &status);
    };
    p.get_alt_setting_func = [](void* self, std::uint64_t id, usb_redir_get_alt_setting_header* h) {
      usb_redir_alt_setting_status_header status{usb_redir_success, h->interface, 0};
      usbredirparser_send_alt_setting_status(of(self).parser_.get(), id, &status);
    };
    p.cancel_data_packet_func = [](void* self, std::uint64_t id) { of(self).cancel(id); };
    p.filter_reject_func = [](void*) { std::fprintf(stderr, "usbredir: the guest refused\n"); };
    p.filter_filter_func = [](void*, usbredirfilter_rule* rules, int) { std::free(rules); };
    p.device_disconnect_ack_func = [](void*) {};
    p.control_packet_func = [](void* self, std::uint64_t id, usb_redir_control_packet_header* h,
                               std::uint8_t* data, int) {
      of(self).control(id, *h);
      if (data != nullptr) usbredirparser_free_packet_data(of(self).parser_.get(), data);
    };
    p.bulk_packet_func = [](void* self, std::uint64_t id, usb_redir_bulk_packet_header* h,
                            std::uint8_t* data, int count) {
      of(self).bulk(id, *h, {data, static_cast<std::size_t>(count)});
      if (data != nullptr) usbredirparser_free_packet_data(of(self).parser_.get(), data);
    };
    std::array<std::uint32_t, USB_REDIR_CAPS_SIZE> caps{};
    for (const int cap : {usb_redir_cap_connect_device_version,
                          usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids,
                          usb_redir_cap_32bits_bulk_length, usb_redir_cap_device_disconnect_ack}) {
      usbredirparser_caps_set_cap(caps.data(), cap);
    }
    usbredirparser_init(&p, "tautline-usb-board", caps.data(), USB_REDIR_CAPS_SIZE,
                        usbredirparser_fl_usb_host);
  }

  void hang_up() {
    parser_.reset();
    chip_.reset();
    in_.clear();
    out_.clear();
    ::close(fd_);
    fd_ = -1;
  }

  void introduce() {
    usb_redir_interface_info_header interfaces{};
    interfaces.interface_count = 2;
    for (std::size_t i = 0; i < 2; ++i) {
      interfaces.interface[i] = static_cast<std::uint8_t>(i);
      interfaces.interface_class[i] = interfaces.interface_subclass[i] =
          interfaces.interface_protocol[i] = 255;
    }
    usbredirparser_send_interface_info(parser_.get(), &interfaces);
    usb_redir_ep_info_header endpoints{};
    // OUT endpoints first, then IN.
    std::fill(std::begin(endpoints.type), std::end(endpoints.type), usb_redir_type_invalid);
    endpoints.type[0] = endpoints.type[16] = usb_redir_type_control;
    endpoints.max_packet_size[0] = endpoints.max_packet_size[16] = 64;
    for (const std::size_t e : {std::size_t{2}, std::size_t{4}, std::size_t{17}, std::size_t{19}}) {
      endpoints.type[e] = usb_redir_type_bulk;
      endpoints.max_packet_size[e] = static_cast<std::uint16_t>(chip_->packet_bytes());
      endpoints.interface[e] = e == 4 || e == 19 ? 1 : 0;
    }
    usbredirparser_send_ep_info(parser_.get(), &endpoints);
    usb_redir_device_connect_header device{};
    device.speed = config_.full_speed ? usb_redir_speed_full : usb_redir_speed_high;
    device.vendor_id = config_.vid;
    device.product_id = config_.pid;
    device.device_version_bcd = 0x0700;
    usbredirparser_send_device_connect(parser_.get(), &device);
  }

  void control(std::uint64_t id, usb_redir_control_packet_header header) {
    const bool in = (header.endpoint & 0x80) != 0;
    const auto answer = chip_->control(
        {header.requesttype, header.request, header.value, header.index, header.length});
    header.status = answer ? usb_redir_success : usb_redir_stall;
    if (!answer) header.length = 0;
    std::vector<std::uint8_t> bytes = answer.value_or(std::vector<std::uint8_t>{});
    if (in && answer) header.length = static_cast<std::uint16_t>(bytes.size());
    usbredirparser_send_control_packet(parser_.get(), id, &header,
                                       in && !bytes.empty() ? bytes.data() : nullptr,
                                       in ? static_cast<int>(bytes.size()) : 0);
  }

  void bulk(std::uint64_t id, const usb_redir_bulk_packet_header& header,
            std::span<const std::uint8_t> bytes) {
    if ((header.endpoint & 0x80) != 0) {
      in_[header.endpoint].push_back({id, header});
    } else {
      out_[header.endpoint].push_back({id, header, {bytes.begin(), bytes.end()}, 0});
    }
    pump();
  }

  static void set_length(usb_redir_bulk_packet_header& header, std::size_t n) {
    header.length = static_cast<std::uint16_t>(n);
    header.length_high = static_cast<std::uint16_t>(n >> 16);
  }

  void pump() {
    for (auto& [endpoint, queue] : out_) {
      while (!queue.empty()) {
        Out& out = queue.front();
        out.done += chip_->out(endpoint, std::span(out.bytes).subspan(out.done));
        if (out.done < out.bytes.size()) break;
        out.header.status = usb_redir_success;
        set_length(out.header, out.done);
        usbredirparser_send_bulk_packet(parser_.get(), out.id, &out.header, nullptr, 0);
        queue.pop_front();
      }
    }
    const auto now = std::chrono::duration_cast<FtChip::Time>(
        std::chrono::steady_clock::now().time_since_epoch());
    for (auto& [endpoint, queue] : in_) {
      while (!queue.empty()) {
        In& in = queue.front();
        const std::size_t room = in.header.length | std::size_t{in.header.length_high} << 16;
        auto bytes = chip_->in(endpoint, room, now);
        if (!bytes) break;
        in.header.status = usb_redir_success;
        set_length(in.header, bytes->size());
        usbredirparser_send_bulk_packet(parser_.get(), in.id, &in.header, bytes->data(),
                                        static_cast<int>(bytes->size()));
        queue.pop_front();
      }
    }
  }

  void cancel(std::uint64_t id) {
    const auto drop = [&](auto& queues) {
      for (auto& [endpoint, queue] : queues) {
        for (auto i = queue.begin(); i != queue.end(); ++i) {
          if (i->id != id) continue;
          auto header = i->header;
          header.status = usb_redir_cancelled;
          set_length(header, 0);
          usbredirparser_send_bulk_packet(parser_.get(), id, &header, nullptr, 0);
          queue.erase(i);
          return;
        }
      }
    };
    drop(in_);
    drop(out_);
  }

  std::string path_;
  ByteSide& board_;
  FtConfig config_;
  std::unique_ptr<FtChip> chip_;
  Parser parser_;
  int listen_fd_ = -1, fd_ = -1, wake_fd_ = -1;
  bool bound_ = false;
  std::map<std::uint8_t, std::deque<In>> in_;
  std::map<std::uint8_t, std::deque<Out>> out_;
};

}  // namespace

Result<std::unique_ptr<UsbredirHost>> UsbredirHost::listen(const std::string& path, ByteSide& board,
                                                           const FtConfig& config) {
  auto host = std::make_unique<Host>(path, board, config);
  if (auto opened = host->open(); !opened) return std::unexpected(opened.error());
  return host;
}

}  // namespace tautline::sim
