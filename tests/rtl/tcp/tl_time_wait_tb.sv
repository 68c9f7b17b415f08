// Flat ports around tl_time_wait. The key is {raddr 10.0.0.rhost, laddr 10.0.0.2, rport, 80}.
`default_nettype none

module tl_time_wait_tb
  import tautline_pkg::*;
  import tcp_pkg::*;
#(
    parameter int unsigned Entries = 8
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        one_chain,  // every key hashes alike
    input  wire logic [63:0] now_us,
    input  wire logic        s_tw_valid,
    input  wire logic [7:0]  rhost,
    input  wire logic [15:0] rport,
    input  wire logic [31:0] rcv_nxt,
    input  wire logic [31:0] snd_nxt,
    output logic             tw_room,
    input  wire logic        s_find_valid,
    output logic             s_find_ready,
    input  wire logic        s_restart,
    input  wire logic        s_remove,
    output logic             m_find_valid,
    output logic             m_found,
    output logic [31:0]      m_rcv_nxt,
    output logic [31:0]      m_snd_nxt,
    output logic [15:0]      m_rport,
    output logic             next_deadline_valid,
    output logic [63:0]      next_deadline,
    output logic             busy,
    output logic             cleared,
    output logic             m_recycled
);
  key_t key;
  tw_t tw, found;
  assign key = '{raddr: {24'h0a0000, rhost}, laddr: 32'h0a000002, rport: rport, lport: 16'd80};
  assign tw = '{key: key, rcv_nxt: rcv_nxt, snd_nxt: snd_nxt, ts_ok: 1'b0, ts_recent: '0, mac: '0};
  assign m_rcv_nxt = found.rcv_nxt;
  assign m_snd_nxt = found.snd_nxt;
  assign m_rport = found.key.rport;

  tl_time_wait #(
      .Entries(Entries)
  ) i_dut (
      .clk,
      .rst,
      .hash_key(one_chain ? 128'd0 : 128'h0123_4567_89ab_cdef_fedc_ba98_7654_3210),
      .time_wait_us(32'd1000),
      .now_us,
      .s_tw_valid,
      .s_tw(tw),
      .tw_room,
      .s_find_valid,
      .s_find_ready,
      .s_find_key(key),
      .s_restart,
      .s_remove,
      .m_find_valid,
      .m_found,
      .m_found_tw(found),
      .next_deadline_valid,
      .next_deadline,
      .busy,
      .cleared,
      .m_recycled
  );

  logic unused;
  assign unused = ^found;
endmodule

`default_nettype wire
