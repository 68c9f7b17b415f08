#pragma once
/// \file
/// A kernel with VFIO and one PCI function, as far as the library can see: directories for /sys and
/// /dev, answers to `open` and `ioctl`, a file for the function's regions. Tests take parts away.

#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "board_process.hpp"
#include "pci_config.hpp"
#include "vfio_sysfs.hpp"

namespace tautline::test {

class MockVfio {
 public:
  static constexpr const char* address = "0000:01:00.0";
  static constexpr std::uint64_t bar0 = 0, bar0_size = 0x20000, bar2 = 0x20000, bar2_size = 0x4000,
                                 config = 0x30000;

  MockVfio() {
    namespace fs = std::filesystem;
    fs::create_directories(pci() / "devices" / address);
    fs::create_directories(pci() / "drivers/vfio-pci");
    fs::create_directories(groups() / "7/devices");
    fs::create_directories(system.dev / "vfio");
    put(device() / "vendor", "0x1234");
    put(device() / "device", "0x7461");
    put(device() / "class", "0x020000");
    put(device() / "driver_override", "");
    put(pci() / "drivers_probe", "");
    put(pci() / "drivers/vfio-pci/unbind", "");
    fs::create_directory_symlink(groups() / "7", device() / "iommu_group");
    fs::create_directory_symlink(device(), groups() / "7/devices" / address);
    set_driver("vfio-pci");
    put(system.dev / "vfio/vfio", "");
    put(system.dev / "vfio/7", "");
    regions = detail::Descriptor(::memfd_create("regions", MFD_CLOEXEC));
    if (::ftruncate(regions.get(), 0x40000) != 0) throw std::runtime_error("ftruncate");
    poke16(config + pci_config::vendor, 0x1234);
    system.open = [this](const std::filesystem::path& path, int flags) {
      const auto error = open_errors.find(path.filename());
      if (error != open_errors.end()) {
        errno = error->second;
        return -1;
      }
      return ::open(path.c_str(), flags);
    };
    system.ioctl = [this](int, unsigned long request, void* argument) {
      const auto error = ioctl_errors.find(request);
      if (error != ioctl_errors.end()) {
        errno = error->second;
        return -1;
      }
      return answer(request, argument);
    };
  }

  [[nodiscard]] std::filesystem::path pci() const { return system.sys / "bus/pci"; }
  [[nodiscard]] std::filesystem::path groups() const { return system.sys / "kernel/iommu_groups"; }
  [[nodiscard]] std::filesystem::path device() const { return pci() / "devices" / address; }
  void set_driver(const std::string& name, const char* function = address) {
    const auto link = pci() / "devices" / function / "driver";
    std::filesystem::remove(link);
    if (name.empty()) return;
    std::filesystem::create_directories(pci() / "drivers" / name);
    std::filesystem::create_directory_symlink(pci() / "drivers" / name, link);
  }
  static void put(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file) << text;
  }
  static std::string get(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void poke16(std::uint64_t offset, std::uint16_t value) {
    if (::pwrite(regions.get(), &value, 2, static_cast<off_t>(offset)) != 2) std::abort();
  }
  [[nodiscard]] std::uint32_t peek(std::uint64_t offset) const {
    std::uint32_t value = 0;
    if (::pread(regions.get(), &value, 4, static_cast<off_t>(offset)) != 4) std::abort();
    return value;
  }
  void poke(std::uint64_t offset, std::uint32_t value) {
    if (::pwrite(regions.get(), &value, 4, static_cast<off_t>(offset)) != 4) std::abort();
  }
  /// As the device does.
  void signal(unsigned irq) {
    const std::uint64_t one = 1;
    if (::write(events.at(irq), &one, sizeof one) != sizeof one) std::abort();
  }

  struct Mapped {
    std::uint64_t size;
    std::uint64_t memory;
  };

  ShortDirectory root;
  detail::VfioSystem system{.sys = root.path() / "sys", .dev = root.path() / "dev"};
  std::map<std::string, int> open_errors;     ///< by the last part of the path
  std::map<unsigned long, int> ioctl_errors;  ///< by request
  std::uint32_t group_flags = VFIO_GROUP_FLAGS_VIABLE;
  std::vector<vfio_iova_range> iova{{0, 0xfedf'ffff}, {0xfef0'0000, 0xffff'ffff}};
  std::map<unsigned, unsigned> irqs{
      {VFIO_PCI_MSIX_IRQ_INDEX, 1}, {VFIO_PCI_ERR_IRQ_INDEX, 1}, {VFIO_PCI_REQ_IRQ_INDEX, 1}};
  detail::Descriptor regions;
  std::map<unsigned, int> events;            ///< eventfds of the client, by index
  std::map<std::uint64_t, Mapped> mappings;  ///< by device address
  unsigned resets = 0;

 private:
  int answer(unsigned long request, void* argument) {
    switch (request) {
      case VFIO_GET_API_VERSION:
        return VFIO_API_VERSION;
      case VFIO_CHECK_EXTENSION:
        return argument == reinterpret_cast<void*>(VFIO_TYPE1v2_IOMMU) ? 1 : 0;
      case VFIO_GROUP_GET_STATUS:
        static_cast<vfio_group_status*>(argument)->flags = group_flags;
        return 0;
      case VFIO_GROUP_SET_CONTAINER:
      case VFIO_SET_IOMMU:
        return 0;
      case VFIO_IOMMU_GET_INFO:
        return iommu_info(static_cast<std::byte*>(argument));
      case VFIO_GROUP_GET_DEVICE_FD:
        return std::strcmp(static_cast<char*>(argument), address) == 0 ? ::dup(regions.get()) : -1;
      case VFIO_DEVICE_GET_INFO: {
        auto& info = *static_cast<vfio_device_info*>(argument);
        info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
        return 0;
      }
      case VFIO_DEVICE_RESET:
        ++resets;
        return 0;
      case VFIO_DEVICE_GET_REGION_INFO: {
        auto& info = *static_cast<vfio_region_info*>(argument);
        const std::map<unsigned, std::array<std::uint64_t, 2>> known{
            {0, {bar0, bar0_size}}, {2, {bar2, bar2_size}}, {7, {config, 256}}};
        const auto region = known.find(info.index);
        info.size = region == known.end() ? 0 : region->second[1];
        info.offset = region == known.end() ? 0 : region->second[0];
        info.flags = info.index < 6 && info.size != 0 ? VFIO_REGION_INFO_FLAG_MMAP : 0;
        return 0;
      }
      case VFIO_DEVICE_GET_IRQ_INFO: {
        auto& info = *static_cast<vfio_irq_info*>(argument);
        info.count = irqs.contains(info.index) ? irqs[info.index] : 0;
        info.flags = VFIO_IRQ_INFO_EVENTFD;
        return 0;
      }
      case VFIO_DEVICE_SET_IRQS: {
        vfio_irq_set set{};
        std::memcpy(&set, argument, sizeof set);
        int event = -1;
        std::memcpy(&event, static_cast<std::byte*>(argument) + sizeof set, sizeof event);
        events[set.index] = event;
        return 0;
      }
      case VFIO_IOMMU_MAP_DMA: {
        const auto& map = *static_cast<vfio_iommu_type1_dma_map*>(argument);
        mappings[map.iova] = {map.size, map.vaddr};
        return 0;
      }
      case VFIO_IOMMU_UNMAP_DMA: {
        const auto& unmap = *static_cast<vfio_iommu_type1_dma_unmap*>(argument);
        return mappings.erase(unmap.iova) == 1 ? 0 : -1;
      }
      default:
        errno = ENOTTY;
        return -1;
    }
  }

  int iommu_info(std::byte* bytes) const {
    vfio_iommu_type1_info info{};
    std::memcpy(&info, bytes, sizeof info);
    vfio_iommu_type1_info_cap_iova_range list{};
    const std::size_t all = sizeof info + sizeof list + iova.size() * sizeof(vfio_iova_range);
    const std::size_t room = info.argsz;
    info.flags = VFIO_IOMMU_INFO_CAPS;
    info.argsz = static_cast<std::uint32_t>(all);
    if (room >= all) {
      info.cap_offset = sizeof info;
      list.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
      list.nr_iovas = static_cast<std::uint32_t>(iova.size());
      std::memcpy(bytes + sizeof info, &list, sizeof list);
      std::memcpy(bytes + sizeof info + sizeof list, iova.data(),
                  iova.size() * sizeof(vfio_iova_range));
    }
    std::memcpy(bytes, &info, sizeof info);
    return 0;
  }
};

}  // namespace tautline::test
