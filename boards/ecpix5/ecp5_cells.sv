// Cells of the ECP5 that tl_ecpix5 places: ports and parameters alone. Place and route knows the rest.
`default_nettype none
/* verilator lint_off DECLFILENAME */
/* verilator lint_off UNUSED */
/* verilator lint_off UNDRIVEN */

(* blackbox *)
module EHXPLLL #(
    parameter PLLRST_ENA = "DISABLED",
    parameter INTFB_WAKE = "DISABLED",
    parameter STDBY_ENABLE = "DISABLED",
    parameter DPHASE_SOURCE = "DISABLED",
    parameter OUTDIVIDER_MUXA = "DIVA",
    parameter OUTDIVIDER_MUXB = "DIVB",
    parameter OUTDIVIDER_MUXC = "DIVC",
    parameter OUTDIVIDER_MUXD = "DIVD",
    parameter FEEDBK_PATH = "CLKOP",
    parameter int CLKI_DIV = 1,
    parameter int CLKFB_DIV = 1,
    parameter CLKOP_ENABLE = "ENABLED",
    parameter int CLKOP_DIV = 8,
    parameter int CLKOP_CPHASE = 0,
    parameter int CLKOP_FPHASE = 0,
    parameter CLKOS_ENABLE = "DISABLED",
    parameter int CLKOS_DIV = 8,
    parameter int CLKOS_CPHASE = 0,
    parameter int CLKOS_FPHASE = 0
) (
    input  wire logic CLKI,
    input  wire logic CLKFB,
    input  wire logic RST,
    input  wire logic STDBY,
    input  wire logic PHASESEL0,
    input  wire logic PHASESEL1,
    input  wire logic PHASEDIR,
    input  wire logic PHASESTEP,
    input  wire logic PHASELOADREG,
    input  wire logic PLLWAKESYNC,
    input  wire logic ENCLKOP,
    output logic      CLKOP,
    output logic      CLKOS,
    output logic      LOCK
);
endmodule

(* blackbox *)
module ODDRX1F (
    input  wire logic SCLK,
    input  wire logic RST,
    input  wire logic D0,
    input  wire logic D1,
    output logic      Q
);
endmodule

(* blackbox *)
module IDDRX1F (
    input  wire logic SCLK,
    input  wire logic RST,
    input  wire logic D,
    output logic      Q0,
    output logic      Q1
);
endmodule

(* blackbox *)
module DELAYG #(
    parameter DEL_MODE = "USER_DEFINED",
    parameter int DEL_VALUE = 0
) (
    input  wire logic A,
    output logic      Z
);
endmodule

`default_nettype wire
