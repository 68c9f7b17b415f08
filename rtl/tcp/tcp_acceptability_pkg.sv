// tcp_acceptability_pkg: stage A of a segment, everything that only compares. Acceptability of the
// sequence number (RFC 9293 3.10.7.4 first), of RST (RFC 5961 3), of the ACK (RFC 5961 5), what is
// trimmed, and which received ranges the text touches.
`default_nettype none

package tcp_acceptability_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;
  import tcp_reassembly_pkg::*;

  localparam logic [15:0] DefaultMss = 16'd536;  // MUST-15
  localparam logic [15:0] LeastMss = 16'd48;     // a smaller one is an attack on our headers

  typedef struct packed {
    logic        live;        // the flow that was looked up still lives in the slot
    logic        syn_again;   // the handshake's own SYN in SYN-RECEIVED
    logic        acceptable;
    logic        occupies;    // SEG.LEN != 0
    logic        old;         // nothing of it lies above RCV.NXT
    logic        rst_exact;
    logic        rst_inside;
    logic        ack_new;     // SND.UNA < SEG.ACK =< SND.NXT
    logic        ack_same;    // SEG.ACK = SND.UNA
    logic        ack_last;    // SEG.ACK = SND.NXT
    logic        ack_allowed;  // SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT
    logic        fin_acked;   // SEG.ACK covers our FIN
    logic        duplicate;   // RFC 5681 2
    logic        wnd_fresh;   // by SND.WL1 and SND.WL2
    logic        wnd_opens;   // it was zero and is no more
    logic        wnd_largest;
    wnd_t        wnd;         // scaled
    logic [15:0] mss;         // effective, from the option
    logic [15:0] head;        // bytes of text trimmed in front
    logic [15:0] keep;        // bytes of text inside the window
    logic        trimmed;
    seq_t        first;       // sequence number of the first kept byte
    seq_t        fin_seq;
    logic        fin;         // FIN inside the window
    logic        larger;      // than any segment before
    logic        second;      // RFC 5681 4.2: the second full-sized segment since our last ACK
    touch_t      touch;
    logic        listener_dead;
    logic        may_challenge;
  } seg_chk_t;

  // Effective send MSS (MUST-16): what the option of a SYN says, within our own.
  function automatic logic [15:0] effective_mss(input seg_t s, input cfg_t cfg);
    logic [15:0] mss;
    mss = s.mss_ok ? s.mss : DefaultMss;
    if (mss < LeastMss) mss = LeastMss;
    return mss < own_mss(cfg) ? mss : own_mss(cfg);
  endfunction

  function automatic seg_chk_t segment_check(input tcb_t t, input lane_seg_t e, input gen_t gen,
                                             input flight_t f, input stream_t st,
                                             input logic listener_live,
                                             input logic may_challenge, input cfg_t cfg);
    seg_chk_t c;
    seq_t last, bound;
    seq_t at, ends, window, room;  // distances from RCV.NXT
    bytes_t stop, unacked;
    logic inside_, beyond, text;
    logic [15:0] mss;
    c      = '0;
    c.live = t.c.active && !t.c.done && t.gen == gen;

    // In SYN-RECEIVED the peer may send its SYN again, or answer ours with SYN,ACK in a
    // simultaneous open (RFC 9293 figure 8): what counts is the rest of that segment.
    at          = e.seg.seq - t.rcv_nxt;
    c.syn_again = t.c.state == ST_SYN_RCVD && e.seg.flags.syn && !e.seg.flags.rst && at == '1;
    c.occupies  = e.seg.len != '0 || e.seg.flags.fin || (e.seg.flags.syn && !c.syn_again);
    last        = seq_end(e.seg.seq, e.seg.len, e.seg.flags.syn);
    ends        = last - t.rcv_nxt;
    window      = t.rcv_edge - t.rcv_nxt;
    inside_     = !at[31] && at < window;

    // Table 6. Two allowances: a peer that has filled the window sends its ACKs, and may send its
    // FIN, at the right edge itself; with a zero window the ACK, RST and URG of a segment that
    // begins at RCV.NXT still count (MUST-66), while its text is trimmed to nothing.
    if (c.syn_again || at == '0) c.acceptable = 1'b1;
    else if (e.seg.len == '0 && !e.seg.flags.syn) c.acceptable = inside_ || at == window;
    else
      c.acceptable = window != '0 && (inside_ || at[31]) &&
                     !ends[31] && (ends != '0 || e.seg.flags.fin);
    c.rst_exact  = at == '0;
    c.rst_inside = inside_;
    c.old        = ends[31] || ends == '0;

    c.ack_same    = f.from_una == '0;
    c.ack_last    = f.to_nxt == '0;
    c.ack_new     = !f.from_una[31] && !c.ack_same && !f.to_nxt[31];
    room          = f.from_una + seq_t'(t.max_snd_wnd);
    c.ack_allowed = !room[31] && !f.to_nxt[31];
    c.fin_acked   = st.fin_ready && st.data_end + 32'd1 == e.seg.ack;
    // The window of a SYN is not scaled (RFC 7323 2.2).
    c.wnd         = e.seg.flags.syn ? wnd_t'(e.seg.wnd) : wnd_t'(e.seg.wnd) << t.snd_ws;
    c.wnd_fresh   = seq_lt(t.snd_wl1, e.seg.seq) ||
                    (t.snd_wl1 == e.seg.seq && seq_leq(t.snd_wl2, e.seg.ack));
    c.wnd_opens   = t.snd_wnd == '0 && e.seg.wnd != '0;
    c.wnd_largest = c.wnd > t.max_snd_wnd;
    // While the window is closed the answers to probes look the same; they are not duplicates.
    c.duplicate   = c.ack_same && !c.occupies && c.wnd == t.snd_wnd && t.snd_wnd != '0 &&
                    f.flight != '0;
    c.mss         = effective_mss(e.seg, cfg);

    // Trim to [RCV.NXT, edge); nothing lies beyond a FIN, which is known to lie inside.
    text    = e.seg.len != '0;
    bound   = t.c.fin_known ? t.fin_seq : t.rcv_edge;
    room    = bound - t.rcv_nxt;
    beyond  = seq_lt(room, ends);
    c.first = at[31] || c.syn_again ? t.rcv_nxt : e.seg.seq;
    stop    = beyond ? bound[23:0] : last[23:0];
    if (text && !ends[31] && below(c.first[23:0], stop)) begin
      c.keep = 16'(stop - c.first[23:0]);
      if (at[31] && !c.syn_again) c.head = -at[15:0];
    end
    c.trimmed = text && c.keep != e.seg.len;
    c.fin     = e.seg.flags.fin && !ends[31] && !beyond;
    c.fin_seq = last;
    c.touch   = reassembly_check(t, c.first[23:0], stop);

    // RFC 5681 4.2; counts only when nothing is out of order.
    c.larger = e.seg.len > t.rcv_mss;
    mss      = c.larger ? e.seg.len : t.rcv_mss;
    unacked  = stop - t.last_ack_sent[23:0];
    c.second = unacked >= bytes_t'({mss, 1'b0});

    c.listener_dead = t.o.passive && !listener_live;
    c.may_challenge = may_challenge;
    return c;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
