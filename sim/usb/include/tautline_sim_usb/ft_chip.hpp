#pragma once
/// \file
/// A model of FTDI's two-port USB chip in front of a board: descriptors, the vendor's requests,
/// status bytes at the head of every packet, the latency timer. Front ends (umockdev, usbredir)
/// bring it the host's transfers. One thread.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tautline_sim_usb/usb_board.hpp"

namespace tautline::sim {

struct FtConfig {
  std::uint16_t vid = 0x0403, pid = 0x6010;
  std::string serial = "210319A00000";
  bool full_speed = false;
  /// The board's wiring: the UART on port B, or the synchronous FIFO on port A.
  bool fifo = false;
  unsigned baud = 12'000'000;  ///< of the board's UART
};

struct UsbSetup {
  std::uint8_t type = 0, request = 0;
  std::uint16_t value = 0, index = 0, length = 0;
};

class FtChip {
 public:
  using Time = std::chrono::microseconds;
  FtChip(ByteSide& board, FtConfig config);

  [[nodiscard]] const FtConfig& config() const noexcept { return config_; }
  [[nodiscard]] std::vector<std::uint8_t> device_descriptor() const;
  [[nodiscard]] std::vector<std::uint8_t> configuration_descriptor() const;
  [[nodiscard]] unsigned packet_bytes() const noexcept { return config_.full_speed ? 64 : 512; }

  /// Bytes for the host, empty for a request without; nothing: the chip stalls.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> control(const UsbSetup& setup);
  /// Bytes of an OUT transfer; returns how many it took, the rest is not acknowledged yet.
  [[nodiscard]] std::size_t out(std::uint8_t endpoint, std::span<const std::uint8_t> bytes);
  /// An IN transfer of `room` bytes; nothing: not acknowledged yet.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> in(std::uint8_t endpoint, std::size_t room,
                                                            Time now);

 private:
  struct Port {
    unsigned latency_ms = 16;
    std::uint32_t baud_code = 0;
    std::uint16_t mode = 0;
    Time last_in{0};   // when the last packet left
    Time data_at{-1};  // since when bytes wait
  };
  [[nodiscard]] bool connected(int port) const;
  [[nodiscard]] std::vector<std::uint8_t> string(unsigned index) const;

  ByteSide& board_;
  FtConfig config_;
  std::array<Port, 2> ports_;
};

}  // namespace tautline::sim
