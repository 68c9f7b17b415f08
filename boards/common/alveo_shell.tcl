# The shell of an Alveo card as a block design `alveo_shell`: the PCIe bridge (xdma in AXI Bridge mode,
# PG194), the 10G PCS over GTY (xxv_ethernet, PG210), and the crossings between their clocks.
#
# create_alveo_shell LOCATION
#   LOCATION   the PCIe block of the card's x8 half of the connector, e.g. PCIE4C_X1Y0
#
# BAR 0 (4 MiB) is the register window, BAR 2 (4 MiB) the push window; host memory is the bridge's slave,
# address for address.

proc create_alveo_shell {location} {
    create_bd_design alveo_shell

    # ------------------------------------------------------------------ PCIe
    set pcie [create_bd_intf_port -mode Master -vlnv xilinx.com:interface:pcie_7x_mgt_rtl:1.0 pcie]
    set refclk [create_bd_intf_port -mode Slave -vlnv xilinx.com:interface:diff_clock_rtl:1.0 pcie_refclk]
    set_property CONFIG.FREQ_HZ 100000000 $refclk
    create_bd_port -dir I -type rst pcie_rst_n
    set_property CONFIG.POLARITY ACTIVE_LOW [get_bd_ports pcie_rst_n]

    create_bd_cell -type ip -vlnv xilinx.com:ip:util_ds_buf pcie_refclk_buf
    set_property CONFIG.C_BUF_TYPE IBUFDSGTE [get_bd_cells pcie_refclk_buf]
    connect_bd_intf_net $refclk [get_bd_intf_pins pcie_refclk_buf/CLK_IN_D]

    create_bd_cell -type ip -vlnv xilinx.com:ip:xdma bridge
    set_property -dict [list \
        CONFIG.functional_mode {AXI_Bridge} \
        CONFIG.mode_selection {Advanced} \
        CONFIG.pcie_blk_locn $location \
        CONFIG.pl_link_cap_max_link_width {X8} \
        CONFIG.pl_link_cap_max_link_speed {8.0_GT/s} \
        CONFIG.axi_data_width {256_bit} \
        CONFIG.axisten_freq {250} \
        CONFIG.axi_addr_width {64} \
        CONFIG.pf0_class_code_base {02} \
        CONFIG.pf0_class_code_sub {00} \
        CONFIG.pf0_bar0_enabled {true} \
        CONFIG.pf0_bar0_type {Memory} \
        CONFIG.pf0_bar0_64bit {true} \
        CONFIG.pf0_bar0_prefetchable {false} \
        CONFIG.pf0_bar0_scale {Megabytes} \
        CONFIG.pf0_bar0_size {4} \
        CONFIG.pciebar2axibar_0 {0x0000000000000000} \
        CONFIG.pf0_bar2_enabled {true} \
        CONFIG.pf0_bar2_type {Memory} \
        CONFIG.pf0_bar2_64bit {true} \
        CONFIG.pf0_bar2_prefetchable {true} \
        CONFIG.pf0_bar2_scale {Megabytes} \
        CONFIG.pf0_bar2_size {4} \
        CONFIG.pciebar2axibar_2 {0x0000000000400000} \
        CONFIG.axibar_num {1} \
        CONFIG.axibar_0 {0x0000000000000000} \
        CONFIG.axibar_highaddr_0 {0x0000FFFFFFFFFFFF} \
        CONFIG.axibar2pciebar_0 {0x0000000000000000} \
        CONFIG.xdma_num_usr_irq {1} \
        CONFIG.pf0_msix_enabled {true} \
        CONFIG.pf0_msi_enabled {false} \
    ] [get_bd_cells bridge]
    connect_bd_intf_net $pcie [get_bd_intf_pins bridge/pcie_mgt]
    connect_bd_net [get_bd_pins pcie_refclk_buf/IBUF_OUT] [get_bd_pins bridge/sys_clk_gt]
    connect_bd_net [get_bd_pins pcie_refclk_buf/IBUF_DS_ODIV2] [get_bd_pins bridge/sys_clk]
    connect_bd_net [get_bd_ports pcie_rst_n] [get_bd_pins bridge/sys_rst_n]

    create_bd_port -dir O -type clk bridge_clk
    create_bd_port -dir O -type rst bridge_rst_n
    connect_bd_net [get_bd_pins bridge/axi_aclk] [get_bd_ports bridge_clk]
    connect_bd_net [get_bd_pins bridge/axi_aresetn] [get_bd_ports bridge_rst_n]
    create_bd_port -dir I -from 0 -to 0 irq_req
    create_bd_port -dir O -from 0 -to 0 irq_ack
    connect_bd_net [get_bd_ports irq_req] [get_bd_pins bridge/usr_irq_req]
    connect_bd_net [get_bd_pins bridge/usr_irq_ack] [get_bd_ports irq_ack]

    # ------------------------------------------------------------------ 10G PCS and GTY
    create_bd_port -dir I -type clk -freq_hz 100000000 freerun_clk
    create_bd_port -dir I -type rst eth_rst
    set_property CONFIG.POLARITY ACTIVE_HIGH [get_bd_ports eth_rst]

    create_bd_cell -type ip -vlnv xilinx.com:ip:xxv_ethernet eth
    set_property -dict [list \
        CONFIG.CORE {Ethernet PCS/PMA 64-bit} \
        CONFIG.DATA_PATH_INTERFACE {MII} \
        CONFIG.BASE_R_KR {BASE-R} \
        CONFIG.LINE_RATE {10} \
        CONFIG.NUM_OF_CORES {1} \
        CONFIG.CLOCKING {Asynchronous} \
        CONFIG.GT_REF_CLK_FREQ {161.1328125} \
        CONFIG.GT_DRP_CLK {100.00} \
        CONFIG.INCLUDE_SHARED_LOGIC {2} \
        CONFIG.INCLUDE_AXI4_INTERFACE {0} \
    ] [get_bd_cells eth]
    foreach {port pin direction} {gt_refclk_p gt_refclk_p I gt_refclk_n gt_refclk_n I
                                  qsfp_rx_p gt_rxp_in_0 I qsfp_rx_n gt_rxn_in_0 I
                                  qsfp_tx_p gt_txp_out_0 O qsfp_tx_n gt_txn_out_0 O} {
        create_bd_port -dir $direction $port
        connect_bd_net [get_bd_ports $port] [get_bd_pins eth/$pin]
    }
    # The transceivers' user clocks come from their PLL.
    create_bd_cell -type ip -vlnv xilinx.com:ip:xlconstant outclksel
    set_property -dict {CONFIG.CONST_WIDTH 3 CONFIG.CONST_VAL 5} [get_bd_cells outclksel]
    connect_bd_net [get_bd_pins outclksel/dout] [get_bd_pins eth/rxoutclksel_in_0] \
        [get_bd_pins eth/txoutclksel_in_0]
    connect_bd_net [get_bd_ports freerun_clk] [get_bd_pins eth/dclk]
    connect_bd_net [get_bd_ports eth_rst] [get_bd_pins eth/sys_reset]
    create_bd_port -dir O -type rst core_rst
    connect_bd_net [get_bd_pins eth/user_tx_reset_0] [get_bd_ports core_rst]

    # The receive side of the PCS is read with the transmit clock: the core has one clock.
    create_bd_port -dir O -type clk core_clk
    connect_bd_net [get_bd_pins eth/tx_mii_clk_0] [get_bd_ports core_clk] [get_bd_pins eth/rx_core_clk_0]
    foreach {port direction width} {tx_mii_d I 64 tx_mii_c I 8 rx_mii_d O 64 rx_mii_c O 8} {
        create_bd_port -dir $direction -from [expr {$width - 1}] -to 0 $port
        connect_bd_net [get_bd_ports $port] [get_bd_pins eth/${port}_0]
    }
    create_bd_port -dir O block_lock
    connect_bd_net [get_bd_pins eth/stat_rx_block_lock_0] [get_bd_ports block_lock]

    # ------------------------------------------------------------------ the core's AXI ports
    set host [create_bd_intf_port -mode Slave -vlnv xilinx.com:interface:aximm_rtl:1.0 host]
    set_property -dict {CONFIG.PROTOCOL AXI4 CONFIG.ADDR_WIDTH 64 CONFIG.DATA_WIDTH 64 CONFIG.ID_WIDTH 4
        CONFIG.NUM_READ_OUTSTANDING 16 CONFIG.NUM_WRITE_OUTSTANDING 16 CONFIG.HAS_QOS 0
        CONFIG.HAS_REGION 0 CONFIG.HAS_LOCK 0 CONFIG.HAS_CACHE 0 CONFIG.HAS_PROT 0} $host
    set regs [create_bd_intf_port -mode Master -vlnv xilinx.com:interface:aximm_rtl:1.0 regs]
    set_property -dict {CONFIG.PROTOCOL AXI4LITE CONFIG.ADDR_WIDTH 22 CONFIG.DATA_WIDTH 32} $regs
    set push [create_bd_intf_port -mode Master -vlnv xilinx.com:interface:aximm_rtl:1.0 push]
    set_property -dict {CONFIG.PROTOCOL AXI4 CONFIG.ADDR_WIDTH 23 CONFIG.DATA_WIDTH 64} $push
    set_property CONFIG.ASSOCIATED_BUSIF {host:regs:push} [get_bd_ports core_clk]
    set_property CONFIG.ASSOCIATED_RESET {core_rst} [get_bd_ports core_clk]

    foreach {cell masters} {to_host 1 from_host 2} {
        create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect $cell
        set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI $masters CONFIG.NUM_CLKS 2] \
            [get_bd_cells $cell]
        connect_bd_net [get_bd_pins bridge/axi_aresetn] [get_bd_pins $cell/aresetn]
    }
    foreach {cell first second} {to_host eth/tx_mii_clk_0 bridge/axi_aclk
                                 from_host bridge/axi_aclk eth/tx_mii_clk_0} {
        connect_bd_net [get_bd_pins $first] [get_bd_pins $cell/aclk]
        connect_bd_net [get_bd_pins $second] [get_bd_pins $cell/aclk1]
    }
    connect_bd_intf_net $host [get_bd_intf_pins to_host/S00_AXI]
    connect_bd_intf_net [get_bd_intf_pins to_host/M00_AXI] [get_bd_intf_pins bridge/S_AXI_B]
    connect_bd_intf_net [get_bd_intf_pins bridge/M_AXI_B] [get_bd_intf_pins from_host/S00_AXI]
    connect_bd_intf_net [get_bd_intf_pins from_host/M00_AXI] $regs
    connect_bd_intf_net [get_bd_intf_pins from_host/M01_AXI] $push

    assign_bd_address -offset 0 -range 256T [get_bd_addr_segs bridge/S_AXI_B/BAR0]
    assign_bd_address -offset 0x000000 -range 4M [get_bd_addr_segs regs/Reg]
    assign_bd_address -offset 0x400000 -range 4M [get_bd_addr_segs push/Reg]

    validate_bd_design
    save_bd_design
    generate_target all [get_files alveo_shell.bd]
    read_verilog [make_wrapper -files [get_files alveo_shell.bd] -top]
}
