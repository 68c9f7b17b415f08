// tl_ecpix5_core: the ECPIX-5 without its vendor cells: RGMII on one side, the UART of the on-board
// FT2232H on the other. It is what the tests simulate.
//
// Latency: see tl_mac_rgmii, tl_usb_engine, tl_link_uart; nothing is added here.
// Throughput: 1 Gbit/s on the wire; the UART carries a byte in ten bits.
// Hazard: `async_rst` must last until all clocks run.
// Reference: docs/architecture.md, "Boards"; boards/ecpix5/README.md.
`default_nettype none

module tl_ecpix5_core #(
    parameter int unsigned Flows = 16,
    parameter int unsigned TxRingLog2 = 12,
    parameter int unsigned RxFifoBytes = 8192,
    // Engine clock in MHz, as a fraction.
    parameter int unsigned ClkNum = 25,
    parameter int unsigned ClkDen = 1,
    // Of `clk_uart` in a bit.
    parameter int unsigned UartClocks = 10
) (
    input  wire logic       async_rst,
    input  wire logic       clk,
    input  wire logic       clk_mac,
    input  wire logic       clk_uart,
    // RGMII, the values at both edges.
    output logic            rgmii_txc_r,
    output logic            rgmii_txc_f,
    output logic [3:0]      rgmii_txd_r,
    output logic [3:0]      rgmii_txd_f,
    output logic            rgmii_tx_ctl_r,
    output logic            rgmii_tx_ctl_f,
    input  wire logic       clk_rx,
    input  wire logic [3:0] rgmii_rxd_r,
    input  wire logic [3:0] rgmii_rxd_f,
    input  wire logic       rgmii_rx_ctl_r,
    input  wire logic       rgmii_rx_ctl_f,
    output logic            phy_rst_n,
    // UART.
    input  wire logic       uart_rx,
    output logic            uart_tx,
    // Heartbeat, engine ready, host attached, Ethernet link.
    output logic [3:0]      led
);
  logic rst;
  logic [63:0] now_us;
  logic ready, link_up, phy_up, phy_duplex;
  logic [1:0] phy_speed;

  tl_reset_sync u_rst (
      .clk,
      .async_rst,
      .rst
  );

  tl_now #(
      .CyclesNum(ClkNum),
      .CyclesDen(ClkDen)
  ) u_now (
      .clk,
      .rst,
      .now_us
  );

  // The PHY wants 10 ms of reset.
  always_ff @(posedge clk) begin
    if (rst) phy_rst_n <= 1'b0;
    else if (now_us[14]) phy_rst_n <= 1'b1;
  end

  // ------------------------------------------------------------------------------ Ethernet
  logic        rx_tvalid, rx_tready, rx_tlast, rx_tuser;
  logic [63:0] rx_tdata;
  logic [7:0]  rx_tkeep;
  logic        tx_tvalid, tx_tready, tx_tlast, tx_tuser;
  logic [63:0] tx_tdata;
  logic [7:0]  tx_tkeep;
  logic [4:0]  mac_cnt;

  // The PHY tells its speed between frames.
  tl_mac_rgmii u_mac (
      .clk,
      .rst,
      .speed(phy_speed),
      .link_up(phy_up),
      .link_speed(phy_speed),
      .link_duplex(phy_duplex),
      .s_tx_tvalid(tx_tvalid),
      .s_tx_tready(tx_tready),
      .s_tx_tdata(tx_tdata),
      .s_tx_tkeep(tx_tkeep),
      .s_tx_tlast(tx_tlast),
      .s_tx_tuser(tx_tuser),
      .m_rx_tvalid(rx_tvalid),
      .m_rx_tdata(rx_tdata),
      .m_rx_tkeep(rx_tkeep),
      .m_rx_tlast(rx_tlast),
      .m_rx_tuser(rx_tuser),
      .cnt_rx_bad_fcs(mac_cnt[0]),
      .cnt_rx_overflow(mac_cnt[1]),
      .cnt_rx_runt(mac_cnt[2]),
      .cnt_rx_giant(mac_cnt[3]),
      .cnt_tx_underrun(mac_cnt[4]),
      .clk_tx(clk_mac),
      .rgmii_txc_r,
      .rgmii_txc_f,
      .rgmii_txd_r,
      .rgmii_txd_f,
      .rgmii_tx_ctl_r,
      .rgmii_tx_ctl_f,
      .clk_rx,
      .rgmii_rxd_r,
      .rgmii_rxd_f,
      .rgmii_rx_ctl_r,
      .rgmii_rx_ctl_f
  );

  // ------------------------------------------------------------------------------ engine
  logic       from_host_valid, from_host_ready, to_host_valid, to_host_ready;
  logic [7:0] from_host_data, to_host_data;
  logic       quiescent, next_deadline_valid;
  logic [63:0] next_deadline;
  logic [2:0] probe;

  tl_usb_engine #(
      .Flows(Flows),
      .TxRingLog2(TxRingLog2),
      .RxFifoBytes(RxFifoBytes)
  ) u_engine (
      .clk,
      .rst,
      .now_us,
      .s_wire_tvalid(rx_tvalid),
      .s_wire_tready(rx_tready),
      .s_wire_tdata(rx_tdata),
      .s_wire_tkeep(rx_tkeep),
      .s_wire_tlast(rx_tlast),
      .s_wire_tuser(rx_tuser),
      .m_wire_tvalid(tx_tvalid),
      .m_wire_tready(tx_tready),
      .m_wire_tdata(tx_tdata),
      .m_wire_tkeep(tx_tkeep),
      .m_wire_tlast(tx_tlast),
      .m_wire_tuser(tx_tuser),
      .s_byte_valid(from_host_valid),
      .s_byte_ready(from_host_ready),
      .s_byte_data(from_host_data),
      .m_byte_valid(to_host_valid),
      .m_byte_ready(to_host_ready),
      .m_byte_data(to_host_data),
      .link_up,
      .ready,
      .quiescent,
      .next_deadline_valid,
      .next_deadline,
      .probe_event(probe[0]),
      .probe_send(probe[1]),
      .probe_issue(probe[2])
  );

  tl_link_uart #(
      .ClocksPerBit(UartClocks)
  ) u_link (
      .clk,
      .rst,
      .clk_uart,
      .uart_rx,
      .uart_tx,
      .m_valid(from_host_valid),
      .m_ready(from_host_ready),
      .m_data(from_host_data),
      .s_valid(to_host_valid),
      .s_ready(to_host_ready),
      .s_data(to_host_data)
  );

  assign led = {phy_up, link_up, ready, now_us[19]};

  // The MAC's errors reach the engine as bad frames, which it counts; idle skipping is for simulators.
  logic unused;
  assign unused = ^{rx_tready, mac_cnt, phy_duplex, quiescent, next_deadline_valid, next_deadline,
                    probe};

endmodule

`default_nettype wire
