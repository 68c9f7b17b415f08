// tl_mac_xgmii: MAC for 10 Gbit/s over XGMII of 64 bits, one clock with the engine, cut-through both ways.
//
// While the link has a fault nothing is sent but what 46.3.4 wants: remote fault for a local one, idle for
// a remote one; frames of the engine are taken and discarded.
//
// Latency: receive: word on `xgmii_rx*` -> `m_rx_*` 3 cycles. Transmit: word taken -> preamble on
//   `xgmii_tx*` 3 cycles, the word 4. Half a cycle more for frames in lane 4.
// Throughput: line rate both ways; the gap is 12 bytes on average.
// Hazard: the engine gives the words of a frame without a gap, or the frame is lost (`cnt_tx_underrun`).
//   `m_rx_tuser` comes late in its cycle.
// Reference: IEEE 802.3 4, 46.
`default_nettype none

module tl_mac_xgmii
  import mac_pkg::*;
#(
    parameter int unsigned MaxFrame = 1522
) (
    input  wire logic        clk,
    input  wire logic        rst,
    output logic             local_fault,
    output logic             remote_fault,
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
    output logic             cnt_link_fault,  // a fault began
    output logic [63:0]      xgmii_txd,
    output logic [7:0]       xgmii_txc,
    input  wire logic [63:0] xgmii_rxd,
    input  wire logic [7:0]  xgmii_rxc
);
  fault_e fault, fault_q;

  assign local_fault = fault == FAULT_LOCAL;
  assign remote_fault = fault == FAULT_REMOTE;
  assign cnt_link_fault = fault != FAULT_NONE && fault != fault_q;
  assign cnt_rx_overflow = 1'b0;  // nothing to cross

  always_ff @(posedge clk) begin
    if (rst) fault_q <= FAULT_NONE;
    else fault_q <= fault;
  end

  tl_mac_fault u_fault (
      .clk,
      .rst,
      .xgmii_rxd,
      .xgmii_rxc,
      .fault
  );

  tl_mac_tx_word u_tx (
      .clk,
      .rst,
      .fault,
      .s_tvalid(s_tx_tvalid),
      .s_tready(s_tx_tready),
      .s_tdata(s_tx_tdata),
      .s_tkeep(s_tx_tkeep),
      .s_tlast(s_tx_tlast),
      .s_tuser(s_tx_tuser),
      .underrun(cnt_tx_underrun),
      .xgmii_txd,
      .xgmii_txc
  );

  tl_mac_rx_word #(
      .MaxFrame(MaxFrame)
  ) u_rx (
      .clk,
      .rst,
      .xgmii_rxd,
      .xgmii_rxc,
      .m_tvalid(m_rx_tvalid),
      .m_tdata(m_rx_tdata),
      .m_tkeep(m_rx_tkeep),
      .m_tlast(m_rx_tlast),
      .m_tuser(m_rx_tuser),
      .cnt_bad_fcs(cnt_rx_bad_fcs),
      .cnt_runt(cnt_rx_runt),
      .cnt_giant(cnt_rx_giant)
  );

endmodule

`default_nettype wire
