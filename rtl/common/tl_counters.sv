// tl_counters: 64 counters of 32 bits. Pulses gather in small registers; a walker adds them to a RAM,
// so only the pending part is made of flip-flops.
//
// Latency: `value` follows `index` by one cycle and includes every pulse up to the cycle of `index`.
// Throughput: every counter one pulse a cycle; one read a cycle.
// Hazard: counters wrap. After reset a walker zeroes them in 64 cycles, in which `value` is not
//   valid; pulses in that time are kept.
`default_nettype none

module tl_counters
  import tautline_pkg::*;
(
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire cnt_t        cnt,
    input  wire logic [5:0]  index,
    output logic [31:0]      value
);
  // A counter is visited every 64 cycles, so at most 64 pulses are pending.
  localparam int unsigned PendingW = $clog2(Counters) + 1;

  logic [31:0] total_mem[Counters];
  logic [Counters-1:0][PendingW-1:0] pending_q;
  logic clear_q;
  logic [5:0] walk_q;
  logic [6:0] left_q;  // visits until nothing is pending any more
  logic visit;

  assign visit = clear_q || left_q != '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      clear_q <= 1'b1;
      walk_q <= '0;
      left_q <= '0;
    end else begin
      if (visit) walk_q <= walk_q + 6'd1;
      if (walk_q == '1) clear_q <= 1'b0;
      if (cnt != '0) left_q <= 7'(Counters);
      else if (left_q != '0 && !clear_q) left_q <= left_q - 7'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (visit)
      total_mem[walk_q] <= clear_q ? '0 : total_mem[walk_q] + 32'(pending_q[walk_q]);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      pending_q <= '0;
    end else if (cnt != '0 || visit) begin
      for (int i = 0; i < int'(Counters); i++) begin
        if (visit && !clear_q && walk_q == 6'(i)) pending_q[i] <= PendingW'(cnt[i]);
        else if (cnt[i]) pending_q[i] <= pending_q[i] + PendingW'(1);
      end
    end
  end

  always_ff @(posedge clk) begin
    value <= total_mem[index] + 32'(pending_q[index]) + 32'(cnt[index]);
  end

endmodule

`default_nettype wire
