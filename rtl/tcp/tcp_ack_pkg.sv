// tcp_ack_pkg: RFC 9293 3.10.7.4 fifth, check the ACK field: what is acknowledged, the send window,
// and the challenge ACK of RFC 5961.
`default_nettype none

package tcp_ack_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;
  import tcp_acceptability_pkg::*;
  import tcp_congestion_pkg::*;

  // An ACK in answer to something doubtful, at most one per connection and interval, so that no
  // third party can make two peers talk for ever (RFC 5961 7, 10).
  function automatic step_t challenge(input step_t s, input seg_chk_t c);
    step_t n;
    n = s;
    if (c.may_challenge) begin
      n.c.owe_ack                 = 1'b1;
      n.c.challenged              = 1'b1;
      n.u.challenge               = 1'b1;
      n.a.cnt[CNT_CHALLENGE_ACKS] = 1'b1;
    end else begin
      n.a.cnt[CNT_CHALLENGE_LIMITED] = 1'b1;
    end
    return n;
  endfunction

  // A sample ends the backoff (RFC 6298 5, closing note).
  function automatic step_t sample(input step_t s, input logic complete);
    step_t n;
    n = s;
    if (complete) begin
      n.u.sample  = 1'b1;
      n.c.sampled = 1'b1;
      n.c.timing  = 1'b0;
      n.c.backoff = '0;
    end
    return n;
  endfunction

  // New data is acknowledged. `sampled`: with it the segment that is timed.
  function automatic step_t acknowledged(input step_t s, input seg_chk_t c, input cc_chk_t cc,
                                         input logic sampled);
    step_t n;
    n = cc_acked(sample(s, sampled), cc);
    n.u.una           = 1'b1;
    n.u.retries_clear = 1'b1;
    n.c.r1            = 1'b0;
    n.c.owe_probe     = 1'b0;
    if (c.ack_last) begin
      n.c.owe_rtx = 1'b0;
      n.c.rtx_on  = 1'b0;  // RFC 6298 (5.2)
    end else if (!(n.u.cc == CC_PARTIAL && s.c.partial)) begin
      // RFC 6298 (5.3); in recovery only the first partial ACK restarts the timer (RFC 6582 3.2).
      n.c.rtx_on = 1'b1;
      n.u.rtx    = RTX_RTO;
    end
    return n;
  endfunction

  // The send window follows the newest segment only (RFC 9293 3.10.7.4); it may shrink (MUST-34).
  function automatic step_t update_window(input step_t s, input seg_chk_t c);
    step_t n;
    n          = s;
    n.u.window = 1'b1;
    if (c.wnd_opens) begin
      // The persist phase is over.
      n.u.retries_clear = 1'b1;
      n.c.r1            = 1'b0;
      n.c.owe_probe     = 1'b0;
      n.c.backoff       = '0;
      n.c.timing        = 1'b0;
      n.c.rtx_on        = 1'b0;
      if (!c.ack_last) begin
        n          = cc_reopened(n);
        n.c.rtx_on = 1'b1;
        n.u.rtx    = RTX_FRESH;
      end
    end
    return n;
  endfunction

  function automatic step_t time_wait(input step_t s);
    step_t n;
    n           = s;
    n.c.state   = ST_TIME_WAIT;
    n.c.rtx_on  = 1'b0;
    n.c.ack_on  = 1'b0;
    n.c.life_on = 1'b0;
    n.c.owe_rtx = 1'b0;
    return n;
  endfunction

  // An orphan does not wait for ever for the peer's FIN.
  function automatic step_t fin_wait_2(input step_t s);
    step_t n;
    n         = s;
    n.c.state = ST_FIN_WAIT_2;
    if (s.c.released) begin
      n.c.life_on = 1'b1;
      n.u.life    = 1'b1;
    end
    return n;
  endfunction

  // Fifth, in a synchronized state, for an ACK in the allowed range.
  function automatic step_t check_ack(input step_t s, input seg_chk_t c, input cc_chk_t cc,
                                      input logic sampled, input logic window_open);
    step_t n;
    n = s;
    if (c.ack_new) begin
      n = acknowledged(n, c, cc, sampled);
    end else if (c.duplicate) begin
      n = cc_duplicate(n, cc);
      n.a.cnt[CNT_DUP_ACKS_IN] = 1'b1;
    end
    if (c.ack_new || c.ack_same) begin
      // A peer that answers probes keeps the connection, however long its window stays shut
      // (MUST-37).
      if (!window_open) n.u.retries_clear = 1'b1;
      if (c.wnd_fresh) n = update_window(n, c);
    end
    if (c.ack_new && c.fin_acked) begin
      if (s.c.state == ST_FIN_WAIT_1) n = fin_wait_2(n);
      if (s.c.state == ST_CLOSING) n = time_wait(n);
      if (s.c.state == ST_LAST_ACK) n = finish(n, CAUSE_NONE);
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
