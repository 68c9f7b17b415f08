// tl_steer with everything that it asks (lookup, TIME-WAIT, listeners, ISN), wired as in tl_tcp. The
// test plays net, the host and the lane.
`default_nettype none

module tl_steer_tb
  import tautline_pkg::*;
  import tcp_pkg::*;
#(
    parameter int unsigned Flows = 16,
    parameter int unsigned TimeWaits = 8,
    parameter int unsigned PortTries = 8
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic [63:0] now_us,
    input  wire logic        one_set,  // every key in one set of the lookup

    // One connection key for all inputs.
    input  wire logic [31:0] raddr,
    input  wire logic [31:0] laddr,
    input  wire logic [15:0] rport,
    input  wire logic [15:0] lport,

    input  wire logic        s_key_valid,
    input  wire logic        s_verdict_valid,
    input  wire logic        s_verdict_good,
    input  wire logic [31:0] seq,
    input  wire logic [31:0] ack,
    input  wire logic [7:0]  flags,
    input  wire logic [15:0] len,
    output logic             room,

    input  wire logic        s_cmd_valid,
    output logic             s_cmd_ready,
    input  wire logic [7:0]  op,
    input  wire logic [15:0] cookie,
    input  wire logic [15:0] cmd_flow,
    input  wire logic [31:0] arg0,
    input  wire logic [31:0] arg1,

    // the lane
    output logic             m_seg_valid,
    input  wire logic        m_seg_ready,
    output logic             seg_drop,
    output logic             seg_birth,
    output logic [15:0]      seg_flow,
    output logic [7:0]       seg_gen,
    output logic [31:0]      seg_seq,
    output logic [31:0]      seg_isn,
    output logic             seg_passive,
    output logic [3:0]       seg_listener,
    output logic [31:0]      seg_tag,
    output logic             m_cmd_valid,
    input  wire logic        m_cmd_ready,
    output logic             cmd_birth,
    output logic [7:0]       cmd_op,
    output logic [15:0]      cmd_slot,
    output logic [7:0]       cmd_gen,
    output logic [31:0]      cmd_laddr,
    output logic [15:0]      cmd_lport,
    output logic [31:0]      cmd_isn,
    output logic [31:0]      cmd_tag,
    input  wire logic        s_free_valid,
    input  wire logic [15:0] free_flow,
    input  wire logic [7:0]  free_gen,
    input  wire logic        s_del_valid,
    input  wire logic [15:0] del_flow,
    input  wire logic        s_tw_valid,
    input  wire logic [31:0] tw_rcv_nxt,
    input  wire logic [31:0] tw_snd_nxt,
    input  wire logic        s_lsn_valid,
    input  wire logic [3:0]  lsn_listener,
    input  wire logic [3:0]  lsn_gen,
    input  wire logic [2:0]  lsn_change,  // {unaccepted_dec, unaccepted_inc, half_open_dec}

    output logic             m_reply_valid,
    input  wire logic        m_reply_ready,
    output logic [31:0]      reply_raddr,
    output logic [15:0]      reply_rport,
    output logic [31:0]      reply_seq,
    output logic [31:0]      reply_ack,
    output logic [7:0]       reply_flags,
    output logic             m_cpl_valid,
    input  wire logic        m_cpl_ready,
    output logic [15:0]      cpl_cookie,
    output logic [7:0]       cpl_rc,
    output logic [15:0]      cpl_flow,
    output logic [7:0]       cpl_gen,
    output logic             m_life_valid,
    output logic [15:0]      life_flow,
    output logic [7:0]       life_gen,
    output logic [15:0]      listener_live,
    output logic [63:0]      listener_gen,
    output logic [63:0]      cnt,
    output logic             ready,
    output logic             busy
);
  key_t key;
  cfg_t cfg;
  secret_t secret;
  seg_t seg;
  cmd_t cmd;
  tw_t tw;
  lane_seg_t m_seg;
  lane_cmd_t m_cmd;
  reply_t m_reply;
  cpl_t m_cpl;
  life_t m_life;

  assign key = '{raddr: raddr, laddr: laddr, rport: rport, lport: lport};
  assign tw = '{key: key, rcv_nxt: tw_rcv_nxt, snd_nxt: tw_snd_nxt, ts_ok: 1'b0, ts_recent: '0,
                mac: '0};

  always_comb begin
    cfg = '0;
    cfg.enable = 1'b1;
    cfg.ip = 32'h0a000002;
    cfg.netmask = 32'hffffff00;
    cfg.time_wait_us = 32'd1000;
    secret.hash_key = one_set ? '0 : 128'h0123_4567_89ab_cdef_fedc_ba98_7654_3210;
    secret.isn_key = 128'h0f0e0d0c0b0a09080706050403020100;
    secret.port_key = 128'hf0e0d0c0b0a090807060504030201000;
    seg = '0;
    seg.key = key;
    seg.src_mac = 48'h020000000001;
    seg.seq = seq;
    seg.ack = ack;
    seg.flags = flags;
    seg.len = len;
    cmd = '0;
    cmd.op = cmd_e'(op);
    cmd.cookie = cookie;
    cmd.flow = cmd_flow;
    cmd.key = key;
    cmd.arg0 = arg0;
    cmd.arg1 = arg1;
  end

  assign seg_drop = m_seg.drop;
  assign seg_birth = m_seg.birth;
  assign seg_flow = m_seg.flow;
  assign seg_gen = m_seg.gen;
  assign seg_seq = m_seg.seg.seq;
  assign seg_isn = m_seg.info.isn;
  assign seg_passive = m_seg.info.passive;
  assign seg_listener = m_seg.info.listener;
  assign seg_tag = m_seg.info.tag;
  assign cmd_birth = m_cmd.birth;
  assign cmd_op = m_cmd.cmd.op;
  assign cmd_slot = m_cmd.cmd.flow;
  assign cmd_gen = m_cmd.cmd.gen;
  assign cmd_laddr = m_cmd.info.key.laddr;
  assign cmd_lport = m_cmd.info.key.lport;
  assign cmd_isn = m_cmd.info.isn;
  assign cmd_tag = m_cmd.info.tag;
  assign reply_raddr = m_reply.key.raddr;
  assign reply_rport = m_reply.key.rport;
  assign reply_seq = m_reply.seq;
  assign reply_ack = m_reply.ack;
  assign reply_flags = m_reply.flags;
  assign cpl_cookie = m_cpl.cookie;
  assign cpl_rc = m_cpl.rc;
  assign cpl_flow = m_cpl.flow;
  assign cpl_gen = m_cpl.gen;
  assign life_flow = m_life.flow;
  assign life_gen = m_life.gen;

  logic hit_valid, hit, find_valid, find_ready, find_done, found, ins_valid, ins_ready, ins_done;
  logic ins_ok, del_room, lookup_busy, lookup_cleared;
  flow_t hit_flow, found_flow, ins_flow;
  gen_t hit_gen, found_gen, ins_gen;
  key_t find_key, ins_key;

  tl_lookup #(
      .Flows(Flows)
  ) i_lookup (
      .clk,
      .rst,
      .hash_key(secret.hash_key),
      .s_key_valid,
      .s_key(key),
      .m_hit_valid(hit_valid),
      .m_hit(hit),
      .m_hit_flow(hit_flow),
      .m_hit_gen(hit_gen),
      .s_find_valid(find_valid),
      .s_find_ready(find_ready),
      .s_find_key(find_key),
      .m_find_valid(find_done),
      .m_found(found),
      .m_found_flow(found_flow),
      .m_found_gen(found_gen),
      .s_ins_valid(ins_valid),
      .s_ins_ready(ins_ready),
      .s_ins_key(ins_key),
      .s_ins_flow(ins_flow),
      .s_ins_gen(ins_gen),
      .m_ins_done(ins_done),
      .m_ins_ok(ins_ok),
      .s_del_valid,
      .s_del_key(key),
      .s_del_flow(del_flow),
      .del_room,
      .busy(lookup_busy),
      .cleared(lookup_cleared)
  );

  logic tw_valid, tw_ready, tw_restart, tw_remove, tw_done, tw_found, tw_room, tw_busy, tw_cleared;
  logic tw_deadline_valid, tw_recycled;
  now_t tw_deadline;
  tw_t tw_entry;

  tl_time_wait #(
      .Entries(TimeWaits)
  ) i_time_wait (
      .clk,
      .rst,
      .hash_key(secret.hash_key),
      .time_wait_us(cfg.time_wait_us),
      .now_us,
      .s_tw_valid,
      .s_tw(tw),
      .tw_room,
      .s_find_valid(tw_valid),
      .s_find_ready(tw_ready),
      .s_find_key(find_key),
      .s_restart(tw_restart),
      .s_remove(tw_remove),
      .m_find_valid(tw_done),
      .m_found(tw_found),
      .m_found_tw(tw_entry),
      .next_deadline_valid(tw_deadline_valid),
      .next_deadline(tw_deadline),
      .busy(tw_busy),
      .cleared(tw_cleared),
      .m_recycled(tw_recycled)
  );

  logic lst_search, lst_listen, lst_unlisten, lst_done, lst_ok, lst_duplicate, lst_overflow;
  logic [31:0] lst_laddr, lst_tag;
  logic [15:0] lst_lport;
  logic [3:0] lst_index, lst_gen, born_index;
  logic born_valid, born_ready, lst_busy;
  lsn_notice_t lsn;
  assign lsn = '{listener: lsn_listener, listener_gen: lsn_gen, half_open_dec: lsn_change[0],
                 unaccepted_inc: lsn_change[1], unaccepted_dec: lsn_change[2]};

  tl_listen_table i_listen_table (
      .clk,
      .rst,
      .s_search(lst_search),
      .s_listen(lst_listen),
      .s_unlisten(lst_unlisten),
      .s_laddr(lst_laddr),
      .s_lport(lst_lport),
      .s_index(cmd.flow[3:0]),
      .s_tag(cmd.arg0),
      .s_limits(cmd.arg1),
      .m_done(lst_done),
      .m_ok(lst_ok),
      .m_duplicate(lst_duplicate),
      .m_overflow(lst_overflow),
      .m_index(lst_index),
      .m_gen(lst_gen),
      .m_tag(lst_tag),
      .s_born_valid(born_valid),
      .s_born_ready(born_ready),
      .s_born_index(born_index),
      .s_lsn_valid,
      .s_lsn(lsn),
      .listener_live,
      .listener_gen,
      .busy(lst_busy)
  );

  logic isn_valid, isn_ready, isn_port, isn_done;
  seq_t isn;
  logic [15:0] offset;

  tl_isn i_isn (
      .clk,
      .rst,
      .secret,
      .now_us,
      .s_valid(isn_valid),
      .s_ready(isn_ready),
      .s_port(isn_port),
      .s_key(find_key),
      .m_valid(isn_done),
      .m_isn(isn),
      .m_offset(offset)
  );

  logic steer_busy;

  tl_steer #(
      .Flows(Flows),
      .PortTries(PortTries)
  ) i_steer (
      .clk,
      .rst,
      .cfg,
      .tables_cleared(lookup_cleared && tw_cleared),
      .s_hit_valid(hit_valid),
      .s_hit(hit),
      .s_hit_flow(hit_flow),
      .s_hit_gen(hit_gen),
      .s_verdict_valid,
      .s_verdict_good,
      .s_verdict_seg(seg),
      .room,
      .s_cmd_valid,
      .s_cmd_ready,
      .s_cmd(cmd),
      .m_seg_valid,
      .m_seg_ready,
      .m_seg,
      .m_cmd_valid,
      .m_cmd_ready,
      .m_cmd,
      .s_free_valid,
      .s_free_flow(free_flow),
      .s_life_valid(s_free_valid),
      .s_life('{flow: free_flow, gen: free_gen}),
      .m_find_valid(find_valid),
      .m_find_ready(find_ready),
      .m_find_key(find_key),
      .s_find_valid(find_done),
      .s_found(found),
      .s_found_flow(found_flow),
      .s_found_gen(found_gen),
      .m_ins_valid(ins_valid),
      .m_ins_ready(ins_ready),
      .m_ins_key(ins_key),
      .m_ins_flow(ins_flow),
      .m_ins_gen(ins_gen),
      .s_ins_done(ins_done),
      .s_ins_ok(ins_ok),
      .m_tw_valid(tw_valid),
      .m_tw_ready(tw_ready),
      .m_tw_restart(tw_restart),
      .m_tw_remove(tw_remove),
      .s_tw_valid(tw_done),
      .s_tw_found(tw_found),
      .s_tw(tw_entry),
      .m_lst_search(lst_search),
      .m_lst_listen(lst_listen),
      .m_lst_unlisten(lst_unlisten),
      .m_lst_laddr(lst_laddr),
      .m_lst_lport(lst_lport),
      .s_lst_done(lst_done),
      .s_lst_ok(lst_ok),
      .s_lst_duplicate(lst_duplicate),
      .s_lst_overflow(lst_overflow),
      .s_lst_index(lst_index),
      .s_lst_gen(lst_gen),
      .s_lst_tag(lst_tag),
      .m_born_valid(born_valid),
      .m_born_ready(born_ready),
      .m_born_index(born_index),
      .m_isn_valid(isn_valid),
      .m_isn_ready(isn_ready),
      .m_isn_port(isn_port),
      .s_isn_valid(isn_done),
      .s_isn(isn),
      .s_offset(offset),
      .m_reply_valid,
      .m_reply_ready,
      .m_reply,
      .m_cpl_valid,
      .m_cpl_ready,
      .m_cpl,
      .m_life_valid,
      .m_life,
      .ready,
      .busy(steer_busy),
      .cnt
  );

  assign busy = steer_busy || lookup_busy || tw_busy || lst_busy;

  logic unused;
  assign unused = ^{m_seg, m_cmd, m_reply, m_cpl, del_room, tw_room, tw_deadline_valid, tw_deadline,
                    tw_recycled};
endmodule

`default_nettype wire
