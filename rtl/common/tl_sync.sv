// tl_sync: brings levels of another clock into this one, each bit on its own.
//
// Latency: `Stages` cycles, one less or more for what changes near an edge.
// Throughput: a level must last longer than one cycle of `clk` to be seen.
// Hazard: bits that change together may arrive in different cycles: a vector needs a Gray code, or to
//   be at rest when it is read. The source must be a register.
`default_nettype none

module tl_sync #(
    parameter int unsigned Width = 1,
    parameter int unsigned Stages = 2,
    parameter int unsigned ResetValue = 0
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic [Width-1:0] d,
    output logic [Width-1:0]      q
);
  if (Stages < 2) begin : g_check
    $error("tl_sync: Stages is at least 2");
  end

  (* ASYNC_REG = "TRUE" *) logic [Stages-1:0][Width-1:0] stage_q;

  assign q = stage_q[Stages-1];

  always_ff @(posedge clk) begin
    if (rst) stage_q <= {Stages{Width'(ResetValue)}};
    else stage_q <= {stage_q[Stages-2:0], d};
  end

endmodule

`default_nettype wire
