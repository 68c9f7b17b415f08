// tl_pcie: carries the host port over PCIe: registers and doorbells behind an AXI4-Lite slave (BAR 0),
// the push window behind an AXI4 slave (BAR 2), DMA by an AXI4 master, one interrupt.
//
// Latency: doorbell write -> `m_axi_arvalid` 6 cycles; last word of a pushed line -> `m_app_valid` 4
//   cycles; event -> `m_axi_awvalid` 2 cycles.
// Throughput: one word of `DataW` bits a cycle in each direction.
// Hazard: the first DMA error stops the link until a reset; see tl_link_regs for attach and detach.
// Reference: docs/registers.md, docs/architecture.md.
`default_nettype none
`include "tl_assert.svh"

module tl_pcie
  import tautline_pkg::*;
  import tl_link_pkg::*;
  import tl_pcie_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned MaxBurst = 512,
    parameter int unsigned Listeners = 16,
    localparam int unsigned Bytes = DataW / 8
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire now_t             now_us,
    // BAR 0.
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
    // BAR 2.
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
    // DMA.
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
    // Engine: configuration and state.
    output cfg_t                  cfg,
    output secret_t               secret,
    output logic                  engine_rst,
    input  wire logic             engine_ready,
    input  wire logic             engine_quiet,
    output logic [5:0]            cnt_index,
    input  wire logic [31:0]      cnt_value,
    output cnt_t                  m_cnt,
    // Engine: the host port.
    output logic                  m_cmd_valid,
    input  wire logic             m_cmd_ready,
    output cmd_t                  m_cmd,
    input  wire logic             s_evt_valid,
    output logic                  s_evt_ready,
    input  wire host_evt_t        s_evt,
    input  wire logic             s_life_valid,
    input  wire life_t            s_life,
    input  wire logic             s_rx_valid,
    output logic                  s_rx_ready,
    input  wire range_t           s_rx,
    input  wire logic             s_rx_data_valid,
    output logic                  s_rx_data_ready,
    input  wire logic [DataW-1:0] s_rx_data,
    input  wire logic             s_rx_data_last,
    input  wire logic             s_rx_waiting,
    output logic                  m_landed_valid,
    output flow_pos_t             m_landed,
    output logic                  m_taken_valid,
    input  wire logic             m_taken_ready,
    output flow_pos_t             m_taken,
    output logic                  m_app_valid,
    input  wire logic             m_app_ready,
    output range_t                m_app,
    output logic                  m_app_data_valid,
    input  wire logic             m_app_data_ready,
    output logic [DataW-1:0]      m_app_data,
    input  wire logic             s_space_valid,
    input  wire flow_pos_t        s_space,
    output logic                  busy
);
  // ------------------------------------------------------------------------------ link state
  // Everything but the register block and the slaves' handshakes starts anew with the engine.
  logic link_rst;
  logic stop, axi_quiet, error_q, fetch_quiet, write_quiet;
  link_cfg_t link;
  link_cause_e error_cause_q;
  logic [63:0] error_address_q;
  logic read_error, write_error, error_told;
  logic [63:0] read_error_address, write_error_address;
  logic consumer_valid, consumer_arm;
  logic [15:0] consumer, producer;

  assign link_rst = rst || engine_rst;
  assign axi_quiet = fetch_quiet && write_quiet;

  always_ff @(posedge clk) begin
    if (link_rst) begin
      error_q <= 1'b0;
      error_cause_q <= LINK_NONE;
    end else if (!error_q && (read_error || write_error)) begin
      error_q <= 1'b1;
      error_cause_q <= read_error ? LINK_READ_ERROR : LINK_WRITE_ERROR;
      error_address_q <= read_error ? read_error_address : write_error_address;
    end
  end

  // ------------------------------------------------------------------------------ BAR 0
  logic        reg_awvalid, reg_awready, reg_wvalid, reg_wready, reg_bvalid, reg_bready;
  logic        reg_arvalid, reg_arready, reg_rvalid, reg_rready;
  logic [10:0] reg_awaddr, reg_araddr;
  logic [2:0]  reg_awprot, reg_arprot;
  logic [31:0] reg_wdata, reg_rdata;
  logic [3:0]  reg_wstrb;
  logic [1:0]  reg_bresp, reg_rresp;
  logic        db_valid, db_ready;
  doorbell_t   db;
  logic        split_busy, regs_busy, cmd_overflow, enabled;

  tl_axil_split #(
      .Flows(Flows)
  ) u_split (
      .clk,
      .rst,
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
      .m_axil_awvalid(reg_awvalid),
      .m_axil_awready(reg_awready),
      .m_axil_awaddr(reg_awaddr),
      .m_axil_awprot(reg_awprot),
      .m_axil_wvalid(reg_wvalid),
      .m_axil_wready(reg_wready),
      .m_axil_wdata(reg_wdata),
      .m_axil_wstrb(reg_wstrb),
      .m_axil_bvalid(reg_bvalid),
      .m_axil_bready(reg_bready),
      .m_axil_bresp(reg_bresp),
      .m_axil_arvalid(reg_arvalid),
      .m_axil_arready(reg_arready),
      .m_axil_araddr(reg_araddr),
      .m_axil_arprot(reg_arprot),
      .m_axil_rvalid(reg_rvalid),
      .m_axil_rready(reg_rready),
      .m_axil_rdata(reg_rdata),
      .m_axil_rresp(reg_rresp),
      .m_db_valid(db_valid),
      .m_db_ready(db_ready),
      .m_db(db),
      .busy(split_busy)
  );

  tl_link_regs #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2),
      .MaxBurst(MaxBurst),
      .Listeners(Listeners)
  ) u_regs (
      .clk,
      .rst,
      .s_axil_awvalid(reg_awvalid),
      .s_axil_awready(reg_awready),
      .s_axil_awaddr(reg_awaddr),
      .s_axil_awprot(reg_awprot),
      .s_axil_wvalid(reg_wvalid),
      .s_axil_wready(reg_wready),
      .s_axil_wdata(reg_wdata),
      .s_axil_wstrb(reg_wstrb),
      .s_axil_bvalid(reg_bvalid),
      .s_axil_bready(reg_bready),
      .s_axil_bresp(reg_bresp),
      .s_axil_arvalid(reg_arvalid),
      .s_axil_arready(reg_arready),
      .s_axil_araddr(reg_araddr),
      .s_axil_arprot(reg_arprot),
      .s_axil_rvalid(reg_rvalid),
      .s_axil_rready(reg_rready),
      .s_axil_rdata(reg_rdata),
      .s_axil_rresp(reg_rresp),
      .now_us,
      .cfg,
      .secret,
      .engine_rst,
      .engine_ready,
      .engine_quiet,
      .m_cmd_valid,
      .m_cmd_ready,
      .m_cmd,
      .cnt_index,
      .cnt_value,
      .link,
      .enabled,
      .stop,
      .link_quiet(axi_quiet),
      .restart(1'b0),
      .error(error_q),
      .error_cause(error_cause_q),
      .error_address(error_address_q),
      .consumer_valid,
      .consumer_arm,
      .consumer,
      .producer,
      .cpl_taken(s_evt_valid && s_evt_ready && s_evt.is_cpl),
      .cnt_cmd_overflow(cmd_overflow),
      .busy(regs_busy)
  );

  // ------------------------------------------------------------------------------ doorbells
  logic      tail_valid, fetched_valid, db_bad, db_stale, db_busy;
  flow_pos_t tail, fetched;

  tl_doorbell #(
      .Flows(Flows)
  ) u_doorbell (
      .clk,
      .rst(link_rst),
      .stop,
      .tx_log2(link.tx_log2),
      .s_db_valid(db_valid),
      .s_db_ready(db_ready),
      .s_db(db),
      .s_life_valid,
      .s_life,
      .s_landed_valid(m_landed_valid),
      .s_landed(m_landed),
      .s_fetched_valid(fetched_valid),
      .s_fetched(fetched),
      .m_tail_valid(tail_valid),
      .m_tail(tail),
      .m_taken_valid,
      .m_taken_ready,
      .m_taken,
      .cnt_bad(db_bad),
      .cnt_stale(db_stale),
      .busy(db_busy)
  );

  // ------------------------------------------------------------------------------ transmit
  logic  line_valid, line_ready, line_lost, push_used, push_unused, push_busy, fetch_busy;
  push_t line;

  tl_push_window #(
      .DataW(DataW),
      .Flows(Flows)
  ) u_push (
      .clk,
      .rst,
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
      .m_line_valid(line_valid),
      .m_line_ready(line_ready),
      .m_line(line),
      .cnt_unused(line_lost),
      .busy(push_busy)
  );

  tl_tx_fetch #(
      .DataW(DataW),
      .Flows(Flows),
      .MaxBurst(MaxBurst)
  ) u_fetch (
      .clk,
      .rst(link_rst),
      .stop,
      .tx_base(link.tx_base),
      .tx_log2(link.tx_log2),
      .s_life_valid,
      .s_life,
      .s_tail_valid(tail_valid),
      .s_tail(tail),
      .s_space_valid,
      .s_space,
      .s_line_valid(line_valid),
      .s_line_ready(line_ready),
      .s_line(line),
      .s_line_lost(line_lost),
      .m_fetched_valid(fetched_valid),
      .m_fetched(fetched),
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
      .m_app_valid,
      .m_app_ready,
      .m_app,
      .m_app_data_valid,
      .m_app_data_ready,
      .m_app_data,
      .m_error_valid(read_error),
      .m_error_address(read_error_address),
      .cnt_push_used(push_used),
      .cnt_push_unused(push_unused),
      .quiet(fetch_quiet),
      .busy(fetch_busy)
  );

  // ------------------------------------------------------------------------------ receive, status
  logic write_busy, status_stalled, irq_fired, irq_busy;

  tl_dma_write #(
      .DataW(DataW),
      .MaxBurst(MaxBurst)
  ) u_write (
      .clk,
      .rst(link_rst),
      .stop,
      .rx_base(link.rx_base),
      .rx_log2(link.rx_log2),
      .status_base(link.status_base),
      .status_log2(link.status_log2),
      .s_consumer_valid(consumer_valid),
      .s_consumer(consumer),
      .producer,
      .link_error(error_q && enabled),
      .link_cause(error_cause_q),
      .link_address(error_address_q),
      .link_error_told(error_told),
      .s_evt_valid,
      .s_evt_ready,
      .s_evt,
      .s_rx_valid,
      .s_rx_ready,
      .s_rx,
      .s_rx_data_valid,
      .s_rx_data_ready,
      .s_rx_data,
      .s_rx_data_last,
      .s_rx_waiting,
      .m_landed_valid,
      .m_landed,
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
      .m_error_valid(write_error),
      .m_error_address(write_error_address),
      .cnt_status_stalled(status_stalled),
      .quiet(write_quiet),
      .busy(write_busy)
  );

  tl_irq u_irq (
      .clk,
      .rst(link_rst),
      .now_us,
      .irq_us(link.irq_us),
      .s_arm_valid(consumer_valid),
      .s_arm(consumer_arm),
      .s_arm_index(consumer),
      .producer,
      .link_error(error_told),
      .irq_req,
      .irq_ack,
      .cnt_irq(irq_fired),
      .busy(irq_busy)
  );

  // ------------------------------------------------------------------------------ counters, idle
  always_comb begin
    m_cnt = '0;
    m_cnt[CNT_STALE_GEN] = db_stale;
    m_cnt[CNT_DOORBELL_BAD] = db_bad;
    m_cnt[CNT_CMD_OVERFLOW] = cmd_overflow;
    m_cnt[CNT_PUSH_USED] = push_used;
    m_cnt[CNT_PUSH_UNUSED] = push_unused;
    m_cnt[CNT_DMA_ERROR] = read_error || write_error;
    m_cnt[CNT_STATUS_STALLED] = status_stalled;
    m_cnt[CNT_IRQ] = irq_fired;
  end

  assign busy = split_busy || regs_busy || db_busy || push_busy || fetch_busy || write_busy ||
                irq_busy || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || s_push_awvalid ||
                s_push_arvalid;

endmodule

`default_nettype wire
