#include "finops/stores/local/local_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string keys_of(const std::vector<ObjectInfo>& objects) {
  std::string keys;
  for (const ObjectInfo& object : objects) keys += object.key + " ";
  return keys;
}

std::size_t files_below(const fs::path& folder) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    files += entry.is_regular_file() ? 1 : 0;
  return files;
}

/// Root may read and write everything: becomes nobody for a while.
class WithoutPrivileges {
 public:
  WithoutPrivileges() {
    if (user_ == 0 && seteuid(65534) != 0) ADD_FAILURE() << "cannot become nobody";
  }
  ~WithoutPrivileges() {
    if (user_ == 0 && seteuid(0) != 0) ADD_FAILURE() << "cannot become root again";
  }

 private:
  const uid_t user_ = geteuid();
};

TEST(LocalStoreTest, AMissingFolderToReadIsToldAtOnce) {
  const TempFolder folder;
  const Error error =
      error_thrown_by([&] { make_local_store(folder / "gone", {.must_exist = true}); });
  EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  EXPECT_NE(std::string(error.what()).find(folder / "gone"), std::string::npos);
  write_file(folder / "file", "x");
  EXPECT_EQ(kind_thrown_by([&] { make_local_store(folder / "file", {.must_exist = true}); }),
            ErrorKind::kNotFound);
}

TEST(LocalStoreTest, AFolderToWriteIsMadeByTheFirstWriteOnly) {
  const TempFolder folder;
  const auto store = make_local_store(folder / "a/b");
  EXPECT_TRUE(store->list("").empty());
  EXPECT_FALSE(store->stat("k"));
  EXPECT_FALSE(fs::exists(folder / "a"));
  put_text(*store, "k", "x");
  EXPECT_EQ(read_all(*store, "k", 10), "x");
  EXPECT_TRUE(fs::exists(folder / "a/b/k"));
}

TEST(LocalStoreTest, AFolderThatIsRemovedMeanwhileIsMadeAgain) {
  const TempFolder folder;
  const auto store = make_local_store(folder / "root");
  put_text(*store, "a/b/k", "x");
  fs::remove_all(folder / "root");
  put_text(*store, "a/b/k", "again");
  EXPECT_EQ(read_all(*store, "a/b/k", 10), "again");
}

TEST(LocalStoreTest, TheEtagIsSizeTimeAndInode) {
  const TempFolder folder;
  write_file(folder / "k", "abc");
  const auto store = make_local_store(folder.path());
  const std::string etag = store->stat("k")->etag;
  const auto time = fs::last_write_time(folder / "k");
  fs::last_write_time(folder / "k", time + std::chrono::nanoseconds(1));
  EXPECT_NE(store->stat("k")->etag, etag);
  fs::last_write_time(folder / "k", time);
  EXPECT_EQ(store->stat("k")->etag, etag);
  fs::copy_file(folder / "k", folder / "other");
  fs::last_write_time(folder / "other", time);
  fs::rename(folder / "other", folder / "k");
  EXPECT_NE(store->stat("k")->etag, etag);
}

TEST(LocalStoreTest, AFileThatIsChangedInPlaceWhileItIsReadIsAConflict) {
  const TempFolder folder;
  write_file(folder / "k", std::string(100, 'x'));
  const auto store = make_local_store(folder.path());
  const auto change = [&](const auto& how) {
    const auto reader = store->open("k", {});
    std::byte block[10];
    EXPECT_EQ(reader->read(block), 10u);
    how();
    EXPECT_EQ(kind_thrown_by([&] { reader->read(block); }), ErrorKind::kConflict);
  };
  change([&] { std::ofstream(folder / "k", std::ios::app) << "more"; });
  change([&] { fs::resize_file(folder / "k", 5); });
  fs::resize_file(folder / "k", 100);
  change([&] {
    std::fstream(folder / "k") << "other";
    fs::last_write_time(folder / "k", fs::file_time_type::clock::now() + std::chrono::seconds(1));
  });
}

TEST(LocalStoreTest, LinksAreFollowedAndLoopsAreNot) {
  const TempFolder folder;
  write_file(folder / "elsewhere/f", "linked");
  write_file(folder / "root/a/k", "x");
  fs::create_symlink(folder / "elsewhere/f", folder / "root/file");
  fs::create_directory_symlink(folder / "elsewhere", folder / "root/folder");
  fs::create_directory_symlink(folder / "root", folder / "root/a/loop");
  fs::create_symlink(folder / "nothing", folder / "root/dangling");
  fs::create_symlink("self", folder / "root/self");
  const auto store = make_local_store(folder / "root", {.must_exist = true});
  EXPECT_EQ(keys_of(store->list("")), "a/k file folder/f ");
  EXPECT_EQ(read_all(*store, "folder/f", 10), "linked");
  EXPECT_EQ(store->list_level("").folders, (std::vector<std::string>{"a/", "folder/"}));
  EXPECT_FALSE(store->stat("dangling"));
}

TEST(LocalStoreTest, PipesAreNoObjects) {
  const TempFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto store = make_local_store(folder.path());
  EXPECT_TRUE(store->list("").empty());
  EXPECT_EQ(kind_thrown_by([&] { store->open("pipe", {}); }), ErrorKind::kNotFound);
}

TEST(LocalStoreTest, UnfinishedFilesAreNotShownAndCannotBeNamed) {
  const TempFolder folder;
  write_file(folder / "d/.finops-partial-1", "half");
  const auto store = make_local_store(folder.path());
  EXPECT_TRUE(store->list("").empty());
  EXPECT_TRUE(store->list_level("").folders.empty());
  EXPECT_EQ(kind_thrown_by([&] { put_text(*store, "d/.finops-partial-1", "x"); }),
            ErrorKind::kUnsupported);
}

TEST(LocalStoreTest, NothingIsLeftBesideTheObjects) {
  for (const bool nameless : {true, false}) {
    const TempFolder folder;
    const auto store = make_local_store(folder.path(), {.nameless_files = nameless});
    put_text(*store, "k", "1");
    put_text(*store, "k", "2");
    put_if_absent(*store, "new", "x");
    EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store, "new", "y"); }),
              ErrorKind::kAlreadyExists);
    EXPECT_EQ(kind_thrown_by([&] { store->copy("k", "new"); }), ErrorKind::kAlreadyExists);
    store->create("abandoned")->write({});
    EXPECT_EQ(files_below(folder.path()), 2u);
  }
}

/// Unfinished files of a killed process would stay for ever if they had names.
TEST(LocalStoreTest, AnUnfinishedFileHasNoName) {
  const TempFolder folder;
  const auto store = make_local_store(folder.path());
  const auto writer = store->create("k");
  writer->write(std::vector<std::byte>(1 << 20));
  EXPECT_EQ(files_below(folder.path()), 0u);
}

TEST(LocalStoreTest, NewFilesObeyTheUmask) {
  const TempFolder folder;
  const mode_t before = umask(027);
  const auto store = make_local_store(folder.path());
  put_text(*store, "d/put", "x");
  put_if_absent(*store, "d/created", "x");
  umask(before);
  for (const char* key : {"d/put", "d/created"}) {
    EXPECT_EQ(static_cast<unsigned>(fs::status(folder / key).permissions()), 0640u);
  }
}

TEST(LocalStoreTest, WhatMayNotBeReadOrWrittenIsNamed) {
  const TempFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  write_file(folder / "file", "x");
  write_file(folder / "closed/k", "x");
  fs::permissions(folder / "file", fs::perms::none);
  fs::permissions(folder / "closed", fs::perms::none);
  const WithoutPrivileges unprivileged;
  const auto store = make_local_store(folder.path());
  const auto expect_denied = [&](const std::string& name, const auto& call) {
    const Error error = error_thrown_by(call);
    EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
    EXPECT_NE(std::string(error.what()).find(folder / name), std::string::npos) << error.what();
  };
  expect_denied("file", [&] { store->open("file", {}); });
  expect_denied("closed", [&] { store->list(""); });
  expect_denied("closed", [&] { put_text(*store, "closed/k", "y"); });
  EXPECT_EQ(store->list_level("").folders, std::vector<std::string>{"closed/"});
  std::error_code not_ours;  // as root we are nobody here, who cannot, and need not
  fs::permissions(folder / "closed", fs::perms::owner_all, not_ours);
}

/// A limit on the size of files is the full disk that every machine has.
TEST(LocalStoreTest, AWriteThatStopsHalfWayLeavesTheOldObject) {
  const TempFolder folder;
  const auto store = make_local_store(folder.path());
  put_text(*store, "k", "old");
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{1 << 20, limit.rlim_max};
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_EQ(kind_thrown_by([&] { put_text(*store, "k", std::string(2 << 20, 'x')); }),
            ErrorKind::kUnavailable);
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store, "n", std::string(2 << 20, 'x')); }),
            ErrorKind::kUnavailable);
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(read_all(*store, "k", 10), "old");
  EXPECT_EQ(files_below(folder.path()), 1u);
}

}  // namespace
}  // namespace finops
