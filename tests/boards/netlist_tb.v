// The mapped tl_usb_engine repeats what the source did: inputs and outputs cycle by cycle from the file
// that usb_engine_test recorded. Compares every output that means something; an x is a difference.
`timescale 1ns / 1ps
`default_nettype none

module netlist_tb;
  reg clk = 0;
  reg rst, s_wire_tvalid, s_byte_valid, m_byte_ready, s_wire_tlast, s_wire_tuser;
  reg [63:0] now_us, s_wire_tdata;
  reg [7:0] s_wire_tkeep, s_byte_data;
  wire s_wire_tready, m_wire_tvalid, m_wire_tlast, m_wire_tuser, s_byte_ready, m_byte_valid;
  wire link_up, ready, quiescent;
  wire [63:0] m_wire_tdata;
  wire [7:0] m_wire_tkeep, m_byte_data;

  tl_usb_engine dut (
      .clk(clk),
      .rst(rst),
      .now_us(now_us),
      .s_wire_tvalid(s_wire_tvalid),
      .s_wire_tready(s_wire_tready),
      .s_wire_tdata(s_wire_tdata),
      .s_wire_tkeep(s_wire_tkeep),
      .s_wire_tlast(s_wire_tlast),
      .s_wire_tuser(s_wire_tuser),
      .m_wire_tvalid(m_wire_tvalid),
      .m_wire_tready(1'b1),
      .m_wire_tdata(m_wire_tdata),
      .m_wire_tkeep(m_wire_tkeep),
      .m_wire_tlast(m_wire_tlast),
      .m_wire_tuser(m_wire_tuser),
      .s_byte_valid(s_byte_valid),
      .s_byte_ready(s_byte_ready),
      .s_byte_data(s_byte_data),
      .m_byte_valid(m_byte_valid),
      .m_byte_ready(m_byte_ready),
      .m_byte_data(m_byte_data),
      .link_up(link_up),
      .ready(ready),
      .quiescent(quiescent)
  );

  // What the source had at its outputs.
  reg x_byte_ready, x_word, x_byte, x_link_up, x_ready, x_quiescent, x_last, x_user;
  reg [63:0] x_word_data;
  reg [7:0] x_keep, x_byte_data;

  integer file, got, cycle, words, bytes;
  reg [8*256-1:0] path;

  task fail(input [8*24-1:0] what);
    begin
      $display("cycle %0d: %0s differs", cycle, what);
      $display("ready %b word %b byte %b/%b link %b/%b quiescent %b/%b", s_byte_ready, m_wire_tvalid, m_byte_valid,
               x_byte, link_up, x_link_up, quiescent, x_quiescent);
      $display("NETLIST FAILED");
      $finish;
    end
  endtask

  integer i;
  initial begin
    if (!$value$plusargs("vectors=%s", path)) begin
      $display("+vectors=<file> is missing");
      $finish;
    end
    file = $fopen(path, "r");
    cycle = 0;
    words = 0;
    bytes = 0;
    forever begin
      got = $fscanf(file, "%1b%1b%1b%1b %h %h %h %h %1b%1b %1b%1b%1b%1b%1b%1b %h %h %1b%1b %h\n",
                    rst, s_wire_tvalid, s_byte_valid, m_byte_ready, now_us, s_wire_tdata,
                    s_wire_tkeep, s_byte_data, s_wire_tlast, s_wire_tuser, x_byte_ready, x_word,
                    x_byte, x_link_up, x_ready, x_quiescent, x_word_data, x_keep, x_last, x_user,
                    x_byte_data);
      if (got != 21) begin
        $display("%0d cycles, %0d words and %0d bytes of the engine as in the source", cycle,
                 words, bytes);
        if (cycle > 1000 && words > 0 && bytes > 0) $display("NETLIST PASSED");
        else $display("NETLIST FAILED");
        $finish;
      end
      #5;
      // The first edges of the reset settle the registers.
      if (cycle >= 8) begin
        if (s_byte_ready !== x_byte_ready && !rst) fail("s_byte_ready");
        if (m_wire_tvalid !== x_word) fail("m_wire_tvalid");
        if (m_byte_valid !== x_byte) fail("m_byte_valid");
        if (link_up !== x_link_up) fail("link_up");
        if (ready !== x_ready) fail("ready");
        if (quiescent !== x_quiescent) fail("quiescent");
        if (x_word) begin
          words = words + 1;
          if (m_wire_tkeep !== x_keep) fail("m_wire_tkeep");
          for (i = 0; i < 8; i = i + 1)
            if (x_keep[i] && m_wire_tdata[8*i+:8] !== x_word_data[8*i+:8]) fail("m_wire_tdata");
          if (m_wire_tlast !== x_last) fail("m_wire_tlast");
          if (m_wire_tuser !== x_user) fail("m_wire_tuser");
        end
        if (x_byte) begin
          bytes = bytes + 1;
          if (m_byte_data !== x_byte_data) fail("m_byte_data");
        end
      end
      clk = 1;
      #5;
      clk = 0;
      cycle = cycle + 1;
      if (cycle % 1000 == 0) begin
        $display("%0d cycles", cycle);
        $fflush;
      end
    end
  end
endmodule
