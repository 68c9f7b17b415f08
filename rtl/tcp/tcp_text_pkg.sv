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
  function automatic step_t delay_ack(input step_t s, input seg_chk_t c);
    step_t n;
    n = s;
    if (s.c.quickack || c.second) begin
      n.c.owe_ack = 1'b1;
    end else if (!s.c.ack_on) begin
      n.c.ack_on = 1'b1;
      n.u.ack    = 1'b1;
    end
    return n;
  endfunction

  function automatic step_t segment_text(input step_t s, input seg_chk_t c, input logic full);
    step_t n;
    n = s;
    if (c.keep == '0) begin
      // Old, beyond the edge, or into a closed window: the peer needs to hear where we stand.
      n.c.owe_ack = 1'b1;
      if (c.old) n.a.cnt[CNT_DUP_SEGS_IN] = 1'b1;
      else n.a.cnt[CNT_OUT_OF_WINDOW] = 1'b1;
    end else if (s.c.released) begin
      // New data and nobody to read it: RFC 9293 3.6.1, SHLD-3.
      n = reset(s, CAUSE_RESET);
      n.a.cnt[CNT_DATA_AFTER_CLOSE] = 1'b1;
    end else begin
      n.a.cnt[CNT_TRIMMED]      = c.trimmed;
      n.u.text                  = 1'b1;
      n.a.commit                = !full;
      n.a.cnt[CNT_OOO_DROPPED]  = full;
      n.a.cnt[CNT_OUT_OF_ORDER] = !c.touch.in_order && !full;
      // RFC 5681 4.2: at once when out of order, and when a gap is filled wholly or in part.
      if (!c.touch.in_order || s.c.used != '0 || c.trimmed) n.c.owe_ack = 1'b1;
      else n = delay_ack(n, c);
    end
    return n;
  endfunction

  // Eighth: the FIN takes its place in the order, so one that came early waits for the gap. `turn`:
  // everything before the FIN is here, with the text of this segment.
  function automatic step_t check_fin(input step_t s, input seg_chk_t c, input logic turn);
    step_t n;
    n = s;
    if (c.fin && !s.c.fin_known) begin
      n.c.fin_known = 1'b1;
      n.u.fin_seq   = 1'b1;
      n.c.owe_ack   = 1'b1;
    end
    if (n.c.fin_known && turn) begin
      n.u.fin_turn = 1'b1;
      n.c.fin      = 1'b1;
      n.c.owe_ack  = 1'b1;
      if (s.c.state == ST_ESTABLISHED) n.c.state = ST_CLOSE_WAIT;
      // Had our FIN been acknowledged, it would have led to FIN_WAIT_2.
      if (s.c.state == ST_FIN_WAIT_1) n.c.state = ST_CLOSING;
      if (s.c.state == ST_FIN_WAIT_2) n = time_wait(n);
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
