// tl_mac_tx_byte: words of frames to bytes: preamble, SFD, padding, FCS, inter-frame gap.
//
// Full duplex: it neither defers nor retries. A frame for which the next word is not there in time is
// ended with a wrong FCS, its rest is discarded.
//
// Latency: word offered while idle -> first byte of the preamble one cycle, first byte of the frame
//   nine.
// Throughput: a byte a cycle; exactly 12 cycles between frames.
// Reference: IEEE 802.3 3.1, 4.2.3.2.2, 4.2.3.3, 4.4.2.
`default_nettype none

module tl_mac_tx_byte
  import mac_pkg::*;
(
    input  wire logic     clk,
    input  wire logic     rst,
    input  wire logic     ce,
    input  wire logic     s_valid,
    output logic          s_ready,
    input  wire tx_word_t s_word,
    output logic [7:0]    m_byte,
    output logic          m_en,
    output logic          underrun
);
  typedef enum logic [2:0] {Idle, Start, Data, Pad, Fcs, Gap} state_e;

  state_e state_q, state;
  logic [3:0] step_q;  // place in a state of fixed length
  logic [5:0] sent_q;  // bytes of the frame, as far as padding cares
  logic [31:0] crc_q, crc;
  logic [7:0][7:0] word_q;
  logic [2:0] left_q;  // bytes of the word behind the one in lane 0
  logic last_q, bad_q, drain_q;
  logic load, word_end, frame_end, step_end;
  logic [7:0] out;

  assign word_end = state_q == Data && left_q == 3'd0;
  assign load = (state_q == Start && step_end) || (word_end && !last_q);
  assign frame_end = word_end && (last_q || !s_valid);
  assign underrun = ce && word_end && !last_q && !s_valid;
  assign s_ready = drain_q || (ce && load);

  always_comb begin
    step_end = 1'b1;
    out = Preamble;
    state = state_q;
    case (state_q)
      Start: begin
        step_end = step_q == 4'(PreambleBytes);
        if (step_end) out = Sfd;
        if (step_end) state = Data;
      end
      Data: begin
        out = word_q[0];
        if (frame_end) state = sent_q < 6'(MinFrame - FcsBytes - 1) ? Pad : Fcs;
      end
      Pad: begin
        out = 8'd0;
        if (sent_q == 6'(MinFrame - FcsBytes - 1)) state = Fcs;
      end
      Fcs: begin
        step_end = step_q == 4'(FcsBytes - 1);
        // Not complemented it is wrong in every bit.
        out = bad_q ? crc_q[7:0] : ~crc_q[7:0];
        if (step_end) state = Gap;
      end
      Gap: begin
        step_end = step_q == 4'(InterFrameGap - 1);
        if (step_end) state = Idle;
      end
      default: if (s_valid && !drain_q) state = Start;
    endcase
  end

  assign crc = crc_byte(crc_q, state_q == Pad ? 8'd0 : word_q[0]);

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= Idle;
      m_en <= 1'b0;
      drain_q <= 1'b0;
    end else begin
      if (ce) begin
        state_q <= state;
        m_en <= state_q != Gap && state != Idle;
      end
      if (underrun) drain_q <= 1'b1;
      else if (s_valid && s_word.last) drain_q <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (ce) begin
      m_byte <= out;
      if (state_q == Idle) step_q <= 4'd1;
      else step_q <= step_end ? 4'd0 : step_q + 4'd1;

      if (state_q == Start) sent_q <= '0;
      else if (sent_q != '1) sent_q <= sent_q + 6'd1;

      if (state_q == Start) crc_q <= CrcStart;
      else crc_q <= state_q == Fcs ? {8'd0, crc_q[31:8]} : crc;

      if (load && s_valid) begin
        word_q <= s_word.data;
        left_q <= s_word.last ? s_word.extra : 3'd7;
        last_q <= s_word.last;
        bad_q <= s_word.last && s_word.bad;
      end else begin
        word_q <= {8'd0, word_q[7:1]};
        left_q <= left_q - 3'd1;
        if (underrun) bad_q <= 1'b1;
      end
    end
  end

endmodule

`default_nettype wire
