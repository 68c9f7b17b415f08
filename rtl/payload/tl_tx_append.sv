// tl_tx_append: the one pipeline through which payload enters the transmit rings; it carries each
// flow's running checksum from one append to the next and records it where a 16-byte block begins.
//
// Latency: last word taken -> its bytes and sums are written at the end of the next cycle ->
//   `m_tail_valid`: 2 cycles from the last word to the tail, of the last append of a write.
// Throughput: one word a cycle; one cycle more for each header.
// Hazard: an append whose generation is not the flow's is taken and dropped: no tail, no sum. A
//   life notice in the middle of an append does the same to it.
// Reference: RFC 1071.
`default_nettype none
`include "tl_assert.svh"

module tl_tx_append
  import tautline_pkg::*;
  import payload_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned PublishBytes = 4096,  // longest stretch of a write that stays untold
    localparam int unsigned Bytes = DataW / 8,
    localparam int unsigned RowBytes = Bytes > 16 ? Bytes : 16,
    localparam int unsigned Words = RowBytes / Bytes,
    localparam int unsigned Blocks = RowBytes / 16,
    localparam int unsigned AddrW = $clog2(Flows) + TxRingLog2 - $clog2(RowBytes)
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic              s_life_valid,
    input  wire life_t             s_life,
    input  wire logic              s_app_valid,
    output logic                   s_app_ready,
    input  wire range_t            s_app,
    input  wire logic              s_app_data_valid,
    output logic                   s_app_data_ready,
    input  wire logic [DataW-1:0]  s_app_data,
    output logic                   m_tail_valid,
    input  wire logic              m_tail_ready,
    output flow_pos_t              m_tail,
    // Write ports of the data banks and of the sums, one each per row address.
    output logic [Words-1:0]       data_we,
    output logic [Bytes-1:0]       data_be,
    output logic [DataW-1:0]       data_w,
    output logic [Blocks-1:0]      sum_we,
    output logic [Blocks-1:0][15:0] sum_w,
    output logic [AddrW-1:0]       waddr,
    output logic                   busy
);
  localparam int unsigned LaneW = $clog2(Bytes);
  localparam int unsigned PublishLog2 = $clog2(PublishBytes);
  localparam int unsigned RowLog2 = $clog2(RowBytes);
  localparam int unsigned FlowW = $clog2(Flows);
  // Bytes of one word that belong to one block: a narrow word lies in one block, a wide one in
  // many.
  localparam int unsigned Piece = Bytes > 16 ? 16 : Bytes;

  typedef struct packed {
    gen_t        gen;
    logic [15:0] sum;  // of stream bytes [0, tail)
  } state_t;

  // ------------------------------------------------------------------------------ header
  logic       active_q;  // words of the current append are still to come
  logic       fresh_q;   // first cycle of an append: its state is at the RAM's output
  logic       drop_q;
  logic       same_q;    // the state lies in `sum_q` already, written in the cycle of the read
  flow_t      flow_q;
  gen_t       gen_q;
  pos_t       pos_q;
  logic [15:0] left_q;
  logic        more_q;
  logic       life_pend_q;
  life_t      life_q;

  state_t            state;
  logic              state_we, write_back, stale, life_hit, publish;
  logic [FlowW-1:0]  state_waddr;
  state_t            state_wdata;
  logic              word_valid_q, word_last_q, word_go, word_lands;
  logic [15:0]       sum_q, sum_next;
  logic              take_header, take_word;

  assign s_app_ready = !active_q && !life_pend_q && (!word_valid_q || word_go);
  assign take_header = s_app_valid && s_app_ready;

  tl_ram_1r1w #(
      .Width($bits(state_t)),
      .Depth(Flows)
  ) u_state (
      .clk,
      .we(state_we),
      .waddr(state_waddr),
      .wdata(state_wdata),
      .re(take_header),
      .raddr(s_app.flow[FlowW-1:0]),
      .rdata(state)
  );

  // ------------------------------------------------------------------------------ words
  logic [LaneW:0]    first_lane, span;
  logic [Bytes-1:0]  lanes;
  logic              word_ends;
  logic [Blocks-1:0] starts;
  logic [Blocks-1:0][15:0] piece_sum;

  assign s_app_data_ready = active_q && (!word_valid_q || word_go);
  assign take_word = s_app_data_valid && s_app_data_ready;

  always_comb begin
    first_lane = '0;
    span = '0;
    lanes = '0;
    starts = '0;
    piece_sum = '0;
    word_ends = 1'b0;
    if (take_word) begin
      first_lane = {1'b0, pos_q[LaneW-1:0]};
      span = (LaneW + 1)'(Bytes) - first_lane;
      word_ends = left_q <= 16'(span);
      if (word_ends) span = left_q[LaneW:0];
      for (int unsigned i = 0; i < Bytes; i++) begin
        lanes[i] = (LaneW + 1)'(i) >= first_lane && (LaneW + 2)'(i) < first_lane + {1'b0, span};
      end
      for (int unsigned b = 0; b < Blocks; b++) begin
        piece_sum[b] = fold20({1'b0, block_sum(128'(s_app_data[8*Piece*b+:8*Piece]),
                                               16'(lanes[Piece*b+:Piece]))});
        starts[b] = lanes[Piece*b] && (Bytes >= 16 || pos_q[3:0] == 4'd0);
      end
    end
  end

  logic [DataW-1:0]        word_data_q;
  logic [Bytes-1:0]        word_lanes_q;
  logic [Blocks-1:0]       word_starts_q;
  logic [Blocks-1:0][15:0] word_sum_q;
  logic [AddrW-1:0]        word_addr_q;
  logic [Words-1:0]        word_bank_q;
  flow_pos_t               tail_d;

  // ------------------------------------------------------------------------------ running sum
  always_comb begin
    sum_next = sum_q;
    sum_w = '0;
    if (word_valid_q) begin
      for (int unsigned b = 0; b < Blocks; b++) begin
        sum_w[b] = sum_next;
        sum_next = ones_add(sum_next, word_sum_q[b]);
      end
    end
  end

  // The tail's register must be free when the last word lands.
  assign word_go = !(word_last_q && m_tail_valid && !m_tail_ready);
  assign data_we = {Words{word_lands}} & word_bank_q;
  assign word_lands = word_valid_q && word_go && !stale;
  assign data_be = word_lanes_q;
  assign data_w = word_data_q;
  assign sum_we = {Blocks{word_lands}} & word_starts_q;
  assign waddr = word_addr_q;

  assign life_hit = life_pend_q && life_q.flow == flow_q;
  assign stale = drop_q || life_hit;
  assign write_back = word_lands && word_last_q;
  // One write comes as several bursts; told burst by burst, it would leave in segments cut where bursts
  // end (SHLD-28). Where more follows at once, the tail is told every PublishBytes only.
  assign publish = write_back && !(more_q && pos_q[PublishLog2-1:0] != '0);

  // A write-back that meets a pending life of another flow goes first; there is at most one per
  // two cycles, and lives are at least four cycles apart.
  assign state_we = write_back || life_pend_q;
  assign state_waddr = write_back ? flow_q[FlowW-1:0] : life_q.flow[FlowW-1:0];
  assign state_wdata = write_back ? '{gen: gen_q, sum: sum_next} : '{gen: life_q.gen, sum: 16'd0};
  assign tail_d = '{flow: flow_q, gen: gen_q, pos: pos_q};
  assign busy = active_q || word_valid_q || m_tail_valid || life_pend_q || s_app_valid;

  always_ff @(posedge clk) begin
    if (rst) begin
      active_q <= 1'b0;
      fresh_q <= 1'b0;
      drop_q <= 1'b0;
      word_valid_q <= 1'b0;
      word_last_q <= 1'b0;
      m_tail_valid <= 1'b0;
      life_pend_q <= 1'b0;
    end else begin
      fresh_q <= take_header;
      if (take_header) active_q <= 1'b1;
      else if (take_word && word_ends) active_q <= 1'b0;

      if (take_header) drop_q <= 1'b0;
      else if (life_hit || (fresh_q && state.gen != gen_q)) drop_q <= 1'b1;

      if (take_word) word_last_q <= word_ends;
      else if (word_go) word_last_q <= 1'b0;
      if (take_word) word_valid_q <= 1'b1;
      else if (word_go) word_valid_q <= 1'b0;

      if (publish) m_tail_valid <= 1'b1;
      else if (m_tail_ready) m_tail_valid <= 1'b0;

      if (s_life_valid) life_pend_q <= 1'b1;
      else if (!write_back) life_pend_q <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (s_life_valid) life_q <= s_life;
    if (take_header) begin
      flow_q <= s_app.flow;
      gen_q <= s_app.gen;
      pos_q <= s_app.pos;
      left_q <= s_app.len;
      more_q <= s_app.more;
      same_q <= write_back && flow_q == s_app.flow;
    end
    if (take_word) begin
      pos_q <= pos_q + 32'(span);
      left_q <= left_q - 16'(span);
      word_data_q <= s_app_data;
      word_lanes_q <= lanes;
      word_starts_q <= starts;
      word_sum_q <= piece_sum;
      word_addr_q <= {flow_q[FlowW-1:0], pos_q[TxRingLog2-1:RowLog2]};
    end
    if (fresh_q && !same_q) sum_q <= state.sum;
    else if (word_valid_q && word_go) sum_q <= sum_next;
    if (publish) m_tail <= tail_d;
  end

  if (Words > 1) begin : g_banks
    always_ff @(posedge clk) begin
      if (take_word) word_bank_q <= Words'(1) << pos_q[RowLog2-1:LaneW];
    end
  end else begin : g_bank
    assign word_bank_q = 1'b1;
  end

  logic unused;
  assign unused = ^s_app.delivered;

  `TL_ASSERT(a_append_not_empty, !s_app_valid || s_app.len != 16'd0)
  `TL_ASSERT(a_lives_apart, !(s_life_valid && life_pend_q && write_back))
  `TL_ASSERT_STABLE(a_tail_stable, m_tail_valid, m_tail_ready, m_tail)

endmodule

`default_nettype wire
