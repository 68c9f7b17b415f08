// tl_ft245: bytes over the synchronous FIFO of an FT232H or FT2232H (60 MHz from the chip, 8 bits), with
// the crossings to the clock of the engine. Every pin is driven by a register of `ft_clk` and sampled
// at its rising edge, so a board needs no more than the chip's set-up and hold times.
// Directions take turns of at most Burst bytes while both have something; two cycles go into each turn.
//
// Latency: on a bus at rest, with equal clocks: byte taken at the pins -> `m_valid` at most 6 cycles;
//   `s_valid` -> byte taken at the pins at most 7 cycles.
// Throughput: one byte a cycle of `ft_clk` within a turn.
// Hazard: `ft_clk` runs only while the chip is in its FIFO mode; until it has run, nothing is taken.
// Reference: FTDI AN_130, FT2232H used in an FT245 style synchronous FIFO mode.
`default_nettype none
`include "tl_assert.svh"

module tl_ft245 #(
    parameter int unsigned Burst = 512,
    parameter int unsigned Depth = 16
) (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic       s_valid,
    output logic            s_ready,
    input  wire logic [7:0] s_data,
    output logic            m_valid,
    input  wire logic       m_ready,
    output logic [7:0]      m_data,
    // Pins; the board places the tri-state buffers: `ft_d_oe` drives all eight. They rest from
    // power-on, because no reset reaches them before the chip's clock runs.
    input  wire logic       ft_clk,
    input  wire logic       ft_rxf_n,
    input  wire logic       ft_txe_n,
    output logic            ft_rd_n = 1'b1,
    output logic            ft_wr_n = 1'b1,
    output logic            ft_oe_n = 1'b1,
    output logic            ft_siwu_n,
    input  wire logic [7:0] ft_d_i,
    output logic [7:0]      ft_d_o,
    output logic            ft_d_oe = 1'b0
);
  localparam int unsigned BurstW = $clog2(Burst + 1);

  // ------------------------------------------------------------------------------ resets, crossings
  logic ft_rst, ft_rst_here, link_rst;
  logic rst_q = 1'b0;  // a register without glitches for the asynchronous reset

  always_ff @(posedge clk) rst_q <= rst;

  tl_reset_sync u_ft_rst (
      .clk(ft_clk),
      .async_rst(rst_q),
      .rst(ft_rst)
  );
  // The engine's side leaves reset after the chip's, and so not before that clock runs.
  tl_sync #(
      .ResetValue(1)
  ) u_rst_back (
      .clk,
      .rst,
      .d(ft_rst),
      .q(ft_rst_here)
  );
  assign link_rst = rst || ft_rst_here;

  logic out_valid, out_ready, in_valid, in_ready, slack_ready;
  logic [7:0] out_data, in_data, slack_data;
  logic slack_valid;

  tl_async_fifo #(
      .Width(8),
      .Depth(Depth)
  ) u_out (
      .s_clk(clk),
      .s_rst(link_rst),
      .s_valid,
      .s_ready,
      .s_data,
      .m_clk(ft_clk),
      .m_rst(ft_rst),
      .m_valid(out_valid),
      .m_ready(out_ready),
      .m_data(out_data)
  );
  tl_async_fifo #(
      .Width(8),
      .Depth(Depth)
  ) u_in (
      .s_clk(ft_clk),
      .s_rst(ft_rst),
      .s_valid(slack_valid),
      .s_ready(slack_ready),
      .s_data(slack_data),
      .m_clk(clk),
      .m_rst(link_rst),
      .m_valid,
      .m_ready,
      .m_data
  );

  // RD# is a register: two more bytes may come after the decision to end.
  logic [2:0] slack_count;
  logic in_room;
  tl_fifo #(
      .Width(8),
      .Depth(4)
  ) u_slack (
      .clk(ft_clk),
      .rst(ft_rst),
      .s_valid(in_valid),
      .s_ready(in_ready),
      .s_data(in_data),
      .m_valid(slack_valid),
      .m_ready(slack_ready),
      .m_data(slack_data),
      .count(slack_count)
  );
  assign in_room = slack_count <= 3'd1;

  // ------------------------------------------------------------------------------ the bus
  typedef enum logic [1:0] {
    B_REST,
    B_TURN,   // the chip begins to drive
    B_READ,
    B_WRITE
  } bus_e;

  bus_e state_q;
  logic [BurstW-1:0] left_q;
  logic wrote_q;  // the last turn
  logic want_read, want_write, more, written;

  assign want_read = !ft_rxf_n && in_room;
  assign want_write = !ft_txe_n && out_valid;
  assign more = left_q != '0;
  assign in_valid = !ft_rd_n && !ft_rxf_n;
  assign in_data = ft_d_i;
  // The byte on the pins is taken at an edge with WR# and TXE# low.
  assign written = !ft_wr_n && !ft_txe_n;
  assign out_ready = state_q == B_WRITE && (ft_wr_n || written) && (more || !want_read);
  assign ft_siwu_n = 1'b1;

  always_ff @(posedge ft_clk) begin
    if (ft_rst) begin
      state_q <= B_REST;
      ft_rd_n <= 1'b1;
      ft_wr_n <= 1'b1;
      ft_oe_n <= 1'b1;
      ft_d_oe <= 1'b0;
      wrote_q <= 1'b0;
    end else begin
      case (state_q)
        B_REST: begin
          left_q <= BurstW'(Burst);
          ft_d_oe <= 1'b0;
          if (want_read && (wrote_q || !want_write)) begin
            state_q <= B_TURN;
            ft_oe_n <= 1'b0;
          end else if (want_write) begin
            state_q <= B_WRITE;
            ft_d_oe <= 1'b1;
          end
        end
        B_TURN: begin
          state_q <= B_READ;
          ft_rd_n <= 1'b0;
          wrote_q <= 1'b0;
        end
        B_READ: begin
          if (in_valid && more) left_q <= left_q - BurstW'(1);
          ft_rd_n <= ft_rd_n || !want_read || (!more && want_write);
          // The pins rest for a cycle between RD# and OE#.
          if (ft_rd_n) begin
            state_q <= B_REST;
            ft_oe_n <= 1'b1;
          end
        end
        default: begin  // B_WRITE
          wrote_q <= 1'b1;
          if (written && more) left_q <= left_q - BurstW'(1);
          if (out_valid && out_ready) ft_wr_n <= 1'b0;
          else if (written) ft_wr_n <= 1'b1;
          if (ft_wr_n && !(out_valid && out_ready)) begin
            state_q <= B_REST;
            ft_d_oe <= 1'b0;
          end
        end
      endcase
    end
    if (out_valid && out_ready) ft_d_o <= out_data;
  end

  `TL_ASSERT_AT(a_slack, ft_clk, ft_rst, !in_valid || in_ready)
  `TL_ASSERT_AT(a_drive, ft_clk, ft_rst, !(ft_d_oe && !ft_oe_n))

  logic unused;
  assign unused = in_ready;

endmodule

`default_nettype wire
