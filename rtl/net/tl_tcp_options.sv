// tl_tcp_options: walks the TCP options of a segment as its words pass, at any byte alignment.
//
// A mark runs through the lanes of a word: where it stands, an option begins, and the option's kind
// and length say where the mark goes next, in this word or in a later one. An option that the header's
// end cuts off, or whose length is not one that its kind may have, is illegal and ends the walk
// (RFC 9293 MUST-7, MUST-68). Unknown kinds are skipped by their length (MUST-6). The last of equal
// options counts.
//
// Latency: `opt` and `bad` include the word at the input, in the same cycle.
// Throughput: one word a cycle, whatever the layout (MUST-64).
// Reference: RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018 2.
`default_nettype none

module tl_tcp_options
  import net_pkg::*;
#(
    parameter int unsigned DataW = 64
) (
    input  wire logic              clk,
    input  wire logic              s_valid,  // a word of a TCP segment; the data offset is known before
                                             // or with the word in which options begin
    input  wire logic              s_first,  // first word of a frame: forget what was before
    input  wire logic [15:0]       s_off,    // place of lane 0 in the frame
    input  wire logic [DataW-1:0]  s_data,
    input  wire logic [7:0]        s_begin,  // place of the first option byte
    input  wire logic [7:0]        s_end,    // place behind the last
    output tcp_options_t           opt,
    output logic                   bad
);
  localparam int unsigned Bytes = DataW / 8;
  localparam logic signed [7:0] Lanes = 8'(Bytes);
  localparam logic [Bytes:0] Place0 = 1;

  typedef struct packed {
    logic              on;     // inside the options
    logic              split;  // the word before ended with a kind; its length is in lane 0
    logic [7:0]        kind;   // that kind
    logic [7:0]        skip;   // else: lane in which the next option begins, counted from lane 0
    logic              mss_on, ws_on, ts_on;  // some of the value's bytes are still to come
    logic signed [7:0] mss_at, ws_at, ts_at;  // lane of the value's first byte
    logic              bad;
    tcp_options_t      opt;
  } walk_t;

  walk_t walk_q, walk;

  // Place i of these arrays is lane i - 1, so that a kind in the last lane of the word before and its
  // length in lane 0 are neighbours like any others.
  logic [Bytes:0]    mark;
  logic [Bytes:0][7:0] kinds;

  logic              start, stop;
  logic [7:0]        room;  // option bytes from place 0 on
  logic [7:0]        left, len, target;
  logic signed [7:0] lane;

  assign start = s_valid && s_begin < s_end && 16'(s_begin) >= s_off
                 && 16'(s_begin) < s_off + 16'(Bytes);
  assign opt = walk.opt;
  assign bad = walk.bad;

  always_comb begin
    walk = s_first ? '0 : walk_q;
    mark = '0;
    kinds = '0;
    stop = 1'b0;
    room = '0;
    left = '0;
    len = '0;
    target = '0;
    lane = '0;
    if (s_valid && (start || walk.on)) begin
      kinds = {s_data, walk.kind};
      room = s_end - s_off[7:0] + 8'd1;
      if (start) begin
        mark = Place0 << (s_begin - s_off[7:0]) << 1;
      end else if (walk.split) begin
        mark = Place0;
      end else if (walk.skip < 8'(Bytes)) begin
        mark = Place0 << walk.skip << 1;
      end
      walk.on = 1'b1;
      walk.split = 1'b0;
      if (!start && walk.skip >= 8'(Bytes)) walk.skip = walk.skip - 8'(Bytes);
      walk.mss_at = walk.mss_at - Lanes;
      walk.ws_at = walk.ws_at - Lanes;
      walk.ts_at = walk.ts_at - Lanes;

      for (int unsigned i = 0; i <= Bytes; i++) begin
        if (mark[i] && 8'(i) < room && !stop) begin
          left = room - 8'(i);
          len = 8'd1;
          if (i < Bytes) len = kinds[i+1];
          if (kinds[i] == OptNop) len = 8'd1;
          target = 8'(i) + len;

          if (kinds[i] == OptEnd) begin
            stop = 1'b1;
          end else if (kinds[i] == OptNop) begin
            stop = 1'b0;
          end else if (left == 8'd1) begin
            walk.bad = 1'b1;
          end else if (i == Bytes) begin
            walk.split = 1'b1;
            walk.kind = kinds[i];
          end else if (!option_legal(kinds[i], len, left)) begin
            walk.bad = 1'b1;
          end else begin
            unique case (kinds[i])
              OptMss: begin
                walk.opt.mss_ok = 1'b1;
                walk.mss_on = 1'b1;
                walk.mss_at = 8'(i + 1);
              end
              OptWindowScale: begin
                walk.opt.ws_ok = 1'b1;
                walk.ws_on = 1'b1;
                walk.ws_at = 8'(i + 1);
              end
              OptSackPermitted: walk.opt.sack_ok = 1'b1;
              OptTimestamps: begin
                walk.opt.ts_ok = 1'b1;
                walk.ts_on = 1'b1;
                walk.ts_at = 8'(i + 1);
              end
              default: ;
            endcase
          end
          stop = stop || walk.bad;
          if (!stop && !walk.split) begin
            if (target <= 8'(Bytes)) mark = mark | (Place0 << target);
            else walk.skip = target - 8'(Bytes + 1);
          end
        end
      end
      // Behind the header's last option byte nothing begins.
      if (stop || room <= 8'(Bytes + 1)) walk.on = 1'b0;

      for (int k = 0; k < 2; k++) begin
        lane = walk.mss_at + 8'(k);
        if (walk.mss_on && lane >= 0 && lane < Lanes) begin
          walk.opt.mss[15-8*k-:8] = s_data[8*lane[$clog2(Bytes)-1:0]+:8];
        end
      end
      if (walk.ws_on && walk.ws_at >= 0 && walk.ws_at < Lanes) begin
        walk.opt.ws = s_data[8*walk.ws_at[$clog2(Bytes)-1:0]+:8];
      end
      for (int k = 0; k < 8; k++) begin
        lane = walk.ts_at + 8'(k);
        if (walk.ts_on && lane >= 0 && lane < Lanes) begin
          walk.opt.ts[63-8*k-:8] = s_data[8*lane[$clog2(Bytes)-1:0]+:8];
        end
      end
      if (walk.mss_at + 8'sd2 <= Lanes) walk.mss_on = 1'b0;
      if (walk.ws_at + 8'sd1 <= Lanes) walk.ws_on = 1'b0;
      if (walk.ts_at + 8'sd8 <= Lanes) walk.ts_on = 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (s_valid || s_first) walk_q <= walk;
  end

endmodule

`default_nettype wire
