#include <gtest/gtest.h>

#include <string>

#include "mock_function.hpp"
#include "stack_core.hpp"
#include "tautline/tautline.hpp"

namespace tautline {
namespace {

TEST(Address, ParsesAndPrintsFourNumbers) {
  EXPECT_EQ(Ipv4Address::parse("10.0.0.1")->value, 0x0a000001u);
  EXPECT_EQ(Ipv4Address::parse("255.255.255.255")->to_string(), "255.255.255.255");
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "1.2.3.4 ", "a.b.c.d",
                          "1.2.3.", "1.2.3.4.", "-1.2.3.4", "1.2.3.0004"}) {
    EXPECT_FALSE(Ipv4Address::parse(bad)) << bad;
  }
}

TEST(Address, PrefixHasAMask) {
  const auto prefix = Ipv4Prefix::parse("192.168.7.1/24").value();
  EXPECT_EQ(prefix.mask(), 0xffffff00u);
  EXPECT_EQ(prefix.to_string(), "192.168.7.1/24");
  EXPECT_EQ(Ipv4Prefix::parse("1.2.3.4")->length, 32u);
  EXPECT_EQ(Ipv4Prefix::parse("0.0.0.0/0")->mask(), 0u);
  for (const char* bad : {"1.2.3.4/", "1.2.3.4/33", "1.2.3.4/x", "/24", "1.2.3.4/2/4"}) {
    EXPECT_FALSE(Ipv4Prefix::parse(bad)) << bad;
  }
}

TEST(Address, MacAndEndpointRoundTrip) {
  EXPECT_EQ(MacAddress::parse("02:0a:ff:00:00:01")->to_string(), "02:0a:ff:00:00:01");
  EXPECT_EQ(MacAddress::parse("02:0a:ff:00:00:01")->value(), 0x020aff000001u);
  EXPECT_FALSE(MacAddress::parse("02:0a:ff:00:00"));
  EXPECT_FALSE(MacAddress::parse("02:0a:ff:00:00:1g"));
  EXPECT_EQ(Endpoint::parse("10.0.0.1:80")->to_string(), "10.0.0.1:80");
  EXPECT_FALSE(Endpoint::parse("10.0.0.1"));
  EXPECT_FALSE(Endpoint::parse("10.0.0.1:65536"));
}

TEST(Positions, ExtendAcrossTheWrapInBothDirections) {
  EXPECT_EQ(detail::extend(0xfffffff0, 0x10), 0x1'0000'0010u);
  EXPECT_EQ(detail::extend(0x1'0000'0010, 0xfffffff0), 0xfffffff0u);
  EXPECT_EQ(detail::extend(0x7'8000'0000, 0x80000000), 0x7'8000'0000u);
}

TEST(DeviceUrl, ChoosesTheLatestBackendOfTheScheme) {
  register_device_scheme("mock-url", [](std::string_view rest) {
    EXPECT_EQ(rest, "one?two:three");
    return std::expected<std::unique_ptr<PciFunction>, std::error_code>(
        std::make_unique<test::MockFunction>());
  });
  EXPECT_TRUE(open_pci_function("mock-url:one?two:three"));
  register_device_scheme("mock-url", [](std::string_view) {
    return std::expected<std::unique_ptr<PciFunction>, std::error_code>(
        std::unexpected(std::make_error_code(std::errc::permission_denied)));
  });
  EXPECT_EQ(open_pci_function("mock-url:x").error(), std::errc::permission_denied);
}

TEST(DeviceUrl, UnknownSchemesAndNonUrlsAreToldApart) {
  EXPECT_EQ(open_pci_function("nothing-like-it:").error(), Errc::unknown_scheme);
  EXPECT_EQ(open_pci_function("no-colon").error(), std::errc::invalid_argument);
}

TEST(DeviceUrl, StackTellsInWordsWhyItDidNotOpen) {
  std::string why;
  StackConfig config;
  config.address = {1};
  config.explanation = &why;
  EXPECT_FALSE(Stack::create("nothing-like-it:", config));
  EXPECT_NE(why.find("nothing-like-it"), std::string::npos) << why;
}

TEST(Errors, EveryResultAndCauseHasItsPosixMeaning) {
  using detail::to_error;
  using std::errc;
  EXPECT_FALSE(to_error(regs::Result::ok));
  EXPECT_EQ(to_error(regs::Result::no_slot), errc::too_many_files_open);
  EXPECT_EQ(to_error(regs::Result::in_use), errc::address_in_use);
  EXPECT_EQ(to_error(regs::Result::table_full), errc::no_buffer_space);
  EXPECT_EQ(to_error(regs::Result::stale), errc::bad_file_descriptor);
  EXPECT_EQ(to_error(regs::Result::bad_state), errc::not_connected);
  EXPECT_EQ(to_error(regs::Result::bad_arg), errc::invalid_argument);
  EXPECT_EQ(to_error(regs::Result::no_port), errc::address_not_available);
  EXPECT_EQ(to_error(regs::Result::unreachable), errc::host_unreachable);
  EXPECT_TRUE(to_error(static_cast<regs::Result>(99)));
  EXPECT_FALSE(to_error(regs::Cause::none));
  EXPECT_EQ(to_error(regs::Cause::refused), errc::connection_refused);
  EXPECT_EQ(to_error(regs::Cause::reset), errc::connection_reset);
  EXPECT_EQ(to_error(regs::Cause::timeout), errc::timed_out);
  EXPECT_EQ(to_error(regs::Cause::unreachable), errc::host_unreachable);
  EXPECT_EQ(to_error(regs::Cause::aborted), errc::connection_aborted);
  EXPECT_EQ(to_error(regs::Cause::link), errc::io_error);
  EXPECT_TRUE(to_error(static_cast<regs::Cause>(15)));
}

TEST(Errors, OwnCategoryIsNotPosix) {
  const std::error_code error = Errc::map_mismatch;
  EXPECT_STREQ(error.category().name(), "tautline");
  EXPECT_FALSE(error.message().empty());
  EXPECT_FALSE(is_would_block(error));
}

}  // namespace
}  // namespace tautline
