#include "submit/files.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "base/temp_dir.h"
#include "submit/hadoop_conf.h"
#include "submit/s3a.h"

namespace spoke::submit {
namespace {

class FilesTest : public testing::Test {
 protected:
  FilesTest() { around_.folder = dir_.path().string(); }
  void file(const char* name) {
    make_dirs((dir_.path() / name).parent_path());
    write_file(dir_.path() / name, "x");
  }
  std::string globs(std::string_view list) {
    std::string found = resolve_globs(list, around_);
    for (auto at = found.find(around_.folder); at != std::string::npos; at = found.find(around_.folder))
      found.replace(at, around_.folder.size(), "$");
    return found;
  }

  TempDir dir_;
  Surroundings around_;
};

TEST_F(FilesTest, AStarStandsForFiles) {
  for (const auto* name : {"a.txt", ".b.txt", "c.md", "d/x.txt", "folder.txt/y"}) file(name);
  EXPECT_EQ(globs("*.txt"), "file:$/.b.txt,file:$/a.txt");
  EXPECT_EQ(globs("*/x.txt,c.md"), "file:$/d/x.txt,file:$/c.md");
  EXPECT_EQ(globs("none*"), "");
  EXPECT_EQ(globs("d"), "") << "a folder drops out";
  EXPECT_EQ(globs("none.txt"), "file:$/none.txt") << "its upload will say so";
  EXPECT_EQ(globs("c.*#name"), "file:$/c.md#name");
  EXPECT_THROW(globs("*.txt#name"), Error);
  EXPECT_THROW(globs("{a,b}.txt"), Error);
}

TEST_F(FilesTest, OtherSchemesAreLeftAlone) {
  EXPECT_EQ(globs("local:///opt/*.jar,https://h/*.jar,s3a://b/x"), "local:///opt/*.jar,https://h/*.jar,s3a://b/x");
  EXPECT_THROW(globs("s3a://b/*.jar"), Error);
}

void write_jar(const Path& path, const char* name, const std::string& content) {
  archive* jar = ::archive_write_new();
  ::archive_write_set_format_zip(jar);
  ::archive_write_open_filename(jar, path.c_str());
  archive_entry* entry = ::archive_entry_new();
  ::archive_entry_set_pathname(entry, name);
  ::archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
  ::archive_entry_set_filetype(entry, AE_IFREG);
  ::archive_write_header(jar, entry);
  ::archive_write_data(jar, content.data(), content.size());
  ::archive_entry_free(entry);
  ::archive_write_free(jar);
}

TEST_F(FilesTest, TheMainClassStandsInTheManifest) {
  const Path jar = dir_.path() / "a.jar";
  write_jar(jar, "META-INF/MANIFEST.MF",
            "Manifest-Version: 1.0\r\nMain-Class: org.ex\r\n ample.Main\r\nX: y\r\n\r\nMain-Class: no\r\n");
  EXPECT_EQ(main_class_of(jar), "org.example.Main");
  write_jar(jar, "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n\nName: a\nMain-Class: no\n");
  EXPECT_EQ(main_class_of(jar), std::nullopt);
  write_jar(jar, "x/Y.class", "x");
  EXPECT_THROW(main_class_of(jar), Error);
  write_file(jar, "no zip at all");
  EXPECT_THROW(main_class_of(jar), Error);
  EXPECT_THROW(main_class_of(dir_.path() / "none.jar"), Error);
}

TEST(HadoopConf, ReadsPropertiesAndRefusesWhatIsNone) {
  const auto conf = parse_hadoop_xml(
      "<?xml version='1.0'?><configuration><property><name> fs.s3a.endpoint </name><value>http://h</value>"
      "<final>true</final></property><property><name>x</name></property></configuration>",
      "core-site.xml");
  EXPECT_EQ(conf, (spark::Properties{{"fs.s3a.endpoint", "http://h"}}));
  EXPECT_THROW(parse_hadoop_xml("<a/>", "f"), Error);
  EXPECT_THROW(parse_hadoop_xml("<configuration>", "f"), Error);
}

TEST(S3a, ABucketsOwnPropertyStandsFirst) {
  const spark::Properties hadoop = {{"fs.s3a.endpoint", "http://all"},
                                    {"fs.s3a.bucket.mine.endpoint", "https://mine:9000"},
                                    {"fs.s3a.path.style.access", "TRUE"},
                                    {"fs.s3a.encryption.algorithm", "SSE-KMS"},
                                    {"fs.s3a.encryption.key", "k"}};
  EXPECT_EQ(s3a_options(hadoop, "mine").endpoint, "https://mine:9000");
  EXPECT_EQ(s3a_options(hadoop, "other").endpoint, "http://all");
  EXPECT_TRUE(s3a_options(hadoop, "mine").path_style);
  EXPECT_EQ(s3a_options(hadoop, "mine").encryption, "aws:kms");
  EXPECT_THROW(s3a_options({{"fs.s3a.encryption.algorithm", "CSE-KMS"}}, "b"), Error);
}

}  // namespace
}  // namespace spoke::submit
