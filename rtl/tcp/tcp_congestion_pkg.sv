// tcp_congestion_pkg: NewReno (RFC 5681, RFC 6582) with the initial window of RFC 6928, by pipe.
//
// A duplicate ACK adds one MSS to `gone`; what may be sent is cwnd minus pipe. That is the window
// inflation of RFC 5681 3.2 written on the other side of the inequality, and the limited transmit
// of RFC 3042 follows without a rule of its own.
//
// The `cc_` functions of stage B decide; `cc_values` computes the new windows for what they decided.
`default_nettype none

package tcp_congestion_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;

  localparam bytes_t Unlimited = '1;

  // Stage A.
  typedef struct packed {
    bytes_t acked;      // bytes that this ACK covers newly
    bytes_t after;      // bytes outstanding after it
    logic   used;       // cwnd was in use
    logic   slow;       // in slow start
    bytes_t grow;       // what slow start adds
    bytes_t counted;    // bytes acknowledged since the last increase, with these
    logic   counted_up;  // that is a window
    bytes_t gone;       // what has left the network, before `gone_more`
    logic   gone_more;  // one MSS more has
    bytes_t reduced;    // ssthresh after a loss
    bytes_t initial_;   // cwnd of a new, or long idle, connection
    logic   above;      // cwnd is above that
    logic   una_above;  // SND.UNA is above `recover`
    logic   full;       // SEG.ACK covers all up to `recover`
    logic   passes;     // SEG.ACK passes rtx_nxt
  } cc_chk_t;

  // RFC 6928 2: min(10 MSS, max(2 MSS, 14600)).
  function automatic bytes_t initial_window(input logic [15:0] mss);
    if (mss <= 16'd1460) return bytes_t'({mss, 3'b0}) + bytes_t'({mss, 1'b0});
    return mss > 16'd7300 ? bytes_t'({mss, 1'b0}) : 24'd14600;
  endfunction

  // RFC 5681 (4): max(FlightSize / 2, 2 SMSS). Segments sent by limited transmit do not count as
  // FlightSize (3.2 step 2); they are exactly what lies above cwnd.
  function automatic bytes_t reduced(input bytes_t flight, input bytes_t cwnd,
                                     input logic [15:0] mss);
    bytes_t half;
    half = (flight < cwnd ? flight : cwnd) >> 1;
    return half > bytes_t'({mss, 1'b0}) ? half : bytes_t'({mss, 1'b0});
  endfunction

  // `mss` is that of the SYN if this segment is one; `ack` is SEG.ACK.
  function automatic cc_chk_t cc_check(input tcb_t t, input flight_t f, input seq_t ack,
                                       input logic ack_new, input logic segment,
                                       input logic [15:0] mss);
    cc_chk_t c;
    bytes_t limit;
    c.acked = f.from_una[23:0];
    c.after = f.to_nxt[23:0];
    // Growth is earned only by a window that was in use (RFC 7661 3): half of it at least was
    // outstanding, or it was what held the last data back. ACKs may come faster than the line lets
    // the data go that they allow.
    c.used = t.c.limited || {f.flight[23:0], 1'b0} >= {1'b0, t.cwnd};
    // Slow start by bytes, L = 2 SMSS, after a timeout 1 SMSS (RFC 3465 2.2, 2.3).
    c.slow  = t.cwnd < t.ssthresh;
    limit   = t.c.ca == CA_LOSS ? bytes_t'(t.snd_mss) : bytes_t'({t.snd_mss, 1'b0});
    c.grow  = c.acked < limit ? c.acked : limit;
    c.counted    = t.counted + c.acked;
    c.counted_up = c.counted >= t.cwnd;
    // A partial ACK takes what it covers out of `gone`; a duplicate says that one more has left.
    c.gone      = t.gone;
    c.gone_more = 1'b1;
    if (ack_new) begin
      c.gone      = t.gone > c.acked ? t.gone - c.acked : '0;
      c.gone_more = c.acked >= bytes_t'(t.snd_mss);
    end
    c.reduced  = reduced(!segment && t.c.ca == CA_LOSS ? f.pipe : f.flight[23:0], t.cwnd,
                         t.snd_mss);
    c.initial_ = initial_window(mss);
    // After a lost SYN the window is one segment (RFC 5681 3.1).
    if (segment && t.c.syn_retransmitted) c.initial_ = bytes_t'(mss);
    c.above     = t.cwnd > c.initial_;
    c.una_above = seq_gt(t.snd_una, t.recover);
    c.full      = seq_geq(ack, t.recover);
    c.passes    = seq_lt(t.rtx_nxt, ack);
    return c;
  endfunction

  // A duplicate ACK in the sense of RFC 5681 2; the third begins fast recovery, by RFC 6582 3.2 step
  // 2 only if the ACK covers more than `recover`.
  function automatic step_t cc_duplicate(input step_t s, input cc_chk_t c);
    step_t n;
    n = s;
    n.u.cc = CC_DUPLICATE;
    if (s.c.dupacks != 2'd3) n.c.dupacks = s.c.dupacks + 2'd1;
    if (s.c.ca == CA_OPEN && s.c.dupacks == 2'd2 && c.una_above) begin
      n.u.cc                    = CC_ENTER;
      n.c.ca                    = CA_RECOVERY;
      n.c.partial               = 1'b0;
      n.c.owe_rtx               = 1'b1;
      n.a.cnt[CNT_FAST_RETRANS] = 1'b1;
    end
    return n;
  endfunction

  // New bytes are acknowledged.
  function automatic step_t cc_acked(input step_t s, input cc_chk_t c);
    step_t n;
    n = s;
    n.c.dupacks = '0;
    if (s.c.ca == CA_RECOVERY && !c.full) begin
      n.u.cc      = CC_PARTIAL;
      n.c.partial = 1'b1;
      n.c.owe_rtx = 1'b1;
      n.a.cnt[CNT_PARTIAL_ACKS] = 1'b1;
    end else begin
      n.u.cc = s.c.ca == CA_RECOVERY ? CC_FULL : CC_GROW;
      // Full acknowledgment (RFC 6582 3.2 step 3), or the end of what a timeout sends again.
      if (c.full) n.c.ca = CA_OPEN;
      if (n.c.ca == CA_OPEN) n.c.owe_rtx = 1'b0;
    end
    return n;
  endfunction

  // The retransmission timer fired: everything outstanding goes again.
  function automatic step_t cc_timeout(input step_t s);
    step_t n;
    n = s;
    n.u.cc       = CC_TIMEOUT;
    n.u.reopened = 1'b1;
    n.c.ca       = CA_LOSS;
    n.c.dupacks  = '0;
    n.c.owe_rtx  = 1'b1;
    return n;
  endfunction

  // The peer opened a window that was closed while bytes were outstanding: it has thrown them away,
  // which is no sign of congestion. They are sent again under the cwnd there is.
  function automatic step_t cc_reopened(input step_t s);
    step_t n;
    n = s;
    n.u.reopened = 1'b1;
    n.c.ca       = CA_LOSS;
    n.c.dupacks  = '0;
    n.c.owe_rtx  = 1'b1;
    return n;
  endfunction

  typedef struct packed {
    bytes_t cwnd;
    bytes_t ssthresh;
    bytes_t counted;
    bytes_t gone;
  } cc_values_t;

  // The new windows. `again` says that this timeout is not the first of its segment: ssthresh falls
  // only at the first (RFC 5681 3.1).
  function automatic cc_values_t cc_values(input tcb_t t, input cc_chk_t c, input cc_op_e op,
                                           input logic reopened, input logic again,
                                           input bytes_t flight);
    cc_values_t n;
    bytes_t base, left, limit, mss;
    logic [24:0] sum;
    n   = '{cwnd: t.cwnd, ssthresh: t.ssthresh, counted: t.counted, gone: t.gone};
    mss = bytes_t'(t.snd_mss);

    // Full acknowledgment: option 1 of RFC 6582 3.2 step 3, which cannot burst, is one MSS above
    // what is outstanding. Congestion avoidance adds one MSS per window (RFC 5681 3.1).
    base = op == CC_FULL ? (c.after > mss ? c.after : mss) : t.cwnd;
    sum  = {1'b0, base} + {1'b0, op == CC_GROW && c.slow ? c.grow : mss};
    if (sum[24]) sum = {1'b0, Unlimited};

    // The deflation of RFC 6582 3.2 step 3 in terms of pipe. More segments cannot have left than
    // were sent (RFC 5681 3.2: a guard against forged ACKs).
    left  = c.gone + (c.gone_more ? mss : '0);
    limit = op == CC_PARTIAL ? c.after : flight;
    if (left > limit) left = limit;

    if (op inside {CC_ESTABLISHED, CC_RESTART}) n.cwnd = c.initial_;
    if (op == CC_GROW && c.used) begin
      if (c.slow || c.counted_up) n.cwnd = sum[23:0];
      if (!c.slow) n.counted = c.counted_up ? c.counted - t.cwnd : c.counted;
    end
    if (op == CC_FULL) n.cwnd = t.ssthresh < sum[23:0] ? t.ssthresh : sum[23:0];
    if (op == CC_ENTER) n.cwnd = c.reduced;
    if (op == CC_TIMEOUT) n.cwnd = mss;
    if (op == CC_ENTER || (op == CC_TIMEOUT && !again)) n.ssthresh = c.reduced;
    if (op inside {CC_ENTER, CC_TIMEOUT}) n.counted = '0;
    if (op inside {CC_PARTIAL, CC_ENTER} || (op == CC_DUPLICATE && t.c.ca != CA_LOSS))
      n.gone = left;
    if (op inside {CC_GROW, CC_FULL}) n.gone = '0;
    if (reopened) n.gone = '0;
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
