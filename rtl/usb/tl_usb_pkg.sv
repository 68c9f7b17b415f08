// tl_usb_pkg: types and checks of the byte-stream carrier.
`default_nettype none

package tl_usb_pkg;
  import tautline_pkg::*;

  // A stream position and the life it belongs to, as the tables keep it.
  typedef struct packed {
    gen_t gen;
    pos_t pos;
  } mark_t;

  // CRC-16 (polynomial 0x1021, from all ones, highest bit first) over the first six bytes of a
  // header.
  function automatic logic [15:0] header_check(input logic [47:0] head);
    logic [15:0] crc;
    crc = '1;
    for (int i = 0; i < 6; i++)
      for (int b = 7; b >= 0; b--)
        crc = {crc[14:0], 1'b0} ^ (crc[15] != head[8*i+b] ? 16'h1021 : 16'h0000);
    return crc;
  endfunction

  // CRC-32 of IEEE 802.3: the register starts from all ones, its complement is sent lowest byte first.
  function automatic logic [31:0] crc32(input logic [31:0] crc, input logic [7:0] data);
    logic [31:0] next;
    next = crc;
    for (int b = 0; b < 8; b++)
      next = {1'b0, next[31:1]} ^ (next[0] != data[b] ? 32'hEDB88320 : 32'h00000000);
    return next;
  endfunction

endpackage

`default_nettype wire
