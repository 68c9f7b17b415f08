# Arty A7-35T and -100T (the pins are the same), from the vendor's master constraints.

set_property -dict {PACKAGE_PIN E3 IOSTANDARD LVCMOS33} [get_ports CLK100MHZ]
create_clock -name clk100 -period 10.000 [get_ports CLK100MHZ]
set_property -dict {PACKAGE_PIN C2 IOSTANDARD LVCMOS33} [get_ports ck_rst]

# DP83848J, MII.
set_property -dict {PACKAGE_PIN G18 IOSTANDARD LVCMOS33} [get_ports eth_ref_clk]
set_property -dict {PACKAGE_PIN C16 IOSTANDARD LVCMOS33} [get_ports eth_rstn]
set_property -dict {PACKAGE_PIN H16 IOSTANDARD LVCMOS33} [get_ports eth_tx_clk]
set_property -dict {PACKAGE_PIN H14 IOSTANDARD LVCMOS33} [get_ports {eth_txd[0]}]
set_property -dict {PACKAGE_PIN J14 IOSTANDARD LVCMOS33} [get_ports {eth_txd[1]}]
set_property -dict {PACKAGE_PIN J13 IOSTANDARD LVCMOS33} [get_ports {eth_txd[2]}]
set_property -dict {PACKAGE_PIN H17 IOSTANDARD LVCMOS33} [get_ports {eth_txd[3]}]
set_property -dict {PACKAGE_PIN H15 IOSTANDARD LVCMOS33} [get_ports eth_tx_en]
set_property -dict {PACKAGE_PIN F15 IOSTANDARD LVCMOS33} [get_ports eth_rx_clk]
set_property -dict {PACKAGE_PIN D18 IOSTANDARD LVCMOS33} [get_ports {eth_rxd[0]}]
set_property -dict {PACKAGE_PIN E17 IOSTANDARD LVCMOS33} [get_ports {eth_rxd[1]}]
set_property -dict {PACKAGE_PIN E18 IOSTANDARD LVCMOS33} [get_ports {eth_rxd[2]}]
set_property -dict {PACKAGE_PIN G17 IOSTANDARD LVCMOS33} [get_ports {eth_rxd[3]}]
set_property -dict {PACKAGE_PIN G16 IOSTANDARD LVCMOS33} [get_ports eth_rx_dv]
set_property -dict {PACKAGE_PIN C17 IOSTANDARD LVCMOS33} [get_ports eth_rxerr]
create_clock -name mii_tx -period 40.000 [get_ports eth_tx_clk]
create_clock -name mii_rx -period 40.000 [get_ports eth_rx_clk]
# IEEE 802.3 22.3: the PHY's outputs keep 10 ns on both sides of its receive clock's edge; it takes what
# comes within 25 ns of the transmit clock's.
set_input_delay -clock mii_rx -max 30.000 [get_ports {eth_rxd[*] eth_rx_dv eth_rxerr}]
set_input_delay -clock mii_rx -min 10.000 [get_ports {eth_rxd[*] eth_rx_dv eth_rxerr}]
set_output_delay -clock mii_tx -max 15.000 [get_ports {eth_txd[*] eth_tx_en}]
set_output_delay -clock mii_tx -min 0.000 [get_ports {eth_txd[*] eth_tx_en}]
set_property IOB TRUE [get_ports {eth_txd[*] eth_tx_en eth_rxd[*] eth_rx_dv eth_rxerr}]

# On-board FT2232H, interface B; the names are the host's.
set_property -dict {PACKAGE_PIN D10 IOSTANDARD LVCMOS33} [get_ports uart_rxd_out]
set_property -dict {PACKAGE_PIN A9 IOSTANDARD LVCMOS33 PULLUP TRUE} [get_ports uart_txd_in]
set_false_path -to [get_ports uart_rxd_out]
set_false_path -from [get_ports uart_txd_in]

# FT232H as synchronous FIFO: control on Pmod JB, data on JC. CLKOUT needs a clock pin: JB pin 3.
set_property -dict {PACKAGE_PIN E15 IOSTANDARD LVCMOS33 PULLUP TRUE} [get_ports ft_rxf_n]
set_property -dict {PACKAGE_PIN E16 IOSTANDARD LVCMOS33 PULLUP TRUE} [get_ports ft_txe_n]
set_property -dict {PACKAGE_PIN D15 IOSTANDARD LVCMOS33} [get_ports ft_clk]
set_property -dict {PACKAGE_PIN C15 IOSTANDARD LVCMOS33} [get_ports ft_rd_n]
set_property -dict {PACKAGE_PIN J17 IOSTANDARD LVCMOS33} [get_ports ft_wr_n]
set_property -dict {PACKAGE_PIN J18 IOSTANDARD LVCMOS33} [get_ports ft_oe_n]
set_property -dict {PACKAGE_PIN K15 IOSTANDARD LVCMOS33} [get_ports ft_siwu_n]
set_property -dict {PACKAGE_PIN U12 IOSTANDARD LVCMOS33} [get_ports {ft_data[0]}]
set_property -dict {PACKAGE_PIN V12 IOSTANDARD LVCMOS33} [get_ports {ft_data[1]}]
set_property -dict {PACKAGE_PIN V10 IOSTANDARD LVCMOS33} [get_ports {ft_data[2]}]
set_property -dict {PACKAGE_PIN V11 IOSTANDARD LVCMOS33} [get_ports {ft_data[3]}]
set_property -dict {PACKAGE_PIN U14 IOSTANDARD LVCMOS33} [get_ports {ft_data[4]}]
set_property -dict {PACKAGE_PIN V14 IOSTANDARD LVCMOS33} [get_ports {ft_data[5]}]
set_property -dict {PACKAGE_PIN T13 IOSTANDARD LVCMOS33} [get_ports {ft_data[6]}]
set_property -dict {PACKAGE_PIN U13 IOSTANDARD LVCMOS33} [get_ports {ft_data[7]}]
create_clock -name ft -period 16.667 [get_ports ft_clk]
# FT232H: outputs valid 9 ns after CLKOUT at the latest, inputs want 7.5 ns before it (to be checked
# against the data sheet, see README).
set_input_delay -clock ft -max 9.000 [get_ports {ft_rxf_n ft_txe_n ft_data[*]}]
set_input_delay -clock ft -min 0.000 [get_ports {ft_rxf_n ft_txe_n ft_data[*]}]
set_output_delay -clock ft -max 7.500 [get_ports {ft_rd_n ft_wr_n ft_oe_n ft_data[*]}]
set_output_delay -clock ft -min 0.000 [get_ports {ft_rd_n ft_wr_n ft_oe_n ft_data[*]}]

set_property -dict {PACKAGE_PIN H5 IOSTANDARD LVCMOS33} [get_ports {led[0]}]
set_property -dict {PACKAGE_PIN J5 IOSTANDARD LVCMOS33} [get_ports {led[1]}]
set_property -dict {PACKAGE_PIN T9 IOSTANDARD LVCMOS33} [get_ports {led[2]}]
set_property -dict {PACKAGE_PIN T10 IOSTANDARD LVCMOS33} [get_ports {led[3]}]
set_false_path -to [get_ports {led[*] eth_rstn ft_siwu_n}]
set_false_path -from [get_ports ck_rst]

# Clocks of different sources meet in tl_async_fifo, tl_sync and tl_reset_sync alone.
set_clock_groups -asynchronous -group [get_clocks -include_generated_clocks clk100] \
    -group mii_tx -group mii_rx -group ft
set_clock_groups -asynchronous -group [get_clocks -of_objects [get_pins u_mmcm/CLKOUT0]] \
    -group [get_clocks -of_objects [get_pins u_mmcm/CLKOUT1]]

set_property CFGBVS VCCO [current_design]
set_property CONFIG_VOLTAGE 3.3 [current_design]
set_property BITSTREAM.CONFIG.SPI_BUSWIDTH 4 [current_design]
