#pragma once
/// \file
/// Registers of PCI configuration space that drivers and the virtual board use (PCI Local Bus 3.0,
/// chapter 6; PCI Express Base, chapter 7).

#include <cstdint>

namespace tautline::pci_config {

inline constexpr unsigned vendor = 0x00;
inline constexpr unsigned device = 0x02;
inline constexpr unsigned command = 0x04;
inline constexpr unsigned status = 0x06;
inline constexpr unsigned revision_class = 0x08;
inline constexpr unsigned bar0 = 0x10;
inline constexpr unsigned subsystem_vendor = 0x2c;
inline constexpr unsigned subsystem_device = 0x2e;
inline constexpr unsigned capabilities = 0x34;
inline constexpr unsigned interrupt_line = 0x3c;

inline constexpr std::uint16_t command_memory = 0x0002;
inline constexpr std::uint16_t command_bus_master = 0x0004;
inline constexpr std::uint16_t command_no_intx = 0x0400;

}  // namespace tautline::pci_config
