// tl_tx_store: every flow's transmit stream from the tail back to the last byte that may have to
// be sent (again), in a ring of 2^TxRingLog2 bytes per flow, with prefix sums beside it so that
// any range can leave header first.
//
// Data lie in rows of at least 16 bytes; P[k], the one's-complement sum of stream bytes [0, 16k),
// lies in a narrow RAM of its own, is written with block k's first byte and never changed while
// the block is in the ring.
//
// Invariant: let free = min(acked, start of every launched frame that has not been fully read).
// All bytes from (free & ~15) to the tail and the prefix sums of their blocks are in the RAMs, as
// they were first written. It holds because an append never goes past (free & ~15) + ring size,
// and it makes every launched range [a, b) readable with its sum: blocks a>>4 and (b-1)>>4 lie
// within. An ACK that arrives during a launched retransmission frees nothing of it.
//
// Latency: request -> first word and sum 4 cycles; last word appended -> `m_tail_valid` 2 cycles;
//   acknowledgement -> `m_space_valid` 3 cycles, end of a frame or life 4 cycles.
// Throughput: one word appended and one word read in every cycle.
// Hazard: see tl_tx_append (stale generations), tl_tx_read (lanes outside the range), tl_tx_space.
// Reference: RFC 1071.
`default_nettype none
`include "tl_assert.svh"

module tl_tx_store
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic              s_life_valid,
    input  wire life_t             s_life,
    input  wire logic              s_app_valid,
    output logic                   s_app_ready,
    input  wire range_t            s_app,
    input  wire logic              s_app_data_valid,
    output logic                   s_app_data_ready,
    input  wire logic [DataW-1:0]  s_app_data,
    output logic                   m_tail_valid,
    input  wire logic              m_tail_ready,
    output flow_pos_t              m_tail,
    input  wire logic              s_acked_valid,
    input  wire flow_pos_t         s_acked,
    output logic                   m_space_valid,
    output flow_pos_t              m_space,
    input  wire logic              s_launch_valid,
    input  wire flow_t             s_launch_flow,
    input  wire pos_t              s_launch_pos,
    input  wire logic [15:0]       s_launch_len,
    input  wire logic              s_tx_done,
    input  wire logic              s_rd_valid,
    output logic                   s_rd_ready,
    input  wire flow_t             s_rd_flow,
    input  wire pos_t              s_rd_pos,
    input  wire logic [15:0]       s_rd_len,
    output logic                   m_rd_valid,
    input  wire logic              m_rd_ready,
    output logic [DataW-1:0]       m_rd_data,
    output logic                   m_rd_sum_valid,
    output logic [15:0]            m_rd_sum,
    output logic                   busy
);
  localparam int unsigned Bytes = DataW / 8;
  localparam int unsigned RowBytes = Bytes > 16 ? Bytes : 16;
  localparam int unsigned Words = RowBytes / Bytes;
  localparam int unsigned Blocks = RowBytes / 16;
  localparam int unsigned Depth = Flows << (TxRingLog2 - $clog2(RowBytes));
  localparam int unsigned AddrW = $clog2(Depth);

  if (DataW < 32 || DataW > 1024 || DataW != 1 << $clog2(DataW)) begin : g_bad_width
    $error("DataW must be a power of two from 32 to 1024");
  end
  if (Flows < 2 || Flows > 65536 || Flows != 1 << $clog2(Flows)) begin : g_bad_flows
    $error("Flows must be a power of two from 2 to 65536");
  end
  if (TxRingLog2 < $clog2(RowBytes) + 2 || TxRingLog2 > 22) begin : g_bad_ring
    $error("TxRingLog2 must give a ring of at least four rows and at most 4 MiB");
  end

  logic [Words-1:0]        data_we;
  logic [Bytes-1:0]        data_be;
  logic [DataW-1:0]        data_w;
  logic [Blocks-1:0]       sum_we;
  logic [Blocks-1:0][15:0] sum_w, row_sum;
  logic [AddrW-1:0]        waddr, raddr;
  logic                    re;
  logic [8*RowBytes-1:0]   row;
  logic                    append_busy, read_busy, space_busy;

  assign busy = append_busy || read_busy || space_busy;

  tl_tx_append #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2)
  ) u_append (
      .clk,
      .rst,
      .s_life_valid,
      .s_life,
      .s_app_valid,
      .s_app_ready,
      .s_app,
      .s_app_data_valid,
      .s_app_data_ready,
      .s_app_data,
      .m_tail_valid,
      .m_tail_ready,
      .m_tail,
      .data_we,
      .data_be,
      .data_w,
      .sum_we,
      .sum_w,
      .waddr,
      .busy(append_busy)
  );

  for (genvar i = 0; i < Words; i++) begin : g_data
    tl_tx_ram #(
        .DataW(DataW),
        .Depth(Depth)
    ) u_ram (
        .clk,
        .we(data_we[i]),
        .be(data_be),
        .waddr,
        .wdata(data_w),
        .re,
        .raddr,
        .rdata(row[DataW*i+:DataW])
    );
  end

  for (genvar i = 0; i < Blocks; i++) begin : g_sum
    tl_ram_1r1w #(
        .Width(16),
        .Depth(Depth)
    ) u_ram (
        .clk,
        .we(sum_we[i]),
        .waddr,
        .wdata(sum_w[i]),
        .re,
        .raddr,
        .rdata(row_sum[i])
    );
  end

  tl_tx_read #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2)
  ) u_read (
      .clk,
      .rst,
      .s_rd_valid,
      .s_rd_ready,
      .s_rd_flow,
      .s_rd_pos,
      .s_rd_len,
      .m_rd_valid,
      .m_rd_ready,
      .m_rd_data,
      .m_rd_sum_valid,
      .m_rd_sum,
      .re,
      .raddr,
      .row,
      .row_sum,
      .busy(read_busy)
  );

  tl_tx_space #(
      .Flows(Flows),
      .TxRingLog2(TxRingLog2)
  ) u_space (
      .clk,
      .rst,
      .s_life_valid,
      .s_life,
      .s_acked_valid,
      .s_acked,
      .s_launch_valid,
      .s_launch_flow,
      .s_launch_pos,
      .s_tx_done,
      .m_space_valid,
      .m_space,
      .busy(space_busy)
  );

`ifdef SYNTHESIS
  logic unused_len;
  assign unused_len = ^s_launch_len;
`else
  // The invariant, from what crosses the boundary alone: positions per flow, and the launched
  // frames.
  localparam int unsigned FlowW = $clog2(Flows);
  localparam pos_t Size = pos_t'(1) << TxRingLog2;

  pos_t  tail_q[Flows], limit_q[Flows];
  gen_t  gen_q[Flows];
  flow_t frame_flow_q[8];
  pos_t  frame_pos_q[8];
  logic [7:0] frame_used_q;
  logic [2:0] frame_in_q, frame_out_q;
  logic  append_alive, append_at_tail, append_in_space, append_spares_frames, frame_in_store;

  always_ff @(posedge clk) begin
    if (s_app_valid && s_app_ready && append_alive) begin
      tail_q[s_app.flow[FlowW-1:0]] <= s_app.pos + 32'(s_app.len);
    end
    if (m_space_valid) limit_q[m_space.flow[FlowW-1:0]] <= m_space.pos;
    if (s_life_valid) begin
      tail_q[s_life.flow[FlowW-1:0]] <= '0;
      limit_q[s_life.flow[FlowW-1:0]] <= '0;
      gen_q[s_life.flow[FlowW-1:0]] <= s_life.gen;
    end
    if (rst) begin
      frame_used_q <= '0;
      frame_in_q <= '0;
      frame_out_q <= '0;
    end else begin
      if (s_launch_valid) begin
        frame_used_q[frame_in_q] <= 1'b1;
        frame_flow_q[frame_in_q] <= s_launch_flow;
        frame_pos_q[frame_in_q] <= s_launch_pos;
        frame_in_q <= frame_in_q + 3'd1;
      end
      if (s_tx_done) begin
        frame_used_q[frame_out_q] <= 1'b0;
        frame_out_q <= frame_out_q + 3'd1;
      end
    end
  end

  always_comb begin
    append_alive = 1'b1;
    append_at_tail = 1'b1;
    append_in_space = 1'b1;
    append_spares_frames = 1'b1;
    frame_in_store = 1'b1;
    if (s_app_valid && s_app_ready) begin
      append_alive = gen_q[s_app.flow[FlowW-1:0]] == s_app.gen;
      append_at_tail = tail_q[s_app.flow[FlowW-1:0]] == s_app.pos;
      append_in_space = seq_leq(s_app.pos + 32'(s_app.len), limit_q[s_app.flow[FlowW-1:0]]);
      for (int unsigned i = 0; i < 8; i++) begin
        if (frame_used_q[i] && frame_flow_q[i] == s_app.flow &&
            seq_gt(s_app.pos + 32'(s_app.len), {frame_pos_q[i][31:4], 4'd0} + Size)) begin
          append_spares_frames = 1'b0;
        end
      end
    end
    if (s_launch_valid) begin
      frame_in_store =
          seq_leq(s_launch_pos + 32'(s_launch_len), tail_q[s_launch_flow[FlowW-1:0]]) &&
          seq_leq(tail_q[s_launch_flow[FlowW-1:0]], {s_launch_pos[31:4], 4'd0} + Size);
    end
  end

  `TL_ASSERT(a_append_at_tail, !append_alive || append_at_tail)
  `TL_ASSERT(a_append_in_space, !append_alive || append_in_space)
  `TL_ASSERT(a_append_spares_frames, !append_alive || append_spares_frames)
  `TL_ASSERT(a_frame_in_store, frame_in_store)
  `TL_ASSERT(a_read_not_empty, !s_rd_valid || s_rd_len != 16'd0)
`endif

endmodule

`default_nettype wire
