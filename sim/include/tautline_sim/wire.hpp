#pragma once
/// \file
/// What the board's network side is connected to.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tautline_sim/error.hpp"
#include "tautline_sim/random.hpp"
#include "tautline_sim/time.hpp"

namespace tautline::sim {

/// An Ethernet frame without preamble and FCS.
struct Frame {
  std::vector<std::byte> bytes;
  /// From the board: when its last word left. To the board: when it may begin to arrive.
  Nanos time = 0;
  /// Cycles in which the first and the last word crossed the board's edge; 0 before they have.
  Cycle first_cycle = 0;
  Cycle last_cycle = 0;
  /// The FCS is wrong; the board sees `tuser` with the last word.
  bool bad = false;
  /// What a link model did to it, for the capture; a string literal.
  const char* comment = nullptr;
};

/// One end of a wire. Not thread-safe: the thread that owns the board calls it. Times never run
/// backwards.
class Wire {
 public:
  virtual ~Wire() = default;
  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// A frame has left the board at `frame.time`. Returns what happens to it, for the capture: a
  /// string literal, or nullptr when nothing did.
  virtual const char* send(Frame frame) = 0;
  /// A frame that has reached the board by `now`.
  virtual std::optional<Frame> receive(Nanos now) = 0;
  /// When `receive` or `advance` will next have something to do, as far as is known; kNever if not.
  [[nodiscard]] virtual Nanos next_event() const { return kNever; }
  /// Lets time pass: frames that were held back towards the far side leave.
  virtual void advance(Nanos /*now*/) {}
  /// A frame sent at t reaches no board before t + lookahead, so boards that are joined may run
  /// that far ahead of each other. 0: the board stops at every frame it sends.
  [[nodiscard]] virtual Nanos lookahead() const { return 0; }
  /// Readable when a frame waits, or -1 (wall-clock wires only).
  [[nodiscard]] virtual int fd() const { return -1; }
};

/// The far end is the program: it gives frames and takes them.
class HarnessWire final : public Wire {
 public:
  const char* send(Frame frame) override;
  std::optional<Frame> receive(Nanos now) override;
  [[nodiscard]] Nanos next_event() const override;

  /// The frame begins to arrive at `time` or as soon as the line is free. Times do not decrease.
  void give(std::span<const std::byte> bytes, Nanos time = 0, bool bad = false);
  [[nodiscard]] std::optional<Frame> take();
  [[nodiscard]] std::size_t waiting() const { return from_board_.size(); }

 private:
  std::deque<Frame> to_board_;
  std::deque<Frame> from_board_;
};

/// A Linux TAP device: IFF_TAP | IFF_NO_PI, no vnet header, so no offload. Opens an existing device
/// or makes one.
class TapWire final : public Wire {
 public:
  /// `netns`: name below /var/run/netns in which the device lives; empty: this process's.
  static Result<std::unique_ptr<TapWire>> open(const std::string& name,
                                               const std::string& netns = {});
  ~TapWire() override;

  const char* send(Frame frame) override;
  std::optional<Frame> receive(Nanos now) override;
  [[nodiscard]] int fd() const override { return fd_; }

 private:
  explicit TapWire(int fd) : fd_(fd), buffer_(65536) {}
  int fd_;
  std::vector<std::byte> buffer_;
};

/// One end of a cable between two boards of one process and one virtual time. A frame arrives
/// whole, `delay` after its last word left the other end.
class CableWire final : public Wire {
 public:
  static std::pair<std::unique_ptr<CableWire>, std::unique_ptr<CableWire>> make(Nanos delay);

  const char* send(Frame frame) override;
  std::optional<Frame> receive(Nanos now) override;
  [[nodiscard]] Nanos next_event() const override;
  [[nodiscard]] Nanos lookahead() const override { return delay_; }

 private:
  using Lane = std::deque<Frame>;
  CableWire(Nanos delay, std::shared_ptr<Lane> out, std::shared_ptr<Lane> in)
      : delay_(delay), out_(std::move(out)), in_(std::move(in)) {}
  Nanos delay_;
  std::shared_ptr<Lane> out_, in_;
};

/// Frames of a pcap or pcapng file, at the distance in time at which they were captured; what the
/// board sends is dropped.
class PcapReplayWire final : public Wire {
 public:
  /// `speed` divides the distances; 0: one frame after the other at line rate.
  static Result<std::unique_ptr<PcapReplayWire>> open(const std::string& path, double speed = 1);
  const char* send(Frame) override { return nullptr; }
  std::optional<Frame> receive(Nanos now) override;
  [[nodiscard]] Nanos next_event() const override;

 private:
  std::deque<Frame> frames_;
};

/// What a bad link does to one direction.
struct ImpairmentConfig {
  double loss = 0;       ///< probability that a frame vanishes
  double duplicate = 0;  ///< that it arrives twice
  double reorder = 0;    ///< that the next one to three frames overtake it
  double corrupt = 0;    ///< that one bit flips
  Nanos delay = 0;
  Nanos jitter = 0;          ///< added to the delay, uniform in [0, jitter); order is kept
  double rate_mbps = 0;      ///< 0: no limit beyond the line's
  std::size_t queue = 1000;  ///< frames that wait for the rate; the next is lost
  [[nodiscard]] bool any() const {
    return loss > 0 || duplicate > 0 || reorder > 0 || corrupt > 0 || delay > 0 || jitter > 0 ||
           rate_mbps > 0;
  }
};

struct ImpairmentCounts {
  std::uint64_t frames = 0, lost = 0, duplicated = 0, reordered = 0, corrupted = 0, queue_full = 0;
};

/// One direction of a bad link: frames in, frames out later, or not, or twice.
///
/// A flipped bit inside an IPv4 packet goes on unseen by the FCS in half of the cases, so that the
/// checksums have to find it (a single bit never escapes the Internet checksum); all other flips
/// are marked as a bad frame, as a MAC would. Each kind of fault draws from a stream of its own.
class Impairment {
 public:
  Impairment(const ImpairmentConfig& config, Random random);
  /// Takes a frame at `frame.time`; returns what became of it, or nullptr.
  const char* push(Frame frame);
  [[nodiscard]] std::optional<Frame> pop(Nanos now);
  [[nodiscard]] Nanos next_event() const;
  [[nodiscard]] const ImpairmentCounts& counts() const { return counts_; }
  /// Sees every frame that is dropped.
  std::function<void(const Frame&)> on_drop;

 private:
  struct Held {
    Frame frame;
    unsigned passes;  // frames that are still to overtake it
    Nanos until;      // it leaves then even if nothing comes
  };
  const char* schedule(Frame frame);
  void release_held(Nanos now);
  void flip(Frame& frame);

  ImpairmentConfig config_;
  Random loss_, duplicate_, reorder_, corrupt_, jitter_;
  std::deque<Frame> queue_;  // by time of arrival
  std::vector<Held> held_;
  Nanos line_free_ = 0;
  Nanos last_out_ = 0;
  std::deque<Nanos> departures_;  // of frames that wait for the rate
  ImpairmentCounts counts_;
};

/// A wire behind a bad link, each direction by its own configuration.
class ImpairedWire final : public Wire {
 public:
  ImpairedWire(std::unique_ptr<Wire> inner, const ImpairmentConfig& from_board,
               const ImpairmentConfig& to_board, std::uint64_t seed);
  const char* send(Frame frame) override;
  std::optional<Frame> receive(Nanos now) override;
  [[nodiscard]] Nanos next_event() const override;
  void advance(Nanos now) override;
  [[nodiscard]] Nanos lookahead() const override { return inner_->lookahead(); }
  [[nodiscard]] int fd() const override { return inner_->fd(); }

  [[nodiscard]] Wire& inner() { return *inner_; }
  [[nodiscard]] Impairment& from_board() { return out_; }
  [[nodiscard]] Impairment& to_board() { return in_; }

 private:
  std::unique_ptr<Wire> inner_;
  Impairment out_, in_;
};

}  // namespace tautline::sim
