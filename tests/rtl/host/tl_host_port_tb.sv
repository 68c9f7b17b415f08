// tl_host_port_tb: tl_host_port with flat ports, beside a status RAM as tcp keeps it.
`default_nettype none

module tl_host_port_tb
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 16
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        s_cmd_valid,
    output logic             s_cmd_ready,
    input  wire logic [15:0] s_cmd_cookie,
    output logic             m_cmd_valid,
    input  wire logic        m_cmd_ready,
    output logic [15:0]      m_cmd_cookie,
    input  wire logic        cpl_valid,
    input  wire logic [15:0] cpl_cookie,
    input  wire logic [15:0] cpl_flow,
    // A write of the status RAM, with its dirty notice.
    input  wire logic        status_valid,
    input  wire logic [15:0] status_flow,
    input  wire logic [7:0]  status_gen,
    input  wire logic [31:0] status_acked,
    input  wire logic        landed_valid,
    input  wire logic [15:0] landed_flow,
    input  wire logic [7:0]  landed_gen,
    input  wire logic [31:0] landed_pos,
    input  wire logic        life_valid,
    input  wire logic [15:0] life_flow,
    input  wire logic [7:0]  life_gen,
    output logic             evt_valid,
    input  wire logic        evt_ready,
    output logic             evt_is_cpl,
    output logic [15:0]      evt_flow,
    output logic [15:0]      evt_cookie,
    output logic [7:0]       evt_gen,
    output logic [31:0]      evt_acked,
    output logic [31:0]      evt_delivered,
    output logic             busy
);
  cmd_t s_cmd, m_cmd;
  cpl_t cpl;
  status_t status;
  host_evt_t evt;
  flow_t read_flow;
  logic [39:0] ram[Flows];

  always_comb begin
    s_cmd = '0;
    s_cmd.cookie = s_cmd_cookie;
    cpl = '0;
    cpl.cookie = cpl_cookie;
    cpl.flow = cpl_flow;
  end

  always_ff @(posedge clk) begin
    if (status_valid) ram[status_flow[$clog2(Flows)-1:0]] <= {status_gen, status_acked};
    status <= '0;
    {status.gen, status.acked} <= ram[read_flow[$clog2(Flows)-1:0]];
  end

  assign m_cmd_cookie = m_cmd.cookie;
  assign evt_is_cpl = evt.is_cpl;
  assign evt_flow = evt.flow;
  assign evt_cookie = evt.cpl.cookie;
  assign evt_gen = evt.status.gen;
  assign evt_acked = evt.status.acked;
  assign evt_delivered = evt.delivered;

  tl_host_port #(
      .Flows(Flows)
  ) u_host_port (
      .clk,
      .rst,
      .s_cmd_valid,
      .s_cmd_ready,
      .s_cmd,
      .m_cmd_valid,
      .m_cmd_ready,
      .m_cmd,
      .s_cpl_valid(cpl_valid),
      .s_cpl(cpl),
      .s_dirty_valid(status_valid),
      .s_dirty_flow(status_flow),
      .m_status_flow(read_flow),
      .s_status(status),
      .s_landed_valid(landed_valid),
      .s_landed({landed_flow, landed_gen, landed_pos}),
      .s_life_valid(life_valid),
      .s_life({life_flow, life_gen}),
      .m_evt_valid(evt_valid),
      .m_evt_ready(evt_ready),
      .m_evt(evt),
      .busy
  );

  logic unused;
  assign unused = ^{m_cmd, evt, status_flow, read_flow};

endmodule

`default_nettype wire
