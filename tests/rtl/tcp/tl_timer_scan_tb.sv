// Flat ports around tl_timer_scan.
`default_nettype none

module tl_timer_scan_tb
  import tautline_pkg::*;
  import tcp_pkg::*;
#(
    parameter int unsigned Flows = 64
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic [63:0] now_us,
    input  wire logic        s_timer_valid,
    input  wire logic [15:0] s_timer_flow,
    input  wire logic [2:0]  on,  // {life, ack, rtx}
    input  wire logic [63:0] rtx,
    input  wire logic [63:0] ack,
    input  wire logic [63:0] life,
    output logic             m_tmo_valid,
    input  wire logic        m_tmo_ready,
    output logic [15:0]      m_tmo_flow,
    output logic             next_deadline_valid,
    output logic [63:0]      next_deadline,
    output logic             sweep_clean,
    output logic             cleared
);
  timers_t timers;
  assign timers = '{rtx_on: on[0], rtx: rtx[35:0], ack_on: on[1], ack: ack[35:0],
                    life_on: on[2], life: life[35:0]};

  tl_timer_scan #(
      .Flows(Flows)
  ) i_dut (
      .clk,
      .rst,
      .now_us,
      .s_timer_valid,
      .s_timer_flow,
      .s_timers(timers),
      .m_tmo_valid,
      .m_tmo_ready,
      .m_tmo_flow,
      .next_deadline_valid,
      .next_deadline,
      .sweep_clean,
      .cleared
  );

  logic unused;
  assign unused = ^{rtx, ack, life};
endmodule

`default_nettype wire
