# vivado -mode batch -source boards/alveo_u50/build.tcl [-tclargs FLOWS]
# Bitstream and reports go to build/vivado/alveo_u50.

set root [file normalize [file join [file dirname [info script]] .. ..]]
source [file join $root boards common vivado.tcl]
source [file join $root boards common alveo_shell.tcl]

set flows [expr {$argc > 0 ? [lindex $argv 0] : 1024}]
set part xcu50-fsvh2104-2-e
set out [file join $root build vivado alveo_u50]
file mkdir $out
create_project -force alveo_u50 $out/project -part $part
tautline_read $root {rtl/top/rtl.f boards/common/alveo.f}
read_verilog -sv [file join $root boards alveo_u50 tl_alveo_u50.sv]
create_alveo_shell PCIE4C_X1Y0
read_xdc [file join $root boards alveo_u50 alveo_u50.xdc]
tautline_implement $out alveo_u50 tl_alveo_u50 $part "Flows=$flows"
