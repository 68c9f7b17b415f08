// tl_link_uart: the two byte streams of the USB carrier through a UART that has a clock of its own.
//
// Latency: a crossing of tl_async_fifo beside the UART's ten bits.
// Throughput: the UART's, while `clk` has at least a tenth of the bit rate.
// Hazard: no flow control on the wire: what `m_ready` refuses for long is lost. The carrier's credit
//   sees to it that this does not happen.
`default_nettype none

module tl_link_uart #(
    parameter int unsigned ClocksPerBit = 10  // of `clk_uart`
) (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic       clk_uart,
    input  wire logic       uart_rx,
    output logic            uart_tx,
    output logic            m_valid,
    input  wire logic       m_ready,
    output logic [7:0]      m_data,
    input  wire logic       s_valid,
    output logic            s_ready,
    input  wire logic [7:0] s_data
);
  // ------------------------------------------------------------------------------ resets
  logic rst_uart, rst_uart_here, rst_link;
  logic rst_q = 1'b1;  // a register without glitches for the asynchronous reset

  always_ff @(posedge clk) rst_q <= rst;

  tl_reset_sync u_rst (
      .clk(clk_uart),
      .async_rst(rst_q),
      .rst(rst_uart)
  );
  // This side leaves reset after the UART's, so that nothing enters a FIFO before.
  tl_sync #(
      .ResetValue(1)
  ) u_rst_back (
      .clk,
      .rst,
      .d(rst_uart),
      .q(rst_uart_here)
  );
  assign rst_link = rst || rst_uart_here;

  // ------------------------------------------------------------------------------ UART
  logic       got_valid, got_ready, send_valid, send_ready, overrun, framing, busy;
  logic [7:0] got_data, send_data;

  tl_uart #(
      .ClocksPerBit(ClocksPerBit)
  ) u_uart (
      .clk(clk_uart),
      .rst(rst_uart),
      .s_valid(send_valid),
      .s_ready(send_ready),
      .s_data(send_data),
      .m_valid(got_valid),
      .m_ready(got_ready),
      .m_data(got_data),
      .uart_rxd(uart_rx),
      .uart_txd(uart_tx),
      .cnt_overrun(overrun),
      .cnt_framing(framing),
      .busy
  );

  // A lost byte shows in the checks of the carrier's frames.
  logic unused;
  assign unused = ^{overrun, framing, busy};

  // ------------------------------------------------------------------------------ crossings
  tl_async_fifo #(
      .Width(8),
      .Depth(16)
  ) u_got (
      .s_clk(clk_uart),
      .s_rst(rst_uart),
      .s_valid(got_valid),
      .s_ready(got_ready),
      .s_data(got_data),
      .m_clk(clk),
      .m_rst(rst_link),
      .m_valid,
      .m_ready,
      .m_data
  );

  tl_async_fifo #(
      .Width(8),
      .Depth(16)
  ) u_send (
      .s_clk(clk),
      .s_rst(rst_link),
      .s_valid,
      .s_ready,
      .s_data,
      .m_clk(clk_uart),
      .m_rst(rst_uart),
      .m_valid(send_valid),
      .m_ready(send_ready),
      .m_data(send_data)
  );

endmodule

`default_nettype wire
