#include "image/local_spark.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/strings.h"
#include "image/test_machine.h"

namespace spoke::image {
namespace {

class LocalSparkTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"bin", "lib", "sbin"}) made_.link(Path("/") / name, Path("usr") / name);
    make_dirs(made_.at("/lib64"));
    made_.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\n");
    made_.put("/etc/shadow", "root:secret", 0640);
    made_.put("/etc/machine-id", "identity", 0444);
    made_.put("/etc/ssl/certs/ca-certificates.crt", "certificates");
    made_.put("/etc/ssl/certs/java/cacerts", "keystore");
    made_.put("/etc/ssl/private/key.pem", "secret");
    made_.put("/etc/java-17-openjdk/security/java.security", "policy");
    made_.put("/etc/java-17-openjdk/management/jmxremote.password", "secret", 0600);
    made_.put("/etc/ld.so.cache", "cache");
    made_.link("/etc/alternatives/java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java");
    made_.link("/etc/alternatives/java.1.gz", "/usr/share/man/java.1.gz");
    made_.put_java("/usr/lib/jvm/java-17-openjdk-amd64", "17.0.15");
    made_.put_spark("/opt/spark", "4.1.4");
    made_.env["SPARK_HOME"] = "/opt/spark";
  }

  Image resolve(const std::string& tag = "4.1.4") {
    return resolve_local_spark(made_.machine(), made_.store(), tag, {});
  }

  std::string refusal(const std::string& tag) {
    try {
      resolve(tag);
    } catch (const ImageError& e) {
      return e.what();
    }
    return "";
  }

  // Where `target` comes from, below the machine; "" where nothing is bound there.
  std::string source_of(const Image& image, const Path& target) {
    const auto bind = std::ranges::find(image.binds, target, &Bind::target);
    if (bind == image.binds.end()) return "";
    EXPECT_TRUE(bind->read_only) << target;
    return "/" + bind->source.lexically_relative(made_.at("/")).string();
  }

  std::string env_of(const Image& image, const std::string& name) {
    for (const std::string& line : image.config.env)
      if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
    return "";
  }

  test::MadeUpMachine made_;
};

TEST_F(LocalSparkTest, RunsSparksEntryPointAsUser185) {
  const Image image = resolve();
  EXPECT_EQ(image.name, "local/spark:4.1.4");
  EXPECT_TRUE(image.id.starts_with("sha256:"));
  EXPECT_EQ(image.config.entrypoint, std::vector<std::string>{"/opt/entrypoint.sh"});
  EXPECT_EQ(image.config.user, "185");
  EXPECT_EQ(image.config.working_dir, "/opt/spark/work-dir");
  EXPECT_EQ(env_of(image, "SPARK_HOME"), "/opt/spark");
  EXPECT_EQ(env_of(image, "JAVA_HOME"), "/usr/lib/jvm/java-17-openjdk-amd64");
  EXPECT_TRUE(env_of(image, "PATH").starts_with("/usr/lib/jvm/java-17-openjdk-amd64/bin:"));
  EXPECT_EQ(env_of(image, "PYTHONPATH"),
            "/opt/spark/python/lib/py4j-0.10.9.9-src.zip:/opt/spark/python/lib/pyspark.zip");
}

TEST_F(LocalSparkTest, TheMachinesFilesAreBoundReadOnly) {
  const Image image = resolve();
  EXPECT_EQ(source_of(image, "/usr"), "/usr");
  EXPECT_EQ(source_of(image, "/lib64"), "/lib64") << "where it is no link into /usr";
  EXPECT_EQ(source_of(image, "/bin"), "");
  EXPECT_EQ(source_of(image, "/opt/spark/jars"), "/opt/spark/jars");
  EXPECT_EQ(source_of(image, "/opt/spark/bin"), "/opt/spark/bin");
  EXPECT_EQ(source_of(image, "/opt/spark/python/pyspark"), "/opt/spark/python/pyspark");
  EXPECT_EQ(source_of(image, "/opt/spark/python/lib"), "/opt/spark/python/lib");
  for (const Bind& bind : image.binds)
    EXPECT_TRUE(std::filesystem::is_directory(image.layers[0] / bind.target.relative_path()) ||
                std::filesystem::is_symlink(image.layers[0] / bind.target.relative_path()) || bind.target == "/lib64")
        << bind.target << " has no place in the layer";
}

TEST_F(LocalSparkTest, TheLayerHasWhatUsrPointsAtAndNoSecrets) {
  const Image image = resolve();
  ASSERT_EQ(image.layers.size(), 1U);
  const Path root = image.layers[0];
  EXPECT_EQ(std::filesystem::read_symlink(root / "bin"), "usr/bin");
  EXPECT_EQ(read_file(root / "etc/ssl/certs/java/cacerts"), "keystore");
  EXPECT_EQ(read_file(root / "etc/java-17-openjdk/security/java.security"), "policy");
  EXPECT_EQ(read_file(root / "etc/ld.so.cache"), "cache");
  EXPECT_EQ(std::filesystem::read_symlink(root / "etc/alternatives/java"),
            "/usr/lib/jvm/java-17-openjdk-amd64/bin/java");
  const std::string passwd = read_file(root / "etc/passwd");
  EXPECT_NE(passwd.find("\nspark:x:185:185:"), std::string::npos);
  EXPECT_EQ(passwd.find("me:"), std::string::npos) << "this machine's users are not the container's";
  for (const char* absent : {"etc/shadow", "etc/machine-id", "etc/ssl/private",
                             "etc/java-17-openjdk/management/jmxremote.password", "etc/alternatives/java.1.gz"})
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(root / absent))) << absent;
}

TEST_F(LocalSparkTest, WhereAUserMayWrite) {
  const mode_t before = ::umask(077);
  const Path root = resolve().layers[0];
  ::umask(before);
  for (const char* folder : {"tmp", "var/tmp", "home/spark", "opt/spark/work-dir"})
    EXPECT_EQ(static_cast<int>(std::filesystem::status(root / folder).permissions()), 01777) << folder;
  for (const char* folder : {"", "etc", "etc/ssl/certs", "opt/spark", "opt/spark/conf", "var", "usr"})
    EXPECT_EQ(static_cast<int>(std::filesystem::status(root / folder).permissions()), 0755) << folder;
  EXPECT_EQ(static_cast<int>(std::filesystem::status(root / "opt/entrypoint.sh").permissions()), 0755);
  EXPECT_EQ(static_cast<int>(std::filesystem::status(root / "etc/passwd").permissions()), 0644);
}

TEST_F(LocalSparkTest, IsMadeOnceAndAgainWhenTheMachineChanged) {
  const Image first = resolve();
  const Image again = resolve();
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.layers, first.layers);

  made_.put("/etc/java-17-openjdk/security/java.security", "another policy");
  const Image changed = resolve();
  EXPECT_NE(changed.layers, first.layers);
  EXPECT_NE(changed.id, first.id);
  EXPECT_EQ(read_file(changed.layers[0] / "etc/java-17-openjdk/security/java.security"), "another policy");
  EXPECT_TRUE(std::filesystem::exists(first.layers[0])) << "containers may still run on it";

  made_.put_java("/usr/lib/jvm/java-17-openjdk-amd64", "17.0.16");
  EXPECT_NE(resolve().id, changed.id);
}

TEST_F(LocalSparkTest, EachBootMakesItsOwnAndRemovesTheEarlier) {
  made_.put("/proc/sys/kernel/random/boot_id", "one\n");
  const Image first = resolve();
  made_.put("/proc/sys/kernel/random/boot_id", "two\n");
  const Image second = resolve();
  EXPECT_NE(second.layers, first.layers);
  EXPECT_EQ(second.id, first.id) << "it is the same image";
  EXPECT_FALSE(std::filesystem::exists(first.layers[0]));
}

TEST_F(LocalSparkTest, PipsLayoutHasTheSamePlaces) {
  made_.env = {{"VIRTUAL_ENV", "/venv"}};
  made_.put_pyspark("/venv/lib/python3.11/site-packages/pyspark", "4.1.4");
  const Image image = resolve();
  const std::string package = "/venv/lib/python3.11/site-packages/pyspark";
  EXPECT_EQ(source_of(image, "/opt/spark/jars"), package + "/jars");
  EXPECT_EQ(source_of(image, "/opt/spark/python/pyspark"), package);
  EXPECT_EQ(source_of(image, "/opt/spark/python/lib"), package + "/python/lib");
}

TEST_F(LocalSparkTest, AJavaElsewhereIsBound) {
  made_.put_java("/home/me/jdk", "21.0.1");
  made_.env["JAVA_HOME"] = "/home/me/jdk";
  const Image image = resolve();
  EXPECT_EQ(source_of(image, "/opt/java/openjdk"), "/home/me/jdk");
  EXPECT_EQ(env_of(image, "JAVA_HOME"), "/opt/java/openjdk");
  EXPECT_EQ(env_of(resolve("4.1.4-java17"), "JAVA_HOME"), "/usr/lib/jvm/java-17-openjdk-amd64") << "the tag decides";
}

TEST_F(LocalSparkTest, WithoutAVersionItIsTheNewest) {
  made_.put_spark("/data/spoke-spark/x", "4.2.0");
  made_.env["XDG_DATA_HOME"] = "/data";
  EXPECT_EQ(resolve("latest").name, "local/spark:4.2.0");
}

TEST_F(LocalSparkTest, WhatIsMissingIsNamedWithItsRemedy) {
  EXPECT_EQ(refusal("3.5.8"), "local/spark:3.5.8: no Spark 3.5.8 on this machine (there is 4.1.4 in " +
                                  made_.at("/opt/spark").string() +
                                  "); install it with `pip install pyspark==3.5.8` or set SPARK_HOME");
  made_.env.clear();
  EXPECT_EQ(refusal("4.1.4"),
            "local/spark:4.1.4: no Spark 4.1.4 on this machine; install it with `pip install pyspark==4.1.4` or set "
            "SPARK_HOME");
  EXPECT_EQ(refusal("latest"),
            "local/spark:latest: no Spark on this machine; install it with `pip install pyspark` or set SPARK_HOME");
  EXPECT_NE(refusal("4.1.4-alpine").find("there is no such tag"), std::string::npos);

  made_.env["SPARK_HOME"] = "/opt/spark";
  std::filesystem::remove_all(made_.at("/usr/lib/jvm"));
  EXPECT_EQ(refusal("4.1.4"),
            "local/spark:4.1.4: Spark 4.1.4 needs Java 17 or 21, and this machine has none; install it with "
            "`apt-get install openjdk-17-jre-headless` or set JAVA_HOME");
  made_.put_java("/usr/lib/jvm/x", "25.0.3");
  EXPECT_NE(refusal("4.1.4").find("and this machine has 25.0.3 in " + made_.at("/usr/lib/jvm/x").string()),
            std::string::npos);
}

}  // namespace
}  // namespace spoke::image
