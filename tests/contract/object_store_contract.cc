#include "tests/contract/object_store_contract.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>

namespace finops {
namespace {

using Keys = std::vector<std::string>;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

Keys keys_of(const std::vector<ObjectInfo>& objects) {
  Keys keys;
  for (const ObjectInfo& object : objects) keys.push_back(object.key);
  return keys;
}

/// Runs `work(0)` to `work(n - 1)` at once.
void at_once(int n, const std::function<void(int)>& work) {
  std::atomic<int> waiting = n;
  std::vector<std::jthread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      work(i);
    });
  }
}

}  // namespace

void ObjectStoreContract::SetUp() {
  store_ = GetParam().make();
  if (!store_) GTEST_SKIP() << "needs " << GetParam().name;
}

std::string ObjectStoreContract::get(std::string_view key, const ReadOptions& options) {
  const auto reader = store_->open(key, options);
  std::string text;
  std::array<std::byte, 7> block;  // small and odd, so that reads straddle it
  while (const std::size_t n = reader->read(block)) {
    text.append(reinterpret_cast<const char*>(block.data()), n);
  }
  return text;
}

std::vector<std::string> ObjectStoreContract::keys(std::string_view prefix) {
  return keys_of(store_->list(prefix));
}

void ObjectStoreContract::expect_held(bool can_hold, std::string_view key) {
  SCOPED_TRACE(key);
  if (!can_hold) {
    EXPECT_EQ(kind_thrown_by([&] { put(key, "x"); }), ErrorKind::kUnsupported);
    EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store_, key, "x"); }), ErrorKind::kUnsupported);
    return;
  }
  put(key, "x");
  EXPECT_EQ(get(key), "x");
  EXPECT_EQ(store_->list(key).at(0).key, key);
}

TEST_P(ObjectStoreContract, ReturnsWhatWasPut) {
  put("cur/2024-05/part-0.csv", "a,b\n1,2\n3,4\n");
  EXPECT_EQ(get("cur/2024-05/part-0.csv"), "a,b\n1,2\n3,4\n");
  const ObjectInfo info = store_->stat("cur/2024-05/part-0.csv").value();
  EXPECT_EQ(info.key, "cur/2024-05/part-0.csv");
  EXPECT_EQ(info.size, 12u);
  EXPECT_FALSE(info.etag.empty());
}

TEST_P(ObjectStoreContract, EveryChangeGivesAnotherEtag) {
  Keys etags;
  for (int i = 0; i < 20; ++i) {
    put("k", i % 2 == 0 ? "one" : "two");
    EXPECT_EQ(get("k"), i % 2 == 0 ? "one" : "two");
    etags.push_back(etag("k"));
    const auto at = static_cast<std::size_t>(i);
    EXPECT_TRUE(i == 0 || etags[at] != etags[at - 1]) << i;
  }
  std::ranges::sort(etags);
  EXPECT_EQ(std::ranges::unique(etags).empty(), quirks().etags_are_new);
}

TEST_P(ObjectStoreContract, AnUnchangedObjectKeepsItsEtagInEveryAnswer) {
  put("d/k", "text");
  const std::string first = etag("d/k");
  EXPECT_EQ(get("d/k"), "text");
  EXPECT_EQ(etag("d/k"), first);
  EXPECT_EQ(store_->list("d/").at(0).etag, first);
  EXPECT_EQ(store_->list_level("d/").objects.at(0).etag, first);
  EXPECT_EQ(store_->list("d/").at(0).size, 4u);
  EXPECT_EQ(store_->list("d/").at(0).last_modified, store_->stat("d/k")->last_modified);
}

TEST_P(ObjectStoreContract, ListsByPrefixInByteOrderOfKeys) {
  const Keys in_order = {"A",     "a-b/1", "a.b",    "a/1", "a/2/deep/er", "a/2/x",
                         "a/2.x", "a0",    "a\x7f/", "ab",  "\xc3\xa4"};
  Keys expected = in_order;
  expected[8] = "a\x7f/1";
  std::ranges::sort(expected);
  for (const auto& key : expected) put(key, "x");
  EXPECT_EQ(keys(""), expected);
  EXPECT_EQ(keys("a/"), (Keys{"a/1", "a/2.x", "a/2/deep/er", "a/2/x"}));
  EXPECT_EQ(keys("a/2"), (Keys{"a/2.x", "a/2/deep/er", "a/2/x"}));
  EXPECT_EQ(keys("a/2/x"), Keys{"a/2/x"});
  EXPECT_EQ(keys("a/2/xx"), Keys{});
  EXPECT_EQ(keys("nothing/at/all"), Keys{});
}

TEST_P(ObjectStoreContract, ListsOneLevelWithItsFolders) {
  for (const char* key : {"b/z", "b/a/1", "b/a/2", "b/a.csv", "b/c/d/e", "ba", "c"}) put(key, "x");
  const Listing level = store_->list_level("b/");
  EXPECT_EQ(keys_of(level.objects), (Keys{"b/a.csv", "b/z"}));
  EXPECT_EQ(level.folders, (Keys{"b/a/", "b/c/"}));
  const Listing top = store_->list_level("");
  EXPECT_EQ(keys_of(top.objects), (Keys{"ba", "c"}));
  EXPECT_EQ(top.folders, Keys{"b/"});
  EXPECT_TRUE(store_->list_level("b/a/1/").objects.empty());
  EXPECT_TRUE(store_->list_level("gone/").folders.empty());
}

TEST_P(ObjectStoreContract, AFolderIsThereOnlyWhileItHoldsAnObject) {
  put("a/b/c", "x");
  put("a/b/d", "x");
  store_->remove("a/b/c");
  EXPECT_EQ(store_->list_level("a/").folders, Keys{"a/b/"});
  store_->remove("a/b/d");
  EXPECT_TRUE(store_->list_level("a/").folders.empty());
  EXPECT_TRUE(store_->list_level("").folders.empty());
  EXPECT_EQ(keys(""), Keys{});
  EXPECT_FALSE(store_->stat("a/b").has_value());
  put("a/b/c", "again");
  EXPECT_EQ(get("a/b/c"), "again");
}

TEST_P(ObjectStoreContract, MissingKeyIsNotAnErrorForStatAndRemove) {
  EXPECT_FALSE(store_->stat("gone").has_value());
  EXPECT_FALSE(store_->stat("gone/and/deeper").has_value());
  EXPECT_NO_THROW(store_->remove("gone"));
  EXPECT_NO_THROW(store_->remove("gone/and/deeper"));
}

TEST_P(ObjectStoreContract, MissingKeyIsNotFoundForOpenAndCopy) {
  put("folder/k", "x");
  for (const char* key : {"gone", "gone/and/deeper", "folder", "folder/k/deeper"}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(kind_thrown_by([&] { store_->open(key, {}); }), ErrorKind::kNotFound);
    EXPECT_EQ(kind_thrown_by([&] { open_random(*store_, key); }), ErrorKind::kNotFound);
    EXPECT_EQ(kind_thrown_by([&] { store_->copy(key, "to"); }), ErrorKind::kNotFound);
    EXPECT_FALSE(store_->stat(key).has_value());
  }
  EXPECT_EQ(keys(""), Keys{"folder/k"});
}

TEST_P(ObjectStoreContract, RemovesAnObject) {
  put("a", "1");
  put("b", "2");
  store_->remove("a");
  EXPECT_EQ(keys(""), Keys{"b"});
  EXPECT_EQ(kind_thrown_by([&] { store_->open("a", {}); }), ErrorKind::kNotFound);
}

TEST_P(ObjectStoreContract, HoldsEmptyObjects) {
  put("empty", "");
  EXPECT_EQ(store_->stat("empty")->size, 0u);
  EXPECT_EQ(get("empty"), "");
  store_->create("created")->finish();
  EXPECT_EQ(get("created"), "");
  store_->copy("empty", "copied");
  EXPECT_EQ(get("copied"), "");
  EXPECT_EQ(keys(""), (Keys{"copied", "created", "empty"}));
}

TEST_P(ObjectStoreContract, HoldsOddKeys) {
  Keys odd = {"a b/ü+%=&.csv",
              "trailing dots...",
              "..dots",
              "...",
              "tab\tand\nline",
              "q?#[x]*{y}",
              "quote'\"`",
              "back\\slash",
              "~",
              "-rf",
              " ",
              "source=a%2Fb/billing_period=2026-05/x",
              "日本語/税",
              "C:/x",
              "a:b@c;d,e|f<g>h^i$j!k(l)"};
  if (!quirks().holds_line_ends) {
    std::erase_if(odd, [](const std::string& key) { return key.find('\n') != key.npos; });
  }
  for (const std::string& key : odd) put(key, "content of " + key);
  for (const std::string& key : odd) {
    EXPECT_EQ(get(key), "content of " + key);
    EXPECT_EQ(keys(key), Keys{key});
  }
  EXPECT_EQ(keys("").size(), odd.size());
  EXPECT_EQ(keys("a%20b"), Keys{});
}

TEST_P(OddSlashesContract, HoldsOrRefusesKeysThatAreNoPaths) {
  for (const char* key :
       {"/absolute", "../outside", "a/../b", "a//b", "a/./b", "slash/at/end/", ".."}) {
    expect_held(quirks().holds_odd_slashes, key);
  }
  if (quirks().holds_odd_slashes) return;
  EXPECT_EQ(kind_thrown_by([&] { store_->open("../outside", {}); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { store_->stat("/etc/passwd"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { store_->remove("../outside"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { store_->list("../"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { store_->list_level("/etc/"); }), ErrorKind::kUnsupported);
  put("inside", "x");
  EXPECT_EQ(kind_thrown_by([&] { store_->copy("../outside", "k"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { store_->copy("inside", "../k"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(keys(""), Keys{"inside"});
}

TEST_P(ObjectStoreContract, HoldsOrRefusesAnObjectBesideAFolder) {
  put("a/b", "below");
  put("d", "object");
  if (quirks().holds_objects_beside_folders) {
    put("a", "above");
    put("d/e", "x");
    EXPECT_EQ(keys(""), (Keys{"a", "a/b", "d", "d/e"}));
    return;
  }
  EXPECT_EQ(kind_thrown_by([&] { put("a", "above"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store_, "a", "x"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { put("d/e", "x"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(kind_thrown_by([&] { put("d/e/f", "x"); }), ErrorKind::kUnsupported);
  EXPECT_EQ(get("a/b"), "below");
  EXPECT_EQ(get("d"), "object");
}

TEST_P(ObjectStoreContract, HoldsOrRefusesLongNames) {
  expect_held(true, std::string(200, 'x') + "/" + std::string(255, 'y'));
  expect_held(quirks().holds_long_names, std::string(700, 'z'));
}

TEST_P(ObjectStoreContract, ReadsRanges) {
  put("k", "0123456789");
  EXPECT_EQ(get("k", {3, 4, ""}), "3456");
  EXPECT_EQ(get("k", {3, std::nullopt, ""}), "3456789");
  EXPECT_EQ(get("k", {0, 0, ""}), "");
  EXPECT_EQ(get("k", {8, 100, ""}), "89");
  EXPECT_EQ(get("k", {10, 1, ""}), "");
  EXPECT_EQ(get("k", {11, std::nullopt, ""}), "");
  EXPECT_EQ(get("k", {2, UINT64_MAX, ""}), "23456789");
}

TEST_P(ObjectStoreContract, OpensOnlyTheExpectedVersion) {
  put("k", "old");
  const std::string old_etag = etag("k");
  EXPECT_EQ(get("k", {0, std::nullopt, old_etag}), "old");
  EXPECT_EQ(get("k", {1, 1, old_etag}), "l");
  put("k", "new");
  EXPECT_EQ(kind_thrown_by([&] { get("k", {0, std::nullopt, old_etag}); }), ErrorKind::kConflict);
  EXPECT_EQ(kind_thrown_by([&] { get("k", {1, 1, old_etag}); }), ErrorKind::kConflict);
  EXPECT_EQ(get("k", {0, std::nullopt, etag("k")}), "new");
  store_->remove("k");
  EXPECT_EQ(kind_thrown_by([&] { get("k", {0, std::nullopt, old_etag}); }), ErrorKind::kNotFound);
}

TEST_P(ObjectStoreContract, AnObjectThatIsReplacedWhileItIsReadIsNeverAMix) {
  const std::string old_content(3 << 20, 'o');
  put("k", old_content);
  const auto reader = store_->open("k", {0, std::nullopt, etag("k")});
  std::string text(1 << 20, '?');
  std::size_t n = reader->read(std::as_writable_bytes(std::span(text)));
  std::string whole = text.substr(0, n);
  put("k", std::string(3 << 20, 'n'));
  try {
    while ((n = reader->read(std::as_writable_bytes(std::span(text)))) != 0)
      whole += text.substr(0, n);
    EXPECT_TRUE(whole == old_content);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConflict);
  }
}

TEST_P(ObjectStoreContract, CreateShowsTheObjectAtFinish) {
  const auto writer = store_->create("a/k");
  writer->write(bytes_of("one "));
  writer->write(bytes_of(""));
  writer->write(bytes_of("two"));
  EXPECT_FALSE(store_->stat("a/k").has_value());
  EXPECT_EQ(keys(""), Keys{});
  writer->finish();
  EXPECT_EQ(get("a/k"), "one two");
  EXPECT_EQ(keys(""), Keys{"a/k"});
}

TEST_P(ObjectStoreContract, CreateRefusesATakenKeyAndLeavesItsObject) {
  const auto early = store_->create("k");
  early->write(bytes_of("late"));
  put("k", "first");
  EXPECT_EQ(kind_thrown_by([&] { early->finish(); }), ErrorKind::kAlreadyExists);
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store_, "k", "x"); }), ErrorKind::kAlreadyExists);
  EXPECT_EQ(get("k"), "first");
  store_->remove("k");
  put_if_absent(*store_, "k", "second");
  EXPECT_EQ(get("k"), "second");
}

TEST_P(ObjectStoreContract, StreamsALargeObject) {
  std::string content;
  content.resize(20'000'003);
  std::mt19937 random(7);
  for (char& c : content) c = static_cast<char>(random());
  const auto writer = store_->create("large");
  // Blocks of all sizes, around what writers buffer.
  for (std::size_t at = 0, step = 1; at < content.size(); at += step, step = step * 3 % 1'000'003) {
    writer->write(bytes_of(std::string_view(content).substr(at, step)));
  }
  writer->finish();
  EXPECT_EQ(store_->stat("large")->size, content.size());
  EXPECT_TRUE(read_all(*store_, "large", content.size()) == content);
  store_->copy("large", "copy of it");
  EXPECT_TRUE(read_all(*store_, "copy of it", content.size()) == content);
}

TEST_P(ObjectStoreContract, AnAbandonedCreateLeavesNothing) {
  const std::string block(3 << 20, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto writer = store_->create("k");
    for (int b = 0; b < i * 3; ++b) writer->write(bytes_of(block));
  }
  EXPECT_EQ(keys(""), Keys{});
  EXPECT_FALSE(store_->stat("k").has_value());
  EXPECT_TRUE(store_->list_level("").objects.empty());
  put_if_absent(*store_, "k", "x");
  EXPECT_EQ(get("k"), "x");
}

TEST_P(ObjectStoreContract, ACopyIsAnObjectOfItsOwn) {
  put("from", "content");
  store_->copy("from", "deep/to");
  EXPECT_EQ(get("deep/to"), "content");
  put("from", "changed");
  EXPECT_EQ(get("deep/to"), "content");
  store_->remove("from");
  EXPECT_EQ(get("deep/to"), "content");
}

TEST_P(ObjectStoreContract, CopyRefusesATakenKey) {
  put("from", "new");
  put("to", "old");
  EXPECT_EQ(kind_thrown_by([&] { store_->copy("from", "to"); }), ErrorKind::kAlreadyExists);
  EXPECT_EQ(kind_thrown_by([&] { store_->copy("from", "from"); }), ErrorKind::kAlreadyExists);
  EXPECT_EQ(get("to"), "old");
  EXPECT_EQ(get("from"), "new");
}

TEST_P(ObjectStoreContract, ExactlyOneOfManyCreatesWins) {
  for (int round = 0; round < 10; ++round) {
    const std::string key = "race/" + std::to_string(round);
    std::atomic<int> winner = -1, wins = 0, losses = 0;
    at_once(8, [&](int i) {
      try {
        put_if_absent(*store_, key, "by " + std::to_string(i));
        winner = i;
        ++wins;
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::kAlreadyExists) ++losses;
      }
    });
    EXPECT_EQ(wins + losses, 8);
    EXPECT_GE(wins, 1);
    if (quirks().server_creates_in_two_steps) continue;
    EXPECT_EQ(wins, 1);
    EXPECT_EQ(get(key), "by " + std::to_string(winner));
  }
}

TEST_P(ObjectStoreContract, ReadersSeeWholeObjectsWhileWritersReplaceThem) {
  // One request reads the short one: even a server that mixes up two requests shows one content.
  const std::size_t size = quirks().server_shows_replacements ? 90'000 : 300'000;
  put("k", std::string(size, '0'));
  std::atomic<int> mixes = 0, reads = 0, failures = 0, writers = 2;
  const auto write = [&](int i) {
    for (int n = 0; n < 25; ++n)
      put("k", std::string(size, static_cast<char>('a' + i * 13 + n % 13)));
  };
  const auto is_right_list = [&](const Keys& seen) {
    return std::ranges::count(seen, "k") == 1 &&
           (seen.size() == 1 || quirks().server_shows_replacements);
  };
  const auto read = [&] {
    try {
      const std::string text = read_all(*store_, "k", size);
      if (text != std::string(size, text[0]) || !is_right_list(keys(""))) ++mixes;
      ++reads;
    } catch (const Error& error) {
      // It was replaced in the middle: the reader may say so instead of going on with the old one.
      if (error.kind() != ErrorKind::kConflict) throw;
    }
  };
  at_once(4, [&](int i) {
    try {
      if (i < 2) write(i);
      while (i >= 2 && (writers > 0 || reads == 0)) read();
    } catch (const Error&) {
      ++failures;
    }
    if (i < 2) --writers;
  });
  EXPECT_EQ(mixes, 0);
  EXPECT_EQ(failures, 0);
  EXPECT_GT(reads, 0);
}

TEST_P(ObjectStoreContract, ManyObjectsInOneNewFolderAtOnce) {
  std::atomic<int> failures = 0;
  at_once(8, [&](int i) {
    try {
      for (int n = 0; n < 5; ++n)
        put("new/folder/" + std::to_string(n) + "/" + std::to_string(i), "x");
    } catch (const Error&) {
      ++failures;
    }
  });
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(keys("new/").size(), 40u);
}

TEST_P(ObjectStoreContract, ListsThousandsOfObjectsInOrder) {
  const int many = GetParam().many_objects;
  Keys expected;
  for (int i = 0; i < many; ++i) {
    expected.push_back("p" + std::to_string(i % 97) + "/" + std::to_string(i * 7919 % many));
  }
  at_once(8, [&](int thread) {
    for (auto i = static_cast<std::size_t>(thread); i < expected.size(); i += 8)
      put(expected[i], "x");
  });
  std::ranges::sort(expected);
  EXPECT_EQ(keys(""), expected);
  EXPECT_EQ(store_->list_level("").folders.size(), 97u);
}

TEST_P(ObjectStoreContract, RandomReadsArePinnedToTheObjectAsItWasOpened) {
  put("k", "0123456789");
  const auto bytes = open_random(*store_, "k");
  EXPECT_EQ(bytes->size(), 10u);
  std::string text(4, '?');
  bytes->read_at(6, std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(text, "6789");
  EXPECT_NO_THROW(bytes->read_at(10, {}));
  EXPECT_EQ(kind_thrown_by([&] { bytes->read_at(7, std::as_writable_bytes(std::span(text))); }),
            ErrorKind::kInvalidData);
  EXPECT_EQ(
      kind_thrown_by([&] { bytes->read_at(UINT64_MAX, std::as_writable_bytes(std::span(text))); }),
      ErrorKind::kInvalidData);
  put("k", "abcdefghij");
  EXPECT_EQ(kind_thrown_by([&] { bytes->read_at(0, std::as_writable_bytes(std::span(text))); }),
            ErrorKind::kConflict);
}

TEST_P(ObjectStoreContract, ReadAllRefusesMoreThanItsLimit) {
  put("k", "0123456789");
  EXPECT_EQ(read_all(*store_, "k", 10), "0123456789");
  EXPECT_EQ(read_all(*store_, "k", UINT64_MAX), "0123456789");
  EXPECT_EQ(read_all(*store_, "k", 3, {7, std::nullopt, ""}), "789");
  EXPECT_EQ(kind_thrown_by([&] { read_all(*store_, "k", 9); }), ErrorKind::kInvalidData);
}

}  // namespace finops
