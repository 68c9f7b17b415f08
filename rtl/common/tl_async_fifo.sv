// tl_async_fifo: FIFO between two clocks of any ratio, with Gray-coded pointers. `Depth` is a power of
// two; one word more fits into the output register.
//
// Latency: an accepted word is offered after 3 edges of `m_clk` that follow the accepting edge of
//   `s_clk`; a place is free again for `s_ready` after 2 edges of `s_clk` that follow the edge at which
//   the word left the RAM.
// Throughput: one word a cycle on each side; both pointers cross in time for a full rate between equal
//   clocks from `Depth` 8 on.
// Hazard: both sides must be in reset at one time, and nothing may be written until both have left it
//   (`s_ready` is 0 in `s_rst`): see tl_reset_sync.
// Reference: C. Cummings, Simulation and Synthesis Techniques for Asynchronous FIFO Design, 2002.
`default_nettype none
`include "tl_assert.svh"

module tl_async_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 8
) (
    input  wire logic             s_clk,
    input  wire logic             s_rst,
    input  wire logic             s_valid,
    output logic                  s_ready,
    input  wire logic [Width-1:0] s_data,
    input  wire logic             m_clk,
    input  wire logic             m_rst,
    output logic                  m_valid,
    input  wire logic             m_ready,
    output logic [Width-1:0]      m_data
);
  localparam int unsigned AddrW = $clog2(Depth);
  localparam int unsigned PtrW = AddrW + 1;

  if (Depth < 4 || Depth != 1 << AddrW) begin : g_check
    $error("tl_async_fifo: Depth is a power of two from 4 on");
  end

  function automatic logic [PtrW-1:0] gray(input logic [PtrW-1:0] binary);
    return binary ^ (binary >> 1);
  endfunction

  // In Gray code the pointer that is `Depth` ahead differs in the upper two bits.
  localparam logic [PtrW-1:0] Ahead = PtrW'(3) << (PtrW - 2);

  logic [Width-1:0] mem[Depth];

  // --------------------------------------------------------------------------------------- writing
  logic [PtrW-1:0] wr_q, wr_gray_q;
  logic [PtrW-1:0] rd_gray_s;  // the reader's pointer, seen from here
  logic push;

  assign s_ready = !s_rst && wr_gray_q != (rd_gray_s ^ Ahead);
  assign push = s_valid && s_ready;

  always_ff @(posedge s_clk) begin
    if (s_rst) begin
      wr_q <= '0;
      wr_gray_q <= '0;
    end else if (push) begin
      wr_q <= wr_q + PtrW'(1);
      wr_gray_q <= gray(wr_q + PtrW'(1));
    end
  end

  always_ff @(posedge s_clk) begin
    if (push) mem[wr_q[AddrW-1:0]] <= s_data;
  end

  // --------------------------------------------------------------------------------------- reading
  logic [PtrW-1:0] rd_q, rd_gray_q;
  logic [PtrW-1:0] wr_gray_m;  // the writer's pointer, seen from here
  logic pop;

  assign pop = rd_gray_q != wr_gray_m && (!m_valid || m_ready);

  always_ff @(posedge m_clk) begin
    if (m_rst) begin
      rd_q <= '0;
      rd_gray_q <= '0;
      m_valid <= 1'b0;
    end else begin
      if (pop) begin
        rd_q <= rd_q + PtrW'(1);
        rd_gray_q <= gray(rd_q + PtrW'(1));
      end
      if (pop || m_ready) m_valid <= pop;
    end
  end

  always_ff @(posedge m_clk) begin
    if (pop) m_data <= mem[rd_q[AddrW-1:0]];
  end

  tl_sync #(.Width(PtrW)) u_rd_sync (.clk(s_clk), .rst(s_rst), .d(rd_gray_q), .q(rd_gray_s));
  tl_sync #(.Width(PtrW)) u_wr_sync (.clk(m_clk), .rst(m_rst), .d(wr_gray_q), .q(wr_gray_m));

  `TL_ASSERT_STABLE_AT(a_async_fifo_stable, m_clk, m_rst, m_valid, m_ready, m_data)
  `TL_ASSERT_AT(a_async_fifo_gray_write, s_clk, s_rst, $countones(wr_gray_q ^ $past(wr_gray_q)) <= 1)
  `TL_ASSERT_AT(a_async_fifo_gray_read, m_clk, m_rst, $countones(rd_gray_q ^ $past(rd_gray_q)) <= 1)

endmodule

`default_nettype wire
