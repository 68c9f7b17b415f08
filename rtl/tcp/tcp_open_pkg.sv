// tcp_open_pkg: birth of a connection, the options of its SYN, the SYN-SENT state (RFC 9293
// 3.10.7.3) and the entry into ESTABLISHED.
`default_nettype none

package tcp_open_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_congestion_pkg::*;
  import tcp_rtt_pkg::*;

  localparam logic [15:0] DefaultMss = 16'd536;  // MUST-15
  localparam logic [15:0] LeastMss = 16'd48;     // a smaller one is an attack on our headers

  function automatic tcb_t tcb_birth(input gen_t gen, input birth_t b, input cfg_t cfg,
                                     input time_t now);
    tcb_t t;
    t              = '0;
    t.active       = 1'b1;
    t.gen          = gen;
    t.state        = b.passive ? ST_SYN_RCVD : ST_SYN_SENT;
    t.key          = b.key;
    t.passive      = b.passive;
    t.listening    = b.passive;
    t.listener     = b.listener;
    t.listener_gen = b.listener_gen;
    t.tag          = b.tag;
    t.nodelay      = cfg.nodelay;
    t.ttl          = cfg.ttl;
    t.dscp         = cfg.dscp;
    t.iss          = b.isn;
    t.snd_una      = b.isn;
    t.snd_nxt      = b.isn;
    t.rcv_nxt      = 32'd1;  // stream position 0 until the peer's SYN is here
    t.snd_mss      = DefaultMss;
    t.rcv_mss      = DefaultMss;
    t.cc           = cc_init(b.isn);
    t.rtt          = rtt_init(cfg);
    t.owe_syn      = 1'b1;
    t.last_send    = now.coarse;
    // The first challenge ACK is free.
    t.challenge_at = now.coarse - (cfg.challenge_us >> 12) - 32'd1;
    return t;
  endfunction

  // Effective send MSS (MUST-16) and window scale, from the peer's SYN. Both shifts are zero unless
  // both sides sent the option (RFC 7323 2.2); we always do, or answer it.
  function automatic tcb_t take_syn(input tcb_t t, input seg_t s, input cfg_t cfg);
    tcb_t n;
    logic [15:0] mss;
    n   = t;
    mss = s.mss_ok ? s.mss : DefaultMss;
    if (mss < LeastMss) mss = LeastMss;
    n.snd_mss     = mss < own_mss(cfg) ? mss : own_mss(cfg);
    n.ws_offered  = s.ws_ok;
    n.snd_ws      = s.ws_ok ? s.ws : 4'd0;
    n.rcv_ws      = s.ws_ok ? own_ws(cfg) : 4'd0;
    n.irs         = s.seq;
    n.rcv_nxt     = s.seq + 32'd1;
    n.rcv_edge    = n.rcv_nxt + seq_t'(syn_window(cfg));
    n.last_ack_sent = n.rcv_nxt;
    n.snd_wnd     = wnd_t'(s.wnd);  // the window of a SYN is not scaled
    n.max_snd_wnd = wnd_t'(s.wnd);
    n.snd_wl1     = s.seq;
    n.snd_wl2     = s.flags.ack ? s.ack : t.snd_una;
    return n;
  endfunction

  // Our SYN is acknowledged by `ack`.
  function automatic tcb_t established(input tcb_t t, input seq_t ack, input cfg_t cfg,
                                       input time_t now);
    tcb_t n;
    n               = t;
    n.state         = t.shut ? ST_FIN_WAIT_1 : ST_ESTABLISHED;
    n.snd_una       = ack;
    n.rtt           = rtt_acked(t.rtt, ack, now, cfg);
    if (t.syn_retransmitted) n.rtt = rtt_after_syn_loss(n.rtt);
    n.cc            = cc_established(t.cc, t.snd_mss, t.syn_retransmitted);
    n.cc.rtx_nxt    = ack;
    n.timers.rtx_on = 1'b0;
    n.retries       = '0;
    n.r1            = 1'b0;
    n.owe_syn       = 1'b0;
    n.counted       = t.passive;
    n.last_send     = now.coarse;
    return n;
  endfunction

  // RFC 9293 3.10.7.3. `taken` is the TCB with the SYN taken in; `ack_new`: SND.UNA < SEG.ACK =<
  // SND.NXT.
  function automatic step_t syn_sent(input tcb_t t, input tcb_t taken, input seg_t g,
                                     input logic ack_new, input cfg_t cfg, input time_t now);
    step_t s;
    s   = '0;
    s.t = t;
    if (g.flags.ack && !ack_new) begin
      // First: an ACK of something never sent.
      s.a.cnt[CNT_BAD_ACK] = 1'b1;
      if (!g.flags.rst) begin
        s.a.reply                 = 1'b1;
        s.a.cnt[CNT_RESETS_OUT] = 1'b1;
      end
    end else if (g.flags.rst) begin
      // Second.
      if (g.flags.ack) begin
        s                          = finish(s, CAUSE_REFUSED);
        s.a.cnt[CNT_RESETS_IN]    = 1'b1;
        s.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
      end
    end else if (g.flags.syn) begin
      // Fourth.
      s.t = taken;
      if (g.flags.ack) begin
        s.t                        = established(s.t, g.ack, cfg, now);
        s.t.owe_ack                = 1'b1;
        s.a.cnt[CNT_ESTABLISHED] = 1'b1;
      end else begin
        // Simultaneous open (MUST-10): our SYN goes again, with ACK.
        s.t.state   = ST_SYN_RCVD;
        s.t.owe_syn = 1'b1;
      end
    end
    return s;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
