// tl_link_regs: the register block of every carrier in the engine's terms: configuration and secrets
// out, commands in, attach and detach, and where host memory lies.
//
// Attach: `stop` holds whenever the link is not enabled, has failed or is to be reset; the carrier then
// begins no transaction of its own. A reset waits until none is outstanding (`link_quiet`), so no
// response of an old life can reach the new one; then `engine_rst` is held for ResetCycles. `restart`
// is such a reset from the carrier, and takes back CONTROL.enable.
//
// Latency: a register write acts 2 cycles after it was taken; a counter read takes CounterWait cycles
//   more, so `cnt_value` may lag `cnt_index` by as much.
// Throughput: one access at a time.
// Reference: rtl/regs/tautline.rdl.
`default_nettype none
`include "tl_assert.svh"

module tl_link_regs
  import tautline_pkg::*;
  import tl_link_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 256,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned MaxBurst = 512,
    parameter int unsigned Listeners = 16,
    parameter int unsigned Credits = 16
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        s_axil_awvalid,
    output logic             s_axil_awready,
    input  wire logic [10:0] s_axil_awaddr,
    input  wire logic [2:0]  s_axil_awprot,
    input  wire logic        s_axil_wvalid,
    output logic             s_axil_wready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    output logic             s_axil_bvalid,
    input  wire logic        s_axil_bready,
    output logic [1:0]       s_axil_bresp,
    input  wire logic        s_axil_arvalid,
    output logic             s_axil_arready,
    input  wire logic [10:0] s_axil_araddr,
    input  wire logic [2:0]  s_axil_arprot,
    output logic             s_axil_rvalid,
    input  wire logic        s_axil_rready,
    output logic [31:0]      s_axil_rdata,
    output logic [1:0]       s_axil_rresp,
    // To the engine.
    input  wire now_t        now_us,
    output cfg_t             cfg,
    output secret_t          secret,
    output logic             engine_rst,
    input  wire logic        engine_ready,
    input  wire logic        engine_quiet,
    output logic             m_cmd_valid,
    input  wire logic        m_cmd_ready,
    output cmd_t             m_cmd,
    output logic [5:0]       cnt_index,
    input  wire logic [31:0] cnt_value,
    // To the rest of the carrier.
    output link_cfg_t        link,
    output logic             enabled,         // the host wants the link; it may have failed
    output logic             stop,            // begin no transaction
    input  wire logic        link_quiet,
    input  wire logic        restart,
    input  wire logic        error,
    input  wire link_cause_e error_cause,
    input  wire logic [63:0] error_address,
    output logic             consumer_valid,  // STATUS_CONSUMER was written
    output logic             consumer_arm,
    output logic [15:0]      consumer,
    input  wire logic [15:0] producer,
    input  wire logic        cpl_taken,       // a completion left for the host: its credit returns
    output logic             cnt_cmd_overflow,
    output logic             busy
);
  localparam int unsigned Bytes = DataW / 8;
  localparam int unsigned CreditW = $clog2(Credits + 1);
  localparam int unsigned ResetCycles = 8;
  localparam int unsigned CounterWait = 4;

  tl_regs_pkg::tl_regs__in_t in;
  tl_regs_pkg::tl_regs__out_t out;

  tl_regs u_regs (
      .clk,
      .rst,
      .s_axil_awready,
      .s_axil_awvalid,
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_wready,
      .s_axil_wvalid,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_bready,
      .s_axil_bvalid,
      .s_axil_bresp,
      .s_axil_arready,
      .s_axil_arvalid,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_rready,
      .s_axil_rvalid,
      .s_axil_rdata,
      .s_axil_rresp,
      .hwif_in(in),
      .hwif_out(out)
  );

  // ------------------------------------------------------------------------------ attach
  logic reset_pending_q;
  logic [$clog2(ResetCycles + 1)-1:0] reset_count_q;

  assign enabled = out.CONTROL.enable.value && !reset_pending_q && reset_count_q == '0 && !engine_rst;
  assign stop = !enabled || error;

  always_ff @(posedge clk) begin
    if (rst) begin
      reset_pending_q <= 1'b0;
      reset_count_q <= '0;
      engine_rst <= 1'b1;
    end else begin
      if (out.CONTROL.reset.value || restart) reset_pending_q <= 1'b1;
      if (reset_count_q != '0) begin
        reset_count_q <= reset_count_q - 1'b1;
      end else if (reset_pending_q && link_quiet) begin
        reset_pending_q <= out.CONTROL.reset.value || restart;
        reset_count_q <= ($bits(reset_count_q))'(ResetCycles);
      end
      engine_rst <= reset_count_q != '0;
    end
  end

  // ------------------------------------------------------------------------------ commands
  // The block's registers have changed in the cycle after the write strobe.
  logic submit_q, consumer_q;
  logic [CreditW-1:0] credits_q;
  logic accept;
  command_msg_t command;

  assign command = {out.CMD7.word.value, out.CMD6.word.value, out.CMD5.word.value,
                    out.CMD4.word.value, out.CMD3.word.value, out.CMD2.word.value,
                    out.CMD1.word.value, out.CMD0.word.value};
  assign accept = submit_q && !stop && credits_q != '0 && !m_cmd_valid;

  always_ff @(posedge clk) begin
    submit_q <= out.CMD7.word.swmod;
    consumer_q <= out.STATUS_CONSUMER.index.swmod;
    if (rst || engine_rst) begin
      submit_q <= 1'b0;
      consumer_q <= 1'b0;
      m_cmd_valid <= 1'b0;
      credits_q <= CreditW'(Credits);
      cnt_cmd_overflow <= 1'b0;
    end else begin
      if (accept) m_cmd_valid <= 1'b1;
      else if (m_cmd_ready) m_cmd_valid <= 1'b0;
      if (accept && !cpl_taken) credits_q <= credits_q - CreditW'(1);
      else if (!accept && cpl_taken) credits_q <= credits_q + CreditW'(1);
      cnt_cmd_overflow <= submit_q && !accept;
    end
    if (accept) begin
      m_cmd.op <= cmd_e'(command.op);
      m_cmd.cookie <= command.cookie;
      m_cmd.flow <= command.slot;
      m_cmd.gen <= command.gen;
      m_cmd.key <= '{raddr: command.raddr, laddr: command.laddr, rport: command.rport,
                     lport: command.lport};
      m_cmd.arg0 <= command.arg0;
      m_cmd.arg1 <= command.arg1;
    end
  end

  `TL_ASSERT(a_credits, credits_q <= CreditW'(Credits))
  `TL_ASSERT_STABLE(a_cmd_stable, m_cmd_valid && !engine_rst, m_cmd_ready || engine_rst, m_cmd)

  // ------------------------------------------------------------------------------ counters
  logic [2:0] cnt_wait_q;
  logic cnt_write_q;

  always_ff @(posedge clk) begin
    cnt_write_q <= 1'b0;
    if (rst) begin
      cnt_wait_q <= '0;
    end else begin
      cnt_write_q <= out.COUNTERS.req && out.COUNTERS.req_is_wr;
      if (out.COUNTERS.req && !out.COUNTERS.req_is_wr) cnt_wait_q <= 3'(CounterWait);
      else if (cnt_wait_q != '0) cnt_wait_q <= cnt_wait_q - 3'd1;
    end
    if (out.COUNTERS.req && !out.COUNTERS.req_is_wr) cnt_index <= out.COUNTERS.addr[7:2];
  end

  // ------------------------------------------------------------------------------ state
  logic [31:0] now_hi_q;

  always_ff @(posedge clk) begin
    if (out.NOW_LO.us.swacc) now_hi_q <= now_us[63:32];
  end

  always_comb begin
    in.CONTROL.enable.hwclr = restart;
    in.MAP_HASH.hash.next = MapHash;
    in.CAPS.flows_log2.next = 5'($clog2(Flows));
    in.CAPS.data_log2.next = 4'($clog2(Bytes));
    in.CAPS.listeners.next = 8'(Listeners);
    in.CAPS.tx_store_log2.next = 5'(TxRingLog2);
    in.CAPS2.cmd_credits.next = 8'(Credits);
    in.CAPS2.status_log2_max.next = 5'd15;
    in.CAPS2.ring_log2_max.next = 5'd22;
    in.CAPS2.burst_log2.next = 4'($clog2(MaxBurst));
    in.STATUS.ready.next = engine_ready && !engine_rst && !reset_pending_q;
    in.STATUS.idle.next = stop && link_quiet && !engine_rst;
    in.STATUS.error.next = error;
    in.STATUS.quiet.next = engine_quiet;
    in.STATUS.error_cause.next = error_cause;
    in.ERROR_ADDR_LO.address.next = error_address[31:0];
    in.ERROR_ADDR_HI.address.next = error_address[63:32];
    in.NOW_LO.us.next = now_us[31:0];
    in.NOW_HI.us.next = now_hi_q;
    in.STATUS_PRODUCER.index.next = producer;
    in.CMD_CREDITS.free.next = 8'(credits_q);
    in.COUNTERS.rd_ack = cnt_wait_q == 3'd1;
    in.COUNTERS.rd_data = cnt_value;
    in.COUNTERS.wr_ack = cnt_write_q;
  end

  // ------------------------------------------------------------------------------ configuration
  // A size outside its range would break the split at page and ring ends, so it is brought into it.
  function automatic logic [4:0] clamp(input logic [4:0] value, input logic [4:0] low,
                                        input logic [4:0] high);
    return value < low ? low : value > high ? high : value;
  endfunction

  always_comb begin
    link.tx_base = {out.TX_BASE_HI.address.value, out.TX_BASE_LO.address.value[31:12], 12'd0};
    link.rx_base = {out.RX_BASE_HI.address.value, out.RX_BASE_LO.address.value[31:12], 12'd0};
    link.status_base = {out.STATUS_BASE_HI.address.value, out.STATUS_BASE_LO.address.value[31:6],
                        6'd0};
    link.tx_log2 = clamp(out.TX_RING_LOG2.log2.value, 5'd12, 5'd22);
    link.rx_log2 = clamp(out.RX_RING_LOG2.log2.value, 5'd12, 5'd22);
    link.status_log2 = clamp(out.STATUS_LOG2.log2.value, 5'd2, 5'd15);
    link.irq_us = out.IRQ_MODERATION.us.value;
  end

  always_comb begin
    cfg.enable = !stop;
    cfg.mac = {out.MAC_HI.mac.value, out.MAC_LO.mac.value};
    cfg.ip = out.IP.address.value;
    cfg.netmask = out.NETMASK.mask.value;
    cfg.gateway = out.GATEWAY.address.value;
    cfg.vlan_en = out.VLAN.en.value;
    cfg.vlan_tci = out.VLAN.tci.value;
    cfg.mtu = out.MTU.bytes.value;
    cfg.df = out.IPCFG.df.value;
    cfg.ttl = out.IPCFG.ttl.value;
    cfg.dscp = out.IPCFG.dscp.value;
    cfg.nodelay = out.IPCFG.nodelay.value;
    cfg.rx_ring_log2 = link.rx_log2;
    cfg.rto_min_us = out.RTO_MIN.us.value;
    cfg.rto_init_us = out.RTO_INIT.us.value;
    cfg.rto_max_us = out.RTO_MAX.us.value;
    cfg.delack_us = out.DELACK.us.value;
    cfg.user_timeout_us = out.USER_TIMEOUT.us.value;
    cfg.syn_timeout_us = out.SYN_TIMEOUT.us.value;
    cfg.r1_retries = out.R1.retries.value;
    cfg.time_wait_us = out.TIME_WAIT.us.value;
    cfg.fin_wait2_us = out.FIN_WAIT2.us.value;
    cfg.challenge_us = out.CHALLENGE.us.value;
    cfg.reply_us = out.REPLY.us.value;
    cfg.arp_timeout_us = out.ARP_TIMEOUT.us.value;
  end

  assign secret = '{
          isn_key: {out.ISN_KEY3.word.value, out.ISN_KEY2.word.value, out.ISN_KEY1.word.value,
                    out.ISN_KEY0.word.value},
          hash_key: {out.HASH_KEY3.word.value, out.HASH_KEY2.word.value,
                     out.HASH_KEY1.word.value, out.HASH_KEY0.word.value},
          port_key: {out.PORT_KEY3.word.value, out.PORT_KEY2.word.value,
                     out.PORT_KEY1.word.value, out.PORT_KEY0.word.value}
      };

  assign consumer_valid = consumer_q;
  assign consumer_arm = out.STATUS_CONSUMER.arm.value;
  assign consumer = out.STATUS_CONSUMER.index.value;

  assign busy = submit_q || consumer_q || m_cmd_valid || reset_pending_q || reset_count_q != '0 ||
                engine_rst || cnt_wait_q != '0;

  logic unused;
  assign unused = ^{command.submit, command.fill0, command.fill1,
                    out.TX_BASE_LO.address.value[11:0], out.RX_BASE_LO.address.value[11:0],
                    out.STATUS_BASE_LO.address.value[5:0], out.COUNTERS.addr[1:0],
                    out.COUNTERS.wr_data, out.COUNTERS.wr_biten};

endmodule

`default_nettype wire
