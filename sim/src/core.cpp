#include "core.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace tautline::sim {

AxiMemoryConfig memory_config(const BoardOptions& options, std::size_t beat_bytes) {
  AxiMemoryConfig config = options.memory;
  config.beat_bytes = beat_bytes;
  config.seed = options.seed;
  return config;
}

Result<std::unique_ptr<Core>> Core::create(BoardOptions o, std::unique_ptr<Wire> inner) {
  std::unique_ptr<Core> core(new Core(std::move(o)));
  const BoardOptions& options = core->options;
  auto variant = find_variant(options.variant, options.flows, options.stream);
  if (!variant) return std::unexpected(variant.error());
  if (options.stream && !options.record.empty()) {
    return fail(Errc::conflict, "bytes of a stream are not recorded: no record= for this board");
  }
  core->variant = *variant;
  core->variant_name = variant->name;

  MemoryTarget* target = core->host_memory.get();
  if (options.memory_target != nullptr) target = options.memory_target.get();
  if (!options.record.empty()) {
    RecordHeader header;
    std::snprintf(header.variant, sizeof header.variant, "%s", core->variant_name.c_str());
    header.flows = variant->flows;
    header.beat_bytes = static_cast<std::uint32_t>(variant->beat_bytes);
    header.seed = options.seed;
    header.epoch_us = options.epoch_us;
    header.line_gbps = options.line_gbps;
    header.read_latency = options.memory.read_latency;
    header.write_latency = options.memory.write_latency;
    header.read_bandwidth = options.memory.read_bytes_per_cycle;
    header.write_bandwidth = options.memory.write_bytes_per_cycle;
    header.reorder_reads = options.memory.reorder_reads;
    header.max_reads = static_cast<std::uint32_t>(options.memory.max_reads);
    header.max_writes = static_cast<std::uint32_t>(options.memory.max_writes);
    header.stall = options.memory.stall;
    auto recorder = Recorder::create(options.record, header);
    if (!recorder) return std::unexpected(recorder.error());
    core->recorder = std::move(*recorder);
    core->recording = std::make_unique<RecordingTarget>(*target, *core->recorder);
    target = core->recording.get();
  }
  core->bus = std::make_unique<Bus>(memory_config(options, variant->beat_bytes), *target);

  core->harness = dynamic_cast<HarnessWire*>(inner.get());
  if (options.from_board.any() || options.to_board.any()) {
    auto impaired = std::make_unique<ImpairedWire>(std::move(inner), options.from_board,
                                                   options.to_board, options.seed);
    core->impaired = impaired.get();
    core->wire = std::move(impaired);
  } else {
    core->wire = std::move(inner);
  }
  if (!options.capture.empty()) {
    auto capture =
        PcapngWriter::create(options.capture, options.tap.empty() ? "tautline" : options.tap);
    if (!capture) return std::unexpected(capture.error());
    core->capture = std::move(*capture);
    if (core->impaired != nullptr) {
      core->impaired->to_board().on_drop = [c = core.get()](const Frame& frame) {
        c->capture->packet(c->utc_start_ns + frame.time, PcapngWriter::Direction::to_board,
                           frame.bytes, frame.bad, frame.comment);
      };
    }
  }
  core->interrupt_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (core->interrupt_fd < 0) return fail_errno(errno, "cannot make an eventfd");
  if (auto started = start_model(*core); !started) return std::unexpected(started.error());
  return core;
}

Result<void> start_model(Core& core) {
  Bus& bus = *core.bus;
  bus.rx.rate = bus.tx.rate = LineRate::from_gbps(core.options.line_gbps);
  bus.epoch_us = core.options.epoch_us;
  bus.derive_now();
  const auto violated = [c = &core](const std::string& what) { c->fail_link(what); };
  bus.memory.on_violation = violated;
  bus.on_violation = [c = &core](const std::string& what) {
    c->stream_violations.push_back(what);
    c->fail_link(what);
  };
  core.model = core.variant.make(core.options.seed);
  if (!core.options.trace.empty()) {
    const auto cycle_of = [](double us) {
      return us < 0 ? kNever : ns_to_cycles(static_cast<Nanos>(us * 1000));
    };
    auto traced = core.model->trace(core.options.trace, cycle_of(core.options.trace_from_us),
                                    cycle_of(core.options.trace_to_us));
    if (!traced) return std::unexpected(traced.error());
  }
  core.model->reset(bus);
  return {};
}

Core::~Core() {
  record(RecordKind::end, {});
  model.reset();
  if (interrupt_fd >= 0) ::close(interrupt_fd);
}

void Core::fail_link(const std::string& why) {
  if (link.exchange(LinkState::failed) != LinkState::failed) {
    std::fprintf(stderr, "tautline sim: the device broke a bus protocol: %s\n", why.c_str());
  }
}

void Core::inject(Frame frame) {
  ++counts_.frames_in;
  counts_.bytes_in += frame.bytes.size();
  if (recorder) {
    struct [[gnu::packed]] {
      std::uint64_t time;
      std::uint8_t bad;
    } head{frame.time, frame.bad};
    record(RecordKind::frame_in, as_bytes_of(head), frame.bytes);
  }
  bus->log_arrivals = capture != nullptr || observer != nullptr;
  bus->rx.push(std::move(frame), bus->cycle);
  bus->touch();
}

void Core::mmio(const MmioOp& op) {
  switch (op.kind) {
    case MmioOp::Kind::write:
      ++counts_.mmio_writes;
      break;
    case MmioOp::Kind::read:
      ++counts_.mmio_reads;
      break;
    case MmioOp::Kind::line:
      ++counts_.mmio_lines;
      break;
  }
  record(RecordKind::mmio, as_bytes_of(op));
  bus->mmio.push(op);
  bus->touch();
}

void Core::set_now(std::uint64_t us) {
  record(RecordKind::now, as_bytes_of(us));
  bus->set_now(us);
  now_set_at_ = bus->cycle;
}

void Core::skip_to(Cycle cycle) {
  record(RecordKind::skip, as_bytes_of(cycle));
  bus->skip_to(cycle);
}

Nanos Core::time_of(Cycle cycle) const {
  if (bus->now_derived) return cycles_to_ns(cycle);
  const Nanos inside = cycle > now_set_at_ ? cycles_to_ns(cycle - now_set_at_) : 0;
  return (bus->now_us - bus->epoch_us) * 1000 + std::min<Nanos>(inside, 999);
}

bool Core::idle() const {
  if (!bus->quiescent) return false;
  if (bus->now_derived) return wake() > bus->cycle;
  return bus->rx.queue.empty() && bus->stream.to_board.empty() &&
         !(bus->deadline_valid && bus->deadline <= bus->now_us);
}

Cycle Core::wake() const {
  Cycle wake = std::min(bus->rx.due, bus->stream.in_due(bus->cycle));
  if (bus->deadline_valid) wake = std::min(wake, bus->cycle_of_us(bus->deadline));
  return wake;
}

std::size_t Core::pump(std::size_t room) {
  const Nanos now = time_of(bus->cycle);
  wire->advance(now);
  std::size_t n = 0;
  while (n < room) {
    auto frame = wire->receive(now);
    if (!frame) break;
    ++n;
    if (frame->bytes.empty()) continue;
    // Off the board's own clock, a frame that is here may begin to arrive.
    if (!bus->now_derived) frame->time = 0;
    inject(std::move(*frame));
  }
  return n;
}

void Core::run(Cycle end) {
  const auto begin = std::chrono::steady_clock::now();
  model->run(*bus, end);
  counts_.run_seconds +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  collect();
}

void Core::collect() {
  for (Frame& frame : bus->arrived) {
    frame.time = time_of(frame.last_cycle);
    if (capture) {
      capture->packet(utc_start_ns + frame.time, PcapngWriter::Direction::to_board, frame.bytes,
                      frame.bad, frame.comment);
    }
    if (observer) observer(frame, false);
  }
  bus->arrived.clear();
  if (!bus->sent.empty()) {
    // `send` may lead to new frames, never to new entries here.
    for (Frame& frame : bus->sent) {
      frame.time = time_of(frame.last_cycle);
      ++counts_.frames_out;
      counts_.bytes_out += frame.bytes.size();
      if (recorder) {
        const std::uint64_t cycles[2] = {frame.first_cycle, frame.last_cycle};
        record(RecordKind::frame_out, as_bytes_of(cycles), frame.bytes);
      }
      if (observer) observer(frame, true);
      if (capture) {
        const Frame copy = frame;
        const char* comment = wire->send(std::move(frame));
        capture->packet(utc_start_ns + copy.time, PcapngWriter::Direction::from_board, copy.bytes,
                        copy.bad, comment);
      } else {
        wire->send(std::move(frame));
      }
    }
    bus->sent.clear();
  }
  for (const Cycle cycle : bus->interrupt_cycles) {
    record(RecordKind::interrupt, as_bytes_of(cycle));
    ++counts_.interrupts;
    interrupt_pending = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(interrupt_fd, &one, sizeof one);
  }
  bus->interrupt_cycles.clear();
  for (const std::uint32_t value : bus->mmio.read_results) {
    record(RecordKind::read_value, as_bytes_of(value));
    reads.push_back(value);
  }
  bus->mmio.read_results.clear();
}

BoardStats Core::stats() const {
  BoardStats s = counts_;
  s.executed = bus->executed;
  s.skipped = bus->cycle - bus->executed;
  s.mmio_errors = bus->mmio.bus_errors;
  s.dma = bus->memory.counts();
  if (impaired != nullptr) {
    s.to_board = impaired->to_board().counts();
    s.from_board = impaired->from_board().counts();
  }
  return s;
}

// BAR 0: registers and doorbells behind a 22-bit address. BAR 2: one line of the push window a
// flow.
std::uint64_t Core::bar_size(unsigned bar) const {
  if (variant.stream) return 0;
  if (bar == 0) return std::uint64_t{1} << 22;
  if (bar == 2) return std::uint64_t{variant.flows} * 64;
  return 0;
}

void Core::flush() {
  if (capture) capture->flush();
  if (recorder) recorder->flush();
}

}  // namespace tautline::sim
