// tl_mac_fault: link fault signalling of the 10 Gbit/s reconciliation sublayer, two columns a cycle.
//
// Four ordered sets of one kind, none of the other between and less than 128 columns from each to the next,
// are that fault; 128 columns without any end it.
//
// Latency: fourth ordered set on `xgmii_*` -> `fault` 2 cycles.
// Throughput: both columns of every cycle.
// Reference: IEEE 802.3 46.3.4.
`default_nettype none

module tl_mac_fault
  import mac_pkg::*;
(
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic [63:0] xgmii_rxd,
    input  wire logic [7:0]  xgmii_rxc,
    output fault_e           fault
);
  localparam logic [7:0] Columns = 8'd128;
  localparam logic [1:0] Enough = 2'd3;  // before the one that decides

  typedef struct packed {
    fault_e     fault;
    fault_e     kind;   // of the ordered sets that are counted
    logic [1:0] count;
    logic [7:0] quiet;  // columns since the last one
  } watch_t;

  function automatic fault_e fault_in(input logic [31:0] data, input logic [3:0] ctrl);
    if (ctrl == 4'b0001 && data == {8'(FAULT_LOCAL), 16'd0, XgmiiSequence}) return FAULT_LOCAL;
    if (ctrl == 4'b0001 && data == {8'(FAULT_REMOTE), 16'd0, XgmiiSequence}) return FAULT_REMOTE;
    return FAULT_NONE;
  endfunction

  function automatic watch_t watch_column(input watch_t last, input fault_e seen);
    watch_t w;
    w = last;
    if (seen != FAULT_NONE) begin
      w.quiet = '0;
      if (seen != last.kind || last.count == 2'd0) begin
        w.kind = seen;
        w.count = 2'd1;
      end else if (last.count != Enough) begin
        w.count = last.count + 2'd1;
      end else begin
        w.fault = seen;
      end
    end else if (last.quiet == Columns - 8'd1) begin
      w.fault = FAULT_NONE;
      w.count = 2'd0;
    end else begin
      w.quiet = last.quiet + 8'd1;
    end
    return w;
  endfunction

  fault_e low_q, high_q;
  watch_t watch_q;

  assign fault = watch_q.fault;

  always_ff @(posedge clk) begin
    if (rst) begin
      low_q <= FAULT_NONE;
      high_q <= FAULT_NONE;
      watch_q <= '{fault: FAULT_NONE, kind: FAULT_NONE, count: '0, quiet: '0};
    end else begin
      low_q <= fault_in(xgmii_rxd[31:0], xgmii_rxc[3:0]);
      high_q <= fault_in(xgmii_rxd[63:32], xgmii_rxc[7:4]);
      watch_q <= watch_column(watch_column(watch_q, low_q), high_q);
    end
  end

endmodule

`default_nettype wire
