// tl_time_wait: connections in TIME-WAIT, without a TCB. Entries hang in hash chains for the search and
// in one list in order of expiry, so that the first of the list is the next to expire and, when
// the table is full, the oldest of the whole table, which gives way. A restarted entry moves to
// the end of the list. Expiry therefore looks at one entry and never sweeps.
//
// Latency: find: 2 cycles when the chain is empty, one more per entry looked at; restart and remove 2
//   more.
// Throughput: one operation at a time.
// Hazard: inserts wait in a FIFO of 8 (`tw_room`: 4 places or more) and go before finds, so a find
//   sees every insert that was noticed before it. The list is in order of expiry as long as
//   `time_wait_us` does not change. After reset a walker clears the table for `Entries` cycles.
// Reference: RFC 9293 3.10.7.4 and 3.6.1, RFC 1337, RFC 6191.
`default_nettype none
`include "tl_assert.svh"

module tl_time_wait
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcp_hash_pkg::*;
#(
    parameter int unsigned Entries = 256
) (
    input  wire logic         clk,
    input  wire logic         rst,
    input  wire logic [127:0] hash_key,
    input  wire logic [31:0]  time_wait_us,
    input  wire now_t         now_us,

    input  wire logic         s_tw_valid,
    input  wire tw_t          s_tw,
    output logic              tw_room,

    // Find an entry; `s_restart` also starts its 2 MSL anew, `s_remove` takes it out.
    input  wire logic         s_find_valid,
    output logic              s_find_ready,
    input  wire key_t         s_find_key,
    input  wire logic         s_restart,
    input  wire logic         s_remove,
    output logic              m_find_valid,
    output logic              m_found,
    output tw_t               m_found_tw,

    output logic              next_deadline_valid,
    output now_t              next_deadline,
    output logic              busy,
    output logic              cleared,
    output logic              m_recycled  // pulse: the oldest gave way to a new entry
);
  localparam int unsigned PtrW = $clog2(Entries);
  localparam int unsigned CountW = $clog2(Entries + 1);
  localparam int unsigned Places = 8;
  typedef logic [PtrW-1:0] ptr_t;

  if (Entries < 4 || (Entries & (Entries - 1)) != 0 || Entries > 65536)
    $error("tl_time_wait: Entries must be a power of two from 4 to 65536");

  typedef struct packed {
    tw_t   tw;
    usec_t expiry;
  } entry_t;

  typedef struct packed {
    logic valid;
    ptr_t ptr;
  } link_t;

  typedef enum logic [3:0] {
    CLEAR,
    IDLE,
    OLDEST,   // the first entry of the list is being read
    HEAD,     // first of the chain
    COMPARE,
    REORDER,  // out of the list and back at its end
    UNLINK,   // out of chain and list
    FREE,
    ALLOC,
    WRITE,
    ANSWER
  } state_e;

  typedef enum logic [2:0] {
    OP_FIND,
    OP_RESTART,
    OP_REMOVE,
    OP_EXPIRE,  // oldest, its time is over
    OP_EVICT,   // oldest, its place is needed
    OP_INSERT
  } op_e;

  state_e state_q;
  op_e op_q;
  key_t key_q;
  ptr_t hash_q, cur_q, clear_idx_q;
  link_t prev_q;       // in front of `cur_q` in its chain; none: the chain's head
  logic found_q;
  ptr_t oldest_q, newest_q, free_q;
  logic [CountW-1:0] count_q;
  logic known_q;       // `expiry_q` is the oldest entry's
  usec_t expiry_q;
  usec_t now;

  assign now = now_us[35:0];

  // ------------------------------------------------------------------------ inserts wait here
  logic in_valid, in_ready, in_take;
  tw_t in;
  logic [$clog2(Places + 1)-1:0] in_count;

  tl_fifo #(
      .Width($bits(tw_t)),
      .Depth(Places)
  ) i_inserts (
      .clk,
      .rst,
      .s_valid(s_tw_valid),
      .s_ready(in_ready),
      .s_data(s_tw),
      .m_valid(in_valid),
      .m_ready(in_take),
      .m_data(in),
      .count(in_count)
  );
  assign tw_room = in_count <= ($clog2(Places + 1))'(Places - 4);
  `TL_ASSERT(a_insert_fits, !s_tw_valid || in_ready)

  // ------------------------------------------------------------------------ memories
  // head: chains; chain: next in the chain; after, before: neighbours in the list (`after` also links
  // the free entries).
  link_t head_mem[Entries];
  link_t chain_mem[Entries];
  ptr_t after_mem[Entries];
  ptr_t before_mem[Entries];

  entry_t entry;
  logic entry_we, entry_re;
  ptr_t entry_raddr;
  entry_t entry_wdata;

  tl_ram_1r1w #(
      .Width($bits(entry_t)),
      .Depth(Entries)
  ) i_entries (
      .clk,
      .we(entry_we),
      .waddr(cur_q),
      .wdata(entry_wdata),
      .re(entry_re),
      .raddr(entry_raddr),
      .rdata(entry)
  );

  link_t head, next;
  ptr_t older, newer;
  assign head = head_mem[hash_q];
  assign next = chain_mem[cur_q];
  assign newer = after_mem[cur_q];
  assign older = before_mem[cur_q];

  // ------------------------------------------------------------------------ control
  logic expired, accept, match, full, by_place;

  assign full = count_q == CountW'(Entries);
  assign expired = known_q && usec_reached(expiry_q, now);
  assign s_find_ready = state_q == IDLE && !in_valid && !s_tw_valid;
  assign accept = s_find_valid && s_find_ready;
  assign by_place = op_q == OP_EXPIRE || op_q == OP_EVICT;
  assign match = by_place ? cur_q == oldest_q : entry.tw.key == key_q;
  assign in_take = state_q == WRITE && op_q == OP_INSERT;

  key_t hash_in;
  logic hash_en;

  always_comb begin
    hash_en = 1'b0;
    hash_in = s_find_key;
    if (state_q == IDLE) begin
      hash_en = in_valid || accept;
      if (in_valid) hash_in = in.key;
    end else if (state_q == OLDEST) begin
      hash_en = 1'b1;
      hash_in = entry.tw.key;
    end
  end

  always_comb begin
    entry_re = 1'b0;
    entry_raddr = cur_q;
    unique case (state_q)
      IDLE:
      if (count_q != '0 && (!known_q || expired || (in_valid && full))) begin
        entry_re = 1'b1;
        entry_raddr = oldest_q;
      end
      HEAD: begin
        entry_re = head.valid;
        entry_raddr = head.ptr;
      end
      COMPARE: begin
        entry_re = !match && next.valid;
        entry_raddr = next.ptr;
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= CLEAR;
      clear_idx_q <= '0;
      count_q <= '0;
      known_q <= 1'b0;
    end else begin
      unique case (state_q)
        CLEAR: begin
          clear_idx_q <= clear_idx_q + ptr_t'(1);
          if (clear_idx_q == ptr_t'(Entries - 1)) state_q <= IDLE;
        end
        IDLE:
        if (in_valid && !full) begin
          state_q <= ALLOC;
          op_q <= OP_INSERT;
        end else if (in_valid) begin
          state_q <= OLDEST;
          op_q <= OP_EVICT;
        end else if (accept) begin
          state_q <= HEAD;
          op_q <= s_remove ? OP_REMOVE : s_restart ? OP_RESTART : OP_FIND;
        end else if (expired) begin
          state_q <= OLDEST;
          op_q <= OP_EXPIRE;
        end else if (count_q != '0 && !known_q) begin
          state_q <= OLDEST;
          op_q <= OP_FIND;
        end
        OLDEST:
        if (by_place) begin
          state_q <= HEAD;
        end else begin
          state_q <= IDLE;
          known_q <= 1'b1;
        end
        HEAD: state_q <= head.valid ? COMPARE : ANSWER;
        COMPARE:
        if (match) begin
          unique case (op_q)
            OP_FIND: state_q <= ANSWER;
            OP_RESTART: state_q <= REORDER;
            default: state_q <= UNLINK;
          endcase
        end else if (!next.valid) begin
          state_q <= ANSWER;
        end
        REORDER: state_q <= WRITE;
        UNLINK: begin
          state_q <= FREE;
          count_q <= count_q - CountW'(1);
        end
        FREE: state_q <= op_q == OP_REMOVE ? ANSWER : IDLE;
        ALLOC: begin
          state_q <= WRITE;
          count_q <= count_q + CountW'(1);
        end
        WRITE: state_q <= op_q == OP_INSERT ? IDLE : ANSWER;
        default: state_q <= IDLE;
      endcase
      if ((state_q == REORDER || state_q == UNLINK) && cur_q == oldest_q) known_q <= 1'b0;
    end
  end

  // ------------------------------------------------------------------------ registers
  always_ff @(posedge clk) begin
    if (hash_en) hash_q <= ptr_t'(toeplitz(hash_in, hash_key));
    unique case (state_q)
      CLEAR: free_q <= '0;
      IDLE: begin
        if (accept) key_q <= s_find_key;
        found_q <= 1'b0;
        cur_q <= free_q;
      end
      OLDEST: if (!by_place) expiry_q <= entry.expiry;
      HEAD: begin
        cur_q <= head.ptr;
        prev_q <= '0;
      end
      COMPARE: begin
        found_q <= match;
        if (!match) begin
          prev_q <= '{valid: 1'b1, ptr: cur_q};
          cur_q <= next.ptr;
        end
      end
      REORDER, UNLINK: begin
        if (cur_q == oldest_q) oldest_q <= newer;
        if (cur_q == newest_q) newest_q <= older;
      end
      FREE: free_q <= cur_q;
      ALLOC: free_q <= newer;
      WRITE: begin
        newest_q <= cur_q;
        // The list was empty, or held only this entry.
        if (count_q == CountW'(1)) oldest_q <= cur_q;
      end
      default: ;
    endcase
  end

  // ------------------------------------------------------------------------ memory writes
  logic head_we, chain_we, after_we, before_we;
  ptr_t head_idx, chain_idx, after_idx, before_idx;
  link_t head_d, chain_d;
  ptr_t after_d, before_d;

  always_comb begin
    head_we = 1'b0;
    head_idx = hash_q;
    head_d = next;
    chain_we = 1'b0;
    chain_idx = prev_q.ptr;
    chain_d = next;
    after_we = 1'b0;
    after_idx = older;
    after_d = newer;
    before_we = 1'b0;
    before_idx = newer;
    before_d = older;
    entry_we = 1'b0;
    entry_wdata.tw = op_q == OP_INSERT ? in : entry.tw;
    entry_wdata.expiry = now + usec_t'(time_wait_us);
    unique case (state_q)
      CLEAR: begin
        head_we = 1'b1;
        head_idx = clear_idx_q;
        head_d = '0;
        after_we = 1'b1;
        after_idx = clear_idx_q;
        after_d = clear_idx_q + ptr_t'(1);
      end
      REORDER, UNLINK: begin
        head_we = state_q == UNLINK && !prev_q.valid;
        chain_we = state_q == UNLINK && prev_q.valid;
        after_we = cur_q != oldest_q;
        before_we = cur_q != newest_q;
      end
      FREE: begin
        after_we = 1'b1;
        after_idx = cur_q;
        after_d = free_q;
      end
      WRITE: begin
        entry_we = 1'b1;
        head_we = op_q == OP_INSERT;
        head_d = '{valid: 1'b1, ptr: cur_q};
        chain_we = op_q == OP_INSERT;
        chain_idx = cur_q;
        chain_d = head;
        after_we = count_q != CountW'(1);
        after_idx = newest_q;
        after_d = cur_q;
        before_we = 1'b1;
        before_idx = cur_q;
        before_d = newest_q;
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk) begin
    if (head_we) head_mem[head_idx] <= head_d;
    if (chain_we) chain_mem[chain_idx] <= chain_d;
    if (after_we) after_mem[after_idx] <= after_d;
    if (before_we) before_mem[before_idx] <= before_d;
  end

  // ------------------------------------------------------------------------ outputs
  assign m_find_valid = state_q == ANSWER;
  assign m_found = found_q;
  assign m_found_tw = entry.tw;
  assign m_recycled = state_q == UNLINK && op_q == OP_EVICT;
  assign cleared = state_q != CLEAR;
  assign busy = state_q != IDLE || in_valid || expired || (count_q != '0 && !known_q);

  usec_t ahead;
  assign ahead = expiry_q - now;
  assign next_deadline_valid = known_q;
  assign next_deadline = now_us + {{28{ahead[35]}}, ahead};

  `TL_ASSERT(a_oldest_is_found,
             !(state_q == ANSWER && (op_q == OP_EXPIRE || op_q == OP_EVICT)))

endmodule

`default_nettype wire
