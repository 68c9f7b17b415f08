// tl_usb_engine: the whole design behind flat ports: the engine and its PCIe carrier. Boards and the
// simulator instantiate it.
//
// Latency: see tl_engine and tl_pcie; nothing is added here.
// Throughput: one word of `DataW` bits a cycle in each direction.
// Hazard: `quiescent` looks one cycle behind its inputs; give frames and transactions first, then
//   clock, then look.
// Reference: docs/architecture.md.
`default_nettype none

module tl_usb_engine
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 64,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned RxFifoBytes = 16384,
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
    // The host's two byte streams.
    input  wire logic             s_byte_valid,
    output logic                  s_byte_ready,
    input  wire logic [7:0]       s_byte_data,
    output logic                  m_byte_valid,
    input  wire logic             m_byte_ready,
    output logic [7:0]            m_byte_data,
    output logic                  link_up,
    // State.
    output logic                  ready,
    output logic                  quiescent,
    output logic                  next_deadline_valid,
    output logic [63:0]           next_deadline,
    output logic                  probe_event,
    output logic                  probe_send,
    output logic                  probe_issue
);

  cfg_t             cfg;
  secret_t          secret;
  logic             engine_rst, engine_busy, engine_ready, usb_busy;
  // Set from power-on: the engine is in reset one cycle before it has seen `rst`.
  logic             rst_q = 1'b1;
  logic [5:0]       cnt_index;
  logic [31:0]      cnt_value;
  cnt_t             usb_cnt;
  logic             cmd_valid, cmd_ready, evt_valid, evt_ready, life_valid;
  cmd_t             cmd;
  host_evt_t        evt;
  life_t            life;
  logic             rx_valid, rx_ready, rx_data_valid, rx_data_ready, rx_data_last, rx_waiting;
  range_t           rx, app;
  logic [DataW-1:0] rx_data, app_data;
  logic             landed_valid, taken_valid, taken_ready, space_valid;
  flow_pos_t        landed, taken, space;
  logic             app_valid, app_ready, app_data_valid, app_data_ready;

  // The host's reset of the engine leaves the carrier's register block alone.
  always_ff @(posedge clk) rst_q <= rst || engine_rst;

  assign ready = engine_ready && !rst_q;
  assign quiescent = ready && !engine_rst && !engine_busy && !usb_busy;

  tl_engine #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2),
      .RxFifoBytes(RxFifoBytes)
  ) u_engine (
      .clk,
      .rst(rst_q),
      .cfg,
      .secret,
      .now_us,
      .s_wire_tvalid,
      .s_wire_tready,
      .s_wire_tdata,
      .s_wire_tkeep,
      .s_wire_tlast,
      .s_wire_tuser,
      .m_wire_tvalid,
      .m_wire_tready,
      .m_wire_tdata,
      .m_wire_tkeep,
      .m_wire_tlast,
      .m_wire_tuser,
      .s_cmd_valid(cmd_valid),
      .s_cmd_ready(cmd_ready),
      .s_cmd(cmd),
      .m_evt_valid(evt_valid),
      .m_evt_ready(evt_ready),
      .m_evt(evt),
      .m_life_valid(life_valid),
      .m_life(life),
      .m_rx_valid(rx_valid),
      .m_rx_ready(rx_ready),
      .m_rx(rx),
      .m_rx_data_valid(rx_data_valid),
      .m_rx_data_ready(rx_data_ready),
      .m_rx_data(rx_data),
      .m_rx_data_last(rx_data_last),
      .m_rx_waiting(rx_waiting),
      .s_landed_valid(landed_valid),
      .s_landed(landed),
      .s_taken_valid(taken_valid),
      .s_taken_ready(taken_ready),
      .s_taken(taken),
      .s_app_valid(app_valid),
      .s_app_ready(app_ready),
      .s_app(app),
      .s_app_data_valid(app_data_valid),
      .s_app_data_ready(app_data_ready),
      .s_app_data(app_data),
      .m_space_valid(space_valid),
      .m_space(space),
      .s_cnt(usb_cnt),
      .cnt_index,
      .cnt_value,
      .ready(engine_ready),
      .busy(engine_busy),
      .next_deadline_valid,
      .next_deadline,
      .probe_event,
      .probe_send,
      .probe_issue
  );

  tl_usb #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2)
  ) u_usb (
      .clk,
      .rst,
      .now_us,
      .s_byte_valid,
      .s_byte_ready,
      .s_byte_data,
      .m_byte_valid,
      .m_byte_ready,
      .m_byte_data,
      .link_up,
      .cfg,
      .secret,
      .engine_rst,
      .engine_ready(ready),
      .engine_quiet(!engine_busy),
      .cnt_index,
      .cnt_value,
      .m_cnt(usb_cnt),
      .m_cmd_valid(cmd_valid),
      .m_cmd_ready(cmd_ready),
      .m_cmd(cmd),
      .s_evt_valid(evt_valid),
      .s_evt_ready(evt_ready),
      .s_evt(evt),
      .s_life_valid(life_valid),
      .s_life(life),
      .s_rx_valid(rx_valid),
      .s_rx_ready(rx_ready),
      .s_rx(rx),
      .s_rx_data_valid(rx_data_valid),
      .s_rx_data_ready(rx_data_ready),
      .s_rx_data(rx_data),
      .s_rx_data_last(rx_data_last),
      .m_landed_valid(landed_valid),
      .m_landed(landed),
      .m_taken_valid(taken_valid),
      .m_taken_ready(taken_ready),
      .m_taken(taken),
      .m_app_valid(app_valid),
      .m_app_ready(app_ready),
      .m_app(app),
      .m_app_data_valid(app_data_valid),
      .m_app_data_ready(app_data_ready),
      .m_app_data(app_data),
      .s_space_valid(space_valid),
      .s_space(space),
      .busy(usb_busy)
  );

  // Payload and status take turns on this link whatever waits.
  logic unused;
  assign unused = rx_waiting;

endmodule

`default_nettype wire
