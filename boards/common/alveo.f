// What the Alveo cards share, after rtl/top/rtl.f.
boards/common/tl_irq_cross.sv
boards/common/tl_alveo_core.sv
