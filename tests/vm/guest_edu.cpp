// Runs in the guest: the library's VFIO backend against QEMU's `edu`, a PCI device that is not ours
// (docs/specs/edu in QEMU): registers, DMA in both directions, a message interrupt, twice over.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "tautline/pci_function.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t identity = 0x00, inverse = 0x04, irq_status = 0x24, irq_raise = 0x60,
                        irq_ack = 0x64, dma_source = 0x80, dma_destination = 0x88, dma_count = 0x90,
                        dma_command = 0x98;
constexpr std::uint32_t device_buffer = 0x40000;
constexpr std::uint32_t to_device = 1, from_device = 3, with_interrupt = 4, dma_done = 0x100;

bool fail(const std::string& what) {
  std::printf("FAILED: %s\n", what.c_str());
  return false;
}

/// Waits for the interrupt and takes its reasons.
std::uint32_t interrupt(tautline::PciFunction& edu) {
  const auto end = edu.now() + 10s;
  for (;;) {
    const std::uint32_t reasons = edu.read32(0, irq_status);
    if (reasons != 0 || edu.now() > end) {
      edu.acknowledge_interrupt();
      edu.write32(0, irq_ack, reasons);
      return reasons;
    }
    edu.wait(10s);
  }
}

bool copy(tautline::PciFunction& edu, std::uint64_t source, std::uint64_t destination,
          std::uint32_t count, std::uint32_t command) {
  edu.write32(0, dma_source, static_cast<std::uint32_t>(source));
  edu.write32(0, dma_source + 4, static_cast<std::uint32_t>(source >> 32));
  edu.write32(0, dma_destination, static_cast<std::uint32_t>(destination));
  edu.write32(0, dma_destination + 4, static_cast<std::uint32_t>(destination >> 32));
  edu.write32(0, dma_count, count);
  edu.write32(0, dma_command, command | with_interrupt);
  return interrupt(edu) == dma_done || fail("no interrupt at the end of DMA");
}

bool test(const char* url) {
  auto opened = tautline::open_pci_function(url);
  if (!opened) return fail(tautline::last_open_explanation());
  tautline::PciFunction& edu = **opened;
  if (edu.read32(0, identity) != 0x010000ed) return fail("identity");
  edu.write32(0, inverse, 0x12345678);
  if (edu.read32(0, inverse) != 0xedcba987) return fail("liveness");
  if (edu.interrupt_fd() < 0) return fail("no interrupt");
  edu.write32(0, irq_raise, 0x55);
  if (interrupt(edu) != 0x55) return fail("raised interrupt");

  auto memory = edu.allocate(1 << 20, 4096);
  if (!memory) return fail("DMA memory: " + memory.error().message());
  const auto bytes = (*memory)->bytes();
  // Its DMA reaches 28 bits and its buffer has 4096 bytes.
  if ((*memory)->device_address() + bytes.size() > 1u << 28) return fail("address");
  for (std::size_t i = 0; i < 4000; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 3);
  const std::uint64_t base = (*memory)->device_address();
  if (!copy(edu, base, device_buffer, 4000, to_device)) return false;
  if (!copy(edu, device_buffer, base + 0x10000, 4000, from_device)) return false;
  if (!std::equal(bytes.begin(), bytes.begin() + 4000, bytes.begin() + 0x10000)) {
    return fail("the copy differs");
  }
  return edu.link_state() == tautline::LinkState::up || fail("link");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (int i = 0; i < 2; ++i) {
    if (!test(argv[1])) return 1;
  }
  std::puts("both copies verified, twice");
  return 0;
}
