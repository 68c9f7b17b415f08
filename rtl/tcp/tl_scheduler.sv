// tl_scheduler: which flow may send next. The ready set holds flows that can send now, first come
// first served; the wait set holds flows whose next hop is being resolved.
//
// Latency: a flow that the lane makes ready while nothing else is, is offered in the same cycle; one
//   that a position made ready in the next, when the lane can read that position.
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

  logic waking, wait_out, wait_empty, wait_take, ready_empty, other_valid;
  logic through, set_valid;
  logic [3:0] waking_q;
  flow_t wait_flow, set_flow;

  assign waking = waking_q != '0;
  assign wait_take = waking && !s_mbox_valid;
  assign other_valid = s_mbox_valid || (wait_out && wait_take);

  // Past the empty set. Not beside another source: the set would be free to offer that one next.
  assign through = s_lane_valid && ready_empty && !other_valid;
  assign m_send_valid = set_valid || through;
  assign m_send_flow = set_valid ? set_flow : s_lane_flow;

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
      .s_set_valid({s_lane_valid && !(through && m_send_ready), other_valid}),
      .s_set_flow({s_lane_flow, s_mbox_valid ? s_mbox_flow : wait_flow}),
      .m_valid(set_valid),
      .m_ready(m_send_ready),
      .m_flow(set_flow),
      .empty(ready_empty)
  );

  `TL_ASSERT_STABLE(a_send_stable, m_send_valid, m_send_ready, m_send_flow)

  assign busy = !ready_empty || waking;

endmodule

`default_nettype wire
