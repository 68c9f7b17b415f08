// tcp_segment_pkg: SEGMENT ARRIVES (RFC 9293 3.10.7) in the RFC's order, with RFC 5961.
`default_nettype none

package tcp_segment_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;
  import tcp_acceptability_pkg::*;
  import tcp_open_pkg::*;
  import tcp_ack_pkg::*;
  import tcp_text_pkg::*;

  // Second, check the RST bit: exactly at RCV.NXT or it must be asked for again (RFC 5961 3.2).
  function automatic step_t check_rst(input step_t s, input seg_chk_t c, input cfg_t cfg,
                                      input time_t now);
    step_t n;
    logic lost;
    n = s;
    if (c.rst_exact) begin
      // In the closing states nothing is lost but, perhaps, data the peer has not acknowledged.
      lost = s.t.state != ST_TIME_WAIT &&
             !(s.t.state inside {ST_CLOSING, ST_LAST_ACK} && s.t.snd_una + 32'd1 == s.t.snd_nxt);
      n.a.cnt[CNT_RESETS_IN]     = 1'b1;
      n.a.cnt[CNT_ATTEMPT_FAILS] = s.t.state == ST_SYN_RCVD;
      n = finish(n, !lost ? CAUSE_NONE : s.t.state == ST_SYN_RCVD ? CAUSE_REFUSED : CAUSE_RESET);
    end else if (c.rst_inside) begin
      n = challenge(s, cfg, now);
    end else begin
      n.a.cnt[CNT_OUT_OF_WINDOW] = 1'b1;
    end
    return n;
  endfunction

  // The handshake completes in SYN-RECEIVED.
  function automatic step_t check_ack_syn_rcvd(input step_t s, input seg_t g, input seg_chk_t c,
                                               input cfg_t cfg, input time_t now);
    step_t n;
    n = s;
    n.t = established(s.t, g.ack, cfg, now);
    n.t.snd_wnd = c.wnd;
    n.t.max_snd_wnd = c.wnd > s.t.max_snd_wnd ? c.wnd : s.t.max_snd_wnd;
    n.t.snd_wl1 = g.seq;
    n.t.snd_wl2 = g.ack;
    n.a.cnt[CNT_ESTABLISHED] = 1'b1;
    return n;
  endfunction

  // With `birth` the TCB is newborn.
  function automatic step_t segment_arrives(input tcb_t t, input lane_seg_t e, input seg_chk_t c,
                                            input stream_t st, input cfg_t cfg, input time_t now);
    step_t s;
    tcb_t taken;
    s     = '0;
    s.t   = t;
    taken = t;
    if (e.birth || t.state == ST_SYN_SENT) taken = take_syn(t, e.seg, cfg);
    if (e.birth) begin
      // A SYN that steer found acceptable (3.10.7.2). Text and FIN in a SYN are not acknowledged;
      // the peer sends them again.
      s.t                        = taken;
      s.a.cnt[CNT_PASSIVE_OPENS] = 1'b1;
    end else if (!c.live) begin
      s.a.cnt[CNT_STALE_GEN] = t.gen != e.gen;
    end else if (t.state == ST_CLOSED) begin
      // A RST is on its way; the peer will understand.
    end else if (t.state == ST_SYN_SENT) begin
      s = syn_sent(t, taken, e.seg, c.ack_new, cfg, now);
    end else if (e.seg.flags.rst) begin
      s = check_rst(s, c, cfg, now);
    end else if (e.seg.flags.syn && t.state != ST_SYN_RCVD) begin
      // Fourth, irrespective of the sequence number (RFC 5961 4.2).
      s = challenge(s, cfg, now);
    end else if (!c.acceptable) begin
      // First. What occupies sequence space is answered always, what does not at most once per
      // interval: two peers that disagree would answer each other's ACKs for ever.
      s.a.cnt[CNT_DUP_SEGS_IN]   = c.occupies && seq_leq(c.fin_seq, t.rcv_nxt);
      s.a.cnt[CNT_OUT_OF_WINDOW] = !s.a.cnt[CNT_DUP_SEGS_IN];
      if (c.occupies) s.t.owe_ack = 1'b1;
      else s = challenge(s, cfg, now);
    end else if (e.seg.flags.syn && !c.syn_again) begin
      // Fourth, in SYN-RECEIVED: back to LISTEN, where the peer will try again.
      if (t.passive) begin
        s = finish(s, CAUSE_NONE);
        s.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
      end else begin
        s = challenge(s, cfg, now);
      end
    end else if (!e.seg.flags.ack) begin
      // Fifth. A SYN that comes again wants its SYN,ACK again.
      if (c.syn_again) begin
        s.t.owe_syn    = 1'b1;
        s.t.rtt.timing = 1'b0;
      end
    end else if (t.state == ST_SYN_RCVD && !c.ack_new) begin
      s.a.reply                 = 1'b1;
      s.a.cnt[CNT_BAD_ACK]    = 1'b1;
      s.a.cnt[CNT_RESETS_OUT] = 1'b1;
    end else if (t.state == ST_SYN_RCVD && c.listener_dead) begin
      s = reset(s, CAUSE_ABORTED);
      s.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
    end else if (!c.ack_allowed) begin
      s.a.cnt[CNT_BAD_ACK] = 1'b1;
      s = challenge(s, cfg, now);
    end else begin
      if (t.state == ST_SYN_RCVD) s = check_ack_syn_rcvd(s, e.seg, c, cfg, now);
      else s = check_ack(s, e.seg, c, st, cfg, now);
      // Seventh and eighth; after the peer's FIN there is no text.
      if (receives(s.t.state)) begin
        if (e.seg.len != '0) s = segment_text(s, e.seg, c, cfg, now);
        if (!s.a.reset) s = check_fin(s, c, cfg, now);
      end else if (c.occupies) begin
        s.t.owe_ack = 1'b1;
      end
    end
    return s;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
