// tl_tx_ram: one bank of the transmit rings, one write port with byte enables and one read port.
//
// Latency: read data one cycle after `re`, held until the next `re`.
// Throughput: one read and one write a cycle.
// Hazard: a read of the address that is written in the same cycle returns the OLD word. The store
//   needs the lanes that are not written to be intact: the tail's word is read while further bytes
//   of it are appended.
`default_nettype none

module tl_tx_ram #(
    parameter int unsigned DataW = 64,
    parameter int unsigned Depth = 1024,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input  wire logic               clk,
    input  wire logic               we,
    input  wire logic [DataW/8-1:0] be,
    input  wire logic [AddrW-1:0]   waddr,
    input  wire logic [DataW-1:0]   wdata,
    input  wire logic               re,
    input  wire logic [AddrW-1:0]   raddr,
    output logic [DataW-1:0]        rdata
);

  logic [DataW-1:0] mem[Depth];

  always_ff @(posedge clk) begin
    if (we) begin
      for (int unsigned i = 0; i < DataW / 8; i++) begin
        if (be[i]) mem[waddr][8*i+:8] <= wdata[8*i+:8];
      end
    end
    if (re) rdata <= mem[raddr];
  end

endmodule

`default_nettype wire
