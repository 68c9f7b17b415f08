// tl_ram_1r1w: RAM with one write and one read port. A read of the address that is written in the
// same cycle returns the old word.
//
// Latency: read data one cycle after `re`, held until the next `re`.
// Throughput: one read and one write a cycle.
// Hazard: contents are undefined until written; reset does not clear.
`default_nettype none

module tl_ram_1r1w #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16,
    localparam int unsigned AddrW = Depth > 1 ? $clog2(Depth) : 1
) (
    input  wire logic             clk,
    input  wire logic             we,
    input  wire logic [AddrW-1:0] waddr,
    input  wire logic [Width-1:0] wdata,
    input  wire logic             re,
    input  wire logic [AddrW-1:0] raddr,
    output logic [Width-1:0]      rdata
);

  logic [Width-1:0] mem[Depth];

  always_ff @(posedge clk) begin
    if (we) mem[waddr] <= wdata;
    if (re) rdata <= mem[raddr];
  end

endmodule

`default_nettype wire
