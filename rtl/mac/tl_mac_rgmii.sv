// tl_mac_rgmii: MAC for 1 Gbit/s over RGMII, full duplex, and for 10 and 100 Mbit/s by `speed`. The board
// places the DDR cells: `_r` belongs to the rising edge of a cycle, `_f` to the falling edge after it.
//
// `speed` is 2 for 1000, 1 for 100, 0 for 10 Mbit/s, at rest while frames pass. The PHY's own word for it,
// where it gives one between frames, is `link_*`; a link that changes may show in more than one cycle.
// At 10 and 100 Mbit/s a nibble is the same at both edges, and the transmit clock is divided.
//
// Latency at 1 Gbit/s: receive: the edge of `clk_rx` at which carrier has ended -> last word on `m_rx_*`
//   2 edges of `clk_rx` and 3 of `clk` after the second; one more of a slower `clk` for a last word of one
//   byte. Transmit: word taken -> first byte of the preamble 5 edges of `clk_tx`.
// Latency at 100 Mbit/s: 3 instead of 2; 5 to 14 instead of 5.
// Throughput: line rate while `clk` has at least 15.625 MHz; exactly 12 bytes between frames that wait.
// Hazard: data leaves in step with `rgmii_txc_*`: the PHY or the board adds the delay of 2 ns that RGMII
//   wants. A PHY that gives no state of the link between frames shows whatever its pins carry there.
// Reference: IEEE 802.3 4, 35.2; RGMII 2.0.
`default_nettype none

module tl_mac_rgmii #(
    parameter int unsigned MaxFrame = 1522,
    parameter int unsigned FifoDepth = 16
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic [1:0]  speed,
    output logic             link_up,
    output logic [1:0]       link_speed,
    output logic             link_duplex,
    input  wire logic        s_tx_tvalid,
    output logic             s_tx_tready,
    input  wire logic [63:0] s_tx_tdata,
    input  wire logic [7:0]  s_tx_tkeep,
    input  wire logic        s_tx_tlast,
    input  wire logic        s_tx_tuser,
    output logic             m_rx_tvalid,
    output logic [63:0]      m_rx_tdata,
    output logic [7:0]       m_rx_tkeep,
    output logic             m_rx_tlast,
    output logic             m_rx_tuser,
    output logic             cnt_rx_bad_fcs,
    output logic             cnt_rx_overflow,
    output logic             cnt_rx_runt,
    output logic             cnt_rx_giant,
    output logic             cnt_tx_underrun,
    input  wire logic        clk_tx,
    output logic             rgmii_txc_r,
    output logic             rgmii_txc_f,
    output logic [3:0]       rgmii_txd_r,
    output logic [3:0]       rgmii_txd_f,
    output logic             rgmii_tx_ctl_r,
    output logic             rgmii_tx_ctl_f,
    input  wire logic        clk_rx,
    input  wire logic [3:0]  rgmii_rxd_r,
    input  wire logic [3:0]  rgmii_rxd_f,
    input  wire logic        rgmii_rx_ctl_r,
    input  wire logic        rgmii_rx_ctl_f
);
  localparam logic [1:0] Gigabit = 2'd2;
  localparam logic [1:0] Hundred = 2'd1;

  logic tx_rst, tx_ce, tx_en, rx_rst, rx_ce, rx_dv, rx_er;
  logic [7:0] tx_byte, rx_byte;

  // ------------------------------------------------------------------------------------ transmit
  // Half periods of the transmit clock, of which each cycle of `clk_tx` has two: one a nibble at 1
  // Gbit/s, 5 or 50 below. The first half of them is high.
  logic [1:0] tx_speed;
  logic [5:0] at_q;
  logic high_q, nibble_end;

  tl_sync #(.Width(2)) u_tx_speed (.clk(clk_tx), .rst(tx_rst), .d(speed), .q(tx_speed));

  assign nibble_end = at_q == (tx_speed == Hundred ? 6'd4 : 6'd49);
  assign tx_ce = tx_speed[1] || (nibble_end && high_q);

  always_ff @(posedge clk_tx) begin
    if (tx_rst || tx_speed[1]) begin
      at_q <= '0;
      high_q <= 1'b0;
    end else begin
      at_q <= nibble_end ? '0 : at_q + 6'd1;
      if (nibble_end) high_q <= !high_q;
    end
  end

  always_ff @(posedge clk_tx) begin
    rgmii_txd_r <= high_q ? tx_byte[7:4] : tx_byte[3:0];
    rgmii_txd_f <= high_q || tx_speed[1] ? tx_byte[7:4] : tx_byte[3:0];
    rgmii_tx_ctl_r <= tx_en;
    rgmii_tx_ctl_f <= tx_en;  // differs for an error, which is told by the FCS
    case (tx_speed)
      Hundred: {rgmii_txc_r, rgmii_txc_f} <= {at_q < 6'd3, at_q < 6'd2};
      2'd0: {rgmii_txc_r, rgmii_txc_f} <= {2{at_q < 6'd25}};
      default: {rgmii_txc_r, rgmii_txc_f} <= 2'b10;
    endcase
  end

  // ------------------------------------------------------------------------------------- receive
  logic [1:0] rx_speed;
  logic dv, er;
  logic nibble_ce, nibble_dv, nibble_er;
  logic [7:0] nibble_byte;

  tl_sync #(.Width(2)) u_rx_speed (.clk(clk_rx), .rst(rx_rst), .d(speed), .q(rx_speed));

  assign dv = rgmii_rx_ctl_r;
  assign er = rgmii_rx_ctl_r != rgmii_rx_ctl_f;

  tl_mac_nibbles u_nibbles (
      .clk(clk_rx),
      .rst(rx_rst),
      .s_nibble(rgmii_rxd_r),
      .s_dv(dv),
      .s_er(er),
      .m_ce(nibble_ce),
      .m_byte(nibble_byte),
      .m_dv(nibble_dv),
      .m_er(nibble_er)
  );

  always_ff @(posedge clk_rx) begin
    if (rx_rst) begin
      rx_dv <= 1'b0;
      rx_er <= 1'b0;
      rx_ce <= 1'b0;
    end else if (rx_speed == Gigabit) begin
      rx_ce <= 1'b1;
      rx_dv <= dv;
      // Without carrier it is a false carrier or the extension of half duplex.
      rx_er <= dv && er;
    end else begin
      rx_ce <= nibble_ce;
      rx_dv <= nibble_dv;
      rx_er <= nibble_er;
    end
    rx_byte <= rx_speed == Gigabit ? {rgmii_rxd_f, rgmii_rxd_r} : nibble_byte;
  end

  // RGMII 2.0, 3.4.1: between frames, and where nothing else is told, the data are the link's state.
  logic [3:0] status_q;

  always_ff @(posedge clk_rx) begin
    if (rx_rst) status_q <= '0;
    else if (!rgmii_rx_ctl_r && !rgmii_rx_ctl_f) status_q <= rgmii_rxd_r;
  end

  tl_sync #(
      .Width(4)
  ) u_status (
      .clk,
      .rst,
      .d(status_q),
      .q({link_duplex, link_speed, link_up})
  );

  tl_mac_byte #(
      .MaxFrame(MaxFrame),
      .FifoDepth(FifoDepth)
  ) u_mac (
      .clk,
      .rst,
      .s_tx_tvalid,
      .s_tx_tready,
      .s_tx_tdata,
      .s_tx_tkeep,
      .s_tx_tlast,
      .s_tx_tuser,
      .m_rx_tvalid,
      .m_rx_tdata,
      .m_rx_tkeep,
      .m_rx_tlast,
      .m_rx_tuser,
      .cnt_rx_bad_fcs,
      .cnt_rx_overflow,
      .cnt_rx_runt,
      .cnt_rx_giant,
      .cnt_tx_underrun,
      .tx_clk(clk_tx),
      .tx_rst,
      .tx_ce,
      .tx_byte,
      .tx_en,
      .rx_clk(clk_rx),
      .rx_rst,
      .rx_ce,
      .rx_byte,
      .rx_dv,
      .rx_er
  );

endmodule

`default_nettype wire
