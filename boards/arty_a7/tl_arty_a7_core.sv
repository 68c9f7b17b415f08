// tl_arty_a7_core: the Arty A7 without its vendor cells: MII on one side, and on the other the UART of
// the on-board FT2232H or, with `Fifo`, an FT232H as synchronous FIFO on a Pmod. The tests simulate it.
//
// Latency: see tl_mac_mii, tl_usb_engine, tl_link_uart, tl_ft245; nothing is added here.
// Throughput: 100 Mbit/s on the wire; 1.2 MB/s through the UART at 12 Mbit/s, a byte a cycle of 60 MHz
//   through the FIFO.
// Hazard: `async_rst` must last until `clk` and `clk_uart` run.
// Reference: docs/architecture.md, "Boards"; boards/arty_a7/README.md.
`default_nettype none

module tl_arty_a7_core #(
    parameter int unsigned Fifo = 0,
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
    input  wire logic       clk_uart,
    // MII.
    input  wire logic       mii_tx_clk,
    output logic [3:0]      mii_txd,
    output logic            mii_tx_en,
    input  wire logic       mii_rx_clk,
    input  wire logic [3:0] mii_rxd,
    input  wire logic       mii_rx_dv,
    input  wire logic       mii_rx_er,
    output logic            phy_rst_n,
    // UART; idle with `Fifo`.
    input  wire logic       uart_rx,
    output logic            uart_tx,
    // FIFO; idle without `Fifo`. The board places the data pins' drivers.
    input  wire logic       ft_clk,
    input  wire logic       ft_rxf_n,
    input  wire logic       ft_txe_n,
    output logic            ft_rd_n,
    output logic            ft_wr_n,
    output logic            ft_oe_n,
    output logic            ft_siwu_n,
    input  wire logic [7:0] ft_d_i,
    output logic [7:0]      ft_d_o,
    output logic            ft_d_oe,
    // Heartbeat, engine ready, host attached, PHY out of reset.
    output logic [3:0]      led
);
  logic rst;
  logic [63:0] now_us;
  logic ready, link_up;

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

  // The PHY's clock starts with the FPGA; it wants to be held in reset meanwhile.
  always_ff @(posedge clk) begin
    if (rst) phy_rst_n <= 1'b0;
    else if (now_us[10]) phy_rst_n <= 1'b1;
  end

  // ------------------------------------------------------------------------------ Ethernet
  logic        rx_tvalid, rx_tready, rx_tlast, rx_tuser;
  logic [63:0] rx_tdata;
  logic [7:0]  rx_tkeep;
  logic        tx_tvalid, tx_tready, tx_tlast, tx_tuser;
  logic [63:0] tx_tdata;
  logic [7:0]  tx_tkeep;
  logic [4:0]  mac_cnt;

  tl_mac_mii u_mac (
      .clk,
      .rst,
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
      .mii_tx_clk,
      .mii_txd,
      .mii_tx_en,
      .mii_rx_clk,
      .mii_rxd,
      .mii_rx_dv,
      .mii_rx_er
  );

  // ------------------------------------------------------------------------------ engine
  logic        from_host_valid, from_host_ready, to_host_valid, to_host_ready;
  logic [7:0]  from_host_data, to_host_data;
  logic        quiescent, next_deadline_valid;
  logic [63:0] next_deadline;
  logic [2:0]  probe;

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

  // ------------------------------------------------------------------------------ link
  if (Fifo != 0) begin : g_fifo
    tl_ft245 u_link (
        .clk,
        .rst,
        .s_valid(to_host_valid),
        .s_ready(to_host_ready),
        .s_data(to_host_data),
        .m_valid(from_host_valid),
        .m_ready(from_host_ready),
        .m_data(from_host_data),
        .ft_clk,
        .ft_rxf_n,
        .ft_txe_n,
        .ft_rd_n,
        .ft_wr_n,
        .ft_oe_n,
        .ft_siwu_n,
        .ft_d_i,
        .ft_d_o,
        .ft_d_oe
    );
    assign uart_tx = 1'b1;
    logic unused_uart;
    assign unused_uart = ^{clk_uart, uart_rx};
  end else begin : g_uart
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
    assign {ft_rd_n, ft_wr_n, ft_oe_n, ft_siwu_n} = '1;
    assign ft_d_o = '0;
    assign ft_d_oe = 1'b0;
    logic unused_fifo;
    assign unused_fifo = ^{ft_clk, ft_rxf_n, ft_txe_n, ft_d_i};
  end

  assign led = {phy_rst_n, link_up, ready, now_us[19]};

  // The MAC's errors reach the engine as bad frames, which it counts; idle skipping is for simulators.
  logic unused;
  assign unused = ^{rx_tready, mac_cnt, quiescent, next_deadline_valid, next_deadline, probe};

endmodule

`default_nettype wire
