// Server-side apply: expectations are what kube-apiserver 1.34 answers to the same requests.

#include "kube/apply.h"

#include <gtest/gtest.h>

#include "kube/meta.h"
#include "kube/status.h"

namespace spoke::kube {
namespace {

constexpr const char* kTime = "2026-01-01T00:00:00Z";

json::value config_map(const std::string& rest) {
  return json::parse(R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"})" + rest + "}");
}

// An object on its way through requests of several managers.
class Store {
 public:
  explicit Store(std::string version, std::string kind)
      : schema_(builtin_schema(version, kind)), version_(std::move(version)) {}
  Store(SchemaPtr schema, std::string version) : schema_(std::move(schema)), version_(std::move(version)) {}

  void apply(const std::string& manager, json::value applied, bool force = false, const std::string& subresource = "") {
    live = kube::apply(*schema_, live, std::move(applied), {manager, version_, subresource, time}, force);
  }
  void update(const std::string& manager, json::value after, const std::string& subresource = "") {
    track_update(*schema_, live, after, {manager, version_, subresource, time});
    live = std::move(after);
  }
  // A change of one path by an update.
  void set(const std::string& manager, std::string_view path, json::value value) {
    json::value after = live;
    json::set(after, path, std::move(value));
    update(manager, std::move(after));
  }

  StatusError refusal(const std::string& manager, json::value applied) {
    try {
      apply(manager, std::move(applied));
    } catch (const StatusError& e) {
      return e;
    }
    ADD_FAILURE() << "was applied";
    return StatusError(0, "", "");
  }

  // "a Apply {...}" of each entry, in order.
  std::vector<std::string> owners() const {
    std::vector<std::string> out;
    for (const auto& e : json::list(live, "metadata.managedFields")) {
      std::string line = std::string(json::str(e, "manager")) + " " + std::string(json::str(e, "operation"));
      if (!json::str(e, "subresource").empty()) line += "/" + std::string(json::str(e, "subresource"));
      out.push_back(line + " " + json::dump(*json::find(e, "fieldsV1")));
    }
    return out;
  }

  json::value live;
  std::string time = kTime;

 private:
  SchemaPtr schema_;
  std::string version_;
};

using Texts = std::vector<std::string>;

TEST(Apply, CreatesAndRecordsWhatItSets) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1"})"));
  EXPECT_EQ(
      s.live,
      json::parse(
          R"({"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "1"}, "metadata": {"name": "c", "managedFields": [
      {"manager": "a", "operation": "Apply", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
          "fieldsType": "FieldsV1",
       "fieldsV1": {"f:data": {"f:k": {}}}}]}})"));
}

TEST(Apply, RefusesToChangeWhatAnotherOwns) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1"})"));
  const StatusError e = s.refusal("b", config_map(R"(, "data": {"k": "2"})"));
  EXPECT_EQ(e.code(), 409);
  EXPECT_EQ(e.reason(), "Conflict");
  EXPECT_EQ(e.message(), "Apply failed with 1 conflict: conflict with \"a\": .data.k");
  EXPECT_EQ(
      e.details(),
      json::parse(
          R"({"causes": [{"reason": "FieldManagerConflict", "message": "conflict with \"a\"", "field": ".data.k"}]})"));
}

TEST(Apply, ListsConflictsByOwner) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1"})"));
  s.apply("b", config_map(R"(, "data": {"k": "1", "l": "x", "m": "y"})"));
  s.set("u", "data.m", "z");
  EXPECT_EQ(
      s.refusal("c", config_map(R"(, "data": {"k": "3", "l": "z", "m": "w"})")).message(),
      "Apply failed with 4 conflicts: conflicts with \"a\":\n- .data.k\nconflicts with \"b\":\n- .data.k\n- .data.l\n"
      "conflicts with \"u\" using v1:\n- .data.m");
}

TEST(Apply, SharesWhatTwoSetAlikeWithoutATime) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1"})"));
  s.apply("b", config_map(R"(, "data": {"k": "1"})"));
  // Nothing changed, so that the second has no time, and comes first.
  EXPECT_EQ(s.owners(), (Texts{R"(b Apply {"f:data":{"f:k":{}}})", R"(a Apply {"f:data":{"f:k":{}}})"}));
  EXPECT_EQ(json::find(json::list(s.live, "metadata.managedFields")[0], "time"), nullptr);
}

TEST(Apply, ForceTakesOver) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1", "l": "1"})"));
  s.apply("b", config_map(R"(, "data": {"k": "2"})"), /*force=*/true);
  EXPECT_EQ(*json::find(s.live, "data"), json::parse(R"({"k": "2", "l": "1"})"));
  EXPECT_EQ(s.owners(), (Texts{R"(a Apply {"f:data":{"f:l":{}}})", R"(b Apply {"f:data":{"f:k":{}}})"}));
}

TEST(Apply, RemovesWhatItNoLongerSetsUnlessAnotherOwnsItToo) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1", "l": "1", "m": "1"})"));
  s.apply("b", config_map(R"(, "data": {"k": "1"})"));
  s.set("u", "data.m", "2");
  s.apply("a", config_map(""));
  EXPECT_EQ(*json::find(s.live, "data"), json::parse(R"({"k": "1", "m": "2"})"));
  EXPECT_EQ(s.owners(), (Texts{R"(b Apply {"f:data":{"f:k":{}}})", R"(u Update {"f:data":{"f:m":{}}})"}));
  s.apply("b", config_map(""));
  s.set("u", "data", json::object());
  EXPECT_EQ(s.owners(), Texts{});
}

TEST(Apply, MergesListsByTheirKeys) {
  const auto service = [](const std::string& ports) {
    return json::parse(R"({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": )" +
                       ports + "}}");
  };
  Store s("v1", "Service");
  s.apply("a", service(R"([{"port": 80, "name": "http"}, {"port": 81, "protocol": "UDP"}])"));
  s.apply("b", service(R"([{"port": 443, "name": "https"}, {"port": 80, "targetPort": "web"}])"));
  EXPECT_EQ(*json::find(s.live, "spec.ports"), json::parse(R"([{"port": 443, "name": "https"},
      {"port": 80, "name": "http", "targetPort": "web"}, {"port": 81, "protocol": "UDP"}])"));
  EXPECT_EQ(
      s.owners()[1],
      R"(b Apply {"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{},"f:targetPort":{}},)"
      R"("k:{\"port\":443,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{}}}}})");
  EXPECT_EQ(s.refusal("c", service(R"([{"port": 80, "name": "x"}])")).message(),
            "Apply failed with 1 conflict: conflict with \"a\": .spec.ports[port=80,protocol=\"TCP\"].name");
  // An item goes with its last owner.
  s.apply("b", service("[]"));
  EXPECT_EQ(*json::find(s.live, "spec.ports"),
            json::parse(R"([{"port": 80, "name": "http"}, {"port": 81, "protocol": "UDP"}])"));
}

TEST(Apply, MergesSetsAndReplacesAtomicLists) {
  const auto with = [](const std::string& finalizers, const std::string& tolerations) {
    return json::parse(R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "finalizers": )" + finalizers +
                       R"(}, "spec": {"tolerations": )" + tolerations + "}}");
  };
  Store s("v1", "Pod");
  s.apply("a", with(R"(["x/a"])", R"([{"key": "a"}])"));
  EXPECT_EQ(s.refusal("b", with(R"(["x/b"])", R"([{"key": "b"}])")).message(),
            "Apply failed with 1 conflict: conflict with \"a\": .spec.tolerations");
  s.apply("b", with(R"(["x/b"])", R"([{"key": "b"}])"), true);
  EXPECT_EQ(*json::find(s.live, "metadata.finalizers"), json::parse(R"(["x/a", "x/b"])"));
  EXPECT_EQ(*json::find(s.live, "spec.tolerations"), json::parse(R"([{"key": "b"}])"));
  EXPECT_EQ(s.owners(),
            (Texts{R"(a Apply {"f:metadata":{"f:finalizers":{"v:\"x/a\"":{}}}})",
                   R"(b Apply {"f:metadata":{"f:finalizers":{"v:\"x/b\"":{}}},"f:spec":{"f:tolerations":{}}})"}));
}

TEST(Apply, OfStatusOwnsNoSpec) {
  Store s("v1", "Pod");
  s.apply("a", json::parse(
                   R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n"},
              "status": {"phase": "Running"}})"));
  s.apply("a",
          json::parse(
              R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n"},
              "status": {"phase": "Failed"}})"),
          false, "status");
  EXPECT_EQ(s.owners(),
            (Texts{R"(a Apply {"f:spec":{"f:nodeName":{}}})", R"(a Apply/status {"f:status":{"f:phase":{}}})"}));
}

TEST(Apply, RefusesWhatDoesNotFit) {
  const auto refusal = [](const std::string& object) { return Store("v1", "Pod").refusal("a", json::parse(object)); };
  const auto pod = [&](const std::string& spec) {
    const StatusError e =
        refusal(R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": )" + spec + "}");
    EXPECT_EQ(e.code(), 500);
    const std::string prefix = "failed to create typed patch object (/p; /v1, Kind=Pod): .spec";
    EXPECT_TRUE(e.message().starts_with(prefix)) << e.message();
    return e.message().substr(std::min(prefix.size(), e.message().size()));
  };
  EXPECT_EQ(pod(R"({"containers": [{"name": "a", "image": 5}]})"),
            ".containers[name=\"a\"].image: expected string, got &value.valueUnstructured{Value:5}");
  EXPECT_EQ(pod(R"({"containers": [{"name": "a"}, {"name": "a"}]})"),
            ".containers: duplicate entries for key [name=\"a\"]");
  EXPECT_EQ(pod(R"({"containers": "x"})"), ".containers: expected list, got &{x}");
  EXPECT_EQ(pod(R"({"containers": {"a": 1}})"), ".containers: expected list, got &{map[a:1]}");
  EXPECT_EQ(pod(R"({"containers": [5]})"),
            ".containers: element 0: associative list with keys may not have non-map elements");
  EXPECT_EQ(pod(R"({"hostNetwork": "yes"})"), ".hostNetwork: expected boolean, got &{yes}");
  EXPECT_EQ(pod(R"({"priority": {"a": 1}})"),
            ".priority: expected numeric (int or float), got map[string]interface {}");
  EXPECT_EQ(pod(R"({"nodeName": {"a": [1, "b", null, 1.5, {}]}})"),
            ".nodeName: expected string, got &value.valueUnstructured{Value:map[string]interface {}{\"a\":[]interface "
            "{}{1, \"b\", "
            "interface {}(nil), 1.5, map[string]interface {}{}}}}");
  EXPECT_EQ(pod(R"({"containers": [{"name": "a", "resources": {"limits": {"cpu": [1]}}}]})"),
            ".containers[name=\"a\"].resources.limits.cpu: expected any scalar, got &{[1]}");
  EXPECT_EQ(pod(R"({"foo": 1})"), ".foo: field not declared in schema");
  EXPECT_EQ(pod(R"({"tolerations": [{"key": 5}]})"),
            ".tolerations[0].key: expected string, got &value.valueUnstructured{Value:5}");
  EXPECT_EQ(pod("[]"), ": expected map, got &{[]}");

  EXPECT_EQ(refusal(R"({"apiVersion": "v2", "kind": "Pod"})").message(), "invalid object type: /v2, Kind=Pod");
  EXPECT_EQ(refusal(R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"managedFields": []}})").message(),
            "metadata.managedFields must be nil");
  EXPECT_EQ(refusal("[]").code(), 400);
}

TEST(Apply, AdoptsAnObjectWhoseOwnersAreNotKnown) {
  Store s("v1", "ConfigMap");
  s.live = config_map(R"(, "data": {"a": "1", "b": "2"})");
  EXPECT_EQ(s.refusal("x", config_map(R"(, "data": {"a": "2"})")).message(),
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a");
  s.apply("x", config_map(R"(, "data": {"a": "2", "b": "2"})"), true);
  EXPECT_EQ(s.owners(), (Texts{R"(x Apply {"f:data":{"f:a":{},"f:b":{}}})",
                               R"(before-first-apply Update {"f:data":{".":{},"f:b":{}}})"}));
}

// kubectl apply --server-side of what kubectl apply made.
TEST(Apply, LetsKubectlTakeOverWhatItAppliedFromTheClient) {
  const auto made = [](const std::string& value) {
    json::value o = config_map(R"(, "data": {"a": ")" + value + R"("})");
    const json::value last =
        json::parse(R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}})");
    json::make_object(o, "metadata.annotations")["kubectl.kubernetes.io/last-applied-configuration"] = json::dump(last);
    return o;
  };
  Store s("v1", "ConfigMap");
  s.update("kubectl-client-side-apply", made("1"));
  EXPECT_EQ(s.refusal("other", config_map(R"(, "data": {"a": "2"})")).code(), 409);
  s.apply("kubectl", config_map(R"(, "data": {"a": "2"})"));
  EXPECT_EQ(annotation(s.live, "kubectl.kubernetes.io/last-applied-configuration"),
            "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"2\"},\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"}}\n");

  // What has been changed since is not its own.
  Store changed("v1", "ConfigMap");
  changed.update("kubectl-client-side-apply", made("5"));
  EXPECT_EQ(changed.refusal("kubectl", config_map(R"(, "data": {"a": "2"})")).code(), 409);
}

TEST(Apply, HoldsForCustomKinds) {
  std::vector<Cause> causes;
  Store s(structural_schema(json::parse(R"({"type": "object", "properties": {"spec": {"type": "object", "properties": {
      "m": {"type": "object", "additionalProperties": {"type": "string"}},
      "lm": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
             "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"},
                 "v": {"type": "string"}}}},
      "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}})"),
                            "", causes),
          "a/v1");
  const auto with = [](const std::string& spec) {
    return json::parse(R"({"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "x"}, "spec": )" + spec + "}");
  };
  s.apply("a", with(R"({"m": {"k": "1"}, "lm": [{"name": "x", "v": "1"}], "any": {"o": {"p": 1}, "l": [1]}})"));
  s.apply("b", with(R"({"m": {"l": "2"}, "lm": [{"name": "y"}], "any": {"o": {"q": 2}}})"));
  EXPECT_EQ(*json::find(s.live, "spec"),
            json::parse(R"({"m": {"k": "1", "l": "2"}, "lm": [{"name": "x", "v": "1"}, {"name": "y"}],
      "any": {"o": {"p": 1, "q": 2}, "l": [1]}})"));
  EXPECT_EQ(s.owners()[0], R"(a Apply {"f:spec":{"f:any":{"f:l":{},"f:o":{".":{},"f:p":{}}},)"
                           R"("f:lm":{"k:{\"name\":\"x\"}":{".":{},"f:name":{},"f:v":{}}},"f:m":{"f:k":{}}}})");
  EXPECT_EQ(s.refusal("c", with(R"({"foo": 1})")).message(),
            "failed to create typed patch object (/x; a/v1, Kind=A): .spec.foo: field not declared in schema");
}

// --- updates ---

TEST(TrackUpdate, RecordsWhatIsThereAfterACreate) {
  Store s("apps/v1", "Deployment");
  s.update("me", json::parse(
                     R"({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "uid": "1",
              "labels": {"x": "y"}},
      "spec": {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
      "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": "b"}]}]}}}, "status": {}})"));
  // Structs are always there, and so is the list of containers: they are not recorded, what is in them is.
  EXPECT_EQ(
      s.owners(),
      (Texts{R"(me Update {"f:metadata":{"f:labels":{".":{},"f:x":{}}},"f:spec":{"f:replicas":{},"f:selector":{},)"
             R"("f:template":{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:containers":)"
             R"({"k:{\"name\":\"c\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}},)"
             R"("f:image":{},"f:name":{}}}}}}})"}));
}

TEST(TrackUpdate, MovesWhatChangedAndDropsWhatWent) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1", "l": "1", "m": "1"})"));
  json::value after = config_map(R"(, "data": {"k": "9", "l": "1", "new": "1"})");
  s.update("u", after);  // its own managedFields were not sent: the stored ones hold
  EXPECT_EQ(s.owners(), (Texts{R"(a Apply {"f:data":{"f:l":{}}})", R"(u Update {"f:data":{"f:k":{},"f:new":{}}})"}));
  s.set("a", "data.k", "10");
  EXPECT_EQ(s.owners(), (Texts{R"(a Apply {"f:data":{"f:l":{}}})", R"(a Update {"f:data":{"f:k":{}}})",
                               R"(u Update {"f:data":{"f:new":{}}})"}));
}

TEST(TrackUpdate, KeepsStatusApart) {
  Store s("v1", "Pod");
  s.update("me", json::parse(
                     R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n"},
              "status": {"phase": "Pending"}})"));
  s.update("kubelet",
           json::parse(
               R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n"},
              "status": {"phase": "Running"}})"),
           "status");
  EXPECT_EQ(s.owners(), (Texts{R"(kubelet Update/status {"f:status":{"f:phase":{}}})",
                               R"(me Update {"f:spec":{"f:nodeName":{}}})"}));
}

TEST(TrackUpdate, ForgetsOwnersWhenAskedTo) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1"})"));
  for (const char* reset : {"[]", "[{}]"}) {
    Store t = s;
    json::value after = t.live;
    json::set(after, "metadata.managedFields", json::parse(reset));
    t.update("u", after);
    EXPECT_EQ(t.owners(), Texts{}) << reset;
    t.set("u", "data.k", "2");  // and stays without
    EXPECT_EQ(t.owners(), Texts{});
  }
  // Garbage does not do it.
  json::value after = s.live;
  json::set(after, "metadata.managedFields", json::parse(R"([{"manager": "x"}])"));
  s.update("u", after);
  EXPECT_EQ(s.owners(), (Texts{R"(a Apply {"f:data":{"f:k":{}}})"}));
}

TEST(TrackUpdate, KeepsAtMostTenUpdaters) {
  Store s("v1", "ConfigMap");
  for (int i = 0; i < 14; ++i) {
    s.time = "2026-01-01T00:00:" + std::to_string(10 + i) + "Z";
    if (i == 0)
      s.update("m0", config_map(R"(, "data": {"k0": "1"})"));
    else
      s.set("m" + std::to_string(i), "data.k" + std::to_string(i), "1");
  }
  const auto owners = s.owners();
  ASSERT_EQ(owners.size(), 10u);
  EXPECT_EQ(owners[0],
            R"(ancient-changes Update {"f:data":{".":{},"f:k0":{},"f:k1":{},"f:k2":{},"f:k3":{},"f:k4":{}}})");
  EXPECT_EQ(owners[1], R"(m5 Update {"f:data":{"f:k5":{}}})");
}

TEST(KeepTimes, WhereNothingElseChanged) {
  Store s("v1", "ConfigMap");
  s.apply("a", config_map(R"(, "data": {"k": "1"})"));
  const json::value before = s.live;
  json::value after = before;
  after.at("metadata").at("managedFields").at(0).get_object()["time"] = "2027-01-01T00:00:00Z";
  json::value changed = after;
  keep_times_if_unchanged(before, after);
  EXPECT_EQ(after, before);
  json::set(changed, "data.k", "2");
  json::value kept = changed;
  keep_times_if_unchanged(before, kept);
  EXPECT_EQ(kept, changed);
}

// --- cost and hostile input ---

TEST(Apply, TakesTimeLinearInTheObject) {
  json::object data;
  json::array ports;
  for (int i = 0; i < 20'000; ++i) {
    data["key" + std::to_string(i)] = "v";
    ports.push_back(json::object{{"port", i}, {"protocol", "TCP"}});
  }
  Store maps("v1", "ConfigMap");
  json::value object = config_map("");
  object.get_object()["data"] = data;
  maps.apply("a", object);
  maps.set("u", "data.key1", "w");
  maps.apply("a", config_map(R"(, "data": {"key2": "v"})"));
  EXPECT_EQ(json::members(maps.live, "data").size(), 2u);

  Store lists("v1", "Service");
  json::value service = json::parse(R"({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}})");
  json::set(service, "spec.ports", ports);
  lists.apply("a", service);
  lists.apply("b", service);
  EXPECT_EQ(json::list(lists.live, "spec.ports").size(), 20'000u);
}

TEST(Apply, SurvivesManagedFieldsThatAreNone) {
  for (const char* entries :
       {"5", "{}", R"([5, null])",
        R"([{"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"": 1}}])"}) {
    Store s("v1", "ConfigMap");
    s.live = config_map(R"(, "data": {"k": "1"})");
    json::set(s.live, "metadata.managedFields", json::parse(entries));
    s.apply("a", config_map(R"(, "data": {"k": "2"})"), true);
    EXPECT_EQ(json::str(s.live, "data.k"), "2") << entries;
  }
}

}  // namespace
}  // namespace spoke::kube
