// The Arty A7, after rtl/top/rtl.f.
rtl/common/tl_sync.sv
rtl/common/tl_reset_sync.sv
rtl/common/tl_async_fifo.sv
rtl/common/tl_now.sv
rtl/mac/mac_pkg.sv
rtl/mac/tl_mac_rx_byte.sv
rtl/mac/tl_mac_tx_byte.sv
rtl/mac/tl_mac_byte.sv
rtl/mac/tl_mac_nibbles.sv
rtl/mac/tl_mac_mii.sv
rtl/usb/tl_uart.sv
rtl/usb/tl_ft245.sv
boards/common/tl_link_uart.sv
boards/arty_a7/tl_arty_a7_core.sv
boards/arty_a7/tl_arty_a7.sv
