#include "ftdi_stream.hpp"

#include <libusb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tautline_usb/error.hpp"

namespace tautline::usb {
namespace {

// Requests of the chip (FTDI publishes none; as libftdi and the kernel's ftdi_sio have them).
constexpr std::uint8_t kOutVendor = 0x40;
enum Request : std::uint8_t {
  kReset = 0x00,
  kSetFlow = 0x02,
  kSetBaud = 0x03,
  kSetData = 0x04,
  kSetLatency = 0x09,
  kSetBitMode = 0x0B
};
constexpr std::uint16_t kPurgeRx = 1, kPurgeTx = 2;
constexpr std::uint16_t k8N1 = 0x0008;
constexpr std::uint16_t kModeReset = 0x0000, kModeSyncFifo = 0x40FF;
constexpr std::uint16_t kFlowRtsCts = 0x0100;
// A short packet waits so long for more bytes: the least that the chip takes.
constexpr std::uint16_t kLatencyMs = 1;
constexpr unsigned kControlMs = 2'000;

// The first two bytes of every packet from the chip are its modem and line status.
constexpr int kStatusBytes = 2;

constexpr std::size_t kInTransfers = 4, kInBytes = 16'384;
constexpr std::size_t kOutTransfers = 8, kOutBytes = 4'096;
// More than the board may send without credit, with the heads of the shortest frames.
constexpr std::size_t kRing = 131'072;
// A pipe that stalls again at once is broken.
constexpr unsigned kStallsInARow = 8;

std::error_code from_libusb(int error) {
  switch (error) {
    case LIBUSB_ERROR_ACCESS:
      return Errc::permission;
    case LIBUSB_ERROR_BUSY:
      return Errc::busy;
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
      return Errc::no_device;
    case LIBUSB_ERROR_NO_MEM:
      return std::make_error_code(std::errc::not_enough_memory);
    default:
      return Errc::transfer;
  }
}

struct ContextCloser {
  void operator()(libusb_context* c) const noexcept { ::libusb_exit(c); }
};
struct HandleCloser {
  void operator()(libusb_device_handle* h) const noexcept { ::libusb_close(h); }
};
struct TransferFreer {
  void operator()(libusb_transfer* t) const noexcept { ::libusb_free_transfer(t); }
};
using Context = std::unique_ptr<libusb_context, ContextCloser>;
using Handle = std::unique_ptr<libusb_device_handle, HandleCloser>;
using Transfer = std::unique_ptr<libusb_transfer, TransferFreer>;

class FtdiStream final : public ByteStream {
 public:
  explicit FtdiStream(Context context) : context_(std::move(context)) {}
  ~FtdiStream() override {
    if (thread_.joinable()) {
      stop_ = true;
      {
        const std::lock_guard lock(mutex_);
        for (const auto& p : pipes_) {
          if (p.flying) ::libusb_cancel_transfer(p.transfer.get());
        }
      }
      ::libusb_interrupt_event_handler(context_.get());
      thread_.join();
    }
    if (claimed_ >= 0) ::libusb_release_interface(handle_.get(), claimed_);
    if (event_fd_ >= 0) ::close(event_fd_);
  }

  std::error_code open(const UsbAddress& address) {
    if (auto error = find(address)) return error;
    if (auto error = claim(address)) return error;
    if (auto error = set_up(address)) return error;
    event_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event_fd_ < 0) return {errno, std::generic_category()};
    return start();
  }

  // ------------------------------------------------------------------------------- ByteStream
  std::size_t send(std::span<const std::byte> bytes) override {
    std::size_t sent = 0;
    const std::lock_guard lock(mutex_);
    if (out_held_) return 0;
    for (std::size_t i = kInTransfers; i < pipes_.size() && sent < bytes.size(); ++i) {
      Pipe& pipe = pipes_[i];
      if (pipe.busy() || state_ != LinkState::up) continue;
      const std::size_t n = std::min(bytes.size() - sent, kOutBytes);
      std::memcpy(pipe.buffer.data(), bytes.data() + sent, n);
      pipe.transfer->buffer = pipe.buffer.data();
      pipe.transfer->length = static_cast<int>(n);
      pipe.order = next_order_++;
      if (!submit(pipe)) break;
      sent += n;
    }
    return sent;
  }

  std::size_t receive(std::span<std::byte> room) override {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    const std::size_t n = std::min(room.size(), tail_.load(std::memory_order_acquire) - head);
    for (std::size_t done = 0; done < n;) {
      const std::size_t at = (head + done) % kRing;
      const std::size_t part = std::min(n - done, kRing - at);
      std::memcpy(room.data() + done, ring_.data() + at, part);
      done += part;
    }
    head_.store(head + n, std::memory_order_release);
    return n;
  }

  bool progress() override { return false; }
  void wait(std::chrono::microseconds timeout) override {
    if (timeout.count() <= 0 || state_ != LinkState::up) return;
    pollfd fd{event_fd_, POLLIN, 0};
    const timespec limit{timeout.count() / 1'000'000, timeout.count() % 1'000'000 * 1000};
    ::ppoll(&fd, 1, &limit, nullptr);
    acknowledge();
  }
  [[nodiscard]] std::chrono::microseconds now() const noexcept override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
  [[nodiscard]] int fd() const noexcept override { return event_fd_; }
  void acknowledge() noexcept override {
    std::uint64_t count = 0;
    (void)!::read(event_fd_, &count, sizeof count);
  }
  [[nodiscard]] LinkState state() const noexcept override { return state_; }

 private:
  /// One transfer and its buffer: first those that read, then those that write.
  struct Pipe {
    FtdiStream* owner = nullptr;
    Transfer transfer;
    std::vector<unsigned char> buffer;
    bool in = false;
    bool flying = false;      // submitted
    bool again = false;       // to be submitted once more
    std::uint64_t order = 0;  // of those that write
    [[nodiscard]] bool busy() const noexcept { return flying || again; }
  };

  // ------------------------------------------------------------------------------- opening
  std::error_code find(const UsbAddress& address) {
    libusb_device** list = nullptr;
    const ssize_t count = ::libusb_get_device_list(context_.get(), &list);
    if (count < 0) return from_libusb(static_cast<int>(count));
    std::error_code failed = Errc::no_device;
    unsigned found = 0;
    for (ssize_t i = 0; i < count; ++i) {
      libusb_device_descriptor descriptor{};
      if (::libusb_get_device_descriptor(list[i], &descriptor) != 0 ||
          descriptor.idVendor != address.vid || descriptor.idProduct != address.pid) {
        continue;
      }
      libusb_device_handle* raw = nullptr;
      if (const int error = ::libusb_open(list[i], &raw); error != 0) {
        failed = from_libusb(error);
        continue;
      }
      Handle handle(raw);
      if (!address.serial.empty() && serial_of(raw, descriptor.iSerialNumber) != address.serial) {
        continue;
      }
      ++found;
      handle_ = std::move(handle);
    }
    ::libusb_free_device_list(list, 1);
    if (found > 1) return Errc::several;
    return found == 1 ? std::error_code{} : failed;
  }

  static std::string serial_of(libusb_device_handle* handle, std::uint8_t index) {
    std::array<unsigned char, 128> text{};
    const int n = ::libusb_get_string_descriptor_ascii(handle, index, text.data(),
                                                       static_cast<int>(text.size()));
    return n > 0 ? std::string(text.begin(), text.begin() + n) : std::string{};
  }

  std::error_code claim(const UsbAddress& address) {
    libusb_config_descriptor* config = nullptr;
    if (const int error =
            ::libusb_get_active_config_descriptor(::libusb_get_device(handle_.get()), &config);
        error != 0) {
      return from_libusb(error);
    }
    const int number = default_interface(address, config->bNumInterfaces);
    if (number < config->bNumInterfaces && config->interface[number].num_altsetting > 0) {
      const libusb_interface_descriptor& alt = config->interface[number].altsetting[0];
      for (int i = 0; i < alt.bNumEndpoints; ++i) {
        const libusb_endpoint_descriptor& endpoint = alt.endpoint[i];
        if ((endpoint.bmAttributes & 3) != LIBUSB_TRANSFER_TYPE_BULK) continue;
        if ((endpoint.bEndpointAddress & LIBUSB_ENDPOINT_IN) != 0) {
          in_ = endpoint.bEndpointAddress;
          packet_ = endpoint.wMaxPacketSize;
        } else {
          out_ = endpoint.bEndpointAddress;
        }
      }
    }
    ::libusb_free_config_descriptor(config);
    if (in_ == 0 || out_ == 0 || packet_ <= kStatusBytes ||
        kInBytes % static_cast<std::size_t>(packet_) != 0) {
      return Errc::wrong_board;
    }
    // The kernel's serial driver comes back when the interface is released.
    (void)::libusb_set_auto_detach_kernel_driver(handle_.get(), 1);
    if (const int error = ::libusb_claim_interface(handle_.get(), number); error != 0) {
      return from_libusb(error);
    }
    claimed_ = number;
    return {};
  }

  std::error_code control(Request request, std::uint16_t value, std::uint16_t index = 0) {
    // The chip numbers its ports from 1.
    const auto port = static_cast<std::uint16_t>(index | (claimed_ + 1));
    const int n = ::libusb_control_transfer(handle_.get(), kOutVendor, request, value, port,
                                            nullptr, 0, kControlMs);
    return n < 0 ? from_libusb(n) : std::error_code{};
  }

  std::error_code set_up(const UsbAddress& address) {
    const auto rate = baud_code(address.baud);
    if (!rate) return rate.error();
    std::error_code error;
    const auto step = [&](Request request, std::uint16_t value, std::uint16_t index = 0) {
      if (!error) error = control(request, value, index);
    };
    step(kReset, 0);
    step(kSetBitMode, kModeReset);
    step(kSetLatency, kLatencyMs);
    if (address.fifo) {
      step(kSetBitMode, kModeSyncFifo);
      step(kSetFlow, 0, kFlowRtsCts);
    } else {
      step(kSetBaud, rate->value, rate->index);
      step(kSetData, k8N1);
      step(kSetFlow, 0);
    }
    step(kReset, kPurgeRx);
    step(kReset, kPurgeTx);
    return error;
  }

  std::error_code start() {
    pipes_.resize(kInTransfers + kOutTransfers);
    for (std::size_t i = 0; i < pipes_.size(); ++i) {
      Pipe& pipe = pipes_[i];
      const bool in = i < kInTransfers;
      pipe.owner = this;
      pipe.in = in;
      pipe.transfer.reset(::libusb_alloc_transfer(0));
      if (!pipe.transfer) return std::make_error_code(std::errc::not_enough_memory);
      pipe.buffer.resize(in ? kInBytes : kOutBytes);
      ::libusb_fill_bulk_transfer(pipe.transfer.get(), handle_.get(), in ? in_ : out_,
                                  pipe.buffer.data(), static_cast<int>(pipe.buffer.size()), ended,
                                  &pipe, 0);
    }
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < kInTransfers; ++i) submit(pipes_[i]);
    }
    thread_ = std::thread([this] { run(); });
    return state_ == LinkState::up ? std::error_code{} : make_error_code(Errc::transfer);
  }

  // ------------------------------------------------------------------------------- transfers
  // With `mutex_` held.
  bool submit(Pipe& pipe) {
    const int error = ::libusb_submit_transfer(pipe.transfer.get());
    pipe.flying = error == 0;
    pipe.again = false;
    if (error != 0) give_up(error == LIBUSB_ERROR_NO_DEVICE);
    return pipe.flying;
  }

  void give_up(bool removed) noexcept {
    LinkState up = LinkState::up;
    state_.compare_exchange_strong(up, removed ? LinkState::removed : LinkState::failed);
    wake();
  }
  void wake() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(event_fd_, &one, sizeof one);
  }

  static void LIBUSB_CALL ended(libusb_transfer* transfer) {
    auto* const pipe = static_cast<Pipe*>(transfer->user_data);
    pipe->owner->ended(*pipe);
  }

  // In the thread of run().
  void ended(Pipe& pipe) {
    const libusb_transfer& transfer = *pipe.transfer;
    const std::lock_guard lock(mutex_);
    pipe.flying = false;
    if (pipe.in) take(transfer);
    switch (transfer.status) {
      case LIBUSB_TRANSFER_COMPLETED:
        (pipe.in ? in_stalls_ : out_stalls_) = 0;
        if (stop_ || state_ != LinkState::up) return;
        if (pipe.in) {
          submit(pipe);
        } else if (transfer.actual_length < transfer.length) {
          hold(pipe);
        } else {
          wake();  // there is room
        }
        return;
      case LIBUSB_TRANSFER_STALL:
        // run() clears it: libusb's own wait is not allowed in here.
        (pipe.in ? in_halted_ : out_halted_) = true;
        if (pipe.in) {
          pipe.again = !stop_;
        } else {
          hold(pipe);
        }
        return;
      case LIBUSB_TRANSFER_CANCELLED:
        if (!pipe.in && out_held_) hold(pipe);
        return;
      default:
        give_up(transfer.status == LIBUSB_TRANSFER_NO_DEVICE);
        return;
    }
  }

  /// What a transfer did not carry goes again, and so does everything behind it, in the old order:
  /// what was in flight after it is called back.
  void hold(Pipe& pipe) {
    if (stop_) return;
    pipe.transfer->buffer += pipe.transfer->actual_length;
    pipe.transfer->length -= pipe.transfer->actual_length;
    pipe.again = pipe.transfer->length > 0;
    out_held_ = true;
    for (const Pipe& other : pipes_) {
      if (!other.in && other.flying) ::libusb_cancel_transfer(other.transfer.get());
    }
  }

  /// The bytes of all packets without their status.
  void take(const libusb_transfer& transfer) noexcept {
    std::size_t tail = tail_.load(std::memory_order_relaxed);
    const std::size_t before = tail;
    for (int at = 0; at < transfer.actual_length; at += packet_) {
      const int end = std::min(at + packet_, transfer.actual_length);
      for (int i = at + kStatusBytes; i < end;) {
        if (tail - head_.load(std::memory_order_acquire) == kRing) {
          give_up(false);  // more than the board had credit for
          return;
        }
        const std::size_t place = tail % kRing;
        const std::size_t room =
            std::min(kRing - place, kRing - (tail - head_.load(std::memory_order_acquire)));
        const std::size_t n = std::min(room, static_cast<std::size_t>(end - i));
        std::memcpy(ring_.data() + place, transfer.buffer + i, n);
        tail += n;
        i += static_cast<int>(n);
      }
    }
    tail_.store(tail, std::memory_order_release);
    if (tail != before) wake();
  }

  void run() {
    while (!stop_ || busy()) {
      timeval limit{0, 200'000};
      const int error = ::libusb_handle_events_timeout_completed(context_.get(), &limit, nullptr);
      if (error != 0 && error != LIBUSB_ERROR_INTERRUPTED) {
        give_up(error == LIBUSB_ERROR_NO_DEVICE);
        return;
      }
      go_on();
    }
  }

  [[nodiscard]] bool busy() {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(pipes_, &Pipe::flying);
  }

  /// Clears pipes that stalled and submits what has to go again.
  void go_on() {
    bool clear_in = false, clear_out = false, out = false;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      out = out_held_ &&
            std::ranges::none_of(pipes_, [](const Pipe& p) { return !p.in && p.flying; });
      clear_in = std::exchange(in_halted_, false);
      clear_out = out && std::exchange(out_halted_, false);
      in_stalls_ += clear_in ? 1 : 0;
      out_stalls_ += clear_out ? 1 : 0;
      if (std::max(in_stalls_, out_stalls_) > kStallsInARow) {
        give_up(false);
        return;
      }
    }
    const int in_error = clear_in ? ::libusb_clear_halt(handle_.get(), in_) : 0;
    const int out_error = clear_out ? ::libusb_clear_halt(handle_.get(), out_) : 0;
    if (in_error != 0 || out_error != 0) {
      give_up(in_error == LIBUSB_ERROR_NO_DEVICE || out_error == LIBUSB_ERROR_NO_DEVICE);
      return;
    }
    const std::lock_guard lock(mutex_);
    std::vector<Pipe*> again;
    for (Pipe& pipe : pipes_) {
      if (pipe.again && (pipe.in || out)) again.push_back(&pipe);
    }
    std::ranges::sort(again, {}, &Pipe::order);
    for (Pipe* const pipe : again) {
      if (!submit(*pipe)) return;
    }
    if (out) {
      out_held_ = false;
      wake();
    }
  }

  Context context_;
  Handle handle_;
  int claimed_ = -1;
  std::uint8_t in_ = 0, out_ = 0;
  int packet_ = 0;
  int event_fd_ = -1;
  std::atomic<LinkState> state_{LinkState::up};
  std::atomic<bool> stop_{false};

  std::mutex mutex_;  // of what follows
  std::vector<Pipe> pipes_;
  std::uint64_t next_order_ = 1;
  bool in_halted_ = false, out_halted_ = false;
  bool out_held_ = false;                    // nothing new is sent until what failed has gone
  unsigned in_stalls_ = 0, out_stalls_ = 0;  // in a row

  // From the thread to the owner.
  std::vector<std::byte> ring_ = std::vector<std::byte>(kRing);
  std::atomic<std::size_t> head_{0}, tail_{0};
  std::thread thread_;
};

}  // namespace

std::expected<std::unique_ptr<ByteStream>, std::error_code> open_ftdi(const UsbAddress& address) {
  libusb_context* raw = nullptr;
  if (const int error = ::libusb_init(&raw); error != 0) return std::unexpected(from_libusb(error));
  auto stream = std::make_unique<FtdiStream>(Context(raw));
  if (const std::error_code error = stream->open(address)) return std::unexpected(error);
  return stream;
}

}  // namespace tautline::usb
