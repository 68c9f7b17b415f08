// Holds the engine's figures. Latencies are exact: a change of any of them is a decision, and is
// written down here and in docs/performance.md. The design's goals stand beside them.
#include <gtest/gtest.h>

#include <string>

#include "measure.hpp"

namespace tautline::bench {
namespace {

const Model kSmall{.variant = "assert", .flows = 16};
const Model kLarge{.variant = "assert", .flows = 256};

TEST(EngineCycles, FromAFrameToItsEvent) {
  const ReceiveLatency small = MeasureReceive(kSmall, 6), large = MeasureReceive(kSmall, 1460);
  EXPECT_EQ(small.first_word_to_event, 10U);
  EXPECT_EQ(small.last_word_to_event, 3U);
  EXPECT_EQ(large.last_word_to_event, 3U);
}

TEST(EngineCycles, FromAFrameToItsAcknowledgment) {
  EXPECT_EQ(MeasureReceive(kSmall, 6).last_word_to_ack, 13U);
  EXPECT_EQ(MeasureReceive(kSmall, 1460).last_word_to_ack, 13U);
  EXPECT_EQ(MeasureReceive(kLarge, 1).last_word_to_ack, 13U) << "it depends on the number of flows";
}

TEST(EngineCycles, FromASendDecisionToTheFirstWord) {
  EXPECT_EQ(MeasureReceive(kSmall, 6).decision_to_ack_word, 2U);
  for (const std::size_t payload : {1, 8, 1460}) {
    EXPECT_EQ(MeasureSend(kSmall, payload).decision_to_word, 2U) << payload << " bytes";
  }
}

TEST(EngineCycles, FromTheSendCallToTheFirstWord) {
  const SendLatency few = MeasureSend(kSmall, 8), full = MeasureSend(kSmall, 1460);
  EXPECT_EQ(few.push_to_word, 23U);
  EXPECT_EQ(few.doorbell_to_word, few.memory_latency + 18);
  // A write is told to the flow when its last burst has landed: 183 words, three burst ends.
  EXPECT_EQ(full.doorbell_to_word, full.memory_latency + 265);
}

TEST(EngineCycles, FromTheThirdDuplicateAckToTheRetransmission) {
  EXPECT_EQ(MeasureFastRetransmit(kSmall), 13U);
  // Behind the frame under way, and the next if it was decided already.
  EXPECT_LE(MeasureFastRetransmitBusy(kSmall, 4), 193U + 32U);
}

TEST(EngineCycles, FromAPingOrASynToTheAnswer) {
  EXPECT_EQ(MeasurePing(kSmall, 56), 5U);
  EXPECT_LE(MeasureSyn(kSmall), 30U);
}

struct Small {
  const char* name;
  Load load;
};
void PrintTo(const Small& small, std::ostream* out) {
  *out << small.name;
}

struct LineRate : ::testing::TestWithParam<Small> {};

TEST_P(LineRate, OfShortestFramesDropsNothing) {
  const LoadResult r = MeasureLoad(GetParam().load);
  EXPECT_EQ(r.no_room, 0U);
  EXPECT_EQ(r.gaps, 0U);
  EXPECT_TRUE(r.complete) << r.bytes_in << " bytes in, " << r.bytes_out << " bytes out";
  EXPECT_GE(r.line_in, 0.995);
  EXPECT_GE(r.line_out, 0.99);
  EXPECT_GE(r.least_issue_spacing, GetParam().load.flows == 1 ? 4U : 1U);
}

INSTANTIATE_TEST_SUITE_P(
    EngineCycles, LineRate,
    ::testing::Values(
        Small{"OneFlowAcknowledged", {.model = kSmall, .in = 6, .quickack = true}},
        Small{"OneFlowBothWays", {.model = kSmall, .in = 6, .out = 6}},
        Small{"AllFlowsAcknowledged", {.model = kSmall, .flows = 16, .in = 6, .quickack = true}},
        Small{"AllFlowsBothWays", {.model = kSmall, .flows = 16, .in = 6, .out = 6}},
        Small{"ManyFlowsAcknowledged", {.model = kLarge, .flows = 256, .in = 6, .quickack = true}},
        Small{"ManyFlowsBothWays", {.model = kLarge, .flows = 256, .in = 6, .out = 6}}),
    [](const auto& load) { return std::string(load.param.name); });

TEST(EngineCycles, FullSegmentsFillTheLineInEachDirection) {
  for (const unsigned flows : {1U, 16U}) {
    const LoadResult in = MeasureLoad({.model = kSmall, .flows = flows, .in = 1460});
    EXPECT_TRUE(in.complete);
    EXPECT_EQ(in.no_room, 0U);
    EXPECT_GE(in.line_in, 0.99);
    const LoadResult out = MeasureLoad({.model = kSmall, .flows = flows, .out = 1460});
    EXPECT_TRUE(out.complete);
    EXPECT_GE(out.line_out, 0.99);
  }
}

TEST(EngineCycles, FullSegmentsFillTheLineInBothDirectionsAtOnce) {
  const LoadResult r = MeasureLoad({.model = kSmall, .in = 1460, .out = 1460});
  EXPECT_TRUE(r.complete);
  EXPECT_EQ(r.no_room, 0U);
  EXPECT_GE(r.line_in, 0.99);
  EXPECT_GE(r.line_out, 0.99);
}

}  // namespace
}  // namespace tautline::bench
