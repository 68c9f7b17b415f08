#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>

#include "core.hpp"
#include "text.hpp"

namespace tautline::sim {
namespace {

struct Entry {
  std::uint64_t executed;
  RecordKind kind;
  std::vector<std::byte> data;

  template <class T>
  [[nodiscard]] T get(std::size_t at = 0) const {
    T value{};
    if (at + sizeof(T) <= data.size()) std::memcpy(&value, data.data() + at, sizeof(T));
    return value;
  }
};

struct Record {
  RecordHeader header;
  std::deque<Entry> inputs, dma, frames, reads, interrupts;
  std::uint64_t last = 0;
};

Result<Record> load(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (file == nullptr) return fail_errno(errno, "cannot read record " + path);
  Record record;
  const RecordHeader expected;
  if (std::fread(&record.header, sizeof record.header, 1, file.get()) != 1 ||
      std::memcmp(record.header.magic, expected.magic, sizeof expected.magic) != 0) {
    return fail(Errc::bad_file, path + " is not a record of a board");
  }
  struct {
    std::uint64_t executed;
    std::uint32_t length;
    std::uint32_t kind;
  } head;
  while (std::fread(&head, sizeof head, 1, file.get()) == 1) {
    if (head.length > 1 << 20) return fail(Errc::bad_file, path + " is damaged");
    Entry entry{head.executed, static_cast<RecordKind>(head.kind), {}};
    entry.data.resize(head.length);
    // A run that was killed ends in the middle of an entry.
    if (std::fread(entry.data.data(), 1, head.length, file.get()) != head.length) break;
    record.last = std::max(record.last, head.executed);
    switch (entry.kind) {
      case RecordKind::frame_in:
      case RecordKind::mmio:
      case RecordKind::now:
      case RecordKind::skip:
        record.inputs.push_back(std::move(entry));
        break;
      case RecordKind::dma_read:
      case RecordKind::dma_write:
        record.dma.push_back(std::move(entry));
        break;
      case RecordKind::frame_out:
        record.frames.push_back(std::move(entry));
        break;
      case RecordKind::read_value:
        record.reads.push_back(std::move(entry));
        break;
      case RecordKind::interrupt:
        record.interrupts.push_back(std::move(entry));
        break;
      case RecordKind::end:
        break;
      default:
        return fail(Errc::bad_file, path + " is damaged");
    }
  }
  return record;
}

// Answers as the memory of the recorded run did.
class ReplayTarget final : public MemoryTarget {
 public:
  ReplayTarget(std::deque<Entry>& entries, ReplayReport& report)
      : entries_(entries), report_(report) {}

  AxiResp read(std::uint64_t address, std::span<std::byte> data) override {
    const auto entry = next(RecordKind::dma_read, address);
    if (!entry) return AxiResp::decerr;
    const auto resp = entry->get<AxiResp>();
    if (resp == AxiResp::okay) {
      if (entry->data.size() != data.size() + 1) {
        differ(text("DMA read at %#llx has %zu bytes, recorded %zu",
                    static_cast<unsigned long long>(address), data.size(), entry->data.size() - 1));
        return AxiResp::decerr;
      }
      std::memcpy(data.data(), entry->data.data() + 1, data.size());
    }
    return resp;
  }

  AxiResp write(std::uint64_t address, std::span<const std::byte> data,
                std::span<const std::uint64_t> strobes, std::size_t beat) override {
    const auto entry = next(RecordKind::dma_write, address);
    if (!entry) return AxiResp::decerr;
    const std::uint64_t hash = fnv1a(std::as_bytes(strobes.first(data.size() / beat)), fnv1a(data));
    if (entry->get<std::uint64_t>(1) != address || entry->get<std::uint64_t>(9) != hash) {
      differ(text("DMA write at %#llx differs from the recorded one at %#llx",
                  static_cast<unsigned long long>(address),
                  static_cast<unsigned long long>(entry->get<std::uint64_t>(1))));
    } else {
      ++report_.outputs;
    }
    return entry->get<AxiResp>();
  }

 private:
  std::optional<Entry> next(RecordKind kind, std::uint64_t address) {
    if (entries_.empty()) return std::nullopt;  // beyond the end of the record
    if (entries_.front().kind != kind) {
      differ(text("DMA access at %#llx is not the recorded kind",
                  static_cast<unsigned long long>(address)));
      return std::nullopt;
    }
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    return entry;
  }
  void differ(const std::string& what) {
    if (report_.first_difference.empty()) report_.first_difference = what;
  }

  std::deque<Entry>& entries_;
  ReplayReport& report_;
};

// Compares the outputs of one kind with the recorded ones. Kinds are apart: how outputs of
// different kinds follow each other in the file depends on how the run was cut into slices.
class Outputs {
 public:
  Outputs(std::deque<Entry>& entries, ReplayReport& report) : entries_(entries), report_(report) {}

  void check(std::span<const std::byte> head, std::span<const std::byte> body,
             const std::string& what) {
    if (!report_.first_difference.empty()) return;
    if (entries_.empty()) return;  // the record may end before the last slice did
    const Entry& entry = entries_.front();
    const bool same = entry.data.size() == head.size() + body.size() &&
                      std::memcmp(entry.data.data(), head.data(), head.size()) == 0 &&
                      std::memcmp(entry.data.data() + head.size(), body.data(), body.size()) == 0;
    if (same) {
      ++report_.outputs;
      entries_.pop_front();
    } else {
      report_.first_difference =
          what + text(" differs from what was recorded near executed cycle %llu",
                      static_cast<unsigned long long>(entry.executed));
    }
  }

 private:
  std::deque<Entry>& entries_;
  ReplayReport& report_;
};

}  // namespace

Result<ReplayReport> replay(const std::string& path, const std::string& variant_name,
                            const std::string& trace, double trace_from_us, double trace_to_us) {
  auto loaded = load(path);
  if (!loaded) return std::unexpected(loaded.error());
  Record& record = *loaded;
  const RecordHeader& header = record.header;

  BoardOptions options;
  auto variant =
      find_variant(variant_name.empty()
                       ? std::string(header.variant, strnlen(header.variant, sizeof header.variant))
                       : variant_name,
                   header.flows);
  if (!variant) return std::unexpected(variant.error());
  if (variant->beat_bytes != header.beat_bytes) {
    return fail(Errc::no_variant, "the record is of a board with another bus width");
  }
  AxiMemoryConfig memory;
  memory.beat_bytes = header.beat_bytes;
  memory.read_latency = header.read_latency;
  memory.write_latency = header.write_latency;
  memory.read_bytes_per_cycle = header.read_bandwidth;
  memory.write_bytes_per_cycle = header.write_bandwidth;
  memory.reorder_reads = header.reorder_reads;
  memory.max_reads = header.max_reads;
  memory.max_writes = header.max_writes;
  memory.stall = header.stall;
  memory.seed = header.seed;

  ReplayReport report;
  ReplayTarget target(record.dma, report);
  Bus bus(memory, target);
  bus.rx.rate = bus.tx.rate = LineRate::from_gbps(header.line_gbps);
  bus.epoch_us = header.epoch_us;
  bus.stop_when_idle = false;
  bus.stop_on_frame = false;
  bus.derive_now();
  auto model = variant->make(header.seed);
  if (!trace.empty()) {
    const auto cycle_of = [](double us) {
      return us < 0 ? kNever : ns_to_cycles(static_cast<Nanos>(us * 1000));
    };
    auto traced = model->trace(trace, cycle_of(trace_from_us), cycle_of(trace_to_us));
    if (!traced) return std::unexpected(traced.error());
  }
  model->reset(bus);

  Outputs frames(record.frames, report);
  Outputs reads(record.reads, report);
  Outputs interrupts(record.interrupts, report);
  const auto run_to = [&](std::uint64_t executed) {
    while (bus.executed < executed && report.first_difference.empty()) {
      const Cycle n = std::min<Cycle>(executed - bus.executed, 4096);
      model->run(bus, bus.cycle + n);
      for (const Frame& frame : bus.sent) {
        const std::uint64_t cycles[2] = {frame.first_cycle, frame.last_cycle};
        frames.check(as_bytes_of(cycles), frame.bytes,
                     text("frame sent in cycles %llu to %llu",
                          static_cast<unsigned long long>(frame.first_cycle),
                          static_cast<unsigned long long>(frame.last_cycle)));
      }
      bus.sent.clear();
      for (const Cycle cycle : bus.interrupt_cycles) {
        interrupts.check(as_bytes_of(cycle), {},
                         text("interrupt in cycle %llu", static_cast<unsigned long long>(cycle)));
      }
      bus.interrupt_cycles.clear();
      for (const std::uint32_t value : bus.mmio.read_results) {
        reads.check(as_bytes_of(value), {}, text("register value %#x", value));
      }
      bus.mmio.read_results.clear();
    }
  };

  for (const Entry& entry : record.inputs) {
    run_to(entry.executed);
    if (!report.first_difference.empty()) break;
    ++report.inputs;
    switch (entry.kind) {
      case RecordKind::frame_in: {
        Frame frame;
        frame.time = entry.get<std::uint64_t>();
        frame.bad = entry.get<std::uint8_t>(8) != 0;
        frame.bytes.assign(entry.data.begin() + 9, entry.data.end());
        bus.rx.push(std::move(frame), bus.cycle);
        bus.touch();
        break;
      }
      case RecordKind::mmio:
        bus.mmio.push(entry.get<MmioOp>());
        bus.touch();
        break;
      case RecordKind::now:
        bus.set_now(entry.get<std::uint64_t>());
        break;
      default:
        bus.skip_to(entry.get<std::uint64_t>());
        break;
    }
  }
  run_to(record.last);
  report.executed = bus.executed;
  const std::size_t missing = record.frames.size() + record.reads.size() + record.interrupts.size();
  if (report.first_difference.empty() && missing > 0) {
    report.first_difference = text("%zu recorded outputs did not happen", missing);
  }
  return report;
}

}  // namespace tautline::sim
