// Assertions for simulation: concurrent, clocked on `clk`, disabled in `rst`. Empty for synthesis,
// because the open flow reads no properties.
`ifndef TL_ASSERT_SVH
`define TL_ASSERT_SVH

`ifdef SYNTHESIS
`define TL_ASSERT(name, expr)
`define TL_ASSERT_STABLE(name, valid, ready, payload)
`else
`define TL_ASSERT(name, expr) \
  name : assert property (@(posedge clk) disable iff (rst) (expr)) \
  else $error("assertion failed: name");
// A held beat stays and does not change.
`define TL_ASSERT_STABLE(name, valid, ready, payload) \
  name : assert property (@(posedge clk) disable iff (rst) \
      ((valid) && !(ready)) |=> ((valid) && $stable(payload))) \
  else $error("held beat changed: name");
`endif

`endif
