// tl_arty_a7: top of the Arty A7-35T and -100T: pins, clocks and cells of the 7 series around
// tl_arty_a7_core.
//
// Clocks: 100 MHz in; from one MMCM at 600 MHz `clk` and the PHY's reference at 25 MHz, the UART's at
//   120 MHz. The FIFO's 60 MHz come from the FT232H.
// Reference: UG472 (clocking), boards/arty_a7/README.md.
`default_nettype none

module tl_arty_a7 #(
    parameter int unsigned Fifo = 0,
    parameter int unsigned Flows = 16
) (
    input  wire logic       CLK100MHZ,
    input  wire logic       ck_rst,
    output logic            eth_ref_clk,
    output logic            eth_rstn,
    input  wire logic       eth_tx_clk,
    output logic [3:0]      eth_txd,
    output logic            eth_tx_en,
    input  wire logic       eth_rx_clk,
    input  wire logic [3:0] eth_rxd,
    input  wire logic       eth_rx_dv,
    input  wire logic       eth_rxerr,
    output logic            uart_rxd_out,
    input  wire logic       uart_txd_in,
    input  wire logic       ft_clk,
    input  wire logic       ft_rxf_n,
    input  wire logic       ft_txe_n,
    output logic            ft_rd_n,
    output logic            ft_wr_n,
    output logic            ft_oe_n,
    output logic            ft_siwu_n,
    inout  tri logic [7:0]  ft_data,
    output logic [3:0]      led
);
  logic clk_fb, clk25, clk120, clk, clk_uart, locked;
  logic [7:0] ft_d_o;
  logic ft_d_oe;

  MMCME2_BASE #(
      .CLKIN1_PERIOD(10.0),
      .CLKFBOUT_MULT_F(6.0),
      .DIVCLK_DIVIDE(1),
      .CLKOUT0_DIVIDE_F(24.0),
      .CLKOUT1_DIVIDE(5)
  ) u_mmcm (
      .CLKIN1(CLK100MHZ),
      .CLKFBIN(clk_fb),
      .CLKFBOUT(clk_fb),
      .CLKOUT0(clk25),
      .CLKOUT1(clk120),
      .LOCKED(locked),
      .PWRDWN(1'b0),
      .RST(!ck_rst)
  );
  BUFG u_clk (.I(clk25), .O(clk));
  BUFG u_clk_uart (.I(clk120), .O(clk_uart));
  // A clock leaves through a DDR cell.
  ODDR #(.DDR_CLK_EDGE("SAME_EDGE")) u_ref_clk (
      .C(clk), .CE(1'b1), .D1(1'b1), .D2(1'b0), .R(1'b0), .S(1'b0), .Q(eth_ref_clk)
  );

  tl_arty_a7_core #(
      .Fifo(Fifo),
      .Flows(Flows)
  ) u_core (
      .async_rst(!locked),
      .clk,
      .clk_uart,
      .mii_tx_clk(eth_tx_clk),
      .mii_txd(eth_txd),
      .mii_tx_en(eth_tx_en),
      .mii_rx_clk(eth_rx_clk),
      .mii_rxd(eth_rxd),
      .mii_rx_dv(eth_rx_dv),
      .mii_rx_er(eth_rxerr),
      .phy_rst_n(eth_rstn),
      .uart_rx(uart_txd_in),
      .uart_tx(uart_rxd_out),
      .ft_clk,
      .ft_rxf_n,
      .ft_txe_n,
      .ft_rd_n,
      .ft_wr_n,
      .ft_oe_n,
      .ft_siwu_n,
      .ft_d_i(ft_data),
      .ft_d_o,
      .ft_d_oe,
      .led
  );

  assign ft_data = ft_d_oe ? ft_d_o : 'z;

endmodule

`default_nettype wire
