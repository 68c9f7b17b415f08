// tl_timer_scan: watches every flow's deadlines and posts a flow when one of them is reached, once
// per write of its deadlines. Read-only towards the TCB: the transition checks again, so a posting
// that has become stale is harmless.
//
// The scanner keeps a lower bound of all deadlines. A write lowers it at once; when time reaches it,
// one sweep (a flow a cycle) posts what is due and finds the bound anew. Between sweeps it rests,
// and the bound is what idle time may be skipped to.
//
// Latency: a reached deadline is posted at most Flows + 6 cycles later (6.6 us at 1,024 flows and
//   156.25 MHz).
// Throughput: one flow a cycle while sweeping.
// Hazard: the lane must answer each posting that is still due with a write of the deadlines. After reset a
//   walker disarms every flow for `Flows` cycles (`cleared`).
// Reference: RFC 6298 5, RFC 9293 3.8.
`default_nettype none
`include "tl_assert.svh"

module tl_timer_scan
  import tautline_pkg::*;
  import tcp_pkg::*;
#(
    parameter int unsigned Flows = 64
) (
    input  wire logic    clk,
    input  wire logic    rst,
    input  wire now_t    now_us,

    input  wire logic    s_timer_valid,
    input  wire flow_t   s_timer_flow,
    input  wire timers_t s_timers,

    output logic         m_tmo_valid,
    input  wire logic    m_tmo_ready,
    output flow_t        m_tmo_flow,

    output logic         next_deadline_valid,
    output now_t         next_deadline,
    output logic         sweep_clean,
    output logic         cleared
);
  localparam int unsigned FlowW = $clog2(Flows);
  typedef logic [FlowW-1:0] idx_t;

  // The earliest of a flow's deadlines is all that the scanner needs, so that is all it keeps.
  typedef struct packed {
    logic  on;
    usec_t at;
  } alarm_t;

  function automatic alarm_t earlier(input alarm_t a, input alarm_t b);
    if (!a.on) return b;
    if (!b.on) return a;
    return $signed(a.at - b.at) < 0 ? a : b;
  endfunction

  usec_t now;
  assign now = now_us[35:0];

  // ------------------------------------------------------------------------ clear after reset
  logic clear_q;
  idx_t clear_idx_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      clear_q <= 1'b1;
      clear_idx_q <= '0;
    end else if (clear_q) begin
      clear_idx_q <= clear_idx_q + idx_t'(1);
      if (clear_idx_q == idx_t'(Flows - 1)) clear_q <= 1'b0;
    end
  end
  assign cleared = !clear_q;

  // ------------------------------------------------------------------------ write
  alarm_t write, write_q;
  idx_t write_idx, write_idx_q;
  logic write_q_valid;

  always_comb begin
    write = '0;
    if (s_timer_valid)
      write = earlier('{on: s_timers.rtx_on, at: s_timers.rtx},
                      earlier('{on: s_timers.ack_on, at: s_timers.ack},
                              '{on: s_timers.life_on, at: s_timers.life}));
  end
  assign write_idx = idx_t'(s_timer_flow);

  always_ff @(posedge clk) begin
    if (rst) write_q_valid <= 1'b0;
    else write_q_valid <= s_timer_valid;
    if (s_timer_valid) begin
      write_q <= write;
      write_idx_q <= write_idx;
    end
  end

  // ------------------------------------------------------------------------ sweep
  // read -> (alarm in hand) -> decide. A write of the same flow on the way takes the old alarm out.
  logic sweep_q, read_last;
  idx_t read_idx_q;
  logic v1_q, last1_q;
  idx_t idx1_q;
  alarm_t alarm;
  logic start, done;

  assign read_last = read_idx_q == idx_t'(Flows - 1);

  tl_ram_1r1w #(
      .Width($bits(alarm_t)),
      .Depth(Flows)
  ) i_alarms (
      .clk,
      .we(clear_q || write_q_valid),
      .waddr(clear_q ? clear_idx_q : write_idx_q),
      .wdata(clear_q ? '0 : write_q),
      .re(sweep_q),
      .raddr(read_idx_q),
      .rdata(alarm)
  );

  // Posted and not yet answered: the parity of two banks, one written by the scanner and one by
  // the lane's writes.
  logic posted_mem[Flows], answered_mem[Flows];
  logic post, superseded1_q, posted, due, stale;

  always_ff @(posedge clk) begin
    if (rst) begin
      sweep_q <= 1'b0;
      v1_q <= 1'b0;
      read_idx_q <= '0;
    end else begin
      v1_q <= sweep_q;
      if (start) sweep_q <= 1'b1;
      else if (sweep_q && read_last) sweep_q <= 1'b0;
      if (sweep_q) read_idx_q <= read_idx_q + idx_t'(1);
    end
    if (sweep_q) begin
      idx1_q <= read_idx_q;
      last1_q <= read_last;
      superseded1_q <= (write_q_valid && write_idx_q == read_idx_q)
          || (s_timer_valid && write_idx == read_idx_q);
    end
  end

  logic fifo_ready;

  assign posted = posted_mem[idx1_q] != answered_mem[idx1_q];
  assign stale = superseded1_q || (s_timer_valid && write_idx == idx1_q);
  assign due = v1_q && alarm.on && !posted && !stale && usec_reached(alarm.at, now);
  assign post = due && fifo_ready;

  always_ff @(posedge clk) begin
    if (clear_q) posted_mem[clear_idx_q] <= 1'b0;
    else if (post) posted_mem[idx1_q] <= !answered_mem[idx1_q];
    if (clear_q) answered_mem[clear_idx_q] <= 1'b0;
    else if (s_timer_valid) answered_mem[write_idx] <= posted_mem[write_idx];
  end

  // ------------------------------------------------------------------------ bound
  // `bound_q` is never later than any armed deadline that was not posted.
  alarm_t bound_q, found_q, found, seen;
  logic reached;

  always_comb begin
    seen = '0;
    if (v1_q && alarm.on && !posted && !stale && !post) seen = alarm;
  end

  always_comb begin
    found = found_q;
    if (s_timer_valid) found = earlier(found, write);
    if (seen.on) found = earlier(found, seen);
  end

  assign reached = bound_q.on && usec_reached(bound_q.at, now);
  assign start = reached && !sweep_q && !v1_q && !clear_q;
  assign done = v1_q && last1_q;

  always_ff @(posedge clk) begin
    if (rst) begin
      bound_q <= '0;
      found_q <= '0;
    end else begin
      if (done) bound_q <= found;
      else if (s_timer_valid) bound_q <= earlier(bound_q, write);
      if (start) found_q <= write;
      else if (sweep_q || v1_q) found_q <= found;
    end
  end

  // ------------------------------------------------------------------------ post
  logic [FlowW-1:0] tmo_idx;
  logic [2:0] tmo_count;

  tl_fifo #(
      .Width(FlowW),
      .Depth(4)
  ) i_posts (
      .clk,
      .rst,
      .s_valid(due),
      .s_ready(fifo_ready),
      .s_data(idx1_q),
      .m_valid(m_tmo_valid),
      .m_ready(m_tmo_ready),
      .m_data(tmo_idx),
      .count(tmo_count)
  );

  usec_t ahead;
  assign ahead = bound_q.at - now;

  assign m_tmo_flow = flow_t'(tmo_idx);
  assign next_deadline_valid = bound_q.on;
  assign next_deadline = now_us + {{28{ahead[35]}}, ahead};
  assign sweep_clean = !clear_q && !sweep_q && !v1_q && !reached && !m_tmo_valid;

  `TL_ASSERT_STABLE(a_tmo_stable, m_tmo_valid, m_tmo_ready, m_tmo_flow)

  logic unused;
  assign unused = ^{s_timer_flow, tmo_count};

endmodule

`default_nettype wire
