#pragma once
/// \file
/// What a connection and a stack say about themselves.

#include <chrono>
#include <cstdint>
#include <string_view>

namespace tautline {

/// RFC 9293 3.3.2. `opening` and `released` are the library's: no slot in the engine yet, or no
/// longer.
enum class State : std::uint8_t {
  closed = 0,
  listen = 1,
  syn_sent = 2,
  syn_received = 3,
  established = 4,
  fin_wait_1 = 5,
  fin_wait_2 = 6,
  close_wait = 7,
  closing = 8,
  last_ack = 9,
  time_wait = 10,
};

[[nodiscard]] std::string_view to_string(State state) noexcept;

enum class CongestionState : std::uint8_t { open = 0, recovery = 1, loss = 2 };

/// A snapshot in the manner of `tcp_info`, taken in the engine between two events of the
/// connection.
struct ConnectionInfo {
  std::chrono::microseconds rto{};
  std::chrono::microseconds srtt{};
  std::chrono::microseconds rttvar{};
  std::uint32_t cwnd = 0;             ///< bytes
  std::uint32_t ssthresh = 0;         ///< bytes
  std::uint32_t snd_wnd = 0;          ///< bytes the peer offers
  std::uint32_t rcv_wnd = 0;          ///< bytes we offer
  std::uint32_t pipe = 0;             ///< bytes in flight
  std::uint32_t retransmissions = 0;  ///< segments
  std::uint16_t snd_mss = 0;
  std::uint16_t rcv_mss = 0;
  std::uint8_t snd_wscale = 0;
  std::uint8_t rcv_wscale = 0;
  CongestionState congestion = CongestionState::open;
  std::uint8_t backoff = 0;
  State state = State::closed;

  // Stream positions, as the library knows them from status reports.
  std::uint64_t bytes_written = 0;  ///< given to the engine
  std::uint64_t bytes_sent = 0;     ///< sent at least once
  std::uint64_t bytes_acked = 0;
  std::uint64_t bytes_received = 0;  ///< delivered to host memory
  std::uint64_t bytes_read = 0;
};

/// What the device is. Read from its registers at attach.
struct DeviceInfo {
  std::uint16_t version_major = 0;
  std::uint16_t version_minor = 0;
  std::uint32_t map_hash = 0;
  unsigned flows = 0;
  unsigned data_bits = 0;
  unsigned listeners = 0;
  unsigned tx_store_log2 = 0;    ///< bytes of one flow's transmit store
  unsigned command_credits = 0;  ///< commands that may be outstanding
  bool push_window = false;
};

/// The library's own counters.
struct StackCounters {
  std::uint64_t polls = 0;
  std::uint64_t status_reports = 0;
  std::uint64_t completions = 0;
  std::uint64_t stale_reports = 0;      ///< of an older life of a slot, ignored
  std::uint64_t malformed_reports = 0;  ///< unknown kind, slot out of range, unknown cookie
  std::uint64_t push_lines = 0;         ///< writes that also went through the push window
  std::uint64_t doorbells = 0;
  std::uint64_t commands = 0;
  std::uint64_t commands_deferred = 0;  ///< waited for a credit
};

}  // namespace tautline
