#include "image/manifest.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "image/test_archives.h"

namespace spoke::image {
namespace {

using test::file;
using test::layout_files;

const std::vector<test::Layer> layers = {{{file("a", "1")}}, {{file("b", "2")}}};

ImagePlan plan(const Documents& documents, const std::string& as = "", std::string_view architecture = "") {
  return plan_image(documents, as, architecture.empty() ? machine_architecture() : architecture);
}

std::string refusal(const Documents& documents, const std::string& as = "", std::string_view architecture = "") {
  try {
    plan(documents, as, architecture);
  } catch (const ImageError& e) {
    return e.what();
  }
  return "";
}

// Replaces a document and everything that refers to it by digest, so that digests fit again.
Documents with(Documents documents, const std::string& from, const std::string& to) {
  for (const auto& [path, text] : Documents(documents)) {
    if (text.find(from) == std::string::npos) continue;
    const std::string changed = replace_all(text, from, to);
    documents.erase(path);
    if (path == "index.json") {
      documents[path] = changed;
    } else {
      documents[test::blob(sha256_digest(changed))] = changed;
      return with(std::move(documents), sha256_digest(text), sha256_digest(changed));
    }
  }
  return documents;
}

TEST(Manifest, AnOciLayoutHasItsLayersFromTheBottom) {
  const ImagePlan p = plan(layout_files(layers, "spark:1"));
  EXPECT_EQ(p.names, std::vector<std::string>{"docker.io/library/spark:1"});
  ASSERT_EQ(p.layers.size(), 2U);
  EXPECT_EQ(p.layers[0].diff_id, sha256_digest(test::make_tar(layers[0].items)));
  EXPECT_EQ(p.layers[0].file, test::blob(p.layers[0].digest));
  EXPECT_EQ(p.config_digest, sha256_digest(test::config_of(layers)));
  EXPECT_EQ(p.config.entrypoint, std::vector<std::string>{"/init"});
  EXPECT_EQ(p.config.cmd, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(p.config.env, std::vector<std::string>{"X=1"});
  EXPECT_EQ(p.config.user, "185:0");
  EXPECT_EQ(p.config.working_dir, "/work");
}

TEST(Manifest, TheNameGivenGoesBeforeTheArchives) {
  EXPECT_EQ(plan(layout_files(layers, "spark:1"), "mine/spark").names,
            std::vector<std::string>{"docker.io/mine/spark:latest"});
}

TEST(Manifest, ABareTagNamesNoImage) {
  EXPECT_EQ(refusal(layout_files(layers, "latest")), "the image in it has no name; give it one with --as NAME");
  EXPECT_EQ(refusal(layout_files(layers, "")), "the image in it has no name; give it one with --as NAME");
}

TEST(Manifest, ContainerdsWholeNameGoesBeforeTheTag) {
  Documents documents = layout_files(layers, "1");
  documents["index.json"] = replace_all(documents["index.json"], R"("annotations":{)",
                                        R"("annotations":{"io.containerd.image.name":"docker.io/apache/spark:1",)");
  EXPECT_EQ(plan(documents).names, std::vector<std::string>{"docker.io/apache/spark:1"});
}

TEST(Manifest, OfSeveralImagesTheNamedOne) {
  Documents documents = layout_files(layers, "one:1");
  const Documents second = layout_files({layers[0]}, "two:1");
  json::value index = json::parse(documents.at("index.json"));
  const json::value other = json::parse(second.at("index.json"));
  json::make_array(index, "manifests").push_back(json::list(other, "manifests")[0]);
  documents.insert(second.begin(), second.end());
  documents["index.json"] = json::dump(index);
  EXPECT_EQ(plan(documents, "two:1").layers.size(), 1U);
  EXPECT_EQ(plan(documents, "one:1").layers.size(), 2U);
  const std::string why =
      "there are 2 images in it (docker.io/library/one:1, docker.io/library/two:1); say which with --as NAME";
  EXPECT_EQ(refusal(documents), why);
  EXPECT_EQ(refusal(documents, "three:1"), why);
}

TEST(Manifest, AnIndexOfPlatformsGivesThisMachines) {
  Documents documents = layout_files(layers, "");
  const json::value index = json::parse(documents.at("index.json"));
  json::value mine = json::list(index, "manifests")[0];
  json::set(mine, "platform", json::object{{"architecture", machine_architecture()}, {"os", "linux"}});
  json::value other = mine;
  json::set(other, "platform.architecture", "s390x");
  json::set(other, "digest", sha256_digest("not there"));
  const auto nest = [&](json::array manifests) {
    const std::string inner = json::dump(json::object{{"manifests", std::move(manifests)}});
    documents[test::blob(sha256_digest(inner))] = inner;
    documents["index.json"] =
        json::dump(json::object{{"manifests", json::array{json::object{{"digest", sha256_digest(inner)}}}}});
  };
  nest({other, mine});
  EXPECT_EQ(plan(documents, "x").layers.size(), 2U);
  nest({other});
  EXPECT_EQ(refusal(documents, "x"), "the image is for s390x, and this machine is " + machine_architecture());
}

TEST(Manifest, AnotherArchitectureIsRefused) {
  EXPECT_EQ(refusal(layout_files(layers, "a:1"), "", "riscv64"),
            "the image is for " + machine_architecture() + ", and this machine is riscv64");
}

TEST(Manifest, DockerSavesFormat) {
  const std::string config = test::config_of(layers);
  Documents documents;
  documents["abc.json"] = config;
  documents["manifest.json"] =
      R"([{"Config": "abc.json", "RepoTags": ["spark:1", "apache/spark:1"], "Layers": ["x/layer.tar", "y/layer.tar"]}])";
  const ImagePlan p = plan(documents);
  EXPECT_EQ(p.names, (std::vector<std::string>{"docker.io/library/spark:1", "docker.io/apache/spark:1"}));
  EXPECT_EQ(p.config_digest, sha256_digest(config));
  EXPECT_EQ(p.layers[1].file, "y/layer.tar");
  EXPECT_EQ(p.layers[1].digest, "");
  EXPECT_EQ(p.layers[1].diff_id, sha256_digest(test::make_tar(layers[1].items)));
}

TEST(Manifest, ADamagedDocumentIsRefused) {
  Documents documents = layout_files(layers, "a:1");
  for (auto& [path, text] : documents)
    if (path.starts_with("blobs/") && text.find("\"layers\"") != std::string::npos) text += " ";
  EXPECT_NE(refusal(documents).find("does not have the digest it goes by"), std::string::npos);
}

TEST(Manifest, AMissingDocumentIsRefused) {
  for (const auto& [path, text] : layout_files(layers, "a:1")) {
    if (!text.starts_with('{') || path == "oci-layout") continue;
    Documents documents = layout_files(layers, "a:1");
    documents.erase(path);
    EXPECT_NE(refusal(documents), "") << path;
  }
}

TEST(Manifest, HostileDocumentsAreRefused) {
  EXPECT_NE(refusal({}), "");
  for (const char* text :
       {"", "{", "[]", "{}", "7", R"({"manifests": 1})", R"({"manifests": [{"digest": "sha256:../../x"}]})",
        R"({"manifests": [{"digest": 7}]})", R"({"manifests": [null]})"})
    EXPECT_NE(refusal({{"index.json", text}}, "a"), "") << text;
  for (const char* text :
       {"{}", "[{}]", R"([{"Config": 1}])", R"([{"Config": "c", "Layers": ["a"]}])", "[[]]", "[null]"})
    EXPECT_NE(refusal({{"manifest.json", text}, {"c", "{}"}}, "a"), "") << text;
  const Documents whole = layout_files(layers, "a:1");
  EXPECT_EQ(refusal(with(whole, R"("diff_ids":[)", R"("diff_ids":["sha256:x",)")),
            "the configuration names the layer \"sha256:x\", not a sha256 digest");
  EXPECT_NE(refusal(with(whole, R"("diff_ids":["sha256:)", R"("diff_ids":["sha512:)")), "");
  EXPECT_EQ(refusal(layout_files({}, "a:1")), "the image has no layers");
}

TEST(Manifest, AnIndexThatLeadsToItselfEnds) {
  // No index can hold its own digest; a chain of them is the next best thing.
  Documents documents;
  std::string inner = "{\"manifests\": []}";
  for (int i = 0; i < 10; ++i) {
    documents[test::blob(sha256_digest(inner))] = inner;
    inner = json::dump(json::object{{"manifests", json::array{json::object{{"digest", sha256_digest(inner)}}}}});
  }
  documents["index.json"] = inner;
  EXPECT_EQ(refusal(documents, "a"), "its indexes lead to indexes without end");
}

}  // namespace
}  // namespace spoke::image
