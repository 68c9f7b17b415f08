// Flat ports around tl_tcp. The next hop of every peer is known unless `nbr_pending` is set.
`default_nettype none

module tl_tcp_tb
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 16,
    parameter int unsigned TimeWaits = 8
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic [63:0] now_us,
    input  wire logic        nbr_pending,
    input  wire logic        nbr_changed,

    input  wire logic [31:0] raddr,
    input  wire logic [15:0] rport,
    input  wire logic [15:0] lport,
    input  wire logic        s_key_valid,
    input  wire logic        s_verdict_valid,
    input  wire logic [31:0] seg_seq,
    input  wire logic [31:0] seg_ack,
    input  wire logic [7:0]  seg_flags,
    input  wire logic [15:0] pay_len,
    output logic             room,
    output logic             m_ans_valid,
    output logic             ans_commit,
    output logic [15:0]      ans_len,

    output logic             m_tx_valid,
    input  wire logic        m_tx_ready,
    output logic [15:0]      tx_flow,
    output logic [31:0]      tx_seq,
    output logic [31:0]      tx_ack,
    output logic [7:0]       tx_flags,
    output logic [15:0]      tx_len,
    output logic [15:0]      tx_lport,
    output logic             m_reply_valid,
    output logic [7:0]       reply_flags,

    input  wire logic        s_cmd_valid,
    output logic             s_cmd_ready,
    input  wire logic [7:0]  op,
    input  wire logic [15:0] slot,
    input  wire logic [7:0]  slot_gen,
    input  wire logic [31:0] arg0,
    input  wire logic [31:0] arg1,
    output logic             m_cpl_valid,
    output logic [7:0]       cpl_rc,
    output logic [15:0]      cpl_flow,
    output logic [7:0]       cpl_gen,

    input  wire logic        s_tail_valid,
    output logic             s_tail_ready,
    input  wire logic        s_taken_valid,
    output logic             s_taken_ready,
    input  wire logic [31:0] pos,

    input  wire logic [15:0] status_flow,
    output logic [3:0]       status_state,
    output logic [3:0]       status_cause,
    output logic [31:0]      status_tag,
    output logic             status_active,
    output logic             status_done,
    output logic             m_dirty_valid,
    output logic             m_life_valid,

    output logic             ready,
    output logic             busy,
    output logic [63:0]      cnt,
    output logic             next_deadline_valid,
    output logic [63:0]      next_deadline,
    output logic             probe_event,
    output logic             probe_send,
    output logic             probe_issue
);
  cfg_t cfg;
  secret_t secret;
  key_t key;
  seg_t seg;
  cmd_t cmd;
  flow_pos_t flow_pos;
  rx_answer_t ans;
  tx_req_t tx;
  reply_t reply;
  cpl_t cpl;
  status_t status;
  flow_pos_t acked, launch;
  logic [15:0] launch_len;
  logic acked_valid, launch_valid, nbr_ask;
  logic [31:0] nbr_addr;
  life_t life;
  flow_t dirty_flow;
  nbr_e nbr_q;

  assign key = '{raddr: raddr, laddr: 32'h0a000002, rport: rport, lport: lport};
  assign flow_pos = '{flow: slot, gen: slot_gen, pos: pos};

  always_comb begin
    cfg = '0;
    cfg.enable = 1'b1;
    cfg.mac = 48'h020000000002;
    cfg.ip = 32'h0a000002;
    cfg.netmask = 32'hffffff00;
    cfg.mtu = 16'd1500;
    cfg.ttl = 8'd64;
    cfg.rx_ring_log2 = 5'd16;
    cfg.rto_min_us = 32'd1_000_000;
    cfg.rto_init_us = 32'd1_000_000;
    cfg.rto_max_us = 32'd60_000_000;
    cfg.delack_us = 32'd40_000;
    cfg.user_timeout_us = 32'd100_000_000;
    cfg.syn_timeout_us = 32'd180_000_000;
    cfg.r1_retries = 8'd3;
    cfg.time_wait_us = 32'd240_000_000;
    cfg.fin_wait2_us = 32'd60_000_000;
    cfg.challenge_us = 32'd1_000_000;
    secret.hash_key = 128'h0123_4567_89ab_cdef_fedc_ba98_7654_3210;
    secret.isn_key = 128'h0f0e0d0c0b0a09080706050403020100;
    secret.port_key = 128'hf0e0d0c0b0a090807060504030201000;
    seg = '0;
    seg.key = key;
    seg.src_mac = 48'h020000000001;
    seg.seq = seg_seq;
    seg.ack = seg_ack;
    seg.flags = seg_flags;
    seg.wnd = 16'hffff;
    seg.len = pay_len;
    seg.mss_ok = seg.flags.syn;
    seg.mss = 16'd1460;
    cmd = '0;
    cmd.op = cmd_e'(op);
    cmd.flow = slot;
    cmd.gen = slot_gen;
    cmd.key = key;
    cmd.arg0 = arg0;
    cmd.arg1 = arg1;
  end

  always_ff @(posedge clk) nbr_q <= nbr_pending ? NBR_PENDING : NBR_RESOLVED;

  assign ans_commit = ans.commit;
  assign ans_len = ans.len;
  assign tx_flow = tx.flow;
  assign tx_seq = tx.seq;
  assign tx_ack = tx.ack;
  assign tx_flags = tx.flags;
  assign tx_len = tx.len;
  assign tx_lport = tx.key.lport;
  assign reply_flags = reply.flags;
  assign cpl_rc = cpl.rc;
  assign cpl_flow = cpl.flow;
  assign cpl_gen = cpl.gen;
  assign status_state = status.state;
  assign status_cause = status.cause;
  assign status_tag = status.tag;
  assign status_active = status.active;
  assign status_done = status.done;

  tl_tcp #(
      .DataW(64),
      .Flows(Flows),
      .TimeWaits(TimeWaits)
  ) i_dut (
      .clk,
      .rst,
      .cfg,
      .secret,
      .now_us,
      .s_key_valid,
      .s_key(key),
      .s_verdict_valid,
      .s_verdict_good(1'b1),
      .s_verdict_seg(seg),
      .room,
      .m_ans_valid,
      .m_ans(ans),
      .m_tx_valid,
      .m_tx_ready,
      .m_tx(tx),
      .s_tx_done(m_tx_valid && m_tx_ready && tx.len != '0),
      .s_tx_ending(1'b1),
      .m_reply_valid,
      .m_reply(reply),
      .m_nbr_valid(nbr_ask),
      .m_nbr_addr(nbr_addr),
      .s_nbr(nbr_q),
      .s_nbr_mac(48'h020000000001),
      .s_nbr_changed(nbr_changed),
      .s_cmd_valid,
      .s_cmd_ready,
      .s_cmd(cmd),
      .m_cpl_valid,
      .m_cpl(cpl),
      .s_tail_valid,
      .s_tail_ready,
      .s_tail(flow_pos),
      .s_taken_valid,
      .s_taken_ready,
      .s_taken(flow_pos),
      .m_acked_valid(acked_valid),
      .m_acked(acked),
      .m_launch_valid(launch_valid),
      .m_launch(launch),
      .m_launch_len(launch_len),
      .m_life_valid,
      .m_life(life),
      .m_dirty_valid,
      .m_dirty_flow(dirty_flow),
      .s_status_flow(status_flow),
      .m_status(status),
      .ready,
      .busy,
      .cnt,
      .next_deadline_valid,
      .next_deadline,
      .probe_event,
      .probe_send,
      .probe_issue
  );

  logic unused;
  assign unused = ^{ans, tx, reply, cpl, status, acked_valid, acked, launch_valid, launch, launch_len,
                    nbr_ask, nbr_addr, life, dirty_flow};
endmodule

`default_nettype wire
