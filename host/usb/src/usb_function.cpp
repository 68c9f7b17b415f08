#include "tautline_usb/usb_function.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <vector>

#include "fixed_queue.hpp"
#include "link.hpp"
#include "memory.hpp"

namespace tautline::usb {
namespace {

using namespace regs;
using std::chrono::microseconds;

constexpr std::uint32_t kAllOnes = 0xffffffff;  // what a function reads when nobody answers
constexpr std::uint64_t kBar0 =
    std::uint64_t{doorbell_base} + std::uint64_t{doorbell_stride} * 65536;
// A sleeping application wakes so often, that a dead board is noticed.
constexpr timespec kWake{0, 500'000'000};

constexpr std::uint32_t kFirstCommand = cmd0::offset;
constexpr std::uint32_t kLastCommand = cmd7::offset;

/// What this side keeps of a flow's transmit ring.
struct Flow {
  std::uint8_t gen = 0;
  bool known = false;   // a doorbell has named this life
  bool listed = false;  // in `work_`
  std::uint32_t tail = 0, sent = 0, limit = 0;
  std::uint32_t taken = 0;
};

/// A message that waits for credit, in the order in which the driver wrote.
struct Waiting {
  StreamType kind{};
  std::uint32_t first = 0;   // offset, or slot and generation
  std::uint32_t second = 0;  // value, or position
};

std::uint32_t extend(std::uint32_t last, std::uint32_t low24) {
  const std::uint32_t delta = (low24 - last) & 0xFFFFFF;
  return last + ((delta & 0x800000) != 0 ? delta | 0xFF000000u : delta);
}

class Function final : public UsbFunction {
 public:
  Function(std::unique_ptr<ByteStream> stream, const LinkOptions& options)
      : stream_(std::move(stream)), link_(*stream_, options) {}
  ~Function() override {
    link_.flush();
    if (timer_fd_ >= 0) ::close(timer_fd_);
    if (event_fd_ >= 0) ::close(event_fd_);
  }

  std::error_code begin() {
    if (stream_->fd() >= 0) {
      timer_fd_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
      event_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
      const itimerspec wake{kWake, kWake};
      epoll_event event{.events = EPOLLIN, .data = {}};
      if (timer_fd_ < 0 || event_fd_ < 0 || ::timerfd_settime(timer_fd_, 0, &wake, nullptr) != 0 ||
          ::epoll_ctl(event_fd_, EPOLL_CTL_ADD, timer_fd_, &event) != 0 ||
          ::epoll_ctl(event_fd_, EPOLL_CTL_ADD, stream_->fd(), &event) != 0) {
        return {errno, std::generic_category()};
      }
    }
    return link_.begin();
  }

  // ------------------------------------------------------------------------------- PciFunction
  std::uint32_t read32(unsigned bar, std::uint64_t offset) override {
    if (bar != 0 || offset % 4 != 0 || offset >= kBar0 || !link_.up()) return kAllOnes;
    if (offset >= doorbell_base) return 0;
    if (const std::uint32_t* const own = mine(static_cast<std::uint32_t>(offset))) return *own;
    queue(StreamType::read, static_cast<std::uint32_t>(offset), 0);
    value_ready_ = false;
    while (link_.up()) {
      send();
      bool moved = stream_->progress();
      moved |= hear();
      if (value_ready_) return value_;
      link_.keep_alive();
      if (!moved) stream_->wait(kPatience);
    }
    return kAllOnes;
  }

  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override {
    if (bar != 0 || offset % 4 != 0 || offset >= kBar0 || !link_.up()) return;
    if (offset >= doorbell_base) {
      const auto slot = static_cast<std::uint32_t>((offset - doorbell_base) / doorbell_stride);
      if ((offset & 4) == 0) {
        tail(slot, value);
      } else {
        taken(slot, value);
      }
    } else {
      write_register(static_cast<std::uint32_t>(offset), value);
    }
  }

  void write_line(unsigned, std::uint64_t, std::span<const std::byte, 64>) override {}

  [[nodiscard]] std::uint64_t bar_size(unsigned bar) const noexcept override {
    return bar == 0 ? kBar0 : 0;
  }

  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override {
    return memory_->allocate(size, alignment);
  }

  [[nodiscard]] int interrupt_fd() const noexcept override { return event_fd_; }
  void acknowledge_interrupt() noexcept override {
    std::uint64_t count = 0;
    if (timer_fd_ >= 0) (void)!::read(timer_fd_, &count, sizeof count);
    stream_->acknowledge();
  }

  bool progress() override {
    bool moved = stream_->progress();
    moved |= store_late();
    moved |= hear();
    link_.keep_alive();
    send();
    return moved;
  }

  void wait(microseconds timeout) override {
    if (!link_.up()) return;
    send();
    if (late_.empty()) stream_->wait(std::min(timeout, kPatience));
  }

  [[nodiscard]] microseconds now() const noexcept override { return stream_->now(); }
  [[nodiscard]] LinkState link_state() const noexcept override { return link_.state(); }
  [[nodiscard]] LinkCounts counts() const noexcept override { return link_.counts(); }

 private:
  // A wait ends in time to ask a silent board.
  static constexpr microseconds kPatience{100'000};
  // Posted messages that may wait for credit.
  static constexpr std::size_t kWaiting = 4096;
  // Entries that may wait for the status ring.
  static constexpr std::size_t kLate = 1024;

  // ------------------------------------------------------------------------------- registers
  struct Own {
    std::uint32_t offset, value;
  };
  /// Registers whose meaning lies on this side: where the rings are, and the status ring's indices.
  std::array<Own, 10> own_{{{status_base_lo::offset, 0},
                            {status_base_hi::offset, 0},
                            {status_log2::offset, status_log2::reset_value},
                            {status_consumer::offset, 0},
                            {status_producer::offset, 0},
                            {irq_moderation::offset, 0},
                            {tx_base_lo::offset, 0},
                            {tx_base_hi::offset, 0},
                            {rx_base_lo::offset, 0},
                            {rx_base_hi::offset, 0}}};

  [[nodiscard]] std::uint32_t* mine(std::uint32_t offset) noexcept {
    const auto own = std::ranges::find(own_, offset, &Own::offset);
    return own == own_.end() ? nullptr : &own->value;
  }
  [[nodiscard]] std::span<std::byte> ring(std::uint32_t lo, std::uint32_t hi) noexcept {
    return memory_->find(std::uint64_t{*mine(hi)} << 32 | *mine(lo));
  }

  void write_register(std::uint32_t offset, std::uint32_t value) {
    if (std::uint32_t* const own = mine(offset)) {
      if (offset != status_producer::offset) *own = value;
      if (offset == status_consumer::offset) {
        store_late();
        send();
      }
      return;
    }
    if (offset == tx_ring_log2::offset) tx_log2_ = std::clamp(value, 12u, 22u);
    if (offset == rx_ring_log2::offset) rx_log2_ = std::clamp(value, 12u, 22u);
    if (offset == control::offset) {
      enabled_ = control::enable.get(value) != 0;
      if (enabled_) {
        attach();
      } else {
        detach();
      }
    }
    queue(StreamType::write, offset, value);
    // The words of a command leave together with the last one.
    if (offset < kFirstCommand || offset >= kLastCommand) send();
  }

  void attach() {
    tx_ = ring(tx_base_lo::offset, tx_base_hi::offset);
    rx_ = ring(rx_base_lo::offset, rx_base_hi::offset);
    status_ = ring(status_base_lo::offset, status_base_hi::offset);
    entries_ = 1u << std::clamp(*mine(status_log2::offset), 2u, 15u);
    if (status_.size() < std::size_t{entries_} * status_entry_bytes) {
      link_.fail();  // the driver named no memory of ours: nothing may be written anywhere
      return;
    }
    flows_.assign(tx_.size() >> tx_log2_, {});
    work_.assign(flows_.size(), 0);
  }
  void detach() noexcept {
    flows_.clear();
    work_head_ = work_count_ = 0;
    late_.clear();
    *mine(status_producer::offset) = 0;
  }

  // ------------------------------------------------------------------------------- doorbells
  void tail(std::uint32_t slot, std::uint32_t value) {
    if (slot >= flows_.size()) return;
    Flow& flow = live(slot, doorbell::tail_gen.get(value));
    const std::uint32_t tail = extend(flow.tail, doorbell::tail_position.get(value));
    if (tail - flow.sent > 1u << tx_log2_) return;
    flow.tail = tail;
    list(slot);
    send();
  }

  void taken(std::uint32_t slot, std::uint32_t value) {
    if (slot >= flows_.size()) return;
    Flow& flow = live(slot, doorbell::taken_gen.get(value));
    flow.taken = extend(flow.taken, doorbell::taken_position.get(value));
    const std::uint32_t first = stream_place::slot.put(slot) | stream_place::gen.put(flow.gen);
    // Level: a position that has not left yet is brought up to date.
    if (!waiting_.empty() && waiting_.back().kind == StreamType::taken &&
        waiting_.back().first == first) {
      waiting_.back().second = flow.taken;
    } else {
      queue(StreamType::taken, first, flow.taken);
    }
    send();
  }

  /// A doorbell of another generation begins a new life of the slot.
  Flow& live(std::uint32_t slot, std::uint32_t gen) noexcept {
    Flow& flow = flows_[slot];
    if (!flow.known || flow.gen != gen) {
      flow = {.gen = static_cast<std::uint8_t>(gen),
              .known = true,
              .listed = flow.listed,
              .limit = 1u << link_.space_log2()};
    }
    return flow;
  }

  void list(std::uint32_t slot) {
    Flow& flow = flows_[slot];
    if (flow.listed || sendable(flow) == 0) return;
    flow.listed = true;
    work_[(work_head_ + work_count_++) % work_.size()] = slot;
  }
  [[nodiscard]] static std::uint32_t sendable(const Flow& flow) noexcept {
    const auto tail = static_cast<std::int32_t>(flow.tail - flow.sent);
    const auto limit = static_cast<std::int32_t>(flow.limit - flow.sent);
    return static_cast<std::uint32_t>(std::max(0, std::min(tail, limit)));
  }

  // ------------------------------------------------------------------------------- out
  void queue(StreamType kind, std::uint32_t first, std::uint32_t second) {
    // The board returns credit for control messages at once, so this ends, or the link is dead.
    while (waiting_.full() && link_.up()) {
      send();
      bool moved = stream_->progress();
      moved |= hear();
      link_.keep_alive();
      if (!moved) stream_->wait(kPatience);
    }
    if (!waiting_.full()) waiting_.push_back({kind, first, second});
  }

  /// As much as credit and buffer take: what the driver wrote first, then bytes of the rings in
  /// turns.
  void send() {
    if (!link_.up()) return;
    link_.flush();
    while (!link_.backlog()) {
      if (!(waiting_.empty() ? send_bytes() : send_waiting())) break;
    }
    link_.flush();
  }

  bool send_waiting() {
    const Waiting head = waiting_.front();
    std::size_t count = 1;
    if (head.kind == StreamType::write) {
      while (count < waiting_.size() && count < kRun && waiting_[count].kind == StreamType::write &&
             waiting_[count].first == head.first + 4 * count) {
        ++count;
      }
    }
    const std::size_t size = 4 + 4 * count;
    if (!link_.may_send(size)) return false;
    const auto payload = link_.compose(size);
    store32(payload.data(), head.first);
    for (std::size_t i = 0; i < count; ++i) {
      store32(payload.data() + 4 + 4 * i, waiting_.front().second);
      waiting_.pop_front();
    }
    link_.commit(head.kind, size);
    return true;
  }

  bool send_bytes() {
    if (work_count_ == 0) return false;
    const std::uint32_t slot = work_[work_head_];
    Flow& flow = flows_[slot];
    const std::uint32_t all = sendable(flow);
    // Frames end at multiples of their longest length, which the board's store likes.
    const std::uint32_t length = std::min(all, stream_max_data - flow.sent % stream_max_data);
    if (length != 0) {
      if (!link_.may_send(8 + length)) return false;
      const auto payload = link_.compose(8 + length);
      std::array<std::uint32_t, stream_send::words> head{};
      stream_send::slot.into(head, slot);
      stream_send::gen.into(head, flow.gen);
      stream_send::more.into(head, length < all ? 1 : 0);
      stream_send::position.into(head, flow.sent);
      std::memcpy(payload.data(), head.data(), sizeof head);
      const std::size_t mask = (std::size_t{1} << tx_log2_) - 1;
      const std::byte* const ring = tx_.data() + (std::size_t{slot} << tx_log2_);
      const std::size_t at = flow.sent & mask;
      const std::size_t first = std::min<std::size_t>(length, mask + 1 - at);
      std::memcpy(payload.data() + 8, ring + at, first);
      std::memcpy(payload.data() + 8 + first, ring, length - first);
      link_.commit(StreamType::send, 8 + length);
      link_.count_payload(length, 0);
      flow.sent += length;
    }
    work_head_ = (work_head_ + 1) % work_.size();
    --work_count_;
    flow.listed = false;
    list(slot);
    return true;
  }

  // ------------------------------------------------------------------------------- in
  bool hear() {
    return link_.receive([this](const Header& header, std::span<const std::byte> payload) {
      return take(header, payload);
    });
  }

  bool take(const Header& header, std::span<const std::byte> payload) {
    switch (header.kind) {
      case StreamType::value:
        if (payload.size() != 4) break;
        value_ = load32(payload.data());
        value_ready_ = true;
        return true;
      case StreamType::entry:
        if (payload.size() > 60 || payload.size() % 4 != 0) break;
        return !enabled_ || entry(payload);
      case StreamType::space:
        if (payload.size() != 8) break;
        if (enabled_) space(payload);
        return true;
      case StreamType::deliver:
        if (payload.size() <= 8) break;
        if (enabled_ && !deliver(payload)) break;
        return true;
      default:
        break;
    }
    link_.fail();  // not of this version, whatever it said
    return true;
  }

  bool deliver(std::span<const std::byte> payload) noexcept {
    const std::array<std::uint32_t, 2> head{load32(payload.data()), load32(payload.data() + 4)};
    const std::size_t slot = stream_deliver::slot.from(head);
    const auto bytes = payload.subspan(8);
    const std::size_t size = std::size_t{1} << rx_log2_;
    if ((slot + 1) << rx_log2_ > rx_.size() || bytes.size() > size) return false;
    std::byte* const ring = rx_.data() + (slot << rx_log2_);
    const std::size_t at = stream_deliver::position.from(head) & (size - 1);
    const std::size_t first = std::min(bytes.size(), size - at);
    std::memcpy(ring + at, bytes.data(), first);
    std::memcpy(ring, bytes.data() + first, bytes.size() - first);
    link_.count_payload(0, bytes.size());
    return true;
  }

  void space(std::span<const std::byte> payload) {
    const std::array<std::uint32_t, 2> head{load32(payload.data()), load32(payload.data() + 4)};
    const std::uint32_t slot = stream_place::slot.from(head);
    if (slot >= flows_.size()) return;
    Flow& flow = flows_[slot];
    const std::uint32_t limit = stream_place::position.from(head);
    // A limit beyond the first comes only in a life in which something was sent: we know it.
    if (!flow.known || flow.gen != stream_place::gen.from(head) ||
        static_cast<std::int32_t>(limit - flow.limit) <= 0) {
      return;
    }
    flow.limit = limit;
    list(slot);
  }

  using Words = std::array<std::uint32_t, 16>;

  /// The driver makes the ring larger than the flows and commands that can be told at once; while
  /// it is full all the same, entries wait here, and when this is full too, on the link.
  bool entry(std::span<const std::byte> payload) noexcept {
    Words words{};
    std::memcpy(words.data(), payload.data(), payload.size());
    if (late_.empty() && store(words)) return true;
    if (late_.full()) return false;
    late_.push_back(words);
    return true;
  }

  bool store(Words words) noexcept {
    std::uint32_t& producer = *mine(status_producer::offset);
    const auto used = static_cast<std::uint16_t>(
        producer - status_consumer::index.get(*mine(status_consumer::offset)));
    if (used >= entries_) return false;
    auto* const to = reinterpret_cast<std::uint32_t*>(status_.data()) +
                     std::size_t{16} * (producer & (entries_ - 1));
    std::memcpy(to, words.data(), 15 * sizeof(std::uint32_t));
    const std::uint32_t phase = (producer & entries_) != 0 ? 0 : 1;
    // What the entry speaks of is in memory before its phase.
    std::atomic_ref<std::uint32_t>(to[15]).store(status_entry::phase.put(phase),
                                                 std::memory_order_release);
    producer = (producer + 1) & 0xFFFF;
    return true;
  }
  bool store_late() {
    bool any = false;
    while (!late_.empty() && store(late_.front())) {
      late_.pop_front();
      any = true;
    }
    return any;
  }

  // Registers of one WRITE.
  static constexpr std::size_t kRun = 16;

  std::unique_ptr<ByteStream> stream_;
  Link link_;
  std::shared_ptr<Memory> memory_ = std::make_shared<Memory>();
  int timer_fd_ = -1, event_fd_ = -1;

  bool enabled_ = false;
  unsigned tx_log2_ = tx_ring_log2::reset_value, rx_log2_ = rx_ring_log2::reset_value;
  std::span<std::byte> tx_, rx_, status_;
  std::uint32_t entries_ = 4;
  std::vector<Flow> flows_;
  std::vector<std::uint32_t> work_;  // ring of slots with something to send
  std::size_t work_head_ = 0, work_count_ = 0;
  FixedQueue<Waiting> waiting_{kWaiting};
  FixedQueue<Words> late_{kLate};
  std::uint32_t value_ = 0;
  bool value_ready_ = false;
};

}  // namespace

std::expected<std::unique_ptr<UsbFunction>, std::error_code> UsbFunction::open(
    std::unique_ptr<ByteStream> stream, const LinkOptions& options) {
  auto function = std::make_unique<Function>(std::move(stream), options);
  if (const std::error_code error = function->begin()) return std::unexpected(error);
  return function;
}

}  // namespace tautline::usb
