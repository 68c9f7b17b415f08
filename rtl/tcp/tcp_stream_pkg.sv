// tcp_stream_pkg: where the flow's own stream ends in sequence space, and whether anything of it
// can be sent now.
`default_nettype none

package tcp_stream_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;
  import tcp_congestion_pkg::*;

  typedef struct packed {
    seq_t data_end;   // end of the bytes that may be sent: the FIN's place once it is known
    logic fin_ready;  // shut, and every byte below the FIN lies in the store
  } stream_t;

  function automatic stream_t stream_check(input tcb_t t, input pos_t tail);
    stream_t s;
    s.fin_ready = t.shut && seq_leq(t.fin_pos, tail);
    s.data_end  = t.iss + 32'd1 + (s.fin_ready ? t.fin_pos : tail);
    return s;
  endfunction

  function automatic seq_t wnd_end(input tcb_t t);
    return t.snd_una + seq_t'(t.snd_wnd);
  endfunction

  function automatic logic sends_data(input state_e s);
    return s inside {ST_ESTABLISHED, ST_CLOSE_WAIT, ST_FIN_WAIT_1, ST_CLOSING, ST_LAST_ACK};
  endfunction

  function automatic logic unsent_data(input tcb_t t, input stream_t s);
    return sends_data(t.state) && seq_gt(s.data_end, t.snd_nxt);
  endfunction

  function automatic logic unsent_fin(input tcb_t t, input stream_t s);
    return closing(t.state) && s.fin_ready && s.data_end == t.snd_nxt;
  endfunction

  function automatic logic fin_acked(input tcb_t t, input stream_t s);
    return s.fin_ready && t.snd_una == s.data_end + 32'd1;
  endfunction

  // A send event would find work: a debt, or room in both windows. Nagle and silly-window rules are
  // left to `send`; an idle flow always goes there, because there the persist timer is armed.
  function automatic logic can_send(input tcb_t t, input stream_t s);
    bytes_t pipe;
    logic room;
    if (!t.active || t.done) return 1'b0;
    if (t.owe_rst || t.owe_syn || t.owe_ack || t.owe_probe || t.state == ST_TIME_WAIT) return 1'b1;
    if (!synchronized(t.state)) return 1'b0;
    if (t.owe_rtx) return t.snd_wnd != '0;
    pipe = pipe_of(t.cc, t.snd_una, t.snd_nxt);
    room = pipe < t.cc.cwnd;
    if (unsent_fin(t, s)) return 1'b1;
    if (unsent_data(t, s) && (t.snd_una == t.snd_nxt || (room && seq_lt(t.snd_nxt, wnd_end(t)))))
      return 1'b1;
    return t.cc.ca == CA_LOSS && room && seq_lt(t.cc.rtx_nxt, t.cc.recover) &&
           seq_lt(t.cc.rtx_nxt, wnd_end(t));
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
