// tcp_ack_pkg: RFC 9293 3.10.7.4 fifth, check the ACK field: what is acknowledged, the send window,
// and the challenge ACK of RFC 5961.
`default_nettype none

package tcp_ack_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;
  import tcp_acceptability_pkg::*;
  import tcp_stream_pkg::*;
  import tcp_congestion_pkg::*;
  import tcp_rtt_pkg::*;

  // An ACK in answer to something doubtful, at most one per connection and interval, so that no
  // third party can make two peers talk for ever (RFC 5961 7, 10).
  function automatic step_t challenge(input step_t s, input cfg_t cfg, input time_t now);
    step_t n;
    n = s;
    if (now.coarse - s.t.challenge_at >= (cfg.challenge_us >> 12)) begin
      n.t.owe_ack                     = 1'b1;
      n.t.challenge_at                = now.coarse;
      n.a.cnt[CNT_CHALLENGE_ACKS] = 1'b1;
    end else begin
      n.a.cnt[CNT_CHALLENGE_LIMITED] = 1'b1;
    end
    return n;
  endfunction

  // New data is acknowledged.
  function automatic step_t acknowledged(input step_t s, input seq_t ack, input bytes_t acked,
                                         input cfg_t cfg, input time_t now);
    step_t n;
    tcb_t t;
    logic rearm;
    n     = s;
    t     = s.t;
    // RFC 6298 (5.3); in recovery only the first partial ACK restarts the timer (RFC 6582 3.2).
    rearm = !(t.cc.ca == CA_RECOVERY && t.cc.partial && seq_lt(ack, t.cc.recover));
    t.snd_una = ack;
    t.rtt     = rtt_acked(s.t.rtt, ack, now, cfg);
    t.cc      = cc_acked(s.t.cc, acked, ack, s.t.snd_nxt, s.t.snd_mss);
    t.retries = '0;
    t.r1      = 1'b0;
    t.owe_probe = 1'b0;
    if (t.cc.ca == CA_RECOVERY) begin
      t.owe_rtx                   = 1'b1;
      n.a.cnt[CNT_PARTIAL_ACKS] = 1'b1;
    end else if (s.t.cc.ca == CA_RECOVERY || t.cc.ca == CA_OPEN) begin
      t.owe_rtx = 1'b0;
    end
    if (ack == t.snd_nxt) begin
      t.owe_rtx       = 1'b0;
      t.timers.rtx_on = 1'b0;  // RFC 6298 (5.2)
    end else if (rearm) begin
      t.timers.rtx_on = 1'b1;
      t.timers.rtx    = after(now, backed_off(t.rtt, cfg));
    end
    n.t = t;
    return n;
  endfunction

  // The send window follows the newest segment only (RFC 9293 3.10.7.4); it may shrink (MUST-34).
  function automatic step_t update_window(input step_t s, input seq_t seq, input seq_t ack,
                                          input wnd_t wnd, input cfg_t cfg, input time_t now);
    step_t n;
    n           = s;
    n.t.snd_wnd = wnd;
    n.t.snd_wl1 = seq;
    n.t.snd_wl2 = ack;
    if (wnd > s.t.max_snd_wnd) n.t.max_snd_wnd = wnd;
    if (s.t.snd_wnd == '0 && wnd != '0) begin
      // The persist phase is over.
      n.t.retries     = '0;
      n.t.r1          = 1'b0;
      n.t.owe_probe   = 1'b0;
      n.t.rtt.backoff = '0;
      n.t.rtt.timing  = 1'b0;
      n.t.timers.rtx_on = 1'b0;
      if (s.t.snd_una != s.t.snd_nxt) begin
        n.t.cc            = cc_reopened(s.t.cc, s.t.snd_una, s.t.snd_nxt);
        n.t.owe_rtx       = 1'b1;
        n.t.timers.rtx_on = 1'b1;
        n.t.timers.rtx    = after(now, backed_off(n.t.rtt, cfg));
      end
    end
    return n;
  endfunction

  function automatic tcb_t time_wait(input tcb_t t);
    tcb_t n;
    n         = t;
    n.state   = ST_TIME_WAIT;
    n.timers  = '0;
    n.owe_rtx = 1'b0;
    return n;
  endfunction

  // An orphan does not wait for ever for the peer's FIN.
  function automatic tcb_t fin_wait_2(input tcb_t t, input cfg_t cfg, input time_t now);
    tcb_t n;
    n       = t;
    n.state = ST_FIN_WAIT_2;
    if (t.released) begin
      n.timers.life_on = 1'b1;
      n.timers.life    = after(now, cfg.fin_wait2_us);
    end
    return n;
  endfunction

  // Fifth, in a synchronized state, for an ACK in the allowed range.
  function automatic step_t check_ack(input step_t s, input seg_t g, input seg_chk_t c,
                                      input stream_t st, input cfg_t cfg, input time_t now);
    step_t n;
    n = s;
    if (c.ack_new) begin
      n = acknowledged(n, g.ack, c.acked, cfg, now);
    end else if (c.duplicate) begin
      n.t.cc = cc_duplicate(s.t.cc, s.t.snd_una, s.t.snd_nxt, s.t.snd_mss);
      n.a.cnt[CNT_DUP_ACKS_IN] = 1'b1;
      if (s.t.cc.ca == CA_OPEN && n.t.cc.ca == CA_RECOVERY) begin
        n.t.owe_rtx                   = 1'b1;
        n.a.cnt[CNT_FAST_RETRANS] = 1'b1;
      end
    end
    // A peer that answers probes keeps the connection, however long its window stays shut
    // (MUST-37).
    if (s.t.snd_wnd == '0 && (c.ack_new || c.ack_same)) n.t.retries = '0;
    if (c.wnd_fresh && (c.ack_new || c.ack_same))
      n = update_window(n, g.seq, g.ack, c.wnd, cfg, now);
    if (c.ack_new && fin_acked(n.t, st)) begin
      unique case (n.t.state)
        ST_FIN_WAIT_1: n.t = fin_wait_2(n.t, cfg, now);
        ST_CLOSING:    n.t = time_wait(n.t);
        ST_LAST_ACK:   n = finish(n, CAUSE_NONE);
        default:       ;
      endcase
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
