#pragma once
/// \file
/// Files below one directory, and nothing outside it.

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace examples {

/// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int value) noexcept : value_{value} {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = std::exchange(other.value_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] explicit operator bool() const noexcept { return value_ >= 0; }
  void reset() noexcept;

 private:
  int value_ = -1;
};

struct OpenFile {
  Descriptor descriptor;
  std::uint64_t size = 0;
  std::time_t modified = 0;
};

/// A file that is being written. It takes its name only at `commit`; until then nobody sees it, and
/// without `commit` it is removed.
class Upload {
 public:
  ~Upload();
  Upload(Upload&& other) noexcept;
  Upload& operator=(Upload&&) = delete;

  [[nodiscard]] std::error_code append(std::span<const std::byte> bytes);
  /// True if a file of that name was replaced.
  [[nodiscard]] std::expected<bool, std::error_code> commit();

 private:
  friend class FileStore;
  Upload() = default;
  Descriptor folder_;
  Descriptor file_;
  std::string name_;
  std::string temporary_;
};

class FileStore {
 public:
  /// `directory` must exist.
  [[nodiscard]] static std::expected<FileStore, std::error_code> open(const std::string& directory);

  /// `path` is relative. `permission_denied` if it leads outside, be it by ".." or by a link;
  /// `is_a_directory` for a folder.
  [[nodiscard]] std::expected<OpenFile, std::error_code> read(const std::string& path) const;
  [[nodiscard]] std::expected<Upload, std::error_code> write(const std::string& path) const;
  /// The names in a folder, folders with a slash, sorted, one a line. Hidden ones are left out.
  [[nodiscard]] std::expected<std::string, std::error_code> list(const std::string& path) const;

 private:
  explicit FileStore(Descriptor root) : root_{std::move(root)} {}
  Descriptor root_;
};

/// The path of a request target, decoded and without leading slash. `invalid_argument` if it is
/// malformed.
[[nodiscard]] std::expected<std::string, std::error_code> path_of_target(std::string_view target);

}  // namespace examples
