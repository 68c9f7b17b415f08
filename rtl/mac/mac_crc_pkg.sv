// The CRC of mac_pkg over a word of 8 bytes. It is linear: a word is a matrix of 64 columns, n zero bytes
// are one of 32, and these may be undone. Matrices are computed once, as constants.
//
// A row is the mask of the inputs that an output bit is the parity of: a tree for synthesis, an AND and a
// parity for the simulator.
// A design has some of the MACs, or none.
// verilator lint_off UNUSEDPARAM
package mac_crc_pkg;
  import mac_pkg::*;

  // Row i at 32 * i. `bytes` zero bytes are appended, or taken off again.
  function automatic logic [1023:0] zero_rows(input int bytes, input logic off);
    logic [1023:0] rows;
    logic [31:0] column;
    rows = '0;
    for (int j = 0; j < 32; j++) begin
      column = 32'd1 << j;
      for (int k = 0; k < 8 * bytes; k++) begin
        if (!off) column = {1'b0, column[31:1]} ^ (column[0] ? CrcPolynomial : 32'd0);
        else if (column[31]) column = {column[30:0] ^ CrcPolynomial[30:0], 1'b1};
        else column = {column[30:0], 1'b0};
      end
      for (int i = 0; i < 32; i++) rows[32*i+j] = column[i];
    end
    return rows;
  endfunction

  // Row i at 64 * i. What a word adds to the register after its 8 bytes.
  function automatic logic [2047:0] word_rows();
    logic [2047:0] rows;
    logic [31:0] column;
    rows = '0;
    for (int j = 0; j < 64; j++) begin
      // A bit meets the register j bits into the word; what comes before it does not matter to it.
      column = 32'd1;
      for (int k = 0; k < 64 - j; k++) begin
        column = {1'b0, column[31:1]} ^ (column[0] ? CrcPolynomial : 32'd0);
      end
      for (int i = 0; i < 32; i++) rows[64*i+j] = column[i];
    end
    return rows;
  endfunction

  localparam logic [2047:0] WordRows = word_rows();
  localparam logic [1023:0] Zero8Rows = zero_rows(8, 1'b0);
  localparam logic [1023:0] Zero7Rows = zero_rows(7, 1'b0);
  localparam logic [1023:0] Zero6Rows = zero_rows(6, 1'b0);
  localparam logic [1023:0] Zero5Rows = zero_rows(5, 1'b0);
  localparam logic [1023:0] Off1Rows = zero_rows(1, 1'b1);
  localparam logic [1023:0] Off2Rows = zero_rows(2, 1'b1);
  localparam logic [1023:0] Off3Rows = zero_rows(3, 1'b1);
  localparam logic [1023:0] Off4Rows = zero_rows(4, 1'b1);

  function automatic logic [31:0] crc_word(input logic [63:0] data);
    logic [31:0] crc;
    for (int i = 0; i < 32; i++) crc[i] = ^(WordRows[64*i+:64] & data);
    return crc;
  endfunction

  // The register after 8 zero bytes.
  function automatic logic [31:0] crc_zero8(input logic [31:0] crc);
    logic [31:0] next;
    for (int i = 0; i < 32; i++) next[i] = ^(Zero8Rows[32*i+:32] & crc);
    return next;
  endfunction

  // The register `crc` after a word that gives `word`, and before its last `off` bytes, which are zero.
  function automatic logic [31:0] crc_next(input logic [31:0] crc, input logic [31:0] word,
                                           input logic [1:0] off);
    logic [31:0] next;
    case (off)
      2'd1: begin
        for (int i = 0; i < 32; i++)
          next[i] = ^{Zero7Rows[32*i+:32] & crc, Off1Rows[32*i+:32] & word};
      end
      2'd2: begin
        for (int i = 0; i < 32; i++)
          next[i] = ^{Zero6Rows[32*i+:32] & crc, Off2Rows[32*i+:32] & word};
      end
      2'd3: begin
        for (int i = 0; i < 32; i++)
          next[i] = ^{Zero5Rows[32*i+:32] & crc, Off3Rows[32*i+:32] & word};
      end
      default: next = crc_zero8(crc) ^ word;
    endcase
    return next;
  endfunction

  // The register before 4 zero bytes.
  function automatic logic [31:0] crc_off4(input logic [31:0] crc);
    logic [31:0] last;
    for (int i = 0; i < 32; i++) last[i] = ^(Off4Rows[32*i+:32] & crc);
    return last;
  endfunction

  // The register over a good frame and 8 - n zero bytes, at 32 * n.
  function automatic logic [255:0] good_registers();
    logic [255:0] all;
    logic [31:0] crc;
    crc = CrcResidue;
    for (int n = 7; n >= 0; n--) begin
      crc = crc_byte(crc, 8'd0);
      all[32*n+:32] = crc;
    end
    return all;
  endfunction

  localparam logic [255:0] GoodRegisters = good_registers();

endpackage
// verilator lint_on UNUSEDPARAM
