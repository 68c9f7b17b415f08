// tl_lane_tb: tl_lane with flat ports, for tests that are written in C++.
`default_nettype none

module tl_lane_tb
  import tautline_pkg::*;
  import tcp_pkg::*;
#(
    parameter int unsigned Flows = 16
) (
    input  wire logic        clk,
    input  wire logic        rst,
    // configuration
    input  wire logic [63:0] now_us,
    input  wire logic [15:0] mtu,
    input  wire logic [4:0]  rx_ring_log2,
    input  wire logic        nodelay,
    input  wire logic [31:0] rto_min_us,
    input  wire logic [31:0] rto_init_us,
    input  wire logic [31:0] rto_max_us,
    input  wire logic [31:0] delack_us,
    input  wire logic [31:0] user_timeout_us,
    input  wire logic [31:0] syn_timeout_us,
    input  wire logic [31:0] fin_wait2_us,
    input  wire logic [31:0] challenge_us,
    input  wire logic [7:0]  r1_retries,
    // birth, for segments and commands
    input  wire logic        b_birth,
    input  wire logic [31:0] b_isn,
    input  wire logic        b_passive,
    input  wire logic [3:0]  b_listener,
    input  wire logic [31:0] b_tag,
    // segment
    input  wire logic        s_seg_valid,
    output logic             s_seg_ready,
    input  wire logic        g_drop,
    input  wire logic [15:0] g_flow,
    input  wire logic [7:0]  g_gen,
    input  wire logic [31:0] g_seq,
    input  wire logic [31:0] g_ack,
    input  wire logic [7:0]  g_flags,
    input  wire logic [15:0] g_wnd,
    input  wire logic [15:0] g_len,
    input  wire logic        g_mss_ok,
    input  wire logic [15:0] g_mss,
    input  wire logic        g_ws_ok,
    input  wire logic [3:0]  g_ws,
    // command
    input  wire logic        s_cmd_valid,
    output logic             s_cmd_ready,
    input  wire logic [7:0]  c_op,
    input  wire logic [15:0] c_cookie,
    input  wire logic [15:0] c_flow,
    input  wire logic [7:0]  c_gen,
    input  wire logic [31:0] c_arg0,
    input  wire logic [31:0] c_arg1,
    // timeout, send
    input  wire logic        s_tmo_valid,
    output logic             s_tmo_ready,
    input  wire logic [15:0] s_tmo_flow,
    input  wire logic        s_send_valid,
    output logic             s_send_ready,
    input  wire logic [15:0] s_send_flow,
    // mailbox, listeners, neighbour, rooms
    output logic             m_mbox_re,
    output logic [15:0]      m_mbox_flow,
    input  wire logic [31:0] s_mbox_tail,
    input  wire logic [31:0] s_mbox_taken,
    input  wire logic [15:0] listener_live,
    output logic             m_nbr_valid,
    output logic [31:0]      m_nbr_addr,
    input  wire logic [1:0]  s_nbr,
    input  wire logic [47:0] s_nbr_mac,
    input  wire logic [2:0]  tx_room,
    input  wire logic        del_room,
    input  wire logic        tw_room,
    // answer
    output logic             m_ans_valid,
    output logic             a_commit,
    output logic [15:0]      a_flow,
    output logic [31:0]      a_pos,
    output logic [15:0]      a_head,
    output logic [15:0]      a_len,
    output logic [31:0]      a_delivered,
    // transmit
    output logic             m_tx_valid,
    output logic [15:0]      t_flow,
    output logic [31:0]      t_raddr,
    output logic [47:0]      t_mac,
    output logic [31:0]      t_seq,
    output logic [31:0]      t_ack,
    output logic [7:0]       t_flags,
    output logic [15:0]      t_wnd,
    output logic [31:0]      t_pos,
    output logic [15:0]      t_len,
    output logic [15:0]      t_mss,
    output logic             t_ws_ok,
    output logic [3:0]       t_ws,
    output logic [7:0]       t_ttl,
    output logic [5:0]       t_dscp,
    output logic             m_launch_valid,
    output logic [31:0]      l_pos,
    output logic [15:0]      l_len,
    output logic             m_reply_valid,
    output logic [31:0]      r_seq,
    output logic [7:0]       r_flags,
    output logic             m_acked_valid,
    output logic [31:0]      k_pos,
    output logic             m_life_valid,
    output logic [15:0]      life_flow,
    output logic [7:0]       life_gen,
    output logic             m_free_valid,
    // host
    output logic             m_cpl_valid,
    output logic [15:0]      p_cookie,
    output logic [7:0]       p_rc,
    output logic [351:0]     p_info,
    output logic             m_status_valid,
    output logic [15:0]      m_status_flow,
    output logic [7:0]       st_gen,
    output logic [31:0]      st_tag,
    output logic             st_listening,
    output logic             st_active,
    output logic             st_fin,
    output logic             st_done,
    output logic             st_r1,
    output logic [3:0]       st_state,
    output logic [3:0]       st_cause,
    output logic [31:0]      st_rx_end,
    output logic [31:0]      st_acked,
    output logic [31:0]      st_sent,
    output logic [31:0]      st_taken,
    output logic [15:0]      st_mss,
    output logic             m_dirty_valid,
    // inside tcp
    output logic             m_timer_valid,
    output logic [15:0]      m_timer_flow,
    output logic [2:0]       tm_on,  // {rtx, ack, life}
    output logic [35:0]      tm_rtx,
    output logic [35:0]      tm_ack,
    output logic [35:0]      tm_life,
    output logic             m_urgent_valid,
    output logic [15:0]      m_urgent_flow,
    output logic             m_ready_valid,
    output logic [15:0]      m_ready_flow,
    output logic             m_wait_valid,
    output logic [15:0]      m_wait_flow,
    output logic             m_del_valid,
    output logic             m_tw_valid,
    output logic [31:0]      w_rcv_nxt,
    output logic [31:0]      w_snd_nxt,
    output logic [47:0]      w_mac,
    output logic             m_lsn_valid,
    output logic [2:0]       n_change,  // {half_open_dec, unaccepted_inc, unaccepted_dec}
    output logic [3:0]       n_listener,
    output logic [63:0]      cnt,
    output logic             busy,
    output logic             cleared,
    output logic             probe_event,
    output logic             probe_send,
    output logic             probe_issue
);

  cfg_t cfg;
  lane_seg_t seg;
  lane_cmd_t cmd;
  birth_t birth;
  rx_answer_t ans;
  tx_req_t tx;
  flow_pos_t launch, acked;
  reply_t reply;
  life_t life;
  cpl_t cpl;
  status_t status;
  timers_t timers;
  tw_t tw;
  lsn_notice_t lsn;
  key_t key, del_key;
  flow_t dirty_flow, free_flow, del_flow;

  assign key = '{raddr: 32'h0a00_0002, laddr: 32'h0a00_0001, rport: 16'd4000, lport: 16'd80};

  always_comb begin
    cfg                 = '0;
    cfg.enable          = 1'b1;
    cfg.mtu             = mtu;
    cfg.ttl             = 8'd64;
    cfg.nodelay         = nodelay;
    cfg.rx_ring_log2    = rx_ring_log2;
    cfg.rto_min_us      = rto_min_us;
    cfg.rto_init_us     = rto_init_us;
    cfg.rto_max_us      = rto_max_us;
    cfg.delack_us       = delack_us;
    cfg.user_timeout_us = user_timeout_us;
    cfg.syn_timeout_us  = syn_timeout_us;
    cfg.r1_retries      = r1_retries;
    cfg.fin_wait2_us    = fin_wait2_us;
    cfg.challenge_us    = challenge_us;

    birth = '{key: key, isn: b_isn, passive: b_passive, listener: b_listener, listener_gen: '0,
              tag: b_tag};

    seg             = '0;
    seg.drop        = g_drop;
    seg.birth       = b_birth;
    seg.flow        = g_flow;
    seg.gen         = g_gen;
    seg.info        = birth;
    seg.seg.key     = key;
    seg.seg.src_mac = 48'h02_0000_0000_99;
    seg.seg.seq     = g_seq;
    seg.seg.ack     = g_ack;
    seg.seg.flags   = g_flags;
    seg.seg.wnd     = g_wnd;
    seg.seg.len     = g_len;
    seg.seg.mss_ok  = g_mss_ok;
    seg.seg.mss     = g_mss;
    seg.seg.ws_ok   = g_ws_ok;
    seg.seg.ws      = g_ws;

    cmd          = '0;
    cmd.birth    = b_birth;
    cmd.cmd.op   = cmd_e'(c_op);
    cmd.cmd.cookie = c_cookie;
    cmd.cmd.flow = c_flow;
    cmd.cmd.gen  = c_gen;
    cmd.cmd.key  = key;
    cmd.cmd.arg0 = c_arg0;
    cmd.cmd.arg1 = c_arg1;
    cmd.info     = birth;
  end

  tl_lane #(
      .Flows(Flows)
  ) u_lane (
      .clk,
      .rst,
      .cfg,
      .now_us,
      .s_seg_valid,
      .s_seg_ready,
      .s_seg(seg),
      .s_cmd_valid,
      .s_cmd_ready,
      .s_cmd(cmd),
      .s_tmo_valid,
      .s_tmo_ready,
      .s_tmo_flow,
      .s_send_valid,
      .s_send_ready,
      .s_send_flow,
      .m_mbox_re,
      .m_mbox_flow,
      .s_mbox_tail,
      .s_mbox_taken,
      .listener_live,
      .listener_gen('0),
      .m_nbr_valid,
      .m_nbr_addr,
      .s_nbr(nbr_e'(s_nbr)),
      .s_nbr_mac,
      .m_ans_valid,
      .m_ans(ans),
      .m_tx_valid,
      .m_tx(tx),
      .tx_room,
      .m_launch_valid,
      .m_launch(launch),
      .m_launch_len(l_len),
      .m_reply_valid,
      .m_reply(reply),
      .m_acked_valid,
      .m_acked(acked),
      .m_life_valid,
      .m_life(life),
      .m_cpl_valid,
      .m_cpl(cpl),
      .m_status_valid,
      .m_status_flow,
      .m_status(status),
      .m_dirty_valid,
      .m_dirty_flow(dirty_flow),
      .m_free_valid,
      .m_free_flow(free_flow),
      .m_timer_valid,
      .m_timer_flow,
      .m_timers(timers),
      .m_urgent_valid,
      .m_urgent_flow,
      .m_ready_valid,
      .m_ready_flow,
      .m_wait_valid,
      .m_wait_flow,
      .m_del_valid,
      .m_del_key(del_key),
      .m_del_flow(del_flow),
      .del_room,
      .m_tw_valid,
      .m_tw(tw),
      .tw_room,
      .m_lsn_valid,
      .m_lsn(lsn),
      .cnt,
      .busy,
      .cleared,
      .probe_event,
      .probe_send,
      .probe_issue
  );

  assign {a_commit, a_flow, a_pos, a_head, a_len, a_delivered} =
      {ans.commit, ans.flow, ans.pos, ans.head, ans.len, ans.delivered};
  assign {t_flow, t_raddr, t_mac, t_seq, t_ack, t_flags, t_wnd, t_pos, t_len} =
      {tx.flow, tx.key.raddr, tx.dst_mac, tx.seq, tx.ack, tx.flags, tx.wnd, tx.pos, tx.len};
  assign {t_mss, t_ws_ok, t_ws, t_ttl, t_dscp} = {tx.mss, tx.ws_ok, tx.ws, tx.ttl, tx.dscp};
  assign l_pos = launch.pos;
  assign {r_seq, r_flags} = {reply.seq, reply.flags};
  assign k_pos = acked.pos;
  assign {life_flow, life_gen} = {life.flow, life.gen};
  assign {p_cookie, p_rc, p_info} = {cpl.cookie, cpl.rc, cpl.info};
  assign {st_gen, st_tag, st_listening, st_active, st_fin, st_done, st_r1} =
      {status.gen, status.tag, status.listening, status.active, status.fin, status.done, status.r1};
  assign {st_state, st_cause, st_rx_end, st_acked, st_sent, st_taken, st_mss} =
      {status.state, status.cause, status.rx_end, status.acked, status.sent, status.taken,
       status.snd_mss};
  assign {tm_on, tm_rtx, tm_ack, tm_life} =
      {timers.rtx_on, timers.ack_on, timers.life_on, timers.rtx, timers.ack, timers.life};
  assign {w_rcv_nxt, w_snd_nxt, w_mac} = {tw.rcv_nxt, tw.snd_nxt, tw.mac};
  assign n_change = {lsn.half_open_dec, lsn.unaccepted_inc, lsn.unaccepted_dec};
  assign n_listener = lsn.listener;

  logic unused;
  assign unused = ^{del_key, del_flow, dirty_flow, free_flow, launch, acked, tx, reply, lsn, status,
                    ans, cpl, tw};

endmodule

`default_nettype wire
