// The host's side of a byte-stream link and a TCP peer on the wire, in plain C++ from docs/usb.md,
// and one exchange between them through whatever model lies in between: attach, ARP, ping,
// handshake, echo, close. The model is reached by bytes and frames alone, so a source, a netlist
// and a whole board, from its Ethernet pins to its UART pins, go through the same.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packet.hpp"

namespace tautline::test {

// What the exchange runs on. Queues are emptied and filled by the model's pins.
class UsbBoard {
 public:
  virtual ~UsbBoard() = default;
  // Lets a short time pass: at most some hundred cycles of the engine.
  virtual void Step() = 0;

  std::deque<std::uint8_t> to_board, from_board;
  std::deque<Frame> frames_in, frames_out;  // without FCS; in: towards the engine
};

class UsbHost {
 public:
  struct Delivery {
    std::uint16_t slot;
    std::uint32_t position;
    std::string data;
  };
  using Entry = std::array<std::uint32_t, 16>;

  // `steps` bounds every wait.
  UsbHost(UsbBoard& board, unsigned steps) : board_(board), steps_(steps) {}

  bool Hello(std::uint32_t nonce);
  void Write(std::uint32_t offset, std::uint32_t value);
  std::uint32_t Read(std::uint32_t offset);
  void Send(std::uint16_t slot, std::uint8_t gen, std::uint32_t position, std::string_view data);
  void Taken(std::uint16_t slot, std::uint8_t gen, std::uint32_t position);
  // Submits a command and waits for its completion: the result, or nothing.
  std::optional<Entry> Command(std::uint8_t op, std::uint16_t slot, std::uint8_t gen,
                               std::uint32_t ports, std::uint32_t arg0, std::uint32_t arg1);

  // Lets time pass until `done`; false if it does not come to that.
  bool Await(const std::function<bool()>& done);
  // The next frame of the board that is `wanted`; others are dropped.
  std::optional<Packet> AwaitFrame(const std::function<bool(const Packet&)>& wanted);
  // The next status entry that is `wanted`.
  std::optional<Entry> AwaitEntry(const std::function<bool(const Entry&)>& wanted);

  std::deque<Delivery> deliveries;
  unsigned bad_bytes = 0;  // of the board that belong to no frame, or to a wrong one

 private:
  void Frame_(std::uint8_t kind, const std::vector<std::uint8_t>& data);
  void Pump();
  void Take(std::uint8_t kind, const std::vector<std::uint8_t>& data);

  UsbBoard& board_;
  unsigned steps_;
  std::uint8_t seq_ = 0, peer_seq_ = 0;
  std::uint16_t cookie_ = 0;
  std::uint32_t taken_bytes_ = 0;  // credit given back
  std::vector<std::uint8_t> bytes_;
  std::deque<Entry> entries_;
  std::deque<std::uint32_t> values_;
  std::optional<std::array<std::uint32_t, 4>> hello_;
};

// The exchange; its steps are EXPECTed.
void RunSmokeExchange(UsbBoard& board, unsigned steps);

}  // namespace tautline::test
