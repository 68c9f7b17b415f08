#include "file_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

namespace examples {
namespace {

std::unexpected<std::error_code> fail_errno(int error = errno) {
  // openat2 reports a path that leaves the directory as EXDEV.
  if (error == EXDEV || error == ELOOP) error = EACCES;
  return std::unexpected{std::error_code{error, std::generic_category()}};
}

/// The kernel resolves the path and refuses to leave `root`, whatever links are in the way.
Descriptor open_below(int root, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  return Descriptor{static_cast<int>(syscall(SYS_openat2, root, name, &how, sizeof how))};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Descriptor::reset() noexcept {
  if (value_ >= 0) ::close(std::exchange(value_, -1));
}

// ------------------------------------------------------------------------------------- Upload

Upload::Upload(Upload&& other) noexcept
    : folder_{std::move(other.folder_)},
      file_{std::move(other.file_)},
      name_{std::move(other.name_)},
      temporary_{std::exchange(other.temporary_, {})} {}

Upload::~Upload() {
  if (!temporary_.empty()) ::unlinkat(folder_.get(), temporary_.c_str(), 0);
}

std::error_code Upload::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail_errno().error();
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

std::expected<bool, std::error_code> Upload::commit() {
  struct stat existing{};
  const bool replaced =
      ::fstatat(folder_.get(), name_.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0;
  if (replaced && S_ISDIR(existing.st_mode)) return fail_errno(EISDIR);
  if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str()) != 0) {
    return fail_errno();
  }
  temporary_.clear();
  return replaced;
}

// ---------------------------------------------------------------------------------- FileStore

std::expected<FileStore, std::error_code> FileStore::open(const std::string& directory) {
  Descriptor root{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!root) return fail_errno();
  return FileStore{std::move(root)};
}

std::expected<OpenFile, std::error_code> FileStore::read(const std::string& path) const {
  // Not blocking: opening a FIFO would otherwise wait for its writer.
  OpenFile file{open_below(root_.get(), path, O_RDONLY | O_NONBLOCK)};
  if (!file.descriptor) return fail_errno();
  struct stat status{};
  if (::fstat(file.descriptor.get(), &status) != 0) return fail_errno();
  if (S_ISDIR(status.st_mode)) return fail_errno(EISDIR);
  if (!S_ISREG(status.st_mode)) return fail_errno(EACCES);
  file.size = static_cast<std::uint64_t>(status.st_size);
  file.modified = status.st_mtime;
  return file;
}

std::expected<Upload, std::error_code> FileStore::write(const std::string& path) const {
  static std::atomic<std::uint64_t> serial{0};
  const auto slash = path.rfind('/');
  Upload upload;
  upload.name_ = slash == std::string::npos ? path : path.substr(slash + 1);
  if (upload.name_.empty()) return fail_errno(EISDIR);
  if (upload.name_ == "." || upload.name_ == "..") return fail_errno(EACCES);
  const auto folder = slash == std::string::npos ? std::string{} : path.substr(0, slash);
  upload.folder_ = open_below(root_.get(), folder, O_PATH | O_DIRECTORY);
  if (!upload.folder_) return fail_errno();
  // In the same folder, so that `rename` replaces the old file at once.
  std::string temporary = ".upload-" + std::to_string(::getpid()) + "-" + std::to_string(++serial);
  upload.file_ = Descriptor{::openat(upload.folder_.get(), temporary.c_str(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  if (!upload.file_) return fail_errno();
  upload.temporary_ = std::move(temporary);
  return upload;
}

std::expected<std::string, std::error_code> FileStore::list(const std::string& path) const {
  auto folder = open_below(root_.get(), path, O_RDONLY | O_DIRECTORY);
  if (!folder) return fail_errno();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(::dup(folder.get())), ::closedir};
  if (!stream) return fail_errno();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (entry->d_name[0] == '.') continue;
    names.emplace_back(entry->d_name);
    if (entry->d_type == DT_DIR) names.back() += '/';
  }
  std::ranges::sort(names);
  std::string text;
  for (const auto& name : names) text += name + "\n";
  return text;
}

std::expected<std::string, std::error_code> path_of_target(std::string_view target) {
  // Absolute form (RFC 9112 3.2.2): the path follows the authority.
  if (target.starts_with("http://")) {
    const auto slash = target.find('/', 7);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  target = target.substr(0, target.find_first_of("?#"));
  if (!target.starts_with('/')) return fail_errno(EINVAL);
  std::string path;
  for (std::size_t i = 0; i < target.size(); ++i) {
    char c = target[i];
    if (c == '%') {
      const int high = i + 1 < target.size() ? hex_digit(target[i + 1]) : -1;
      const int low = i + 2 < target.size() ? hex_digit(target[i + 2]) : -1;
      if (high < 0 || low < 0) return fail_errno(EINVAL);
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return fail_errno(EINVAL);
    path += c;
  }
  path.erase(0, path.find_first_not_of('/'));
  return path;
}

}  // namespace examples
