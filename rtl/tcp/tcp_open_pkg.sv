// tcp_open_pkg: birth of a connection, the options of its SYN, the SYN-SENT state (RFC 9293
// 3.10.7.3) and the entry into ESTABLISHED.
`default_nettype none

package tcp_open_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_acceptability_pkg::*;
  import tcp_congestion_pkg::*;
  import tcp_ack_pkg::*;

  // What a newborn starts from, before stage A: constants, and its origin. `slot` is the slot's TCB,
  // which holds the new generation already. Stage B adds the rest, see `tl_lane`.
  function automatic tcb_t newborn(input tcb_t slot, input birth_t b);
    tcb_t t;
    t             = '0;
    t.gen         = slot.gen;
    t.o           = '{key: b.key, iss: b.isn, passive: b.passive, listener: b.listener,
                      listener_gen: b.listener_gen};
    t.c.active    = 1'b1;
    t.c.state     = b.passive ? ST_SYN_RCVD : ST_SYN_SENT;
    t.c.listening = b.passive;
    t.c.owe_syn   = 1'b1;
    t.first       = 32'd1;
    t.rcv_nxt     = 32'd1;  // stream position 0 until the peer's SYN is here
    t.snd_mss     = DefaultMss;
    t.rcv_mss     = DefaultMss;
    t.ssthresh    = Unlimited;
    return t;
  endfunction

  // The peer's SYN. Both window shifts are zero unless both sides sent the option (RFC 7323 2.2); we
  // always do, or answer it.
  function automatic step_t take_syn(input step_t s, input seg_t g);
    step_t n;
    n              = s;
    n.u.syn        = 1'b1;
    n.u.window     = 1'b1;
    n.u.acked      = 1'b1;
    n.c.ws_offered = g.ws_ok;
    return n;
  endfunction

  // Our SYN is acknowledged. `sampled`: in time for a sample.
  function automatic step_t established(input step_t s, input logic passive, input logic sampled);
    step_t n;
    n                 = sample(s, sampled);
    n.c.state         = s.c.shut ? ST_FIN_WAIT_1 : ST_ESTABLISHED;
    n.u.una           = 1'b1;
    n.u.window        = 1'b1;
    n.u.cc            = CC_ESTABLISHED;
    n.u.data_sent     = 1'b1;  // the idle time counts from here
    n.u.retries_clear = 1'b1;
    if (s.c.syn_retransmitted) begin
      n.u.syn_loss = 1'b1;
      n.c.backoff  = '0;
    end
    n.c.rtx_on  = 1'b0;
    n.c.r1      = 1'b0;
    n.c.owe_syn = 1'b0;
    n.c.counted = passive;
    n.a.cnt[CNT_ESTABLISHED] = 1'b1;
    return n;
  endfunction

  // RFC 9293 3.10.7.3.
  function automatic step_t syn_sent(input step_t s, input seg_t g, input seg_chk_t c,
                                     input logic passive, input logic sampled);
    step_t n;
    n = s;
    if (g.flags.ack && !c.ack_new) begin
      // First: an ACK of something never sent.
      n.a.cnt[CNT_BAD_ACK] = 1'b1;
      if (!g.flags.rst) begin
        n.a.reply               = 1'b1;
        n.a.cnt[CNT_RESETS_OUT] = 1'b1;
      end
    end else if (g.flags.rst) begin
      // Second.
      if (g.flags.ack) begin
        n                          = finish(n, CAUSE_REFUSED);
        n.a.cnt[CNT_RESETS_IN]     = 1'b1;
        n.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
      end
    end else if (g.flags.syn) begin
      // Fourth.
      n = take_syn(n, g);
      if (g.flags.ack) begin
        n           = established(n, passive, sampled);
        n.c.owe_ack = 1'b1;
      end else begin
        // Simultaneous open (MUST-10): our SYN goes again, with ACK.
        n.c.state   = ST_SYN_RCVD;
        n.c.owe_syn = 1'b1;
      end
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
