# What the Vivado scripts of all boards share. Sourced from the board's build.tcl, which has set
# `root` (the repository) and `out` (where everything goes).

# The sources that a list names, in order.
proc tautline_files {root list} {
    set files {}
    set channel [open [file join $root $list]]
    while {[gets $channel line] >= 0} {
        regsub {(//|#).*} $line {} line
        set line [string trim $line]
        if {$line ne ""} { lappend files [file join $root $line] }
    }
    close $channel
    return $files
}

# Reads the engine and then the board's own list, each file once.
proc tautline_read {root lists} {
    set seen {}
    foreach list $lists {
        foreach file [tautline_files $root $list] {
            if {$file ni $seen} {
                lappend seen $file
                read_verilog -sv $file
            }
        }
    }
    set_property include_dirs [file join $root rtl common] [current_fileset]
    set_property verilog_define SYNTHESIS [current_fileset]
}

# From synthesis to the bitstream, with reports; fails if timing is not met.
proc tautline_implement {out name top part generics} {
    synth_design -top $top -part $part -generic $generics
    report_utilization -hierarchical -file $out/synthesis_utilization.rpt
    opt_design
    place_design
    phys_opt_design
    route_design
    report_timing_summary -file $out/timing.rpt
    report_utilization -hierarchical -file $out/utilization.rpt
    report_cdc -file $out/cdc.rpt
    report_drc -file $out/drc.rpt
    write_checkpoint -force $out/routed.dcp
    set slack [get_property SLACK [get_timing_paths -delay_type max]]
    set hold [get_property SLACK [get_timing_paths -delay_type min]]
    puts "tautline: worst setup slack $slack ns, worst hold slack $hold ns"
    if {$slack < 0 || $hold < 0} { error "timing is not met, see $out/timing.rpt" }
    write_bitstream -force $out/$name.bit
}
