#include "dma_map.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstring>

#include "vfio_user_protocol.hpp"

namespace tautline::board {
namespace {

using sim::AxiResp;

// A client may cut its file short while the board uses it. The access then raises SIGBUS, which is
// turned into a failed access.
thread_local sigjmp_buf* bus_guard = nullptr;

void on_bus_error(int signal) {
  if (bus_guard != nullptr) siglongjmp(*bus_guard, 1);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

// Returns false if the memory is gone. `access` must hold nothing that wants a destructor.
template <class Access>
bool guarded(Access access) {
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {
    bus_guard = nullptr;
    return false;
  }
  bus_guard = &here;
  access();
  bus_guard = nullptr;
  return true;
}

std::error_code posix(std::errc error) {
  return std::make_error_code(error);
}

}  // namespace

/// All of a file, mapped once.
class DmaMap::File {
 public:
  File(int fd, std::size_t size, int protection) : size_(size), protection_(protection) {
    void* const data = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
    if (data != MAP_FAILED) data_ = static_cast<std::byte*>(data);
  }
  ~File() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] bool holds(std::uint64_t end, int protection) const {
    return end <= size_ && (protection_ & protection) == protection;
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_;
  int protection_;
};

DmaMap::DmaMap() {
  struct sigaction action{};
  action.sa_handler = on_bus_error;
  action.sa_flags = SA_NODEFER;  // the handler does not return
  ::sigaction(SIGBUS, &action, nullptr);
}

DmaMap::~DmaMap() = default;

std::error_code DmaMap::map(std::uint64_t address, std::uint64_t size, std::uint32_t flags,
                            const detail::Descriptor& file, std::uint64_t offset) {
  const bool whole_pages = address % page == 0 && size % page == 0 && offset % page == 0;
  if (!whole_pages || size == 0 || address + (size - 1) < address || offset + size < offset) {
    return posix(std::errc::invalid_argument);
  }
  const std::lock_guard lock(mutex_);
  const auto next = regions_.lower_bound(address);
  if (next != regions_.end() && next->first - address < size) {
    return posix(std::errc::file_exists);
  }
  if (next != regions_.begin()) {
    const auto& [before, region] = *std::prev(next);
    if (address - before < region.size) return posix(std::errc::file_exists);
  }
  Region region{.size = size, .flags = flags};
  if (file) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return {errno, std::generic_category()};
    const auto file_size = static_cast<std::uint64_t>(status.st_size);
    if (status.st_size < 0 || offset + size > file_size) {
      return posix(std::errc::invalid_argument);
    }
    const int protection = ((flags & vfio_user::dma_readable) != 0 ? PROT_READ : 0) |
                           ((flags & vfio_user::dma_writable) != 0 ? PROT_WRITE : 0);
    std::weak_ptr<File>& known = files_[{status.st_dev, status.st_ino}];
    region.file = known.lock();
    if (region.file == nullptr || !region.file->holds(offset + size, protection)) {
      const bool both = (::fcntl(file.get(), F_GETFL) & O_ACCMODE) == O_RDWR;
      region.file =
          std::make_shared<File>(file.get(), file_size, both ? PROT_READ | PROT_WRITE : protection);
      if (region.file->data() == nullptr) return {errno, std::generic_category()};
      known = region.file;
    }
    region.bytes = region.file->data() + offset;
  }
  regions_.emplace(address, std::move(region));
  return {};
}

std::error_code DmaMap::unmap(std::uint64_t address, std::uint64_t size) {
  if (size == 0 || address + (size - 1) < address) return posix(std::errc::invalid_argument);
  const std::uint64_t last = address + (size - 1);
  const std::lock_guard lock(mutex_);
  const auto first = regions_.lower_bound(address);
  if (first != regions_.begin()) {
    const auto& [before, region] = *std::prev(first);
    if (address - before < region.size) return posix(std::errc::invalid_argument);
  }
  auto end = first;
  for (; end != regions_.end() && end->first <= last; ++end) {
    if (end->first + (end->second.size - 1) > last) return posix(std::errc::invalid_argument);
  }
  regions_.erase(first, end);
  std::erase_if(files_, [](const auto& entry) { return entry.second.expired(); });
  return {};
}

void DmaMap::clear() {
  const std::lock_guard lock(mutex_);
  regions_.clear();
  files_.clear();
  remote_ = nullptr;
}

void DmaMap::set_remote(std::shared_ptr<RemoteMemory> remote) {
  const std::lock_guard lock(mutex_);
  remote_ = std::move(remote);
}

void DmaMap::set_bus_master(bool on) {
  const std::lock_guard lock(mutex_);
  bus_master_ = on;
}

DmaMap::Found DmaMap::find(std::uint64_t address, std::size_t size, std::uint32_t flag) const {
  if (!bus_master_) return {};
  auto at = regions_.upper_bound(address);
  if (at == regions_.begin()) return {};
  --at;
  const Region& region = at->second;
  const std::uint64_t offset = address - at->first;
  // A burst never crosses 4 KB, so what is not whole in one region is in none.
  if (offset >= region.size || size > region.size - offset || (region.flags & flag) == 0) return {};
  if (region.bytes == nullptr) return {.remote = remote_};
  return {.bytes = region.bytes + offset};
}

AxiResp DmaMap::refuse(std::uint64_t address, bool write) {
  const std::lock_guard lock(mutex_);
  ++faults_.count;
  faults_.last_address = address;
  faults_.last_was_write = write;
  return AxiResp::decerr;
}

AxiResp DmaMap::read(std::uint64_t address, std::span<std::byte> data) {
  std::unique_lock lock(mutex_);
  const Found found = find(address, data.size(), vfio_user::dma_readable);
  bool done = false;
  if (found.bytes != nullptr) {
    done = guarded([&] { std::memcpy(data.data(), found.bytes, data.size()); });
  }
  lock.unlock();
  if (found.remote != nullptr) done = found.remote->read(address, data);
  return done ? AxiResp::okay : refuse(address, false);
}

AxiResp DmaMap::write(std::uint64_t address, std::span<const std::byte> data,
                      std::span<const std::uint64_t> strobes, std::size_t beat) {
  std::unique_lock lock(mutex_);
  const Found found = find(address, data.size(), vfio_user::dma_writable);
  bool done = false;
  if (found.bytes != nullptr) {
    done = guarded([&] { sim::store_strobed(found.bytes, data, strobes, beat); });
  }
  lock.unlock();
  if (found.remote != nullptr) {
    // One message for each run of bytes whose strobe is set.
    const auto kept = [&](std::size_t i) { return ((strobes[i / beat] >> (i % beat)) & 1) != 0; };
    done = true;
    for (std::size_t from = 0; from < data.size() && done;) {
      std::size_t to = from;
      while (to < data.size() && kept(to)) ++to;
      if (to > from) done = found.remote->write(address + from, data.subspan(from, to - from));
      from = to + 1;
    }
  }
  return done ? AxiResp::okay : refuse(address, true);
}

DmaMap::Faults DmaMap::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

std::size_t DmaMap::regions() const {
  const std::lock_guard lock(mutex_);
  return regions_.size();
}

}  // namespace tautline::board
