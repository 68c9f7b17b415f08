#pragma once
/// \file
/// Messages of vfio-user, version 0.0: what the kernel's VFIO does with ioctls, a client (the
/// driver) asks of a server (the device) over a stream socket. Payloads that VFIO has are its
/// structures. Reference: the vfio-user specification in QEMU's documentation (interop/vfio-user).

#include <cstddef>
#include <cstdint>

namespace tautline::vfio_user {

enum class Command : std::uint16_t {
  version = 1,
  dma_map = 2,
  dma_unmap = 3,
  device_get_info = 4,
  device_get_region_info = 5,
  device_get_region_io_fds = 6,
  device_get_irq_info = 7,
  device_set_irqs = 8,
  region_read = 9,
  region_write = 10,
  dma_read = 11,   // from the server
  dma_write = 12,  // from the server
  device_reset = 13,
};

struct Header {
  std::uint16_t id = 0;
  Command command{};
  std::uint32_t size = 0;  ///< with this header
  std::uint32_t flags = 0;
  std::uint32_t error = 0;  ///< an errno, if `flag_error`
};
static_assert(sizeof(Header) == 16);

inline constexpr std::uint32_t type_mask = 0xf;
inline constexpr std::uint32_t type_command = 0;
inline constexpr std::uint32_t type_reply = 1;
inline constexpr std::uint32_t flag_no_reply = 0x10;
inline constexpr std::uint32_t flag_error = 0x20;

/// Followed by a JSON object as a zero-terminated string.
struct Version {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
};
static_assert(sizeof(Version) == 4);

struct DmaMapRequest {
  std::uint32_t argsz = 0;
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;  ///< in the descriptor that comes along
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};
static_assert(sizeof(DmaMapRequest) == 32);
inline constexpr std::uint32_t dma_readable = 1;
inline constexpr std::uint32_t dma_writable = 2;

struct DmaUnmapRequest {
  std::uint32_t argsz = 0;
  std::uint32_t flags = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};
static_assert(sizeof(DmaUnmapRequest) == 24);
inline constexpr std::uint32_t unmap_all = 2;

/// Followed by `count` bytes in a write's request and a read's reply.
struct RegionAccess {
  std::uint64_t offset = 0;
  std::uint32_t region = 0;
  std::uint32_t count = 0;
};
static_assert(sizeof(RegionAccess) == 16);

/// Likewise.
struct DmaAccess {
  std::uint64_t address = 0;
  std::uint64_t count = 0;
};
static_assert(sizeof(DmaAccess) == 16);

inline constexpr std::size_t max_transfer = 1 << 20;  ///< data bytes of one message
inline constexpr std::size_t max_message = max_transfer + 4096;
inline constexpr std::size_t max_descriptors = 8;  ///< of one message

}  // namespace tautline::vfio_user
