#include "config_space.hpp"

#include <algorithm>
#include <cstring>

#include "pci_config.hpp"

namespace tautline::board {
namespace {

namespace pci = pci_config;

constexpr unsigned express = 0x40, express_size = 0x3c, msix = 0x80;
constexpr unsigned device_control = express + 8;
constexpr std::uint16_t initiate_reset = 0x8000;  // of device control (PCIe 7.5.3.4)
constexpr std::uint16_t msix_enable = 0x8000, msix_mask = 0x4000;

}  // namespace

ConfigSpace::ConfigSpace(std::uint64_t registers, std::uint64_t push_window) {
  set16(pci::vendor, vendor_id);
  set16(pci::device, device_id);
  set16(pci::command, 0, pci::command_memory | pci::command_bus_master | pci::command_no_intx);
  set16(pci::status, 0x0010);                 // there are capabilities
  set32(pci::revision_class, 0x02'00'00'01);  // an Ethernet controller, revision 1
  set16(pci::subsystem_vendor, vendor_id);
  set16(pci::subsystem_device, 1);
  set16(pci::capabilities, express);
  set16(pci::interrupt_line, 0, 0x00ff);
  // A BAR's writable bits tell its size. 0: 32 bits; 2: 64 bits, prefetchable; 4: 32 bits.
  set32(pci::bar0, 0, static_cast<std::uint32_t>(~(registers - 1)));
  set32(pci::bar0 + 8, 0xc, static_cast<std::uint32_t>(~(push_window - 1)));
  set32(pci::bar0 + 12, 0, 0xffff'ffff);
  set32(pci::bar0 + 16, 0, static_cast<std::uint32_t>(~(msix_bar_size - 1)));
  // PCI Express (7.5.3): version 2, an endpoint, which can reset itself.
  set16(express, 0x10 | msix << 8);
  set16(express + 2, 0x0002);
  set32(express + 4, 0x1000'8000);  // function-level reset; role-based error reporting
  set16(device_control, 0, 0x78ef);
  set32(express + 12, 0x0000'0011);  // one lane of 2.5 GT/s
  set16(express + 18, 0x0011);
  static_assert(express + express_size <= msix);
  // MSI-X (7.7.2): table at the start of BAR 4, pending bits in its second half.
  set16(msix, 0x11);
  set16(msix + 2, msix_vectors - 1, msix_enable | msix_mask);
  set32(msix + 4, 4);
  set32(msix + 8, msix_bar_size / 2 | 4);
  initial_ = bytes_;
}

void ConfigSpace::reset() {
  bytes_ = initial_;
}

void ConfigSpace::read(std::uint64_t offset, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{});
  if (offset >= size) return;
  const std::size_t n = std::min<std::uint64_t>(data.size(), size - offset);
  std::memcpy(data.data(), bytes_.data() + offset, n);
}

ConfigEffect ConfigSpace::write(std::uint64_t offset, std::span<const std::byte> data) {
  for (std::size_t i = 0; i < data.size() && offset < size && i < size - offset; ++i) {
    const std::byte mask = writable_[offset + i];
    std::byte& byte = bytes_[offset + i];
    byte = (byte & ~mask) | (data[i] & mask);
    // The reset bit reads zero and acts when it is written.
    if (offset + i == device_control + 1 &&
        (data[i] & std::byte{initiate_reset >> 8}) != std::byte{}) {
      return {.reset = true};
    }
  }
  return {};
}

bool ConfigSpace::memory_enabled() const {
  return (get16(pci::command) & pci::command_memory) != 0;
}

bool ConfigSpace::bus_master() const {
  return (get16(pci::command) & pci::command_bus_master) != 0;
}

void ConfigSpace::set16(unsigned offset, std::uint16_t value, std::uint16_t writable) {
  std::memcpy(bytes_.data() + offset, &value, sizeof value);
  std::memcpy(writable_.data() + offset, &writable, sizeof writable);
}

void ConfigSpace::set32(unsigned offset, std::uint32_t value, std::uint32_t writable) {
  std::memcpy(bytes_.data() + offset, &value, sizeof value);
  std::memcpy(writable_.data() + offset, &writable, sizeof writable);
}

std::uint16_t ConfigSpace::get16(unsigned offset) const {
  std::uint16_t value = 0;
  std::memcpy(&value, bytes_.data() + offset, sizeof value);
  return value;
}

}  // namespace tautline::board
