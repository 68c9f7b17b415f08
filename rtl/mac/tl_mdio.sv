// tl_mdio: master of the management interface of a PHY, clause 22, one access at a time. The board
// places the tri-state buffer: it drives the pin with `mdio_o` while `mdio_oe`.
//
// Latency: command -> answer 64 periods of MDC of 2 * HalfPeriod cycles, and one cycle.
// Hazard: `m_rsp_valid` is a notice. A read that no PHY answered is `m_rsp_error`: the bus is pulled up,
//   so its turnaround reads one.
// Reference: IEEE 802.3 22.2.4.5 (frames), 22.3.4 (MDIO timing).
`default_nettype none

module tl_mdio #(
    // Cycles of half an MDC period: 25 at 125 MHz is 2.5 MHz, the most that every PHY takes.
    parameter int unsigned HalfPeriod = 25
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        s_cmd_valid,
    output logic             s_cmd_ready,
    input  wire logic        s_cmd_write,
    input  wire logic [4:0]  s_cmd_phy,
    input  wire logic [4:0]  s_cmd_reg,
    input  wire logic [15:0] s_cmd_data,   // of a write
    output logic             m_rsp_valid,
    output logic [15:0]      m_rsp_data,   // of a read
    output logic             m_rsp_error,
    output logic             mdc,
    output logic             mdio_o,
    output logic             mdio_oe,
    input  wire logic        mdio_i
);
  if (HalfPeriod < 8) begin : g_check
    $error("tl_mdio: HalfPeriod is at least 8: the answer of the PHY passes two registers");
  end

  localparam int unsigned CountW = $clog2(HalfPeriod);
  localparam logic [1:0] Start = 2'b01, Read = 2'b10, Write = 2'b01, Turnaround = 2'b10;
  // Bits that the master drives in a read: preamble, start, operation, both addresses.
  localparam logic [6:0] ReadDriven = 7'd46;
  // The PHY drives the second bit of the turnaround low.
  localparam logic [6:0] Answer = 7'd47;
  localparam logic [6:0] Bits = 7'd64;

  logic busy_q, write_q, sync_q, in_q;
  logic [CountW-1:0] count_q;
  logic [6:0] bit_q;       // on the wire
  logic [63:0] shift_q;    // the highest bit is on the wire
  logic edge_;

  assign s_cmd_ready = !busy_q;
  assign edge_ = count_q == CountW'(HalfPeriod - 1);
  assign mdio_o = shift_q[63];
  assign mdio_oe = busy_q && (write_q || bit_q < ReadDriven);

  // The pin is asynchronous to `clk`; the PHY has long settled when it is looked at.
  always_ff @(posedge clk) begin
    sync_q <= mdio_i;
    in_q <= sync_q;
  end

  // The master changes MDIO at the falling edge of MDC and looks at it just before the rising one.
  always_ff @(posedge clk) begin
    m_rsp_valid <= 1'b0;
    if (rst) begin
      busy_q <= 1'b0;
      mdc <= 1'b0;
      count_q <= '0;
    end else if (!busy_q) begin
      mdc <= 1'b0;
      count_q <= '0;
      if (s_cmd_valid) begin
        busy_q <= 1'b1;
        write_q <= s_cmd_write;
        bit_q <= '0;
        shift_q <= {32'hffff_ffff, Start, s_cmd_write ? Write : Read, s_cmd_phy, s_cmd_reg,
                    Turnaround, s_cmd_data};
      end
    end else begin
      count_q <= edge_ ? '0 : count_q + 1'b1;
      if (edge_ && !mdc) begin
        mdc <= 1'b1;
        if (!write_q && bit_q >= Answer) begin
          if (bit_q == Answer) m_rsp_error <= in_q;
          else m_rsp_data <= {m_rsp_data[14:0], in_q};
        end
      end
      if (edge_ && mdc) begin
        mdc <= 1'b0;
        shift_q <= {shift_q[62:0], 1'b1};
        bit_q <= bit_q + 7'd1;
        if (bit_q == Bits - 7'd1) begin
          busy_q <= 1'b0;
          m_rsp_valid <= 1'b1;
          if (write_q) m_rsp_error <= 1'b0;
        end
      end
    end
  end

endmodule

`default_nettype wire
