#include "image/build/inventory.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/sha256.h"
#include "base/temp_dir.h"
#include "image/build/oci_form.h"
#include "image/check/check.h"
#include "image/test_archives.h"

namespace spoke::image {
namespace {

using test::file;
using test::folder;
using test::symlink;

// A jar that has these files.
std::string make_jar(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out(1 << 20, '\0');
  archive* zip = ::archive_write_new();
  ::archive_write_set_format_zip(zip);
  size_t used = 0;
  ::archive_write_open_memory(zip, out.data(), out.size(), &used);
  for (const auto& [name, content] : files) {
    archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, name.c_str());
    ::archive_entry_set_filetype(entry, S_IFREG);
    ::archive_entry_set_perm(entry, 0644);
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    ::archive_write_header(zip, entry);
    ::archive_write_data(zip, content.data(), content.size());
    ::archive_entry_free(entry);
  }
  ::archive_write_close(zip);
  ::archive_write_free(zip);
  out.resize(used);
  return out;
}

std::string pom(const std::string& group, const std::string& name, const std::string& version) {
  return "#Created\ngroupId=" + group + "\r\nartifactId=" + name + "\nversion = " + version + "\n";
}

std::string jar_of(const std::string& group, const std::string& name, const std::string& version) {
  return make_jar(
      {{"A.class", "x"}, {"META-INF/maven/" + group + "/" + name + "/pom.properties", pom(group, name, version)}});
}

ImageListing listing_of(const std::vector<std::vector<test::Item>>& layers) {
  const TempDir dir;
  ImageListing out;
  for (const auto& items : layers) {
    write_file(dir.path() / "layer", test::make_tar(items, test::Packing::Gzip));
    out.add(list_layer(dir.path() / "layer"));
  }
  return out;
}

TEST(Packages, AJarSaysItsCoordinates) {
  const auto told = [](const std::string& name, const std::string& bytes) {
    const auto package = read_jar(name, bytes);
    return package ? package->url() : "";
  };
  EXPECT_EQ(told("hadoop-aws-3.4.2.jar", jar_of("org.apache.hadoop", "hadoop-aws", "3.4.2")),
            "pkg:maven/org.apache.hadoop/hadoop-aws@3.4.2");
  EXPECT_EQ(told("app.jar", jar_of("org.example", "shop", "1.0")), "pkg:maven/org.example/shop@1.0")
      << "one alone is its own";
  const std::string shaded = make_jar({{"META-INF/maven/a/guava/pom.properties", pom("a", "guava", "33")},
                                       {"META-INF/maven/b/bundle/pom.properties", pom("b", "bundle", "2")},
                                       {"META-INF/maven/b/bundle-x/pom.properties", pom("b", "bundle-x", "2")}});
  EXPECT_EQ(told("bundle-x-2.jar", shaded), "pkg:maven/b/bundle-x@2") << "others were put into it";
  EXPECT_EQ(told("all-1.2.jar", shaded), "pkg:generic/all@1.2");
  EXPECT_EQ(told("scala-compiler-2.13.17.jar", jar_of("io.github", "java-diff-utils", "4.15")),
            "pkg:generic/scala-compiler@2.13.17");
  EXPECT_EQ(told("six-1.jar", "no zip at all"), "pkg:generic/six@1");
  EXPECT_EQ(read_jar("six-1.jar", "text")->sha256, sha256_hex("text"));
  EXPECT_FALSE(read_jar("", ""));
}

TEST(Packages, DebianSaysWhatIsInstalled) {
  const auto packages = read_dpkg_status(
      "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nDescription: it\n Version: no\n"
      "Version: 2.36-9+deb12u14\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
      "Package: tzdata\nVersion: 2025b\nArchitecture: all\n");
  ASSERT_EQ(packages.size(), 2U);
  EXPECT_EQ(packages[0].url(), "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64");
  EXPECT_EQ(packages[1].name, "tzdata") << "of an image without a package manager, which has no status";
  EXPECT_TRUE(read_dpkg_status("").empty());
  EXPECT_TRUE(read_dpkg_status("\n\n:\n\n").empty());
}

TEST(Listing, LayersHideWhatIsBelow) {
  const ImageListing all = listing_of(
      {{folder("a"), file("a/1.jar", jar_of("g", "one", "1")), file("a/2"), symlink("b", "a"), file("c/d/e")},
       {file("a/.wh.1.jar"), file("b"), file("c/.wh..wh..opq"), file("c/f"), symlink("x", "c")}});
  EXPECT_EQ(all.files, (std::set<std::string>{"a/2", "b", "c/f"}));
  EXPECT_FALSE(all.paths.contains("b"));
  EXPECT_EQ(all.paths.at("x").text, "c");
  EXPECT_TRUE(all.packages.empty());
  const ImageListing back = listing_of({{folder("a"), file("a/x")}, {file(".wh.a")}, {file("a/y")}});
  EXPECT_EQ(back.files, std::set<std::string>{"a/y"});
  EXPECT_EQ(listing_of({{file("../out"), file("in")}}).files, std::set<std::string>{"in"});
}

BaseImage spark_image() {
  BaseImage out;
  out.contents.architecture = "amd64";
  out.contents.config.env = {"JAVA_VERSION=jdk-17.0.12+7", "SPARK_HOME=/opt/spark"};
  out.created = "2026-01-01T00:00:00Z";
  out.listing = listing_of(
      {{symlink("usr/bin/python3", "python3.10"), file("usr/bin/python3.10"),
        file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"),
        folder("usr/lib/python3/dist-packages/six-1.17.0.dist-info"),
        folder("opt/venv/lib/python3.9/site-packages/other-1.dist-info"),
        file("opt/spark/jars/spark-core_2.12-3.5.8.jar", jar_of("org.apache.spark", "spark-core_2.12", "3.5.8")),
        file("opt/spark/jars/hadoop-client-api-3.3.4.jar", jar_of("org.apache.hadoop", "hadoop-client-api", "3.3.4")),
        file("opt/spark/jars/hadoop-aws-3.4.2.jar", jar_of("org.apache.hadoop", "hadoop-aws", "3.4.2"))}});
  return out;
}

TEST(Image, SaysWhatIsInIt) {
  ImageFacts facts;
  add_facts(spark_image(), false, facts);
  EXPECT_EQ(facts.spark, "3.5.8");
  EXPECT_EQ(facts.scala, "2.12");
  EXPECT_EQ(facts.java, 17);
  EXPECT_EQ(facts.python, "3.10");
  EXPECT_EQ(facts.python_packages, (std::map<std::string, std::string>{{"six", "1.17.0"}})) << "of that Python";
  const Findings findings = check(facts);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].subject, "org.apache.hadoop:hadoop-aws:3.4.2");

  ImageFacts as_base;
  add_facts(spark_image(), true, as_base);
  EXPECT_TRUE(check(as_base).empty()) << "what is below is not the recipe's";
}

TEST(Image, SparkIsFoundBehindLinks) {
  BaseImage image;
  image.contents.config.env = {"SPARK_HOME=/usr/local/spark"};
  image.listing = listing_of({{symlink("usr/local/spark", "spark-3.5.8-bin-hadoop3"), symlink("opt/x", "../usr/local"),
                               file("usr/local/spark-3.5.8-bin-hadoop3/jars/spark-core_2.12-3.5.8.jar")}});
  EXPECT_EQ(image.spark_home(), "/usr/local/spark-3.5.8-bin-hadoop3");
  EXPECT_EQ(resolved(image.listing.paths, "/opt/./x/spark/../y"), "usr/local/y");
  image.listing.paths["a"] = {.kind = TreeNode::Kind::Link, .text = "a/b"};
  EXPECT_FALSE(resolved(image.listing.paths, "/a").empty()) << "a circle ends";
  image.contents.config.env.clear();
  EXPECT_EQ(image.spark_home(), "");
  image.listing.files.insert("usr/lib/python3.9/site-packages/pyspark/jars/spark-core_2.12-3.5.8.jar");
  EXPECT_EQ(image.spark_home(), "/usr/lib/python3.9/site-packages/pyspark");
}

TEST(Image, ItsPythonIsTheOneThatRuns) {
  LowerPaths paths;
  const auto link = [&](const std::string& path, const std::string& to) {
    paths[path] = {.kind = TreeNode::Kind::Link, .text = to};
  };
  link("usr/bin/python3", "python3.13");
  link("opt/conda/bin/python3", "python3.11");
  paths["usr/lib/python3/dist-packages"] = {};
  const auto found = [&](const std::vector<std::string>& env) {
    const PythonPlace place = find_python(paths, env);
    return place.version + " " + place.packages + " " + place.program;
  };
  EXPECT_EQ(found({}), "3.13 /usr/local/lib/python3.13/dist-packages /usr/bin/python3");
  EXPECT_EQ(found({"PATH=/opt/conda/bin:/usr/bin"}),
            "3.11 /opt/conda/lib/python3.11/site-packages /opt/conda/bin/python3");
  EXPECT_EQ(found({"PYSPARK_PYTHON=/opt/conda/bin/python3", "PATH=/usr/bin"}).substr(0, 4), "3.11");
  paths.erase("usr/lib/python3/dist-packages");
  EXPECT_EQ(found({}), "3.13 /usr/local/lib/python3.13/site-packages /usr/bin/python3") << "not Debian's";
  EXPECT_EQ(find_python({}, {}).version, "");
}

TEST(Image, SaysItsJava) {
  const auto java = [](std::vector<std::string> env, const std::string& path) {
    BaseImage image;
    image.contents.config.env = std::move(env);
    if (!path.empty()) image.listing.paths[path] = {};
    return image.java_version();
  };
  EXPECT_EQ(java({"JAVA_VERSION=jdk-21.0.4+7"}, ""), 21);
  EXPECT_EQ(java({"JAVA_VERSION=8u292"}, ""), 8);
  EXPECT_EQ(java({"JAVA_VERSION=1.8.0_292"}, ""), 8);
  EXPECT_EQ(java({"JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64"}, ""), 17);
  EXPECT_EQ(java({"JAVA_HOME=/opt/java/openjdk"}, "usr/lib/jvm/java-11-openjdk-amd64"), 11);
  EXPECT_EQ(java({}, "usr/lib/jvm/java-17-amazon-corretto"), 17);
  EXPECT_EQ(java({}, ""), 0);
}

TEST(Image, IsComparedWithAnother) {
  const BaseImage from = spark_image();
  BaseImage to = from;
  to.listing.packages["opt/spark/jars/hadoop-aws-3.4.2.jar"].front().version = "3.3.4";
  to.listing.packages.erase("var/lib/dpkg/status");
  to.listing.paths["usr/lib/python3/dist-packages/Py_Yaml-6.0.dist-info"] = {};
  to.contents.config.env.front() = "JAVA_VERSION=21";
  to.contents.labels["x"] = "y";
  std::string seen;
  for (const auto& change : changes(inventory(from), inventory(to)))
    seen += word_of(change.kind) + " " + change.name + " " + change.from + ">" + change.to + "\n";
  EXPECT_EQ(seen, "debian a 1>\nmaven org.apache.hadoop:hadoop-aws 3.4.2>3.3.4\npython py-yaml >6.0\n");
  seen.clear();
  for (const auto& change : changes(from.contents, to.contents))
    seen += change.what + " " + change.from + ">" + change.to + "\n";
  EXPECT_EQ(seen, "env JAVA_VERSION jdk-17.0.12+7>21\nlabel x >y\n");
  EXPECT_TRUE(changes(inventory(from), inventory(from)).empty());
}

TEST(Image, HasABillOfMaterials) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const json::value v = json::parse(spdx_document(spark_image(), "a/b:1", digest));
  EXPECT_EQ(json::str(v, "spdxVersion"), "SPDX-2.3");
  EXPECT_EQ(json::list(v, "packages").size(), 6U) << "the image, one of Debian's, one of Python's, three jars";
  EXPECT_EQ(json::list(v, "relationships").size(), 6U);
  BaseImage by_docker = spark_image();
  by_docker.created = "2026-01-01T02:00:00.123456789+02:00";
  by_docker.listing.distribution = "ubuntu";
  const std::string text = spdx_document(by_docker, "a/b:1", digest);
  EXPECT_NE(text.find("\"2026-01-01T00:00:00Z\""), std::string::npos);
  EXPECT_NE(text.find("pkg:deb/ubuntu/a@1"), std::string::npos);
  std::set<std::string> ids;
  for (const json::value& one : json::list(v, "packages")) ids.emplace(json::str(one, "SPDXID"));
  EXPECT_EQ(ids.size(), 6U);
  EXPECT_TRUE(ids.contains("SPDXRef-maven-org.apache.hadoop-hadoop-aws-3.4.2"));
}

TEST(OciForm, TakesWhatDockerWrites) {
  const TempDir dir;
  make_dirs(dir.path() / "blobs/sha256");
  const auto put = [&](const std::string& type, const std::string& text) {
    const Blob blob{type, sha256_digest(text), static_cast<std::int64_t>(text.size())};
    write_file(dir.path() / blob_path(blob.digest), text);
    return blob;
  };
  const std::string layer = "sha256:" + std::string(64, 'b');
  const Blob manifest =
      put(std::string(media::kDockerManifest),
          R"({"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":)"
          R"("application/vnd.docker.container.image.v1+json","digest":")" +
              layer +
              R"("},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip",)"
              R"("digest":")" +
              layer + R"("}]})");
  const Blob index = put(std::string(media::kDockerIndex),
                         R"({"manifests":[{"mediaType":")" + std::string(media::kDockerManifest) + R"(","digest":")" +
                             manifest.digest + R"(","platform":{"architecture":"amd64"}}]})");
  const ImageBlobs image{index, {manifest}, {}};
  const ImageBlobs out = in_oci_form(image, dir.path());
  EXPECT_EQ(out.manifest.media_type, media::kIndex);
  ASSERT_EQ(out.blobs.size(), 1U);
  EXPECT_EQ(out.blobs[0].media_type, media::kManifest);
  const Manifest read = read_manifest(read_document(dir.path(), out.blobs[0]), "it");
  EXPECT_EQ(read.config.media_type, media::kConfig);
  EXPECT_EQ(read.layers.at(0).media_type, "application/vnd.oci.image.layer.v1.tar+gzip");
  EXPECT_EQ(read_manifest(read_document(dir.path(), out.manifest), "it").platforms.at(0).blob.digest,
            out.blobs[0].digest);
  EXPECT_EQ(in_oci_form(out, dir.path()).manifest, out.manifest) << "what is OCI's stays";
}

}  // namespace
}  // namespace spoke::image
