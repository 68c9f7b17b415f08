// tcp_pkg: the types that cross between the modules of rtl/tcp.
`default_nettype none

package tcp_pkg;
  import tautline_pkg::*;

  // What a birth needs; valid with `birth` in a segment (passive open) or command (active open).
  typedef struct packed {
    key_t       key;
    seq_t       isn;
    logic       passive;
    logic [3:0] listener;
    logic [3:0] listener_gen;
    logic [31:0] tag;        // listener's tag or host's tag
  } birth_t;

  // A segment on its way into the lane.
  typedef struct packed {
    logic   drop;   // no flow: the lane only answers "drop" for its payload
    logic   birth;  // first segment of a new flow: initialise the TCB
    flow_t  flow;
    gen_t   gen;
    seg_t   seg;
    birth_t info;
  } lane_seg_t;

  // A command on its way into the lane; OPEN arrives with its slot, ISN and complete key.
  typedef struct packed {
    logic   birth;
    cmd_t   cmd;
    birth_t info;
  } lane_cmd_t;

  // The deadlines of one flow. {RTO, persist} exclude each other and share `rtx`.
  typedef struct packed {
    logic  rtx_on;
    usec_t rtx;
    logic  ack_on;   // delayed ACK
    usec_t ack;
    logic  life_on;  // FIN_WAIT_2, neighbour wait, user timeout, linger
    usec_t life;
  } timers_t;

  // A connection that leaves its TCB for the TIME_WAIT table (RFC 9293 3.10.7.8, RFC 6191).
  typedef struct packed {
    key_t        key;
    seq_t        rcv_nxt;
    seq_t        snd_nxt;
    logic        ts_ok;
    logic [31:0] ts_recent;
    logic [47:0] mac;  // where the final ACK went
  } tw_t;

  // Changes of a listener's two populations.
  typedef struct packed {
    logic [3:0] listener;
    logic [3:0] listener_gen;
    logic       half_open_dec;
    logic       unaccepted_inc;
    logic       unaccepted_dec;
  } lsn_notice_t;

endpackage

`default_nettype wire
