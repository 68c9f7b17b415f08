// tl_mac_rx_word: XGMII to words of frames: start in lane 0 or 4, FCS stripped, judged while it passes.
//
// A frame begins with a start character whose column and the next end in the SFD; other preambles are
// no frame. Any control character ends it, and only a terminate character ends it well. The CRC runs
// over whole words; behind the end of the frame they are zero, so a good frame has one of 8 registers.
//
// Stages: 1 the frame's first byte in lane 0, what is no data is zero; 2 the CRC and the end; 3 the word.
//
// Latency: word on `xgmii_*` -> `m_tvalid` 3 cycles; in lane 4 from the half that comes later. Counts one
//   more.
// Throughput: line rate, gaps from 5 bytes on.
// Hazard: data behind the terminate character in its word, which no PCS gives, spoil the frame. `m_tuser`
//   comes from the comparison of the CRC, not from a register.
// Reference: IEEE 802.3 3.1, 4.2.4, 46.2, 46.3.2, 46.3.3.
`default_nettype none

module tl_mac_rx_word
  import mac_pkg::*;
  import mac_crc_pkg::*;
#(
    parameter int unsigned MaxFrame = 1522
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic [63:0] xgmii_rxd,
    input  wire logic [7:0]  xgmii_rxc,
    output logic             m_tvalid,
    output logic [63:0]      m_tdata,
    output logic [7:0]       m_tkeep,
    output logic             m_tlast,
    output logic             m_tuser,
    output logic             cnt_bad_fcs,
    output logic             cnt_runt,
    output logic             cnt_giant
);
  // The byte that is one too many lies in this word and lane.
  localparam int unsigned LimitWord = MaxFrame / 8;
  localparam int unsigned LimitLane = MaxFrame % 8;
  localparam int unsigned IndexW = $clog2(LimitWord + 2);

  if (MaxFrame < MinFrame) begin : g_check
    $error("tl_mac_rx_word: MaxFrame is at least 64");
  end

  // ----------------------------------------------------------------------------- stage 1: alignment
  logic start0, start4, start4_q, half, half_q;
  logic [31:0] late_data_q;
  logic [3:0] late_ctrl_q, late_term_q;
  logic [63:0] clean;
  logic [7:0] term;
  logic start1_q;
  logic [63:0] data1_q;
  logic [7:0] ctrl1_q, term1_q;

  assign start0 = xgmii_rxc[0] && xgmii_rxd[7:0] == XgmiiStart;
  assign start4 = xgmii_rxc[4] && xgmii_rxd[39:32] == XgmiiStart;
  assign half = half_q && !start0;

  for (genvar i = 0; i < 8; i++) begin : g_lane
    assign clean[8*i+:8] = xgmii_rxc[i] ? 8'd0 : xgmii_rxd[8*i+:8];
    assign term[i] = xgmii_rxc[i] && xgmii_rxd[8*i+:8] == XgmiiTerminate;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      half_q <= 1'b0;
      start4_q <= 1'b0;
      start1_q <= 1'b0;
    end else begin
      half_q <= half || start4;
      start4_q <= start4;
      start1_q <= half ? start4_q : start0;
    end
  end

  always_ff @(posedge clk) begin
    late_data_q <= clean[63:32];
    late_ctrl_q <= xgmii_rxc[7:4];
    late_term_q <= term[7:4];
    data1_q <= half ? {clean[31:0], late_data_q} : clean;
    ctrl1_q <= half ? {xgmii_rxc[3:0], late_ctrl_q} : xgmii_rxc;
    term1_q <= half ? {term[3:0], late_term_q} : term;
  end

  // --------------------------------------------------------------------------- stage 2: CRC and end
  logic frame_q, first_q, limit_q;
  logic [IndexW-1:0] index_q;  // of the word in its frame
  logic opens, giant, ends, terminated;
  logic [2:0] first_ctrl, at;  // lane behind the frame's last byte
  logic early;                 // the frame without its FCS ended in the word before

  assign opens = start1_q && ctrl1_q[7:1] == '0 && data1_q[63:56] == Sfd;
  assign giant = limit_q && ctrl1_q[LimitLane:0] == '0;
  assign ends = frame_q && (giant || ctrl1_q != '0);
  assign at = giant ? 3'(LimitLane) : first_ctrl;
  assign early = at <= 3'(FcsBytes);

  always_comb begin
    first_ctrl = 3'd0;
    terminated = 1'b0;
    for (int i = 7; i >= 0; i--) begin
      if (ctrl1_q[i]) first_ctrl = 3'(i);
      if (ctrl1_q[i]) terminated = term1_q[i];
    end
  end

  logic valid2_q, last2_q;
  logic [2:0] extra2_q;
  logic [63:0] data2_q;
  logic [31:0] crc2_q;
  logic end2_q, giant2_q, runt2_q, terminated2_q;
  logic [2:0] at2_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      frame_q <= 1'b0;
      valid2_q <= 1'b0;
      last2_q <= 1'b0;
      end2_q <= 1'b0;
    end else begin
      frame_q <= opens || (frame_q && !ends);
      valid2_q <= frame_q && !(ends && early);
      last2_q <= ends && !early;
      end2_q <= ends;
    end
  end

  always_ff @(posedge clk) begin
    first_q <= opens;
    index_q <= opens ? '0 : index_q + IndexW'(1);
    limit_q <= !opens && frame_q && index_q == IndexW'(LimitWord - 1);
    data2_q <= data1_q;
    extra2_q <= at - 3'(FcsBytes + 1);
    at2_q <= at;
    giant2_q <= giant;
    runt2_q <= index_q < IndexW'(MinFrame / 8);
    terminated2_q <= terminated;
    if (frame_q) crc2_q <= crc_zero8(first_q ? CrcStart : crc2_q) ^ crc_word(data1_q);
  end

  // ------------------------------------------------------------------------------- stage 3: the word
  rx_status_e status;
  logic late_q;  // the frame's end was judged a cycle ago
  logic bad, bad_q;

  always_comb begin
    status = RX_GOOD;
    if (!terminated2_q || crc2_q != GoodRegisters[32*at2_q+:32]) status = RX_BAD_FCS;
    if (runt2_q) status = RX_RUNT;
    if (giant2_q) status = RX_GIANT;
  end

  assign bad = status != RX_GOOD;
  assign m_tuser = m_tlast && (late_q ? bad_q : bad);

  always_ff @(posedge clk) begin
    if (rst) begin
      m_tvalid <= 1'b0;
      cnt_bad_fcs <= 1'b0;
      cnt_runt <= 1'b0;
      cnt_giant <= 1'b0;
    end else begin
      m_tvalid <= valid2_q;
      cnt_bad_fcs <= end2_q && status == RX_BAD_FCS;
      cnt_runt <= end2_q && status == RX_RUNT;
      cnt_giant <= end2_q && status == RX_GIANT;
    end
  end

  always_ff @(posedge clk) begin
    m_tdata <= data2_q;
    m_tlast <= last2_q || (ends && early);
    if (last2_q) m_tkeep <= keep_of(extra2_q);
    else m_tkeep <= ends && early ? keep_of(at + 3'(7 - FcsBytes)) : '1;
    late_q <= last2_q;
    bad_q <= bad;
  end

endmodule

`default_nettype wire
