// tl_tx_select: chooses the next frame, round-robin between flow segments, replies without a flow, ARP
// and ICMP echo, and says of each all that the frame builder needs.
//
// The head of `s_tx` is taken when its frame has left the builder, the others when theirs begins.
// While the engine is not enabled everything that waits is taken and thrown away, so that it drains.
//
// Latency: combinational.
// Throughput: one frame whenever the builder is idle.
`default_nettype none

module tl_tx_select
  import tautline_pkg::*;
  import net_pkg::*;
#(
    parameter int unsigned DataW = 64,
    localparam int unsigned LaneW = $clog2(DataW / 8)
) (
    input  wire logic              clk,
    input  wire logic              rst,
    // verilator lint_off UNUSEDSIGNAL
    input  wire cfg_t              cfg,  // some fields
    // verilator lint_on UNUSEDSIGNAL
    input  wire logic              s_tx_valid,
    output logic                   s_tx_ready,
    input  wire tx_req_t           s_tx,
    output logic                   m_tx_done,
    input  wire logic              s_reply_valid,
    output logic                   s_reply_ready,
    input  wire reply_t            s_reply,
    input  wire logic              s_arp_valid,
    output logic                   s_arp_ready,
    input  wire arp_tx_t           s_arp,
    input  wire logic              s_echo_valid,
    output logic                   s_echo_ready,
    input  wire echo_t             s_echo,
    input  wire logic [LaneW-1:0]  s_echo_lane,
    output logic                   m_frm_valid,
    input  wire logic              m_frm_ready,
    output frame_t                 m_frm,
    input  wire logic              s_frm_done,   // notice: the frame has left the builder
    input  wire logic              s_read_done,  // notice: its payload has been read
    output cnt_t                   cnt
);
  localparam int unsigned Tx = 0, Reply = 1, Arp = 2, Echo = 3;

  logic [3:0] waits, grant;
  logic [1:0] last_q, first;
  logic       flow_q;  // the frame in the builder is a flow's
  logic       start;

  assign waits = {s_echo_valid, s_arp_valid, s_reply_valid, s_tx_valid};
  assign start = m_frm_ready && waits != '0;
  assign m_frm_valid = start && cfg.enable;

  always_comb begin
    grant = '0;
    first = '0;
    if (start) begin
      for (int i = 4; i > 0; i--) begin
        first = last_q + 2'(i);
        if (waits[first]) grant = 4'd1 << first;
      end
    end
  end

  assign s_tx_ready = (flow_q && s_frm_done) || (grant[Tx] && !cfg.enable);
  assign m_tx_done = s_tx.len != 16'd0 && ((flow_q && s_read_done) || (grant[Tx] && !cfg.enable));
  assign s_reply_ready = grant[Reply];
  assign s_arp_ready = grant[Arp];
  assign s_echo_ready = grant[Echo];

  always_ff @(posedge clk) begin
    if (rst) begin
      last_q <= '0;
      flow_q <= 1'b0;
    end else begin
      for (int i = 0; i < 4; i++) if (grant[i]) last_q <= 2'(i);
      if (m_frm_valid) flow_q <= grant[Tx];
      else if (s_frm_done) flow_q <= 1'b0;
    end
  end

  always_comb begin
    m_frm = '0;
    m_frm.ttl = cfg.ttl;
    m_frm.src_ip = cfg.ip;
    unique case (1'b1)
      grant[Tx]: begin
        m_frm.kind = FRAME_TCP;
        m_frm.flow = s_tx.flow;
        m_frm.dst_mac = s_tx.dst_mac;
        m_frm.src_ip = s_tx.key.laddr;
        m_frm.dst_ip = s_tx.key.raddr;
        m_frm.ttl = s_tx.ttl;
        m_frm.tos = {s_tx.dscp, 2'b00};
        m_frm.sport = s_tx.key.lport;
        m_frm.dport = s_tx.key.rport;
        m_frm.seq = s_tx.seq;
        m_frm.ack = s_tx.ack;
        m_frm.flags = s_tx.flags;
        m_frm.wnd = s_tx.wnd;
        m_frm.mss_ok = s_tx.flags.syn;  // MUST-65: never without SYN
        m_frm.mss = s_tx.mss;
        m_frm.ws_ok = s_tx.flags.syn && s_tx.ws_ok;
        m_frm.ws = s_tx.ws;
        m_frm.pos = s_tx.pos;
        m_frm.len = s_tx.len;
      end
      grant[Reply]: begin
        m_frm.kind = FRAME_TCP;
        m_frm.dst_mac = s_reply.dst_mac;
        m_frm.src_ip = s_reply.key.laddr;
        m_frm.dst_ip = s_reply.key.raddr;
        m_frm.sport = s_reply.key.lport;
        m_frm.dport = s_reply.key.rport;
        m_frm.seq = s_reply.seq;
        m_frm.ack = s_reply.ack;
        m_frm.flags = s_reply.flags;
        m_frm.wnd = s_reply.wnd;
      end
      grant[Arp]: begin
        m_frm.kind = FRAME_ARP;
        m_frm.dst_mac = s_arp.dst_mac;
        m_frm.dst_ip = s_arp.tpa;
        m_frm.request = s_arp.request;
        m_frm.tha = s_arp.tha;
      end
      grant[Echo]: begin
        m_frm.kind = FRAME_ICMP;
        m_frm.dst_mac = s_echo.mac;
        m_frm.dst_ip = s_echo.ip;
        m_frm.tos = s_echo.tos;
        m_frm.icmp_csum = s_echo.csum;
        m_frm.pos = 32'(s_echo_lane);
        m_frm.len = s_echo.len;
      end
      default: ;
    endcase
  end

  always_comb begin
    cnt = '0;
    cnt[CNT_TX_FRAMES] = s_frm_done;
    cnt[CNT_TX_TCP_SEGMENTS] = m_frm_valid && grant[Tx];
    cnt[CNT_TX_REPLIES] = m_frm_valid && grant[Reply];
    cnt[CNT_ICMP_ECHO] = m_frm_valid && grant[Echo];
  end

endmodule

`default_nettype wire
