#include "options.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <map>
#include <string_view>
#include <utility>

namespace examples {
namespace {

std::uint64_t microseconds(tautline::Microseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

/// Checks an option's text with one of the library's parsers.
template <typename Value>
CLI::Validator parsable(std::string name) {
  return {[](std::string& text) {
            return Value::parse(text) ? std::string{} : fmt::format("'{}' is malformed", text);
          },
          std::move(name)};
}

}  // namespace

CLI::Option* add_time(CLI::App& app, const std::string& name, std::uint64_t& microseconds,
                      const std::string& description) {
  const auto to_microseconds = [](const std::string& text) -> std::optional<std::uint64_t> {
    static const std::map<std::string_view, double> kUnits{{"us", 1}, {"ms", 1e3}, {"s", 1e6}};
    std::size_t end = 0;
    double value = 0;
    try {
      value = std::stod(text, &end);
    } catch (const std::exception&) {
      return std::nullopt;
    }
    const auto unit = kUnits.find(std::string_view{text}.substr(end));
    if (unit == kUnits.end() || value < 0 || value * unit->second > 4294967295.0) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(value * unit->second);
  };
  return app
      .add_option_function<std::string>(
          name,
          [&microseconds, to_microseconds, name](const std::string& text) {
            const auto value = to_microseconds(text);
            if (!value) {
              throw CLI::ValidationError(name, "'" + text + "' is not a time such as 200ms or 1s");
            }
            microseconds = *value;
          },
          description)
      ->type_name("TIME")
      ->default_str(fmt::format("{}us", microseconds));
}

CommonOptions::CommonOptions(CLI::App& app, std::uint16_t default_port)
    : port_{default_port},
      rto_min_us_{microseconds(config_.rto_min)},
      rto_initial_us_{microseconds(config_.rto_initial)},
      delayed_ack_us_{microseconds(config_.delayed_ack)},
      time_wait_us_{microseconds(config_.time_wait)} {
  app.option_defaults()->always_capture_default();
  app.add_option("--device", device_, "Device, for example sim:?tap=tautline0")->type_name("URL");
  app.add_option("--address", address_, "Our address and the length of the network's prefix")
      ->type_name("A.B.C.D/N")
      ->required()
      ->check(parsable<tautline::Ipv4Prefix>("address"));
  app.add_option("--gateway", gateway_, "Router to other networks")
      ->type_name("A.B.C.D")
      ->check(parsable<tautline::Ipv4Address>("address"));
  app.add_option("--port", port_, "TCP port");
  app.add_option("--mtu", config_.mtu, "Bytes of an IP packet")->check(CLI::Range(576, 9000));
  app.add_option("--receive-ring", config_.rx_ring_log2,
                 "Log2 of the bytes of a connection's receive ring")
      ->check(CLI::Range(12, 22));
  app.add_flag("--nodelay", config_.nodelay, "Send small segments at once (Nagle off)");
  add_time(app, "--rto-min", rto_min_us_, "Least retransmission timeout");
  add_time(app, "--rto-initial", rto_initial_us_, "Retransmission timeout before a measurement");
  add_time(app, "--delayed-ack", delayed_ack_us_, "Longest delay of an acknowledgement");
  add_time(app, "--time-wait", time_wait_us_, "Length of TIME_WAIT, 2 MSL");
  app.add_flag("--stats", stats_, "Print counters at the end, and at SIGUSR1");
  app.add_flag("--verbose", verbose_, "Log every connection");
}

std::optional<tautline::Stack> CommonOptions::open_stack() {
  spdlog::set_default_logger(spdlog::stderr_color_mt("tautline"));
  spdlog::set_pattern("%H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(verbose_ ? spdlog::level::debug : spdlog::level::info);

  std::string explanation;
  tautline::StackConfig config = config_;
  const auto prefix = tautline::Ipv4Prefix::parse(address_);
  config.address = prefix->address;
  config.prefix = prefix->length;
  if (!gateway_.empty()) config.gateway = *tautline::Ipv4Address::parse(gateway_);
  config.rto_min = tautline::Microseconds{rto_min_us_};
  config.rto_initial = tautline::Microseconds{rto_initial_us_};
  config.delayed_ack = tautline::Microseconds{delayed_ack_us_};
  config.time_wait = tautline::Microseconds{time_wait_us_};
  config.explanation = &explanation;

  const auto create = [&]() -> std::expected<tautline::Stack, std::error_code> {
    if (!stats_) return tautline::Stack::create(device_, config);
    auto function = board_.open(device_, explanation);
    if (!function) return std::unexpected{function.error()};
    return tautline::Stack::create(std::move(*function), config);
  };
  auto stack = create();
  if (!stack) {
    spdlog::error("cannot open {}: {}{}{}", device_, stack.error().message(),
                  explanation.empty() ? "" : ": ", explanation);
    return std::nullopt;
  }
  const auto& device = stack->device();
  spdlog::info("{} is up at {}: version {}.{}, {} flows, {} bit", device_, address_,
               device.version_major, device.version_minor, device.flows, device.data_bits);
  return std::move(*stack);
}

void CommonOptions::print_stats(const tautline::Stack& stack) const {
  board_.print();
  for (unsigned index = 0; index < tautline::counter_count; ++index) {
    const auto value = stack.device_counter(index);
    if (value != 0) fmt::print("engine.{} {}\n", tautline::counter_names[index], value);
  }
  const auto library = stack.counters();
  const std::array<std::pair<std::string_view, std::uint64_t>, 9> values{
      {{"polls", library.polls},
       {"status_reports", library.status_reports},
       {"completions", library.completions},
       {"stale_reports", library.stale_reports},
       {"malformed_reports", library.malformed_reports},
       {"push_lines", library.push_lines},
       {"doorbells", library.doorbells},
       {"commands", library.commands},
       {"commands_deferred", library.commands_deferred}}};
  for (const auto& [name, value] : values) {
    if (value != 0) fmt::print("library.{} {}\n", name, value);
  }
  fmt::print("device.time_us {}\n", stack.now().count());
  std::fflush(stdout);
}

Signals::Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

Signals::~Signals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Signals::take() noexcept {
  signalfd_siginfo info;
  while (::read(descriptor_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    (info.ssi_signo == SIGUSR1 ? report_ : stop_) = true;
  }
}

bool Signals::stop() noexcept {
  take();
  return stop_;
}

bool Signals::report() noexcept {
  take();
  return std::exchange(report_, false);
}

}  // namespace examples
