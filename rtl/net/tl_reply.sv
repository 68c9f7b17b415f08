// tl_reply: queue of segments without a flow, bounded in number and in rate, so that what strangers
// send cannot make the engine a reflector nor starve its flows (RFC 5961 7).
//
// A token bucket of 64 gains one token every `cfg.reply_us`; a reply costs one when it enters. One that
// finds no token or no room is dropped and counted.
//
// Latency: 1 cycle.
// Throughput: one reply a cycle while tokens last.
`default_nettype none

module tl_reply
  import tautline_pkg::*;
#(
    parameter int unsigned Depth = 16,
    parameter int unsigned Burst = 64
) (
    input  wire logic   clk,
    input  wire logic   rst,
    // verilator lint_off UNUSEDSIGNAL
    input  wire cfg_t   cfg,     // some fields
    input  wire now_t   now_us,  // low bits
    // verilator lint_on UNUSEDSIGNAL
    input  wire logic   s_valid,
    input  wire reply_t s_reply,
    output logic        m_valid,
    input  wire logic   m_ready,
    output reply_t      m_reply,
    output cnt_t        cnt
);
  localparam int unsigned TokenW = $clog2(Burst + 1);

  logic [TokenW-1:0] tokens_q;
  usec_t             next_q;  // when the next token falls due
  logic              full, due, fifo_ready, take;
  logic [$clog2(Depth+1)-1:0] count;

  assign full = tokens_q == TokenW'(Burst);
  assign due = !full && usec_reached(next_q, now_us[35:0]);
  assign take = s_valid && cfg.enable && tokens_q != '0 && fifo_ready;

  tl_fifo #(.Width($bits(reply_t)), .Depth(Depth)) u_fifo (
      .clk,
      .rst,
      .s_valid(take),
      .s_ready(fifo_ready),
      .s_data(s_reply),
      .m_valid,
      .m_ready,
      .m_data(m_reply),
      .count
  );

  // After a leap of time the bucket fills by one token a cycle.
  always_ff @(posedge clk) begin
    if (rst) begin
      tokens_q <= TokenW'(Burst);
    end else begin
      if (due && !take) tokens_q <= tokens_q + TokenW'(1);
      if (take && !due) tokens_q <= tokens_q - TokenW'(1);
    end
  end

  always_ff @(posedge clk) begin
    if (full) next_q <= now_us[35:0] + 36'(cfg.reply_us);
    else if (due) next_q <= next_q + 36'(cfg.reply_us);
  end

  always_comb begin
    cnt = '0;
    cnt[CNT_REPLY_DROPPED] = s_valid && !take;
  end

  logic unused;
  assign unused = ^count;

endmodule

`default_nettype wire
