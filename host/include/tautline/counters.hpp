// Generated from rtl/regs/tautline.rdl by rtl/regs/generate.py. Do not edit.
#pragma once
/// \file
/// What the engine counts: every drop with its reason, every event of the protocol.
// clang-format off

#include <array>
#include <cstdint>
#include <string_view>

namespace tautline {

inline constexpr std::uint32_t counter_count = 64;
/// 32 bits each, from the device's reset on; they wrap. Read by `Stack::device_counter`.
enum class Counter : std::uint32_t {
  rx_frames = 0,
  rx_bad_fcs = 1,  ///< tuser on the last word
  rx_not_for_us = 2,  ///< MAC, VLAN or IP address
  rx_not_ip = 3,  ///< IPv6 and other ethertypes
  rx_ip_error = 4,  ///< version, header length, total length, header checksum
  rx_fragment = 5,
  rx_not_tcp = 6,  ///< IP protocol neither TCP nor ICMP
  rx_tcp_checksum = 7,
  rx_tcp_error = 8,  ///< data offset, length, runt
  rx_tcp_option = 9,  ///< illegal option length
  rx_no_room = 10,  ///< payload FIFO or event FIFO full
  rx_tcp_segments = 11,
  arp_requests_in = 12,
  arp_replies_in = 13,
  arp_requests_out = 14,
  arp_failed = 15,
  icmp_echo = 16,
  icmp_dropped = 17,
  reply_dropped = 18,  ///< reply FIFO full or rate limit
  tx_frames = 19,
  tx_tcp_segments = 20,
  tx_replies = 21,
  active_opens = 22,
  passive_opens = 23,
  established = 24,
  attempt_fails = 25,  ///< from SYN_SENT or SYN_RCVD to CLOSED
  resets_in = 26,
  resets_out = 27,
  no_flow = 28,  ///< segment without flow or listener
  listen_overflow = 29,  ///< half-open or unaccepted limit
  no_slot = 30,
  table_full = 31,
  retrans_segs = 32,
  rto = 33,
  fast_retrans = 34,
  partial_acks = 35,
  dup_acks_in = 36,
  out_of_order = 37,  ///< segment queued out of order
  ooo_dropped = 38,  ///< no free range
  dup_segs_in = 39,  ///< wholly old data
  out_of_window = 40,  ///< unacceptable sequence number
  trimmed = 41,  ///< partly outside the window
  bad_ack = 42,  ///< RFC 5961 5.2
  challenge_acks = 43,
  challenge_limited = 44,
  delayed_acks = 45,
  probes_out = 46,  ///< zero-window probes
  window_updates = 47,
  timeout_aborts = 48,  ///< R2
  unreachable_aborts = 49,
  time_wait = 50,  ///< entered
  time_wait_recycled = 51,  ///< table full: the oldest gave way
  time_wait_reopened = 52,
  stale_gen = 53,  ///< command, doorbell or segment of an older life
  fin_wait2_timeout = 54,
  data_after_close = 55,
  doorbell_bad = 56,  ///< out of range, beyond the ring, backwards
  cmd_overflow = 57,  ///< command without a credit
  push_used = 58,
  push_unused = 59,
  dma_error = 60,
  status_stalled = 61,  ///< status ring full
  irq = 62,
  link_bad_frame = 63,  ///< byte-stream link: garbage, a wrong check, a frame that makes no sense
};
/// By index.
inline constexpr std::array<std::string_view, counter_count> counter_names{
    "rx_frames",
    "rx_bad_fcs",
    "rx_not_for_us",
    "rx_not_ip",
    "rx_ip_error",
    "rx_fragment",
    "rx_not_tcp",
    "rx_tcp_checksum",
    "rx_tcp_error",
    "rx_tcp_option",
    "rx_no_room",
    "rx_tcp_segments",
    "arp_requests_in",
    "arp_replies_in",
    "arp_requests_out",
    "arp_failed",
    "icmp_echo",
    "icmp_dropped",
    "reply_dropped",
    "tx_frames",
    "tx_tcp_segments",
    "tx_replies",
    "active_opens",
    "passive_opens",
    "established",
    "attempt_fails",
    "resets_in",
    "resets_out",
    "no_flow",
    "listen_overflow",
    "no_slot",
    "table_full",
    "retrans_segs",
    "rto",
    "fast_retrans",
    "partial_acks",
    "dup_acks_in",
    "out_of_order",
    "ooo_dropped",
    "dup_segs_in",
    "out_of_window",
    "trimmed",
    "bad_ack",
    "challenge_acks",
    "challenge_limited",
    "delayed_acks",
    "probes_out",
    "window_updates",
    "timeout_aborts",
    "unreachable_aborts",
    "time_wait",
    "time_wait_recycled",
    "time_wait_reopened",
    "stale_gen",
    "fin_wait2_timeout",
    "data_after_close",
    "doorbell_bad",
    "cmd_overflow",
    "push_used",
    "push_unused",
    "dma_error",
    "status_stalled",
    "irq",
    "link_bad_frame",
};
[[nodiscard]] constexpr std::string_view to_string(Counter counter) noexcept {
  return counter_names[static_cast<std::uint32_t>(counter)];
}

}  // namespace tautline
// clang-format on
