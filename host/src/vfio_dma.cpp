#include "vfio_dma.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace tautline::detail {
namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) & ~(to - 1);
}

}  // namespace

std::error_code last_system_error() noexcept {
  return {errno, std::generic_category()};
}

// ------------------------------------------------------------------------------------- Mapping
Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    if (data_ != nullptr) ::munmap(data_, size_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

std::expected<Mapping, std::error_code> Mapping::map(int fd, std::size_t size,
                                                     std::uint64_t offset) {
  void* const data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (data == MAP_FAILED) return std::unexpected(last_system_error());
  Mapping mapping;
  mapping.data_ = static_cast<std::byte*>(data);
  mapping.size_ = size;
  return mapping;
}

// -------------------------------------------------------------------------------- AddressSpace
AddressSpace::AddressSpace(std::vector<Range> usable) {
  std::ranges::sort(usable, {}, &Range::first);
  for (const Range& range : usable) {
    if (range.last < range.first) continue;
    if (!usable_.empty() && range.first <= usable_.back().last) {
      usable_.back().last = std::max(usable_.back().last, range.last);
    } else {
      usable_.push_back(range);
    }
  }
}

std::expected<std::uint64_t, std::error_code> AddressSpace::take(std::size_t size,
                                                                 std::size_t alignment) {
  if (size == 0 || !std::has_single_bit(alignment)) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  const std::uint64_t bytes = round_up(size, page);
  const std::uint64_t step = std::max<std::uint64_t>(alignment, page);
  for (const Range& range : usable_) {
    std::uint64_t address = round_up(range.first, step);
    for (const Range& other : taken_) {
      // Ranges below are passed by; the first above that leaves room ends the search.
      if (other.last + page < address) continue;
      if (address + (bytes - 1) + page < other.first) break;
      address = round_up(other.last + 1 + page, step);
    }
    const bool wrapped = address < range.first || address + (bytes - 1) < address;
    if (wrapped || address + (bytes - 1) > range.last) continue;
    const Range taken{address, address + (bytes - 1)};
    taken_.insert(std::ranges::upper_bound(taken_, address, {}, &Range::first), taken);
    return address;
  }
  return std::unexpected(std::make_error_code(std::errc::not_enough_memory));
}

void AddressSpace::give_back(std::uint64_t address) noexcept {
  std::erase_if(taken_, [address](const Range& range) { return range.first == address; });
}

// ------------------------------------------------------------------------------------- DmaLink
class LinkedRegion final : public DmaRegion {
 public:
  LinkedRegion(std::shared_ptr<DmaLink> link, Mapping memory, std::size_t size,
               std::uint64_t address)
      : link_(std::move(link)), memory_(std::move(memory)), size_(size), address_(address) {}
  ~LinkedRegion() override {
    link_->unmap(address_, memory_.size());
    link_->addresses_.give_back(address_);
  }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept override {
    return {memory_.data(), size_};
  }
  [[nodiscard]] std::uint64_t device_address() const noexcept override { return address_; }

 private:
  std::shared_ptr<DmaLink> link_;
  Mapping memory_;
  std::size_t size_;
  std::uint64_t address_;
};

std::expected<std::unique_ptr<DmaRegion>, std::error_code> DmaLink::allocate(
    const std::shared_ptr<DmaLink>& link, std::size_t size, std::size_t alignment) {
  const auto address = link->addresses_.take(size, alignment);
  if (!address) return std::unexpected(address.error());
  const auto refuse = [&](std::error_code error) {
    link->addresses_.give_back(*address);
    return std::unexpected(error);
  };
  const std::size_t bytes = round_up(size, AddressSpace::page);
  const Descriptor file(::memfd_create("tautline-dma", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) {
    return refuse(last_system_error());
  }
  // The device's side maps it too and must not find it cut short.
  (void)::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  auto memory = Mapping::map(file.get(), bytes, 0);
  if (!memory) return refuse(memory.error());
  if (const auto error = link->map(*address, *memory, file.get())) return refuse(error);
  return std::make_unique<LinkedRegion>(link, std::move(*memory), size, *address);
}

// ------------------------------------------------------------------------------- InterruptLine
std::expected<Descriptor, std::error_code> make_event() noexcept {
  Descriptor event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event) return std::unexpected(last_system_error());
  return event;
}

bool take_event(int fd) noexcept {
  std::uint64_t count = 0;
  return ::read(fd, &count, sizeof count) == static_cast<ssize_t>(sizeof count);
}

std::expected<InterruptLine, std::error_code> InterruptLine::create() {
  InterruptLine line;
  auto event = make_event();
  if (!event) return std::unexpected(event.error());
  line.event_ = std::move(*event);
  line.all_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (!line.all_) return std::unexpected(last_system_error());
  if (const auto error = line.watch(line.event_.get())) return std::unexpected(error);
  return line;
}

std::error_code InterruptLine::watch(int fd) noexcept {
  epoll_event interest{};
  interest.events = EPOLLIN;
  if (::epoll_ctl(all_.get(), EPOLL_CTL_ADD, fd, &interest) != 0) return last_system_error();
  return {};
}

bool InterruptLine::take() noexcept {
  return take_event(event_.get());
}

void InterruptLine::wait(std::chrono::microseconds timeout) const noexcept {
  if (timeout.count() <= 0) return;
  constexpr std::chrono::microseconds longest = std::chrono::hours(1);
  const auto us = std::min(timeout, longest).count();
  const timespec limit{us / 1'000'000, us % 1'000'000 * 1000};
  pollfd fd{all_.get(), POLLIN, 0};
  ::ppoll(&fd, 1, &limit, nullptr);
}

// ---------------------------------------------------------------------------------------- rest
std::chrono::microseconds wall_clock() noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

void order_before_mmio() noexcept {
  // A locked instruction or fence: also drains a write-combining buffer, so that a line pushed
  // before a doorbell is not overtaken by it.
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

std::uint32_t mmio_read32(const Mapping& bar, std::uint64_t offset) noexcept {
  const std::uint32_t value = *reinterpret_cast<const volatile std::uint32_t*>(bar.data() + offset);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return value;
}

void mmio_write32(const Mapping& bar, std::uint64_t offset, std::uint32_t value) noexcept {
  order_before_mmio();
  *reinterpret_cast<volatile std::uint32_t*>(bar.data() + offset) = value;
}

void mmio_write_line(const Mapping& bar, std::uint64_t offset,
                     std::span<const std::byte, 64> line) noexcept {
  order_before_mmio();
  std::byte* const to = bar.data() + offset;
#ifdef __SSE2__
  for (unsigned i = 0; i < 64; i += 16) {
    const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line.data() + i));
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), part);
  }
  _mm_sfence();
#else
  for (unsigned i = 0; i < 64; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, line.data() + i, sizeof word);
    *reinterpret_cast<volatile std::uint64_t*>(to + i) = word;
  }
  order_before_mmio();
#endif
}

}  // namespace tautline::detail
