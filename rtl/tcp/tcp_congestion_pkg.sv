// tcp_congestion_pkg: NewReno (RFC 5681, RFC 6582) with the initial window of RFC 6928, by pipe.
//
// A duplicate ACK adds one MSS to `gone`; what may be sent is cwnd minus pipe. That is the window
// inflation of RFC 5681 3.2 written on the other side of the inequality, and the limited transmit
// of RFC 3042 follows without a rule of its own.
`default_nettype none

package tcp_congestion_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;

  localparam bytes_t Unlimited = '1;

  function automatic bytes_t sat(input logic [31:0] v);
    return v > 32'(Unlimited) ? Unlimited : v[23:0];
  endfunction

  // RFC 6928 2: min(10 MSS, max(2 MSS, 14600)).
  function automatic bytes_t initial_window(input logic [15:0] mss);
    logic [31:0] ten, floor_;
    ten    = 32'(mss) * 32'd10;
    floor_ = 32'(mss) * 32'd2;
    if (floor_ < 32'd14600) floor_ = 32'd14600;
    return sat(ten < floor_ ? ten : floor_);
  endfunction

  function automatic cc_t cc_init(input seq_t iss);
    cc_t c;
    c          = '0;
    c.ca       = CA_OPEN;
    c.ssthresh = Unlimited;
    c.recover  = iss;  // RFC 6582 3.2 step 1
    c.rtx_nxt  = iss;
    return c;
  endfunction

  // The MSS is known and the handshake is over. After a lost SYN the window is one segment (RFC
  // 5681 3.1).
  function automatic cc_t cc_established(input cc_t c, input logic [15:0] mss,
                                         input logic syn_retransmitted);
    cc_t n;
    n      = c;
    n.cwnd = syn_retransmitted ? bytes_t'(mss) : initial_window(mss);
    return n;
  endfunction

  // RFC 5681 (4): max(FlightSize / 2, 2 SMSS).
  function automatic bytes_t reduced(input bytes_t flight, input logic [15:0] mss);
    bytes_t half, two;
    half = flight >> 1;
    two  = bytes_t'(mss) << 1;
    return half > two ? half : two;
  endfunction

  // Bytes believed to be in the network. In CA_LOSS only what was sent after the timeout counts.
  function automatic bytes_t pipe_of(input cc_t c, input seq_t una, input seq_t nxt);
    bytes_t flight;
    flight = bytes_t'(nxt - una);
    if (c.ca == CA_LOSS) return bytes_t'(c.rtx_nxt - una) + bytes_t'(nxt - c.recover);
    return flight > c.gone ? flight - c.gone : '0;
  endfunction

  // A duplicate ACK in the sense of RFC 5681 2; `flight` is the data outstanding.
  function automatic cc_t cc_duplicate(input cc_t c, input seq_t una, input seq_t nxt,
                                       input logic [15:0] mss);
    cc_t n;
    bytes_t flight;
    n      = c;
    flight = bytes_t'(nxt - una);
    if (c.ca != CA_LOSS) begin
      // More segments cannot have left than were sent (RFC 5681 3.2: a guard against forged ACKs).
      n.gone = c.gone + bytes_t'(mss) > flight ? flight : c.gone + bytes_t'(mss);
    end
    if (c.dupacks != 2'd3) n.dupacks = c.dupacks + 2'd1;
    // RFC 6582 3.2 step 2: only if the ACK covers more than `recover`.
    if (c.ca == CA_OPEN && c.dupacks == 2'd2 && seq_gt(una, c.recover)) begin
      n.ca             = CA_RECOVERY;
      n.partial        = 1'b0;
      n.prior_cwnd     = c.cwnd;
      n.prior_ssthresh = c.ssthresh;
      // Segments sent by limited transmit do not count as FlightSize (RFC 5681 3.2 step 2); they
      // are exactly what lies above cwnd.
      n.ssthresh       = reduced(flight < c.cwnd ? flight : c.cwnd, mss);
      n.cwnd           = n.ssthresh;
      n.counted        = '0;
      n.recover        = nxt;
      n.rtx_nxt        = una;
    end
    return n;
  endfunction

  // `acked` new bytes are acknowledged, snd_una is now `una`; `before` was outstanding.
  function automatic cc_t cc_acked(input cc_t c, input bytes_t acked, input seq_t una,
                                   input seq_t nxt, input logic [15:0] mss);
    cc_t n;
    bytes_t flight, grow, limit, left;
    logic used;
    n = c;
    flight = bytes_t'(nxt - una);
    // Growth is earned only by a window that was in use (RFC 7661 3).
    used = ({1'b0, flight} + {1'b0, acked}) << 1 >= {1'b0, c.cwnd};
    n.dupacks = '0;
    unique case (c.ca)
      CA_RECOVERY: begin
        if (seq_geq(una, c.recover)) begin
          // Full acknowledgment: RFC 6582 3.2 step 3, option 1, which cannot burst.
          n.ca   = CA_OPEN;
          n.gone = '0;
          limit  = (flight > bytes_t'(mss) ? flight : bytes_t'(mss)) + bytes_t'(mss);
          n.cwnd = c.ssthresh < limit ? c.ssthresh : limit;
        end else begin
          // Partial acknowledgment: the deflation of step 3 in terms of pipe.
          n.partial = 1'b1;
          n.rtx_nxt = una;
          left      = c.gone > acked ? c.gone - acked : '0;
          if (acked >= bytes_t'(mss)) left = left + bytes_t'(mss);
          n.gone    = left > flight ? flight : left;
        end
      end
      default: begin
        n.gone = '0;
        if (c.ca == CA_LOSS) begin
          if (seq_lt(c.rtx_nxt, una)) n.rtx_nxt = una;
          if (seq_geq(una, c.recover)) n.ca = CA_OPEN;
        end
        if (used) begin
          if (c.cwnd < c.ssthresh) begin
            // Slow start by bytes, L = 2 SMSS, after a timeout 1 SMSS (RFC 3465 2.2, 2.3).
            limit  = c.ca == CA_LOSS ? bytes_t'(mss) : bytes_t'(mss) << 1;
            grow   = acked < limit ? acked : limit;
            n.cwnd = sat(32'(c.cwnd) + 32'(grow));
          end else if (32'(c.counted) + 32'(acked) >= 32'(c.cwnd)) begin
            // Congestion avoidance: one SMSS per window of bytes acknowledged (RFC 5681 3.1).
            n.counted = bytes_t'(32'(c.counted) + 32'(acked) - 32'(c.cwnd));
            if (n.counted > c.cwnd) n.counted = c.cwnd;
            n.cwnd    = sat(32'(c.cwnd) + 32'(mss));
          end else begin
            n.counted = c.counted + acked;
          end
        end
      end
    endcase
    return n;
  endfunction

  // The retransmission timer fired. ssthresh falls only at the first timeout of a segment (RFC 5681
  // 3.1), `again` says it is not the first.
  function automatic cc_t cc_timeout(input cc_t c, input seq_t una, input seq_t nxt,
                                     input logic [15:0] mss, input logic again);
    cc_t n;
    bytes_t flight;
    n = c;
    flight = c.ca == CA_LOSS ? pipe_of(c, una, nxt) : bytes_t'(nxt - una);
    if (!again) begin
      n.prior_cwnd     = c.cwnd;
      n.prior_ssthresh = c.ssthresh;
      n.ssthresh       = reduced(flight < c.cwnd ? flight : c.cwnd, mss);
    end
    n.ca      = CA_LOSS;
    n.cwnd    = bytes_t'(mss);
    n.counted = '0;
    n.gone    = '0;
    n.dupacks = '0;
    n.recover = nxt;
    n.rtx_nxt = una;
    return n;
  endfunction

  // The peer opened a window that was closed while bytes were outstanding: it has thrown them away,
  // which is no sign of congestion. They are sent again under the cwnd there is.
  function automatic cc_t cc_reopened(input cc_t c, input seq_t una, input seq_t nxt);
    cc_t n;
    n = c;
    n.ca      = CA_LOSS;
    n.gone    = '0;
    n.dupacks = '0;
    n.recover = nxt;
    n.rtx_nxt = una;
    return n;
  endfunction

  // New data after an idle time longer than the RTO: RFC 5681 4.1.
  function automatic cc_t cc_restart(input cc_t c, input logic [15:0] mss);
    cc_t n;
    n = c;
    if (c.cwnd > initial_window(mss)) n.cwnd = initial_window(mss);
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
