// The Arty A7, after rtl/top/rtl.f.
boards/common/tl_link_uart.sv
boards/arty_a7/tl_arty_a7_core.sv
boards/arty_a7/tl_arty_a7.sv
