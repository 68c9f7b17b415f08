// What the Alveo cards share, after rtl/top/rtl.f.
rtl/common/tl_sync.sv
rtl/common/tl_reset_sync.sv
rtl/common/tl_async_fifo.sv
rtl/common/tl_now.sv
rtl/mac/mac_pkg.sv
rtl/mac/tl_mac_xgmii.sv
boards/common/tl_irq_cross.sv
boards/common/tl_alveo_core.sv
