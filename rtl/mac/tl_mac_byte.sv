// tl_mac_byte: the MAC behind a byte-wide interface, full duplex: transmitter, receiver, and the way of
// their frames and counts to and from the engine's clock.
//
// A received frame for which the crossing has no room is dropped whole; one that has begun to pass is
// ended as a bad frame, which the engine drops whole.
//
// Latency: receive: word given out by tl_mac_rx_byte -> `m_rx_tvalid` after 3 edges of `clk`. Transmit:
//   word taken -> offered to tl_mac_tx_byte after 3 edges of `tx_clk`.
// Throughput: line rate while `clk` has an eighth of the byte rate or more; below, frames overflow and
//   run out.
// Hazard: after a reset nothing passes in a direction until its line clock has run for three cycles; it
//   may stand still before.
// Reference: IEEE 802.3 3, 4.
`default_nettype none

module tl_mac_byte
  import mac_pkg::*;
#(
    parameter int unsigned MaxFrame = 1522,
    parameter int unsigned FifoDepth = 16
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        s_tx_tvalid,
    output logic             s_tx_tready,
    input  wire logic [63:0] s_tx_tdata,
    input  wire logic [7:0]  s_tx_tkeep,
    input  wire logic        s_tx_tlast,
    input  wire logic        s_tx_tuser,
    output logic             m_rx_tvalid,
    output logic [63:0]      m_rx_tdata,
    output logic [7:0]       m_rx_tkeep,
    output logic             m_rx_tlast,
    output logic             m_rx_tuser,
    output logic             cnt_rx_bad_fcs,
    output logic             cnt_rx_overflow,
    output logic             cnt_rx_runt,
    output logic             cnt_rx_giant,
    output logic             cnt_tx_underrun,
    // Line, transmit
    input  wire logic        tx_clk,
    output logic             tx_rst,
    input  wire logic        tx_ce,
    output logic [7:0]       tx_byte,
    output logic             tx_en,
    // Line, receive
    input  wire logic        rx_clk,
    output logic             rx_rst,
    input  wire logic        rx_ce,
    input  wire logic [7:0]  rx_byte,
    input  wire logic        rx_dv,
    input  wire logic        rx_er
);

  // -------------------------------------------------------------------------------------- resets
  logic tx_hold, rx_hold;  // the line side is in reset
  logic tx_side_rst, rx_side_rst;
  logic rst_q;  // what clears asynchronously comes out of a register

  always_ff @(posedge clk) rst_q <= rst;

  tl_reset_sync u_tx_rst (.clk(tx_clk), .async_rst(rst_q), .rst(tx_rst));
  tl_reset_sync u_rx_rst (.clk(rx_clk), .async_rst(rst_q), .rst(rx_rst));
  tl_sync #(.ResetValue(1)) u_tx_hold (.clk, .rst, .d(tx_rst), .q(tx_hold));
  tl_sync #(.ResetValue(1)) u_rx_hold (.clk, .rst, .d(rx_rst), .q(rx_hold));
  assign tx_side_rst = rst || tx_hold;
  assign rx_side_rst = rst || rx_hold;

  // ------------------------------------------------------------------------------------ transmit
  tx_word_t tx_in, tx_word;
  logic tx_valid, tx_ready, tx_underrun, tx_underrun_room;

  assign tx_in = '{bad: s_tx_tuser, last: s_tx_tlast, extra: extra_of(s_tx_tkeep), data: s_tx_tdata};

  tl_async_fifo #(
      .Width($bits(tx_word_t)),
      .Depth(FifoDepth)
  ) u_tx_fifo (
      .s_clk(clk),
      .s_rst(tx_side_rst),
      .s_valid(s_tx_tvalid),
      .s_ready(s_tx_tready),
      .s_data(tx_in),
      .m_clk(tx_clk),
      .m_rst(tx_rst),
      .m_valid(tx_valid),
      .m_ready(tx_ready),
      .m_data(tx_word)
  );

  tl_mac_tx_byte u_tx (
      .clk(tx_clk),
      .rst(tx_rst),
      .ce(tx_ce),
      .s_valid(tx_valid),
      .s_ready(tx_ready),
      .s_word(tx_word),
      .m_byte(tx_byte),
      .m_en(tx_en),
      .underrun(tx_underrun)
  );

  // Underruns are at least a frame apart: there is room.
  logic tx_underrun_event;

  tl_async_fifo #(
      .Width(1),
      .Depth(4)
  ) u_tx_events (
      .s_clk(tx_clk),
      .s_rst(tx_rst),
      .s_valid(tx_underrun),
      .s_ready(tx_underrun_room),
      .s_data(1'b1),
      .m_clk(clk),
      .m_rst(tx_side_rst),
      .m_valid(cnt_tx_underrun),
      .m_ready(1'b1),
      .m_data(tx_underrun_event)
  );

  // ------------------------------------------------------------------------------------- receive
  rx_word_t line_word, rx_in, rx_word;
  logic line_valid, line_first, line_runt;
  logic rx_in_valid, rx_in_ready, rx_valid;
  logic lost_q;  // the rest of this frame is dropped
  logic owe_q;   // its end is still to be written
  logic whole;   // a frame is dropped before any of it passed

  tl_mac_rx_byte #(
      .MaxFrame(MaxFrame)
  ) u_rx (
      .clk(rx_clk),
      .rst(rx_rst),
      .ce(rx_ce),
      .s_byte(rx_byte),
      .s_dv(rx_dv),
      .s_er(rx_er),
      .m_valid(line_valid),
      .m_first(line_first),
      .m_word(line_word),
      .m_runt(line_runt)
  );

  assign whole = line_valid && line_first && (owe_q || !rx_in_ready);
  assign rx_in_valid = owe_q || (line_valid && (line_first || !lost_q));

  always_comb begin
    rx_in = line_word;
    if (owe_q) begin
      rx_in.last = 1'b1;
      rx_in.status = RX_OVERFLOW;
    end
  end

  always_ff @(posedge rx_clk) begin
    if (rx_rst) begin
      lost_q <= 1'b0;
      owe_q <= 1'b0;
    end else begin
      if (line_valid && line_first) lost_q <= whole;
      else if (line_valid && !rx_in_ready) lost_q <= 1'b1;

      if (rx_in_ready) owe_q <= 1'b0;
      else if (line_valid && !line_first && !lost_q) owe_q <= 1'b1;
    end
  end

  tl_async_fifo #(
      .Width($bits(rx_word_t)),
      .Depth(FifoDepth)
  ) u_rx_fifo (
      .s_clk(rx_clk),
      .s_rst(rx_rst),
      .s_valid(rx_in_valid),
      .s_ready(rx_in_ready),
      .s_data(rx_in),
      .m_clk(clk),
      .m_rst(rx_side_rst),
      .m_valid(rx_valid),
      .m_ready(1'b1),
      .m_data(rx_word)
  );

  // Frames without a word to tell their fate. They may come in quick succession on a line gone mad;
  // what does not fit is not counted.
  logic event_room, event_valid, event_ready, event_overflow;

  tl_async_fifo #(
      .Width(1),
      .Depth(8)
  ) u_rx_events (
      .s_clk(rx_clk),
      .s_rst(rx_rst),
      .s_valid(line_runt || whole),
      .s_ready(event_room),
      .s_data(whole),
      .m_clk(clk),
      .m_rst(rx_side_rst),
      .m_valid(event_valid),
      .m_ready(event_ready),
      .m_data(event_overflow)
  );

  logic rx_end;

  assign rx_end = rx_valid && rx_word.last;
  assign event_ready = !rx_end;
  assign cnt_rx_bad_fcs = rx_end && rx_word.status == RX_BAD_FCS;
  assign cnt_rx_giant = rx_end && rx_word.status == RX_GIANT;
  assign cnt_rx_overflow = rx_end ? rx_word.status == RX_OVERFLOW : event_valid && event_overflow;
  assign cnt_rx_runt = rx_end ? rx_word.status == RX_RUNT : event_valid && !event_overflow;

  assign m_rx_tvalid = rx_valid;
  assign m_rx_tdata = rx_word.data;
  assign m_rx_tkeep = rx_word.last ? keep_of(rx_word.extra) : '1;
  assign m_rx_tlast = rx_word.last;
  assign m_rx_tuser = rx_word.last && rx_word.status != RX_GOOD;

  logic unused;
  assign unused = &{1'b0, tx_underrun_room, tx_underrun_event, event_room};

endmodule

`default_nettype wire
