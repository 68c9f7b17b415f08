// A bench around tl_lane: it plays scheduler, mailbox, timer scanner, neighbour table and host, in
// virtual time, and speaks of segments as literal data.
//
// Sequence numbers are relative: what we send counts from our ISN (the SYN is 0, the first byte 1),
// what the peer sends from its own. A sent segment reads "flags seq+len a<ack>", flags in the order
// S F R P A, for example "PA 1+100 a1".
#pragma once

#include <gtest/gtest.h>
#include <verilated.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "Vtl_lane_tb.h"

namespace lane {

enum Flag : uint8_t { F = 1, S = 2, R = 4, P = 8, A = 16, U = 32 };
enum State {
  kClosed,
  kListen,
  kSynSent,
  kSynRcvd,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
  kTimeWait
};
enum Cause { kNone, kRefused, kReset, kTimeout, kUnreachable, kAborted };
enum Op {
  kNop,
  kOpen,
  kListenCmd,
  kUnlisten,
  kAccept,
  kShutdown,
  kAbort,
  kRelease,
  kSetopt,
  kQuery
};
enum Option { kNoDelay, kTtl, kDscp, kUserTimeout, kQuickAck };
enum Rc { kOk = 0, kStale = 4, kBadState = 5, kBadArg = 6 };
enum Nbr { kPending, kResolved, kFailed };
// Numbers of tautline_pkg::cnt_e.
enum Counter {
  kCntEstablished = 24,
  kCntAttemptFails = 25,
  kCntRetrans = 32,
  kCntRto = 33,
  kCntFastRetrans = 34,
  kCntPartialAcks = 35,
  kCntDupAcks = 36,
  kCntOutOfOrder = 37,
  kCntOooDropped = 38,
  kCntDupSegs = 39,
  kCntOutOfWindow = 40,
  kCntBadAck = 42,
  kCntChallenge = 43,
  kCntChallengeLimited = 44,
  kCntProbes = 46,
  kCntWindowUpdates = 47,
  kCntStaleGen = 53,
  kCntFinWait2 = 54,
};

constexpr uint64_t kMs = 1000;
constexpr uint64_t kSec = 1000 * kMs;

// A segment of the peer.
struct Seg {
  int flags = A;
  uint32_t seq = 1;
  uint32_t ack = 1;
  uint32_t len = 0;
  uint32_t wnd = 0xffff;  // as on the wire
  int mss = -1;
  int ws = -1;
};

struct Sent {
  uint16_t flow;
  uint8_t flags;
  uint32_t seq, ack;
  uint16_t len, wnd;
  uint32_t pos;
  uint16_t mss;
  bool ws_ok;
  uint8_t ws, ttl, dscp;
  uint64_t us, cycle;
};

struct Answer {
  bool commit;
  uint32_t pos;
  uint32_t head, len;
  uint32_t delivered;
};

struct Status {
  uint8_t gen = 0;
  uint32_t tag = 0;
  bool listening = false, active = false, fin = false, done = false, r1 = false;
  int state = 0, cause = 0;
  uint32_t rx_end = 0, acked = 0, sent = 0, taken = 0;
  uint16_t mss = 0;
};

struct Info {
  uint32_t rto, srtt, rttvar, cwnd, ssthresh, snd_wnd, rcv_wnd, pipe, retrans;
  int snd_mss, rcv_mss, snd_ws, rcv_ws, ca, backoff, state;
};

struct Reply {
  uint32_t seq;
  uint8_t flags;
};

using Strings = std::vector<std::string>;

inline std::string flags_text(uint8_t f) {
  std::string s;
  if (f & S) s += 'S';
  if (f & F) s += 'F';
  if (f & R) s += 'R';
  if (f & P) s += 'P';
  if (f & A) s += 'A';
  return s;
}

class Bench {
 public:
  static constexpr int kFlows = 16;

  explicit Bench(uint32_t isn = 1000, uint32_t peer_isn = 5000000) : iss(isn), irs(peer_isn) {
    v.mtu = 1500;
    v.rx_ring_log2 = 16;
    v.nodelay = 0;
    v.rto_min_us = 200 * kMs;
    v.rto_init_us = 1 * kSec;
    v.rto_max_us = 60 * kSec;
    v.delack_us = 40 * kMs;
    v.user_timeout_us = 100 * kSec;
    v.syn_timeout_us = 180 * kSec;
    v.fin_wait2_us = 60 * kSec;
    v.challenge_us = 1 * kSec;
    v.r1_retries = 3;
    v.listener_live = 0xffff;
    v.s_nbr = kResolved;
    v.s_nbr_mac = 0x020000000002;
    v.tx_room = 4;
    v.del_room = 1;
    v.tw_room = 1;
    v.now_us = now;
    v.rst = 1;
    clock();
    clock();
    v.rst = 0;
    while (!v.cleared) clock();
  }

  // ---------------------------------------------------------------------------- the peer
  // The segment has passed the lane, and whatever it made the flow send has been sent.
  void in(const Seg& g, int flow = 0) {
    put(g, flow, false, false);
    run();
  }

  // The segment is applied, but the flow gets no opportunity to send yet.
  void in_quiet(const Seg& g, int flow = 0) {
    put(g, flow, false, false);
    drain();
  }

  // ---------------------------------------------------------------------------- the host
  Rc command(Op op, uint32_t arg0 = 0, uint32_t arg1 = 0, int flow = 0, int gen = -1) {
    v.c_op = op;
    v.c_cookie = ++cookie_;
    v.c_flow = flow;
    v.c_gen = gen < 0 ? status[flow & (kFlows - 1)].gen : gen;
    v.c_arg0 = arg0;
    v.c_arg1 = arg1;
    v.b_birth = op == kOpen;
    v.b_passive = 0;
    v.b_isn = iss;
    v.b_tag = arg0;
    v.s_cmd_valid = 1;
    wait_ready(v.s_cmd_ready);
    v.s_cmd_valid = 0;
    run();
    EXPECT_EQ(cpl_cookie_, cookie_) << "one completion for one command";
    return static_cast<Rc>(cpl_rc_);
  }

  Info query(int flow = 0) {
    EXPECT_EQ(command(kQuery, 0, 0, flow), kOk);
    return info;
  }

  // The host has put `n` more bytes into the store.
  void write(uint32_t n, int flow = 0) {
    tail[flow] += n;
    ready.insert(flow);
    run();
  }

  // The host has read up to `pos`.
  void take(uint32_t pos, int flow = 0) {
    taken[flow] = pos;
    ready.insert(flow);
    run();
  }

  // ---------------------------------------------------------------------------- openings
  void syn_in(Seg g, int flow = 0) {
    g.flags = S;
    g.seq = 0;
    put(g, flow, true, true);
    run();
  }

  void listen_established(int mss = 1460, int ws = -1, uint32_t wnd = 0xffff) {
    syn_in({.wnd = std::min<uint32_t>(wnd, 0xffff), .mss = mss, .ws = ws});
    in({.flags = A, .seq = 1, .ack = 1, .wnd = wnd});
    ASSERT_EQ(status[0].state, kEstablished);
    sent.clear();
    drain();
    life.clear();
  }

  void connect_established(int mss = 1460, int ws = -1, uint32_t wnd = 0xffff) {
    ASSERT_EQ(command(kOpen, 77), kOk);
    in({.flags = S | A, .seq = 0, .ack = 1, .wnd = wnd, .mss = mss, .ws = ws});
    ASSERT_EQ(status[0].state, kEstablished);
    sent.clear();
  }

  // Any state of RFC 9293 figure 5, by the shortest way.
  void reach(State s) {
    if (s == kClosed) return;
    if (s == kSynSent) {
      command(kOpen, 77);
    } else if (s == kSynRcvd) {
      syn_in({.mss = 1460});
    } else {
      connect_established();
      if (s == kFinWait1 || s == kFinWait2 || s == kClosing || s == kTimeWait)
        command(kShutdown, 0);
      if (s == kFinWait2 || s == kTimeWait) in({.seq = 1, .ack = 2});
      if (s == kCloseWait || s == kLastAck || s == kClosing) in({.flags = F | A});
      if (s == kLastAck) command(kShutdown, 0);
      if (s == kTimeWait) {
        v.tx_room = 0;  // stays in its TCB until it may send
        in_quiet({.flags = F | A, .seq = 1, .ack = 2});
      }
    }
    ASSERT_EQ(status[0].state, s);
    sent.clear();
    replies.clear();
    answers.clear();
  }

  // ---------------------------------------------------------------------------- time
  // Moves virtual time, firing every deadline at its moment.
  void advance(uint64_t us) {
    const uint64_t end = now + us;
    for (;;) {
      uint64_t next = end;
      int who = -1;
      for (int f = 0; f < kFlows; ++f) {
        for (int k = 0; k < 3; ++k) {
          if ((timer_on[f] >> k & 1) && deadline[f][k] <= next) {
            next = deadline[f][k];
            who = f;
          }
        }
      }
      now = std::max(now, next);
      if (who < 0) break;
      fire(who);
    }
    v.now_us = now;
  }

  void fire(int flow) {
    v.now_us = now;
    v.s_tmo_valid = 1;
    v.s_tmo_flow = flow;
    wait_ready(v.s_tmo_ready);
    v.s_tmo_valid = 0;
    run();
  }

  // Clocks until nothing is in flight and no flow is ready.
  void run() {
    for (int guard = 0; guard < 100000; ++guard) {
      v.s_send_valid = !ready.empty() && v.tx_room != 0;
      if (!ready.empty()) v.s_send_flow = *ready.begin();
      v.eval();
      const bool took = v.s_send_valid && v.s_send_ready;
      const int flow = v.s_send_flow;
      if (took) ready.erase(flow);
      clock();
      v.s_send_valid = 0;
      v.eval();
      if ((ready.empty() || v.tx_room == 0) && !v.busy) return;
    }
    FAIL() << "the lane does not come to rest";
  }

  // Clocks until nothing is in flight; ready flows wait.
  void drain() {
    v.s_send_valid = 0;
    do {
      clock();
      v.eval();
    } while (v.busy);
  }

  // One send event of a flow, whether it is ready or not.
  void send_event(int flow = 0) {
    ready.erase(flow);
    v.s_send_valid = 1;
    v.s_send_flow = flow;
    wait_ready(v.s_send_ready);
    v.s_send_valid = 0;
    drain();
  }

  void clock() {
    v.clk = 0;
    v.now_us = now;
    v.eval();
    const bool mbox = v.m_mbox_re;
    const int mbox_flow = v.m_mbox_flow & (kFlows - 1);
    v.clk = 1;
    v.eval();
    ++cycle;
    if (mbox) {
      v.s_mbox_tail = tail[mbox_flow];
      v.s_mbox_taken = taken[mbox_flow];
    }
    collect();
  }

  // Everything sent since the last look.
  Strings tx() {
    Strings out;
    for (const Sent& s : sent) out.push_back(text(s));
    sent.clear();
    return out;
  }

  std::string text(const Sent& s) const {
    char b[64];
    std::snprintf(b, sizeof b, "%s %u", flags_text(s.flags).c_str(), s.seq - iss);
    std::string r = b;
    if (s.len) r += "+" + std::to_string(s.len);
    if (s.flags & A) r += " a" + std::to_string(s.ack - irs);
    return r;
  }

  uint64_t counter(Counter c) const { return counters[c]; }

  // ---------------------------------------------------------------------------- state
  Vtl_lane_tb v;
  uint32_t iss, irs;
  uint64_t now = 10 * kSec;
  uint64_t cycle = 0;
  std::array<uint32_t, kFlows> tail{}, taken{};
  std::array<Status, kFlows> status{};
  std::array<int, kFlows> timer_on{};
  std::array<std::array<uint64_t, 3>, kFlows> deadline{};  // life, ack, rtx
  std::set<int> ready, waiting;
  std::vector<Sent> sent;
  std::vector<Answer> answers;
  std::vector<Reply> replies;
  std::vector<uint32_t> acked;
  struct Life {
    int flow, gen;
    uint64_t cycle;
  };
  std::vector<Life> life;
  std::vector<int> listener_changes;  // {half_open_dec, unaccepted_inc, unaccepted_dec}
  struct TimeWait {
    uint32_t rcv_nxt, snd_nxt;
    uint64_t mac;
  };
  std::vector<TimeWait> time_waits;
  int removals = 0, dirties = 0;
  std::array<uint64_t, 64> counters{};
  Info info{};
  uint64_t ready_cycle = 0;

  void put(const Seg& g, int flow, bool birth, bool passive, int gen = -1) {
    v.g_drop = 0;
    v.g_flow = flow;
    v.g_gen = gen < 0 ? status[flow].gen : gen;
    v.g_seq = irs + g.seq;
    v.g_ack = g.flags & A ? iss + g.ack : 0;
    v.g_flags = g.flags;
    v.g_wnd = g.wnd;
    v.g_len = g.len;
    v.g_mss_ok = g.mss >= 0;
    v.g_mss = g.mss & 0xffff;
    v.g_ws_ok = g.ws >= 0;
    v.g_ws = g.ws & 15;
    v.b_birth = birth;
    v.b_passive = passive;
    v.b_isn = iss;
    v.b_listener = 3;
    v.b_tag = 33;
    v.s_seg_valid = 1;
    wait_ready(v.s_seg_ready);
    v.s_seg_valid = 0;
  }

  template <typename Ready>
  void wait_ready(const Ready& r) {
    for (int guard = 0; guard < 1000; ++guard) {
      v.eval();
      const bool took = r;
      clock();
      if (took) {
        v.eval();
        return;
      }
    }
    FAIL() << "the lane does not take the event";
  }

 private:
  void collect() {
    if (v.m_tx_valid) {
      sent.push_back({v.t_flow, v.t_flags, v.t_seq, v.t_ack, v.t_len, v.t_wnd, v.t_pos, v.t_mss,
                      bool(v.t_ws_ok), v.t_ws, v.t_ttl, v.t_dscp, now, cycle});
      EXPECT_EQ(v.t_raddr, 0x0a000002u);
      EXPECT_EQ(v.t_mac, 0x020000000002u);
      EXPECT_EQ(bool(v.m_launch_valid), v.t_len != 0);
      if (v.t_len != 0) {
        EXPECT_EQ(v.t_pos, v.t_seq - iss - 1);
        EXPECT_EQ(v.l_pos, v.t_pos);
        EXPECT_EQ(v.l_len, v.t_len);
      }
    }
    if (v.m_ans_valid)
      answers.push_back({bool(v.a_commit), v.a_pos, v.a_head, v.a_len, v.a_delivered});
    if (v.m_reply_valid) replies.push_back({v.r_seq, v.r_flags});
    if (v.m_acked_valid) acked.push_back(v.k_pos);
    if (v.m_life_valid) {
      EXPECT_TRUE(v.m_free_valid);
      life.push_back({v.life_flow, v.life_gen, cycle});
      tail[v.life_flow] = 0;
      taken[v.life_flow] = 0;
    }
    if (v.m_cpl_valid) {
      cpl_cookie_ = v.p_cookie;
      cpl_rc_ = v.p_rc;
      const auto& w = v.p_info;  // word 10 is the first field
      info = {w[10],
              w[9],
              w[8],
              w[7],
              w[6],
              w[5],
              w[4],
              w[3],
              w[2],
              int(w[1] >> 16),
              int(w[1] & 0xffff),
              int(w[0] >> 28),
              int(w[0] >> 24 & 15),
              int(w[0] >> 20 & 15),
              int(w[0] >> 16 & 15),
              int(w[0] >> 12 & 15)};
    }
    if (v.m_status_valid) {
      status[v.m_status_flow] = {
          v.st_gen,        v.st_tag,      bool(v.st_listening), bool(v.st_active), bool(v.st_fin),
          bool(v.st_done), bool(v.st_r1), int(v.st_state),      int(v.st_cause),   v.st_rx_end,
          v.st_acked,      v.st_sent,     v.st_taken,           v.st_mss};
    }
    dirties += v.m_dirty_valid;
    if (v.m_timer_valid) {
      timer_on[v.m_timer_flow] = v.tm_on;
      deadline[v.m_timer_flow] = {v.tm_life, v.tm_ack, v.tm_rtx};
    }
    if (v.m_urgent_valid) {
      ready.insert(v.m_urgent_flow);
      ready_cycle = cycle;
    }
    if (v.m_ready_valid) {
      ready.insert(v.m_ready_flow);
      ready_cycle = cycle;
    }
    if (v.m_wait_valid) waiting.insert(v.m_wait_flow);
    removals += v.m_del_valid;
    if (v.m_tw_valid) time_waits.push_back({v.w_rcv_nxt, v.w_snd_nxt, v.w_mac});
    if (v.m_lsn_valid) listener_changes.push_back(v.n_change);
    for (int i = 0; i < 64; ++i) counters[i] += v.cnt >> i & 1;
  }

  uint16_t cookie_ = 0, cpl_cookie_ = 0;
  int cpl_rc_ = -1;
};

}  // namespace lane
