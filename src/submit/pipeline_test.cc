#include "submit/pipeline.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/temp_dir.h"

namespace spoke::submit {
namespace {

class PipelineTest : public testing::Test {
 protected:
  void write(const Path& path, const std::string& content) {
    make_dirs((dir_.path() / path).parent_path());
    write_file(dir_.path() / path, content);
  }
  void spec(const std::string& libraries, const std::string& rest = "name: sales\nstorage: s3a://b/sales\n") {
    write("spark-pipeline.yml", rest + libraries);
  }
  Pipeline read() { return read_pipeline(dir_.path() / "spark-pipeline.yml"); }
  std::string refused() {
    try {
      read();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
  std::vector<std::string> files() {
    std::vector<std::string> out;
    for (const auto& [path, content] : read().files) out.push_back(path);
    return out;
  }
  TempDir dir_;
};

using Paths = std::vector<std::string>;

TEST_F(PipelineTest, TakesWhatItsLibrariesName) {
  write("transformations/a.py", "a");
  write("transformations/deep/b.sql", "b");
  write("transformations/__pycache__/a.pyc", "\xff");
  write("one.py", "1");
  write("other.py", "2");
  spec("libraries:\n- glob: {include: transformations/**}\n- glob: {include: one.py}\n- glob: {include: absent.py}\n");
  EXPECT_EQ(files(), (Paths{"one.py", "spark-pipeline.yml", "transformations/a.py", "transformations/deep/b.sql"}));
  EXPECT_EQ(read().name, "sales");
  spec("libraries:\n- glob: {include: './**'}\n");
  EXPECT_EQ(files().size(), 5U);
  std::filesystem::create_symlink("one.py", dir_.path() / "link.py");
  spec("libraries:\n- glob: {include: link.py}\n");
  EXPECT_EQ(files(), (Paths{"link.py", "spark-pipeline.yml"}));
}

TEST_F(PipelineTest, SaysWhatIsWrongWithASpec) {
  write("a.py", "a");
  const auto says = [&](const std::string& libraries, const std::string& why) {
    spec(libraries);
    EXPECT_NE(refused().find(why), std::string::npos) << refused();
  };
  says("libraries:\n- glob: {include: 't/**/*.py'}\n", "is neither");
  says("libraries:\n- glob: {include: '../x/**'}\n", "outside of the project's folder");
  says("libraries:\n- glob: {include: 'x/../../y.py'}\n", "outside of the project's folder");
  says("libraries:\n- glob: {include: /etc/passwd}\n", "outside of the project's folder");
  says("libraries:\n- glob: {include: '**'}\n", "is neither");
  const TempDir other;
  write_file(other.path() / "secret", "s");
  std::filesystem::create_symlink(other.path() / "secret", dir_.path() / "link.py");
  std::filesystem::create_directory_symlink(other.path(), dir_.path() / "folder");
  says("libraries:\n- glob: {include: link.py}\n", "leads out of the project's folder");
  says("libraries:\n- glob: {include: 'folder/**'}\n", "leads out of the project's folder");
  says("libraries:\n- file: a.py\n", "has no glob.include");
  says("libraries: a.py\n", "is no list");
  says("", "nothing to run");
  says("libraries: [", "not YAML");
  spec("", "storage: x\n");
  EXPECT_NE(refused().find("name is missing"), std::string::npos);
  spec("", "name: 7\nstorage: x\n");
  EXPECT_NE(refused().find("name is missing, or no text"), std::string::npos);
  write("a.py", std::string(1100000, 'a'));
  says("libraries:\n- glob: {include: a.py}\n", "larger than a ConfigMap");
  write("a.py", "\xff\xfe");
  says("libraries:\n- glob: {include: a.py}\n", "no text in UTF-8");
}

TEST_F(PipelineTest, TheSpecIsLookedForUpwards) {
  spec("");
  make_dirs(dir_.path() / "a/b");
  EXPECT_EQ(find_pipeline_spec(dir_.path() / "a/b"), dir_.path() / "spark-pipeline.yml");
  write("spark-pipeline.yaml", "");
  EXPECT_THROW(find_pipeline_spec(dir_.path() / "a"), Error);
  EXPECT_THROW(find_pipeline_spec("/proc"), Error);
}

TEST_F(PipelineTest, AProjectToBeginWithIsOneThatCanBeRead) {
  start_pipeline(dir_.path(), "new");
  const auto pipeline = read_pipeline(dir_.path() / "new/spark-pipeline.yml");
  EXPECT_EQ(pipeline.name, "new");
  EXPECT_EQ(pipeline.files.size(), 3U);
  EXPECT_THROW(start_pipeline(dir_.path(), "new"), Error);
  for (const char* name : {"", "..", "a/b"}) EXPECT_THROW(start_pipeline(dir_.path(), name), Error) << name;
  start_pipeline(dir_.path(), "7: x");  // a name that YAML would take for something else
  EXPECT_EQ(read_pipeline(dir_.path() / "7: x/spark-pipeline.yml").name, "7: x");
}

spark::DriverObjects driver_for(const Pipeline& pipeline, spark::Properties more = {}) {
  spark::Submission s;
  s.rules = spark::rules_for("4.1.4");
  more["spark.master"] = "k8s://https://host";
  more["spark.kubernetes.container.image"] = "spark:4.1.4";
  s.conf = spark::Conf(std::move(more));
  s.resource = kPipelineProgram;
  s.language = spark::Language::Python;
  s.args = pipeline_arguments(pipeline, "run");
  configure_pipeline(s.conf, s.rules, pipeline);
  s.ids = spark::Ids::draw(std::string(spark::Ids::kRandomBytes, 'x'), Time());
  auto driver = spark::build_driver(s);
  add_pipeline(driver, pipeline);
  return driver;
}

TEST_F(PipelineTest, TheProjectIsMountedWhereTheProgramLooks) {
  write("transformations/a.py", "print()");
  spec("libraries:\n- glob: {include: transformations/**}\n");
  const auto driver = driver_for(read());
  const auto& map = driver.resources.back();
  EXPECT_EQ(kube::kind(map), "ConfigMap");
  const auto& volume = json::list(driver.pod, "spec.volumes").back();
  EXPECT_EQ(json::str(volume, "configMap.name"), kube::name(map));
  for (const auto& item : json::list(volume, "configMap.items"))
    EXPECT_TRUE(json::find(map, "data")->get_object().contains(json::str(item, "key")));
  EXPECT_EQ(json::str(json::list(volume, "configMap.items").back(), "path"), "project/transformations/a.py");
  const auto& container = json::list(driver.pod, "spec.containers").back();
  const auto& mount = json::list(container, "volumeMounts").back();
  const auto& args = json::list(container, "args");
  EXPECT_EQ(args.back(), json::value(std::string(json::str(mount, "mountPath")) + "/spark-pipeline.yml"));
  EXPECT_FALSE(driver.properties.contains("spark.api.mode"));
}

TEST_F(PipelineTest, StorageThatOnlyTheDriverSeesIsWarnedOf) {
  Pipeline pipeline;
  pipeline.name = "p";
  pipeline.storage = "s3a://bucket/x";
  EXPECT_EQ(storage_warning(driver_for(pipeline), pipeline), "");
  pipeline.storage = "file:///data/x";
  EXPECT_NE(storage_warning(driver_for(pipeline), pipeline), "");
  EXPECT_EQ(storage_warning(driver_for(pipeline, {{"spark.kubernetes.driver.volumes.hostPath.d.mount.path", "/data"},
                                                  {"spark.kubernetes.driver.volumes.hostPath.d.options.path", "/d"}}),
                            pipeline),
            "");
  pipeline.storage = "/database";
  EXPECT_NE(storage_warning(driver_for(pipeline, {{"spark.kubernetes.driver.volumes.hostPath.d.mount.path", "/data"},
                                                  {"spark.kubernetes.driver.volumes.hostPath.d.options.path", "/d"}}),
                            pipeline),
            "");
}

TEST_F(PipelineTest, OlderSparksAndOtherModesAreRefused) {
  spark::Conf conf;
  EXPECT_THROW(configure_pipeline(conf, spark::rules_for("4.0.5"), Pipeline()), Error);
  conf.set("spark.api.mode", "classic");
  EXPECT_THROW(configure_pipeline(conf, spark::rules_for("4.1.0"), Pipeline()), Error);
  conf.set("spark.api.mode", "connect");
  EXPECT_NO_THROW(configure_pipeline(conf, spark::rules_for("4.1.0"), Pipeline()));
}

}  // namespace
}  // namespace spoke::submit
