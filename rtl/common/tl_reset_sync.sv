// tl_reset_sync: a reset of any clock, or of none, as the reset of this clock. It begins at once, even
// while the clock stands still, and ends in step with the clock.
//
// Latency: `rst` rises with `async_rst` and falls with the `Stages`-th edge after it fell.
// Hazard: logic with synchronous reset is cleared at the first edge, so a clock that stands still
//   leaves it as it was: its neighbours must stay in reset until `rst` has fallen.
`default_nettype none

module tl_reset_sync #(
    parameter int unsigned Stages = 3
) (
    input  wire logic clk,
    input  wire logic async_rst,
    output logic      rst
);
  if (Stages < 2) begin : g_check
    $error("tl_reset_sync: Stages is at least 2");
  end

  (* ASYNC_REG = "TRUE" *) logic [Stages-1:0] stage_q;

  assign rst = stage_q[Stages-1];

  always_ff @(posedge clk or posedge async_rst) begin
    if (async_rst) stage_q <= '1;
    else stage_q <= {stage_q[Stages-2:0], 1'b0};
  end

endmodule

`default_nettype wire
