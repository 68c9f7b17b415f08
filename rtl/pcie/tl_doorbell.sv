// tl_doorbell: checks what the host says about its rings. A position is extended from 24 bits against
// the last one known and must not run backwards; a transmit tail must not run past the ring (beyond
// what has been fetched + ring size: the host may reuse no byte that is acknowledged later than that),
// a read position not past what has landed in host memory. Anything else is dropped and counted.
//
// Latency: doorbell taken -> `m_tail_valid` 1 cycle, -> `m_taken_valid` 2 cycles.
// Throughput: one doorbell every 2 cycles; a life notice takes one cycle of them.
// Hazard: the life of a flow that ends while its doorbell is being checked makes the doorbell stale.
`default_nettype none
`include "tl_assert.svh"

module tl_doorbell
  import tautline_pkg::*;
  import tl_pcie_pkg::*;
#(
    parameter int unsigned Flows = 256
) (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic       stop,
    input  wire logic [4:0] tx_log2,
    input  wire logic       s_db_valid,
    output logic            s_db_ready,
    input  wire doorbell_t  s_db,
    input  wire logic       s_life_valid,
    input  wire life_t      s_life,
    input  wire logic       s_landed_valid,
    input  wire flow_pos_t  s_landed,
    input  wire logic       s_fetched_valid,  // never together with a life notice
    input  wire flow_pos_t  s_fetched,
    output logic            m_tail_valid,     // notice, never together with a life notice
    output flow_pos_t       m_tail,
    output logic            m_taken_valid,
    input  wire logic       m_taken_ready,
    output flow_pos_t       m_taken,
    output logic            cnt_bad,
    output logic            cnt_stale,
    output logic            busy
);
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned PlaceW = $bits(place_t);
  typedef logic [FlowW-1:0] idx_t;

  // ------------------------------------------------------------------------------ what is known
  logic read;
  place_t tail, taken, landed, fetched, life_place;
  logic landed_valid, landed_room, landed_write;
  flow_pos_t landed_in;
  logic [2:0] landed_count;
  logic tail_write, taken_write;
  pos_t new_pos;
  doorbell_t db_q;

  assign life_place = '{gen: s_life.gen, pos: '0};

  tl_fifo #(
      .Width($bits(flow_pos_t)),
      .Depth(4)
  ) u_landed (
      .clk,
      .rst,
      .s_valid(s_landed_valid),
      .s_ready(landed_room),
      .s_data(s_landed),
      .m_valid(landed_valid),
      .m_ready(landed_write),
      .m_data(landed_in),
      .count(landed_count)
  );
  `TL_ASSERT(a_landed_room, !s_landed_valid || landed_room)
  assign landed_write = landed_valid && !s_life_valid;

  // Each table has one writer beside the life notice, which goes first.
  tl_ram_1r1w #(
      .Width(PlaceW),
      .Depth(Flows)
  ) u_tail_ram (
      .clk,
      .we(s_life_valid || tail_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(db_q.flow)),
      .wdata(s_life_valid ? life_place : {db_q.gen, new_pos}),
      .re(read),
      .raddr(idx_t'(s_db.flow)),
      .rdata(tail)
  );

  tl_ram_1r1w #(
      .Width(PlaceW),
      .Depth(Flows)
  ) u_taken_ram (
      .clk,
      .we(s_life_valid || taken_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(db_q.flow)),
      .wdata(s_life_valid ? life_place : {db_q.gen, new_pos}),
      .re(read),
      .raddr(idx_t'(s_db.flow)),
      .rdata(taken)
  );

  // An older life's landed notice may follow the life notice; its generation gives it away.
  tl_ram_1r1w #(
      .Width(PlaceW),
      .Depth(Flows)
  ) u_landed_ram (
      .clk,
      .we(s_life_valid || landed_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(landed_in.flow)),
      .wdata(s_life_valid ? life_place : {landed_in.gen, landed_in.pos}),
      .re(read),
      .raddr(idx_t'(s_db.flow)),
      .rdata(landed)
  );

  tl_ram_1r1w #(
      .Width(PlaceW),
      .Depth(Flows)
  ) u_fetched_ram (
      .clk,
      .we(s_life_valid || s_fetched_valid),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(s_fetched.flow)),
      .wdata(s_life_valid ? life_place : {s_fetched.gen, s_fetched.pos}),
      .re(read),
      .raddr(idx_t'(s_db.flow)),
      .rdata(fetched)
  );

  // ------------------------------------------------------------------------------ check
  logic check_q, stale, bad, done, taken_room;
  pos_t delivered;

  assign s_db_ready = !check_q && !s_life_valid;
  assign read = s_db_valid && s_db_ready;

  always_comb begin
    new_pos = '0;
    delivered = '0;
    stale = 1'b0;
    bad = 1'b0;
    done = 1'b0;
    if (check_q) begin
      stale = tail.gen != db_q.gen || (s_life_valid && s_life.flow == db_q.flow);
      delivered = landed.gen == db_q.gen ? landed.pos : '0;
      if (db_q.taken) begin
        new_pos = extend(taken.pos, db_q.pos);
        bad = seq_lt(new_pos, taken.pos) || seq_gt(new_pos, delivered);
      end else begin
        new_pos = extend(tail.pos, db_q.pos);
        bad = seq_lt(new_pos, tail.pos) || seq_gt(new_pos, fetched.pos + (32'd1 << tx_log2));
      end
      bad = bad || db_q.bad;
      // A good one waits for its table's write port and, if it must, for the mailbox.
      done = stop || bad || stale || (!s_life_valid && (!db_q.taken || taken_room));
    end
  end

  assign tail_write = check_q && done && !stop && !bad && !stale && !db_q.taken;
  assign taken_write = check_q && done && !stop && !bad && !stale && db_q.taken;
  assign m_tail_valid = tail_write;
  assign m_tail = '{flow: db_q.flow, gen: db_q.gen, pos: new_pos};

  always_ff @(posedge clk) begin
    if (rst) begin
      check_q <= 1'b0;
      cnt_bad <= 1'b0;
      cnt_stale <= 1'b0;
    end else begin
      if (read) check_q <= 1'b1;
      else if (done) check_q <= 1'b0;
      cnt_bad <= done && !stop && bad && (!stale || db_q.bad);
      cnt_stale <= done && !stop && stale && !db_q.bad;
    end
    if (read) db_q <= s_db;
  end

  logic [1:0] taken_count;
  tl_fifo #(
      .Width($bits(flow_pos_t)),
      .Depth(2)
  ) u_taken (
      .clk,
      .rst,
      .s_valid(taken_write),
      .s_ready(taken_room),
      .s_data({db_q.flow, db_q.gen, new_pos}),
      .m_valid(m_taken_valid),
      .m_ready(m_taken_ready),
      .m_data(m_taken),
      .count(taken_count)
  );

  assign busy = check_q || m_taken_valid || landed_valid;

  logic unused;
  assign unused = ^{landed_count, taken_count, s_fetched.flow, landed_in.flow, taken.gen,
                    fetched.gen, landed_room};

endmodule

`default_nettype wire
