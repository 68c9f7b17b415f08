// The kernel's VFIO as the library uses it, on a kernel that a test can take apart. The real one is
// in tests/vm.

#include "vfio_pci.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <vector>

#include "mock_vfio.hpp"
#include "tautline/error.hpp"

namespace tautline::test {
namespace {

using detail::open_vfio_pci;
using detail::PciAddress;
using detail::PciSysfs;

std::unique_ptr<PciFunction> open_it(const MockVfio& kernel) {
  auto function = open_vfio_pci(MockVfio::address, kernel.system);
  EXPECT_TRUE(function) << last_open_explanation();
  return function ? std::move(*function) : nullptr;
}

TEST(PciAddress, IsReadAsItIsWritten) {
  EXPECT_EQ(PciAddress::parse("0000:01:00.0"), (PciAddress{0, 1, 0, 0}));
  EXPECT_EQ(PciAddress::parse("abcd:fe:1f.7"), (PciAddress{0xabcd, 0xfe, 0x1f, 7}));
  EXPECT_EQ(PciAddress::parse("01:02.3"), (PciAddress{0, 1, 2, 3}));
  EXPECT_EQ(PciAddress::parse("10000:e1:00.0")->to_string(), "10000:e1:00.0") << "a VMD's domain";
  for (const char* bad :
       {"", ".", ":.", "0000:01:00", "0000:01:20.0", "0000:01:00.8", "0000:100:00.0", "x:01:00.0",
        "0000:01:00.0 ", "0000:01.0:0", "0:0:0:0.0"}) {
    EXPECT_FALSE(PciAddress::parse(bad)) << bad;
  }
}

TEST(VfioPci, GivesRegistersMemoryAndInterrupts) {
  MockVfio kernel;
  kernel.poke(MockVfio::bar0, 0x314e4c54);
  {
    auto function = open_it(kernel);
    ASSERT_NE(function, nullptr);
    EXPECT_EQ(kernel.resets, 1u) << "what a dead program left is ended";
    EXPECT_EQ(kernel.peek(MockVfio::config + 4) & 6, 6u) << "memory and bus master";
    EXPECT_EQ(function->read32(0, 0), 0x314e4c54u);
    function->write32(0, 0x1'0008, 77);
    EXPECT_EQ(kernel.peek(MockVfio::bar0 + 0x1'0008), 77u);
    EXPECT_EQ(function->bar_size(0), MockVfio::bar0_size);
    EXPECT_EQ(function->bar_size(1), 0u);
    EXPECT_EQ(function->read32(0, MockVfio::bar0_size), ~0u);
    std::array<std::byte, 64> line{};
    line.fill(std::byte{0x5a});
    function->write_line(2, 128, line);
    EXPECT_EQ(kernel.peek(MockVfio::bar2 + 124), 0u);
    EXPECT_EQ(kernel.peek(MockVfio::bar2 + 128), 0x5a5a5a5au);
    EXPECT_EQ(kernel.peek(MockVfio::bar2 + 188), 0x5a5a5a5au);
    EXPECT_EQ(kernel.peek(MockVfio::bar2 + 192), 0u);

    pollfd fd{function->interrupt_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&fd, 1, 0), 0);
    kernel.signal(VFIO_PCI_MSIX_IRQ_INDEX);
    EXPECT_EQ(::poll(&fd, 1, 0), 1);
    function->acknowledge_interrupt();
    EXPECT_EQ(::poll(&fd, 1, 0), 0);
    EXPECT_EQ(function->link_state(), LinkState::up);
  }
  EXPECT_EQ(kernel.peek(MockVfio::config + 4) & 4, 0u) << "no bus master without a driver";
}

TEST(VfioPci, MapsMemoryWhereTheIommuReaches) {
  MockVfio kernel;
  kernel.iova = {{0, 0x2f'ffff}, {0x8000'0000, 0x8fff'ffff}};
  auto function = open_it(kernel);
  ASSERT_NE(function, nullptr);
  auto small = function->allocate(5000, 4096);
  auto large = function->allocate(0x40'0000, 0x40'0000);
  ASSERT_TRUE(small && large);
  EXPECT_EQ((*small)->device_address(), 0x10'0000u) << "the lowest, but never the first megabyte";
  EXPECT_EQ((*large)->device_address(), 0x8000'0000u);
  EXPECT_EQ(kernel.mappings.at(0x10'0000).size, 8192u) << "whole pages";
  EXPECT_EQ(kernel.mappings.at(0x8000'0000).memory,
            reinterpret_cast<std::uint64_t>((*large)->bytes().data()));
  EXPECT_EQ(function->allocate(std::size_t{1} << 32, 4096).error(), std::errc::not_enough_memory);
  // A limit on locked memory.
  kernel.ioctl_errors[VFIO_IOMMU_MAP_DMA] = ENOMEM;
  EXPECT_EQ(function->allocate(4096, 4096).error(), std::errc::not_enough_memory);
  kernel.ioctl_errors.clear();
  // Memory may outlive the function.
  function.reset();
  small->reset();
  EXPECT_EQ(kernel.mappings.size(), 1u);
  large->reset();
  EXPECT_TRUE(kernel.mappings.empty());
}

TEST(VfioPci, TakesTheWriteCombiningMappingWhereItIsOffered) {
  MockVfio kernel;
  MockVfio::put(kernel.device() / "resource2_wc", std::string(MockVfio::bar2_size, '\0'));
  auto function = open_it(kernel);
  ASSERT_NE(function, nullptr);
  std::array<std::byte, 64> line{};
  line.fill(std::byte{'x'});
  function->write_line(2, 0, line);
  EXPECT_EQ(MockVfio::get(kernel.device() / "resource2_wc").substr(0, 64), std::string(64, 'x'));
  EXPECT_EQ(kernel.peek(MockVfio::bar2), 0u) << "not through VFIO's";
}

TEST(VfioPci, UsesAMessageInterruptWithoutATable) {
  MockVfio kernel;
  kernel.irqs = {{VFIO_PCI_MSI_IRQ_INDEX, 1}};
  auto function = open_it(kernel);
  ASSERT_NE(function, nullptr);
  kernel.signal(VFIO_PCI_MSI_IRQ_INDEX);
  pollfd fd{function->interrupt_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&fd, 1, 0), 1);
}

TEST(VfioPci, SaysThatTheCardWasRemoved) {
  for (const unsigned irq : {VFIO_PCI_REQ_IRQ_INDEX, VFIO_PCI_ERR_IRQ_INDEX}) {
    MockVfio kernel;
    auto function = open_it(kernel);
    ASSERT_NE(function, nullptr);
    kernel.signal(irq);
    pollfd fd{function->interrupt_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&fd, 1, 0), 1) << "a sleeper is woken";
    function->wait(std::chrono::seconds(10));
    EXPECT_EQ(function->link_state(), LinkState::removed);
    EXPECT_EQ(function->read32(0, 0), ~0u);
  }
}

TEST(VfioPci, NoticesACardThatIsGoneByItsReads) {
  MockVfio kernel;
  kernel.poke(MockVfio::bar0, ~0u);
  auto function = open_it(kernel);
  ASSERT_NE(function, nullptr);
  EXPECT_EQ(function->read32(0, 0), ~0u);
  EXPECT_EQ(function->link_state(), LinkState::up) << "a register may hold all ones";
  kernel.poke16(MockVfio::config, 0xffff);
  EXPECT_EQ(function->read32(0, 0), ~0u);
  EXPECT_EQ(function->link_state(), LinkState::removed);
}

struct Missing {
  const char* what;
  std::function<void(MockVfio&)> take_away;
  std::error_code code;
  const char* words;
};

const std::vector<Missing>& missing_parts() {
  namespace fs = std::filesystem;
  static const std::vector<Missing> parts{
      {"device", [](MockVfio& k) { fs::remove_all(k.device()); },
       std::make_error_code(std::errc::no_such_device), "no PCI function 0000:01:00.0"},
      {"IOMMU", [](MockVfio& k) { fs::remove(k.device() / "iommu_group"); }, Errc::no_iommu,
       "intel_iommu=on"},
      {"module", [](MockVfio& k) { fs::remove_all(k.pci() / "drivers/vfio-pci"); }, Errc::no_vfio,
       "modprobe vfio-pci"},
      {"binding", [](MockVfio& k) { k.set_driver("e1000e"); }, Errc::not_bound,
       "bound to e1000e: run tautline bind 0000:01:00.0"},
      {"driver", [](MockVfio& k) { k.set_driver(""); }, Errc::not_bound, "bound to no driver"},
      {"container", [](MockVfio& k) { fs::remove(k.system.dev / "vfio/vfio"); }, Errc::no_vfio,
       "modprobe vfio-pci"},
      {"permission", [](MockVfio& k) { k.open_errors["7"] = EACCES; },
       std::make_error_code(std::errc::permission_denied), "no permission to open"},
      {"nobody else", [](MockVfio& k) { k.open_errors["7"] = EBUSY; },
       std::make_error_code(std::errc::device_or_resource_busy), "another program has"},
      {"viable group",
       [](MockVfio& k) {
         k.group_flags = 0;
         fs::create_directories(k.pci() / "devices/0000:01:00.1");
         k.set_driver("snd_hda_intel", "0000:01:00.1");
         fs::create_directory_symlink(k.pci() / "devices/0000:01:00.1",
                                      k.groups() / "7/devices/0000:01:00.1");
       },
       std::make_error_code(std::errc::device_or_resource_busy),
       "unbind 0000:01:00.1 (snd_hda_intel)"},
      {"type 1", [](MockVfio& k) { k.ioctl_errors[VFIO_CHECK_EXTENSION] = EINVAL; }, Errc::no_vfio,
       "vfio_iommu_type1"},
      {"interrupt remapping", [](MockVfio& k) { k.ioctl_errors[VFIO_SET_IOMMU] = EPERM; },
       std::make_error_code(std::errc::permission_denied), "interrupt remapping"},
      {"device's descriptor", [](MockVfio& k) { k.ioctl_errors[VFIO_GROUP_GET_DEVICE_FD] = EIO; },
       std::make_error_code(std::errc::io_error), "does not give"},
      {"interrupt", [](MockVfio& k) { k.ioctl_errors[VFIO_DEVICE_SET_IRQS] = ENOSPC; },
       std::make_error_code(std::errc::no_space_on_device), "interrupt cannot be connected"},
  };
  return parts;
}

TEST(VfioPci, SaysWhatIsMissing) {
  for (const Missing& part : missing_parts()) {
    SCOPED_TRACE(part.what);
    MockVfio kernel;
    part.take_away(kernel);
    const auto function = open_vfio_pci(MockVfio::address, kernel.system);
    ASSERT_FALSE(function);
    EXPECT_EQ(function.error(), part.code) << function.error().message();
    EXPECT_NE(last_open_explanation().find(part.words), std::string::npos)
        << last_open_explanation();
  }
  EXPECT_EQ(open_pci_function("pci:nonsense").error(), std::errc::invalid_argument);
  EXPECT_NE(last_open_explanation().find("0000:01:00.0"), std::string::npos);
}

// ------------------------------------------------------------------------------- bind, unbind
PciSysfs function_of(const MockVfio& kernel) {
  return *PciSysfs::find(kernel.system, *PciAddress::parse(MockVfio::address));
}

TEST(Bind, HasNothingToDoForAFunctionThatIsBound) {
  MockVfio kernel;
  EXPECT_TRUE(function_of(kernel).bind());
  EXPECT_EQ(MockVfio::get(kernel.pci() / "drivers_probe"), "");
}

TEST(Bind, TakesTheFunctionFromItsDriverAndAsksForVfio) {
  MockVfio kernel;
  kernel.set_driver("e1000e");
  MockVfio::put(kernel.pci() / "drivers/e1000e/unbind", "");
  // Files do not act, so the driver stays, and that is noticed.
  const auto done = function_of(kernel).bind();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, std::errc::device_or_resource_busy);
  EXPECT_EQ(MockVfio::get(kernel.device() / "driver_override"), "vfio-pci");
  EXPECT_EQ(MockVfio::get(kernel.pci() / "drivers/e1000e/unbind"), MockVfio::address);
  EXPECT_EQ(MockVfio::get(kernel.pci() / "drivers_probe"), MockVfio::address);
}

TEST(Bind, SaysWhatIsMissing) {
  const auto refused = [](const std::function<void(MockVfio&)>& take_away) {
    MockVfio kernel;
    kernel.set_driver("");
    take_away(kernel);
    const auto done = function_of(kernel).bind();
    EXPECT_FALSE(done);
    return done ? detail::Refusal{} : done.error();
  };
  namespace fs = std::filesystem;
  EXPECT_EQ(refused([](MockVfio& k) { fs::remove(k.device() / "iommu_group"); }).code,
            Errc::no_iommu);
  EXPECT_EQ(refused([](MockVfio& k) { fs::remove_all(k.pci() / "drivers/vfio-pci"); }).code,
            Errc::no_vfio);
  for (const int error : {EACCES, EPERM, EROFS}) {
    const auto denied = refused([=](MockVfio& k) { k.open_errors["driver_override"] = error; });
    EXPECT_EQ(denied.code, std::errc::permission_denied);
    EXPECT_NE(denied.sentence.find("as root"), std::string::npos) << denied.sentence;
  }
}

TEST(Unbind, GivesTheFunctionBack) {
  MockVfio kernel;
  MockVfio::put(kernel.device() / "driver_override", "vfio-pci");
  EXPECT_TRUE(function_of(kernel).unbind());
  EXPECT_EQ(MockVfio::get(kernel.pci() / "drivers/vfio-pci/unbind"), MockVfio::address);
  EXPECT_EQ(MockVfio::get(kernel.device() / "driver_override").front(), '\n');
  EXPECT_EQ(MockVfio::get(kernel.pci() / "drivers_probe"), MockVfio::address);
}

TEST(Unbind, RefusesADeviceInUseAndOneThatIsNotBound) {
  MockVfio kernel;
  kernel.open_errors["7"] = EBUSY;
  const auto busy = function_of(kernel).unbind();
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, std::errc::device_or_resource_busy);
  EXPECT_EQ(MockVfio::get(kernel.pci() / "drivers/vfio-pci/unbind"), "") << "nothing was touched";
  kernel.set_driver("e1000e");
  EXPECT_EQ(function_of(kernel).unbind().error().code, Errc::not_bound);
}

}  // namespace
}  // namespace tautline::test
