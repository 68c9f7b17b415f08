// tl_siphash: SipHash-2-4 of one message of fixed length, one SipRound a cycle.
//
// Latency: 2 * (Bytes / 8 + 1) + 5 cycles from an accepted request to `m_valid` (9 for 12 bytes).
// Throughput: one message at a time; `s_ready` falls while it is under way.
// Reference: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), section 2.
`default_nettype none

module tl_siphash #(
    parameter int unsigned Bytes = 12
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               s_valid,
    output logic                    s_ready,
    input  wire logic [127:0]       s_key,  // byte 0 of the key in bits 7:0
    input  wire logic [8*Bytes-1:0] s_msg,  // byte 0 of the message in bits 7:0
    output logic                    m_valid,
    output logic [63:0]             m_hash
);
  localparam int unsigned Words = Bytes / 8 + 1;
  localparam int unsigned Final = 4;
  localparam int unsigned WordW = $clog2(Words + 1);

  typedef struct packed {
    logic [63:0] v0, v1, v2, v3;
  } state_t;

  function automatic state_t sip_round(input state_t s);
    state_t t;
    t = s;
    t.v0 = t.v0 + t.v1;
    t.v2 = t.v2 + t.v3;
    t.v1 = {t.v1[50:0], t.v1[63:51]} ^ t.v0;
    t.v3 = {t.v3[47:0], t.v3[63:48]} ^ t.v2;
    t.v0 = {t.v0[31:0], t.v0[63:32]};
    t.v2 = t.v2 + t.v1;
    t.v0 = t.v0 + t.v3;
    t.v1 = {t.v1[46:0], t.v1[63:47]} ^ t.v2;
    t.v3 = {t.v3[42:0], t.v3[63:43]} ^ t.v0;
    t.v2 = {t.v2[31:0], t.v2[63:32]};
    return t;
  endfunction

  // The last word carries the length in its top byte.
  logic [64*Words-1:0] padded;
  always_comb begin
    padded = '0;
    padded[8*Bytes-1:0] = s_msg;
    padded[64*Words-1-:8] = 8'(Bytes);
  end

  typedef enum logic [1:0] {
    IDLE,
    COMPRESS,
    FINISH,
    DONE
  } phase_e;

  phase_e phase_q;
  state_t s_q;
  logic [64*Words-1:0] words_q;
  logic [WordW-1:0] left_q;  // words that are not yet compressed
  logic [2:0] round_q;

  assign s_ready = phase_q == IDLE;
  assign m_valid = phase_q == DONE;
  assign m_hash = s_q.v0 ^ s_q.v1 ^ s_q.v2 ^ s_q.v3;

  always_ff @(posedge clk) begin
    if (rst) begin
      phase_q <= IDLE;
    end else begin
      unique case (phase_q)
        IDLE: if (s_valid) phase_q <= COMPRESS;
        COMPRESS: if (round_q == 3'd1 && left_q == WordW'(1)) phase_q <= FINISH;
        FINISH: if (round_q == 3'(Final - 1)) phase_q <= DONE;
        default: phase_q <= IDLE;
      endcase
    end
  end

  state_t cur, nxt;
  always_comb begin
    cur = s_q;
    nxt = s_q;
    if (phase_q == COMPRESS || phase_q == FINISH) begin
      if (phase_q == COMPRESS && round_q == 3'd0) cur.v3 = cur.v3 ^ words_q[63:0];
      if (phase_q == FINISH && round_q == 3'd0) cur.v2 = cur.v2 ^ 64'hff;
      nxt = sip_round(cur);
      if (phase_q == COMPRESS && round_q == 3'd1) nxt.v0 = nxt.v0 ^ words_q[63:0];
    end
  end

  always_ff @(posedge clk) begin
    if (phase_q == IDLE && s_valid) begin
      s_q.v0 <= s_key[63:0] ^ 64'h736f6d6570736575;
      s_q.v1 <= s_key[127:64] ^ 64'h646f72616e646f6d;
      s_q.v2 <= s_key[63:0] ^ 64'h6c7967656e657261;
      s_q.v3 <= s_key[127:64] ^ 64'h7465646279746573;
      words_q <= padded;
      left_q <= WordW'(Words);
      round_q <= '0;
    end else if (phase_q == COMPRESS || phase_q == FINISH) begin
      s_q <= nxt;
      round_q <= round_q + 3'd1;
      if (phase_q == COMPRESS && round_q == 3'd1) begin
        round_q <= '0;
        left_q <= left_q - WordW'(1);
        words_q <= words_q >> 64;
      end
    end
  end

endmodule

`default_nettype wire
