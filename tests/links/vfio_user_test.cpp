// The board's process at its socket: what a client may ask, and what it gets for nonsense.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "generated/regs.hpp"
#include "raw_client.hpp"
#include "tautline/tautline.hpp"

namespace tautline::test {
namespace {

constexpr std::uint64_t page = 4096;

std::uint64_t test_seed() {
  const char* const given = std::getenv("TAUTLINE_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
}
#define TRACE_SEED(seed) SCOPED_TRACE("replay with TAUTLINE_SEED=" + std::to_string(seed))

StackConfig small_config(std::string& why) {
  StackConfig config;
  config.address = {0x0a000001};
  config.secrets = Secrets{};
  config.rx_ring_log2 = 12;
  config.tx_ring_log2 = 12;
  config.explanation = &why;
  return config;
}

/// The whole way of an application: it attaches, the engine answers a command, it leaves.
void expect_usable(const BoardProcess& board) {
  std::string why;
  auto stack = Stack::create(board.url(), small_config(why));
  ASSERT_TRUE(stack) << why;
  EXPECT_TRUE(stack->listen({.port = 7}));
  EXPECT_EQ(stack->link_state(), LinkState::up);
}

// ------------------------------------------------------------------------------- the client
TEST(VfioUserFunction, FindsTheBoardsIdentityAndBars) {
  BoardProcess board;
  auto function = open_pci_function(board.url());
  ASSERT_TRUE(function) << last_open_explanation();
  EXPECT_EQ((*function)->read32(0, regs::id::offset), regs::id::reset_value);
  EXPECT_EQ((*function)->bar_size(0), 1u << 22);
  EXPECT_EQ((*function)->bar_size(1), 0u);
  EXPECT_EQ((*function)->bar_size(2), 4096u);
  EXPECT_EQ((*function)->read32(1, 0), 0xffffffffu);
  EXPECT_EQ((*function)->read32(0, 1u << 22), 0xffffffffu);
  EXPECT_EQ((*function)->read32(0, 2), 0xffffffffu);
  function->reset();
  board.stop();
}

TEST(VfioUserFunction, AttachesListensAndLeavesNothingBehind) {
  BoardProcess board;
  for (int i = 0; i < 3; ++i) expect_usable(board);
  const auto counters = board.stop();
  EXPECT_EQ(counters.at("server.clients"), 3);
  EXPECT_EQ(counters.at("dma.regions"), 0);
  EXPECT_EQ(counters.at("dma.faults"), 0);
  EXPECT_EQ(counters.at("server.refused"), 0);
}

TEST(VfioUserFunction, IsWokenByTheInterrupt) {
  BoardProcess board;
  std::string why;
  auto stack = Stack::create(board.url(), small_config(why));
  ASSERT_TRUE(stack) << why;
  // A connection to nobody ends by its timer, and the engine says so; nobody polls meanwhile.
  auto socket = stack->start_connect({{0x0a000002}, 1});
  ASSERT_TRUE(socket);
  while (!socket->error()) {
    while (!stack->poll().empty()) {
      if (socket->error()) break;
    }
    if (!stack->arm()) continue;
    pollfd fd{stack->native_handle(), POLLIN, 0};
    ASSERT_EQ(::poll(&fd, 1, 20'000), 1) << "no interrupt";
  }
  EXPECT_EQ(socket->error(), std::errc::host_unreachable);
}

TEST(VfioUserFunction, SaysThatTheBoardWasRemoved) {
  BoardProcess board;
  std::string why;
  auto stack = Stack::create(board.url(), small_config(why));
  ASSERT_TRUE(stack) << why;
  ASSERT_TRUE(stack->arm());
  board.kill();
  pollfd fd{stack->native_handle(), POLLIN, 0};
  EXPECT_EQ(::poll(&fd, 1, 20'000), 1) << "a sleeper is woken";
  stack->poll();
  EXPECT_EQ(stack->link_state(), LinkState::removed);
  EXPECT_EQ(stack->function().read32(0, 0), 0xffffffffu);
  EXPECT_EQ(stack->listen({.port = 7}).error(), std::errc::no_such_device);
}

// ------------------------------------------------------------------------------- the server
TEST(BoardServer, DescribesItsRegionsAndInterrupts) {
  BoardProcess board;
  RawClient client(board);
  client.negotiate();
  const std::uint64_t sizes[9] = {1u << 22, 0, 4096, 0, 4096, 0, 0, 256, 0};
  for (std::uint32_t i = 0; i < 9; ++i) {
    vfio_region_info info{};
    info.argsz = sizeof info;
    info.index = i;
    const auto reply = client.call(Command::device_get_region_info, bytes_of(info));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->head<vfio_region_info>()->size, sizes[i]) << "region " << i;
  }
  for (std::uint32_t i = 0; i < VFIO_PCI_NUM_IRQS; ++i) {
    vfio_irq_info info{};
    info.argsz = sizeof info;
    info.index = i;
    const auto reply = client.call(Command::device_get_irq_info, bytes_of(info));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->head<vfio_irq_info>()->count, i == VFIO_PCI_MSIX_IRQ_INDEX ? 1u : 0u);
  }
  board.stop();
}

TEST(BoardServer, HasAConfigurationSpaceThatAProbeUnderstands) {
  BoardProcess board;
  RawClient client(board);
  client.negotiate();
  constexpr std::uint32_t config = VFIO_PCI_CONFIG_REGION_INDEX;
  // Sizing: all ones are written, the address bits that stick tell the size.
  const std::uint32_t sizes[6] = {0xffc00000, 0, 0xfffff00c, 0xffffffff, 0xfffff000, 0};
  for (unsigned i = 0; i < 6; ++i) {
    EXPECT_EQ(client.write32(pci_config::bar0 + 4 * i, 0xffffffff, config), 0);
    EXPECT_EQ(client.read32(pci_config::bar0 + 4 * i, config), sizes[i]) << "BAR " << i;
  }
  EXPECT_EQ(client.read32(0, config) & 0xffff, 0x1234u);
  client.write32(0, 0, config);
  EXPECT_EQ(client.read32(0, config) & 0xffff, 0x1234u) << "read only";
  std::vector<unsigned> found;
  unsigned at = client.read32(pci_config::capabilities, config) & 0xff;
  for (int i = 0; at != 0 && i < 8; ++i) {
    const std::uint32_t word = client.read32(at, config);
    found.push_back(word & 0xff);
    at = word >> 8 & 0xff;
  }
  EXPECT_EQ(found, (std::vector<unsigned>{0x10, 0x11})) << "PCI Express and MSI-X";
  board.stop();
}

TEST(BoardServer, GivesNothingWhileItsMemoryIsDisabled) {
  BoardProcess board;
  RawClient client(board);
  client.negotiate();
  EXPECT_EQ(client.read32(0), 0xffffffffu);
  client.write_config16(pci_config::command, pci_config::command_memory);
  EXPECT_EQ(client.read32(0), regs::id::reset_value);
  // A function-level reset is power-up: disabled again.
  client.write_config16(0x48, 0x8000);
  EXPECT_EQ(client.read32(0), 0xffffffffu);
  board.stop();
}

TEST(BoardServer, RefusesWhatItDoesNotKnowAndGoesOn) {
  BoardProcess board;
  RawClient client(board);
  EXPECT_EQ(client.error_of(Command::device_get_info, {}), EINVAL) << "before the version";
  const Version wrong{.major = 7};
  EXPECT_EQ(client.error_of(Command::version, bytes_of(wrong)), EINVAL);
  client.negotiate();
  EXPECT_EQ(client.error_of(static_cast<Command>(999), {}), ENOTSUP);
  EXPECT_EQ(client.error_of(Command::dma_map, {}), EINVAL) << "too short";
  const RegionAccess beyond{.offset = 1u << 22, .region = 0, .count = 4};
  EXPECT_EQ(client.error_of(Command::region_read, bytes_of(beyond)), EINVAL);
  const RegionAccess wraps{.offset = ~std::uint64_t{0} - 1, .region = 0, .count = 4};
  EXPECT_EQ(client.error_of(Command::region_read, bytes_of(wraps)), EINVAL);
  const RegionAccess no_region{.region = 77, .count = 4};
  EXPECT_EQ(client.error_of(Command::region_read, bytes_of(no_region)), EINVAL);
  const RegionAccess long_read{.region = 0, .count = 1u << 20};
  EXPECT_EQ(client.error_of(Command::region_read, bytes_of(long_read)), EINVAL);
  const RegionAccess cut{.region = 0, .count = 64};
  EXPECT_EQ(client.error_of(Command::region_write, bytes_of(cut)), EINVAL) << "no data";
  EXPECT_EQ(client.error_of(Command::device_reset, {}), 0);
  EXPECT_GE(board.stop()["server.refused"], 9);
}

TEST(BoardServer, MapsWholePagesThatAreThere) {
  BoardProcess board;
  RawClient client(board);
  client.start();
  const auto file = memory_file(16 * page);
  EXPECT_EQ(client.map(0x10000, 4 * page, file.get()), 0);
  EXPECT_EQ(client.map(0x11000, page, file.get()), EEXIST) << "inside";
  EXPECT_EQ(client.map(0xf000, 2 * page, file.get()), EEXIST) << "over its start";
  EXPECT_EQ(client.map(0x13000, 2 * page, file.get()), EEXIST) << "over its end";
  EXPECT_EQ(client.map(0x14000, page, file.get()), 0) << "beside it";
  EXPECT_EQ(client.map(0x20000, 17 * page, file.get()), EINVAL) << "beyond the file";
  EXPECT_EQ(client.map(0x20000, page, file.get(), 16 * page), EINVAL);
  EXPECT_EQ(client.map(0x20000, page, file.get(), ~std::uint64_t{0} - page + 1), EINVAL);
  EXPECT_EQ(client.map(0x20001, page, file.get()), EINVAL);
  EXPECT_EQ(client.map(0x20000, 100, file.get()), EINVAL);
  EXPECT_EQ(client.map(0x20000, 0, file.get()), EINVAL);
  EXPECT_EQ(client.map(~std::uint64_t{0} - page + 1, 2 * page, file.get()), EINVAL) << "wraps";
  const detail::Descriptor null(::open("/dev/null", O_RDWR));
  EXPECT_EQ(client.map(0x20000, page, null.get()), EINVAL) << "not memory";
  EXPECT_EQ(client.unmap(0x11000, page), EINVAL) << "half of a region";
  EXPECT_EQ(client.unmap(0x10000, 5 * page), 0);
  EXPECT_EQ(client.map(0x10000, page, file.get()), 0) << "free again";
  EXPECT_EQ(client.unmap(0, 0, unmap_all), 0);
  EXPECT_EQ(client.map(0x10000, page, file.get()), 0);
  board.stop();
}

/// Programs the engine as a driver does, with rings in one region, and enables it.
struct RawDriver {
  static constexpr std::uint64_t base = 0x1'0000'0000, size = 64 * page;
  static constexpr std::uint64_t tx = base, rx = base + 16 * page, status = base + 32 * page;

  static void await(RawClient& client, std::uint32_t bits) {
    for (int i = 0; i < 100'000; ++i) {
      if ((client.read32(regs::status::offset) & bits) != 0) return;
    }
    FAIL() << "STATUS does not show " << bits;
  }
  static void attach(RawClient& client) {
    client.write32(regs::control::offset, 0);
    await(client, regs::status::idle.mask() | regs::status::error.mask());
    client.write32(regs::control::offset, regs::control::reset.put(1));
    await(client, regs::status::ready.mask());
    const auto address = [&](std::uint32_t offset, std::uint64_t value) {
      client.write32(offset, static_cast<std::uint32_t>(value));
      client.write32(offset + 4, static_cast<std::uint32_t>(value >> 32));
    };
    address(regs::tx_base_lo::offset, tx);
    address(regs::rx_base_lo::offset, rx);
    address(regs::status_base_lo::offset, status);
    client.write32(regs::tx_ring_log2::offset, 12);
    client.write32(regs::rx_ring_log2::offset, 12);
    client.write32(regs::status_log2::offset, 4);
    client.write32(regs::status_consumer::offset, 0);
    client.write32(regs::control::offset, regs::control::enable.put(1));
  }
  /// A command that is answered with a completion in the status ring whatever it says.
  static void command(RawClient& client) {
    client.write32(regs::cmd0::offset, 0x1234'0000 | static_cast<std::uint32_t>(regs::Op::query));
    for (unsigned i = 1; i < 8; ++i) client.write32(regs::cmd0::offset + 4 * i, 0);
  }
};

TEST(BoardServer, WritesTheStatusRingAndSignalsItsInterrupt) {
  BoardProcess board;
  RawClient client(board);
  client.start();
  const auto file = memory_file(RawDriver::size);
  ASSERT_EQ(client.map(RawDriver::base, RawDriver::size, file.get()), 0);
  const detail::Descriptor event(::eventfd(0, EFD_NONBLOCK));
  const struct {
    std::uint32_t argsz = 20, flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                  index = VFIO_PCI_MSIX_IRQ_INDEX, start = 0, count = 1;
  } set;
  const int fd = event.get();
  ASSERT_EQ(client.error_of(Command::device_set_irqs, bytes_of(set), {}, std::span(&fd, 1)), 0);
  RawDriver::attach(client);
  client.write32(regs::status_consumer::offset, regs::status_consumer::arm.put(1));
  RawDriver::command(client);
  pollfd wait{event.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 20'000), 1);
  std::uint32_t words[16];
  ASSERT_EQ(::pread(file.get(), words, sizeof words, 32 * page), 64);
  EXPECT_EQ(words[15] >> 31, 1u);
  EXPECT_EQ(words[1] & 0xffff, 0x1234u) << "the command's cookie";
  board.stop();
}

TEST(BoardServer, ReachesMemoryWithoutADescriptorByMessage) {
  BoardProcess board;
  RawClient client(board);
  client.start();
  // The client's memory, which only its own messages change.
  std::vector<std::byte> memory(RawDriver::size);
  std::size_t written = 0;
  client.on_request = [&](Message& message) {
    const auto access = message.head<DmaAccess>();
    ASSERT_TRUE(access);
    ASSERT_GE(access->address, RawDriver::base);
    ASSERT_LE(access->address + access->count, RawDriver::base + RawDriver::size);
    const std::size_t at = access->address - RawDriver::base;
    Header header = message.header;
    header.flags = type_reply;
    if (message.header.command == Command::dma_write) {
      std::ranges::copy(message.after<DmaAccess>(), memory.begin() + static_cast<long>(at));
      written += access->count;
      ASSERT_FALSE(client.channel().send(header, bytes_of(*access)));
    } else {
      ASSERT_FALSE(client.channel().send(header, bytes_of(*access),
                                         std::span(memory).subspan(at, access->count)));
    }
  };
  ASSERT_EQ(client.map(RawDriver::base, RawDriver::size), 0);
  RawDriver::attach(client);
  RawDriver::command(client);
  std::uint32_t last = 0;
  for (int i = 0; i < 10'000 && last == 0; ++i) {
    client.read32(0);
    std::memcpy(&last, memory.data() + 32 * page + 60, 4);
  }
  EXPECT_EQ(last >> 31, 1u);
  EXPECT_EQ(written, 64u);
  EXPECT_EQ(board.stop()["dma.faults"], 0);
}

TEST(BoardServer, AnswersAnUnmappedAddressWithAnErrorThatStopsTheLink) {
  // Each way in which the status ring is not there when it is written.
  for (const char* const way : {"never mapped", "unmapped", "read only", "no bus master",
                                "file cut short", "client does not answer"}) {
    SCOPED_TRACE(way);
    const std::string_view how = way;
    BoardProcess board;
    RawClient client(board);
    client.start();
    const auto file = memory_file(RawDriver::size);
    const bool remote = how == "client does not answer";
    const std::uint32_t flags = how == "read only" ? dma_readable : dma_readable | dma_writable;
    ASSERT_EQ(client.map(RawDriver::base, 32 * page, file.get()), 0);
    if (how != "never mapped") {
      ASSERT_EQ(client.map(RawDriver::status, page, remote ? -1 : file.get(),
                           remote ? 0 : 32 * page, flags),
                0);
    }
    RawDriver::attach(client);
    if (how == "unmapped") {
      ASSERT_EQ(client.unmap(RawDriver::status, page), 0);
    }
    if (how == "no bus master") {
      client.write_config16(pci_config::command, pci_config::command_memory);
    }
    if (how == "file cut short") {
      ASSERT_EQ(::ftruncate(file.get(), 0), 0);
    }
    RawDriver::command(client);
    if (remote) {  // the server gives the client up
      while (client.call(Command::region_read, bytes_of(RegionAccess{0, 0, 4}))) {
      }
    } else {
      RawDriver::await(client, regs::status::error.mask());
    }
    EXPECT_EQ(board.alive(), true);
    EXPECT_GE(board.stop()["dma.faults"], 1);
  }
}

TEST(BoardServer, IsTakenOverAfterAClientThatDiedWithAnErrorOnTheLink) {
  BoardProcess board;
  for (int i = 0; i < 2; ++i) {
    RawClient client(board);
    client.start();
    RawDriver::attach(client);  // nothing is mapped
    RawDriver::command(client);
    RawDriver::await(client, regs::status::error.mask());
  }
  expect_usable(board);
  EXPECT_EQ(board.stop()["dma.regions"], 0);
}

TEST(BoardServer, TakesAPushLineWholeOrInParts) {
  BoardProcess board;
  RawClient client(board);
  client.start();
  const std::vector<std::byte> line(64, std::byte{0x11});
  EXPECT_EQ(client.write(2, 64, line), 0);
  for (unsigned i = 0; i < 64; i += 8) {
    EXPECT_EQ(client.write(2, 128 + i, std::span(line).subspan(0, 8)), 0);
  }
  EXPECT_EQ(client.write(2, 192, std::span(line).subspan(0, 8)), 0);
  client.read32(0);  // ends the line that was not whole
  EXPECT_EQ(client.write(2, 200, std::span(line).subspan(0, 8)), 0) << "not at a line's start";
  client.read32(0);
  const auto counters = board.stop();
  EXPECT_EQ(counters.at("board.mmio_lines"), 2);
  EXPECT_EQ(counters.at("server.odd_accesses"), 2);
}

// ------------------------------------------------------------------------------- garbage
std::vector<std::byte> noise(std::mt19937_64& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

TEST(BoardServer, SurvivesGarbageForMessages) {
  const std::uint64_t seed = test_seed();
  TRACE_SEED(seed);
  std::mt19937_64 random(seed);
  BoardProcess board;
  const auto file = memory_file(16 * page);
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    RawClient client(board);
    if (random() % 4 != 0) client.start();
    const unsigned messages = random() % 20;
    for (unsigned i = 0; i < messages; ++i) {
      switch (random() % 4) {
        case 0:  // bytes
          client.send_raw(noise(random, random() % 200));
          break;
        case 1: {  // a header of one of the commands, its size as it comes or right
          auto bytes = noise(random, sizeof(Header) + random() % 100);
          Header header{
              .id = static_cast<std::uint16_t>(random()),
              .command = static_cast<Command>(random() % 16),
              .size = static_cast<std::uint32_t>(random() % 4 == 0 ? random() : bytes.size()),
              .flags = static_cast<std::uint32_t>(random() % 64),
              .error = 0};
          std::memcpy(bytes.data(), &header, sizeof header);
          client.send_raw(bytes);
          break;
        }
        case 2: {  // a command with plausible words and perhaps a descriptor
          std::vector<std::uint64_t> words(random() % 8);
          for (auto& word : words)
            word = random() >> (random() % 64) & ~std::uint64_t{random() % 2};
          const int fd = file.get();
          (void)client.channel().send({.id = 1, .command = static_cast<Command>(random() % 16)},
                                      std::as_bytes(std::span(words)), {},
                                      std::span(&fd, random() % 2));
          break;
        }
        default: {  // an access to a region
          const RegionAccess access{.offset = random() >> (random() % 64),
                                    .region = static_cast<std::uint32_t>(random() % 10),
                                    .count = static_cast<std::uint32_t>(random() % 80)};
          const auto data = noise(random, random() % 4 == 0 ? random() % 80 : access.count);
          (void)client.channel().send(
              {.id = 2,
               .command = random() % 2 == 0 ? Command::region_write : Command::region_read,
               .flags = random() % 2 == 0 ? flag_no_reply : 0},
              bytes_of(access), data);
        }
      }
    }
    ASSERT_TRUE(board.alive());
  }
  expect_usable(board);
  const auto counters = board.stop();
  EXPECT_EQ(counters.at("server.clients"), 151);
  EXPECT_GT(counters.at("server.refused"), 100);
  EXPECT_EQ(counters.at("dma.regions"), 0);
}

TEST(BoardServer, NeverWritesOutsideOfAMappedRegionWhateverTheRegistersSay) {
  const std::uint64_t seed = test_seed();
  TRACE_SEED(seed);
  std::mt19937_64 random(seed);
  BoardProcess board;
  for (int round = 0; round < 25; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    // One file; its even pages are mapped here and there, its odd ones are canaries.
    constexpr std::size_t pages = 32;
    const auto file = memory_file(pages * page);
    const std::vector<std::byte> canary(page, std::byte{0xa5});
    for (std::size_t i = 0; i < pages; ++i) {
      ASSERT_EQ(::pwrite(file.get(), canary.data(), page, static_cast<off_t>(i * page)),
                static_cast<ssize_t>(page));
    }
    RawClient client(board);
    client.start();
    for (std::size_t i = 0; i < pages; i += 2) {
      ASSERT_EQ(client.map(RawDriver::base + i * page, page, file.get(), i * page,
                           random() % 4 == 0 ? dma_readable : dma_readable | dma_writable),
                0);
    }
    RawDriver::attach(client);
    for (int i = 0; i < 400; ++i) {
      const std::uint32_t value =
          static_cast<std::uint32_t>(random() % 2 == 0 ? random() : random() % 64);
      switch (random() % 4) {
        case 0:
          client.post32(regs::doorbell_base + 4 * (random() % 40), value);
          break;
        case 1:  // commands, bases and sizes among them
          client.post32(4 * (random() % 256), value);
          break;
        case 2:
          client.post32(regs::cmd0::offset + 4 * (random() % 8), value);
          break;
        default: {  // sane bases again, so that the engine has something to run into
          const std::uint64_t base = RawDriver::base + random() % pages * page;
          const std::uint32_t which[3] = {regs::tx_base_lo::offset, regs::rx_base_lo::offset,
                                          regs::status_base_lo::offset};
          const std::uint32_t offset = which[random() % 3];
          client.post32(offset, static_cast<std::uint32_t>(base));
          client.post32(offset + 4, static_cast<std::uint32_t>(base >> 32));
          client.post32(regs::control::offset, regs::control::enable.put(1));
        }
      }
    }
    ASSERT_TRUE(client.read(0, regs::id::offset, 4)) << "all writes have been taken";
    for (std::size_t i = 1; i < pages; i += 2) {
      std::vector<std::byte> now(page);
      ASSERT_EQ(::pread(file.get(), now.data(), page, static_cast<off_t>(i * page)),
                static_cast<ssize_t>(page));
      ASSERT_EQ(now, canary) << "page " << i << " was not mapped";
    }
    ASSERT_TRUE(board.alive());
  }
  expect_usable(board);
  const auto counters = board.stop();  // and no protocol of a bus was broken
  EXPECT_GT(counters.at("dma.faults"), 0);
}

}  // namespace
}  // namespace tautline::test
