// tl_usb_rx: bytes from the host into whole, checked messages; keeps the session.
//
// A header is any eight bytes in a row with the right magic, check and a length that fits, so after
// garbage the next frame that begins is found. Payload goes into a FIFO and is seen by nobody before
// its CRC was right; HELLO, CREDIT and PING do not need the FIFO and pass when it is full. A gap in
// the sequence numbers, a message without credit or one that makes no sense ends the session: then
// only HELLO is heard. Bytes that leave the FIFO are the credit that returns to the host.
// In the FIFO a message is {kind, length[15:0], zero}, then its bytes.
//
// Latency: last byte of a frame -> first byte of the message at `m_data` 3 cycles.
// Throughput: one byte a cycle, 1 cycle more for a header and 1 for a CRC; 2 cycles a byte of garbage.
// Hazard: HELLO empties the FIFO, also in the middle of a message.
// Reference: docs/usb.md.
`default_nettype none
`include "tl_assert.svh"

module tl_usb_rx
  import tl_usb_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned RxBytes = 4096
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        s_byte_valid,
    output logic             s_byte_ready,
    input  wire logic [7:0]  s_byte_data,
    // The session.
    output logic             hello,         // pulse: a session begins
    output logic [31:0]      hello_nonce,   // with `hello`
    output logic [15:0]      hello_credit,  // with `hello`: the host's buffer
    output logic             ping,          // pulse
    output logic             lost,          // pulse: the session ends
    output logic             link_up,
    output logic [7:0]       peer_credit,   // units that the host has given back
    output logic [7:0]       credit,        // units that have left the FIFO
    // Messages.
    output logic             m_valid,
    input  wire logic        m_ready,
    output logic [7:0]       m_data,
    input  wire logic        malformed,     // pulse: the message makes no sense
    output logic             cnt_bad,
    output logic             busy
);
  localparam int unsigned AddrW = $clog2(RxBytes);
  localparam int unsigned Prefix = StreamFrameCost;
  // What the register holds after good bytes and their CRC.
  localparam logic [31:0] Crc32Good = 32'hDEBB20E3;

  if (RxBytes != 1 << AddrW || RxBytes < 2048 || RxBytes > 32768) begin : g_bad_size
    $error("RxBytes must be a power of two from 2048 to 32768");
  end

  // ------------------------------------------------------------------------------ frames
  typedef enum logic [1:0] {
    RX_HEAD,
    RX_DATA,
    RX_CRC,
    RX_JUDGE
  } rx_e;

  rx_e state_q;
  logic [63:0] window_q;  // the last eight bytes, the oldest lowest
  logic [3:0] count_q;    // of them, those that may be of the next header; bytes of the CRC
  logic hunting_q;
  stream_header_msg_t window, head_q;
  logic take, decide, judge, header_good, frame_good;
  logic [31:0] crc_q;
  logic [15:0] left_q;
  logic fits_q;
  logic [7:0] frame_kind, frame_seq, frame_credit;
  logic [15:0] frame_length;

  assign window = stream_header_msg_t'(window_q);
  assign decide = state_q == RX_HEAD && count_q == 4'd8;
  assign judge = state_q == RX_JUDGE;
  assign s_byte_ready = !decide && !judge;
  assign take = s_byte_valid && s_byte_ready;

  always_comb begin
    header_good = 1'b0;
    if (decide) begin
      header_good = window.magic == 8'(StreamMagic) && window.length <= 16'(StreamMaxLength) &&
                    window.check == header_check(window_q[47:0]);
    end
  end

  // A frame is whole with its header or with its CRC.
  assign frame_good = (header_good && window.length == 16'd0) || (judge && crc_q == Crc32Good);
  assign frame_kind = judge ? head_q.kind : window.kind;
  assign frame_seq = judge ? head_q.seq : window.seq;
  assign frame_credit = judge ? head_q.credit : window.credit;
  assign frame_length = judge ? head_q.length : 16'd0;

  // ------------------------------------------------------------------------------ what it means
  logic [7:0] expect_q;
  logic fits, queued, sound, in_order, commit;

  assign fits = judge && fits_q;
  always_comb begin
    queued = 1'b0;
    sound = 1'b0;
    case (frame_kind)
      STREAM_CREDIT, STREAM_PING: sound = frame_length == 16'd0;
      STREAM_WRITE, STREAM_READ, STREAM_SEND, STREAM_TAKEN: begin
        queued = 1'b1;
        sound = fits && frame_length >= 16'd8;
      end
      default: ;
    endcase
  end

  assign hello = frame_good && frame_kind == STREAM_HELLO && frame_length == 16'd16;
  assign hello_nonce = window_q[31:0];
  assign hello_credit = window_q[47:32];
  assign in_order = frame_good && !hello && link_up && frame_seq == expect_q && sound;
  assign lost = link_up && ((frame_good && !hello && !in_order) || malformed);
  assign ping = in_order && frame_kind == STREAM_PING;
  assign commit = in_order && queued;

  always_ff @(posedge clk) begin
    if (rst) begin
      link_up <= 1'b0;
    end else if (hello) begin
      link_up <= 1'b1;
    end else if (lost) begin
      link_up <= 1'b0;
    end
    if (hello) begin
      expect_q <= 8'd1;
      peer_credit <= '0;
    end else if (in_order) begin
      expect_q <= expect_q + 8'd1;
      peer_credit <= frame_credit;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= RX_HEAD;
      count_q <= '0;
      hunting_q <= 1'b0;
      cnt_bad <= 1'b0;
    end else begin
      cnt_bad <= (decide && !header_good && !hunting_q) || (judge && !frame_good) || lost;
      case (state_q)
        RX_HEAD: begin
          if (take) count_q <= count_q + 4'd1;
          if (decide) begin
            hunting_q <= !header_good;
            count_q <= header_good ? 4'd0 : 4'd7;
            if (header_good && window.length != 16'd0) state_q <= RX_DATA;
          end
        end
        RX_DATA: if (take && left_q == 16'd1) state_q <= RX_CRC;
        RX_CRC: begin
          if (take) count_q <= count_q + 4'd1;
          if (take && count_q == 4'd3) state_q <= RX_JUDGE;
        end
        RX_JUDGE: begin
          state_q <= RX_HEAD;
          count_q <= '0;
        end
      endcase
    end
    // The last eight bytes of a payload stay: HELLO is read from here.
    if (take && state_q != RX_CRC) window_q <= {s_byte_data, window_q[63:8]};
    if (decide) begin
      head_q <= window;
      left_q <= window.length;
      crc_q <= '1;
    end else if (take) begin
      left_q <= left_q - 16'd1;
      crc_q <= crc32(crc_q, s_byte_data);
    end
  end

  // ------------------------------------------------------------------------------ FIFO
  // Positions count bytes of the session modulo 2^16. The prefix is written while the CRC comes in.
  logic [15:0] commit_q, write_q, read_q, used;
  logic we, re;
  logic [AddrW-1:0] waddr;
  logic [7:0] wdata;

  assign used = commit_q - read_q;
  assign we = take && (state_q == RX_DATA || state_q == RX_CRC) && fits_q;
  assign waddr = state_q == RX_CRC ? AddrW'(commit_q + 16'(count_q)) : AddrW'(write_q);
  always_comb begin
    wdata = s_byte_data;
    if (state_q == RX_CRC) begin
      case (count_q[1:0])
        2'd0: wdata = head_q.kind;
        2'd1: wdata = head_q.length[7:0];
        2'd2: wdata = head_q.length[15:8];
        default: wdata = '0;
      endcase
    end
  end
  assign re = read_q != commit_q && (!m_valid || m_ready) && !hello;
  assign credit = read_q[15:8];

  always_ff @(posedge clk) begin
    if (rst || hello) begin
      commit_q <= '0;
      read_q <= '0;
      m_valid <= 1'b0;
    end else begin
      if (commit) commit_q <= write_q;
      if (re) read_q <= read_q + 16'd1;
      if (re) m_valid <= 1'b1;
      else if (m_ready) m_valid <= 1'b0;
    end
    if (decide) begin
      write_q <= commit_q + 16'(Prefix);
      fits_q <= 32'(used) + 32'(window.length) + Prefix <= RxBytes;
    end else if (we && state_q == RX_DATA) begin
      write_q <= write_q + 16'd1;
    end
  end

  tl_ram_1r1w #(
      .Width(8),
      .Depth(RxBytes)
  ) u_ram (
      .clk,
      .we,
      .waddr,
      .wdata,
      .re,
      .raddr(AddrW'(read_q)),
      .rdata(m_data)
  );

  assign busy = decide || judge || read_q != commit_q || m_valid;

  `TL_ASSERT(a_message_stable, !$past(m_valid && !m_ready && !hello && !rst) || (m_valid && $stable(m_data)))

  logic unused;
  assign unused = ^{head_q.magic, head_q.check, write_q};

endmodule

`default_nettype wire
