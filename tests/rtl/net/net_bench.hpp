// tl_net between a wire, a transmit store and a TCP side, all made here. Frames go in and come out
// whole, with the cycles of their first and last words; every notice is recorded.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../common/rtl_bench.hpp"
#include "Vtl_net_tb.h"
#include "packet.hpp"

namespace tautline::test {

#ifdef TAUTLINE_DATA_W
inline constexpr std::size_t kLanes = TAUTLINE_DATA_W / 8;
#else
inline constexpr std::size_t kLanes = 8;
#endif

// Numbers of tautline_pkg's cnt_e.
enum Counter : std::size_t {
  kRxFrames = 0,
  kRxBadFcs,
  kRxNotForUs,
  kRxNotIp,
  kRxIpError,
  kRxFragment,
  kRxNotTcp,
  kRxTcpChecksum,
  kRxTcpError,
  kRxTcpOption,
  kRxNoRoom,
  kRxTcpSegments,
  kArpRequestsIn,
  kArpRepliesIn,
  kArpRequestsOut,
  kArpFailed,
  kIcmpEcho,
  kIcmpDropped,
  kReplyDropped,
  kTxFrames,
  kTxTcpSegments,
  kTxReplies,
};

enum Nbr : unsigned { kPending = 0, kResolved = 1, kFailed = 2 };

struct Config {
  bool enable = true;
  std::uint64_t mac = 0x020000000001;
  std::uint32_t ip = Ipv4Address(10, 0, 0, 1);
  std::uint32_t netmask = 0xffffff00;
  std::uint32_t gateway = 0;
  bool vlan_en = false;
  std::uint16_t vlan_tci = 0;
  std::uint16_t mtu = 1500;
  bool df = true;
  std::uint8_t ttl = 64;
  std::uint32_t reply_us = 1000;
  std::uint32_t arp_timeout_us = 60'000'000;
};

inline constexpr std::uint64_t kPeerMac = 0x0200000000aa;
inline constexpr std::uint32_t kPeerIp = Ipv4Address(10, 0, 0, 2);

struct Key {
  std::uint32_t raddr = 0, laddr = 0;
  std::uint16_t rport = 0, lport = 0;
  bool operator==(const Key&) const = default;
};

struct KeyNotice {
  std::uint64_t cycle;
  Key key;
};

struct Verdict {
  std::uint64_t cycle = 0;
  bool good = false;
  std::size_t lane = 0;
  Key key;
  std::uint64_t src_mac = 0;
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = 0;
  std::uint16_t wnd = 0, len = 0;
  std::optional<std::uint16_t> mss;
  std::optional<unsigned> ws;
  bool sack_ok = false;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> ts;
  Frame words;                        // all payload words since the verdict before
  std::uint64_t first_pay_cycle = 0;  // of the first of them

  Frame Payload() const {
    if (words.size() < lane + len) return {};
    return Frame(words.begin() + static_cast<std::ptrdiff_t>(lane),
                 words.begin() + static_cast<std::ptrdiff_t>(lane + len));
  }
};

struct SentFrame {
  Frame bytes;
  std::uint64_t first_cycle = 0, last_cycle = 0;
};

struct TxRequest {
  std::uint16_t flow = 0;
  Key key{kPeerIp, Ipv4Address(10, 0, 0, 1), 40000, 80};
  std::uint64_t dst_mac = kPeerMac;
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = TcpFlags::kAck;
  std::uint16_t wnd = 0;
  std::uint32_t pos = 0;
  std::uint16_t len = 0;
  std::uint16_t mss = 1460;
  bool ws_ok = false;
  std::uint8_t ws = 0;
  std::uint8_t ttl = 64;
  std::uint8_t dscp = 0;
};

struct ReplyRequest {
  Key key{kPeerIp, Ipv4Address(10, 0, 0, 1), 40000, 80};
  std::uint64_t dst_mac = kPeerMac;
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = TcpFlags::kRst;
  std::uint16_t wnd = 0;
};

class NetBench {
 public:
  explicit NetBench(const Config& config = {}) {
    Apply(config);
    bench_->s_wire_tvalid = 0;
    bench_->room = 1;
    bench_->tx_valid = 0;
    bench_->ask_ready = 0;
    bench_->rd_valid = 0;
    bench_->rd_sum_valid = 0;
    bench_->reply_valid = 0;
    bench_->nbr_valid = 0;
    bench_->m_wire_tready = 1;
    bench_->now_us = now_us;
    bench_.reset();
  }

  void Apply(const Config& config) {
    cfg = config;
    bench_->cfg_enable = cfg.enable;
    bench_->cfg_mac = cfg.mac;
    bench_->cfg_ip = cfg.ip;
    bench_->cfg_netmask = cfg.netmask;
    bench_->cfg_gateway = cfg.gateway;
    bench_->cfg_vlan_en = cfg.vlan_en;
    bench_->cfg_vlan_tci = cfg.vlan_tci;
    bench_->cfg_mtu = cfg.mtu;
    bench_->cfg_df = cfg.df;
    bench_->cfg_ttl = cfg.ttl;
    bench_->cfg_reply_us = cfg.reply_us;
    bench_->cfg_arp_timeout_us = cfg.arp_timeout_us;
  }

  // ---------------------------------------------------------------- what the wire and TCP do
  void Receive(Frame frame, bool bad = false) { rx_.push_back({std::move(frame), bad}); }
  void Send(const TxRequest& request) { tx_.push_back(request); }
  void Reply(const ReplyRequest& request) { replies_.push_back(request); }
  // Answer of the neighbour table; takes two cycles.
  unsigned Query(std::uint32_t addr) {
    bench_->nbr_valid = 1;
    bench_->nbr_addr = addr;
    Tick();
    bench_->nbr_valid = 0;
    bench_.settle();
    query_mac = bench_->nbr_mac;
    const unsigned answer = bench_->nbr;
    Tick();
    return answer;
  }

  // Settings of the surroundings, in per cent of cycles.
  unsigned rx_gap = 0;            // no word on the incoming wire though there is one
  unsigned wire_stall = 0;        // outgoing wire not ready
  unsigned store_stall = 0;       // store not ready for a request or without a word
  std::uint64_t store_delay = 4;  // cycles from request to sum and first word
  bool room = true;
  std::uint64_t now_us = 1'000'000;
  Config cfg;

  // ---------------------------------------------------------------- what was seen
  std::vector<KeyNotice> keys;
  std::vector<Verdict> verdicts;
  std::vector<SentFrame> sent;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> received;  // first and last word's cycles
  std::array<std::uint64_t, 64> counters{};
  std::uint64_t tx_done = 0;
  std::uint64_t tx_taken = 0;
  std::uint64_t changed = 0;
  std::uint64_t tx_valid_cycle = 0;  // when the head of the segments was first offered
  std::uint64_t query_mac = 0;

  // The byte of a flow's stream at a position.
  static std::uint8_t StreamByte(std::uint16_t flow, std::uint32_t pos) {
    std::uint32_t x = (pos ^ flow * 0x9e3779b1U) * 0x85ebca6bU;
    x ^= x >> 15;
    return static_cast<std::uint8_t>(x * 0xc2b2ae35U >> 24);
  }

  Vtl_net_tb& top() { return *bench_; }
  std::uint64_t cycle() const { return bench_.cycle(); }
  Random& random() { return random_; }
  bool Busy() {
    bench_.settle();
    return bench_->busy != 0;
  }
  std::optional<std::uint64_t> NextDeadline() {
    bench_.settle();
    if (!bench_->next_deadline_valid) return std::nullopt;
    return bench_->next_deadline;
  }

  void Tick(int n = 1) {
    while (n-- > 0) {
      DriveInputs();
      bench_.settle();
      Observe();
      bench_.tick();
    }
  }

  // Until everything given has gone in and everything owed has come out.
  void Drain(int limit = 200000) {
    int quiet = 0;
    while (quiet < 4 && limit-- > 0) {
      Tick();
      const bool idle =
          rx_.empty() && tx_.empty() && replies_.empty() && !asked_ && !in_frame_ && !Busy();
      quiet = idle ? quiet + 1 : 0;
    }
    ASSERT_GT(limit, 0) << "the engine does not come to rest";
  }

  // Goes where idle skipping would go: to the next deadline or `limit_us`, whichever is first.
  void SkipTo(std::uint64_t limit_us) {
    Drain();
    while (now_us < limit_us) {
      const auto deadline = NextDeadline();
      now_us = deadline && *deadline < limit_us ? std::max(*deadline, now_us) : limit_us;
      Drain();
    }
  }

 private:
  struct Incoming {
    Frame bytes;
    bool bad;
  };

  void DriveInputs() {
    bench_->now_us = now_us;
    bench_->room = room;

    wire_in_valid_ = !rx_.empty() && !random_.chance(rx_gap);
    bench_->s_wire_tvalid = wire_in_valid_;
    std::array<std::uint8_t, kLanes> word{};
    for (auto& b : word) b = static_cast<std::uint8_t>(random_.bits());
    if (wire_in_valid_) {
      const Frame& f = rx_.front().bytes;
      const std::size_t n = std::min(kLanes, f.size() - rx_at_);
      std::memcpy(word.data(), f.data() + rx_at_, n);
      const bool last = rx_at_ + n == f.size();
      bench_->s_wire_tkeep = n == 64 ? ~0ULL : (1ULL << n) - 1;
      bench_->s_wire_tlast = last;
      bench_->s_wire_tuser = last && rx_.front().bad;
    }
    std::memcpy(&bench_->s_wire_tdata, word.data(), kLanes);

    bench_->tx_valid = !tx_.empty();
    if (!tx_.empty()) {
      if (!tx_offered_) {
        tx_valid_cycle = cycle();
        tx_offered_ = true;
      }
      const TxRequest& t = tx_.front();
      bench_->tx_flow = t.flow;
      bench_->tx_raddr = t.key.raddr;
      bench_->tx_laddr = t.key.laddr;
      bench_->tx_rport = t.key.rport;
      bench_->tx_lport = t.key.lport;
      bench_->tx_dst_mac = t.dst_mac;
      bench_->tx_seq = t.seq;
      bench_->tx_ack = t.ack;
      bench_->tx_flags = t.flags;
      bench_->tx_wnd = t.wnd;
      bench_->tx_pos = t.pos;
      bench_->tx_len = t.len;
      bench_->tx_mss = t.mss;
      bench_->tx_ws_ok = t.ws_ok;
      bench_->tx_ws = t.ws;
      bench_->tx_ttl = t.ttl;
      bench_->tx_dscp = t.dscp;
    }

    bench_->reply_valid = !replies_.empty();
    if (!replies_.empty()) {
      const ReplyRequest& r = replies_.front();
      bench_->reply_raddr = r.key.raddr;
      bench_->reply_laddr = r.key.laddr;
      bench_->reply_rport = r.key.rport;
      bench_->reply_lport = r.key.lport;
      bench_->reply_dst_mac = r.dst_mac;
      bench_->reply_seq = r.seq;
      bench_->reply_ack = r.ack;
      bench_->reply_flags = r.flags;
      bench_->reply_wnd = r.wnd;
    }

    // The store: one request at a time; a word that was offered stays.
    bench_->ask_ready = !asked_ && !random_.chance(store_stall);
    if (asked_ && cycle() >= ask_cycle_ + store_delay &&
        (rd_offered_ || !random_.chance(store_stall))) {
      rd_offered_ = true;
    }
    bench_->rd_valid = rd_offered_;
    bench_->rd_sum_valid = asked_ && cycle() >= ask_cycle_ + store_delay;
    bench_->rd_sum = static_cast<std::uint16_t>(random_.bits());
    for (auto& b : word) b = static_cast<std::uint8_t>(random_.bits());
    if (bench_->rd_sum_valid) {
      Frame range(ask_len_);
      for (std::size_t i = 0; i < range.size(); i++) {
        range[i] = StreamByte(ask_flow_, ask_pos_ + static_cast<std::uint32_t>(i));
      }
      bench_->rd_sum = OnesComplementSum(range);
    }
    if (rd_offered_) {
      for (std::size_t lane = 0; lane < kLanes; lane++) {
        const std::uint32_t pos = rd_at_ + static_cast<std::uint32_t>(lane);
        if (pos - ask_pos_ < ask_len_) word[lane] = StreamByte(ask_flow_, pos);
      }
    }
    std::memcpy(&bench_->rd_data, word.data(), kLanes);
    bench_->m_wire_tready = !random_.chance(wire_stall);
  }

  void Observe() {
    Vtl_net_tb& t = *bench_;
    for (std::size_t i = 0; i < 64; i++) counters[i] += t.cnt >> i & 1;
    EXPECT_EQ(t.s_wire_tready, 1);

    if (wire_in_valid_) {
      if (rx_at_ == 0) received.push_back({cycle(), 0});
      rx_at_ += kLanes;
      if (rx_at_ >= rx_.front().bytes.size()) {
        received.back().second = cycle();
        rx_.pop_front();
        rx_at_ = 0;
      }
    }

    if (t.pay_valid) {
      if (words_.empty()) first_pay_cycle_ = cycle();
      const auto* data = reinterpret_cast<const std::uint8_t*>(&t.pay_data);
      words_.insert(words_.end(), data, data + kLanes);
    }
    if (t.verdict_valid) {
      Verdict v;
      v.cycle = cycle();
      v.good = t.verdict_good;
      v.lane = t.verdict_lane;
      v.key = {t.seg_raddr, t.seg_laddr, t.seg_rport, t.seg_lport};
      v.src_mac = t.seg_src_mac;
      v.seq = t.seg_seq;
      v.ack = t.seg_ack;
      v.flags = t.seg_flags;
      v.wnd = t.seg_wnd;
      v.len = t.seg_len;
      if (t.seg_mss_ok) v.mss = t.seg_mss;
      if (t.seg_ws_ok) v.ws = t.seg_ws;
      v.sack_ok = t.seg_sack_ok;
      if (t.seg_ts_ok) v.ts = {t.seg_tsval, t.seg_tsecr};
      v.words = std::move(words_);
      v.first_pay_cycle = first_pay_cycle_;
      words_.clear();
      verdicts.push_back(std::move(v));
      EXPECT_LE(verdicts.size(), keys.size()) << "a verdict without a key before it";
    }
    if (t.key_valid) {
      keys.push_back({cycle(), {t.key_raddr, t.key_laddr, t.key_rport, t.key_lport}});
      EXPECT_LE(keys.size(), verdicts.size() + 1) << "a key, though a verdict is owed";
    }

    if (t.tx_done) tx_done++;
    if (t.tx_valid && t.tx_ready) {
      tx_.pop_front();
      tx_offered_ = false;
      tx_taken++;
    }
    if (t.reply_valid) replies_.pop_front();

    if (t.rd_valid && t.rd_ready) {
      rd_offered_ = false;
      rd_at_ += kLanes;
      if (rd_at_ - ask_pos_ >= ask_len_ && static_cast<std::int32_t>(rd_at_ - ask_pos_) > 0) {
        asked_ = false;
        EXPECT_TRUE(t.tx_done) << "the last word of a range was taken without tx_done";
      }
    } else if (asked_) {
      EXPECT_FALSE(t.tx_done) << "tx_done before the last word of the range";
    }
    if (t.ask_valid && t.ask_ready) {
      asked_ = true;
      ask_cycle_ = cycle();
      ask_flow_ = t.ask_flow;
      ask_pos_ = t.ask_pos;
      ask_len_ = t.ask_len;
      rd_at_ = ask_pos_ & ~static_cast<std::uint32_t>(kLanes - 1);
      ASSERT_GT(ask_len_, 0);
    }

    if (t.m_wire_tvalid && t.m_wire_tready) {
      if (!in_frame_) sent.push_back({{}, cycle(), 0});
      in_frame_ = true;
      const auto* data = reinterpret_cast<const std::uint8_t*>(&t.m_wire_tdata);
      std::size_t n = 0;
      while (n < kLanes && (static_cast<std::uint64_t>(t.m_wire_tkeep) >> n & 1)) n++;
      const std::uint64_t keep = n == 64 ? ~0ULL : (1ULL << n) - 1;
      EXPECT_EQ(static_cast<std::uint64_t>(t.m_wire_tkeep), keep);
      EXPECT_EQ(t.m_wire_tuser, 0);
      sent.back().bytes.insert(sent.back().bytes.end(), data, data + n);
      if (t.m_wire_tlast) {
        sent.back().last_cycle = cycle();
        in_frame_ = false;
      } else {
        EXPECT_EQ(n, kLanes);
      }
    }
    if (t.nbr_changed) changed++;
  }

  Bench<Vtl_net_tb> bench_;
  Random random_;
  std::deque<Incoming> rx_;
  std::size_t rx_at_ = 0;
  bool wire_in_valid_ = false;
  std::deque<TxRequest> tx_;
  bool tx_offered_ = false;
  std::deque<ReplyRequest> replies_;
  Frame words_;
  std::uint64_t first_pay_cycle_ = 0;
  bool in_frame_ = false;
  bool asked_ = false;
  bool rd_offered_ = false;
  std::uint64_t ask_cycle_ = 0;
  std::uint16_t ask_flow_ = 0;
  std::uint32_t ask_pos_ = 0;
  std::uint16_t ask_len_ = 0;
  std::uint32_t rd_at_ = 0;
};

// A frame from the peer to us, ready to be changed.
struct PeerFrame {
  EthernetHeader eth;
  Ipv4Header ip;

  explicit PeerFrame(const Config& cfg = {}) {
    eth.dst = cfg.mac;
    eth.src = kPeerMac;
    ip.src = kPeerIp;
    ip.dst = cfg.ip;
  }
};

inline TcpSegment PeerSegment() {
  TcpSegment tcp;
  tcp.src_port = 40000;
  tcp.dst_port = 80;
  tcp.seq = 0x11223344;
  tcp.ack = 0x55667788;
  tcp.window = 0x1234;
  return tcp;
}

inline Frame RandomBytes(Random& random, std::size_t n) {
  Frame out(n);
  for (auto& b : out) b = static_cast<std::uint8_t>(random.bits());
  return out;
}

}  // namespace tautline::test
