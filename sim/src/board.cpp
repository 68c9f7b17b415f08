#include <map>
#include <mutex>

#include "core.hpp"
#include "virtual_board.hpp"
#include "wall_board.hpp"

namespace tautline::sim {
namespace {

// Cables by name: the first board to ask makes the cable, the second takes the other end.
struct Cable {
  std::weak_ptr<World> world;
  std::unique_ptr<CableWire> other_end;
};
std::mutex cables_mutex;
std::map<std::string, Cable>& cables() {
  static std::map<std::string, Cable> map;
  return map;
}

/// Nobody is at the other end.
class NoWire final : public Wire {
 public:
  const char* send(Frame) override { return nullptr; }
  std::optional<Frame> receive(Nanos) override { return std::nullopt; }
};

Result<std::shared_ptr<Board>> make_wall(BoardOptions options, std::unique_ptr<Wire> wire) {
  auto core = Core::create(std::move(options), std::move(wire));
  if (!core) return std::unexpected(core.error());
  return WallBoard::start(std::move(*core));
}

Result<std::shared_ptr<Board>> make_virtual(BoardOptions options, std::unique_ptr<Wire> wire,
                                            std::shared_ptr<World> world) {
  auto core = Core::create(std::move(options), std::move(wire));
  if (!core) return std::unexpected(core.error());
  return std::make_shared<VirtualBoard>(std::move(*core), std::move(world));
}

Result<std::shared_ptr<Board>> join_cable(BoardOptions options) {
  const std::lock_guard lock(cables_mutex);
  Cable& cable = cables()[options.cable];
  std::shared_ptr<World> world = cable.world.lock();
  if (world == nullptr) {
    world = std::make_shared<World>();
    auto [ours, other] = CableWire::make(options.cable_delay);
    auto board = make_virtual(std::move(options), std::move(ours), world);
    if (board) cable = {world, std::move(other)};
    return board;
  }
  if (cable.other_end == nullptr) {
    return fail(Errc::cable_full, "both ends of cable '" + options.cable + "' are taken");
  }
  return make_virtual(std::move(options), std::move(cable.other_end), world);
}

}  // namespace

Result<std::shared_ptr<Board>> Board::create(BoardOptions options) {
  const int wires = !options.tap.empty() + !options.cable.empty() + !options.pcap.empty() +
                    (options.wire != nullptr);
  if (wires > 1) return fail(Errc::conflict, "a board has one wire: tap, cable or pcap");
  if (!options.netns.empty() && options.tap.empty()) {
    return fail(Errc::conflict, "netns= says where the TAP device is, but there is no tap=");
  }
  if (!options.tap.empty()) {
    auto tap = TapWire::open(options.tap, options.netns);
    if (!tap) return std::unexpected(tap.error());
    return make_wall(std::move(options), std::move(*tap));
  }
  if (!options.cable.empty()) {
    if (options.wall_clock) return fail(Errc::conflict, "a cable joins boards in virtual time");
    return join_cable(std::move(options));
  }
  std::unique_ptr<Wire> wire = std::move(options.wire);
  if (!options.pcap.empty()) {
    auto pcap = PcapReplayWire::open(options.pcap, options.pcap_speed);
    if (!pcap) return std::unexpected(pcap.error());
    wire = std::move(*pcap);
  }
  if (options.wall_clock) {
    if (wire == nullptr) wire = std::make_unique<NoWire>();
    return make_wall(std::move(options), std::move(wire));
  }
  if (wire == nullptr) wire = std::make_unique<HarnessWire>();
  return make_virtual(std::move(options), std::move(wire), std::make_shared<World>());
}

Result<std::pair<std::shared_ptr<Board>, std::shared_ptr<Board>>> Board::create_pair(
    BoardOptions a, BoardOptions b) {
  for (const BoardOptions* o : {&a, &b}) {
    if (!o->tap.empty() || !o->cable.empty() || !o->pcap.empty() || o->wire != nullptr) {
      return fail(Errc::conflict, "a board of a pair has no other wire than their cable");
    }
  }
  auto world = std::make_shared<World>();
  auto [left, right] = CableWire::make(a.cable_delay);
  auto first = make_virtual(std::move(a), std::move(left), world);
  if (!first) return std::unexpected(first.error());
  auto second = make_virtual(std::move(b), std::move(right), world);
  if (!second) return std::unexpected(second.error());
  return std::pair(std::move(*first), std::move(*second));
}

}  // namespace tautline::sim
