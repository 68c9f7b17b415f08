// tl_lane: the one writer of every TCB. Segments, timeouts, commands and send opportunities enter
// one pipeline: issue, data, stage A (compare), stage B (apply) and write.
//
// A flow in flight holds only the source that wants it. Priority is segment, timeout, command,
// send, with aging: a source that has waited 15 cycles goes before all that have not.
//
// Latency: issue -> notices and m_tx 4 cycles (registered); next event of the same flow 4 cycles.
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
    output logic            m_ready_valid,
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
  localparam int unsigned TcbW = $bits(tcb_t);

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
  logic open;
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
  assign open = cleared && del_room && life_room;
  // Send events whose outcome tx_room does not show yet.
  assign tx_flying = 3'(s1_valid && s1.kind == EV_SEND) + 3'(s2_valid && s2.kind == EV_SEND) +
                     3'(s3_valid && s3.kind == EV_SEND) + 3'(m_tx_valid);
  assign tx_free = tw_room && tx_flying < tx_room;

  always_comb begin
    want  = {s_send_valid, s_cmd_valid, s_tmo_valid, s_seg_valid};
    can   = '0;
    aged  = '0;
    grant = '0;
    if (want != '0 && open) begin
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
    issue.kind = EV_SEG;
    issue.flow = s_seg.flow;
    unique case (1'b1)
      grant[1]: issue = '{kind: EV_TMO, flow: s_tmo_flow};
      grant[2]: issue = '{kind: EV_CMD, flow: cmd_flow};
      grant[3]: issue = '{kind: EV_SEND, flow: s_send_flow};
      default:  ;
    endcase
  end

  assign m_mbox_re   = probe_issue;
  assign m_mbox_flow = issue.flow;

  // ------------------------------------------------------------------------------ TCB RAM
  logic [TcbW-1:0] tcb_rdata, tcb_wdata;
  logic [FlowW-1:0] tcb_waddr;
  logic tcb_we;
  tl_ram_1r1w #(
      .Width(TcbW),
      .Depth(Flows)
  ) u_tcb (
      .clk,
      .we(tcb_we),
      .waddr(tcb_waddr),
      .wdata(tcb_wdata),
      .re(probe_issue),
      .raddr(issue.flow[FlowW-1:0]),
      .rdata(tcb_rdata)
  );

  // ------------------------------------------------------------------------------ data
  body_t s1_body;
  tcb_t s1_tcb;
  assign s1_tcb = tcb_t'(tcb_rdata);

  always_ff @(posedge clk) begin
    s1_valid <= probe_issue && !rst;
    if (probe_issue) s1 <= issue;
    if (grant[0]) s1_body <= body_t'(s_seg);
    if (grant[2]) s1_body <= body_t'(s_cmd);
  end

  // Only a flow that may have something to send asks for its next hop.
  assign m_nbr_valid = s1_valid && s1.kind == EV_SEND && s1_tcb.active && !s1_tcb.done;
  assign m_nbr_addr  = s1_tcb.key.raddr;

  // ------------------------------------------------------------------------------ stage A
  body_t s2_body;
  tcb_t s2_tcb;
  pos_t s2_tail, s2_taken;
  time_t s2_now;
  logic s2_in_range;

  always_ff @(posedge clk) begin
    s2_valid <= s1_valid && !rst;
    if (s1_valid) begin
      s2          <= s1;
      s2_tcb      <= s1_tcb;
      s2_tail     <= s_mbox_tail;
      s2_taken    <= s_mbox_taken;
      s2_now      <= time_of(now_us);
      s2_in_range <= 32'(s1.flow) < Flows;
      if (s1.kind inside {EV_SEG, EV_CMD}) s2_body <= s1_body;
    end
  end

  lane_seg_t s2_seg, s3_seg;
  assign s2_seg = lane_seg_t'(s2_body[$bits(lane_seg_t)-1:0]);

  body_t s3_body;
  tcb_t s3_tcb;
  pos_t s3_tail, s3_taken;
  time_t s3_now;
  logic s3_in_range;
  nbr_e s3_nbr;
  logic [47:0] s3_mac;
  stream_t s3_stream;
  seg_chk_t s3_seg_chk;
  snd_chk_t s3_snd_chk;
  tmo_chk_t s3_tmo_chk;

  always_ff @(posedge clk) begin
    s3_valid <= s2_valid && !rst;
    if (s2_valid) begin
      s3          <= s2;
      s3_tcb      <= s2_tcb;
      s3_tail     <= s2_tail;
      s3_taken    <= s2_taken;
      s3_now      <= s2_now;
      s3_in_range <= s2_in_range;
      s3_stream   <= stream_check(s2_tcb, s2_tail);
      unique case (s2.kind)
        EV_SEG: begin
          s3_body    <= s2_body;
          s3_seg_chk <= segment_check(s2_tcb, s2_seg, listener_live[s2_tcb.listener] &&
                                      listener_gen[s2_tcb.listener] == s2_tcb.listener_gen);
        end
        EV_CMD: s3_body <= s2_body;
        EV_TMO: s3_tmo_chk <= timeout_check(s2_tcb, cfg, s2_now);
        EV_SEND: begin
          s3_nbr     <= s_nbr;
          s3_mac     <= s_nbr_mac;
          s3_snd_chk <= send_check(s2_tcb, stream_check(s2_tcb, s2_tail), s2_taken, cfg, s2_now);
        end
      endcase
    end
  end

  // ------------------------------------------------------------------------------ stage B
  lane_cmd_t s3_cmd;
  assign s3_seg = lane_seg_t'(s3_body[$bits(lane_seg_t)-1:0]);
  assign s3_cmd = lane_cmd_t'(s3_body[$bits(lane_cmd_t)-1:0]);

  // These read some fields of the TCB.
  // verilator lint_off UNUSEDSIGNAL
  function automatic tcb_t reborn(input gen_t gen);
    tcb_t t;
    t = '0;
    t.gen = gen + 8'd1;
    return t;
  endfunction

  function automatic status_t status_of(input tcb_t t, input pos_t taken);
    status_t r;
    r.gen       = t.gen;
    r.tag       = t.tag;
    r.listening = t.listening;
    r.active    = t.active;
    r.fin       = t.fin;
    r.done      = t.done;
    r.r1        = t.r1;
    r.state     = t.state;
    r.cause     = t.cause;
    r.key       = t.key;
    r.rx_end    = received_to(t);
    r.acked     = sent_to(t, t.snd_una);
    r.sent      = sent_to(t, t.snd_nxt);
    r.taken     = taken;
    r.snd_mss   = t.snd_mss;
    return r;
  endfunction

  function automatic info_t info_of(input tcb_t t, input cfg_t c);
    info_t r;
    r          = '0;
    r.rto_us   = backed_off(t.rtt, c);
    r.srtt_us  = t.rtt.srtt8 >> 3;
    r.rttvar_us = t.rtt.rttvar4 >> 2;
    r.cwnd     = 32'(t.cc.cwnd);
    r.ssthresh = 32'(t.cc.ssthresh);
    r.snd_wnd  = 32'(t.snd_wnd);
    r.rcv_wnd  = t.rcv_edge - t.rcv_nxt;
    r.pipe     = 32'(tcp_congestion_pkg::pipe_of(t.cc, t.snd_una, t.snd_nxt));
    r.retrans  = 32'(t.retrans);
    r.snd_mss  = t.snd_mss;
    r.rcv_mss  = t.rcv_mss;
    r.snd_ws   = t.snd_ws;
    r.rcv_ws   = t.rcv_ws;
    r.ca_state = 4'(t.cc.ca);
    r.backoff  = t.rtt.backoff;
    r.state    = t.state;
    return r;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  logic born;
  tcb_t now_tcb;   // what the event finds: the TCB, or a newborn one
  step_t r;        // result of the transition
  tcb_t next;      // what is written
  logic write;
  logic frees;

  always_comb begin
    r     = '0;
    next  = '0;
    write = 1'b0;
    frees = 1'b0;
    born  = 1'b0;
    now_tcb = s3_tcb;
    if (s3_valid) begin
      born = (s3.kind == EV_SEG && !s3_seg.drop && s3_seg.birth) ||
             (s3.kind == EV_CMD && s3_cmd.birth);
      if (born)
        now_tcb = tcb_birth(s3.kind == EV_SEG ? s3_seg.gen : s3_cmd.cmd.gen,
                            s3.kind == EV_SEG ? s3_seg.info : s3_cmd.info, cfg, s3_now);
      unique case (s3.kind)
        EV_SEG:
          if (s3_seg.drop) r.t = s3_tcb;
          else r = segment_arrives(now_tcb, s3_seg, s3_seg_chk, s3_stream, cfg, s3_now);
        EV_TMO:  r = timeout(s3_tcb, s3_tmo_chk, s3_stream, cfg, s3_now);
        EV_CMD:
          r = command(now_tcb, s3_cmd, s3_in_range, s3_stream, s3_tail, s3_taken, cfg, s3_now);
        EV_SEND: r = send(s3_tcb, s3_snd_chk, s3_stream, s3_nbr, cfg, s3_now);
      endcase
      r.t = conclude(r, half_open(s3_tcb));
      // The slot is free when TCP is done and the host has let go.
      frees = r.t.done && r.t.released;
      write = r.t.active && !(s3.kind == EV_SEG && s3_seg.drop);
      if (frees) next = reborn(r.t.gen);
      else next = r.t;
    end
  end

  assign tcb_we    = !cleared || write;
  assign tcb_waddr = cleared ? s3.flow[FlowW-1:0] : clear_q[FlowW-1:0];
  assign tcb_wdata = cleared ? TcbW'(next) : '0;

  // ------------------------------------------------------------------------------ notices
  logic changed, ready;
  stream_t after_stream;
  always_comb begin
    changed      = 1'b0;
    ready        = 1'b0;
    after_stream = '0;
    if (s3_valid) begin
      after_stream = stream_check(r.t, s3_tail);
      ready        = can_send(r.t, after_stream);
      // What the host acts on; sent, taken and received positions ride along.
      changed = r.t.state != s3_tcb.state || r.t.fin != s3_tcb.fin || r.t.done != s3_tcb.done ||
                r.t.r1 != s3_tcb.r1 || r.t.cause != s3_tcb.cause ||
                r.t.listening != s3_tcb.listening || r.t.tag != s3_tcb.tag ||
                r.t.snd_una != s3_tcb.snd_una || r.t.snd_mss != s3_tcb.snd_mss ||
                r.t.active != s3_tcb.active;
    end
  end

  always_ff @(posedge clk) begin
    m_ans_valid    <= 1'b0;
    m_tx_valid     <= 1'b0;
    m_launch_valid <= 1'b0;
    m_reply_valid  <= 1'b0;
    m_acked_valid  <= 1'b0;
    m_cpl_valid    <= 1'b0;
    m_status_valid <= 1'b0;
    m_dirty_valid  <= 1'b0;
    m_timer_valid  <= 1'b0;
    m_ready_valid  <= 1'b0;
    m_wait_valid   <= 1'b0;
    m_del_valid    <= 1'b0;
    m_tw_valid     <= 1'b0;
    m_lsn_valid    <= 1'b0;
    cnt            <= '0;
    if (s3_valid && !rst) begin
      m_ans_valid    <= s3.kind == EV_SEG && s3_seg.seg.len != '0;
      m_tx_valid     <= r.a.tx;
      m_launch_valid <= r.a.tx && r.a.tx_len != '0;
      m_reply_valid  <= r.a.reply;
      m_acked_valid  <= s3_tcb.active && r.t.snd_una != s3_tcb.snd_una;
      m_cpl_valid    <= s3.kind == EV_CMD;
      m_status_valid <= write;
      m_dirty_valid  <= write && changed && !r.t.released && !half_open(r.t);
      m_timer_valid  <= write && r.t.timers != s3_tcb.timers;
      // A send event that found nothing to send must not make the flow ready again.
      m_ready_valid  <= write && !frees && (s3.kind != EV_SEND || r.a.tx) && ready;
      m_wait_valid   <= r.a.waiting;
      m_del_valid    <= write && r.t.done && !s3_tcb.done;
      m_tw_valid     <= r.a.tw;
      m_lsn_valid    <= write && ((half_open(s3_tcb) && !half_open(r.t)) ||
                                  (s3_tcb.counted != (r.t.counted && !frees)));
      cnt            <= r.a.cnt;
    end
  end

  always_ff @(posedge clk) begin
    if (s3_valid) begin
      m_status_flow <= s3.flow;
      m_dirty_flow  <= s3.flow;
      m_timer_flow  <= s3.flow;
      m_ready_flow  <= s3.flow;
      m_wait_flow   <= s3.flow;
      m_del_flow    <= s3.flow;
      m_del_key     <= r.t.key;
      m_timers      <= r.t.timers;
      m_status      <= frees ? status_of(next, '0) : status_of(r.t, s3_taken);
      m_acked       <= '{flow: s3.flow, gen: r.t.gen, pos: sent_to(r.t, r.t.snd_una)};
      m_lsn <= '{listener: r.t.listener, listener_gen: r.t.listener_gen,
                 half_open_dec: half_open(s3_tcb) && !half_open(r.t),
                 unaccepted_inc: !s3_tcb.counted && r.t.counted && !frees,
                 unaccepted_dec: s3_tcb.counted && !(r.t.counted && !frees)};
      if (s3.kind == EV_SEG) begin
        m_ans <= '{commit: r.a.commit, flow: s3.flow, gen: s3_tcb.gen,
                   pos: stream_pos(s3_seg_chk.first, s3_tcb.irs), head: s3_seg_chk.head,
                   len: s3_seg_chk.keep, delivered: received_to(r.t)};
        m_reply <= '{key: s3_seg.seg.key, dst_mac: s3_seg.seg.src_mac, seq: s3_seg.seg.ack,
                     ack: '0, flags: '{rst: 1'b1, default: 1'b0}, wnd: '0};
      end
      if (s3.kind == EV_CMD) begin
        m_cpl <= '{cookie: s3_cmd.cmd.cookie, rc: r.a.rc, flow: s3.flow, gen: s3_cmd.cmd.gen,
                   info: s3_cmd.cmd.op == CMD_QUERY && r.a.rc == RC_OK ? info_of(r.t, cfg) : '0};
      end
      if (s3.kind == EV_SEND) begin
        m_tx <= '{flow: s3.flow, key: r.t.key, dst_mac: s3_mac, seq: r.a.tx_seq,
                  ack: r.a.tx_flags.ack ? r.t.rcv_nxt : '0, flags: r.a.tx_flags,
                  wnd: r.a.tx_flags.syn ? syn_window(cfg) :
                       16'((r.t.rcv_edge - r.t.rcv_nxt) >> r.t.rcv_ws),
                  pos: r.a.tx_len == '0 ? '0 : stream_pos(r.a.tx_seq, r.t.iss),
                  len: r.a.tx_len, mss: own_mss(cfg),
                  ws_ok: r.a.tx_flags.syn && (!r.a.tx_flags.ack || r.t.ws_offered),
                  ws: own_ws(cfg), ttl: r.t.ttl, dscp: r.t.dscp};
        m_launch <= '{flow: s3.flow, gen: r.t.gen, pos: stream_pos(r.a.tx_seq, r.t.iss)};
        m_launch_len <= r.a.tx_len;
        m_tw <= '{key: r.t.key, rcv_nxt: r.t.rcv_nxt, snd_nxt: r.t.snd_nxt, ts_ok: 1'b0,
                  ts_recent: '0, mac: s3_mac};
      end
    end
  end

  assign probe_send = m_tx_valid;

  // ------------------------------------------------------------------------------ lives
  // One life notice every 4 cycles at most; the store and the carrier need the time.
  logic life_valid;
  logic [2:0] life_gap_q;
  logic [3:0] life_count;
  logic life_push;
  life_t life_in;
  assign life_push = s3_valid && write && frees;
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

  assign busy = !cleared || s1_valid || s2_valid || s3_valid || life_valid || s_seg_valid ||
                s_cmd_valid || s_tmo_valid || s_send_valid || m_tx_valid || m_status_valid ||
                m_ans_valid || m_ready_valid || m_cpl_valid;

  // ------------------------------------------------------------------------------ assertions
`ifndef SYNTHESIS
  // Order of the sequence spaces, as one bit each: properties sample what they name.
  typedef struct packed {
    logic slot_free;      // a birth finds a free slot
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
      if (born) order.slot_free = !s3_tcb.active;
      if (s3_tcb.active && r.t.active) begin
        order.una_nxt     = seq_leq(r.t.snd_una, r.t.snd_nxt);
        order.nxt_forward = seq_geq(r.t.snd_nxt, s3_tcb.snd_nxt);
        if (synchronized(s3_tcb.state)) begin
          order.edge_open    = seq_leq(r.t.rcv_nxt, r.t.rcv_edge);
          order.edge_forward = seq_geq(r.t.rcv_edge, s3_tcb.rcv_edge);
        end
        if (r.a.tx && r.a.tx_len > 16'd1)
          order.inside_window = seq_leq(r.a.tx_seq + seq_t'(r.a.tx_len), wnd_end(s3_tcb));
      end
    end
  end
  `TL_ASSERT(AOrder, order == '1)
  `TL_ASSERT(AGrantOneHot, $onehot0(grant))
  `TL_ASSERT(ALifeRoom, !life_push || life_unused)
  `TL_ASSERT(ATxRoom, !m_tx_valid || tx_room != '0)
`endif

endmodule

`default_nettype wire
