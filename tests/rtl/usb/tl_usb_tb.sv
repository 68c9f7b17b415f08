// tl_usb_tb: tl_usb with flat ports; the counters answer their index in a pattern, 2 cycles late.
`default_nettype none

module tl_usb_tb
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 16,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned RxBytes = 4096
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic [63:0] now_us,
    input  wire logic s_byte_valid,
    output logic s_byte_ready,
    input  wire logic [7:0] s_byte_data,
    output logic m_byte_valid,
    input  wire logic m_byte_ready,
    output logic [7:0] m_byte_data,
    output logic link_up,
    output logic cfg_enable,
    output logic [31:0] cfg_ip,
    output logic [4:0] cfg_rx_ring_log2,
    output logic [383:0] secret,
    output logic engine_rst,
    input  wire logic engine_ready,
    input  wire logic engine_quiet,
    output logic [63:0] cnt,
    output logic cmd_valid,
    input  wire logic cmd_ready,
    output logic [7:0] cmd_op,
    output logic [15:0] cmd_cookie,
    output logic [15:0] cmd_flow,
    output logic [7:0] cmd_gen,
    output logic [31:0] cmd_raddr,
    output logic [31:0] cmd_laddr,
    output logic [15:0] cmd_rport,
    output logic [15:0] cmd_lport,
    output logic [31:0] cmd_arg0,
    output logic [31:0] cmd_arg1,
    input  wire logic evt_valid,
    output logic evt_ready,
    input  wire logic evt_is_cpl,
    input  wire logic [15:0] evt_flow,
    input  wire logic [31:0] evt_delivered,
    input  wire logic [7:0] st_gen,
    input  wire logic [31:0] st_tag,
    input  wire logic st_listening,
    input  wire logic st_active,
    input  wire logic st_fin,
    input  wire logic st_done,
    input  wire logic st_r1,
    input  wire logic [3:0] st_state,
    input  wire logic [3:0] st_cause,
    input  wire logic [31:0] st_raddr,
    input  wire logic [31:0] st_laddr,
    input  wire logic [15:0] st_rport,
    input  wire logic [15:0] st_lport,
    input  wire logic [31:0] st_rx_end,
    input  wire logic [31:0] st_acked,
    input  wire logic [31:0] st_sent,
    input  wire logic [31:0] st_taken,
    input  wire logic [15:0] st_snd_mss,
    input  wire logic [15:0] cpl_cookie,
    input  wire logic [7:0] cpl_rc,
    input  wire logic [7:0] cpl_gen,
    input  wire logic [351:0] cpl_info,
    input  wire logic life_valid,
    input  wire logic [15:0] life_flow,
    input  wire logic [7:0] life_gen,
    input  wire logic rx_valid,
    output logic rx_ready,
    input  wire logic [15:0] rx_flow,
    input  wire logic [7:0] rx_gen,
    input  wire logic [31:0] rx_pos,
    input  wire logic [15:0] rx_len,
    input  wire logic [31:0] rx_delivered,
    input  wire logic rx_data_valid,
    output logic rx_data_ready,
    input  wire logic [DataW-1:0] rx_data,
    input  wire logic rx_data_last,
    output logic landed_valid,
    output logic [15:0] landed_flow,
    output logic [7:0] landed_gen,
    output logic [31:0] landed_pos,
    output logic taken_valid,
    input  wire logic taken_ready,
    output logic [15:0] taken_flow,
    output logic [7:0] taken_gen,
    output logic [31:0] taken_pos,
    output logic app_valid,
    input  wire logic app_ready,
    output logic [15:0] app_flow,
    output logic [7:0] app_gen,
    output logic [31:0] app_pos,
    output logic [15:0] app_len,
    output logic app_more,
    output logic app_data_valid,
    input  wire logic app_data_ready,
    output logic [DataW-1:0] app_data,
    input  wire logic space_valid,
    input  wire logic [15:0] space_flow,
    input  wire logic [7:0] space_gen,
    input  wire logic [31:0] space_pos,
    output logic busy
);
  cfg_t cfg;
  secret_t secrets;
  cmd_t cmd;
  host_evt_t evt;
  life_t life;
  range_t rx, app;
  flow_pos_t landed, taken, space;
  logic [5:0] cnt_index, cnt_index_q, cnt_index_2q;
  logic [31:0] cnt_value;

  always_ff @(posedge clk) begin
    cnt_index_q <= cnt_index;
    cnt_index_2q <= cnt_index_q;
  end
  assign cnt_value = {2'd2, cnt_index_2q, 10'd0, cnt_index_2q, 8'hA5};

  assign cfg_enable = cfg.enable;
  assign cfg_ip = cfg.ip;
  assign cfg_rx_ring_log2 = cfg.rx_ring_log2;
  assign secret = secrets;
  assign cmd_op = cmd.op;
  assign cmd_cookie = cmd.cookie;
  assign cmd_flow = cmd.flow;
  assign cmd_gen = cmd.gen;
  assign cmd_raddr = cmd.key.raddr;
  assign cmd_laddr = cmd.key.laddr;
  assign cmd_rport = cmd.key.rport;
  assign cmd_lport = cmd.key.lport;
  assign cmd_arg0 = cmd.arg0;
  assign cmd_arg1 = cmd.arg1;
  assign life = '{flow: life_flow, gen: life_gen};
  assign rx = '{flow: rx_flow, gen: rx_gen, pos: rx_pos, len: rx_len, delivered: rx_delivered,
                more: 1'b0};
  assign space = '{flow: space_flow, gen: space_gen, pos: space_pos};
  assign {landed_flow, landed_gen, landed_pos} = landed;
  assign {taken_flow, taken_gen, taken_pos} = taken;
  assign app_flow = app.flow;
  assign app_gen = app.gen;
  assign app_pos = app.pos;
  assign app_len = app.len;
  assign app_more = app.more;

  always_comb begin
    evt.is_cpl = evt_is_cpl;
    evt.flow = evt_flow;
    evt.delivered = evt_delivered;
    evt.status.gen = st_gen;
    evt.status.tag = st_tag;
    evt.status.listening = st_listening;
    evt.status.active = st_active;
    evt.status.fin = st_fin;
    evt.status.done = st_done;
    evt.status.r1 = st_r1;
    evt.status.state = state_e'(st_state);
    evt.status.cause = cause_e'(st_cause);
    evt.status.key.raddr = st_raddr;
    evt.status.key.laddr = st_laddr;
    evt.status.key.rport = st_rport;
    evt.status.key.lport = st_lport;
    evt.status.rx_end = st_rx_end;
    evt.status.acked = st_acked;
    evt.status.sent = st_sent;
    evt.status.taken = st_taken;
    evt.status.snd_mss = st_snd_mss;
    evt.cpl.cookie = cpl_cookie;
    evt.cpl.rc = rc_e'(cpl_rc);
    evt.cpl.flow = evt_flow;
    evt.cpl.gen = cpl_gen;
    evt.cpl.info = cpl_info;
  end

  tl_usb #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2),
      .RxBytes(RxBytes)
  ) u_usb (
      .clk,
      .rst,
      .now_us,
      .s_byte_valid,
      .s_byte_ready,
      .s_byte_data,
      .m_byte_valid,
      .m_byte_ready,
      .m_byte_data,
      .link_up,
      .cfg,
      .secret(secrets),
      .engine_rst,
      .engine_ready,
      .engine_quiet,
      .cnt_index,
      .cnt_value,
      .m_cnt(cnt),
      .m_cmd_valid(cmd_valid),
      .m_cmd_ready(cmd_ready),
      .m_cmd(cmd),
      .s_evt_valid(evt_valid),
      .s_evt_ready(evt_ready),
      .s_evt(evt),
      .s_life_valid(life_valid),
      .s_life(life),
      .s_rx_valid(rx_valid),
      .s_rx_ready(rx_ready),
      .s_rx(rx),
      .s_rx_data_valid(rx_data_valid),
      .s_rx_data_ready(rx_data_ready),
      .s_rx_data(rx_data),
      .s_rx_data_last(rx_data_last),
      .m_landed_valid(landed_valid),
      .m_landed(landed),
      .m_taken_valid(taken_valid),
      .m_taken_ready(taken_ready),
      .m_taken(taken),
      .m_app_valid(app_valid),
      .m_app_ready(app_ready),
      .m_app(app),
      .m_app_data_valid(app_data_valid),
      .m_app_data_ready(app_data_ready),
      .m_app_data(app_data),
      .s_space_valid(space_valid),
      .s_space(space),
      .busy
  );

  logic unused;
  assign unused = ^{cfg, app.delivered};

endmodule

`default_nettype wire
