// tcp_command_pkg: the user's calls (RFC 9293 3.10.1 to 3.10.6) that concern one flow.
`default_nettype none

package tcp_command_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;

  // Stage A.
  typedef struct packed {
    logic stale;
    logic half_open;
    logic fin_sent;    // our FIN is on its way
    logic unread;      // the host has not read all that was received
    logic fin_behind;  // the FIN's place is below what was sent
  } cmd_chk_t;

  function automatic cmd_chk_t command_check(input tcb_t t, input cmd_t e, input logic in_range,
                                             input stream_t st, input pos_t taken);
    cmd_chk_t c;
    c.stale      = !in_range || !t.c.active || t.gen != e.gen;
    c.half_open  = half_open(t.o, t.c);
    c.fin_sent   = st.fin_ready && t.snd_nxt == st.data_end + 32'd1;
    c.unread     = received_to(t) != taken;
    c.fin_behind = seq_lt(e.arg0, stream_pos(t.snd_nxt, t.o.iss));
    return c;
  endfunction

  // CLOSE: the state moves at once, the FIN follows the bytes below it (3.10.4).
  function automatic step_t close(input step_t s);
    step_t n;
    n        = s;
    n.c.shut = 1'b1;
    if (s.c.state == ST_ESTABLISHED) n.c.state = ST_FIN_WAIT_1;
    if (s.c.state == ST_CLOSE_WAIT) n.c.state = ST_LAST_ACK;
    return n;
  endfunction

  function automatic step_t abort_(input step_t s, input logic fin_sent);
    step_t n;
    n = s;
    if (s.c.done || s.c.state == ST_CLOSED) begin
      n.a.rc = RC_BAD_STATE;
    end else if (s.c.state inside {ST_SYN_SENT, ST_TIME_WAIT} ||
                 (s.c.state inside {ST_CLOSING, ST_LAST_ACK} && fin_sent)) begin
      // 3.10.5: here the peer needs no RST.
      n = finish(s, CAUSE_ABORTED);
      n.a.cnt[CNT_ATTEMPT_FAILS] = s.c.state == ST_SYN_SENT;
    end else begin
      n = reset(s, CAUSE_ABORTED);
      n.a.cnt[CNT_ATTEMPT_FAILS] = s.c.state == ST_SYN_RCVD;
    end
    return n;
  endfunction

  function automatic step_t release_(input step_t s, input logic unread);
    step_t n;
    n = s;
    n.c.released = 1'b1;
    if (s.c.done || s.c.state inside {ST_CLOSED, ST_TIME_WAIT}) begin
      // Nothing is left to close.
    end else if (s.c.state == ST_SYN_SENT) begin
      n = finish(n, CAUSE_NONE);
      n.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
    end else if (unread) begin
      // Unread data is lost, and the peer is told (RFC 9293 3.6.1, SHLD-3).
      n = reset(n, CAUSE_ABORTED);
      n.a.cnt[CNT_DATA_AFTER_CLOSE] = 1'b1;
    end else begin
      if (!s.c.shut) begin
        n            = close(n);
        n.u.fin_tail = 1'b1;
      end
      if (n.c.state == ST_FIN_WAIT_2) begin
        n.c.life_on = 1'b1;
        n.u.life    = 1'b1;
      end
    end
    return n;
  endfunction

  function automatic step_t set_option(input step_t s, input logic [31:0] option,
                                       input logic [31:0] value);
    step_t n;
    n = s;
    n.a.rc = RC_BAD_ARG;
    if (option[31:8] == '0) begin
      case (opt_e'(option[7:0]))
        OPT_NODELAY:
          if (value[31:1] == '0) begin
            n.a.rc      = RC_OK;
            n.c.nodelay = value[0];
          end
        OPT_QUICKACK:
          if (value[31:1] == '0) begin
            n.a.rc       = RC_OK;
            n.c.quickack = value[0];
          end
        OPT_TTL:
          if (value[31:8] == '0 && value[7:0] != '0) begin
            n.a.rc  = RC_OK;
            n.u.ttl = 1'b1;
          end
        OPT_DSCP:
          if (value[31:6] == '0) begin
            n.a.rc   = RC_OK;
            n.u.dscp = 1'b1;
          end
        OPT_USER_TIMEOUT: begin
          n.a.rc           = RC_OK;
          n.u.user_timeout = 1'b1;
        end
        default: ;
      endcase
    end
    return n;
  endfunction

  // With `birth` (OPEN) the TCB is newborn.
  function automatic step_t command(input step_t s, input lane_cmd_t e, input cmd_chk_t c);
    step_t n;
    n = s;
    n.a.rc = RC_OK;
    if (e.birth) begin
      n.a.cnt[CNT_ACTIVE_OPENS] = 1'b1;
    end else if (e.cmd.op == CMD_NOP) begin
      n.a.rc = RC_OK;
    end else if (c.stale) begin
      n.a.rc = RC_STALE;
      n.a.cnt[CNT_STALE_GEN] = 1'b1;
    end else begin
      case (e.cmd.op)
        CMD_ACCEPT:
          if (!s.c.listening || c.half_open) begin
            n.a.rc = RC_BAD_STATE;
          end else begin
            n.c.listening = 1'b0;
            n.c.counted   = 1'b0;
            n.u.tag       = 1'b1;
          end
        CMD_SHUTDOWN:
          if (s.c.done || s.c.state == ST_CLOSED) n.a.rc = RC_BAD_STATE;
          else if (s.c.shut) n.a.rc = RC_OK;
          else if (c.fin_behind) n.a.rc = RC_BAD_ARG;
          else begin
            n           = close(n);
            n.u.fin_arg = 1'b1;
          end
        CMD_ABORT:   n = abort_(n, c.fin_sent);
        CMD_RELEASE: n = release_(n, c.unread);
        CMD_SETOPT:  n = set_option(n, e.cmd.arg0, e.cmd.arg1);
        CMD_QUERY:   n.a.rc = RC_OK;
        default:     n.a.rc = RC_BAD_ARG;
      endcase
    end
    return n;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
