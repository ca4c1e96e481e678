// The same objects as kubeflow's operator makes: tests/operator-parity holds its cases, and what v2.5.2 made of them on
// a real cluster. Here the API server's defaults are filled in by hand, so that no cluster is needed; the script in
// that folder compares on a cluster.

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "base/files.h"
#include "operator/plan.h"

namespace spoke::op {
namespace {

const Path kFolder = Path(SPOKE_SOURCE_DIR) / "tests/operator-parity";
constexpr const char* kSubmission = "0b9d1c9e-5a51-4f6e-9a3b-2f1d6f1f7a10";

json::value application(const std::string& name, const json::value& parity_case) {
  json::value out = json::object{{"apiVersion", "sparkoperator.k8s.io/v1beta2"}, {"kind", "SparkApplication"}};
  if (const json::value* metadata = json::find(parity_case, "metadata")) json::set(out, "metadata", *metadata);
  json::set(out, "metadata.name", json::value(name));
  json::set(out, "metadata.namespace", "parity");
  json::set(out, "metadata.uid", "11111111-2222-3333-4444-555555555555");
  json::set(out, "spec", *json::find(parity_case, "spec"));
  json::set(out, "status",
            json::object{{"submissionID", kSubmission}, {"lastSubmissionAttemptTime", "2026-03-01T12:00:00Z"}});
  return out;
}

void fill(json::object& object, std::string_view name, json::value otherwise) {
  if (!object.contains(name)) object[name] = std::move(otherwise);
}

void default_ports(json::value& of) {
  if (json::value* ports = json::find(of, "ports"))
    for (auto& port : ports->as_array()) fill(port.as_object(), "protocol", "TCP");
}

// What the API server writes into a pod (pkg/apis/core/v1/defaults.go and the admission plug-ins of the recorded one).
void default_pod(json::value& pod) {
  json::set(pod, "metadata.generation", 1);
  json::object& spec = json::make_object(pod, "spec");
  fill(spec, "dnsPolicy", "ClusterFirst");
  fill(spec, "enableServiceLinks", true);
  fill(spec, "preemptionPolicy", "PreemptLowerPriority");
  fill(spec, "priority", 0);
  fill(spec, "schedulerName", "default-scheduler");
  fill(spec, "securityContext", json::object{});
  fill(spec, "terminationGracePeriodSeconds", 30);
  fill(spec, "tolerations", json::array{});
  for (auto& container : spec["containers"].as_array()) {
    fill(container.as_object(), "terminationMessagePath", "/dev/termination-log");
    fill(container.as_object(), "terminationMessagePolicy", "File");
    default_ports(container);
    for (auto& mount : container.as_object()["volumeMounts"].as_array()) {
      // Fields without a value are left out of what the server answers.
      if (!json::flag(mount, "readOnly")) mount.as_object().erase("readOnly");
      if (json::str(mount, "subPath").empty()) mount.as_object().erase("subPath");
      if (json::str(mount, "subPathExpr").empty()) mount.as_object().erase("subPathExpr");
    }
  }
  for (auto& volume : spec["volumes"].as_array())
    for (const auto* kind : {"configMap", "secret"})
      if (json::value* source = json::find(volume, kind)) fill(source->as_object(), "defaultMode", 420);
}

void default_service(json::value& service) {
  json::object& spec = json::make_object(service, "spec");
  fill(spec, "type", "ClusterIP");
  fill(spec, "sessionAffinity", "None");
  fill(spec, "internalTrafficPolicy", "Cluster");
  fill(spec, "ipFamilies", json::array{"IPv4"});
  fill(spec, "ipFamilyPolicy", "SingleStack");
  if (json::str(service, "spec.clusterIP") == "None") spec["clusterIPs"] = json::array{"None"};
  default_ports(*json::find(service, "spec"));
}

// As the script: what the server sets, and what a submitter may choose, does not count.
void clean(json::value& object) {
  if (json::value* refs = json::find(object, "metadata.ownerReferences"))
    for (auto& ref : refs->as_array()) ref.as_object().erase("uid");
  if (json::value* labels = json::find(object, "metadata.labels"))
    labels->as_object().erase("sparkoperator.k8s.io/mutated-by-spark-operator");
  json::set(object, "metadata.namespace", "parity");
  if (kube::kind(object) == "Pod") {
    const auto template_volume = [](const json::value& v) { return json::str(v, "name") == "pod-template-volume"; };
    std::vector<json::array*> lists{&json::make_array(object, "spec.volumes")};
    for (auto& container : json::make_array(object, "spec.containers"))
      lists.push_back(&json::make_array(container, "volumeMounts"));
    for (auto* list : lists) list->erase(std::remove_if(list->begin(), list->end(), template_volume), list->end());
  }
  if (json::value* text = json::find(object, "data"); text != nullptr && kube::kind(object) == "ConfigMap") {
    static const std::regex kSubmittersOwn("podTemplate|waitAppCompletion|mutated-by-spark-operator|^spark\\.master=");
    std::set<std::string> lines;
    std::istringstream in(json::to_string(text->at("spark.properties").as_string()));
    for (std::string line; std::getline(in, line);)
      if (!line.empty() && line[0] != '#' && !std::regex_search(line, kSubmittersOwn)) lines.insert(line);
    text->as_object()["spark.properties"] = json::array(lines.begin(), lines.end());
  }
}

std::string sort_key(const json::value& v) {
  return fmt::format("{}|{}|{}", json::str(v, "name"), json::str(v, "mountPath"), json::dump(v));
}

json::value ordered(const json::value& v, std::string_view name = "") {
  static const std::set<std::string_view> kUnordered{"volumes",          "volumeMounts", "env",   "envFrom",
                                                     "imagePullSecrets", "tolerations",  "ports", "hostAliases"};
  if (v.is_object()) {
    std::map<std::string, json::value> members;
    for (const auto& [key, member] : v.get_object()) members[key] = ordered(member, key);
    json::object out;
    for (auto& [key, member] : members) out[key] = std::move(member);
    return out;
  }
  if (!v.is_array()) return v;
  std::vector<json::value> items;
  for (const auto& item : v.get_array()) items.push_back(ordered(item));
  if (kUnordered.contains(name))
    std::sort(items.begin(), items.end(),
              [](const json::value& a, const json::value& b) { return sort_key(a) < sort_key(b); });
  return json::array(items.begin(), items.end());
}

std::string without_ids(std::string text) {
  text = std::regex_replace(text, std::regex("spark-[0-9a-f]{32}\\b"), "spark-APPID");
  text =
      std::regex_replace(text, std::regex("\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b"), "UID");
  text = std::regex_replace(text, std::regex("-[0-9a-f]{16}(-|\")"), "-ID$1");
  return std::regex_replace(text, std::regex("(spark\\.app\\.submitTime=)[0-9]+"), "$1TIME");
}

// What the script's observe() answers, from a plan.
json::value observed(const Application& app, Plan plan) {
  json::array objects{plan.pod};
  for (const auto& object : plan.standing) objects.push_back(object);
  for (auto& object : plan.owned) {
    if (kube::name(object).ends_with("podspec-conf-map")) continue;
    json::set(object, "metadata.ownerReferences", json::array{driver_reference(kube::name(plan.pod), "")});
    objects.push_back(object);
  }
  for (auto& object : objects) {
    if (kube::kind(object) == "Pod") default_pod(object);
    if (kube::kind(object) == "Service") default_service(object);
    clean(object);
  }
  json::value out = json::object{{"driverInfo", json::object{{"podName", kube::name(plan.pod)},
                                                             {"webUIPort", plan.web_ui.web_ui_port},
                                                             {"webUIServiceName", plan.web_ui.web_ui_service_name}}},
                                 {"objects", std::move(objects)}};
  EXPECT_EQ(app.name + "-driver", kube::name(plan.pod));
  out = json::parse(without_ids(json::dump(out)));
  auto& list = out.as_object()["objects"].as_array();
  std::sort(list.begin(), list.end(), [](const json::value& a, const json::value& b) {
    return std::pair(kube::kind(a), kube::name(a)) < std::pair(kube::kind(b), kube::name(b));
  });
  return ordered(out);
}

TEST(OperatorParity, EveryCaseMakesTheSameObjectsAsKubeflowsOperator) {
  const json::value cases = json::parse(read_file(kFolder / "cases.json"));
  ASSERT_EQ(13u, cases.as_object().size());
  for (const auto& [key, parity_case] : cases.as_object()) {
    const std::string name = key;
    SCOPED_TRACE(name);
    const Application app = read_application(application(name, parity_case));
    if (const auto fails = json::str(parity_case, "fails"); !fails.empty()) {
      try {
        plan(app);
        ADD_FAILURE() << "was to be refused";
      } catch (const Error& e) {
        EXPECT_NE(std::string::npos, std::string(e.what()).find(fails)) << e.what();
      }
      continue;
    }
    const json::value golden = json::parse(read_file(kFolder / "golden" / (name + ".json")));
    EXPECT_EQ(json::dump_pretty(ordered(golden)), json::dump_pretty(observed(app, plan(app))));
  }
}

}  // namespace
}  // namespace spoke::op
