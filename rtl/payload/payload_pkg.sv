// payload_pkg: one's-complement arithmetic of the Internet checksum (RFC 1071) over 16-byte
// blocks.
//
// A 16-bit word of the checksum is {byte at an even offset, byte at the next odd offset}. Values 0
// and 16'hffff are the same number.
`default_nettype none

package payload_pkg;

  // Sum of eight words with the carries still on top.
  typedef logic [18:0] block_sum_t;

  function automatic logic [15:0] ones_add(input logic [15:0] a, input logic [15:0] b);
    logic [16:0] sum;
    sum = {1'b0, a} + {1'b0, b};
    return sum[15:0] + {15'd0, sum[16]};
  endfunction

  function automatic logic [15:0] fold20(input logic [19:0] value);
    return ones_add(value[15:0], {12'd0, value[19:16]});
  endfunction

  // Lanes [0, n) of 16, one bit each.
  function automatic logic [15:0] lanes_below(input logic [4:0] n);
    logic [16:0] one;
    one = 17'd1 << n;
    one = one - 17'd1;
    return one[15:0];
  endfunction

  // Sum over those lanes of one block that are set in `lanes`; lane 0 is an even offset.
  function automatic block_sum_t block_sum(input logic [127:0] data, input logic [15:0] lanes);
    block_sum_t sum;
    sum = '0;
    for (int unsigned i = 0; i < 8; i++) begin
      sum = sum + {3'd0, data[16*i+:8] & {8{lanes[2*i]}}, data[16*i+8+:8] & {8{lanes[2*i+1]}}};
    end
    return sum;
  endfunction

  // Sum of [a, b) from the sums of [0, b) and [0, a); a range that begins at an odd offset swaps
  // the bytes of its words (RFC 1071 2 (B)).
  function automatic logic [15:0] range_sum(input logic [15:0] upto_b, input logic [19:0] upto_a,
                                            input logic odd);
    logic [15:0] sum;
    sum = ones_add(upto_b, ~fold20(upto_a));
    return odd ? {sum[7:0], sum[15:8]} : sum;
  endfunction

endpackage

`default_nettype wire
