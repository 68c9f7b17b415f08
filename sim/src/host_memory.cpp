#include "tautline_sim/host_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>

namespace tautline::sim {

class Region final : public DmaRegion {
 public:
  Region(std::shared_ptr<HostMemory> memory, std::byte* bytes, std::size_t size, std::size_t mapped,
         std::uint64_t address)
      : memory_(std::move(memory)),
        bytes_(bytes),
        size_(size),
        mapped_(mapped),
        address_(address) {}
  ~Region() override {
    memory_->release(address_);
    ::munmap(bytes_, mapped_);
  }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept override { return {bytes_, size_}; }
  [[nodiscard]] std::uint64_t device_address() const noexcept override { return address_; }

 private:
  std::shared_ptr<HostMemory> memory_;
  std::byte* bytes_;
  std::size_t size_;
  std::size_t mapped_;
  std::uint64_t address_;
};

std::shared_ptr<HostMemory> HostMemory::create() {
  return std::shared_ptr<HostMemory>(new HostMemory());
}

HostMemory::~HostMemory() = default;

std::expected<std::unique_ptr<DmaRegion>, std::error_code> HostMemory::allocate(
    std::size_t size, std::size_t alignment) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (size == 0 || !std::has_single_bit(alignment)) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  const std::size_t mapped = (size + page - 1) / page * page;
  void* bytes = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) {
    return std::unexpected(std::error_code(errno, std::generic_category()));
  }
  const std::uint64_t align = std::max(alignment, page);
  std::uint64_t address;
  {
    const std::lock_guard lock(mutex_);
    address = (next_ + align - 1) / align * align;
    next_ = address + mapped + page;
    entries_.push_back({address, size, static_cast<std::byte*>(bytes)});
  }
  return std::make_unique<Region>(shared_from_this(), static_cast<std::byte*>(bytes), size, mapped,
                                  address);
}

void HostMemory::release(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& e) { return e.address == address; });
  last_ = 0;
}

std::byte* HostMemory::find(std::uint64_t address, std::size_t size) const {
  const auto inside = [&](const Entry& e) {
    return address >= e.address && address - e.address < e.size &&
           size <= e.size - (address - e.address);
  };
  if (last_ >= entries_.size() || !inside(entries_[last_])) {
    // Addresses only ever grow, so the list is sorted.
    auto it = std::upper_bound(entries_.begin(), entries_.end(), address,
                               [](std::uint64_t a, const Entry& e) { return a < e.address; });
    if (it == entries_.begin() || !inside(*--it)) return nullptr;
    last_ = static_cast<std::size_t>(it - entries_.begin());
  }
  return entries_[last_].bytes + (address - entries_[last_].address);
}

AxiResp HostMemory::read(std::uint64_t address, std::span<std::byte> data) {
  const std::lock_guard lock(mutex_);
  const std::byte* from = find(address, data.size());
  if (from == nullptr) return AxiResp::decerr;
  std::memcpy(data.data(), from, data.size());
  return AxiResp::okay;
}

AxiResp HostMemory::write(std::uint64_t address, std::span<const std::byte> data,
                          std::span<const std::uint64_t> strobes, std::size_t beat) {
  const std::lock_guard lock(mutex_);
  std::byte* to = find(address, data.size());
  if (to == nullptr) return AxiResp::decerr;
  store_strobed(to, data, strobes, beat);
  return AxiResp::okay;
}

void store_strobed(std::byte* to, std::span<const std::byte> data,
                   std::span<const std::uint64_t> strobes, std::size_t beat) {
  for (std::size_t at = 0; at < data.size(); at += 8) {
    const unsigned keep = (strobes[at / beat] >> (at % beat)) & 0xff;
    if (keep == 0xff && (reinterpret_cast<std::uintptr_t>(to + at) & 7) == 0) {
      std::uint64_t word;
      std::memcpy(&word, data.data() + at, 8);
      std::atomic_ref(*reinterpret_cast<std::uint64_t*>(to + at))
          .store(word, std::memory_order_release);
    } else {
      for (std::size_t i = 0; i < 8 && at + i < data.size(); ++i) {
        if ((keep >> i) & 1) to[at + i] = data[at + i];
      }
    }
  }
  std::atomic_thread_fence(std::memory_order_release);
}

}  // namespace tautline::sim
