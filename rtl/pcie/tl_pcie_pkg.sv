// tl_pcie_pkg: types of the PCIe carrier.
`default_nettype none

package tl_pcie_pkg;
  import tautline_pkg::*;

  // One doorbell write.
  typedef struct packed {
    flow_t       flow;
    logic        taken;  // else transmit tail
    logic        bad;    // no such flow, or not a whole word
    gen_t        gen;
    logic [23:0] pos;
  } doorbell_t;

  // A stream position and the life it belongs to, as the tables keep it.
  typedef struct packed {
    gen_t gen;
    pos_t pos;
  } place_t;

  // A whole line from the push window.
  typedef struct packed {
    flow_t        flow;
    gen_t         gen;
    pos_t         pos;
    logic [7:0]   len;
    logic [511:0] line;
  } push_t;

  // Position extended from its low 24 bits: the nearest one to the last known.
  function automatic pos_t extend(input pos_t last, input logic [23:0] low);
    logic [23:0] delta;
    delta = low - last[23:0];
    return last + {{8{delta[23]}}, delta};
  endfunction

  // Ones below bit `log2`, up to the 4 MiB of the largest ring.
  function automatic logic [63:0] below(input logic [4:0] log2);
    logic [63:0] mask;
    mask = '0;
    for (int i = 0; i < 22; i++) mask[i] = 5'(i) < log2;
    return mask;
  endfunction

  // Where byte `pos` of a flow's ring lies. Rings are aligned to their size, so only the flow's part
  // needs an adder; a base that is not aligned counts from the multiple below it.
  function automatic logic [63:0] ring_address(input logic [63:0] base, input flow_t flow,
                                               input logic [4:0] log2, input pos_t pos);
    logic [63:0] mask;
    mask = below(log2);
    return ((base & ~mask) + (64'(flow) << log2)) | (64'(pos) & mask);
  endfunction

endpackage

`default_nettype wire
