// The ECPIX-5, after rtl/top/rtl.f.
boards/common/tl_link_uart.sv
boards/ecpix5/tl_ecpix5_core.sv
boards/ecpix5/ecp5_cells.sv
boards/ecpix5/tl_ecpix5.sv
