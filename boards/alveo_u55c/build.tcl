# vivado -mode batch -source boards/alveo_u55c/build.tcl [-tclargs FLOWS]
# Bitstream and reports go to build/vivado/alveo_u55c.

set root [file normalize [file join [file dirname [info script]] .. ..]]
source [file join $root boards common vivado.tcl]
source [file join $root boards common alveo_shell.tcl]

set flows [expr {$argc > 0 ? [lindex $argv 0] : 1024}]
set part xcu55c-fsvh2892-2L-e
set out [file join $root build vivado alveo_u55c]
file mkdir $out
create_project -force alveo_u55c $out/project -part $part
tautline_read $root {rtl/top/rtl.f boards/common/alveo.f}
read_verilog -sv [file join $root boards alveo_u55c tl_alveo_u55c.sv]
create_alveo_shell PCIE4C_X1Y0
read_xdc [file join $root boards alveo_u55c alveo_u55c.xdc]
tautline_implement $out alveo_u55c tl_alveo_u55c $part "Flows=$flows"
