// tl_icmp_echo: keeps the bodies of ICMP echo requests until the frame builder sends them back.
//
// Two slots; a request that finds both taken, or is longer than a slot, is dropped and counted. The
// reply's checksum is the request's, corrected for the change of type (RFC 1624), so the body is not
// read twice.
//
// Latency: verdict -> reply offered 1 cycle; reply taken -> first word 1 cycle.
// Throughput: one word a cycle in, one out.
// Reference: RFC 792, RFC 1122 3.2.2.6.
`default_nettype none

module tl_icmp_echo
  import tautline_pkg::*;
  import net_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned SlotBytes = 2048,
    localparam int unsigned Bytes = DataW / 8,
    localparam int unsigned LaneW = $clog2(Bytes)
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic              enable,
    // Words that hold what follows the ICMP checksum, then one verdict.
    input  wire logic              s_word_valid,
    input  wire logic [DataW-1:0]  s_word,
    input  wire logic              s_valid,
    input  wire logic              s_good,
    input  wire echo_t             s_echo,
    input  wire logic [LaneW-1:0]  s_lane,
    // The reply, then its words; the slot is free after the last.
    output logic                   m_valid,
    input  wire logic              m_ready,
    output echo_t                  m_echo,  // csum is the reply's
    output logic [LaneW-1:0]       m_lane,
    output logic                   m_data_valid,
    input  wire logic              m_data_ready,
    output logic [DataW-1:0]       m_data,
    output cnt_t                   cnt
);
  localparam int unsigned Words = SlotBytes / Bytes;
  localparam int unsigned IdxW = $clog2(Words);

  typedef struct packed {
    echo_t            echo;
    logic [LaneW-1:0] lane;
    logic [IdxW-1:0]  last;  // index of the last word
  } slot_t;

  // ------------------------------------------------------------------------------ fill
  slot_t             slot_q[2];
  logic [1:0]        full_q;
  logic              in_q, out_q;      // slot that is filled, slot that is sent
  logic [IdxW:0]     words_q, words;   // words of the frame so far
  logic              refused_q, refused;
  logic              store, freed;

  assign words = words_q + (IdxW + 1)'(s_word_valid);
  assign refused = (words_q == '0 ? full_q[in_q] : refused_q) || words > (IdxW + 1)'(Words);
  assign store = s_valid && s_good && !refused;

  // RFC 1624 equation 3, type 8 becomes 0. All ones stand for zero: either is right for any body but
  // one of zeros alone, where only all ones is.
  function automatic logic [15:0] reply_checksum(input logic [15:0] csum);
    logic [15:0] sum;
    sum = fold32({16'd0, ~csum} + 32'h0000_f7ff);
    return sum == '1 ? '1 : ~sum;
  endfunction

  always_ff @(posedge clk) begin
    if (rst) begin
      in_q <= 1'b0;
      words_q <= '0;
    end else begin
      if (s_valid) words_q <= '0;
      else if (s_word_valid && !words[IdxW]) words_q <= words;
      else if (s_word_valid) words_q <= (IdxW + 1)'(Words);
      if (store) in_q <= !in_q;
    end
  end

  always_ff @(posedge clk) begin
    if (s_word_valid) refused_q <= refused;
    if (store) begin
      slot_q[in_q].echo <= s_echo;
      slot_q[in_q].echo.csum <= reply_checksum(s_echo.csum);
      slot_q[in_q].lane <= s_lane;
      slot_q[in_q].last <= IdxW'(words - (IdxW + 1)'(1));
    end
  end

  // ------------------------------------------------------------------------------ drain
  logic            sending_q;
  logic [IdxW-1:0] at_q;
  logic            step;

  assign m_valid = full_q[out_q] && !sending_q;
  assign m_echo = slot_q[out_q].echo;
  assign m_lane = slot_q[out_q].lane;
  assign m_data_valid = sending_q;
  assign step = sending_q && m_data_ready;
  assign freed = (step && at_q == slot_q[out_q].last) || (m_valid && !enable);

  always_ff @(posedge clk) begin
    if (rst) begin
      full_q <= '0;
      out_q <= 1'b0;
      sending_q <= 1'b0;
      at_q <= '0;
    end else begin
      if (store) full_q[in_q] <= 1'b1;
      if (freed) begin
        full_q[out_q] <= 1'b0;
        out_q <= !out_q;
      end
      if (m_valid && m_ready && enable) sending_q <= 1'b1;
      else if (freed) sending_q <= 1'b0;
      if (freed) at_q <= '0;
      else if (step) at_q <= at_q + IdxW'(1);
    end
  end

  // The word at the head is always at the RAM's output: what is asked is where the head will be.
  tl_ram_1r1w #(.Width(DataW), .Depth(2 * Words)) u_ram (
      .clk,
      .we(s_word_valid && !refused),
      .waddr({in_q, words_q[IdxW-1:0]}),
      .wdata(s_word),
      .re(full_q[out_q]),
      .raddr({out_q, at_q + IdxW'(step)}),
      .rdata(m_data)
  );

  always_comb begin
    cnt = '0;
    cnt[CNT_ICMP_DROPPED] = s_valid && s_good && refused;
  end

endmodule

`default_nettype wire
