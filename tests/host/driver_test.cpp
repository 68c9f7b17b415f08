// Attach, status ring, commands, doorbells, push window: the driver alone, below any socket.

#include "driver.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "rig.hpp"
#include "tautline/error.hpp"

namespace tautline::detail {
namespace {

using test::MockFunction;
using test::MockWrite;
using test::small_config;

struct Collector {
  std::vector<Entry> statuses;
  std::vector<std::pair<Entry, std::uint64_t>> completions;
  unsigned link_errors = 0;
  void on_status(const Entry& entry) { statuses.push_back(entry); }
  void on_completion(const Entry& entry, std::uint64_t context) {
    completions.emplace_back(entry, context);
  }
  void on_link_error(const Entry&) { ++link_errors; }
};

std::unique_ptr<Driver> attach(MockFunction& mock, const StackConfig& config = small_config()) {
  std::string why;
  auto driver = Driver::attach(mock, config, why);
  EXPECT_TRUE(driver) << why;
  return driver ? std::move(*driver) : nullptr;
}

std::error_code refused(MockFunction& mock, const StackConfig& config, std::string& why) {
  auto driver = Driver::attach(mock, config, why);
  return driver ? std::error_code{} : driver.error();
}

std::size_t index_of(const MockFunction& mock, std::uint32_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < mock.writes.size(); ++i) {
    if (mock.writes[i].offset == offset && mock.writes[i].value == value) return i;
  }
  ADD_FAILURE() << "no write of " << value << " to " << offset;
  return mock.writes.size();
}

TEST(Attach, DisablesResetsProgramsAndOnlyThenEnables) {
  MockFunction mock;
  const auto driver = attach(mock);
  const std::uint32_t control = regs::control::offset;
  const std::size_t disable = index_of(mock, control, 0);
  const std::size_t reset = index_of(mock, control, regs::control::reset.mask());
  const std::size_t enable = index_of(mock, control, regs::control::enable.mask());
  EXPECT_EQ(disable, 0u);
  EXPECT_EQ(reset, 1u) << "nothing is programmed into a device that still runs";
  EXPECT_EQ(enable, mock.writes.size() - 1);
}

TEST(Attach, ProgramsWhatTheConfigurationSays) {
  MockFunction mock;
  StackConfig config = small_config();
  config.prefix = 20;
  config.gateway = {0x0a000fff};
  config.mac = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
  config.vlan_tci = 0x6064;
  config.mtu = 1400;
  config.ttl = 17;
  config.dscp = 46;
  config.nodelay = true;
  config.rto_min = std::chrono::milliseconds{200};
  config.time_wait = std::chrono::seconds{2};
  config.secrets->isn_key[4] = std::byte{0xab};
  config.secrets->port_key[15] = std::byte{0xcd};
  const auto driver = attach(mock, config);
  EXPECT_EQ(mock.reg(regs::ip::offset), 0x0a000001u);
  EXPECT_EQ(mock.reg(regs::netmask::offset), 0xfffff000u);
  EXPECT_EQ(mock.reg(regs::gateway::offset), 0x0a000fffu);
  EXPECT_EQ(mock.reg(regs::mac_hi::offset), 0x0211u);
  EXPECT_EQ(mock.reg(regs::mac_lo::offset), 0x22334455u);
  EXPECT_EQ(mock.reg(regs::vlan::offset), 0x16064u);
  EXPECT_EQ(mock.reg(regs::mtu::offset), 1400u);
  EXPECT_EQ(regs::ipcfg::ttl.get(mock.reg(regs::ipcfg::offset)), 17u);
  EXPECT_EQ(regs::ipcfg::dscp.get(mock.reg(regs::ipcfg::offset)), 46u);
  EXPECT_EQ(regs::ipcfg::df.get(mock.reg(regs::ipcfg::offset)), 1u);
  EXPECT_EQ(regs::ipcfg::nodelay.get(mock.reg(regs::ipcfg::offset)), 1u);
  EXPECT_EQ(mock.reg(regs::rto_min::offset), 200'000u);
  EXPECT_EQ(mock.reg(regs::time_wait::offset), 2'000'000u);
  EXPECT_EQ(mock.reg(regs::isn_key1::offset), 0xabu);
  EXPECT_EQ(mock.reg(regs::port_key3::offset), 0xcd000000u);
  EXPECT_EQ(mock.reg(regs::rx_ring_log2::offset), 12u);
  EXPECT_EQ(mock.reg(regs::status_log2::offset), 4u);
}

TEST(Attach, DefaultsAreThoseOfTheRegisterDescription) {
  MockFunction mock;
  StackConfig config;
  config.address = test::our_address;
  const auto driver = attach(mock, config);
  EXPECT_EQ(mock.reg(regs::rto_min::offset), regs::rto_min::reset_value);
  EXPECT_EQ(mock.reg(regs::rto_init::offset), regs::rto_init::reset_value);
  EXPECT_EQ(mock.reg(regs::rto_max::offset), regs::rto_max::reset_value);
  EXPECT_EQ(mock.reg(regs::delack::offset), regs::delack::reset_value);
  EXPECT_EQ(mock.reg(regs::user_timeout::offset), regs::user_timeout::reset_value);
  EXPECT_EQ(mock.reg(regs::syn_timeout::offset), regs::syn_timeout::reset_value);
  EXPECT_EQ(mock.reg(regs::r1::offset), regs::r1::reset_value);
  EXPECT_EQ(mock.reg(regs::time_wait::offset), regs::time_wait::reset_value);
  EXPECT_EQ(mock.reg(regs::fin_wait2::offset), regs::fin_wait2::reset_value);
  EXPECT_EQ(mock.reg(regs::challenge::offset), regs::challenge::reset_value);
  EXPECT_EQ(mock.reg(regs::reply::offset), regs::reply::reset_value);
  EXPECT_EQ(mock.reg(regs::arp_timeout::offset), regs::arp_timeout::reset_value);
  EXPECT_EQ(mock.reg(regs::mtu::offset), regs::mtu::reset_value);
  EXPECT_EQ(mock.reg(regs::ipcfg::offset), regs::ipcfg::reset_value);
  EXPECT_EQ(mock.reg(regs::netmask::offset), regs::netmask::reset_value);
  EXPECT_EQ(mock.reg(regs::mac_hi::offset), 0x0200u);
  EXPECT_EQ(mock.reg(regs::mac_lo::offset), 0x0a000001u);
}

TEST(Attach, DrawsFreshSecretsUnlessGiven) {
  StackConfig config = small_config();
  config.secrets.reset();
  std::set<std::vector<std::uint32_t>> drawn;
  for (int i = 0; i < 3; ++i) {
    MockFunction mock;
    const auto driver = attach(mock, config);
    std::vector<std::uint32_t> words;
    for (std::uint32_t offset = regs::isn_key0::offset; offset <= regs::port_key3::offset;
         offset += 4) {
      words.push_back(mock.reg(offset));
    }
    EXPECT_EQ(words.size(), 12u);
    drawn.insert(words);
  }
  EXPECT_EQ(drawn.size(), 3u);
}

TEST(Attach, ForgetsTheConsumerIndexOfAnEarlierDriver) {
  MockFunction mock;
  mock.set_reg(regs::status_consumer::offset, 0x80001234);
  const auto driver = attach(mock);
  EXPECT_EQ(mock.reg(regs::status_consumer::offset), 0u);
  EXPECT_FALSE(mock.armed());
}

TEST(Attach, RefusesAForeignDeviceWithoutTouchingIt) {
  MockFunction mock;
  mock.set_reg(regs::id::offset, 0x12345678);
  std::string why;
  EXPECT_EQ(refused(mock, small_config(), why), Errc::not_tautline);
  EXPECT_NE(why.find("0x12345678"), std::string::npos) << why;
  EXPECT_TRUE(mock.writes.empty());
}

TEST(Attach, RefusesAnotherMajorVersionAndTakesAnotherMinor) {
  MockFunction mock;
  std::string why;
  mock.set_reg(regs::version::offset, 0x00020000);
  EXPECT_EQ(refused(mock, small_config(), why), Errc::version_mismatch);
  EXPECT_NE(why.find("2.0"), std::string::npos) << why;
  EXPECT_TRUE(mock.writes.empty());
  mock.set_reg(regs::version::offset, regs::version::reset_value + 7);
  EXPECT_EQ(refused(mock, small_config(), why), std::error_code{});
}

TEST(Attach, RefusesAnotherRegisterMap) {
  MockFunction mock;
  std::string why;
  mock.set_reg(regs::map_hash::offset, regs::expected_map_hash ^ 1);
  EXPECT_EQ(refused(mock, small_config(), why), Errc::map_mismatch);
  EXPECT_NE(why.find("hash"), std::string::npos) << why;
  EXPECT_TRUE(mock.writes.empty());
}

TEST(Attach, RefusesCapabilitiesThatMakeNoSenseOrAreTooSmall) {
  std::string why;
  {
    MockFunction mock;
    mock.set_reg(regs::caps2::offset, 0);
    EXPECT_EQ(refused(mock, small_config(), why), Errc::missing_capability);
    EXPECT_TRUE(mock.writes.empty());
  }
  {
    MockFunction mock;
    mock.set_reg(regs::caps::offset, mock.reg(regs::caps::offset) + 1);  // more flows than BAR 0
    EXPECT_EQ(refused(mock, small_config(), why), Errc::missing_capability);
    EXPECT_NE(why.find("BAR 0"), std::string::npos) << why;
  }
  {
    MockFunction mock({.ring_log2_max = 14});
    StackConfig config = small_config();
    config.rx_ring_log2 = 15;
    EXPECT_EQ(refused(mock, config, why), Errc::missing_capability);
  }
}

TEST(Attach, SaysThatNoDeviceAnswersWhenReadsAreAllOnes) {
  MockFunction mock;
  mock.link = LinkState::removed;
  std::string why;
  EXPECT_EQ(refused(mock, small_config(), why), std::errc::no_such_device);
  mock.link = LinkState::up;
  mock.set_reg(regs::id::offset, 0xffffffff);
  EXPECT_EQ(refused(mock, small_config(), why), std::errc::no_such_device);
  mock.link = LinkState::failed;
  EXPECT_EQ(refused(mock, small_config(), why), std::errc::io_error);
}

TEST(Attach, GivesUpOnADeviceThatDoesNotDrainOrComesNotOutOfReset) {
  MockFunction mock;
  std::string why;
  mock.never_idle = true;
  EXPECT_EQ(refused(mock, small_config(), why), Errc::stuck);
  EXPECT_NE(why.find("drain"), std::string::npos) << why;
  mock.never_idle = false;
  mock.never_ready = true;
  const auto before = mock.now();
  EXPECT_EQ(refused(mock, small_config(), why), Errc::stuck);
  EXPECT_NE(why.find("reset"), std::string::npos) << why;
  EXPECT_GE(mock.now() - before, small_config().attach_timeout);
  for (const MockWrite& write : mock.writes) {
    EXPECT_FALSE(write.offset == regs::control::offset && write.value == 1) << "enabled";
  }
}

TEST(Attach, RefusesAConfigurationOutOfRange) {
  const auto with = [](auto change) {
    MockFunction mock;
    StackConfig config = small_config();
    change(config);
    std::string why;
    const auto error = refused(mock, config, why);
    EXPECT_FALSE(why.empty());
    EXPECT_TRUE(mock.writes.empty());
    return error;
  };
  using std::errc;
  EXPECT_EQ(with([](auto& c) { c.address = {}; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.prefix = 33; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.mac.bytes[0] = 1; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.mtu = 575; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.ttl = 0; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.dscp = 64; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.delayed_ack = std::chrono::milliseconds{500}; }),
            errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.time_wait = std::chrono::hours{2}; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.rx_ring_log2 = 11; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.tx_ring_log2 = 23; }), errc::invalid_argument);
  EXPECT_EQ(with([](auto& c) { c.status_ring_log2 = 16; }), errc::invalid_argument);
}

TEST(Attach, ReportsMissingMemoryAndLeavesNoRegionBehind) {
  MockFunction mock;
  mock.allocation_limit = 32768;  // the status ring fits, sixteen rings of 4 KiB do not
  std::string why;
  EXPECT_EQ(refused(mock, small_config(), why), std::errc::not_enough_memory);
  EXPECT_EQ(mock.dma_regions(), 0u);
}

TEST(Attach, AlignsEveryRingToItsSize) {
  MockFunction mock;
  StackConfig config = small_config();
  config.rx_ring_log2 = 16;
  config.status_ring_log2 = 8;
  const auto driver = attach(mock, config);
  EXPECT_EQ(mock.reg(regs::status_base_lo::offset) % (64u << 8), 0u);
  EXPECT_EQ(mock.reg(regs::rx_base_lo::offset) % (1u << 16), 0u);
  EXPECT_EQ(mock.reg(regs::tx_base_lo::offset) % (1u << 12), 0u);
  EXPECT_NE(mock.reg(regs::tx_base_hi::offset), 0u);
}

TEST(Detach, DisablesTheEngineBeforeItsMemoryGoes) {
  MockFunction mock;
  auto driver = attach(mock);
  EXPECT_EQ(mock.dma_regions(), 3u);
  mock.writes.clear();
  driver.reset();
  ASSERT_FALSE(mock.writes.empty());
  EXPECT_EQ(mock.writes.front().offset, regs::control::offset);
  EXPECT_EQ(mock.writes.front().value, 0u);
  EXPECT_EQ(mock.dma_regions(), 0u);
}

TEST(Detach, DoesNotWaitForeverForADeviceThatHangs) {
  MockFunction mock;
  auto driver = attach(mock);
  mock.never_idle = true;
  const auto before = mock.now();
  driver.reset();
  EXPECT_LE(mock.now() - before, std::chrono::milliseconds{11});
}

TEST(StatusRing, IsReadInOrderThroughManyPhases) {
  MockFunction mock;
  const auto driver = attach(mock);  // 16 entries
  Collector seen;
  std::uint32_t expected = 0;
  for (unsigned batch = 1; batch <= 200; ++batch) {
    const unsigned count = batch % 16 + 1;
    for (unsigned i = 0; i < count; ++i) {
      mock.flow(3).delivered = mock.flow(3).rx_end = mock.producer();
      mock.report(3);
    }
    seen.statuses.clear();
    EXPECT_EQ(driver->reap(seen), count);
    for (const Entry& entry : seen.statuses) {
      ASSERT_EQ(regs::status_entry::delivered.from(entry), expected++);
    }
    EXPECT_EQ(driver->reap(seen), 0u) << "an entry of the old phase was taken for new";
  }
}

TEST(StatusRing, ConsumerIndexIsToldBeforeTheRingFillsAndWrapsAt16Bits) {
  MockFunction mock;
  const auto driver = attach(mock);
  Collector seen;
  mock.record = false;
  for (std::uint32_t i = 0; i < 70'000; ++i) {
    mock.report(0);
    ASSERT_EQ(driver->reap(seen), 1u);
    const std::uint32_t told = mock.reg(regs::status_consumer::offset);
    ASSERT_LT((mock.producer() - told) & 0xffff, 16u) << "the engine would think the ring full";
  }
}

TEST(StatusRing, ArmingNamesTheIndexAndLooksOnceMore) {
  MockFunction mock;
  const auto driver = attach(mock);
  Collector seen;
  mock.report(1);
  EXPECT_FALSE(driver->arm()) << "an entry waits";
  EXPECT_FALSE(mock.armed());
  driver->reap(seen);
  EXPECT_TRUE(driver->arm());
  EXPECT_TRUE(mock.armed());
  EXPECT_EQ(mock.reg(regs::status_consumer::offset), 1u | 1u << 31);
  EXPECT_FALSE(mock.interrupt_pending());
  mock.report(1);
  EXPECT_TRUE(mock.interrupt_pending());
}

TEST(StatusRing, AnEntryThatRacesWithArmingIsSeen) {
  MockFunction mock;
  const auto driver = attach(mock);
  mock.on_arm = [&] {
    mock.on_arm = nullptr;
    mock.report(1);
  };
  EXPECT_FALSE(driver->arm()) << "sleeping now would miss the entry";
  EXPECT_TRUE(mock.interrupt_pending()) << "the host was behind the index it named";
}

TEST(StatusRing, UnknownKindsAndCookiesAreCountedAndIgnored) {
  MockFunction mock;
  const auto driver = attach(mock);
  Collector seen;
  std::array<std::uint32_t, 16> entry{};
  regs::status_entry::kind.into(entry, 77);
  mock.raw_entry(entry);
  mock.complete({.cookie = 0x1234});
  EXPECT_EQ(driver->reap(seen), 2u);
  EXPECT_TRUE(seen.completions.empty());
  EXPECT_EQ(driver->malformed, 2u);
}

TEST(Commands, CarryTheirFieldsAndReturnTheirContext) {
  MockFunction mock;
  const auto driver = attach(mock);
  Command command = make_command(regs::Op::open, 0x1234, 0x56, 0x789abcde, 0xf0123456);
  regs::command::raddr.into(command, 0x0a000002);
  regs::command::rport.into(command, 80);
  regs::command::lport.into(command, 1024);
  ASSERT_TRUE(driver->submit(command, 0xdeadbeef12345678));
  const auto seen = mock.take();
  EXPECT_EQ(seen.op, regs::Op::open);
  EXPECT_EQ(seen.slot, 0x1234u);
  EXPECT_EQ(seen.gen, 0x56u);
  EXPECT_EQ(seen.arg0, 0x789abcdeu);
  EXPECT_EQ(seen.arg1, 0xf0123456u);
  EXPECT_EQ(seen.raddr, 0x0a000002u);
  EXPECT_EQ(seen.rport, 80u);
  EXPECT_EQ(seen.lport, 1024u);
  Collector collected;
  driver->reap(collected);
  ASSERT_EQ(collected.completions.size(), 1u);
  EXPECT_EQ(collected.completions[0].second, 0xdeadbeef12345678u);
}

TEST(Commands, NeverExceedTheCredits) {
  MockFunction mock({.credits = 3});
  const auto driver = attach(mock);
  mock.on_command = [](const auto&) {};
  const Command nop = make_command(regs::Op::nop);
  for (unsigned i = 0; i < 3; ++i) EXPECT_TRUE(driver->submit(nop, i));
  EXPECT_EQ(driver->credits(), 0u);
  EXPECT_FALSE(driver->submit(nop, 3));
  EXPECT_EQ(mock.lost_commands, 0u);
  mock.complete(mock.commands[1]);
  Collector seen;
  driver->reap(seen);
  EXPECT_EQ(seen.completions.at(0).second, 1u);
  EXPECT_EQ(driver->credits(), 1u);
}

TEST(Commands, ACompletionThatComesTwiceReturnsOneCredit) {
  MockFunction mock({.credits = 2});
  const auto driver = attach(mock);
  mock.on_command = [](const auto&) {};
  driver->submit(make_command(regs::Op::nop), 7);
  mock.complete(mock.commands[0]);
  mock.complete(mock.commands[0]);
  Collector seen;
  driver->reap(seen);
  EXPECT_EQ(seen.completions.size(), 1u);
  EXPECT_EQ(driver->credits(), 2u);
  EXPECT_EQ(driver->malformed, 1u);
}

TEST(Doorbells, CarryTheGenerationAndTheLow24Bits) {
  MockFunction mock;
  const auto driver = attach(mock);
  mock.writes.clear();
  driver->ring_tail(5, 0x42, 0x1'2345'6789);
  driver->ring_taken(5, 0x42, 0x1'ffff'0001);
  ASSERT_EQ(mock.writes.size(), 2u);
  EXPECT_EQ(mock.writes[0].offset, 0x10000u + 8 * 5);
  EXPECT_EQ(mock.writes[0].value, 0x42456789u);
  EXPECT_EQ(mock.writes[1].offset, 0x10000u + 8 * 5 + 4);
  EXPECT_EQ(mock.writes[1].value, 0x42ff0001u);
}

TEST(PushWindow, PutsByteOfPositionPIntoLanePModulo8) {
  MockFunction mock;
  const auto driver = attach(mock);
  for (std::uint64_t position = 4090; position < 4110; ++position) {
    const std::size_t length = driver->push_capacity(position);
    EXPECT_EQ(length, 48 - position % 8);
    const auto ring = mock.tx_ring(2);
    for (std::size_t i = 0; i < length; ++i) {
      ring[(position + i) % ring.size()] = test::pattern(position + i);
    }
    driver->push(2, 9, position, length);
    ASSERT_FALSE(mock.push_lines.empty());
    const auto& line = mock.push_lines.back();
    EXPECT_EQ(line.slot, 2u);
    EXPECT_EQ(line.gen, 9u);
    EXPECT_EQ(line.position, position);
    EXPECT_EQ(line.payload, test::pattern_range(position, length)) << "the ring wraps in between";
  }
}

TEST(PushWindow, IsNotUsedWithoutItsBar) {
  MockFunction mock({.push_window = false});
  const auto driver = attach(mock);
  EXPECT_FALSE(driver->info().push_window);
  EXPECT_EQ(driver->push_capacity(0), 0u);
}

}  // namespace
}  // namespace tautline::detail
