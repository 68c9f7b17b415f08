// tl_net: between the wire's frames and the engine's segments: parse, neighbours, ping, replies without
// a flow, frame building.
//
// Latency: last frame word -> verdict 2 cycles; s_tx while idle -> first frame word 2 cycles.
// Throughput: receives one word a cycle without a gap; sends one word a cycle with 1 idle cycle between
//   frames.
// Hazard: `s_tx` is taken only when its frame has left the builder.
`default_nettype none

module tl_net
  import tautline_pkg::*;
  import net_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned ArpEntries = 16,
    localparam int unsigned Bytes = DataW / 8,
    localparam int unsigned LaneW = $clog2(Bytes)
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire cfg_t              cfg,
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
    // Received TCP segments.
    output logic                   m_key_valid,
    output key_t                   m_key,
    output logic                   m_verdict_valid,
    output logic                   m_verdict_good,
    output seg_t                   m_verdict_seg,
    output logic [LaneW-1:0]       m_verdict_lane,
    output logic                   m_pay_valid,
    output logic [DataW-1:0]       m_pay_data,
    input  wire logic              room,
    // Segments to send, and their payload.
    input  wire logic              s_tx_valid,
    output logic                   s_tx_ready,
    input  wire tx_req_t           s_tx,
    output logic                   m_tx_done,
    output logic                   m_tx_ending,
    output logic                   m_rd_valid,
    input  wire logic              m_rd_ready,
    output flow_t                  m_rd_flow,
    output pos_t                   m_rd_pos,
    output logic [15:0]            m_rd_len,
    input  wire logic              s_rd_valid,
    output logic                   s_rd_ready,
    input  wire logic [DataW-1:0]  s_rd_data,
    input  wire logic              s_rd_sum_valid,
    input  wire logic [15:0]       s_rd_sum,
    input  wire logic              s_reply_valid,
    input  wire reply_t            s_reply,
    // Next hops.
    input  wire logic              s_nbr_valid,
    input  wire logic [31:0]       s_nbr_addr,
    output nbr_e                   m_nbr,
    output logic [47:0]            m_nbr_mac,
    output logic                   m_nbr_changed,
    output logic                   busy,
    output cnt_t                   cnt,
    output logic                   next_deadline_valid,
    output now_t                   next_deadline
);
  if (DataW < 64 || (DataW & (DataW - 1)) != 0) begin : g_illegal
    $error("tl_net: DataW is a power of two, 64 or more");
  end

  cnt_t rx_cnt, reply_cnt, echo_cnt, arp_cnt, tx_cnt;
  logic rx_busy, arp_busy, build_busy;

  assign s_wire_tready = 1'b1;
  assign m_wire_tuser = 1'b0;
  assign cnt = rx_cnt | reply_cnt | echo_cnt | arp_cnt | tx_cnt;

  // ------------------------------------------------------------------------------ receive
  logic             rx_arp_valid;
  arp_rx_t          rx_arp;
  logic             icmp_word_valid, icmp_valid, icmp_good;
  logic [DataW-1:0] icmp_word;
  echo_t            icmp;
  logic [LaneW-1:0] icmp_lane;

  tl_rx_parse #(.DataW(DataW)) u_parse (
      .clk,
      .rst,
      .cfg,
      .s_wire_tvalid,
      .s_wire_tdata,
      .s_wire_tkeep,
      .s_wire_tlast,
      .s_wire_tuser,
      .room,
      .m_key_valid,
      .m_key,
      .m_verdict_valid,
      .m_verdict_good,
      .m_verdict_seg,
      .m_verdict_lane,
      .m_pay_valid,
      .m_pay_data,
      .m_arp_valid(rx_arp_valid),
      .m_arp(rx_arp),
      .m_icmp_word_valid(icmp_word_valid),
      .m_icmp_word(icmp_word),
      .m_icmp_valid(icmp_valid),
      .m_icmp_good(icmp_good),
      .m_icmp(icmp),
      .m_icmp_lane(icmp_lane),
      .busy(rx_busy),
      .cnt(rx_cnt)
  );

  // ------------------------------------------------------------------------------ what waits to go
  logic             arp_valid, arp_ready;
  arp_tx_t          arp;
  logic             echo_valid, echo_ready, echo_data_valid, echo_data_ready;
  echo_t            echo;
  logic [LaneW-1:0] echo_lane;
  logic [DataW-1:0] echo_data;
  logic             reply_valid, reply_ready;
  reply_t           reply;

  tl_arp #(.ArpEntries(ArpEntries)) u_arp (
      .clk,
      .rst,
      .cfg,
      .now_us,
      .s_nbr_valid,
      .s_nbr_addr,
      .m_nbr,
      .m_nbr_mac,
      .m_nbr_changed,
      .s_arp_valid(rx_arp_valid),
      .s_arp(rx_arp),
      .m_arp_valid(arp_valid),
      .m_arp_ready(arp_ready),
      .m_arp(arp),
      .busy(arp_busy),
      .cnt(arp_cnt),
      .next_deadline_valid,
      .next_deadline
  );

  tl_icmp_echo #(.DataW(DataW)) u_echo (
      .clk,
      .rst,
      .enable(cfg.enable),
      .s_word_valid(icmp_word_valid),
      .s_word(icmp_word),
      .s_valid(icmp_valid),
      .s_good(icmp_good),
      .s_echo(icmp),
      .s_lane(icmp_lane),
      .m_valid(echo_valid),
      .m_ready(echo_ready),
      .m_echo(echo),
      .m_lane(echo_lane),
      .m_data_valid(echo_data_valid),
      .m_data_ready(echo_data_ready),
      .m_data(echo_data),
      .cnt(echo_cnt)
  );

  tl_reply u_reply (
      .clk,
      .rst,
      .cfg,
      .now_us,
      .s_valid(s_reply_valid),
      .s_reply,
      .m_valid(reply_valid),
      .m_ready(reply_ready),
      .m_reply(reply),
      .cnt(reply_cnt)
  );

  // ------------------------------------------------------------------------------ send
  logic   frm_valid, frm_ready, frm_done, read_done;
  frame_t frm;

  tl_tx_select #(.DataW(DataW)) u_select (
      .clk,
      .rst,
      .cfg,
      .s_tx_valid,
      .s_tx_ready,
      .s_tx,
      .m_tx_done,
      .s_reply_valid(reply_valid),
      .s_reply_ready(reply_ready),
      .s_reply(reply),
      .s_arp_valid(arp_valid),
      .s_arp_ready(arp_ready),
      .s_arp(arp),
      .s_echo_valid(echo_valid),
      .s_echo_ready(echo_ready),
      .s_echo(echo),
      .s_echo_lane(echo_lane),
      .m_frm_valid(frm_valid),
      .m_frm_ready(frm_ready),
      .m_frm(frm),
      .s_frm_done(frm_done),
      .s_read_done(read_done),
      .cnt(tx_cnt)
  );

  tl_frame_build #(.DataW(DataW)) u_build (
      .clk,
      .rst,
      .cfg,
      .s_frm_valid(frm_valid),
      .s_frm_ready(frm_ready),
      .s_frm(frm),
      .m_frm_done(frm_done),
      .m_read_done(read_done),
      .m_ending(m_tx_ending),
      .m_rd_valid,
      .m_rd_ready,
      .m_rd_flow,
      .m_rd_pos,
      .m_rd_len,
      .s_rd_valid,
      .s_rd_ready,
      .s_rd_data,
      .s_rd_sum_valid,
      .s_rd_sum,
      .s_echo_valid(echo_data_valid),
      .s_echo_ready(echo_data_ready),
      .s_echo_data(echo_data),
      .m_wire_tvalid,
      .m_wire_tready,
      .m_wire_tdata,
      .m_wire_tkeep,
      .m_wire_tlast,
      .busy(build_busy)
  );

  assign busy = rx_busy || arp_busy || build_busy || reply_valid || echo_valid;

endmodule

`default_nettype wire
