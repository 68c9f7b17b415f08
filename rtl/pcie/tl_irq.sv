// tl_irq: one interrupt per arming. Arming names the host's position in the status ring; the interrupt
// fires as soon as an entry beyond it is in host memory, at once if the host is already behind, but
// not earlier than the moderation interval after the last one. A stopped link fires one more.
//
// Latency: entry in host memory, or arming of a host that is behind -> `irq_req` 2 cycles.
// Hazard: `irq_req` is a level until `irq_ack`; what fires meanwhile waits.
`default_nettype none

module tl_irq
  import tautline_pkg::*;
(
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire now_t        now_us,
    input  wire logic [15:0] irq_us,
    input  wire logic        s_arm_valid,  // STATUS_CONSUMER was written
    input  wire logic        s_arm,
    input  wire logic [15:0] s_arm_index,
    input  wire logic [15:0] producer,     // entries that are in host memory
    input  wire logic        link_error,   // level: the link has stopped and said so
    output logic             irq_req,
    input  wire logic        irq_ack,
    output logic             cnt_irq,
    output logic             busy
);
  logic armed_q, error_told_q, moderate_q;
  logic [15:0] index_q;
  logic [31:0] last_q;  // modulo 71 minutes: a rare interrupt may wait one interval longer
  logic due, error_due, fire;

  assign due = armed_q && producer != index_q;
  assign error_due = link_error && !error_told_q;
  assign busy = (due || error_due) && !irq_req;

  always_comb begin
    fire = 1'b0;
    if (busy) fire = !moderate_q || now_us[31:0] - last_q >= 32'(irq_us);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      armed_q <= 1'b0;
      error_told_q <= 1'b0;
      moderate_q <= 1'b0;
      irq_req <= 1'b0;
      cnt_irq <= 1'b0;
    end else begin
      if (s_arm_valid) armed_q <= s_arm;
      else if (fire && due) armed_q <= 1'b0;
      if (fire && error_due) error_told_q <= 1'b1;
      if (fire) moderate_q <= 1'b1;
      if (fire) irq_req <= 1'b1;
      else if (irq_ack) irq_req <= 1'b0;
      cnt_irq <= fire;
    end
    if (s_arm_valid) index_q <= s_arm_index;
    if (fire) last_q <= now_us[31:0];
  end

  logic unused;
  assign unused = ^now_us[63:32];

endmodule

`default_nettype wire
