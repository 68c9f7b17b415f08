// tl_lane: the one writer of every TCB. Segments, timeouts, commands and send opportunities enter
// one pipeline:
//
//   issue    arbitration; TCB RAM, mailbox and next hop are asked
//   data     a birth finds a newborn TCB; where the flow's own stream ends
//   stage A  everything that compares or measures (`*_check`)
//   stage B  the transition: the steps of RFC 9293 decide on the narrow part of the TCB and name the
//            changes of its wide fields, which are merged field by field and written
//   stage C  what others are told, from the TCB as it was written
//
// A flow in flight holds only the source that wants it. Priority is segment, timeout, command,
// send, with aging: a source that has waited 15 cycles goes before all that have not.
//
// Latency: issue -> notices and m_tx 4 cycles, m_ready 5; next event of the same flow 4 cycles.
// Throughput: one event a cycle of different flows.
// Hazard: outputs other than through tx_room, tw_room, del_room cannot be held.
// Reference: RFC 9293 3.10; the functions are in tcp_*_pkg.sv.
`default_nettype none
`include "tl_assert.svh"

module tl_lane
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;
  import tcp_rtt_pkg::*;
  import tcp_congestion_pkg::*;
  import tcp_reassembly_pkg::*;
  import tcp_acceptability_pkg::*;
  import tcp_open_pkg::*;
  import tcp_segment_pkg::*;
  import tcp_send_pkg::*;
  import tcp_timeout_pkg::*;
  import tcp_command_pkg::*;
#(
    parameter int unsigned Flows = 256
) (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire cfg_t       cfg,
    input  wire now_t       now_us,
    // sources
    input  wire logic       s_seg_valid,
    output logic            s_seg_ready,
    input  wire lane_seg_t  s_seg,
    input  wire logic       s_cmd_valid,
    output logic            s_cmd_ready,
    input  wire lane_cmd_t  s_cmd,
    input  wire logic       s_tmo_valid,
    output logic            s_tmo_ready,
    input  wire flow_t      s_tmo_flow,
    input  wire logic       s_send_valid,
    output logic            s_send_ready,
    input  wire flow_t      s_send_flow,
    // mailbox, answer one cycle later
    output logic            m_mbox_re,
    output flow_t           m_mbox_flow,
    input  wire pos_t       s_mbox_tail,
    input  wire pos_t       s_mbox_taken,
    // listeners still open, and their generation
    input  wire logic [15:0]      listener_live,
    input  wire logic [15:0][3:0] listener_gen,
    // neighbour, answer one cycle later
    output logic            m_nbr_valid,
    output logic [31:0]     m_nbr_addr,
    input  wire nbr_e       s_nbr,
    input  wire logic [47:0] s_nbr_mac,
    // to payload and net
    output logic            m_ans_valid,
    output rx_answer_t      m_ans,
    output logic            m_tx_valid,
    output tx_req_t         m_tx,
    input  wire logic [2:0] tx_room,
    output logic            m_launch_valid,
    output flow_pos_t       m_launch,
    output logic [15:0]     m_launch_len,
    output logic            m_reply_valid,
    output reply_t          m_reply,
    output logic            m_acked_valid,
    output flow_pos_t       m_acked,
    output logic            m_life_valid,
    output life_t           m_life,
    // to the host
    output logic            m_cpl_valid,
    output cpl_t            m_cpl,
    output logic            m_status_valid,
    output flow_t           m_status_flow,
    output status_t         m_status,
    output logic            m_dirty_valid,
    output flow_t           m_dirty_flow,
    // inside tcp
    output logic            m_free_valid,
    output flow_t           m_free_flow,
    output logic            m_timer_valid,
    output flow_t           m_timer_flow,
    output timers_t         m_timers,
    output logic            m_urgent_valid,  // it owes something
    output flow_t           m_urgent_flow,
    output logic            m_ready_valid,   // it owes nothing, but may send data
    output flow_t           m_ready_flow,
    output logic            m_wait_valid,
    output flow_t           m_wait_flow,
    output logic            m_del_valid,
    output key_t            m_del_key,
    output flow_t           m_del_flow,
    input  wire logic       del_room,   // at least 4 places
    output logic            m_tw_valid,
    output tw_t             m_tw,
    input  wire logic       tw_room,    // at least 4 places
    output logic            m_lsn_valid,
    output lsn_notice_t     m_lsn,
    output cnt_t            cnt,
    output logic            busy,
    output logic            cleared,
    output logic            probe_event,
    output logic            probe_send,
    output logic            probe_issue
);

  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned OriginW = $bits(origin_t);
  localparam int unsigned RestW = $bits(tcb_t) - OriginW;

  if (Flows < 16 || Flows > 65536 || (Flows & (Flows - 1)) != 0)
    $fatal(1, "Flows must be a power of two from 16 to 65536");

  typedef enum logic [1:0] {
    EV_SEG,
    EV_TMO,
    EV_CMD,
    EV_SEND
  } kind_e;

  // A segment and a command share the same bits.
  localparam int unsigned BodyW =
      $bits(lane_seg_t) > $bits(lane_cmd_t) ? $bits(lane_seg_t) : $bits(lane_cmd_t);
  typedef logic [BodyW-1:0] body_t;

  typedef struct packed {
    kind_e kind;
    logic  birth;
    flow_t flow;
  } head_t;

  // ------------------------------------------------------------------------------ clear walker
  logic [FlowW:0] clear_q;
  assign cleared = clear_q[FlowW];
  always_ff @(posedge clk) begin
    if (rst) clear_q <= '0;
    else if (!cleared) clear_q <= clear_q + 1'b1;
  end

  // ------------------------------------------------------------------------------ issue
  logic s1_valid, s2_valid, s3_valid;
  head_t s1, s2, s3;
  logic life_room;
  logic may_issue;
  logic [3:0] want, can, aged, grant;
  logic [3:0][3:0] age_q;
  flow_t cmd_flow;
  logic tx_free;
  logic [2:0] tx_flying;

  // A small table uses the low bits of a flow.
  // verilator lint_off UNUSEDSIGNAL
  function automatic logic held(input flow_t f);
    return (s1_valid && s1.flow[FlowW-1:0] == f[FlowW-1:0]) ||
           (s2_valid && s2.flow[FlowW-1:0] == f[FlowW-1:0]) ||
           (s3_valid && s3.flow[FlowW-1:0] == f[FlowW-1:0]);
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  assign cmd_flow = s_cmd.cmd.flow;
  assign may_issue = cleared && del_room && life_room;
  // Send events whose outcome tx_room does not show yet.
  assign tx_flying = 3'(s1_valid && s1.kind == EV_SEND) + 3'(s2_valid && s2.kind == EV_SEND) +
                     3'(s3_valid && s3.kind == EV_SEND) + 3'(m_tx_valid);
  assign tx_free = tw_room && tx_flying < tx_room;

  always_comb begin
    want  = {s_send_valid, s_cmd_valid, s_tmo_valid, s_seg_valid};
    can   = '0;
    aged  = '0;
    grant = '0;
    if (want != '0 && may_issue) begin
      can[0] = s_seg_valid && !held(s_seg.flow);
      can[1] = s_tmo_valid && !held(s_tmo_flow);
      can[2] = s_cmd_valid && !held(cmd_flow);
      can[3] = s_send_valid && tx_free && !held(s_send_flow);
      for (int unsigned i = 0; i < 4; i++) aged[i] = can[i] && age_q[i] == '1;
      if (aged != '0) grant = aged & -aged;
      else grant = can & -can;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) age_q <= '0;
    else if (want != '0 || age_q != '0) begin
      for (int unsigned i = 0; i < 4; i++) begin
        if (grant[i] || !want[i]) age_q[i] <= '0;
        else if (age_q[i] != '1) age_q[i] <= age_q[i] + 4'd1;
      end
    end
  end

  assign {s_send_ready, s_cmd_ready, s_tmo_ready, s_seg_ready} = grant;
  assign probe_issue = grant != '0;
  assign probe_event = grant[0] && !s_seg.drop;

  head_t issue;
  always_comb begin
    issue = '{kind: EV_SEG, birth: s_seg.birth && !s_seg.drop, flow: s_seg.flow};
    if (grant[1]) issue = '{kind: EV_TMO, birth: 1'b0, flow: s_tmo_flow};
    if (grant[2]) issue = '{kind: EV_CMD, birth: s_cmd.birth, flow: cmd_flow};
    if (grant[3]) issue = '{kind: EV_SEND, birth: 1'b0, flow: s_send_flow};
  end

  assign m_mbox_re   = probe_issue;
  assign m_mbox_flow = issue.flow;

  // ------------------------------------------------------------------------------ TCB RAM
  tcb_t s3_tcb;  // in stage B, see below
  logic [OriginW-1:0] origin_rdata;
  logic [RestW-1:0] rest_rdata, rest_wdata;
  logic [FlowW-1:0] tcb_waddr;
  logic origin_we, rest_we;
  tl_ram_1r1w #(
      .Width(OriginW),
      .Depth(Flows)
  ) u_origin (
      .clk,
      .we(origin_we),
      .waddr(tcb_waddr),
      .wdata(s3_tcb.o),
      .re(probe_issue),
      .raddr(issue.flow[FlowW-1:0]),
      .rdata(origin_rdata)
  );
  tl_ram_1r1w #(
      .Width(RestW),
      .Depth(Flows)
  ) u_tcb (
      .clk,
      .we(rest_we),
      .waddr(tcb_waddr),
      .wdata(rest_wdata),
      .re(probe_issue),
      .raddr(issue.flow[FlowW-1:0]),
      .rdata(rest_rdata)
  );

  // ------------------------------------------------------------------------------ data
  body_t s1_body;
  tcb_t s1_tcb;
  assign s1_tcb = tcb_t'({origin_rdata, rest_rdata});

  always_ff @(posedge clk) begin
    s1_valid <= probe_issue && !rst;
    if (probe_issue) s1 <= issue;
    if (grant[0]) s1_body <= body_t'(s_seg);
    if (grant[2]) s1_body <= body_t'(s_cmd);
  end

  // Only a flow that may have something to send asks for its next hop.
  assign m_nbr_valid = s1_valid && s1.kind == EV_SEND && s1_tcb.c.active && !s1_tcb.c.done;
  assign m_nbr_addr  = s1_tcb.o.key.raddr;

  // The birth stands at the end of both kinds of body. A newborn has no stream yet.
  body_t s2_body;
  tcb_t s2_tcb;
  pos_t s2_tail, s2_taken;
  time_t s2_now;
  logic s2_in_range;
  stream_t s2_stream;

  always_ff @(posedge clk) begin
    s2_valid <= s1_valid && !rst;
    if (s1_valid) begin
      s2          <= s1;
      if (s1.birth) s2_tcb <= newborn(s1_tcb, birth_t'(s1_body[$bits(birth_t)-1:0]));
      else s2_tcb <= s1_tcb;
      s2_tail     <= s_mbox_tail;
      s2_taken    <= s_mbox_taken;
      s2_now      <= time_of(now_us);
      s2_in_range <= 32'(s1.flow) < Flows;
      s2_stream   <= stream_check(s1_tcb, s_mbox_tail);
      if (s1.kind inside {EV_SEG, EV_CMD}) s2_body <= s1_body;
    end
  end

  // ------------------------------------------------------------------------------ stage A
  // A body is one kind of event or the other, and each stage reads its share.
  // verilator lint_off UNUSEDSIGNAL
  lane_seg_t s2_seg, s3_seg;
  lane_cmd_t s2_cmd, s3_cmd;
  // verilator lint_on UNUSEDSIGNAL
  assign s2_seg = lane_seg_t'(s2_body[$bits(lane_seg_t)-1:0]);
  assign s2_cmd = lane_cmd_t'(s2_body[$bits(lane_cmd_t)-1:0]);

  // Nothing takes what the stages compute without an event. Hardware computes it all the same; the
  // simulator is spared.
  logic compute_a, compute_b;
`ifdef SYNTHESIS
  assign compute_a = 1'b1;
  assign compute_b = 1'b1;
`else
  assign compute_a = s2_valid;
  assign compute_b = s3_valid;
`endif

  logic a_segment, a_long;
  logic [31:0] a_since, a_interval;
  logic [3:0] a_doublings;
  flight_t a_flight;
  seg_chk_t a_seg;
  cc_chk_t a_cc;

  always_comb begin
    a_segment   = 1'b0;
    a_flight    = '0;
    a_since     = '0;
    a_interval  = '0;
    a_long      = 1'b0;
    a_doublings = '0;
    a_seg       = '0;
    a_cc        = '0;
    if (compute_a) begin
      a_segment   = s2.kind == EV_SEG;
      a_flight    = flight_check(s2_tcb, a_segment, s2_seg.seg.ack);
      // One measurement of a long time serves the challenge ACK and the restart after idle.
      a_since     = s2_now.coarse - (a_segment ? s2_tcb.challenge_at : s2_tcb.last_send);
      a_interval  = (a_segment ? cfg.challenge_us : s2_tcb.rto) >> 12;
      a_long      = {a_since, 1'b0} >= {a_interval, !a_segment};
      // A timeout backs off first.
      a_doublings = s2_tcb.c.backoff;
      if (s2.kind == EV_TMO && s2_tcb.c.backoff != '1) a_doublings = s2_tcb.c.backoff + 4'd1;
      a_seg = segment_check(s2_tcb, s2_seg, s2_seg.gen, a_flight, s2_stream,
                            listener_live[s2_tcb.o.listener] &&
                            listener_gen[s2_tcb.o.listener] == s2_tcb.o.listener_gen,
                            !s2_tcb.c.challenged || a_long, cfg);
      a_cc = cc_check(s2_tcb, a_flight, s2_seg.seg.ack, a_seg.ack_new, a_segment,
                      a_segment && s2_tcb.c.state == ST_SYN_SENT ? a_seg.mss : s2_tcb.snd_mss);
    end
  end

  body_t s3_body;
  pos_t s3_tail, s3_taken;
  time_t s3_now;
  nbr_e s3_nbr;
  logic [47:0] s3_mac;
  stream_t s3_stream;
  bytes_t s3_flight;
  logic s3_open;             // the send window is not zero
  logic [31:0] s3_backed_off;
  usec_t s3_later;           // of the delayed ACK, or of FIN-WAIT-2
  seg_chk_t s3_seg_chk;
  cc_chk_t s3_cc;
  rtt_chk_t s3_rtt;
  snd_chk_t s3_snd_chk;
  tmo_chk_t s3_tmo_chk;
  cmd_chk_t s3_cmd_chk;

  always_ff @(posedge clk) begin
    s3_valid <= s2_valid && !rst;
    if (s2_valid) begin
      s3        <= s2;
      s3_tcb    <= s2_tcb;
      s3_tail   <= s2_tail;
      s3_taken  <= s2_taken;
      s3_now    <= s2_now;
      s3_stream <= s2_stream;
      s3_flight <= a_flight.flight[23:0];
      s3_open   <= s2_tcb.snd_wnd != '0;
      s3_cc     <= a_cc;
      s3_backed_off <= backed_off(s2_tcb.rto, a_doublings, cfg);
      // Text for a flow without a reader is not acknowledged, so one adder serves both.
      s3_later <= after(s2_now,
                        a_segment && !s2_tcb.c.released ? cfg.delack_us : cfg.fin_wait2_us);
      if (s2.kind inside {EV_SEG, EV_CMD}) s3_body <= s2_body;
      if (s2.kind == EV_SEG) begin
        s3_seg_chk <= a_seg;
        s3_rtt     <= rtt_check(s2_tcb, s2_seg.seg.ack, s2_now);
      end
      if (s2.kind == EV_CMD)
        s3_cmd_chk <= command_check(s2_tcb, s2_cmd.cmd, s2_in_range, s2_stream, s2_taken);
      if (s2.kind == EV_TMO)
        s3_tmo_chk <= timeout_check(s2_tcb, s2_stream, a_flight, cfg, s2_now);
      if (s2.kind == EV_SEND) begin
        s3_nbr     <= s_nbr;
        s3_mac     <= s_nbr_mac;
        s3_snd_chk <= send_check(s2_tcb, s2_stream, a_flight, s2_taken, a_long, a_cc.above, cfg);
      end
    end
  end

  // ------------------------------------------------------------------------------ stage B: decide
  assign s3_seg = lane_seg_t'(s3_body[$bits(lane_seg_t)-1:0]);
  assign s3_cmd = lane_cmd_t'(s3_body[$bits(lane_cmd_t)-1:0]);

  reassembled_t joined;
  bytes_t text_end, fin_at;
  seg_ctx_t ctx;
  step_t r;        // what the transition decides
  ctl_t control;   // the narrow part after it
  logic drop, was_half_open, write, frees, open;

  always_comb begin
    drop          = s3.kind == EV_SEG && s3_seg.drop;
    was_half_open = s3_tcb.c.active && half_open(s3_tcb.o, s3_tcb.c);
    joined        = '0;
    text_end      = '0;
    fin_at        = '0;
    ctx           = '0;
    r             = '0;
    r.c           = s3_tcb.c;
    control       = s3_tcb.c;
    if (compute_b) begin
      joined        = reassemble(s3_tcb, s3_seg_chk.touch);
      text_end      = s3_seg_chk.keep != '0 && s3_seg_chk.touch.in_order ? joined.end_
                                                                         : s3_tcb.rcv_nxt[23:0];
      fin_at        = s3_tcb.c.fin_known ? s3_tcb.fin_seq[23:0] : s3_seg_chk.fin_seq[23:0];
      ctx = '{passive: s3_tcb.o.passive, gen_differs: s3_tcb.gen != s3_seg.gen, window_open: s3_open,
              last_byte: s3_flight == 24'd1, sampled: s3_rtt.done, full: joined.full,
              fin_turn: !below(text_end, fin_at)};

      if (s3.kind == EV_SEG) begin
        if (!drop) r = segment_arrives(r, s3.birth, s3_seg.seg, s3_seg_chk, s3_cc, ctx);
      end else if (s3.kind == EV_SEND) r = send(r, s3_snd_chk, s3_nbr);
      else if (s3.kind == EV_TMO) r = timeout(r, s3_tmo_chk, s3_open);
      else r = command(r, s3_cmd, s3_cmd_chk);
      control = conclude(r, was_half_open);
    end
    // The slot is free when TCP is done and the host has let go.
    frees = control.done && control.released;
    write = s3_valid && s3_tcb.c.active && !drop;
    open  = r.u.window ? s3_seg.seg.wnd != '0 : s3_open;
  end

  // ------------------------------------------------------------------------------ stage B: merge
  seq_t sent_end;  // where the text, SYN or FIN that send_check measured ends
  rtt_t rtt;
  cc_values_t cc;
  logic [31:0] interval;
  tcb_t merged, next;

  always_comb begin
    sent_end = seq_end(s3_snd_chk.start, s3_snd_chk.len, s3_snd_chk.fin || s3_tcb.c.owe_syn);
    rtt      = '0;
    cc       = '0;
    if (compute_b) begin
      rtt = rtt_sample(s3_tcb, s3_rtt, cfg);
      cc  = cc_values(s3_tcb, s3_cc, r.u.cc, r.u.reopened, s3_tcb.retries != '0, s3_flight);
    end

    merged   = s3_tcb;
    merged.c = control;

    // The host's options.
    if (s3.birth) begin
      merged.c.nodelay = cfg.nodelay;
      merged.tag       = s3_seg.info.tag;
      merged.ttl       = cfg.ttl;
      merged.dscp      = cfg.dscp;
    end
    if (r.u.tag) merged.tag = s3_cmd.cmd.arg0;
    if (r.u.ttl) merged.ttl = s3_cmd.cmd.arg1[7:0];
    if (r.u.dscp) merged.dscp = s3_cmd.cmd.arg1[5:0];
    if (r.u.user_timeout) merged.user_timeout_us = s3_cmd.cmd.arg1;
    if (r.u.fin_arg) merged.fin_pos = s3_cmd.cmd.arg0;
    if (r.u.fin_tail) merged.fin_pos = s3_tail;

    // What is sent and acknowledged.
    if (s3.birth) begin
      merged.snd_una = s3_tcb.o.iss;
      merged.snd_nxt = s3_tcb.o.iss;
      merged.recover = s3_tcb.o.iss;  // RFC 6582 3.2 step 1
    end
    if (r.u.una) merged.snd_una = s3_seg.seg.ack;
    if (r.u.nxt && seq_gt(sent_end, s3_tcb.snd_nxt)) merged.snd_nxt = sent_end;
    // Without loss it follows, or after 2 GiB it would lie ahead.
    if (r.u.una && control.ca == CA_OPEN && s3_cc.una_above) merged.recover = s3_tcb.snd_una;
    if (r.u.reopened || r.u.cc == CC_ENTER) merged.recover = s3_tcb.snd_nxt;
    if (r.u.rtx_nxt) merged.rtx_nxt = seq_min(sent_end, s3_tcb.recover);
    if (r.u.reopened || r.u.cc inside {CC_ENTER, CC_PARTIAL, CC_ESTABLISHED} ||
        (r.u.cc == CC_GROW && s3_tcb.c.ca == CA_LOSS && s3_cc.passes))
      merged.rtx_nxt = r.u.una ? s3_seg.seg.ack : s3_tcb.snd_una;
    if (r.u.window) begin
      merged.snd_wnd = s3_seg_chk.wnd;
      merged.snd_wl1 = s3_seg.seg.seq;
      merged.snd_wl2 = s3_seg.seg.ack;
      if (s3_seg_chk.wnd_largest) merged.max_snd_wnd = s3_seg_chk.wnd;
    end
    {merged.cwnd, merged.ssthresh, merged.counted, merged.gone} = cc;

    // What is received.
    if (r.u.text) begin
      if (s3_seg_chk.touch.in_order) begin
        // A window is less than 2^23, so the upper bits change by one at most.
        merged.rcv_nxt = {s3_tcb.rcv_nxt[31:24] + 8'(s3_tcb.rcv_nxt[23] && !joined.end_[23]),
                          joined.end_};
      end
      merged.ranges = joined.ranges;
      merged.c.used = joined.used;
      if (s3_seg_chk.larger) merged.rcv_mss = s3_seg.seg.len;
    end
    if (r.u.fin_turn) merged.c.used = '0;
    if (r.u.syn) merged.rcv_nxt = s3_seg.seg.seq;
    merged.rcv_nxt = merged.rcv_nxt + seq_t'(r.u.syn || r.u.fin_turn);
    if (r.u.fin_seq) merged.fin_seq = s3_seg_chk.fin_seq;
    if (r.u.edge_) merged.rcv_edge = s3_tcb.rcv_nxt + seq_t'(s3_snd_chk.window);
    // A FIN may lie at the edge itself.
    if (r.u.fin_turn && text_end == s3_tcb.rcv_edge[23:0]) merged.rcv_edge = merged.rcv_nxt;
    if (r.u.syn) begin
      merged.first    = merged.rcv_nxt;
      merged.rcv_edge = s3_seg.seg.seq + (seq_t'(syn_window(cfg)) + 32'd1);
      merged.snd_mss  = s3_seg_chk.mss;
      merged.snd_ws   = s3_seg.seg.ws_ok ? s3_seg.seg.ws : 4'd0;
      merged.rcv_ws   = s3_seg.seg.ws_ok ? own_ws(cfg) : 4'd0;
    end
    if (r.u.acked) merged.last_ack_sent = merged.rcv_nxt;

    // Round-trip time and the timers.
    if (r.u.timed) begin
      merged.timed_seq = sent_end;
      merged.timed_at  = s3_now.us[31:0];
    end
    if (r.u.sample) {merged.srtt8, merged.rttvar4, merged.rto} = rtt;
    if (r.u.syn_loss && s3_tcb.rto < SynLossRto) merged.rto = SynLossRto;
    if (s3.birth) merged.rto = cfg.rto_init_us;
    interval = r.u.sample ? rtt.rto : r.u.rtx == RTX_FRESH ? s3_tcb.rto : s3_backed_off;
    if (r.u.rtx == RTX_TIMEOUT && usec_t'(s3_backed_off) >= s3_tmo_chk.r2_left)
      interval = s3_tmo_chk.r2_left[31:0];
    if (r.u.rtx == RTX_OVERRIDE) interval = cfg.rto_min_us;
    if (r.u.rtx != RTX_KEEP) merged.rtx = after(s3_now, interval);
    if (r.u.ack) merged.ack = s3_later;
    if (r.u.life) merged.life = s3_later;
    if (r.u.data_sent) merged.last_send = s3_now.coarse;
    if (r.u.challenge) merged.challenge_at = s3_now.coarse;
    if (r.u.retries_more) begin
      if (s3_tcb.retries == '0) merged.first_rtx = s3_now.us;
      if (s3_tcb.retries != '1) merged.retries = s3_tcb.retries + 8'd1;
    end
    if (r.u.retries_clear) merged.retries = '0;
    if (r.u.retrans && s3_tcb.retrans != '1) merged.retrans = s3_tcb.retrans + 16'd1;

    // The next life of the slot begins with its generation; a birth settles everything else.
    next = merged;
    if (frees) begin
      next.c   = '0;
      next.gen = s3_tcb.gen + 8'd1;
    end
  end

  always_comb begin
    rest_wdata = next[RestW-1:0];
    origin_we  = write && s3.birth;
    rest_we    = !cleared || write;
    tcb_waddr  = s3.flow[FlowW-1:0];
    if (!cleared) begin
      tcb_waddr  = clear_q[FlowW-1:0];
      rest_wdata = RestW'(blank(next));
    end
  end

  // Of a free slot only this counts.
  function automatic tcb_t blank(input tcb_t any);
    tcb_t t;
    t          = any;
    t.c.active = 1'b0;
    t.gen      = '0;
    return t;
  endfunction

  // ------------------------------------------------------------------------------ stage C
  logic s4_valid, s4_may_send, s4_close, s4_query;
  flow_t s4_flow;
  tcb_t s4_tcb;
  stream_t s4_stream;
  pos_t s4_taken;
  flight_t c_flight;
  logic [31:0] s4_backed_off;
  logic [47:0] s4_src_mac;
  logic s4_tx_ws_ok;
  logic [15:0] s4_tx_len, s4_tx_wnd, s4_cookie, s4_head, s4_keep;
  flags_t s4_tx_flags;
  seq_t s4_tx_seq, s4_seg_ack, s4_first;
  gen_t s4_gen, s4_cmd_gen;
  rc_e s4_rc;
  logic s4_commit;
  logic [47:0] s4_mac;

  always_ff @(posedge clk) begin
    s4_valid       <= s3_valid && !rst;
    m_ans_valid    <= 1'b0;
    m_tx_valid     <= 1'b0;
    m_launch_valid <= 1'b0;
    m_reply_valid  <= 1'b0;
    m_acked_valid  <= 1'b0;
    m_cpl_valid    <= 1'b0;
    m_status_valid <= 1'b0;
    m_dirty_valid  <= 1'b0;
    m_timer_valid  <= 1'b0;
    m_urgent_valid <= 1'b0;
    m_wait_valid   <= 1'b0;
    m_del_valid    <= 1'b0;
    m_tw_valid     <= 1'b0;
    m_lsn_valid    <= 1'b0;
    s4_may_send    <= 1'b0;
    cnt            <= '0;
    if (s3_valid && !rst) begin
      m_ans_valid    <= s3.kind == EV_SEG && s3_seg.seg.len != '0;
      m_tx_valid     <= r.a.tx;
      m_launch_valid <= r.a.tx && r.a.tx_text && s3_snd_chk.len != '0;
      m_reply_valid  <= r.a.reply;
      m_acked_valid  <= r.u.una;
      m_cpl_valid    <= s3.kind == EV_CMD;
      m_status_valid <= write;
      // What the host acts on; sent, taken and received positions ride along.
      m_dirty_valid  <= write && (s3.birth || r.u.una || r.u.syn || r.u.tag ||
                                  control.state != s3_tcb.c.state ||
                                  control.fin != s3_tcb.c.fin || control.done != s3_tcb.c.done ||
                                  control.r1 != s3_tcb.c.r1 ||
                                  control.cause != s3_tcb.c.cause ||
                                  control.listening != s3_tcb.c.listening) &&
                        !control.released && !half_open(s3_tcb.o, control);
      m_timer_valid  <= write && (s3.birth || r.u.rtx != RTX_KEEP || r.u.ack || r.u.life ||
                                  control.rtx_on != s3_tcb.c.rtx_on ||
                                  control.ack_on != s3_tcb.c.ack_on ||
                                  control.life_on != s3_tcb.c.life_on);
      // A send event that found nothing to send must not make the flow ready again.
      m_urgent_valid <= write && !frees && (s3.kind != EV_SEND || r.a.tx) && owes(control, open);
      s4_may_send    <= write && !frees && (s3.kind != EV_SEND || r.a.tx) && !owes(control, open);
      m_wait_valid   <= r.a.waiting;
      m_del_valid    <= write && control.done && !s3_tcb.c.done;
      m_tw_valid     <= r.a.tw;
      m_lsn_valid    <= write && ((was_half_open && !half_open(s3_tcb.o, control)) ||
                                  s3_tcb.c.counted != (control.counted && !frees));
      cnt            <= r.a.cnt;
    end
  end

  always_ff @(posedge clk) begin
    if (s3_valid) begin
      s4_flow   <= s3.flow;
      s4_tcb    <= next;
      s4_stream <= s3_stream;
      s4_taken  <= s3_taken;
      s4_mac    <= s3_mac;
      s4_close  <= r.u.fin_arg || r.u.fin_tail;
      s4_query  <= s3.kind == EV_CMD && s3_cmd.cmd.op == CMD_QUERY && r.a.rc == RC_OK;
      s4_backed_off <= s3_backed_off;
      m_lsn <= '{listener: s3_tcb.o.listener, listener_gen: s3_tcb.o.listener_gen,
                 half_open_dec: was_half_open && !half_open(s3_tcb.o, control),
                 unaccepted_inc: !s3_tcb.c.counted && control.counted && !frees,
                 unaccepted_dec: s3_tcb.c.counted && !(control.counted && !frees)};
      // Of a segment.
      s4_commit  <= r.a.commit;
      s4_gen     <= s3_tcb.gen;
      s4_first   <= s3_seg_chk.first;
      s4_head    <= s3_seg_chk.head;
      s4_keep    <= s3_seg_chk.keep;
      s4_src_mac <= s3_seg.seg.src_mac;
      s4_seg_ack <= s3_seg.seg.ack;
      // Of a command.
      s4_cookie  <= s3_cmd.cmd.cookie;
      s4_rc      <= r.a.rc;
      s4_cmd_gen <= s3_cmd.cmd.gen;
      // Of what is sent.
      s4_tx_flags <= r.a.tx_flags;
      s4_tx_len   <= r.a.tx_text ? s3_snd_chk.len : '0;
      s4_tx_wnd   <= r.a.tx_flags.syn ? syn_window(cfg) : 16'(s3_snd_chk.window >> s3_tcb.rcv_ws);
      s4_tx_ws_ok <= r.a.tx_flags.syn && (!r.a.tx_flags.ack || s3_tcb.c.ws_offered);
      if (r.a.tx_text) s4_tx_seq <= s3_snd_chk.start;
      else if (s3_snd_chk.shrunk) s4_tx_seq <= s3_snd_chk.edge_;
      else s4_tx_seq <= s3_tcb.snd_nxt;
    end
  end

  // What may be sent beyond debts is known a cycle later.
  assign c_flight = flight_check(s4_tcb, 1'b0, '0);
  always_ff @(posedge clk) begin
    m_ready_valid <= s4_may_send && !rst && (s4_close || can_send(s4_tcb, s4_stream, c_flight));
    if (s4_valid) m_ready_flow <= s4_flow;
  end

  pos_t c_tx_pos, c_received, c_acked;
  always_comb begin
    c_tx_pos   = stream_pos(s4_tx_seq, s4_tcb.o.iss);
    c_received = received_to(s4_tcb);
    c_acked    = sent_to(s4_tcb, s4_tcb.snd_una);

    m_urgent_flow = s4_flow;
    m_wait_flow   = s4_flow;
    m_ans = '{commit: s4_commit, flow: s4_flow, gen: s4_gen, pos: rcv_pos(s4_tcb, s4_first),
              head: s4_head, len: s4_keep, delivered: c_received};
    m_tx = '{flow: s4_flow, key: s4_tcb.o.key, dst_mac: s4_mac, seq: s4_tx_seq,
             ack: s4_tx_flags.ack ? s4_tcb.rcv_nxt : '0, flags: s4_tx_flags, wnd: s4_tx_wnd,
             pos: c_tx_pos, len: s4_tx_len, mss: own_mss(cfg), ws_ok: s4_tx_ws_ok,
             ws: own_ws(cfg), ttl: s4_tcb.ttl, dscp: s4_tcb.dscp};
    m_launch     = '{flow: s4_flow, gen: s4_tcb.gen, pos: c_tx_pos};
    m_launch_len = s4_tx_len;
    m_reply = '{key: s4_tcb.o.key, dst_mac: s4_src_mac, seq: s4_seg_ack, ack: '0,
                flags: '{rst: 1'b1, default: 1'b0}, wnd: '0};
    m_acked      = '{flow: s4_flow, gen: s4_gen, pos: c_acked};
    m_timer_flow = s4_flow;
    m_timers = '{rtx_on: s4_tcb.c.rtx_on, rtx: s4_tcb.rtx, ack_on: s4_tcb.c.ack_on,
                 ack: s4_tcb.ack, life_on: s4_tcb.c.life_on, life: s4_tcb.life};
    m_del_flow   = s4_flow;
    m_del_key    = s4_tcb.o.key;
    m_tw = '{key: s4_tcb.o.key, rcv_nxt: s4_tcb.rcv_nxt, snd_nxt: s4_tcb.snd_nxt, ts_ok: 1'b0,
             ts_recent: '0, mac: s4_mac};
    m_dirty_flow  = s4_flow;
    m_status_flow = s4_flow;
    m_status = '{gen: s4_tcb.gen, tag: s4_tcb.tag, listening: s4_tcb.c.listening,
                 active: s4_tcb.c.active, fin: s4_tcb.c.fin, done: s4_tcb.c.done,
                 r1: s4_tcb.c.r1, state: s4_tcb.c.state, cause: s4_tcb.c.cause,
                 key: s4_tcb.o.key, rx_end: c_received, acked: c_acked,
                 sent: sent_to(s4_tcb, s4_tcb.snd_nxt), taken: s4_taken,
                 snd_mss: s4_tcb.snd_mss};
    m_cpl = '{cookie: s4_cookie, rc: s4_rc, flow: s4_flow, gen: s4_cmd_gen, info: '0};
    if (s4_query)
      m_cpl.info = '{rto_us: s4_backed_off, srtt_us: s4_tcb.srtt8 >> 3,
                     rttvar_us: s4_tcb.rttvar4 >> 2, cwnd: 32'(s4_tcb.cwnd),
                     ssthresh: 32'(s4_tcb.ssthresh), snd_wnd: 32'(s4_tcb.snd_wnd),
                     rcv_wnd: s4_tcb.rcv_edge - s4_tcb.rcv_nxt, pipe: 32'(c_flight.pipe),
                     retrans: 32'(s4_tcb.retrans), snd_mss: s4_tcb.snd_mss,
                     rcv_mss: s4_tcb.rcv_mss, snd_ws: s4_tcb.snd_ws, rcv_ws: s4_tcb.rcv_ws,
                     ca_state: 4'(s4_tcb.c.ca), backoff: s4_tcb.c.backoff,
                     state: s4_tcb.c.state, zero: '0};
  end

  assign probe_send = m_tx_valid;

  // ------------------------------------------------------------------------------ lives
  // One life notice every 4 cycles at most; the store and the carrier need the time.
  logic life_valid;
  logic [2:0] life_gap_q;
  logic [3:0] life_count;
  logic life_push;
  life_t life_in;
  assign life_push = write && frees;
  assign life_in   = '{flow: s3.flow, gen: next.gen};
  // Space for the events that may be on their way when the room is seen to end.
  assign life_room = life_count < 4'd4;

  logic life_unused;
  tl_fifo #(
      .Width($bits(life_t)),
      .Depth(8)
  ) u_life (
      .clk,
      .rst,
      .s_valid(life_push),
      .s_ready(life_unused),
      .s_data(life_in),
      .m_valid(life_valid),
      .m_ready(m_life_valid),
      .m_data(m_life),
      .count(life_count)
  );
  assign m_life_valid = life_valid && life_gap_q == '0;
  assign m_free_valid = m_life_valid;
  assign m_free_flow  = m_life.flow;
  always_ff @(posedge clk) begin
    if (rst) life_gap_q <= '0;
    else if (m_life_valid) life_gap_q <= 3'd3;
    else if (life_gap_q != '0) life_gap_q <= life_gap_q - 3'd1;
  end

  assign busy = !cleared || s1_valid || s2_valid || s3_valid || s4_valid || life_valid ||
                s_seg_valid || s_cmd_valid || s_tmo_valid || s_send_valid || m_ready_valid;

  // ------------------------------------------------------------------------------ assertions
`ifndef SYNTHESIS
  // Order of the sequence spaces, as one bit each: properties sample what they name.
  typedef struct packed {
    logic slot_free;      // a birth finds the slot free, in the generation that it knows
    logic una_nxt;        // SND.UNA =< SND.NXT
    logic nxt_forward;    // SND.NXT never rolls back
    logic edge_open;      // RCV.NXT =< advertised edge
    logic edge_forward;   // the advertised edge never moves left
    logic inside_window;  // only a probe's byte lies beyond the send window
  } order_t;
  order_t order;
  always_comb begin
    order = '1;
    if (s3_valid) begin
      if (s3_tcb.c.active && !drop && !s3.birth) begin
        order.una_nxt     = seq_leq(merged.snd_una, merged.snd_nxt);
        order.nxt_forward = seq_geq(merged.snd_nxt, s3_tcb.snd_nxt);
        if (synchronized(s3_tcb.c.state)) begin
          order.edge_open    = seq_leq(merged.rcv_nxt, merged.rcv_edge);
          order.edge_forward = seq_geq(merged.rcv_edge, s3_tcb.rcv_edge);
        end
        if (r.a.tx && r.a.tx_text && s3_snd_chk.len > 16'd1)
          order.inside_window = seq_leq(s3_snd_chk.start + seq_t'(s3_snd_chk.len),
                                        s3_tcb.snd_una + seq_t'(s3_tcb.snd_wnd));
      end
    end
    if (s1_valid && s1.birth)
      order.slot_free = !s1_tcb.c.active &&
                        s1_tcb.gen == (s1.kind == EV_SEG ? s1_seg.gen : s1_cmd.cmd.gen);
  end
  // verilator lint_off UNUSEDSIGNAL
  lane_seg_t s1_seg;
  lane_cmd_t s1_cmd;
  // verilator lint_on UNUSEDSIGNAL
  assign s1_seg = lane_seg_t'(s1_body[$bits(lane_seg_t)-1:0]);
  assign s1_cmd = lane_cmd_t'(s1_body[$bits(lane_cmd_t)-1:0]);
  `TL_ASSERT(AOrder, order == '1)
  `TL_ASSERT(AGrantOneHot, $onehot0(grant))
  `TL_ASSERT(ALifeRoom, !life_push || life_unused)
  `TL_ASSERT(ATxRoom, !m_tx_valid || tx_room != '0)
`endif

endmodule

`default_nettype wire
