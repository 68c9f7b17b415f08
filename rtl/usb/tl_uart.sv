// tl_uart: bytes over two pins, 8 data bits, no parity, one stop bit, ClocksPerBit clocks each. The
// receiver samples each bit in its middle, counted from the falling edge of the start bit, so the two
// sides' clocks may differ by a few per cent.
//
// Latency: `s_valid` on an idle line -> start bit 1 cycle; middle of the stop bit at `uart_rxd` ->
//   `m_valid` 4 cycles.
// Throughput: one byte in 10 * ClocksPerBit cycles each way.
// Hazard: there is no handshake on the pins. A byte that is not taken before the next one is complete
//   is lost (`cnt_overrun`), and one without stop bit too (`cnt_framing`).
`default_nettype none
`include "tl_assert.svh"

module tl_uart #(
    parameter int unsigned ClocksPerBit = 8
) (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic       s_valid,
    output logic            s_ready,
    input  wire logic [7:0] s_data,
    output logic            m_valid,
    input  wire logic       m_ready,
    output logic [7:0]      m_data,
    input  wire logic       uart_rxd,
    output logic            uart_txd,
    output logic            cnt_overrun,
    output logic            cnt_framing,
    output logic            busy
);
  localparam int unsigned CountW = $clog2(ClocksPerBit);
  typedef logic [CountW-1:0] count_t;

  if (ClocksPerBit < 4) begin : g_bad_rate
    $error("ClocksPerBit must be at least 4");
  end

  // ------------------------------------------------------------------------------ send
  logic [8:0] shift_q;  // start bit lowest; ones follow the data
  logic [3:0] bits_q;   // that are still to end
  count_t tx_count_q;
  logic tx_tick;

  assign tx_tick = tx_count_q == count_t'(ClocksPerBit - 1);
  assign s_ready = bits_q == 4'd0 || (bits_q == 4'd1 && tx_tick);
  assign uart_txd = shift_q[0];

  always_ff @(posedge clk) begin
    if (rst) begin
      shift_q <= '1;
      bits_q <= '0;
    end else if (s_valid && s_ready) begin
      shift_q <= {s_data, 1'b0};
      bits_q <= 4'd10;
    end else if (bits_q != 4'd0 && tx_tick) begin
      shift_q <= {1'b1, shift_q[8:1]};
      bits_q <= bits_q - 4'd1;
    end
    if (bits_q == 4'd0 || tx_tick) tx_count_q <= '0;
    else tx_count_q <= tx_count_q + count_t'(1);
  end

  // ------------------------------------------------------------------------------ receive
  typedef enum logic [1:0] {
    U_IDLE,
    U_START,
    U_BITS,
    U_BREAK   // low where a stop bit should be: wait for the line to rest
  } uart_e;

  uart_e state_q;
  count_t rx_count_q;
  logic [3:0] rx_bit_q;
  logic [7:0] rx_shift_q;
  logic rxd, middle, stop_bit;

  tl_sync #(
      .ResetValue(1)
  ) u_sync (
      .clk,
      .rst,
      .d(uart_rxd),
      .q(rxd)
  );

  // The edge was seen one cycle after it passed the synchroniser.
  assign middle = state_q == U_START ? rx_count_q == count_t'((ClocksPerBit - 1) / 2)
                                     : rx_count_q == count_t'(ClocksPerBit - 1);
  assign stop_bit = state_q == U_BITS && middle && rx_bit_q == 4'd8;

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= U_IDLE;
      m_valid <= 1'b0;
      cnt_overrun <= 1'b0;
      cnt_framing <= 1'b0;
    end else begin
      case (state_q)
        U_IDLE: if (!rxd) state_q <= U_START;
        U_START: if (middle) state_q <= rxd ? U_IDLE : U_BITS;
        U_BITS: if (stop_bit) state_q <= rxd ? U_IDLE : U_BREAK;
        default: if (rxd) state_q <= U_IDLE;
      endcase
      if (stop_bit && rxd) m_valid <= 1'b1;
      else if (m_ready) m_valid <= 1'b0;
      cnt_overrun <= stop_bit && rxd && m_valid && !m_ready;
      cnt_framing <= stop_bit && !rxd;
    end
    if (state_q == U_IDLE || middle) rx_count_q <= '0;
    else rx_count_q <= rx_count_q + count_t'(1);
    if (state_q != U_BITS) rx_bit_q <= '0;
    else if (middle) rx_bit_q <= rx_bit_q + 4'd1;
    if (state_q == U_BITS && middle && !stop_bit) rx_shift_q <= {rxd, rx_shift_q[7:1]};
    // An untaken byte keeps its place; the new one is lost.
    if (stop_bit && rxd && (!m_valid || m_ready)) m_data <= rx_shift_q;
  end

  assign busy = bits_q != 4'd0 || state_q != U_IDLE || m_valid;

  `TL_ASSERT_STABLE(a_byte_stable, m_valid, m_ready, m_data)

endmodule

`default_nettype wire
