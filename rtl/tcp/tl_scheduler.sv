// tl_scheduler: which flow may send next. The ready set holds flows that can send now, first come
// first served; the wait set holds flows whose next hop is being resolved.
//
// Latency: a flow made ready while the set is empty is offered in the next cycle.
// Throughput: one flow a cycle.
// Hazard: the ready bit clears at issue and a set in that cycle wins, so no wake-up is lost.
`default_nettype none
`include "tl_assert.svh"

module tl_scheduler
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 64
) (
    input  wire logic  clk,
    input  wire logic  rst,

    input  wire logic  s_lane_valid,  // the lane still owes a segment
    input  wire flow_t s_lane_flow,
    input  wire logic  s_mbox_valid,  // the host published a position
    input  wire flow_t s_mbox_flow,
    input  wire logic  s_wait_valid,  // the lane found the next hop pending
    input  wire flow_t s_wait_flow,
    input  wire logic  s_nbr_changed,

    output logic       m_send_valid,
    input  wire logic  m_send_ready,
    output flow_t      m_send_flow,

    output logic       busy
);

  // The table's answer is unknown here, so every waiting flow tries again. Waking goes on for longer
  // than the lane needs from its query to the wait notice: a flow that asked just before the change
  // would otherwise sleep through it.
  localparam logic [3:0] Linger = 4'd15;

  logic waking, wait_out, wait_empty, wait_take, ready_empty;
  logic [3:0] waking_q;
  flow_t wait_flow;

  assign waking = waking_q != '0;
  assign wait_take = waking && !s_mbox_valid;

  always_ff @(posedge clk) begin
    if (rst) waking_q <= '0;
    else if (s_nbr_changed) waking_q <= Linger;
    else if (waking && (wait_empty || waking_q != 4'd1)) waking_q <= waking_q - 4'd1;
  end

  tl_flow_set #(
      .Flows(Flows),
      .Sets(1)
  ) i_wait (
      .clk,
      .rst,
      .s_set_valid(s_wait_valid),
      .s_set_flow(s_wait_flow),
      .m_valid(wait_out),
      .m_ready(wait_take),
      .m_flow(wait_flow),
      .empty(wait_empty)
  );

  tl_flow_set #(
      .Flows(Flows),
      .Sets(2)
  ) i_ready (
      .clk,
      .rst,
      .s_set_valid({s_lane_valid, s_mbox_valid || (wait_out && wait_take)}),
      .s_set_flow({s_lane_flow, s_mbox_valid ? s_mbox_flow : wait_flow}),
      .m_valid(m_send_valid),
      .m_ready(m_send_ready),
      .m_flow(m_send_flow),
      .empty(ready_empty)
  );

  assign busy = !ready_empty || waking;

endmodule

`default_nettype wire
