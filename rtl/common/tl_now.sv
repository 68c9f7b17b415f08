// tl_now: time in microseconds from a clock of CyclesNum / CyclesDen MHz (156.25 MHz is 625 / 4).
//
// Latency: n cycles after reset `now_us` is floor((n - 1) * CyclesDen / CyclesNum).
// Throughput: exact: the fraction is carried on, so nothing drifts but the clock itself.
`default_nettype none

module tl_now #(
    parameter int unsigned CyclesNum = 100,
    parameter int unsigned CyclesDen = 1
) (
    input  wire logic   clk,
    input  wire logic   rst,
    output logic [63:0] now_us
);
  if (CyclesDen < 1 || CyclesNum < CyclesDen) begin : g_check
    $error("tl_now: the clock has at least 1 MHz");
  end

  localparam int unsigned AccW = $clog2(CyclesNum + CyclesDen);

  logic [AccW-1:0] acc_q, acc;
  logic wrap, tick_q;

  assign acc = acc_q + AccW'(CyclesDen);
  assign wrap = acc >= AccW'(CyclesNum);

  always_ff @(posedge clk) begin
    if (rst) begin
      acc_q <= '0;
      tick_q <= 1'b0;
      now_us <= '0;
    end else begin
      acc_q <= wrap ? acc - AccW'(CyclesNum) : acc;
      tick_q <= wrap;
      if (tick_q) now_us <= now_us + 64'd1;
    end
  end

endmodule

`default_nettype wire
