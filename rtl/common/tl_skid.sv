// tl_skid: a stream register that cuts every combinational path, ready included.
//
// Latency: one cycle.
// Throughput: one word a cycle.
`default_nettype none
`include "tl_assert.svh"

module tl_skid #(
    parameter int unsigned Width = 8
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             s_valid,
    output logic                  s_ready,
    input  wire logic [Width-1:0] s_data,
    output logic                  m_valid,
    input  wire logic             m_ready,
    output logic [Width-1:0]      m_data
);

  logic out_valid_q, spare_valid_q;
  logic [Width-1:0] out_q, spare_q;

  assign s_ready = !spare_valid_q;
  assign m_valid = out_valid_q;
  assign m_data = out_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      out_valid_q <= 1'b0;
      spare_valid_q <= 1'b0;
    end else if (m_ready || !out_valid_q) begin
      out_valid_q <= spare_valid_q || s_valid;
      spare_valid_q <= 1'b0;
    end else if (s_valid && s_ready) begin
      spare_valid_q <= 1'b1;
    end
    if (m_ready || !out_valid_q) begin
      if (spare_valid_q) out_q <= spare_q;
      else if (s_valid) out_q <= s_data;
    end
    if (s_valid && s_ready) spare_q <= s_data;
  end

  `TL_ASSERT_STABLE(a_skid_stable, m_valid, m_ready, m_data)

endmodule

`default_nettype wire
