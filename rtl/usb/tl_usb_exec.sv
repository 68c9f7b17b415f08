// tl_usb_exec: does what the host's messages say: register accesses, bytes to send, read positions.
//
// SEND must begin where the last one of this life ended and stay within the space that the store gave;
// a read position must not run backwards nor past what was delivered. Anything else is dropped and
// counted, as is what names an older life. A message whose length does not fit its kind ends the
// session.
//
// Latency: first byte of a message taken -> `m_app_valid` 14 cycles; a payload byte that ends a word ->
//   that word 1 cycle.
// Throughput: one byte a cycle within a message.
// Hazard: HELLO (`restart`) drops a message half done; the reset of the engine that goes with it
//   clears what the engine has of it.
// Reference: docs/usb.md.
`default_nettype none
`include "tl_assert.svh"

module tl_usb_exec
  import tautline_pkg::*;
  import tl_usb_pkg::*;
  import tl_msg_pkg::*;
#(
    parameter int unsigned DataW = 64,
    parameter int unsigned Flows = 64
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             engine_rst,
    input  wire logic             restart,
    input  wire logic             stop,
    // Messages.
    input  wire logic             s_valid,
    output logic                  s_ready,
    input  wire logic [7:0]       s_data,
    output logic                  malformed,
    // The register block.
    output logic                  m_axil_awvalid,
    input  wire logic             m_axil_awready,
    output logic [10:0]           m_axil_awaddr,
    output logic                  m_axil_wvalid,
    input  wire logic             m_axil_wready,
    output logic [31:0]           m_axil_wdata,
    input  wire logic             m_axil_bvalid,
    output logic                  m_axil_arvalid,
    input  wire logic             m_axil_arready,
    output logic [10:0]           m_axil_araddr,
    input  wire logic             m_axil_rvalid,
    input  wire logic [31:0]      m_axil_rdata,
    output logic                  m_value_valid,
    input  wire logic             m_value_ready,
    output logic [31:0]           m_value,
    // The engine.
    input  wire logic             s_life_valid,
    input  wire life_t            s_life,
    input  wire logic             s_space_valid,
    input  wire flow_pos_t        s_space,
    input  wire logic             s_landed_valid,
    input  wire flow_pos_t        s_landed,
    output logic                  m_taken_valid,
    input  wire logic             m_taken_ready,
    output flow_pos_t             m_taken,
    output logic                  m_app_valid,
    input  wire logic             m_app_ready,
    output range_t                m_app,
    output logic                  m_app_data_valid,
    input  wire logic             m_app_data_ready,
    output logic [DataW-1:0]      m_app_data,
    output logic                  cnt_stale,
    output logic                  cnt_bad,
    output logic                  busy
);
  localparam int unsigned Bytes = DataW / 8;
  localparam int unsigned LaneW = $clog2(Bytes);
  localparam int unsigned FlowW = $clog2(Flows);
  localparam int unsigned MarkW = $bits(mark_t);
  localparam int unsigned Registers = 'h800;
  typedef logic [FlowW-1:0] idx_t;

  typedef enum logic [3:0] {
    X_PREFIX,  // kind and length
    X_HEAD,    // the first eight bytes
    X_WRITE,
    X_WORD,    // value of the next register
    X_READ,
    X_WAIT,    // for the register block
    X_VALUE,
    X_LOOK,
    X_CHECK,
    X_TAKEN,
    X_APP,
    X_DATA,
    X_LAST,    // the last word waits for the store
    X_SKIP
  } exec_e;

  exec_e state_q, state_d;
  logic [7:0] kind_q;
  logic [15:0] left_q;   // bytes of the message
  logic [2:0] got_q;     // bytes of the prefix, head or word
  logic [63:0] head_q;
  logic [31:0] offset_q;
  stream_send_msg_t head;
  logic take, done_bytes;

  assign head = stream_send_msg_t'(head_q);
  assign take = s_valid && s_ready;
  assign done_bytes = left_q == 16'd0;

  // ------------------------------------------------------------------------------ flows
  logic look;
  mark_t sent, limit, taken, landed, life_mark, commit_mark;
  logic space_valid, space_write, space_room, landed_valid, landed_write, landed_room;
  flow_pos_t space, landed_in;
  logic [2:0] space_count, landed_count;
  logic sent_write, taken_write, table_rst;

  assign table_rst = rst || engine_rst;
  assign life_mark = '{gen: s_life.gen, pos: '0};
  assign space_write = space_valid && !s_life_valid;
  assign landed_write = landed_valid && !s_life_valid;

  // A life notice has the write ports of the tables in its cycle.
  tl_fifo #(
      .Width($bits(flow_pos_t)),
      .Depth(4)
  ) u_space (
      .clk,
      .rst(table_rst),
      .s_valid(s_space_valid),
      .s_ready(space_room),
      .s_data(s_space),
      .m_valid(space_valid),
      .m_ready(space_write),
      .m_data(space),
      .count(space_count)
  );
  tl_fifo #(
      .Width($bits(flow_pos_t)),
      .Depth(4)
  ) u_landed (
      .clk,
      .rst(table_rst),
      .s_valid(s_landed_valid),
      .s_ready(landed_room),
      .s_data(s_landed),
      .m_valid(landed_valid),
      .m_ready(landed_write),
      .m_data(landed_in),
      .count(landed_count)
  );
  `TL_ASSERT(a_space_room, engine_rst || !s_space_valid || space_room)
  `TL_ASSERT(a_landed_room, engine_rst || !s_landed_valid || landed_room)

  tl_ram_1r1w #(
      .Width(MarkW),
      .Depth(Flows)
  ) u_sent_ram (
      .clk,
      .we(s_life_valid || sent_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(head.slot)),
      .wdata(s_life_valid ? life_mark : commit_mark),
      .re(look),
      .raddr(idx_t'(head.slot)),
      .rdata(sent)
  );
  tl_ram_1r1w #(
      .Width(MarkW),
      .Depth(Flows)
  ) u_limit_ram (
      .clk,
      .we(s_life_valid || space_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(space.flow)),
      .wdata(s_life_valid ? life_mark : {space.gen, space.pos}),
      .re(look),
      .raddr(idx_t'(head.slot)),
      .rdata(limit)
  );
  tl_ram_1r1w #(
      .Width(MarkW),
      .Depth(Flows)
  ) u_taken_ram (
      .clk,
      .we(s_life_valid || taken_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(head.slot)),
      .wdata(s_life_valid ? life_mark : commit_mark),
      .re(look),
      .raddr(idx_t'(head.slot)),
      .rdata(taken)
  );
  // A range of an older life may land after the life notice; its generation gives it away.
  tl_ram_1r1w #(
      .Width(MarkW),
      .Depth(Flows)
  ) u_landed_ram (
      .clk,
      .we(s_life_valid || landed_write),
      .waddr(s_life_valid ? idx_t'(s_life.flow) : idx_t'(landed_in.flow)),
      .wdata(s_life_valid ? life_mark : {landed_in.gen, landed_in.pos}),
      .re(look),
      .raddr(idx_t'(head.slot)),
      .rdata(landed)
  );

  // ------------------------------------------------------------------------------ check
  logic no_flow, stale, wrong, is_send, checked, good;
  pos_t send_end, delivered;

  assign is_send = kind_q == STREAM_SEND;
  assign look = state_q == X_LOOK && !s_life_valid;

  always_comb begin
    no_flow = 32'(head.slot) >= Flows;
    stale = 1'b0;
    wrong = 1'b0;
    send_end = '0;
    delivered = '0;
    if (state_q == X_CHECK) begin
      stale = sent.gen != head.gen || (s_life_valid && s_life.flow == head.slot);
      send_end = head.position + 32'(left_q);
      delivered = landed.gen == head.gen ? landed.pos : '0;
      if (is_send)
        wrong = head.position != sent.pos || limit.gen != head.gen || seq_gt(send_end, limit.pos);
      else wrong = seq_lt(head.position, taken.pos) || seq_gt(head.position, delivered);
    end
  end

  assign checked = state_q == X_CHECK && (stop || no_flow || stale || wrong || !s_life_valid);
  assign good = checked && !stop && !no_flow && !stale && !wrong;
  assign sent_write = good && is_send;
  assign taken_write = good && !is_send;
  assign commit_mark = '{gen: head.gen, pos: is_send ? send_end : head.position};

  always_ff @(posedge clk) begin
    cnt_stale <= !rst && checked && !stop && !no_flow && stale;
    cnt_bad <= !rst && checked && !stop && (no_flow || (!stale && wrong));
  end

  // ------------------------------------------------------------------------------ steps
  logic open_q;  // an access of the register block without an answer
  logic to_regs, answered, write_go, read_go, word_go, last_byte;
  logic [LaneW-1:0] lane_q;
  logic word_valid_q;
  logic [DataW-1:0] word_q;

  assign to_regs = offset_q < 32'(Registers);
  assign write_go = state_q == X_WRITE && !open_q && to_regs && m_axil_awready && m_axil_wready;
  assign read_go = m_axil_arvalid && m_axil_arready;
  assign answered = m_axil_bvalid || m_axil_rvalid;
  assign word_go = !word_valid_q || m_app_data_ready;
  assign last_byte = left_q == 16'd1;

  always_comb begin
    state_d = state_q;
    s_ready = 1'b0;
    malformed = 1'b0;
    case (state_q)
      X_PREFIX: begin
        s_ready = 1'b1;
        if (take && got_q == 3'd3) state_d = X_HEAD;
      end
      X_HEAD: begin
        s_ready = 1'b1;
        if (take && got_q == 3'd7) begin
          case (kind_q)
            STREAM_WRITE: state_d = X_WRITE;
            STREAM_READ: state_d = X_READ;
            default: state_d = X_LOOK;
          endcase
        end
      end
      X_WRITE: if (write_go || !to_regs) state_d = to_regs ? X_WAIT : X_WORD;
      X_WORD: begin
        // Whole words only.
        s_ready = !done_bytes;
        if (done_bytes) state_d = X_PREFIX;
        else if (take && got_q == 3'd3) state_d = X_WRITE;
        else if (take && last_byte) begin
          malformed = 1'b1;
          state_d = X_PREFIX;
        end
      end
      X_READ: begin
        if (!done_bytes) begin
          malformed = 1'b1;
          state_d = X_SKIP;
        end else if (!to_regs) begin
          state_d = X_VALUE;
        end else if (read_go) begin
          state_d = X_WAIT;
        end
      end
      X_WAIT: if (answered) state_d = kind_q == STREAM_WRITE ? X_WORD : X_VALUE;
      X_VALUE: if (m_value_ready) state_d = X_PREFIX;
      X_LOOK: begin
        if (is_send == done_bytes) begin
          malformed = 1'b1;
          state_d = X_SKIP;
        end else if (look) begin
          state_d = X_CHECK;
        end
      end
      X_CHECK: if (checked) state_d = !good ? X_SKIP : is_send ? X_APP : X_TAKEN;
      X_TAKEN: if (m_taken_ready) state_d = X_PREFIX;
      X_APP: if (m_app_ready) state_d = X_DATA;
      X_DATA: begin
        s_ready = word_go;
        if (take && last_byte) state_d = X_LAST;
      end
      X_LAST: if (m_app_data_ready) state_d = X_PREFIX;
      default: begin  // X_SKIP
        s_ready = !done_bytes;
        if (done_bytes) state_d = X_PREFIX;
      end
    endcase
  end

  always_ff @(posedge clk) begin
    if (rst || restart) begin
      state_q <= X_PREFIX;
      got_q <= '0;
      word_valid_q <= 1'b0;
    end else begin
      state_q <= state_d;
      if (take) got_q <= got_q + 3'd1;
      if (state_d != state_q) got_q <= '0;
      if (state_q == X_DATA && take && (last_byte || lane_q == LaneW'(Bytes - 1)))
        word_valid_q <= 1'b1;
      else if (m_app_data_ready) word_valid_q <= 1'b0;
    end
    if (rst) open_q <= 1'b0;
    else if (write_go || read_go) open_q <= 1'b1;
    else if (answered) open_q <= 1'b0;

    if (take) begin
      head_q <= {s_data, head_q[63:8]};
      if (state_q == X_PREFIX) begin
        // kind, length; the fourth byte is zero.
        if (got_q == 3'd0) kind_q <= s_data;
        if (got_q == 3'd1) left_q[7:0] <= s_data;
        if (got_q == 3'd2) left_q[15:8] <= s_data;
      end else begin
        left_q <= left_q - 16'd1;
      end
      if (state_q == X_HEAD && got_q == 3'd7) offset_q <= head_q[39:8];
      else if (state_q == X_WORD && got_q == 3'd3) offset_q <= offset_q + 32'd4;
    end
    if (state_q == X_READ) m_value <= '0;
    else if (state_q == X_WAIT && m_axil_rvalid) m_value <= m_axil_rdata;

    // The first byte finds its lane by its position.
    if (state_q == X_APP) begin
      lane_q <= head_q[32+:LaneW];
    end else if (state_q == X_DATA && take) begin
      word_q[8*lane_q+:8] <= s_data;
      lane_q <= lane_q + LaneW'(1);
    end
  end

  // ------------------------------------------------------------------------------ outputs

  assign m_axil_awvalid = write_go;
  assign m_axil_wvalid = write_go;
  assign m_axil_awaddr = offset_q[10:0];
  assign m_axil_wdata = head_q[63:32];
  assign m_axil_arvalid = state_q == X_READ && !open_q && to_regs && done_bytes;
  assign m_axil_araddr = offset_q[10:0];
  assign m_value_valid = state_q == X_VALUE;
  assign m_taken_valid = state_q == X_TAKEN;
  assign m_taken = '{flow: head.slot, gen: head.gen, pos: head.position};
  assign m_app_valid = state_q == X_APP;
  assign m_app = '{flow: head.slot, gen: head.gen, pos: head.position, len: left_q,
                   delivered: '0, more: head.more};
  assign m_app_data_valid = word_valid_q;
  assign m_app_data = word_q;
  assign busy = state_q != X_PREFIX || space_valid || landed_valid || open_q;

  `TL_ASSERT(a_app_stable, !$past(m_app_valid && !m_app_ready && !restart && !rst) ||
                           (m_app_valid && $stable(m_app)))
  `TL_ASSERT(a_word_stable, !$past(m_app_data_valid && !m_app_data_ready && !restart && !rst) ||
                            (m_app_data_valid && $stable(m_app_data)))
  `TL_ASSERT(a_taken_stable, !$past(m_taken_valid && !m_taken_ready && !restart && !rst) ||
                             (m_taken_valid && $stable(m_taken)))

  logic unused;
  assign unused = ^{space_count, landed_count, space_room, landed_room, space.flow, landed_in.flow,
                    taken.gen, s_life.flow, head.fill0};

endmodule

`default_nettype wire
