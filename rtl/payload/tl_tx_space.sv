// tl_tx_space: how far each flow may be appended to. Bytes below
//   free = min(acked, start of every launched frame of the flow that has not been fully read)
// will never be read again, and the limit is (free & ~15) + ring size: the block in which `free`
// lies stays whole, because the sum of a range that starts there needs its first bytes too.
//
// Latency: to `m_space_valid`, if the limit grew and nothing else waits: 3 cycles from an
//   acknowledgement, 4 from the end of a frame, 4 from a life notice. A life notice gives the
//   limit of an empty ring, but not before the last frame that an earlier life launched has been
//   read.
// Throughput: one event a cycle; acknowledgements go first, then lives, then ends of frames.
// Hazard: an acknowledgement must not follow the life notice of the same flow within 3 cycles; at
//   most 8 frames are launched and not fully read. Two acknowledgements of a flow within 3 cycles
//   may give the same limit twice. With a life notice and after it there is none of the old life.
// Reference: none.
`default_nettype none
`include "tl_assert.svh"

module tl_tx_space
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        s_life_valid,
    input  wire life_t       s_life,
    input  wire logic        s_acked_valid,
    input  wire flow_pos_t   s_acked,
    input  wire logic        s_launch_valid,
    input  wire flow_t       s_launch_flow,
    input  wire pos_t        s_launch_pos,
    input  wire logic        s_tx_done,
    output logic             m_space_valid,
    output flow_pos_t        m_space,
    output logic             busy
);
  localparam int unsigned Launches = 8;
  localparam int unsigned IdxW = $clog2(Launches);
  localparam int unsigned FlowW = $clog2(Flows);
  // Starts of launched frames lie within one ring of each other, so few bits tell their order.
  localparam int unsigned OrderW = TxRingLog2 + 2;

  typedef struct packed {
    gen_t        gen;
    pos_t        acked;
    logic [27:0] limit;  // block up to which space was announced; 0: not in this life
  } state_t;

  typedef struct packed {
    logic any;   // a frame of the flow is launched
    logic dead;  // one of an earlier life
    pos_t pos;   // the lowest start
  } floor_t;

  function automatic floor_t lower(input floor_t a, input floor_t b);
    floor_t low;
    logic [OrderW-1:0] order;
    order = a.pos[OrderW-1:0] - b.pos[OrderW-1:0];
    low.any = a.any || b.any;
    low.dead = a.dead || b.dead;
    low.pos = !b.any || (a.any && order[OrderW-1]) ? a.pos : b.pos;
    return low;
  endfunction

  // ------------------------------------------------------------------------------ launched frames
  logic [Launches-1:0] used_q, dead_q;
  flow_t               launch_flow_q[Launches];
  pos_t                launch_pos_q[Launches];
  logic [IdxW-1:0]     head_q, tail_q;
  logic [IdxW:0]       done_q;  // ends of frames that wait for their turn

  // ------------------------------------------------------------------------------ event
  logic      life_pend_q;
  life_t     life_q;
  logic      take_life, take_done, event_valid, blocked;
  flow_t     event_flow;

  // Stages of an event: its flow's state at the RAM's output, then the limit.
  logic      read_q, calc_q;
  logic      read_life_q, read_ack_q, calc_life_q;
  flow_pos_t read_pos_q;                 // pos: what the event says is acknowledged
  flow_t     calc_flow_q;
  logic [Launches-1:0] match, match_q;

  state_t    state, calc_state_q, state_w;
  floor_t    floor, calc_floor_q;
  logic      read_stale;

  // A life or an end of a frame reads the state only after earlier events of the flow have
  // written it.
  assign blocked = (read_q && read_pos_q.flow == event_flow) ||
                   (calc_q && calc_flow_q == event_flow);
  assign event_flow = s_acked_valid ? s_acked.flow
                    : life_pend_q ? life_q.flow : launch_flow_q[head_q];
  assign take_life = life_pend_q && !s_acked_valid && !blocked;
  assign take_done = done_q != '0 && !s_acked_valid && !life_pend_q && !blocked;
  assign event_valid = s_acked_valid || take_life || take_done;

  always_comb begin
    match = '0;
    if (event_valid) begin
      for (int unsigned i = 0; i < Launches; i++) begin
        match[i] = used_q[i] && launch_flow_q[i] == event_flow &&
                   !(take_done && head_q == IdxW'(i));
      end
      // A frame that is launched right now is in its place when the starts are compared.
      if (s_launch_valid && s_launch_flow == event_flow) match[tail_q] = 1'b1;
    end
  end

  tl_ram_1r1w #(
      .Width($bits(state_t)),
      .Depth(Flows)
  ) u_state (
      .clk,
      .we(calc_q),
      .waddr(calc_flow_q[FlowW-1:0]),
      .wdata(state_w),
      .re(event_valid),
      .raddr(event_flow[FlowW-1:0]),
      .rdata(state)
  );

  // ------------------------------------------------------------------------------ lowest start
  always_comb begin
    floor_t leaf[Launches];
    for (int unsigned i = 0; i < Launches; i++) leaf[i] = '0;
    floor = '0;
    if (read_q && match_q != '0) begin
      for (int unsigned i = 0; i < Launches; i++) begin
        leaf[i] = '{any: match_q[i], dead: match_q[i] && dead_q[i], pos: launch_pos_q[i]};
      end
      floor = lower(lower(lower(leaf[0], leaf[1]), lower(leaf[2], leaf[3])),
                    lower(lower(leaf[4], leaf[5]), lower(leaf[6], leaf[7])));
    end
  end

  assign read_stale = read_ack_q && read_pos_q.gen != state.gen;

  // ------------------------------------------------------------------------------ limit
  pos_t        free;
  logic [27:0] limit;
  logic        grew, life_now, life_waits;
  logic        space_valid_q;

  always_comb begin
    state_w = calc_state_q;
    free = calc_state_q.acked;
    limit = '0;
    grew = 1'b0;
    life_now = 1'b0;
    life_waits = 1'b0;
    if (calc_q) begin
      if (calc_floor_q.any && seq_lt(calc_floor_q.pos, free)) free = calc_floor_q.pos;
      limit = free[31:4] + 28'(1 << (TxRingLog2 - 4));
      life_now = s_life_valid && s_life.flow == calc_flow_q;
      life_waits = life_pend_q && life_q.flow == calc_flow_q;
      grew = !calc_floor_q.dead && !life_now && !life_waits &&
             (calc_state_q.limit == '0 || seq_lt({calc_state_q.limit, 4'd0}, {limit, 4'd0}));
      if (grew) state_w.limit = limit;
    end
  end

  assign m_space_valid = space_valid_q && !(s_life_valid && s_life.flow == m_space.flow);
  assign busy = life_pend_q || used_q != '0 || read_q || calc_q || space_valid_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      used_q <= '0;
      head_q <= '0;
      tail_q <= '0;
      done_q <= '0;
      life_pend_q <= 1'b0;
      read_q <= 1'b0;
      calc_q <= 1'b0;
      space_valid_q <= 1'b0;
    end else begin
      if (s_launch_valid) begin
        used_q[tail_q] <= 1'b1;
        tail_q <= tail_q + IdxW'(1);
      end
      if (take_done) begin
        used_q[head_q] <= 1'b0;
        head_q <= head_q + IdxW'(1);
      end
      if (s_tx_done != take_done) begin
        done_q <= s_tx_done ? done_q + (IdxW + 1)'(1) : done_q - (IdxW + 1)'(1);
      end
      if (s_life_valid) life_pend_q <= 1'b1;
      else if (take_life) life_pend_q <= 1'b0;
      read_q <= event_valid;
      calc_q <= read_q && !read_stale;
      space_valid_q <= grew;
    end
  end

  always_ff @(posedge clk) begin
    if (s_launch_valid) begin
      launch_flow_q[tail_q] <= s_launch_flow;
      launch_pos_q[tail_q] <= s_launch_pos;
    end
    if (s_life_valid) begin
      life_q <= s_life;
      for (int unsigned i = 0; i < Launches; i++) begin
        if (launch_flow_q[i] == s_life.flow) dead_q[i] <= 1'b1;
      end
    end
    if (s_launch_valid) dead_q[tail_q] <= 1'b0;
    if (event_valid) begin
      match_q <= match;
      read_life_q <= take_life;
      read_ack_q <= s_acked_valid;
      read_pos_q <= '{flow: event_flow, gen: take_life ? life_q.gen : s_acked.gen,
                      pos: s_acked_valid ? s_acked.pos : '0};
    end
    if (read_q) begin
      calc_life_q <= read_life_q;
      calc_flow_q <= read_pos_q.flow;
      calc_floor_q <= floor;
      calc_state_q.gen <= read_life_q ? read_pos_q.gen : state.gen;
      calc_state_q.limit <= read_life_q ? '0 : state.limit;
      if (read_life_q) calc_state_q.acked <= '0;
      else if (read_ack_q) calc_state_q.acked <= seq_max(state.acked, read_pos_q.pos);
      else calc_state_q.acked <= state.acked;
    end
    if (grew) begin
      m_space <= '{flow: calc_flow_q, gen: calc_state_q.gen, pos: {limit, 4'd0}};
    end
  end

  logic unused;
  assign unused = calc_life_q;  // asserted over only

  `TL_ASSERT(a_launch_room, !(s_launch_valid && used_q[tail_q]))
  `TL_ASSERT(a_done_follows_launch, !s_tx_done || used_q != '0)
  `TL_ASSERT(a_life_settles, !(s_acked_valid &&
      ((life_pend_q && life_q.flow == s_acked.flow) ||
       (read_q && read_life_q && read_pos_q.flow == s_acked.flow) ||
       (calc_q && calc_life_q && calc_flow_q == s_acked.flow))))
  `TL_ASSERT(a_life_taken, !(s_life_valid && life_pend_q && !take_life))

endmodule

`default_nettype wire
