#include <Vtl_ram_1r1w.h>
#include <gtest/gtest.h>

#include "rtl_bench.hpp"

namespace {

// The RAM has no reset, so it gets its clock by hand.
struct Ram {
  VerilatedContext context;
  Vtl_ram_1r1w m{&context};
  Ram() {
    m.clk = 0;
    m.eval();
  }
  void tick() {
    m.clk = 1;
    m.eval();
    m.clk = 0;
    m.eval();
  }
};

TEST(Ram, ReadsTheOldWordWhileItIsWritten) {
  Ram r;
  r.m.we = 1;
  r.m.waddr = 3;
  r.m.wdata = 0x11;
  r.m.re = 0;
  r.tick();
  r.m.wdata = 0x22;
  r.m.re = 1;
  r.m.raddr = 3;
  r.tick();
  EXPECT_EQ(r.m.rdata, 0x11);
  r.m.we = 0;
  r.tick();
  EXPECT_EQ(r.m.rdata, 0x22);
}

TEST(Ram, HoldsItsOutputWithoutARead) {
  Ram r;
  r.m.we = 1;
  for (int i = 0; i < 16; ++i) {
    r.m.waddr = i;
    r.m.wdata = 0x40 + i;
    r.tick();
  }
  r.m.we = 0;
  r.m.re = 1;
  r.m.raddr = 9;
  r.tick();
  r.m.re = 0;
  r.m.raddr = 2;
  r.tick();
  EXPECT_EQ(r.m.rdata, 0x49);
}

}  // namespace
