// The loops of workloads and volumes on a store of their own: that they come to rest, and leave alone what is not
// theirs.
#include <gtest/gtest.h>

#include "base/files.h"
#include "cluster/control/controllers.h"
#include "cluster/store/test_store.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

using net::Millis;
using net::Task;

class Cluster {
 public:
  Cluster(const Cluster&) = delete;
  explicit Cluster(Store& store)
      : registry(store, catalog_, admission_), store_(store), admission_(store, "10.86.0.0/16") {}

  const ResourceType& type(std::string_view kind) {
    for (const char* version : {"v1", "apps/v1", "batch/v1"})
      if (const ResourceType* found = catalog_.by_kind(version, kind)) return *found;
    throw std::runtime_error("no such kind");
  }
  Task<> make(std::string kind, std::string name, const char* spec, std::string ns = "ns") {
    Object object = json::object{{"metadata", json::object{{"name", name}}}};
    if (*spec != 0) object.get_object()["spec"] = json::parse(spec);
    co_await registry.create(type(kind), ns, std::move(object), {});
  }
  Task<> patch(std::string kind, std::string name, const char* body, std::string subresource = "") {
    WriteOptions options;
    options.subresource = std::move(subresource);
    co_await registry.patch(type(kind), type(kind).id.namespaced ? "ns" : "", name, client::PatchType::Merge,
                            json::parse(body), std::move(options));
  }
  std::vector<Object> all(std::string_view kind) {
    std::vector<Object> out;
    for (const auto& [key, entry] : store_.range(type(kind).prefix(""))) out.push_back(json::parse(*entry.body));
    return out;
  }
  // Until nothing is written any more. Fails where there is no end of it.
  Task<> rest() {
    Revision before = -1;
    for (int i = 0; i < 100 && before != store_.revision(); ++i) {
      before = store_.revision();
      co_await net::sleep_for(Millis(60));
    }
    EXPECT_EQ(before, store_.revision()) << "it does not come to rest";
  }

 private:
  Catalog catalog_;

 public:
  Registry registry;

 private:
  Store& store_;
  Admission admission_;
};

// `test` with both loops running. `folder` is where volumes are made.
void with_cluster(std::function<Task<>(Cluster&, Path folder)> test) {
  const TempDir dir;
  boost::asio::io_context loop(1);
  Store store(loop.get_executor(), dir.path() / "db", [](const std::string& key, const std::string& body) {
    static const Catalog catalog;
    for (const auto& type : catalog.all())
      if (key.starts_with(type->storage + "/")) return tags_of(*type, json::parse(body));
    return Tags{};
  });
  std::exception_ptr failure;
  const auto run = [&]() -> Task<> {
    Cluster cluster(store);
    net::Scope scope(co_await net::this_executor());
    co_await cluster.make("Namespace", "ns", "", "");
    co_await cluster.make("ServiceAccount", "default", "");
    scope.spawn("workloads", run_workloads(cluster.registry));
    scope.spawn("volumes", bind_volumes(cluster.registry, (dir.path() / "volumes").string()));
    std::exception_ptr problem;
    try {
      co_await test(cluster, dir.path());
    } catch (...) {
      problem = std::current_exception();
    }
    co_await scope.close();
    co_await store.close();
    if (problem) std::rethrow_exception(problem);
  };
  boost::asio::co_spawn(loop, run(), [&](const std::exception_ptr& e) { failure = e; });
  loop.run_for(std::chrono::seconds(60));
  if (failure) std::rethrow_exception(failure);
}

constexpr const char* kDeployment = R"({"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
    "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "a"}]}}})";

TEST(WorkloadsTest, ADeploymentComesToRestWithItsRevision) {
  with_cluster([](Cluster& cluster, Path) -> Task<> {
    co_await cluster.make("Deployment", "web", kDeployment);
    co_await cluster.rest();
    EXPECT_EQ(cluster.all("Pod").size(), 2U);
    const Object deployment = cluster.all("Deployment").front();
    EXPECT_EQ(kube::annotation(deployment, "deployment.kubernetes.io/revision"), "1");
    EXPECT_EQ(json::num(deployment, "status.unavailableReplicas"), 2);
  });
}

TEST(WorkloadsTest, PodsThatAreRefusedAreSaidOnce) {
  with_cluster([](Cluster& cluster, Path) -> Task<> {
    co_await cluster.make("ResourceQuota", "q", R"({"hard": {"pods": "1"}})");
    co_await cluster.make("Deployment", "web", kDeployment);
    co_await cluster.rest();
    EXPECT_EQ(cluster.all("Pod").size(), 1U);
    const Object set = cluster.all("ReplicaSet").front();
    EXPECT_TRUE(kube::condition_is_true(set, "ReplicaFailure"));
    int said = 0;
    for (const auto& event : cluster.all("Event")) said += json::str(event, "reason") == "FailedCreate" ? 1 : 0;
    EXPECT_EQ(said, 1);
  });
}

TEST(WorkloadsTest, WhatSomebodyWroteBesideStays) {
  with_cluster([](Cluster& cluster, Path) -> Task<> {
    co_await cluster.make("StatefulSet", "db", R"({"selector": {"matchLabels": {"app": "db"}}, "serviceName": "db",
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "a"}]}}})");
    co_await cluster.rest();
    co_await cluster.patch("StatefulSet", "db", R"({"metadata": {"labels": {"mine": "yes"}}})");
    co_await cluster.patch("StatefulSet", "db", R"({"spec": {"replicas": 3}})");
    co_await cluster.rest();
    EXPECT_EQ(kube::label(cluster.all("StatefulSet").front(), "mine"), "yes");
    EXPECT_EQ(cluster.all("Pod").size(), 1U);  // the first is not ready
  });
}

TEST(WorkloadsTest, PodsOfTheSameLabelsAreTakenAndLetGo) {
  with_cluster([](Cluster& cluster, Path) -> Task<> {
    Object pod = json::parse(R"({"metadata": {"name": "mine", "labels": {"app": "web"}},
                                 "spec": {"containers": [{"name": "c", "image": "a"}]}})");
    co_await cluster.registry.create(cluster.type("Pod"), "ns", std::move(pod), {});
    co_await cluster.make("ReplicaSet", "web", kDeployment);
    co_await cluster.rest();
    EXPECT_EQ(cluster.all("Pod").size(), 2U);  // that one, and one more
    co_await cluster.patch("Pod", "mine", R"({"metadata": {"labels": {"app": "other"}}})");
    co_await cluster.rest();
    EXPECT_EQ(cluster.all("Pod").size(), 3U);
    for (const auto& one : cluster.all("Pod"))
      EXPECT_EQ(kube::controller_of(one) == nullptr, kube::name(one) == "mine");
  });
}

TEST(WorkloadsTest, AJobsPodsCountAndThenLoseTheirFinalizer) {
  with_cluster([](Cluster& cluster, Path) -> Task<> {
    co_await cluster.make("Job", "sum", R"({"completions": 2, "parallelism": 2, "template": {"spec": {
        "restartPolicy": "Never", "containers": [{"name": "c", "image": "a"}]}}})");
    co_await cluster.rest();
    for (const auto& pod : cluster.all("Pod")) {
      EXPECT_FALSE(json::list(pod, "metadata.finalizers").empty());
      co_await cluster.patch("Pod", std::string(kube::name(pod)), R"({"status": {"phase": "Succeeded"}})", "status");
    }
    co_await cluster.rest();
    EXPECT_TRUE(kube::condition_is_true(cluster.all("Job").front(), "Complete"));
    for (const auto& pod : cluster.all("Pod")) EXPECT_TRUE(json::list(pod, "metadata.finalizers").empty());
  });
}

TEST(VolumesTest, AClaimGetsAFolderThatGoesWithIt) {
  with_cluster([](Cluster& cluster, Path folder) -> Task<> {
    co_await cluster.make("PersistentVolumeClaim", "data", R"({"accessModes": ["ReadWriteOnce"],
        "storageClassName": "of-the-cloud", "resources": {"requests": {"storage": "1Gi"}}})");
    co_await cluster.rest();
    const Object claim = cluster.all("PersistentVolumeClaim").front(), volume = cluster.all("PersistentVolume").front();
    EXPECT_EQ(json::str(claim, "status.phase"), "Bound");
    EXPECT_EQ(json::str(volume, "status.phase"), "Bound");
    const Path made(std::string(json::str(volume, "spec.hostPath.path")));
    EXPECT_EQ(made, folder / "volumes" / std::string(kube::name(volume)));
    write_file(made / "file", "x");
    co_await cluster.patch("PersistentVolumeClaim", "data", R"({"metadata": {"finalizers": null}})");
    co_await cluster.registry.remove(cluster.type("PersistentVolumeClaim"), "ns", "data", {}, false);
    co_await cluster.rest();
    EXPECT_TRUE(cluster.all("PersistentVolume").empty());
    EXPECT_FALSE(std::filesystem::exists(made));
  });
}

TEST(VolumesTest, NoFolderOfOthersIsEverRemoved) {
  with_cluster([](Cluster& cluster, Path folder) -> Task<> {
    make_dirs(folder / "precious");
    const std::string spec = fmt::format(
        R"({{"accessModes": ["ReadWriteOnce"], "capacity": {{"storage": "1Gi"}}, "storageClassName": "manual",
             "persistentVolumeReclaimPolicy": "Delete", "hostPath": {{"path": "{}"}}}})",
        (folder / "precious").string());
    co_await cluster.make("PersistentVolume", "theirs", spec.c_str(), "");
    co_await cluster.make("PersistentVolumeClaim", "data", R"({"accessModes": ["ReadWriteOnce"],
        "storageClassName": "manual", "resources": {"requests": {"storage": "1Gi"}}})");
    co_await cluster.rest();
    EXPECT_EQ(json::str(cluster.all("PersistentVolumeClaim").front(), "spec.volumeName"), "theirs");
    co_await cluster.patch("PersistentVolumeClaim", "data", R"({"metadata": {"finalizers": null}})");
    co_await cluster.registry.remove(cluster.type("PersistentVolumeClaim"), "ns", "data", {}, false);
    co_await cluster.rest();
    EXPECT_EQ(json::str(cluster.all("PersistentVolume").front(), "status.phase"), "Released");
    EXPECT_TRUE(std::filesystem::exists(folder / "precious"));
  });
}

TEST(VolumesTest, WithoutAClassOnlyWhatSomebodyMade) {
  with_cluster([](Cluster& cluster, Path) -> Task<> {
    co_await cluster.make("PersistentVolumeClaim", "data", R"({"accessModes": ["ReadWriteOnce"],
        "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}})");
    co_await cluster.rest();
    EXPECT_EQ(json::str(cluster.all("PersistentVolumeClaim").front(), "status.phase"), "Pending");
  });
}

}  // namespace
}  // namespace spoke::cluster
