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
  import tcp_reassembly_pkg::*;

  typedef struct packed {
    logic        live;        // the flow that was looked up still lives in the slot
    logic        syn_again;   // the handshake's own SYN in SYN-RECEIVED
    logic        acceptable;
    logic        occupies;    // SEG.LEN != 0
    logic        rst_exact;
    logic        rst_inside;
    logic        ack_new;     // SND.UNA < SEG.ACK =< SND.NXT
    logic        ack_same;    // SEG.ACK = SND.UNA
    logic        ack_allowed;  // SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT
    logic        duplicate;   // RFC 5681 2
    logic        wnd_fresh;   // by SND.WL1 and SND.WL2
    wnd_t        wnd;         // scaled
    bytes_t      acked;
    logic [15:0] head;        // bytes of text trimmed in front
    logic [15:0] keep;        // bytes of text inside the window
    logic        trimmed;
    seq_t        first;       // sequence number of the first kept byte
    seq_t        fin_seq;
    logic        fin;         // FIN inside the window
    touch_t      touch;
    logic        listener_dead;
  } seg_chk_t;

  function automatic seg_chk_t segment_check(input tcb_t t, input lane_seg_t e,
                                             input logic listener_live);
    seg_chk_t c;
    seq_t seq, last, stop, edge_;
    logic zero_wnd;
    c      = '0;
    c.live = t.active && !t.done && t.gen == e.gen;

    // In SYN-RECEIVED the peer may send its SYN again, or answer ours with SYN,ACK in a
    // simultaneous open (RFC 9293 figure 8): what counts is the rest of that segment.
    c.syn_again = t.state == ST_SYN_RCVD && e.seg.flags.syn && !e.seg.flags.rst &&
                  e.seg.seq == t.irs;
    seq      = e.seg.seq + seq_t'(e.seg.flags.syn);
    last     = seq + seq_t'(e.seg.len);
    zero_wnd = t.rcv_edge == t.rcv_nxt;
    c.occupies = e.seg.len != '0 || e.seg.flags.fin || (e.seg.flags.syn && !c.syn_again);
    if (!c.syn_again) seq = e.seg.seq;

    // Table 6. Two allowances: a peer that has filled the window sends its ACKs, and may send its
    // FIN, at the right edge itself; with a zero window the ACK, RST and URG of a segment that
    // begins at RCV.NXT still count (MUST-66), while its text is trimmed to nothing.
    if (seq == t.rcv_nxt) c.acceptable = 1'b1;
    else if (e.seg.len == '0 && !e.seg.flags.syn) begin
      c.acceptable = seq_geq(seq, t.rcv_nxt) && seq_leq(seq, t.rcv_edge);
    end else begin
      c.acceptable = !zero_wnd && seq_lt(seq, t.rcv_edge) &&
                     seq_gt(last + seq_t'(e.seg.flags.fin), t.rcv_nxt);
    end

    c.rst_exact  = e.seg.seq == t.rcv_nxt;
    c.rst_inside = seq_geq(e.seg.seq, t.rcv_nxt) && seq_lt(e.seg.seq, t.rcv_edge);

    c.ack_new     = seq_gt(e.seg.ack, t.snd_una) && seq_leq(e.seg.ack, t.snd_nxt);
    c.ack_same    = e.seg.ack == t.snd_una;
    c.ack_allowed = seq_geq(e.seg.ack, t.snd_una - seq_t'(t.max_snd_wnd)) &&
                    seq_leq(e.seg.ack, t.snd_nxt);
    c.acked       = bytes_t'(e.seg.ack - t.snd_una);
    c.wnd         = e.seg.flags.syn ? wnd_t'(e.seg.wnd) : wnd_t'(e.seg.wnd) << t.snd_ws;
    c.wnd_fresh   = seq_lt(t.snd_wl1, e.seg.seq) ||
                    (t.snd_wl1 == e.seg.seq && seq_leq(t.snd_wl2, e.seg.ack));
    // While the window is closed the answers to probes look the same; they are not duplicates.
    c.duplicate   = c.ack_same && !c.occupies && c.wnd == t.snd_wnd && t.snd_wnd != '0 &&
                    t.snd_una != t.snd_nxt;

    // Trim to [RCV.NXT, edge); nothing lies beyond a FIN.
    edge_ = t.fin_known ? seq_min(t.rcv_edge, t.fin_seq) : t.rcv_edge;
    c.first = seq_max(seq, t.rcv_nxt);
    stop    = seq_min(last, edge_);
    if (e.seg.len != '0 && seq_gt(stop, c.first)) begin
      c.keep = 16'(stop - c.first);
      c.head = 16'(c.first - seq);
    end
    c.trimmed = e.seg.len != '0 && c.keep != e.seg.len;
    c.fin     = e.seg.flags.fin && seq_geq(last, t.rcv_nxt) && seq_leq(last, edge_);
    c.fin_seq = last;
    c.touch   = reassembly_check(t.ranges, t.rcv_nxt, bytes_t'(c.first - t.rcv_nxt),
                                 bytes_t'(c.first - t.rcv_nxt) + bytes_t'(c.keep));
    c.listener_dead = t.passive && !listener_live;
    return c;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
