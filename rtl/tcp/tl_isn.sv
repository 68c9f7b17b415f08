// tl_isn: initial sequence numbers and ephemeral port offsets, both from one SipHash-2-4 unit.
//
// ISN = M + F(4-tuple, isn_key), M counting every 4 microseconds (RFC 6528 3; RFC 9293 3.4.1,
// MUST-8).
// Port offset = F(addresses and remote port, port_key) (RFC 6056 3.3.3).
//
// Latency: 9 cycles from an accepted request to `m_valid`.
// Throughput: one request at a time.
// Reference: RFC 6528, RFC 6056.
`default_nettype none

module tl_isn
  import tautline_pkg::*;
(
    input  wire logic    clk,
    input  wire logic    rst,
    input  wire secret_t secret,
    input  wire now_t    now_us,

    input  wire logic    s_valid,
    output logic         s_ready,
    input  wire logic    s_port,  // a port offset is wanted, not an ISN
    input  wire key_t    s_key,
    output logic         m_valid,
    output seq_t         m_isn,
    output logic [15:0]  m_offset
);

  logic [95:0] msg;
  logic [63:0] hash;

  always_comb begin
    msg = '0;
    if (s_valid) begin
      msg = {s_key.lport, s_key.rport, s_key.laddr, s_key.raddr};
      if (s_port) msg[95:80] = '0;
    end
  end

  tl_siphash #(
      .Bytes(12)
  ) i_siphash (
      .clk,
      .rst,
      .s_valid,
      .s_ready,
      .s_key(s_port ? secret.port_key : secret.isn_key),
      .s_msg(msg),
      .m_valid,
      .m_hash(hash)
  );

  assign m_isn = now_us[33:2] + hash[31:0];
  assign m_offset = hash[15:0];

  logic unused;
  assign unused = ^{secret.hash_key, now_us[63:34], now_us[1:0], hash[63:32]};

endmodule

`default_nettype wire
