#include "http_session.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>
#include <utility>

namespace examples {

using tautline::Push;
using tautline::Ready;
using tautline::Shutdown;

namespace {

/// RFC 9110 15. Those that this server sends.
std::string_view reason(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 416:
      return "Range Not Satisfiable";
    case 431:
      return "Request Header Fields Too Large";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

std::string_view type_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".md", "text/plain; charset=utf-8"},
      {".css", "text/css"},
      {".js", "text/javascript"},
      {".json", "application/json"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".pdf", "application/pdf"},
  }};
  for (const auto& [suffix, type] : kTypes) {
    if (path.ends_with(suffix)) return type;
  }
  return "application/octet-stream";
}

/// RFC 9110 5.6.7.
std::string http_date(std::time_t time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(time));
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

ByteRange parse_range(std::string_view header, std::uint64_t size) {
  const auto equals = header.find('=');
  if (equals == std::string_view::npos ||
      !equal_ignoring_case(trimmed(header.substr(0, equals)), "bytes")) {
    return {};
  }
  const auto set = trimmed(header.substr(equals + 1));
  const auto dash = set.find('-');
  if (dash == std::string_view::npos || set.find(',') != std::string_view::npos) return {};
  const auto first = number(set.substr(0, dash));
  const auto last = number(set.substr(dash + 1));
  const bool has_first = dash > 0;
  const bool has_last = dash + 1 < set.size();
  if ((has_first && !first) || (has_last && !last) || (!has_first && !has_last)) return {};
  if (!has_first) {  // the last so many bytes
    if (*last == 0 || size == 0) return {.kind = ByteRange::Kind::unsatisfiable};
    const auto length = std::min(*last, size);
    return {ByteRange::Kind::satisfiable, size - length, length};
  }
  if (has_last && *last < *first) return {};
  if (*first >= size) return {.kind = ByteRange::Kind::unsatisfiable};
  const auto end = has_last ? std::min(*last, size - 1) : size - 1;
  return {ByteRange::Kind::satisfiable, *first, end - *first + 1};
}

// ------------------------------------------------------------------------------------- parser

template <auto Member>
int HttpSession::event(http_parser* parser) {
  return (static_cast<HttpSession*>(parser->data)->*Member)();
}

template <auto Member>
int HttpSession::text(http_parser* parser, const char* at, std::size_t length) {
  return (static_cast<HttpSession*>(parser->data)->*Member)({at, length});
}

http_parser_settings HttpSession::settings() {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_message_begin = event<&HttpSession::on_message_begin>;
  settings.on_url = text<&HttpSession::on_url>;
  settings.on_header_field = text<&HttpSession::on_header_field>;
  settings.on_header_value = text<&HttpSession::on_header_value>;
  settings.on_headers_complete = event<&HttpSession::on_headers_complete>;
  settings.on_body = text<&HttpSession::on_body>;
  settings.on_message_complete = event<&HttpSession::on_message_complete>;
  return settings;
}

HttpSession::HttpSession(tautline::Socket socket, const HttpContext& context)
    : Session{std::move(socket)}, context_{context} {
  http_parser_init(&parser_, HTTP_REQUEST);
  parser_.data = this;
}

int HttpSession::on_message_begin() {
  target_.clear();
  field_.clear();
  header_ = Header::other;
  value_began_ = false;
  range_.clear();
  expect_.clear();
  if_range_ = false;
  content_range_ = false;
  upload_.reset();
  upload_bytes_ = 0;
  upload_error_.clear();
  return 0;
}

int HttpSession::on_url(std::string_view part) {
  target_ += part;
  return 0;
}

int HttpSession::on_header_field(std::string_view part) {
  if (value_began_) {
    field_.clear();
    value_began_ = false;
  }
  field_ += part;
  return 0;
}

int HttpSession::on_header_value(std::string_view part) {
  if (!value_began_) {
    value_began_ = true;
    header_ = equal_ignoring_case(field_, "range")    ? Header::range
              : equal_ignoring_case(field_, "expect") ? Header::expect
                                                      : Header::other;
    if_range_ |= equal_ignoring_case(field_, "if-range");
    content_range_ |= equal_ignoring_case(field_, "content-range");
    // Two headers of one name: the later one counts.
    if (header_ == Header::range) range_.clear();
    if (header_ == Header::expect) expect_.clear();
  }
  switch (header_) {
    case Header::range:
      range_ += part;
      break;
    case Header::expect:
      expect_ += part;
      break;
    case Header::other:
      break;
  }
  return 0;
}

int HttpSession::on_headers_complete() {
  parser_.upgrade =
      0;  // RFC 9110 7.8: an Upgrade may be ignored; CONNECT is answered as any method
  if (parser_.method != HTTP_PUT || context_.read_only) return 0;
  const auto path = path_of_target(target_);
  if (!path || content_range_) {  // RFC 9110 14.5: a partial PUT must not replace the whole
    upload_error_ = std::make_error_code(std::errc::invalid_argument);
    return 0;
  }
  auto upload = context_.files->write(*path);
  if (!upload) {
    upload_error_ = upload.error();
    return 0;
  }
  upload_.emplace(std::move(*upload));
  // RFC 9110 10.1.1: the client holds the body back until it hears this.
  if (equal_ignoring_case(trimmed(expect_), "100-continue"))
    head_ += "HTTP/1.1 100 Continue\r\n\r\n";
  return 0;
}

int HttpSession::on_body(std::string_view part) {
  if (!upload_) return 0;  // the answer to a refused upload, or to a GET with a body
  if (const auto error = upload_->append(std::as_bytes(std::span{part}))) {
    upload_error_ = error;
    upload_.reset();
    return 0;
  }
  upload_bytes_ += part.size();
  context_.counts->bytes_stored += part.size();
  return 0;
}

int HttpSession::on_message_complete() {
  // Anything behind this request waits until it is answered: answers keep the order of requests.
  http_parser_pause(&parser_, 1);
  return 0;
}

// ------------------------------------------------------------------------------------- answers

void HttpSession::start_head(unsigned status, std::uint64_t length, std::string_view type,
                             std::string_view extra) {
  if (status >= 400) ++context_.counts->errors;
  head_ += fmt::format("HTTP/1.1 {} {}\r\nServer: Tautline\r\nDate: {}\r\n", status, reason(status),
                       http_date(std::time(nullptr)));
  // RFC 9110 8.6: no length with 204.
  if (status != 204)
    head_ += fmt::format("Content-Length: {}\r\nContent-Type: {}\r\n", length, type);
  if (!keep_alive_) head_ += "Connection: close\r\n";
  head_ += extra;
  head_ += "\r\n";
}

void HttpSession::answer(unsigned status, std::string_view body, std::string_view extra) {
  start_head(status, body.size(), "text/plain; charset=utf-8", extra);
  if (parser_.method != HTTP_HEAD) head_ += body;
}

void HttpSession::answer_error(const std::error_code& error) {
  if (error == std::errc::invalid_argument || error == std::errc::filename_too_long) {
    answer(400, "Bad request\n");
  } else if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    answer(404, "Not found\n");
  } else if (error == std::errc::permission_denied) {
    answer(403, "Forbidden\n");
  } else if (error == std::errc::is_a_directory) {
    answer(409, "There is a folder of that name\n");
  } else if (error == std::errc::no_space_on_device) {
    answer(507, "No space is left\n");
  } else {
    spdlog::warn("{}: {}", target_, error.message());
    answer(500, "Internal error\n");
  }
}

void HttpSession::answer_file(const std::string& path) {
  auto file = context_.files->read(path);
  if (!file && file.error() == std::errc::is_a_directory) {
    const auto index =
        path.empty() || path.ends_with('/') ? path + "index.html" : path + "/index.html";
    file = context_.files->read(index);
    if (!file) {
      const auto names = context_.files->list(path);
      if (!names) return answer_error(names.error());
      return answer(200, *names);
    }
    return answer_file(index);
  }
  if (!file) return answer_error(file.error());

  // RFC 9110 14.2: a range counts for GET only. Without validators no If-Range can match (13.1.5).
  const auto range = parser_.method == HTTP_GET && !if_range_ && !range_.empty()
                         ? parse_range(range_, file->size)
                         : ByteRange{};
  const auto common =
      fmt::format("Accept-Ranges: bytes\r\nLast-Modified: {}\r\n", http_date(file->modified));
  switch (range.kind) {
    case ByteRange::Kind::unsatisfiable:
      return answer(416, "No such range\n",
                    fmt::format("Content-Range: bytes */{}\r\n", file->size));
    case ByteRange::Kind::satisfiable:
      start_head(206, range.length, type_of(path),
                 fmt::format("{}Content-Range: bytes {}-{}/{}\r\n", common, range.first,
                             range.first + range.length - 1, file->size));
      file_offset_ = range.first;
      file_left_ = range.length;
      break;
    case ByteRange::Kind::none:
      start_head(200, file->size, type_of(path), common);
      file_offset_ = 0;
      file_left_ = file->size;
      break;
  }
  if (parser_.method == HTTP_HEAD) file_left_ = 0;
  file_ = std::move(file->descriptor);
}

void HttpSession::answer_request() {
  ++context_.counts->requests;
  keep_alive_ = http_should_keep_alive(&parser_) != 0;
  const auto path = path_of_target(target_);
  switch (parser_.method) {
    case HTTP_GET:
    case HTTP_HEAD:
      if (!path) return answer_error(path.error());
      return answer_file(*path);
    case HTTP_PUT: {
      if (context_.read_only) break;
      if (upload_error_) return answer_error(upload_error_);
      const auto replaced = upload_->commit();
      upload_.reset();
      if (!replaced) return answer_error(replaced.error());
      spdlog::debug("stored {} bytes as {}", upload_bytes_, target_);
      if (*replaced) return answer(204, {});
      return answer(201, "Created\n");
    }
    default:
      break;
  }
  answer(405, "Method not allowed\n",
         context_.read_only ? "Allow: GET, HEAD\r\n" : "Allow: GET, HEAD, PUT\r\n");
}

void HttpSession::give_up_after(unsigned status, std::string_view body) {
  ++context_.counts->requests;
  keep_alive_ = false;
  upload_.reset();
  parser_.method = HTTP_GET;  // the body of this answer is always sent
  answer(status, body);
  phase_ = Phase::response;
}

// ------------------------------------------------------------------------------------- transfer

bool HttpSession::advance() {
  auto& peer = socket();
  for (;;) {
    if (!everything_sent() && !send()) {
      if (broken_ || peer.error()) return false;
      peer.set_interest(Ready::writable);
      return true;
    }
    if (phase_ == Phase::response) {
      if (!keep_alive_) {
        // RFC 9112 9.6: close our side first and read on, else a reset could overtake the answer.
        peer.shutdown(Shutdown::write);
        phase_ = Phase::lingering;
      } else {
        phase_ = Phase::request;
        http_parser_pause(&parser_, 0);
      }
    }
    const auto view = peer.receive_view();
    if (view.empty()) {
      std::array<std::byte, 1> none;
      const auto count = peer.read(none);
      peer.set_interest(Ready::readable);
      return !count && tautline::is_would_block(count.error());
    }
    if (phase_ == Phase::lingering) {
      peer.consume(view.size());
    } else if (!receive()) {
      return false;
    }
  }
}

/// Parses what lies in the receive ring, up to the end of one request.
bool HttpSession::receive() {
  static const http_parser_settings kSettings = settings();
  const auto view = socket().receive_view();
  std::size_t consumed = 0;
  for (const auto part : view.parts()) {
    if (part.empty()) continue;
    const auto parsed = http_parser_execute(
        &parser_, &kSettings, reinterpret_cast<const char*>(part.data()), part.size());
    consumed += parsed;
    if (HTTP_PARSER_ERRNO(&parser_) != HPE_OK) break;
  }
  const auto error = HTTP_PARSER_ERRNO(&parser_);
  if (error == HPE_PAUSED) {
    answer_request();
    phase_ = Phase::response;
  } else if (error == HPE_HEADER_OVERFLOW) {
    give_up_after(431, "Request header too large\n");
    consumed = view.size();
  } else if (error == HPE_INVALID_VERSION) {
    give_up_after(505, "Version not supported\n");
    consumed = view.size();
  } else if (error != HPE_OK) {
    spdlog::debug("bad request: {}", http_errno_description(error));
    give_up_after(400, "Bad request\n");
    consumed = view.size();
  }
  return !socket().consume(consumed);
}

bool HttpSession::send() {
  if (head_sent_ < head_.size()) {
    const auto bytes = std::as_bytes(std::span{head_}).subspan(head_sent_);
    const auto count = socket().write(bytes, file_left_ > 0 ? Push::later : Push::now);
    if (!count) {
      broken_ = !tautline::is_would_block(count.error());
      return false;
    }
    head_sent_ += *count;
    if (head_sent_ < head_.size()) return false;
    head_.clear();
    head_sent_ = 0;
  }
  while (file_left_ > 0) {
    if (!fill_from_file()) {
      socket().flush();
      return false;
    }
  }
  return true;
}

/// Reads the file straight into the transmit ring.
bool HttpSession::fill_from_file() {
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(file_left_, 1U << 20U));
  const auto room = socket().reserve(want);
  if (room.empty()) return false;
  std::array<iovec, 2> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = {room.parts()[i].data(), room.parts()[i].size()};
  }
  const auto count =
      ::preadv(file_.get(), parts.data(), parts.size(), static_cast<off_t>(file_offset_));
  if (count <= 0) {
    if (count < 0 && errno == EINTR) return true;
    // The file became shorter than its announced length: only a reset can say so.
    spdlog::warn("{} cannot be read to its end", target_);
    socket().abort();
    broken_ = true;
    return false;
  }
  file_offset_ += static_cast<std::uint64_t>(count);
  file_left_ -= static_cast<std::uint64_t>(count);
  context_.counts->bytes_served += static_cast<std::uint64_t>(count);
  if (file_left_ == 0) file_.reset();
  broken_ = static_cast<bool>(socket().commit(static_cast<std::size_t>(count)));
  return !broken_;
}

}  // namespace examples
