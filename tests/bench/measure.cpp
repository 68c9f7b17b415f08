#include "measure.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "scripted_peer.hpp"

namespace tautline::bench {
namespace {

using namespace tautline::test;

constexpr std::uint16_t kPort = 80, kFirstPeerPort = 20000;
constexpr std::size_t kMss = 1460;

sim::BoardOptions BoardOf(const Model& model) {
  sim::BoardOptions options;
  options.variant = model.variant;
  options.flows = model.flows;
  options.poll_cycles = 1;
  return options;
}

StackConfig ConfigOf() {
  StackConfig config = Bench::DefaultConfig();
  config.nodelay = true;
  return config;
}

void Require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

// A board, its stack, connections, and what crossed the board's edge.
struct Rig {
  explicit Rig(const Model& model, unsigned connections = 1, bool quickack = false)
      : bench(ConfigOf(), BoardOf(model)) {
    bench.board().on_frame([this](const sim::Frame& frame, bool from_board) {
      if (from_board) return;
      ++arrived;
      in_first = frame.first_cycle;
      in_last = frame.last_cycle;
    });
    auto opened = bench.stack().listen({.port = kPort}, {.socket = {.quickack = quickack}});
    Require(opened.has_value(), "listen failed");
    listener = std::move(*opened);
    for (unsigned i = 0; i < connections; ++i) {
      auto& peer = peers.emplace_back(std::make_unique<ScriptedPeer>(
          bench, static_cast<std::uint16_t>(kFirstPeerPort + i), kPort, 0x1000 + 77777 * i));
      peer->Connect();
      auto accepted = listener.try_accept();
      Require(accepted.has_value(), "accept failed");
      sockets.push_back(std::move(*accepted));
      sockets.back().set_token(i);
    }
    bench.Settle();
  }

  sim::Board& board() { return bench.board(); }
  ScriptedPeer& peer() { return *peers.front(); }
  Socket& socket() { return sockets.front(); }
  void Idle() { board().advance_to_quiescence(100us); }

  Bench bench;
  Listener listener;
  std::vector<std::unique_ptr<ScriptedPeer>> peers;
  std::vector<Socket> sockets;
  std::uint64_t arrived = 0;        // frames whose last word went in
  Cycle in_first = 0, in_last = 0;  // of the latest
};

}  // namespace

double LineCycles(std::size_t frame_bytes) {
  return static_cast<double>(std::max<std::size_t>(frame_bytes, 60) + 24) / 8;
}

ReceiveLatency MeasureReceive(const Model& model, std::size_t payload) {
  Rig rig(model, 1, true);
  const std::uint64_t events = rig.board().probe_event().count;
  const std::uint64_t sends = rig.board().probe_send().count;
  rig.peer().Send({.seq = 1, .ack = 1, .data = Pattern(payload)});
  const Received ack = rig.peer().Next();
  Require(ack.ack == 1 + payload && ack.data.empty(), "no immediate acknowledgment");
  const Cycle event = rig.board().probe_event().at(events);
  return {.first_word_to_event = event - rig.in_first,
          .last_word_to_event = event - rig.in_last,
          .last_word_to_ack = ack.first_cycle - rig.in_last,
          .decision_to_ack_word = ack.first_cycle - rig.board().probe_send().at(sends)};
}

SendLatency MeasureSend(const Model& model, std::size_t payload) {
  Rig rig(model);
  SendLatency latency;
  latency.memory_latency = sim::BoardOptions{}.memory.read_latency;
  std::uint32_t seq = 1;
  const auto send = [&](auto write) {
    rig.bench.Settle();
    const std::string text = Pattern(payload, seq);
    const std::uint64_t sends = rig.board().probe_send().count;
    const Cycle call = rig.board().cycle() + 1;
    write(AsBytes(text));
    const Received segment = rig.peer().Next();
    // A long write leaves as its DMA bursts arrive.
    Require(!segment.data.empty() && text.starts_with(segment.data),
            "other bytes than were written");
    (void)rig.peer().Take(20us);
    seq += static_cast<std::uint32_t>(payload);
    rig.peer().Send({.seq = 1, .ack = seq});
    rig.bench.Settle();
    latency.decision_to_word = segment.first_cycle - rig.board().probe_send().at(sends);
    return segment.first_cycle - call;
  };
  const std::uint64_t lines = rig.bench.stack().counters().push_lines;
  latency.push_to_word = send([&](auto bytes) { (void)rig.socket().write(bytes); });
  if (rig.bench.stack().counters().push_lines == lines) latency.push_to_word = 0;  // too long
  latency.doorbell_to_word = send([&](auto bytes) {
    (void)rig.socket().write(bytes, Push::later);
    rig.socket().flush();
  });
  return latency;
}

namespace {

// An initial window of which the peer claims to miss the first segment, and two duplicate ACKs.
void LoseTheFirst(Rig& rig) {
  Require(rig.socket().write(AsBytes(Pattern(10 * kMss))) == 10 * kMss, "no room to write");
  std::size_t bytes = 0;
  for (const Received& segment : rig.peer().Take(20us)) bytes += segment.data.size();
  Require(bytes == 10 * kMss, "the initial window is not ten segments");
  for (int i = 0; i < 2; ++i) {
    rig.peer().Send({.seq = 1, .ack = 1});
    rig.Idle();
  }
}

}  // namespace

Cycle MeasureFastRetransmit(const Model& model) {
  Rig rig(model);
  LoseTheFirst(rig);
  rig.peer().Send({.seq = 1, .ack = 1});
  const Received segment = rig.peer().Next(100us);
  Require(segment.seq == 1 && !segment.data.empty(), "not the lost segment");
  return segment.first_cycle - rig.in_last;
}

Cycle MeasureFastRetransmitBusy(const Model& model, unsigned phases) {
  Cycle longest = 0;
  for (unsigned phase = 0; phase < phases; ++phase) {
    Rig rig(model, 2);
    LoseTheFirst(rig);
    ScriptedPeer& other = *rig.peers[1];
    std::uint32_t next = 1, acked = 1;
    unsigned frames = 0;
    std::optional<Cycle> third;
    const Cycle frame = static_cast<Cycle>(LineCycles(54 + kMss));
    Cycle when = 0;
    for (bool found = false; !found;) {
      if (rig.sockets[1].writable_bytes() > 2 * kMss) {
        (void)rig.sockets[1].write(AsBytes(Pattern(2 * kMss)));
      }
      while (auto sent = rig.board().take_frame()) {
        const auto packet = ParseFrame(std::span(
            reinterpret_cast<const std::uint8_t*>(sent->bytes.data()), sent->bytes.size()));
        Require(packet && packet->tcp, "not a TCP segment");
        if (packet->tcp->dst_port == kFirstPeerPort) {
          Require(third.has_value(), "a segment of the wrong flow");
          longest = std::max(longest, sent->first_cycle - *third);
          found = true;
          continue;
        }
        const auto bytes = static_cast<std::uint32_t>(packet->tcp->payload.size());
        Require(packet->tcp->seq - other.engine_isn() == next, "a gap");
        next += bytes;
        // In the middle of a long run of frames, at another place of the frame in every phase.
        if (++frames == 40) when = rig.board().cycle() + frame * phase / phases;
      }
      if (next - acked >= 2 * kMss) {
        acked = next;
        other.Send({.seq = 1, .ack = acked});
      }
      if (when != 0 && !third && rig.board().cycle() >= when) {
        const std::uint64_t before = rig.arrived;
        rig.peer().Send({.seq = 1, .ack = 1});
        // It may come behind an acknowledgment.
        const bool two = other.bench().board().stats().frames_in > before;
        while (rig.arrived < before + (two ? 2 : 1)) rig.board().run(1);
        third = rig.in_last;
      }
      rig.bench.stack().poll();
      rig.board().run(4);
      Require(frames < 400, "no retransmission");
    }
  }
  return longest;
}

Cycle MeasurePing(const Model& model, std::size_t payload) {
  Rig rig(model);
  const IcmpMessage echo{.id = 7, .sequence = 1, .payload = test::Frame(payload, 0xab)};
  rig.peer().SendRaw(BuildIcmp({.dst = rig.bench.engine_mac(), .src = kPeerMac},
                               {.src = kPeerIp, .dst = kEngineIp, .protocol = kProtoIcmp}, echo));
  const auto answer = rig.bench.NextFrame(1ms);
  Require(answer.has_value(), "no answer to a ping");
  return answer->first_cycle - rig.in_last;
}

Cycle MeasureSyn(const Model& model) {
  Rig rig(model);
  ScriptedPeer other(rig.bench, kFirstPeerPort + 1, kPort);
  other.Send({.flags = kSyn, .options = OptionMss(kMss)});
  const Received answer = other.Next();
  Require(answer.Has(kSyn | kAck), "no SYN-ACK");
  return answer.first_cycle - rig.in_last;
}

// ---------------------------------------------------------------------------------- load
namespace {

// The far end of one flow under load.
struct Far {
  std::uint32_t sent = 1;  // next number of the peer
  std::uint32_t edge = 1;  // the engine's window
  std::uint32_t next = 1;  // next number of the engine
  std::uint32_t told = 1;  // acknowledged to the engine
  std::uint32_t acked = 1;
  unsigned owed = 0;
};

class LoadRun {
 public:
  explicit LoadRun(const Load& load)
      : load_(load), rig_(load.model, load.flows, load.quickack), far_(load.flows) {
    text_ = Pattern(std::max(load.in, std::max(load.out, 4 * kMss)));
    for (unsigned i = 0; i < load.flows; ++i) far_[i].edge = 1 + 65535;
    given_ = rig_.arrived;
    base_ = rig_.arrived;
  }

  LoadResult Run() {
    sim::Board& board = rig_.board();
    const std::uint64_t executed = board.stats().executed;
    const double seconds = board.stats().run_seconds;
    begin_ = board.cycle();
    issues_ = board.probe_issue().count;
    const double per_frame =
        std::max(load_.in != 0 ? LineCycles(54 + load_.in) : 0.0,
                 load_.out != 0 ? LineCycles(54 + std::min(load_.out, kMss)) : 0.0);
    const Cycle limit =
        begin_ + static_cast<Cycle>(3 * per_frame * static_cast<double>(load_.frames)) + 20000;
    unsigned round = 0;
    while (!Enough() && board.cycle() < limit) {
      Take();
      Give();
      Write();
      if (++round % 16 == 0) Read();
      board.run(4);
      Issues();
    }
    // What is on its way arrives.
    const std::size_t out_frames = out_.size();
    writing_ = false;
    for (int i = 0; i < 50'000 && !Quiet(); ++i) {
      Take();
      Give();
      Read();
      board.run(16);
    }
    LoadResult r;
    r.frames_in = in_.size();
    r.frames_out = out_frames;
    for (const Far& far : far_) {
      r.bytes_in += far.acked - 1;
      r.bytes_out += far.next - 1;
    }
    // The last segment of a flow may still wait for its delayed acknowledgment.
    r.complete = gaps_ == 0 && read_ == given_bytes_ && r.bytes_out == written_;
    r.no_room = rig_.bench.stack().device_counter(Counter::rx_no_room);
    r.gaps = gaps_;
    Spacing(in_, in_.size(), r.cycles_per_frame_in, r.line_in);
    Spacing(out_, out_frames, r.cycles_per_frame_out, r.line_out);
    r.least_issue_spacing = least_;
    r.cycles = board.stats().executed - executed;
    r.wall_seconds = board.stats().run_seconds - seconds;
    return r;
  }

 private:
  struct Seen {
    Cycle first;
    double line;  // cycles of line time
  };

  bool Enough() const {
    return (load_.in == 0 || in_given_ >= load_.frames) &&
           (load_.out == 0 || out_.size() >= load_.frames);
  }
  bool Quiet() {
    std::uint64_t out = 0;
    for (const Far& far : far_) out += far.next - 1;
    return out == written_ && read_ == given_bytes_;
  }

  // The engine's frames.
  void Take() {
    while (auto sent = rig_.board().take_frame()) {
      const auto packet = ParseFrame(
          std::span(reinterpret_cast<const std::uint8_t*>(sent->bytes.data()), sent->bytes.size()));
      Require(packet && packet->tcp && packet->transport_checksum_ok, "not a good TCP segment");
      const unsigned i = packet->tcp->dst_port - kFirstPeerPort;
      Require(i < load_.flows, "a segment of no flow");
      out_.push_back({sent->first_cycle, LineCycles(sent->bytes.size())});
      Far& far = far_[i];
      const auto bytes = static_cast<std::uint32_t>(packet->tcp->payload.size());
      const std::uint32_t seq = packet->tcp->seq - rig_.peers[i]->engine_isn();
      if (bytes != 0) {
        if (seq == far.next) {
          far.next += bytes;
          ++far.owed;
        } else {
          ++gaps_;
        }
      }
      const std::uint32_t ack = packet->tcp->ack - rig_.peers[i]->isn();
      far.acked = std::max(far.acked, ack);
      far.edge = std::max(far.edge, ack + packet->tcp->window);
    }
  }

  // Frames to the engine, so many ahead that the line never waits.
  void Give() {
    const bool data = writing_ && load_.in != 0 && in_given_ < load_.frames;
    while (given_ - rig_.arrived < 6) {
      std::optional<unsigned> chosen;
      bool with_data = false;
      for (unsigned k = 0; k < load_.flows && !chosen; ++k) {
        const unsigned i = (turn_ + k) % load_.flows;
        const Far& far = far_[i];
        with_data =
            data && in_given_ < load_.frames &&
            static_cast<std::int32_t>(far.edge - far.sent) >= static_cast<std::int32_t>(load_.in);
        if (with_data || far.owed >= 2 || (!writing_ && far.told != far.next)) chosen = i;
      }
      if (!chosen) return;
      turn_ = *chosen + 1;
      Far& far = far_[*chosen];
      Segment segment{.seq = far.sent, .ack = far.next};
      if (with_data) {
        segment.data = text_.substr(0, load_.in);
        far.sent += static_cast<std::uint32_t>(load_.in);
        given_bytes_ += load_.in;
        ++in_given_;
      }
      far.told = far.next;
      far.owed = 0;
      const test::Frame frame = rig_.peers[*chosen]->Build(segment);
      rig_.board().give_frame(std::as_bytes(std::span(frame)));
      sizes_.push_back(frame.size());
      ++given_;
    }
  }

  // The host's writes: small ones at the pace of the line, each with its doorbell.
  void Write() {
    if (!writing_ || load_.out == 0) return;
    if (load_.out >= kMss) {
      for (Socket& socket : rig_.sockets) {
        if (socket.writable_bytes() < 2 * kMss) continue;
        written_ += socket.write(AsBytes(text_).first(2 * kMss)).value_or(0);
      }
      return;
    }
    const double pace = LineCycles(54 + load_.out);
    while (static_cast<double>(rig_.board().cycle() - begin_) >=
           pace * static_cast<double>(writes_)) {
      Socket& socket = rig_.sockets[writes_++ % load_.flows];
      const auto count = socket.write(AsBytes(text_).first(load_.out), Push::later);
      if (count) written_ += *count;
      socket.flush();
    }
  }

  void Read() {
    for (const Event& event : rig_.bench.stack().poll()) {
      if (event.token >= load_.flows) continue;
      Socket& socket = rig_.sockets[event.token];
      const std::size_t bytes = socket.receive_view().size();
      if (bytes == 0) continue;
      read_ += bytes;
      (void)socket.consume(bytes);
    }
  }

  void Issues() {
    const sim::Probe& probe = rig_.board().probe_issue();
    for (; issues_ < probe.count; ++issues_) {
      const Cycle now = probe.at(issues_);
      if (last_issue_ != 0) least_ = std::min(least_, now - last_issue_);
      last_issue_ = now;
    }
    while (in_seen_ < rig_.arrived - base_) {
      // Only the latest frame's cycle is kept; at most one arrives in a step of four cycles.
      in_.push_back({rig_.in_first, LineCycles(sizes_[in_seen_])});
      ++in_seen_;
    }
  }

  // Over the second half, when windows and queues have settled.
  static void Spacing(const std::vector<Seen>& frames, std::size_t count, double& spacing,
                      double& line) {
    if (count < 20) return;
    const std::size_t from = count / 2, to = count - 1;
    const auto cycles = static_cast<double>(frames[to].first - frames[from].first);
    spacing = cycles / static_cast<double>(to - from);
    double busy = 0;
    for (std::size_t i = from; i < to; ++i) busy += frames[i].line;
    line = busy / cycles;
  }

  Load load_;
  Rig rig_;
  std::vector<Far> far_;
  std::string text_;
  bool writing_ = true;
  unsigned turn_ = 0;
  std::uint64_t given_ = 0, base_ = 0, in_seen_ = 0, in_given_ = 0, given_bytes_ = 0, read_ = 0;
  std::uint64_t written_ = 0, writes_ = 0, gaps_ = 0, issues_ = 0;
  Cycle begin_ = 0, last_issue_ = 0, least_ = sim::kNever;
  std::vector<std::size_t> sizes_;
  std::vector<Seen> in_, out_;
};

}  // namespace

LoadResult MeasureLoad(const Load& load) {
  return LoadRun(load).Run();
}

}  // namespace tautline::bench
