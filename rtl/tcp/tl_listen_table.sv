// tl_listen_table: 16 listeners, each with limits on its half-open and its unaccepted connections.
//
// A SYN is admitted while half_open < its limit and unaccepted < its limit; connections that were
// half-open when the second limit was met may still exceed it by their number, as the handshake of
// a peer cannot be taken back. A listener on our address goes before one on any address.
//
// Latency: search, listen: 2 + live listeners cycles. Unlisten: 2 cycles.
// Throughput: one operation at a time.
// Hazard: a notice under an old generation of the listener is ignored.
// Reference: RFC 9293 3.9.1.1 (OPEN, passive), 3.10.7.2.
`default_nettype none
`include "tl_assert.svh"

module tl_listen_table
  import tautline_pkg::*;
  import tcp_pkg::*;
(
    input  wire logic              clk,
    input  wire logic              rst,

    // One of {search, listen, unlisten}; held until `m_done`.
    input  wire logic              s_search,
    input  wire logic              s_listen,
    input  wire logic              s_unlisten,
    input  wire logic [31:0]       s_laddr,
    input  wire logic [15:0]       s_lport,
    input  wire logic [3:0]        s_index,       // unlisten
    input  wire logic [31:0]       s_tag,         // listen
    input  wire logic [31:0]       s_limits,      // listen: {unaccepted, half_open}
    output logic                   m_done,
    output logic                   m_ok,          // found, listening or closed
    output logic                   m_duplicate,   // listen: address and port are taken
    output logic                   m_overflow,    // search: found, but a limit is reached
    output logic [3:0]             m_index,
    output logic [3:0]             m_gen,
    output logic [31:0]            m_tag,

    // One more half-open connection; held until `s_born_ready`.
    input  wire logic              s_born_valid,
    output logic                   s_born_ready,
    input  wire logic [3:0]        s_born_index,

    input  wire logic              s_lsn_valid,
    input  wire lsn_notice_t       s_lsn,

    output logic [15:0]            listener_live,
    output logic [15:0][3:0]       listener_gen,
    output logic                   busy
);

  typedef struct packed {
    logic [31:0] laddr;
    logic [15:0] lport;
    logic [31:0] tag;
    logic [15:0] max_unaccepted;
    logic [15:0] max_half_open;
  } conf_t;

  typedef struct packed {
    logic [15:0] half_open;
    logic [15:0] unaccepted;
  } population_t;

  typedef enum logic [1:0] {
    IDLE,
    SCAN,
    ACT,
    DONE
  } state_e;

  state_e state_q;
  logic [15:0] live_q, left_q;
  logic [15:0][3:0] gen_q;
  logic found_q;
  logic [3:0] index_q;
  logic ok, pop_busy;

  conf_t conf_mem[16];
  population_t pop_mem[16];

  assign listener_live = live_q;
  assign listener_gen = gen_q;

  // ------------------------------------------------------------------------ scan the live ones
  logic [3:0] scan_idx, free_idx, conf_idx;
  conf_t conf;
  logic any_addr, hit;

  always_comb begin
    scan_idx = '0;
    free_idx = '0;
    if (state_q == SCAN)
      for (int i = 15; i >= 0; i--) if (left_q[i]) scan_idx = 4'(i);
    if (state_q == ACT)
      for (int i = 15; i >= 0; i--) if (!live_q[i]) free_idx = 4'(i);
  end

  assign conf_idx = state_q == SCAN ? scan_idx : index_q;
  assign conf = conf_mem[conf_idx];
  assign any_addr = conf.laddr == '0;
  assign hit = conf.lport == s_lport && (conf.laddr == s_laddr || (s_search && any_addr));

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= IDLE;
      live_q <= '0;
      gen_q <= '0;
    end else begin
      unique case (state_q)
        IDLE:
        if (s_search || s_listen || s_unlisten) state_q <= s_unlisten || live_q == '0 ? ACT : SCAN;
        SCAN:
        if ((hit && !(s_search && any_addr)) || (left_q & (left_q - 16'd1)) == '0) state_q <= ACT;
        ACT: if (!s_listen || !pop_busy) state_q <= DONE;
        default: state_q <= IDLE;
      endcase
      if (state_q == ACT && s_listen && !pop_busy && ok) live_q[free_idx] <= 1'b1;
      if (state_q == ACT && s_unlisten && ok) begin
        live_q[s_index] <= 1'b0;
        gen_q[s_index] <= gen_q[s_index] + 4'd1;
      end
    end
    if (state_q == IDLE) begin
      left_q <= live_q;
      found_q <= 1'b0;
      index_q <= s_index;
    end
    if (state_q == SCAN) begin
      left_q <= left_q & (left_q - 16'd1);
      if (hit) begin
        found_q <= 1'b1;
        index_q <= scan_idx;
      end
    end
    if (state_q == ACT && s_listen && ok) index_q <= free_idx;
  end

  // ------------------------------------------------------------------------ outcome
  logic ok_q, duplicate_q, overflow_q;
  logic [31:0] tag_q;

  always_comb begin
    ok = found_q;
    if (s_listen) ok = !found_q && live_q != '1;
    if (s_unlisten) ok = live_q[s_index];
  end

  always_ff @(posedge clk) begin
    if (state_q == ACT) begin
      ok_q <= ok;
      duplicate_q <= s_listen && found_q;
      overflow_q <= pop_mem[index_q].half_open >= conf.max_half_open
          || pop_mem[index_q].unaccepted >= conf.max_unaccepted;
      tag_q <= conf.tag;
    end
    if (state_q == ACT && s_listen && ok)
      conf_mem[free_idx] <= '{laddr: s_laddr, lport: s_lport, tag: s_tag,
                              max_unaccepted: s_limits[31:16], max_half_open: s_limits[15:0]};
  end

  assign m_done = state_q == DONE;
  assign m_ok = ok_q;
  assign m_duplicate = duplicate_q;
  assign m_overflow = overflow_q;
  assign m_index = index_q;
  assign m_gen = gen_q[index_q];
  assign m_tag = tag_q;

  // ------------------------------------------------------------------------ populations
  // A notice cannot wait, a birth and the zeroing of a new listener can.
  logic pop_we;
  logic [3:0] pop_idx;
  population_t pop, pop_d;

  assign pop_busy = s_lsn_valid || s_born_valid;
  assign s_born_ready = !s_lsn_valid;
  assign pop_idx = s_lsn_valid ? s_lsn.listener : s_born_valid ? s_born_index : free_idx;
  assign pop = pop_mem[pop_idx];

  always_comb begin
    pop_we = 1'b0;
    pop_d = pop;
    if (s_lsn_valid) begin
      pop_we = s_lsn.listener_gen == gen_q[s_lsn.listener];
      pop_d.half_open = pop.half_open - 16'(s_lsn.half_open_dec);
      pop_d.unaccepted = pop.unaccepted + 16'(s_lsn.unaccepted_inc) - 16'(s_lsn.unaccepted_dec);
    end else if (s_born_valid) begin
      pop_we = 1'b1;
      pop_d.half_open = pop.half_open + 16'd1;
    end else if (state_q == ACT && s_listen && ok) begin
      pop_we = 1'b1;
      pop_d = '0;
    end
  end

  always_ff @(posedge clk) begin
    if (pop_we) pop_mem[pop_idx] <= pop_d;
  end

  assign busy = state_q != IDLE || s_born_valid;

  `TL_ASSERT(a_half_open_counts,
             !(s_lsn_valid && pop_we && s_lsn.half_open_dec) || pop.half_open != '0)
  `TL_ASSERT(a_unaccepted_counts,
             !(s_lsn_valid && pop_we && s_lsn.unaccepted_dec && !s_lsn.unaccepted_inc)
             || pop.unaccepted != '0)

endmodule

`default_nettype wire
