// Numbers of IEEE 802.3 and the types between the modules of rtl/mac.
// A design has some of the MACs, or none.
// verilator lint_off UNUSEDPARAM
package mac_pkg;

  localparam logic [7:0] Preamble = 8'h55;
  localparam logic [7:0] Sfd = 8'hd5;
  localparam int unsigned PreambleBytes = 7;  // before the SFD
  localparam int unsigned MinFrame = 64;      // with FCS
  localparam int unsigned FcsBytes = 4;
  localparam int unsigned InterFrameGap = 12;

  // Control characters of XGMII (46.3).
  localparam logic [7:0] XgmiiIdle = 8'h07;
  localparam logic [7:0] XgmiiSequence = 8'h9c;
  localparam logic [7:0] XgmiiStart = 8'hfb;
  localparam logic [7:0] XgmiiTerminate = 8'hfd;

  // What the two ends of a link tell each other while it does not work (46.3.4).
  typedef enum logic [1:0] {
    FAULT_NONE = 2'd0,
    FAULT_LOCAL = 2'd1,  // the values that sequence ordered sets carry
    FAULT_REMOTE = 2'd2
  } fault_e;

  // What became of a received frame. One cause a frame, the first that applies:
  typedef enum logic [2:0] {
    RX_GOOD,
    RX_OVERFLOW,  // no room in the crossing
    RX_GIANT,     // longer than MaxFrame; cut there
    RX_RUNT,      // shorter than MinFrame
    RX_BAD_FCS    // or an error that the PHY reported
  } rx_status_e;

  // A word of a frame on its way between two clocks. `extra`: bytes beyond the first, in the last
  // word; in others all are used.
  typedef struct packed {
    rx_status_e  status;  // with `last`
    logic        last;
    logic [2:0]  extra;
    logic [63:0] data;
  } rx_word_t;

  typedef struct packed {
    logic        bad;  // with `last`: leaves with a wrong FCS
    logic        last;
    logic [2:0]  extra;
    logic [63:0] data;
  } tx_word_t;

  function automatic logic [7:0] keep_of(input logic [2:0] extra);
    return 8'hff >> (3'd7 - extra);
  endfunction

  // Of the bytes that are kept the last one's lane.
  function automatic logic [2:0] extra_of(input logic [7:0] keep);
    logic [2:0] extra;
    extra = 3'd0;
    for (int i = 1; i < 8; i++) begin
      if (keep[i]) extra = 3'(i);
    end
    return extra;
  endfunction

  // CRC-32 of IEEE 802.3, 3.2.9, least significant bit first: bit 0 of the register is the coefficient of
  // x^31. It begins with all ones; what is sent is the complement, bits 7:0 first. The register over
  // a frame with its FCS ends at CrcResidue.
  localparam logic [31:0] CrcStart = 32'hffff_ffff;
  localparam logic [31:0] CrcPolynomial = 32'hedb8_8320;
  localparam logic [31:0] CrcResidue = 32'hdebb_20e3;

  function automatic logic [31:0] crc_byte(input logic [31:0] crc, input logic [7:0] data);
    logic [31:0] next;
    next = {24'd0, crc[7:0] ^ data};
    for (int i = 0; i < 8; i++) begin
      next = {1'b0, next[31:1]} ^ (next[0] ? CrcPolynomial : 32'd0);
    end
    return next ^ {8'd0, crc[31:8]};
  endfunction

endpackage
// verilator lint_on UNUSEDPARAM
