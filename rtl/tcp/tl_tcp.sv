// tl_tcp: TCP itself, from a parsed segment or a host's command to segments, status and completions.
// This file only wires: steering and lookup in front of the lane, timers and scheduler behind it,
// and the launch FIFO towards net.
//
// Latency: verdict -> segment event offered to the lane 1 cycle; a flow made ready -> offered to the
//   lane as `send` 1 cycle; launch decision -> `m_tx_valid` 1 cycle.
// Throughput: the lane's.
// Reference: RFC 9293.
`default_nettype none
`include "tl_assert.svh"

module tl_tcp
  import tautline_pkg::*;
  import tcp_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned TimeWaits = 256
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire cfg_t        cfg,
    input  wire secret_t     secret,
    input  wire now_t        now_us,

    input  wire logic        s_key_valid,
    input  wire key_t        s_key,
    input  wire logic        s_verdict_valid,
    input  wire logic        s_verdict_good,
    input  wire seg_t        s_verdict_seg,
    output logic             room,

    output logic             m_ans_valid,
    output rx_answer_t       m_ans,

    output logic             m_tx_valid,
    input  wire logic        m_tx_ready,
    output tx_req_t          m_tx,
    input  wire logic        s_tx_done,
    input  wire logic        s_tx_ending,
    output logic             m_reply_valid,
    output reply_t           m_reply,

    output logic             m_nbr_valid,
    output logic [31:0]      m_nbr_addr,
    input  wire nbr_e        s_nbr,
    input  wire logic [47:0] s_nbr_mac,
    input  wire logic        s_nbr_changed,

    input  wire logic        s_cmd_valid,
    output logic             s_cmd_ready,
    input  wire cmd_t        s_cmd,
    output logic             m_cpl_valid,
    output cpl_t             m_cpl,

    input  wire logic        s_tail_valid,
    output logic             s_tail_ready,
    input  wire flow_pos_t   s_tail,
    input  wire logic        s_taken_valid,
    output logic             s_taken_ready,
    input  wire flow_pos_t   s_taken,

    output logic             m_acked_valid,
    output flow_pos_t        m_acked,
    output logic             m_launch_valid,
    output flow_pos_t        m_launch,
    output logic [15:0]      m_launch_len,
    output logic             m_life_valid,
    output life_t            m_life,

    output logic             m_dirty_valid,
    output flow_t            m_dirty_flow,
    input  wire flow_t       s_status_flow,
    output status_t          m_status,

    output logic             ready,
    output logic             busy,
    output cnt_t             cnt,
    output logic             next_deadline_valid,
    output now_t             next_deadline,
    output logic             probe_event,
    output logic             probe_send,
    output logic             probe_issue
);
  localparam int unsigned FlowW = $clog2(Flows);
  // Frames decided and not sent. What becomes urgent, such as a retransmission, waits behind them, so
  // the next one is decided only when the frame in the builder is about to end. Wide words make the
  // shortest frame shorter than a decision takes, and need more.
  localparam int unsigned Launches = DataW > 64 ? 4 : 2;
  typedef logic [FlowW-1:0] idx_t;

  if (Flows < 16 || Flows > 65536 || (Flows & (Flows - 1)) != 0)
    $error("tl_tcp: Flows must be a power of two from 16 to 65536");

  // ------------------------------------------------------------------------ lookup
  logic hit_valid, hit;
  flow_t hit_flow;
  gen_t hit_gen;
  logic find_valid, find_ready, find_done, found;
  key_t find_key;
  flow_t found_flow;
  gen_t found_gen;
  logic ins_valid, ins_ready, ins_done, ins_ok;
  key_t ins_key;
  flow_t ins_flow;
  gen_t ins_gen;
  logic del_valid, del_room;
  key_t del_key;
  flow_t del_flow;
  logic lookup_busy, lookup_cleared;

  tl_lookup #(
      .Flows(Flows)
  ) i_lookup (
      .clk,
      .rst,
      .hash_key(secret.hash_key),
      .s_key_valid,
      .s_key,
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
      .s_del_valid(del_valid),
      .s_del_key(del_key),
      .s_del_flow(del_flow),
      .del_room,
      .busy(lookup_busy),
      .cleared(lookup_cleared)
  );

  // ------------------------------------------------------------------------ TIME-WAIT
  logic tw_valid, tw_room;
  tw_t tw;
  logic tw_find_valid, tw_find_ready, tw_restart, tw_remove, tw_done, tw_found;
  tw_t tw_entry;
  logic tw_deadline_valid, tw_busy, tw_cleared, tw_recycled;
  now_t tw_deadline;

  tl_time_wait #(
      .Entries(TimeWaits)
  ) i_time_wait (
      .clk,
      .rst,
      .hash_key(secret.hash_key),
      .time_wait_us(cfg.time_wait_us),
      .now_us,
      .s_tw_valid(tw_valid),
      .s_tw(tw),
      .tw_room,
      .s_find_valid(tw_find_valid),
      .s_find_ready(tw_find_ready),
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

  // ------------------------------------------------------------------------ listeners
  logic lst_search, lst_listen, lst_unlisten, lst_done, lst_ok, lst_duplicate, lst_overflow;
  logic [31:0] lst_laddr, lst_tag;
  logic [15:0] lst_lport;
  logic [3:0] lst_index, lst_gen, born_index;
  logic born_valid, born_ready, lsn_valid, lst_busy;
  lsn_notice_t lsn;
  logic [15:0] listener_live;
  logic [15:0][3:0] listener_gen;

  tl_listen_table i_listen_table (
      .clk,
      .rst,
      .s_search(lst_search),
      .s_listen(lst_listen),
      .s_unlisten(lst_unlisten),
      .s_laddr(lst_laddr),
      .s_lport(lst_lport),
      .s_index(s_cmd.flow[3:0]),
      .s_tag(s_cmd.arg0),
      .s_limits(s_cmd.arg1),
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
      .s_lsn_valid(lsn_valid),
      .s_lsn(lsn),
      .listener_live,
      .listener_gen,
      .busy(lst_busy)
  );

  // ------------------------------------------------------------------------ ISN
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

  // ------------------------------------------------------------------------ steering
  logic seg_valid, seg_ready, cmd_valid, cmd_ready;
  lane_seg_t seg;
  lane_cmd_t cmd;
  logic free_valid, lane_life_valid, fill_life_valid;
  flow_t free_flow;
  life_t lane_life, fill_life;
  logic steer_reply_valid, steer_reply_ready, steer_cpl_valid, steer_cpl_ready;
  reply_t steer_reply;
  cpl_t steer_cpl;
  logic steer_busy, tables_cleared;
  cnt_t steer_cnt;

  tl_steer #(
      .Flows(Flows)
  ) i_steer (
      .clk,
      .rst,
      .cfg,
      .tables_cleared,
      .s_hit_valid(hit_valid),
      .s_hit(hit),
      .s_hit_flow(hit_flow),
      .s_hit_gen(hit_gen),
      .s_verdict_valid,
      .s_verdict_good,
      .s_verdict_seg,
      .room,
      .s_cmd_valid,
      .s_cmd_ready,
      .s_cmd,
      .m_seg_valid(seg_valid),
      .m_seg_ready(seg_ready),
      .m_seg(seg),
      .m_cmd_valid(cmd_valid),
      .m_cmd_ready(cmd_ready),
      .m_cmd(cmd),
      .s_free_valid(free_valid),
      .s_free_flow(free_flow),
      .s_life_valid(lane_life_valid),
      .s_life(lane_life),
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
      .m_tw_valid(tw_find_valid),
      .m_tw_ready(tw_find_ready),
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
      .m_reply_valid(steer_reply_valid),
      .m_reply_ready(steer_reply_ready),
      .m_reply(steer_reply),
      .m_cpl_valid(steer_cpl_valid),
      .m_cpl_ready(steer_cpl_ready),
      .m_cpl(steer_cpl),
      .m_life_valid(fill_life_valid),
      .m_life(fill_life),
      .ready,
      .busy(steer_busy),
      .cnt(steer_cnt)
  );

  // ------------------------------------------------------------------------ mailbox, timers, scheduler
  logic mbox_re, mbox_ready_valid, mbox_busy, mbox_stale;
  flow_t mbox_flow, mbox_ready_flow;
  pos_t mbox_tail, mbox_taken;

  assign m_life_valid = fill_life_valid || lane_life_valid;
  assign m_life = fill_life_valid ? fill_life : lane_life;

  tl_mailbox #(
      .Flows(Flows)
  ) i_mailbox (
      .clk,
      .rst,
      .s_tail_valid,
      .s_tail_ready,
      .s_tail,
      .s_taken_valid,
      .s_taken_ready,
      .s_taken,
      .s_life_valid(m_life_valid),
      .s_life(m_life),
      .s_mbox_re(mbox_re),
      .s_mbox_flow(mbox_flow),
      .m_mbox_tail(mbox_tail),
      .m_mbox_taken(mbox_taken),
      .m_ready_valid(mbox_ready_valid),
      .m_ready_flow(mbox_ready_flow),
      .busy(mbox_busy),
      .m_stale(mbox_stale)
  );

  logic timer_valid, tmo_valid, tmo_ready, scan_deadline_valid, sweep_clean, timers_cleared;
  flow_t timer_flow, tmo_flow;
  timers_t timers;
  now_t scan_deadline;

  tl_timer_scan #(
      .Flows(Flows)
  ) i_timer_scan (
      .clk,
      .rst,
      .now_us,
      .s_timer_valid(timer_valid),
      .s_timer_flow(timer_flow),
      .s_timers(timers),
      .m_tmo_valid(tmo_valid),
      .m_tmo_ready(tmo_ready),
      .m_tmo_flow(tmo_flow),
      .next_deadline_valid(scan_deadline_valid),
      .next_deadline(scan_deadline),
      .sweep_clean,
      .cleared(timers_cleared)
  );

  logic urgent_valid, ready_valid, wait_valid, send_valid, send_ready, sched_busy;
  flow_t urgent_flow, ready_flow, wait_flow, send_flow;

  tl_scheduler #(
      .Flows(Flows)
  ) i_scheduler (
      .clk,
      .rst,
      .s_urgent_valid(urgent_valid),
      .s_urgent_flow(urgent_flow),
      .s_lane_valid(ready_valid),
      .s_lane_flow(ready_flow),
      .s_mbox_valid(mbox_ready_valid),
      .s_mbox_flow(mbox_ready_flow),
      .s_wait_valid(wait_valid),
      .s_wait_flow(wait_flow),
      .s_nbr_changed,
      .m_send_valid(send_valid),
      .m_send_ready(send_ready),
      .m_send_flow(send_flow),
      .busy(sched_busy)
  );

  // ------------------------------------------------------------------------ lane
  logic lane_tx_valid, lane_reply_valid, lane_cpl_valid, status_valid, lane_busy, lane_cleared;
  tx_req_t lane_tx;
  reply_t lane_reply;
  cpl_t lane_cpl;
  flow_t status_flow;
  status_t status;
  logic [2:0] tx_room;
  logic send_now;
  cnt_t lane_cnt;

  tl_lane #(
      .Flows(Flows)
  ) i_lane (
      .clk,
      .rst,
      .cfg,
      .now_us,
      .s_seg_valid(seg_valid),
      .s_seg_ready(seg_ready),
      .s_seg(seg),
      .s_cmd_valid(cmd_valid),
      .s_cmd_ready(cmd_ready),
      .s_cmd(cmd),
      .s_tmo_valid(tmo_valid),
      .s_tmo_ready(tmo_ready),
      .s_tmo_flow(tmo_flow),
      .s_send_valid(send_valid && send_now),
      .s_send_ready(send_ready),
      .s_send_flow(send_flow),
      .m_mbox_re(mbox_re),
      .m_mbox_flow(mbox_flow),
      .s_mbox_tail(mbox_tail),
      .s_mbox_taken(mbox_taken),
      .listener_live,
      .listener_gen,
      .m_ans_valid,
      .m_ans,
      .m_tx_valid(lane_tx_valid),
      .m_tx(lane_tx),
      .tx_room,
      .m_launch_valid,
      .m_launch,
      .m_launch_len,
      .m_reply_valid(lane_reply_valid),
      .m_reply(lane_reply),
      .m_nbr_valid,
      .m_nbr_addr,
      .s_nbr,
      .s_nbr_mac,
      .m_cpl_valid(lane_cpl_valid),
      .m_cpl(lane_cpl),
      .m_acked_valid,
      .m_acked,
      .m_life_valid(lane_life_valid),
      .m_life(lane_life),
      .m_free_valid(free_valid),
      .m_free_flow(free_flow),
      .m_status_valid(status_valid),
      .m_status_flow(status_flow),
      .m_status(status),
      .m_dirty_valid,
      .m_dirty_flow,
      .m_timer_valid(timer_valid),
      .m_timer_flow(timer_flow),
      .m_timers(timers),
      .m_urgent_valid(urgent_valid),
      .m_urgent_flow(urgent_flow),
      .m_ready_valid(ready_valid),
      .m_ready_flow(ready_flow),
      .m_wait_valid(wait_valid),
      .m_wait_flow(wait_flow),
      .m_del_valid(del_valid),
      .m_del_key(del_key),
      .m_del_flow(del_flow),
      .del_room,
      .m_tw_valid(tw_valid),
      .m_tw(tw),
      .tw_room,
      .m_lsn_valid(lsn_valid),
      .m_lsn(lsn),
      .cnt(lane_cnt),
      .busy(lane_busy),
      .cleared(lane_cleared),
      .probe_event,
      .probe_send,
      .probe_issue
  );

  // ------------------------------------------------------------------------ launch FIFO
  // The head stays visible until net has built its frame. A decision goes past the empty FIFO, but not
  // while net throws away what it is given: that must have been launched before.
  logic launch_ready, head_valid, past;
  tx_req_t head;
  logic [$clog2(Launches + 1)-1:0] launch_count;

  assign past = lane_tx_valid && !head_valid && cfg.enable;
  assign m_tx_valid = head_valid || past;
  assign m_tx = head_valid ? head : lane_tx;

  tl_fifo #(
      .Width($bits(tx_req_t)),
      .Depth(Launches)
  ) i_launch (
      .clk,
      .rst,
      .s_valid(lane_tx_valid && !(past && m_tx_ready)),
      .s_ready(launch_ready),
      .s_data(lane_tx),
      .m_valid(head_valid),
      .m_ready(m_tx_ready),
      .m_data(head),
      .count(launch_count)
  );
  assign tx_room = 3'(Launches) - 3'(launch_count);
  assign send_now = launch_count == '0 || s_tx_ending;
  `TL_ASSERT(a_launch_fits, !lane_tx_valid || launch_ready)

  // ------------------------------------------------------------------------ lane first, steering waits
  assign m_reply_valid = lane_reply_valid || steer_reply_valid;
  assign m_reply = lane_reply_valid ? lane_reply : steer_reply;
  assign steer_reply_ready = !lane_reply_valid;

  assign m_cpl_valid = lane_cpl_valid || steer_cpl_valid;
  assign m_cpl = lane_cpl_valid ? lane_cpl : steer_cpl;
  assign steer_cpl_ready = !lane_cpl_valid;

  // A pulse that meets one of the lane's for the same counter is given a cycle later.
  cnt_t side_cnt, late_q;

  always_comb begin
    side_cnt = steer_cnt | late_q;
    side_cnt[CNT_STALE_GEN] |= mbox_stale;
    side_cnt[CNT_TIME_WAIT_RECYCLED] |= tw_recycled;
  end

  always_ff @(posedge clk) begin
    if (rst) late_q <= '0;
    else late_q <= side_cnt & lane_cnt;
  end
  assign cnt = side_cnt | lane_cnt;

  // ------------------------------------------------------------------------ status RAM
  // Read again only when the answer can have changed.
  flow_t status_flow_q;
  logic status_stale_q;

  always_ff @(posedge clk) begin
    status_flow_q <= s_status_flow;
    status_stale_q <= rst || status_valid;
  end

  tl_ram_1r1w #(
      .Width($bits(status_t)),
      .Depth(Flows)
  ) i_status (
      .clk,
      .we(status_valid),
      .waddr(idx_t'(status_flow)),
      .wdata(status),
      .re(status_stale_q || s_status_flow != status_flow_q),
      .raddr(idx_t'(s_status_flow)),
      .rdata(m_status)
  );

  // ------------------------------------------------------------------------ idle
  assign tables_cleared = lookup_cleared && tw_cleared && timers_cleared && lane_cleared;
  assign busy = steer_busy || lookup_busy || tw_busy || lst_busy || mbox_busy || sched_busy
      || lane_busy || m_tx_valid || !sweep_clean || late_q != '0;
  assign next_deadline_valid = scan_deadline_valid || tw_deadline_valid;
  assign next_deadline =
      !tw_deadline_valid || (scan_deadline_valid && scan_deadline < tw_deadline) ? scan_deadline
                                                                               : tw_deadline;

  // The store retires launches itself, and the width of words and rings is net's and the store's
  // concern; the ports are alike for every part of the engine.
  logic unused;
  assign unused = ^{s_tx_done, status_flow, 32'(DataW), 32'(TxRingLog2)};

endmodule

`default_nettype wire
