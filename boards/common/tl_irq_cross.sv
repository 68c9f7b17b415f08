// tl_irq_cross: the engine's interrupt request to a bridge that has a clock of its own, by a handshake
// of four phases. `bridge_req` is held until `bridge_ack`, one cycle, as the AXI bridge wants it.
//
// Latency: `irq_req` -> `bridge_req` 1 cycle of `clk` and 2 of `bridge_clk`; `bridge_ack` -> `irq_ack`
//   1 cycle of `bridge_clk` and 2 of `clk`.
// Throughput: one interrupt a round trip; a request that lasts is passed on again.
// Reference: PG194, "User interrupts".
`default_nettype none

module tl_irq_cross (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic irq_req,
    output logic      irq_ack,
    input  wire logic bridge_clk,
    input  wire logic bridge_rst,
    output logic      bridge_req,
    input  wire logic bridge_ack
);
  logic req_q, req_there, done_q, done_here;

  tl_sync u_req (.clk(bridge_clk), .rst(bridge_rst), .d(req_q), .q(req_there));
  tl_sync u_done (.clk, .rst, .d(done_q), .q(done_here));

  // A new request starts only when the last one's end has been seen on both sides.
  assign irq_ack = req_q && done_here;

  always_ff @(posedge clk) begin
    if (rst || irq_ack) req_q <= 1'b0;
    else if (irq_req && !done_here) req_q <= 1'b1;
  end

  assign bridge_req = req_there && !done_q;

  always_ff @(posedge bridge_clk) begin
    if (bridge_rst || !req_there) done_q <= 1'b0;
    else if (bridge_ack) done_q <= 1'b1;
  end

endmodule

`default_nettype wire
