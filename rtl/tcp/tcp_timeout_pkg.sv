// tcp_timeout_pkg: a deadline of the flow may have passed (RFC 9293 3.10.8). The deadlines are
// checked again here, so a firing that comes late for an old deadline does nothing.
`default_nettype none

package tcp_timeout_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;
  import tcp_congestion_pkg::*;

  // Stage A.
  typedef struct packed {
    logic  rtx_due;
    logic  ack_due;
    logic  life_due;
    logic  r2_due;
    usec_t r2_left;  // until R2
    logic  r1;       // with this attempt R1 is passed
    logic  idle;     // nothing is in flight
    logic  waits;    // something is left to send
  } tmo_chk_t;

  // R2 (RFC 9293 3.8.3): its own, and longer, for a SYN (MUST-23).
  function automatic logic [31:0] r2_us(input tcb_t t, input cfg_t cfg);
    if (!synchronized(t.c.state)) return cfg.syn_timeout_us;
    return t.user_timeout_us != '0 ? t.user_timeout_us : cfg.user_timeout_us;
  endfunction

  function automatic tmo_chk_t timeout_check(input tcb_t t, input stream_t st, input flight_t f,
                                             input cfg_t cfg, input time_t now);
    tmo_chk_t c;
    logic attempted;
    usec_t elapsed;
    attempted  = t.retries != '0;
    c.rtx_due  = t.c.rtx_on && usec_reached(t.rtx, now.us);
    c.ack_due  = t.c.ack_on && usec_reached(t.ack, now.us);
    c.life_due = t.c.life_on && usec_reached(t.life, now.us);
    elapsed    = attempted ? now.us - t.first_rtx : '0;
    c.r2_left  = usec_t'(r2_us(t, cfg)) - elapsed;
    c.r2_due   = attempted && (c.r2_left[35] || c.r2_left == '0);
    c.r1       = {1'b0, t.retries} + 9'd1 >= {1'b0, cfg.r1_retries};
    c.idle     = f.flight == '0;
    c.waits    = unsent_data(t, st) || unsent_fin(t, st);
    return c;
  endfunction

  // One more unanswered attempt: RFC 6298 (5.5), (5.6); the next deadline is not later than R2.
  function automatic step_t back_off(input step_t s, input tmo_chk_t c);
    step_t n;
    n = s;
    if (s.c.backoff != '1) n.c.backoff = s.c.backoff + 4'd1;
    n.u.retries_more = 1'b1;
    n.c.r1           = s.c.r1 || c.r1;
    n.c.rtx_on       = 1'b1;
    n.u.rtx          = RTX_TIMEOUT;
    return n;
  endfunction

  function automatic step_t retransmission_timeout(input step_t s, input tmo_chk_t c,
                                                   input logic window_open);
    step_t n;
    n = s;
    if (c.r2_due) begin
      n = finish(s, CAUSE_TIMEOUT);
      n.a.cnt[CNT_TIMEOUT_ABORTS] = 1'b1;
      n.a.cnt[CNT_ATTEMPT_FAILS]  = !synchronized(s.c.state);
    end else if (c.idle && synchronized(s.c.state) && !c.waits) begin
      n.c.rtx_on = 1'b0;
    end else begin
      n = back_off(s, c);
      if (!synchronized(s.c.state)) begin
        n.c.owe_syn           = 1'b1;
        n.c.syn_retransmitted = 1'b1;
        n.c.timing            = 1'b0;
        n.a.cnt[CNT_RTO]      = 1'b1;
      end else if (c.idle || !window_open) begin
        // Persist: the data is not lost, the window is shut (SHLD-17), or silly.
        n.c.owe_probe = 1'b1;
      end else begin
        n                = cc_timeout(n);
        n.c.timing       = 1'b0;
        n.a.cnt[CNT_RTO] = 1'b1;
      end
    end
    return n;
  endfunction

  function automatic step_t timeout(input step_t s, input tmo_chk_t c, input logic window_open);
    step_t n;
    n = s;
    if (!s.c.active || s.c.done) return n;
    if (c.life_due) begin
      n = finish(n, CAUSE_NONE);
      n.a.cnt[CNT_FIN_WAIT2_TIMEOUT] = 1'b1;
    end else begin
      if (c.ack_due) begin
        n.c.ack_on  = 1'b0;
        n.c.owe_ack = 1'b1;
        n.a.cnt[CNT_DELAYED_ACKS] = 1'b1;
      end
      if (c.rtx_due) n = retransmission_timeout(n, c, window_open);
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
