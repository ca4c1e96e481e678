#include "submit/request.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <tuple>

#include "submit/arguments.h"
#include "submit/create_once.h"

namespace spoke::submit {
namespace {

// As kubeflow's operator sends one.
Request pi(std::vector<std::string> more = {}) {
  Request r{.id = "550e8400-e29b-41d4-a716-446655440000"};
  r.args = {"--class",       "org.apache.spark.examples.SparkPi",
            "--master",      "k8s://https://10.96.0.1:443",
            "--deploy-mode", "cluster",
            "--conf",        "spark.kubernetes.namespace=jobs",
            "--conf",        "spark.app.name=pi",
            "--conf",        "spark.kubernetes.driver.pod.name=pi-driver",
            "--conf",        "spark.kubernetes.container.image=spark:4.0.1",
            "--conf",        "spark.kubernetes.driver.label.sparkoperator.k8s.io/submission-id=" + r.id};
  r.args.insert(r.args.end(), more.begin(), more.end());
  r.args.insert(r.args.end(), {"local:///opt/pi.jar", "10"});
  return r;
}

std::string why(const Request& r) {
  try {
    build_request(r, Time());
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Request, IsASubmission) {
  const auto driver = build_request(pi(), Time());
  EXPECT_EQ(driver.ns, "jobs");
  EXPECT_EQ(kube::name(driver.pod), "pi-driver");
  EXPECT_EQ(kube::label(driver.pod, kSubmissionIdLabel), pi().id);
  EXPECT_EQ(kube::label(driver.pod, "spark-version"), "4.0.1");
  EXPECT_EQ(driver.properties.at("spark.master"), "k8s://https://10.96.0.1:443");
}

TEST(Request, TheSameIdMakesTheSameNames) {
  Request r = pi();
  std::erase(r.args, "spark.kubernetes.driver.pod.name=pi-driver");
  r.args.erase(r.args.begin() + 10);  // its --conf
  const auto one = build_request(r, Time()), again = build_request(r, Time(std::chrono::hours(1)));
  EXPECT_EQ(kube::name(one.pod), kube::name(again.pod));
  EXPECT_EQ(kube::name(one.config_map), kube::name(again.config_map));
  EXPECT_EQ(one.app_id, again.app_id);
  r.id = "another";
  r.args.resize(r.args.size() - 4);  // the label's, and what is run
  r.args.emplace_back("local:///opt/pi.jar");
  const auto other = build_request(r, Time());
  EXPECT_NE(kube::name(one.pod), kube::name(other.pod));
  EXPECT_EQ(kube::label(other.pod, kSubmissionIdLabel), "another");
}

TEST(Request, TemplatesComeInline) {
  Request r = pi({"--conf", "spark.kubernetes.driver.podTemplateFile=/etc/of-the-operator.yaml"});  // which it has, too
  // A sidecar first, and no name of Spark's container: kubeflow's operator sends none with templates.
  r.driver_template =
      json::parse(R"({"metadata": {"creationTimestamp": null, "labels": {"team": "a"}}, "spec": {"containers": [
    {"name": "beside", "image": "b", "resources": {}},
    {"name": "spark-kubernetes-driver", "env": [{"name": "A", "value": "b"}], "resources": {}}]}})");
  r.executor_template = json::parse(R"({"spec": {"nodeSelector": {"disk": "fast"}}})");
  const auto driver = build_request(r, Time());
  EXPECT_EQ(kube::label(driver.pod, "team"), "a");
  for (const auto& container : json::list(driver.pod, "spec.containers"))
    EXPECT_EQ(json::str(container, "name") == "beside", json::find(container, "args") == nullptr);
  EXPECT_NE(json::dump(driver.pod).find(R"({"name":"A","value":"b"})"), std::string::npos);
  ASSERT_FALSE(driver.resources.empty());
  const json::array resources(driver.resources.begin(), driver.resources.end());
  EXPECT_NE(json::dump(resources).find("disk"), std::string::npos);
  EXPECT_EQ(driver.properties.at("spark.kubernetes.executor.podTemplateFile"),
            "/opt/spark/pod-template/pod-spec-template.yml");
  json::set(*r.driver_template, "spec.containers", json::array{json::object{{"name", "beside"}}});
  EXPECT_THROW(build_request(r, Time()), BadTemplate);
}

TEST(Request, TheVersionIsTheTagsOrTheOneTold) {
  const auto version = [](const char* image, const char* told) {
    Request r = pi({"--conf", std::string("spark.kubernetes.container.image=") + image});
    return std::string(kube::label(build_request(r, Time(), told).pod, "spark-version"));
  };
  EXPECT_EQ(version("spark:4.0.1", "3.5.8"), "4.0.1");
  EXPECT_EQ(version("mine:latest", "3.5.8"), "3.5.8");
}

// Whoever may send requests must not get at what this machine has.
TEST(Request, ReadsNothingOfThisMachine) {
  for (const auto& [option, value, said] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"--properties-file", "/etc/passwd", "--properties-file names a file"},
           {"--kubeconfig", "/home/me/.kube/config", "of spoke's own options"},
           {"--context", "other", "of spoke's own options"},
           {"--jars", "/etc/passwd", "spark.jars names a file of the submitter's machine, /etc/passwd"},
           {"--jars", "https://host/a, /etc/passwd", "spark.jars names a file of the submitter's machine, /etc/passwd"},
           {"--files", "https://host/a,file:///etc/passwd", "spark.files names a file"},
           {"--py-files", "/etc/*", "spark.submit.pyFiles names a file"},
           {"--archives", "etc/passwd", "spark.archives names a file"},
           {"--deploy-mode", "client", "--deploy-mode must be cluster"},
           {"--master", "local[2]", "--master must be Kubernetes"},
           {"--master", "yarn", "--master must be Kubernetes"},
           {"--remote", "sc://host", "--remote"},
           {"--kill", "jobs:pi-driver", "only a submission"},
           {"--conf", "spark.kubernetes.driver.podTemplateFile=/var/run/secrets/token", "is not read here"},
           {"--conf", "spark.kubernetes.executor.podTemplateFile=http://169.254.169.254/latest", "is not read here"},
           {"--conf", "spark.kubernetes.driver.podTemplateFile=${spark.jars}", "is not read here"},
           {"--conf", "spark.kubernetes.authenticate.driver.caCertFile=/etc/passwd", "is not read here"},
           {"--conf", "spark.kubernetes.authenticate.driver.clientKeyFile=/etc/passwd", "is not read here"},
           {"--conf", "spark.kubernetes.kerberos.krb5.path=/etc/krb5.conf", "is not read here"},
           {"--conf", "spark.kerberos.keytab=/etc/krb5.keytab", "is not read here"},
           {"--conf", "spark.kubernetes.scheduler.volcano.podGroupTemplateFile=/etc/passwd", "is not read here"},
       })
    EXPECT_NE(why(pi({option, value})).find(said), std::string::npos)
        << option << " " << value << why(pi({option, value}));
  Request local = pi();
  local.args[local.args.size() - 2] = "/opt/pi.jar";
  EXPECT_NE(why(local).find("the application names a file of the submitter's machine, /opt/pi.jar"), std::string::npos);

  ::setenv("SPOKE_TEST_SECRET", "hush", 1);
  const auto driver =
      build_request(pi({"--conf", "spark.kubernetes.driver.container.image=x:${env:SPOKE_TEST_SECRET}"}), Time());
  EXPECT_EQ(json::str(json::list(driver.pod, "spec.containers").at(0), "image"), "x:${env:SPOKE_TEST_SECRET}");
}

TEST(Request, ReferencesWithoutAnEndAreRefused) {
  std::vector<std::string> chain, doubling;
  for (int i = 0; i < 20000; ++i) {
    chain.insert(chain.end(), {"--conf", fmt::format("spark.p{}=${{spark.p{}}}", i, i + 1)});
    if (i < 60)
      doubling.insert(doubling.end(), {"--conf", fmt::format("spark.p{0}=${{spark.p{1}}}${{spark.p{1}}}", i, i + 1)});
  }
  for (auto& more : {chain, doubling}) {
    auto args = more;
    args.insert(args.end(), {"--conf", "spark.kubernetes.driver.container.image=${spark.p0}"});
    EXPECT_NE(why(pi(args)).find("too far"), std::string::npos) << why(pi(args));
  }
}

TEST(Request, TheIdIsTheLabels) {
  Request r = pi();
  r.id = "b";
  EXPECT_NE(why(r).find("and submission_id is b"), std::string::npos);
}

TEST(Request, WhatIsNoneSaysWhy) {
  const auto why = [](std::string_view body) -> std::string {
    try {
      parse_request(body);
    } catch (const BadRequest& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_NE(why("{").find("no JSON"), std::string::npos);
  EXPECT_NE(why("[]").find("an object"), std::string::npos);
  EXPECT_NE(why("{}").find("submission_id is missing"), std::string::npos);
  EXPECT_NE(why(R"({"submission_id": "a b", "spark_submit_args": ["x"]})").find("label"), std::string::npos);
  EXPECT_NE(why(R"({"submission_id": "a", "spark_submit_args": []})").find("list of texts"), std::string::npos);
  EXPECT_NE(why(R"({"submission_id": "a", "spark_submit_args": [1]})").find("list of texts"), std::string::npos);
  EXPECT_NE(why(R"({"submission_id": "a", "spark_submit_args": ["x"], "driver_pod_template": []})").find("object"),
            std::string::npos);
  EXPECT_EQ(why(R"({"submission_id": "a", "spark_submit_args": ["x"], "executor_pod_template": null})"), "");
}

}  // namespace
}  // namespace spoke::submit
