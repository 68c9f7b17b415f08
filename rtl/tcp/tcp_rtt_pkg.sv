// tcp_rtt_pkg: the round-trip estimator and retransmission timeout of RFC 6298.
`default_nettype none

package tcp_rtt_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;

  // A sample longer than this (2^28 us, 268 s) says nothing more.
  localparam logic [31:0] MaxSample = 32'h0fff_ffff;
  localparam logic [31:0] SynLossRto = 32'd3_000_000;  // RFC 6298 (5.7)

  // Stage A: the sample, and its distance from the smoothed value.
  typedef struct packed {
    logic        done;  // the timed segment is acknowledged
    logic [31:0] m;
    logic [31:0] err;
  } rtt_chk_t;

  // Karn's algorithm (MUST-18): retransmission clears `timing`.
  function automatic rtt_chk_t rtt_check(input tcb_t t, input seq_t ack, input time_t now);
    rtt_chk_t c;
    logic [31:0] m;
    m      = now.us[31:0] - t.timed_at;
    c.done = t.c.timing && seq_geq(ack, t.timed_seq);
    c.m    = m[31:28] != '0 ? MaxSample : m;
    c.err  = c.m - (t.srtt8 >> 3);
    return c;
  endfunction

  typedef struct packed {
    logic [31:0] srtt8;
    logic [31:0] rttvar4;
    logic [31:0] rto;
  } rtt_t;

  // Stage B: RFC 6298 (2.2), (2.3) with alpha 1/8, beta 1/4 and G = 1 us.
  function automatic rtt_t rtt_sample(input tcb_t t, input rtt_chk_t c, input cfg_t cfg);
    rtt_t n;
    logic [31:0] away;
    away = c.err[31] ? ~c.err : c.err;
    if (!t.c.sampled) begin
      n.srtt8   = c.m << 3;
      n.rttvar4 = c.m << 1;
    end else begin
      n.srtt8   = t.srtt8 + c.err;
      n.rttvar4 = t.rttvar4 - (t.rttvar4 >> 2) + away + 32'(c.err[31]);
    end
    n.rto = (n.srtt8 >> 3) + (n.rttvar4 == 0 ? 32'd1 : n.rttvar4);
    if (n.rto < cfg.rto_min_us) n.rto = cfg.rto_min_us;
    if (n.rto > cfg.rto_max_us) n.rto = cfg.rto_max_us;
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
