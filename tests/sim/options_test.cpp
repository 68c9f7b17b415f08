#include "tautline_sim/options.hpp"

#include <gtest/gtest.h>

#include "tautline_sim/harness.hpp"

namespace tautline::sim {
namespace {

TEST(Options, NoQueryIsTheDefaults) {
  const auto o = parse_board_options("");
  ASSERT_TRUE(o);
  EXPECT_EQ(o->flows, 0u);
  EXPECT_FALSE(o->to_board.any());
  EXPECT_TRUE(parse_board_options("?"));
}

TEST(Options, EachReachesItsField) {
  const auto o = parse_board_options(
      "?variant=assert&flows=16&seed=99&loss=0.25&rx_dup=0.5&tx_reorder=0.125&delay_us=1.5&"
      "rate_mbps=100&read_latency=7&write_latency=8&reorder_reads=2&stall=0.5&capture=a%2Fb.pcapng&"
      "line_gbps=1&trace=x.fst&trace_from=10&trace_to=20&epoch_us=5&poll_cycles=64");
  ASSERT_TRUE(o) << o.error().message();
  EXPECT_EQ(o->variant, "assert");
  EXPECT_EQ(o->flows, 16u);
  EXPECT_EQ(o->seed, 99u);
  EXPECT_EQ(o->to_board.loss, 0.25);
  EXPECT_EQ(o->from_board.loss, 0.25);
  EXPECT_EQ(o->to_board.duplicate, 0.5);
  EXPECT_EQ(o->from_board.duplicate, 0);
  EXPECT_EQ(o->to_board.reorder, 0);
  EXPECT_EQ(o->from_board.reorder, 0.125);
  EXPECT_EQ(o->to_board.delay, 1'500u);
  EXPECT_EQ(o->from_board.rate_mbps, 100);
  EXPECT_EQ(o->memory.read_latency, 7u);
  EXPECT_EQ(o->memory.write_latency, 8u);
  EXPECT_EQ(o->memory.reorder_reads, 2u);
  EXPECT_EQ(o->memory.stall, 0.5);
  EXPECT_EQ(o->capture, "a/b.pcapng");
  EXPECT_EQ(o->line_gbps, 1);
  EXPECT_EQ(o->trace_to_us, 20);
  EXPECT_EQ(o->epoch_us, 5u);
  EXPECT_EQ(o->poll_cycles, 64u);
}

TEST(Options, AnUnknownOneIsNamedAndTheKnownAreListed) {
  const auto o = parse_board_options("?tapp=x");
  ASSERT_FALSE(o);
  EXPECT_EQ(o.error().code, Errc::unknown_option);
  EXPECT_EQ(o.error().code, std::errc::invalid_argument);
  EXPECT_NE(o.error().message().find("'tapp'"), std::string::npos);
  EXPECT_NE(o.error().message().find(" tap "), std::string::npos);
}

TEST(Options, ABadValueSaysWhatWasExpected) {
  for (const char* query :
       {"?loss=2", "?loss=-0.1", "?loss=", "?loss", "?flows=x", "?flows=0", "?flows=16x",
        "?loss=nan", "?capture=%zz", "?reorder_reads=3", "?tap="}) {
    const auto o = parse_board_options(query);
    ASSERT_FALSE(o) << query;
    EXPECT_EQ(o.error().code, Errc::bad_value) << query;
    EXPECT_NE(o.error().message().find("expected"), std::string::npos) << o.error().message();
  }
}

TEST(Options, WiresExcludeEachOther) {
  const auto board = Board::create(*parse_board_options("?tap=a&cable=b"));
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().code, Errc::conflict);
}

TEST(Options, AModelThatIsNotLinkedInIsRefused) {
  const auto board = Board::create(*parse_board_options("?variant=nonsense"));
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().code, Errc::no_variant);
  EXPECT_NE(board.error().message().find("nonsense"), std::string::npos);
}

}  // namespace
}  // namespace tautline::sim
