// tl_alveo_loop: tl_alveo_core behind the flat ports of tl_pcie_engine, so that the simulated board and
// every test of the engine can drive it: frames reach it as XGMII columns of a link partner's MAC.
`default_nettype none
`include "tl_assert.svh"

module tl_alveo_loop #(
    parameter int unsigned Flows = 16,
    localparam int unsigned DataW = 64,
    localparam int unsigned Bytes = DataW / 8
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic [63:0]      now_us,
    // Wire.
    input  wire logic             s_wire_tvalid,
    output logic                  s_wire_tready,
    input  wire logic [DataW-1:0] s_wire_tdata,
    input  wire logic [Bytes-1:0] s_wire_tkeep,
    input  wire logic             s_wire_tlast,
    input  wire logic             s_wire_tuser,
    output logic                  m_wire_tvalid,
    input  wire logic             m_wire_tready,
    output logic [DataW-1:0]      m_wire_tdata,
    output logic [Bytes-1:0]      m_wire_tkeep,
    output logic                  m_wire_tlast,
    output logic                  m_wire_tuser,
    // BAR 0: registers and doorbells.
    input  wire logic             s_axil_awvalid,
    output logic                  s_axil_awready,
    input  wire logic [21:0]      s_axil_awaddr,
    input  wire logic [2:0]       s_axil_awprot,
    input  wire logic             s_axil_wvalid,
    output logic                  s_axil_wready,
    input  wire logic [31:0]      s_axil_wdata,
    input  wire logic [3:0]       s_axil_wstrb,
    output logic                  s_axil_bvalid,
    input  wire logic             s_axil_bready,
    output logic [1:0]            s_axil_bresp,
    input  wire logic             s_axil_arvalid,
    output logic                  s_axil_arready,
    input  wire logic [21:0]      s_axil_araddr,
    input  wire logic [2:0]       s_axil_arprot,
    output logic                  s_axil_rvalid,
    input  wire logic             s_axil_rready,
    output logic [31:0]           s_axil_rdata,
    output logic [1:0]            s_axil_rresp,
    // BAR 2: push window.
    input  wire logic [3:0]       s_push_awid,
    input  wire logic [21:0]      s_push_awaddr,
    input  wire logic [7:0]       s_push_awlen,
    input  wire logic [2:0]       s_push_awsize,
    input  wire logic [1:0]       s_push_awburst,
    input  wire logic             s_push_awvalid,
    output logic                  s_push_awready,
    input  wire logic [DataW-1:0] s_push_wdata,
    input  wire logic [Bytes-1:0] s_push_wstrb,
    input  wire logic             s_push_wlast,
    input  wire logic             s_push_wvalid,
    output logic                  s_push_wready,
    output logic [3:0]            s_push_bid,
    output logic [1:0]            s_push_bresp,
    output logic                  s_push_bvalid,
    input  wire logic             s_push_bready,
    input  wire logic [3:0]       s_push_arid,
    input  wire logic [21:0]      s_push_araddr,
    input  wire logic [7:0]       s_push_arlen,
    input  wire logic [2:0]       s_push_arsize,
    input  wire logic [1:0]       s_push_arburst,
    input  wire logic             s_push_arvalid,
    output logic                  s_push_arready,
    output logic [3:0]            s_push_rid,
    output logic [DataW-1:0]      s_push_rdata,
    output logic [1:0]            s_push_rresp,
    output logic                  s_push_rlast,
    output logic                  s_push_rvalid,
    input  wire logic             s_push_rready,
    // DMA and interrupt.
    output logic [3:0]            m_axi_awid,
    output logic [63:0]           m_axi_awaddr,
    output logic [7:0]            m_axi_awlen,
    output logic [2:0]            m_axi_awsize,
    output logic [1:0]            m_axi_awburst,
    output logic                  m_axi_awvalid,
    input  wire logic             m_axi_awready,
    output logic [DataW-1:0]      m_axi_wdata,
    output logic [Bytes-1:0]      m_axi_wstrb,
    output logic                  m_axi_wlast,
    output logic                  m_axi_wvalid,
    input  wire logic             m_axi_wready,
    input  wire logic [3:0]       m_axi_bid,
    input  wire logic [1:0]       m_axi_bresp,
    input  wire logic             m_axi_bvalid,
    output logic                  m_axi_bready,
    output logic [3:0]            m_axi_arid,
    output logic [63:0]           m_axi_araddr,
    output logic [7:0]            m_axi_arlen,
    output logic [2:0]            m_axi_arsize,
    output logic [1:0]            m_axi_arburst,
    output logic                  m_axi_arvalid,
    input  wire logic             m_axi_arready,
    input  wire logic [3:0]       m_axi_rid,
    input  wire logic [DataW-1:0] m_axi_rdata,
    input  wire logic [1:0]       m_axi_rresp,
    input  wire logic             m_axi_rlast,
    input  wire logic             m_axi_rvalid,
    output logic                  m_axi_rready,
    output logic                  irq_req,
    input  wire logic             irq_ack,
    // State.
    output logic                  ready,
    output logic                  quiescent,
    output logic                  next_deadline_valid,
    output logic [63:0]           next_deadline,
    output logic                  probe_event,
    output logic                  probe_send,
    output logic                  probe_issue
);
  // From the partner to the card, and back.
  logic [63:0] down_d, up_d;
  logic [7:0]  down_c, up_c;
  logic        got_tvalid, got_tlast, got_tuser, got_ready;
  logic [63:0] got_tdata;
  logic [7:0]  got_tkeep;
  logic [5:0]  partner_cnt;
  logic        partner_local, partner_remote, eth_fault;
  logic [9:0]  got_count;

  tl_mac_xgmii u_partner (
      .clk,
      .rst,
      .local_fault(partner_local),
      .remote_fault(partner_remote),
      .s_tx_tvalid(s_wire_tvalid),
      .s_tx_tready(s_wire_tready),
      .s_tx_tdata(s_wire_tdata),
      .s_tx_tkeep(s_wire_tkeep),
      .s_tx_tlast(s_wire_tlast),
      .s_tx_tuser(s_wire_tuser),
      .m_rx_tvalid(got_tvalid),
      .m_rx_tdata(got_tdata),
      .m_rx_tkeep(got_tkeep),
      .m_rx_tlast(got_tlast),
      .m_rx_tuser(got_tuser),
      .cnt_rx_bad_fcs(partner_cnt[0]),
      .cnt_rx_overflow(partner_cnt[1]),
      .cnt_rx_runt(partner_cnt[2]),
      .cnt_rx_giant(partner_cnt[3]),
      .cnt_tx_underrun(partner_cnt[4]),
      .cnt_link_fault(partner_cnt[5]),
      .xgmii_txd(down_d),
      .xgmii_txc(down_c),
      .xgmii_rxd(up_d),
      .xgmii_rxc(up_c)
  );

  // A MAC cannot be told to wait; the simulator's line can.
  tl_fifo #(
      .Width(74),
      .Depth(512)
  ) u_got (
      .clk,
      .rst,
      .s_valid(got_tvalid),
      .s_ready(got_ready),
      .s_data({got_tdata, got_tkeep, got_tlast, got_tuser}),
      .m_valid(m_wire_tvalid),
      .m_ready(m_wire_tready),
      .m_data({m_wire_tdata, m_wire_tkeep, m_wire_tlast, m_wire_tuser}),
      .count(got_count)
  );
  `TL_ASSERT(a_got_room, !got_tvalid || got_ready)
  `TL_ASSERT(a_clean, partner_cnt == '0 && !partner_local && !partner_remote && !eth_fault)

  logic card_quiescent;

  tl_alveo_core #(
      .Flows(Flows),
      .RxFifoBytes(16384)
  ) u_card (
      .clk,
      .rst,
      .now_us,
      .xgmii_txd(up_d),
      .xgmii_txc(up_c),
      .xgmii_rxd(down_d),
      .xgmii_rxc(down_c),
      .eth_fault,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_bresp,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_rvalid,
      .s_axil_rready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_push_awid,
      .s_push_awaddr,
      .s_push_awlen,
      .s_push_awsize,
      .s_push_awburst,
      .s_push_awvalid,
      .s_push_awready,
      .s_push_wdata,
      .s_push_wstrb,
      .s_push_wlast,
      .s_push_wvalid,
      .s_push_wready,
      .s_push_bid,
      .s_push_bresp,
      .s_push_bvalid,
      .s_push_bready,
      .s_push_arid,
      .s_push_araddr,
      .s_push_arlen,
      .s_push_arsize,
      .s_push_arburst,
      .s_push_arvalid,
      .s_push_arready,
      .s_push_rid,
      .s_push_rdata,
      .s_push_rresp,
      .s_push_rlast,
      .s_push_rvalid,
      .s_push_rready,
      .m_axi_awid,
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awsize,
      .m_axi_awburst,
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_bid,
      .m_axi_bresp,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_arid,
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arsize,
      .m_axi_arburst,
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_rid,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast,
      .m_axi_rvalid,
      .m_axi_rready,
      .irq_req,
      .irq_ack,
      .ready,
      .quiescent(card_quiescent),
      .next_deadline_valid,
      .next_deadline,
      .probe_event,
      .probe_send,
      .probe_issue
  );

  // What is under way in the MACs shows on XGMII within a few cycles; time may be skipped only when
  // nothing has moved for longer.
  localparam logic [7:0] Calm = 8'd64;
  logic [7:0] calm_q;

  always_ff @(posedge clk) begin
    if (rst || s_wire_tvalid || m_wire_tvalid || down_c != '1 || up_c != '1 || !card_quiescent)
      calm_q <= '0;
    else if (calm_q != Calm) calm_q <= calm_q + 8'd1;
  end
  assign quiescent = card_quiescent && calm_q == Calm && !s_wire_tvalid && got_count == '0;

endmodule

`default_nettype wire
