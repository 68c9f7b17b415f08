// tl_ecpix5: top of the ECPIX-5: pins, clocks and cells of the ECP5 around tl_ecpix5_core.
//
// Clocks: 100 MHz in; 125 MHz for RGMII and `clk` from one PLL, 120 MHz for the UART from another.
// Hazard: RGMII's transmit clock leaves 2 ns after the data by a delay cell; the receive clock comes
//   delayed from the PHY.
// Reference: ECP5 family data sheet; boards/ecpix5/README.md.
`default_nettype none

module tl_ecpix5 #(
    parameter int unsigned Flows = 16,
    // `clk` is 750 MHz divided by this.
    parameter int unsigned ClkDivide = 30
) (
    input  wire logic       clk100,
    input  wire logic       rst_n,
    output logic            eth_tx_clk,
    output logic [3:0]      eth_tx_data,
    output logic            eth_tx_ctl,
    input  wire logic       eth_rx_clk,
    input  wire logic [3:0] eth_rx_data,
    input  wire logic       eth_rx_ctl,
    output logic            eth_rst_n,
    output logic            uart_tx,
    input  wire logic       uart_rx,
    output logic [3:0]      led
);
  // ------------------------------------------------------------------------------ clocks
  logic clk, clk_mac, clk_uart, locked_mac, locked_uart, unused_clkos;

  (* FREQUENCY_PIN_CLKI = "100", FREQUENCY_PIN_CLKOP = "125", ICP_CURRENT = "12", LPF_RESISTOR = "8",
     MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
      .PLLRST_ENA("DISABLED"),
      .INTFB_WAKE("DISABLED"),
      .STDBY_ENABLE("DISABLED"),
      .DPHASE_SOURCE("DISABLED"),
      .OUTDIVIDER_MUXA("DIVA"),
      .OUTDIVIDER_MUXB("DIVB"),
      .OUTDIVIDER_MUXC("DIVC"),
      .OUTDIVIDER_MUXD("DIVD"),
      .CLKI_DIV(4),
      .CLKFB_DIV(5),
      .FEEDBK_PATH("CLKOP"),
      .CLKOP_ENABLE("ENABLED"),
      .CLKOP_DIV(6),
      .CLKOP_CPHASE(5),
      .CLKOP_FPHASE(0),
      .CLKOS_ENABLE("ENABLED"),
      .CLKOS_DIV(ClkDivide),
      .CLKOS_CPHASE(ClkDivide - 1),
      .CLKOS_FPHASE(0)
  ) u_pll_mac (
      .CLKI(clk100),
      .CLKFB(clk_mac),
      .CLKOP(clk_mac),
      .CLKOS(clk),
      .RST(1'b0),
      .STDBY(1'b0),
      .PHASESEL0(1'b0),
      .PHASESEL1(1'b0),
      .PHASEDIR(1'b1),
      .PHASESTEP(1'b1),
      .PHASELOADREG(1'b1),
      .PLLWAKESYNC(1'b0),
      .ENCLKOP(1'b0),
      .LOCK(locked_mac)
  );

  (* FREQUENCY_PIN_CLKI = "100", FREQUENCY_PIN_CLKOP = "120", ICP_CURRENT = "12", LPF_RESISTOR = "8",
     MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
      .PLLRST_ENA("DISABLED"),
      .INTFB_WAKE("DISABLED"),
      .STDBY_ENABLE("DISABLED"),
      .DPHASE_SOURCE("DISABLED"),
      .OUTDIVIDER_MUXA("DIVA"),
      .OUTDIVIDER_MUXB("DIVB"),
      .OUTDIVIDER_MUXC("DIVC"),
      .OUTDIVIDER_MUXD("DIVD"),
      .CLKI_DIV(5),
      .CLKFB_DIV(6),
      .FEEDBK_PATH("CLKOP"),
      .CLKOP_ENABLE("ENABLED"),
      .CLKOP_DIV(5),
      .CLKOP_CPHASE(4),
      .CLKOP_FPHASE(0)
  ) u_pll_uart (
      .CLKI(clk100),
      .CLKFB(clk_uart),
      .CLKOP(clk_uart),
      .CLKOS(unused_clkos),
      .RST(1'b0),
      .STDBY(1'b0),
      .PHASESEL0(1'b0),
      .PHASESEL1(1'b0),
      .PHASEDIR(1'b1),
      .PHASESTEP(1'b1),
      .PHASELOADREG(1'b1),
      .PLLWAKESYNC(1'b0),
      .ENCLKOP(1'b0),
      .LOCK(locked_uart)
  );

  // ------------------------------------------------------------------------------ RGMII cells
  logic       txc_r, txc_f, tx_ctl_r, tx_ctl_f, rx_ctl_r, rx_ctl_f, txc;
  logic [3:0] txd_r, txd_f, rxd_r, rxd_f;

  ODDRX1F u_txc (.SCLK(clk_mac), .RST(1'b0), .D0(txc_r), .D1(txc_f), .Q(txc));
  // 80 steps of 25 ps.
  DELAYG #(.DEL_MODE("USER_DEFINED"), .DEL_VALUE(80)) u_txc_delay (.A(txc), .Z(eth_tx_clk));
  ODDRX1F u_tx_ctl (.SCLK(clk_mac), .RST(1'b0), .D0(tx_ctl_r), .D1(tx_ctl_f), .Q(eth_tx_ctl));
  IDDRX1F u_rx_ctl (.SCLK(eth_rx_clk), .RST(1'b0), .D(eth_rx_ctl), .Q0(rx_ctl_r), .Q1(rx_ctl_f));
  for (genvar i = 0; i < 4; i++) begin : g_data
    ODDRX1F u_tx (.SCLK(clk_mac), .RST(1'b0), .D0(txd_r[i]), .D1(txd_f[i]), .Q(eth_tx_data[i]));
    IDDRX1F u_rx (.SCLK(eth_rx_clk), .RST(1'b0), .D(eth_rx_data[i]), .Q0(rxd_r[i]), .Q1(rxd_f[i]));
  end

  // ------------------------------------------------------------------------------ core
  logic [3:0] lit;

  tl_ecpix5_core #(
      .Flows(Flows),
      .ClkNum(750),
      .ClkDen(ClkDivide)
  ) u_core (
      .async_rst(!rst_n || !locked_mac || !locked_uart),
      .clk,
      .clk_mac,
      .clk_uart,
      .rgmii_txc_r(txc_r),
      .rgmii_txc_f(txc_f),
      .rgmii_txd_r(txd_r),
      .rgmii_txd_f(txd_f),
      .rgmii_tx_ctl_r(tx_ctl_r),
      .rgmii_tx_ctl_f(tx_ctl_f),
      .clk_rx(eth_rx_clk),
      .rgmii_rxd_r(rxd_r),
      .rgmii_rxd_f(rxd_f),
      .rgmii_rx_ctl_r(rx_ctl_r),
      .rgmii_rx_ctl_f(rx_ctl_f),
      .phy_rst_n(eth_rst_n),
      .uart_rx,
      .uart_tx,
      .led(lit)
  );

  // The LEDs light at 0.
  assign led = ~lit;

endmodule

`default_nettype wire
