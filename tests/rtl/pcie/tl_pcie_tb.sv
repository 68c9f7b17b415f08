// tl_pcie_tb: tl_pcie with flat ports; the counters answer their index in a pattern, 2 cycles late.
`default_nettype none

module tl_pcie_tb
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 16,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned MaxBurst = 512,
    localparam int unsigned Bytes = DataW / 8
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic [63:0] now_us,
    input  wire logic s_axil_awvalid,
    output logic s_axil_awready,
    input  wire logic [21:0] s_axil_awaddr,
    input  wire logic [2:0] s_axil_awprot,
    input  wire logic s_axil_wvalid,
    output logic s_axil_wready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0] s_axil_wstrb,
    output logic s_axil_bvalid,
    input  wire logic s_axil_bready,
    output logic [1:0] s_axil_bresp,
    input  wire logic s_axil_arvalid,
    output logic s_axil_arready,
    input  wire logic [21:0] s_axil_araddr,
    input  wire logic [2:0] s_axil_arprot,
    output logic s_axil_rvalid,
    input  wire logic s_axil_rready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0] s_axil_rresp,
    input  wire logic [3:0] s_push_awid,
    input  wire logic [21:0] s_push_awaddr,
    input  wire logic [7:0] s_push_awlen,
    input  wire logic [2:0] s_push_awsize,
    input  wire logic [1:0] s_push_awburst,
    input  wire logic s_push_awvalid,
    output logic s_push_awready,
    input  wire logic [DataW-1:0] s_push_wdata,
    input  wire logic [Bytes-1:0] s_push_wstrb,
    input  wire logic s_push_wlast,
    input  wire logic s_push_wvalid,
    output logic s_push_wready,
    output logic [3:0] s_push_bid,
    output logic [1:0] s_push_bresp,
    output logic s_push_bvalid,
    input  wire logic s_push_bready,
    input  wire logic [3:0] s_push_arid,
    input  wire logic [21:0] s_push_araddr,
    input  wire logic [7:0] s_push_arlen,
    input  wire logic [2:0] s_push_arsize,
    input  wire logic [1:0] s_push_arburst,
    input  wire logic s_push_arvalid,
    output logic s_push_arready,
    output logic [3:0] s_push_rid,
    output logic [DataW-1:0] s_push_rdata,
    output logic [1:0] s_push_rresp,
    output logic s_push_rlast,
    output logic s_push_rvalid,
    input  wire logic s_push_rready,
    output logic [3:0] m_axi_awid,
    output logic [63:0] m_axi_awaddr,
    output logic [7:0] m_axi_awlen,
    output logic [2:0] m_axi_awsize,
    output logic [1:0] m_axi_awburst,
    output logic m_axi_awvalid,
    input  wire logic m_axi_awready,
    output logic [DataW-1:0] m_axi_wdata,
    output logic [Bytes-1:0] m_axi_wstrb,
    output logic m_axi_wlast,
    output logic m_axi_wvalid,
    input  wire logic m_axi_wready,
    input  wire logic [3:0] m_axi_bid,
    input  wire logic [1:0] m_axi_bresp,
    input  wire logic m_axi_bvalid,
    output logic m_axi_bready,
    output logic [3:0] m_axi_arid,
    output logic [63:0] m_axi_araddr,
    output logic [7:0] m_axi_arlen,
    output logic [2:0] m_axi_arsize,
    output logic [1:0] m_axi_arburst,
    output logic m_axi_arvalid,
    input  wire logic m_axi_arready,
    input  wire logic [3:0] m_axi_rid,
    input  wire logic [DataW-1:0] m_axi_rdata,
    input  wire logic [1:0] m_axi_rresp,
    input  wire logic m_axi_rlast,
    input  wire logic m_axi_rvalid,
    output logic m_axi_rready,
    output logic irq_req,
    input  wire logic irq_ack,
    output logic cfg_enable,
    output logic [47:0] cfg_mac,
    output logic [31:0] cfg_ip,
    output logic [31:0] cfg_netmask,
    output logic [31:0] cfg_gateway,
    output logic cfg_vlan_en,
    output logic [15:0] cfg_vlan_tci,
    output logic [15:0] cfg_mtu,
    output logic cfg_df,
    output logic [7:0] cfg_ttl,
    output logic [5:0] cfg_dscp,
    output logic cfg_nodelay,
    output logic [4:0] cfg_rx_ring_log2,
    output logic [31:0] cfg_rto_min_us,
    output logic [31:0] cfg_rto_init_us,
    output logic [31:0] cfg_rto_max_us,
    output logic [31:0] cfg_delack_us,
    output logic [31:0] cfg_user_timeout_us,
    output logic [31:0] cfg_syn_timeout_us,
    output logic [7:0] cfg_r1_retries,
    output logic [31:0] cfg_time_wait_us,
    output logic [31:0] cfg_fin_wait2_us,
    output logic [31:0] cfg_challenge_us,
    output logic [31:0] cfg_reply_us,
    output logic [31:0] cfg_arp_timeout_us,
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
  assign cfg_mac = cfg.mac;
  assign cfg_ip = cfg.ip;
  assign cfg_netmask = cfg.netmask;
  assign cfg_gateway = cfg.gateway;
  assign cfg_vlan_en = cfg.vlan_en;
  assign cfg_vlan_tci = cfg.vlan_tci;
  assign cfg_mtu = cfg.mtu;
  assign cfg_df = cfg.df;
  assign cfg_ttl = cfg.ttl;
  assign cfg_dscp = cfg.dscp;
  assign cfg_nodelay = cfg.nodelay;
  assign cfg_rx_ring_log2 = cfg.rx_ring_log2;
  assign cfg_rto_min_us = cfg.rto_min_us;
  assign cfg_rto_init_us = cfg.rto_init_us;
  assign cfg_rto_max_us = cfg.rto_max_us;
  assign cfg_delack_us = cfg.delack_us;
  assign cfg_user_timeout_us = cfg.user_timeout_us;
  assign cfg_syn_timeout_us = cfg.syn_timeout_us;
  assign cfg_r1_retries = cfg.r1_retries;
  assign cfg_time_wait_us = cfg.time_wait_us;
  assign cfg_fin_wait2_us = cfg.fin_wait2_us;
  assign cfg_challenge_us = cfg.challenge_us;
  assign cfg_reply_us = cfg.reply_us;
  assign cfg_arp_timeout_us = cfg.arp_timeout_us;
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

  tl_pcie #(
      .DataW(DataW),
      .Flows(Flows),
      .TxRingLog2(TxRingLog2),
      .MaxBurst(MaxBurst)
  ) u_pcie (
      .clk,
      .rst,
      .now_us,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_bresp,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_rvalid,
      .s_axil_rready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_push_awid,
      .s_push_awaddr,
      .s_push_awlen,
      .s_push_awsize,
      .s_push_awburst,
      .s_push_awvalid,
      .s_push_awready,
      .s_push_wdata,
      .s_push_wstrb,
      .s_push_wlast,
      .s_push_wvalid,
      .s_push_wready,
      .s_push_bid,
      .s_push_bresp,
      .s_push_bvalid,
      .s_push_bready,
      .s_push_arid,
      .s_push_araddr,
      .s_push_arlen,
      .s_push_arsize,
      .s_push_arburst,
      .s_push_arvalid,
      .s_push_arready,
      .s_push_rid,
      .s_push_rdata,
      .s_push_rresp,
      .s_push_rlast,
      .s_push_rvalid,
      .s_push_rready,
      .m_axi_awid,
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awsize,
      .m_axi_awburst,
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_bid,
      .m_axi_bresp,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_arid,
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arsize,
      .m_axi_arburst,
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_rid,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast,
      .m_axi_rvalid,
      .m_axi_rready,
      .irq_req,
      .irq_ack,
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
      .s_rx_waiting(rx_valid),
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
  assign unused = ^{app.delivered, app.more};

endmodule

`default_nettype wire
