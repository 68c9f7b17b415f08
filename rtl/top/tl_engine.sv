// tl_engine: the TCP engine without its carrier: frames on one side, the host port on the other.
// Joins net, tcp, payload, host port and counters; it holds no logic of its own beyond the join.
//
// Latency: see the folders' READMEs; nothing is added here.
// Throughput: one word of `DataW` bits a cycle in each direction.
// Hazard: `busy` does not cover what the carrier holds.
// Reference: docs/architecture.md.
`default_nettype none

module tl_engine
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned RxFifoBytes = 16384,
    localparam int unsigned Bytes = DataW / 8
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire cfg_t              cfg,
    input  wire secret_t           secret,
    input  wire now_t              now_us,
    // Wire.
    input  wire logic              s_wire_tvalid,
    output logic                   s_wire_tready,
    input  wire logic [DataW-1:0]  s_wire_tdata,
    input  wire logic [Bytes-1:0]  s_wire_tkeep,
    input  wire logic              s_wire_tlast,
    input  wire logic              s_wire_tuser,
    output logic                   m_wire_tvalid,
    input  wire logic              m_wire_tready,
    output logic [DataW-1:0]       m_wire_tdata,
    output logic [Bytes-1:0]       m_wire_tkeep,
    output logic                   m_wire_tlast,
    output logic                   m_wire_tuser,
    // Carrier: commands and events.
    input  wire logic              s_cmd_valid,
    output logic                   s_cmd_ready,
    input  wire cmd_t              s_cmd,
    output logic                   m_evt_valid,
    input  wire logic              m_evt_ready,
    output host_evt_t              m_evt,
    output logic                   m_life_valid,
    output life_t                  m_life,
    // Carrier: received payload and how far it has landed and been read.
    output logic                   m_rx_valid,
    input  wire logic              m_rx_ready,
    output range_t                 m_rx,
    output logic                   m_rx_data_valid,
    input  wire logic              m_rx_data_ready,
    output logic [DataW-1:0]       m_rx_data,
    output logic                   m_rx_data_last,
    output logic                   m_rx_waiting,
    input  wire logic              s_landed_valid,
    input  wire flow_pos_t         s_landed,
    input  wire logic              s_taken_valid,
    output logic                   s_taken_ready,
    input  wire flow_pos_t         s_taken,
    // Carrier: payload to send and the room for it.
    input  wire logic              s_app_valid,
    output logic                   s_app_ready,
    input  wire range_t            s_app,
    input  wire logic              s_app_data_valid,
    output logic                   s_app_data_ready,
    input  wire logic [DataW-1:0]  s_app_data,
    output logic                   m_space_valid,
    output flow_pos_t              m_space,
    // Counters; `s_cnt` are the carrier's pulses.
    input  wire cnt_t              s_cnt,
    input  wire logic [5:0]        cnt_index,
    output logic [31:0]            cnt_value,
    // State.
    output logic                   ready,
    output logic                   busy,
    output logic                   next_deadline_valid,
    output now_t                   next_deadline,
    output logic                   probe_event,
    output logic                   probe_send,
    output logic                   probe_issue
);
  localparam int unsigned LaneW = $clog2(Bytes);

  // ------------------------------------------------------------------------------ net
  logic             key_valid, verdict_valid, verdict_good, pay_valid;
  key_t             key;
  seg_t             verdict_seg;
  logic [LaneW-1:0] verdict_lane;
  logic [DataW-1:0] pay_data;
  logic             rx_room, tcp_room;
  logic             tx_valid, tx_ready, tx_done, tx_ending;
  tx_req_t          tx;
  logic             ask_valid, ask_ready;
  flow_t            ask_flow;
  pos_t             ask_pos;
  logic [15:0]      ask_len;
  logic             rd_valid, rd_ready, rd_sum_valid;
  logic [DataW-1:0] rd_data;
  logic [15:0]      rd_sum;
  logic             reply_valid;
  reply_t           reply;
  logic             nbr_ask_valid, nbr_changed;
  logic [31:0]      nbr_ask_addr;
  nbr_e             nbr;
  logic [47:0]      nbr_mac;
  logic             net_busy, net_deadline_valid;
  now_t             net_deadline;
  cnt_t             net_cnt;

  tl_net #(
      .DataW(DataW)
  ) u_net (
      .clk,
      .rst,
      .cfg,
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
      .m_key_valid(key_valid),
      .m_key(key),
      .m_verdict_valid(verdict_valid),
      .m_verdict_good(verdict_good),
      .m_verdict_seg(verdict_seg),
      .m_verdict_lane(verdict_lane),
      .m_pay_valid(pay_valid),
      .m_pay_data(pay_data),
      .room(rx_room && tcp_room),
      .s_tx_valid(tx_valid),
      .s_tx_ready(tx_ready),
      .s_tx(tx),
      .m_rd_valid(ask_valid),
      .m_rd_ready(ask_ready),
      .m_rd_flow(ask_flow),
      .m_rd_pos(ask_pos),
      .m_rd_len(ask_len),
      .s_rd_valid(rd_valid),
      .s_rd_ready(rd_ready),
      .s_rd_data(rd_data),
      .s_rd_sum_valid(rd_sum_valid),
      .s_rd_sum(rd_sum),
      .s_reply_valid(reply_valid),
      .s_reply(reply),
      .s_nbr_valid(nbr_ask_valid),
      .s_nbr_addr(nbr_ask_addr),
      .m_nbr(nbr),
      .m_nbr_mac(nbr_mac),
      .m_nbr_changed(nbr_changed),
      .m_tx_done(tx_done),
      .m_tx_ending(tx_ending),
      .busy(net_busy),
      .cnt(net_cnt),
      .next_deadline_valid(net_deadline_valid),
      .next_deadline(net_deadline)
  );

  // ------------------------------------------------------------------------------ tcp
  logic        ans_valid;
  rx_answer_t  ans;
  logic        cmd_valid, cmd_ready, cpl_valid;
  cmd_t        cmd;
  cpl_t        cpl;
  logic        tail_valid, tail_ready, acked_valid, launch_valid;
  flow_pos_t   tail, acked, launch;
  logic [15:0] launch_len;
  logic        dirty_valid;
  flow_t       dirty_flow, status_flow;
  status_t     status;
  logic        tcp_busy, tcp_deadline_valid;
  now_t        tcp_deadline;
  cnt_t        tcp_cnt;

  tl_tcp #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2)
  ) u_tcp (
      .clk,
      .rst,
      .cfg,
      .secret,
      .now_us,
      .s_key_valid(key_valid),
      .s_key(key),
      .s_verdict_valid(verdict_valid),
      .s_verdict_good(verdict_good),
      .s_verdict_seg(verdict_seg),
      .room(tcp_room),
      .m_ans_valid(ans_valid),
      .m_ans(ans),
      .m_tx_valid(tx_valid),
      .m_tx_ready(tx_ready),
      .m_tx(tx),
      .s_tx_done(tx_done),
      .s_tx_ending(tx_ending),
      .m_reply_valid(reply_valid),
      .m_reply(reply),
      .m_nbr_valid(nbr_ask_valid),
      .m_nbr_addr(nbr_ask_addr),
      .s_nbr(nbr),
      .s_nbr_mac(nbr_mac),
      .s_nbr_changed(nbr_changed),
      .s_cmd_valid(cmd_valid),
      .s_cmd_ready(cmd_ready),
      .s_cmd(cmd),
      .m_cpl_valid(cpl_valid),
      .m_cpl(cpl),
      .s_tail_valid(tail_valid),
      .s_tail_ready(tail_ready),
      .s_tail(tail),
      .s_taken_valid,
      .s_taken_ready,
      .s_taken,
      .m_acked_valid(acked_valid),
      .m_acked(acked),
      .m_launch_valid(launch_valid),
      .m_launch(launch),
      .m_launch_len(launch_len),
      .m_life_valid,
      .m_life,
      .m_dirty_valid(dirty_valid),
      .m_dirty_flow(dirty_flow),
      .s_status_flow(status_flow),
      .m_status(status),
      .ready,
      .busy(tcp_busy),
      .cnt(tcp_cnt),
      .next_deadline_valid(tcp_deadline_valid),
      .next_deadline(tcp_deadline),
      .probe_event,
      .probe_send,
      .probe_issue
  );

  // ------------------------------------------------------------------------------ payload
  logic store_busy, deliver_busy;

  tl_tx_store #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2)
  ) u_tx_store (
      .clk,
      .rst,
      .s_life_valid(m_life_valid),
      .s_life(m_life),
      .s_app_valid,
      .s_app_ready,
      .s_app,
      .s_app_data_valid,
      .s_app_data_ready,
      .s_app_data,
      .m_tail_valid(tail_valid),
      .m_tail_ready(tail_ready),
      .m_tail(tail),
      .s_acked_valid(acked_valid),
      .s_acked(acked),
      .m_space_valid,
      .m_space,
      .s_launch_valid(launch_valid),
      .s_launch_flow(launch.flow),
      .s_launch_pos(launch.pos),
      .s_launch_len(launch_len),
      .s_tx_done(tx_done),
      .s_rd_valid(ask_valid),
      .s_rd_ready(ask_ready),
      .s_rd_flow(ask_flow),
      .s_rd_pos(ask_pos),
      .s_rd_len(ask_len),
      .m_rd_valid(rd_valid),
      .m_rd_ready(rd_ready),
      .m_rd_data(rd_data),
      .m_rd_sum_valid(rd_sum_valid),
      .m_rd_sum(rd_sum),
      .busy(store_busy)
  );

  tl_rx_deliver #(
      .DataW(DataW),
      .RxFifoBytes(RxFifoBytes)
  ) u_rx_deliver (
      .clk,
      .rst,
      .s_pay_valid(pay_valid),
      .s_pay_data(pay_data),
      .s_verdict_valid(verdict_valid),
      .s_verdict_good(verdict_good),
      .s_verdict_len(verdict_seg.len),
      .s_verdict_lane(verdict_lane),
      .s_ans_valid(ans_valid),
      .s_ans(ans),
      .m_rx_valid,
      .m_rx_ready,
      .m_rx,
      .m_rx_data_valid,
      .m_rx_data_ready,
      .m_rx_data,
      .m_rx_data_last,
      .m_rx_waiting,
      .room(rx_room),
      .busy(deliver_busy)
  );

  // ------------------------------------------------------------------------------ host port
  logic host_busy;

  tl_host_port #(
      .Flows(Flows)
  ) u_host_port (
      .clk,
      .rst,
      .s_cmd_valid,
      .s_cmd_ready,
      .s_cmd,
      .m_cmd_valid(cmd_valid),
      .m_cmd_ready(cmd_ready),
      .m_cmd(cmd),
      .s_cpl_valid(cpl_valid),
      .s_cpl(cpl),
      .s_dirty_valid(dirty_valid),
      .s_dirty_flow(dirty_flow),
      .m_status_flow(status_flow),
      .s_status(status),
      .s_landed_valid,
      .s_landed,
      .s_life_valid(m_life_valid),
      .s_life(m_life),
      .m_evt_valid,
      .m_evt_ready,
      .m_evt,
      .busy(host_busy)
  );

  tl_counters u_counters (
      .clk,
      .rst,
      .cnt(net_cnt | tcp_cnt | s_cnt),
      .index(cnt_index),
      .value(cnt_value)
  );

  // Frames are told apart by their order, not by generation.
  logic unused;
  assign unused = ^launch.gen;

  // ------------------------------------------------------------------------------ idle
  assign busy = net_busy || tcp_busy || store_busy || deliver_busy || host_busy;
  assign next_deadline_valid = net_deadline_valid || tcp_deadline_valid;
  assign next_deadline =
      !net_deadline_valid || (tcp_deadline_valid && tcp_deadline < net_deadline) ? tcp_deadline
                                                                               : net_deadline;

endmodule

`default_nettype wire
