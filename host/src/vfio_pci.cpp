#include "vfio_pci.hpp"

#include <fcntl.h>
#include <linux/vfio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "pci_config.hpp"
#include "tautline/error.hpp"
#include "vfio_dma.hpp"

namespace tautline::detail {
namespace {

constexpr unsigned bars = 6;
constexpr unsigned push_bar = 2;
// Polls between two looks at the events of a card that may be pulled.
constexpr unsigned polls_a_look = 256;
// Where the kernel does not tell what the IOMMU can reach: 39 bits, as every one can, without the
// window of x86's message interrupts. The first megabyte is left out so that zero is never valid.
constexpr std::uint64_t first_address = 0x10'0000;
constexpr std::array<AddressSpace::Range, 2> usual_addresses{
    {{first_address, 0xfedf'ffff}, {0xfef0'0000, 0x7f'ffff'ffff}}};

std::error_code posix(std::errc error) {
  return std::make_error_code(error);
}

std::unexpected<Refusal> refuse(std::error_code code, std::string sentence) {
  return std::unexpected(Refusal{code, std::move(sentence)});
}

/// The container: an IOMMU domain with the group in it. Regions share it with the function.
class Container final : public DmaLink {
 public:
  Container(const VfioSystem& system, Descriptor container, Descriptor group,
            std::vector<AddressSpace::Range> addresses)
      : DmaLink(std::move(addresses)),
        system_(system),
        container_(std::move(container)),
        group_(std::move(group)) {}

 protected:
  std::error_code map(std::uint64_t address, const Mapping& memory, int /*fd*/) override {
    vfio_iommu_type1_dma_map request{};
    request.argsz = sizeof request;
    request.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
    request.vaddr = reinterpret_cast<std::uintptr_t>(memory.data());
    request.iova = address;
    request.size = memory.size();
    if (system_.ioctl(container_.get(), VFIO_IOMMU_MAP_DMA, &request) != 0) {
      return last_system_error();
    }
    return {};
  }

  void unmap(std::uint64_t address, std::size_t size) noexcept override {
    vfio_iommu_type1_dma_unmap request{};
    request.argsz = sizeof request;
    request.iova = address;
    request.size = size;
    system_.ioctl(container_.get(), VFIO_IOMMU_UNMAP_DMA, &request);
  }

 private:
  VfioSystem system_;
  Descriptor container_, group_;  // the group leaves the container first
};

class VfioPciFunction final : public PciFunction {
 public:
  VfioPciFunction(const VfioSystem& system, std::shared_ptr<Container> container, Descriptor device,
                  InterruptLine interrupt)
      : system_(system),
        container_(std::move(container)),
        device_(std::move(device)),
        interrupt_(std::move(interrupt)) {}

  ~VfioPciFunction() override {
    if (link_state() == LinkState::up) set_command(0, pci_config::command_bus_master);
  }

  std::expected<void, Refusal> start(const PciSysfs& sysfs) {
    vfio_device_info info{};
    info.argsz = sizeof info;
    if (system_.ioctl(device_.get(), VFIO_DEVICE_GET_INFO, &info) != 0) {
      return refuse(last_system_error(), "VFIO does not describe the function");
    }
    // What a program that died left running ends here. A function that cannot reset by itself is
    // cleared by the attach.
    if ((info.flags & VFIO_DEVICE_FLAGS_RESET) != 0) {
      system_.ioctl(device_.get(), VFIO_DEVICE_RESET, nullptr);
    }
    vfio_region_info config{};
    if (!region_info(VFIO_PCI_CONFIG_REGION_INDEX, config)) {
      return refuse(last_system_error(), "VFIO shows no configuration space");
    }
    config_offset_ = config.offset;
    if (!set_command(pci_config::command_memory | pci_config::command_bus_master, 0)) {
      return refuse(last_system_error(), "the command register cannot be written");
    }
    if (auto mapped = map_bars(sysfs); !mapped) return mapped;
    if (auto connected = connect_interrupt(); !connected) return connected;
    // Not every kernel and device has these; without them a pulled card is noticed by its reads.
    removal_ = watch_event(VFIO_PCI_REQ_IRQ_INDEX);
    failure_ = watch_event(VFIO_PCI_ERR_IRQ_INDEX);
    return {};
  }

  std::uint32_t read32(unsigned bar, std::uint64_t offset) override {
    if (!usable(bar, offset, 4)) return ~std::uint32_t{0};
    const std::uint32_t value = mmio_read32(bars_[bar], offset);
    // All ones is what a bus reads from nobody. The vendor's number is never that.
    if (value == ~std::uint32_t{0}) {
      std::uint16_t vendor = 0;
      if (!read_config(pci_config::vendor, vendor) || vendor == 0xffff) {
        state_ = LinkState::removed;
      }
    }
    return value;
  }

  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override {
    if (usable(bar, offset, 4)) mmio_write32(bars_[bar], offset, value);
  }

  void write_line(unsigned bar, std::uint64_t offset,
                  std::span<const std::byte, 64> line) override {
    if (usable(bar, offset, 64)) mmio_write_line(bars_[bar], offset, line);
  }

  [[nodiscard]] std::uint64_t bar_size(unsigned bar) const noexcept override {
    return bar < bars ? bars_[bar].size() : 0;
  }

  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override {
    return DmaLink::allocate(container_, size, alignment);
  }

  [[nodiscard]] int interrupt_fd() const noexcept override {
    return has_interrupt_ ? interrupt_.descriptor() : -1;
  }
  void acknowledge_interrupt() noexcept override {
    if (!interrupt_.take()) look();
  }

  bool progress() override {
    if (++polls_ % polls_a_look == 0) look();
    return false;
  }
  void wait(std::chrono::microseconds timeout) override {
    if (link_state() != LinkState::up) return;
    interrupt_.wait(timeout);
    look();
  }
  [[nodiscard]] std::chrono::microseconds now() const noexcept override { return wall_clock(); }
  [[nodiscard]] LinkState link_state() const noexcept override { return state_; }

 private:
  [[nodiscard]] bool usable(unsigned bar, std::uint64_t offset, std::size_t size) const {
    return link_state() == LinkState::up && inside_bar(bar_size(bar), offset, size);
  }

  // The kernel asks for a card that is to leave, and tells of one that has failed for good.
  void look() noexcept {
    const bool gone =
        (removal_ && take_event(removal_.get())) || (failure_ && take_event(failure_.get()));
    if (gone) state_ = LinkState::removed;
  }

  bool region_info(unsigned index, vfio_region_info& info) {
    info = {};
    info.argsz = sizeof info;
    info.index = index;
    return system_.ioctl(device_.get(), VFIO_DEVICE_GET_REGION_INFO, &info) == 0;
  }

  bool read_config(unsigned offset, std::uint16_t& value) const {
    return ::pread(device_.get(), &value, sizeof value,
                   static_cast<off_t>(config_offset_ + offset)) == sizeof value;
  }

  bool set_command(std::uint16_t set, std::uint16_t clear) {
    std::uint16_t command = 0;
    if (!read_config(pci_config::command, command)) return false;
    command = static_cast<std::uint16_t>((command | set) & ~clear);
    return ::pwrite(device_.get(), &command, sizeof command,
                    static_cast<off_t>(config_offset_ + pci_config::command)) == sizeof command;
  }

  std::expected<void, Refusal> map_bars(const PciSysfs& sysfs) {
    for (unsigned bar = 0; bar < bars; ++bar) {
      vfio_region_info info{};
      if (!region_info(bar, info) || info.size == 0 ||
          (info.flags & VFIO_REGION_INFO_FLAG_MMAP) == 0) {
        continue;
      }
      if (bar == push_bar) map_write_combining(sysfs, info.size);
      if (bars_[bar]) continue;
      auto memory = Mapping::map(device_.get(), info.size, info.offset);
      if (!memory) {
        // One that only holds the interrupt table may stay hidden.
        if (bar != 0) continue;
        return refuse(memory.error(), "BAR 0 cannot be mapped: " + memory.error().message());
      }
      bars_[bar] = std::move(*memory);
    }
    if (!bars_[0]) return refuse(posix(std::errc::no_such_device), "the function has no BAR 0");
    return {};
  }

  // VFIO maps without combining, so a line leaves the processor in parts. Where the kernel offers
  // the BAR with it (a prefetchable one, to root) a line leaves as one burst.
  void map_write_combining(const PciSysfs& sysfs, std::uint64_t size) {
    const auto file = sysfs.directory() / ("resource" + std::to_string(push_bar) + "_wc");
    const Descriptor resource(system_.open(file, O_RDWR | O_CLOEXEC));
    if (!resource) return;
    auto memory = Mapping::map(resource.get(), size, 0);
    if (memory) bars_[push_bar] = std::move(*memory);
  }

  bool set_event(unsigned index, int event) {
    alignas(vfio_irq_set) std::array<std::byte, sizeof(vfio_irq_set) + sizeof event> bytes{};
    vfio_irq_set set{};
    set.argsz = bytes.size();
    set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    set.index = index;
    set.count = 1;
    std::memcpy(bytes.data(), &set, sizeof set);
    std::memcpy(bytes.data() + sizeof set, &event, sizeof event);
    return system_.ioctl(device_.get(), VFIO_DEVICE_SET_IRQS, bytes.data()) == 0;
  }

  [[nodiscard]] bool has_irq(unsigned index) {
    vfio_irq_info info{};
    info.argsz = sizeof info;
    info.index = index;
    return system_.ioctl(device_.get(), VFIO_DEVICE_GET_IRQ_INFO, &info) == 0 && info.count > 0 &&
           (info.flags & VFIO_IRQ_INFO_EVENTFD) != 0;
  }

  std::expected<void, Refusal> connect_interrupt() {
    for (const unsigned index : {VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX}) {
      if (!has_irq(index)) continue;
      if (!set_event(index, interrupt_.event())) {
        return refuse(last_system_error(),
                      "the interrupt cannot be connected: " + last_system_error().message());
      }
      has_interrupt_ = true;
      break;
    }
    return {};
  }

  Descriptor watch_event(unsigned index) {
    if (!has_irq(index)) return {};
    auto event = make_event();
    if (!event || !set_event(index, event->get()) || interrupt_.watch(event->get())) return {};
    return std::move(*event);
  }

  VfioSystem system_;
  std::shared_ptr<Container> container_;
  Descriptor device_;
  InterruptLine interrupt_;
  Descriptor removal_, failure_;
  bool has_interrupt_ = false;
  std::uint64_t config_offset_ = 0;
  std::array<Mapping, bars> bars_;
  unsigned polls_ = 0;
  std::atomic<LinkState> state_ = LinkState::up;
};

// What the IOMMU can translate (VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE), above the first megabyte.
std::vector<AddressSpace::Range> iommu_addresses(const VfioSystem& system, int container) {
  std::vector<AddressSpace::Range> ranges(usual_addresses.begin(), usual_addresses.end());
  vfio_iommu_type1_info head{};
  head.argsz = sizeof head;
  if (system.ioctl(container, VFIO_IOMMU_GET_INFO, &head) != 0 || head.argsz <= sizeof head) {
    return ranges;
  }
  std::vector<std::byte> bytes(head.argsz);
  std::memcpy(bytes.data(), &head, sizeof head);
  if (system.ioctl(container, VFIO_IOMMU_GET_INFO, bytes.data()) != 0) return ranges;
  std::memcpy(&head, bytes.data(), sizeof head);
  if ((head.flags & VFIO_IOMMU_INFO_CAPS) == 0) return ranges;
  const auto get = [&]<class T>(std::size_t at, T& value) {
    if (at > bytes.size() || bytes.size() - at < sizeof value) return false;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return true;
  };
  vfio_info_cap_header cap{};
  for (std::size_t at = head.cap_offset; at != 0 && get(at, cap); at = cap.next) {
    if (cap.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
      vfio_iommu_type1_info_cap_iova_range list{};
      if (!get(at, list)) break;
      std::vector<AddressSpace::Range> told;
      for (std::uint32_t i = 0; i < list.nr_iovas; ++i) {
        vfio_iova_range range{};
        if (!get(at + sizeof list + i * sizeof range, range)) break;
        if (range.end >= first_address) {
          told.push_back({std::max<std::uint64_t>(range.start, first_address), range.end});
        }
      }
      if (!told.empty()) return told;
    }
    if (cap.next <= at) break;  // a chain runs forward
  }
  return ranges;
}

std::expected<Descriptor, Refusal> open_node(const VfioSystem& system,
                                             const std::filesystem::path& path,
                                             const std::string& absent) {
  Descriptor node(system.open(path, O_RDWR | O_CLOEXEC));
  if (node) return node;
  const auto error = last_system_error();
  if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted) {
    return refuse(
        posix(std::errc::permission_denied),
        "no permission to open " + path.string() + ": run as root, or give the file to this user");
  }
  if (error == std::errc::device_or_resource_busy) {
    return refuse(error, "another program has " + path.string() + " open");
  }
  if (error == std::errc::no_such_file_or_directory) return refuse(Errc::no_vfio, absent);
  return refuse(error, "cannot open " + path.string() + ": " + error.message());
}

std::expected<std::unique_ptr<PciFunction>, Refusal> open_function(std::string_view text,
                                                                   const VfioSystem& system) {
  const auto address = PciAddress::parse(text);
  if (!address) {
    return refuse(posix(std::errc::invalid_argument),
                  "'" + std::string(text) + "' is no PCI address such as 0000:01:00.0");
  }
  const auto sysfs = PciSysfs::find(system, *address);
  if (!sysfs) return std::unexpected(sysfs.error());
  if (auto usable = sysfs->check_usable(); !usable) return std::unexpected(usable.error());
  const std::string name = address->to_string();

  auto container = open_node(system, system.dev / "vfio/vfio",
                             "the kernel's module vfio is not loaded: modprobe vfio-pci");
  if (!container) return std::unexpected(container.error());
  const int version = system.ioctl(container->get(), VFIO_GET_API_VERSION, nullptr);
  const int type1v2 = system.ioctl(container->get(), VFIO_CHECK_EXTENSION,
                                   reinterpret_cast<void*>(VFIO_TYPE1v2_IOMMU));
  if (version != VFIO_API_VERSION || type1v2 != 1) {
    return refuse(Errc::no_vfio,
                  "the kernel's VFIO has no type 1 IOMMU: modprobe vfio_iommu_type1");
  }
  auto group = open_node(system, system.dev / "vfio" / sysfs->group(),
                         "the group of " + name + " is not at " + (system.dev / "vfio").string());
  if (!group) return std::unexpected(group.error());
  vfio_group_status status{};
  status.argsz = sizeof status;
  if (system.ioctl(group->get(), VFIO_GROUP_GET_STATUS, &status) != 0) {
    return refuse(last_system_error(), "the group of " + name + " does not answer");
  }
  if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0) {
    std::string held;
    for (const std::string& neighbour : sysfs->held_neighbours()) held += " " + neighbour;
    return refuse(posix(std::errc::device_or_resource_busy),
                  "functions of the same IOMMU group as " + name +
                      " are in use by the kernel: unbind" + held);
  }
  int descriptor = container->get();
  if (system.ioctl(group->get(), VFIO_GROUP_SET_CONTAINER, &descriptor) != 0) {
    return refuse(last_system_error(),
                  "the group cannot be used: " + last_system_error().message());
  }
  if (system.ioctl(container->get(), VFIO_SET_IOMMU, reinterpret_cast<void*>(VFIO_TYPE1v2_IOMMU)) !=
      0) {
    const auto error = last_system_error();
    if (error == std::errc::operation_not_permitted) {
      return refuse(
          posix(std::errc::permission_denied),
          "the IOMMU does not remap interrupts, so VFIO keeps the group to itself: enable "
          "interrupt remapping, or load vfio_iommu_type1 with allow_unsafe_interrupts=1");
    }
    return refuse(error, "the IOMMU cannot be used: " + error.message());
  }
  auto addresses = iommu_addresses(system, container->get());
  std::string device_name = name;  // the interface takes a pointer to char
  Descriptor device(system.ioctl(group->get(), VFIO_GROUP_GET_DEVICE_FD, device_name.data()));
  if (!device) {
    return refuse(last_system_error(),
                  "VFIO does not give " + name + ": " + last_system_error().message());
  }
  auto interrupt = InterruptLine::create();
  if (!interrupt) return refuse(interrupt.error(), "no descriptor for the interrupt");
  auto function = std::make_unique<VfioPciFunction>(
      system,
      std::make_shared<Container>(system, std::move(*container), std::move(*group),
                                  std::move(addresses)),
      std::move(device), std::move(*interrupt));
  if (auto started = function->start(*sysfs); !started) {
    return refuse(started.error().code, name + ": " + started.error().sentence);
  }
  return function;
}

}  // namespace

std::expected<std::unique_ptr<PciFunction>, std::error_code> open_vfio_pci(
    std::string_view address, const VfioSystem& system) {
  auto function = open_function(address, system);
  if (function) return std::move(*function);
  explain_open_failure(std::move(function.error().sentence));
  return std::unexpected(function.error().code);
}

std::expected<std::unique_ptr<PciFunction>, std::error_code> open_vfio_pci(
    std::string_view address) {
  return open_vfio_pci(address, VfioSystem{});
}

}  // namespace tautline::detail
