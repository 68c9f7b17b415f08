// tl_rx_deliver: holds the payload of received segments until the transition has answered for it,
// then delivers what is kept as words in which the byte of stream position p lies in lane p %
// Bytes. This is the receive direction's one byte shifter.
//
// Raw words of a frame are written as they come. A bad verdict, or a good one without payload,
// takes the write pointer back; a good one makes them a frame that waits for its answer. `room`
// says that a frame of MaxFrame bytes fits beyond another one that has been let in and not been
// written yet.
//
// Latency: answer -> `m_rx_valid` 2 cycles; header taken -> first word 2 cycles later, or 3 if
//   the first kept byte's lane in the ring is below its lane in the frame. A dropped frame takes
//   1 cycle.
// Throughput: one word a cycle; from a frame's last word to the next header 1 cycle if its answer
//   is there.
// Hazard: lanes outside the range are not defined. A verdict may come in the cycle of its last
//   word, the next frame's first word only after it.
// Reference: none.
`default_nettype none
`include "tl_assert.svh"

module tl_rx_deliver
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned RxFifoBytes = 16384,
    parameter int unsigned MaxFrame = 1536,
    parameter int unsigned Frames = 64,  // descriptors
    localparam int unsigned Bytes = DataW / 8,
    localparam int unsigned LaneW = $clog2(Bytes)
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             s_pay_valid,
    input  wire logic [DataW-1:0] s_pay_data,
    input  wire logic             s_verdict_valid,
    input  wire logic             s_verdict_good,
    input  wire logic [15:0]      s_verdict_len,
    input  wire logic [LaneW-1:0] s_verdict_lane,
    input  wire logic             s_ans_valid,
    input  wire rx_answer_t       s_ans,
    output logic                  m_rx_valid,
    input  wire logic             m_rx_ready,
    output range_t                m_rx,
    output logic                  m_rx_data_valid,
    input  wire logic             m_rx_data_ready,
    output logic [DataW-1:0]      m_rx_data,
    output logic                  m_rx_data_last,
    output logic                  m_rx_waiting,  // another frame waits behind the one being delivered
    output logic                  room,
    output logic                  busy
);
  localparam int unsigned Depth = RxFifoBytes / Bytes;
  localparam int unsigned AddrW = $clog2(Depth);
  // Two frames, and the words that move between a look at `room` and its register.
  localparam int unsigned Reserve = 2 * (MaxFrame / Bytes + 1) + 4;
  localparam int unsigned FramesW = $clog2(Frames + 1);

  if (DataW < 32 || DataW > 1024 || DataW != 1 << $clog2(DataW)) begin : g_bad_width
    $error("DataW must be a power of two from 32 to 1024");
  end
  if (RxFifoBytes != 1 << $clog2(RxFifoBytes) || RxFifoBytes < 4 * MaxFrame ||
      AddrW > 15) begin : g_bad_fifo
    $error("RxFifoBytes must be a power of two, at least 4 * MaxFrame and at most 32,768 words");
  end
  if (Frames < 8) begin : g_bad_frames
    $error("Frames must be at least 8");
  end

  typedef logic [AddrW:0] ptr_t;  // one bit more than the address: full is not empty

  typedef struct packed {
    logic [15:0]      len;
    logic [LaneW-1:0] lane;
  } frame_t;

  // Words that `len` bytes from `lane` on touch.
  function automatic ptr_t words(input logic [15:0] len, input logic [LaneW-1:0] lane);
    logic [16:0] bytes;
    bytes = 17'(len) + 17'(lane) + 17'(Bytes - 1);
    return (AddrW + 1)'(bytes >> LaneW);
  endfunction

  // ------------------------------------------------------------------------------ write
  ptr_t   start_q;  // of the frame that is being written
  ptr_t   write_q, write_d;
  ptr_t   tail_q;   // words below it have been read
  ptr_t   verdict_end;
  logic   keep;
  logic   frame_room, frame_valid, frame_pop;
  frame_t frame_in, frame;
  logic [FramesW-1:0] frame_count;

  assign keep = s_verdict_valid && s_verdict_good && s_verdict_len != 16'd0;
  assign frame_in = '{len: s_verdict_len, lane: s_verdict_lane};

  always_comb begin
    verdict_end = start_q;
    if (keep) verdict_end = start_q + words(s_verdict_len, s_verdict_lane);
    write_d = write_q;
    if (s_verdict_valid) write_d = verdict_end;
    else if (s_pay_valid) write_d = write_q + (AddrW + 1)'(1);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      start_q <= '0;
      write_q <= '0;
      room <= 1'b0;
    end else begin
      if (s_verdict_valid) start_q <= verdict_end;
      write_q <= write_d;
      room <= (AddrW + 1)'(Depth) - (write_q - tail_q) >= (AddrW + 1)'(Reserve) &&
              frame_count <= FramesW'(Frames - 4);
    end
  end

  tl_fifo #(
      .Width($bits(frame_t)),
      .Depth(Frames)
  ) u_frames (
      .clk,
      .rst,
      .s_valid(keep),
      .s_ready(frame_room),
      .s_data(frame_in),
      .m_valid(frame_valid),
      .m_ready(frame_pop),
      .m_data(frame),
      .count(frame_count)
  );

  // ------------------------------------------------------------------------------ answers
  rx_answer_t answer;
  logic       answer_room, answer_valid;
  logic [FramesW-1:0] answer_count;

  tl_fifo #(
      .Width($bits(rx_answer_t)),
      .Depth(Frames)
  ) u_answers (
      .clk,
      .rst,
      .s_valid(s_ans_valid),
      .s_ready(answer_room),
      .s_data(s_ans),
      .m_valid(answer_valid),
      .m_ready(frame_pop),
      .m_data(answer),
      .count(answer_count)
  );

  // ------------------------------------------------------------------------------ one frame
  ptr_t        frame_q;               // first word of the frame at the FIFO's head
  logic        deliver_q;             // a frame is being delivered
  ptr_t        read_q;                // next raw word
  logic [16:0] raw_left_q;            // raw words still to be read
  logic [16:0] out_left_q;            // words still to be given
  logic [LaneW:0] offset_q;           // byte of {next, previous} raw word that goes to lane 0
  logic        prime_q;               // the first raw word gives no word of its own
  logic        raw_valid_q;           // a raw word is at the RAM's output
  logic [DataW-1:0] raw, previous_q;

  ptr_t        frame_end;
  logic [16:0] kept_at;               // offset of the first kept byte from lane 0 of the first word
  logic [LaneW-1:0] from_lane, to_lane;
  logic        finish, read, use_raw, emit, out_free;

  assign m_rx_waiting = frame_valid && answer_valid;
  assign finish = m_rx_data_valid && m_rx_data_ready && m_rx_data_last;
  assign frame_pop = frame_valid && answer_valid && (!deliver_q || finish);
  assign frame_end = frame_q + words(frame.len, frame.lane);
  assign kept_at = 17'(frame.lane) + 17'(answer.head);
  assign from_lane = kept_at[LaneW-1:0];
  assign to_lane = answer.pos[LaneW-1:0];

  // A word is given when its register is free and the raw word that it needs is there; what
  // remains of the last raw word follows without one.
  assign out_free = !m_rx_data_valid || (m_rx_data_ready && !m_rx_data_last);
  assign emit = deliver_q && !m_rx_valid && out_free && !prime_q && out_left_q != '0 &&
                (raw_valid_q || raw_left_q == '0);
  assign use_raw = raw_valid_q && (prime_q || emit);
  assign read = deliver_q && raw_left_q != '0 && (!raw_valid_q || use_raw);

  tl_ram_1r1w #(
      .Width(DataW),
      .Depth(Depth)
  ) u_words (
      .clk,
      .we(s_pay_valid),
      .waddr(write_q[AddrW-1:0]),
      .wdata(s_pay_data),
      .re(read),
      .raddr(read_q[AddrW-1:0]),
      .rdata(raw)
  );

  logic [DataW-1:0] shifted;

  always_comb begin
    shifted = '0;
    if (emit) shifted = DataW'({raw, previous_q} >> {offset_q, 3'd0});
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      frame_q <= '0;
      tail_q <= '0;
      deliver_q <= 1'b0;
      raw_valid_q <= 1'b0;
      m_rx_valid <= 1'b0;
      m_rx_data_valid <= 1'b0;
    end else begin
      if (frame_pop) frame_q <= frame_end;
      if (frame_pop && !answer.commit) tail_q <= frame_end;
      else if (finish) tail_q <= frame_q;

      if (frame_pop && answer.commit) deliver_q <= 1'b1;
      else if (finish) deliver_q <= 1'b0;

      if (frame_pop && answer.commit) m_rx_valid <= 1'b1;
      else if (m_rx_ready) m_rx_valid <= 1'b0;

      if (read) raw_valid_q <= 1'b1;
      else if (use_raw) raw_valid_q <= 1'b0;

      if (emit) m_rx_data_valid <= 1'b1;
      else if (m_rx_data_ready) m_rx_data_valid <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (frame_pop && answer.commit) begin
      m_rx <= '{flow: answer.flow, gen: answer.gen, pos: answer.pos, len: answer.len,
                delivered: answer.delivered, more: 1'b0};
      read_q <= frame_q + (AddrW + 1)'(kept_at >> LaneW);
      raw_left_q <= 17'(words(answer.len, from_lane));
      out_left_q <= 17'(words(answer.len, to_lane));
      // Lane 0 of the first word given is to_lane bytes before the first kept byte: in the window
      // whose upper half is the raw word with that byte, or, if that lies too high, the next one.
      offset_q <= to_lane >= from_lane
                ? (LaneW + 1)'(Bytes) - {1'b0, to_lane - from_lane}
                : {1'b0, from_lane - to_lane};
      prime_q <= to_lane < from_lane;
    end else begin
      if (read) begin
        read_q <= read_q + (AddrW + 1)'(1);
        raw_left_q <= raw_left_q - 17'd1;
      end
      if (use_raw) prime_q <= 1'b0;
      if (emit) out_left_q <= out_left_q - 17'd1;
    end
    if (use_raw) previous_q <= raw;
    if (emit) begin
      m_rx_data <= shifted;
      m_rx_data_last <= out_left_q == 17'd1;
    end
  end

  assign busy = write_q != tail_q || frame_valid || m_rx_valid || deliver_q;

  logic unused;
  assign unused = ^{frame_room, answer_room, answer_count};  // asserted over only

  `TL_ASSERT_STABLE(a_header_stable, m_rx_valid, m_rx_ready, m_rx)
  `TL_ASSERT_STABLE(a_word_stable, m_rx_data_valid, m_rx_data_ready, {m_rx_data, m_rx_data_last})
  `TL_ASSERT(a_words_fit, !s_pay_valid || write_q - tail_q < (AddrW + 1)'(Depth))
  `TL_ASSERT(a_frame_fits, !keep || frame_room)
  `TL_ASSERT(a_words_came, !keep ||
      write_q + {{AddrW{1'b0}}, s_pay_valid} - start_q >= words(s_verdict_len, s_verdict_lane))
  `TL_ASSERT(a_answer_has_frame, !s_ans_valid || (answer_room && answer_count < frame_count))
  `TL_ASSERT(a_trim_in_frame, !(frame_pop && answer.commit) ||
      (answer.len != 16'd0 && 17'(answer.head) + 17'(answer.len) <= 17'(frame.len)))

endmodule

`default_nettype wire
