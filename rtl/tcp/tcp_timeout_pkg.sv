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

  typedef struct packed {
    logic  rtx_due;
    logic  ack_due;
    logic  life_due;
    logic  r2_due;
    usec_t r2_left;  // until R2, valid when a retransmission is unanswered
  } tmo_chk_t;

  // R2 (RFC 9293 3.8.3): its own, and longer, for a SYN (MUST-23).
  function automatic logic [31:0] r2_us(input tcb_t t, input cfg_t cfg);
    if (!synchronized(t.state)) return cfg.syn_timeout_us;
    return t.user_timeout_us != '0 ? t.user_timeout_us : cfg.user_timeout_us;
  endfunction

  function automatic tmo_chk_t timeout_check(input tcb_t t, input cfg_t cfg, input time_t now);
    tmo_chk_t c;
    usec_t start;
    c          = '0;
    c.rtx_due  = t.timers.rtx_on && usec_reached(t.timers.rtx, now.us);
    c.ack_due  = t.timers.ack_on && usec_reached(t.timers.ack, now.us);
    c.life_due = t.timers.life_on && usec_reached(t.timers.life, now.us);
    start      = t.retries == '0 ? now.us : t.first_rtx;
    c.r2_left  = start + usec_t'(r2_us(t, cfg)) - now.us;
    c.r2_due   = t.retries != '0 && usec_reached(start + usec_t'(r2_us(t, cfg)), now.us);
    return c;
  endfunction

  // One more unanswered attempt: RFC 6298 (5.5), (5.6); the next deadline is not later than R2.
  function automatic tcb_t back_off(input tcb_t t, input tmo_chk_t c, input cfg_t cfg,
                                    input time_t now);
    tcb_t n;
    logic [31:0] wait_us;
    n = t;
    if (t.rtt.backoff != '1) n.rtt.backoff = t.rtt.backoff + 4'd1;
    if (t.retries == '0) n.first_rtx = now.us;
    if (t.retries != '1) n.retries = t.retries + 8'd1;
    n.r1            = t.r1 || n.retries >= cfg.r1_retries;
    wait_us         = backed_off(n.rtt, cfg);
    n.timers.rtx_on = 1'b1;
    n.timers.rtx    = usec_t'(wait_us) < c.r2_left ? after(now, wait_us) : now.us + c.r2_left;
    return n;
  endfunction

  function automatic step_t retransmission_timeout(input step_t s, input tmo_chk_t c,
                                                   input stream_t st, input cfg_t cfg,
                                                   input time_t now);
    step_t n;
    logic idle;
    n    = s;
    idle = s.t.snd_una == s.t.snd_nxt;
    if (c.r2_due) begin
      n = finish(s, CAUSE_TIMEOUT);
      n.a.cnt[CNT_TIMEOUT_ABORTS] = 1'b1;
      n.a.cnt[CNT_ATTEMPT_FAILS]  = !synchronized(s.t.state);
    end else if (idle && synchronized(s.t.state) && !unsent_data(s.t, st) &&
                 !unsent_fin(s.t, st)) begin
      n.t.timers.rtx_on = 1'b0;
    end else begin
      n.t = back_off(s.t, c, cfg, now);
      if (!synchronized(s.t.state)) begin
        n.t.owe_syn           = 1'b1;
        n.t.syn_retransmitted = 1'b1;
        n.t.rtt.timing        = 1'b0;
        n.a.cnt[CNT_RTO]      = 1'b1;
      end else if (idle || s.t.snd_wnd == '0) begin
        // Persist: the data is not lost, the window is shut (SHLD-17), or silly.
        n.t.owe_probe = 1'b1;
      end else begin
        n.t.cc = cc_timeout(s.t.cc, s.t.snd_una, s.t.snd_nxt, s.t.snd_mss, s.t.retries != '0);
        n.t.owe_rtx      = 1'b1;
        n.t.rtt.timing   = 1'b0;
        n.a.cnt[CNT_RTO] = 1'b1;
      end
    end
    return n;
  endfunction

  function automatic step_t timeout(input tcb_t t, input tmo_chk_t c, input stream_t st,
                                    input cfg_t cfg, input time_t now);
    step_t s;
    s   = '0;
    s.t = t;
    if (!t.active || t.done) return s;
    if (c.life_due) begin
      s = finish(s, CAUSE_NONE);
      s.a.cnt[CNT_FIN_WAIT2_TIMEOUT] = 1'b1;
    end else begin
      if (c.ack_due) begin
        s.t.timers.ack_on = 1'b0;
        s.t.owe_ack       = 1'b1;
        s.a.cnt[CNT_DELAYED_ACKS] = 1'b1;
      end
      if (c.rtx_due) s = retransmission_timeout(s, c, st, cfg, now);
    end
    return s;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
