#include "tautline_sim/axi_memory.hpp"

#include <algorithm>
#include <cstring>

#include "text.hpp"

namespace tautline::sim {
namespace {
constexpr unsigned long long ull(std::uint64_t v) {
  return v;
}
}  // namespace

AxiMemory::AxiMemory(AxiMemoryConfig config, MemoryTarget& target)
    : config_(config), target_(target), random_(config.seed ^ 0x4158494d454d) {}

void AxiMemory::reset() {
  reads_.clear();
  writes_.clear();
  complete_.clear();
  responses_.clear();
  w_beats_now_ = {};
  current_id_.reset();
  r_due_ = b_due_ = kNever;
  held_ar_.reset();
  held_aw_.reset();
  held_w_ = false;
}

void AxiMemory::violation(Cycle cycle, const std::string& what) {
  violations_.push_back("cycle " + std::to_string(cycle) + ": " + what);
  if (on_violation) on_violation(violations_.back());
}

std::size_t AxiMemory::burst_bytes(const AxiAddress& a) const {
  return (std::size_t{a.len} + 1) << a.size;
}

// A3.2.1: once valid is asserted it and the payload stay until the handshake.
void AxiMemory::address_channel(Cycle cycle, const AxiAddress& beat, bool ready,
                                std::optional<AxiAddress>& held, const char* name) {
  if (held) {
    if (!(*held == beat)) {
      violation(cycle,
                text("%s changed while it was held: address %#llx id %u len %u became %#llx id %u "
                     "len %u",
                     name, ull(held->address), held->id, held->len, ull(beat.address), beat.id,
                     beat.len));
    }
  } else {
    check_address(cycle, beat, name);
  }
  if (ready) {
    held.reset();
  } else {
    held = beat;
  }
}

void AxiMemory::idle(Cycle cycle, bool held, const char* name) {
  if (!held) return;
  violation(cycle, text("%s valid fell before the handshake", name));
  if (name[0] == 'W') {
    held_w_ = false;
  } else if (name[1] == 'R') {
    held_ar_.reset();
  } else {
    held_aw_.reset();
  }
}

void AxiMemory::check_address(Cycle cycle, const AxiAddress& beat, const char* name) {
  const std::size_t bytes = std::size_t{1} << beat.size;
  if (beat.burst != 1) violation(cycle, text("%s burst type %u is not INCR", name, beat.burst));
  if (bytes != config_.beat_bytes) {
    violation(cycle, text("%s size %zu bytes on a bus of %zu", name, bytes, config_.beat_bytes));
  }
  // A3.4.1: a burst does not cross a 4 KB boundary. The first beat counts from its aligned address.
  const std::uint64_t first = beat.address & ~std::uint64_t{bytes - 1};
  const std::uint64_t last = first + burst_bytes(beat) - 1;
  if ((first >> 12) != (last >> 12)) {
    violation(cycle, text("%s burst at %#llx of %zu bytes crosses 4 KB", name, ull(beat.address),
                          burst_bytes(beat)));
  }
  if (name[1] == 'W' && beat.id != 0) {
    violation(cycle, text("AW id %u: writes use id 0", beat.id));
  }
  if (beat.id > 15) violation(cycle, text("%s id %u is wider than 4 bits", name, beat.id));
}

void AxiMemory::accept_read(Cycle cycle, const AxiAddress& beat) {
  Read read;
  read.address = beat;
  read.due = cycle + std::max<Cycle>(config_.read_latency, 1);
  if (config_.reorder_reads > 0) read.due += random_.below(config_.read_latency + 2);
  if (pool_.empty()) {
    read.data = std::make_unique<std::array<std::byte, 4096>>();
  } else {
    read.data = std::move(pool_.back());
    pool_.pop_back();
  }
  reads_.push_back(std::move(read));
  ++counts_.reads;
  schedule_r(cycle);
}

void AxiMemory::schedule_r(Cycle cycle) {
  if (reads_.empty()) {
    r_due_ = kNever;
    return;
  }
  Cycle due = kNever;
  if (config_.reorder_reads == 0) {
    due = reads_.front().due;
  } else {
    std::uint32_t seen = 0;
    for (const Read& r : reads_) {
      const std::uint32_t bit = std::uint32_t{1} << (r.address.id & 31);
      if (seen & bit) continue;
      seen |= bit;
      if (current_id_ && config_.reorder_reads == 1 && r.address.id != *current_id_) continue;
      due = std::min(due, r.due);
    }
  }
  r_due_ = std::max({due, r_free_, cycle + 1});
}

std::optional<AxiResp> AxiMemory::injected(std::uint64_t address, std::size_t bytes, bool write) {
  const std::uint64_t n = write ? ++writes_seen_ : ++reads_seen_;
  for (const Injection& i : injections_) {
    if ((write ? i.writes : i.reads) && address < i.end && address + bytes > i.begin) return i.resp;
  }
  const Nth& nth = write ? nth_write_ : nth_read_;
  if (nth.n == n) return nth.resp;
  return std::nullopt;
}

void AxiMemory::sample(Cycle cycle, Read& read) {
  const std::uint64_t first = read.address.address & ~((std::uint64_t{1} << read.address.size) - 1);
  const std::size_t bytes = std::min<std::size_t>(burst_bytes(read.address), 4096);
  const auto error = injected(first, bytes, false);
  read.resp = target_.read(first, {read.data->data(), bytes});
  if (error) read.resp = *error;
  if (read.resp != AxiResp::okay) {
    faults_.push_back({cycle, read.address.address, bytes, false, error.has_value(), read.resp});
    std::memset(read.data->data(), 0xee, bytes);
  }
  counts_.read_bytes += bytes;
  read.sampled = true;
}

bool AxiMemory::next_r(Cycle cycle, AxiReadBeat& beat) {
  if (cycle < r_due_ || stalled()) return false;
  // Candidates are the oldest burst of each id whose time has come.
  std::size_t pick = reads_.size();
  if (config_.reorder_reads == 0) {
    if (reads_.front().due <= cycle) pick = 0;
  } else {
    std::array<std::size_t, 16> ready;
    std::size_t n = 0;
    std::uint32_t seen = 0;
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      const std::uint8_t id = reads_[i].address.id & 15;
      if ((seen >> id) & 1) continue;
      seen |= std::uint32_t{1} << id;
      if (current_id_ && config_.reorder_reads == 1 && reads_[i].address.id != *current_id_)
        continue;
      if (reads_[i].due <= cycle) ready[n++] = i;
    }
    if (n > 0) pick = ready[n == 1 ? 0 : random_.below(n)];
  }
  if (pick == reads_.size()) {
    schedule_r(cycle);
    return false;
  }
  Read& read = reads_[pick];
  if (!read.sampled) sample(cycle, read);
  const std::size_t width = std::size_t{1} << read.address.size;
  const std::size_t at = std::size_t{read.beat} * width;
  std::memcpy(r_beat_.data(), read.data->data() + std::min<std::size_t>(at, 4096 - width), width);
  beat.id = read.address.id;
  beat.resp = read.resp;
  beat.last = read.beat == read.address.len;
  beat.data = r_beat_.data();
  ++read.beat;
  current_id_ = read.address.id;
  if (beat.last) {
    current_id_.reset();
    pool_.push_back(std::move(read.data));
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(pick));
  }
  if (config_.read_bytes_per_cycle > 0) {
    // A beat takes width / rate cycles; the fraction is carried.
    r_debt_ += static_cast<double>(width) / config_.read_bytes_per_cycle;
    const auto whole = static_cast<Cycle>(r_debt_);
    r_debt_ -= static_cast<double>(whole);
    r_free_ = cycle + std::max<Cycle>(whole, 1);
  }
  schedule_r(cycle);
  return true;
}

void AxiMemory::accept_write(Cycle cycle, const AxiAddress& beat) {
  writes_.push_back(beat);
  ++counts_.writes;
  join_writes(cycle);
}

void AxiMemory::w(Cycle cycle, const std::byte* data, std::uint64_t strobes, bool last,
                  bool ready) {
  const std::size_t width = config_.beat_bytes;
  if (held_w_ && (strobes != held_w_strobes_ || last != held_w_last_ ||
                  std::memcmp(data, held_w_data_.data(), width) != 0)) {
    violation(cycle, "W changed while it was held");
  }
  held_w_ = !ready;
  if (!ready) {
    std::memcpy(held_w_data_.data(), data, width);
    held_w_strobes_ = strobes;
    held_w_last_ = last;
    return;
  }
  w_beats_now_.data.insert(w_beats_now_.data.end(), data, data + width);
  w_beats_now_.strobes.push_back(strobes);
  if (config_.write_bytes_per_cycle > 0) {
    w_debt_ += static_cast<double>(width) / config_.write_bytes_per_cycle;
    const auto whole = static_cast<Cycle>(w_debt_);
    w_debt_ -= static_cast<double>(whole);
    w_free_ = cycle + std::max<Cycle>(whole, 1);
  }
  if (last) {
    complete_.push_back(std::move(w_beats_now_));
    w_beats_now_ = {};
    join_writes(cycle);
  } else if (w_beats_now_.strobes.size() == 256) {
    violation(cycle, "W burst of 256 beats without last");
    w_beats_now_ = {};
  }
}

// Write data may come before its address (A3.3); both queues are in order.
void AxiMemory::join_writes(Cycle cycle) {
  while (!writes_.empty() && !complete_.empty()) {
    Response entry;
    entry.address = writes_.front();
    entry.data = std::move(complete_.front());
    writes_.pop_front();
    complete_.pop_front();
    const std::size_t beats = std::size_t{entry.address.len} + 1;
    if (entry.data.strobes.size() != beats) {
      violation(cycle, text("W burst of %zu beats, its address at %#llx says %zu",
                            entry.data.strobes.size(), ull(entry.address.address), beats));
      entry.data.strobes.resize(beats);
      entry.data.data.resize(beats * config_.beat_bytes);
    }
    // A3.4.3: no strobe below the start address in the first beat.
    const std::size_t skip = entry.address.address % config_.beat_bytes;
    if (entry.data.strobes[0] & ((std::uint64_t{1} << skip) - 1)) {
      violation(cycle, text("W strobes %#llx below the start address %#llx",
                            ull(entry.data.strobes[0]), ull(entry.address.address)));
    }
    entry.response.id = entry.address.id;
    entry.due = cycle + std::max<Cycle>(config_.write_latency, 1);
    responses_.push_back(std::move(entry));
    b_due_ = responses_.front().due;
  }
}

void AxiMemory::commit(Cycle cycle, Response& entry) {
  const std::uint64_t first =
      entry.address.address & ~((std::uint64_t{1} << entry.address.size) - 1);
  const std::size_t bytes = entry.data.data.size();
  if (const auto error = injected(first, bytes, true)) {
    entry.response.resp = *error;
    faults_.push_back({cycle, entry.address.address, bytes, true, true, *error});
    return;
  }
  // Only the bytes from the first to the last strobe need to lie in a region.
  std::size_t begin = 0, end = bytes;
  const auto kept = [&](std::size_t i) {
    return (entry.data.strobes[i / config_.beat_bytes] >> (i % config_.beat_bytes)) & 1;
  };
  while (begin < end && !kept(begin)) ++begin;
  while (end > begin && !kept(end - 1)) --end;
  if (begin < end) {
    begin = begin / config_.beat_bytes * config_.beat_bytes;
    end = (end + config_.beat_bytes - 1) / config_.beat_bytes * config_.beat_bytes;
    entry.response.resp = target_.write(
        first + begin, std::span(entry.data.data).subspan(begin, end - begin),
        std::span(entry.data.strobes).subspan(begin / config_.beat_bytes), config_.beat_bytes);
  }
  counts_.written_bytes += end - begin;
  if (entry.response.resp != AxiResp::okay) {
    faults_.push_back({cycle, entry.address.address, bytes, true, false, entry.response.resp});
  }
}

bool AxiMemory::next_b(Cycle cycle, AxiWriteResponse& response) {
  if (cycle < b_due_ || stalled()) return false;
  // The bytes are in memory before the device is told so.
  commit(cycle, responses_.front());
  response = responses_.front().response;
  responses_.pop_front();
  b_due_ = responses_.empty() ? kNever : std::max(responses_.front().due, cycle + 1);
  return true;
}

void AxiMemory::inject_range(std::uint64_t begin, std::uint64_t end, AxiResp resp, bool reads,
                             bool writes) {
  injections_.push_back({begin, end, resp, reads, writes});
}

void AxiMemory::clear_injections() {
  injections_.clear();
  nth_read_ = nth_write_ = {};
}

}  // namespace tautline::sim
