// tl_rx_deliver_tb: tl_rx_deliver with flat ports.
`default_nettype none

module tl_rx_deliver_tb
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned RxFifoBytes = 8192,
    parameter int unsigned MaxFrame = 1536,
    parameter int unsigned Frames = 16,
    localparam int unsigned LaneW = $clog2(DataW / 8)
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             pay_valid,
    input  wire logic [DataW-1:0] pay_data,
    input  wire logic             verdict_valid,
    input  wire logic             verdict_good,
    input  wire logic [15:0]      verdict_len,
    input  wire logic [LaneW-1:0] verdict_lane,
    input  wire logic             ans_valid,
    input  wire logic             ans_commit,
    input  wire logic [15:0]      ans_flow,
    input  wire logic [7:0]       ans_gen,
    input  wire logic [31:0]      ans_pos,
    input  wire logic [15:0]      ans_head,
    input  wire logic [15:0]      ans_len,
    input  wire logic [31:0]      ans_delivered,
    output logic                  rx_valid,
    input  wire logic             rx_ready,
    output logic [15:0]           rx_flow,
    output logic [7:0]            rx_gen,
    output logic [31:0]           rx_pos,
    output logic [15:0]           rx_len,
    output logic [31:0]           rx_delivered,
    output logic                  word_valid,
    input  wire logic             word_ready,
    output logic [DataW-1:0]      word,
    output logic                  word_last,
    output logic                  waiting,
    output logic                  room,
    output logic                  busy
);
  rx_answer_t ans;
  range_t     rx;

  assign ans = '{commit: ans_commit, flow: ans_flow, gen: ans_gen, pos: ans_pos, head: ans_head,
                 len: ans_len, delivered: ans_delivered};
  logic unused_more;  // transmit only
  assign {rx_flow, rx_gen, rx_pos, rx_len, rx_delivered, unused_more} = rx;

  tl_rx_deliver #(
      .DataW(DataW),
      .RxFifoBytes(RxFifoBytes),
      .MaxFrame(MaxFrame),
      .Frames(Frames)
  ) u_deliver (
      .clk,
      .rst,
      .s_pay_valid(pay_valid),
      .s_pay_data(pay_data),
      .s_verdict_valid(verdict_valid),
      .s_verdict_good(verdict_good),
      .s_verdict_len(verdict_len),
      .s_verdict_lane(verdict_lane),
      .s_ans_valid(ans_valid),
      .s_ans(ans),
      .m_rx_valid(rx_valid),
      .m_rx_ready(rx_ready),
      .m_rx(rx),
      .m_rx_data_valid(word_valid),
      .m_rx_data_ready(word_ready),
      .m_rx_data(word),
      .m_rx_data_last(word_last),
      .m_rx_waiting(waiting),
      .room,
      .busy
  );

endmodule

`default_nettype wire
