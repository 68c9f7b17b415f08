#pragma once
/// \file
/// HTTP/1.1 (RFC 9110, 9112) over one connection: GET, HEAD and PUT of files.

#include <http_parser.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "file_store.hpp"
#include "server.hpp"

namespace examples {

struct HttpCounts {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  ///< answers of 400 and above
  std::uint64_t bytes_served = 0;
  std::uint64_t bytes_stored = 0;
};

struct HttpContext {
  const FileStore* files = nullptr;
  HttpCounts* counts = nullptr;
  bool read_only = false;
};

/// A byte range of a representation of `size` bytes (RFC 9110 14.1.2). Several ranges, and what is
/// not a byte range, count as no range: the whole is then the answer.
struct ByteRange {
  enum class Kind { none, satisfiable, unsatisfiable };
  Kind kind = Kind::none;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
[[nodiscard]] ByteRange parse_range(std::string_view header, std::uint64_t size);

class HttpSession final : public Session {
 public:
  HttpSession(tautline::Socket socket, const HttpContext& context);
  bool advance() override;

 private:
  enum class Phase {
    request,   ///< receiving a request
    response,  ///< sending; a further request waits in the ring
    lingering  ///< all is sent and our side is closed; discards until the peer closes too
  };
  enum class Header { other, range, expect };

  // What the parser tells.
  int on_message_begin();
  int on_url(std::string_view part);
  int on_header_field(std::string_view part);
  int on_header_value(std::string_view part);
  int on_headers_complete();
  int on_body(std::string_view part);
  int on_message_complete();
  template <auto Member>
  static int event(http_parser* parser);
  template <auto Member>
  static int text(http_parser* parser, const char* at, std::size_t length);
  static http_parser_settings settings();

  bool receive();
  /// False: the transmit ring is full, or nothing is left.
  bool send();
  [[nodiscard]] bool everything_sent() const noexcept {
    return head_sent_ == head_.size() && file_left_ == 0;
  }
  bool fill_from_file();

  void answer_request();
  void answer_file(const std::string& path);
  void answer(unsigned status, std::string_view body, std::string_view extra = {});
  void answer_error(const std::error_code& error);
  void start_head(unsigned status, std::uint64_t length, std::string_view type,
                  std::string_view extra);
  /// After an answer without which the rest of the request could not be understood.
  void give_up_after(unsigned status, std::string_view body);

  HttpContext context_;
  http_parser parser_{};
  Phase phase_ = Phase::request;
  bool keep_alive_ = true;
  bool broken_ = false;  ///< the connection can carry nothing any more

  // Request.
  std::string target_;
  std::string field_;
  Header header_ = Header::other;
  bool value_began_ = false;
  std::string range_;
  std::string expect_;
  bool if_range_ = false;
  bool content_range_ = false;
  std::optional<Upload> upload_;
  std::uint64_t upload_bytes_ = 0;
  std::error_code upload_error_;

  // Response: `head_` with any short body, then a part of `file_`.
  std::string head_;
  std::size_t head_sent_ = 0;
  Descriptor file_;
  std::uint64_t file_offset_ = 0;
  std::uint64_t file_left_ = 0;
};

}  // namespace examples
