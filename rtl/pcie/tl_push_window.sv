// tl_push_window: the AXI4 slave behind BAR 2. It collects 64-byte lines and passes on those that came
// whole: one INCR burst over the line's bytes in order, every byte enabled, the length within the
// line. Everything else is answered, counted and forgotten, because the bytes also lie in the
// host's ring. Reads answer zero.
//
// Latency: last word of a line -> `m_line_valid` 1 cycle.
// Throughput: one word a cycle within a burst, one cycle more per burst.
// Hazard: a line that waits to be taken holds the write channel at the end of the next one.
`default_nettype none
`include "tl_assert.svh"

module tl_push_window
  import tautline_pkg::*;
  import tl_pcie_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    localparam int unsigned Bytes = DataW / 8
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic [3:0]       s_push_awid,
    input  wire logic [21:0]      s_push_awaddr,
    input  wire logic [7:0]       s_push_awlen,
    input  wire logic [2:0]       s_push_awsize,
    input  wire logic [1:0]       s_push_awburst,
    input  wire logic             s_push_awvalid,
    output logic                  s_push_awready,
    input  wire logic [DataW-1:0] s_push_wdata,
    input  wire logic [Bytes-1:0] s_push_wstrb,
    input  wire logic             s_push_wlast,
    input  wire logic             s_push_wvalid,
    output logic                  s_push_wready,
    output logic [3:0]            s_push_bid,
    output logic [1:0]            s_push_bresp,
    output logic                  s_push_bvalid,
    input  wire logic             s_push_bready,
    input  wire logic [3:0]       s_push_arid,
    input  wire logic [21:0]      s_push_araddr,
    input  wire logic [7:0]       s_push_arlen,
    input  wire logic [2:0]       s_push_arsize,
    input  wire logic [1:0]       s_push_arburst,
    input  wire logic             s_push_arvalid,
    output logic                  s_push_arready,
    output logic [3:0]            s_push_rid,
    output logic [DataW-1:0]      s_push_rdata,
    output logic [1:0]            s_push_rresp,
    output logic                  s_push_rlast,
    output logic                  s_push_rvalid,
    input  wire logic             s_push_rready,
    output logic                  m_line_valid,
    input  wire logic             m_line_ready,
    output push_t                 m_line,
    output logic                  cnt_unused,
    output logic                  busy
);
  localparam int unsigned Beats = 64 / Bytes;
  localparam logic [1:0] Incr = 2'b01;

  // ------------------------------------------------------------------------------ writes
  logic data_q;          // between a burst's address and its last word
  logic legal_q;         // the burst is one that can carry whole lines
  logic whole_q, whole;  // of the line so far
  logic [21:0] addr_q;   // of the next word
  logic line_start, line_end, beat, emit, sound;
  logic [511:0] line_d;
  push_line_msg_t head;

  assign s_push_awready = !data_q && !s_push_bvalid;
  assign line_start = addr_q[5:0] == 6'd0;
  assign line_end = addr_q[5:0] == 6'(64 - Bytes);
  assign s_push_wready = data_q && (!line_end || !m_line_valid || m_line_ready);
  assign beat = s_push_wvalid && s_push_wready;
  assign whole = legal_q && (line_start || whole_q) && (&s_push_wstrb);

  if (Beats == 1) begin : g_one
    assign line_d = s_push_wdata;
  end else begin : g_many
    // Words shift in from above: after the last one the first lies lowest.
    logic [511-DataW:0] early_q;
    assign line_d = {s_push_wdata, early_q};
    always_ff @(posedge clk) begin
      if (beat) early_q <= line_d[511:DataW];
    end
  end

  assign head = push_line_msg_t'(line_d);
  assign sound = head.len != 8'd0 && 9'(head.len) + 9'(head.position[2:0]) <= 9'd48 &&
                 32'(addr_q[21:6]) < Flows;
  assign emit = beat && line_end && whole && sound;

  always_ff @(posedge clk) begin
    if (rst) begin
      data_q <= 1'b0;
      s_push_bvalid <= 1'b0;
      m_line_valid <= 1'b0;
      cnt_unused <= 1'b0;
    end else begin
      if (s_push_awvalid && s_push_awready) data_q <= 1'b1;
      else if (beat && s_push_wlast) data_q <= 1'b0;
      if (beat && s_push_wlast) s_push_bvalid <= 1'b1;
      else if (s_push_bready) s_push_bvalid <= 1'b0;
      if (emit) m_line_valid <= 1'b1;
      else if (m_line_ready) m_line_valid <= 1'b0;
      cnt_unused <= beat && !emit && (line_end || s_push_wlast);
    end
    if (s_push_awvalid && s_push_awready) begin
      s_push_bid <= s_push_awid;
      addr_q <= s_push_awaddr;
      legal_q <= s_push_awburst == Incr && s_push_awsize == 3'($clog2(Bytes));
      whole_q <= 1'b0;
    end
    if (beat) begin
      addr_q <= addr_q + 22'(Bytes);
      whole_q <= whole;
    end
    if (emit) begin
      m_line.flow <= addr_q[21:6];
      m_line.gen <= head.gen;
      m_line.pos <= head.position;
      m_line.len <= head.len;
      m_line.line <= line_d;
    end
  end

  assign s_push_bresp = 2'b00;

  // ------------------------------------------------------------------------------ reads
  logic [7:0] left_q;

  assign s_push_arready = !s_push_rvalid;
  assign s_push_rdata = '0;
  assign s_push_rresp = 2'b00;
  assign s_push_rlast = left_q == 8'd0;

  always_ff @(posedge clk) begin
    if (rst) s_push_rvalid <= 1'b0;
    else if (s_push_arvalid && s_push_arready) s_push_rvalid <= 1'b1;
    else if (s_push_rready && s_push_rlast) s_push_rvalid <= 1'b0;
    if (s_push_arvalid && s_push_arready) begin
      s_push_rid <= s_push_arid;
      left_q <= s_push_arlen;
    end else if (s_push_rvalid && s_push_rready) begin
      left_q <= left_q - 8'd1;
    end
  end

  assign busy = data_q || m_line_valid || s_push_bvalid || s_push_rvalid;

  `TL_ASSERT_STABLE(a_line_stable, m_line_valid, m_line_ready, m_line)

  // The length of a burst follows from its last word; the address of a read does not matter.
  logic unused;
  assign unused = ^{s_push_awlen, s_push_araddr, s_push_arsize, s_push_arburst, head};

endmodule

`default_nettype wire
