// tcp_command_pkg: the user's calls (RFC 9293 3.10.1 to 3.10.6) that concern one flow.
`default_nettype none

package tcp_command_pkg;
  // A function takes whole records and reads the fields it needs.
  // verilator lint_off UNUSEDSIGNAL
  import tautline_pkg::*;
  import tcp_pkg::*;
  import tcb_pkg::*;
  import tcp_stream_pkg::*;

  // CLOSE: the state moves at once, the FIN follows the bytes below it (3.10.4).
  function automatic tcb_t close(input tcb_t t, input pos_t fin_pos);
    tcb_t n;
    n         = t;
    n.shut    = 1'b1;
    n.fin_pos = fin_pos;
    if (t.state == ST_ESTABLISHED) n.state = ST_FIN_WAIT_1;
    if (t.state == ST_CLOSE_WAIT) n.state = ST_LAST_ACK;
    return n;
  endfunction

  function automatic step_t abort_(input step_t s, input stream_t st);
    step_t n;
    logic fin_sent;
    n        = s;
    fin_sent = st.fin_ready && s.t.snd_nxt == st.data_end + 32'd1;
    if (s.t.done || s.t.state == ST_CLOSED) begin
      n.a.rc = RC_BAD_STATE;
    end else if (s.t.state inside {ST_SYN_SENT, ST_TIME_WAIT} ||
                 (s.t.state inside {ST_CLOSING, ST_LAST_ACK} && fin_sent)) begin
      // 3.10.5: here the peer needs no RST.
      n = finish(s, CAUSE_ABORTED);
      n.a.cnt[CNT_ATTEMPT_FAILS] = s.t.state == ST_SYN_SENT;
    end else begin
      n = reset(s, CAUSE_ABORTED);
      n.a.cnt[CNT_ATTEMPT_FAILS] = s.t.state == ST_SYN_RCVD;
    end
    return n;
  endfunction

  function automatic step_t release_(input step_t s, input pos_t tail, input pos_t taken,
                                     input cfg_t cfg, input time_t now);
    step_t n;
    n = s;
    n.t.released = 1'b1;
    if (s.t.done || s.t.state inside {ST_CLOSED, ST_TIME_WAIT}) begin
      // Nothing is left to close.
    end else if (s.t.state == ST_SYN_SENT) begin
      n = finish(n, CAUSE_NONE);
      n.a.cnt[CNT_ATTEMPT_FAILS] = 1'b1;
    end else if (received_to(s.t) != taken) begin
      // Unread data is lost, and the peer is told (RFC 9293 3.6.1, SHLD-3).
      n = reset(n, CAUSE_ABORTED);
      n.a.cnt[CNT_DATA_AFTER_CLOSE] = 1'b1;
    end else begin
      if (!s.t.shut) n.t = close(n.t, tail);
      if (n.t.state == ST_FIN_WAIT_2) begin
        n.t.timers.life_on = 1'b1;
        n.t.timers.life    = after(now, cfg.fin_wait2_us);
      end
    end
    return n;
  endfunction

  function automatic step_t set_option(input step_t s, input cmd_t c);
    step_t n;
    n = s;
    case (opt_e'(c.arg0[7:0]))
      OPT_NODELAY:  if (c.arg1 <= 32'd1) n.t.nodelay = c.arg1[0]; else n.a.rc = RC_BAD_ARG;
      OPT_QUICKACK: if (c.arg1 <= 32'd1) n.t.quickack = c.arg1[0]; else n.a.rc = RC_BAD_ARG;
      OPT_TTL:
        if (c.arg1 >= 32'd1 && c.arg1 <= 32'd255) n.t.ttl = c.arg1[7:0]; else n.a.rc = RC_BAD_ARG;
      OPT_DSCP:     if (c.arg1 <= 32'd63) n.t.dscp = c.arg1[5:0]; else n.a.rc = RC_BAD_ARG;
      OPT_USER_TIMEOUT: n.t.user_timeout_us = c.arg1;
      default: n.a.rc = RC_BAD_ARG;
    endcase
    if (c.arg0[31:8] != '0) begin
      n.t    = s.t;
      n.a.rc = RC_BAD_ARG;
    end
    return n;
  endfunction

  // With `birth` (OPEN) the TCB is newborn.
  function automatic step_t command(input tcb_t t, input lane_cmd_t e, input logic in_range,
                                    input stream_t st, input pos_t tail, input pos_t taken,
                                    input cfg_t cfg, input time_t now);
    step_t s;
    s      = '0;
    s.t    = t;
    s.a.rc = RC_OK;
    if (e.birth) begin
      s.a.cnt[CNT_ACTIVE_OPENS] = 1'b1;
    end else if (e.cmd.op == CMD_NOP) begin
      s.a.rc = RC_OK;
    end else if (!in_range || !t.active || t.gen != e.cmd.gen) begin
      s.a.rc = RC_STALE;
      s.a.cnt[CNT_STALE_GEN] = 1'b1;
    end else begin
      case (e.cmd.op)
        CMD_ACCEPT:
          if (!t.listening || half_open(t)) begin
            s.a.rc = RC_BAD_STATE;
          end else begin
            s.t.listening = 1'b0;
            s.t.counted   = 1'b0;
            s.t.tag       = e.cmd.arg0;
          end
        CMD_SHUTDOWN:
          if (t.done || t.state == ST_CLOSED) s.a.rc = RC_BAD_STATE;
          else if (t.shut) s.a.rc = RC_OK;
          else if (seq_lt(e.cmd.arg0, sent_to(t, t.snd_nxt))) s.a.rc = RC_BAD_ARG;
          else s.t = close(t, e.cmd.arg0);
        CMD_ABORT:   s = abort_(s, st);
        CMD_RELEASE: s = release_(s, tail, taken, cfg, now);
        CMD_SETOPT:  s = set_option(s, e.cmd);
        CMD_QUERY:   s.a.rc = RC_OK;
        default:     s.a.rc = RC_BAD_ARG;
      endcase
    end
    return s;
  endfunction

  // verilator lint_on UNUSEDSIGNAL
endpackage

`default_nettype wire
