#pragma once
/// \file
/// The sockets of one stack, above the driver. Public classes are handles into the tables here.
///
/// Two tables, because two lives differ. A *flow* is the library's view of an engine slot: its
/// generation and the commands it is owed; it ends with RELEASE. A *connection* is what a user
/// holds: positions, options, the error; it begins before the engine has given a slot, and may
/// outlast it. Both are sized at attach, so that nothing after that allocates.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "driver.hpp"
#include "tautline/stack.hpp"

namespace tautline::detail {

/// The 64-bit position nearest to `known` whose low half is `wire`. Positions on the wire are 32
/// bits and never half the range away from the last one known, because rings are smaller than that.
[[nodiscard]] constexpr std::uint64_t extend(std::uint64_t known, std::uint32_t wire) noexcept {
  const auto distance = static_cast<std::int32_t>(wire - static_cast<std::uint32_t>(known));
  return known + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance));
}

/// Result code of a command as an error; none for ok.
[[nodiscard]] std::error_code to_error(regs::Result result) noexcept;
/// Why a flow ended as an error; none for none.
[[nodiscard]] std::error_code to_error(regs::Cause cause) noexcept;

class StackCore : public std::enable_shared_from_this<StackCore> {
 public:
  using Count = std::expected<std::size_t, std::error_code>;
  static constexpr std::uint32_t none = 0xffffffff;

  [[nodiscard]] static std::expected<std::shared_ptr<StackCore>, std::error_code> create(
      std::unique_ptr<PciFunction> owned, PciFunction& function, const StackConfig& config);
  ~StackCore();
  StackCore(const StackCore&) = delete;
  StackCore& operator=(const StackCore&) = delete;

  /// The stack has ended: stops the device. Handles that outlive it find every connection ended.
  void detach() noexcept;

  // ------------------------------------------------------------------------------- stack
  [[nodiscard]] std::expected<std::uint32_t, std::error_code> listen(const Endpoint& local,
                                                                     const ListenOptions& options);
  [[nodiscard]] std::expected<std::uint32_t, std::error_code> start_connect(
      const Endpoint& peer, const ConnectOptions& options);
  std::span<const Event> poll() noexcept;
  std::span<const Event> wait(std::optional<Microseconds> timeout) noexcept;
  [[nodiscard]] bool arm() noexcept;
  std::error_code drain_orphans(Microseconds timeout) noexcept;
  [[nodiscard]] PciFunction& function() const noexcept { return *function_; }
  [[nodiscard]] const DeviceInfo& device() const noexcept { return device_; }
  [[nodiscard]] StackCounters counters() const noexcept;
  [[nodiscard]] std::uint32_t device_counter(unsigned index) const noexcept;

  // ------------------------------------------------------------------------------- listener
  [[nodiscard]] std::expected<std::uint32_t, std::error_code> try_accept(
      std::uint32_t index) noexcept;
  [[nodiscard]] std::expected<std::uint32_t, std::error_code> accept(
      std::uint32_t index, std::optional<Microseconds> timeout) noexcept;
  void close_listener(std::uint32_t index) noexcept;
  [[nodiscard]] std::uint64_t& listener_token(std::uint32_t index) noexcept {
    return listeners_[index].token;
  }
  [[nodiscard]] Endpoint listener_endpoint(std::uint32_t index) const noexcept {
    return listeners_[index].local;
  }

  // ------------------------------------------------------------------------------- socket
  [[nodiscard]] Count read(std::uint32_t index, std::span<std::byte> into) noexcept;
  [[nodiscard]] Count write(std::uint32_t index, std::span<const std::byte> from,
                            tautline::Push push) noexcept;
  void flush(std::uint32_t index) noexcept;
  [[nodiscard]] ReceiveView receive_view(std::uint32_t index) const noexcept;
  std::error_code consume(std::uint32_t index, std::size_t count) noexcept;
  [[nodiscard]] TransmitView reserve(std::uint32_t index, std::size_t count) noexcept;
  std::error_code commit(std::uint32_t index, std::size_t count, tautline::Push push) noexcept;
  [[nodiscard]] std::size_t readable_bytes(std::uint32_t index) const noexcept;
  [[nodiscard]] std::size_t writable_bytes(std::uint32_t index) const noexcept;
  [[nodiscard]] std::size_t unacknowledged_bytes(std::uint32_t index) const noexcept;
  std::error_code shutdown(std::uint32_t index, Shutdown how) noexcept;
  /// The connection is the user's no longer. `may_wait`: a positive linger blocks.
  std::error_code close(std::uint32_t index, bool may_wait) noexcept;
  void abort(std::uint32_t index) noexcept;
  void set_interest(std::uint32_t index, Ready interest) noexcept;
  void set_token(std::uint32_t index, std::uint64_t token) noexcept;
  [[nodiscard]] std::uint64_t token(std::uint32_t index) const noexcept;
  [[nodiscard]] Ready ready(std::uint32_t index) const noexcept;
  [[nodiscard]] bool is_connected(std::uint32_t index) const noexcept;
  [[nodiscard]] bool peer_finished(std::uint32_t index) const noexcept;
  [[nodiscard]] bool delivery_delayed(std::uint32_t index) const noexcept;
  [[nodiscard]] std::error_code error(std::uint32_t index) const noexcept;
  std::error_code set_options(std::uint32_t index, const SocketOptions& options) noexcept;
  [[nodiscard]] SocketOptions options(std::uint32_t index) const noexcept;
  [[nodiscard]] Endpoint local_endpoint(std::uint32_t index) const noexcept;
  [[nodiscard]] Endpoint peer_endpoint(std::uint32_t index) const noexcept;
  [[nodiscard]] State state(std::uint32_t index) const noexcept;
  [[nodiscard]] std::expected<ConnectionInfo, std::error_code> info(std::uint32_t index) noexcept;
  std::error_code wait_connected(std::uint32_t index, std::optional<Microseconds> timeout) noexcept;
  [[nodiscard]] Count read_some(std::uint32_t index, std::span<std::byte> into,
                                std::optional<Microseconds> timeout) noexcept;
  [[nodiscard]] Count read_exact(std::uint32_t index, std::span<std::byte> into,
                                 std::optional<Microseconds> timeout) noexcept;
  [[nodiscard]] Count write_all(std::uint32_t index, std::span<const std::byte> from,
                                std::optional<Microseconds> timeout) noexcept;
  std::error_code drain(std::uint32_t index, std::optional<Microseconds> timeout) noexcept;

  // ------------------------------------------------------------------------------- from
  // Driver::reap
  void on_status(const Entry& entry) noexcept;
  void on_completion(const Entry& entry, std::uint64_t context) noexcept;
  void on_link_error(const Entry& entry) noexcept;

 private:
  /// Commands a flow is owed, sent in this order.
  enum Owed : std::uint8_t {
    owed_accept = 1,
    owed_option = 2,
    owed_shutdown = 4,
    owed_abort = 8,
    owed_release = 16,
  };

  struct Flow {
    std::uint32_t connection = none;
    std::uint32_t next = none;  ///< in the list of flows with owed commands
    std::uint32_t accept_tag = 0;
    std::uint32_t fin_position = 0;
    std::array<std::uint32_t, 5> option{};  ///< by regs::Option
    std::uint8_t option_mask = 0;
    std::uint8_t owed = 0;
    std::uint8_t gen = 0;
    bool seen = false;    ///< `gen` is of a life that the library has seen
    bool live = false;    ///< that life is not released yet
    bool orphan = false;  ///< closed by its user; the engine is still finishing it
    bool listed = false;
  };

  enum class Phase : std::uint8_t { free, opening, live, ended };

  struct Connection {
    // Stream positions. Transmit: acked <= rung <= tail <= acked + ring. Receive: told <= read <=
    // delivered
    // <= read + ring.
    std::uint64_t tx_tail = 0;  ///< written by the user
    std::uint64_t tx_rung = 0;  ///< told to the engine
    std::uint64_t tx_fetched =
        0;  ///< below this the engine had, or will have, to fetch from the ring
    std::uint64_t tx_sent = 0;
    std::uint64_t tx_acked = 0;
    std::uint64_t rx_delivered = 0;
    std::uint64_t rx_end = 0;
    std::uint64_t rx_read = 0;  ///< consumed by the user
    std::uint64_t rx_told = 0;  ///< told to the engine
    std::byte* tx_ring = nullptr;
    const std::byte* rx_ring = nullptr;

    std::uint32_t slot = none;
    std::uint32_t tag = 0;      ///< {life, index}: what the engine reports for our opens
    std::uint32_t next = none;  ///< in the queue of opens or of a listener
    std::uint8_t gen = 0;
    Phase phase = Phase::free;
    State state = State::closed;
    Ready interest = Ready::readable;
    bool connected = false;
    bool fin = false;
    bool done = false;
    bool delayed = false;  ///< R1 has passed
    bool shut_read = false;
    bool shut_write = false;
    bool told_error = false;  ///< writes answer EPIPE after the cause was told once
    bool abandoned = false;   ///< closed by its user before the engine gave a slot
    bool queued = false;      ///< waits in a listener's queue: nobody's yet
    bool ready_listed = false;
    bool bell_listed = false;

    std::error_code error;
    std::uint64_t token = 0;
    Endpoint local;
    Endpoint peer;
    SocketOptions options;
  };

  struct ListenerEntry {
    bool used = false;
    bool ready_listed = false;
    std::uint32_t tag = 0;
    std::uint32_t engine_index = none;
    std::uint32_t head = none;  ///< oldest connection that waits for accept
    std::uint32_t tail = none;
    std::uint64_t token = 0;
    Endpoint local;
    SocketOptions options;
  };

  /// What is under way to end a listener of the engine.
  enum class Unlisten : std::uint8_t { none, owed, sent };

  /// What a completion answers; packed into the driver's context.
  enum class Answer : std::uint8_t { nobody, open, caller, listen, unlisten };
  [[nodiscard]] static std::uint64_t context(Answer answer, std::uint32_t value) noexcept {
    return std::uint64_t{static_cast<std::uint8_t>(answer)} << 32 | value;
  }

  static constexpr std::uint32_t listener_id = 0x80000000;  ///< in the ready list
  static constexpr unsigned tag_index_bits = 18;
  /// A device answers in microseconds; a simulated one on a busy machine has to get its turn first.
  static constexpr Microseconds command_timeout{std::chrono::seconds{10}};

  StackCore(std::unique_ptr<PciFunction> owned, PciFunction& function,
            std::unique_ptr<Driver> driver, const StackConfig& config);

  // Service: progress, reap, send what is owed.
  bool service() noexcept;
  bool work() noexcept;
  bool send_commands(Flow& flow, std::uint32_t slot) noexcept;
  /// One turn of a blocking call: service; if that found nothing to do, sleep and reap.
  void step(std::optional<Microseconds> deadline) noexcept;
  [[nodiscard]] std::optional<Microseconds> deadline_after(
      std::optional<Microseconds> timeout) const noexcept;
  [[nodiscard]] bool passed(std::optional<Microseconds> deadline) const noexcept;
  /// One command and its completion, waited for.
  [[nodiscard]] std::expected<Entry, std::error_code> call(const Command& command, Answer answer,
                                                           std::uint32_t value) noexcept;
  void fail(std::error_code error) noexcept;

  [[nodiscard]] std::uint32_t new_connection() noexcept;
  void free_connection(std::uint32_t index) noexcept;
  void bind(std::uint32_t index, std::uint32_t slot, std::uint8_t gen) noexcept;
  void adopt(std::uint32_t slot, std::uint8_t gen, std::uint32_t connection) noexcept;
  void born_of_listener(const Entry& entry, std::uint32_t slot, std::uint8_t gen) noexcept;
  void update(std::uint32_t index, const Entry& entry) noexcept;
  void end(Connection& connection, std::error_code error) noexcept;
  void release_if_drained(std::uint32_t index) noexcept;
  void owe(std::uint32_t slot, std::uint8_t what) noexcept;
  void orphan_ends(Flow& flow) noexcept;
  [[nodiscard]] Connection* opening(std::uint32_t tag) noexcept;
  void let_go(std::uint32_t index, bool reset) noexcept;
  void queue_shutdown(Connection& connection) noexcept;
  void owe_unlisten(std::uint32_t engine_index) noexcept;

  void notify(std::uint32_t id) noexcept;
  [[nodiscard]] Ready condition(const Connection& connection) const noexcept;
  void advance(std::uint32_t index, std::size_t count) noexcept;
  void publish(std::uint32_t index, std::size_t count, tautline::Push push) noexcept;
  void ring_tail(Connection& connection) noexcept;
  void ring_taken(Connection& connection) noexcept;
  /// Leaves the doorbells of a connection to the next service.
  void later(std::uint32_t index) noexcept;
  [[nodiscard]] std::error_code send_error(Connection& connection) noexcept;
  [[nodiscard]] std::size_t space(const Connection& connection) const noexcept;
  [[nodiscard]] static bool valid(const SocketOptions& options) noexcept;

  std::unique_ptr<PciFunction> owned_;
  PciFunction* function_;
  std::unique_ptr<Driver> driver_;  // after function_: ends first
  DeviceInfo device_;
  Ipv4Address address_;
  std::size_t tx_mask_;
  std::size_t rx_mask_;
  std::error_code link_error_;  ///< sticky: nothing works any more
  bool armed_ = false;

  std::vector<Flow> flows_;
  std::vector<Connection> connections_;
  std::vector<ListenerEntry> listeners_;
  std::vector<std::uint32_t> free_connections_;
  std::vector<std::uint32_t> ready_;  ///< connections, listeners that may have something to report
  std::vector<std::uint32_t> bells_;  ///< connections whose doorbells wait for the next poll
  std::vector<Event> events_;
  std::size_t ready_count_ = 0;
  std::size_t bell_count_ = 0;

  std::uint32_t owed_head_ = none;  ///< flows with owed commands, oldest first
  std::uint32_t owed_tail_ = none;
  std::uint32_t open_head_ = none;  ///< connections whose OPEN waits for a credit
  std::uint32_t open_tail_ = none;
  std::vector<Unlisten> unlisten_;  ///< by the engine's index of a listener
  unsigned unlisten_count_ = 0;     ///< how many are owed
  std::size_t orphans_ = 0;

  struct Call {
    std::uint32_t value = 0;
    bool done = false;
    Entry entry{};
  };
  Call call_;
  std::uint32_t call_serial_ = 0;
  std::uint32_t listener_life_ = 0;
  StackCounters counters_;
};

}  // namespace tautline::detail
