#include "spark/submission.h"

#include <gtest/gtest.h>

namespace spoke::spark {
namespace {

Submission jvm(Properties properties = {}) {
  Submission s;
  s.rules = rules_for("4.1.4");
  properties.emplace("spark.master", "k8s://https://h:6443");
  s.conf = Conf(std::move(properties));
  s.main_class = "org.example.Main";
  s.resource = "local:///opt/main.jar";
  s.folder = "/home";
  return s;
}

Submission rules(const Submission& s) {
  std::vector<std::string> warnings;
  return with_submit_rules(s, warnings);
}

std::string why(const Submission& s) {
  try {
    rules(s);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(SubmitRules, WriteWhatSparkSubmitAlwaysWrites) {
  Submission s = jvm();
  s.ids.now = Time(std::chrono::milliseconds(1234));
  const Conf conf = rules(s).conf;
  EXPECT_EQ(conf.raw("spark.submit.deployMode"), "cluster");
  EXPECT_EQ(conf.raw("spark.app.name"), "org.example.Main");
  EXPECT_EQ(conf.raw("spark.app.submitTime"), "1234");
  EXPECT_EQ(conf.raw("spark.submit.pyFiles"), "");
  EXPECT_EQ(conf.raw("spark.jars"), "local:///opt/main.jar");
}

TEST(SubmitRules, PutTheMainJarAfterTheOthers) {
  Submission s = jvm({{"spark.jars", "a.jar, local:///b.jar"}});
  s.resource = "main.jar";
  const Submission done = rules(s);
  EXPECT_EQ(done.conf.raw("spark.jars"), "file:/home/a.jar,local:///b.jar,file:/home/main.jar");
  EXPECT_EQ(done.resource, "file:/home/main.jar");
}

TEST(SubmitRules, PutNoPythonFileAmongTheJars) {
  Submission s = jvm();
  s.language = Language::Python;
  s.main_class.clear();
  s.resource = "/app/pi.py";
  const Conf conf = rules(s).conf;
  EXPECT_FALSE(conf.has("spark.jars"));
  EXPECT_EQ(conf.raw("spark.app.name"), "pi.py");
}

TEST(SubmitRules, DropTheDriversHostAndForeignProperties) {
  std::vector<std::string> warnings;
  const Submission done = with_submit_rules(jvm({{"spark.driver.host", "h"}, {"hive.x", "1"}}), warnings);
  EXPECT_FALSE(done.conf.has("spark.driver.host"));
  EXPECT_FALSE(done.conf.has("hive.x"));
  EXPECT_EQ(warnings, (std::vector<std::string>{"Ignoring non-Spark config property: hive.x"}));
}

TEST(SubmitRules, RefuseAmountsThatAreNotPositive) {
  EXPECT_EQ(why(jvm({{"spark.driver.memory", "lots"}})),
            "Driver memory must be a positive number; correct spark.driver.memory");
  EXPECT_NE(why(jvm({{"spark.executor.memory", "0"}})).find("Executor memory must be a positive number"),
            std::string::npos);
  EXPECT_NE(why(jvm({{"spark.driver.cores", "two"}})).find("Driver cores must be a positive number"),
            std::string::npos);
  EXPECT_NE(why(jvm({{"spark.executor.cores", "-1"}})).find("Executor cores must be a positive number"),
            std::string::npos);
  EXPECT_NE(why(jvm({{"spark.executor.instances", "0"}})).find("Number of executors must be a positive"),
            std::string::npos);
  EXPECT_EQ(why(jvm({{"spark.executor.instances", "0"}, {"spark.dynamicAllocation.enabled", "true"}})), "");
}

TEST(SubmitRules, NeedAMasterAMainClassAndForPythonAFile) {
  Submission s = jvm();
  s.main_class.clear();
  EXPECT_EQ(why(s), "No main class set in JAR; please specify one with --class.");
  s.language = Language::Python;
  s.resource.clear();
  EXPECT_EQ(why(s), "Must specify a primary resource (JAR or Python or R file)");
  s = jvm();
  s.conf.erase("spark.master");
  EXPECT_NE(why(s).find("A master URL must be set"), std::string::npos);
}

TEST(CheckMaster, FillsInTheScheme) {
  EXPECT_EQ(check_master("k8s://host:6443"), "k8s://https://host:6443");
  EXPECT_EQ(check_master("k8s://http://host"), "k8s://http://host");
  EXPECT_THROW(check_master("k8s://ftp://host"), InvalidConf);
  EXPECT_THROW(check_master("yarn"), InvalidConf);
  EXPECT_THROW(check_master(""), InvalidConf);
}

TEST(UploadsNeeded, ListsTheSubmittersOwnFiles) {
  Submission s = jvm({{"spark.files", "f.txt,https://h/g"}, {"spark.archives", "a.zip#a"}});
  s.resource = "/main.jar";
  EXPECT_EQ(uploads_needed(s), (std::vector<std::string>{"file:/main.jar", "file:/home/f.txt", "file:/home/a.zip"}));
  s.language = Language::Python;
  s.resource = "/main.py";
  EXPECT_EQ(uploads_needed(s), (std::vector<std::string>{"file:/home/f.txt", "file:/home/a.zip", "file:/main.py"}));
  s.language = Language::R;  // spark-submit does not upload R's main file
  EXPECT_EQ(uploads_needed(s).size(), 2U);
}

TEST(LanguageOf, GoesByTheEnding) {
  EXPECT_EQ(language_of("local:///a.py"), Language::Python);
  EXPECT_EQ(language_of("a.R"), Language::R);
  EXPECT_EQ(language_of("a.r"), Language::R);
  EXPECT_EQ(language_of("a.jar"), Language::Jvm);
  EXPECT_EQ(language_of(""), Language::Jvm);
}

}  // namespace
}  // namespace spoke::spark
