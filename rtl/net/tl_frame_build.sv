// tl_frame_build: builds a frame word by word: Ethernet, optional 802.1Q tag, then ARP, or IPv4 with
// TCP or ICMP and payload. Short frames are padded with zeros to 60 bytes.
//
// The header is a function of the place in the frame, and goes out while the checksums are still being
// made: only a word that carries one waits for it. The payload's sum comes from the store with its
// first word, so no frame is ever stored here. Payload arrives as its source keeps it, with the first
// byte in lane `pos % Bytes`, and is turned by one byte rotator to where the frame wants it.
//
// Latency: s_frm taken -> first word on the wire 2 cycles.
// Throughput: one word a cycle; `s_frm_ready` rises in the cycle after the last word was made, so that
//   a waiting frame follows after 1 idle cycle.
// Hazard: relies on sum and first payload word coming at most 4 cycles after the request to hold line
//   rate; later ones only delay.
// Reference: RFC 791 3.1, RFC 9293 3.1 and 3.2, RFC 7323 2.2, RFC 826, RFC 792, RFC 6864 4.1 (ID).
`default_nettype none
`include "tl_assert.svh"

module tl_frame_build
  import tautline_pkg::*;
  import net_pkg::*;
#(
    parameter int unsigned DataW = 64,
    localparam int unsigned Bytes = DataW / 8
) (
    input  wire logic              clk,
    input  wire logic              rst,
    // verilator lint_off UNUSEDSIGNAL
    input  wire cfg_t              cfg,  // some fields
    // verilator lint_on UNUSEDSIGNAL
    input  wire logic              s_frm_valid,
    output logic                   s_frm_ready,
    input  wire frame_t            s_frm,
    output logic                   m_frm_done,   // notice: its last word is on the wire from now on
    output logic                   m_read_done,  // notice: its last payload word is being taken
    output logic                   m_ending,     // level: at most EndingWords words are still to be built
    // A flow's payload and its sum.
    output logic                   m_rd_valid,
    input  wire logic              m_rd_ready,
    output flow_t                  m_rd_flow,
    output pos_t                   m_rd_pos,
    output logic [15:0]            m_rd_len,
    input  wire logic              s_rd_valid,
    output logic                   s_rd_ready,
    input  wire logic [DataW-1:0]  s_rd_data,
    input  wire logic              s_rd_sum_valid,
    input  wire logic [15:0]       s_rd_sum,
    // An echo's.
    input  wire logic              s_echo_valid,
    output logic                   s_echo_ready,
    input  wire logic [DataW-1:0]  s_echo_data,
    output logic                   m_wire_tvalid,
    input  wire logic              m_wire_tready,
    output logic [DataW-1:0]       m_wire_tdata,
    output logic [Bytes-1:0]       m_wire_tkeep,
    output logic                   m_wire_tlast,
    output logic                   busy
);
  localparam int unsigned Halves = Bytes / 2;
  localparam int unsigned LaneW = $clog2(Bytes);
  // Time for the lane to decide on the next frame, with two send events in between that find nothing
  // to send.
  localparam int unsigned EndingWords = 16;

  // ------------------------------------------------------------------------------ the frame
  logic             run_q;
  frame_t           frm_q;
  logic [15:0]      off_q;    // place of the next word's lane 0
  logic [6:0]       head_q;   // header bytes
  logic [16:0]      end_q;    // place behind the payload
  logic [16:0]      size_q;   // frame length
  logic [15:0]      ip_id_q;
  logic [LaneW-1:0] turn_q;   // lanes by which payload is rotated
  logic             early_q;  // the first frame word with payload needs two source words
  logic [16:0]      left_q;   // source words to be taken
  logic [1:0]       age_q;    // cycles since the frame began, up to 3

  logic [6:0]       link_bytes, head;
  logic [16:0]      ends;
  logic             load;

  assign s_frm_ready = !run_q;
  assign load = s_frm_valid && s_frm_ready;
  assign link_bytes = cfg.vlan_en ? 7'd18 : 7'd14;

  always_comb begin
    head = '0;
    ends = '0;
    if (load) begin
      unique case (s_frm.kind)
        FRAME_ARP: head = link_bytes + 7'd28;
        FRAME_ICMP: head = link_bytes + 7'd24;
        default: head = link_bytes + 7'd40 + {4'd0, s_frm.mss_ok, 2'd0} + {4'd0, s_frm.ws_ok, 2'd0};
      endcase
      ends = 17'(head) + 17'(s_frm.len);
    end
  end

  // ------------------------------------------------------------------------------ checksums
  // Four steps: groups of half-words, sums of groups, fold, fold with the payload's sum. The words
  // that carry the results are the fourth and the seventh at 64 bit.
  logic [17:0] addr_sum_q, port_sum_q, ack_sum_q, option_sum_q;
  logic [18:0] ip_head_sum_q;
  logic [20:0] ip_sum_q, tcp_sum_q;
  logic [15:0] ip_csum_q, tcp_part_q, tcp_csum_q;
  logic        tcp_ok_q;  // tcp_csum_q is complete
  logic [15:0] ip_len, tcp_len, fragment, offset_flags;
  logic        sum_here;

  assign ip_len = 16'(end_q) - 16'(link_bytes);
  assign tcp_len = ip_len - 16'd20;
  assign fragment = {1'b0, cfg.df, 14'd0};
  assign offset_flags = {4'd5 + {3'd0, frm_q.mss_ok} + {3'd0, frm_q.ws_ok}, 4'd0, frm_q.flags};
  assign sum_here = frm_q.len == 16'd0 || (!m_rd_valid && s_rd_sum_valid);

  function automatic logic [17:0] sum4(input logic [15:0] a, input logic [15:0] b,
                                       input logic [15:0] c, input logic [15:0] d);
    return 18'(a) + 18'(b) + 18'(c) + 18'(d);
  endfunction

  always_ff @(posedge clk) begin
    if (load) begin
      age_q <= '0;
      tcp_ok_q <= 1'b0;
    end else if (run_q) begin
      if (age_q != 2'd3) age_q <= age_q + 2'd1;
      unique case (age_q)
        2'd0: begin
          addr_sum_q <= sum4(frm_q.src_ip[31:16], frm_q.src_ip[15:0], frm_q.dst_ip[31:16],
                             frm_q.dst_ip[15:0]);
          ip_head_sum_q <= 19'({8'h45, frm_q.tos}) + 19'(ip_len) + 19'(ip_id_q) + 19'(fragment)
                           + 19'({frm_q.ttl, frm_q.kind == FRAME_TCP ? ProtoTcp : ProtoIcmp});
          port_sum_q <= sum4(frm_q.sport, frm_q.dport, frm_q.seq[31:16], frm_q.seq[15:0]);
          ack_sum_q <= sum4(frm_q.ack[31:16], frm_q.ack[15:0], offset_flags, frm_q.wnd);
          option_sum_q <= (frm_q.mss_ok ? 18'h00204 + 18'(frm_q.mss) : 18'd0)
                          + (frm_q.ws_ok ? 18'h00103 + 18'h00300 + 18'(frm_q.ws) : 18'd0);
        end
        2'd1: begin
          ip_sum_q <= 21'(addr_sum_q) + 21'(ip_head_sum_q);
          tcp_sum_q <= 21'(addr_sum_q) + 21'(port_sum_q) + 21'(ack_sum_q) + 21'(option_sum_q)
                       + 21'(tcp_len) + 21'(ProtoTcp);
        end
        2'd2: begin
          ip_csum_q <= ~fold32(32'(ip_sum_q));
          tcp_part_q <= fold32(32'(tcp_sum_q));
        end
        default: begin
          if (!tcp_ok_q && sum_here) begin
            tcp_csum_q <= ~fold32(32'(tcp_part_q) + (frm_q.len == 16'd0 ? 32'd0 : 32'(s_rd_sum)));
            tcp_ok_q <= 1'b1;
          end
        end
      endcase
    end
  end

  // ------------------------------------------------------------------------------ header
  // Half-word i of the frame, the tag taken out; what lies behind the header is of no interest.
  function automatic logic [15:0] header_half(input logic [6:0] i);
    logic [15:0] h;
    h = '0;
    unique case (i)
      7'd0: h = frm_q.dst_mac[47:32];
      7'd1: h = frm_q.dst_mac[31:16];
      7'd2: h = frm_q.dst_mac[15:0];
      7'd3: h = cfg.mac[47:32];
      7'd4: h = cfg.mac[31:16];
      7'd5: h = cfg.mac[15:0];
      7'd6: h = frm_q.kind == FRAME_ARP ? EtherArp : EtherIpv4;
      default: begin
        if (frm_q.kind == FRAME_ARP) begin
          unique case (i)
            7'd7: h = 16'd1;  // Ethernet
            7'd8: h = EtherIpv4;
            7'd9: h = 16'h0604;
            7'd10: h = frm_q.request ? 16'd1 : 16'd2;
            7'd11: h = cfg.mac[47:32];
            7'd12: h = cfg.mac[31:16];
            7'd13: h = cfg.mac[15:0];
            7'd14: h = cfg.ip[31:16];
            7'd15: h = cfg.ip[15:0];
            7'd16: h = frm_q.tha[47:32];
            7'd17: h = frm_q.tha[31:16];
            7'd18: h = frm_q.tha[15:0];
            7'd19: h = frm_q.dst_ip[31:16];
            7'd20: h = frm_q.dst_ip[15:0];
            default: ;
          endcase
        end else begin
          unique case (i)
            7'd7: h = {8'h45, frm_q.tos};
            7'd8: h = ip_len;
            7'd9: h = ip_id_q;
            7'd10: h = fragment;
            7'd11: h = {frm_q.ttl, frm_q.kind == FRAME_TCP ? ProtoTcp : ProtoIcmp};
            7'd12: h = ip_csum_q;
            7'd13: h = frm_q.src_ip[31:16];
            7'd14: h = frm_q.src_ip[15:0];
            7'd15: h = frm_q.dst_ip[31:16];
            7'd16: h = frm_q.dst_ip[15:0];
            7'd17: h = frm_q.kind == FRAME_TCP ? frm_q.sport : 16'd0;  // echo reply: type 0, code 0
            7'd18: h = frm_q.kind == FRAME_TCP ? frm_q.dport : frm_q.icmp_csum;
            7'd19: h = frm_q.seq[31:16];
            7'd20: h = frm_q.seq[15:0];
            7'd21: h = frm_q.ack[31:16];
            7'd22: h = frm_q.ack[15:0];
            7'd23: h = offset_flags;
            7'd24: h = frm_q.wnd;
            7'd25: h = tcp_csum_q;
            7'd27: h = {OptMss, 8'd4};
            7'd28: h = frm_q.mss;
            7'd29: h = {OptNop, OptWindowScale};
            7'd30: h = {8'd3, 4'd0, frm_q.ws};
            default: ;
          endcase
        end
      end
    endcase
    return h;
  endfunction

  // ------------------------------------------------------------------------------ words
  logic             out_ready, go, last, take, has_payload, needs_source, sums_ok;
  logic             is_flow, source_valid, source_ready;
  logic [16:0]      off, next;
  logic [6:0]       place;
  logic [15:0]      half;
  logic [DataW-1:0] source, rotated, held_q, merged, word;
  logic [Bytes-1:0] from_held, keep;

  assign is_flow = frm_q.kind == FRAME_TCP;
  assign out_ready = !m_wire_tvalid || m_wire_tready;
  assign source_valid = is_flow ? s_rd_valid && tcp_ok_q : s_echo_valid;
  assign source = is_flow ? s_rd_data : s_echo_data;
  assign off = 17'(off_q);
  assign next = off + 17'(Bytes);

  always_comb begin
    last = 1'b0;
    sums_ok = 1'b0;
    has_payload = 1'b0;
    needs_source = 1'b0;
    go = 1'b0;
    take = 1'b0;
    rotated = '0;
    from_held = '0;
    merged = '0;
    word = '0;
    keep = '0;
    place = '0;
    half = '0;
    if (run_q) begin
      last = next >= size_q;
      sums_ok = frm_q.kind == FRAME_ARP
                || ((age_q == 2'd3 || next <= 17'(link_bytes) + 17'd10)
                    && (!is_flow || tcp_ok_q || next <= 17'(link_bytes) + 17'd36));
      has_payload = frm_q.len != 16'd0 && next > 17'(head_q) && off < end_q;
      // The lanes from turn_q on come from the source's word now, those below from the word before.
      needs_source = has_payload && end_q > off + 17'(turn_q);
      go = out_ready && sums_ok && !(has_payload && early_q) && (!needs_source || source_valid);
      take = source_valid && left_q != '0 && (early_q || (go && needs_source));

      if (left_q != '0 || has_payload) begin
        rotated = (source << {turn_q, 3'b000})
                  | (source >> (8 * ((LaneW + 1)'(Bytes) - (LaneW + 1)'(turn_q))));
        from_held = ~({Bytes{1'b1}} << turn_q);
        for (int i = 0; i < Bytes; i++) merged[8*i+:8] = from_held[i] ? held_q[8*i+:8]
                                                                      : rotated[8*i+:8];
      end

      if (off < 17'(head_q)) begin
        for (int i = 0; i < Halves; i++) begin
          place = off_q[7:1] + 7'(i);
          if (cfg.vlan_en && place == 7'd6) half = EtherVlan;
          else if (cfg.vlan_en && place == 7'd7) half = cfg.vlan_tci;
          else half = header_half(cfg.vlan_en && place > 7'd7 ? place - 7'd2 : place);
          word[16*i+:16] = {half[7:0], half[15:8]};
        end
      end
      for (int i = 0; i < Bytes; i++) begin
        if (off + 17'(i) >= 17'(head_q)) word[8*i+:8] = off + 17'(i) < end_q ? merged[8*i+:8] : 8'd0;
        keep[i] = off + 17'(i) < size_q;
      end
    end
  end

  assign source_ready = take;
  assign s_rd_ready = source_ready && is_flow;
  assign s_echo_ready = source_ready && !is_flow;
  assign m_read_done = take && left_q == 17'd1;
  assign m_frm_done = go && last;
  assign m_rd_flow = frm_q.flow;
  assign m_rd_pos = frm_q.pos;
  assign m_rd_len = frm_q.len;
  assign busy = run_q || m_wire_tvalid;

  always_ff @(posedge clk) begin
    if (rst) begin
      run_q <= 1'b0;
      m_rd_valid <= 1'b0;
      m_wire_tvalid <= 1'b0;
      m_ending <= 1'b0;
      ip_id_q <= '0;
    end else begin
      if (load) run_q <= 1'b1;
      else if (m_frm_done) run_q <= 1'b0;

      if (load) m_rd_valid <= s_frm.kind == FRAME_TCP && s_frm.len != 16'd0;
      else if (m_rd_ready) m_rd_valid <= 1'b0;

      if (go) m_wire_tvalid <= 1'b1;
      else if (m_wire_tready) m_wire_tvalid <= 1'b0;

      if (m_frm_done) ip_id_q <= ip_id_q + 16'd1;

      // It never outlasts its frame, or the next one would begin with a decision on the one after it.
      m_ending <= run_q && !m_frm_done && size_q <= off + 17'(EndingWords * Bytes);
    end
  end

  always_ff @(posedge clk) begin
    if (load) begin
      frm_q <= s_frm;
      off_q <= '0;
      head_q <= head;
      end_q <= ends;
      size_q <= ends < 17'(MinFrame) ? 17'(MinFrame) : ends;
      turn_q <= head[LaneW-1:0] - s_frm.pos[LaneW-1:0];
      early_q <= s_frm.len != 16'd0 && LaneW'(head) < s_frm.pos[LaneW-1:0];
      left_q <= s_frm.len == 16'd0 ? '0 : (17'(s_frm.pos[LaneW-1:0]) + 17'(s_frm.len)
                                           + 17'(Bytes - 1)) >> LaneW;
    end
    if (go) begin
      off_q <= next[15:0];
      m_wire_tdata <= word;
      m_wire_tkeep <= keep;
      m_wire_tlast <= last;
    end
    if (take) begin
      held_q <= rotated;
      early_q <= 1'b0;
      left_q <= left_q - 17'd1;
    end
  end

  `TL_ASSERT_STABLE(a_wire_stable, m_wire_tvalid, m_wire_tready,
                    {m_wire_tdata, m_wire_tkeep, m_wire_tlast})
  `TL_ASSERT_STABLE(a_rd_stable, m_rd_valid, m_rd_ready, {m_rd_flow, m_rd_pos, m_rd_len})
  `TL_ASSERT(a_payload_all_taken, !m_frm_done || left_q == 17'(take))

endmodule

`default_nettype wire
