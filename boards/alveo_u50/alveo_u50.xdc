# Alveo U50, from the published constraints of open designs for the card (README.md).

set_property CONFIG_VOLTAGE 1.8 [current_design]
set_property CFGBVS GND [current_design]
set_property CONFIG_MODE SPIx4 [current_design]
set_property BITSTREAM.CONFIG.SPI_BUSWIDTH 4 [current_design]
set_property BITSTREAM.CONFIG.SPI_32BIT_ADDR YES [current_design]
set_property BITSTREAM.CONFIG.CONFIGRATE 85.0 [current_design]
set_property BITSTREAM.CONFIG.SPI_FALL_EDGE YES [current_design]
set_property BITSTREAM.CONFIG.UNUSEDPIN PULLUP [current_design]
set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
set_operating_conditions -design_power_budget 63

# 100 MHz that runs from power-on, for the transceivers' reset logic.
set_property -dict {PACKAGE_PIN G17 IOSTANDARD LVDS} [get_ports clk_100mhz_p]
set_property -dict {PACKAGE_PIN G16 IOSTANDARD LVDS} [get_ports clk_100mhz_n]
create_clock -name freerun -period 10.000 [get_ports clk_100mhz_p]

# QSFP28, lane 1 of the cage (MGTY 131, channel 0), and its 161.1328125 MHz.
set_property PACKAGE_PIN J45 [get_ports qsfp_rx_p]
set_property PACKAGE_PIN J46 [get_ports qsfp_rx_n]
set_property PACKAGE_PIN D42 [get_ports qsfp_tx_p]
set_property PACKAGE_PIN D43 [get_ports qsfp_tx_n]
set_property PACKAGE_PIN N36 [get_ports qsfp_refclk_p]
set_property PACKAGE_PIN N37 [get_ports qsfp_refclk_n]
create_clock -name qsfp_refclk -period 6.206 [get_ports qsfp_refclk_p]

# PCIe, the x8 half of the connector with lanes 0 to 7.
set_property PACKAGE_PIN AB9 [get_ports pcie_refclk_p]
set_property PACKAGE_PIN AB8 [get_ports pcie_refclk_n]
create_clock -name pcie_refclk -period 10.000 [get_ports pcie_refclk_p]
set_property -dict {PACKAGE_PIN AW27 IOSTANDARD LVCMOS18 PULLUP TRUE} [get_ports pcie_rst_n]
set_false_path -from [get_ports pcie_rst_n]
set_property PACKAGE_PIN AL2 [get_ports {pcie_rx_p[0]}]
set_property PACKAGE_PIN AM4 [get_ports {pcie_rx_p[1]}]
set_property PACKAGE_PIN AK4 [get_ports {pcie_rx_p[2]}]
set_property PACKAGE_PIN AN2 [get_ports {pcie_rx_p[3]}]
set_property PACKAGE_PIN AP4 [get_ports {pcie_rx_p[4]}]
set_property PACKAGE_PIN AR2 [get_ports {pcie_rx_p[5]}]
set_property PACKAGE_PIN AT4 [get_ports {pcie_rx_p[6]}]
set_property PACKAGE_PIN AU2 [get_ports {pcie_rx_p[7]}]
set_property PACKAGE_PIN AL1 [get_ports {pcie_rx_n[0]}]
set_property PACKAGE_PIN AM3 [get_ports {pcie_rx_n[1]}]
set_property PACKAGE_PIN AK3 [get_ports {pcie_rx_n[2]}]
set_property PACKAGE_PIN AN1 [get_ports {pcie_rx_n[3]}]
set_property PACKAGE_PIN AP3 [get_ports {pcie_rx_n[4]}]
set_property PACKAGE_PIN AR1 [get_ports {pcie_rx_n[5]}]
set_property PACKAGE_PIN AT3 [get_ports {pcie_rx_n[6]}]
set_property PACKAGE_PIN AU1 [get_ports {pcie_rx_n[7]}]
set_property PACKAGE_PIN Y5 [get_ports {pcie_tx_p[0]}]
set_property PACKAGE_PIN AA7 [get_ports {pcie_tx_p[1]}]
set_property PACKAGE_PIN AB5 [get_ports {pcie_tx_p[2]}]
set_property PACKAGE_PIN AC7 [get_ports {pcie_tx_p[3]}]
set_property PACKAGE_PIN AD5 [get_ports {pcie_tx_p[4]}]
set_property PACKAGE_PIN AF5 [get_ports {pcie_tx_p[5]}]
set_property PACKAGE_PIN AE7 [get_ports {pcie_tx_p[6]}]
set_property PACKAGE_PIN AH5 [get_ports {pcie_tx_p[7]}]
set_property PACKAGE_PIN Y4 [get_ports {pcie_tx_n[0]}]
set_property PACKAGE_PIN AA6 [get_ports {pcie_tx_n[1]}]
set_property PACKAGE_PIN AB4 [get_ports {pcie_tx_n[2]}]
set_property PACKAGE_PIN AC6 [get_ports {pcie_tx_n[3]}]
set_property PACKAGE_PIN AD4 [get_ports {pcie_tx_n[4]}]
set_property PACKAGE_PIN AF4 [get_ports {pcie_tx_n[5]}]
set_property PACKAGE_PIN AE6 [get_ports {pcie_tx_n[6]}]
set_property PACKAGE_PIN AH4 [get_ports {pcie_tx_n[7]}]

set_property -dict {PACKAGE_PIN E18 IOSTANDARD LVCMOS18 SLEW SLOW DRIVE 8} [get_ports qsfp_led_act]
set_property -dict {PACKAGE_PIN E16 IOSTANDARD LVCMOS18 SLEW SLOW DRIVE 8} [get_ports qsfp_led_stat_g]
set_property -dict {PACKAGE_PIN F17 IOSTANDARD LVCMOS18 SLEW SLOW DRIVE 8} [get_ports qsfp_led_stat_y]
# The card cuts its own power if this rises: it must be driven low.
set_property -dict {PACKAGE_PIN J18 IOSTANDARD LVCMOS18} [get_ports hbm_cattrip]
set_false_path -to [get_ports {qsfp_led_* hbm_cattrip}]

# Between the clocks of card, wire and bridge stand vendor crossings and tl_sync, tl_irq_cross.
set_clock_groups -asynchronous -group freerun \
    -group [get_clocks -include_generated_clocks qsfp_refclk] \
    -group [get_clocks -include_generated_clocks pcie_refclk]
