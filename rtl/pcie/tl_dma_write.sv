// tl_dma_write: the one write queue into host memory, for received payload and for the status ring.
//
// Payload of a range goes to the flow's receive ring by bursts that end at multiples of MaxBurst,
// which covers page and ring ends. `m_landed` tells of a range after its last write response, and
// responses of one AXI id come in order, so everything before it has landed too. A status entry
// reports as delivered only what has landed, so no entry overtakes payload that it speaks of; it is
// one aligned burst of 64 bytes whose last word holds the phase.
// Payload goes before status, because it has a FIFO behind it that must not fill, and status merges
// while it waits; after StatusEvery ranges one waiting entry has its turn.
// A full status ring holds only the status source. `stop` begins no new transaction: payload and
// events that are offered are taken and forgotten, because the reset that must follow ends every flow.
// After a failed transaction one entry tries to say so, and nothing is told as landed any more.
//
// Latency: event or header taken -> `m_axi_awvalid` 2 cycles, first payload word -> `m_axi_wvalid` 0;
//   last response of a range -> `m_landed_valid` 1 cycle.
// Throughput: one word a cycle, bursts and sources back to back, while the write responses keep up
//   with Outstanding bursts.
// Hazard: the payload words of a header must follow it without a word of another between them.
`default_nettype none
`include "tl_assert.svh"

module tl_dma_write
  import tautline_pkg::*;
  import tl_pcie_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned MaxBurst = 512,
    parameter int unsigned Outstanding = 32,
    parameter int unsigned StatusEvery = 8,
    localparam int unsigned Bytes = DataW / 8
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             stop,
    input  wire logic [63:0]      rx_base,
    input  wire logic [4:0]       rx_log2,
    input  wire logic [63:0]      status_base,
    input  wire logic [4:0]       status_log2,
    input  wire logic             s_consumer_valid,
    input  wire logic [15:0]      s_consumer,
    output logic [15:0]           producer,  // entries that are in host memory
    // The link has stopped with an error and is still enabled: say so.
    input  wire logic             link_error,
    input  wire link_cause_e      link_cause,
    input  wire logic [63:0]      link_address,
    output logic                  link_error_told,
    input  wire logic             s_evt_valid,
    output logic                  s_evt_ready,
    input  wire host_evt_t        s_evt,
    input  wire logic             s_rx_valid,
    output logic                  s_rx_ready,
    input  wire range_t           s_rx,
    input  wire logic             s_rx_data_valid,
    output logic                  s_rx_data_ready,
    input  wire logic [DataW-1:0] s_rx_data,
    input  wire logic             s_rx_data_last,
    input  wire logic             s_rx_waiting,  // more payload follows the range in hand
    output logic                  m_landed_valid,
    output flow_pos_t             m_landed,
    output logic [3:0]            m_axi_awid,
    output logic [63:0]           m_axi_awaddr,
    output logic [7:0]            m_axi_awlen,
    output logic [2:0]            m_axi_awsize,
    output logic [1:0]            m_axi_awburst,
    output logic                  m_axi_awvalid,
    input  wire logic             m_axi_awready,
    output logic [DataW-1:0]      m_axi_wdata,
    output logic [Bytes-1:0]      m_axi_wstrb,
    output logic                  m_axi_wlast,
    output logic                  m_axi_wvalid,
    input  wire logic             m_axi_wready,
    input  wire logic [3:0]       m_axi_bid,
    input  wire logic [1:0]       m_axi_bresp,
    input  wire logic             m_axi_bvalid,
    output logic                  m_axi_bready,
    output logic                  m_error_valid,
    output logic [63:0]           m_error_address,
    output logic                  cnt_status_stalled,
    output logic                  quiet,  // no write outstanding
    output logic                  busy
);
  localparam int unsigned LaneW = $clog2(Bytes);
  localparam int unsigned BurstLog2 = $clog2(MaxBurst);
  localparam int unsigned EntryBeats = 64 / Bytes;
  localparam int unsigned Queue = 8;  // bursts that wait for their words

  if (MaxBurst != 1 << BurstLog2 || MaxBurst > 4096 || MaxBurst > 256 * Bytes || MaxBurst < 64)
  begin : g_bad_burst
    $error("MaxBurst must be a power of two from 64 to 4096 bytes and at most 256 words");
  end
  if (DataW < 64 || DataW > 512) begin : g_bad_width
    $error("DataW must be from 64 to 512 bits: a status entry is at least one word");
  end

  // ------------------------------------------------------------------------------ status entries
  logic [15:0] next_entry_q, consumer_q;  // next_entry_q: entries taken on
  logic ring_full, entry_room, phase;
  logic [511:0] entry_d;
  status_entry_msg_t status_entry;
  completion_entry_msg_t completion_entry;
  link_error_entry_msg_t error_entry;

  assign ring_full = 16'(next_entry_q - consumer_q) >= 16'd1 << status_log2;
  assign phase = !next_entry_q[status_log2[3:0]];

  always_ff @(posedge clk) begin
    if (rst) consumer_q <= '0;
    else if (s_consumer_valid) consumer_q <= s_consumer;
  end

  // ------------------------------------------------------------------------------ sources
  typedef struct packed {
    logic   entry;  // else payload
    range_t range;
  } job_t;

  job_t job_q;
  logic job_valid_q, job_done, load, status_turn;
  logic [$clog2(StatusEvery+1)-1:0] passed_q;  // ranges that went before a waiting status
  logic can_error, can_status, take_error, take_status, take_rx, discard_evt, told_q;

  assign load = !job_valid_q || job_done;
  assign can_error = link_error && !told_q && !ring_full && entry_room;
  assign can_status = s_evt_valid && !stop && !ring_full && entry_room;
  assign take_error = load && can_error;
  assign take_status = load && !can_error && can_status && (status_turn || !(s_rx_valid || s_rx_waiting));
  assign status_turn = 32'(passed_q) == StatusEvery;
  assign take_rx = load && !can_error && !take_status && s_rx_valid;
  assign discard_evt = stop;
  assign s_evt_ready = take_status || discard_evt;
  assign s_rx_ready = load && !can_error && !take_status;

  always_comb begin
    status_entry = '0;
    completion_entry = '0;
    error_entry = '0;
    if (take_status) begin
      status_entry.phase = phase;
      status_entry.kind = KIND_STATUS;
      status_entry.slot = s_evt.flow;
      status_entry.gen = s_evt.status.gen;
      status_entry.tag = s_evt.status.tag;
      status_entry.state = s_evt.status.state;
      status_entry.cause = s_evt.status.cause;
      status_entry.active = s_evt.status.active;
      status_entry.fin = s_evt.status.fin;
      status_entry.done = s_evt.status.done;
      status_entry.r1 = s_evt.status.r1;
      status_entry.listening = s_evt.status.listening;
      status_entry.snd_mss = s_evt.status.snd_mss;
      status_entry.raddr = s_evt.status.key.raddr;
      status_entry.rport = s_evt.status.key.rport;
      status_entry.laddr = s_evt.status.key.laddr;
      status_entry.lport = s_evt.status.key.lport;
      status_entry.delivered = s_evt.delivered;
      status_entry.rx_end = s_evt.status.rx_end;
      status_entry.acked = s_evt.status.acked;
      status_entry.sent = s_evt.status.sent;
      status_entry.taken = s_evt.status.taken;

      completion_entry.phase = phase;
      completion_entry.kind = KIND_COMPLETION;
      completion_entry.slot = s_evt.cpl.flow;
      completion_entry.gen = s_evt.cpl.gen;
      completion_entry.cookie = s_evt.cpl.cookie;
      completion_entry.rc = s_evt.cpl.rc;
      completion_entry.rto_us = s_evt.cpl.info.rto_us;
      completion_entry.srtt_us = s_evt.cpl.info.srtt_us;
      completion_entry.rttvar_us = s_evt.cpl.info.rttvar_us;
      completion_entry.cwnd = s_evt.cpl.info.cwnd;
      completion_entry.ssthresh = s_evt.cpl.info.ssthresh;
      completion_entry.snd_wnd = s_evt.cpl.info.snd_wnd;
      completion_entry.rcv_wnd = s_evt.cpl.info.rcv_wnd;
      completion_entry.pipe = s_evt.cpl.info.pipe;
      completion_entry.retrans = s_evt.cpl.info.retrans;
      completion_entry.snd_mss = s_evt.cpl.info.snd_mss;
      completion_entry.rcv_mss = s_evt.cpl.info.rcv_mss;
      completion_entry.snd_ws = s_evt.cpl.info.snd_ws;
      completion_entry.rcv_ws = s_evt.cpl.info.rcv_ws;
      completion_entry.ca_state = s_evt.cpl.info.ca_state;
      completion_entry.backoff = s_evt.cpl.info.backoff;
      completion_entry.state = s_evt.cpl.info.state;
    end
    if (take_error) begin
      error_entry.phase = phase;
      error_entry.kind = KIND_LINK_ERROR;
      error_entry.cause = link_cause;
      error_entry.address_lo = link_address[31:0];
      error_entry.address_hi = link_address[63:32];
    end
    entry_d = take_error ? error_entry : s_evt.is_cpl ? completion_entry : status_entry;
  end

  logic entry_valid, entry_pop;
  logic [511:0] entry;
  logic [1:0] entry_count;

  tl_fifo #(
      .Width(512),
      .Depth(2)
  ) u_entry (
      .clk,
      .rst,
      .s_valid(take_status || take_error),
      .s_ready(entry_room),
      .s_data(entry_d),
      .m_valid(entry_valid),
      .m_ready(entry_pop),
      .m_data(entry),
      .count(entry_count)
  );

  // ------------------------------------------------------------------------------ bursts
  typedef struct packed {
    logic             entry;
    logic             drop;   // words are taken and forgotten
    logic             last;   // of its range
    logic [7:0]       beats;  // less one
    logic [LaneW-1:0] first;  // lane of the first byte
    logic [LaneW-1:0] final_lane;  // lane of the last byte
  } words_t;

  typedef struct packed {
    logic        entry;
    logic        last;
    flow_t       flow;
    gen_t        gen;
    pos_t        delivered;
    logic [63:0] address;
  } reply_wait_t;

  logic plan, drop, last_burst, words_room, wait_room;
  logic [15:0] burst_len;
  logic [BurstLog2:0] to_end;
  logic [BurstLog2+1:0] span;
  logic [63:0] address;
  words_t words_in, words;
  logic words_valid, words_pop;
  reply_wait_t wait_in, waiting;
  logic wait_valid;
  logic [15:0] index_q;  // of the job's status entry
  logic [3:0] words_count;
  logic [$clog2(Outstanding+1)-1:0] wait_count;

  // An entry that was taken on before a DMA error is still written: a hole would stop the host.
  assign drop = job_q.entry ? stop && !link_error : stop;
  assign plan = job_valid_q && words_room &&
                (drop || (wait_room && (!m_axi_awvalid || m_axi_awready)));
  assign job_done = plan && last_burst;

  always_comb begin
    to_end = '0;
    burst_len = '0;
    span = '0;
    last_burst = 1'b0;
    address = '0;
    words_in = '0;
    wait_in = '0;
    if (job_valid_q) begin
      to_end = (BurstLog2 + 1)'(MaxBurst) - (BurstLog2 + 1)'(job_q.range.pos[BurstLog2-1:0]);
      last_burst = job_q.entry || job_q.range.len <= 16'(to_end);
      burst_len = last_burst ? job_q.range.len : 16'(to_end);
      span = (BurstLog2 + 2)'(job_q.range.pos[LaneW-1:0]) + (BurstLog2 + 2)'(burst_len) -
             (BurstLog2 + 2)'(1);
      if (job_q.entry) begin
        address = (status_base & ~(below(status_log2 + 5'd6) | 64'h3F)) |
                  64'({index_q & ((16'd1 << status_log2) - 16'd1), 6'd0});
        words_in = '{entry: 1'b1, drop: drop, last: 1'b1, beats: 8'(EntryBeats - 1), first: '0,
                     final_lane: '1};
      end else begin
        address = ring_address(rx_base, job_q.range.flow, rx_log2, job_q.range.pos);
        address[LaneW-1:0] = '0;
        words_in = '{entry: 1'b0, drop: drop, last: last_burst, beats: 8'(span >> LaneW),
                     first: job_q.range.pos[LaneW-1:0], final_lane: span[LaneW-1:0]};
      end
      wait_in = '{entry: job_q.entry, last: last_burst, flow: job_q.range.flow,
                  gen: job_q.range.gen, delivered: job_q.range.delivered, address: address};
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      job_valid_q <= 1'b0;
      passed_q <= '0;
      next_entry_q <= '0;
      told_q <= 1'b0;
      m_axi_awvalid <= 1'b0;
    end else begin
      if (take_error || take_status || take_rx) job_valid_q <= 1'b1;
      else if (job_done) job_valid_q <= 1'b0;
      if (take_status || !s_evt_valid) passed_q <= '0;
      else if (take_rx && !status_turn) passed_q <= passed_q + 1'b1;
      if (take_status || take_error) next_entry_q <= next_entry_q + 16'd1;
      if (take_error) told_q <= 1'b1;
      if (plan && !drop) m_axi_awvalid <= 1'b1;
      else if (m_axi_awready) m_axi_awvalid <= 1'b0;
    end
    if (take_error || take_status) begin
      job_q.entry <= 1'b1;
      index_q <= next_entry_q;
    end else if (take_rx) begin
      job_q <= '{entry: 1'b0, range: s_rx};
    end else if (plan) begin
      job_q.range.pos <= job_q.range.pos + 32'(burst_len);
      job_q.range.len <= job_q.range.len - burst_len;
    end
    if (plan && !drop) begin
      m_axi_awaddr <= address;
      m_axi_awlen <= words_in.beats;
    end
  end
  assign m_axi_awid = 4'd0;
  assign m_axi_awsize = 3'(LaneW);
  assign m_axi_awburst = 2'b01;

  tl_fifo #(
      .Width($bits(words_t)),
      .Depth(Queue)
  ) u_words (
      .clk,
      .rst,
      .s_valid(plan),
      .s_ready(words_room),
      .s_data(words_in),
      .m_valid(words_valid),
      .m_ready(words_pop),
      .m_data(words),
      .count(words_count)
  );

  tl_fifo #(
      .Width($bits(reply_wait_t)),
      .Depth(Outstanding)
  ) u_wait (
      .clk,
      .rst,
      .s_valid(plan && !drop),
      .s_ready(wait_room),
      .s_data(wait_in),
      .m_valid(wait_valid),
      .m_ready(m_axi_bvalid),
      .m_data(waiting),
      .count(wait_count)
  );

  // ------------------------------------------------------------------------------ words
  logic [7:0] beat_q;
  logic word_taken, first_word, last_word;
  logic [Bytes-1:0] keep_from, keep_to;

  assign first_word = beat_q == 8'd0;
  assign last_word = beat_q == words.beats;

  always_comb begin
    m_axi_wvalid = 1'b0;
    s_rx_data_ready = 1'b0;
    entry_pop = 1'b0;
    if (words_valid) begin
      if (words.entry) begin
        m_axi_wvalid = !words.drop;
        entry_pop = (words.drop || m_axi_wready) && last_word;
      end else begin
        m_axi_wvalid = s_rx_data_valid && !words.drop;
        s_rx_data_ready = m_axi_wready || words.drop;
      end
    end
  end

  assign word_taken = words_valid && (words.drop || m_axi_wready) &&
                      (words.entry || s_rx_data_valid);
  assign words_pop = word_taken && last_word;

  always_comb begin
    keep_from = '1;
    keep_to = '1;
    m_axi_wdata = s_rx_data;
    if (words_valid) begin
      if (first_word) keep_from = {Bytes{1'b1}} << words.first;
      if (last_word) keep_to = {Bytes{1'b1}} >> ~words.final_lane;
      if (words.entry) m_axi_wdata = entry[32'(beat_q[2:0])%EntryBeats*DataW+:DataW];
    end
  end
  assign m_axi_wstrb = keep_from & keep_to;
  assign m_axi_wlast = last_word;

  always_ff @(posedge clk) begin
    if (rst) beat_q <= '0;
    else if (word_taken) beat_q <= last_word ? '0 : beat_q + 8'd1;
  end

  // ------------------------------------------------------------------------------ responses
  logic failed_q, good;

  assign m_axi_bready = 1'b1;
  assign good = m_axi_bvalid && m_axi_bresp == 2'b00;

  always_ff @(posedge clk) begin
    if (rst) begin
      failed_q <= 1'b0;
      m_landed_valid <= 1'b0;
      m_error_valid <= 1'b0;
      producer <= '0;
    end else begin
      if (m_axi_bvalid && !good) failed_q <= 1'b1;
      m_landed_valid <= good && !waiting.entry && waiting.last && !failed_q;
      m_error_valid <= m_axi_bvalid && !good;
      if (good && waiting.entry) producer <= producer + 16'd1;
    end
    if (m_axi_bvalid) begin
      m_landed <= '{flow: waiting.flow, gen: waiting.gen, pos: waiting.delivered};
      m_error_address <= waiting.address;
    end
  end

  // ------------------------------------------------------------------------------ state
  logic stalled, stalled_q;

  // One count for each time an event finds the ring full.
  assign stalled = s_evt_valid && !stop && ring_full;
  always_ff @(posedge clk) begin
    if (rst) begin
      stalled_q <= 1'b0;
      cnt_status_stalled <= 1'b0;
    end else begin
      stalled_q <= stalled;
      cnt_status_stalled <= stalled && !stalled_q;
    end
  end

  assign link_error_told = link_error && ((told_q && quiet) || (!told_q && ring_full));
  // Every burst has its place in u_wait from the request to the response.
  assign quiet = !wait_valid && !m_axi_awvalid;
  assign busy = job_valid_q || words_valid || wait_valid || m_axi_awvalid || m_landed_valid ||
                m_error_valid || can_error;

  `TL_ASSERT_STABLE(a_aw_stable, m_axi_awvalid, m_axi_awready, {m_axi_awaddr, m_axi_awlen})
  `TL_ASSERT_STABLE(a_w_stable, m_axi_wvalid, m_axi_wready, {m_axi_wdata, m_axi_wstrb, m_axi_wlast})
  `TL_ASSERT(a_response, !m_axi_bvalid || wait_valid)
  `TL_ASSERT(a_range_end, !(s_rx_data_valid && s_rx_data_ready) ||
                          s_rx_data_last == (last_word && words.last))
  `TL_ASSERT(a_entry_there, !(words_valid && words.entry) || entry_valid)

  logic unused;
  assign unused = ^{entry_count, words_count, wait_count, entry_valid, m_axi_bid, words.last,
                    s_rx_data_last, status_log2[4], s_evt.cpl.info.zero};

endmodule

`default_nettype wire
