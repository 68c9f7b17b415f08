// tautline_pkg: the types that cross a seam between two folders of the engine.
//
// A type that only one folder uses lives in that folder. Widths are fixed here for 65,536 flows; a
// table is as deep as its `Flows` parameter says and uses the low bits of `flow_t`.
`default_nettype none

package tautline_pkg;

  // -------------------------------------------------------------------------------- elementary
  typedef logic [15:0] flow_t;  // slot index
  typedef logic [7:0] gen_t;    // life of a slot; a stale generation is dropped and counted
  typedef logic [31:0] seq_t;   // TCP sequence number, modulo 2^32 (RFC 9293 3.4)
  typedef logic [31:0] pos_t;   // stream position: bytes of payload since birth, SYN and FIN not counted
  typedef logic [35:0] usec_t;  // absolute time in microseconds modulo 2^36; half range 9.5 hours
  typedef logic [63:0] now_t;   // absolute time in microseconds, the engine's time input

  // Connection key as seen by this engine: "l" is us, "r" is the peer.
  typedef struct packed {
    logic [31:0] raddr;
    logic [31:0] laddr;
    logic [15:0] rport;
    logic [15:0] lport;
  } key_t;

  typedef struct packed {
    logic cwr;
    logic ece;
    logic urg;
    logic ack;
    logic psh;
    logic rst;
    logic syn;
    logic fin;
  } flags_t;

  // -------------------------------------------------------------------------------- configuration
  // Driven by the register block, stable while `enable` is set.
  typedef struct packed {
    logic        enable;          // accept frames and send; clear to drain
    logic [47:0] mac;
    logic [31:0] ip;
    logic [31:0] netmask;
    logic [31:0] gateway;         // 0: no gateway, off-link destinations are unreachable
    logic        vlan_en;         // send with, and accept only, this 802.1Q VLAN id
    logic [15:0] vlan_tci;        // PCP, DEI, VID
    logic [15:0] mtu;             // IP packet bytes, 576 to 1500 (9000 with a MAC that carries it)
    logic        df;              // set Don't Fragment
    logic [7:0]  ttl;             // default for new flows
    logic [5:0]  dscp;            // default for new flows
    logic        nodelay;         // default for new flows: Nagle off
    logic [4:0]  rx_ring_log2;    // bytes of one flow's receive ring in host memory, 12 to 22
    logic [31:0] rto_min_us;      // RFC 6298 (2.4); 1,000,000 by default
    logic [31:0] rto_init_us;     // RFC 6298 (2.1)
    logic [31:0] rto_max_us;      // RFC 6298 (2.5); >= 60 s
    logic [31:0] delack_us;       // delayed ACK; 40,000 by default, < 500,000 (MUST-40)
    logic [31:0] user_timeout_us; // R2 for data (SHLD-11: >= 100 s)
    logic [31:0] syn_timeout_us;  // R2 for a SYN (MUST-23: >= 180 s)
    logic [7:0]  r1_retries;      // R1: advice to the host after this many retransmissions (SHLD-10)
    logic [31:0] time_wait_us;    // 2 MSL; 240 s by default
    logic [31:0] fin_wait2_us;    // FIN_WAIT_2 without a reader; 60 s by default
    logic [31:0] challenge_us;    // RFC 5961: one challenge ACK per connection per this interval
    logic [31:0] reply_us;        // flow-less replies: one token per this interval, burst of 64
    logic [31:0] arp_timeout_us;  // age at which a used entry is refreshed by unicast request
  } cfg_t;

  typedef struct packed {
    logic [127:0] isn_key;   // SipHash-2-4 key of RFC 6528's F()
    logic [127:0] hash_key;  // key of the lookup hash
    logic [127:0] port_key;  // RFC 6056 ephemeral port offset
  } secret_t;

  // -------------------------------------------------------------------------------- net -> tcp
  // A TCP segment whose FCS, IP and TCP checksums and lengths were all good.
  typedef struct packed {
    key_t        key;
    logic [47:0] src_mac;
    seq_t        seq;
    seq_t        ack;
    flags_t      flags;
    logic [15:0] wnd;      // as on the wire, unscaled
    logic [15:0] len;      // payload bytes
    logic        mss_ok;   // option present with a legal length; the value is the wire's
    logic [15:0] mss;
    logic        ws_ok;
    logic [3:0]  ws;       // a shift above 14 reads as 14 (RFC 7323 2.3)
    logic        sack_ok;  // SACK permitted
    logic        ts_ok;
    logic [31:0] tsval;
    logic [31:0] tsecr;
  } seg_t;

  // Answer of the neighbour table for one next hop.
  typedef enum logic [1:0] {
    NBR_PENDING = 2'd0,   // a request is under way; the flow waits
    NBR_RESOLVED = 2'd1,
    NBR_FAILED = 2'd2     // nobody answered, or no route: host unreachable
  } nbr_e;

  // -------------------------------------------------------------------------------- tcp -> net
  // One segment that a flow sends. Payload is bytes [pos, pos+len) of the flow's transmit stream.
  typedef struct packed {
    flow_t       flow;
    key_t        key;
    logic [47:0] dst_mac;
    seq_t        seq;
    seq_t        ack;
    flags_t      flags;
    logic [15:0] wnd;      // as on the wire
    pos_t        pos;
    logic [15:0] len;
    logic [15:0] mss;      // MSS option, sent only with SYN
    logic        ws_ok;    // window scale option, sent only with SYN
    logic [3:0]  ws;
    logic [7:0]  ttl;
    logic [5:0]  dscp;
  } tx_req_t;

  // A segment without a flow (RST, TIME_WAIT ACK, challenge ACK): no payload, no options.
  typedef struct packed {
    key_t        key;
    logic [47:0] dst_mac;  // source MAC of the frame that is answered
    seq_t        seq;
    seq_t        ack;
    flags_t      flags;
    logic [15:0] wnd;
  } reply_t;

  // -------------------------------------------------------------------------------- tcp -> payload
  // The transition's verdict over the payload of one segment. Exactly one per segment with len > 0,
  // in the order in which `tl_net` gave the verdicts.
  typedef struct packed {
    logic        commit;     // else drop the whole payload
    flow_t       flow;
    gen_t        gen;
    pos_t        pos;        // stream position of the first byte that is kept
    logic [15:0] head;       // bytes trimmed in front
    logic [15:0] len;        // bytes kept, > 0 when commit
    pos_t        delivered;  // every byte below this is in order once these bytes have landed
  } rx_answer_t;

  // A range of one flow's stream on its way to the host or from it. The data travels as words in
  // which the byte of position p sits in lane p % (DataW/8), so no side needs to shift.
  typedef struct packed {
    flow_t       flow;
    gen_t        gen;
    pos_t        pos;
    logic [15:0] len;
    pos_t        delivered;  // receive only
    logic        more;       // transmit only: the bytes that follow in the stream are on their way
  } range_t;

  // A slot's life ends, or begins after reset: positions are zero again under the new generation.
  typedef struct packed {
    flow_t flow;
    gen_t  gen;
  } life_t;

  // A stream position reported for a flow (transmit tail, read position, acknowledged, delivered).
  typedef struct packed {
    flow_t flow;
    gen_t  gen;
    pos_t  pos;
  } flow_pos_t;

  // -------------------------------------------------------------------------------- host port
  // State numbers as the host sees them (RFC 9293 3.3.2).
  typedef enum logic [3:0] {
    ST_CLOSED = 4'd0,
    ST_LISTEN = 4'd1,
    ST_SYN_SENT = 4'd2,
    ST_SYN_RCVD = 4'd3,
    ST_ESTABLISHED = 4'd4,
    ST_FIN_WAIT_1 = 4'd5,
    ST_FIN_WAIT_2 = 4'd6,
    ST_CLOSE_WAIT = 4'd7,
    ST_CLOSING = 4'd8,
    ST_LAST_ACK = 4'd9,
    ST_TIME_WAIT = 4'd10
  } state_e;

  // Why a flow ended, sticky until release.
  typedef enum logic [3:0] {
    CAUSE_NONE = 4'd0,
    CAUSE_REFUSED = 4'd1,      // RST in SYN_SENT            -> ECONNREFUSED
    CAUSE_RESET = 4'd2,        // RST from the peer          -> ECONNRESET
    CAUSE_TIMEOUT = 4'd3,      // R2 passed                  -> ETIMEDOUT
    CAUSE_UNREACHABLE = 4'd4,  // no neighbour, no route     -> EHOSTUNREACH
    CAUSE_ABORTED = 4'd5,      // the host's own abort       -> ECONNABORTED
    CAUSE_LINK = 4'd6          // host link or DMA error     -> EIO
  } cause_e;

  typedef enum logic [7:0] {
    CMD_NOP = 8'd0,
    CMD_OPEN = 8'd1,      // key.raddr, key.rport, key.lport (0: ephemeral), arg0 = host tag
    CMD_LISTEN = 8'd2,    // key.lport, key.laddr (0: any), arg0 = tag, arg1 = {unaccepted[15:0], half_open[15:0]}
    CMD_UNLISTEN = 8'd3,  // flow = listener index
    CMD_ACCEPT = 8'd4,    // flow, gen, arg0 = host tag
    CMD_SHUTDOWN = 8'd5,  // flow, gen, arg0 = stream position of the FIN
    CMD_ABORT = 8'd6,     // flow, gen
    CMD_RELEASE = 8'd7,   // flow, gen
    CMD_SETOPT = 8'd8,    // flow, gen, arg0 = opt_e, arg1 = value
    CMD_QUERY = 8'd9      // flow, gen; completes with info_t
  } cmd_e;

  typedef enum logic [7:0] {
    OPT_NODELAY = 8'd0,       // 0 or 1
    OPT_TTL = 8'd1,           // 1..255
    OPT_DSCP = 8'd2,          // 0..63
    OPT_USER_TIMEOUT = 8'd3,  // microseconds; 0: the default
    OPT_QUICKACK = 8'd4       // 0 or 1: acknowledge every segment at once
  } opt_e;

  typedef enum logic [7:0] {
    RC_OK = 8'd0,
    RC_NO_SLOT = 8'd1,       // EMFILE: all flow slots are in use
    RC_IN_USE = 8'd2,        // EADDRINUSE: 4-tuple, port or listener taken
    RC_TABLE_FULL = 8'd3,    // ENOBUFS: lookup set or listener table full
    RC_STALE = 8'd4,         // EBADF: generation is of an older life
    RC_BAD_STATE = 8'd5,     // ENOTCONN, EISCONN: not in this state
    RC_BAD_ARG = 8'd6,       // EINVAL: address, port, option or value
    RC_NO_PORT = 8'd7,       // EADDRNOTAVAIL: no free ephemeral port
    RC_UNREACHABLE = 8'd8    // EHOSTUNREACH: no route
  } rc_e;

  typedef struct packed {
    cmd_e        op;
    logic [15:0] cookie;  // returned with the completion
    flow_t       flow;
    gen_t        gen;
    key_t        key;
    logic [31:0] arg0;
    logic [31:0] arg1;
  } cmd_t;

  // tcp_info-like snapshot, taken in the lane.
  typedef struct packed {
    logic [31:0] rto_us;
    logic [31:0] srtt_us;
    logic [31:0] rttvar_us;
    logic [31:0] cwnd;       // bytes
    logic [31:0] ssthresh;   // bytes
    logic [31:0] snd_wnd;    // bytes
    logic [31:0] rcv_wnd;    // bytes
    logic [31:0] pipe;       // bytes in flight
    logic [31:0] retrans;    // segments retransmitted in this life
    logic [15:0] snd_mss;
    logic [15:0] rcv_mss;
    logic [3:0]  snd_ws;
    logic [3:0]  rcv_ws;
    logic [3:0]  ca_state;   // 0 open, 1 recovery, 2 loss
    logic [3:0]  backoff;
    state_e      state;
    logic [11:0] zero;
  } info_t;                  // 352 bits = 11 words

  // One command, one completion.
  typedef struct packed {
    logic [15:0] cookie;
    rc_e         rc;
    flow_t       flow;
    gen_t        gen;
    info_t       info;  // CMD_QUERY only
  } cpl_t;

  // Level status of a flow: positions are cumulative, so a later report replaces an earlier one.
  // `delivered` is joined by the host port, because only the carrier knows what has landed.
  typedef struct packed {
    gen_t        gen;
    logic [31:0] tag;        // host tag (OPEN, ACCEPT) or the listener's tag until accepted
    logic        listening;  // born of a listener and not accepted yet
    logic        active;     // slot is in use: from birth to release
    logic        fin;        // the peer's FIN was received in order: the stream ends at rx_end
    logic        done;       // TCP is finished; the slot waits for release
    logic        r1;         // R1 retransmissions passed (SHLD-9)
    state_e      state;
    cause_e      cause;
    key_t        key;
    pos_t        rx_end;     // bytes received in order; equals delivered once all have landed
    pos_t        acked;      // bytes of ours acknowledged
    pos_t        sent;       // bytes of ours sent at least once
    pos_t        taken;      // read position as the engine knows it
    logic [15:0] snd_mss;
  } status_t;

  // Everything the host port tells: a flow's status or a completion.
  typedef struct packed {
    logic    is_cpl;
    flow_t   flow;
    status_t status;
    pos_t    delivered;
    cpl_t    cpl;
  } host_evt_t;

  // -------------------------------------------------------------------------------- counters
  // One pulse vector per folder, ORed at the top; index = register number in the counter block.
  localparam int unsigned Counters = 64;
  typedef logic [Counters-1:0] cnt_t;
  typedef enum int unsigned {
    // net, receive
    CNT_RX_FRAMES = 0,
    CNT_RX_BAD_FCS = 1,          // tuser on the last word
    CNT_RX_NOT_FOR_US = 2,       // MAC, VLAN or IP address
    CNT_RX_NOT_IP = 3,           // IPv6 and other ethertypes
    CNT_RX_IP_ERROR = 4,         // version, header length, total length, header checksum
    CNT_RX_FRAGMENT = 5,
    CNT_RX_NOT_TCP = 6,          // IP protocol neither TCP nor ICMP
    CNT_RX_TCP_CHECKSUM = 7,
    CNT_RX_TCP_ERROR = 8,        // data offset, length, runt
    CNT_RX_TCP_OPTION = 9,       // illegal option length
    CNT_RX_NO_ROOM = 10,         // payload FIFO or event FIFO full
    CNT_RX_TCP_SEGMENTS = 11,
    CNT_ARP_REQUESTS_IN = 12,
    CNT_ARP_REPLIES_IN = 13,
    CNT_ARP_REQUESTS_OUT = 14,
    CNT_ARP_FAILED = 15,
    CNT_ICMP_ECHO = 16,
    CNT_ICMP_DROPPED = 17,
    CNT_REPLY_DROPPED = 18,      // reply FIFO full or rate limit
    // net, transmit
    CNT_TX_FRAMES = 19,
    CNT_TX_TCP_SEGMENTS = 20,
    CNT_TX_REPLIES = 21,
    // tcp
    CNT_ACTIVE_OPENS = 22,
    CNT_PASSIVE_OPENS = 23,
    CNT_ESTABLISHED = 24,
    CNT_ATTEMPT_FAILS = 25,      // from SYN_SENT or SYN_RCVD to CLOSED
    CNT_RESETS_IN = 26,
    CNT_RESETS_OUT = 27,
    CNT_NO_FLOW = 28,            // segment without flow or listener
    CNT_LISTEN_OVERFLOW = 29,    // half-open or unaccepted limit
    CNT_NO_SLOT = 30,
    CNT_TABLE_FULL = 31,
    CNT_RETRANS_SEGS = 32,
    CNT_RTO = 33,
    CNT_FAST_RETRANS = 34,
    CNT_PARTIAL_ACKS = 35,
    CNT_DUP_ACKS_IN = 36,
    CNT_OUT_OF_ORDER = 37,       // segment queued out of order
    CNT_OOO_DROPPED = 38,        // no free range
    CNT_DUP_SEGS_IN = 39,        // wholly old data
    CNT_OUT_OF_WINDOW = 40,      // unacceptable sequence number
    CNT_TRIMMED = 41,            // partly outside the window
    CNT_BAD_ACK = 42,            // RFC 5961 5.2
    CNT_CHALLENGE_ACKS = 43,
    CNT_CHALLENGE_LIMITED = 44,
    CNT_DELAYED_ACKS = 45,
    CNT_PROBES_OUT = 46,         // zero-window probes
    CNT_WINDOW_UPDATES = 47,
    CNT_TIMEOUT_ABORTS = 48,     // R2
    CNT_UNREACHABLE_ABORTS = 49,
    CNT_TIME_WAIT = 50,          // entered
    CNT_TIME_WAIT_RECYCLED = 51, // table full: the oldest gave way
    CNT_TIME_WAIT_REOPENED = 52,
    CNT_STALE_GEN = 53,          // command, doorbell or segment of an older life
    CNT_FIN_WAIT2_TIMEOUT = 54,
    CNT_DATA_AFTER_CLOSE = 55,
    // host link
    CNT_DOORBELL_BAD = 56,       // out of range, beyond the ring, backwards
    CNT_CMD_OVERFLOW = 57,       // command without a credit
    CNT_PUSH_USED = 58,
    CNT_PUSH_UNUSED = 59,
    CNT_DMA_ERROR = 60,
    CNT_STATUS_STALLED = 61,     // status ring full
    CNT_IRQ = 62,
    CNT_LINK_BAD_FRAME = 63      // byte-stream link: garbage or a wrong check
  } cnt_e;

  // ---------------------------------------------------------------------------- sequence numbers
  // RFC 9293 3.4: compared modulo 2^32, by these functions only. Stream positions share them.
  function automatic logic seq_lt(input seq_t a, input seq_t b);
    return $signed(a - b) < 0;
  endfunction

  function automatic logic seq_leq(input seq_t a, input seq_t b);
    return !seq_lt(b, a);
  endfunction

  function automatic logic seq_gt(input seq_t a, input seq_t b);
    return seq_lt(b, a);
  endfunction

  function automatic logic seq_geq(input seq_t a, input seq_t b);
    return !seq_lt(a, b);
  endfunction

  function automatic seq_t seq_max(input seq_t a, input seq_t b);
    return seq_lt(a, b) ? b : a;
  endfunction

  function automatic seq_t seq_min(input seq_t a, input seq_t b);
    return seq_lt(a, b) ? a : b;
  endfunction

  // Absolute microsecond deadlines, modulo 2^36.
  function automatic logic usec_reached(input usec_t deadline, input usec_t now);
    return $signed(now - deadline) >= 0;
  endfunction

endpackage

`default_nettype wire
