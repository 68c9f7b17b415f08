// Generated from rtl/regs/tautline.rdl by rtl/regs/generate.py. Do not edit.
// Message layouts and the identity of the map.
`default_nettype none

package tl_msg_pkg;

  // Only the register block reads it.
  /* verilator lint_off UNUSEDPARAM */
  localparam logic [31:0] MapHash = 32'h203CD06C;
  /* verilator lint_on UNUSEDPARAM */

  typedef enum logic [7:0] {
    KIND_STATUS = 8'd1,
    KIND_COMPLETION = 8'd2,
    KIND_LINK_ERROR = 8'd3
  } kind_e;

  typedef enum logic [3:0] {
    LINK_NONE = 4'd0,
    LINK_READ_ERROR = 4'd1,
    LINK_WRITE_ERROR = 4'd2
  } link_cause_e;

  typedef enum logic [7:0] {
    STREAM_HELLO = 8'd1,
    STREAM_CREDIT = 8'd2,
    STREAM_PING = 8'd3,
    STREAM_WRITE = 8'd4,
    STREAM_READ = 8'd5,
    STREAM_VALUE = 8'd6,
    STREAM_SEND = 8'd7,
    STREAM_TAKEN = 8'd8,
    STREAM_SPACE = 8'd9,
    STREAM_DELIVER = 8'd10,
    STREAM_ENTRY = 8'd11,
    STREAM_LOST = 8'd12
  } stream_type_e;

  // Byte-stream links.
  /* verilator lint_off UNUSEDPARAM */
  localparam int unsigned StreamMagic = 167;
  localparam int unsigned StreamVersion = 1;
  localparam int unsigned StreamMaxData = 1024;
  localparam int unsigned StreamMaxLength = 1032;
  localparam int unsigned StreamFrameCost = 4;
  localparam int unsigned StreamCreditUnit = 256;
  /* verilator lint_on UNUSEDPARAM */

  // CMD0 to CMD7.
  typedef struct packed {
    logic [31:0] submit;
    logic [31:0] laddr;
    logic [31:0] arg1;
    logic [31:0] arg0;
    logic [15:0] rport;
    logic [15:0] lport;
    logic [31:0] raddr;
    logic [7:0] gen;
    logic [7:0] fill0;
    logic [15:0] slot;
    logic [15:0] cookie;
    logic [7:0] fill1;
    logic [7:0] op;
  } command_msg_t;

  // Status ring entry, kind STATUS: level state of a flow. Positions are cumulative, so a
  // later entry replaces an earlier one.
  typedef struct packed {
    logic phase;
    logic [158:0] fill0;
    logic [31:0] taken;
    logic [31:0] sent;
    logic [31:0] acked;
    logic [31:0] rx_end;
    logic [31:0] delivered;
    logic [31:0] laddr;
    logic [15:0] rport;
    logic [15:0] lport;
    logic [31:0] raddr;
    logic [15:0] snd_mss;
    logic [2:0] fill1;
    logic listening;
    logic r1;
    logic done;
    logic fin;
    logic active;
    logic [3:0] cause;
    logic [3:0] state;
    logic [31:0] tag;
    logic [7:0] gen;
    logic [7:0] kind;
    logic [15:0] slot;
  } status_entry_msg_t;

  // Status ring entry, kind COMPLETION. The words from rto_us on are valid for QUERY.
  typedef struct packed {
    logic phase;
    logic [94:0] fill0;
    logic [3:0] snd_ws;
    logic [3:0] rcv_ws;
    logic [3:0] ca_state;
    logic [3:0] backoff;
    logic [3:0] state;
    logic [11:0] fill1;
    logic [15:0] snd_mss;
    logic [15:0] rcv_mss;
    logic [31:0] retrans;
    logic [31:0] pipe;
    logic [31:0] rcv_wnd;
    logic [31:0] snd_wnd;
    logic [31:0] ssthresh;
    logic [31:0] cwnd;
    logic [31:0] rttvar_us;
    logic [31:0] srtt_us;
    logic [31:0] rto_us;
    logic [7:0] fill2;
    logic [7:0] rc;
    logic [15:0] cookie;
    logic [7:0] gen;
    logic [7:0] kind;
    logic [15:0] slot;
  } completion_entry_msg_t;

  // Status ring entry, kind LINK_ERROR: nothing follows it until a reset.
  typedef struct packed {
    logic phase;
    logic [382:0] fill0;
    logic [31:0] address_hi;
    logic [31:0] address_lo;
    logic [27:0] fill1;
    logic [3:0] cause;
    logic [7:0] gen;
    logic [7:0] kind;
    logic [15:0] slot;
  } link_error_entry_msg_t;

  // BAR 2 at 64 * slot, one 64-byte write. Payload bytes are contiguous from byte 16 +
  // position % 8 and end within the line.
  typedef struct packed {
    logic [31:0] payload11;
    logic [31:0] payload10;
    logic [31:0] payload9;
    logic [31:0] payload8;
    logic [31:0] payload7;
    logic [31:0] payload6;
    logic [31:0] payload5;
    logic [31:0] payload4;
    logic [31:0] payload3;
    logic [31:0] payload2;
    logic [31:0] payload1;
    logic [31:0] payload0;
    logic [31:0] zero3;
    logic [31:0] zero2;
    logic [31:0] position;
    logic [7:0] gen;
    logic [7:0] len;
    logic [15:0] fill0;
  } push_line_msg_t;

  // Head of every frame of a byte-stream link. A frame with a length other than zero goes on
  // with so many bytes and their CRC-32.
  typedef struct packed {
    logic [15:0] check;
    logic [7:0] credit;
    logic [7:0] seq;
    logic [15:0] length;
    logic [7:0] kind;
    logic [7:0] magic;
  } stream_header_msg_t;

  // First frame of a session, from the host and as the answer of the board.
  typedef struct packed {
    logic [15:0] fill0;
    logic [15:0] credit;
    logic [31:0] nonce;
    logic [31:0] map_hash;
    logic [10:0] fill1;
    logic [4:0] space_log2;
    logic [15:0] version;
  } stream_hello_msg_t;

  // Write of one register or of several that follow each other; the words of the others
  // follow.
  typedef struct packed {
    logic [31:0] value;
    logic [31:0] offset;
  } stream_write_msg_t;

  // Read of one register.
  typedef struct packed {
    logic [31:0] zero;
    logic [31:0] offset;
  } stream_read_msg_t;

  // Answer to READ. Reads are answered in order.
  typedef struct packed {
    logic [31:0] value;
  } stream_value_msg_t;

  // Head of bytes to send.
  typedef struct packed {
    logic [31:0] position;
    logic [7:0] gen;
    logic [6:0] fill0;
    logic more;
    logic [15:0] slot;
  } stream_send_msg_t;

  // A position of one flow.
  typedef struct packed {
    logic [31:0] position;
    logic [7:0] gen;
    logic [7:0] fill0;
    logic [15:0] slot;
  } stream_place_msg_t;

  // Head of received bytes; an out-of-order segment comes at its own place.
  typedef struct packed {
    logic [31:0] position;
    logic [7:0] gen;
    logic [7:0] fill0;
    logic [15:0] slot;
  } stream_deliver_msg_t;

endpackage

`default_nettype wire
