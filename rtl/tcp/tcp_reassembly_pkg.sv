// tcp_reassembly_pkg: the out-of-order ranges of one flow (RFC 9293 3.10.7.4 seventh, SHLD-31).
//
// The bytes themselves lie in the flow's ring at their stream position; only the ranges are state.
// Ranges are disjoint, do not touch each other or rcv_nxt, and stand in order of recency, which is
// the order of SACK blocks (RFC 2018 4). All lie within a window, far less than 2^23 bytes, so the
// low 24 bits of sequence numbers compare by the sign of their difference.
`default_nettype none

package tcp_reassembly_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcb_pkg::*;

  typedef logic [Ranges-1:0] mask_t;

  function automatic logic below(input bytes_t a, input bytes_t b);
    bytes_t d;
    d = a - b;
    return d[23];
  endfunction

  // Stage A: how a segment [lo, hi) meets the ranges.
  typedef struct packed {
    logic   in_order;
    mask_t  touch;
    mask_t  holds_lo;  // the range begins before the segment: at most one does
    mask_t  holds_hi;  // the range ends after the segment: at most one does
    bytes_t lo;
    bytes_t hi;
  } touch_t;

  function automatic touch_t reassembly_check(input tcb_t t, input bytes_t lo, input bytes_t hi);
    touch_t c;
    logic reaches, begins;
    c.lo       = lo;
    c.hi       = hi;
    c.in_order = lo == t.rcv_nxt[23:0];
    for (int unsigned i = 0; i < Ranges; i++) begin
      reaches       = !below(t.ranges[i].last, lo);
      begins        = !below(hi, t.ranges[i].first);
      c.touch[i]    = t.c.used[i] && reaches && begins;
      c.holds_lo[i] = c.touch[i] && below(t.ranges[i].first, lo);
      c.holds_hi[i] = c.touch[i] && below(hi, t.ranges[i].last);
    end
    return c;
  endfunction

  typedef struct packed {
    logic    full;     // no free range: the segment must be dropped
    bytes_t  end_;     // end of the segment joined with everything it touches
    ranges_t ranges;
    ranges_used_t used;
  } reassembled_t;

  // Stage B: the segment joined with everything it touches. In order, perhaps filling a gap, all of
  // that becomes part of the stream; ranges never touch each other, so the union cannot reach a
  // further one. Out of order it is the most recent range.
  function automatic reassembled_t reassemble(input tcb_t t, input touch_t c);
    reassembled_t n;
    bytes_t lo, hi;
    mask_t stays;
    lo = '0;
    hi = '0;
    for (int unsigned i = 0; i < Ranges; i++) begin
      if (c.holds_lo[i]) lo = lo | t.ranges[i].first;
      if (c.holds_hi[i]) hi = hi | t.ranges[i].last;
    end
    if (c.holds_lo == '0) lo = c.lo;
    if (c.holds_hi == '0) hi = c.hi;
    n.end_ = hi;
    n.full = !c.in_order && c.touch == '0 && t.c.used == '1;
    stays  = t.c.used & ~c.touch;
    n.ranges = t.ranges;
    n.used   = t.c.used;
    if (!n.full) begin
      {n.used, n.ranges} = compact(t.ranges, stays);
      if (!c.in_order) begin
        n.ranges = {n.ranges[Ranges-2:0], lo, hi};
        n.used   = {n.used[Ranges-2:0], 1'b1};
      end
    end
    return n;
  endfunction

  typedef struct packed {
    ranges_used_t used;
    ranges_t ranges;
  } compacted_t;

  // What stays moves to the front; its order stays. Place k is filled from the range that has k
  // others before it.
  function automatic compacted_t compact(input ranges_t r, input mask_t stays);
    compacted_t n;
    logic [2:0] place;
    n.used   = '0;
    n.ranges = r;
    place   = 0;
    for (int unsigned i = 0; i < Ranges; i++) begin
      for (int unsigned k = 0; k < i; k++) if (stays[i] && place == 3'(k)) n.ranges[k] = r[i];
      if (stays[i]) begin
        n.used[place[1:0]] = 1'b1;
        place = place + 3'd1;
      end
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
