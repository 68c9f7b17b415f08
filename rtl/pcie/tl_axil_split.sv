// tl_axil_split: divides BAR 0 into the register block (below 0x800) and the doorbells (from 0x10000);
// what lies between ignores writes and reads zero.
//
// Writes keep their order: a doorbell waits for the response of the register write before it.
//
// Latency: doorbell write (address and data taken) -> `m_db_valid` 1 cycle.
// Throughput: one doorbell a cycle; one register write or read per round trip of the block.
`default_nettype none
`include "tl_assert.svh"

module tl_axil_split
  import tautline_pkg::*;
  import tl_pcie_pkg::*;
#(
    parameter int unsigned Flows = 256
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        s_axil_awvalid,
    output logic             s_axil_awready,
    input  wire logic [21:0] s_axil_awaddr,
    input  wire logic [2:0]  s_axil_awprot,
    input  wire logic        s_axil_wvalid,
    output logic             s_axil_wready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    output logic             s_axil_bvalid,
    input  wire logic        s_axil_bready,
    output logic [1:0]       s_axil_bresp,
    input  wire logic        s_axil_arvalid,
    output logic             s_axil_arready,
    input  wire logic [21:0] s_axil_araddr,
    input  wire logic [2:0]  s_axil_arprot,
    output logic             s_axil_rvalid,
    input  wire logic        s_axil_rready,
    output logic [31:0]      s_axil_rdata,
    output logic [1:0]       s_axil_rresp,
    // Register block.
    output logic             m_axil_awvalid,
    input  wire logic        m_axil_awready,
    output logic [10:0]      m_axil_awaddr,
    output logic [2:0]       m_axil_awprot,
    output logic             m_axil_wvalid,
    input  wire logic        m_axil_wready,
    output logic [31:0]      m_axil_wdata,
    output logic [3:0]       m_axil_wstrb,
    input  wire logic        m_axil_bvalid,
    output logic             m_axil_bready,
    input  wire logic [1:0]  m_axil_bresp,
    output logic             m_axil_arvalid,
    input  wire logic        m_axil_arready,
    output logic [10:0]      m_axil_araddr,
    output logic [2:0]       m_axil_arprot,
    input  wire logic        m_axil_rvalid,
    output logic             m_axil_rready,
    input  wire logic [31:0] m_axil_rdata,
    input  wire logic [1:0]  m_axil_rresp,
    // Doorbells.
    output logic             m_db_valid,
    input  wire logic        m_db_ready,
    output doorbell_t        m_db,
    output logic             busy
);
  localparam logic [21:0] DoorbellBase = 22'h10000;
  localparam logic [21:0] DoorbellEnd = DoorbellBase + 22'(8 * Flows);
  localparam logic [1:0] Okay = 2'b00;

  // ------------------------------------------------------------------------------ writes
  logic both, to_regs, to_db, b_free, regs_wait_q;
  logic take_regs, take_other;
  logic [21:0] db_offset;

  assign both = s_axil_awvalid && s_axil_wvalid && !regs_wait_q && b_free;
  assign to_regs = s_axil_awaddr[21:11] == '0;
  assign to_db = s_axil_awaddr >= DoorbellBase;
  assign b_free = !s_axil_bvalid || s_axil_bready;
  assign db_offset = s_axil_awaddr - DoorbellBase;

  assign take_regs = both && to_regs && m_axil_awready && m_axil_wready;
  assign take_other = both && !to_regs && (!m_db_valid || m_db_ready);
  assign s_axil_awready = take_regs || take_other;
  assign s_axil_wready = s_axil_awready;

  // Both halves enter the block in the same cycle or not at all.
  assign m_axil_awvalid = both && to_regs && m_axil_wready;
  assign m_axil_wvalid = both && to_regs && m_axil_awready;
  assign m_axil_awaddr = s_axil_awaddr[10:0];
  assign m_axil_awprot = s_axil_awprot;
  assign m_axil_wdata = s_axil_wdata;
  assign m_axil_wstrb = s_axil_wstrb;
  assign m_axil_bready = 1'b1;

  always_ff @(posedge clk) begin
    if (rst) begin
      regs_wait_q <= 1'b0;
      s_axil_bvalid <= 1'b0;
      m_db_valid <= 1'b0;
    end else begin
      if (take_regs) regs_wait_q <= 1'b1;
      else if (m_axil_bvalid) regs_wait_q <= 1'b0;
      if (take_other || m_axil_bvalid) s_axil_bvalid <= 1'b1;
      else if (s_axil_bready) s_axil_bvalid <= 1'b0;
      if (take_other && to_db) m_db_valid <= 1'b1;
      else if (m_db_ready) m_db_valid <= 1'b0;
    end
    if (take_other) s_axil_bresp <= Okay;
    else if (m_axil_bvalid) s_axil_bresp <= m_axil_bresp;
    if (take_other) begin
      m_db.flow <= db_offset[18:3];
      m_db.taken <= db_offset[2];
      m_db.bad <= s_axil_awaddr >= DoorbellEnd || s_axil_wstrb != 4'hF;
      m_db.gen <= s_axil_wdata[31:24];
      m_db.pos <= s_axil_wdata[23:0];
    end
  end

  // ------------------------------------------------------------------------------ reads
  logic regs_read_q, ar_free;

  assign ar_free = !regs_read_q && !s_axil_rvalid;
  assign m_axil_arvalid = s_axil_arvalid && s_axil_araddr[21:11] == '0 && ar_free;
  assign s_axil_arready = ar_free && (s_axil_araddr[21:11] != '0 || m_axil_arready);
  assign m_axil_araddr = s_axil_araddr[10:0];
  assign m_axil_arprot = s_axil_arprot;
  assign m_axil_rready = 1'b1;

  always_ff @(posedge clk) begin
    if (rst) begin
      regs_read_q <= 1'b0;
      s_axil_rvalid <= 1'b0;
    end else begin
      if (m_axil_arvalid && m_axil_arready) regs_read_q <= 1'b1;
      else if (m_axil_rvalid) regs_read_q <= 1'b0;
      if (m_axil_rvalid || (s_axil_arvalid && s_axil_arready && !m_axil_arvalid))
        s_axil_rvalid <= 1'b1;
      else if (s_axil_rready) s_axil_rvalid <= 1'b0;
    end
    if (m_axil_rvalid) begin
      s_axil_rdata <= m_axil_rdata;
      s_axil_rresp <= m_axil_rresp;
    end else if (s_axil_arvalid && s_axil_arready) begin
      s_axil_rdata <= '0;
      s_axil_rresp <= Okay;
    end
  end

  assign busy = regs_wait_q || regs_read_q || m_db_valid || s_axil_bvalid || s_axil_rvalid;

  `TL_ASSERT_STABLE(a_db_stable, m_db_valid, m_db_ready, m_db)
  `TL_ASSERT_STABLE(a_r_stable, s_axil_rvalid, s_axil_rready, s_axil_rdata)
  `TL_ASSERT(a_one_response, !(take_regs || take_other) || !m_axil_bvalid)

  logic unused;
  assign unused = ^{db_offset[21:19], db_offset[1:0]};

endmodule

`default_nettype wire
