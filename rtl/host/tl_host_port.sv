// tl_host_port: the link-agnostic side of the host: commands in by credits, completions and flow
// status out, whatever carries them.
//
// A command takes a credit when it is accepted; the credit returns when the carrier has taken its
// completion, so the completion FIFO never overflows and every failure is told. Status is level: a
// changed flow is marked dirty, and its event is one snapshot of the status RAM together with what has
// landed in host memory. The mark clears when the snapshot is read and a mark in that cycle wins, so
// a slow host costs nothing but the number of snapshots.
//
// Latency: command 1 cycle; completion -> `m_evt_valid` 2 cycles; dirty notice -> `m_evt_valid` 3
//   cycles when idle; landed -> 4 cycles.
// Throughput: one command a cycle, one event every 2 cycles.
// Hazard: until a slot's first life notice after reset its delivered position is undefined.
`default_nettype none
`include "tl_assert.svh"

module tl_host_port
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 256,
    parameter int unsigned Credits = 16
) (
    input  wire logic      clk,
    input  wire logic      rst,
    // Commands, from the carrier to tcp.
    input  wire logic      s_cmd_valid,
    output logic           s_cmd_ready,
    input  wire cmd_t      s_cmd,
    output logic           m_cmd_valid,
    input  wire logic      m_cmd_ready,
    output cmd_t           m_cmd,
    // From tcp: completions, changed flows, the read port of the status RAM.
    input  wire logic      s_cpl_valid,
    input  wire cpl_t      s_cpl,
    input  wire logic      s_dirty_valid,
    input  wire flow_t     s_dirty_flow,
    output flow_t          m_status_flow,
    input  wire status_t   s_status,
    // From the carrier: what is in host memory.
    input  wire logic      s_landed_valid,
    input  wire flow_pos_t s_landed,
    input  wire logic      s_life_valid,
    input  wire life_t     s_life,
    // To the carrier.
    output logic           m_evt_valid,
    input  wire logic      m_evt_ready,
    output host_evt_t      m_evt,
    output logic           busy
);
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned CreditW = $clog2(Credits + 1);

  // ------------------------------------------------------------------------------ commands
  logic cmd_room;
  logic [CreditW-1:0] cmd_count, outstanding_q;
  logic cmd_taken, cpl_taken;

  // A command that is still in the FIFO is outstanding too, so `cmd_room` holds while credits last.
  assign s_cmd_ready = cmd_room && outstanding_q != CreditW'(Credits);
  assign cmd_taken = s_cmd_valid && s_cmd_ready;

  always_ff @(posedge clk) begin
    if (rst) outstanding_q <= '0;
    else if (cmd_taken && !cpl_taken) outstanding_q <= outstanding_q + CreditW'(1);
    else if (!cmd_taken && cpl_taken) outstanding_q <= outstanding_q - CreditW'(1);
  end

  tl_fifo #(
      .Width($bits(cmd_t)),
      .Depth(Credits)
  ) u_cmd (
      .clk,
      .rst,
      .s_valid(cmd_taken),
      .s_ready(cmd_room),
      .s_data(s_cmd),
      .m_valid(m_cmd_valid),
      .m_ready(m_cmd_ready),
      .m_data(m_cmd),
      .count(cmd_count)
  );

  // ------------------------------------------------------------------------------ completions
  logic cpl_room, cpl_valid, cpl_ready;
  cpl_t cpl;
  logic [CreditW-1:0] cpl_count;

  tl_fifo #(
      .Width($bits(cpl_t)),
      .Depth(Credits)
  ) u_cpl (
      .clk,
      .rst,
      .s_valid(s_cpl_valid),
      .s_ready(cpl_room),
      .s_data(s_cpl),
      .m_valid(cpl_valid),
      .m_ready(cpl_ready),
      .m_data(cpl),
      .count(cpl_count)
  );
  `TL_ASSERT(a_cpl_room, !s_cpl_valid || cpl_room)
  `TL_ASSERT(a_cpl_credit, !cpl_taken || outstanding_q != '0)

  // ------------------------------------------------------------------------------ delivered
  // A life notice and a landed notice may meet; the life is written first. A landed notice of an older
  // life may still follow it: it leaves its own generation beside the position, and the snapshot
  // believes only the generation of the status.
  typedef struct packed {
    gen_t gen;
    pos_t pos;
  } delivered_t;

  logic landed_room, landed_valid, landed_write;
  flow_pos_t landed;
  logic [2:0] landed_count;
  delivered_t delivered;
  logic read;

  tl_fifo #(
      .Width($bits(flow_pos_t)),
      .Depth(4)
  ) u_landed (
      .clk,
      .rst,
      .s_valid(s_landed_valid),
      .s_ready(landed_room),
      .s_data(s_landed),
      .m_valid(landed_valid),
      .m_ready(landed_write),
      .m_data(landed),
      .count(landed_count)
  );
  `TL_ASSERT(a_landed_room, !s_landed_valid || landed_room)

  assign landed_write = landed_valid && !s_life_valid;

  tl_ram_1r1w #(
      .Width($bits(delivered_t)),
      .Depth(Flows)
  ) u_delivered (
      .clk,
      .we(s_life_valid || landed_write),
      .waddr(s_life_valid ? s_life.flow[FlowW-1:0] : landed.flow[FlowW-1:0]),
      .wdata(s_life_valid ? {s_life.gen, 32'd0} : {landed.gen, landed.pos}),
      .re(read),
      .raddr(m_status_flow[FlowW-1:0]),
      .rdata(delivered)
  );

  // ------------------------------------------------------------------------------ dirty flows
  logic dirty_valid, dirty_ready, dirty_empty;

  tl_flow_set #(
      .Flows(Flows),
      .Sets(2)
  ) u_dirty (
      .clk,
      .rst,
      .s_set_valid({landed_write, s_dirty_valid}),
      .s_set_flow({landed.flow, s_dirty_flow}),
      .m_valid(dirty_valid),
      .m_ready(dirty_ready),
      .m_flow(m_status_flow),
      .empty(dirty_empty)
  );

  // ------------------------------------------------------------------------------ events
  // Issue -> RAM -> output register. Nothing is issued unless the register will be free.
  logic read_q, out_free;
  flow_t read_flow_q;

  assign out_free = !m_evt_valid || m_evt_ready;
  assign cpl_ready = cpl_valid && !read_q && out_free;
  assign dirty_ready = dirty_valid && !cpl_valid && !read_q && out_free;
  assign read = dirty_ready;
  assign cpl_taken = m_evt_valid && m_evt_ready && m_evt.is_cpl;

  always_ff @(posedge clk) begin
    if (rst) begin
      read_q <= 1'b0;
      m_evt_valid <= 1'b0;
    end else begin
      read_q <= read;
      if (read_q || cpl_ready) m_evt_valid <= 1'b1;
      else if (m_evt_ready) m_evt_valid <= 1'b0;
    end
    if (read) read_flow_q <= m_status_flow;
    if (read_q) begin
      m_evt.is_cpl <= 1'b0;
      m_evt.flow <= read_flow_q;
      m_evt.status <= s_status;
      m_evt.delivered <= delivered.gen == s_status.gen ? delivered.pos : '0;
    end else if (cpl_ready) begin
      m_evt.is_cpl <= 1'b1;
      m_evt.flow <= cpl.flow;
      m_evt.cpl <= cpl;
    end
  end

  assign busy = m_cmd_valid || cpl_valid || landed_valid || !dirty_empty || read_q || m_evt_valid;

  `TL_ASSERT_STABLE(a_evt_stable, m_evt_valid, m_evt_ready, m_evt)

  logic unused;
  assign unused = ^{cmd_count, cpl_count, landed_count, s_life.flow, landed.flow, cpl_room,
                    landed_room};

endmodule

`default_nettype wire
