// tl_mac_rx_byte: received bytes to words: finds the SFD, strips the FCS and judges the frame.
//
// A frame begins with the first SFD after the start of carrier, whatever comes before it. Frames that
// leave no byte without their FCS give no word: `m_runt` tells.
//
// Latency: a word is given out with the fifth byte behind it, or with the cycle in which carrier ends.
// Throughput: a byte a cycle; one cycle without carrier between two frames is enough.
// Hazard: no ready: the receiver takes a word or drops its frame.
// Reference: IEEE 802.3 3.1, 4.2.4.2, 4.2.9, 35.2.
`default_nettype none

module tl_mac_rx_byte
  import mac_pkg::*;
#(
    parameter int unsigned MaxFrame = 1522
) (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic       ce,
    input  wire logic [7:0] s_byte,
    input  wire logic       s_dv,
    input  wire logic       s_er,   // of this byte, or of one before that was not given out
    output logic            m_valid,
    output logic            m_first,
    output rx_word_t        m_word,
    output logic            m_runt
);
  localparam int unsigned CountW = $clog2(MaxFrame + 2);

  logic skip_q;   // until carrier ends: joined in the middle, or a giant's rest
  logic frame_q;  // behind the SFD
  logic er_q;
  logic [CountW-1:0] count_q;  // bytes since the SFD
  logic [31:0] crc_q;
  logic [FcsBytes-1:0][7:0] fcs_q;  // the last four bytes, which may be the FCS
  logic [7:0][7:0] word_q;
  logic [3:0] fill_q;
  logic first_q;
  logic giant, finish, through;

  assign giant = s_dv && count_q == CountW'(MaxFrame);
  assign finish = frame_q && (!s_dv || giant);
  assign through = frame_q && s_dv && count_q >= CountW'(FcsBytes);

  assign m_valid = ce && fill_q != 4'd0 && (finish || (through && fill_q[3]));
  assign m_first = first_q;
  assign m_runt = ce && fill_q == 4'd0 && finish;

  always_comb begin
    m_word.data = word_q;
    m_word.last = finish;
    m_word.extra = fill_q[2:0] - 3'd1;
    m_word.status = RX_GOOD;
    if (er_q || s_er || crc_q != CrcResidue) m_word.status = RX_BAD_FCS;
    if (count_q < CountW'(MinFrame)) m_word.status = RX_RUNT;
    if (giant) m_word.status = RX_GIANT;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      skip_q <= 1'b1;
      frame_q <= 1'b0;
      fill_q <= '0;
    end else if (ce) begin
      if (!s_dv) skip_q <= 1'b0;
      else if (finish) skip_q <= 1'b1;

      if (finish) frame_q <= 1'b0;
      else if (s_dv && !skip_q && s_byte == Sfd) frame_q <= 1'b1;

      if (finish) fill_q <= '0;
      else if (through) fill_q <= fill_q[3] ? 4'd1 : fill_q + 4'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (ce) begin
      er_q <= s_dv && (er_q || s_er);
      if (!frame_q) begin
        count_q <= '0;
        crc_q <= CrcStart;
        first_q <= 1'b1;
      end else begin
        count_q <= count_q + CountW'(1);
        crc_q <= crc_byte(crc_q, s_byte);
        if (m_valid) first_q <= 1'b0;
      end
      fcs_q <= {s_byte, fcs_q[3:1]};
      if (through) begin
        for (int i = 0; i < 8; i++) begin
          if (fill_q[2:0] == 3'(i)) word_q[i] <= fcs_q[0];
        end
      end
    end
  end

endmodule

`default_nettype wire
