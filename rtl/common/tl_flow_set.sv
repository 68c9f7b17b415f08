// tl_flow_set: a set of flows that several sources add to in the same cycle and one consumer drains,
// first come first served. A flow that is already in the set is not added twice. A flow leaves the
// set when it is issued (`m_valid && m_ready`), and a set in that very cycle wins: no wake-up is
// lost.
//
// A bit per flow says that the flow is in one of the queues, so a queue of `Flows` places never
// overflows and nothing has to search. The bit is the parity over one RAM bank per writer (each
// source and the consumer), which gives every bank a single write port.
//
// Latency: a flow set while the set is empty is offered in the next cycle.
// Throughput: every source one flow a cycle, the consumer one flow a cycle.
// Hazard: after reset `Flows` cycles pass (`empty` is 0) until the bits are clear; what is set in
//   that time is lost.
`default_nettype none
`include "tl_assert.svh"

module tl_flow_set
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 64,
    parameter int unsigned Sets = 1
) (
    input  wire logic            clk,
    input  wire logic            rst,
    input  wire logic [Sets-1:0] s_set_valid,
    input  wire flow_t [Sets-1:0] s_set_flow,
    output logic                 m_valid,
    input  wire logic            m_ready,
    output flow_t                m_flow,
    output logic                 empty
);
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned SelW = Sets > 1 ? $clog2(Sets) : 1;
  typedef logic [FlowW-1:0] idx_t;

  if (Flows < 2 || Flows > 65536 || (Flows & (Flows - 1)) != 0)
    $error("tl_flow_set: Flows must be a power of two from 2 to 65536");

  // ------------------------------------------------------------------------ clear after reset
  logic clear_q;
  idx_t clear_idx_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      clear_q <= 1'b1;
      clear_idx_q <= '0;
    end else if (clear_q) begin
      clear_idx_q <= clear_idx_q + idx_t'(1);
      if (clear_idx_q == idx_t'(Flows - 1)) clear_q <= 1'b0;
    end
  end

  // ------------------------------------------------------------------------ membership
  idx_t set_idx[Sets];
  idx_t out_idx;
  logic issue;
  logic [Sets-1:0] first, push, stays;
  logic [Sets:0] own[Sets];       // the banks' bits at each source's flow
  logic [Sets-1:0] push_same;     // a source adds the very flow that is issued

  assign issue = m_valid && m_ready;

  for (genvar p = 0; p < int'(Sets); p++) begin : g_source
    assign set_idx[p] = idx_t'(s_set_flow[p]);
    always_comb begin
      first[p] = s_set_valid[p] && !clear_q;
      for (int q = 0; q < p; q++)
        if (s_set_valid[q] && set_idx[q] == set_idx[p]) first[p] = 1'b0;
      stays[p] = issue && set_idx[p] == out_idx;
      push[p] = first[p] && (stays[p] || !(^own[p]));
      push_same[p] = push[p] && stays[p];
    end
  end

  for (genvar b = 0; b <= int'(Sets); b++) begin : g_bank
    logic bits[Flows];
    logic we;
    idx_t waddr;
    logic wdata;

    for (genvar p = 0; p < int'(Sets); p++) begin : g_read
      assign own[p][b] = s_set_valid[p] ? bits[set_idx[p]] : 1'b0;
    end

    if (b < int'(Sets)) begin : g_set
      assign we = clear_q || (push[b] && !stays[b]);
      assign waddr = clear_q ? clear_idx_q : set_idx[b];
      assign wdata = !clear_q && !own[b][b];
    end else begin : g_clear
      assign we = clear_q || (issue && push_same == '0);
      assign waddr = clear_q ? clear_idx_q : out_idx;
      assign wdata = !clear_q && !bits[out_idx];
    end

    always_ff @(posedge clk) begin
      if (we) bits[waddr] <= wdata;
    end
  end

  // ------------------------------------------------------------------------ queues
  logic [Sets-1:0] q_valid, q_ready;
  idx_t q_idx[Sets];

  for (genvar p = 0; p < int'(Sets); p++) begin : g_queue
    // `count` is not needed and the queue is never full: a flow is in at most one place.
    logic unused_ready;
    logic [$clog2(Flows + 1)-1:0] unused_count;
    tl_fifo #(
        .Width(FlowW),
        .Depth(Flows),
        .Exchange(1)
    ) i_queue (
        .clk,
        .rst,
        .s_valid(push[p]),
        .s_ready(unused_ready),
        .s_data(set_idx[p]),
        .m_valid(q_valid[p]),
        .m_ready(q_ready[p]),
        .m_data(q_idx[p]),
        .count(unused_count)
    );
    `TL_ASSERT(a_no_overflow, !push[p] || unused_ready)
    logic unused;
    assign unused = ^{unused_ready, unused_count, s_set_flow[p]};
  end

  // Round robin over the queues; an offered flow stays until it is taken.
  if (Sets == 1) begin : g_one
    assign m_valid = q_valid[0];
    assign out_idx = q_idx[0];
    assign q_ready[0] = m_ready;
  end else begin : g_many
    logic [SelW-1:0] sel, last_q;
    logic held_q;

    // The queue `steps` before `from`, without a division.
    function automatic logic [SelW-1:0] back(input logic [SelW-1:0] from,
                                             input int unsigned steps);
      return 32'(from) >= steps ? from - SelW'(steps) : from + SelW'(Sets - steps);
    endfunction

    always_comb begin
      sel = last_q;
      if (!held_q) begin
        // From the last one served backwards: the nearest successor is looked at last and wins.
        for (int unsigned i = 0; i < Sets; i++)
          if (q_valid[back(last_q, i)]) sel = back(last_q, i);
      end
    end

    always_ff @(posedge clk) begin
      if (rst) begin
        held_q <= 1'b0;
        last_q <= '0;
      end else begin
        held_q <= m_valid && !m_ready;
        if (m_valid) last_q <= sel;
      end
    end

    assign m_valid = q_valid[sel];
    assign out_idx = q_idx[sel];
    always_comb begin
      q_ready = '0;
      q_ready[sel] = m_ready;
    end
  end

  assign m_flow = flow_t'(out_idx);
  assign empty = q_valid == '0 && !clear_q;

  `TL_ASSERT_STABLE(a_set_stable, m_valid, m_ready, m_flow)

endmodule

`default_nettype wire
