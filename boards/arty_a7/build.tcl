# vivado -mode batch -source boards/arty_a7/build.tcl -tclargs 35|100 [uart|fifo] [FLOWS]
# Bitstream and reports go to build/vivado/arty_a7_<size>_<link>.

set root [file normalize [file join [file dirname [info script]] .. ..]]
source [file join $root boards common vivado.tcl]

if {$argc < 1} { error "size of the board is missing: 35 or 100" }
set size [lindex $argv 0]
set link [expr {$argc > 1 ? [lindex $argv 1] : "uart"}]
set flows [expr {$argc > 2 ? [lindex $argv 2] : ($size == 35 ? 16 : 64)}]
if {$size ni {35 100} || $link ni {uart fifo}} { error "unknown size or link: $argv" }

set out [file join $root build vivado arty_a7_${size}_$link]
file mkdir $out
create_project -in_memory -part xc7a${size}ticsg324-1L
tautline_read $root {rtl/top/rtl.f boards/arty_a7/arty_a7.f}
read_xdc [file join $root boards arty_a7 arty_a7.xdc]
tautline_implement $out arty_a7_$size tl_arty_a7 xc7a${size}ticsg324-1L \
    "Fifo=[expr {$link eq {fifo}}] Flows=$flows"
