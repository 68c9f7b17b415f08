// tl_usb between a scripted host (frames) and a scripted engine (the host port's other side).

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <functional>
#include <vector>

#include "Vtl_usb_tb.h"
#include "regs.hpp"
#include "rtl_bench.hpp"
#include "stream_frames.hpp"

namespace tautline::test {
namespace {

constexpr unsigned kFlows = 16;
constexpr std::uint32_t kStore = 1u << 14;
constexpr unsigned kRxBytes = 4096;
constexpr unsigned kWord = sizeof(Vtl_usb_tb::rx_data);

std::uint8_t stream_byte(unsigned flow, std::uint32_t p, bool rx) {
  return static_cast<std::uint8_t>(
      ((std::uint64_t{p} << 20 ^ flow << 3 ^ (rx ? 1u : 0u)) * 0x9E3779B97F4A7C15ull) >> 56);
}

class Usb : public testing::Test {
 protected:
  struct Append {
    unsigned flow, gen, more;
    std::uint32_t pos, len;
    std::uint64_t cycle;
    Bytes data;
  };
  struct Place {
    unsigned flow, gen;
    std::uint32_t pos;
    std::uint64_t cycle = 0;
  };
  struct Range {
    unsigned flow, gen;
    std::uint32_t pos, len, delivered;
  };
  struct Event {
    bool completion;
    unsigned flow, gen, tag;
    std::uint32_t delivered;
  };

  Usb() {
    auto& d = *bench;
    d.s_byte_valid = 0;
    d.m_byte_ready = 1;
    d.now_us = 0;
    d.engine_ready = d.engine_quiet = 1;
    d.cmd_ready = d.taken_ready = d.app_ready = d.app_data_ready = 1;
    d.evt_valid = d.life_valid = d.rx_valid = d.rx_data_valid = d.space_valid = 0;
    bench.reset(4);
    run(40);
  }

  // ---------------------------------------------------------------- the host
  void raw(const Bytes& bytes) { to_board.insert(to_board.end(), bytes.begin(), bytes.end()); }
  void send(FrameType type, Bytes payload = {}) {
    raw(encode({.type = type, .seq = seq++, .credit = host_credit, .payload = std::move(payload)}));
  }
  void hello(std::uint32_t nonce = 0x600DCAFE, std::uint32_t buffer = 0x8000) {
    seq = 0;
    send(kHello, words({regs::stream_version, regs::expected_map_hash, nonce, buffer}));
  }
  void write(std::uint32_t offset, std::uint32_t value) { send(kWrite, words({offset, value})); }
  std::uint32_t read(std::uint32_t offset) {
    const auto before = answers.frames.size();
    send(kRead, words({offset, 0}));
    until([&] {
      for (auto i = before; i < answers.frames.size(); ++i)
        if (answers.frames[i].type == kValue) return true;
      return false;
    });
    for (auto i = before; i < answers.frames.size(); ++i)
      if (answers.frames[i].type == kValue) return answers.frames[i].word(0);
    return 0xDEAD'DEAD;
  }
  void send_data(unsigned flow, unsigned gen, std::uint32_t pos, std::uint32_t len,
                 bool more = false) {
    Bytes p = words({flow | (more ? 1u << 16 : 0) | gen << 24, pos});
    for (std::uint32_t i = 0; i < len; ++i) p.push_back(stream_byte(flow, pos + i, false));
    send(kSend, std::move(p));
  }
  void command(unsigned op, unsigned cookie) {
    Bytes run_of = words({regs::cmd0::offset, cookie << 16 | op});
    for (std::uint32_t i = 1; i < 8; ++i) put32(run_of, 100 + i);
    send(kWrite, run_of);
  }
  void attach() {
    answers.frames.clear();
    reset_seen = false;
    hello();
    until([&] { return answered(kHello) == 1; });
    until([&] { return reset_seen && !bench->engine_rst; });
    for (unsigned f = 0; f < kFlows; ++f) lives.push_back({f, 0, 0});
    until([&] { return lives.empty() && spaces.empty(); });
    run(20);
    write(regs::control::offset, 1);
    until([&] { return bench->cfg_enable; });
  }
  std::size_t answered(FrameType type) const {
    std::size_t n = 0;
    for (const auto& f : answers.frames) n += f.type == type;
    return n;
  }
  const StreamFrame& last(FrameType type) const {
    static const StreamFrame none;
    for (auto f = answers.frames.rbegin(); f != answers.frames.rend(); ++f)
      if (f->type == type) return *f;
    ADD_FAILURE() << "no answer of type " << int{type};
    return none;
  }

  // ---------------------------------------------------------------- time
  void run(int n) {
    while (n-- > 0) tick();
  }
  void until(const std::function<bool()>& done, int limit = 60'000) {
    for (int i = 0; i < limit; ++i) {
      if (done()) return;
      tick();
    }
    ADD_FAILURE() << "nothing came in " << limit << " cycles";
  }
  void settle() {
    int calm = 0;
    until([&] {
      calm = bench->busy || !to_board.empty() || !ranges.empty() || !events.empty() ? 0 : calm + 1;
      return calm > 8;
    });
  }

  void tick() {
    auto& d = *bench;
    d.s_byte_valid = !to_board.empty() && !random.chance(host_pauses);
    d.s_byte_data = to_board.empty() ? 0 : to_board.front();
    d.m_byte_ready = !random.chance(link_pauses) && !hold_link;
    d.app_ready = !random.chance(engine_pauses) && !hold_appends;
    d.app_data_ready = !random.chance(engine_pauses);
    d.life_valid = !lives.empty() && bench.cycle() >= next_life;
    if (d.life_valid) {
      d.life_flow = lives.front().flow;
      d.life_gen = lives.front().gen;
      spaces.push_back({lives.front().flow, lives.front().gen, kStore, bench.cycle() + 4});
      lives.pop_front();
      next_life = bench.cycle() + 4;
    }
    d.space_valid = !spaces.empty() && bench.cycle() >= spaces.front().cycle;
    if (d.space_valid) {
      d.space_flow = spaces.front().flow;
      d.space_gen = spaces.front().gen;
      d.space_pos = spaces.front().pos;
      spaces.pop_front();
    }
    d.rx_valid = rx_words == 0 && !ranges.empty();
    if (d.rx_valid) {
      d.rx_flow = ranges.front().flow;
      d.rx_gen = ranges.front().gen;
      d.rx_pos = ranges.front().pos;
      d.rx_len = ranges.front().len;
      d.rx_delivered = ranges.front().delivered;
    }
    d.rx_data_valid = rx_words > 0;
    if (d.rx_data_valid) {
      Bytes word(kWord);
      const std::uint32_t base = (range.pos / kWord + rx_word) * kWord;
      for (unsigned i = 0; i < kWord; ++i)
        word[i] = base + i - range.pos < range.len ? stream_byte(range.flow, base + i, true) : 0xEE;
      std::memcpy(&d.rx_data, word.data(), kWord);
      d.rx_data_last = rx_words == 1;
    }
    d.evt_valid = !events.empty();
    if (d.evt_valid) {
      const Event& e = events.front();
      d.evt_is_cpl = e.completion;
      d.evt_flow = e.flow;
      d.st_gen = d.cpl_gen = e.gen;
      d.st_tag = e.tag;
      d.cpl_cookie = e.tag;
      d.evt_delivered = e.delivered;
    }
    bench.settle();
    const std::uint64_t now = bench.cycle();
    if (d.s_byte_valid && d.s_byte_ready) {
      to_board.pop_front();
      last_in = now;
    }
    if (d.m_byte_valid && d.m_byte_ready) answers.push(d.m_byte_data, now);
    if (d.m_byte_valid && first_out == 0) first_out = now;
    if (d.app_data_valid && d.app_data_ready) {
      Append& a = appends.back();
      Bytes word(kWord);
      std::memcpy(word.data(), &d.app_data, kWord);
      while (a.data.size() < a.len) {
        const unsigned lane = (a.pos + a.data.size()) % kWord;
        a.data.push_back(word[lane]);
        if (lane == kWord - 1) break;
      }
    }
    if (d.app_valid && d.app_ready)
      appends.push_back({d.app_flow, d.app_gen, d.app_more, d.app_pos, d.app_len, now, {}});
    if (d.taken_valid && d.taken_ready)
      taken.push_back({d.taken_flow, d.taken_gen, d.taken_pos, now});
    if (d.landed_valid) landed.push_back({d.landed_flow, d.landed_gen, d.landed_pos, now});
    if (d.cmd_valid) {
      commands.push_back({d.cmd_op, d.cmd_cookie, d.cmd_arg1});
    }
    if (d.rx_data_valid && d.rx_data_ready) {
      --rx_words;
      ++rx_word;
    }
    if (d.rx_valid && d.rx_ready) {
      range = ranges.front();
      ranges.pop_front();
      rx_word = 0;
      rx_words = (range.pos % kWord + range.len + kWord - 1) / kWord;
    }
    if (d.evt_valid && d.evt_ready) events.pop_front();
    reset_seen |= d.engine_rst;
    if (d.engine_rst) {
      rx_words = 0;
      ranges.clear();
      events.clear();
    }
    for (unsigned i = 0; i < 64; ++i) counters[i] += d.cnt >> i & 1;
    bench.tick();
  }
  std::uint32_t counter(regs::Counter c) const { return counters[static_cast<unsigned>(c)]; }

  Bench<Vtl_usb_tb> bench;
  Random random;
  std::deque<std::uint8_t> to_board;
  Decoder answers;
  std::uint8_t seq = 0, host_credit = 0;
  unsigned host_pauses = 0, link_pauses = 0, engine_pauses = 0;
  bool hold_link = false, hold_appends = false, reset_seen = false;
  std::deque<Place> lives, spaces;
  std::deque<Range> ranges;
  std::deque<Event> events;
  Range range{};
  std::uint32_t rx_words = 0, rx_word = 0;
  std::uint64_t next_life = 0, last_in = 0, first_out = 0;
  std::vector<Append> appends;
  std::vector<Place> taken, landed;
  struct Command {
    unsigned op, cookie;
    std::uint32_t arg1;
  };
  std::vector<Command> commands;
  std::array<std::uint32_t, 64> counters{};
};

TEST_F(Usb, SaysNothingAndDoesNothingBeforeHello) {
  write(regs::control::offset, 1);
  send(kPing);
  run(200);
  EXPECT_TRUE(answers.frames.empty());
  EXPECT_EQ(bench->link_up, 0);
  EXPECT_EQ(bench->cfg_enable, 0);
}

TEST_F(Usb, AnswersHelloWithItsVersionMapBufferAndSpaceAndResetsTheEngine) {
  hello(0x12345678);
  until([&] { return answered(kHello) == 1; });
  const StreamFrame& f = last(kHello);
  EXPECT_EQ(f.word(0), regs::stream_version | 14u << 16);
  EXPECT_EQ(f.word(1), regs::expected_map_hash);
  EXPECT_EQ(f.word(2), 0x12345678u);
  EXPECT_EQ(f.word(3), kRxBytes);
  EXPECT_EQ(f.seq, 0);
  EXPECT_EQ(bench->link_up, 1);
  run(30);
  EXPECT_TRUE(reset_seen);
}

TEST_F(Usb, ReadsAndWritesRegistersSingleAndInRuns) {
  attach();
  EXPECT_EQ(read(regs::id::offset), regs::id::reset_value);
  EXPECT_EQ(read(regs::map_hash::offset), regs::expected_map_hash);
  write(regs::ip::offset, 0x0A000001);
  EXPECT_EQ(read(regs::ip::offset), 0x0A000001u);
  EXPECT_EQ(bench->cfg_ip, 0x0A000001u);
  // A counter is read through the engine; an offset without register reads zero.
  EXPECT_EQ(read(regs::counter_base + 4 * 7), (2u << 30 | 7u << 24 | 7u << 8 | 0xA5));
  EXPECT_EQ(read(0x10000), 0u);
  // A whole command in one message.
  command(3, 0x42);
  until([&] { return commands.size() == 1; });
  EXPECT_EQ(commands[0].op, 3u);
  EXPECT_EQ(commands[0].cookie, 0x42u);
  EXPECT_EQ(commands[0].arg1, 105u);
}

TEST_F(Usb, AppendsBytesAtAnyPositionAndLength) {
  attach();
  engine_pauses = 30;
  std::uint32_t pos = 0;
  for (int i = 0; i < 60; ++i) {
    const auto len = static_cast<std::uint32_t>(1 + random.below(i % 5 == 0 ? 1024 : 40));
    if (pos + len > kStore) break;
    send_data(5, 0, pos, len, i % 2 == 0);
    until([&] { return to_board.empty(); });
    settle();
    ASSERT_FALSE(appends.empty());
    EXPECT_EQ(appends.back().more, i % 2 == 0 ? 1u : 0u);
    pos += len;
  }
  Bytes all;
  for (const auto& a : appends) {
    EXPECT_EQ(a.flow, 5u);
    EXPECT_EQ(a.pos, all.size());
    all.insert(all.end(), a.data.begin(), a.data.end());
  }
  ASSERT_EQ(all.size(), pos);
  for (std::uint32_t p = 0; p < pos; ++p) ASSERT_EQ(all[p], stream_byte(5, p, false)) << p;
  EXPECT_EQ(counter(regs::Counter::doorbell_bad), 0u);
}

TEST_F(Usb, DropsAndCountsBytesThatDoNotFollowOrPassTheSpaceOrNameAnotherLife) {
  attach();
  send_data(1, 0, 4, 8);  // a gap
  settle();
  send_data(1, 0, 0, 8);
  settle();
  send_data(1, 0, 0, 8);  // again
  settle();
  EXPECT_EQ(counter(regs::Counter::doorbell_bad), 2u);
  send_data(1, 3, 8, 8);  // another life
  settle();
  EXPECT_EQ(counter(regs::Counter::stale_gen), 1u);
  send_data(kFlows + 3, 0, 0, 8);  // no such flow
  settle();
  EXPECT_EQ(counter(regs::Counter::doorbell_bad), 3u);
  for (std::uint32_t p = 8; p < kStore - 8; p += 1016) {
    send_data(1, 0, p, std::min(1016u, kStore - 8 - p));
    until([&] { return to_board.empty(); });
  }
  settle();
  const auto before = appends.size();
  send_data(1, 0, kStore - 8, 9);  // one byte too many
  settle();
  EXPECT_EQ(appends.size(), before);
  EXPECT_EQ(counter(regs::Counter::doorbell_bad), 4u);
  spaces.push_back({1, 0, kStore + 16, 0});
  settle();
  send_data(1, 0, kStore - 8, 9);
  settle();
  EXPECT_EQ(appends.size(), before + 1);
  EXPECT_EQ(bench->link_up, 1);
}

TEST_F(Usb, PassesReadPositionsUpToWhatHasLanded) {
  attach();
  ranges.push_back({3, 0, 0, 100, 100});
  settle();
  ASSERT_EQ(landed.size(), 1u);
  send(kTaken, words({3u, 60}));
  settle();
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].pos, 60u);
  send(kTaken, words({3u, 50}));   // backwards
  send(kTaken, words({3u, 101}));  // beyond
  send(kTaken, words({3u | 9u << 24, 70}));
  settle();
  EXPECT_EQ(taken.size(), 1u);
  EXPECT_EQ(counter(regs::Counter::doorbell_bad), 2u);
  EXPECT_EQ(counter(regs::Counter::stale_gen), 1u);
}

TEST_F(Usb, DeliversRangesBeforeTheStatusThatSpeaksOfThem) {
  attach();
  command(3, 0x77);
  settle();
  const auto first_seq = static_cast<std::uint8_t>(answers.frames.back().seq + 1);
  answers.frames.clear();
  link_pauses = 30;
  for (unsigned i = 0; i < 20; ++i)
    ranges.push_back({i % kFlows, 0, 1 + 13 * i, 1 + 71 * i, 14 + 84 * i});
  settle();
  events.push_back({false, 7, 0, 0x5555AAAA, 4242});
  events.push_back({true, 8, 0, 0x77, 0});
  settle();
  EXPECT_EQ(landed.size(), 20u);
  EXPECT_EQ(landed[19].pos, 14u + 84 * 19);
  unsigned delivered = 0;
  for (const auto& f : answers.frames) {
    if (f.type != kDeliver) continue;
    const unsigned i = delivered++;
    EXPECT_EQ(f.word(0), i % kFlows);
    EXPECT_EQ(f.word(1), 1 + 13 * i);
    ASSERT_EQ(f.payload.size(), 8 + 1 + 71 * i);
    for (std::uint32_t k = 0; k < 1 + 71 * i; ++k)
      ASSERT_EQ(f.payload[8 + k], stream_byte(i % kFlows, 1 + 13 * i + k, true)) << i << ' ' << k;
  }
  EXPECT_EQ(delivered, 20u);
  ASSERT_EQ(answered(kEntry), 2u);
  const auto& status = *(answers.frames.rbegin() + 1);
  EXPECT_EQ(status.payload.size(), 44u);
  EXPECT_EQ(status.word(0), 7u | 1u << 16);
  EXPECT_EQ(status.word(1), 0x5555AAAAu);
  EXPECT_EQ(status.word(6), 4242u);
  EXPECT_EQ(last(kEntry).payload.size(), 52u);
  EXPECT_EQ(last(kEntry).word(0), 8u | 2u << 16);
  EXPECT_EQ(last(kEntry).word(1) & 0xFFFF, 0x77u);
  EXPECT_EQ(answers.garbage, 0u);
  // Sequence numbers have no gap.
  for (std::size_t i = 0; i < answers.frames.size(); ++i)
    EXPECT_EQ(answers.frames[i].seq, (first_seq + i) & 0xFF);
}

TEST_F(Usb, ReportsSpaceOnceAFlowHoweverOftenItGrew) {
  attach();
  EXPECT_EQ(answered(kSpace), 0u) << "the first limit is in HELLO";
  hold_link = true;
  for (unsigned i = 1; i <= 50; ++i) {
    spaces.push_back({2, 0, kStore + 16 * i, 0});
    spaces.push_back({9, 0, kStore + 32 * i, 0});
    run(10);
  }
  hold_link = false;
  settle();
  EXPECT_LE(answered(kSpace), 5u);
  std::uint32_t limits[kFlows] = {};
  for (const auto& f : answers.frames)
    if (f.type == kSpace) limits[f.word(0) & 0xFF] = f.word(1);
  EXPECT_EQ(limits[2], kStore + 800);
  EXPECT_EQ(limits[9], kStore + 1600);
}

TEST_F(Usb, StopsWithoutCreditFromTheHostAndGoesOnWithIt) {
  hello(1, 0x1000);
  until([&] { return answered(kHello) == 1; });
  run(40);
  write(regs::control::offset, 1);
  settle();
  for (unsigned i = 0; i < 10; ++i) ranges.push_back({0, 0, 1000 * i, 1000, 1000 * i + 1000});
  run(20'000);
  // 1,012 bytes a frame: four fit into 4,096.
  EXPECT_EQ(answered(kDeliver), 4u);
  EXPECT_EQ(read(regs::id::offset), regs::id::reset_value) << "answers need no credit";
  host_credit = 4;  // 1,024 more
  send(kCredit);
  run(5'000);
  EXPECT_EQ(answered(kDeliver), 5u);
  host_credit = 40;
  send(kCredit);
  run(20'000);
  EXPECT_EQ(answered(kDeliver), 10u);
}

TEST_F(Usb, ReturnsCreditForEveryByteThatLeftItsBuffer) {
  attach();
  std::uint32_t cost = 12 + 20 * 0;
  for (std::uint32_t p = 0; p < 8192; p += 1024) {
    send_data(0, 0, p, 1024);
    cost += 1024 + 8 + 4;
    until([&] { return to_board.empty(); });
  }
  settle();
  send(kPing);
  settle();
  EXPECT_EQ(last(kCredit).credit, static_cast<std::uint8_t>(cost / 256));
  EXPECT_EQ(bench->link_up, 1);
}

TEST_F(Usb, EndsTheSessionWhenTheHostOverrunsItsBuffer) {
  attach();
  hold_appends = true;
  for (std::uint32_t p = 0; p < 6 * 1024; p += 1024) send_data(0, 0, p, 1024);
  run(8'000);
  EXPECT_EQ(bench->link_up, 0);
  EXPECT_EQ(answered(kLost), 1u);
  EXPECT_EQ(bench->cfg_enable, 0);
}

TEST_F(Usb, AnswersPingAndHearsCreditWhileItsBufferIsFull) {
  attach();
  hold_appends = true;
  for (std::uint32_t p = 0; p < 3 * 1024; p += 1024) send_data(0, 0, p, 1024);
  run(4'000);
  const auto before = answered(kCredit);
  send(kPing);
  run(200);
  EXPECT_EQ(answered(kCredit), before + 1);
  EXPECT_EQ(bench->link_up, 1);
}

TEST_F(Usb, FindsTheNextFrameAfterGarbage) {
  attach();
  for (int round = 0; round < 50; ++round) {
    Bytes noise;
    const auto n = random.below(40);
    for (std::uint64_t i = 0; i < n; ++i)
      noise.push_back(random.chance(30) ? 0xA7 : static_cast<std::uint8_t>(random.bits()));
    raw(noise);
    write(regs::gateway::offset, 1000u + static_cast<std::uint32_t>(round));
    EXPECT_EQ(read(regs::gateway::offset), 1000u + static_cast<std::uint32_t>(round));
  }
  EXPECT_EQ(bench->link_up, 1);
  EXPECT_GT(counter(regs::Counter::link_bad_frame), 10u);
  EXPECT_LE(counter(regs::Counter::link_bad_frame), 50u);
}

TEST_F(Usb, EndsTheSessionAtAWrongCrcAndTakesTheNextHello) {
  attach();
  Bytes bad = encode({.type = kWrite, .seq = seq++, .payload = words({regs::ip::offset, 77})});
  bad[10] ^= 0x40;
  raw(bad);
  write(regs::gateway::offset, 5);
  run(300);
  EXPECT_EQ(bench->link_up, 0);
  EXPECT_EQ(answered(kLost), 1u);
  EXPECT_EQ(bench->cfg_ip, 0u);
  EXPECT_EQ(bench->cfg_enable, 0) << "a link that lost bytes is stopped";
  reset_seen = false;
  hello(99);
  until([&] { return answered(kHello) == 2; });
  run(40);
  EXPECT_TRUE(reset_seen);
  EXPECT_EQ(last(kHello).word(2), 99u);
  EXPECT_EQ(bench->link_up, 1);
  EXPECT_EQ(read(regs::gateway::offset), 0u) << "what came after the gap was not done";
  EXPECT_EQ(read(regs::control::offset), 0u) << "a new session takes back enable";
}

TEST_F(Usb, EndsTheSessionAtATruncatedFrameAndAtALostOne) {
  for (const bool whole : {false, true}) {
    attach();
    Bytes frame = encode({.type = kWrite, .seq = seq++, .payload = words({regs::ip::offset, 77})});
    if (!whole) raw(Bytes(frame.begin(), frame.begin() + 11));
    // What follows is swallowed as the rest of it, or shows the gap.
    for (int i = 0; i < 3; ++i) send(kPing);
    run(400);
    EXPECT_EQ(bench->link_up, 0) << whole;
    EXPECT_EQ(answered(kLost), 1u) << whole;
    EXPECT_EQ(bench->cfg_ip, 0u);
  }
}

TEST_F(Usb, EndsTheSessionAtAMessageThatMakesNoSense) {
  const std::vector<std::pair<int, Bytes>> cases{
      {kRead, words({0, 0, 0})},     // too long
      {kRead, words({0})},           // too short
      {kSend, words({0, 0})},        // no bytes
      {kTaken, words({0, 0, 0})},    // too long
      {kWrite, Bytes(10, 0)},        // half a word
      {kCredit, words({0, 0})},      // has no payload
      {kDeliver, words({0, 0, 0})},  // the board's
      {77, words({0, 0})},           // nobody's
  };
  for (const auto& [type, payload] : cases) {
    SCOPED_TRACE(type);
    attach();
    send(static_cast<FrameType>(type), payload);
    run(200);
    EXPECT_EQ(bench->link_up, 0);
    EXPECT_EQ(answered(kLost), 1u);
  }
}

TEST_F(Usb, FinishesTheFrameUnderWayBeforeItAnswersANewHello) {
  attach();
  link_pauses = 50;
  ranges.push_back({3, 0, 0, 1400, 1400});
  events.push_back({false, 7, 0, 1, 0});
  run(200);
  reset_seen = false;
  hello(7);
  until([&] { return answered(kHello) == 2; });
  until([&] { return reset_seen && !bench->engine_rst; });
  EXPECT_EQ(answers.garbage, 0u);
  EXPECT_EQ(answered(kDeliver), 1u);
  EXPECT_EQ(read(regs::id::offset), regs::id::reset_value);
}

TEST_F(Usb, SurvivesNoiseOfEveryKindAndAttachesAfterIt) {
  for (int round = 0; round < 20; ++round) {
    raw(Bytes(1100, 0));  // ends whatever frame the noise began
    attach();
    for (int i = 0; i < 20; ++i) {
      Bytes f =
          encode({.type = static_cast<std::uint8_t>(random.below(14)),
                  .seq = seq++,
                  .credit = static_cast<std::uint8_t>(random.bits()),
                  .payload = Bytes(random.below(60), static_cast<std::uint8_t>(random.bits()))});
      if (random.chance(20)) f[random.below(f.size())] ^= 1u << random.below(8);
      if (random.chance(10)) f.resize(random.below(f.size()));
      raw(f);
    }
    host_credit = 0;
    until([&] { return to_board.empty(); });
    settle();
    appends.clear();
  }
  raw(Bytes(1100, 0));
  attach();
  EXPECT_EQ(read(regs::id::offset), regs::id::reset_value);
  send_data(4, 0, 0, 50);
  settle();
  ASSERT_EQ(appends.size(), 1u);
}

TEST_F(Usb, KeepsItsLatenciesAndCarriesAByteACycle) {
  attach();
  settle();
  send_data(2, 0, 0, 64);
  until([&] { return appends.size() == 1; });
  EXPECT_EQ(appends[0].cycle - last_in, 17u) << "last byte of a frame -> append";
  settle();
  first_out = 0;
  ranges.push_back({3, 0, 0, 1024, 1024});
  std::uint64_t begin = bench.cycle();
  until([&] { return first_out != 0; });
  EXPECT_EQ(first_out - begin, 3u) << "range -> first byte";
  settle();
  // Twenty bytes beside the payload: 2.0 % of 1,024.
  const StreamFrame& f = last(kDeliver);
  EXPECT_EQ(f.last_cycle - f.first_cycle + 1, 1024u + 20u);
  first_out = 0;
  events.push_back({false, 7, 0, 1, 0});
  begin = bench.cycle();
  until([&] { return first_out != 0; });
  EXPECT_EQ(first_out - begin, 3u) << "event -> first byte";
  settle();
  // Many frames: what a byte costs.
  begin = bench.cycle();
  for (std::uint32_t p = 64; p < 64 + 8 * 1024; p += 1024) send_data(2, 0, p, 1024);
  until([&] { return to_board.empty(); });
  EXPECT_LE(last_in - begin, 8u * (1024 + 20 + 2) + 8);
  settle();
  EXPECT_EQ(bench->link_up, 1);
}

}  // namespace
}  // namespace tautline::test
