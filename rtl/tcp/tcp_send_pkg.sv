// tcp_send_pkg: one opportunity to transmit. It pays the most urgent debt with one segment: RST,
// SYN, retransmission, data (with FIN), probe, FIN, ACK. Silly-window avoidance of both sides (RFC
// 9293 3.8.6.2), Nagle (3.7.4) and the persist timer (3.8.6.1) live here.
`default_nettype none

package tcp_send_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;
  import tcp_congestion_pkg::*;

  // Stage A. Only one text can be the next: that of a SYN, of a probe, of a retransmission, or new
  // data. Which one follows from the debts, so one measurement serves them all.
  typedef struct packed {
    logic        update;      // the edge grew so much that the peer must hear of it
    bytes_t      window;      // to advertise with the next ACK
    seq_t        start;       // the text, SYN or FIN begins here
    logic [15:0] len;
    logic        whole;       // it ends with the last byte there is
    logic        fin;         // the FIN goes with it
    logic        rtx;         // it is a retransmission, owed and allowed
    logic        data;        // it is new data, allowed
    logic        probe;       // it is a probe
    logic        fin_only;    // nothing is left to send but the FIN
    logic        idle;        // nothing is in flight
    logic        waits;       // something is left to send
    logic        held;        // the congestion window is full, or would be
    logic        restart;     // after an idle time longer than the RTO
    logic        shrunk;      // SND.NXT lies beyond the peer's right edge
    seq_t        edge_;       // that edge
  } snd_chk_t;

  function automatic snd_chk_t send_check(input tcb_t t, input stream_t st, input flight_t f,
                                          input pos_t taken, input logic idle_long,
                                          input logic cwnd_above, input cfg_t cfg);
    snd_chk_t c;
    bytes_t cap, now_open, grown, least;
    logic [24:0] filled;
    seq_t data_left, wnd_left, left;
    logic by_data, negative, more, forced, wants_rtx, wants_probe;
    logic last_mss, half, eager, fin_next, fits;
    c = '0;

    // Receiver. What is free in the ring, as far as the window field can say it; the edge moves by at
    // least min(half a ring, MSS) or not at all (MUST-39).
    c.window = bytes_t'(ring_bytes(cfg)) + taken[23:0] - rcv_pos24(t);
    cap      = 24'h00_ffff << t.rcv_ws;
    if (c.window > cap) c.window = cap;
    now_open = t.rcv_edge[23:0] - t.rcv_nxt[23:0];
    grown    = c.window - now_open;
    least    = bytes_t'(ring_bytes(cfg) >> 1);
    if (least > bytes_t'(own_mss(cfg))) least = bytes_t'(own_mss(cfg));
    if (grown[23] || grown < least) c.window = now_open;
    // An update of its own is worth a segment once the window at least doubles.
    else
      c.update = grown >= now_open &&
                 t.c.state inside {ST_ESTABLISHED, ST_FIN_WAIT_1, ST_FIN_WAIT_2};

    // The next text, within the data there is and the peer's window (SHLD-16). A short last segment
    // of a retransmission is filled up with new data. rtx_nxt stands at snd_una when a retransmission
    // is owed.
    c.idle      = f.flight == '0;
    wants_probe = t.c.owe_probe && (c.idle || t.snd_wnd == '0);
    wants_rtx   = !c.idle && !wants_probe &&
                  (t.c.owe_rtx || (t.c.ca == CA_LOSS && t.rtx_nxt != t.recover));
    if (t.c.owe_syn) c.start = t.o.iss;
    else if (wants_probe) c.start = t.snd_una;
    else if (wants_rtx) c.start = t.rtx_nxt;
    else c.start = t.snd_nxt;
    c.edge_   = t.snd_una + seq_t'(t.snd_wnd);
    c.shrunk  = synchronized(t.c.state) && f.flight > seq_t'(t.snd_wnd);
    data_left = st.data_end - c.start;
    wnd_left  = c.edge_ - c.start;
    by_data   = !seq_lt(wnd_left, data_left);
    left      = by_data ? data_left : wnd_left;
    negative  = left[31];
    more      = left[31:16] != '0 || left[15:0] > t.snd_mss;
    last_mss  = more || left[15:0] == t.snd_mss;
    if (!negative && !t.c.owe_syn) c.len = more ? t.snd_mss : left[15:0];
    c.whole = data_left == '0 || (by_data && !negative && !more);
    // A probe carries one byte beyond a closed window.
    forced = wants_probe && c.len == '0 && !data_left[31] && data_left != '0;
    if (forced) begin
      c.len   = 16'd1;
      c.whole = data_left == 32'd1;
    end
    fin_next = st.fin_ready && closing(t.c.state);
    c.fin    = fin_next && c.whole;

    filled = {1'b0, f.pipe} + 25'(c.len);
    fits   = f.pipe == '0 || filled <= {1'b0, t.cwnd};
    c.rtx  = wants_rtx && synchronized(t.c.state) && (c.len != '0 || c.fin) &&
             (t.c.owe_rtx || fits);
    c.probe = wants_probe && synchronized(t.c.state) && (c.len != '0 || c.fin);
    // New data: RFC 9293 3.8.6.2.1 with Fs = 1/2; the override timeout comes as a probe.
    half   = wnd_t'(c.len) >= t.max_snd_wnd >> 1;
    eager  = c.idle || t.c.nodelay || c.fin;
    c.data = sends_data(t.c.state) && !wants_rtx && c.len != '0 && !forced && fits &&
             ((last_mss && !negative) || (eager && (c.whole || half)));
    c.held     = c.len != '0 && filled >= {1'b0, t.cwnd};
    c.waits    = unsent_data(t, st) || unsent_fin(t, st);
    c.fin_only = unsent_fin(t, st) && !wants_rtx;
    c.restart  = c.idle && idle_long && cwnd_above;
    return c;
  endfunction

  // What was received and lies in the ring ends here, as a position; low bits.
  function automatic bytes_t rcv_pos24(input tcb_t t);
    return t.rcv_nxt[23:0] - t.first[23:0];
  endfunction

  // What one send event pays, in order of urgency.
  typedef enum logic [2:0] {
    PAY_NOTHING,
    PAY_RST,
    PAY_SYN,
    PAY_RTX,
    PAY_DATA,  // with FIN, or FIN alone
    PAY_PROBE,
    PAY_ACK
  } pay_e;

  // The segment that pays, and the bookkeeping of its departure.
  function automatic step_t pay(input step_t s, input pay_e what, input snd_chk_t c);
    step_t n;
    flags_t f;
    logic again;
    n     = s;
    f     = '0;
    f.ack = 1'b1;
    again = 1'b0;
    n.a.tx = 1'b1;
    if (what == PAY_RST) begin
      f.rst = 1'b1;
      n = finish(n, s.c.cause);
      n.a.cnt[CNT_RESETS_OUT] = 1'b1;
    end
    if (what == PAY_SYN) begin
      f.syn       = 1'b1;
      f.ack       = s.c.state == ST_SYN_RCVD;
      again       = !c.idle;
      n.c.owe_syn = 1'b0;
    end
    if (what == PAY_RTX) begin
      again       = 1'b1;
      n.c.owe_rtx = 1'b0;
      n.u.rtx_nxt = 1'b1;
    end
    if (what == PAY_DATA && c.restart) n.u.cc = CC_RESTART;
    if (what == PAY_PROBE) begin
      n.c.owe_probe = 1'b0;
      n.a.cnt[CNT_PROBES_OUT] = 1'b1;
    end
    if (what == PAY_ACK) n.a.cnt[CNT_WINDOW_UPDATES] = !s.c.owe_ack;

    if (what inside {PAY_SYN, PAY_RTX, PAY_DATA, PAY_PROBE}) begin
      n.a.tx_text = 1'b1;
      n.u.nxt     = 1'b1;
      f.fin       = c.fin && what != PAY_SYN;
      f.psh       = c.len != '0 && c.whole;  // the last buffered byte (MUST-61)
      // RFC 6298 (5.1); a persist timer gives way to the data it was waiting for.
      if (!s.c.rtx_on || (what == PAY_DATA && c.idle)) begin
        n.c.rtx_on = 1'b1;
        n.u.rtx    = RTX_RTO;
      end
      n.u.data_sent = what inside {PAY_DATA, PAY_PROBE};
      // What may be retransmitted is not timed (Karn, MUST-18).
      if (again || what == PAY_PROBE) begin
        n.c.timing = 1'b0;
      end else if (!s.c.timing && s.c.ca == CA_OPEN) begin
        n.c.timing = 1'b1;
        n.u.timed  = 1'b1;
      end
    end
    if (again) begin
      n.u.retrans = 1'b1;
      n.a.cnt[CNT_RETRANS_SEGS] = 1'b1;
    end
    if (f.ack) begin
      n.c.owe_ack = 1'b0;
      n.c.ack_on  = 1'b0;
      n.u.acked   = 1'b1;
      n.u.edge_   = !f.syn;
    end
    n.a.tx_flags = f;
    return n;
  endfunction

  // Nobody answers for the next hop. Before the handshake this ends the attempt; later it is like a
  // lost segment, and R2 decides.
  function automatic step_t unreachable(input step_t s);
    step_t n;
    n = s;
    if (s.c.owe_rst) begin
      n = finish(s, s.c.cause);
    end else if (!synchronized(s.c.state)) begin
      n = finish(s, CAUSE_UNREACHABLE);
      n.a.cnt[CNT_UNREACHABLE_ABORTS] = 1'b1;
      n.a.cnt[CNT_ATTEMPT_FAILS]      = 1'b1;
    end else begin
      n.c.owe_rtx   = 1'b0;
      n.c.owe_probe = 1'b0;
      n.c.owe_ack   = 1'b0;
      n.c.ack_on    = 1'b0;
    end
    return n;
  endfunction

  function automatic step_t send(input step_t s, input snd_chk_t c, input nbr_e nbr);
    step_t n;
    pay_e what;
    n = s;
    if (!s.c.active || s.c.done) return n;
    if (s.c.owe_rst) what = PAY_RST;
    else if (s.c.owe_syn) what = PAY_SYN;
    else if (c.rtx) what = PAY_RTX;
    else if (c.data) what = PAY_DATA;
    else if (c.probe) what = PAY_PROBE;
    else if (c.fin_only) what = PAY_DATA;
    else if ((s.c.owe_ack || c.update) && !(s.c.state inside {ST_SYN_SENT, ST_CLOSED}))
      what = PAY_ACK;
    else what = PAY_NOTHING;
    if (what != PAY_NOTHING) begin
      unique case (nbr)
        NBR_RESOLVED: n = pay(n, what, c);
        NBR_PENDING:  n.a.waiting = 1'b1;
        default:      n = unreachable(n);
      endcase
    end
    if (s.c.state == ST_TIME_WAIT && !n.a.waiting) begin
      // The last ACK is on its way; the compact table goes on (RFC 9293 3.10.7.8).
      n = finish(n, CAUSE_NONE);
      n.a.tw = 1'b1;
      n.a.cnt[CNT_TIME_WAIT] = 1'b1;
    end
    // Debts without an object.
    if (c.idle) n.c.owe_rtx = 1'b0;
    if (!c.probe) n.c.owe_probe = 1'b0;
    // The window is in use while it holds data back, and until a send empties the store.
    if (c.held) n.c.limited = 1'b1;
    else if (!c.waits || c.whole) n.c.limited = 1'b0;
    // Persist: something waits and nothing in flight would bring an ACK. With a window that is open
    // but silly this is the override timeout of 3.8.6.2.1, 0.1 to 1 s.
    if (synchronized(s.c.state) && !n.a.finish && !n.a.waiting && !n.c.rtx_on && c.idle &&
        c.waits) begin
      n.c.rtx_on = 1'b1;
      n.u.rtx    = c.len == '0 ? RTX_RTO : RTX_OVERRIDE;
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
