// tl_net_tb: tl_net with flat ports.
`default_nettype none

module tl_net_tb
  import tautline_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned ArpEntries = 16,
    localparam int unsigned Bytes = DataW / 8,
    localparam int unsigned LaneW = $clog2(Bytes)
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic [63:0]       now_us,
    input  wire logic              cfg_enable,
    input  wire logic [47:0]       cfg_mac,
    input  wire logic [31:0]       cfg_ip,
    input  wire logic [31:0]       cfg_netmask,
    input  wire logic [31:0]       cfg_gateway,
    input  wire logic              cfg_vlan_en,
    input  wire logic [15:0]       cfg_vlan_tci,
    input  wire logic [15:0]       cfg_mtu,
    input  wire logic              cfg_df,
    input  wire logic [7:0]        cfg_ttl,
    input  wire logic [31:0]       cfg_reply_us,
    input  wire logic [31:0]       cfg_arp_timeout_us,
    input  wire logic              s_wire_tvalid,
    output logic                   s_wire_tready,
    input  wire logic [DataW-1:0]  s_wire_tdata,
    input  wire logic [Bytes-1:0]  s_wire_tkeep,
    input  wire logic              s_wire_tlast,
    input  wire logic              s_wire_tuser,
    output logic                   m_wire_tvalid,
    input  wire logic              m_wire_tready,
    output logic [DataW-1:0]       m_wire_tdata,
    output logic [Bytes-1:0]       m_wire_tkeep,
    output logic                   m_wire_tlast,
    output logic                   m_wire_tuser,
    output logic                   key_valid,
    output logic [31:0]            key_raddr,
    output logic [31:0]            key_laddr,
    output logic [15:0]            key_rport,
    output logic [15:0]            key_lport,
    output logic                   verdict_valid,
    output logic                   verdict_good,
    output logic [LaneW-1:0]       verdict_lane,
    output logic [31:0]            seg_raddr,
    output logic [31:0]            seg_laddr,
    output logic [15:0]            seg_rport,
    output logic [15:0]            seg_lport,
    output logic [47:0]            seg_src_mac,
    output logic [31:0]            seg_seq,
    output logic [31:0]            seg_ack,
    output logic [7:0]             seg_flags,
    output logic [15:0]            seg_wnd,
    output logic [15:0]            seg_len,
    output logic                   seg_mss_ok,
    output logic [15:0]            seg_mss,
    output logic                   seg_ws_ok,
    output logic [3:0]             seg_ws,
    output logic                   seg_sack_ok,
    output logic                   seg_ts_ok,
    output logic [31:0]            seg_tsval,
    output logic [31:0]            seg_tsecr,
    output logic                   pay_valid,
    output logic [DataW-1:0]       pay_data,
    input  wire logic              room,
    input  wire logic              tx_valid,
    output logic                   tx_ready,
    input  wire logic [15:0]       tx_flow,
    input  wire logic [31:0]       tx_raddr,
    input  wire logic [31:0]       tx_laddr,
    input  wire logic [15:0]       tx_rport,
    input  wire logic [15:0]       tx_lport,
    input  wire logic [47:0]       tx_dst_mac,
    input  wire logic [31:0]       tx_seq,
    input  wire logic [31:0]       tx_ack,
    input  wire logic [7:0]        tx_flags,
    input  wire logic [15:0]       tx_wnd,
    input  wire logic [31:0]       tx_pos,
    input  wire logic [15:0]       tx_len,
    input  wire logic [15:0]       tx_mss,
    input  wire logic              tx_ws_ok,
    input  wire logic [3:0]        tx_ws,
    input  wire logic [7:0]        tx_ttl,
    input  wire logic [5:0]        tx_dscp,
    output logic                   tx_done,
    output logic                   tx_ending,
    output logic                   ask_valid,
    input  wire logic              ask_ready,
    output logic [15:0]            ask_flow,
    output logic [31:0]            ask_pos,
    output logic [15:0]            ask_len,
    input  wire logic              rd_valid,
    output logic                   rd_ready,
    input  wire logic [DataW-1:0]  rd_data,
    input  wire logic              rd_sum_valid,
    input  wire logic [15:0]       rd_sum,
    input  wire logic              reply_valid,
    input  wire logic [31:0]       reply_raddr,
    input  wire logic [31:0]       reply_laddr,
    input  wire logic [15:0]       reply_rport,
    input  wire logic [15:0]       reply_lport,
    input  wire logic [47:0]       reply_dst_mac,
    input  wire logic [31:0]       reply_seq,
    input  wire logic [31:0]       reply_ack,
    input  wire logic [7:0]        reply_flags,
    input  wire logic [15:0]       reply_wnd,
    input  wire logic              nbr_valid,
    input  wire logic [31:0]       nbr_addr,
    output logic [1:0]             nbr,
    output logic [47:0]            nbr_mac,
    output logic                   nbr_changed,
    output logic                   busy,
    output logic [63:0]            cnt,
    output logic                   next_deadline_valid,
    output logic [63:0]            next_deadline
);
  cfg_t    cfg;
  key_t    key;
  seg_t    seg;
  tx_req_t tx;
  reply_t  reply;
  nbr_e    nbr_state;

  always_comb begin
    cfg = '0;
    cfg.enable = cfg_enable;
    cfg.mac = cfg_mac;
    cfg.ip = cfg_ip;
    cfg.netmask = cfg_netmask;
    cfg.gateway = cfg_gateway;
    cfg.vlan_en = cfg_vlan_en;
    cfg.vlan_tci = cfg_vlan_tci;
    cfg.mtu = cfg_mtu;
    cfg.df = cfg_df;
    cfg.ttl = cfg_ttl;
    cfg.reply_us = cfg_reply_us;
    cfg.arp_timeout_us = cfg_arp_timeout_us;
  end

  assign {key_raddr, key_laddr, key_rport, key_lport} = key;
  assign {seg_raddr, seg_laddr, seg_rport, seg_lport} = seg.key;
  assign seg_src_mac = seg.src_mac;
  assign seg_seq = seg.seq;
  assign seg_ack = seg.ack;
  assign seg_flags = seg.flags;
  assign seg_wnd = seg.wnd;
  assign seg_len = seg.len;
  assign seg_mss_ok = seg.mss_ok;
  assign seg_mss = seg.mss;
  assign seg_ws_ok = seg.ws_ok;
  assign seg_ws = seg.ws;
  assign seg_sack_ok = seg.sack_ok;
  assign seg_ts_ok = seg.ts_ok;
  assign seg_tsval = seg.tsval;
  assign seg_tsecr = seg.tsecr;
  assign tx = '{
      flow: tx_flow,
      key: '{raddr: tx_raddr, laddr: tx_laddr, rport: tx_rport, lport: tx_lport},
      dst_mac: tx_dst_mac,
      seq: tx_seq,
      ack: tx_ack,
      flags: tx_flags,
      wnd: tx_wnd,
      pos: tx_pos,
      len: tx_len,
      mss: tx_mss,
      ws_ok: tx_ws_ok,
      ws: tx_ws,
      ttl: tx_ttl,
      dscp: tx_dscp
  };
  assign reply = '{
      key: '{raddr: reply_raddr, laddr: reply_laddr, rport: reply_rport, lport: reply_lport},
      dst_mac: reply_dst_mac,
      seq: reply_seq,
      ack: reply_ack,
      flags: reply_flags,
      wnd: reply_wnd
  };
  assign nbr = nbr_state;

  tl_net #(
      .DataW(DataW),
      .ArpEntries(ArpEntries)
  ) u_net (
      .clk,
      .rst,
      .cfg,
      .now_us,
      .s_wire_tvalid,
      .s_wire_tready,
      .s_wire_tdata,
      .s_wire_tkeep,
      .s_wire_tlast,
      .s_wire_tuser,
      .m_wire_tvalid,
      .m_wire_tready,
      .m_wire_tdata,
      .m_wire_tkeep,
      .m_wire_tlast,
      .m_wire_tuser,
      .m_key_valid(key_valid),
      .m_key(key),
      .m_verdict_valid(verdict_valid),
      .m_verdict_good(verdict_good),
      .m_verdict_seg(seg),
      .m_verdict_lane(verdict_lane),
      .m_pay_valid(pay_valid),
      .m_pay_data(pay_data),
      .room,
      .s_tx_valid(tx_valid),
      .s_tx_ready(tx_ready),
      .s_tx(tx),
      .m_tx_done(tx_done),
      .m_tx_ending(tx_ending),
      .m_rd_valid(ask_valid),
      .m_rd_ready(ask_ready),
      .m_rd_flow(ask_flow),
      .m_rd_pos(ask_pos),
      .m_rd_len(ask_len),
      .s_rd_valid(rd_valid),
      .s_rd_ready(rd_ready),
      .s_rd_data(rd_data),
      .s_rd_sum_valid(rd_sum_valid),
      .s_rd_sum(rd_sum),
      .s_reply_valid(reply_valid),
      .s_reply(reply),
      .s_nbr_valid(nbr_valid),
      .s_nbr_addr(nbr_addr),
      .m_nbr(nbr_state),
      .m_nbr_mac(nbr_mac),
      .m_nbr_changed(nbr_changed),
      .busy,
      .cnt,
      .next_deadline_valid,
      .next_deadline
  );

endmodule

`default_nettype wire
