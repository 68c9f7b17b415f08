// tl_link_pkg: what the register block tells the carrier beside `cfg_t`.
`default_nettype none

package tl_link_pkg;

  // Where the host's memory lies; stable while the link is enabled.
  typedef struct packed {
    logic [63:0] tx_base;
    logic [63:0] rx_base;
    logic [63:0] status_base;
    logic [4:0]  tx_log2;      // bytes of one transmit ring, 12 to 22
    logic [4:0]  rx_log2;      // bytes of one receive ring, 12 to 22
    logic [4:0]  status_log2;  // entries of the status ring, 2 to 15
    logic [15:0] irq_us;       // least distance of two interrupts
  } link_cfg_t;

endpackage

`default_nettype wire
