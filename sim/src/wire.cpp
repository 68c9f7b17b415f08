#include "tautline_sim/wire.hpp"

#include <algorithm>
#include <utility>

namespace tautline::sim {

// ---------------------------------------------------------------------------------- HarnessWire
const char* HarnessWire::send(Frame frame) {
  from_board_.push_back(std::move(frame));
  return nullptr;
}

std::optional<Frame> HarnessWire::receive(Nanos now) {
  if (to_board_.empty() || to_board_.front().time > now) return std::nullopt;
  Frame frame = std::move(to_board_.front());
  to_board_.pop_front();
  return frame;
}

Nanos HarnessWire::next_event() const {
  return to_board_.empty() ? kNever : to_board_.front().time;
}

void HarnessWire::give(std::span<const std::byte> bytes, Nanos time, bool bad) {
  Frame frame;
  frame.bytes.assign(bytes.begin(), bytes.end());
  frame.time = to_board_.empty() ? time : std::max(time, to_board_.back().time);
  frame.bad = bad;
  to_board_.push_back(std::move(frame));
}

std::optional<Frame> HarnessWire::take() {
  if (from_board_.empty()) return std::nullopt;
  Frame frame = std::move(from_board_.front());
  from_board_.pop_front();
  return frame;
}

// ---------------------------------------------------------------------------------- CableWire
std::pair<std::unique_ptr<CableWire>, std::unique_ptr<CableWire>> CableWire::make(Nanos delay) {
  auto there = std::make_shared<Lane>();
  auto back = std::make_shared<Lane>();
  return {std::unique_ptr<CableWire>(new CableWire(delay, there, back)),
          std::unique_ptr<CableWire>(new CableWire(delay, back, there))};
}

const char* CableWire::send(Frame frame) {
  frame.time += delay_;
  frame.comment = nullptr;
  // A link model in front may hand frames over late, never in the wrong order.
  if (!out_->empty()) frame.time = std::max(frame.time, out_->back().time);
  out_->push_back(std::move(frame));
  return nullptr;
}

std::optional<Frame> CableWire::receive(Nanos now) {
  if (in_->empty() || in_->front().time > now) return std::nullopt;
  Frame frame = std::move(in_->front());
  in_->pop_front();
  return frame;
}

Nanos CableWire::next_event() const {
  return in_->empty() ? kNever : in_->front().time;
}

// ---------------------------------------------------------------------------------- Impairment
Impairment::Impairment(const ImpairmentConfig& config, Random random)
    : config_(config),
      loss_(random.split()),
      duplicate_(random.split()),
      reorder_(random.split()),
      corrupt_(random.split()),
      jitter_(random.split()) {}

void Impairment::flip(Frame& frame) {
  const std::size_t bit = corrupt_.below(frame.bytes.size() * 8);
  const bool unseen = corrupt_.chance(0.5);
  const std::size_t at = bit / 8;
  bool inside_ip = false;
  if (frame.bytes.size() >= 34 && frame.bytes[12] == std::byte{0x08} &&
      frame.bytes[13] == std::byte{0x00}) {
    const std::size_t total = std::to_integer<std::size_t>(frame.bytes[16]) << 8 |
                              std::to_integer<std::size_t>(frame.bytes[17]);
    inside_ip = at >= 14 && at < 14 + total;
  }
  frame.bytes[at] ^= std::byte{1} << (bit % 8);
  if (!inside_ip || !unseen) frame.bad = true;
}

const char* Impairment::schedule(Frame frame) {
  if (config_.rate_mbps > 0) {
    while (!departures_.empty() && departures_.front() <= frame.time) departures_.pop_front();
    if (departures_.size() >= config_.queue) {
      ++counts_.queue_full;
      frame.comment = "dropped: queue full";
      if (on_drop) on_drop(frame);
      return "dropped: queue full";
    }
    const double bits = static_cast<double>(std::max<std::size_t>(frame.bytes.size(), 60) + 24) * 8;
    line_free_ = std::max(line_free_, frame.time) +
                 static_cast<Nanos>(bits * 1000.0 / config_.rate_mbps + 0.5);
    frame.time = line_free_;
    departures_.push_back(frame.time);
  }
  frame.time += config_.delay;
  if (config_.jitter > 0) frame.time += jitter_.below(config_.jitter);
  last_out_ = frame.time = std::max(frame.time, last_out_);
  queue_.push_back(std::move(frame));
  return nullptr;
}

const char* Impairment::push(Frame frame) {
  // A held frame follows those that overtake it, or leaves when the line has been silent for long.
  constexpr Nanos kHoldAtMost = 2'000'000;
  ++counts_.frames;
  // Draw every kind of fault for every frame: the rate of one never shifts the stream of another.
  const bool lose = loss_.chance(config_.loss);
  const bool twice = duplicate_.chance(config_.duplicate);
  const bool late = reorder_.chance(config_.reorder);
  const auto overtakers = 1 + static_cast<unsigned>(reorder_.below(3));
  const bool damage = corrupt_.chance(config_.corrupt) && !frame.bytes.empty();
  if (lose) {
    ++counts_.lost;
    frame.comment = "dropped: loss";
    if (on_drop) on_drop(frame);
    return "dropped: loss";
  }
  const char* comment = nullptr;
  if (damage) {
    ++counts_.corrupted;
    flip(frame);
    comment = frame.comment = frame.bad ? "corrupted: bad FCS" : "corrupted";
  }
  const Nanos now = frame.time;
  if (late) {
    ++counts_.reordered;
    comment = frame.comment = "reordered";
    held_.push_back({std::move(frame), overtakers, now + kHoldAtMost});
    return comment;
  }
  if (twice) {
    ++counts_.duplicated;
    comment = frame.comment = "duplicated";
    if (const char* dropped = schedule(frame)) comment = dropped;
  }
  if (const char* dropped = schedule(std::move(frame))) comment = dropped;
  for (Held& held : held_) {
    if (--held.passes == 0) held.until = now;
  }
  release_held(now);
  return comment;
}

void Impairment::release_held(Nanos now) {
  for (std::size_t i = 0; i < held_.size();) {
    if (held_[i].until > now) {
      ++i;
      continue;
    }
    Held held = std::move(held_[i]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    held.frame.time = held.until;
    schedule(std::move(held.frame));
  }
}

std::optional<Frame> Impairment::pop(Nanos now) {
  release_held(now);
  if (queue_.empty() || queue_.front().time > now) return std::nullopt;
  Frame frame = std::move(queue_.front());
  queue_.pop_front();
  return frame;
}

Nanos Impairment::next_event() const {
  Nanos next = queue_.empty() ? kNever : queue_.front().time;
  for (const Held& held : held_) next = std::min(next, held.until);
  return next;
}

// ---------------------------------------------------------------------------------- ImpairedWire
ImpairedWire::ImpairedWire(std::unique_ptr<Wire> inner, const ImpairmentConfig& from_board,
                           const ImpairmentConfig& to_board, std::uint64_t seed)
    : inner_(std::move(inner)),
      out_(from_board, Random(seed ^ 0x6f7574)),
      in_(to_board, Random(seed ^ 0x696e)) {}

const char* ImpairedWire::send(Frame frame) {
  const Nanos now = frame.time;
  const char* comment = out_.push(std::move(frame));
  advance(now);
  return comment;
}

void ImpairedWire::advance(Nanos now) {
  while (auto frame = out_.pop(now)) inner_->send(std::move(*frame));
  inner_->advance(now);
}

std::optional<Frame> ImpairedWire::receive(Nanos now) {
  while (auto frame = inner_->receive(now)) in_.push(std::move(*frame));
  return in_.pop(now);
}

Nanos ImpairedWire::next_event() const {
  return std::min({out_.next_event(), in_.next_event(), inner_->next_event()});
}

}  // namespace tautline::sim
