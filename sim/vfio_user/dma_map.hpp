#pragma once
/// \file
/// The client's memory as the board reaches it: what the client has mapped, and nothing else.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <utility>

#include "descriptor.hpp"
#include "tautline_sim/host_memory.hpp"

namespace tautline::board {

/// Memory that only the client can reach: it is asked by message. On the board's thread.
class RemoteMemory {
 public:
  virtual ~RemoteMemory() = default;
  virtual bool read(std::uint64_t address, std::span<std::byte> data) = 0;
  virtual bool write(std::uint64_t address, std::span<const std::byte> data) = 0;
};

/// The regions that a client has mapped. Every access that does not lie in one, or that the region
/// or the configuration space forbids, is a decode error. Thread-safe: the client maps while the
/// board runs; after `unmap` has returned nobody touches the region any more.
class DmaMap final : public sim::MemoryTarget {
 public:
  struct Faults {
    std::uint64_t count = 0;
    std::uint64_t last_address = 0;
    bool last_was_write = false;
  };

  DmaMap();
  ~DmaMap() override;

  /// `flags` are those of the protocol. Without a descriptor the region is reached by message.
  /// `invalid_argument`: not whole pages, runs over the end of the address space, or of the file;
  /// `file_exists`: overlaps another.
  std::error_code map(std::uint64_t address, std::uint64_t size, std::uint32_t flags,
                      const detail::Descriptor& file, std::uint64_t offset);
  /// Removes the regions that lie inside; `invalid_argument` if one lies half inside.
  std::error_code unmap(std::uint64_t address, std::uint64_t size);
  void clear();
  void set_remote(std::shared_ptr<RemoteMemory> remote);
  /// Without it the board reaches nothing (PCI 6.2.2).
  void set_bus_master(bool on);

  sim::AxiResp read(std::uint64_t address, std::span<std::byte> data) override;
  sim::AxiResp write(std::uint64_t address, std::span<const std::byte> data,
                     std::span<const std::uint64_t> strobes, std::size_t beat) override;

  [[nodiscard]] Faults faults() const;
  [[nodiscard]] std::size_t regions() const;

 private:
  class File;
  struct Region {
    std::uint64_t size = 0;
    std::uint32_t flags = 0;
    std::shared_ptr<File> file;  // none: by message
    std::byte* bytes = nullptr;
  };
  struct Found {
    std::byte* bytes = nullptr;
    std::shared_ptr<RemoteMemory> remote;
  };

  /// The place of an access, under the lock; nothing if it is not allowed.
  [[nodiscard]] Found find(std::uint64_t address, std::size_t size, std::uint32_t flag) const;
  sim::AxiResp refuse(std::uint64_t address, bool write);

  static constexpr std::uint64_t page = 4096;
  // A client of a virtual IOMMU maps page by page; its pages share the mapping of their file.
  using FileId = std::pair<std::uint64_t, std::uint64_t>;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, Region> regions_;
  std::map<FileId, std::weak_ptr<File>> files_;
  std::shared_ptr<RemoteMemory> remote_;
  bool bus_master_ = false;
  Faults faults_;
};

}  // namespace tautline::board
