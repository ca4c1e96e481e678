#include "image/build/layer_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/sha256.h"
#include "base/temp_dir.h"
#include "data/json.h"
#include "image/build/digests.h"
#include "image/build/layout.h"
#include "image/build/listing.h"
#include "image/manifest.h"

namespace spoke::image {
namespace {

void put(const Path& path, std::string_view text, mode_t mode = 0644) {
  make_dirs(path.parent_path());
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
}

class LayerFile : public testing::Test {
 protected:
  Path at(const std::string& name) const { return dir_.path() / name; }
  LayerBlob write(const Tree& tree, Packing packing, const std::string& name) const {
    return write_layer(tree, packing, at(name));
  }
  TempDir dir_;
};

TEST_F(LayerFile, DependsOnNothingButWhatIsInIt) {
  put(at("a/x"), "text", 0600);
  put(at("a/run"), "#!", 0711);
  put(at("b/run"), "#!", 0755);
  put(at("b/x"), "text", 0644);
  ::symlink("x", at("a/link").c_str());
  ::symlink("x", at("b/link").c_str());
  Tree first, second;
  first.add("/opt/app", at("a"));
  second.add("/opt/app", at("b"));
  for (const Packing packing : {Packing::None, Packing::Gzip, Packing::Zstd}) {
    const std::string suffix = std::to_string(static_cast<int>(packing));
    const LayerBlob one = write(first, packing, "1" + suffix), two = write(second, packing, "2" + suffix);
    EXPECT_EQ(one.blob, two.blob) << "times, umask and order of making differ";
    EXPECT_EQ(one.blob.digest, sha256_digest(read_file(at("1" + suffix))));
    EXPECT_EQ(one.diff_id, write(first, Packing::None, "3" + suffix).blob.digest) << "of the tar inside";
  }
  FileDigests digests(at("digests"));
  EXPECT_EQ(fingerprint(first, digests), fingerprint(second, digests));
}

TEST_F(LayerFile, AnotherFileMakesAnotherFingerprint) {
  put(at("a"), "one");
  const auto print = [&](unsigned mode, const Path& path) {
    Tree tree;
    tree.add(path, at("a"), {.mode = mode});
    FileDigests digests(at("digests"));
    std::string out = fingerprint(tree, digests);
    digests.save();
    return out;
  };
  const std::string before = print(0644, "/a");
  EXPECT_EQ(before, print(0644, "/a"));
  EXPECT_NE(before, print(0600, "/a"));
  EXPECT_NE(before, print(0644, "/b"));
  put(at("a"), "two");  // as long, and the digests were kept
  EXPECT_NE(before, print(0644, "/a"));
}

TEST_F(LayerFile, WhatALinkLeadsToOutsideIsCopied) {
  put(at("elsewhere"), "content");
  make_dirs(at("a"));
  ::symlink(at("elsewhere").c_str(), at("a/jar").c_str());
  Tree tree;
  tree.add("/opt", at("a"));
  EXPECT_EQ(tree.nodes().at("opt/jar").kind, TreeNode::Kind::File);
  ::symlink("/", at("a/root").c_str());
  EXPECT_THROW(Tree().add("/opt", at("a")), Error) << "a folder elsewhere";
  EXPECT_THROW(Tree().add("/opt", at("absent")), Error);
  EXPECT_THROW(Tree().add("/opt", "/dev/null"), Error);
}

TEST_F(LayerFile, PathsStayInsideOfTheImage) {
  Tree tree;
  tree.add_text("/a/../../../etc/passwd", "x");
  EXPECT_TRUE(tree.nodes().contains("etc/passwd"));
  EXPECT_THROW(tree.add_text("relative", "x"), Error);
}

TEST_F(LayerFile, WhatIsBelowKeepsItsFolders) {
  LowerPaths lower;
  lower["bin"] = {.kind = TreeNode::Kind::Link, .mode = 0777, .text = "usr/bin"};
  lower["usr"] = {.mode = 0755};
  lower["usr/bin"] = {.mode = 0755};
  lower["opt/spark/work-dir"] = {.mode = 01777, .user = 1, .group = 2};
  lower["var/run"] = {.kind = TreeNode::Kind::Link, .text = "/run"};
  lower["a"] = {.kind = TreeNode::Kind::Link, .text = "b"};
  lower["b"] = {.kind = TreeNode::Kind::Link, .text = "a"};
  Tree tree(&lower);
  tree.add_text("/bin/tool", "x");
  EXPECT_TRUE(tree.nodes().contains("usr/bin/tool"));
  EXPECT_FALSE(tree.nodes().contains("bin")) << "a folder there would hide the link";
  tree.add_text("/opt/spark/work-dir/app.py", "x");
  EXPECT_EQ(tree.nodes().at("opt/spark/work-dir").mode, 01777U);
  EXPECT_EQ(tree.nodes().at("opt/spark/work-dir").group, 2U);
  EXPECT_EQ(tree.nodes().at("opt").mode, 0755U);
  tree.add_text("/var/run/deep/x", "x");
  EXPECT_TRUE(tree.nodes().contains("run/deep/x"));
  EXPECT_THROW(tree.add_text("/a/x", "x"), Error) << "without end";

  const LayerBlob layer = write(tree, Packing::Zstd, "layer");
  const LowerPaths read = list_layer(at("layer")).paths;
  EXPECT_EQ(read.at("opt/spark/work-dir").mode, 01777U);
  EXPECT_FALSE(read.contains("usr/bin/tool"));
}

TEST_F(LayerFile, AFolderThatIsThereStaysAsItIs) {
  LowerPaths lower;
  lower["tmp"] = {.kind = TreeNode::Kind::Folder, .mode = 01777};
  Tree tree(&lower);
  make_dirs(at("d"));
  write_file(at("d/f"), "f");
  tree.add("/tmp", at("d"), {.user = 185});
  EXPECT_EQ(tree.nodes().at("tmp").mode, 01777U);
  EXPECT_EQ(tree.nodes().at("tmp").user, 0U);
  EXPECT_EQ(tree.nodes().at("tmp/f").user, 185U);
  EXPECT_THROW(tree.add_text("/tmp/", "a file"), Error);
}

TEST_F(LayerFile, AFileThatCannotBeReadLeavesNoLayer) {
  put(at("a"), "text");
  Tree tree;
  tree.add("/a", at("a"));
  std::filesystem::remove(at("a"));
  for (const Packing packing : {Packing::None, Packing::Gzip, Packing::Zstd})
    EXPECT_THROW(write(tree, packing, "layer" + std::to_string(static_cast<int>(packing))), Error);
}

TEST_F(LayerFile, TheStoreReadsWhatIsWritten) {
  const BuildCache cache(at("cache"));
  Tree tree;
  tree.add_text("/opt/hello", "hello", 0755);
  tree.add_folder("/opt/work", 01777);
  for (const Packing packing : {Packing::None, Packing::Gzip, Packing::Zstd}) {
    const LayerBlob layer = write(tree, packing, "layer");
    cache.add("key", layer, at("layer"));
    EXPECT_EQ(cache.find("key")->blob, layer.blob);
    ImageContents contents{
        machine_architecture(), {.entrypoint = {"/opt/hello"}, .user = "185"}, {{"l", "v"}}, {layer}};
    ImageBlobs built = finish_image(contents, cache);
    built.names = {"docker.io/library/hello:1"};
    for (const bool archive : {false, true}) {
      const Path to = at(fmt::format("{}-{}", static_cast<int>(packing), archive));
      archive ? write_oci_archive(to, {built}, "", cache.dir()) : write_layout(to, {built}, "", cache.dir());
      ImageStore store(at(to.filename().string() + ".store"), {}, {});
      EXPECT_EQ(store.load(to, ""), built.names);
      const Image image = store.resolve("hello:1");
      EXPECT_EQ(image.config.entrypoint, std::vector<std::string>{"/opt/hello"});
      EXPECT_EQ(read_file(image.layers.at(0) / "opt/hello"), "hello");
      struct stat s{};
      ASSERT_EQ(::stat((image.layers.at(0) / "opt/work").c_str(), &s), 0);
      EXPECT_EQ(s.st_mode & 07777U, 01777U);
    }
  }
}

TEST_F(LayerFile, ADamagedBlobOfALayoutIsRefused) {
  const BuildCache cache(at("cache"));
  Tree tree;
  tree.add_text("/a", "x");
  const LayerBlob layer = write(tree, Packing::Zstd, "layer");
  cache.add("key", layer, at("layer"));
  ImageBlobs built = finish_image({machine_architecture(), {}, {}, {layer}}, cache);
  built.names = {"docker.io/library/a:1"};
  write_layout(at("layout"), {built}, "", cache.dir());
  const Path blob = at("layout") / "blobs/sha256" / layer.blob.digest.substr(7);
  const std::string whole = read_file(blob);
  const auto refusal = [&] {
    try {
      ImageStore(at("store"), {}, {}).load(at("layout"), "");
    } catch (const ImageError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  put(blob, whole.substr(0, whole.size() / 2));
  EXPECT_NE(refusal().find("layer blobs/sha256/"), std::string::npos);
  std::filesystem::remove(blob);
  EXPECT_NE(refusal(), "");
  std::filesystem::create_symlink("/dev/zero", blob);
  EXPECT_NE(refusal(), "") << "a link may lead anywhere";
  EXPECT_TRUE(ImageStore(at("store"), {}, {}).list().empty());
}

TEST_F(LayerFile, AnImageOfTheSameTagTakesItsPlace) {
  const BuildCache cache(at("cache"));
  const auto image = [&](const std::string& text, const std::string& name) {
    Tree tree;
    tree.add_text("/a", text);
    const LayerBlob layer = write(tree, Packing::Gzip, "layer");
    cache.add(text, layer, at("layer"));
    ImageBlobs built = finish_image({machine_architecture(), {}, {}, {layer}}, cache);
    built.names = {name};
    return built;
  };
  write_layout(at("layout"), {image("1", "docker.io/library/a:1"), image("2", "docker.io/library/b:1")}, "",
               cache.dir());
  write_layout(at("layout"), {image("3", "docker.io/library/a:1")}, "", cache.dir());
  const json::value index = json::parse(read_file(at("layout/index.json")));
  EXPECT_EQ(json::list(index, "manifests").size(), 2U);
  EXPECT_THROW(write_layout(at("two"), {image("4", "docker.io/library/a:1"), image("5", "docker.io/library/b:1")}, "1",
                            cache.dir()),
               Error)
      << "one tag for both";
  // A build that was killed while it copied.
  put(at("killed/oci-layout"), "{}");
  put(at("killed/blobs/sha256/half"), "x");
  write_layout(at("killed"), {image("6", "docker.io/library/a:1")}, "", cache.dir());
  EXPECT_TRUE(std::filesystem::exists(at("killed/index.json")));
  put(at("other/file"), "x");
  EXPECT_THROW(write_layout(at("other"), {}, "", cache.dir()), Error) << "a folder with something else in it";
}

}  // namespace
}  // namespace spoke::image
