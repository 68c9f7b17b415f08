#include "tautline_sim_usb/ft_chip.hpp"

#include <algorithm>
#include <cmath>

namespace tautline::sim {
namespace {

constexpr std::uint8_t kModemStatus = 0x01, kLineStatus = 0x60;
constexpr std::uint16_t kSyncFifo = 0x40;

enum Request : std::uint8_t {
  kReset = 0,
  kSetBaud = 3,
  kGetStatus = 5,
  kSetLatency = 9,
  kGetLatency = 0x0A,
  kSetBitMode = 0x0B
};

/// Rate of a divisor of the 120 MHz clock, as the chip decodes it.
double rate_of(std::uint32_t code) {
  constexpr std::array<unsigned, 8> eighths{0, 4, 2, 1, 3, 5, 6, 7};
  if ((code & 0x3FFF) == 0 && (code & 0x1C000) == 0) return 12e6;
  if ((code & 0x1FFFF) == 1) return 8e6;
  const double divisor = (code & 0x3FFF) + eighths[code >> 14 & 7] / 8.0;
  return 12e6 / divisor;
}

int port_of(std::uint8_t endpoint) {
  return (endpoint & 0x7F) > 2 ? 1 : 0;
}

}  // namespace

FtChip::FtChip(ByteSide& board, FtConfig config) : board_(board), config_(std::move(config)) {}

std::vector<std::uint8_t> FtChip::device_descriptor() const {
  const auto lo = [](std::uint16_t v) { return static_cast<std::uint8_t>(v); };
  const auto hi = [](std::uint16_t v) { return static_cast<std::uint8_t>(v >> 8); };
  return {18,
          1,
          0x00,
          0x02,
          0,
          0,
          0,
          64,
          lo(config_.vid),
          hi(config_.vid),
          lo(config_.pid),
          hi(config_.pid),
          0x00,
          0x07,
          1,
          2,
          3,
          1};
}

std::vector<std::uint8_t> FtChip::configuration_descriptor() const {
  const auto packet = static_cast<std::uint16_t>(packet_bytes());
  std::vector<std::uint8_t> d{9, 2, 55, 0, 2, 1, 0, 0xC0, 50};
  for (std::uint8_t i = 0; i < 2; ++i) {
    const auto in = static_cast<std::uint8_t>(0x81 + 2 * i);
    const auto out = static_cast<std::uint8_t>(0x02 + 2 * i);
    for (const std::uint8_t b :
         {std::uint8_t{9}, std::uint8_t{4}, i, std::uint8_t{0}, std::uint8_t{2}, std::uint8_t{255},
          std::uint8_t{255}, std::uint8_t{255}, std::uint8_t{2}}) {
      d.push_back(b);
    }
    for (const std::uint8_t endpoint : {in, out}) {
      for (const int b : {7, 5, int{endpoint}, 2, packet & 0xFF, packet >> 8, 0}) {
        d.push_back(static_cast<std::uint8_t>(b));
      }
    }
  }
  return d;
}

std::vector<std::uint8_t> FtChip::string(unsigned index) const {
  if (index == 0) return {4, 3, 0x09, 0x04};
  const std::array<std::string, 4> texts{"", "Tautline", "Simulated board", config_.serial};
  if (index >= texts.size()) return {};
  const std::string& text = texts[index];
  std::vector<std::uint8_t> d{static_cast<std::uint8_t>(2 + 2 * text.size()), 3};
  for (const char c : text) {
    d.push_back(static_cast<std::uint8_t>(c));
    d.push_back(0);
  }
  return d;
}

// The board hears the host only on the port that it is wired to, at its own rate or in its own
// mode.
bool FtChip::connected(int port) const {
  const Port& p = ports_[static_cast<std::size_t>(port)];
  if (config_.fifo) return port == 0 && (p.mode >> 8) == kSyncFifo;
  return port == 1 && (p.mode >> 8) == 0 &&
         std::abs(rate_of(p.baud_code) - config_.baud) < 0.03 * config_.baud;
}

std::optional<std::vector<std::uint8_t>> FtChip::control(const UsbSetup& setup) {
  std::vector<std::uint8_t> answer;
  if ((setup.type & 0x60) == 0) {  // standard
    if (setup.type == 0x80 && setup.request == 6) {
      switch (setup.value >> 8) {
        case 1:
          answer = device_descriptor();
          break;
        case 2:
          answer = configuration_descriptor();
          break;
        case 3:
          answer = string(setup.value & 0xFF);
          break;
        default:
          break;
      }
      if (answer.empty()) return std::nullopt;
    } else if (setup.type == 0x80 && setup.request == 0) {
      answer = {1, 0};
    } else if (setup.type == 0x80 && setup.request == 8) {
      answer = {1};
    } else if ((setup.type & 0x80) != 0) {
      return std::nullopt;
    }
    answer.resize(std::min<std::size_t>(answer.size(), setup.length));
    return answer;
  }
  // The lower byte of the index numbers the ports from 1.
  const unsigned number = setup.index & 0xFF;
  if (number < 1 || number > 2) return std::nullopt;
  Port& port = ports_[number - 1];
  if (setup.type == 0x40) {
    switch (setup.request) {
      case kReset:
        if (setup.value <= 2) {
          const bool mine = (number == 1) == config_.fifo;
          if (mine) board_.purge(setup.value != 2, setup.value != 1);
        }
        break;
      case kSetBaud:
        port.baud_code = setup.value | std::uint32_t{setup.index & 0xFF00u} << 8;
        break;
      case kSetLatency:
        if (setup.value < 1 || setup.value > 255) return std::nullopt;
        port.latency_ms = setup.value;
        break;
      case kSetBitMode:
        port.mode = setup.value;
        break;
      default:
        break;
    }
    return answer;
  }
  if (setup.type == 0xC0 && setup.request == kGetLatency) {
    answer = {static_cast<std::uint8_t>(port.latency_ms)};
  } else if (setup.type == 0xC0 && setup.request == kGetStatus) {
    answer = {kModemStatus, kLineStatus};
  } else {
    return std::nullopt;
  }
  answer.resize(std::min<std::size_t>(answer.size(), setup.length));
  return answer;
}

std::size_t FtChip::out(std::uint8_t endpoint, std::span<const std::uint8_t> bytes) {
  return connected(port_of(endpoint)) ? board_.give(bytes) : bytes.size();
}

std::optional<std::vector<std::uint8_t>> FtChip::in(std::uint8_t endpoint, std::size_t room,
                                                    Time now) {
  const int number = port_of(endpoint);
  Port& port = ports_[static_cast<std::size_t>(number)];
  const std::size_t packet = packet_bytes(), payload = packet - 2;
  const std::size_t waiting = connected(number) ? board_.waiting() : 0;
  if (waiting == 0)
    port.data_at = Time{-1};
  else if (port.data_at.count() < 0)
    port.data_at = now;
  const Time latency = std::chrono::milliseconds(port.latency_ms);
  // Whole packets leave at once. A short one waits for the timer, and so does one with nothing but
  // its status, which ends a transfer when nothing comes.
  const bool due = waiting > 0 ? now - port.data_at >= latency
                               : now - port.last_in >= std::max(latency, Time{16'000});
  if (waiting < payload && !due) return std::nullopt;
  std::vector<std::uint8_t> transfer;
  while (transfer.size() + packet <= room) {
    std::vector<std::uint8_t> bytes(payload);
    const std::size_t n = connected(number) ? board_.take(bytes) : 0;
    if (n == 0 && !transfer.empty()) break;
    // What follows a whole packet may wait for more.
    transfer.push_back(kModemStatus);
    transfer.push_back(kLineStatus);
    transfer.insert(transfer.end(), bytes.begin(), bytes.begin() + static_cast<long>(n));
    if (n < payload) break;
  }
  port.last_in = now;
  port.data_at = Time{-1};
  return transfer;
}

}  // namespace tautline::sim
