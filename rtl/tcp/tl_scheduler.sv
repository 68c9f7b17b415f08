// tl_scheduler: which flow may send next. Flows that owe something (a retransmission, an ACK, a RST, a
// SYN) go before flows that only may send data, each first come first served; data that waits gets
// every ninth turn. The wait set holds flows whose next hop is being resolved.
//
// Latency: a flow that owes while no other does is offered in the same cycle; one that may send data,
//   or whose position was published, in the next, when the lane can read that position.
// Throughput: one flow a cycle.
// Hazard: the offer may change for a more urgent one until it is taken. The bit of a flow clears at
//   issue and a set in that cycle wins, so no wake-up is lost.
`default_nettype none

module tl_scheduler
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 64
) (
    input  wire logic  clk,
    input  wire logic  rst,

    input  wire logic  s_urgent_valid,  // the flow owes something
    input  wire flow_t s_urgent_flow,
    input  wire logic  s_lane_valid,    // it may send data
    input  wire flow_t s_lane_flow,
    input  wire logic  s_mbox_valid,    // the host published a position
    input  wire flow_t s_mbox_flow,
    input  wire logic  s_wait_valid,    // the lane found the next hop pending
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

  // Turns that data waits at most.
  localparam logic [3:0] Patience = 4'd8;

  logic waking, wait_out, wait_empty, wait_take;
  logic [3:0] waking_q, passed_q;
  logic urgent_out, urgent_empty, ready_out, ready_empty, data_turn;
  logic urgent_take, ready_take, through;
  flow_t wait_flow, urgent_flow, ready_flow;

  assign waking = waking_q != '0;
  assign wait_take = waking && !s_mbox_valid;

  assign data_turn = ready_out && (passed_q == Patience || !(urgent_out || s_urgent_valid));
  // Past the empty set.
  assign through = s_urgent_valid && urgent_empty && !data_turn;
  assign m_send_valid = urgent_out || through || ready_out;
  assign m_send_flow = data_turn ? ready_flow : urgent_out ? urgent_flow : s_urgent_flow;
  assign urgent_take = m_send_ready && !data_turn;
  assign ready_take = m_send_ready && data_turn;

  always_ff @(posedge clk) begin
    if (rst || ready_take || !ready_out) passed_q <= '0;
    else if (m_send_valid && urgent_take) passed_q <= passed_q + 4'd1;
  end

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
      .Sets(1)
  ) i_urgent (
      .clk,
      .rst,
      .s_set_valid(s_urgent_valid && !(through && m_send_ready)),
      .s_set_flow(s_urgent_flow),
      .m_valid(urgent_out),
      .m_ready(urgent_take),
      .m_flow(urgent_flow),
      .empty(urgent_empty)
  );

  tl_flow_set #(
      .Flows(Flows),
      .Sets(2)
  ) i_ready (
      .clk,
      .rst,
      .s_set_valid({s_lane_valid, s_mbox_valid || (wait_out && wait_take)}),
      .s_set_flow({s_lane_flow, s_mbox_valid ? s_mbox_flow : wait_flow}),
      .m_valid(ready_out),
      .m_ready(ready_take),
      .m_flow(ready_flow),
      .empty(ready_empty)
  );

  assign busy = !ready_empty || !urgent_empty || waking;

endmodule

`default_nettype wire
