// tcp_segment_pkg: SEGMENT ARRIVES (RFC 9293 3.10.7) in the RFC's order, with RFC 5961.
`default_nettype none

package tcp_segment_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_acceptability_pkg::*;
  import tcp_congestion_pkg::*;
  import tcp_open_pkg::*;
  import tcp_ack_pkg::*;
  import tcp_text_pkg::*;

  // What stage B learns beside the TCB's narrow part.
  typedef struct packed {
    logic passive;
    logic gen_differs;
    logic window_open;  // SND.WND is not zero
    logic last_byte;    // one byte or number is unacknowledged: our FIN
    logic sampled;      // this ACK completes the segment that is timed
    logic full;         // no free range for text out of order
    logic fin_turn;     // everything before the peer's FIN is here
  } seg_ctx_t;

  // Second, check the RST bit: exactly at RCV.NXT or it must be asked for again (RFC 5961 3.2).
  function automatic step_t check_rst(input step_t s, input seg_chk_t c, input logic last_byte);
    step_t n;
    logic lost;
    n = s;
    if (c.rst_exact) begin
      // In the closing states nothing is lost but, perhaps, data the peer has not acknowledged.
      lost = s.c.state != ST_TIME_WAIT &&
             !(s.c.state inside {ST_CLOSING, ST_LAST_ACK} && last_byte);
      n.a.cnt[CNT_RESETS_IN]     = 1'b1;
      n.a.cnt[CNT_ATTEMPT_FAILS] = s.c.state == ST_SYN_RCVD;
      n = finish(n, !lost ? CAUSE_NONE : s.c.state == ST_SYN_RCVD ? CAUSE_REFUSED : CAUSE_RESET);
    end else if (c.rst_inside) begin
      n = challenge(s, c);
    end else begin
      n.a.cnt[CNT_OUT_OF_WINDOW] = 1'b1;
    end
    return n;
  endfunction

  // With `birth` the TCB is newborn.
  function automatic step_t segment_arrives(input step_t s, input logic birth, input seg_t g,
                                            input seg_chk_t c, input cc_chk_t cc,
                                            input seg_ctx_t x);
    step_t n;
    n = s;
    if (birth) begin
      // A SYN that steer found acceptable (3.10.7.2). Text and FIN in a SYN are not acknowledged;
      // the peer sends them again.
      n = take_syn(s, g);
      n.a.cnt[CNT_PASSIVE_OPENS] = 1'b1;
    end else if (!c.live) begin
      n.a.cnt[CNT_STALE_GEN] = x.gen_differs;
    end else if (s.c.state == ST_CLOSED) begin
      // A RST is on its way; the peer will understand.
    end else if (s.c.state == ST_SYN_SENT) begin
      n = syn_sent(s, g, c, x.passive, x.sampled);
    end else if (g.flags.rst) begin
      n = check_rst(s, c, x.last_byte);
    end else if (g.flags.syn && s.c.state != ST_SYN_RCVD) begin
      // Fourth, irrespective of the sequence number (RFC 5961 4.2).
      n = challenge(s, c);
    end else if (!c.acceptable) begin
      // First. What occupies sequence space is answered always, what does not at most once per
      // interval: two peers that disagree would answer each other's ACKs for ever.
      n.a.cnt[CNT_DUP_SEGS_IN]   = c.occupies && c.old;
      n.a.cnt[CNT_OUT_OF_WINDOW] = !(c.occupies && c.old);
      if (c.occupies) n.c.owe_ack = 1'b1;
      else n = challenge(n, c);
    end else if (g.flags.syn && !c.syn_again) begin
      // Fourth, in SYN-RECEIVED: back to LISTEN, where the peer will try again.
      if (x.passive) begin
        n = finish(s, CAUSE_NONE);
        n.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
      end else begin
        n = challenge(s, c);
      end
    end else if (!g.flags.ack) begin
      // Fifth. A SYN that comes again wants its SYN,ACK again.
      if (c.syn_again) begin
        n.c.owe_syn = 1'b1;
        n.c.timing  = 1'b0;
      end
    end else if (s.c.state == ST_SYN_RCVD && !c.ack_new) begin
      n.a.reply               = 1'b1;
      n.a.cnt[CNT_BAD_ACK]    = 1'b1;
      n.a.cnt[CNT_RESETS_OUT] = 1'b1;
    end else if (s.c.state == ST_SYN_RCVD && c.listener_dead) begin
      n = reset(s, CAUSE_ABORTED);
      n.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
    end else if (!c.ack_allowed) begin
      n.a.cnt[CNT_BAD_ACK] = 1'b1;
      n = challenge(n, c);
    end else begin
      // In SYN-RECEIVED the handshake completes.
      if (s.c.state == ST_SYN_RCVD) n = established(s, x.passive, x.sampled);
      else n = check_ack(s, c, cc, x.sampled, x.window_open);
      // Seventh and eighth; after the peer's FIN there is no text.
      if (receives(n.c.state)) begin
        if (g.len != '0) n = segment_text(n, c, x.full);
        if (!n.a.reset) n = check_fin(n, c, x.fin_turn);
      end else if (c.occupies) begin
        n.c.owe_ack = 1'b1;
      end
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
