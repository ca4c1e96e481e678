#include "submit/settings.h"

#include <gtest/gtest.h>

#include "base/temp_dir.h"

namespace spoke::submit {
namespace {

class SettingsTest : public testing::Test {
 protected:
  Settings read(std::vector<std::string> words, spark::Properties env = {}) {
    words.emplace_back("app.py");
    return read_settings(parse_arguments(words), {std::move(env), dir_.path().string(), "me"});
  }
  std::string file(const char* name, std::string_view text) {
    make_dirs((dir_.path() / name).parent_path());
    write_file(dir_.path() / name, text);
    return (dir_.path() / name).string();
  }

  TempDir dir_;
};

TEST_F(SettingsTest, TheMoreSpecialSourceCounts) {
  file("conf/spark-defaults.conf", "spark.a defaults\nspark.b defaults\nspark.c defaults\nspark.d defaults\n");
  const spark::Properties env = {{"SPARK_CONF_DIR", "conf"}, {"SPARK_EXECUTOR_CORES", "3"}};
  file("p.conf", "spark.a file\nspark.b file\nspark.c file\n");
  file("e1.conf", "spark.a first\nspark.b first\n");
  file("e2.conf", "spark.b second\n");
  const Settings s = read({"--conf", "spark.a=word", "--properties-file", "p.conf", "--load-spark-defaults",
                           "--extra-properties-file", "e1.conf", "--extra-properties-file", "e2.conf"},
                          env);
  EXPECT_EQ(s.conf.raw("spark.a"), "word");
  EXPECT_EQ(s.conf.raw("spark.b"), "second");
  EXPECT_EQ(s.conf.raw("spark.c"), "file");
  EXPECT_EQ(s.conf.raw("spark.d"), "defaults");
  EXPECT_EQ(s.conf.raw("spark.executor.cores"), "3");
  EXPECT_EQ(s.files.size(), 4U);
  EXPECT_FALSE(read({"--properties-file", "p.conf"}, env).conf.has("spark.d")) << "a file hides the defaults";
}

TEST_F(SettingsTest, WithoutAMasterTheClusterOfTheKubeconfigIsMeant) {
  EXPECT_TRUE(read({}).cluster_mode);
  EXPECT_FALSE(read({"--master", "k8s://h"}).cluster_mode) << "spark-submit's default";
  EXPECT_TRUE(read({"--master", "k8s://h"}, {{"DEPLOY_MODE", "cluster"}}).cluster_mode);
  EXPECT_FALSE(read({"--conf", "spark.submit.deployMode=client"}).cluster_mode);
}

TEST_F(SettingsTest, OtherMastersAreForSparkSubmitItself) {
  const auto needs = [&](std::vector<std::string> words) {
    auto given = words;
    given.emplace_back("app.py");
    return needs_spark(parse_arguments(given), read(std::move(words)));
  };
  EXPECT_TRUE(needs({"--master", "yarn"}));
  EXPECT_TRUE(needs({"--master", "local[2]"}));
  EXPECT_TRUE(needs({"--remote", "sc://h"}));
  EXPECT_FALSE(needs({"--master", "k8s://h"}));
  EXPECT_THROW(needs({"--master", "k8"}), BadArguments);
}

TEST_F(SettingsTest, TheVersionComesFromTheOptionOrSparkHomeOrTheImage) {
  file("home/jars/spark-core_2.12-3.5.8.jar", "");
  const auto version = [&](std::vector<std::string> words, spark::Properties env = {}) {
    return read(std::move(words), std::move(env)).spark_version;
  };
  const spark::Properties home = {{"SPARK_HOME", "home"}};
  EXPECT_EQ(version({"--spark-version", "4.0.1"}, home), "4.0.1");
  EXPECT_EQ(version({"--conf", "spark.kubernetes.container.image=x:4.1.1"}, home), "3.5.8");
  const auto of_image = [&](const std::string& image) {
    return version({"--conf", "spark.kubernetes.container.image=" + image});
  };
  EXPECT_EQ(of_image("apache/spark:4.1.1-scala2.13-java21-ubuntu"), "4.1.1");
  EXPECT_EQ(of_image("r:5000/spark:v3.5.3"), "3.5.3");
  EXPECT_EQ(of_image("spark:4.1@sha256:0"), "4.1");
  for (const auto* image : {"r:5000/spark", "spark:latest", "spark:2024.11.1", "spark:7", "spark:1.2.3"})
    EXPECT_EQ(of_image(image), of_image("spark")) << image;
  EXPECT_EQ(version({"--conf", "spark.kubernetes.container.image=x:4.1.1", "--conf",
                     "spark.kubernetes.driver.container.image=x:4.0.2"}),
            "4.0.2");
}

TEST_F(SettingsTest, RefusesWhatThatSparkDoesNotKnow) {
  file("e.conf", "");
  EXPECT_THROW(read({"--spark-version", "4.1.4", "--extra-properties-file", "e.conf"}), BadArguments);
  EXPECT_THROW(read({"--spark-version", "3.5.8", "--load-spark-defaults"}), BadArguments);
  EXPECT_NO_THROW(read({"--spark-version", "4.2.0", "--extra-properties-file", "e.conf"}));
}

TEST_F(SettingsTest, FilesThatAreNoneAreNamed) {
  try {
    read({"--properties-file", "none.conf"});
    FAIL();
  } catch (const BadArguments& e) {
    EXPECT_NE(std::string(e.what()).find("Invalid properties file '"), std::string::npos) << e.what();
  }
}

TEST_F(SettingsTest, SparkEnvIsSourcedByAShell) {
  file("conf/spark-env.sh", "SPARK_EXECUTOR_MEMORY=$(echo 3)g\nexport SPARK_USER=\"a b\"\n");
  const auto around =
      surroundings({{"SPARK_CONF_DIR", (dir_.path() / "conf").string()}, {"PATH", "/usr/bin:/bin"}}, "/");
  EXPECT_EQ(around.variable("SPARK_EXECUTOR_MEMORY"), "3g");
  EXPECT_EQ(around.variable("SPARK_USER"), "a b");
  file("conf/spark-env.sh", "echo broken >&2; exit 3\n");
  EXPECT_THROW(surroundings({{"SPARK_CONF_DIR", (dir_.path() / "conf").string()}, {"PATH", "/usr/bin:/bin"}}, "/"),
               Error);
}

}  // namespace
}  // namespace spoke::submit
