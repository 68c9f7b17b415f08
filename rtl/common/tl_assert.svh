// Assertions for simulation: concurrent, clocked on `clk`, disabled in `rst`; the _AT forms name both.
// Empty for synthesis, because the open flow reads no properties.
`ifndef TL_ASSERT_SVH
`define TL_ASSERT_SVH

`ifdef SYNTHESIS
`define TL_ASSERT_AT(name, clock, reset, expr)
`define TL_ASSERT_STABLE_AT(name, clock, reset, valid, ready, payload)
`else
`define TL_ASSERT_AT(name, clock, reset, expr) \
  name : assert property (@(posedge clock) disable iff (reset) (expr)) \
  else $error("assertion failed: name");
// A held beat stays and does not change.
`define TL_ASSERT_STABLE_AT(name, clock, reset, valid, ready, payload) \
  name : assert property (@(posedge clock) disable iff (reset) \
      ((valid) && !(ready)) |=> ((valid) && $stable(payload))) \
  else $error("held beat changed: name");
`endif

`define TL_ASSERT(name, expr) `TL_ASSERT_AT(name, clk, rst, expr)
`define TL_ASSERT_STABLE(name, valid, ready, payload) \
  `TL_ASSERT_STABLE_AT(name, clk, rst, valid, ready, payload)

`endif
