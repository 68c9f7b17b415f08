// tl_tx_store_tb: tl_tx_store with flat ports.
`default_nettype none

module tl_tx_store_tb
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 16,
    parameter int unsigned TxRingLog2 = 10
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             life_valid,
    input  wire logic [15:0]      life_flow,
    input  wire logic [7:0]       life_gen,
    input  wire logic             app_valid,
    output logic                  app_ready,
    input  wire logic [15:0]      app_flow,
    input  wire logic [7:0]       app_gen,
    input  wire logic [31:0]      app_pos,
    input  wire logic [15:0]      app_len,
    input  wire logic             app_more,
    input  wire logic             app_data_valid,
    output logic                  app_data_ready,
    input  wire logic [DataW-1:0] app_data,
    output logic                  tail_valid,
    input  wire logic             tail_ready,
    output logic [15:0]           tail_flow,
    output logic [7:0]            tail_gen,
    output logic [31:0]           tail_pos,
    input  wire logic             acked_valid,
    input  wire logic [15:0]      acked_flow,
    input  wire logic [7:0]       acked_gen,
    input  wire logic [31:0]      acked_pos,
    output logic                  space_valid,
    output logic [15:0]           space_flow,
    output logic [7:0]            space_gen,
    output logic [31:0]           space_pos,
    input  wire logic             launch_valid,
    input  wire logic [15:0]      launch_flow,
    input  wire logic [31:0]      launch_pos,
    input  wire logic [15:0]      launch_len,
    input  wire logic             tx_done,
    input  wire logic             rd_valid,
    output logic                  rd_ready,
    input  wire logic [15:0]      rd_flow,
    input  wire logic [31:0]      rd_pos,
    input  wire logic [15:0]      rd_len,
    output logic                  word_valid,
    input  wire logic             word_ready,
    output logic [DataW-1:0]      word,
    output logic                  sum_valid,
    output logic [15:0]           sum,
    output logic                  busy
);
  life_t     life;
  range_t    app;
  flow_pos_t tail, acked, space;

  assign life = '{flow: life_flow, gen: life_gen};
  assign app = '{flow: app_flow, gen: app_gen, pos: app_pos, len: app_len, delivered: '0,
                 more: app_more};
  assign acked = '{flow: acked_flow, gen: acked_gen, pos: acked_pos};
  assign {tail_flow, tail_gen, tail_pos} = tail;
  assign {space_flow, space_gen, space_pos} = space;

  tl_tx_store #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2)
  ) u_store (
      .clk,
      .rst,
      .s_life_valid(life_valid),
      .s_life(life),
      .s_app_valid(app_valid),
      .s_app_ready(app_ready),
      .s_app(app),
      .s_app_data_valid(app_data_valid),
      .s_app_data_ready(app_data_ready),
      .s_app_data(app_data),
      .m_tail_valid(tail_valid),
      .m_tail_ready(tail_ready),
      .m_tail(tail),
      .s_acked_valid(acked_valid),
      .s_acked(acked),
      .m_space_valid(space_valid),
      .m_space(space),
      .s_launch_valid(launch_valid),
      .s_launch_flow(launch_flow),
      .s_launch_pos(launch_pos),
      .s_launch_len(launch_len),
      .s_tx_done(tx_done),
      .s_rd_valid(rd_valid),
      .s_rd_ready(rd_ready),
      .s_rd_flow(rd_flow),
      .s_rd_pos(rd_pos),
      .s_rd_len(rd_len),
      .m_rd_valid(word_valid),
      .m_rd_ready(word_ready),
      .m_rd_data(word),
      .m_rd_sum_valid(sum_valid),
      .m_rd_sum(sum),
      .busy
  );

endmodule

`default_nettype wire
