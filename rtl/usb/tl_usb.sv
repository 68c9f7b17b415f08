// tl_usb: carries the host port over two byte streams. The host keeps the rings; messages bring what
// it writes into them and take back what it reads from them.
//
// Latency: last byte of a frame with payload -> `m_app_valid` 17 cycles; range -> first byte 3 cycles.
// Throughput: one byte a cycle in each direction.
// Hazard: a lost or wrong byte ends the session: the engine stops until HELLO resets it.
// Reference: docs/usb.md, docs/architecture.md.
`default_nettype none
`include "tl_assert.svh"

module tl_usb
  import tautline_pkg::*;
  import tl_link_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 64,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned RxBytes = 4096,
    parameter int unsigned Listeners = 16
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire now_t             now_us,
    input  wire logic             s_byte_valid,
    output logic                  s_byte_ready,
    input  wire logic [7:0]       s_byte_data,
    output logic                  m_byte_valid,
    input  wire logic             m_byte_ready,
    output logic [7:0]            m_byte_data,
    output logic                  link_up,
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
  // ------------------------------------------------------------------------------ receive
  logic        hello, ping, lost, malformed, rx_bad, rx_busy;
  logic [31:0] hello_nonce;
  logic [15:0] hello_credit;
  logic [7:0]  peer_credit, credit, msg_data;
  logic        msg_valid, msg_ready;

  tl_usb_rx #(
      .RxBytes(RxBytes)
  ) u_rx (
      .clk,
      .rst,
      .s_byte_valid,
      .s_byte_ready,
      .s_byte_data,
      .hello,
      .hello_nonce,
      .hello_credit,
      .ping,
      .lost,
      .link_up,
      .peer_credit,
      .credit,
      .m_valid(msg_valid),
      .m_ready(msg_ready),
      .m_data(msg_data),
      .malformed,
      .cnt_bad(rx_bad),
      .busy(rx_busy)
  );

  // ------------------------------------------------------------------------------ messages
  logic        awvalid, awready, wvalid, wready, bvalid, arvalid, arready, rvalid;
  logic [10:0] awaddr, araddr;
  logic [31:0] wdata, rdata, value;
  logic [1:0]  bresp, rresp;
  logic        value_valid, value_ready, stop, exec_stale, exec_bad, exec_busy;

  tl_usb_exec #(
      .DataW(DataW),
      .Flows(Flows)
  ) u_exec (
      .clk,
      .rst,
      .engine_rst,
      .restart(hello),
      .stop,
      .s_valid(msg_valid),
      .s_ready(msg_ready),
      .s_data(msg_data),
      .malformed,
      .m_axil_awvalid(awvalid),
      .m_axil_awready(awready),
      .m_axil_awaddr(awaddr),
      .m_axil_wvalid(wvalid),
      .m_axil_wready(wready),
      .m_axil_wdata(wdata),
      .m_axil_bvalid(bvalid),
      .m_axil_arvalid(arvalid),
      .m_axil_arready(arready),
      .m_axil_araddr(araddr),
      .m_axil_rvalid(rvalid),
      .m_axil_rdata(rdata),
      .m_value_valid(value_valid),
      .m_value_ready(value_ready),
      .m_value(value),
      .s_life_valid,
      .s_life,
      .s_space_valid,
      .s_space,
      .s_landed_valid(m_landed_valid),
      .s_landed(m_landed),
      .m_taken_valid,
      .m_taken_ready,
      .m_taken,
      .m_app_valid,
      .m_app_ready,
      .m_app,
      .m_app_data_valid,
      .m_app_data_ready,
      .m_app_data,
      .cnt_stale(exec_stale),
      .cnt_bad(exec_bad),
      .busy(exec_busy)
  );

  // ------------------------------------------------------------------------------ registers
  link_cfg_t   link;
  logic        enabled, link_quiet, cmd_overflow, regs_busy;
  logic        consumer_valid, consumer_arm;
  logic [15:0] consumer;

  // The status ring and its interrupt are the host's: nothing here reads their registers.
  tl_link_regs #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2),
      .MaxBurst(StreamMaxData),
      .Listeners(Listeners)
  ) u_regs (
      .clk,
      .rst,
      .s_axil_awvalid(awvalid),
      .s_axil_awready(awready),
      .s_axil_awaddr(awaddr),
      .s_axil_awprot('0),
      .s_axil_wvalid(wvalid),
      .s_axil_wready(wready),
      .s_axil_wdata(wdata),
      .s_axil_wstrb('1),
      .s_axil_bvalid(bvalid),
      .s_axil_bready(1'b1),
      .s_axil_bresp(bresp),
      .s_axil_arvalid(arvalid),
      .s_axil_arready(arready),
      .s_axil_araddr(araddr),
      .s_axil_arprot('0),
      .s_axil_rvalid(rvalid),
      .s_axil_rready(1'b1),
      .s_axil_rdata(rdata),
      .s_axil_rresp(rresp),
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
      .link_quiet,
      .restart(hello),
      .error(!link_up),
      .error_cause(LINK_NONE),
      .error_address('0),
      .consumer_valid,
      .consumer_arm,
      .consumer,
      .producer('0),
      .cpl_taken(s_evt_valid && s_evt_ready && s_evt.is_cpl),
      .cnt_cmd_overflow(cmd_overflow),
      .busy(regs_busy)
  );

  // ------------------------------------------------------------------------------ send
  logic tx_busy;

  tl_usb_tx #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2),
      .RxBytes(RxBytes)
  ) u_tx (
      .clk,
      .rst,
      .engine_rst,
      .stop,
      .quiet(link_quiet),
      .hello,
      .hello_nonce,
      .hello_credit,
      .ping,
      .lost,
      .peer_credit,
      .credit,
      .s_value_valid(value_valid),
      .s_value_ready(value_ready),
      .s_value(value),
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
      .s_life_valid,
      .s_life,
      .s_space_valid,
      .s_space,
      .m_landed_valid,
      .m_landed,
      .m_byte_valid,
      .m_byte_ready,
      .m_byte_data,
      .busy(tx_busy)
  );

  // ------------------------------------------------------------------------------ counters, idle
  always_comb begin
    m_cnt = '0;
    m_cnt[CNT_STALE_GEN] = exec_stale;
    m_cnt[CNT_DOORBELL_BAD] = exec_bad;
    m_cnt[CNT_CMD_OVERFLOW] = cmd_overflow;
    m_cnt[CNT_LINK_BAD_FRAME] = rx_bad;
  end

  assign busy = rx_busy || exec_busy || regs_busy || tx_busy || s_byte_valid;

  logic unused;
  assign unused = ^{link, enabled, consumer_valid, consumer_arm, consumer, bresp, rresp};

endmodule

`default_nettype wire
