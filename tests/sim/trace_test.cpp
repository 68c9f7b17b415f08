// The waveform of the trace variant, read back with the reader that belongs to its writer.

#include <gtest/gtest.h>
#include <gtkwave/fstapi.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tautline/stack.hpp"
#include "tautline_sim/harness.hpp"

namespace tautline::sim {
namespace {

using namespace std::chrono_literals;

// Picoseconds: 6.4 ns a cycle, the clock is low in its first half.
constexpr std::uint64_t kPeriod = 6400;

// The changes of a few signals of the board's top, by name.
class Waveform {
 public:
  using Changes = std::map<std::uint64_t, std::string>;

  Waveform(const std::string& path, const std::vector<std::string>& names)
      : reader_(fstReaderOpen(path.c_str())) {
    if (reader_ == nullptr) {
      ADD_FAILURE() << path << " is no FST file";
      return;
    }
    first = fstReaderGetStartTime(reader_.get());
    last = fstReaderGetEndTime(reader_.get());
    timescale = fstReaderGetTimescale(reader_.get());
    fstReaderClrFacProcessMaskAll(reader_.get());
    while (const fstHier* const node = fstReaderIterateHier(reader_.get())) {
      if (node->htyp != FST_HT_VAR) continue;
      // "name [63:0]"; the same pin occurs in every scope that it passes.
      const std::string name(node->u.var.name, std::strcspn(node->u.var.name, " "));
      for (const std::string& wanted : names) {
        if (name != wanted || by_name_.contains(name)) continue;
        by_name_[name] = node->u.var.handle;
        fstReaderSetFacProcessMask(reader_.get(), node->u.var.handle);
      }
    }
    fstReaderIterBlocks(
        reader_.get(),
        [](void* self, std::uint64_t time, fstHandle handle, const unsigned char* value) {
          static_cast<Waveform*>(self)->changes_[handle][time] =
              reinterpret_cast<const char*>(value);
        },
        this, nullptr);
  }

  [[nodiscard]] const Changes& of(const std::string& name) const {
    static const Changes none;
    const auto handle = by_name_.find(name);
    if (handle == by_name_.end() || !changes_.contains(handle->second)) {
      ADD_FAILURE() << "no signal " << name;
      return none;
    }
    return changes_.at(handle->second);
  }
  // Binary digits as of a time; empty before the first.
  [[nodiscard]] std::string at(const std::string& name, std::uint64_t time) const {
    const Changes& changes = of(name);
    const auto after = changes.upper_bound(time);
    return after == changes.begin() ? std::string() : std::prev(after)->second;
  }
  [[nodiscard]] std::size_t rises(const std::string& name) const {
    std::size_t count = 0;
    for (const auto& [time, value] : of(name)) count += value == "1" && time != first;
    return count;
  }

  std::uint64_t first = 0;
  std::uint64_t last = 0;
  int timescale = 0;

 private:
  struct Close {
    void operator()(void* reader) const { fstReaderClose(reader); }
  };
  std::unique_ptr<void, Close> reader_;
  std::map<std::string, fstHandle> by_name_;
  std::map<fstHandle, Changes> changes_;
};

struct TraceFile {
  std::string path = ::testing::TempDir() + "tautline_trace_test_" + std::to_string(::getpid()) +
                     "_" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".fst";
  ~TraceFile() { ::unlink(path.c_str()); }
};

Result<std::shared_ptr<Board>> make(const std::string& query) {
  auto options = parse_board_options("?variant=trace&flows=16" + query);
  EXPECT_TRUE(options) << options.error().message();
  return Board::create(std::move(*options));
}

// A frame on its way to the board: an address that nobody has, so nothing comes back.
std::vector<std::byte> frame_of(std::size_t size, std::uint8_t fill) {
  std::vector<std::byte> frame(size, std::byte{fill});
  for (std::size_t i = 0; i < 6; ++i) frame[i] = std::byte{0x02};
  return frame;
}

TEST(Trace, ShowsTheWindowThatWasAskedForAndNothingElse) {
  TraceFile file;
  // 10 us and 20 us are cycles 1562.5 and 3125.
  constexpr Cycle from = 1563, to = 3125;
  std::vector<Frame> frames;
  {
    auto made = make("&trace_from=10&trace_to=20&trace=" + file.path);
    ASSERT_TRUE(made) << made.error().message();
    Board& board = **made;
    board.on_frame([&](const Frame& frame, bool) { frames.push_back(frame); });
    ASSERT_LT(board.cycle(), 1000u);
    // One frame before the window, two inside, one behind it.
    for (const Cycle cycle : {1000u, 1700u, 2500u, 3300u}) {
      board.run(cycle - board.cycle());
      board.give_frame(frame_of(70 + frames.size(), static_cast<std::uint8_t>(cycle)));
    }
    board.run(1000);
  }
  ASSERT_EQ(frames.size(), 4u);
  const Waveform wave(file.path, {"clk", "s_wire_tvalid", "s_wire_tdata", "s_wire_tlast"});
  EXPECT_EQ(wave.timescale, -12);
  EXPECT_EQ(wave.first, from * kPeriod);
  EXPECT_EQ(wave.last, (to - 1) * kPeriod + kPeriod / 2);
  EXPECT_EQ(wave.rises("clk"), to - from);
  EXPECT_EQ(wave.rises("s_wire_tvalid"), 2u) << "the frames inside";
  for (const Frame* frame : {&frames[1], &frames[2]}) {
    for (Cycle cycle = frame->first_cycle; cycle <= frame->last_cycle; ++cycle) {
      ASSERT_EQ(wave.at("s_wire_tvalid", cycle * kPeriod), "1") << cycle;
      EXPECT_EQ(wave.at("s_wire_tlast", cycle * kPeriod), cycle == frame->last_cycle ? "1" : "0");
      std::string digits;
      for (std::size_t lane = 8; lane-- > 0;) {
        const std::size_t at = (cycle - frame->first_cycle) * 8 + lane;
        const auto byte =
            at < frame->bytes.size() ? std::to_integer<unsigned>(frame->bytes[at]) : 0;
        for (unsigned bit = 8; bit-- > 0;) digits += (byte >> bit & 1) != 0 ? '1' : '0';
      }
      EXPECT_EQ(wave.at("s_wire_tdata", cycle * kPeriod), digits) << cycle;
    }
    EXPECT_EQ(wave.at("s_wire_tvalid", (frame->first_cycle - 1) * kPeriod), "0");
    EXPECT_EQ(wave.at("s_wire_tvalid", (frame->last_cycle + 1) * kPeriod), "0");
  }
}

TEST(Trace, WithoutAWindowBeginsInResetAndEndsWithTheBoard) {
  TraceFile file;
  Cycle end = 0;
  {
    auto made = make("&trace=" + file.path);
    ASSERT_TRUE(made) << made.error().message();
    (*made)->run(200);
    end = (*made)->cycle();
  }
  const Waveform wave(file.path, {"clk", "rst"});
  EXPECT_EQ(wave.first, kPeriod / 2);
  EXPECT_EQ(wave.last, end * kPeriod);
  EXPECT_EQ(wave.at("rst", kPeriod / 2), "1");
  EXPECT_EQ(wave.at("rst", end * kPeriod), "0");
}

TEST(Trace, SkippedTimeHasNoEdges) {
  TraceFile file;
  BoardStats before, after;
  {
    auto made = make("&trace_from=1000&trace=" + file.path);
    ASSERT_TRUE(made) << made.error().message();
    Board& board = **made;
    ASSERT_TRUE(board.advance_to_quiescence(900us));
    board.advance(950us - std::chrono::nanoseconds(board.time()));
    before = board.stats();
    board.advance(1s);
    board.give_frame(frame_of(64, 1));
    board.advance_to_quiescence(1ms);
    after = board.stats();
  }
  const Waveform wave(file.path, {"clk", "s_wire_tvalid"});
  EXPECT_GE(wave.first, 1'000'000'000u);
  EXPECT_GE(wave.last, 1'000'000'000'000u) << "true times behind a skipped second";
  EXPECT_EQ(wave.rises("s_wire_tvalid"), 1u);
  EXPECT_LE(wave.rises("clk"), after.executed - before.executed);
  EXPECT_GT(after.skipped - before.skipped, 100'000'000u);
}

TEST(Trace, AFileThatCannotBeWrittenIsRefused) {
  auto made = make("&trace=/nonexistent/directory/x.fst");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::bad_file);
}

}  // namespace
}  // namespace tautline::sim
