// tl_tx_fetch: brings what the host wants to send into the transmit store: fetches
// [fetched, min(tail, limit)) of a flow's ring in host memory by AXI reads, or takes a pushed line.
//
// Flows with something to fetch wait in a set; each turn issues one burst and goes to the back of
// the queue. A burst ends at the next multiple of MaxBurst, which covers page and ring ends. Every
// burst has a slot, its AXI id; reads may complete in any order and interleave, and slots are appended
// in the order of their issue, each only when it is complete and every response was good.
// A pushed line is used only exactly at the tail and with no fetch of its flow pending, so the
// stream's order is the order of appends.
//
// Latency: tail or space notice -> `m_axi_arvalid` 4 cycles; line taken -> `m_app_valid` 3 cycles; last
//   word of a burst -> `m_app_valid` 1 cycle; header taken -> first word 1 cycle.
// Throughput: one burst issued every 3 cycles; one word a cycle to the store, 1 cycle more a burst.
// Hazard: a life notice makes the slots of its flow stale: they are dropped when they complete. A line
//   or burst already offered to the store carries its old generation, and the store drops it.
`default_nettype none
`include "tl_assert.svh"

module tl_tx_fetch
  import tautline_pkg::*;
  import tl_pcie_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned MaxBurst = 512,
    parameter int unsigned Slots = 16
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             stop,
    input  wire logic [63:0]      tx_base,
    input  wire logic [4:0]       tx_log2,
    input  wire logic             s_life_valid,
    input  wire life_t            s_life,
    input  wire logic             s_tail_valid,   // notice, never together with a life notice
    input  wire flow_pos_t        s_tail,
    input  wire logic             s_space_valid,  // notice
    input  wire flow_pos_t        s_space,
    input  wire logic             s_line_valid,
    output logic                  s_line_ready,
    input  wire push_t            s_line,
    input  wire logic             s_line_lost,  // notice: a line that did not arrive whole
    output logic                  m_fetched_valid,  // notice, never together with a life notice
    output flow_pos_t             m_fetched,
    output logic [3:0]            m_axi_arid,
    output logic [63:0]           m_axi_araddr,
    output logic [7:0]            m_axi_arlen,
    output logic [2:0]            m_axi_arsize,
    output logic [1:0]            m_axi_arburst,
    output logic                  m_axi_arvalid,
    input  wire logic             m_axi_arready,
    input  wire logic [3:0]       m_axi_rid,
    input  wire logic [DataW-1:0] m_axi_rdata,
    input  wire logic [1:0]       m_axi_rresp,
    input  wire logic             m_axi_rlast,
    input  wire logic             m_axi_rvalid,
    output logic                  m_axi_rready,
    output logic                  m_app_valid,
    input  wire logic             m_app_ready,
    output range_t                m_app,
    output logic                  m_app_data_valid,
    input  wire logic             m_app_data_ready,
    output logic [DataW-1:0]      m_app_data,
    output logic                  m_error_valid,
    output logic [63:0]           m_error_address,
    output logic                  cnt_push_used,
    output logic                  cnt_push_unused,
    output logic                  quiet,  // no read outstanding
    output logic                  busy
);
  localparam int unsigned Bytes = DataW / 8;
  localparam int unsigned LaneW = $clog2(Bytes);
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned SlotW = $clog2(Slots);
  localparam int unsigned SlotBeats = MaxBurst / Bytes;
  localparam int unsigned BeatW = $clog2(SlotBeats) > 0 ? $clog2(SlotBeats) : 1;
  localparam int unsigned BurstLog2 = $clog2(MaxBurst);
  localparam int unsigned PlaceW = $bits(place_t);
  typedef logic [FlowW-1:0] idx_t;
  typedef logic [SlotW-1:0] slot_t;
  typedef logic [BeatW-1:0] beat_t;

  if (MaxBurst != 1 << BurstLog2 || MaxBurst > 4096 || MaxBurst > 256 * Bytes || MaxBurst < 2 * Bytes)
  begin : g_bad_burst
    $error("MaxBurst must be a power of two from two words to 4096 bytes and at most 256 words");
  end
  if (Slots < 2 || Slots > 16 || Slots != 1 << SlotW) begin : g_bad_slots
    $error("Slots must be a power of two from 2 to 16: a slot is an AXI id of 4 bits");
  end

  // ------------------------------------------------------------------------------ what is known
  logic pick, commit;
  flow_t pick_flow;
  place_t tail, limit, fetched, life_place;
  pos_t next_fetched;
  logic space_valid, space_room, space_write;
  flow_pos_t space;
  logic [2:0] space_count;

  typedef enum logic [1:0] {
    OP_PICK,
    OP_CHECK,
    OP_COMMIT
  } op_e;
  op_e op_q;
  logic op_push_q;
  flow_t op_flow_q;

  assign life_place = '{gen: s_life.gen, pos: '0};

  // The store may tell of space while a life notice has the write port.
  tl_fifo #(
      .Width($bits(flow_pos_t)),
      .Depth(4)
  ) u_space (
      .clk,
      .rst,
      .s_valid(s_space_valid),
      .s_ready(space_room),
      .s_data(s_space),
      .m_valid(space_valid),
      .m_ready(space_write),
      .m_data(space),
      .count(space_count)
  );
  `TL_ASSERT(a_space_room, !s_space_valid || space_room)
  assign space_write = space_valid && !s_life_valid;

  tl_ram_1r1w #(
      .Width(PlaceW),
      .Depth(Flows)
  ) u_tail_ram (
      .clk,
      .we(s_life_valid || s_tail_valid),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(s_tail.flow)),
      .wdata(s_life_valid ? life_place : {s_tail.gen, s_tail.pos}),
      .re(pick),
      .raddr(idx_t'(pick_flow)),
      .rdata(tail)
  );

  // Space of an older life that comes late leaves its generation here and gives nothing.
  tl_ram_1r1w #(
      .Width(PlaceW),
      .Depth(Flows)
  ) u_limit_ram (
      .clk,
      .we(s_life_valid || space_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(space.flow)),
      .wdata(s_life_valid ? life_place : {space.gen, space.pos}),
      .re(pick),
      .raddr(idx_t'(pick_flow)),
      .rdata(limit)
  );

  tl_ram_1r1w #(
      .Width(PlaceW),
      .Depth(Flows)
  ) u_fetched_ram (
      .clk,
      .we(s_life_valid || commit),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(op_flow_q)),
      .wdata(s_life_valid ? life_place : {fetched.gen, next_fetched}),
      .re(pick),
      .raddr(idx_t'(pick_flow)),
      .rdata(fetched)
  );

  // ------------------------------------------------------------------------------ work
  logic work_valid, work_ready, work_empty, again;
  flow_t work_flow;

  tl_flow_set #(
      .Flows(Flows),
      .Sets(3)
  ) u_work (
      .clk,
      .rst,
      .s_set_valid({again, space_write, s_tail_valid}),
      .s_set_flow({op_flow_q, space.flow, s_tail.flow}),
      .m_valid(work_valid),
      .m_ready(work_ready),
      .m_flow(work_flow),
      .empty(work_empty)
  );

  // ------------------------------------------------------------------------------ slots
  logic [Slots-1:0] used_q, done_q, stale_q, mine;
  flow_t slot_flow_q[Slots];
  range_t slot_range[Slots];
  beat_t beat_q[Slots];
  slot_t head_q, next_q;
  logic slot_free, alloc, retire;
  beat_t slot_last[Slots];
  logic [63:0] slot_address[Slots];

  assign slot_free = !used_q[next_q];

  // Slots of the picked flow that will still be appended: nothing may overtake them.
  for (genvar i = 0; i < int'(Slots); i++) begin : g_mine
    assign mine[i] = used_q[i] && !stale_q[i] && slot_flow_q[i] == op_flow_q;
  end

  // ------------------------------------------------------------------------------ issue
  logic push_valid_q;  // a line on its way to the store
  push_t push_q;
  logic take_line, take_work, killed;

  assign take_line = op_q == OP_PICK && !s_life_valid && s_line_valid && (!push_valid_q || stop);
  assign take_work = op_q == OP_PICK && !s_life_valid && work_valid && !take_line &&
                     (stop || (slot_free && (!m_axi_arvalid || m_axi_arready)));
  assign s_line_ready = take_line;
  assign work_ready = take_work;
  assign pick = (take_line || take_work) && !stop;
  assign pick_flow = take_line ? s_line.flow : work_flow;

  logic line_ok_q, more_q;
  push_t line_q;
  logic [BurstLog2:0] len_q;
  logic limit_known, line_ok, more;
  pos_t bound, avail;
  logic [BurstLog2:0] to_end, len;

  always_comb begin
    limit_known = 1'b0;
    bound = '0;
    avail = '0;
    to_end = '0;
    len = '0;
    more = 1'b0;
    line_ok = 1'b0;
    if (op_q == OP_CHECK) begin
      limit_known = limit.gen == fetched.gen;
      bound = seq_min(tail.pos, limit.pos);
      avail = limit_known && seq_gt(bound, fetched.pos) ? bound - fetched.pos : '0;
      to_end = (BurstLog2 + 1)'(MaxBurst) - (BurstLog2 + 1)'(fetched.pos[BurstLog2-1:0]);
      more = avail > 32'(to_end);
      len = more ? to_end : avail[BurstLog2:0];
      line_ok = line_q.gen == fetched.gen && line_q.pos == fetched.pos &&
                seq_leq(tail.pos, fetched.pos) && limit_known &&
                seq_leq(fetched.pos + 32'(line_q.len), limit.pos) && mine == '0;
    end
  end

  assign killed = s_life_valid && s_life.flow == op_flow_q;
  // The tables' write ports are the life notice's in its cycle.
  assign commit = op_q == OP_COMMIT && !s_life_valid && !stop && (op_push_q ? line_ok_q : len_q != '0);
  assign alloc = commit && !op_push_q;
  assign again = alloc && more_q;
  assign next_fetched = fetched.pos + (op_push_q ? 32'(line_q.len) : 32'(len_q));
  assign m_fetched_valid = commit;
  assign m_fetched = '{flow: op_flow_q, gen: fetched.gen, pos: next_fetched};

  // A line may be lost at the window in the cycle in which one is refused here: both are counted.
  logic leave, line_unused;
  logic [1:0] unused_q;
  assign leave = killed || !s_life_valid || stop;
  assign line_unused = (take_line && stop) || (op_push_q && ((op_q == OP_CHECK && killed) ||
                                                            (op_q == OP_COMMIT && leave && !commit)));
  assign cnt_push_unused = unused_q != '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      op_q <= OP_PICK;
      cnt_push_used <= 1'b0;
      unused_q <= '0;
    end else begin
      cnt_push_used <= commit && op_push_q;
      unused_q <= unused_q + 2'(line_unused) + 2'(s_line_lost) - 2'(cnt_push_unused);
      case (op_q)
        OP_PICK: if (pick) op_q <= OP_CHECK;
        OP_CHECK: begin
          op_q <= killed ? OP_PICK : OP_COMMIT;
        end
        default: if (leave) op_q <= OP_PICK;
      endcase
    end
    if (pick) begin
      op_push_q <= take_line;
      op_flow_q <= pick_flow;
      line_q <= s_line;
    end
    if (op_q == OP_CHECK) begin
      line_ok_q <= line_ok;
      len_q <= len;
      more_q <= more;
    end
  end

  // ------------------------------------------------------------------------------ read requests
  function automatic logic [8:0] beats(input logic [LaneW-1:0] lane,
                                       input logic [BurstLog2:0] n);
    logic [BurstLog2+1:0] span;
    span = (BurstLog2 + 2)'(lane) + (BurstLog2 + 2)'(n) + (BurstLog2 + 2)'(Bytes - 1);
    return 9'(span >> LaneW);
  endfunction

  logic [63:0] address;
  logic [8:0] burst_beats;

  always_comb begin
    address = '0;
    burst_beats = '0;
    if (alloc) begin
      address = ring_address(tx_base, op_flow_q, tx_log2, fetched.pos);
      address[LaneW-1:0] = '0;
      burst_beats = beats(fetched.pos[LaneW-1:0], len_q) - 9'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) m_axi_arvalid <= 1'b0;
    else if (alloc) m_axi_arvalid <= 1'b1;
    else if (m_axi_arready) m_axi_arvalid <= 1'b0;
    if (alloc) begin
      m_axi_arid <= 4'(next_q);
      m_axi_araddr <= address;
      m_axi_arlen <= burst_beats[7:0];
      slot_range[next_q] <= '{flow: op_flow_q, gen: fetched.gen, pos: fetched.pos, len: 16'(len_q),
                              delivered: '0, more: more_q};
      slot_last[next_q] <= beat_t'(burst_beats);
      slot_address[next_q] <= address;
    end
  end
  assign m_axi_arsize = 3'(LaneW);
  assign m_axi_arburst = 2'b01;

  // ------------------------------------------------------------------------------ read data
  slot_t rid;
  logic wrong, last_beat;

  assign rid = slot_t'(m_axi_rid);
  assign m_axi_rready = 1'b1;  // a slot has room for its whole burst

  always_comb begin
    wrong = 1'b0;
    last_beat = 1'b0;
    if (m_axi_rvalid) begin
      last_beat = beat_q[rid] == slot_last[rid];
      wrong = m_axi_rresp != 2'b00 || last_beat != m_axi_rlast;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      used_q <= '0;
      done_q <= '0;
      stale_q <= '0;
      head_q <= '0;
      next_q <= '0;
      for (int i = 0; i < int'(Slots); i++) beat_q[i] <= '0;
    end else begin
      if (s_life_valid)
        for (int i = 0; i < int'(Slots); i++)
          if (slot_flow_q[i] == s_life.flow) stale_q[i] <= 1'b1;
      if (m_axi_rvalid) begin
        beat_q[rid] <= m_axi_rlast ? '0 : beat_q[rid] + beat_t'(1);
        if (m_axi_rlast) done_q[rid] <= 1'b1;
        if (wrong) stale_q[rid] <= 1'b1;
      end
      if (alloc) begin
        used_q[next_q] <= 1'b1;
        done_q[next_q] <= 1'b0;
        stale_q[next_q] <= 1'b0;
        next_q <= next_q + slot_t'(1);
      end
      if (retire) begin
        used_q[head_q] <= 1'b0;
        done_q[head_q] <= 1'b0;
        head_q <= head_q + slot_t'(1);
      end
    end
    if (alloc) slot_flow_q[next_q] <= op_flow_q;
  end

  always_ff @(posedge clk) begin
    if (rst) m_error_valid <= 1'b0;
    else m_error_valid <= wrong;
    if (wrong) m_error_address <= slot_address[rid];
  end

  // ------------------------------------------------------------------------------ append
  typedef enum logic [1:0] {
    APP_IDLE,
    APP_LINE,
    APP_SLOT
  } app_e;
  app_e app_q;
  logic head_done, head_drop, offer_line, offer_slot, turn_line_q, held_q;
  logic word_taken, last_word, word_valid_q, prefetch;
  range_t head_range;
  logic [8:0] word_q, words_q;  // index of the word that is offered, index of the last
  logic [DataW-1:0] slot_word, line_word;
  beat_t read_beat;

  assign head_done = used_q[head_q] && done_q[head_q];
  assign head_drop = head_done && (stale_q[head_q] || stop) && !held_q && app_q == APP_IDLE;
  assign head_range = slot_range[head_q];

  // Turns, unless the slot is the line's own flow: that fetch was issued after the line.
  assign offer_line = push_valid_q && !(held_q && !turn_line_q) &&
                      (turn_line_q || !head_done || stale_q[head_q] ||
                       slot_flow_q[head_q] == push_q.flow);
  assign offer_slot = head_done && !head_drop && !offer_line;

  assign m_app_valid = app_q == APP_IDLE && (offer_line || offer_slot);
  always_comb begin
    m_app = head_range;
    if (offer_line)
      m_app = '{flow: push_q.flow, gen: push_q.gen, pos: push_q.pos, len: 16'(push_q.len),
                delivered: '0, more: 1'b0};
  end

  assign word_taken = m_app_data_valid && m_app_data_ready;
  assign last_word = word_q == words_q;
  assign retire = head_drop || (app_q == APP_SLOT && word_taken && last_word);

  always_ff @(posedge clk) begin
    if (rst) begin
      app_q <= APP_IDLE;
      turn_line_q <= 1'b1;
      held_q <= 1'b0;
      push_valid_q <= 1'b0;
      word_valid_q <= 1'b0;
    end else begin
      held_q <= m_app_valid && !m_app_ready;
      if (commit && op_push_q) push_valid_q <= 1'b1;
      else if (app_q == APP_LINE && word_taken && last_word) push_valid_q <= 1'b0;
      if (m_app_valid) turn_line_q <= offer_line;
      if (app_q == APP_IDLE) begin
        if (m_app_valid && m_app_ready) begin
          app_q <= offer_line ? APP_LINE : APP_SLOT;
          word_valid_q <= 1'b1;
          turn_line_q <= !offer_line;
        end
      end else if (word_taken && last_word) begin
        app_q <= APP_IDLE;
        word_valid_q <= 1'b0;
      end
    end
    if (app_q == APP_IDLE) begin
      word_q <= '0;
      words_q <= beats(m_app.pos[LaneW-1:0], m_app.len[BurstLog2:0]) - 9'd1;
    end else if (word_taken) begin
      word_q <= word_q + 9'd1;
    end
    if (commit && op_push_q) push_q <= line_q;
  end

  // The word after the one that is taken is read ahead.
  assign prefetch = app_q == APP_IDLE ? m_app_valid : word_taken;
  assign read_beat = app_q == APP_IDLE ? '0 : beat_t'(word_q + 9'd1);

  tl_ram_1r1w #(
      .Width(DataW),
      .Depth(Slots * SlotBeats)
  ) u_buffer (
      .clk,
      .we(m_axi_rvalid),
      .waddr({rid, beat_q[rid]}),
      .wdata(m_axi_rdata),
      .re(prefetch),
      .raddr({head_q, read_beat}),
      .rdata(slot_word)
  );

  // Line bytes are contiguous from 16 + pos % 8: whole groups of 8 bytes move, none is shifted.
  if (DataW == 64) begin : g_line_64
    assign line_word = push_q.line[64*3'(word_q[2:0]+3'd2)+:64];
  end else begin : g_line_wide
    localparam int unsigned Groups = DataW / 64;
    always_comb begin
      line_word = '0;
      if (app_q == APP_LINE)
        for (int unsigned g = 0; g < Groups; g++)
          line_word[64*g+:64] = push_q.line[64*3'(
              3'd2-3'(push_q.pos[LaneW-1:3])+3'(word_q*9'(Groups))+3'(g))+:64];
    end
  end

  assign m_app_data_valid = word_valid_q;
  assign m_app_data = app_q == APP_LINE ? line_word : slot_word;

  assign quiet = (used_q & ~done_q) == '0 && !m_axi_arvalid;
  assign busy = !work_empty || op_q != OP_PICK || used_q != '0 || push_valid_q || space_valid ||
                m_error_valid;

  `TL_ASSERT_STABLE(a_ar_stable, m_axi_arvalid, m_axi_arready, {m_axi_arid, m_axi_araddr, m_axi_arlen})
  `TL_ASSERT_STABLE(a_app_stable, m_app_valid, m_app_ready, m_app)
  `TL_ASSERT_STABLE(a_data_stable, m_app_data_valid, m_app_data_ready, m_app_data)
  `TL_ASSERT(a_known_id, !m_axi_rvalid || (used_q[rid] && !done_q[rid]))

  logic unused;
  assign unused = ^{space_count, space_room, tail.gen, m_axi_rid, burst_beats[8], s_tail.flow,
                    space.flow};

endmodule

`default_nettype wire
