// The library's vfio-user client against servers that are scripts: one that offers a BAR to map,
// and ones that refuse, lie, talk nonsense or hang up.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "raw_client.hpp"
#include "tautline/pci_function.hpp"

namespace tautline::test {
namespace {

/// Serves one client; `answer` is asked first and returns true if it did the work.
class ScriptedServer {
 public:
  using Answer = std::function<bool(Channel&, Message&)>;

  explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path().c_str(), sizeof name.sun_path - 1);
    listener_ = detail::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
        ::listen(listener_.get(), 1) != 0) {
      throw std::runtime_error("listen");
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string path() const { return directory_.path() / "server"; }
  [[nodiscard]] std::string url() const { return "vfio-user:" + path(); }

  static void reply(Channel& channel, const Message& message, std::span<const std::byte> head = {},
                    std::span<const std::byte> data = {}, std::span<const int> descriptors = {}) {
    (void)channel.send(
        {.id = message.header.id, .command = message.header.command, .flags = type_reply}, head,
        data, descriptors);
  }

 private:
  void serve() {
    detail::Descriptor socket(::accept(listener_.get(), nullptr, nullptr));
    if (!socket) return;
    Channel channel(std::move(socket));
    while (!channel.receive(true)) {
      while (auto message = channel.next()) {
        if (!answer_(channel, *message)) usual(channel, *message);
        if ((message->header.flags & type_mask) == hang_up) return;
      }
    }
  }

  // A device of 9 regions, of which there is only the configuration space.
  static void usual(Channel& channel, Message& message) {
    if ((message.header.flags & flag_no_reply) != 0) return;
    switch (message.header.command) {
      case Command::version:
        return reply(channel, message, bytes_of(Version{}), std::as_bytes(std::span("{}")));
      case Command::device_get_info: {
        const std::uint32_t info[4] = {16, VFIO_DEVICE_FLAGS_PCI, 9, 5};
        return reply(channel, message, std::as_bytes(std::span(info)));
      }
      case Command::device_get_region_info: {
        auto info = *message.head<vfio_region_info>();
        info.size = info.index == VFIO_PCI_CONFIG_REGION_INDEX ? 256 : 0;
        info.flags = 3;
        return reply(channel, message, bytes_of(info));
      }
      case Command::device_get_irq_info: {
        auto info = *message.head<vfio_irq_info>();
        info.count = 0;
        return reply(channel, message, bytes_of(info));
      }
      case Command::region_read: {
        const auto access = *message.head<RegionAccess>();
        return reply(channel, message, bytes_of(access), std::vector<std::byte>(access.count));
      }
      default:
        return reply(channel, message);
    }
  }

 public:
  static constexpr std::uint32_t hang_up = 0xf;  ///< a script sets this type and the server ends

 private:
  ShortDirectory directory_;
  Answer answer_;
  detail::Descriptor listener_;
  std::thread thread_;
};

TEST(VfioUserClient, MapsABarThatIsOffered) {
  const auto registers = memory_file(8192);
  ScriptedServer server([&](Channel& channel, Message& message) {
    if (message.header.command != Command::device_get_region_info) return false;
    auto info = *message.head<vfio_region_info>();
    if (info.index != 0 && info.index != 2) return false;
    info.size = 4096;
    info.offset = info.index == 0 ? 0 : 4096;
    info.flags =
        VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE | VFIO_REGION_INFO_FLAG_MMAP;
    const int fd = registers.get();
    ScriptedServer::reply(channel, message, bytes_of(info), {}, std::span(&fd, 1));
    return true;
  });
  auto function = open_pci_function(server.url());
  ASSERT_TRUE(function) << last_open_explanation();
  std::uint32_t value = 0x12345678;
  ASSERT_EQ(::pwrite(registers.get(), &value, 4, 16), 4);
  EXPECT_EQ((*function)->read32(0, 16), 0x12345678u);
  (*function)->write32(0, 20, 99);
  ASSERT_EQ(::pread(registers.get(), &value, 4, 20), 4);
  EXPECT_EQ(value, 99u);
  std::array<std::byte, 64> line{};
  line.fill(std::byte{7});
  (*function)->write_line(2, 64, line);
  std::array<std::byte, 64> seen{};
  ASSERT_EQ(::pread(registers.get(), seen.data(), 64, 4096 + 64), 64);
  EXPECT_EQ(seen, line);
  EXPECT_EQ((*function)->interrupt_fd() >= 0, true) << "tells of the server's end at least";
}

TEST(VfioUserClient, RefusesAServerThatIsNotWhatItShouldBe) {
  const auto error_of = [](const ScriptedServer::Answer& answer) {
    ScriptedServer server(answer);
    const auto function = open_pci_function(server.url());
    EXPECT_FALSE(function);
    EXPECT_NE(last_open_explanation().find(server.path()), std::string::npos);
    return function ? std::error_code{} : function.error();
  };
  const auto on = [](Command command, const ScriptedServer::Answer& answer) {
    return [=](Channel& channel, Message& message) {
      return message.header.command == command && answer(channel, message);
    };
  };
  const ScriptedServer::Answer nothing = [](Channel& channel, Message& message) {
    ScriptedServer::reply(channel, message);
    return true;
  };
  EXPECT_EQ(error_of(on(Command::version, nothing)), std::errc::protocol_error);
  EXPECT_EQ(error_of(on(Command::version,
                        [](Channel& channel, Message& message) {
                          ScriptedServer::reply(channel, message, bytes_of(Version{.major = 3}));
                          return true;
                        })),
            std::errc::protocol_error);
  EXPECT_EQ(error_of(on(Command::version,
                        [](Channel& channel, Message& message) {
                          (void)channel.send({.id = message.header.id,
                                              .command = Command::version,
                                              .flags = type_reply | flag_error,
                                              .error = EACCES},
                                             {});
                          return true;
                        })),
            std::errc::permission_denied)
      << "the server's own word";
  for (const Command command : {Command::device_get_info, Command::device_get_region_info,
                                Command::device_get_irq_info, Command::region_read}) {
    EXPECT_EQ(error_of(on(command, nothing)), std::errc::protocol_error)
        << static_cast<int>(command);
  }
  EXPECT_EQ(error_of(on(Command::version,
                        [](Channel& channel, Message& message) {
                          const std::string nonsense = "HTTP/1.1 400 Bad Request\r\n\r\n";
                          (void)::send(channel.descriptor(), nonsense.data(), nonsense.size(),
                                       MSG_NOSIGNAL);
                          message.header.flags = ScriptedServer::hang_up;
                          return true;
                        })),
            std::errc::bad_message);
  EXPECT_EQ(error_of(on(Command::device_get_info,
                        [](Channel&, Message& message) {
                          message.header.flags = ScriptedServer::hang_up;
                          return true;
                        })),
            std::errc::connection_reset);
}

TEST(VfioUserClient, TakesAHangUpForACardThatWasPulled) {
  ScriptedServer server([](Channel&, Message& message) {
    if (message.header.command != Command::dma_map) return false;
    message.header.flags = ScriptedServer::hang_up;
    return true;
  });
  auto function = open_pci_function(server.url());
  ASSERT_TRUE(function) << last_open_explanation();
  EXPECT_FALSE((*function)->allocate(4096, 4096));
  EXPECT_EQ((*function)->link_state(), LinkState::removed);
}

TEST(VfioUserClient, AnswersAServerThatAsksForMemoryByMessage) {
  int answer = -1;
  std::optional<ScriptedServer> server;
  server.emplace([&](Channel& channel, Message& message) {
    if (message.header.command == Command::dma_map) {
      // It has the descriptor and needs not ask; if it does all the same it is told.
      (void)channel.send({.id = 77, .command = Command::dma_read},
                         bytes_of(DmaAccess{.address = 0, .count = 4}));
      return false;
    }
    if (message.is_reply() && message.header.id == 77) {
      answer = static_cast<int>(message.header.error);
      return true;
    }
    return false;
  });
  auto function = open_pci_function(server->url());
  ASSERT_TRUE(function) << last_open_explanation();
  auto memory = (*function)->allocate(4096, 4096);
  ASSERT_TRUE(memory);
  memory->reset();
  function->reset();
  server.reset();  // it has read to the end
  EXPECT_EQ(answer, ENOTSUP);
}

}  // namespace
}  // namespace tautline::test
