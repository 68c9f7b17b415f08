// tcp_reassembly_pkg: the out-of-order ranges of one flow (RFC 9293 3.10.7.4 seventh, SHLD-31).
//
// The bytes themselves lie in the flow's ring at their stream position; only the ranges are state.
// Ranges are disjoint, do not touch each other or rcv_nxt, and stand in order of recency, which is
// the order of SACK blocks (RFC 2018 4).
`default_nettype none

package tcp_reassembly_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;

  typedef logic [Ranges-1:0] mask_t;

  // Stage A: which ranges a segment [lo, hi) touches; all are offsets from rcv_nxt.
  typedef struct packed {
    mask_t  used;
    mask_t  touch;
    bytes_t lo;
    bytes_t hi;
  } touch_t;

  function automatic touch_t reassembly_check(input ranges_t r, input seq_t rcv_nxt,
                                              input bytes_t lo, input bytes_t hi);
    touch_t c;
    bytes_t first, last;
    c    = '0;
    c.lo = lo;
    c.hi = hi;
    for (int unsigned i = 0; i < Ranges; i++) begin
      first      = r[i].first - rcv_nxt[23:0];
      last       = r[i].last - rcv_nxt[23:0];
      c.used[i]  = r[i].first != r[i].last;
      c.touch[i] = c.used[i] && first <= hi && last >= lo;
    end
    return c;
  endfunction

  typedef struct packed {
    logic    full;     // no free range: the segment must be dropped
    bytes_t  advance;  // rcv_nxt moves by this
    ranges_t ranges;
  } reassembled_t;

  // Stage B: the segment's bytes joined with everything they touch.
  function automatic reassembled_t reassemble(input ranges_t r, input seq_t rcv_nxt,
                                              input touch_t c);
    reassembled_t n;
    bytes_t lo, hi, first, last;
    int unsigned at;
    n        = '0;
    n.ranges = '0;
    lo = c.lo;
    hi = c.hi;
    for (int unsigned i = 0; i < Ranges; i++) begin
      first = r[i].first - rcv_nxt[23:0];
      last  = r[i].last - rcv_nxt[23:0];
      if (c.touch[i] && first < lo) lo = first;
      if (c.touch[i] && last > hi) hi = last;
    end
    if (c.lo == 0) begin
      // In order, perhaps filling a gap: whatever it touches becomes part of the stream. Ranges
      // never touch each other, so the union cannot reach a further one.
      n.advance = hi;
      for (int unsigned i = 0; i < Ranges; i++) if (!c.touch[i]) n.ranges[i] = r[i];
      n.ranges = compact(n.ranges);
    end else if (c.touch == '0 && c.used == '1) begin
      n.full   = 1'b1;
      n.ranges = r;
    end else begin
      n.ranges[0].first = lo + rcv_nxt[23:0];
      n.ranges[0].last  = hi + rcv_nxt[23:0];
      at = 1;
      for (int unsigned i = 0; i < Ranges; i++) begin
        if (c.used[i] && !c.touch[i] && at < Ranges) begin
          n.ranges[at[$clog2(Ranges)-1:0]] = r[i];
          at++;
        end
      end
    end
    return n;
  endfunction

  // Empty ranges go to the end; the order of the others stays.
  function automatic ranges_t compact(input ranges_t r);
    ranges_t n;
    int unsigned at;
    n  = '0;
    at = 0;
    for (int unsigned i = 0; i < Ranges; i++) begin
      if (r[i].first != r[i].last) begin
        n[at[$clog2(Ranges)-1:0]] = r[i];
        at++;
      end
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
