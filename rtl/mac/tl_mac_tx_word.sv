// tl_mac_tx_word: words of frames to XGMII: preamble, padding, FCS, gap with deficit idle count.
//
// Frames begin in lane 0 or 4. A gap is shortened by up to 3 bytes or lengthened, so that what was taken
// never sums up to more than 3 and the average is 12 (46.3.1.4). The byte position at which a frame
// ends tells all of it: 8 bytes are a cycle more, 4 are the other lane, the rest is the deficit.
//
// A frame of which a word is missing is ended with four zero bytes and a wrong FCS; its rest is
// discarded. While there is a fault frames are discarded, one on its way is cut off.
//
// Stages: 1 the word's part of the CRC; 2 the CRC, but for the 4 bytes that the last word may lack; 3 the
// FCS, and what is in each lane; 4 the lanes.
//
// Latency: word taken -> preamble on `xgmii_*` 3 cycles, the word 4; half a cycle more in lane 4.
// Throughput: line rate while `s_tvalid` has no gap in a frame.
// Reference: IEEE 802.3 3.1, 4.2.3, 46.1.7, 46.2, 46.3.1, 46.3.4.
`default_nettype none

module tl_mac_tx_word
  import mac_pkg::*;
  import mac_crc_pkg::*;
(
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire fault_e      fault,
    input  wire logic        s_tvalid,
    output logic             s_tready,
    input  wire logic [63:0] s_tdata,
    input  wire logic [7:0]  s_tkeep,
    input  wire logic        s_tlast,
    input  wire logic        s_tuser,
    output logic             underrun,
    output logic [63:0]      xgmii_txd,
    output logic [7:0]       xgmii_txc
);
  // The shortest frame ends in this word, with this many bytes beyond its first.
  localparam logic [3:0] PadWord = 4'((MinFrame - FcsBytes) / 8);
  localparam logic [2:0] PadExtra = 3'((MinFrame - FcsBytes) % 8 - 1);

  // ----------------------------------------------------------------------- stage 0: a word a cycle
  typedef enum logic [1:0] {Wait, Data, Pad} state_e;

  state_e state_q;
  logic [3:0] index_q;  // of the word in its frame, as far as padding cares
  logic [1:0] gap_q;    // cycles before a frame may begin
  logic drain_q;        // the rest of a frame that ran out is discarded
  logic late_q;         // a frame might have begun before
  logic begins, taken, missing, word, ends;
  logic [7:0] keep;
  logic [2:0] extra;

  assign s_tready = drain_q || state_q == Data || (state_q == Wait && gap_q == 2'd0);
  assign begins = state_q == Wait && gap_q == 2'd0 && !drain_q && s_tvalid;
  assign taken = begins || (state_q == Data && s_tvalid);
  assign missing = state_q == Data && !s_tvalid;
  assign word = begins || state_q != Wait;
  assign ends = word && index_q >= PadWord && (!taken || s_tlast);
  assign keep = taken ? s_tkeep : 8'd0;
  assign underrun = missing;

  always_comb begin
    extra = extra_of(keep);
    if (!ends) extra = '1;
    else if (missing || (index_q == PadWord && extra < PadExtra)) extra = PadExtra;
  end

  // ------------------------------------------------- stage 1: the word's part of the CRC, its place
  logic valid1_q, first1_q, last1_q, bad1_q, half1_q;
  logic [2:0] extra1_q;
  logic [63:0] data, data1_q;
  logic [31:0] word1_q;
  logic [2:0] phase_q;  // the frame's lane and deficit
  logic [3:0] phase;

  for (genvar i = 0; i < 8; i++) begin : g_keep
    assign data[8*i+:8] = keep[i] ? s_tdata[8*i+:8] : 8'd0;
  end

  assign phase = {1'b0, phase_q} + {1'b0, extra1_q} + 4'd1;

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= Wait;
      gap_q <= '0;
      drain_q <= 1'b0;
      late_q <= 1'b0;
      phase_q <= '0;
      valid1_q <= 1'b0;
      first1_q <= 1'b0;
      last1_q <= 1'b0;
    end else begin
      if (ends) state_q <= Wait;
      else if (word) state_q <= taken && !s_tlast ? Data : Pad;

      if (missing) drain_q <= 1'b1;
      else if (s_tvalid && s_tlast) drain_q <= 1'b0;

      // Two cycles, and one more if the frame and its gap end beyond them.
      if (ends) gap_q <= 2'd2;
      else if (gap_q != 2'd0 && !(last1_q && phase[3])) gap_q <= gap_q - 2'd1;

      // What comes later than it might have begins in lane 0; every deficit is paid.
      late_q <= gap_q == 2'd0;
      if (last1_q) phase_q <= phase[2:0];
      else if (state_q == Wait && late_q) phase_q <= '0;

      valid1_q <= word;
      first1_q <= begins;
      last1_q <= ends;
    end
  end

  always_ff @(posedge clk) begin
    if (!word || ends) index_q <= '0;
    else if (index_q <= PadWord) index_q <= index_q + 4'd1;
    if (begins) half1_q <= phase_q[2] && !late_q;
    if (begins || missing || taken) bad1_q <= missing || (s_tlast && s_tuser);
    extra1_q <= extra;
    if (word) begin
      data1_q <= data;
      word1_q <= crc_word(data);
    end
  end

  // --------------------------------------------------------------------------------- stage 2: CRC
  logic valid2_q, last2_q, bad2_q;
  logic [2:0] extra2_q;
  logic [63:0] data2_q;
  logic [31:0] crc2_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      valid2_q <= 1'b0;
      last2_q <= 1'b0;
    end else begin
      valid2_q <= valid1_q;
      last2_q <= last1_q;
    end
  end

  always_ff @(posedge clk) begin
    bad2_q <= bad1_q;
    extra2_q <= extra1_q;
    if (valid1_q) begin
      data2_q <= data1_q;
      crc2_q <= crc_next(crc2_q, word1_q, ~extra1_q[1:0]);
    end else begin
      crc2_q <= CrcStart;
    end
  end

  // -------------------------------------------------------------- stage 3: FCS, what is in each lane
  typedef enum logic [2:0] {
    LaneIdle, LaneData, LanePreamble, LaneTerminate, LaneFcs0, LaneFcs1, LaneFcs2, LaneFcs3
  } lane_e;

  // The byte `ahead` places behind the last one of the frame; 0 is that one.
  function automatic lane_e behind(input int ahead);
    case (ahead)
      1: return LaneFcs0;
      2: return LaneFcs1;
      3: return LaneFcs2;
      4: return LaneFcs3;
      5: return LaneTerminate;
      default: return ahead <= 0 ? LaneData : LaneIdle;
    endcase
  endfunction

  logic last3_q, blocked_q, remote_q, half3_q;
  logic [2:0] extra3_q;
  logic [63:0] data3_q;
  logic [31:0] fcs3_q;
  lane_e lane[8], lane3_q[8];

  always_comb begin
    for (int i = 0; i < 8; i++) begin
      lane[i] = LaneIdle;
      for (int e = 0; e < 8; e++) begin
        if (valid2_q && extra2_q == 3'(e)) lane[i] = behind(i - e);
        if (last3_q && extra3_q == 3'(e)) lane[i] = behind(i + 8 - e);
      end
      if (first1_q) lane[i] = LanePreamble;
      if (blocked_q) lane[i] = LaneIdle;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      last3_q <= 1'b0;
      blocked_q <= 1'b0;
      remote_q <= 1'b0;
      half3_q <= 1'b0;
    end else begin
      last3_q <= last2_q;
      // After a fault the first frame that is sent is a whole one.
      if (fault != FAULT_NONE) blocked_q <= 1'b1;
      else if (!valid1_q && !valid2_q && !last3_q) blocked_q <= 1'b0;
      // A local fault is told to the other end, to which it is remote.
      remote_q <= fault == FAULT_LOCAL;
      if (first1_q) half3_q <= half1_q;
    end
    for (int i = 0; i < 8; i++) lane3_q[i] <= rst ? LaneIdle : lane[i];
  end

  always_ff @(posedge clk) begin
    extra3_q <= extra2_q;
    data3_q <= data2_q;
    if (last2_q) fcs3_q <= (extra2_q[2] ? crc2_q : crc_off4(crc2_q)) ^ {32{!bad2_q}};
  end

  // ------------------------------------------------------------------------------- stage 4: lanes
  logic [63:0] txd;
  logic [7:0] txc;
  logic [31:0] held_txd_q;
  logic [3:0] held_txc_q;

  always_comb begin
    for (int i = 0; i < 8; i++) begin
      txc[i] = 1'b0;
      case (lane3_q[i])
        LaneData: txd[8*i+:8] = data3_q[8*i+:8];
        LaneFcs0: txd[8*i+:8] = fcs3_q[7:0];
        LaneFcs1: txd[8*i+:8] = fcs3_q[15:8];
        LaneFcs2: txd[8*i+:8] = fcs3_q[23:16];
        LaneFcs3: txd[8*i+:8] = fcs3_q[31:24];
        LanePreamble: begin
          txd[8*i+:8] = i == 0 ? XgmiiStart : i == 7 ? Sfd : Preamble;
          txc[i] = i == 0;
        end
        LaneTerminate: begin
          txd[8*i+:8] = XgmiiTerminate;
          txc[i] = 1'b1;
        end
        default: begin
          txd[8*i+:8] = XgmiiIdle;
          txc[i] = 1'b1;
          if (remote_q) begin
            txd[8*i+:8] = i % 4 == 0 ? XgmiiSequence : i % 4 == 3 ? 8'(FAULT_REMOTE) : 8'd0;
            txc[i] = i % 4 == 0;
          end
        end
      endcase
    end
  end

  always_ff @(posedge clk) begin
    held_txd_q <= txd[63:32];
    held_txc_q <= txc[7:4];
    xgmii_txd <= half3_q ? {txd[31:0], held_txd_q} : txd;
    xgmii_txc <= half3_q ? {txc[3:0], held_txc_q} : txc;
  end

endmodule

`default_nettype wire
