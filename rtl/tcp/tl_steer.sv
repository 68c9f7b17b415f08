// tl_steer: brings every good segment to its flow, and decides for those that have none: TIME-WAIT,
// a listener, or RST. Allocates slots, serves OPEN, LISTEN and UNLISTEN, passes other commands on.
//
// Verdicts are paired with the lookup's hits in order. A hit goes straight to the lane; a miss stays
// at the head until it is decided, so segments never overtake each other. Its key is looked up
// again, because an earlier segment or an OPEN may have created the flow meanwhile. All searches
// of one decision (flow, TIME-WAIT, listener, ISN) run at the same time.
//
// Latency: verdict -> `m_seg` of a hit: 1 cycle when idle. A miss is decided in about 8 cycles, a SYN
//   in at most 25.
// Throughput: a hit each cycle.
// Hazard: `room` leaves places for this frame and two more that net has already let in.
// Reference: RFC 9293 3.10.7.1, 3.10.7.2, 3.10.7.4; RFC 1337; RFC 6056 3.3.3; RFC 6191.
`default_nettype none
`include "tl_assert.svh"

module tl_steer
  import tautline_pkg::*;
  import tcp_pkg::*;
#(
    parameter int unsigned Flows = 64,
    // Ports that one OPEN tries before it gives up.
    parameter int unsigned PortTries = 256
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire cfg_t        cfg,
    input  wire logic        tables_cleared,

    // From net and the lookup's first port.
    input  wire logic        s_hit_valid,
    input  wire logic        s_hit,
    input  wire flow_t       s_hit_flow,
    input  wire gen_t        s_hit_gen,
    input  wire logic        s_verdict_valid,
    input  wire logic        s_verdict_good,
    input  wire seg_t        s_verdict_seg,
    output logic             room,

    input  wire logic        s_cmd_valid,
    output logic             s_cmd_ready,
    input  wire cmd_t        s_cmd,

    // To the lane.
    output logic             m_seg_valid,
    input  wire logic        m_seg_ready,
    output lane_seg_t        m_seg,
    output logic             m_cmd_valid,
    input  wire logic        m_cmd_ready,
    output lane_cmd_t        m_cmd,
    input  wire logic        s_free_valid,
    input  wire flow_t       s_free_flow,
    input  wire logic        s_life_valid,
    input  wire life_t       s_life,

    // Lookup, second port.
    output logic             m_find_valid,
    input  wire logic        m_find_ready,
    output key_t             m_find_key,
    input  wire logic        s_find_valid,
    input  wire logic        s_found,
    input  wire flow_t       s_found_flow,
    input  wire gen_t        s_found_gen,
    output logic             m_ins_valid,
    input  wire logic        m_ins_ready,
    output key_t             m_ins_key,
    output flow_t            m_ins_flow,
    output gen_t             m_ins_gen,
    input  wire logic        s_ins_done,
    input  wire logic        s_ins_ok,

    // TIME-WAIT.
    output logic             m_tw_valid,
    input  wire logic        m_tw_ready,
    output logic             m_tw_restart,
    output logic             m_tw_remove,
    input  wire logic        s_tw_valid,
    input  wire logic        s_tw_found,
    input  wire tw_t         s_tw,

    // Listeners; the key of a search is `m_find_key`.
    output logic             m_lst_search,
    output logic             m_lst_listen,
    output logic             m_lst_unlisten,
    output logic [31:0]      m_lst_laddr,
    output logic [15:0]      m_lst_lport,
    input  wire logic        s_lst_done,
    input  wire logic        s_lst_ok,
    input  wire logic        s_lst_duplicate,
    input  wire logic        s_lst_overflow,
    input  wire logic [3:0]  s_lst_index,
    input  wire logic [3:0]  s_lst_gen,
    input  wire logic [31:0] s_lst_tag,
    output logic             m_born_valid,
    input  wire logic        m_born_ready,
    output logic [3:0]       m_born_index,

    // ISN and port offset; the key is `m_find_key`.
    output logic             m_isn_valid,
    input  wire logic        m_isn_ready,
    output logic             m_isn_port,
    input  wire logic        s_isn_valid,
    input  wire seq_t        s_isn,
    input  wire logic [15:0] s_offset,

    output logic             m_reply_valid,
    input  wire logic        m_reply_ready,
    output reply_t           m_reply,
    output logic             m_cpl_valid,
    input  wire logic        m_cpl_ready,
    output cpl_t             m_cpl,
    output logic             m_life_valid,  // start-up walker
    output life_t            m_life,

    output logic             ready,
    output logic             busy,
    output cnt_t             cnt
);
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned Depth = 8;
  localparam int unsigned InNet = 3;  // frames that one look at `room` must cover
  localparam int unsigned TryW = $clog2(PortTries + 1);
  typedef logic [FlowW-1:0] idx_t;

  // RFC 6056 3.2: the dynamic range of RFC 6335. A power of two, so modulo is a mask.
  localparam logic [1:0] EphemeralBase = 2'b11;  // 49152 to 65535

  // A peer's address must be one host's: not ours, no group, no broadcast, nothing reserved
  // (RFC 9293 MUST-46, MUST-57; RFC 1122 3.2.1.3).
  function automatic logic is_peer(input logic [31:0] addr, input logic [31:0] ip,
                                   input logic [31:0] netmask);
    logic [31:0] host;
    host = addr & ~netmask;
    if (addr[31:24] == 8'd0 || addr[31:24] == 8'd127 || addr[31:28] >= 4'he) return 1'b0;
    if (addr == ip) return 1'b0;
    // A /31 or /32 has no broadcast address (RFC 3021).
    if (((addr ^ ip) & netmask) == '0 && ~netmask > 32'd1 && (host == '0 || host == ~netmask))
      return 1'b0;
    return 1'b1;
  endfunction

  // ------------------------------------------------------------------------ event FIFO
  logic ev_valid, ev_good, ev_pop, ev_ready;
  seg_t ev;
  logic [$clog2(Depth + 1)-1:0] ev_count;
  logic hit_valid, hit, hit_ready;
  idx_t hit_flow;
  gen_t hit_gen;
  logic [$clog2(Depth + 1)-1:0] hit_count;

  tl_fifo #(
      .Width(1 + $bits(seg_t)),
      .Depth(Depth)
  ) i_events (
      .clk,
      .rst,
      .s_valid(s_verdict_valid),
      .s_ready(ev_ready),
      .s_data({s_verdict_good, s_verdict_seg}),
      .m_valid(ev_valid),
      .m_ready(ev_pop),
      .m_data({ev_good, ev}),
      .count(ev_count)
  );

  tl_fifo #(
      .Width(1 + FlowW + $bits(gen_t)),
      .Depth(Depth)
  ) i_hits (
      .clk,
      .rst,
      .s_valid(s_hit_valid),
      .s_ready(hit_ready),
      .s_data({s_hit, idx_t'(s_hit_flow), s_hit_gen}),
      .m_valid(hit_valid),
      .m_ready(ev_pop),
      .m_data({hit, hit_flow, hit_gen}),
      .count(hit_count)
  );

  `TL_ASSERT(a_verdict_fits, !s_verdict_valid || ev_ready)
  `TL_ASSERT(a_hit_fits, !s_hit_valid || hit_ready)

  // ------------------------------------------------------------------------ free slots
  // A slot leaves the FIFO only when its connection has been inserted, so nothing is ever put back.
  logic fill_q, fill_now, free_take, free_valid, free_in_ready;
  logic [1:0] fill_pace_q;
  idx_t fill_idx_q, free_idx;
  logic [$clog2(Flows + 1)-1:0] free_count;
  gen_t free_gen;
  logic gen_re;

  assign fill_now = fill_q && fill_pace_q == '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      fill_q <= 1'b1;
      fill_idx_q <= '0;
      fill_pace_q <= 2'd3;
    end else if (fill_q) begin
      fill_pace_q <= fill_pace_q - 2'd1;
      if (fill_now) begin
        fill_idx_q <= fill_idx_q + idx_t'(1);
        if (fill_idx_q == idx_t'(Flows - 1)) fill_q <= 1'b0;
      end
    end
  end

  assign m_life_valid = fill_now;
  assign m_life = '{flow: flow_t'(fill_idx_q), gen: '0};

  tl_fifo #(
      .Width(FlowW),
      .Depth(Flows)
  ) i_free (
      .clk,
      .rst,
      .s_valid(fill_now || s_free_valid),
      .s_ready(free_in_ready),
      .s_data(fill_q ? fill_idx_q : idx_t'(s_free_flow)),
      .m_valid(free_valid),
      .m_ready(free_take),
      .m_data(free_idx),
      .count(free_count)
  );
  `TL_ASSERT(a_free_fits, !(fill_now || s_free_valid) || free_in_ready)
  `TL_ASSERT(a_no_life_while_filling, !fill_q || !(s_free_valid || s_life_valid))

  tl_ram_1r1w #(
      .Width($bits(gen_t)),
      .Depth(Flows)
  ) i_gen (
      .clk,
      .we(fill_now || s_life_valid),
      .waddr(fill_q ? fill_idx_q : idx_t'(s_life.flow)),
      .wdata(fill_q ? '0 : s_life.gen),
      .re(gen_re),
      .raddr(free_idx),
      .rdata(free_gen)
  );

  assign ready = tables_cleared && !fill_q;
  assign room = ready && ev_count <= ($clog2(Depth + 1))'(Depth - InNet);

  // ------------------------------------------------------------------------ jobs
  typedef enum logic [3:0] {
    IDLE,
    SEARCH,   // wait for every search of `want_q`
    DECIDE,
    INSERT,
    INSERTED,
    BORN,     // the listener counts one more half-open connection
    TW_ACT,   // restart or remove the TIME-WAIT entry
    REPLY,
    SEGMENT,  // the head goes to the lane with the job's outcome
    POP,      // the head is done
    COMMAND,  // OPEN goes to the lane
    PASS,     // a command of a flow goes to the lane
    COMPLETE
  } state_e;

  typedef struct packed {
    logic find;
    logic tw;
    logic listener;
    logic isn;
  } searches_t;

  typedef enum logic [1:0] {
    FOR_SEGMENT,
    FOR_TUPLE,     // OPEN: is the 4-tuple free?
    FOR_OFFSET,    // OPEN: hash of the destination for the ephemeral port
    FOR_ISN        // OPEN: the 4-tuple is free
  } purpose_e;

  state_e state_q;
  purpose_e purpose_q;
  logic is_cmd_q, cmd_turn_q;
  key_t key_q;
  searches_t ask_q, want_q;  // not yet accepted, not yet answered
  logic slot_q;              // a free slot was there when the job started
  logic found_q, tw_found_q;
  idx_t found_flow_q;
  gen_t found_gen_q;
  tw_t tw_q;
  logic lst_ok_q, lst_overflow_q, lst_duplicate_q;
  logic [3:0] lst_index_q, lst_gen_q;
  logic [31:0] lst_tag_q;
  seq_t isn_q;
  logic reopen_q;            // the SYN takes the place of a TIME-WAIT entry
  logic restart_q;
  logic birth_q, lost_q;     // outcome for SEGMENT: a new flow, or none at all
  reply_t reply_q;
  rc_e rc_q;
  logic ephemeral_q;
  logic [13:0] offset_q, next_ephemeral_q;
  logic [TryW-1:0] tries_q;

  logic miss, start_seg, start_cmd;
  assign miss = ev_valid && hit_valid && ev_good && !hit;
  assign start_seg = state_q == IDLE && ready && miss && !(s_cmd_valid && cmd_turn_q);
  assign start_cmd = state_q == IDLE && ready && s_cmd_valid && !start_seg;

  // RFC 9293 3.10.7.2: what may open a connection, and what a listener is silent to.
  logic ev_syn, ev_bare;
  assign ev_syn = ev.flags.syn && !ev.flags.ack && !ev.flags.rst;
  assign ev_bare = !ev.flags.syn && !ev.flags.ack && !ev.flags.rst;

  // ------------------------------------------------------------------------ searches
  assign m_find_valid = state_q == SEARCH && ask_q.find;
  assign m_find_key = key_q;
  assign m_tw_valid = (state_q == SEARCH && ask_q.tw) || (state_q == TW_ACT && ask_q.tw);
  assign m_tw_restart = state_q == TW_ACT && restart_q;
  assign m_tw_remove = state_q == TW_ACT && !restart_q;
  assign m_lst_search = !is_cmd_q && ask_q.listener;
  assign m_lst_listen = is_cmd_q && ask_q.listener && s_cmd.op == CMD_LISTEN;
  assign m_lst_unlisten = is_cmd_q && ask_q.listener && s_cmd.op == CMD_UNLISTEN;
  assign m_lst_laddr = is_cmd_q ? s_cmd.key.laddr : key_q.laddr;
  assign m_lst_lport = is_cmd_q ? s_cmd.key.lport : key_q.lport;
  assign m_isn_valid = state_q == SEARCH && ask_q.isn;
  assign m_isn_port = purpose_q == FOR_OFFSET;

  searches_t asked, answered, left;
  always_comb begin
    asked = '{find: m_find_valid && m_find_ready, tw: m_tw_valid && m_tw_ready,
              listener: s_lst_done, isn: m_isn_valid && m_isn_ready};
    answered = '{find: s_find_valid, tw: s_tw_valid, listener: s_lst_done, isn: s_isn_valid};
    left = want_q & ~answered;
  end

  // ------------------------------------------------------------------------ decisions
  seq_t seg_len;  // SEG.LEN counts SYN and FIN
  assign seg_len = 32'(ev.len) + 32'(ev.flags.syn) + 32'(ev.flags.fin);

  reply_t reset;      // RFC 9293 3.10.7.1: to a segment without a connection
  reply_t ack;        // from TIME-WAIT
  logic reopens;      // RFC 9293 3.10.7.4, in RFC 6191's order: timestamps decide, then SEQ
  logic peer_ok;      // may be answered
  logic fin_again;    // the peer's FIN once more
  logic tw_silent;    // RFC 1337: a RST does not end TIME-WAIT; an acceptable pure ACK needs nothing
  logic want_listener;

  always_comb begin
    reset = '0;
    ack = '0;
    reopens = 1'b0;
    peer_ok = 1'b0;
    fin_again = 1'b0;
    tw_silent = 1'b0;
    want_listener = 1'b0;
    if (state_q == DECIDE && purpose_q == FOR_SEGMENT) begin
      reset.key = ev.key;
      reset.dst_mac = ev.src_mac;
      reset.flags.rst = 1'b1;
      if (ev.flags.ack) begin
        reset.seq = ev.ack;
      end else begin
        reset.ack = ev.seq + seg_len;
        reset.flags.ack = 1'b1;
      end
      ack.key = ev.key;
      ack.dst_mac = ev.src_mac;
      ack.seq = tw_q.snd_nxt;
      ack.ack = tw_q.rcv_nxt;
      ack.flags.ack = 1'b1;
      if (tw_q.ts_ok && ev.ts_ok && ev.tsval != tw_q.ts_recent)
        reopens = seq_gt(ev.tsval, tw_q.ts_recent);
      else reopens = seq_gt(ev.seq, tw_q.rcv_nxt);
      peer_ok = is_peer(ev.key.raddr, cfg.ip, cfg.netmask);
      fin_again = ev.flags.fin && ev.flags.ack && !ev.flags.syn && ev.seq + seg_len == tw_q.rcv_nxt;
      tw_silent = ev.flags.rst || (!ev.flags.syn && !ev.flags.ack)
          || (!ev.flags.syn && seg_len == '0 && ev.seq == tw_q.rcv_nxt);
      want_listener = ev_syn && lst_ok_q && (!tw_found_q || reopens);
    end
  end

  function automatic state_e after_drop(input logic [15:0] payload);
    return payload == '0 ? POP : SEGMENT;
  endfunction

  // An OPEN that is refused before anything is searched.
  logic open_bad;
  always_comb begin
    open_bad = 1'b0;
    if (start_cmd) open_bad = !is_peer(s_cmd.key.raddr, cfg.ip, cfg.netmask) || s_cmd.key.rport == '0;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= IDLE;
      cmd_turn_q <= 1'b0;
      next_ephemeral_q <= '0;
      ask_q <= '0;
      want_q <= '0;
    end else begin
      ask_q <= ask_q & ~asked;
      want_q <= left;
      unique case (state_q)
        IDLE: begin
          slot_q <= free_valid;
          found_q <= 1'b0;
          tw_found_q <= 1'b0;
          lst_ok_q <= 1'b0;
          reopen_q <= 1'b0;
          birth_q <= 1'b0;
          lost_q <= 1'b0;
          if (start_seg) begin
            cmd_turn_q <= 1'b1;
            is_cmd_q <= 1'b0;
            purpose_q <= FOR_SEGMENT;
            key_q <= ev.key;
            ask_q <= '{find: 1'b1, tw: 1'b1, listener: ev_syn || ev_bare, isn: ev_syn};
            want_q <= '{find: 1'b1, tw: 1'b1, listener: ev_syn || ev_bare, isn: ev_syn};
            state_q <= SEARCH;
          end else if (start_cmd) begin
            cmd_turn_q <= 1'b0;
            is_cmd_q <= 1'b1;
            key_q <= s_cmd.key;
            key_q.laddr <= cfg.ip;
            ephemeral_q <= s_cmd.key.lport == '0;
            tries_q <= TryW'(PortTries);
            unique case (s_cmd.op)
              CMD_OPEN: begin
                if (open_bad || !free_valid) begin
                  rc_q <= open_bad ? RC_BAD_ARG : RC_NO_SLOT;
                  state_q <= COMPLETE;
                end else if (s_cmd.key.lport == '0) begin
                  purpose_q <= FOR_OFFSET;
                  ask_q <= '{isn: 1'b1, default: 1'b0};
                  want_q <= '{isn: 1'b1, default: 1'b0};
                  state_q <= SEARCH;
                end else begin
                  purpose_q <= FOR_TUPLE;
                  ask_q <= '{find: 1'b1, tw: 1'b1, default: 1'b0};
                  want_q <= '{find: 1'b1, tw: 1'b1, default: 1'b0};
                  state_q <= SEARCH;
                end
              end
              CMD_LISTEN, CMD_UNLISTEN: begin
                if ((s_cmd.op == CMD_LISTEN && (s_cmd.key.lport == '0
                      || (s_cmd.key.laddr != '0 && s_cmd.key.laddr != cfg.ip)))
                    || (s_cmd.op == CMD_UNLISTEN && s_cmd.flow[15:4] != '0)) begin
                  rc_q <= RC_BAD_ARG;
                  state_q <= COMPLETE;
                end else begin
                  purpose_q <= FOR_SEGMENT;
                  ask_q <= '{listener: 1'b1, default: 1'b0};
                  want_q <= '{listener: 1'b1, default: 1'b0};
                  state_q <= SEARCH;
                end
              end
              CMD_NOP: begin
                rc_q <= RC_OK;
                state_q <= COMPLETE;
              end
              CMD_ACCEPT, CMD_SHUTDOWN, CMD_ABORT, CMD_RELEASE, CMD_SETOPT, CMD_QUERY: begin
                // A slot that this engine does not have is nobody's life.
                rc_q <= RC_STALE;
                state_q <= 32'(s_cmd.flow) < 32'(Flows) ? PASS : COMPLETE;
              end
              default: begin
                rc_q <= RC_BAD_ARG;
                state_q <= COMPLETE;
              end
            endcase
          end
        end

        SEARCH: if (left == '0) state_q <= DECIDE;

        DECIDE: begin
          if (is_cmd_q) begin
            if (s_cmd.op == CMD_OPEN) begin
              unique case (purpose_q)
                FOR_ISN: state_q <= INSERT;
                FOR_TUPLE: begin
                  if (!(found_q || tw_found_q)) begin
                    purpose_q <= FOR_ISN;
                    ask_q <= '{isn: 1'b1, default: 1'b0};
                    want_q <= '{isn: 1'b1, default: 1'b0};
                    state_q <= SEARCH;
                  end else if (!ephemeral_q || tries_q == '0) begin
                    rc_q <= ephemeral_q ? RC_NO_PORT : RC_IN_USE;
                    state_q <= COMPLETE;
                  end
                end
                default: ;
              endcase
              // RFC 6056 3.3.3: port = base + (next_ephemeral + F()) mod size.
              if (purpose_q == FOR_OFFSET
                  || (purpose_q == FOR_TUPLE && (found_q || tw_found_q) && ephemeral_q
                      && tries_q != '0)) begin
                purpose_q <= FOR_TUPLE;
                key_q.lport <= {EphemeralBase, next_ephemeral_q + offset_q};
                next_ephemeral_q <= next_ephemeral_q + 14'd1;
                tries_q <= tries_q - TryW'(1);
                found_q <= 1'b0;
                tw_found_q <= 1'b0;
                ask_q <= '{find: 1'b1, tw: 1'b1, default: 1'b0};
                want_q <= '{find: 1'b1, tw: 1'b1, default: 1'b0};
                state_q <= SEARCH;
              end
            end else begin
              rc_q <= lst_ok_q ? RC_OK : s_cmd.op == CMD_UNLISTEN ? RC_STALE
                  : lst_duplicate_q ? RC_IN_USE : RC_TABLE_FULL;
              state_q <= COMPLETE;
            end
          end else if (found_q) begin
            state_q <= SEGMENT;
          end else if (!peer_ok) begin
            lost_q <= 1'b1;
            state_q <= after_drop(ev.len);
          end else if (want_listener) begin
            // In TIME-WAIT a SYN that cannot be served now is only dropped: the entry lives on.
            reopen_q <= tw_found_q;
            reply_q <= reset;
            lost_q <= 1'b1;
            if (lst_overflow_q) state_q <= after_drop(ev.len);
            else if (!slot_q) state_q <= tw_found_q ? after_drop(ev.len) : REPLY;
            else state_q <= INSERT;
            // RFC 9293 3.10.7.4: larger than any sequence number of the incarnation before.
            if (tw_found_q) isn_q <= seq_max(isn_q, tw_q.snd_nxt + 32'h10000);
          end else if (tw_found_q) begin
            lost_q <= 1'b1;
            restart_q <= 1'b1;
            reply_q <= ack;
            if (tw_silent) begin
              state_q <= after_drop(ev.len);
            end else if (fin_again) begin
              ask_q <= '{tw: 1'b1, default: 1'b0};
              want_q <= '{tw: 1'b1, default: 1'b0};
              state_q <= TW_ACT;
            end else begin
              state_q <= REPLY;
            end
          end else begin
            lost_q <= 1'b1;
            reply_q <= reset;
            state_q <= ev.flags.rst || (ev_bare && lst_ok_q) ? after_drop(ev.len) : REPLY;
          end
        end

        INSERT: if (m_ins_ready) state_q <= INSERTED;

        INSERTED:
        if (s_ins_done) begin
          rc_q <= RC_TABLE_FULL;
          if (is_cmd_q) begin
            state_q <= s_ins_ok ? COMMAND : COMPLETE;
          end else if (s_ins_ok) begin
            lost_q <= 1'b0;
            birth_q <= 1'b1;
            state_q <= BORN;
          end else begin
            state_q <= reopen_q ? after_drop(ev.len) : REPLY;
          end
        end

        BORN:
        if (m_born_ready) begin
          restart_q <= 1'b0;
          if (reopen_q) begin
            ask_q <= '{tw: 1'b1, default: 1'b0};
            want_q <= '{tw: 1'b1, default: 1'b0};
          end
          state_q <= reopen_q ? TW_ACT : SEGMENT;
        end

        TW_ACT: if (left == '0) state_q <= restart_q ? REPLY : SEGMENT;

        REPLY: if (m_reply_ready) state_q <= after_drop(ev.len);

        SEGMENT: if (m_seg_ready) state_q <= IDLE;

        POP: state_q <= IDLE;

        COMMAND, PASS: if (m_cmd_ready) state_q <= IDLE;

        default: if (m_cpl_ready) state_q <= IDLE;
      endcase

      if (want_q.find && s_find_valid) found_q <= s_found;
      if (state_q == SEARCH && want_q.tw && s_tw_valid) tw_found_q <= s_tw_found;
      if (want_q.listener && s_lst_done) lst_ok_q <= s_lst_ok;
    end

    if (s_find_valid) begin
      found_flow_q <= idx_t'(s_found_flow);
      found_gen_q <= s_found_gen;
    end
    if (s_tw_valid) tw_q <= s_tw;
    if (s_lst_done) begin
      lst_overflow_q <= s_lst_overflow;
      lst_duplicate_q <= s_lst_duplicate;
      lst_index_q <= s_lst_index;
      lst_gen_q <= s_lst_gen;
      lst_tag_q <= s_lst_tag;
    end
    if (s_isn_valid) isn_q <= s_isn;
    if (s_isn_valid) offset_q <= s_offset[13:0];
  end

  // ------------------------------------------------------------------------ insert and birth
  // The generation is read when the job starts; the head of the free slots does not change until
  // the job takes it.
  assign gen_re = start_seg || start_cmd;
  assign m_ins_valid = state_q == INSERT;
  assign m_ins_key = key_q;
  assign m_ins_flow = flow_t'(free_idx);
  assign m_ins_gen = free_gen;
  assign m_born_valid = state_q == BORN;
  assign m_born_index = lst_index_q;

  birth_t birth;
  assign birth = '{key: key_q, isn: isn_q, passive: !is_cmd_q, listener: lst_index_q,
                   listener_gen: lst_gen_q, tag: is_cmd_q ? s_cmd.arg0 : lst_tag_q};

  assign free_take = (state_q == SEGMENT && birth_q && m_seg_ready)
      || (state_q == COMMAND && m_cmd_ready);

  // ------------------------------------------------------------------------ to the lane
  logic direct;
  assign direct = ev_valid && hit_valid && ev_good && hit;
  assign m_seg_valid = direct || state_q == SEGMENT;
  assign ev_pop = ev_valid && hit_valid
      && (!ev_good || (m_seg_valid && m_seg_ready) || state_q == POP);

  always_comb begin
    m_seg = '0;
    if (m_seg_valid) begin
      m_seg.seg = ev;
      if (direct) begin
        m_seg.flow = flow_t'(hit_flow);
        m_seg.gen = hit_gen;
      end else begin
        m_seg.drop = lost_q;
        m_seg.birth = birth_q;
        m_seg.flow = birth_q ? flow_t'(free_idx) : flow_t'(found_flow_q);
        m_seg.gen = birth_q ? free_gen : found_gen_q;
        m_seg.info = birth;
      end
    end
  end

  assign m_cmd_valid = state_q == COMMAND || state_q == PASS;
  assign s_cmd_ready = (m_cmd_valid && m_cmd_ready) || (state_q == COMPLETE && m_cpl_ready);

  always_comb begin
    m_cmd = '0;
    if (m_cmd_valid) begin
      m_cmd.cmd = s_cmd;
      if (state_q == COMMAND) begin
        m_cmd.birth = 1'b1;
        m_cmd.cmd.flow = flow_t'(free_idx);
        m_cmd.cmd.gen = free_gen;
        m_cmd.cmd.key = key_q;
        m_cmd.info = birth;
      end
    end
  end

  assign m_reply_valid = state_q == REPLY;
  assign m_reply = reply_q;
  assign m_cpl_valid = state_q == COMPLETE;

  always_comb begin
    m_cpl = '0;
    if (m_cpl_valid) begin
      m_cpl.cookie = s_cmd.cookie;
      m_cpl.rc = rc_q;
      m_cpl.flow = s_cmd.flow;
      m_cpl.gen = s_cmd.gen;
      if (s_cmd.op == CMD_LISTEN && rc_q == RC_OK) begin
        m_cpl.flow = 16'(lst_index_q);
        m_cpl.gen = 8'(lst_gen_q);
      end
    end
  end

  // ------------------------------------------------------------------------ counters
  always_comb begin
    cnt = '0;
    if (state_q == DECIDE && !is_cmd_q && !found_q) begin
      cnt[CNT_NO_FLOW] = !(peer_ok && want_listener) && !tw_found_q;
      cnt[CNT_LISTEN_OVERFLOW] = peer_ok && want_listener && lst_overflow_q;
      cnt[CNT_NO_SLOT] = peer_ok && want_listener && !lst_overflow_q && !slot_q;
    end
    if (start_cmd && s_cmd.op == CMD_OPEN) cnt[CNT_NO_SLOT] = !open_bad && !free_valid;
    if (state_q == INSERTED && s_ins_done) cnt[CNT_TABLE_FULL] = !s_ins_ok;
    if (state_q == REPLY && m_reply_ready) cnt[CNT_RESETS_OUT] = reply_q.flags.rst;
    if (state_q == SEGMENT && m_seg_ready) cnt[CNT_TIME_WAIT_REOPENED] = birth_q && reopen_q;
  end

  assign busy = !ready || state_q != IDLE || ev_valid || s_cmd_valid;

  `TL_ASSERT_STABLE(a_seg_stable, m_seg_valid, m_seg_ready, m_seg)
  `TL_ASSERT_STABLE(a_cmd_stable, m_cmd_valid, m_cmd_ready, m_cmd)
  `TL_ASSERT(a_segment_waits, state_q != SEGMENT || (ev_valid && hit_valid && !hit))
  `TL_ASSERT(a_drop_has_payload, !(m_seg_valid && m_seg.drop) || m_seg.seg.len != '0)

  logic unused;
  assign unused = ^{s_hit_flow, s_free_flow, s_life.flow, s_found_flow, s_offset, free_count, tw_q,
                    hit_count, cfg, 1'b0};

endmodule

`default_nettype wire
