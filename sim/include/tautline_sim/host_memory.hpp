#pragma once
/// \file
/// Host memory as the device sees it: the regions that the driver allocated, and nothing else.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <vector>

#include "tautline/pci_function.hpp"

namespace tautline::sim {

/// AXI response codes (AMBA AXI A3.4.4).
enum class AxiResp : std::uint8_t { okay = 0, exokay = 1, slverr = 2, decerr = 3 };

/// What lies behind the device's AXI master. A burst is one call.
class MemoryTarget {
 public:
  virtual ~MemoryTarget() = default;
  /// Reads data.size() bytes.
  virtual AxiResp read(std::uint64_t address, std::span<std::byte> data) = 0;
  /// Writes the bytes of `data` whose bit in `strobes` (one word for each `beat` bytes) is set.
  virtual AxiResp write(std::uint64_t address, std::span<const std::byte> data,
                        std::span<const std::uint64_t> strobes, std::size_t beat) = 0;
};

/// Stores the bytes of `data` whose strobe is set, in ascending order and full words with release
/// order: whoever reads the last word of a burst with acquire order sees the rest of it.
void store_strobed(std::byte* to, std::span<const std::byte> data,
                   std::span<const std::uint64_t> strobes, std::size_t beat);

/// The regions. Addresses are never used twice and regions keep a distance, so that a device which
/// uses an old address or runs over the end meets a decode error instead of somebody else's bytes.
/// Thread-safe: in wall-clock mode the driver allocates while the board's thread runs.
class HostMemory final : public MemoryTarget, public std::enable_shared_from_this<HostMemory> {
 public:
  [[nodiscard]] static std::shared_ptr<HostMemory> create();
  ~HostMemory() override;

  /// Zeroed memory; the region may outlive everything else here.
  [[nodiscard]] std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment);

  AxiResp read(std::uint64_t address, std::span<std::byte> data) override;
  AxiResp write(std::uint64_t address, std::span<const std::byte> data,
                std::span<const std::uint64_t> strobes, std::size_t beat) override;

 private:
  friend class Region;
  struct Entry {
    std::uint64_t address;
    std::size_t size;
    std::byte* bytes;
  };

  HostMemory() = default;
  std::byte* find(std::uint64_t address, std::size_t size) const;  // under mutex_
  void release(std::uint64_t address);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;          // sorted by address
  mutable std::size_t last_ = 0;        // where the last search ended
  std::uint64_t next_ = 0x1'0000'0000;  // above 4 GiB: a cut address is noticed
};

}  // namespace tautline::sim
