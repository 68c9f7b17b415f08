// tl_mailbox: the host's cumulative positions per flow: transmit tail and read position. They are no
// lane events; each write wakes the flow, and the lane's next `send` folds them in.
//
// Latency: the flow is set ready in the cycle after a position was accepted, and a lane read in any
//   later cycle sees it. Lane reads take one cycle.
// Throughput: one position every 2 cycles.
// Hazard: a position of an older life is dropped and counted. A life notice zeroes both positions.
`default_nettype none
`include "tl_assert.svh"

module tl_mailbox
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 64
) (
    input  wire logic      clk,
    input  wire logic      rst,

    input  wire logic      s_tail_valid,
    output logic           s_tail_ready,
    input  wire flow_pos_t s_tail,
    input  wire logic      s_taken_valid,
    output logic           s_taken_ready,
    input  wire flow_pos_t s_taken,

    input  wire logic      s_life_valid,
    input  wire life_t     s_life,

    input  wire logic      s_mbox_re,
    input  wire flow_t     s_mbox_flow,
    output pos_t           m_mbox_tail,
    output pos_t           m_mbox_taken,

    output logic           m_ready_valid,
    output flow_t          m_ready_flow,

    output logic           busy,
    output logic           m_stale  // pulse: a position of an older life
);
  localparam int unsigned FlowW = $clog2(Flows);
  typedef logic [FlowW-1:0] idx_t;

  // `taken` is rare and never urgent, so it goes first without harm to the tail.
  logic accept, held_q, taken_q, commit, fresh;
  // The generation in hand is old if its slot was reborn in the cycle of the read.
  logic life_q, blocked;
  flow_pos_t in, in_q;
  gen_t gen;

  assign s_taken_ready = !held_q;
  assign s_tail_ready = !held_q && !s_taken_valid;
  assign accept = !held_q && (s_tail_valid || s_taken_valid);
  assign in = s_taken_valid ? s_taken : s_tail;

  // The generation is read again while a life notice has the write ports.
  tl_ram_1r1w #(
      .Width($bits(gen_t)),
      .Depth(Flows)
  ) i_gen (
      .clk,
      .we(s_life_valid),
      .waddr(idx_t'(s_life.flow)),
      .wdata(s_life.gen),
      .re(accept || (held_q && blocked)),
      .raddr(held_q ? idx_t'(in_q.flow) : idx_t'(in.flow)),
      .rdata(gen)
  );

  assign blocked = s_life_valid || life_q;
  assign commit = held_q && !blocked;
  assign fresh = gen == in_q.gen;

  always_ff @(posedge clk) begin
    if (rst) begin
      held_q <= 1'b0;
      life_q <= 1'b0;
    end else begin
      life_q <= s_life_valid;
      held_q <= accept || (held_q && !commit);
    end
    if (accept) begin
      in_q <= in;
      taken_q <= s_taken_valid;
    end
  end

  logic tail_we, taken_we;
  idx_t waddr;
  pos_t wdata;

  assign tail_we = s_life_valid || (commit && fresh && !taken_q);
  assign taken_we = s_life_valid || (commit && fresh && taken_q);
  assign waddr = s_life_valid ? idx_t'(s_life.flow) : idx_t'(in_q.flow);
  assign wdata = s_life_valid ? '0 : in_q.pos;

  tl_ram_1r1w #(
      .Width($bits(pos_t)),
      .Depth(Flows)
  ) i_tail (
      .clk,
      .we(tail_we),
      .waddr,
      .wdata,
      .re(s_mbox_re),
      .raddr(idx_t'(s_mbox_flow)),
      .rdata(m_mbox_tail)
  );

  tl_ram_1r1w #(
      .Width($bits(pos_t)),
      .Depth(Flows)
  ) i_taken (
      .clk,
      .we(taken_we),
      .waddr,
      .wdata,
      .re(s_mbox_re),
      .raddr(idx_t'(s_mbox_flow)),
      .rdata(m_mbox_taken)
  );

  assign m_ready_valid = commit && fresh;
  assign m_ready_flow = in_q.flow;
  assign m_stale = commit && !fresh;
  assign busy = held_q;

  logic unused;
  assign unused = ^{s_mbox_flow, s_life.flow};

endmodule

`default_nettype wire
