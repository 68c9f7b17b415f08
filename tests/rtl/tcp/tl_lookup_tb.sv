// Flat ports around tl_lookup.
`default_nettype none

module tl_lookup_tb
  import tautline_pkg::*;
#(
    parameter int unsigned Flows = 16
) (
    input  wire logic        clk,
    input  wire logic        rst,
    // One bit of the key places everything in the same set.
    input  wire logic        one_set,
    input  wire logic        s_key_valid,
    input  wire logic [31:0] raddr,
    input  wire logic [31:0] laddr,
    input  wire logic [15:0] rport,
    input  wire logic [15:0] lport,
    output logic             m_hit_valid,
    output logic             m_hit,
    output logic [15:0]      m_hit_flow,
    output logic [7:0]       m_hit_gen,
    input  wire logic        s_find_valid,
    output logic             s_find_ready,
    output logic             m_find_valid,
    output logic             m_found,
    output logic [15:0]      m_found_flow,
    output logic [7:0]       m_found_gen,
    input  wire logic        s_ins_valid,
    output logic             s_ins_ready,
    input  wire logic [15:0] s_ins_flow,
    input  wire logic [7:0]  s_ins_gen,
    output logic             m_ins_done,
    output logic             m_ins_ok,
    input  wire logic        s_del_valid,
    input  wire logic [15:0] s_del_flow,
    output logic             del_room,
    output logic             busy,
    output logic             cleared
);
  key_t key;
  assign key = '{raddr: raddr, laddr: laddr, rport: rport, lport: lport};

  tl_lookup #(
      .Flows(Flows)
  ) i_dut (
      .clk,
      .rst,
      .hash_key(one_set ? 128'd0 : 128'h0123_4567_89ab_cdef_fedc_ba98_7654_3210),
      .s_key_valid,
      .s_key(key),
      .m_hit_valid,
      .m_hit,
      .m_hit_flow,
      .m_hit_gen,
      .s_find_valid,
      .s_find_ready,
      .s_find_key(key),
      .m_find_valid,
      .m_found,
      .m_found_flow,
      .m_found_gen,
      .s_ins_valid,
      .s_ins_ready,
      .s_ins_key(key),
      .s_ins_flow,
      .s_ins_gen,
      .m_ins_done,
      .m_ins_ok,
      .s_del_valid,
      .s_del_key(key),
      .s_del_flow,
      .del_room,
      .busy,
      .cleared
  );
endmodule

`default_nettype wire
