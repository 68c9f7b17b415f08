// tl_mac_mii: MAC for 10 and 100 Mbit/s over MII, full duplex. The PHY gives both clocks.
//
// Latency: receive: the edge of `mii_rx_clk` at which carrier has ended -> last word on `m_rx_*` 3
//   edges of `mii_rx_clk` and 3 of `clk` after the third. Transmit: word taken -> first nibble of the preamble 5 or 6
//   edges of `mii_tx_clk`.
// Throughput: line rate; exactly 24 nibbles between frames that wait.
// Reference: IEEE 802.3 4, 22.2.
`default_nettype none

module tl_mac_mii #(
    parameter int unsigned MaxFrame = 1522,
    parameter int unsigned FifoDepth = 16
) (
    input  wire logic        clk,
    input  wire logic        rst,
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
    input  wire logic        mii_tx_clk,
    output logic [3:0]       mii_txd,
    output logic             mii_tx_en,
    input  wire logic        mii_rx_clk,
    input  wire logic [3:0]  mii_rxd,
    input  wire logic        mii_rx_dv,
    input  wire logic        mii_rx_er
);
  logic tx_rst, tx_en, rx_rst, rx_ce, rx_dv, rx_er;
  logic [7:0] tx_byte, rx_byte;

  // Transmit: a byte is made while its predecessor's high nibble goes into the output register.
  logic high_q;

  always_ff @(posedge mii_tx_clk) begin
    if (tx_rst) begin
      high_q <= 1'b0;
      mii_tx_en <= 1'b0;
    end else begin
      high_q <= !high_q;
      mii_tx_en <= tx_en;
    end
    mii_txd <= high_q ? tx_byte[7:4] : tx_byte[3:0];
  end

  // Receive: the pins end in registers of their own.
  logic [3:0] rxd_q;
  logic dv_q, er_q;

  always_ff @(posedge mii_rx_clk) begin
    rxd_q <= mii_rxd;
    dv_q <= mii_rx_dv;
    er_q <= mii_rx_er;
  end

  tl_mac_nibbles u_nibbles (
      .clk(mii_rx_clk),
      .rst(rx_rst),
      .s_nibble(rxd_q),
      .s_dv(dv_q),
      .s_er(er_q),
      .m_ce(rx_ce),
      .m_byte(rx_byte),
      .m_dv(rx_dv),
      .m_er(rx_er)
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
      .tx_clk(mii_tx_clk),
      .tx_rst,
      .tx_ce(high_q),
      .tx_byte,
      .tx_en,
      .rx_clk(mii_rx_clk),
      .rx_rst,
      .rx_ce,
      .rx_byte,
      .rx_dv,
      .rx_er
  );

endmodule

`default_nettype wire
