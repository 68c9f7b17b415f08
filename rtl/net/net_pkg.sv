// net_pkg: protocol numbers and the types that cross between the modules of rtl/net.
`default_nettype none

package net_pkg;
  import tautline_pkg::*;

  localparam logic [15:0] EtherIpv4 = 16'h0800;
  localparam logic [15:0] EtherArp = 16'h0806;
  localparam logic [15:0] EtherVlan = 16'h8100;
  localparam logic [7:0] ProtoIcmp = 8'd1;
  localparam logic [7:0] ProtoTcp = 8'd6;
  localparam logic [47:0] MacBroadcast = 48'hffff_ffff_ffff;

  // Places are counted in half-words of 16 bits: every field of every header starts at an even byte.
  localparam int unsigned EtherHalves = 7;  // without the 802.1Q tag
  localparam int unsigned TagHalves = 2;
  localparam int unsigned TcpHalves = 10;   // without options
  localparam int unsigned ArpHalves = 14;
  localparam int unsigned MinFrame = 60;    // bytes without FCS (IEEE 802.3 4A.4.2)

  // A well-formed ARP packet for Ethernet and IPv4 (RFC 826).
  typedef struct packed {
    logic        request;
    logic [47:0] sha;
    logic [31:0] spa;
    logic [31:0] tpa;
  } arp_rx_t;

  typedef struct packed {
    logic        request;
    logic [47:0] dst_mac;
    logic [47:0] tha;
    logic [31:0] tpa;
  } arp_tx_t;

  // An ICMP echo request, and the reply to it: `len` bytes follow the ICMP checksum.
  typedef struct packed {
    logic [47:0] mac;   // of the host that asks
    logic [31:0] ip;
    logic [7:0]  tos;   // RFC 1349 5.1: the reply's is the request's
    logic [15:0] csum;  // as on the wire
    logic [15:0] len;
  } echo_t;

  // TCP options that a segment brought, values as on the wire.
  typedef struct packed {
    logic        mss_ok;
    logic [15:0] mss;
    logic        ws_ok;
    logic [7:0]  ws;
    logic        sack_ok;
    logic        ts_ok;
    logic [63:0] ts;  // TSval, TSecr
  } tcp_options_t;

  localparam logic [7:0] OptEnd = 8'd0;
  localparam logic [7:0] OptNop = 8'd1;
  localparam logic [7:0] OptMss = 8'd2;
  localparam logic [7:0] OptWindowScale = 8'd3;
  localparam logic [7:0] OptSackPermitted = 8'd4;
  localparam logic [7:0] OptTimestamps = 8'd8;

  // Is `len` a length that an option of this kind may have when `left` header bytes remain?
  function automatic logic option_legal(input logic [7:0] kind, input logic [7:0] len,
                                        input logic [7:0] left);
    logic fits;
    fits = len >= 8'd2 && len <= left;
    unique case (kind)
      OptMss: return fits && len == 8'd4;
      OptWindowScale: return fits && len == 8'd3;
      OptSackPermitted: return fits && len == 8'd2;
      OptTimestamps: return fits && len == 8'd10;
      default: return fits;
    endcase
  endfunction

  typedef enum logic [1:0] {
    FRAME_TCP = 2'd0,
    FRAME_ARP = 2'd1,
    FRAME_ICMP = 2'd2
  } frame_e;

  // All that the frame builder must know of a frame.
  typedef struct packed {
    frame_e      kind;
    flow_t       flow;       // of the payload
    logic [47:0] dst_mac;
    logic [31:0] src_ip;
    logic [31:0] dst_ip;     // ARP: target protocol address
    logic [7:0]  ttl;
    logic [7:0]  tos;
    logic [15:0] sport;
    logic [15:0] dport;
    seq_t        seq;
    seq_t        ack;
    flags_t      flags;
    logic [15:0] wnd;
    logic        mss_ok;
    logic [15:0] mss;
    logic        ws_ok;
    logic [3:0]  ws;
    logic        request;    // ARP
    logic [47:0] tha;        // ARP: target hardware address
    logic [15:0] icmp_csum;
    pos_t        pos;        // of the first payload byte; its low bits say in which lane it lies
    logic [15:0] len;        // payload bytes
  } frame_t;

  // One's-complement arithmetic (RFC 1071). Any sum of up to 32 bits folds in two steps.
  function automatic logic [15:0] fold32(input logic [31:0] sum);
    logic [16:0] once;
    once = {1'b0, sum[31:16]} + {1'b0, sum[15:0]};
    return once[15:0] + {15'd0, once[16]};
  endfunction

  // Folds to all ones: nothing is wrong with what was summed, its checksum included.
  function automatic logic sums_to_ones(input logic [31:0] sum);
    logic [16:0] once;
    once = {1'b0, sum[31:16]} + {1'b0, sum[15:0]};
    return once == 17'h0ffff || once == 17'h1fffe;
  endfunction

  // Addresses that no host may have as its own: "this network", loopback, multicast, reserved and
  // limited broadcast (RFC 1122 3.2.1.3).
  function automatic logic ip_is_host(input logic [31:0] ip);
    return ip >= 32'h0100_0000 && ip < 32'he000_0000 && ip[31:24] != 8'd127;
  endfunction

  function automatic logic ip_on_link(input logic [31:0] ip, input logic [31:0] own,
                                      input logic [31:0] netmask);
    return ((ip ^ own) & netmask) == 32'd0;
  endfunction

  // Broadcast address of the attached network; networks of two hosts or one have none (RFC 3021).
  function automatic logic ip_is_subnet_broadcast(input logic [31:0] ip, input logic [31:0] own,
                                                  input logic [31:0] netmask);
    return netmask[1:0] == 2'b00 && ip_on_link(ip, own, netmask) && (ip | netmask) == 32'hffff_ffff;
  endfunction

endpackage

`default_nettype wire
