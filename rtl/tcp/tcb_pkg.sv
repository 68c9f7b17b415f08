// tcb_pkg: the transmission control block (RFC 9293 3.3.1), one word per flow, and what a
// transition answers: a new narrow part, the changes of the wide fields, and actions.
`default_nettype none

package tcb_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;

  localparam int unsigned Ranges = 4;  // out-of-order ranges a flow remembers

  typedef logic [29:0] wnd_t;    // scaled window, at most 65535 << 14 (RFC 7323 2.2)
  typedef logic [23:0] bytes_t;  // count of bytes in flight or in a ring (rings are at most 4 MiB)
  typedef logic [31:0] coarse_t;  // now_us >> 12: 4.096 ms units, wraps after 203 days

  // Congestion control phase.
  typedef enum logic [1:0] {
    CA_OPEN = 2'd0,
    CA_RECOVERY = 2'd1,  // fast recovery, RFC 6582
    CA_LOSS = 2'd2       // after an RTO: [snd_una, recover) is sent again in slow start
  } ca_e;

  // What an event does to the congestion state.
  typedef enum logic [3:0] {
    CC_KEEP,
    CC_ESTABLISHED,  // the handshake is over
    CC_GROW,         // new data is acknowledged
    CC_PARTIAL,      // in fast recovery, partly
    CC_FULL,         // in fast recovery, all of it
    CC_DUPLICATE,
    CC_ENTER,        // the duplicate ACK that begins fast recovery
    CC_TIMEOUT,
    CC_RESTART       // after an idle time
  } cc_op_e;

  // The interval after which the retransmission timer fires.
  typedef enum logic [2:0] {
    RTX_KEEP,
    RTX_RTO,       // backed off; the new one if this event brought a sample
    RTX_FRESH,     // without backoff
    RTX_TIMEOUT,   // backed off, but not later than R2
    RTX_OVERRIDE   // of the silly window, RFC 9293 3.8.6.2.1
  } rtx_src_e;

  typedef logic [Ranges-1:0] ranges_used_t;

  // One received range above rcv_nxt, [first, last): low 24 bits of sequence numbers.
  typedef struct packed {
    bytes_t first;
    bytes_t last;
  } range24_t;

  typedef range24_t [Ranges-1:0] ranges_t;  // index 0 is the most recent (RFC 2018 order)

  // What the birth settles for the life; in a RAM of its own that only a birth writes.
  typedef struct packed {
    key_t       key;
    seq_t       iss;
    logic       passive;  // born of a passive open (MUST-11)
    logic [3:0] listener;
    logic [3:0] listener_gen;
  } origin_t;

  // The narrow part. The steps of a transition change it as they go; of the wide fields they only
  // say what happens to them (`change_t`).
  typedef struct packed {
    // life
    logic   active;     // in use, from birth to release
    logic   done;       // TCP is finished; waits for release
    logic   released;   // the host has let go: the slot frees itself when done
    state_e state;
    cause_e cause;
    logic   listening;  // not accepted yet
    logic   counted;    // stands in the listener's count of unaccepted connections
    // options of the host
    logic   nodelay;
    logic   quickack;
    // our stream
    logic   shut;        // the host has shut down its direction
    logic   ws_offered;  // the peer's SYN carried window scale
    // the peer's stream
    ranges_used_t used;  // which of `ranges` hold something
    logic   fin_known;   // the peer's FIN was seen, perhaps out of order
    logic   fin;         // the peer's FIN was received in order
    // what is owed; `send` pays
    logic   owe_rst;
    logic   owe_syn;
    logic   owe_rtx;
    logic   owe_probe;
    logic   owe_ack;
    // congestion
    ca_e        ca;
    logic [1:0] dupacks;  // saturates at 3
    logic       partial;  // first partial ACK of this recovery was seen
    logic       limited;  // cwnd, and not the host, held the last data back
    // round-trip time
    logic       sampled;
    logic       timing;   // one segment is timed at a time
    logic [3:0] backoff;  // doublings since the last sample
    // which deadlines run
    logic   rtx_on;
    logic   ack_on;
    logic   life_on;
    logic   syn_retransmitted;
    logic   r1;          // R1 passed (RFC 9293 3.8.3)
    logic   challenged;  // a challenge ACK was sent, at `challenge_at`
  } ctl_t;

  typedef struct packed {
    origin_t     o;
    ctl_t        c;
    gen_t        gen;
    logic [31:0] tag;
    logic [7:0]  ttl;
    logic [5:0]  dscp;
    logic [31:0] user_timeout_us;  // 0: the default
    // send sequence space; snd_nxt never rolls back
    seq_t        snd_una;
    seq_t        snd_nxt;
    wnd_t        snd_wnd;
    wnd_t        max_snd_wnd;
    seq_t        snd_wl1;
    seq_t        snd_wl2;
    logic [3:0]  snd_ws;     // peer's shift, for windows we receive
    logic [15:0] snd_mss;    // effective
    pos_t        fin_pos;    // stream position of our FIN, with `shut`
    coarse_t     last_send;  // of new data, for the restart after idle (RFC 5681 4.1)
    // receive sequence space
    seq_t        first;      // IRS + 1, the peer's first byte
    seq_t        rcv_nxt;
    seq_t        rcv_edge;   // advertised right edge, never moves left
    seq_t        last_ack_sent;
    logic [3:0]  rcv_ws;     // our shift
    logic [15:0] rcv_mss;    // largest segment seen, for the delayed ACK (RFC 5681 4.2)
    ranges_t     ranges;
    seq_t        fin_seq;
    // congestion: NewReno (RFC 5681, RFC 6582) by pipe: `gone` counts bytes that duplicate ACKs say
    // have left the network, so cwnd is never inflated
    bytes_t      cwnd;
    bytes_t      ssthresh;
    bytes_t      counted;    // bytes acknowledged since the last increase (RFC 3465)
    bytes_t      gone;
    seq_t        recover;    // snd_nxt when the last loss was found
    seq_t        rtx_nxt;    // next byte to retransmit
    // round-trip estimator, RFC 6298
    logic [31:0] srtt8;      // smoothed RTT in 1/8 us
    logic [31:0] rttvar4;    // variation in 1/4 us
    logic [31:0] rto;        // us, before backoff
    seq_t        timed_seq;  // the sample is complete when snd_una reaches this
    logic [31:0] timed_at;   // us
    // deadlines
    usec_t       rtx;
    usec_t       ack;
    usec_t       life;
    logic [7:0]  retries;     // unanswered retransmissions and probes
    usec_t       first_rtx;   // time of the first of them, with retries != 0
    logic [15:0] retrans;     // segments retransmitted in this life, saturates
    coarse_t     challenge_at;  // last challenge ACK (RFC 5961 7)
  } tcb_t;

  // What one transition asks for beside the new TCB.
  typedef struct packed {
    logic        waiting;  // the next hop is unresolved
    logic        tw;       // goes to the TIME_WAIT table
    logic        reply;    // flow-less RST with seq = SEG.ACK
    logic        tx;
    logic        tx_text;  // it carries the text that `send_check` measured
    flags_t      tx_flags;
    logic        commit;   // payload is kept
    logic        finish;   // TCP is done with the flow, by `cause`
    logic        reset;    // it ends by a RST that still has to be sent, by `cause`
    cause_e      cause;
    rc_e         rc;       // of a command
    cnt_t        cnt;
  } act_t;

  // How a transition changes the wide fields: each is named, once, by what happens to it. The values
  // come from the event and from stage A; `tl_lane` merges them field by field.
  typedef struct packed {
    logic     syn;         // the peer's SYN is taken in
    logic     una;         // snd_una = SEG.ACK
    logic     window;      // the send window follows this segment
    logic     text;        // the text takes its place
    logic     fin_seq;     // the peer's FIN was seen
    logic     fin_turn;    // it is its turn
    logic     edge_;       // our window as send_check has it
    logic     acked;       // last_ack_sent = rcv_nxt
    logic     nxt;         // what was sent took sequence space
    logic     rtx_nxt;     // it was a retransmission
    logic     data_sent;   // last_send = now
    logic     timed;       // what was sent is timed
    logic     sample;      // the timed segment is acknowledged
    logic     syn_loss;    // RFC 6298 (5.7)
    cc_op_e   cc;
    logic     reopened;    // everything outstanding is sent again
    rtx_src_e rtx;         // the retransmission timer's new deadline
    logic     ack;         // the delayed ACK's deadline
    logic     life;        // FIN-WAIT-2 without a reader
    logic     retries_clear;
    logic     retries_more;
    logic     retrans;     // one more segment retransmitted
    logic     challenge;
    logic     tag;         // the host's options and its tag: the command's argument
    logic     ttl;
    logic     dscp;
    logic     user_timeout;
    logic     fin_arg;     // fin_pos from the command
    logic     fin_tail;    // fin_pos is the tail
  } change_t;

  typedef struct packed {
    act_t    a;
    change_t u;
    ctl_t    c;
  } step_t;

  // Absolute time as the transitions use it.
  typedef struct packed {
    usec_t   us;
    coarse_t coarse;
  } time_t;

  function automatic time_t time_of(input now_t now);
    time_t r;
    r.us     = now[35:0];
    r.coarse = now[43:12];
    return r;
  endfunction

  // States in which data may be sent: synchronized, our stream not finished by the peer's view.
  function automatic logic synchronized(input state_e s);
    return s inside {ST_ESTABLISHED, ST_FIN_WAIT_1, ST_FIN_WAIT_2, ST_CLOSE_WAIT, ST_CLOSING,
                     ST_LAST_ACK, ST_TIME_WAIT};
  endfunction

  // States in which the FIN belongs to what is sent.
  function automatic logic closing(input state_e s);
    return s inside {ST_FIN_WAIT_1, ST_CLOSING, ST_LAST_ACK};
  endfunction

  function automatic logic half_open(input origin_t o, input ctl_t c);
    return o.passive && c.state == ST_SYN_RCVD;
  endfunction

  // Stream position of a sequence number: the SYN takes iss.
  function automatic pos_t stream_pos(input seq_t s, input seq_t initial_seq);
    return s + ~initial_seq;  // minus one more, in one adder
  endfunction

  // Stream position of the peer's sequence number.
  function automatic pos_t rcv_pos(input tcb_t t, input seq_t s);
    return s - t.first;
  endfunction

  // Sequence number after `len` bytes and, with `one`, a SYN or FIN. One adder.
  function automatic seq_t seq_end(input seq_t from, input logic [15:0] len, input logic one);
    logic [32:0] sum;
    sum = {from, 1'b1} + 33'({len, one});
    return sum[32:1];
  endfunction

  // Positions that the host sees: SYN and FIN never count.
  function automatic pos_t sent_to(input tcb_t t, input seq_t s);
    pos_t p;
    p = stream_pos(s, t.o.iss);
    if (p == '1) return '0;  // the SYN itself
    return t.c.shut && seq_gt(p, t.fin_pos) ? t.fin_pos : p;
  endfunction

  // rcv_nxt - (irs + 1) - fin, in one adder.
  function automatic pos_t received_to(input tcb_t t);
    logic [32:0] above;
    above = {t.first, t.c.fin} + {~t.rcv_nxt, 1'b1};
    return ~above[32:1];
  endfunction

  // Our own MSS: what the MTU carries (MUST-67). No IP or TCP options are sent on data segments.
  function automatic logic [15:0] own_mss(input cfg_t cfg);
    return cfg.mtu - 16'd40;
  endfunction

  function automatic logic [31:0] ring_bytes(input cfg_t cfg);
    return 32'd1 << cfg.rx_ring_log2;
  endfunction

  // The window a SYN may carry: never scaled (RFC 7323 2.2).
  function automatic logic [15:0] syn_window(input cfg_t cfg);
    return cfg.rx_ring_log2 >= 5'd16 ? 16'hffff : 16'd1 << cfg.rx_ring_log2;
  endfunction

  // Our shift: the largest ring that 16 bits can describe, 2^16 - 1 units.
  function automatic logic [3:0] own_ws(input cfg_t cfg);
    return cfg.rx_ring_log2 > 5'd16 ? 4'(cfg.rx_ring_log2 - 5'd16) : 4'd0;
  endfunction

  // RTO with backoff (RFC 6298 5.5), capped by (2.5).
  function automatic logic [31:0] backed_off(input logic [31:0] rto, input logic [3:0] doublings,
                                             input cfg_t cfg);
    logic [46:0] v;
    v = 47'(rto) << doublings;
    return v > 47'(cfg.rto_max_us) ? cfg.rto_max_us : v[31:0];
  endfunction

  function automatic usec_t after(input time_t now, input logic [31:0] us);
    return now.us + usec_t'(us);
  endfunction

  function automatic step_t finish(input step_t s, input cause_e cause);
    step_t n;
    n          = s;
    n.a.finish = 1'b1;
    n.a.cause  = cause;
    return n;
  endfunction

  function automatic step_t reset(input step_t s, input cause_e cause);
    step_t n;
    n         = s;
    n.a.reset = 1'b1;
    n.a.cause = cause;
    return n;
  endfunction

  // Carries out `finish` and `reset`: nothing is owed but the RST, no timer runs. A connection that
  // the host has never seen (half open) needs no release.
  function automatic ctl_t conclude(input step_t s, input logic was_half_open);
    ctl_t n;
    n = s.c;
    if (s.a.finish || s.a.reset) begin
      n.done      = s.a.finish;
      n.released  = s.c.released || was_half_open;
      n.owe_rst   = s.a.reset;
      n.owe_syn   = 1'b0;
      n.owe_rtx   = 1'b0;
      n.owe_probe = 1'b0;
      n.owe_ack   = 1'b0;
      n.rtx_on    = 1'b0;
      n.ack_on    = 1'b0;
      n.life_on   = 1'b0;
      if (s.c.cause == CAUSE_NONE) n.cause = s.a.cause;
      if (s.a.reset || s.c.state != ST_TIME_WAIT) n.state = ST_CLOSED;
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
