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

  function automatic rtt_t rtt_init(input cfg_t cfg);
    rtt_t r;
    r = '0;
    r.rto = cfg.rto_init_us;
    return r;
  endfunction

  function automatic logic [31:0] clamp_rto(input logic [31:0] us, input cfg_t cfg);
    if (us < cfg.rto_min_us) return cfg.rto_min_us;
    if (us > cfg.rto_max_us) return cfg.rto_max_us;
    return us;
  endfunction

  // RFC 6298 (2.2), (2.3) with alpha 1/8, beta 1/4 and G = 1 us. A sample ends the backoff (section
  // 5, closing note).
  function automatic rtt_t rtt_sample(input rtt_t r, input logic [31:0] sample, input cfg_t cfg);
    rtt_t n;
    logic [31:0] m, err, variation;
    n = r;
    m = sample > MaxSample ? MaxSample : sample;
    if (!r.sampled) begin
      n.srtt8   = m << 3;
      n.rttvar4 = m << 1;
    end else begin
      err       = m - (r.srtt8 >> 3);
      n.srtt8   = r.srtt8 + err;
      n.rttvar4 = r.rttvar4 - (r.rttvar4 >> 2) + (err[31] ? -err : err);
    end
    variation = n.rttvar4 == 0 ? 32'd1 : n.rttvar4;
    n.sampled = 1'b1;
    n.rto     = clamp_rto((n.srtt8 >> 3) + variation, cfg);
    n.backoff = '0;
    return n;
  endfunction

  // New data is acknowledged up to `una`. Karn's algorithm (MUST-18): retransmission clears
  // `timing`.
  function automatic rtt_t rtt_acked(input rtt_t r, input seq_t una, input time_t now,
                                     input cfg_t cfg);
    rtt_t n;
    n = r;
    if (r.timing && seq_geq(una, r.timed_seq)) begin
      n = rtt_sample(r, now.us[31:0] - r.timed_at, cfg);
      n.timing = 1'b0;
    end
    return n;
  endfunction

  // Data transmission begins after a lost SYN: RFC 6298 (5.7).
  function automatic rtt_t rtt_after_syn_loss(input rtt_t r);
    rtt_t n;
    n = r;
    n.backoff = '0;
    if (r.rto < SynLossRto) n.rto = SynLossRto;
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
