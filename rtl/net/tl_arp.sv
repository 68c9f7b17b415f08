// tl_arp: neighbour table of the attached network: answers requests for our address, resolves next
// hops, keeps what it learnt fresh, and remembers for a second whom nobody knew.
//
// A fully associative table. One comparison a cycle serves next-hop queries first and received packets
// when there is none; a walker looks at one entry a cycle for deadlines, and rests once a whole sweep
// has changed nothing, until the earliest deadline falls due.
//
//   PENDING   three broadcast requests, a second apart, then FAILED
//   RESOLVED  at cfg.arp_timeout_us: asked for since it was learnt -> REFRESH, else forgotten
//   REFRESH   still answers; three unicast requests, a second apart, then forgotten (RFC 1122 2.3.2.1)
//   FAILED    answers NBR_FAILED for a second, then forgotten
//
// An entry is updated by any packet of its host and made by a request addressed to us (RFC 826) if it
// costs no entry that is in use. New next hops replace entries that only wait to be used again, never
// ones under way; if there is none of those the asker waits until there is.
//
// Latency: query -> answer exactly 1 cycle. Deadline -> request at most ArpEntries + 2 cycles.
// Throughput: one query a cycle.
// Hazard: while queries come in every cycle received packets wait in a FIFO of four and then are lost.
// Reference: RFC 826, RFC 1122 2.3.2, RFC 5227 1.1 (a probe is answered, not learnt from).
`default_nettype none
`include "tl_assert.svh"

module tl_arp
  import tautline_pkg::*;
  import net_pkg::*;
#(
    parameter int unsigned ArpEntries = 16,
    localparam int unsigned IdxW = $clog2(ArpEntries)
) (
    input  wire logic        clk,
    input  wire logic        rst,
    // verilator lint_off UNUSEDSIGNAL
    input  wire cfg_t        cfg,  // some fields
    // verilator lint_on UNUSEDSIGNAL
    input  wire now_t        now_us,
    input  wire logic        s_nbr_valid,
    input  wire logic [31:0] s_nbr_addr,
    output nbr_e             m_nbr,
    output logic [47:0]      m_nbr_mac,
    output logic             m_nbr_changed,
    input  wire logic        s_arp_valid,
    input  wire arp_rx_t     s_arp,
    output logic             m_arp_valid,
    input  wire logic        m_arp_ready,
    output arp_tx_t          m_arp,
    output logic             busy,
    output cnt_t             cnt,
    output logic             next_deadline_valid,
    output now_t             next_deadline
);
  localparam logic [1:0] Requests = 2'd3;
  localparam usec_t      RetryUs = 36'd1_000_000;

  typedef enum logic [2:0] {
    FREE = 3'd0,
    PENDING = 3'd1,
    RESOLVED = 3'd2,
    REFRESH = 3'd3,
    FAILED = 3'd4
  } entry_e;

  typedef struct packed {
    logic [1:0] tries;
    usec_t      deadline;
  } clock_t;

  entry_e                state_q[ArpEntries];
  logic [31:0]           ip_q[ArpEntries];
  logic [ArpEntries-1:0] used_q;  // asked for since it was learnt
  logic [47:0]           mac_mem[ArpEntries];
  clock_t                clock_mem[ArpEntries];

  usec_t now;
  assign now = now_us[35:0];

  // ------------------------------------------------------------------------------ queues
  logic       in_valid, in_ready, in_room, out_room, out_push;
  arp_rx_t    in;
  arp_tx_t    out;
  logic [2:0] in_count, out_count;

  tl_fifo #(.Width($bits(arp_rx_t)), .Depth(4)) u_in (
      .clk,
      .rst,
      .s_valid(s_arp_valid),
      .s_ready(in_room),
      .s_data(s_arp),
      .m_valid(in_valid),
      .m_ready(in_ready),
      .m_data(in),
      .count(in_count)
  );

  tl_fifo #(.Width($bits(arp_tx_t)), .Depth(4)) u_out (
      .clk,
      .rst,
      .s_valid(out_push),
      .s_ready(out_room),
      .s_data(out),
      .m_valid(m_arp_valid),
      .m_ready(m_arp_ready),
      .m_data(m_arp),
      .count(out_count)
  );

  // ------------------------------------------------------------------------------ lookup
  logic [31:0]           addr;
  logic                  on_link, routed;
  logic [ArpEntries-1:0] match, is_free, is_idle, is_resolved;
  logic                  hit;
  logic [IdxW-1:0]       hit_idx, victim_idx, turn_q;
  logic                  victim_ok;    // for a query
  logic                  victim_idle;  // nobody asked for the victim
  logic                  learn, sane, reply, create;
  logic                  write;        // the lookup side writes entry `write_idx`
  logic [IdxW-1:0]       write_idx;
  entry_e                write_state;
  logic                  write_new;    // address too
  logic                  write_learnt;
  clock_t                write_clock;
  logic                  mark_used, learnt_waiting, starve;
  nbr_e                  answer;

  function automatic logic [IdxW-1:0] first_of(input logic [ArpEntries-1:0] set);
    logic [IdxW-1:0] idx;
    idx = '0;
    for (int i = ArpEntries - 1; i >= 0; i--) if (set[i]) idx = IdxW'(i);
    return idx;
  endfunction

  always_comb begin
    addr = '0;
    on_link = 1'b0;
    routed = 1'b0;
    match = '0;
    is_free = '0;
    is_idle = '0;
    is_resolved = '0;
    hit = 1'b0;
    hit_idx = '0;
    victim_idx = '0;
    victim_ok = 1'b0;
    victim_idle = 1'b0;
    learn = 1'b0;
    sane = 1'b0;
    reply = 1'b0;
    create = 1'b0;
    write = 1'b0;
    write_idx = '0;
    write_state = FREE;
    write_new = 1'b0;
    write_learnt = 1'b0;
    write_clock = '0;
    mark_used = 1'b0;
    learnt_waiting = 1'b0;
    starve = 1'b0;
    answer = NBR_PENDING;

    if (s_nbr_valid || in_valid) begin
      if (s_nbr_valid) begin
        on_link = ip_on_link(s_nbr_addr, cfg.ip, cfg.netmask);
        addr = on_link ? s_nbr_addr : cfg.gateway;
        routed = addr != 32'd0 && ip_is_host(s_nbr_addr) && s_nbr_addr != cfg.ip
                 && !ip_is_subnet_broadcast(s_nbr_addr, cfg.ip, cfg.netmask);
      end else begin
        addr = in.spa;
        reply = in.request && in.tpa == cfg.ip && in.spa != cfg.ip && !in.sha[40];
        learn = !reply || out_room;
        sane = ip_is_host(in.spa) && in.spa != cfg.ip && !in.sha[40] && in.sha != 48'd0
               && (in.spa == cfg.gateway
                   || (ip_on_link(in.spa, cfg.ip, cfg.netmask)
                       && !ip_is_subnet_broadcast(in.spa, cfg.ip, cfg.netmask)));
      end

      for (int i = 0; i < ArpEntries; i++) begin
        match[i] = state_q[i] != FREE && ip_q[i] == addr;
        is_free[i] = state_q[i] == FREE;
        is_resolved[i] = state_q[i] == RESOLVED;
      end
      is_idle = is_resolved & ~used_q;
      hit = match != '0;
      hit_idx = first_of(match);
      victim_idle = (is_free | is_idle) != '0;
      victim_ok = (is_free | is_resolved) != '0;
      if (is_free != '0) victim_idx = first_of(is_free);
      else if (is_idle != '0) victim_idx = first_of(is_idle);
      else if (is_resolved[turn_q]) victim_idx = turn_q;
      else victim_idx = first_of(is_resolved);

      if (s_nbr_valid) begin
        if (!routed) begin
          answer = NBR_FAILED;
        end else if (hit) begin
          if (state_q[hit_idx] == FAILED) answer = NBR_FAILED;
          else if (state_q[hit_idx] != PENDING) answer = NBR_RESOLVED;
          mark_used = 1'b1;
        end else if (cfg.enable) begin
          write = victim_ok;
          write_new = 1'b1;
          write_idx = victim_idx;
          write_state = PENDING;
          write_clock = '{tries: 2'd0, deadline: now};
          starve = !victim_ok;
        end
      end else if (learn && sane) begin
        create = in.request && in.tpa == cfg.ip && victim_idle;
        write = hit || create;
        write_new = !hit;
        write_learnt = 1'b1;
        write_idx = hit ? hit_idx : victim_idx;
        write_state = RESOLVED;
        write_clock = '{tries: 2'd0, deadline: now + 36'(cfg.arp_timeout_us)};
        learnt_waiting = hit && (state_q[hit_idx] == PENDING || state_q[hit_idx] == FAILED);
      end
    end
  end

  assign in_ready = learn;

  // ------------------------------------------------------------------------------ walker
  logic            sweep_q;      // else: nothing changes before next_deadline
  logic [IdxW-1:0] idx_q;
  logic [IdxW:0]   left_q;       // entries to be seen before the sweep is complete
  logic            min_valid_q;
  usec_t           min_q;
  now_t            next_q;
  logic            next_valid_q;
  logic            due, walk, ask, fail, forget, expired;
  clock_t          seen;
  usec_t           min;
  logic            min_valid;
  logic            starved_q;

  assign due = next_valid_q && now_us >= next_q;
  assign seen = clock_mem[idx_q];

  always_comb begin
    walk = 1'b0;
    ask = 1'b0;
    fail = 1'b0;
    forget = 1'b0;
    expired = 1'b0;
    min = min_q;
    min_valid = min_valid_q;
    if (sweep_q && cfg.enable && !write && !(learn && reply)) begin
      walk = 1'b1;
      if (state_q[idx_q] != FREE) begin
        expired = usec_reached(seen.deadline, now);
        if (expired) begin
          unique case (state_q[idx_q])
            PENDING: begin
              ask = seen.tries != Requests;
              fail = seen.tries == Requests;
            end
            RESOLVED: begin
              ask = used_q[idx_q];
              forget = !used_q[idx_q];
            end
            REFRESH: begin
              ask = seen.tries != Requests;
              forget = seen.tries == Requests;
            end
            default: forget = 1'b1;
          endcase
          walk = !ask || out_room;
        end else if (!min_valid_q || $signed(seen.deadline - min_q) < 0) begin
          min = seen.deadline;
          min_valid = 1'b1;
        end
      end
    end
  end

  always_comb begin
    out_push = 1'b0;
    out = '0;
    if (learn && reply) begin
      out_push = 1'b1;
      out = '{request: 1'b0, dst_mac: in.sha, tha: in.sha, tpa: in.spa};
    end else if (walk && ask) begin
      out_push = 1'b1;
      out = '{
          request: 1'b1,
          dst_mac: state_q[idx_q] == PENDING ? MacBroadcast : mac_mem[idx_q],
          tha: 48'd0,
          tpa: ip_q[idx_q]
      };
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      sweep_q <= 1'b0;
      idx_q <= '0;
      left_q <= '0;
      next_valid_q <= 1'b0;
    end else if (write || due) begin
      sweep_q <= 1'b1;
      left_q <= (IdxW + 1)'(ArpEntries);
      next_valid_q <= 1'b0;
    end else if (walk) begin
      idx_q <= idx_q + IdxW'(1);
      if (expired) begin
        left_q <= (IdxW + 1)'(ArpEntries);
      end else begin
        left_q <= left_q - (IdxW + 1)'(1);
        if (left_q == (IdxW + 1)'(1)) begin
          sweep_q <= 1'b0;
          next_valid_q <= min_valid;
        end
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst || write || due || (walk && expired)) min_valid_q <= 1'b0;
    else if (walk) min_valid_q <= min_valid;
    if (walk) begin
      min_q <= min;
      next_q <= now_us + 64'($signed(min - now));
    end
  end

  // ------------------------------------------------------------------------------ table
  always_ff @(posedge clk) begin
    if (rst) begin
      for (int i = 0; i < ArpEntries; i++) state_q[i] <= FREE;
    end else begin
      if (walk && ask && state_q[idx_q] == RESOLVED) state_q[idx_q] <= REFRESH;
      if (walk && fail) state_q[idx_q] <= FAILED;
      if (walk && forget) state_q[idx_q] <= FREE;
      if (write) state_q[write_idx] <= write_state;
    end
  end

  always_ff @(posedge clk) begin
    if (write && write_new) ip_q[write_idx] <= addr;
    if (write) used_q[write_idx] <= 1'b0;
    else if (mark_used) used_q[hit_idx] <= 1'b1;
  end

  always_ff @(posedge clk) begin
    if (write && write_learnt) mac_mem[write_idx] <= in.sha;
  end

  logic            clock_we;
  logic [IdxW-1:0] clock_idx;
  clock_t          clock_d;

  assign clock_we = write || (walk && (ask || fail));
  assign clock_idx = write ? write_idx : idx_q;
  always_comb begin
    clock_d = write_clock;
    if (!write) begin
      clock_d.deadline = now + RetryUs;
      clock_d.tries = state_q[idx_q] == RESOLVED ? 2'd1 : seen.tries + 2'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (clock_we) clock_mem[clock_idx] <= clock_d;
  end

  // Entries in use are replaced in turn.
  always_ff @(posedge clk) begin
    if (rst) turn_q <= '0;
    else if (write && write_new && !victim_idle) turn_q <= victim_idx + IdxW'(1);
  end

  // ------------------------------------------------------------------------------ answers
  always_ff @(posedge clk) begin
    if (s_nbr_valid) begin
      m_nbr <= answer;
      m_nbr_mac <= mac_mem[hit_idx];
    end
  end

  // Those who found no entry to wait for ask again when one has become free.
  always_ff @(posedge clk) begin
    if (rst) begin
      starved_q <= 1'b0;
      m_nbr_changed <= 1'b0;
    end else begin
      starved_q <= starve || (starved_q && !m_nbr_changed);
      m_nbr_changed <= (write && learnt_waiting) || (walk && fail)
                       || (starved_q && ((walk && forget) || (write && write_learnt)));
    end
  end

  assign next_deadline_valid = next_valid_q && cfg.enable;
  assign next_deadline = next_q;
  assign busy = in_valid || m_arp_valid || m_nbr_changed || (cfg.enable && (sweep_q || due));

  always_comb begin
    cnt = '0;
    cnt[CNT_ARP_REQUESTS_OUT] = walk && ask;
    cnt[CNT_ARP_FAILED] = walk && fail;
  end

  logic unused;
  assign unused = ^{in_count, out_count, in_room};

  `TL_ASSERT(a_one_entry_per_address, !(s_nbr_valid || in_valid) || $onehot0(match))

endmodule

`default_nettype wire
