// URLs of USB devices, and the chip's rates.

#include <gtest/gtest.h>

#include "tautline/pci_function.hpp"
#include "tautline_usb/error.hpp"
#include "url.hpp"

namespace tautline::usb {
namespace {

TEST(UsbUrl, NamesVendorProductSerialAndInterface) {
  auto a = parse_usb_url("0403:6010");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->vid, 0x0403);
  EXPECT_EQ(a->pid, 0x6010);
  EXPECT_TRUE(a->serial.empty());
  EXPECT_EQ(default_interface(*a, 2), 1) << "the UART of an Arty";
  EXPECT_EQ(default_interface(*a, 1), 0) << "FT232H";
  a = parse_usb_url("0403:6014:FT0001:A?baud=3000000&timeout=200");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->serial, "FT0001");
  EXPECT_EQ(default_interface(*a, 2), 0);
  EXPECT_EQ(a->baud, 3'000'000u);
  EXPECT_EQ(a->timeout.count(), 200);
  a = parse_usb_url("0403:6010::B");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->interface, 1);
  a = parse_usb_url("0403:6010?mode=fifo");
  ASSERT_TRUE(a);
  EXPECT_TRUE(a->fifo);
  EXPECT_EQ(default_interface(*a, 2), 0) << "only port A has the FIFO";
}

TEST(UsbUrl, RefusesWhatItDoesNotUnderstand) {
  for (const char* bad : {"", "0403", "403:6010", "0403:60100", "0403:zzzz", "0403:6010:s:E",
                          "0403:6010:s:1", "0403:6010:s:A:x", "0403:6010?baud", "0403:6010?baud=x",
                          "0403:6010?mode=spi", "0403:6010?speed=1", "0403:6010?timeout=0"}) {
    const auto a = parse_usb_url(bad);
    ASSERT_FALSE(a) << bad;
    EXPECT_EQ(a.error(), make_error_code(Errc::bad_url)) << bad;
    EXPECT_EQ(a.error(), std::errc::invalid_argument) << bad;
  }
  EXPECT_EQ(parse_usb_url("0403:6010?baud=100").error(), make_error_code(Errc::bad_rate));
  EXPECT_EQ(parse_usb_url("0403:6010?baud=13000000").error(), make_error_code(Errc::bad_rate));
  EXPECT_EQ(parse_usb_url("0403:6010?baud=9999999").error(), make_error_code(Errc::bad_rate));
}

TEST(UsbBaud, EncodesTheDivisorsAsTheChipWantsThem) {
  const auto check = [](unsigned baud, unsigned value, unsigned index) {
    const auto code = baud_code(baud);
    ASSERT_TRUE(code) << baud;
    EXPECT_EQ(code->value, value) << baud;
    EXPECT_EQ(code->index, index) << baud;
  };
  check(12'000'000, 0, 0x0200);
  check(8'000'000, 1, 0x0200);
  check(6'000'000, 2, 0x0200);
  check(3'000'000, 4, 0x0200);
  check(921'600, 13 | 0 << 14, 0x0200);  // 13.02
  check(1'000'000, 12, 0x0200);
  check(115'200, 104 | 3u << 14, 0x0200);  // 104.125
  check(9'600, 1250, 0x0200);
}

TEST(UsbError, TellsWhatToDoAboutAMissingPermission) {
  const std::error_code error = Errc::permission;
  EXPECT_NE(error.message().find("60-tautline.rules"), std::string::npos);
  EXPECT_EQ(error, std::errc::permission_denied);
}

TEST(UsbScheme, IsKnownToOpenPciFunction) {
  const auto function = open_pci_function("usb:nonsense");
  ASSERT_FALSE(function);
  EXPECT_EQ(function.error(), make_error_code(Errc::bad_url));
}

}  // namespace
}  // namespace tautline::usb
