// The ECPIX-5, after rtl/top/rtl.f.
rtl/common/tl_sync.sv
rtl/common/tl_reset_sync.sv
rtl/common/tl_async_fifo.sv
rtl/common/tl_now.sv
rtl/mac/mac_pkg.sv
rtl/mac/tl_mac_rx_byte.sv
rtl/mac/tl_mac_tx_byte.sv
rtl/mac/tl_mac_byte.sv
rtl/mac/tl_mac_nibbles.sv
rtl/mac/tl_mac_rgmii.sv
rtl/usb/tl_uart.sv
boards/common/tl_link_uart.sv
boards/ecpix5/tl_ecpix5_core.sv
boards/ecpix5/ecp5_cells.sv
boards/ecpix5/tl_ecpix5.sv
