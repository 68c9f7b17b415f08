// tcp_stream_pkg: where the flow's own stream ends in sequence space, the distances that every event
// needs, and whether anything can be sent now.
`default_nettype none

package tcp_stream_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;

  typedef struct packed {
    seq_t data_end;   // end of the bytes that may be sent: the FIN's place once it is known
    logic fin_ready;  // shut, and every byte below the FIN lies in the store
  } stream_t;

  function automatic stream_t stream_check(input tcb_t t, input pos_t tail);
    stream_t s;
    s.fin_ready = t.c.shut && seq_leq(t.fin_pos, tail);
    s.data_end  = (s.fin_ready ? t.fin_pos : tail) - ~t.o.iss;  // iss + 1 further
    return s;
  endfunction

  // Distances in the send sequence space. A segment brings a number of its own, SEG.ACK; for other
  // events the same two subtractions measure what is retransmitted.
  typedef struct packed {
    seq_t   flight;    // SND.NXT - SND.UNA
    seq_t   from_una;  // from SND.UNA to SEG.ACK, else to rtx_nxt
    seq_t   to_nxt;    // from SEG.ACK, else from `recover`, to SND.NXT
    bytes_t pipe;      // bytes believed to be in the network; not for a segment
  } flight_t;

  function automatic flight_t flight_check(input tcb_t t, input logic segment, input seq_t ack);
    flight_t f;
    f.flight   = t.snd_nxt - t.snd_una;
    f.from_una = (segment ? ack : t.rtx_nxt) - t.snd_una;
    f.to_nxt   = t.snd_nxt - (segment ? ack : t.recover);
    f.pipe     = pipe_of(t, f.flight[23:0], f.from_una[23:0], f.to_nxt[23:0]);
    return f;
  endfunction

  // In CA_LOSS only what was sent after the timeout counts.
  function automatic bytes_t pipe_of(input tcb_t t, input bytes_t flight, input bytes_t resent,
                                     input bytes_t fresh);
    if (t.c.ca == CA_LOSS) return resent + fresh;
    return flight > t.gone ? flight - t.gone : '0;
  endfunction

  function automatic logic sends_data(input state_e s);
    return s inside {ST_ESTABLISHED, ST_CLOSE_WAIT, ST_FIN_WAIT_1, ST_CLOSING, ST_LAST_ACK};
  endfunction

  function automatic logic unsent_data(input tcb_t t, input stream_t s);
    return sends_data(t.c.state) && seq_gt(s.data_end, t.snd_nxt);
  endfunction

  function automatic logic unsent_fin(input tcb_t t, input stream_t s);
    return closing(t.c.state) && s.fin_ready && s.data_end == t.snd_nxt;
  endfunction

  // A debt that a send event would pay at once.
  function automatic logic owes(input ctl_t c, input logic window_open);
    return c.active && !c.done &&
           (c.owe_rst || c.owe_syn || c.owe_ack || c.owe_probe || c.state == ST_TIME_WAIT ||
            (c.owe_rtx && synchronized(c.state) && window_open));
  endfunction

  // Without a debt a send event would still find work: room in both windows. Nagle and silly-window
  // rules are left to `send`; an idle flow always goes there, because there the persist timer is
  // armed. `f` is of the TCB, not of a segment.
  function automatic logic can_send(input tcb_t t, input stream_t s, input flight_t f);
    logic room;
    if (!t.c.active || t.c.done || t.c.owe_rtx || !synchronized(t.c.state)) return 1'b0;
    room = f.pipe < t.cwnd;
    return unsent_fin(t, s) ||
           (unsent_data(t, s) &&
            (f.flight == '0 || (room && f.flight < seq_t'(t.snd_wnd)))) ||
           (t.c.ca == CA_LOSS && room && t.rtx_nxt != t.recover &&
            f.from_una < seq_t'(t.snd_wnd));
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
