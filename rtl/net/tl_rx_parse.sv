// tl_rx_parse: takes frames apart as they pass: Ethernet with optional 802.1Q, ARP, IPv4, ICMP, TCP.
//
// Header fields are captured by their place in the frame, so the same text serves every width. Stage 0
// captures fields and sums the word's half-words, stage 1 (the word in a register) accumulates,
// walks the TCP options and judges, the judgement of a frame's last word is the verdict. Every frame
// that is not passed on counts exactly one cause; an earlier layer's cause wins.
//
// A datagram is accepted only from a unicast source, in a frame to our own MAC address, to our own IP
// address: what came by broadcast or multicast on either layer is silently discarded (RFC 1122 3.3.6,
// RFC 9293 MUST-57, MUST-63). IP options are skipped (MUST-50).
//
// Latency: word on the wire -> key or payload word 1 cycle; last word -> verdict 2 cycles.
// Throughput: one word a cycle, frames without a gap.
// Hazard: payload of a frame is given out before its checksum is known: the verdict tells. At
//   Bytes > 54 payload takes one cycle more, so that it never precedes the verdict before.
// Reference: RFC 791, RFC 826, RFC 792, RFC 9293 3.1, RFC 1071, IEEE 802.1Q.
`default_nettype none
`include "tl_assert.svh"

module tl_rx_parse
  import tautline_pkg::*;
  import net_pkg::*;
#(
    parameter int unsigned DataW = 64,
    localparam int unsigned Bytes = DataW / 8,
    localparam int unsigned LaneW = $clog2(Bytes)
) (
    input  wire logic              clk,
    input  wire logic              rst,
    // verilator lint_off UNUSEDSIGNAL
    input  wire cfg_t              cfg,  // some fields
    // verilator lint_on UNUSEDSIGNAL
    input  wire logic              s_wire_tvalid,
    input  wire logic [DataW-1:0]  s_wire_tdata,
    input  wire logic [Bytes-1:0]  s_wire_tkeep,
    input  wire logic              s_wire_tlast,
    input  wire logic              s_wire_tuser,
    input  wire logic              room,
    output logic                   m_key_valid,
    output key_t                   m_key,
    output logic                   m_verdict_valid,
    output logic                   m_verdict_good,
    output seg_t                   m_verdict_seg,
    output logic [LaneW-1:0]       m_verdict_lane,
    output logic                   m_pay_valid,
    output logic [DataW-1:0]       m_pay_data,
    // ARP packets, whomever they ask for.
    output logic                   m_arp_valid,
    output arp_rx_t                m_arp,
    // What follows the checksum of ICMP messages to us, then one verdict: an echo request or not.
    output logic                   m_icmp_word_valid,
    output logic [DataW-1:0]       m_icmp_word,
    output logic                   m_icmp_valid,
    output logic                   m_icmp_good,
    output echo_t                  m_icmp,
    output logic [LaneW-1:0]       m_icmp_lane,
    output logic                   busy,
    output cnt_t                   cnt
);
  localparam int unsigned Halves = Bytes / 2;
  localparam int unsigned HalfW = $clog2(Halves);
  localparam int unsigned WordW = 16 - LaneW;
  localparam int unsigned SumW = 16 + HalfW;
  // Behind this word no header field can lie: tag, longest IP header, TCP header.
  localparam int unsigned LastHeaderWord = (2 * (EtherHalves + TagHalves) + 60 + 20) / Bytes;

  // Index of the word in which a half-word lies.
  function automatic logic [WordW-1:0] word_of(input logic [6:0] at);
    return WordW'(at) >> HalfW;
  endfunction

  // ------------------------------------------------------------------------------ stage 0: capture
  typedef struct packed {
    logic [WordW-1:0]  word;    // index of the word in stage 1; stays at its maximum
    logic              ignore;  // the engine was not enabled when the frame began
    logic              to_us;   // destination MAC
    logic              to_all;
    logic [47:0]       src_mac;
    logic              vlan;
    logic [11:0]       vid;
    logic [15:0]       ethertype;
    logic [ArpHalves-1:0][15:0] l3;  // first half-words of the IPv4 or ARP header
    logic [TcpHalves-1:0][15:0] l4;  // of the TCP or ICMP header
  } fields_t;

  fields_t f_q, f;  // f: with the word on the wire

  logic              fresh_q;  // the next word begins a frame
  logic [Halves-1:0][15:0] half;
  logic [6:0]        l3_at;    // place of the network header, in half-words
  logic [6:0]        l4_at;    // of the transport header
  logic [16:0]       end_at;   // behind the datagram, in bytes
  logic [6:0]        place;
  logic [SumW-1:0]   ip_sum, l4_sum;
  logic [16:0]       here;
  logic [LaneW:0]    kept;

  always_comb begin
    f = f_q;
    half = '0;
    l3_at = '0;
    l4_at = '0;
    end_at = '0;
    place = '0;
    ip_sum = '0;
    l4_sum = '0;
    here = '0;
    kept = '0;
    if (s_wire_tvalid) begin
      for (int i = 0; i < Halves; i++) half[i] = {s_wire_tdata[16*i+:8], s_wire_tdata[16*i+8+:8]};
      if (fresh_q) begin
        f.word = '0;
        f.ignore = !cfg.enable;
        f.to_us = 1'b1;
        f.to_all = 1'b1;
        f.vlan = 1'b0;
      end else if (f.word != '1) begin
        f.word = f.word + WordW'(1);
      end

      if (f.word <= WordW'(LastHeaderWord)) begin
        for (int i = 0; i < 3; i++) begin
          if (f.word == WordW'(i / Halves)) begin
            f.to_us = f.to_us && half[i%Halves] == cfg.mac[47-16*i-:16];
            f.to_all = f.to_all && half[i%Halves] == 16'hffff;
          end
          if (f.word == WordW'((3 + i) / Halves)) f.src_mac[47-16*i-:16] = half[(3+i)%Halves];
        end
        if (f.word == WordW'(6 / Halves)) begin
          f.ethertype = half[6%Halves];
          f.vlan = f.ethertype == EtherVlan;
        end
        if (f.word == WordW'(7 / Halves)) f.vid = half[7%Halves][11:0];
        if (f.vlan && f.word == WordW'(8 / Halves)) f.ethertype = half[8%Halves];
        l3_at = f.vlan ? 7'(EtherHalves + TagHalves) : 7'(EtherHalves);
        for (int i = 0; i < ArpHalves; i++) begin
          place = l3_at + 7'(i);
          if (f.word == word_of(place)) f.l3[i] = half[place[HalfW-1:0]];
        end
        l4_at = l3_at + 7'({f.l3[0][11:8], 1'b0});
        for (int i = 0; i < TcpHalves; i++) begin
          place = l4_at + 7'(i);
          if (f.word == word_of(place)) f.l4[i] = half[place[HalfW-1:0]];
        end
      end

      // Sums of the half-words of this word that belong to the IP header, and of those that belong to
      // the transport's: for TCP, source and destination address are the pseudo-header's.
      l3_at = f.vlan ? 7'(EtherHalves + TagHalves) : 7'(EtherHalves);
      l4_at = l3_at + 7'({f.l3[0][11:8], 1'b0});
      end_at = 17'({l3_at, 1'b0}) + 17'(f.l3[1]);
      for (int i = 0; i < Halves; i++) begin
        here = {1'b0, f.word, LaneW'(2 * i)};
        if (here >= 17'({l3_at, 1'b0}) && here < 17'({l4_at, 1'b0})) ip_sum = ip_sum + SumW'(half[i]);
        if ((here >= 17'({l4_at, 1'b0}) && here + 17'd1 < end_at)
            || (here >= 17'({l3_at, 1'b0}) + 17'd12 && here < 17'({l3_at, 1'b0}) + 17'd20
                && f.l3[4][7:0] == ProtoTcp)) begin
          l4_sum = l4_sum + SumW'(half[i]);
        end else if (here >= 17'({l4_at, 1'b0}) && here + 17'd1 == end_at) begin
          l4_sum = l4_sum + SumW'({half[i][15:8], 8'd0});
        end
      end
      if (s_wire_tlast) kept = (LaneW + 1)'($countones(s_wire_tkeep));
    end
  end

  logic              valid_q, first_q, last_q, bad_q;
  logic [DataW-1:0]  data_q;
  logic [SumW-1:0]   ip_sum_q, l4_sum_q;
  logic [16:0]       size_q;  // bytes of the frame; valid with last_q

  always_ff @(posedge clk) begin
    if (rst) begin
      fresh_q <= 1'b1;
      valid_q <= 1'b0;
    end else begin
      if (s_wire_tvalid) fresh_q <= s_wire_tlast;
      valid_q <= s_wire_tvalid && !f.ignore;
    end
  end

  always_ff @(posedge clk) begin
    if (s_wire_tvalid) begin
      f_q <= f;
      first_q <= fresh_q;
      last_q <= s_wire_tlast;
      bad_q <= s_wire_tlast && s_wire_tuser;
      data_q <= s_wire_tdata;
      ip_sum_q <= ip_sum;
      l4_sum_q <= l4_sum;
      size_q <= {1'b0, f.word, LaneW'(0)} + 17'(kept);
    end
  end

  // ------------------------------------------------------------------------------ stage 1: judgement
  logic [15:0]       off;      // place of lane 0 in the frame
  logic [6:0]        l3, l4;
  logic [16:0]       begin_of_pay, end_of_ip;
  logic [15:0]       total_len, l4_len, mtu;
  logic [5:0]        header_len, tcp_header_len;
  logic [31:0]       src_ip, dst_ip;
  logic              vlan_ok, is_ip, is_tcp, is_icmp, header_ok, for_us, whole, candidate;
  logic              tuple_here, pay_here;
  logic              tcp_q, icmp_q, no_room_q;  // this frame's payload goes to tcp, to icmp, nowhere
  logic              tcp_on, icmp_on, no_room;
  logic [31:0]       ip_acc_q, l4_acc_q, ip_acc, l4_acc;
  logic              arp_ok, echo_ok, echo_good, good;
  tcp_options_t      opt;
  logic              opt_bad;
  cnt_t              cnt_d;

  assign off = {f_q.word, LaneW'(0)};
  assign l3 = f_q.vlan ? 7'(EtherHalves + TagHalves) : 7'(EtherHalves);
  assign l4 = l3 + 7'({f_q.l3[0][11:8], 1'b0});
  assign total_len = f_q.l3[1];
  assign header_len = {f_q.l3[0][11:8], 2'b00};
  assign tcp_header_len = {f_q.l4[6][15:12], 2'b00};
  assign end_of_ip = 17'({l3, 1'b0}) + 17'(total_len);
  assign is_ip = f_q.ethertype == EtherIpv4;
  assign is_tcp = f_q.l3[4][7:0] == ProtoTcp;
  assign is_icmp = f_q.l3[4][7:0] == ProtoIcmp;
  assign begin_of_pay = is_tcp ? 17'({l4, 1'b0}) + 17'(tcp_header_len) : 17'({l4, 1'b0}) + 17'd4;
  assign src_ip = {f_q.l3[6], f_q.l3[7]};
  assign dst_ip = {f_q.l3[8], f_q.l3[9]};

  tl_tcp_options #(.DataW(DataW)) u_options (
      .clk,
      .s_valid(valid_q && is_ip && is_tcp),
      .s_first(valid_q && first_q),
      .s_off(off),
      .s_data(data_q),
      .s_begin(8'({l4, 1'b0}) + 8'd20),
      .s_end(8'({l4, 1'b0}) + 8'(tcp_header_len)),
      .opt,
      .bad(opt_bad)
  );

  always_comb begin
    vlan_ok = 1'b0;
    header_ok = 1'b0;
    for_us = 1'b0;
    whole = 1'b0;
    candidate = 1'b0;
    tuple_here = 1'b0;
    pay_here = 1'b0;
    tcp_on = tcp_q && !first_q;
    icmp_on = icmp_q && !first_q;
    no_room = no_room_q && !first_q;
    mtu = '0;
    l4_len = '0;
    ip_acc = '0;
    l4_acc = '0;
    arp_ok = 1'b0;
    echo_ok = 1'b0;
    good = 1'b0;
    echo_good = 1'b0;
    m_key_valid = 1'b0;
    m_arp_valid = 1'b0;
    cnt_d = '0;
    if (valid_q) begin
      if (last_q || f_q.word <= WordW'(LastHeaderWord)) begin
        // Every Ethernet carries 1500 bytes, whatever we send ourselves.
        mtu = cfg.mtu > 16'd1500 ? cfg.mtu : 16'd1500;
        vlan_ok = !cfg.vlan_en
                  || (f_q.vlan && (f_q.vid == 12'd0 || f_q.vid == cfg.vlan_tci[11:0]));
        header_ok = f_q.l3[0][15:12] == 4'd4 && header_len >= 6'd20 && total_len >= 16'(header_len)
                    && total_len <= mtu;
        l4_len = total_len - 16'(header_len);
        for_us = f_q.to_us && vlan_ok && dst_ip == cfg.ip && ip_is_host(src_ip) && src_ip != cfg.ip
                 && !ip_is_subnet_broadcast(src_ip, cfg.ip, cfg.netmask);
        whole = f_q.l3[3][13:0] == 14'd0;  // neither more fragments nor an offset
        tuple_here = f_q.word == word_of(l4 + 7'd1)
                     && (!last_q || size_q >= 17'({l4, 1'b0}) + 17'd4);
        candidate = is_ip && header_ok && for_us && whole && tuple_here;
        if (candidate && is_tcp && l4_len >= 16'd20) begin
          m_key_valid = room;
          tcp_on = room;
          no_room = !room;
        end
        if (candidate && is_icmp && l4_len >= 16'd8) icmp_on = 1'b1;
      end

      // The payload's place is known as soon as the data offset has passed.
      pay_here = (icmp_on || (tcp_on && f_q.word >= word_of(l4 + 7'd6)))
                 && begin_of_pay < end_of_ip && 17'(off) + 17'(Bytes) > begin_of_pay
                 && 17'(off) < end_of_ip;

      ip_acc = (first_q ? 32'd0 : ip_acc_q) + 32'(ip_sum_q);
      l4_acc = (first_q ? 32'd0 : l4_acc_q) + 32'(l4_sum_q)
               + (is_tcp && tuple_here ? 32'(l4_len) + 32'(ProtoTcp) : 32'd0);

      if (last_q) begin
        cnt_d[CNT_RX_FRAMES] = 1'b1;
        arp_ok = f_q.l3[0] == 16'd1 && f_q.l3[1] == EtherIpv4 && f_q.l3[2] == 16'h0604
                 && (f_q.l3[3] == 16'd1 || f_q.l3[3] == 16'd2)
                 && size_q >= 17'({l3, 1'b0}) + 17'(2 * ArpHalves);
        echo_ok = icmp_on && f_q.l4[0] == 16'h0800 && sums_to_ones(l4_acc);
        if (bad_q) begin
          cnt_d[CNT_RX_BAD_FCS] = 1'b1;
        end else if (size_q < 17'({l3, 1'b0})) begin
          cnt_d[CNT_RX_NOT_IP] = 1'b1;
        end else if (!(f_q.to_us || f_q.to_all) || !vlan_ok) begin
          cnt_d[CNT_RX_NOT_FOR_US] = 1'b1;
        end else if (f_q.ethertype == EtherArp && arp_ok) begin
          m_arp_valid = 1'b1;
          cnt_d[CNT_RX_NOT_FOR_US] = m_arp.tpa != cfg.ip;
          cnt_d[CNT_ARP_REQUESTS_IN] = m_arp.tpa == cfg.ip && m_arp.request;
          cnt_d[CNT_ARP_REPLIES_IN] = m_arp.tpa == cfg.ip && !m_arp.request;
        end else if (!is_ip) begin
          cnt_d[CNT_RX_NOT_IP] = 1'b1;
        end else if (!header_ok || size_q < end_of_ip || !sums_to_ones(ip_acc)) begin
          cnt_d[CNT_RX_IP_ERROR] = 1'b1;
        end else if (!for_us) begin
          cnt_d[CNT_RX_NOT_FOR_US] = 1'b1;
        end else if (!whole) begin
          cnt_d[CNT_RX_FRAGMENT] = 1'b1;
        end else if (is_icmp) begin
          cnt_d[CNT_ICMP_DROPPED] = !echo_ok;
          echo_good = echo_ok;
        end else if (!is_tcp) begin
          cnt_d[CNT_RX_NOT_TCP] = 1'b1;
        end else if (l4_len < 16'd20 || tcp_header_len < 6'd20 || 16'(tcp_header_len) > l4_len) begin
          cnt_d[CNT_RX_TCP_ERROR] = 1'b1;
        end else if (no_room) begin
          cnt_d[CNT_RX_NO_ROOM] = 1'b1;
        end else if (!sums_to_ones(l4_acc)) begin
          cnt_d[CNT_RX_TCP_CHECKSUM] = 1'b1;
        end else if (opt_bad) begin
          cnt_d[CNT_RX_TCP_OPTION] = 1'b1;
        end else begin
          cnt_d[CNT_RX_TCP_SEGMENTS] = 1'b1;
          good = 1'b1;
        end
      end
    end
  end

  assign m_key = '{raddr: src_ip, laddr: dst_ip, rport: f_q.l4[0], lport: f_q.l4[1]};
  assign m_arp = '{
      request: f_q.l3[3] == 16'd1,
      sha: {f_q.l3[4], f_q.l3[5], f_q.l3[6]},
      spa: {f_q.l3[7], f_q.l3[8]},
      tpa: {f_q.l3[12], f_q.l3[13]}
  };

  // ------------------------------------------------------------------------------ stage 2: verdict
  logic              verdict_q, good_q, icmp_verdict_q, icmp_good_q;
  logic [LaneW-1:0]  lane_q;
  seg_t              seg_q;
  echo_t             echo_q;
  cnt_t              cnt_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      tcp_q <= 1'b0;
      icmp_q <= 1'b0;
      no_room_q <= 1'b0;
      verdict_q <= 1'b0;
      icmp_verdict_q <= 1'b0;
      cnt_q <= '0;
    end else begin
      verdict_q <= valid_q && last_q && tcp_on;
      icmp_verdict_q <= valid_q && last_q && icmp_on;
      cnt_q <= cnt_d;
      if (valid_q) begin
        tcp_q <= tcp_on;
        icmp_q <= icmp_on;
        no_room_q <= no_room;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (valid_q) begin
      ip_acc_q <= ip_acc;
      l4_acc_q <= l4_acc;
    end
    if (valid_q && last_q) begin
      good_q <= good;
      icmp_good_q <= echo_good;
      lane_q <= begin_of_pay[LaneW-1:0];
      seg_q <= '{
          key: m_key,
          src_mac: f_q.src_mac,
          seq: {f_q.l4[2], f_q.l4[3]},
          ack: {f_q.l4[4], f_q.l4[5]},
          flags: f_q.l4[6][7:0],
          wnd: f_q.l4[7],
          len: l4_len - 16'(tcp_header_len),
          mss_ok: opt.mss_ok,
          mss: opt.mss,
          ws_ok: opt.ws_ok,
          ws: opt.ws > 8'd14 ? 4'd14 : opt.ws[3:0],
          sack_ok: opt.sack_ok,
          ts_ok: opt.ts_ok,
          tsval: opt.ts[63:32],
          tsecr: opt.ts[31:0]
      };
      echo_q <= '{
          mac: f_q.src_mac,
          ip: src_ip,
          tos: f_q.l3[0][7:0],
          csum: f_q.l4[1],
          len: l4_len - 16'd4
      };
    end
  end

  assign m_verdict_valid = verdict_q;
  assign m_verdict_good = good_q;
  assign m_verdict_seg = seg_q;
  assign m_verdict_lane = lane_q;
  assign m_icmp_valid = icmp_verdict_q;
  assign m_icmp_good = icmp_good_q;
  assign m_icmp = echo_q;
  assign m_icmp_lane = lane_q;
  assign cnt = cnt_q;
  assign busy = valid_q || verdict_q || icmp_verdict_q || cnt_q != '0;

  if (Bytes > 54) begin : g_late_pay
    logic             pay_q, icmp_word_q;
    logic [DataW-1:0] pay_data_q;

    always_ff @(posedge clk) begin
      if (rst) begin
        pay_q <= 1'b0;
        icmp_word_q <= 1'b0;
      end else begin
        pay_q <= pay_here && tcp_on;
        icmp_word_q <= pay_here && icmp_on;
      end
    end
    always_ff @(posedge clk) begin
      if (pay_here) pay_data_q <= data_q;
    end
    assign m_pay_valid = pay_q;
    assign m_icmp_word_valid = icmp_word_q;
    assign m_pay_data = pay_data_q;
  end else begin : g_pay
    assign m_pay_valid = pay_here && tcp_on;
    assign m_icmp_word_valid = pay_here && icmp_on;
    assign m_pay_data = data_q;
  end
  assign m_icmp_word = m_pay_data;

  `TL_ASSERT(a_one_destination, !(tcp_on && icmp_on) && !(tcp_on && no_room))
  `TL_ASSERT(a_keep_is_contiguous, !(s_wire_tvalid && s_wire_tlast)
             || (s_wire_tkeep & (s_wire_tkeep + 1)) == '0)

endmodule

`default_nettype wire
