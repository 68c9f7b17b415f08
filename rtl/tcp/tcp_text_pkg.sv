// tcp_text_pkg: RFC 9293 3.10.7.4 seventh and eighth, the segment text and the FIN bit, and when an
// acknowledgment is due.
`default_nettype none

package tcp_text_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;
  import tcp_reassembly_pkg::*;
  import tcp_acceptability_pkg::*;
  import tcp_ack_pkg::*;

  function automatic logic receives(input state_e s);
    return s inside {ST_ESTABLISHED, ST_FIN_WAIT_1, ST_FIN_WAIT_2};
  endfunction

  // RFC 5681 4.2: every second full-sized segment at once, else within the delay (MUST-40).
  function automatic tcb_t delay_ack(input tcb_t t, input cfg_t cfg, input time_t now);
    tcb_t n;
    n = t;
    if (t.quickack || seq_geq(t.rcv_nxt - t.last_ack_sent, 32'(t.rcv_mss) << 1)) begin
      n.owe_ack = 1'b1;
    end else if (!t.timers.ack_on) begin
      n.timers.ack_on = 1'b1;
      n.timers.ack    = after(now, cfg.delack_us);
    end
    return n;
  endfunction

  function automatic step_t segment_text(input step_t s, input seg_t g, input seg_chk_t c,
                                         input cfg_t cfg, input time_t now);
    step_t n;
    reassembled_t r;
    n = s;
    if (c.keep == '0) begin
      // Old, beyond the edge, or into a closed window: the peer needs to hear where we stand.
      n.t.owe_ack = 1'b1;
      if (c.trimmed && seq_leq(g.seq + 32'(g.len), s.t.rcv_nxt)) n.a.cnt[CNT_DUP_SEGS_IN] = 1'b1;
      else n.a.cnt[CNT_OUT_OF_WINDOW] = 1'b1;
    end else if (s.t.released) begin
      // New data and nobody to read it: RFC 9293 3.6.1, SHLD-3.
      n = reset(s, CAUSE_RESET);
      n.a.cnt[CNT_DATA_AFTER_CLOSE] = 1'b1;
    end else begin
      n.a.cnt[CNT_TRIMMED] = c.trimmed;
      r = reassemble(s.t.ranges, s.t.rcv_nxt, c.touch);
      n.t.ranges  = r.ranges;
      n.t.rcv_nxt = s.t.rcv_nxt + seq_t'(r.advance);
      n.a.commit  = !r.full;
      if (g.len > s.t.rcv_mss) n.t.rcv_mss = g.len;
      n.a.cnt[CNT_OOO_DROPPED]  = r.full;
      n.a.cnt[CNT_OUT_OF_ORDER] = r.advance == '0 && !r.full;
      // RFC 5681 4.2: at once when out of order, and when a gap is filled wholly or in part.
      if (r.advance == '0 || c.touch.used != '0 || c.trimmed) n.t.owe_ack = 1'b1;
      else n.t = delay_ack(n.t, cfg, now);
    end
    return n;
  endfunction

  // Eighth: the FIN takes its place in the order, so one that came early waits for the gap.
  function automatic step_t check_fin(input step_t s, input seg_chk_t c, input cfg_t cfg,
                                      input time_t now);
    step_t n;
    n = s;
    if (c.fin && !s.t.fin_known) begin
      n.t.fin_known = 1'b1;
      n.t.fin_seq   = c.fin_seq;
      n.t.owe_ack   = 1'b1;
    end
    if (n.t.fin_known && seq_leq(n.t.fin_seq, n.t.rcv_nxt)) begin
      n.t.fin      = 1'b1;
      n.t.rcv_nxt  = n.t.rcv_nxt + 32'd1;
      n.t.rcv_edge = seq_max(n.t.rcv_edge, n.t.rcv_nxt);
      n.t.ranges   = '0;
      n.t.owe_ack  = 1'b1;
      unique case (s.t.state)
        ST_ESTABLISHED: n.t.state = ST_CLOSE_WAIT;
        ST_FIN_WAIT_1:  n.t.state = ST_CLOSING;  // acknowledged, our FIN had led to FIN_WAIT_2
        ST_FIN_WAIT_2:  n.t = time_wait(n.t);
        default:        ;
      endcase
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
