// tl_usb_tx: what the board says to the host, as frames. Answers of the link itself go first; then
// received payload, status and space take turns. Each of these waits until the host has given credit
// for the whole frame.
//
// Space is level: a flow waits in a set until its turn and then tells its latest limit, so there is
// at most one report a flow. The limit with which a life begins is not told: HELLO says it.
// A range counts as landed when its last byte has left, because the host hears everything in this
// order. `stop` finishes the frame that has begun (`quiet`); payload and events that are offered
// after it are taken and forgotten, and space waits.
//
// Latency: range or event -> first byte at `m_byte_data` 3 cycles.
// Throughput: one byte a cycle; 3 cycles between frames.
// Reference: docs/usb.md.
`default_nettype none
`include "tl_assert.svh"

module tl_usb_tx
  import tautline_pkg::*;
  import tl_usb_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 64,
    parameter int unsigned TxRingLog2 = 14,
    parameter int unsigned RxBytes = 4096
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             engine_rst,
    input  wire logic             stop,
    output logic                  quiet,         // no frame of the engine's is under way
    // The session.
    input  wire logic             hello,
    input  wire logic [31:0]      hello_nonce,
    input  wire logic [15:0]      hello_credit,
    input  wire logic             ping,
    input  wire logic             lost,
    input  wire logic [7:0]       peer_credit,
    input  wire logic [7:0]       credit,
    // Sources.
    input  wire logic             s_value_valid,
    output logic                  s_value_ready,
    input  wire logic [31:0]      s_value,
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
    input  wire logic             s_life_valid,
    input  wire life_t            s_life,
    input  wire logic             s_space_valid,
    input  wire flow_pos_t        s_space,
    output logic                  m_landed_valid,
    output flow_pos_t             m_landed,
    output logic                  m_byte_valid,
    input  wire logic             m_byte_ready,
    output logic [7:0]            m_byte_data,
    output logic                  busy
);
  localparam int unsigned Bytes = DataW / 8;
  localparam int unsigned LaneW = $clog2(Bytes);
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned CreditEvery = RxBytes / 4 / StreamCreditUnit;
  localparam int unsigned StatusWords = 11;
  localparam int unsigned CompletionWords = 13;
  typedef logic [FlowW-1:0] idx_t;

  // ------------------------------------------------------------------------------ space
  logic space_valid, space_take, space_empty, table_rst, space_room, space_write, space_in_valid;
  flow_t space_flow, space_flow_q;
  flow_pos_t space_in;
  logic [2:0] space_count;
  mark_t limit;

  assign table_rst = rst || engine_rst;
  assign space_write = space_in_valid && !s_life_valid;

  tl_fifo #(
      .Width($bits(flow_pos_t)),
      .Depth(4)
  ) u_space (
      .clk,
      .rst(table_rst),
      .s_valid(s_space_valid && s_space.pos != 32'd1 << TxRingLog2),
      .s_ready(space_room),
      .s_data(s_space),
      .m_valid(space_in_valid),
      .m_ready(space_write),
      .m_data(space_in),
      .count(space_count)
  );
  `TL_ASSERT(a_space_room, engine_rst || !s_space_valid || space_room)

  tl_ram_1r1w #(
      .Width($bits(mark_t)),
      .Depth(Flows)
  ) u_limit_ram (
      .clk,
      .we(s_life_valid || space_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(space_in.flow)),
      .wdata(s_life_valid ? {s_life.gen, 32'd0} : {space_in.gen, space_in.pos}),
      .re(space_take),
      .raddr(idx_t'(space_flow)),
      .rdata(limit)
  );

  tl_flow_set #(
      .Flows(Flows),
      .Sets(1)
  ) u_set (
      .clk,
      .rst(table_rst),
      .s_set_valid(space_write),
      .s_set_flow(space_in.flow),
      .m_valid(space_valid),
      .m_ready(space_take),
      .m_flow(space_flow),
      .empty(space_empty)
  );

  // ------------------------------------------------------------------------------ what is pending
  logic hello_q, lost_q, credit_q;
  logic [31:0] nonce_q;
  logic [15:0] buffer_q, sent_q, room, cost;
  logic [7:0] told_q, seq_q;
  logic credit_due;

  // Credit left: what the host has in all, less what was sent.
  assign room = buffer_q + {peer_credit, 8'd0} - sent_q;
  assign credit_due = credit_q || 8'(credit - told_q) >= 8'(CreditEvery);

  // ------------------------------------------------------------------------------ frames
  typedef enum logic [2:0] {
    T_IDLE,
    T_FRAME,    // the header is put together
    T_HEAD,
    T_WORDS,
    T_DATA,
    T_CRC,
    T_DISCARD   // words of a range that nobody wants
  } tx_e;

  tx_e state_q;
  stream_type_e kind_q;
  logic [15:0] length_q, left_q;
  logic [63:0] header_q;
  logic [3:0] word_at_q, words_q;
  logic [2:0] byte_at_q;
  logic [31:0] crc_q, word;
  logic [LaneW-1:0] lane_q;
  range_t range_q;
  logic go, emit, last_header, last_word_byte, last_data, last_crc;
  logic [7:0] data;
  logic [47:0] header;
  logic counts_q;  // the frame takes credit

  // Turns of the engine's three sources.
  typedef enum logic [1:0] {
    SRC_RX,
    SRC_EVT,
    SRC_SPACE,
    SRC_NONE
  } src_e;
  src_e turn_q, pick;
  logic [2:0] offered;
  logic [15:0] rx_length, evt_length;
  logic link_pick, start, fits, space_ready_q, space_read_q;

  assign rx_length = 16'($bits(stream_deliver_msg_t) / 8) + s_rx.len;
  assign evt_length = s_evt.is_cpl ? 16'(4 * CompletionWords) : 16'(4 * StatusWords);
  assign offered = {space_ready_q, s_evt_valid, s_rx_valid};
  assign link_pick = hello_q || lost_q || s_value_valid || credit_due;

  always_comb begin
    // The source after the one that was served last comes first.
    pick = SRC_NONE;
    case (turn_q)
      SRC_RX:
      pick = offered[1] ? SRC_EVT : offered[2] ? SRC_SPACE : offered[0] ? SRC_RX : SRC_NONE;
      SRC_EVT:
      pick = offered[2] ? SRC_SPACE : offered[0] ? SRC_RX : offered[1] ? SRC_EVT : SRC_NONE;
      default:
      pick = offered[0] ? SRC_RX : offered[1] ? SRC_EVT : offered[2] ? SRC_SPACE : SRC_NONE;
    endcase
    case (pick)
      SRC_RX: cost = rx_length;
      SRC_EVT: cost = evt_length;
      default: cost = 16'd8;
    endcase
    cost = cost + 16'(StreamFrameCost);
    fits = room >= cost;
  end

  assign start = state_q == T_IDLE && !hello && (link_pick || (!stop && pick != SRC_NONE && fits));
  assign s_value_ready = state_q == T_IDLE && !hello && !hello_q && !lost_q;
  assign s_rx_ready = state_q == T_IDLE && !hello && !link_pick && (stop || (pick == SRC_RX && fits));

  assign go = !m_byte_valid || m_byte_ready;
  assign last_header = byte_at_q == 3'd7;
  assign last_word_byte = byte_at_q[1:0] == 2'd3 && word_at_q == words_q - 4'd1;
  assign last_data = left_q == 16'd1;
  assign last_crc = byte_at_q[1:0] == 2'd3;

  // ------------------------------------------------------------------------------ words
  status_entry_msg_t status_entry;
  completion_entry_msg_t completion_entry;
  stream_hello_msg_t hello_msg;
  stream_deliver_msg_t deliver_msg;
  stream_place_msg_t place_msg;

  always_comb begin
    status_entry = '0;
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

    completion_entry = '0;
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

    hello_msg = '0;
    hello_msg.version = 16'(StreamVersion);
    hello_msg.space_log2 = 5'(TxRingLog2);
    hello_msg.map_hash = MapHash;
    hello_msg.nonce = nonce_q;
    hello_msg.credit = 16'(RxBytes);

    deliver_msg = '{slot: range_q.flow, fill0: '0, gen: range_q.gen, position: range_q.pos};
    place_msg = '{slot: space_flow_q, fill0: '0, gen: limit.gen, position: limit.pos};

    word = '0;
    if (state_q == T_WORDS) begin
      case (kind_q)
        STREAM_HELLO: word = hello_msg[32*word_at_q[1:0]+:32];
        STREAM_VALUE: word = nonce_q;
        STREAM_DELIVER: word = deliver_msg[32*word_at_q[0]+:32];
        STREAM_SPACE: word = place_msg[32*word_at_q[0]+:32];
        default:
        word = s_evt.is_cpl ? completion_entry[32*word_at_q+:32] : status_entry[32*word_at_q+:32];
      endcase
    end
  end

  // ------------------------------------------------------------------------------ bytes
  always_comb begin
    case (state_q)
      T_HEAD: data = header_q[7:0];
      T_WORDS: data = word[8*byte_at_q[1:0]+:8];
      T_DATA: data = s_rx_data[8*lane_q+:8];
      default: data = ~crc_q[7:0];
    endcase
  end
  assign emit = go && (state_q == T_HEAD || state_q == T_WORDS || state_q == T_CRC ||
                       (state_q == T_DATA && s_rx_data_valid));
  assign s_rx_data_ready = (state_q == T_DATA && go && (last_data || lane_q == LaneW'(Bytes - 1))) ||
                           state_q == T_DISCARD;
  assign s_evt_ready = (emit && state_q == T_WORDS && kind_q == STREAM_ENTRY && last_word_byte) ||
                       (stop && state_q == T_IDLE);
  assign header = {credit, seq_q, length_q, kind_q, 8'(StreamMagic)};

  always_ff @(posedge clk) begin
    m_landed_valid <= 1'b0;
    if (rst) begin
      state_q <= T_IDLE;
      m_byte_valid <= 1'b0;
      turn_q <= SRC_SPACE;
    end else begin
      if (emit) m_byte_valid <= 1'b1;
      else if (m_byte_ready) m_byte_valid <= 1'b0;
      case (state_q)
        T_IDLE: begin
          if (start) state_q <= T_FRAME;
          else if (s_rx_valid && s_rx_ready) state_q <= T_DISCARD;
          if (start && !link_pick) turn_q <= pick;
        end
        T_FRAME: state_q <= T_HEAD;
        T_HEAD: if (emit && last_header) state_q <= length_q == 16'd0 ? T_IDLE : T_WORDS;
        T_WORDS: begin
          if (emit && last_word_byte) state_q <= kind_q == STREAM_DELIVER ? T_DATA : T_CRC;
        end
        T_DATA: if (emit && last_data) state_q <= T_CRC;
        T_CRC: begin
          if (emit && last_crc) begin
            state_q <= T_IDLE;
            m_landed_valid <= kind_q == STREAM_DELIVER;
          end
        end
        default: if (s_rx_data_valid && s_rx_data_last) state_q <= T_IDLE;  // T_DISCARD
      endcase
    end

    // What a frame is made of.
    if (state_q == T_IDLE) begin
      counts_q <= 1'b1;
      words_q <= 4'd2;
      if (hello_q) begin
        kind_q <= STREAM_HELLO;
        length_q <= 16'd16;
        words_q <= 4'd4;
        counts_q <= 1'b0;
      end else if (lost_q) begin
        kind_q <= STREAM_LOST;
        length_q <= '0;
        counts_q <= 1'b0;
      end else if (s_value_valid) begin
        kind_q <= STREAM_VALUE;
        length_q <= 16'd4;
        words_q <= 4'd1;
        counts_q <= 1'b0;
      end else if (credit_due) begin
        kind_q <= STREAM_CREDIT;
        length_q <= '0;
        counts_q <= 1'b0;
      end else if (pick == SRC_RX) begin
        kind_q <= STREAM_DELIVER;
        length_q <= rx_length;
      end else if (pick == SRC_EVT) begin
        kind_q <= STREAM_ENTRY;
        length_q <= evt_length;
        words_q <= s_evt.is_cpl ? 4'(CompletionWords) : 4'(StatusWords);
      end else begin
        kind_q <= STREAM_SPACE;
        length_q <= 16'd8;
      end
      range_q <= s_rx;
      left_q <= s_rx.len;
      lane_q <= s_rx.pos[LaneW-1:0];
      // A register's value lies where the nonce does while that is not needed.
      if (s_value_valid && !hello_q) nonce_q <= s_value;
    end
    if (hello) nonce_q <= hello_nonce;

    if (state_q == T_FRAME) begin
      header_q <= {header_check(header), header};
      byte_at_q <= '0;
      word_at_q <= '0;
      crc_q <= '1;
    end else if (emit) begin
      header_q <= header_q >> 8;
      byte_at_q <= byte_at_q + 3'd1;
      if (state_q == T_DATA) byte_at_q <= '0;
      if (state_q == T_WORDS && byte_at_q[1:0] == 2'd3) begin
        byte_at_q <= '0;
        word_at_q <= word_at_q + 4'd1;
      end
      if (state_q == T_WORDS || state_q == T_DATA) crc_q <= crc32(crc_q, data);
      else crc_q <= {8'd0, crc_q[31:8]};
      if (state_q == T_HEAD) crc_q <= '1;
      if (state_q == T_DATA) begin
        left_q <= left_q - 16'd1;
        lane_q <= lane_q + LaneW'(1);
      end
    end
    if (emit) m_byte_data <= data;
    if (state_q == T_CRC)
      m_landed <= '{flow: range_q.flow, gen: range_q.gen, pos: range_q.delivered};
  end

  // ------------------------------------------------------------------------------ session
  always_ff @(posedge clk) begin
    if (rst) begin
      hello_q <= 1'b0;
      lost_q <= 1'b0;
      credit_q <= 1'b0;
      seq_q <= '0;
      told_q <= '0;
    end else if (hello) begin
      // A frame under way ends with its old number; HELLO has 0.
      hello_q <= 1'b1;
      lost_q <= 1'b0;
      credit_q <= 1'b0;
      seq_q <= '0;
      told_q <= '0;
      sent_q <= '0;
      buffer_q <= hello_credit;
    end else begin
      if (state_q == T_FRAME) begin
        seq_q <= seq_q + 8'd1;
        told_q <= credit;
        if (counts_q) sent_q <= sent_q + length_q + 16'(StreamFrameCost);
      end
      if (start && hello_q) hello_q <= 1'b0;
      if (lost) lost_q <= 1'b1;
      else if (start && !hello_q) lost_q <= 1'b0;
      if (ping) credit_q <= 1'b1;
      else if (state_q == T_FRAME && kind_q == STREAM_CREDIT) credit_q <= 1'b0;
    end
  end

  // The next space report is read ahead; while the link is stopped it stays in the set.
  assign space_take = space_valid && !stop && !space_ready_q && !space_read_q;
  always_ff @(posedge clk) begin
    if (table_rst) begin
      space_ready_q <= 1'b0;
      space_read_q <= 1'b0;
    end else begin
      space_read_q <= space_take;
      if (space_read_q) space_ready_q <= 1'b1;
      else if (state_q == T_CRC && kind_q == STREAM_SPACE && emit && last_crc) space_ready_q <= 1'b0;
    end
    if (space_take) space_flow_q <= space_flow;
  end

  assign quiet = state_q == T_IDLE || (kind_q != STREAM_DELIVER && kind_q != STREAM_ENTRY &&
                                       kind_q != STREAM_SPACE && state_q != T_DISCARD);
  assign busy = state_q != T_IDLE || m_byte_valid || link_pick || space_in_valid || space_read_q ||
                m_landed_valid || start;

  `TL_ASSERT_STABLE(a_byte_stable, m_byte_valid, m_byte_ready, m_byte_data)
  `TL_ASSERT(a_range_end, !(state_q == T_DATA && s_rx_data_valid && s_rx_data_ready) ||
                          s_rx_data_last == last_data)

  logic unused;
  assign unused = ^{space_count, space_room, space_in.flow, space_empty, range_q.len, range_q.more,
                    s_evt.cpl.info.zero, s_life.flow};

endmodule

`default_nettype wire
