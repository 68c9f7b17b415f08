// tl_fifo: first-word fall-through FIFO of any depth. Up to 64 words lie in LUTRAM, deeper ones in a
// RAM with registered read.
//
// Latency: a word written to an empty FIFO is offered in the next cycle.
// Throughput: one write and one read a cycle, at every level.
// Hazard: `s_ready` depends on the level only, so a full FIFO does not take a word in the cycle in
//   which one leaves; with `Exchange` it does, and `s_ready` depends on `m_ready`.
`default_nettype none
`include "tl_assert.svh"

module tl_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 4,
    parameter int unsigned Exchange = 0,
    localparam int unsigned CountW = $clog2(Depth + 1)
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic              s_valid,
    output logic                   s_ready,
    input  wire logic [Width-1:0]  s_data,
    output logic                   m_valid,
    input  wire logic              m_ready,
    output logic [Width-1:0]       m_data,
    output logic [CountW-1:0]      count
);
  localparam int unsigned PtrW = Depth > 1 ? $clog2(Depth) : 1;

  logic [PtrW-1:0] wr_q, rd_q, rd_next;
  logic [CountW-1:0] count_q;
  logic push, pop;

  assign s_ready = count_q != CountW'(Depth) || (Exchange != 0 && m_ready);
  assign m_valid = count_q != '0;
  assign count = count_q;
  assign push = s_valid && s_ready;
  assign pop = m_valid && m_ready;
  assign rd_next = rd_q == PtrW'(Depth - 1) ? '0 : rd_q + PtrW'(1);

  always_ff @(posedge clk) begin
    if (rst) begin
      wr_q <= '0;
      rd_q <= '0;
      count_q <= '0;
    end else begin
      if (push) wr_q <= wr_q == PtrW'(Depth - 1) ? '0 : wr_q + PtrW'(1);
      if (pop) rd_q <= rd_next;
      if (push != pop) count_q <= push ? count_q + CountW'(1) : count_q - CountW'(1);
    end
  end

  logic [Width-1:0] mem[Depth];

  always_ff @(posedge clk) begin
    if (push) mem[wr_q] <= s_data;
  end

  if (Depth <= 64) begin : g_lutram
    assign m_data = mem[rd_q];
  end else begin : g_ram
    // The word at the head is read ahead; one that is being written right now goes around the RAM.
    logic [Width-1:0] ahead_q, around_q;
    logic use_around_q;
    logic fresh;

    assign fresh = push && (pop ? count_q == CountW'(1) : count_q == '0);
    assign m_data = use_around_q ? around_q : ahead_q;

    always_ff @(posedge clk) begin
      if (pop) ahead_q <= mem[rd_next];
      if (fresh) around_q <= s_data;
      if (fresh) use_around_q <= 1'b1;
      else if (pop) use_around_q <= 1'b0;
    end
  end

  `TL_ASSERT_STABLE(a_fifo_stable, m_valid, m_ready, m_data)

endmodule

`default_nettype wire
