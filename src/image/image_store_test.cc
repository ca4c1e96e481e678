#include "image/image_store.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/random.h"
#include "base/strings.h"
#include "image/test_archives.h"

namespace spoke::image {
namespace {

using test::file;
using test::Layer;
using test::layout_files;
using test::Packing;

class ImageStoreTest : public testing::Test {
 protected:
  ImageStore store(std::map<std::string, std::string> aliases = {}) { return {dir(), std::move(aliases), {}}; }
  Path dir() const { return scratch_.path() / "store"; }

  Path archive(const std::string& bytes) {
    const Path path = scratch_.path() / "archive.tar";
    write_file(path, bytes);
    return path;
  }

  std::string refusal(const std::string& bytes, const std::string& as = "a:1") {
    try {
      store().load(archive(bytes), as);
    } catch (const ImageError& e) {
      return e.what();
    }
    return "";
  }

  // Nothing but folders: no name, no layer, nothing half done.
  void expect_empty_store() const {
    EXPECT_TRUE(ImageStore(dir(), {}, {}).list().empty());
    if (!std::filesystem::exists(dir())) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir())) {
      EXPECT_TRUE(entry.path() == dir() / "layers" || entry.path() == dir() / "names") << entry.path();
    }
  }

  test::Scratch scratch_;
};

const std::vector<Layer> layers = {{{file("etc/a", "1"), file("etc/b", "2")}, Packing::None},
                                   {{file("etc/.wh.a"), file("bin/x", "#!", 0755)}, Packing::Gzip},
                                   {{file("etc/b", "3")}, Packing::Zstd}};

TEST_F(ImageStoreTest, LoadsAnOciArchive) {
  ImageStore images = store();
  EXPECT_EQ(images.load(archive(test::tar_of(layout_files(layers, "spark:1"))), ""),
            std::vector<std::string>{"docker.io/library/spark:1"});
  const Image image = images.resolve("spark:1");
  EXPECT_EQ(image.name, "docker.io/library/spark:1");
  EXPECT_EQ(image.id, sha256_digest(test::config_of(layers)));
  EXPECT_EQ(image.config.entrypoint, std::vector<std::string>{"/init"});
  EXPECT_EQ(image.config.user, "185:0");
  EXPECT_TRUE(image.binds.empty());
  ASSERT_EQ(image.layers.size(), 3U);
  EXPECT_EQ(read_file(image.layers[0] / "etc/b"), "3") << "topmost first";
  EXPECT_EQ(read_file(image.layers[1] / "bin/x"), "#!");
  EXPECT_EQ(read_file(image.layers[2] / "etc/b"), "2");
  EXPECT_EQ(images.list(), std::vector<std::string>{"docker.io/library/spark:1"});
}

TEST_F(ImageStoreTest, TheArchiveItselfMayBePacked) {
  for (const Packing packing : {Packing::Gzip, Packing::Zstd}) {
    const std::string name = "packed:" + std::to_string(static_cast<int>(packing));
    EXPECT_NO_THROW(store().load(archive(test::tar_of(layout_files(layers, ""), packing)), name));
    EXPECT_EQ(store().resolve(name).layers.size(), 3U);
  }
}

TEST_F(ImageStoreTest, LoadsWhatDockerSaved) {
  const std::string first = test::make_tar(layers[0].items);
  const std::string second = test::make_tar(layers[1].items);
  std::vector<test::Item> items = {
      file("x/layer.tar", first), test::symlink("y/layer.tar", "../z/layer.tar"), file("z/layer.tar", second),
      file("c.json", test::config_of({layers[0], layers[1]})),
      file("manifest.json",
           R"([{"Config": "c.json", "RepoTags": ["a:1", "b/c:2"], "Layers": ["x/layer.tar", "y/layer.tar"]}])")};
  EXPECT_EQ(store().load(archive(test::make_tar(items)), ""),
            (std::vector<std::string>{"docker.io/library/a:1", "docker.io/b/c:2"}));
  EXPECT_EQ(store().resolve("b/c:2").layers, store().resolve("a:1").layers);
  EXPECT_EQ(read_file(store().resolve("a:1").layers[0] / "bin/x"), "#!");
}

TEST_F(ImageStoreTest, ImagesShareLayersByDigest) {
  store().load(archive(test::tar_of(layout_files({layers[0], layers[1]}, "one:1"))), "");
  const std::string before = store().resolve("one:1").layers[1];
  struct stat s{};
  ASSERT_EQ(::stat(before.c_str(), &s), 0);
  // The same files, packed otherwise: another blob, the same layer.
  Layer packed = layers[0];
  packed.packing = Packing::Zstd;
  store().load(archive(test::tar_of(layout_files({packed, layers[2]}, "two:1"))), "");
  EXPECT_EQ(store().resolve("two:1").layers[1], before);
  struct stat now{};
  ASSERT_EQ(::stat(before.c_str(), &now), 0);
  EXPECT_EQ(now.st_ino, s.st_ino) << "it was not unpacked again";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir() / "layers"), {}), 3);
}

TEST_F(ImageStoreTest, ALayerThatComesTwiceIsMountedOnce) {
  store().load(archive(test::tar_of(layout_files({layers[0], layers[2], layers[0]}, "twice:1"))), "");
  const Image image = store().resolve("twice:1");
  ASSERT_EQ(image.layers.size(), 2U);
  EXPECT_EQ(read_file(image.layers[0] / "etc/b"), "2");
}

TEST_F(ImageStoreTest, ANameLoadedAgainIsTheNewImages) {
  store().load(archive(test::tar_of(layout_files({layers[0]}, ""))), "a");
  store().load(archive(test::tar_of(layout_files({layers[2]}, ""))), "a");
  EXPECT_EQ(read_file(store().resolve("docker.io/library/a:latest").layers[0] / "etc/b"), "3");
  EXPECT_EQ(store().list().size(), 1U);
}

TEST_F(ImageStoreTest, ADigestFindsTheImageUnderAnyTag) {
  const auto files = layout_files(layers, "ghcr.io/a/b:1");
  store().load(archive(test::tar_of(files)), "");
  const std::string digest(json::str(json::list(json::parse(files.at("index.json")), "manifests")[0], "digest"));
  EXPECT_EQ(store().resolve("ghcr.io/a/b@" + digest).name, "ghcr.io/a/b:1");
  EXPECT_THROW(store().resolve("ghcr.io/a/c@" + digest), ImageError);
  EXPECT_THROW(store().resolve("ghcr.io/a/b@" + sha256_digest("other")), ImageError);
}

TEST_F(ImageStoreTest, AnAliasStandsForANameUnlessItWasLoaded) {
  store().load(archive(test::tar_of(layout_files({layers[0]}, ""))), "mine/base:1");
  const std::map<std::string, std::string> aliases = {{"base", "mine/base"}};
  EXPECT_EQ(store(aliases).resolve("base:1").name, "docker.io/mine/base:1");
  store().load(archive(test::tar_of(layout_files({layers[2]}, ""))), "base:1");
  EXPECT_EQ(store(aliases).resolve("base:1").name, "docker.io/library/base:1");
}

TEST_F(ImageStoreTest, AnImageThatIsNotThereIsNamed) {
  try {
    store().resolve("nginx");
    FAIL();
  } catch (const ImageError& e) {
    EXPECT_STREQ(e.what(),
                 "docker.io/library/nginx:latest: there is no such image on this machine; load it from an archive with "
                 "`spoke image load`, or name local/spark:VERSION");
  }
  EXPECT_THROW(store().resolve("Nginx"), InvalidImageName);
}

TEST_F(ImageStoreTest, TheStoreIsItsOwnersAlone) {
  store().load(archive(test::tar_of(layout_files(layers, "a:1"))), "");
  // Layers hold set-user-id programs and devices of strangers: no other user of this machine may reach them.
  EXPECT_EQ(std::filesystem::status(dir() / "layers").permissions(), std::filesystem::perms(0700));
}

TEST_F(ImageStoreTest, ATruncatedArchiveLeavesNothingBehind) {
  const std::string whole = test::tar_of(layout_files(layers, "a:1"));
  // The end-of-archive blocks may be missing: every byte of every file is there then.
  for (size_t size = 0; size + 1536 < whole.size(); size += 512 + 61) {
    EXPECT_NE(refusal(whole.substr(0, size)), "") << size;
    expect_empty_store();
  }
  EXPECT_EQ(refusal(whole), "");
}

TEST_F(ImageStoreTest, AChangedByteIsNoticed) {
  auto files = layout_files(layers, "a:1");
  for (auto& [path, text] : files) {
    if (!path.starts_with("blobs/")) continue;
    for (const size_t at : {size_t{0}, text.size() / 2, text.size() - 1}) {
      auto changed = files;
      changed[path][at] = static_cast<char>(changed[path][at] ^ 1);
      EXPECT_NE(refusal(test::tar_of(changed)), "") << path << " " << at;
      expect_empty_store();
    }
  }
}

TEST_F(ImageStoreTest, AMissingLayerIsNamed) {
  auto files = layout_files({layers[0]}, "a:1");
  const std::string layer = test::blob(sha256_digest(test::make_tar(layers[0].items)));
  files.erase(layer);
  EXPECT_EQ(refusal(test::tar_of(files)), (scratch_.path() / "archive.tar").string() + ": the layer " + layer +
                                              " is not in it; the archive is not whole");
}

TEST_F(ImageStoreTest, AHostileLayerLeavesNothingBehind) {
  const std::string why = refusal(test::tar_of(layout_files({layers[0], {{file("../../../x", "x")}}}, "a:1")));
  EXPECT_NE(why.find("its path leads out of the layer with .."), std::string::npos) << why;
  expect_empty_store();
}

TEST_F(ImageStoreTest, WhatIsNoArchiveIsRefused) {
  for (const std::string& bytes : {std::string(), std::string("no tar"), random_bytes(4096), std::string(4096, '\0')})
    EXPECT_NE(refusal(bytes), "");
  EXPECT_THROW(store().load(scratch_.path() / "absent.tar", ""), ImageError);
  EXPECT_THROW(store().load(scratch_.path(), ""), ImageError);
  EXPECT_NE(refusal(test::make_tar({file("/index.json", "{}")})), "");
  EXPECT_NE(refusal(test::make_tar({test::symlink("manifest.json", "manifest.json")})), "");
}

TEST_F(ImageStoreTest, WhatAKilledProcessLeftIsRemoved) {
  make_dirs(dir() / "spoke-staging-abandoned/x/y");
  store().load(archive(test::tar_of(layout_files(layers, "a:1"))), "");
  EXPECT_FALSE(std::filesystem::exists(dir() / "spoke-staging-abandoned"));
}

TEST_F(ImageStoreTest, AFullDiskIsSaidAndLeavesNothingBehind) {
  ASSERT_EQ(::mkdir(dir().c_str(), 0700), 0);
  if (::mount("tmpfs", dir().c_str(), "tmpfs", 0, "size=256k") != 0) GTEST_SKIP() << "root mounts a small disk";
  const std::string why = refusal(test::tar_of(layout_files({{{file("big", random_bytes(1 << 20))}}}, "a:1")));
  expect_empty_store();
  EXPECT_EQ(::umount(dir().c_str()), 0);
  EXPECT_EQ(why, (scratch_.path() / "archive.tar").string() + ": no space left to unpack it in " + dir().string() +
                     "; make room and load it again");
}

TEST_F(ImageStoreTest, ADamagedRecordIsNamed) {
  store().load(archive(test::tar_of(layout_files(layers, "a:1"))), "");
  for (const auto& entry : std::filesystem::directory_iterator(dir() / "names")) write_file(entry.path(), "{");
  EXPECT_THROW(store().resolve("a:1"), ImageError);
}

TEST_F(ImageStoreTest, AMalformedAliasIsRefusedAtOnce) {
  EXPECT_THROW(store({{"Spark", "local/spark"}}), InvalidImageName);
}

}  // namespace
}  // namespace spoke::image
