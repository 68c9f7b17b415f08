#include "stack_core.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "tautline/error.hpp"

namespace tautline::detail {
namespace {

std::error_code posix(std::errc error) noexcept {
  return std::make_error_code(error);
}

std::unexpected<std::error_code> fails(std::errc error) noexcept {
  return std::unexpected(posix(error));
}

/// The range [position, position + count) of a ring of mask + 1 bytes.
template <typename Byte>
RingSpans<Byte> ring_range(Byte* ring, std::size_t mask, std::uint64_t position,
                           std::size_t count) noexcept {
  const std::size_t offset = position & mask;
  const std::size_t first = std::min(count, mask + 1 - offset);
  return {{ring + offset, first}, {ring, count - first}};
}

}  // namespace

std::error_code to_error(regs::Result result) noexcept {
  switch (result) {
    case regs::Result::ok:
      return {};
    case regs::Result::no_slot:
      return posix(std::errc::too_many_files_open);
    case regs::Result::in_use:
      return posix(std::errc::address_in_use);
    case regs::Result::table_full:
      return posix(std::errc::no_buffer_space);
    case regs::Result::stale:
      return posix(std::errc::bad_file_descriptor);
    case regs::Result::bad_state:
      return posix(std::errc::not_connected);
    case regs::Result::bad_arg:
      return posix(std::errc::invalid_argument);
    case regs::Result::no_port:
      return posix(std::errc::address_not_available);
    case regs::Result::unreachable:
      return posix(std::errc::host_unreachable);
  }
  return posix(std::errc::protocol_error);
}

std::error_code to_error(regs::Cause cause) noexcept {
  switch (cause) {
    case regs::Cause::none:
      return {};
    case regs::Cause::refused:
      return posix(std::errc::connection_refused);
    case regs::Cause::reset:
      return posix(std::errc::connection_reset);
    case regs::Cause::timeout:
      return posix(std::errc::timed_out);
    case regs::Cause::unreachable:
      return posix(std::errc::host_unreachable);
    case regs::Cause::aborted:
      return posix(std::errc::connection_aborted);
    case regs::Cause::link:
      return posix(std::errc::io_error);
  }
  return posix(std::errc::protocol_error);
}

// ------------------------------------------------------------------------------------ life

std::expected<std::shared_ptr<StackCore>, std::error_code> StackCore::create(
    std::unique_ptr<PciFunction> owned, PciFunction& function, const StackConfig& config) {
  std::string why;
  auto driver = Driver::attach(function, config, why);
  if (!driver) {
    if (config.explanation != nullptr) *config.explanation = why;
    return std::unexpected(driver.error());
  }
  try {
    return std::shared_ptr<StackCore>(
        new StackCore(std::move(owned), function, std::move(*driver), config));
  } catch (const std::bad_alloc&) {
    return fails(std::errc::not_enough_memory);
  }
}

StackCore::StackCore(std::unique_ptr<PciFunction> owned, PciFunction& function,
                     std::unique_ptr<Driver> driver, const StackConfig& config)
    : owned_(std::move(owned)),
      function_(&function),
      driver_(std::move(driver)),
      device_(driver_->info()),
      address_(config.address),
      tx_mask_(driver_->tx_ring_bytes() - 1),
      rx_mask_(driver_->rx_ring_bytes() - 1),
      flows_(device_.flows),
      // A connection may outlast its slot until its user closes it, and may wait for one.
      connections_(2 * std::size_t{device_.flows} + device_.command_credits),
      listeners_(device_.listeners),
      unlisten_(256) {
  const std::size_t count = connections_.size();
  static_assert(2 * 65536 + 256 < 1 << tag_index_bits);
  free_connections_.reserve(count);
  for (std::size_t i = count; i > 0; --i) {
    free_connections_.push_back(static_cast<std::uint32_t>(i - 1));
  }
  ready_.resize(count + listeners_.size());
  events_.resize(ready_.size());
  bells_.resize(count);
}

StackCore::~StackCore() {
  detach();
}

void StackCore::detach() noexcept {
  if (!driver_) return;
  fail(posix(std::errc::no_such_device));
  // The rings go away with the driver: what is unread is gone.
  for (Connection& connection : connections_) {
    connection.rx_read = connection.rx_delivered = connection.rx_end;
    connection.fin = false;
  }
  driver_.reset();
  owned_.reset();
  function_ = nullptr;
}

// The link is gone or the stack has ended. Bytes that were delivered stay readable.
void StackCore::fail(std::error_code error) noexcept {
  if (link_error_) return;
  link_error_ = error;
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    Connection& connection = connections_[i];
    if (connection.phase == Phase::free) continue;
    if (connection.abandoned) {
      free_connection(i);
      continue;
    }
    if (connection.phase != Phase::ended) {
      connection.rx_end = connection.rx_delivered;  // nothing more will land
      connection.fin = false;
      end(connection, error);
    }
    notify(i);
  }
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].used) notify(listener_id | i);
  }
  owed_head_ = owed_tail_ = open_head_ = open_tail_ = none;
  orphans_ = 0;
}

StackCounters StackCore::counters() const noexcept {
  StackCounters counters = counters_;
  if (driver_) {
    counters.push_lines = driver_->push_lines;
    counters.doorbells = driver_->doorbells;
    counters.commands = driver_->commands;
    counters.malformed_reports += driver_->malformed;
  }
  return counters;
}

std::uint32_t StackCore::device_counter(unsigned index) const noexcept {
  return driver_ && index < regs::counter_count ? driver_->counter(index) : 0;
}

// ------------------------------------------------------------------------------------ tables

std::uint32_t StackCore::new_connection() noexcept {
  if (free_connections_.empty()) return none;
  const std::uint32_t index = free_connections_.back();
  free_connections_.pop_back();
  Connection& connection = connections_[index];
  // Entries of the lists outlive a connection; they are looked at and dropped at the next poll.
  const bool ready_listed = connection.ready_listed;
  const bool bell_listed = connection.bell_listed;
  const std::uint32_t life = (connection.tag >> tag_index_bits) + 1;
  connection = Connection{};
  connection.ready_listed = ready_listed;
  connection.bell_listed = bell_listed;
  connection.tag = life << tag_index_bits | index;
  connection.token = connection.tag;
  return index;
}

void StackCore::free_connection(std::uint32_t index) noexcept {
  Connection& connection = connections_[index];
  connection.phase = Phase::free;
  free_connections_.push_back(index);
}

StackCore::Connection* StackCore::opening(std::uint32_t tag) noexcept {
  const std::uint32_t index = tag & ((1u << tag_index_bits) - 1);
  if (index >= connections_.size()) return nullptr;
  Connection& connection = connections_[index];
  return connection.phase == Phase::opening && connection.tag == tag ? &connection : nullptr;
}

// A life of a slot begins as far as the library is concerned.
void StackCore::adopt(std::uint32_t slot, std::uint8_t gen, std::uint32_t connection) noexcept {
  Flow& flow = flows_[slot];
  if (flow.orphan) orphan_ends(flow);
  flow.connection = connection;
  flow.gen = gen;
  flow.seen = true;
  flow.live = true;
  flow.option_mask = 0;
}

void StackCore::bind(std::uint32_t index, std::uint32_t slot, std::uint8_t gen) noexcept {
  Connection& connection = connections_[index];
  if (connection.abandoned) {
    adopt(slot, gen, none);
    free_connection(index);
    owe(slot, owed_abort | owed_release);
    return;
  }
  adopt(slot, gen, index);
  connection.phase = Phase::live;
  connection.slot = slot;
  connection.gen = gen;
  connection.tx_ring = driver_->tx_ring(slot);
  connection.rx_ring = driver_->rx_ring(slot);
  (void)set_options(index, connection.options);
}

// The connection has no slot any more.
void StackCore::end(Connection& connection, std::error_code error) noexcept {
  if (connection.phase == Phase::live) flows_[connection.slot].connection = none;
  connection.phase = Phase::ended;
  connection.slot = none;
  connection.state = State::closed;
  connection.done = true;
  if (!connection.error) connection.error = error;
}

void StackCore::orphan_ends(Flow& flow) noexcept {
  flow.orphan = false;
  --orphans_;
}

// A finished flow gives its slot back once its ring is drained. The user may keep the socket.
void StackCore::release_if_drained(std::uint32_t index) noexcept {
  Connection& connection = connections_[index];
  if (connection.phase != Phase::live || !connection.done) return;
  if (connection.rx_read != connection.rx_end) return;
  const std::uint32_t slot = connection.slot;
  end(connection, connection.error);
  owe(slot, owed_release);
}

void StackCore::owe(std::uint32_t slot, std::uint8_t what) noexcept {
  Flow& flow = flows_[slot];
  flow.owed |= what;
  if (flow.listed) return;
  flow.listed = true;
  flow.next = none;
  if (owed_tail_ == none) {
    owed_head_ = slot;
  } else {
    flows_[owed_tail_].next = slot;
  }
  owed_tail_ = slot;
}

// ------------------------------------------------------------------------------------ service

bool StackCore::service() noexcept {
  ++counters_.polls;
  if (!driver_) return false;
  if (armed_) {
    // Before the ring is read: an interrupt for a later entry must stay pending.
    function_->acknowledge_interrupt();
    armed_ = false;
  }
  const bool moved = function_->progress();
  const LinkState link = function_->link_state();
  if (link != LinkState::up && !link_error_) {
    fail(posix(link == LinkState::removed ? std::errc::no_such_device : std::errc::io_error));
  }
  if (link_error_) return false;
  const unsigned reaped = driver_->reap(*this);
  return work() || moved || reaped != 0;
}

// Sends the doorbells and commands that wait; commands as far as credits go.
bool StackCore::work() noexcept {
  if (link_error_) return false;
  bool worked = false;
  for (std::size_t i = 0; i < bell_count_; ++i) {
    Connection& connection = connections_[bells_[i]];
    connection.bell_listed = false;
    if (connection.phase != Phase::live) continue;
    ring_tail(connection);
    ring_taken(connection);
    worked = true;
  }
  bell_count_ = 0;

  while (owed_head_ != none) {
    Flow& flow = flows_[owed_head_];
    if (!send_commands(flow, owed_head_)) return worked;
    worked = true;
    flow.listed = false;
    owed_head_ = flow.next;
    if (owed_head_ == none) owed_tail_ = none;
  }
  for (std::uint32_t i = 0; unlisten_count_ > 0 && i < unlisten_.size(); ++i) {
    if (unlisten_[i] != Unlisten::owed) continue;
    if (!driver_->submit(make_command(regs::Op::unlisten, i), context(Answer::unlisten, i))) {
      ++counters_.commands_deferred;
      return worked;
    }
    unlisten_[i] = Unlisten::sent;
    --unlisten_count_;
    worked = true;
  }
  while (open_head_ != none) {
    Connection& connection = connections_[open_head_];
    if (!connection.abandoned) {
      Command command = make_command(regs::Op::open, 0, 0, connection.tag);
      regs::command::raddr.into(command, connection.peer.address.value);
      regs::command::rport.into(command, connection.peer.port);
      regs::command::lport.into(command, connection.local.port);
      if (!driver_->submit(command, context(Answer::open, connection.tag))) {
        ++counters_.commands_deferred;
        return worked;
      }
    }
    const std::uint32_t index = open_head_;
    open_head_ = connection.next;
    if (open_head_ == none) open_tail_ = none;
    connection.next = none;
    if (connection.abandoned) free_connection(index);
    worked = true;
  }
  return worked;
}

// Sends what one flow is owed, in order. False when the credits ran out before the end.
bool StackCore::send_commands(Flow& flow, std::uint32_t slot) noexcept {
  const auto send = [&](regs::Op op, std::uint32_t arg0 = 0, std::uint32_t arg1 = 0) {
    const bool sent =
        driver_->submit(make_command(op, slot, flow.gen, arg0, arg1), context(Answer::nobody, 0));
    if (!sent) ++counters_.commands_deferred;
    return sent;
  };
  if ((flow.owed & owed_accept) != 0 && !send(regs::Op::accept, flow.accept_tag)) return false;
  flow.owed &= static_cast<std::uint8_t>(~owed_accept);
  for (std::uint32_t i = 0; i < flow.option.size(); ++i) {
    if ((flow.option_mask & 1u << i) == 0) continue;
    if (!send(regs::Op::setopt, i, flow.option[i])) return false;
    flow.option_mask &= static_cast<std::uint8_t>(~(1u << i));
  }
  flow.owed &= static_cast<std::uint8_t>(~owed_option);
  if ((flow.owed & owed_shutdown) != 0 && !send(regs::Op::shutdown, flow.fin_position)) {
    return false;
  }
  flow.owed &= static_cast<std::uint8_t>(~owed_shutdown);
  if ((flow.owed & owed_abort) != 0 && !send(regs::Op::abort)) return false;
  flow.owed &= static_cast<std::uint8_t>(~owed_abort);
  if ((flow.owed & owed_release) != 0) {
    if (!send(regs::Op::release)) return false;
    flow.live = false;  // what the engine still says of this generation is of no interest
  }
  flow.owed = 0;
  return true;
}

void StackCore::on_status(const Entry& entry) noexcept {
  namespace status = regs::status_entry;
  ++counters_.status_reports;
  const std::uint32_t slot = status::slot.from(entry);
  if (slot >= flows_.size()) {
    ++counters_.malformed_reports;
    return;
  }
  Flow& flow = flows_[slot];
  const auto gen = static_cast<std::uint8_t>(status::gen.from(entry));
  const bool active = status::active.from(entry) != 0;
  const bool done = status::done.from(entry) != 0;
  const bool same_life = flow.seen && flow.gen == gen;
  if (flow.orphan && (!same_life || done || !active)) orphan_ends(flow);
  if (flow.live) {
    // An unreleased slot cannot have been born again: another generation is an older one's echo.
    if (!same_life) {
      ++counters_.stale_reports;
    } else if (flow.connection != none) {
      update(flow.connection, entry);
    }
    return;
  }
  if (same_life || !active) {
    if (!same_life) ++counters_.stale_reports;
    return;
  }
  if (status::listening.from(entry) != 0) {
    born_of_listener(entry, slot, gen);
  } else if (Connection* const connection = opening(status::tag.from(entry))) {
    const auto index = static_cast<std::uint32_t>(connection - connections_.data());
    bind(index, slot, gen);
    if (flow.connection == index) update(index, entry);
  } else {
    ++counters_.stale_reports;
  }
}

void StackCore::born_of_listener(const Entry& entry, std::uint32_t slot,
                                 std::uint8_t gen) noexcept {
  namespace status = regs::status_entry;
  const auto state = static_cast<regs::State>(status::state.from(entry));
  const bool done = status::done.from(entry) != 0;
  if (!done && state < regs::State::established) return;  // half open: the listener's own affair
  if (done) {
    // Never seen established: nobody is told, as a SYN_RCVD that is reset returns to LISTEN.
    adopt(slot, gen, none);
    owe(slot, owed_release);
    return;
  }
  const std::uint32_t tag = status::tag.from(entry);
  const std::uint32_t place = tag & 0xff;
  const bool wanted =
      place < listeners_.size() && listeners_[place].used && listeners_[place].tag == tag;
  const std::uint32_t index = wanted ? new_connection() : none;
  if (index == none) {
    adopt(slot, gen, none);
    owe(slot, owed_abort | owed_release);
    return;
  }
  ListenerEntry& listener = listeners_[place];
  connections_[index].options = listener.options;
  connections_[index].queued = true;
  bind(index, slot, gen);
  if (listener.tail == none) {
    listener.head = index;
  } else {
    connections_[listener.tail].next = index;
  }
  listener.tail = index;
  update(index, entry);
  notify(listener_id | place);
}

void StackCore::update(std::uint32_t index, const Entry& entry) noexcept {
  namespace status = regs::status_entry;
  Connection& connection = connections_[index];
  const std::uint64_t delivered = extend(connection.rx_delivered, status::delivered.from(entry));
  const std::uint64_t rx_end = extend(connection.rx_end, status::rx_end.from(entry));
  const std::uint64_t acked = extend(connection.tx_acked, status::acked.from(entry));
  const std::uint64_t sent = extend(connection.tx_sent, status::sent.from(entry));
  // Positions that no correct engine reports would make us read or overwrite what is not ours.
  if (delivered < connection.rx_delivered || delivered - connection.rx_read > rx_mask_ + 1 ||
      rx_end < delivered || acked < connection.tx_acked || acked > connection.tx_tail) {
    ++counters_.malformed_reports;
    return;
  }
  connection.rx_delivered = delivered;
  connection.rx_end = rx_end;
  connection.tx_acked = acked;
  connection.tx_sent = std::max(sent, acked);
  connection.fin = connection.fin || status::fin.from(entry) != 0;
  connection.done = status::done.from(entry) != 0;
  connection.delayed = status::r1.from(entry) != 0;
  const auto state = static_cast<regs::State>(status::state.from(entry));
  connection.state = static_cast<State>(state);
  connection.connected = connection.connected || state >= regs::State::established;
  if (!connection.error) {
    connection.error = to_error(static_cast<regs::Cause>(status::cause.from(entry)));
  }
  connection.local = {{status::laddr.from(entry)},
                      static_cast<std::uint16_t>(status::lport.from(entry))};
  connection.peer = {{status::raddr.from(entry)},
                     static_cast<std::uint16_t>(status::rport.from(entry))};
  if (connection.shut_read) {
    advance(index, delivered - connection.rx_read);
  } else {
    release_if_drained(index);
  }
  notify(index);
}

void StackCore::on_completion(const Entry& entry, std::uint64_t what) noexcept {
  namespace completion = regs::completion_entry;
  ++counters_.completions;
  const auto answer = static_cast<Answer>(what >> 32);
  const auto value = static_cast<std::uint32_t>(what);
  const auto result = static_cast<regs::Result>(completion::rc.from(entry));
  const std::uint32_t slot = completion::slot.from(entry);
  switch (answer) {
    case Answer::nobody:
      // A flow that ended meanwhile refuses its last commands: its status says why it ended.
      return;
    case Answer::open: {
      Connection* const connection = opening(value);
      if (connection == nullptr) return;  // its status came first
      const auto index = static_cast<std::uint32_t>(connection - connections_.data());
      if (result == regs::Result::ok && slot < flows_.size()) {
        bind(index, slot, static_cast<std::uint8_t>(completion::gen.from(entry)));
        connection->state = State::syn_sent;
        return;
      }
      if (connection->abandoned) {
        free_connection(index);
        return;
      }
      end(*connection,
          result == regs::Result::ok ? posix(std::errc::protocol_error) : to_error(result));
      notify(index);
      return;
    }
    case Answer::listen: {
      const std::uint32_t place = value & 0xff;
      if (place < listeners_.size() && listeners_[place].used && listeners_[place].tag == value) {
        listeners_[place].engine_index = slot;
      } else if (result == regs::Result::ok) {
        owe_unlisten(slot);  // the caller gave up waiting
      }
      break;
    }
    case Answer::unlisten:
      unlisten_[value] = Unlisten::none;
      return;
    case Answer::caller:
      break;
  }
  if (!call_.done && call_.value == value) {
    call_.done = true;
    call_.entry = entry;
  }
}

void StackCore::on_link_error(const Entry& /*entry*/) noexcept {
  fail(posix(std::errc::io_error));
}

// ------------------------------------------------------------------------------------ readiness

void StackCore::notify(std::uint32_t id) noexcept {
  bool& listed = (id & listener_id) != 0 ? listeners_[id & ~listener_id].ready_listed
                                         : connections_[id].ready_listed;
  if (listed) return;
  listed = true;
  ready_[ready_count_++] = id;
}

Ready StackCore::condition(const Connection& connection) const noexcept {
  Ready ready = Ready::none;
  if (connection.phase == Phase::free) return ready;
  const bool failed = static_cast<bool>(connection.error);
  const bool at_end = connection.fin && connection.rx_delivered == connection.rx_end;
  if (connection.rx_delivered != connection.rx_read || at_end || connection.done ||
      connection.shut_read) {
    ready = ready | Ready::readable;
  }
  if (connection.done ||
      (connection.connected && (connection.shut_write || space(connection) > tx_mask_ / 4))) {
    ready = ready | Ready::writable;
  }
  if (connection.done || (at_end && connection.shut_write)) ready = ready | Ready::hangup;
  if (failed) ready = ready | Ready::error;
  if (connection.delayed && !connection.done) ready = ready | Ready::delayed;
  return ready;
}

std::span<const Event> StackCore::poll() noexcept {
  service();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ready_count_; ++i) {
    const std::uint32_t id = ready_[i];
    Event event;
    bool* listed = nullptr;
    if ((id & listener_id) != 0) {
      ListenerEntry& listener = listeners_[id & ~listener_id];
      listed = &listener.ready_listed;
      event.token = listener.token;
      if (listener.used && listener.head != none) event.ready = Ready::readable;
      if (listener.used && link_error_) event.ready = Ready::readable | Ready::error;
    } else {
      Connection& connection = connections_[id];
      listed = &connection.ready_listed;
      event.token = connection.token;
      // One that waits in a listener's queue, or whose user has gone, has nobody to tell.
      if (!connection.queued && !connection.abandoned) {
        event.ready = condition(connection) & (connection.interest | Ready::hangup | Ready::error);
      }
    }
    if (event.ready == Ready::none) {
      *listed = false;
      continue;
    }
    events_[kept] = event;
    ready_[kept++] = id;
  }
  ready_count_ = kept;
  return {events_.data(), kept};
}

bool StackCore::arm() noexcept {
  if (link_error_ || ready_count_ != 0) return false;
  if (work()) return false;
  armed_ = true;  // also when an entry came in between: its interrupt is acknowledged with it
  return driver_->arm();
}

void StackCore::step(std::optional<Microseconds> deadline) noexcept {
  if (service() || link_error_) return;
  armed_ = true;
  if (!driver_->arm()) return;
  Microseconds rest = std::chrono::seconds{1};
  if (deadline) rest = std::min(rest, *deadline - function_->now());
  if (rest.count() <= 0) return;
  function_->wait(rest);
  // Whoever asks next whether the deadline has passed must not miss what came before it.
  driver_->reap(*this);
}

std::optional<Microseconds> StackCore::deadline_after(
    std::optional<Microseconds> timeout) const noexcept {
  constexpr Microseconds for_ever = std::chrono::hours{24 * 365 * 100};
  if (!timeout || *timeout > for_ever || function_ == nullptr) return std::nullopt;
  return function_->now() + *timeout;
}

bool StackCore::passed(std::optional<Microseconds> deadline) const noexcept {
  return function_ == nullptr || (deadline && function_->now() >= *deadline);
}

std::span<const Event> StackCore::wait(std::optional<Microseconds> timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  for (;;) {
    const auto events = poll();
    if (!events.empty() || link_error_ || passed(deadline)) return events;
    step(deadline);
  }
}

std::expected<Entry, std::error_code> StackCore::call(const Command& command, Answer answer,
                                                      std::uint32_t value) noexcept {
  const auto deadline = deadline_after(command_timeout);
  call_ = {.value = value};
  bool submitted = false;
  for (;;) {
    if (link_error_) return std::unexpected(link_error_);
    if (!submitted) submitted = driver_->submit(command, context(answer, value));
    if (call_.done) return call_.entry;
    if (passed(deadline)) {
      call_.done = true;  // a late completion finds nobody
      return fails(std::errc::timed_out);
    }
    step(deadline);
  }
}

std::error_code StackCore::drain_orphans(Microseconds timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  std::uint32_t slot = 0;
  while (orphans_ > 0 || owed_head_ != none || open_head_ != none) {
    if (link_error_) return link_error_;
    if (passed(deadline)) return posix(std::errc::timed_out);
    step(deadline ? std::min(*deadline, function_->now() + std::chrono::milliseconds{1})
                  : deadline);
    if (orphans_ == 0 || owed_head_ != none) continue;
    // A freed slot may have nothing left to report, so the engine is asked: an old generation is
    // gone.
    do {
      slot = (slot + 1) % static_cast<std::uint32_t>(flows_.size());
    } while (!flows_[slot].orphan);
    Flow& flow = flows_[slot];
    const auto answer =
        call(make_command(regs::Op::query, slot, flow.gen), Answer::caller, ++call_serial_);
    if (answer && flow.orphan &&
        static_cast<regs::Result>(regs::completion_entry::rc.from(*answer)) != regs::Result::ok) {
      orphan_ends(flow);
    }
  }
  return link_error_;
}

// ------------------------------------------------------------------------------------ listeners

std::expected<std::uint32_t, std::error_code> StackCore::listen(const Endpoint& local,
                                                                const ListenOptions& options) {
  if (link_error_) return std::unexpected(link_error_);
  if (local.port == 0 || options.backlog == 0 || options.half_open == 0 || !valid(options.socket)) {
    return fails(std::errc::invalid_argument);
  }
  if (local.address.value != 0 && local.address != address_) {
    return fails(std::errc::address_not_available);
  }
  std::uint32_t place = 0;
  while (place < listeners_.size() && listeners_[place].used) ++place;
  if (place == listeners_.size()) return fails(std::errc::no_buffer_space);
  ListenerEntry& listener = listeners_[place];
  const bool ready_listed = listener.ready_listed;
  listener = ListenerEntry{};
  listener.ready_listed = ready_listed;
  listener.used = true;
  listener.tag = ++listener_life_ << 8 | place;
  listener.token = std::uint64_t{1} << 63 | listener.tag;
  listener.local = {address_, local.port};
  listener.options = options.socket;

  Command command =
      make_command(regs::Op::listen, 0, 0, listener.tag,
                   static_cast<std::uint32_t>(options.backlog) << 16 | options.half_open);
  regs::command::laddr.into(command, local.address.value);
  regs::command::lport.into(command, local.port);
  const auto entry = call(command, Answer::listen, listener.tag);
  if (!entry) {
    listener.used = false;
    return std::unexpected(entry.error());
  }
  const auto result = static_cast<regs::Result>(regs::completion_entry::rc.from(*entry));
  if (result != regs::Result::ok) {
    listener.used = false;
    return std::unexpected(to_error(result));
  }
  return place;
}

std::expected<std::uint32_t, std::error_code> StackCore::try_accept(std::uint32_t index) noexcept {
  if (link_error_) return std::unexpected(link_error_);
  ListenerEntry& listener = listeners_[index];
  if (listener.head == none) return fails(std::errc::operation_would_block);
  const std::uint32_t child = listener.head;
  Connection& connection = connections_[child];
  listener.head = connection.next;
  if (listener.head == none) listener.tail = none;
  connection.next = none;
  connection.queued = false;
  if (connection.phase == Phase::live && !connection.done) {
    flows_[connection.slot].accept_tag = connection.tag;
    owe(connection.slot, owed_accept);
    work();
  }
  notify(child);
  return child;
}

std::expected<std::uint32_t, std::error_code> StackCore::accept(
    std::uint32_t index, std::optional<Microseconds> timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  for (;;) {
    auto child = try_accept(index);
    if (child || !is_would_block(child.error())) return child;
    if (passed(deadline)) return fails(std::errc::resource_unavailable_try_again);
    step(deadline);
  }
}

void StackCore::owe_unlisten(std::uint32_t engine_index) noexcept {
  if (engine_index >= unlisten_.size() || unlisten_[engine_index] != Unlisten::none) return;
  unlisten_[engine_index] = Unlisten::owed;
  ++unlisten_count_;
}

// The engine is asked first and waited for, so that nobody is accepted behind the resets below.
void StackCore::close_listener(std::uint32_t index) noexcept {
  ListenerEntry& listener = listeners_[index];
  listener.used = false;
  owe_unlisten(listener.engine_index);
  work();
  const auto listens = [&] {
    return listener.engine_index < unlisten_.size() &&
           unlisten_[listener.engine_index] != Unlisten::none;
  };
  const auto deadline = deadline_after(command_timeout);
  while (listens() && !link_error_ && !passed(deadline)) step(deadline);
  while (listener.head != none) {
    const std::uint32_t child = listener.head;
    listener.head = connections_[child].next;
    let_go(child, true);
  }
  listener.tail = none;
  work();
}

// ------------------------------------------------------------------------------------ opening,
// ending

std::expected<std::uint32_t, std::error_code> StackCore::start_connect(
    const Endpoint& peer, const ConnectOptions& options) {
  if (link_error_) return std::unexpected(link_error_);
  if (peer.address.value == 0 || peer.port == 0 || !valid(options.socket)) {
    return fails(std::errc::invalid_argument);
  }
  const std::uint32_t index = new_connection();
  if (index == none) return fails(std::errc::too_many_files_open);
  Connection& connection = connections_[index];
  connection.phase = Phase::opening;
  connection.peer = peer;
  connection.local = {address_, options.local_port};
  connection.options = options.socket;
  if (open_tail_ == none) {
    open_head_ = index;
  } else {
    connections_[open_tail_].next = index;
  }
  open_tail_ = index;
  work();
  return index;
}

std::error_code StackCore::wait_connected(std::uint32_t index,
                                          std::optional<Microseconds> timeout) noexcept {
  Connection& connection = connections_[index];
  const auto deadline = deadline_after(timeout);
  for (;;) {
    if (connection.connected) return {};
    if (connection.error) return connection.error;
    if (connection.done) return posix(std::errc::connection_aborted);
    if (passed(deadline)) return posix(std::errc::timed_out);
    step(deadline);
  }
}

void StackCore::queue_shutdown(Connection& connection) noexcept {
  connection.shut_write = true;
  ring_tail(connection);  // the FIN stands behind every byte written
  flows_[connection.slot].fin_position = static_cast<std::uint32_t>(connection.tx_tail);
  owe(connection.slot, owed_shutdown);
}

std::error_code StackCore::shutdown(std::uint32_t index, Shutdown how) noexcept {
  Connection& connection = connections_[index];
  if (connection.phase != Phase::live || !connection.connected || connection.done) {
    return connection.error == link_error_ && link_error_ ? link_error_
                                                          : posix(std::errc::not_connected);
  }
  if (how != Shutdown::read && !connection.shut_write) queue_shutdown(connection);
  if (how != Shutdown::write && !connection.shut_read) {
    connection.shut_read = true;
    advance(index, connection.rx_delivered - connection.rx_read);
  }
  work();
  notify(index);
  return {};
}

// The connection's user is gone. What the engine must still be told moves to the flow.
void StackCore::let_go(std::uint32_t index, bool reset) noexcept {
  Connection& connection = connections_[index];
  if (connection.phase == Phase::opening) {
    connection.abandoned = true;
    return;
  }
  if (connection.phase == Phase::live) {
    const std::uint32_t slot = connection.slot;
    Flow& flow = flows_[slot];
    if (connection.done) {
      owe(slot, owed_release);
    } else if (reset || !connection.connected) {
      owe(slot, owed_abort | owed_release);
    } else {
      if (!connection.shut_write) queue_shutdown(connection);
      // At RELEASE the engine resets if it believes that bytes are unread.
      ring_taken(connection);
      owe(slot, owed_release);
      flow.orphan = true;
      ++orphans_;
    }
    flow.connection = none;
  }
  free_connection(index);
}

std::error_code StackCore::close(std::uint32_t index, bool may_wait) noexcept {
  Connection& connection = connections_[index];
  const Microseconds linger = connection.options.linger.value_or(Microseconds{-1});
  std::error_code result;
  const auto unread = [&] {
    return connection.rx_read != connection.rx_end && !connection.shut_read;
  };
  if (may_wait && linger.count() > 0 && connection.phase == Phase::live && connection.connected &&
      !connection.done && !unread()) {
    if (!connection.shut_write) queue_shutdown(connection);
    const auto finished = [&] {
      return connection.done || connection.state == State::fin_wait_2 ||
             connection.state == State::time_wait;
    };
    const auto deadline = deadline_after(linger);
    while (!finished() && !unread() && !passed(deadline)) step(deadline);
    if (connection.error) {
      result = connection.error;
    } else if (!finished() && !unread()) {
      result = posix(std::errc::timed_out);
    }
  }
  let_go(index, linger.count() == 0 || unread());
  work();
  return result;
}

void StackCore::abort(std::uint32_t index) noexcept {
  let_go(index, true);
  work();
}

// ------------------------------------------------------------------------------------ receive

StackCore::Count StackCore::read(std::uint32_t index, std::span<std::byte> into) noexcept {
  Connection& connection = connections_[index];
  if (into.empty() || connection.shut_read) return 0;
  const std::size_t available = connection.rx_delivered - connection.rx_read;
  if (available != 0) {
    const std::size_t count = std::min(available, into.size());
    const auto range = ring_range(connection.rx_ring, rx_mask_, connection.rx_read, count);
    std::memcpy(into.data(), range.first.data(), range.first.size());
    std::memcpy(into.data() + range.first.size(), range.second.data(), range.second.size());
    advance(index, count);
    return count;
  }
  if (connection.fin && connection.rx_delivered == connection.rx_end) return 0;
  // What was received in order still lands before the end is told.
  const bool landing =
      connection.phase == Phase::live && connection.rx_delivered != connection.rx_end;
  if (connection.error && !landing) {
    connection.told_error = true;
    return std::unexpected(connection.error);
  }
  if (connection.done && !landing) return 0;
  return fails(std::errc::operation_would_block);
}

ReceiveView StackCore::receive_view(std::uint32_t index) const noexcept {
  const Connection& connection = connections_[index];
  const std::size_t available = connection.rx_delivered - connection.rx_read;
  if (available == 0) return {};
  return ring_range(connection.rx_ring, rx_mask_, connection.rx_read, available);
}

std::error_code StackCore::consume(std::uint32_t index, std::size_t count) noexcept {
  const Connection& connection = connections_[index];
  if (count > connection.rx_delivered - connection.rx_read) {
    return posix(std::errc::invalid_argument);
  }
  advance(index, count);
  return {};
}

// The read position moves. The engine hears of it at the next service, or at once when a quarter of
// the ring is free again, so that the window does not close on a reader that is busy.
void StackCore::advance(std::uint32_t index, std::size_t count) noexcept {
  Connection& connection = connections_[index];
  connection.rx_read += count;
  if (connection.phase != Phase::live) return;
  if (connection.done) {
    release_if_drained(index);
  } else if (connection.rx_read - connection.rx_told > rx_mask_ / 4) {
    ring_taken(connection);
  } else if (connection.rx_read != connection.rx_told) {
    later(index);
  }
}

// ------------------------------------------------------------------------------------ transmit

std::size_t StackCore::space(const Connection& connection) const noexcept {
  return tx_mask_ + 1 - static_cast<std::size_t>(connection.tx_tail - connection.tx_acked);
}

std::error_code StackCore::send_error(Connection& connection) noexcept {
  if (connection.error && !connection.told_error) {
    connection.told_error = true;
    return connection.error;
  }
  if (connection.error || connection.done || connection.shut_write) {
    return posix(std::errc::broken_pipe);
  }
  if (!connection.connected) return posix(std::errc::operation_would_block);
  return {};
}

StackCore::Count StackCore::write(std::uint32_t index, std::span<const std::byte> from,
                                  tautline::Push push) noexcept {
  Connection& connection = connections_[index];
  if (const auto error = send_error(connection)) return std::unexpected(error);
  if (from.empty()) return 0;
  const std::size_t count = std::min(space(connection), from.size());
  if (count == 0) return fails(std::errc::operation_would_block);
  const auto range = ring_range(connection.tx_ring, tx_mask_, connection.tx_tail, count);
  std::memcpy(range.first.data(), from.data(), range.first.size());
  std::memcpy(range.second.data(), from.data() + range.first.size(), range.second.size());
  publish(index, count, push);
  return count;
}

TransmitView StackCore::reserve(std::uint32_t index, std::size_t count) noexcept {
  const Connection& connection = connections_[index];
  if (connection.phase != Phase::live || !connection.connected || connection.done ||
      connection.error || connection.shut_write) {
    return {};
  }
  count = std::min(count, space(connection));
  if (count == 0) return {};
  return ring_range(connection.tx_ring, tx_mask_, connection.tx_tail, count);
}

std::error_code StackCore::commit(std::uint32_t index, std::size_t count,
                                  tautline::Push push) noexcept {
  Connection& connection = connections_[index];
  if (const auto error = send_error(connection)) return error;
  if (count > space(connection)) return posix(std::errc::invalid_argument);
  if (count != 0) publish(index, count, push);
  return {};
}

// Bytes [tail, tail + count) are in the ring. A few that stand exactly at the engine's tail, with
// nothing left to fetch before them, also go through the push window: they are on the wire a DMA
// read earlier.
void StackCore::publish(std::uint32_t index, std::size_t count, tautline::Push push) noexcept {
  Connection& connection = connections_[index];
  const std::uint64_t position = connection.tx_tail;
  connection.tx_tail += count;
  if (push == tautline::Push::later) {
    connection.tx_fetched = connection.tx_tail;
    later(index);
    return;
  }
  const bool at_tail =
      connection.tx_rung == position && connection.tx_sent >= connection.tx_fetched;
  if (at_tail && count <= driver_->push_capacity(position)) {
    driver_->push(connection.slot, connection.gen, position, count);
  } else {
    connection.tx_fetched = connection.tx_tail;
  }
  ring_tail(connection);
}

void StackCore::ring_tail(Connection& connection) noexcept {
  if (connection.tx_rung == connection.tx_tail || connection.phase != Phase::live ||
      connection.done) {
    return;
  }
  connection.tx_rung = connection.tx_tail;
  driver_->ring_tail(connection.slot, connection.gen, connection.tx_tail);
}

void StackCore::ring_taken(Connection& connection) noexcept {
  if (connection.rx_told == connection.rx_read || connection.phase != Phase::live ||
      connection.done) {
    return;
  }
  connection.rx_told = connection.rx_read;
  driver_->ring_taken(connection.slot, connection.gen, connection.rx_read);
}

void StackCore::later(std::uint32_t index) noexcept {
  Connection& connection = connections_[index];
  if (connection.bell_listed) return;
  connection.bell_listed = true;
  bells_[bell_count_++] = index;
}

void StackCore::flush(std::uint32_t index) noexcept {
  ring_tail(connections_[index]);
}

// ------------------------------------------------------------------------------------ blocking

StackCore::Count StackCore::read_some(std::uint32_t index, std::span<std::byte> into,
                                      std::optional<Microseconds> timeout) noexcept {
  if (!timeout) timeout = connections_[index].options.recv_timeout;
  const auto deadline = deadline_after(timeout);
  for (;;) {
    const Count count = read(index, into);
    if (count || !is_would_block(count.error())) return count;
    if (passed(deadline)) return fails(std::errc::resource_unavailable_try_again);
    step(deadline);
  }
}

StackCore::Count StackCore::read_exact(std::uint32_t index, std::span<std::byte> into,
                                       std::optional<Microseconds> timeout) noexcept {
  if (!timeout) timeout = connections_[index].options.recv_timeout;
  const auto deadline = deadline_after(timeout);
  std::size_t total = 0;
  while (total < into.size()) {
    const Count count = read(index, into.subspan(total));
    if (count) {
      if (*count == 0) break;
      total += *count;
      continue;
    }
    if (!is_would_block(count.error())) return count;
    if (passed(deadline)) return fails(std::errc::resource_unavailable_try_again);
    step(deadline);
  }
  return total;
}

StackCore::Count StackCore::write_all(std::uint32_t index, std::span<const std::byte> from,
                                      std::optional<Microseconds> timeout) noexcept {
  if (!timeout) timeout = connections_[index].options.send_timeout;
  const auto deadline = deadline_after(timeout);
  std::size_t total = 0;
  while (total < from.size()) {
    const Count count = write(index, from.subspan(total), tautline::Push::now);
    if (count) {
      total += *count;
      continue;
    }
    if (!is_would_block(count.error())) return count;
    if (passed(deadline)) return fails(std::errc::resource_unavailable_try_again);
    step(deadline);
  }
  return total;
}

std::error_code StackCore::drain(std::uint32_t index,
                                 std::optional<Microseconds> timeout) noexcept {
  Connection& connection = connections_[index];
  if (!timeout) timeout = connection.options.send_timeout;
  const auto deadline = deadline_after(timeout);
  while (connection.tx_acked != connection.tx_tail) {
    if (connection.error) return connection.error;
    if (connection.done) return posix(std::errc::broken_pipe);
    if (passed(deadline)) return posix(std::errc::resource_unavailable_try_again);
    flush(index);
    step(deadline);
  }
  return {};
}

// ------------------------------------------------------------------------------------ small things

std::size_t StackCore::readable_bytes(std::uint32_t index) const noexcept {
  return connections_[index].rx_delivered - connections_[index].rx_read;
}

std::size_t StackCore::writable_bytes(std::uint32_t index) const noexcept {
  const Connection& connection = connections_[index];
  const bool open = connection.phase == Phase::live && connection.connected && !connection.done &&
                    !connection.error && !connection.shut_write;
  return open ? space(connection) : 0;
}

std::size_t StackCore::unacknowledged_bytes(std::uint32_t index) const noexcept {
  return connections_[index].tx_tail - connections_[index].tx_acked;
}

void StackCore::set_interest(std::uint32_t index, Ready interest) noexcept {
  connections_[index].interest = interest;
  notify(index);
}

void StackCore::set_token(std::uint32_t index, std::uint64_t token) noexcept {
  connections_[index].token = token;
}

std::uint64_t StackCore::token(std::uint32_t index) const noexcept {
  return connections_[index].token;
}

Ready StackCore::ready(std::uint32_t index) const noexcept {
  return condition(connections_[index]);
}

bool StackCore::is_connected(std::uint32_t index) const noexcept {
  return connections_[index].connected;
}

bool StackCore::peer_finished(std::uint32_t index) const noexcept {
  return connections_[index].fin;
}

bool StackCore::delivery_delayed(std::uint32_t index) const noexcept {
  return has(condition(connections_[index]), Ready::delayed);
}

std::error_code StackCore::error(std::uint32_t index) const noexcept {
  return connections_[index].error;
}

Endpoint StackCore::local_endpoint(std::uint32_t index) const noexcept {
  return connections_[index].local;
}

Endpoint StackCore::peer_endpoint(std::uint32_t index) const noexcept {
  return connections_[index].peer;
}

State StackCore::state(std::uint32_t index) const noexcept {
  return connections_[index].state;
}

bool StackCore::valid(const SocketOptions& options) noexcept {
  const auto time_ok = [](const std::optional<Microseconds>& time) {
    return !time || time->count() >= 0;
  };
  return options.ttl.value_or(1) >= 1 && options.dscp.value_or(0) <= 63 &&
         time_ok(options.user_timeout) &&
         options.user_timeout.value_or(Microseconds{0}).count() <= 0xffffffffLL &&
         time_ok(options.send_timeout) && time_ok(options.recv_timeout) && time_ok(options.linger);
}

std::error_code StackCore::set_options(std::uint32_t index, const SocketOptions& options) noexcept {
  if (!valid(options)) return posix(std::errc::invalid_argument);
  Connection& connection = connections_[index];
  SocketOptions& kept = connection.options;
  if (options.nodelay) kept.nodelay = options.nodelay;
  if (options.quickack) kept.quickack = options.quickack;
  if (options.ttl) kept.ttl = options.ttl;
  if (options.dscp) kept.dscp = options.dscp;
  if (options.user_timeout) kept.user_timeout = options.user_timeout;
  if (options.send_timeout) kept.send_timeout = options.send_timeout;
  if (options.recv_timeout) kept.recv_timeout = options.recv_timeout;
  if (options.linger) kept.linger = options.linger;
  if (connection.phase != Phase::live || connection.done) return {};

  Flow& flow = flows_[connection.slot];
  const auto set = [&](regs::Option option, std::uint32_t value) {
    const auto i = static_cast<unsigned>(option);
    flow.option[i] = value;
    flow.option_mask |= static_cast<std::uint8_t>(1u << i);
  };
  if (options.nodelay) set(regs::Option::nodelay, *options.nodelay);
  if (options.quickack) set(regs::Option::quickack, *options.quickack);
  if (options.ttl) set(regs::Option::ttl, *options.ttl);
  if (options.dscp) set(regs::Option::dscp, *options.dscp);
  if (options.user_timeout) {
    set(regs::Option::user_timeout, static_cast<std::uint32_t>(options.user_timeout->count()));
  }
  if (flow.option_mask != 0) {
    owe(connection.slot, owed_option);
    work();
  }
  return {};
}

SocketOptions StackCore::options(std::uint32_t index) const noexcept {
  return connections_[index].options;
}

std::expected<ConnectionInfo, std::error_code> StackCore::info(std::uint32_t index) noexcept {
  namespace completion = regs::completion_entry;
  const Connection& connection = connections_[index];
  if (connection.phase != Phase::live) {
    return connection.error ? std::unexpected(connection.error) : fails(std::errc::not_connected);
  }
  const auto answer = call(make_command(regs::Op::query, connection.slot, connection.gen),
                           Answer::caller, ++call_serial_);
  if (!answer) return std::unexpected(answer.error());
  const Entry& entry = *answer;
  if (const auto error = to_error(static_cast<regs::Result>(completion::rc.from(entry)))) {
    return std::unexpected(error);
  }
  ConnectionInfo info;
  info.rto = Microseconds{completion::rto_us.from(entry)};
  info.srtt = Microseconds{completion::srtt_us.from(entry)};
  info.rttvar = Microseconds{completion::rttvar_us.from(entry)};
  info.cwnd = completion::cwnd.from(entry);
  info.ssthresh = completion::ssthresh.from(entry);
  info.snd_wnd = completion::snd_wnd.from(entry);
  info.rcv_wnd = completion::rcv_wnd.from(entry);
  info.pipe = completion::pipe.from(entry);
  info.retransmissions = completion::retrans.from(entry);
  info.snd_mss = static_cast<std::uint16_t>(completion::snd_mss.from(entry));
  info.rcv_mss = static_cast<std::uint16_t>(completion::rcv_mss.from(entry));
  info.snd_wscale = static_cast<std::uint8_t>(completion::snd_ws.from(entry));
  info.rcv_wscale = static_cast<std::uint8_t>(completion::rcv_ws.from(entry));
  info.congestion = static_cast<CongestionState>(completion::ca_state.from(entry));
  info.backoff = static_cast<std::uint8_t>(completion::backoff.from(entry));
  info.state = static_cast<State>(completion::state.from(entry));
  info.bytes_written = connection.tx_tail;
  info.bytes_sent = connection.tx_sent;
  info.bytes_acked = connection.tx_acked;
  info.bytes_received = connection.rx_delivered;
  info.bytes_read = connection.rx_read;
  return info;
}

}  // namespace tautline::detail
