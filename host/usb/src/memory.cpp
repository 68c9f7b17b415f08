#include "memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace tautline::usb {

class Memory::Region final : public DmaRegion {
 public:
  Region(std::shared_ptr<Memory> memory, void* mapping, std::size_t mapped,
         std::span<std::byte> bytes)
      : memory_(std::move(memory)), mapping_(mapping), mapped_(mapped), bytes_(bytes) {
    memory_->regions_.push_back(bytes_);
  }
  ~Region() override {
    std::erase_if(memory_->regions_,
                  [this](std::span<std::byte> r) { return r.data() == bytes_.data(); });
    ::munmap(mapping_, mapped_);
  }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept override { return bytes_; }
  [[nodiscard]] std::uint64_t device_address() const noexcept override {
    return reinterpret_cast<std::uintptr_t>(bytes_.data());
  }

 private:
  std::shared_ptr<Memory> memory_;
  void* mapping_;
  std::size_t mapped_;
  std::span<std::byte> bytes_;
};

std::expected<std::unique_ptr<DmaRegion>, std::error_code> Memory::allocate(std::size_t size,
                                                                            std::size_t alignment) {
  const std::size_t mapped = size + alignment;
  void* const mapping =
      ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    return std::unexpected(std::make_error_code(std::errc::not_enough_memory));
  }
  void* start = mapping;
  std::size_t space = mapped;
  std::align(alignment, size, start, space);
  return std::make_unique<Region>(shared_from_this(), mapping, mapped,
                                  std::span(static_cast<std::byte*>(start), size));
}

std::span<std::byte> Memory::find(std::uint64_t address) const noexcept {
  for (const std::span<std::byte> region : regions_) {
    const auto base = reinterpret_cast<std::uintptr_t>(region.data());
    if (address >= base && address - base < region.size()) return region.subspan(address - base);
  }
  return {};
}

}  // namespace tautline::usb
