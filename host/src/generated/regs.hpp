// Generated from rtl/regs/tautline.rdl by rtl/regs/generate.py. Do not edit.
#pragma once
/// \file
/// Register offsets and message layouts of the engine, as rtl/regs/tautline.rdl says.
// clang-format off

#include <cstdint>

#include "tautline/counters.hpp"

namespace tautline::regs {

using tautline::Counter;
using tautline::counter_count;
using tautline::counter_names;

/// A field of a 32-bit word.
struct Field {
  std::uint32_t word;  ///< index of the word in its message; 0 in a register
  std::uint32_t shift;
  std::uint32_t width;
  [[nodiscard]] constexpr std::uint32_t mask() const noexcept {
    return (width == 32 ? ~0u : (1u << width) - 1u) << shift;
  }
  [[nodiscard]] constexpr std::uint32_t get(std::uint32_t value) const noexcept {
    return (value & mask()) >> shift;
  }
  [[nodiscard]] constexpr std::uint32_t put(std::uint32_t value) const noexcept {
    return (value << shift) & mask();
  }
  /// From and into a whole message (anything indexable as 32-bit words).
  template <typename Words>
  [[nodiscard]] constexpr std::uint32_t from(const Words& words) const noexcept {
    return get(words[word]);
  }
  template <typename Words>
  constexpr void into(Words& words, std::uint32_t value) const noexcept {
    words[word] = (words[word] & ~mask()) | put(value);
  }
};

inline constexpr std::uint32_t expected_map_hash = 0x203CD06C;

/// Doorbells: doorbell_base + doorbell_stride * slot + 4 * doorbell::<field>.word.
inline constexpr std::uint32_t doorbell_base = 0x10000;
inline constexpr std::uint32_t doorbell_stride = 8;
/// Push lines: BAR 2 at push_line_bytes * slot.
inline constexpr std::uint32_t push_line_bytes = 64;
inline constexpr std::uint32_t status_entry_bytes = 64;

enum class State : std::uint32_t {
  closed = 0,
  listen = 1,
  syn_sent = 2,
  syn_rcvd = 3,
  established = 4,
  fin_wait_1 = 5,
  fin_wait_2 = 6,
  close_wait = 7,
  closing = 8,
  last_ack = 9,
  time_wait = 10,
};

enum class Cause : std::uint32_t {
  none = 0,
  refused = 1,  ///< RST in SYN_SENT: ECONNREFUSED
  reset = 2,  ///< RST from the peer: ECONNRESET
  timeout = 3,  ///< R2 passed: ETIMEDOUT
  unreachable = 4,  ///< no neighbour, no route: EHOSTUNREACH
  aborted = 5,  ///< the host's own abort: ECONNABORTED
  link = 6,  ///< host link or DMA error: EIO
};

enum class Op : std::uint32_t {
  nop = 0,
  open = 1,  ///< raddr, rport, lport (0: ephemeral), arg0 = host tag
  listen = 2,  ///< lport, laddr (0: any), arg0 = tag, arg1 = {unaccepted[15:0], half_open[15:0]}
  unlisten = 3,  ///< slot = listener index
  accept = 4,  ///< slot, gen, arg0 = host tag
  shutdown = 5,  ///< slot, gen, arg0 = stream position of the FIN
  abort = 6,  ///< slot, gen
  release = 7,  ///< slot, gen
  setopt = 8,  ///< slot, gen, arg0 = opt_e, arg1 = value
  query = 9,  ///< slot, gen; the completion carries the snapshot
};

enum class Option : std::uint32_t {
  nodelay = 0,  ///< 0 or 1
  ttl = 1,  ///< 1..255
  dscp = 2,  ///< 0..63
  user_timeout = 3,  ///< microseconds; 0: the default
  quickack = 4,  ///< 0 or 1: acknowledge every segment at once
};

enum class Result : std::uint32_t {
  ok = 0,
  no_slot = 1,  ///< EMFILE: all flow slots are in use
  in_use = 2,  ///< EADDRINUSE: 4-tuple, port or listener taken
  table_full = 3,  ///< ENOBUFS: lookup set or listener table full
  stale = 4,  ///< EBADF: generation is of an older life
  bad_state = 5,  ///< ENOTCONN, EISCONN: not in this state
  bad_arg = 6,  ///< EINVAL: address, port, option or value
  no_port = 7,  ///< EADDRNOTAVAIL: no free ephemeral port
  unreachable = 8,  ///< EHOSTUNREACH: no route
};

enum class Kind : std::uint32_t {
  status = 1,  ///< level status of a flow
  completion = 2,  ///< answer to one command
  link_error = 3,  ///< the link has stopped
};

enum class LinkCause : std::uint32_t {
  none = 0,
  read_error = 1,  ///< a DMA read was answered with an error
  write_error = 2,  ///< a DMA write was answered with an error
};

enum class StreamType : std::uint32_t {
  hello = 1,  ///< h, b: begins a session; stream_hello
  credit = 2,  ///< h, b: nothing but its header
  ping = 3,  ///< h: nothing but its header; answered by CREDIT at once
  write = 4,  ///< h: stream_write, then more words for the registers that follow
  read = 5,  ///< h: stream_read; answered by VALUE
  value = 6,  ///< b: stream_value
  send = 7,  ///< h: stream_send, then payload to send
  taken = 8,  ///< h: stream_place; receive bytes below it have been read
  space = 9,  ///< b: stream_place; bytes below it may be sent
  deliver = 10,  ///< b: stream_deliver, then received payload
  entry = 11,  ///< b: an entry of the status ring without the zero words at its end
  lost = 12,  ///< b: nothing but its header: the session has ended, only HELLO helps
};

/// Byte-stream links.
inline constexpr std::uint32_t stream_magic = 167;  ///< first byte of every frame
inline constexpr std::uint32_t stream_version = 1;  ///< of these formats; both sides say theirs in HELLO
inline constexpr std::uint32_t stream_max_data = 1024;  ///< payload bytes of the longest SEND
inline constexpr std::uint32_t stream_max_length = 1032;  ///< longest frame from the host, without header and CRC-32
inline constexpr std::uint32_t stream_frame_cost = 4;  ///< credit that a frame takes beside its length
inline constexpr std::uint32_t stream_credit_unit = 256;  ///< bytes of one unit of credit

// ---------------------------------------------------------------- BAR 0
/// Says that this is a Tautline engine.
namespace id {
inline constexpr std::uint32_t offset = 0x000;
inline constexpr std::uint32_t reset_value = 0x314E4C54;
inline constexpr Field magic{0, 0, 32};  ///< ASCII TLN1, first letter in the low byte
}  // namespace id

/// Version of this register map.
namespace version {
inline constexpr std::uint32_t offset = 0x004;
inline constexpr std::uint32_t reset_value = 0x00010000;
inline constexpr Field minor_version{0, 0, 16};  ///< compatible within one major version
inline constexpr Field major_version{0, 16, 16};  ///< the driver refuses another value
}  // namespace version

/// First 32 bits of SHA-256 over the elaborated description.
namespace map_hash {
inline constexpr std::uint32_t offset = 0x008;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field hash{0, 0, 32};  ///< the driver refuses another value
}  // namespace map_hash

/// Sizes of the engine as built.
namespace caps {
inline constexpr std::uint32_t offset = 0x00C;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field flows_log2{0, 0, 5};  ///< log2 of the flow slots
inline constexpr Field data_log2{0, 8, 4};  ///< log2 of the bytes of a datapath word
inline constexpr Field listeners{0, 16, 8};  ///< listeners
inline constexpr Field tx_store_log2{0, 24, 5};  ///< log2 of the bytes of one flow's transmit store in the engine
}  // namespace caps

/// Limits that the host keeps to.
namespace caps2 {
inline constexpr std::uint32_t offset = 0x010;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field cmd_credits{0, 0, 8};  ///< commands that may be outstanding
inline constexpr Field status_log2_max{0, 8, 5};  ///< largest STATUS_LOG2
inline constexpr Field ring_log2_max{0, 16, 5};  ///< largest TX_RING_LOG2 and RX_RING_LOG2
inline constexpr Field burst_log2{0, 24, 4};  ///< log2 of the longest DMA burst in bytes
}  // namespace caps2

/// Attach and detach.
namespace control {
inline constexpr std::uint32_t offset = 0x014;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field enable{0, 0, 1};  ///< 1: accept frames, send, fetch, deliver. 0: begin no DMA transaction, finish those that are outstanding; STATUS.idle tells when. A new session of a byte-stream link clears it
inline constexpr Field reset{0, 1, 1};  ///< 1 resets the engine and its DMA as soon as no transaction is outstanding, but not these registers; reads zero
}  // namespace control

/// What the engine is doing.
namespace status {
inline constexpr std::uint32_t offset = 0x018;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field ready{0, 0, 1};  ///< tables are clear after a reset; enable may be set
inline constexpr Field idle{0, 1, 1};  ///< not enabled and no DMA transaction outstanding: none begins before enable is set
inline constexpr Field error{0, 2, 1};  ///< the link has stopped after a DMA error; only a reset helps
inline constexpr Field quiet{0, 3, 1};  ///< the engine has nothing queued or in flight; timers may run
inline constexpr Field error_cause{0, 4, 4};  ///< why
}  // namespace status

/// Bus address of the failed DMA transaction.
namespace error_addr_lo {
inline constexpr std::uint32_t offset = 0x020;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< lower half
}  // namespace error_addr_lo

/// Bus address of the failed DMA transaction.
namespace error_addr_hi {
inline constexpr std::uint32_t offset = 0x024;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< upper half
}  // namespace error_addr_hi

/// The engine's time in microseconds. Reading it latches NOW_HI.
namespace now_lo {
inline constexpr std::uint32_t offset = 0x028;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field us{0, 0, 32};  ///< lower half
}  // namespace now_lo

/// Upper half of the time as of the last read of NOW_LO.
namespace now_hi {
inline constexpr std::uint32_t offset = 0x02C;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field us{0, 0, 32};  ///< upper half
}  // namespace now_hi

/// MAC address: its last four bytes.
namespace mac_lo {
inline constexpr std::uint32_t offset = 0x040;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field mac{0, 0, 32};  ///< 02:00:00:00:00:01 has 1 here
}  // namespace mac_lo

/// MAC address: its first two bytes.
namespace mac_hi {
inline constexpr std::uint32_t offset = 0x044;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field mac{0, 0, 16};  ///< 02:00:00:00:00:01 has 0x0200 here
}  // namespace mac_hi

/// IPv4 address.
namespace ip {
inline constexpr std::uint32_t offset = 0x048;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< 10.0.0.1 is 0x0A000001
}  // namespace ip

/// Which destinations are on the link.
namespace netmask {
inline constexpr std::uint32_t offset = 0x04C;
inline constexpr std::uint32_t reset_value = 0xFFFFFF00;
inline constexpr Field mask{0, 0, 32};  ///< 255.255.255.0 is 0xFFFFFF00
}  // namespace netmask

/// Next hop of the other destinations.
namespace gateway {
inline constexpr std::uint32_t offset = 0x050;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< 0: none, off-link destinations are unreachable
}  // namespace gateway

/// 802.1Q tag.
namespace vlan {
inline constexpr std::uint32_t offset = 0x054;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field tci{0, 0, 16};  ///< PCP, DEI, VID
inline constexpr Field en{0, 16, 1};  ///< send with, and accept only, this VLAN
}  // namespace vlan

/// Largest IP packet.
namespace mtu {
inline constexpr std::uint32_t offset = 0x058;
inline constexpr std::uint32_t reset_value = 0x000005DC;
inline constexpr Field bytes{0, 0, 16};  ///< 576 to 1500, 9000 with a MAC that carries it
}  // namespace mtu

/// Defaults of new flows.
namespace ipcfg {
inline constexpr std::uint32_t offset = 0x05C;
inline constexpr std::uint32_t reset_value = 0x00010040;
inline constexpr Field ttl{0, 0, 8};  ///< time to live
inline constexpr Field dscp{0, 8, 6};  ///< differentiated services code point
inline constexpr Field df{0, 16, 1};  ///< set Don't Fragment
inline constexpr Field nodelay{0, 17, 1};  ///< switch off the Nagle algorithm
}  // namespace ipcfg

/// Lower bound of the retransmission timeout (RFC 6298 2.4).
namespace rto_min {
inline constexpr std::uint32_t offset = 0x060;
inline constexpr std::uint32_t reset_value = 0x000F4240;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace rto_min

/// Retransmission timeout before the first measurement (RFC 6298 2.1).
namespace rto_init {
inline constexpr std::uint32_t offset = 0x064;
inline constexpr std::uint32_t reset_value = 0x000F4240;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace rto_init

/// Upper bound of the retransmission timeout, at least 60 s (RFC 6298 2.5).
namespace rto_max {
inline constexpr std::uint32_t offset = 0x068;
inline constexpr std::uint32_t reset_value = 0x03938700;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace rto_max

/// Delayed acknowledgment, below 500 ms (RFC 9293 MUST-40).
namespace delack {
inline constexpr std::uint32_t offset = 0x06C;
inline constexpr std::uint32_t reset_value = 0x00009C40;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace delack

/// R2 for data, at least 100 s (RFC 9293 SHLD-11).
namespace user_timeout {
inline constexpr std::uint32_t offset = 0x070;
inline constexpr std::uint32_t reset_value = 0x07270E00;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace user_timeout

/// R2 for a SYN, at least 180 s (RFC 9293 MUST-23).
namespace syn_timeout {
inline constexpr std::uint32_t offset = 0x074;
inline constexpr std::uint32_t reset_value = 0x0ABA9500;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace syn_timeout

/// Retransmissions after which the host is advised (RFC 9293 SHLD-9, SHLD-10).
namespace r1 {
inline constexpr std::uint32_t offset = 0x078;
inline constexpr std::uint32_t reset_value = 0x00000003;
inline constexpr Field retries{0, 0, 8};  ///< segments
}  // namespace r1

/// Stay in TIME_WAIT: 2 MSL (RFC 9293 3.4.2).
namespace time_wait {
inline constexpr std::uint32_t offset = 0x07C;
inline constexpr std::uint32_t reset_value = 0x0E4E1C00;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace time_wait

/// Stay in FIN_WAIT_2 without a reader.
namespace fin_wait2 {
inline constexpr std::uint32_t offset = 0x080;
inline constexpr std::uint32_t reset_value = 0x03938700;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace fin_wait2

/// One challenge ACK per connection per this interval (RFC 5961 7).
namespace challenge {
inline constexpr std::uint32_t offset = 0x084;
inline constexpr std::uint32_t reset_value = 0x0007A120;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace challenge

/// Replies without a flow: one more per this interval, bursts of 64.
namespace reply {
inline constexpr std::uint32_t offset = 0x088;
inline constexpr std::uint32_t reset_value = 0x000003E8;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace reply

/// Age at which a neighbour in use is asked again (RFC 1122 2.3.2.1).
namespace arp_timeout {
inline constexpr std::uint32_t offset = 0x08C;
inline constexpr std::uint32_t reset_value = 0x03938700;
inline constexpr Field us{0, 0, 32};  ///< microseconds
}  // namespace arp_timeout

/// SipHash-2-4 key of the initial sequence numbers (RFC 6528).
namespace isn_key0 {
inline constexpr std::uint32_t offset = 0x0A0;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace isn_key0

/// SipHash-2-4 key of the initial sequence numbers (RFC 6528).
namespace isn_key1 {
inline constexpr std::uint32_t offset = 0x0A4;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace isn_key1

/// SipHash-2-4 key of the initial sequence numbers (RFC 6528).
namespace isn_key2 {
inline constexpr std::uint32_t offset = 0x0A8;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace isn_key2

/// SipHash-2-4 key of the initial sequence numbers (RFC 6528).
namespace isn_key3 {
inline constexpr std::uint32_t offset = 0x0AC;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace isn_key3

/// Key of the lookup hash.
namespace hash_key0 {
inline constexpr std::uint32_t offset = 0x0B0;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace hash_key0

/// Key of the lookup hash.
namespace hash_key1 {
inline constexpr std::uint32_t offset = 0x0B4;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace hash_key1

/// Key of the lookup hash.
namespace hash_key2 {
inline constexpr std::uint32_t offset = 0x0B8;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace hash_key2

/// Key of the lookup hash.
namespace hash_key3 {
inline constexpr std::uint32_t offset = 0x0BC;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace hash_key3

/// Key of the ephemeral ports (RFC 6056).
namespace port_key0 {
inline constexpr std::uint32_t offset = 0x0C0;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace port_key0

/// Key of the ephemeral ports (RFC 6056).
namespace port_key1 {
inline constexpr std::uint32_t offset = 0x0C4;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace port_key1

/// Key of the ephemeral ports (RFC 6056).
namespace port_key2 {
inline constexpr std::uint32_t offset = 0x0C8;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace port_key2

/// Key of the ephemeral ports (RFC 6056).
namespace port_key3 {
inline constexpr std::uint32_t offset = 0x0CC;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< 32 bits of the key, lowest word first
}  // namespace port_key3

/// Bus address of the status ring.
namespace status_base_lo {
inline constexpr std::uint32_t offset = 0x100;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< lower half
}  // namespace status_base_lo

/// Bus address of the status ring.
namespace status_base_hi {
inline constexpr std::uint32_t offset = 0x104;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< upper half
}  // namespace status_base_hi

/// Entries of the status ring.
namespace status_log2 {
inline constexpr std::uint32_t offset = 0x108;
inline constexpr std::uint32_t reset_value = 0x00000008;
inline constexpr Field log2{0, 0, 5};  ///< log2 of the entries, 2 to 15
}  // namespace status_log2

/// The host's position in the status ring; the only register of this group that is written while enabled.
namespace status_consumer {
inline constexpr std::uint32_t offset = 0x10C;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field index{0, 0, 16};  ///< entries read since the reset, modulo 2^16
inline constexpr Field arm{0, 31, 1};  ///< 1: one interrupt as soon as an entry beyond index exists, at once if one does
}  // namespace status_consumer

/// The engine's position in the status ring.
namespace status_producer {
inline constexpr std::uint32_t offset = 0x110;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field index{0, 0, 16};  ///< entries that are in host memory since the reset, modulo 2^16
}  // namespace status_producer

/// Least distance of two interrupts.
namespace irq_moderation {
inline constexpr std::uint32_t offset = 0x114;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field us{0, 0, 16};  ///< microseconds; 0: none
}  // namespace irq_moderation

/// Bus address of slot 0's transmit ring; slot s has the ring at base + (s << log2).
namespace tx_base_lo {
inline constexpr std::uint32_t offset = 0x120;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< lower half
}  // namespace tx_base_lo

/// Bus address of slot 0's transmit ring.
namespace tx_base_hi {
inline constexpr std::uint32_t offset = 0x124;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< upper half
}  // namespace tx_base_hi

/// Bytes of one transmit ring.
namespace tx_ring_log2 {
inline constexpr std::uint32_t offset = 0x128;
inline constexpr std::uint32_t reset_value = 0x00000010;
inline constexpr Field log2{0, 0, 5};  ///< log2 of the bytes, 12 to 22
}  // namespace tx_ring_log2

/// Bus address of slot 0's receive ring; slot s has the ring at base + (s << log2).
namespace rx_base_lo {
inline constexpr std::uint32_t offset = 0x130;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< lower half
}  // namespace rx_base_lo

/// Bus address of slot 0's receive ring.
namespace rx_base_hi {
inline constexpr std::uint32_t offset = 0x134;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field address{0, 0, 32};  ///< upper half
}  // namespace rx_base_hi

/// Bytes of one receive ring; bounds the advertised window.
namespace rx_ring_log2 {
inline constexpr std::uint32_t offset = 0x138;
inline constexpr std::uint32_t reset_value = 0x00000010;
inline constexpr Field log2{0, 0, 5};  ///< log2 of the bytes, 12 to 22
}  // namespace rx_ring_log2

/// Word of the command that is being written.
namespace cmd0 {
inline constexpr std::uint32_t offset = 0x180;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< see message command
}  // namespace cmd0

/// Word of the command that is being written.
namespace cmd1 {
inline constexpr std::uint32_t offset = 0x184;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< see message command
}  // namespace cmd1

/// Word of the command that is being written.
namespace cmd2 {
inline constexpr std::uint32_t offset = 0x188;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< see message command
}  // namespace cmd2

/// Word of the command that is being written.
namespace cmd3 {
inline constexpr std::uint32_t offset = 0x18C;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< see message command
}  // namespace cmd3

/// Word of the command that is being written.
namespace cmd4 {
inline constexpr std::uint32_t offset = 0x190;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< see message command
}  // namespace cmd4

/// Word of the command that is being written.
namespace cmd5 {
inline constexpr std::uint32_t offset = 0x194;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< see message command
}  // namespace cmd5

/// Word of the command that is being written.
namespace cmd6 {
inline constexpr std::uint32_t offset = 0x198;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< see message command
}  // namespace cmd6

/// Last word of the command; the write submits.
namespace cmd7 {
inline constexpr std::uint32_t offset = 0x19C;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field word{0, 0, 32};  ///< any value
}  // namespace cmd7

/// Free command credits. A command without a credit is dropped and counted.
namespace cmd_credits {
inline constexpr std::uint32_t offset = 0x1A0;
inline constexpr std::uint32_t reset_value = 0x00000000;
inline constexpr Field free{0, 0, 8};
}  // namespace cmd_credits

/// Counters: counter_base + 4 * Counter.
inline constexpr std::uint32_t counter_base = 0x400;

// ---------------------------------------------------------------- messages
/// CMD0 to CMD7.
namespace command {
inline constexpr std::uint32_t words = 8;
inline constexpr Field op{0, 0, 8};  ///< what to do
inline constexpr Field cookie{0, 16, 16};  ///< returned with the completion
inline constexpr Field slot{1, 0, 16};  ///< slot, or listener index
inline constexpr Field gen{1, 24, 8};  ///< generation of the slot
inline constexpr Field raddr{2, 0, 32};  ///< peer's address
inline constexpr Field lport{3, 0, 16};  ///< our port
inline constexpr Field rport{3, 16, 16};  ///< peer's port
inline constexpr Field arg0{4, 0, 32};  ///< first argument
inline constexpr Field arg1{5, 0, 32};  ///< second argument
inline constexpr Field laddr{6, 0, 32};  ///< our address; 0: any
inline constexpr Field submit{7, 0, 32};  ///< any value; the write submits
}  // namespace command

/// Status ring entry, kind STATUS: level state of a flow. Positions are cumulative, so a later entry replaces an earlier one.
namespace status_entry {
inline constexpr std::uint32_t words = 16;
inline constexpr Field slot{0, 0, 16};  ///< slot
inline constexpr Field kind{0, 16, 8};  ///< what this entry is
inline constexpr Field gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field tag{1, 0, 32};  ///< host tag (OPEN, ACCEPT), or the listener's until accepted
inline constexpr Field state{2, 0, 4};  ///< RFC 9293 3.3.2
inline constexpr Field cause{2, 4, 4};  ///< why the flow ended, sticky until release
inline constexpr Field active{2, 8, 1};  ///< slot is in use: from birth to release
inline constexpr Field fin{2, 9, 1};  ///< the peer's FIN came in order: the stream ends at rx_end
inline constexpr Field done{2, 10, 1};  ///< TCP is finished; the slot waits for RELEASE
inline constexpr Field r1{2, 11, 1};  ///< R1 retransmissions have passed
inline constexpr Field listening{2, 12, 1};  ///< born of a listener and not accepted yet
inline constexpr Field snd_mss{2, 16, 16};  ///< effective send MSS
inline constexpr Field raddr{3, 0, 32};  ///< peer's address
inline constexpr Field lport{4, 0, 16};  ///< our port
inline constexpr Field rport{4, 16, 16};  ///< peer's port
inline constexpr Field laddr{5, 0, 32};  ///< our address
inline constexpr Field delivered{6, 0, 32};  ///< bytes that are in the receive ring in order
inline constexpr Field rx_end{7, 0, 32};  ///< bytes received in order; equals delivered once all have landed
inline constexpr Field acked{8, 0, 32};  ///< bytes of ours acknowledged
inline constexpr Field sent{9, 0, 32};  ///< bytes of ours sent at least once
inline constexpr Field taken{10, 0, 32};  ///< read position as the engine knows it
inline constexpr Field phase{15, 31, 1};  ///< 1 in the first pass over the ring, then alternating
}  // namespace status_entry

/// Status ring entry, kind COMPLETION. The words from rto_us on are valid for QUERY.
namespace completion_entry {
inline constexpr std::uint32_t words = 16;
inline constexpr Field slot{0, 0, 16};  ///< slot
inline constexpr Field kind{0, 16, 8};  ///< what this entry is
inline constexpr Field gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field cookie{1, 0, 16};  ///< the command's
inline constexpr Field rc{1, 16, 8};  ///< result
inline constexpr Field rto_us{2, 0, 32};  ///< retransmission timeout
inline constexpr Field srtt_us{3, 0, 32};  ///< smoothed round-trip time
inline constexpr Field rttvar_us{4, 0, 32};  ///< its variation
inline constexpr Field cwnd{5, 0, 32};  ///< congestion window in bytes
inline constexpr Field ssthresh{6, 0, 32};  ///< slow start threshold in bytes
inline constexpr Field snd_wnd{7, 0, 32};  ///< peer's window in bytes
inline constexpr Field rcv_wnd{8, 0, 32};  ///< our window in bytes
inline constexpr Field pipe{9, 0, 32};  ///< bytes in flight
inline constexpr Field retrans{10, 0, 32};  ///< segments retransmitted in this life
inline constexpr Field rcv_mss{11, 0, 16};  ///< MSS that we announced
inline constexpr Field snd_mss{11, 16, 16};  ///< effective send MSS
inline constexpr Field state{12, 12, 4};  ///< RFC 9293 3.3.2
inline constexpr Field backoff{12, 16, 4};  ///< doublings of the timeout
inline constexpr Field ca_state{12, 20, 4};  ///< 0 open, 1 recovery, 2 loss
inline constexpr Field rcv_ws{12, 24, 4};  ///< our window scale
inline constexpr Field snd_ws{12, 28, 4};  ///< peer's window scale
inline constexpr Field phase{15, 31, 1};  ///< 1 in the first pass over the ring, then alternating
}  // namespace completion_entry

/// Status ring entry, kind LINK_ERROR: nothing follows it until a reset.
namespace link_error_entry {
inline constexpr std::uint32_t words = 16;
inline constexpr Field slot{0, 0, 16};  ///< slot
inline constexpr Field kind{0, 16, 8};  ///< what this entry is
inline constexpr Field gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field cause{1, 0, 4};  ///< why
inline constexpr Field address_lo{2, 0, 32};  ///< bus address of the failed transaction
inline constexpr Field address_hi{3, 0, 32};  ///< bus address of the failed transaction
inline constexpr Field phase{15, 31, 1};  ///< 1 in the first pass over the ring, then alternating
}  // namespace link_error_entry

/// BAR 0 at 0x10000 + 8 * slot. One word each; the engine extends the position against the last one it knows.
namespace doorbell {
inline constexpr std::uint32_t words = 2;
inline constexpr Field tail_position{0, 0, 24};  ///< transmit bytes below this are in the transmit ring
inline constexpr Field tail_gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field taken_position{1, 0, 24};  ///< receive bytes below this have been read
inline constexpr Field taken_gen{1, 24, 8};  ///< generation of the slot
}  // namespace doorbell

/// BAR 2 at 64 * slot, one 64-byte write. Payload bytes are contiguous from byte 16 + position % 8 and end within the line.
namespace push_line {
inline constexpr std::uint32_t words = 16;
inline constexpr Field len{0, 16, 8};  ///< payload bytes, 1 to 48 - position % 8
inline constexpr Field gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field position{1, 0, 32};  ///< stream position of the first payload byte
inline constexpr Field zero2{2, 0, 32};  ///< zero
inline constexpr Field zero3{3, 0, 32};  ///< zero
inline constexpr Field payload0{4, 0, 32};  ///< payload
inline constexpr Field payload1{5, 0, 32};  ///< payload
inline constexpr Field payload2{6, 0, 32};  ///< payload
inline constexpr Field payload3{7, 0, 32};  ///< payload
inline constexpr Field payload4{8, 0, 32};  ///< payload
inline constexpr Field payload5{9, 0, 32};  ///< payload
inline constexpr Field payload6{10, 0, 32};  ///< payload
inline constexpr Field payload7{11, 0, 32};  ///< payload
inline constexpr Field payload8{12, 0, 32};  ///< payload
inline constexpr Field payload9{13, 0, 32};  ///< payload
inline constexpr Field payload10{14, 0, 32};  ///< payload
inline constexpr Field payload11{15, 0, 32};  ///< payload
}  // namespace push_line

/// Head of every frame of a byte-stream link. A frame with a length other than zero goes on with so many bytes and their CRC-32.
namespace stream_header {
inline constexpr std::uint32_t words = 2;
inline constexpr Field magic{0, 0, 8};  ///< stream_const_e.MAGIC
inline constexpr Field kind{0, 8, 8};  ///< what the frame is
inline constexpr Field length{0, 16, 16};  ///< bytes between header and CRC-32
inline constexpr Field seq{1, 0, 8};  ///< frames that this side sent before in this session, modulo 256; HELLO begins with 0
inline constexpr Field credit{1, 8, 8};  ///< credit that this side has given back in this session, in units, modulo 256
inline constexpr Field check{1, 16, 16};  ///< CRC-16 of the six bytes before it
}  // namespace stream_header

/// First frame of a session, from the host and as the answer of the board.
namespace stream_hello {
inline constexpr std::uint32_t words = 4;
inline constexpr Field version{0, 0, 16};  ///< stream_const_e.VERSION
inline constexpr Field space_log2{0, 16, 5};  ///< board: log2 of the bytes that a new life may append at once
inline constexpr Field map_hash{1, 0, 32};  ///< MAP_HASH of this side
inline constexpr Field nonce{2, 0, 32};  ///< from the host, returned by the board: tells old answers from new
inline constexpr Field credit{3, 0, 16};  ///< bytes of the receive buffer of this side
}  // namespace stream_hello

/// Write of one register or of several that follow each other; the words of the others follow.
namespace stream_write {
inline constexpr std::uint32_t words = 2;
inline constexpr Field offset{0, 0, 32};  ///< of the first, in BAR 0
inline constexpr Field value{1, 0, 32};  ///< of the first
}  // namespace stream_write

/// Read of one register.
namespace stream_read {
inline constexpr std::uint32_t words = 2;
inline constexpr Field offset{0, 0, 32};  ///< in BAR 0
inline constexpr Field zero{1, 0, 32};  ///< zero
}  // namespace stream_read

/// Answer to READ. Reads are answered in order.
namespace stream_value {
inline constexpr std::uint32_t words = 1;
inline constexpr Field value{0, 0, 32};  ///< what the register holds
}  // namespace stream_value

/// Head of bytes to send.
namespace stream_send {
inline constexpr std::uint32_t words = 2;
inline constexpr Field slot{0, 0, 16};  ///< slot
inline constexpr Field more{0, 16, 1};  ///< the bytes that follow in the stream are on their way
inline constexpr Field gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field position{1, 0, 32};  ///< stream position of the first byte: where the last SEND of this life ended
}  // namespace stream_send

/// A position of one flow.
namespace stream_place {
inline constexpr std::uint32_t words = 2;
inline constexpr Field slot{0, 0, 16};  ///< slot
inline constexpr Field gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field position{1, 0, 32};  ///< stream position
}  // namespace stream_place

/// Head of received bytes; an out-of-order segment comes at its own place.
namespace stream_deliver {
inline constexpr std::uint32_t words = 2;
inline constexpr Field slot{0, 0, 16};  ///< slot
inline constexpr Field gen{0, 24, 8};  ///< generation of the slot
inline constexpr Field position{1, 0, 32};  ///< stream position of the first byte
}  // namespace stream_deliver

}  // namespace tautline::regs
// clang-format on
