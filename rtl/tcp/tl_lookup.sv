// tl_lookup: finds the flow of a connection key. 4 ways of `Flows` sets, placed by a keyed hash, and a
// stash of 16 for sets that are full. The full 4-tuple is always compared. An insert that finds no
// place fails; it never evicts.
//
// Latency: `s_key` -> `m_hit` exactly 3 cycles. Find, insert, delete: 3 once accepted.
// Throughput: one key a cycle; the other port one operation per 4 cycles, in the cycles without
//   a key.
// Hazard: a key that is looked up while its entry is being written may miss; the second port's find
//   sees every insert and delete that was accepted before it. After reset a walker clears the table
//   for `Flows` cycles (`cleared`); keys miss until then.
// Reference: RFC 9293 3.3.1 (a connection is known by its pair of sockets).
`default_nettype none
`include "tl_assert.svh"

module tl_lookup
  import tautline_pkg::*;
  import tcp_hash_pkg::*;
#(
    parameter int unsigned Flows = 64
) (
    input  wire logic         clk,
    input  wire logic         rst,
    input  wire logic [127:0] hash_key,

    input  wire logic         s_key_valid,
    input  wire key_t         s_key,
    output logic              m_hit_valid,
    output logic              m_hit,
    output flow_t             m_hit_flow,
    output gen_t              m_hit_gen,

    input  wire logic         s_find_valid,
    output logic              s_find_ready,
    input  wire key_t         s_find_key,
    output logic              m_find_valid,
    output logic              m_found,
    output flow_t             m_found_flow,
    output gen_t              m_found_gen,

    input  wire logic         s_ins_valid,
    output logic              s_ins_ready,
    input  wire key_t         s_ins_key,
    input  wire flow_t        s_ins_flow,
    input  wire gen_t         s_ins_gen,
    output logic              m_ins_done,
    output logic              m_ins_ok,

    input  wire logic         s_del_valid,
    input  wire key_t         s_del_key,
    input  wire flow_t        s_del_flow,
    output logic              del_room,

    output logic              busy,
    output logic              cleared
);
  localparam int unsigned Ways = 4;
  localparam int unsigned Stash = 16;
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned DelPlaces = 8;
  typedef logic [FlowW-1:0] idx_t;

  typedef struct packed {
    logic valid;
    idx_t flow;
    gen_t gen;
    key_t key;
  } entry_t;

  typedef enum logic [1:0] {
    OP_KEY,
    OP_FIND,
    OP_INSERT,
    OP_DELETE
  } op_e;

  // A stash entry is picked by a short signature and then compared in full. Signatures in the stash
  // are unique, because an insert that would repeat one is refused.
  function automatic logic [15:0] signature(input key_t k);
    return k.raddr[31:16] ^ k.raddr[15:0] ^ k.laddr[15:0] ^ k.rport ^ {k.lport[7:0], k.lport[15:8]};
  endfunction

  // ------------------------------------------------------------------------ clear after reset
  logic clear_q;
  idx_t clear_idx_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      clear_q <= 1'b1;
      clear_idx_q <= '0;
    end else if (clear_q) begin
      clear_idx_q <= clear_idx_q + idx_t'(1);
      if (clear_idx_q == idx_t'(Flows - 1)) clear_q <= 1'b0;
    end
  end
  assign cleared = !clear_q;

  // ------------------------------------------------------------------------ removals wait here
  logic del_valid, del_ready, del_take;
  key_t del_key;
  idx_t del_flow;
  logic [$clog2(DelPlaces + 1)-1:0] del_count;

  tl_fifo #(
      .Width($bits(key_t) + FlowW),
      .Depth(DelPlaces)
  ) i_deletes (
      .clk,
      .rst,
      .s_valid(s_del_valid),
      .s_ready(del_ready),
      .s_data({s_del_key, idx_t'(s_del_flow)}),
      .m_valid(del_valid),
      .m_ready(del_take),
      .m_data({del_key, del_flow}),
      .count(del_count)
  );
  assign del_room = del_count <= ($clog2(DelPlaces + 1))'(DelPlaces - 4);
  `TL_ASSERT(a_delete_fits, !s_del_valid || del_ready)

  // ------------------------------------------------------------------------ stage 0: hash
  // One operation of the second port at a time; a key always goes first.
  logic op_busy_q, op_start;
  op_e op;
  key_t in_key;
  idx_t in_flow;
  gen_t in_gen;

  assign op_start = !s_key_valid && !op_busy_q && !clear_q
      && (del_valid || s_ins_valid || s_find_valid);
  assign del_take = op_start;
  assign s_ins_ready = !s_key_valid && !op_busy_q && !clear_q && !del_valid;
  assign s_find_ready = s_ins_ready && !s_ins_valid;

  always_comb begin
    op = OP_KEY;
    in_key = s_key;
    in_flow = '0;
    in_gen = '0;
    if (!s_key_valid) begin
      if (del_valid) begin
        op = OP_DELETE;
        in_key = del_key;
        in_flow = del_flow;
      end else if (s_ins_valid) begin
        op = OP_INSERT;
        in_key = s_ins_key;
        in_flow = idx_t'(s_ins_flow);
        in_gen = s_ins_gen;
      end else begin
        op = OP_FIND;
        in_key = s_find_key;
      end
    end
  end

  logic v1_q, v2_q, v3_q;
  op_e op1_q, op2_q, op3_q;
  key_t key1_q, key2_q, key3_q;
  idx_t set1_q, set2_q, set3_q;
  idx_t flow1_q, flow2_q, flow3_q;
  gen_t gen1_q, gen2_q, gen3_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      v1_q <= 1'b0;
      op_busy_q <= 1'b0;
    end else begin
      v1_q <= s_key_valid || op_start;
      if (op_start) op_busy_q <= 1'b1;
      else if (v3_q && op3_q != OP_KEY) op_busy_q <= 1'b0;
    end
    if (s_key_valid || op_start) begin
      op1_q <= op;
      key1_q <= in_key;
      set1_q <= idx_t'(toeplitz(in_key, hash_key));
      flow1_q <= in_flow;
      gen1_q <= in_gen;
    end
  end

  // ------------------------------------------------------------------------ stage 1: read
  entry_t rd[Ways];
  logic [Ways-1:0] we;
  idx_t waddr;
  entry_t wdata;

  for (genvar w = 0; w < int'(Ways); w++) begin : g_way
    tl_ram_1r1w #(
        .Width($bits(entry_t)),
        .Depth(Flows)
    ) i_ram (
        .clk,
        .we(we[w]),
        .waddr,
        .wdata,
        .re(v1_q),
        .raddr(set1_q),
        .rdata(rd[w])
    );
  end

  logic [Stash-1:0] stash_live_q;
  logic [15:0] stash_sig_q[Stash];
  logic [FlowW+$bits(gen_t)+$bits(key_t)-1:0] stash_mem[Stash];

  logic stash_match, stash_match_q;
  logic [3:0] stash_idx, stash_idx2_q;

  always_comb begin
    stash_match = 1'b0;
    stash_idx = '0;
    if (v1_q && stash_live_q != '0) begin
      for (int i = 0; i < int'(Stash); i++) begin
        if (stash_live_q[i] && stash_sig_q[i] == signature(key1_q)) begin
          stash_match = 1'b1;
          stash_idx = 4'(i);
        end
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst) v2_q <= 1'b0;
    else v2_q <= v1_q;
    if (v1_q) begin
      op2_q <= op1_q;
      key2_q <= key1_q;
      set2_q <= set1_q;
      flow2_q <= flow1_q;
      gen2_q <= gen1_q;
      stash_match_q <= stash_match;
      stash_idx2_q <= stash_idx;
    end
  end

  // ------------------------------------------------------------------------ stage 2: compare
  logic [Ways-1:0] match, vacant;
  logic stash_hit, stash_hit_q, stash_clash_q;
  logic [3:0] stash_idx3_q;
  idx_t stash_flow, hit_flow;
  gen_t stash_gen, hit_gen;
  key_t stash_key;

  assign {stash_flow, stash_gen, stash_key} = stash_mem[stash_idx2_q];

  always_comb begin
    match = '0;
    vacant = '0;
    stash_hit = 1'b0;
    hit_flow = stash_flow;
    hit_gen = stash_gen;
    if (v2_q) begin
      for (int w = 0; w < int'(Ways); w++) begin
        match[w] = rd[w].valid && rd[w].key == key2_q && !clear_q;
        vacant[w] = !rd[w].valid;
        if (match[w]) begin
          hit_flow = rd[w].flow;
          hit_gen = rd[w].gen;
        end
      end
      stash_hit = stash_match_q && stash_live_q[stash_idx2_q] && stash_key == key2_q;
    end
  end

  logic hit_q;
  idx_t hit_flow_q;
  gen_t hit_gen_q;
  logic [Ways-1:0] match_q, vacant_q;

  always_ff @(posedge clk) begin
    if (rst) v3_q <= 1'b0;
    else v3_q <= v2_q;
    if (v2_q) begin
      op3_q <= op2_q;
      key3_q <= key2_q;
      set3_q <= set2_q;
      flow3_q <= flow2_q;
      gen3_q <= gen2_q;
      hit_q <= match != '0 || stash_hit;
      hit_flow_q <= hit_flow;
      hit_gen_q <= hit_gen;
      match_q <= match;
      vacant_q <= vacant;
      stash_hit_q <= stash_hit;
      stash_clash_q <= stash_match_q;
      stash_idx3_q <= stash_idx2_q;
    end
  end

  // ------------------------------------------------------------------------ stage 3: answer, write
  logic stash_free, ins_way, ins_stash, remove;
  logic [3:0] stash_free_idx;

  always_comb begin
    stash_free = 1'b0;
    stash_free_idx = '0;
    for (int i = int'(Stash) - 1; i >= 0; i--) begin
      if (!stash_live_q[i]) begin
        stash_free = 1'b1;
        stash_free_idx = 4'(i);
      end
    end
  end

  assign ins_way = v3_q && op3_q == OP_INSERT && vacant_q != '0;
  assign ins_stash = v3_q && op3_q == OP_INSERT && vacant_q == '0 && stash_free && !stash_clash_q;
  // The slot is compared too: a removal must not touch the connection's next life.
  assign remove = v3_q && op3_q == OP_DELETE && hit_q && hit_flow_q == flow3_q;

  always_comb begin
    we = '0;
    waddr = set3_q;
    wdata = '{valid: 1'b1, flow: flow3_q, gen: gen3_q, key: key3_q};
    if (clear_q) begin
      we = '1;
      waddr = clear_idx_q;
      wdata = '0;
    end else if (ins_way) begin
      we = vacant_q & (~vacant_q + Ways'(1));
    end else if (remove) begin
      we = match_q;
      wdata = '0;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      stash_live_q <= '0;
    end else begin
      if (ins_stash) stash_live_q[stash_free_idx] <= 1'b1;
      if (remove && stash_hit_q) stash_live_q[stash_idx3_q] <= 1'b0;
    end
    if (ins_stash) begin
      stash_sig_q[stash_free_idx] <= signature(key3_q);
      stash_mem[stash_free_idx] <= {flow3_q, gen3_q, key3_q};
    end
  end

  assign m_hit_valid = v3_q && op3_q == OP_KEY;
  assign m_hit = hit_q;
  assign m_hit_flow = flow_t'(hit_flow_q);
  assign m_hit_gen = hit_gen_q;
  assign m_find_valid = v3_q && op3_q == OP_FIND;
  assign m_found = hit_q;
  assign m_found_flow = m_hit_flow;
  assign m_found_gen = hit_gen_q;
  assign m_ins_done = v3_q && op3_q == OP_INSERT;
  assign m_ins_ok = ins_way || ins_stash;
  assign busy = clear_q || op_busy_q || del_valid || v1_q || v2_q || v3_q;

  `TL_ASSERT(a_one_match, $onehot0({match_q, stash_hit_q}) || !v3_q)

  logic unused;
  assign unused = ^{s_ins_flow, s_del_flow, 1'b0};

endmodule

`default_nettype wire
