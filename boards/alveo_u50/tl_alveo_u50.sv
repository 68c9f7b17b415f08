// tl_alveo_u50: top of the Alveo U50: pins, clocks and the vendor's shell (alveo_shell.tcl) around
// tl_alveo_core. One lane of the QSFP28 cage carries 10GbE.
//
// Clocks: 156.25 MHz of the 10G PCS for everything but the bridge, which has 250 MHz of its own.
// Reference: boards/alveo_u50/README.md.
`default_nettype none

module tl_alveo_u50 #(
    parameter int unsigned Flows = 1024
) (
    input  wire logic       pcie_refclk_p,
    input  wire logic       pcie_refclk_n,
    input  wire logic       pcie_rst_n,
    input  wire logic [7:0] pcie_rx_p,
    input  wire logic [7:0] pcie_rx_n,
    output logic [7:0]      pcie_tx_p,
    output logic [7:0]      pcie_tx_n,
    input  wire logic       qsfp_refclk_p,
    input  wire logic       qsfp_refclk_n,
    input  wire logic       qsfp_rx_p,
    input  wire logic       qsfp_rx_n,
    output logic            qsfp_tx_p,
    output logic            qsfp_tx_n,
    input  wire logic       clk_100mhz_p,
    input  wire logic       clk_100mhz_n,
    output logic            qsfp_led_act,
    output logic            qsfp_led_stat_g,
    output logic            qsfp_led_stat_y,
    output logic            hbm_cattrip
);
  logic        clk, rst, core_rst, freerun, bridge_clk, bridge_rst_n, block_lock;
  logic [63:0] now_us;
  logic [63:0] tx_mii_d, rx_mii_d;
  logic [7:0]  tx_mii_c, rx_mii_c;
  logic        irq_req, irq_ack, bridge_req, bridge_ack, eth_fault;
  logic        ready, quiescent, next_deadline_valid;
  logic [63:0] next_deadline;
  logic [2:0]  probe;
  logic s_axil_awvalid;
  logic s_axil_awready;
  logic [21:0] s_axil_awaddr;
  logic [2:0] s_axil_awprot;
  logic s_axil_wvalid;
  logic s_axil_wready;
  logic [31:0] s_axil_wdata;
  logic [3:0] s_axil_wstrb;
  logic s_axil_bvalid;
  logic s_axil_bready;
  logic [1:0] s_axil_bresp;
  logic s_axil_arvalid;
  logic s_axil_arready;
  logic [21:0] s_axil_araddr;
  logic [2:0] s_axil_arprot;
  logic s_axil_rvalid;
  logic s_axil_rready;
  logic [31:0] s_axil_rdata;
  logic [1:0] s_axil_rresp;
  logic [3:0] s_push_awid;
  logic [21:0] s_push_awaddr;
  logic [7:0] s_push_awlen;
  logic [2:0] s_push_awsize;
  logic [1:0] s_push_awburst;
  logic s_push_awvalid;
  logic s_push_awready;
  logic [63:0] s_push_wdata;
  logic [7:0] s_push_wstrb;
  logic s_push_wlast;
  logic s_push_wvalid;
  logic s_push_wready;
  logic [3:0] s_push_bid;
  logic [1:0] s_push_bresp;
  logic s_push_bvalid;
  logic s_push_bready;
  logic [3:0] s_push_arid;
  logic [21:0] s_push_araddr;
  logic [7:0] s_push_arlen;
  logic [2:0] s_push_arsize;
  logic [1:0] s_push_arburst;
  logic s_push_arvalid;
  logic s_push_arready;
  logic [3:0] s_push_rid;
  logic [63:0] s_push_rdata;
  logic [1:0] s_push_rresp;
  logic s_push_rlast;
  logic s_push_rvalid;
  logic s_push_rready;
  logic [3:0] m_axi_awid;
  logic [63:0] m_axi_awaddr;
  logic [7:0] m_axi_awlen;
  logic [2:0] m_axi_awsize;
  logic [1:0] m_axi_awburst;
  logic m_axi_awvalid;
  logic m_axi_awready;
  logic [63:0] m_axi_wdata;
  logic [7:0] m_axi_wstrb;
  logic m_axi_wlast;
  logic m_axi_wvalid;
  logic m_axi_wready;
  logic [3:0] m_axi_bid;
  logic [1:0] m_axi_bresp;
  logic m_axi_bvalid;
  logic m_axi_bready;
  logic [3:0] m_axi_arid;
  logic [63:0] m_axi_araddr;
  logic [7:0] m_axi_arlen;
  logic [2:0] m_axi_arsize;
  logic [1:0] m_axi_arburst;
  logic m_axi_arvalid;
  logic m_axi_arready;
  logic [3:0] m_axi_rid;
  logic [63:0] m_axi_rdata;
  logic [1:0] m_axi_rresp;
  logic m_axi_rlast;
  logic m_axi_rvalid;
  logic m_axi_rready;

  logic freerun_in;
  IBUFDS u_freerun_in (.I(clk_100mhz_p), .IB(clk_100mhz_n), .O(freerun_in));
  BUFG u_freerun (.I(freerun_in), .O(freerun));

  tl_reset_sync u_rst (
      .clk,
      .async_rst(!pcie_rst_n || core_rst),
      .rst
  );

  tl_now #(
      .CyclesNum(625),
      .CyclesDen(4)
  ) u_now (
      .clk,
      .rst,
      .now_us
  );

  // The bridge has no idea of ids on these ports, and windows of 4 MiB.
  logic [22:0] push_awaddr, push_araddr;
  assign s_push_awaddr = push_awaddr[21:0];
  assign s_push_araddr = push_araddr[21:0];
  assign s_push_awid = '0;
  assign s_push_arid = '0;

  alveo_shell_wrapper u_shell (
      .pcie_rxn(pcie_rx_n),
      .pcie_rxp(pcie_rx_p),
      .pcie_txn(pcie_tx_n),
      .pcie_txp(pcie_tx_p),
      .pcie_refclk_clk_p(pcie_refclk_p),
      .pcie_refclk_clk_n(pcie_refclk_n),
      .pcie_rst_n,
      .bridge_clk,
      .bridge_rst_n,
      .irq_req(bridge_req),
      .irq_ack(bridge_ack),
      .gt_refclk_p(qsfp_refclk_p),
      .gt_refclk_n(qsfp_refclk_n),
      .qsfp_rx_n,
      .qsfp_rx_p,
      .qsfp_tx_n,
      .qsfp_tx_p,
      .freerun_clk(freerun),
      .eth_rst(!pcie_rst_n),
      .core_clk(clk),
      .core_rst,
      .tx_mii_d,
      .tx_mii_c,
      .rx_mii_d,
      .rx_mii_c,
      .regs_awvalid(s_axil_awvalid),
      .regs_awready(s_axil_awready),
      .regs_awaddr(s_axil_awaddr),
      .regs_awprot(s_axil_awprot),
      .regs_wvalid(s_axil_wvalid),
      .regs_wready(s_axil_wready),
      .regs_wdata(s_axil_wdata),
      .regs_wstrb(s_axil_wstrb),
      .regs_bvalid(s_axil_bvalid),
      .regs_bready(s_axil_bready),
      .regs_bresp(s_axil_bresp),
      .regs_arvalid(s_axil_arvalid),
      .regs_arready(s_axil_arready),
      .regs_araddr(s_axil_araddr),
      .regs_arprot(s_axil_arprot),
      .regs_rvalid(s_axil_rvalid),
      .regs_rready(s_axil_rready),
      .regs_rdata(s_axil_rdata),
      .regs_rresp(s_axil_rresp),
      .push_awaddr(push_awaddr),
      .push_awlen(s_push_awlen),
      .push_awsize(s_push_awsize),
      .push_awburst(s_push_awburst),
      .push_awready(s_push_awready),
      .push_wdata(s_push_wdata),
      .push_wstrb(s_push_wstrb),
      .push_wlast(s_push_wlast),
      .push_wready(s_push_wready),
      .push_bresp(s_push_bresp),
      .push_bready(s_push_bready),
      .push_araddr(push_araddr),
      .push_arlen(s_push_arlen),
      .push_arsize(s_push_arsize),
      .push_arburst(s_push_arburst),
      .push_arready(s_push_arready),
      .push_rdata(s_push_rdata),
      .push_rresp(s_push_rresp),
      .push_rlast(s_push_rlast),
      .push_rready(s_push_rready),
      .host_awid(m_axi_awid),
      .host_awaddr(m_axi_awaddr),
      .host_awlen(m_axi_awlen),
      .host_awsize(m_axi_awsize),
      .host_awburst(m_axi_awburst),
      .host_awvalid(m_axi_awvalid),
      .host_awready(m_axi_awready),
      .host_wdata(m_axi_wdata),
      .host_wstrb(m_axi_wstrb),
      .host_wlast(m_axi_wlast),
      .host_wvalid(m_axi_wvalid),
      .host_wready(m_axi_wready),
      .host_bid(m_axi_bid),
      .host_bresp(m_axi_bresp),
      .host_bvalid(m_axi_bvalid),
      .host_bready(m_axi_bready),
      .host_arid(m_axi_arid),
      .host_araddr(m_axi_araddr),
      .host_arlen(m_axi_arlen),
      .host_arsize(m_axi_arsize),
      .host_arburst(m_axi_arburst),
      .host_arvalid(m_axi_arvalid),
      .host_arready(m_axi_arready),
      .host_rid(m_axi_rid),
      .host_rdata(m_axi_rdata),
      .host_rresp(m_axi_rresp),
      .host_rlast(m_axi_rlast),
      .host_rvalid(m_axi_rvalid),
      .host_rready(m_axi_rready),
      .block_lock
  );

  tl_irq_cross u_irq (
      .clk,
      .rst,
      .irq_req,
      .irq_ack,
      .bridge_clk,
      .bridge_rst(!bridge_rst_n),
      .bridge_req,
      .bridge_ack
  );

  tl_alveo_core #(
      .Flows(Flows)
  ) u_core (
      .clk,
      .rst,
      .now_us,
      .xgmii_txd(tx_mii_d),
      .xgmii_txc(tx_mii_c),
      .xgmii_rxd(rx_mii_d),
      .xgmii_rxc(rx_mii_c),
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
      .quiescent,
      .next_deadline_valid,
      .next_deadline,
      .probe_event(probe[0]),
      .probe_send(probe[1]),
      .probe_issue(probe[2])
  );

  assign qsfp_led_act = now_us[19];  // heartbeat
  assign qsfp_led_stat_g = block_lock && !eth_fault;
  assign qsfp_led_stat_y = ready;

  // The card would cut its power.
  assign hbm_cattrip = 1'b0;

  logic unused;
  assign unused = ^{quiescent, next_deadline_valid, next_deadline, probe, push_awaddr[22],
                    push_araddr[22], s_push_bid, s_push_rid};

endmodule

`default_nettype wire
