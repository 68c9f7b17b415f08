// tl_tx_read: reads a range of a flow's transmit ring, word by word in position alignment, and its
// checksum from two prefix sums and two blocks, whatever the range's length.
//
// sum(a, b) = S(b) - S(a) in one's complement, with S(x) = P[block] + bytes of that block below x,
// where the block of a is a>>4 and the block of b is (b-1)>>4, so that its 1 to 16 bytes exist and
// its prefix sum has been written; if a is odd the bytes of the result are swapped.
//
// Latency: a request taken -> first word and sum together exactly 4 cycles later.
// Throughput: one word a cycle. If the next request waits, its first word follows the last one
//   after at most 2 idle cycles; asked in the cycle of the last word, after 3.
// Hazard: lanes outside the range are not defined. An empty range is taken and answered by
//   nothing: its sum is zero, no word carries it.
// Reference: RFC 1071.
`default_nettype none
`include "tl_assert.svh"

module tl_tx_read
  import tautline_pkg::*;
  import payload_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14,
    localparam int unsigned Bytes = DataW / 8,
    localparam int unsigned RowBytes = Bytes > 16 ? Bytes : 16,
    localparam int unsigned RowW = 8 * RowBytes,
    localparam int unsigned Blocks = RowBytes / 16,
    localparam int unsigned AddrW = $clog2(Flows) + TxRingLog2 - $clog2(RowBytes)
) (
    input  wire logic              clk,
    input  wire logic              rst,
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
    // Read port of the data banks and of the sums; both answer in the next cycle and hold.
    output logic                   re,
    output logic [AddrW-1:0]       raddr,
    input  wire logic [RowW-1:0]   row,
    input  wire logic [Blocks-1:0][15:0] row_sum,
    output logic                   busy
);
  localparam int unsigned LaneW = $clog2(Bytes);
  localparam int unsigned RowLog2 = $clog2(RowBytes);
  localparam int unsigned RowIdxW = TxRingLog2 - RowLog2;
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned RowsW = 17 - RowLog2;  // rows of the longest range, one more at each end
  localparam int unsigned Words = RowBytes / Bytes;
  localparam int unsigned WordW = Words > 1 ? $clog2(Words) : 1;
  localparam int unsigned BlockW = Blocks > 1 ? $clog2(Blocks) : 1;

  // ------------------------------------------------------------------------------ fetch
  // Rows are read in this order: the end block's, then all rows of the range from its start. What
  // the RAM last gave stays at its output until the row register has taken it.
  logic [RowsW-1:0]   left_q;      // rows still to be read
  logic [RowIdxW-1:0] row_q;
  logic [FlowW-1:0]   flow_q;
  logic               next_first_q;
  logic [3:0]         a_off_q;     // bytes of the start block below a
  logic [3:0]         b_off_q;     // last byte of the end block
  logic [BlockW-1:0]  a_block_q, b_block_q;
  logic [WordW-1:0]   a_word_q, b_word_q;
  logic               odd_q;
  logic               end_valid_q;  // the end block is at the RAM's output
  logic               row_valid_q, row_first_q, row_last_q;
  logic               sums_valid_q;  // the sums of a row_first_q row have been taken
  logic               load;          // the row at the RAM's output enters the row register

  logic               take, issue, slot_free;
  pos_t               last;
  logic [16:0]        span;

  assign slot_free = !row_valid_q || load;
  assign s_rd_ready = left_q == '0 && slot_free;
  assign take = s_rd_valid && s_rd_ready && s_rd_len != 16'd0;
  assign issue = left_q != '0 && slot_free;
  assign last = s_rd_pos + 32'(s_rd_len) - 32'd1;
  assign span = 17'(s_rd_pos[RowLog2-1:0]) + 17'(s_rd_len) - 17'd1;
  assign re = take || issue;
  assign raddr = take ? {s_rd_flow[FlowW-1:0], last[TxRingLog2-1:RowLog2]} : {flow_q, row_q};

  // ------------------------------------------------------------------------------ sums
  logic [19:0]        s_b_q, s_a_q;
  logic [15:0]        s_b_folded_q;
  logic [15:0]        sum_q;
  logic [BlockW-1:0]  block_idx;
  logic [15:0]        block_lanes;
  logic [19:0]        block_upto;
  logic               take_a;

  assign block_idx = end_valid_q ? b_block_q : a_block_q;
  assign take_a = row_valid_q && row_first_q && !sums_valid_q;

  always_comb begin
    block_lanes = '0;
    block_upto = '0;
    if (end_valid_q || take_a) begin
      block_lanes = lanes_below(end_valid_q ? {1'b0, b_off_q} + 5'd1 : {1'b0, a_off_q});
      block_upto = {4'd0, row_sum[block_idx]} +
                   {1'b0, block_sum(row[128*block_idx+:128], block_lanes)};
    end
  end

  // ------------------------------------------------------------------------------ words
  logic [RowW-1:0]  out_row_q;
  logic             out_valid_q;
  logic [WordW-1:0] out_word_q, out_end_q;
  logic             out_done;

  assign out_done = out_valid_q && m_rd_ready && out_word_q == out_end_q;
  assign load = row_valid_q && (!out_valid_q || out_done) && (!row_first_q || sums_valid_q);
  assign m_rd_valid = out_valid_q;
  assign m_rd_sum_valid = out_valid_q;
  assign m_rd_sum = sum_q;
  assign m_rd_data = out_row_q[DataW*out_word_q+:DataW];
  assign busy = s_rd_valid || left_q != '0 || row_valid_q || out_valid_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      left_q <= '0;
      end_valid_q <= 1'b0;
      row_valid_q <= 1'b0;
      sums_valid_q <= 1'b0;
      out_valid_q <= 1'b0;
    end else begin
      end_valid_q <= take;
      if (take) left_q <= RowsW'(span >> RowLog2) + RowsW'(1);
      else if (issue) left_q <= left_q - RowsW'(1);

      if (issue) row_valid_q <= 1'b1;
      else if (load) row_valid_q <= 1'b0;
      sums_valid_q <= take_a || (sums_valid_q && !load);

      if (load) out_valid_q <= 1'b1;
      else if (out_done) out_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (take) begin
      flow_q <= s_rd_flow[FlowW-1:0];
      row_q <= s_rd_pos[TxRingLog2-1:RowLog2];
      next_first_q <= 1'b1;
      a_off_q <= s_rd_pos[3:0];
      b_off_q <= last[3:0];
      odd_q <= s_rd_pos[0];
    end
    if (issue) begin
      row_q <= row_q + RowIdxW'(1);
      next_first_q <= 1'b0;
      row_first_q <= next_first_q;
      row_last_q <= left_q == RowsW'(1);
    end
    if (end_valid_q) s_b_q <= block_upto;
    if (take_a) begin
      s_a_q <= block_upto;
      s_b_folded_q <= fold20(s_b_q);
    end
    if (load) begin
      out_row_q <= row;
      out_word_q <= row_first_q ? a_word_q : '0;
      out_end_q <= row_last_q ? b_word_q : WordW'(Words - 1);
      if (row_first_q) sum_q <= range_sum(s_b_folded_q, s_a_q, odd_q);
    end else if (out_valid_q && m_rd_ready) begin
      out_word_q <= out_word_q + WordW'(1);
    end
  end

  if (Words > 1) begin : g_words
    always_ff @(posedge clk) begin
      if (take) begin
        a_word_q <= s_rd_pos[RowLog2-1:LaneW];
        b_word_q <= last[RowLog2-1:LaneW];
      end
    end
  end else begin : g_word
    assign a_word_q = '0;
    assign b_word_q = '0;
  end

  if (Blocks > 1) begin : g_blocks
    always_ff @(posedge clk) begin
      if (take) begin
        a_block_q <= s_rd_pos[RowLog2-1:4];
        b_block_q <= last[RowLog2-1:4];
      end
    end
  end else begin : g_block
    assign a_block_q = '0;
    assign b_block_q = '0;
  end

  // Bits above the tables' and the ring's size.
  logic unused;
  assign unused = ^{s_rd_flow, last};

  `TL_ASSERT_STABLE(a_word_stable, m_rd_valid, m_rd_ready, {m_rd_data, m_rd_sum})

endmodule

`default_nettype wire
