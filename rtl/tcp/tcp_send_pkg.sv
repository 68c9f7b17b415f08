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

  typedef struct packed {
    seq_t        edge_;       // right edge to advertise with the next ACK
    logic        update;      // the edge grew so much that the peer must hear of it
    logic        rtx;         // a retransmission is owed and allowed
    logic [15:0] rtx_len;
    logic        rtx_fin;
    logic        data;        // new data may go
    logic [15:0] data_len;
    logic        data_fin;    // the FIN goes with it
    logic        restart;     // after an idle time longer than the RTO
    logic [15:0] probe_len;
    logic        probe_fin;
    seq_t        ack_seq;     // SEG.SEQ of a segment without text
  } snd_chk_t;

  // Bytes of [first, last), at most `mss`.
  function automatic logic [15:0] span(input seq_t first, input seq_t last,
                                       input logic [15:0] mss);
    if (!seq_lt(first, last)) return '0;
    return last - first < 32'(mss) ? 16'(last - first) : mss;
  endfunction

  function automatic snd_chk_t send_check(input tcb_t t, input stream_t st, input pos_t taken,
                                          input cfg_t cfg, input time_t now);
    snd_chk_t c;
    seq_t limit, cap;
    bytes_t pipe, grown, least;
    logic idle, whole, half, eager, fin_next;
    c = '0;

    // Receiver: the edge moves by at least min(half a ring, MSS) or not at all (MUST-39). It may
    // not exceed what the window field can say.
    c.edge_ = t.irs + 32'd1 + taken + ring_bytes(cfg);
    cap     = t.rcv_nxt + (32'h0000_ffff << t.rcv_ws);
    c.edge_ = seq_min(c.edge_, cap);
    least   = bytes_t'(ring_bytes(cfg) >> 1);
    if (least > bytes_t'(own_mss(cfg))) least = bytes_t'(own_mss(cfg));
    grown = bytes_t'(c.edge_ - t.rcv_edge);
    if (!seq_gt(c.edge_, t.rcv_edge) || grown < least) c.edge_ = t.rcv_edge;
    // An update of its own is worth a segment once the window at least doubles.
    c.update = c.edge_ != t.rcv_edge && seq_geq(c.edge_ - t.rcv_edge, t.rcv_edge - t.rcv_nxt) &&
               t.state inside {ST_ESTABLISHED, ST_FIN_WAIT_1, ST_FIN_WAIT_2};

    idle     = t.snd_una == t.snd_nxt;
    pipe     = pipe_of(t.cc, t.snd_una, t.snd_nxt);
    limit    = seq_min(st.data_end, wnd_end(t));
    fin_next = st.fin_ready && closing(t.state);

    // Retransmission, inside the window only (SHLD-16). A short last segment is filled up with new
    // data. rtx_nxt stands at snd_una when a retransmission is owed.
    c.rtx_len = span(t.cc.rtx_nxt, limit, t.snd_mss);
    c.rtx_fin = fin_next && t.cc.rtx_nxt + 32'(c.rtx_len) == st.data_end;
    c.rtx     = !idle && (c.rtx_len != '0 || c.rtx_fin) &&
                (t.owe_rtx || (t.cc.ca == CA_LOSS && seq_lt(t.cc.rtx_nxt, t.cc.recover) &&
                               (pipe == '0 || pipe + bytes_t'(c.rtx_len) <= t.cc.cwnd)));

    // New data: RFC 9293 3.8.6.2.1 with Fs = 1/2; the override timeout comes as a probe.
    c.data_len = span(t.snd_nxt, limit, t.snd_mss);
    c.data_fin = fin_next && t.snd_nxt + 32'(c.data_len) == st.data_end;
    whole      = t.snd_nxt + 32'(c.data_len) == st.data_end;
    half       = wnd_t'(c.data_len) >= t.max_snd_wnd >> 1;
    eager      = idle || t.nodelay || c.data_fin;
    c.data     = sends_data(t.state) && c.data_len != '0 &&
                 (c.data_len == t.snd_mss || (eager && (whole || half))) &&
                 (pipe == '0 || pipe + bytes_t'(c.data_len) <= t.cc.cwnd);
    c.restart  = idle && now.coarse - t.last_send > (t.rtt.rto >> 12);

    // A probe carries what the window allows, and one byte beyond a closed one.
    c.probe_len = span(t.snd_una, limit, t.snd_mss);
    if (c.probe_len == '0 && seq_lt(t.snd_una, st.data_end)) c.probe_len = 16'd1;
    c.probe_fin = fin_next && t.snd_una + 32'(c.probe_len) == st.data_end;

    // A probe's byte or a shrunk window may leave SND.NXT beyond the edge, where the peer would not
    // accept a segment.
    c.ack_seq = seq_lt(wnd_end(t), t.snd_nxt) && synchronized(t.state) ? wnd_end(t) : t.snd_nxt;
    return c;
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
  function automatic step_t pay(input step_t s, input pay_e what, input snd_chk_t c,
                                input stream_t st, input cfg_t cfg, input time_t now);
    step_t n;
    seq_t seq, last;
    logic [15:0] len;
    flags_t f;
    logic again;
    n     = s;
    f     = '0;
    f.ack = 1'b1;
    len   = '0;
    seq   = c.ack_seq;
    again = 1'b0;
    unique case (what)
      PAY_RST: begin
        f.rst = 1'b1;
        n = finish(s, s.t.cause);
        n.a.cnt[CNT_RESETS_OUT] = 1'b1;
      end
      PAY_SYN: begin
        seq   = s.t.iss;
        f.syn = 1'b1;
        f.ack = s.t.state == ST_SYN_RCVD;
        again = s.t.snd_nxt != s.t.iss;
        n.t.owe_syn = 1'b0;
      end
      PAY_RTX: begin
        seq   = s.t.cc.rtx_nxt;
        len   = c.rtx_len;
        f.fin = c.rtx_fin;
        again = 1'b1;
        n.t.owe_rtx = 1'b0;
      end
      PAY_DATA: begin
        seq   = s.t.snd_nxt;
        len   = c.data_len;
        f.fin = c.data_fin;
        if (c.restart) n.t.cc = cc_restart(s.t.cc, s.t.snd_mss);
      end
      PAY_PROBE: begin
        seq   = s.t.snd_una;
        len   = c.probe_len;
        f.fin = c.probe_fin;
        n.t.owe_probe = 1'b0;
        n.a.cnt[CNT_PROBES_OUT] = 1'b1;
      end
      default: n.a.cnt[CNT_WINDOW_UPDATES] = !s.t.owe_ack;
    endcase
    last  = seq + seq_t'(len) + seq_t'(f.fin) + seq_t'(f.syn);
    f.psh = len != '0 && seq + seq_t'(len) == st.data_end;  // the last buffered byte (MUST-61)
    n.a.tx       = 1'b1;
    n.a.tx_seq   = seq;
    n.a.tx_len   = len;
    n.a.tx_flags = f;

    if (last != seq) begin
      n.t.snd_nxt = seq_max(s.t.snd_nxt, last);
      // RFC 6298 (5.1); a persist timer gives way to the data it was waiting for.
      if (!s.t.timers.rtx_on || (what == PAY_DATA && s.t.snd_una == s.t.snd_nxt)) begin
        n.t.timers.rtx_on = 1'b1;
        n.t.timers.rtx    = after(now, backed_off(s.t.rtt, cfg));
      end
      if (what inside {PAY_DATA, PAY_PROBE}) n.t.last_send = now.coarse;
      // What may be retransmitted is not timed (Karn, MUST-18).
      if (again || what == PAY_PROBE) begin
        n.t.rtt.timing = 1'b0;
      end else if (!s.t.rtt.timing && s.t.cc.ca == CA_OPEN) begin
        n.t.rtt.timing    = 1'b1;
        n.t.rtt.timed_seq = last;
        n.t.rtt.timed_at  = now.us[31:0];
      end
    end
    if (again) begin
      if (what == PAY_RTX) n.t.cc.rtx_nxt = seq_min(last, s.t.cc.recover);
      if (s.t.retrans != '1) n.t.retrans = s.t.retrans + 16'd1;
      n.a.cnt[CNT_RETRANS_SEGS] = 1'b1;
    end
    if (f.ack) begin
      n.t.owe_ack       = 1'b0;
      n.t.timers.ack_on = 1'b0;
      n.t.last_ack_sent = s.t.rcv_nxt;
      if (!f.syn) n.t.rcv_edge = c.edge_;
    end
    return n;
  endfunction

  // Nobody answers for the next hop. Before the handshake this ends the attempt; later it is like a
  // lost segment, and R2 decides.
  function automatic step_t unreachable(input step_t s);
    step_t n;
    n = s;
    if (s.t.owe_rst) begin
      n = finish(s, s.t.cause);
    end else if (!synchronized(s.t.state)) begin
      n = finish(s, CAUSE_UNREACHABLE);
      n.a.cnt[CNT_UNREACHABLE_ABORTS] = 1'b1;
      n.a.cnt[CNT_ATTEMPT_FAILS]      = 1'b1;
    end else begin
      n.t.owe_rtx       = 1'b0;
      n.t.owe_probe     = 1'b0;
      n.t.owe_ack       = 1'b0;
      n.t.timers.ack_on = 1'b0;
    end
    return n;
  endfunction

  function automatic step_t send(input tcb_t t, input snd_chk_t c, input stream_t st,
                                 input nbr_e nbr, input cfg_t cfg, input time_t now);
    step_t s;
    pay_e what;
    logic probe, fin;
    s   = '0;
    s.t = t;
    if (!t.active || t.done) return s;
    probe = t.owe_probe && synchronized(t.state) && (c.probe_len != '0 || c.probe_fin);
    fin   = unsent_fin(t, st);
    if (t.owe_rst) what = PAY_RST;
    else if (t.owe_syn) what = PAY_SYN;
    else if (synchronized(t.state) && c.rtx) what = PAY_RTX;
    else if (c.data) what = PAY_DATA;
    else if (probe) what = PAY_PROBE;
    else if (fin) what = PAY_DATA;
    else if ((t.owe_ack || c.update) && !(t.state inside {ST_SYN_SENT, ST_CLOSED})) what = PAY_ACK;
    else what = PAY_NOTHING;
    if (what != PAY_NOTHING) begin
      unique case (nbr)
        NBR_RESOLVED: s = pay(s, what, c, st, cfg, now);
        NBR_PENDING:  s.a.waiting = 1'b1;
        default:      s = unreachable(s);
      endcase
    end
    if (t.state == ST_TIME_WAIT && !s.a.waiting) begin
      // The last ACK is on its way; the compact table goes on (RFC 9293 3.10.7.8).
      s = finish(s, CAUSE_NONE);
      s.a.tw = 1'b1;
      s.a.cnt[CNT_TIME_WAIT] = 1'b1;
    end
    // Debts without an object.
    if (s.t.snd_una == s.t.snd_nxt) s.t.owe_rtx = 1'b0;
    if (!probe) s.t.owe_probe = 1'b0;
    // Persist: something waits and nothing in flight would bring an ACK. With a window that is open
    // but silly this is the override timeout of 3.8.6.2.1, 0.1 to 1 s.
    if (synchronized(s.t.state) && !s.a.finish && !s.a.waiting && !s.t.timers.rtx_on &&
        s.t.snd_una == s.t.snd_nxt && (unsent_data(s.t, st) || unsent_fin(s.t, st))) begin
      s.t.timers.rtx_on = 1'b1;
      s.t.timers.rtx    = after(now, c.data_len == '0 ? backed_off(t.rtt, cfg) : cfg.rto_min_us);
    end
    return s;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
