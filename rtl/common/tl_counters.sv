// tl_counters: 64 counters of 32 bits. Pulses gather in small registers; a walker adds them to a RAM,
// so only the pending part is made of flip-flops.
//
// Latency: a read answers in the next cycle and includes every pulse up to that of its request.
// Throughput: every counter one pulse a cycle; one read a cycle.
// Hazard: counters wrap. After reset a walker zeroes them in 64 cycles, in which reads are not valid;
//   pulses in that time are kept.
`default_nettype none

module tl_counters
  import tautline_pkg::*;
(
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire cnt_t        s_cnt,
    input  wire logic        s_rd_valid,
    input  wire logic [5:0]  s_rd_index,
    output logic             m_rd_valid,
    output logic [31:0]      m_rd_value,
    output logic             cleared
);
  // A counter is visited every 64 cycles, so at most 64 pulses are pending.
  localparam int unsigned PendingW = $clog2(Counters) + 1;

  logic [31:0] total_mem[Counters];
  logic [PendingW-1:0] pending_q[Counters];
  logic clear_q;
  logic [5:0] walk_q;
  logic [6:0] left_q;  // visits until nothing is pending any more
  logic visit;

  assign visit = clear_q || left_q != '0;
  assign cleared = !clear_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      clear_q <= 1'b1;
      walk_q <= '0;
      left_q <= '0;
    end else begin
      if (visit) walk_q <= walk_q + 6'd1;
      if (walk_q == '1) clear_q <= 1'b0;
      if (s_cnt != '0) left_q <= 7'(Counters);
      else if (left_q != '0 && !clear_q) left_q <= left_q - 7'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (visit)
      total_mem[walk_q] <= clear_q ? '0 : total_mem[walk_q] + 32'(pending_q[walk_q]);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      for (int i = 0; i < int'(Counters); i++) pending_q[i] <= '0;
    end else if (s_cnt != '0 || visit) begin
      for (int i = 0; i < int'(Counters); i++) begin
        if (visit && !clear_q && walk_q == 6'(i)) pending_q[i] <= PendingW'(s_cnt[i]);
        else if (s_cnt[i]) pending_q[i] <= pending_q[i] + PendingW'(1);
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst) m_rd_valid <= 1'b0;
    else m_rd_valid <= s_rd_valid;
    if (s_rd_valid)
      m_rd_value <= total_mem[s_rd_index] + 32'(pending_q[s_rd_index]) + 32'(s_cnt[s_rd_index]);
  end

endmodule

`default_nettype wire
