// tl_mac_nibbles: nibbles of a received frame to bytes, aligned by the SFD wherever the preamble ends.
//
// Bytes before the SFD are not given out. A nibble left over at the end is dropped; whether the frame is
// good its FCS decides (4.2.4.2.1: a frame whose whole octets have a good FCS has no alignment error).
//
// Latency: nibble -> byte one cycle after its second nibble.
// Throughput: a nibble a cycle; `m_ce` rises for every second one, and for every cycle without.
// Reference: IEEE 802.3 4.2.4.2.1, 22.2.3.
`default_nettype none

module tl_mac_nibbles
  import mac_pkg::*;
(
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic [3:0] s_nibble,
    input  wire logic       s_dv,
    input  wire logic       s_er,
    output logic            m_ce,
    output logic [7:0]      m_byte,
    output logic            m_dv,
    output logic            m_er
);
  logic [3:0] low_q;
  logic aligned_q, half_q, er_q;
  logic sfd, whole;

  assign sfd = !aligned_q && half_q && {s_nibble, low_q} == Sfd;
  assign whole = sfd || (aligned_q && half_q);

  always_ff @(posedge clk) begin
    if (rst) begin
      aligned_q <= 1'b0;
      half_q <= 1'b0;
      er_q <= 1'b0;
      m_ce <= 1'b0;
      m_dv <= 1'b0;
      m_er <= 1'b0;
    end else begin
      m_ce <= whole || !s_dv;
      m_dv <= s_dv;
      // An error in the preamble or in a nibble that is left over counts too.
      m_er <= er_q || (s_dv && s_er);
      if (!s_dv) begin
        aligned_q <= 1'b0;
        half_q <= 1'b0;
        er_q <= 1'b0;
      end else begin
        aligned_q <= aligned_q || sfd;
        // Before the SFD every nibble may be the first of a pair.
        half_q <= !whole;
        er_q <= !whole && (er_q || s_er);
      end
    end
  end

  always_ff @(posedge clk) begin
    low_q <= s_nibble;
    m_byte <= {s_nibble, low_q};
  end

endmodule

`default_nettype wire
