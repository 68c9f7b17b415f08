#include "file_store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <system_error>

namespace {

namespace fs = std::filesystem;
using examples::FileStore;
using examples::path_of_target;

/// root/ with a file and a folder in it, and beside root/ something that must stay out of reach.
class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "tautline-files-XXXXXX").string();
    base_ = ::mkdtemp(name.data());
    fs::create_directories(root() / "folder");
    std::ofstream{root() / "a.txt"} << "inside";
    std::ofstream{base_ / "secret"} << "outside";
    fs::create_symlink(base_ / "secret", root() / "link");
    fs::create_symlink("..", root() / "up");
    store_.emplace(*FileStore::open(root().string()));
  }
  ~Files() override { fs::remove_all(base_); }

  [[nodiscard]] fs::path root() const { return base_ / "root"; }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream{root() / name}.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{root()}, fs::directory_iterator{}));
  }

  fs::path base_;
  std::optional<FileStore> store_;
};

TEST_F(Files, ReadsAFileBelowTheDirectory) {
  const auto file = store_->read("a.txt");
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->size, 6U);
}

TEST_F(Files, RefusesToReadOutsideTheDirectory) {
  for (const auto* path :
       {"../secret", "folder/../../secret", "link", "up/secret", "/etc/passwd"}) {
    const auto file = store_->read(path);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error(), std::errc::permission_denied) << path;
  }
}

TEST_F(Files, RefusesToWriteOutsideTheDirectory) {
  for (const auto* path : {"../new", "folder/../../new", "up/new", "/tmp/new", "folder/.."}) {
    const auto upload = store_->write(path);
    ASSERT_FALSE(upload) << path;
    EXPECT_EQ(upload.error(), std::errc::permission_denied) << path;
  }
  EXPECT_FALSE(fs::exists(base_ / "new"));
}

TEST_F(Files, AllowsDotsThatStayInside) {
  EXPECT_TRUE(store_->read("folder/../a.txt"));
}

TEST_F(Files, TellsAFolderFromAFile) {
  EXPECT_EQ(store_->read("folder").error(), std::errc::is_a_directory);
  EXPECT_EQ(store_->read("none").error(), std::errc::no_such_file_or_directory);
}

TEST_F(Files, AnUploadAppearsOnlyWhenItIsCommitted) {
  auto upload = store_->write("folder/new");
  ASSERT_TRUE(upload);
  const std::string text = "bytes";
  ASSERT_FALSE(upload->append(std::as_bytes(std::span{text})));
  EXPECT_FALSE(fs::exists(root() / "folder/new"));
  const auto replaced = upload->commit();
  ASSERT_TRUE(replaced);
  EXPECT_FALSE(*replaced);
  EXPECT_EQ(content("folder/new"), "bytes");
}

TEST_F(Files, AnUploadReplacesAFileAtOnce) {
  auto upload = store_->write("a.txt");
  ASSERT_TRUE(upload);
  EXPECT_EQ(content("a.txt"), "inside");
  EXPECT_TRUE(*upload->commit());
  EXPECT_EQ(content("a.txt"), "");
}

TEST_F(Files, AnUploadThatIsGivenUpLeavesNothing) {
  const auto before = entries();
  {
    auto upload = store_->write("b.txt");
    ASSERT_TRUE(upload);
    EXPECT_EQ(entries(), before + 1);
  }
  EXPECT_EQ(entries(), before);
}

TEST_F(Files, AnUploadOverALinkReplacesTheLinkAndNotItsTarget) {
  auto upload = store_->write("link");
  ASSERT_TRUE(upload);
  ASSERT_TRUE(upload->commit());
  EXPECT_FALSE(fs::is_symlink(root() / "link"));
  std::string secret;
  std::ifstream{base_ / "secret"} >> secret;
  EXPECT_EQ(secret, "outside");
}

TEST_F(Files, AnUploadCannotTakeTheNameOfAFolder) {
  auto upload = store_->write("folder");
  ASSERT_TRUE(upload);
  EXPECT_EQ(upload->commit().error(), std::errc::is_a_directory);
}

TEST_F(Files, ListsFoldersWithASlashAndHidesDotFiles) {
  std::ofstream{root() / ".hidden"} << "x";
  EXPECT_EQ(*store_->list(""), "a.txt\nfolder/\nlink\nup\n");
}

TEST(Target, DecodesPercentSigns) {
  EXPECT_EQ(path_of_target("/a%20b/%C3%A9"), "a b/\xC3\xA9");
}

TEST(Target, DropsTheQueryAndLeadingSlashes) {
  EXPECT_EQ(path_of_target("//a/b?c=d"), "a/b");
}

TEST(Target, TakesTheAbsoluteForm) {
  EXPECT_EQ(path_of_target("http://host:80/a"), "a");
  EXPECT_EQ(path_of_target("http://host"), "");
}

TEST(Target, RefusesWhatIsMalformed) {
  for (const auto* target : {"", "a", "*", "/%", "/%4", "/%zz", "/a%00b"}) {
    EXPECT_FALSE(path_of_target(target)) << target;
  }
}

}  // namespace
