#include "tautline_sim_usb/umockdev_host.hpp"

// clang-format off
#include <linux/ioctl.h>  // before the next one, which uses it
#include <linux/usbdevice_fs.h>
#include <umockdev.h>
// clang-format on

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace tautline::sim {
namespace {

constexpr char kNode[] = "/dev/bus/usb/001/002";
// A node that is no device always looks ready to poll(2), so libusb asks again at once; it is
// answered only after so long, unless something has ended.
constexpr unsigned kPatienceMs = 1;

class Host final : public UmockdevHost {
 public:
  Host(ByteSide& board, const FtConfig& config) : chip_(board, config) {}
  ~Host() override {
    if (base_ != nullptr) g_signal_handler_disconnect(base_, handler_);
    {
      const std::lock_guard lock(mutex_);
      if (timer_ != nullptr) {
        g_source_destroy(timer_);
        g_source_unref(timer_);
      }
      timer_ = nullptr;
    }
    if (testbed_ != nullptr) {
      umockdev_testbed_detach_ioctl(testbed_, kNode, nullptr);
      g_object_unref(testbed_);
    }
    if (base_ != nullptr) g_object_unref(base_);
  }

  Result<void> plug_in() {
    testbed_ = umockdev_testbed_new();
    base_ = umockdev_ioctl_base_new();
    handler_ = g_signal_connect(base_, "handle-ioctl", G_CALLBACK(on_ioctl), this);
    GError* error = nullptr;
    if (!umockdev_testbed_attach_ioctl(testbed_, kNode, base_, &error) ||
        !umockdev_testbed_add_from_string(testbed_, description().c_str(), &error)) {
      std::string text = error != nullptr ? error->message : "umockdev refused";
      g_clear_error(&error);
      return fail(Errc::bad_value, text);
    }
    return {};
  }

  void wake() override {
    const std::lock_guard lock(mutex_);
    // Once in a while is enough: the timer looks again.
    if (context_ == nullptr || woken_) return;
    woken_ = true;
    g_main_context_invoke_full(
        context_, G_PRIORITY_DEFAULT,
        [](gpointer self) -> gboolean {
          auto* host = static_cast<Host*>(self);
          {
            const std::lock_guard inner(host->mutex_);
            host->woken_ = false;
          }
          host->pump();
          return G_SOURCE_REMOVE;
        },
        this, nullptr);
  }

  void unplug() override {
    const std::lock_guard lock(mutex_);
    unplugged_ = true;
  }
  void stall(std::uint8_t endpoint, unsigned count) override {
    const std::lock_guard lock(mutex_);
    stalls_[endpoint] = count;
  }
  void shorten_out(std::size_t bytes) override {
    const std::lock_guard lock(mutex_);
    shorten_ = bytes;
  }
  void break_transfer(std::uint8_t endpoint) override {
    const std::lock_guard lock(mutex_);
    broken_ = endpoint;
  }
  void take_interface() override {
    const std::lock_guard lock(mutex_);
    taken_ = true;
  }
  [[nodiscard]] Counts counts() const override {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  /// A transfer of the host: its URB in the caller's memory, mirrored here.
  struct Transfer {
    UMockdevIoctlData* data = nullptr;
    std::size_t done = 0;  // bytes of an OUT transfer that the chip has taken
    [[nodiscard]] usbdevfs_urb* urb() const { return reinterpret_cast<usbdevfs_urb*>(data->data); }
    [[nodiscard]] std::uint8_t* buffer() const { return static_cast<std::uint8_t*>(urb()->buffer); }
  };

  [[nodiscard]] std::string description() const {
    std::string hex;
    for (const auto& d : {chip_.device_descriptor(), chip_.configuration_descriptor()}) {
      for (const std::uint8_t byte : d) {
        std::array<char, 3> two{};
        std::snprintf(two.data(), two.size(), "%02x", byte);
        hex += two.data();
      }
    }
    return std::string(
               "P: /devices/pci0000:00/usb1/1-1\nN: bus/usb/001/002\nE: SUBSYSTEM=usb\n"
               "E: DRIVER=usb\nE: BUSNUM=001\nE: DEVNUM=002\nE: DEVNAME=") +
           kNode +
           "\nE: DEVTYPE=usb_device\nA: bConfigurationValue=1\\n\nA: busnum=1\\n\n"
           "A: devnum=2\\n\nA: speed=" +
           (chip_.config().full_speed ? "12" : "480") + "\\n\nH: descriptors=" + hex + "\n";
  }

  static gboolean on_ioctl(UMockdevIoctlBase*, UMockdevIoctlClient* client, gpointer self) {
    return static_cast<Host*>(self)->handle(client);
  }

  // In the thread of umockdev, as everything below.
  gboolean handle(UMockdevIoctlClient* client) {
    {
      const std::lock_guard lock(mutex_);
      ++counts_.ioctls;
      if (context_ == nullptr) {
        context_ = g_source_get_context(g_main_current_source());
        timer_ = g_timeout_source_new(kPatienceMs);
        g_source_set_callback(
            timer_,
            [](gpointer host) -> gboolean {
              static_cast<Host*>(host)->pump();
              static_cast<Host*>(host)->answer_reap(true);
              return G_SOURCE_CONTINUE;
            },
            this, nullptr);
        g_source_attach(timer_, context_);
      }
      if (unplugged_) gone_ = true;
    }
    UMockdevIoctlData* const argument = umockdev_ioctl_client_get_arg(client);
    const auto finish = [client](long result, int error) {
      umockdev_ioctl_client_complete(client, result, error);
      return TRUE;
    };
    const gulong request = umockdev_ioctl_client_get_request(client);
    // A device that is gone gives back its transfers and takes nothing more.
    if (gone_ && request != USBDEVFS_REAPURB && request != USBDEVFS_REAPURBNDELAY &&
        request != USBDEVFS_DISCARDURB) {
      return finish(-1, ENODEV);
    }
    switch (request) {
      case USBDEVFS_GET_CAPABILITIES: {
        UMockdevIoctlData* const data = umockdev_ioctl_data_resolve(argument, 0, 4, nullptr);
        const guint32 value = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                              USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_BULK_SCATTER_GATHER;
        std::memcpy(data->data, &value, sizeof value);
        return finish(0, 0);
      }
      case USBDEVFS_CLAIMINTERFACE: {
        const std::lock_guard lock(mutex_);
        return taken_ ? finish(-1, EBUSY) : finish(0, 0);
      }
      case USBDEVFS_CLEAR_HALT:
      case USBDEVFS_RESETEP: {
        UMockdevIoctlData* const data = umockdev_ioctl_data_resolve(argument, 0, 4, nullptr);
        unsigned endpoint = 0;
        std::memcpy(&endpoint, data->data, sizeof endpoint);
        const std::lock_guard lock(mutex_);
        halted_.erase(static_cast<std::uint8_t>(endpoint));
        ++counts_.cleared;
        return finish(0, 0);
      }
      case USBDEVFS_RELEASEINTERFACE:
      case USBDEVFS_RESET:
      case USBDEVFS_SETCONFIGURATION:
        return finish(0, 0);
      case USBDEVFS_IOCTL:
      case USBDEVFS_GETDRIVER:
        return finish(-1, ENODATA);  // no kernel driver is bound
      case USBDEVFS_SUBMITURB:
        submit(argument);
        return finish(0, 0);
      case USBDEVFS_REAPURB:
      case USBDEVFS_REAPURBNDELAY:
        answer_reap(true);  // who asks again has given up the earlier question
        reap_client_ = UMOCKDEV_IOCTL_CLIENT(g_object_ref(client));
        pump();
        answer_reap(false);
        return TRUE;
      case USBDEVFS_DISCARDURB:
        return finish(discard(argument) ? 0 : -1, EINVAL);
      default:
        std::fprintf(stderr, "umockdev: ioctl %#lx is not known here\n", request);
        return FALSE;
    }
  }

  void submit(UMockdevIoctlData* argument) {
    Transfer transfer;
    transfer.data = UMOCKDEV_IOCTL_DATA(
        g_object_ref(umockdev_ioctl_data_resolve(argument, 0, sizeof(usbdevfs_urb), nullptr)));
    usbdevfs_urb* const urb = transfer.urb();
    umockdev_ioctl_data_resolve(transfer.data, G_STRUCT_OFFSET(struct usbdevfs_urb, buffer),
                                static_cast<gsize>(urb->buffer_length), nullptr);
    urb->status = 0;
    urb->actual_length = 0;
    if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
      control(transfer);
      return;
    }
    pending_[urb->endpoint].push_back(transfer);
    pump();
  }

  void control(const Transfer& transfer) {
    const std::uint8_t* const b = transfer.buffer();
    const auto word = [b](int i) { return static_cast<std::uint16_t>(b[i] | b[i + 1] << 8); };
    const UsbSetup setup{b[0], b[1], word(2), word(4), word(6)};
    const auto answer = chip_.control(setup);
    if (!answer) {
      end(transfer, -EPIPE, 0);
      return;
    }
    std::copy(answer->begin(), answer->end(), transfer.buffer() + 8);
    end(transfer, 0, (setup.type & 0x80) != 0 ? answer->size() : setup.length);
  }

  void end(const Transfer& transfer, int status, std::size_t length) {
    transfer.urb()->status = status;
    transfer.urb()->actual_length = static_cast<int>(length);
    done_.push_back(transfer);
  }

  [[nodiscard]] static FtChip::Time now() {
    return std::chrono::duration_cast<FtChip::Time>(
        std::chrono::steady_clock::now().time_since_epoch());
  }

  /// Moves the transfers as far as the chip goes.
  void pump() {
    {
      const std::lock_guard lock(mutex_);
      if (unplugged_) gone_ = true;
    }
    for (auto& [endpoint, queue] : pending_) {
      while (!queue.empty() && step(endpoint, queue.front())) queue.pop_front();
    }
    if (!done_.empty()) answer_reap(false);
  }

  /// True if the transfer has ended.
  bool step(std::uint8_t endpoint, Transfer& transfer) {
    const auto length = static_cast<std::size_t>(transfer.urb()->buffer_length);
    if (gone_) {
      end(transfer, -ESHUTDOWN, transfer.done);
      return true;
    }
    std::size_t limit = length;
    {
      const std::lock_guard lock(mutex_);
      if (halted_.contains(endpoint)) return false;
      if (auto stall = stalls_.find(endpoint); stall != stalls_.end() && stall->second > 0) {
        --stall->second;
        halted_[endpoint] = true;
        end(transfer, -EPIPE, 0);
        return true;
      }
      if (broken_ == endpoint) {
        broken_ = 0;
        end(transfer, -EPROTO, 0);
        return true;
      }
      if ((endpoint & 0x80) == 0 && shorten_ != 0) {
        limit = std::min(shorten_, length);
        shorten_ = 0;
      }
    }
    if ((endpoint & 0x80) == 0) {
      transfer.done +=
          chip_.out(endpoint, {transfer.buffer() + transfer.done, limit - transfer.done});
      if (transfer.done < limit) return false;
      end(transfer, 0, transfer.done);
      const std::lock_guard lock(mutex_);
      ++counts_.out_transfers;
      return true;
    }
    const auto bytes = chip_.in(endpoint, length, now());
    if (!bytes) return false;
    std::copy(bytes->begin(), bytes->end(), transfer.buffer());
    end(transfer, 0, bytes->size());
    const std::lock_guard lock(mutex_);
    ++counts_.in_transfers;
    return true;
  }

  /// Answers the question for a transfer that has ended, if one was asked.
  void answer_reap(bool give_up) {
    if (reap_client_ == nullptr || (done_.empty() && !give_up)) return;
    UMockdevIoctlClient* const client = std::exchange(reap_client_, nullptr);
    if (done_.empty()) {
      umockdev_ioctl_client_complete(client, -1, gone_ ? ENODEV : EAGAIN);
    } else {
      const Transfer transfer = done_.front();
      done_.pop_front();
      UMockdevIoctlData* const place = umockdev_ioctl_data_resolve(
          umockdev_ioctl_client_get_arg(client), 0, sizeof(gpointer), nullptr);
      umockdev_ioctl_data_set_ptr(place, 0, transfer.data);
      umockdev_ioctl_client_complete(client, 0, 0);
      g_object_unref(transfer.data);
    }
    g_object_unref(client);
  }

  bool discard(UMockdevIoctlData* argument) {
    gulong address = 0;
    std::memcpy(&address, argument->data, sizeof address);
    for (auto& [endpoint, queue] : pending_) {
      const auto found = std::ranges::find_if(
          queue, [address](const Transfer& t) { return t.data->client_addr == address; });
      if (found == queue.end()) continue;
      end(*found, -ENOENT, found->done);
      queue.erase(found);
      const std::lock_guard lock(mutex_);
      ++counts_.cancelled;
      return true;
    }
    return false;
  }

  FtChip chip_;
  UMockdevTestbed* testbed_ = nullptr;
  UMockdevIoctlBase* base_ = nullptr;
  gulong handler_ = 0;
  std::map<std::uint8_t, std::deque<Transfer>> pending_;
  std::deque<Transfer> done_;
  UMockdevIoctlClient* reap_client_ = nullptr;
  bool gone_ = false;

  mutable std::mutex mutex_;  // of what follows
  GMainContext* context_ = nullptr;
  GSource* timer_ = nullptr;
  bool woken_ = false, unplugged_ = false, taken_ = false;
  std::map<std::uint8_t, unsigned> stalls_;
  std::map<std::uint8_t, bool> halted_;
  std::size_t shorten_ = 0;
  std::uint8_t broken_ = 0;
  Counts counts_;
};

}  // namespace

Result<std::unique_ptr<UmockdevHost>> UmockdevHost::plug_in(ByteSide& board,
                                                            const FtConfig& config) {
  auto host = std::make_unique<Host>(board, config);
  if (auto plugged = host->plug_in(); !plugged) return std::unexpected(plugged.error());
  return host;
}

int run_child(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  sigset_t signals, before;
  sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  const pid_t child = ::fork();
  if (child < 0) return -1;
  if (child == 0) {
    // It sees nothing without us.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  // What is sent to us is meant for it.
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    int signal = 0;
    if (::sigwait(&signals, &signal) == 0 && signal != SIGCHLD) ::kill(child, signal);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace tautline::sim
