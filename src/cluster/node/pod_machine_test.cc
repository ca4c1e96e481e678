// The life of a pod as tables: what is seen, and what is done about it.
#include "cluster/node/pod_machine.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "cluster/node/pod_status.h"
#include "data/yaml.h"

namespace spoke::cluster {
namespace {

using namespace std::chrono_literals;

const Time kNow = *parse_rfc3339("2026-03-01T12:00:00Z");

// A pod and what is seen of it, in few words.
struct World {
  explicit World(std::string_view spec) {
    json::set(pod, "metadata", yaml::parse("{name: p, namespace: ns, uid: u, generation: 1}"));
    json::set(pod, "spec", yaml::parse(spec));
    seen.accepted = kNow - 60s;
    seen.setup = PodSeen::Setup::Done;
    seen.ip = "10.85.0.7";
  }
  World& running(const char* name, bool ready = true) {
    auto& c = seen.containers[name];
    c.state = ContainerSeen::State::Running;
    c.started = kNow - 30s;
    c.startup_passed = true;
    c.ready = ready;
    return *this;
  }
  World& ended(const char* name, int code, Duration ago = 20s) {
    auto& c = seen.containers[name];
    c.state = ContainerSeen::State::Ended;
    c.startup_passed = c.ready = false;
    c.ended = Ended{"id", code, 0, code == 0 ? "Completed" : "Error", "", kNow - ago - 10s, kNow - ago};
    return *this;
  }
  World& deleted(long grace) {
    json::set(pod, "metadata.deletionTimestamp", rfc3339(kNow));
    json::set(pod, "metadata.deletionGracePeriodSeconds", grace);
    return *this;
  }
  // What is decided, as one line.
  std::string decided(Duration later = 0s) const {
    const Decision d = decide(pod, seen, kNow + later);
    std::vector<std::string> words;
    if (d.give_up) words.push_back("give up: " + d.give_up->reason);
    if (d.set_up) words.emplace_back("set up");
    for (const auto& name : d.start) words.push_back("start " + name);
    for (const auto& ask : d.ask_to_end) words.push_back("end " + ask.container);
    for (const auto& name : d.kill) words.push_back("kill " + name);
    if (d.tear_down) words.emplace_back("tear down");
    if (d.finish) words.emplace_back("finish");
    if (d.again)
      words.push_back("again in " +
                      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*d.again - kNow).count()));
    return join(words, ", ");
  }
  json::value status(Duration later = 0s) const { return pod_status(pod, seen, "192.0.2.1", kNow + later); }
  std::string phase() const { return std::string(json::str(status(), "phase")); }

  kube::Object pod = json::object{};
  PodSeen seen;
};

constexpr const char* kOne = "{containers: [{name: c}]}";
constexpr const char* kNever = "{restartPolicy: Never, containers: [{name: c}]}";
constexpr const char* kOnFailure = "{restartPolicy: OnFailure, containers: [{name: c}]}";
constexpr const char* kInit =
    "{restartPolicy: Never, initContainers: [{name: i}, {name: side, restartPolicy: Always}, {name: j}], containers: "
    "[{name: c}]}";

TEST(PodMachine, SetsUpFirst) {
  World w(kOne);
  w.seen.setup = PodSeen::Setup::None;
  EXPECT_EQ(w.decided(), "set up");
  w.seen.setup = PodSeen::Setup::UnderWay;
  EXPECT_EQ(w.decided(), "");
  w.seen.setup = PodSeen::Setup::None;
  w.seen.setup_setback = Setback{"FailedMount", "no", kNow, kNow + 4s};
  EXPECT_EQ(w.decided(), "again in 4");
  EXPECT_EQ(w.decided(4s), "set up");
}

TEST(PodMachine, StartsContainersOnce) {
  World w("{containers: [{name: a}, {name: b}]}");
  EXPECT_EQ(w.decided(), "start a, start b");
  w.seen.containers["a"].starting = true;
  w.running("b");
  EXPECT_EQ(w.decided(), "");
}

TEST(PodMachine, TriesAgainWhatCouldNotBeCreated) {
  World w(kOne);
  w.seen.containers["c"].setback = Setback{"ErrImagePull", "no", kNow, kNow + 10s};
  EXPECT_EQ(w.decided(), "again in 1");  // to say that it waits
  EXPECT_EQ(w.decided(1s), "again in 10");
  EXPECT_EQ(w.decided(10s), "start c");
}

TEST(PodMachine, RestartPolicies) {
  struct Case {
    const char* spec;
    int code;
    const char* decided;
    const char* phase;
  };
  const Case cases[] = {
      {kOne, 0, "start c", "Running"},           {kOne, 1, "start c", "Running"},
      {kNever, 0, "tear down", "Succeeded"},     {kNever, 1, "tear down", "Failed"},
      {kOnFailure, 0, "tear down", "Succeeded"}, {kOnFailure, 1, "start c", "Running"},
  };
  for (const auto& c : cases) {
    World w(c.spec);
    w.ended("c", c.code);
    EXPECT_EQ(w.decided(), c.decided) << c.spec << c.code;
    EXPECT_EQ(w.phase(), c.phase) << c.spec << c.code;
  }
}

TEST(PodMachine, BacksOffFromRestartToRestart) {
  BackOff b{10s, 5min};
  EXPECT_EQ(b.next_try(kNow, kNow), kNow);  // the first restart is at once
  std::vector<long> delays;
  for (int i = 0; i < 7; ++i) {
    b.grow(kNow);
    delays.push_back(std::chrono::duration_cast<std::chrono::seconds>(b.next_try(kNow, kNow) - kNow).count());
  }
  EXPECT_EQ(delays, (std::vector<long>{10, 20, 40, 80, 160, 300, 300}));
  EXPECT_EQ(b.next_try(kNow + 11min, kNow + 11min), kNow + 11min);  // it ran for long: all is forgiven
  b.grow(kNow + 11min);
  EXPECT_EQ(b.delay, Duration(10s));

  World w(kOne);
  w.ended("c", 1, 2s).seen.containers["c"].restart.grow(kNow - 5s);
  EXPECT_EQ(w.decided(), "again in 8");
  const auto status = w.status();
  const auto& c = json::list(status, "containerStatuses")[0];
  EXPECT_EQ(json::str(c, "state.waiting.reason"), "CrashLoopBackOff");
  EXPECT_EQ(json::str(c, "state.waiting.message"), "back-off 10s restarting failed container=c pod=p_ns(u)");
  EXPECT_EQ(json::num(c, "lastState.terminated.exitCode"), 1);
  EXPECT_EQ(json::str(status, "phase"), "Running");
}

TEST(PodMachine, InitContainersOneAfterTheOther) {
  World w(kInit);
  EXPECT_EQ(w.decided(), "start i");
  w.running("i");
  EXPECT_EQ(w.decided(), "");
  w.ended("i", 0);
  EXPECT_EQ(w.decided(), "start side");
  w.running("side").seen.containers["side"].startup_passed = false;
  EXPECT_EQ(w.decided(), "");
  w.running("side");
  EXPECT_EQ(w.decided(), "start j");
  EXPECT_EQ(w.phase(), "Pending");
  w.ended("j", 0);
  EXPECT_EQ(w.decided(), "start c");
  w.running("c");
  EXPECT_EQ(w.phase(), "Running");
  w.ended("side", 1);
  EXPECT_EQ(w.decided(), "start side");  // a sidecar always comes back
}

TEST(PodMachine, SidecarsServeTheOthersToTheirEnd) {
  World w(
      "{restartPolicy: Never, initContainers: [{name: s1, restartPolicy: Always}, {name: s2, restartPolicy: Always}], "
      "containers: [{name: c}]}");
  w.running("s1").running("s2").ended("c", 0);
  EXPECT_EQ(w.decided(), "end s2");
  EXPECT_EQ(w.phase(), "Running");
  w.ended("s2", 143);
  EXPECT_EQ(w.decided(), "end s1");
  w.ended("s1", 143);
  EXPECT_EQ(w.decided(), "tear down");
  EXPECT_EQ(w.phase(), "Succeeded");
}

TEST(PodMachine, AFailedInitContainerIsTheEndUnderNever) {
  World w(kInit);
  w.ended("i", 3);
  EXPECT_EQ(w.decided(), "tear down");
  EXPECT_EQ(w.phase(), "Failed");
  EXPECT_EQ(json::str(json::list(w.status(), "containerStatuses")[0], "state.waiting.reason"), "PodInitializing");
  World again("{initContainers: [{name: i}], containers: [{name: c}]}");
  again.ended("i", 3);
  EXPECT_EQ(again.decided(), "start i");
  EXPECT_EQ(again.phase(), "Pending");
}

TEST(PodMachine, InitContainersAreNotRunAgainForAContainerThatRestarts) {
  World w("{initContainers: [{name: i}], containers: [{name: a}, {name: b}]}");
  w.running("a").ended("b", 1);  // after a restart of the node nothing may be known of i
  EXPECT_EQ(w.decided(), "start b");
}

TEST(PodMachine, EndsGracefully) {
  World w(kOne);
  w.running("c").deleted(30);
  EXPECT_EQ(w.decided(), "end c");
  w.seen.containers["c"].asked_to_end = kNow;
  EXPECT_EQ(w.decided(1s), "again in 30");
  EXPECT_EQ(w.decided(30s), "kill c");
  w.seen.containers["c"].killed = true;
  EXPECT_EQ(w.decided(31s), "");
  w.ended("c", 137);
  EXPECT_EQ(w.decided(31s), "tear down");
  w.seen.torn_down = true;
  w.seen.setup = PodSeen::Setup::None;
  EXPECT_EQ(w.decided(31s), "finish");
  EXPECT_EQ(w.phase(), "Failed");
}

TEST(PodMachine, GraceMayBeShortenedOnTheWay) {
  World w(kOne);
  w.running("c").deleted(30).seen.containers["c"].asked_to_end = kNow - 5s;
  EXPECT_EQ(w.decided(), "again in 25");
  w.deleted(3);
  EXPECT_EQ(w.decided(), "kill c");
}

TEST(PodMachine, WaitsForWhoeverIsAtIt) {
  World w(kOne);
  w.deleted(30);
  w.seen.containers["c"].starting = true;
  EXPECT_EQ(w.decided(), "");
  w.seen.containers["c"].starting = false;
  w.seen.setup = PodSeen::Setup::UnderWay;
  EXPECT_EQ(w.decided(), "");
}

TEST(PodMachine, GoneFromTheApiIsEndedAtOnce) {
  World w(kOne);
  w.running("c").seen.gone = true;
  EXPECT_EQ(w.decided(), "end c");
  w.seen.containers["c"].asked_to_end = kNow;
  EXPECT_EQ(w.decided(), "kill c");
}

TEST(PodMachine, UnhealthyContainersAreStoppedWithTheirOwnGrace) {
  World w("{terminationGracePeriodSeconds: 20, containers: [{name: c}]}");
  w.running("c").seen.containers["c"].unhealthy = "Container c failed liveness probe, will be restarted";
  EXPECT_EQ(w.decided(), "end c");
  w.seen.containers["c"].asked_to_end = kNow;
  EXPECT_EQ(w.decided(), "again in 20");
  w.seen.containers["c"].stop_grace = 2;
  EXPECT_EQ(w.decided(2s), "kill c");
}

TEST(PodMachine, PastItsDeadlineItIsGivenUp) {
  World w("{activeDeadlineSeconds: 100, containers: [{name: c}]}");
  w.running("c");
  EXPECT_EQ(w.decided(), "again in 40");
  EXPECT_EQ(w.decided(40s), "give up: DeadlineExceeded");
  w.seen.failure_reason = "DeadlineExceeded";
  EXPECT_EQ(w.decided(40s), "end c");
  EXPECT_EQ(w.phase(), "Running");  // that it failed is told when nothing of it runs any more
  w.ended("c", 0);
  EXPECT_EQ(w.phase(), "Failed");
}

TEST(PodMachine, WhatTheApiCallsFinishedIsNotBegunAgain) {
  World w(kOne);
  json::set(w.pod, "status.phase", "Failed");
  w.seen.setup = PodSeen::Setup::None;
  EXPECT_EQ(w.decided(), "tear down");
  w.seen.torn_down = true;
  EXPECT_EQ(w.decided(), "");
}

TEST(PodStatus, OfAPodThatIsBeingMade) {
  World w("{containers: [{name: b, image: x}, {name: a, image: y}]}");
  w.seen.setup = PodSeen::Setup::None;
  w.seen.ip.clear();
  const auto s = w.status();
  EXPECT_EQ(json::str(s, "phase"), "Pending");
  EXPECT_EQ(json::find(s, "podIP"), nullptr);
  EXPECT_EQ(json::str(s, "hostIP"), "192.0.2.1");
  EXPECT_EQ(json::str(s, "startTime"), "2026-03-01T11:59:00Z");
  EXPECT_EQ(json::str(s, "qosClass"), "BestEffort");
  const auto& first = json::list(s, "containerStatuses")[0];
  EXPECT_EQ(json::str(first, "name"), "a");  // by name, as the kubelet
  EXPECT_EQ(json::dump(*json::find(first, "state")), R"({"waiting":{"reason":"ContainerCreating"}})");
  EXPECT_EQ(json::str(first, "image"), "y");
}

std::string conditions(const json::value& status) {
  std::vector<std::string> words;
  for (const auto& c : json::list(status, "conditions")) {
    std::string word = fmt::format("{}={}", json::str(c, "type"), json::str(c, "status"));
    if (!json::str(c, "reason").empty()) word += fmt::format("({})", json::str(c, "reason"));
    words.push_back(word);
  }
  return join(words, " ");
}

TEST(PodStatus, Conditions) {
  World w(kOne);
  json::set(w.pod, "status.conditions",
            yaml::parse("[{type: PodScheduled, status: 'True'}, {type: mine.io/x, status: 'False'}]"));
  w.running("c", false);
  EXPECT_EQ(conditions(w.status()),
            "mine.io/x=False PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady) "
            "ContainersReady=False(ContainersNotReady) PodScheduled=True");
  EXPECT_EQ(json::str(json::list(w.status(), "conditions")[3], "message"), "containers with unready status: [c]");
  w.running("c", true);
  EXPECT_EQ(conditions(w.status()),
            "mine.io/x=False PodReadyToStartContainers=True Initialized=True Ready=True ContainersReady=True "
            "PodScheduled=True");
  World done(kNever);
  done.ended("c", 0);
  EXPECT_EQ(conditions(done.status()),
            "PodReadyToStartContainers=False Initialized=True(PodCompleted) Ready=False(PodCompleted) "
            "ContainersReady=False(PodCompleted)");
  World init(kInit);
  EXPECT_EQ(
      conditions(init.status()),
      "PodReadyToStartContainers=True Initialized=False(ContainersNotInitialized) Ready=False(ContainersNotReady) "
      "ContainersReady=False(ContainersNotReady)");
  World gates("{readinessGates: [{conditionType: mine.io/x}], containers: [{name: c}]}");
  gates.running("c");
  EXPECT_EQ(conditions(gates.status()),
            "PodReadyToStartContainers=True Initialized=True Ready=False(ReadinessGatesNotReady) ContainersReady=True");
}

TEST(PodStatus, TimesChangeOnlyWithTheCondition) {
  World w(kOne);
  w.running("c");
  json::set(w.pod, "status", w.status());
  const auto later = w.status(5s);
  EXPECT_EQ(json::dump(later), json::dump(w.status()));
  w.running("c", false);
  EXPECT_EQ(json::str(json::list(w.status(5s), "conditions")[2], "lastTransitionTime"), "2026-03-01T12:00:05Z");
}

TEST(PodStatus, AFailedPullIsShownThenThatWeWait) {
  World w("{containers: [{name: c, image: 'x:1'}]}");
  w.seen.containers["c"].setback = Setback{"ErrImagePull", "no such thing", kNow, kNow + 10s};
  const auto at = [&](Duration later) {
    return json::dump(*json::find(json::list(w.status(later), "containerStatuses")[0], "state.waiting"));
  };
  EXPECT_EQ(at(0s), R"({"reason":"ErrImagePull","message":"no such thing"})");
  EXPECT_EQ(at(2s),
            R"({"reason":"ImagePullBackOff","message":"Back-off pulling image \"x:1\": ErrImagePull: no such thing"})");
}

TEST(PodStatus, ContainersThatNeverRanOfAPodThatIsOver) {
  World w("{containers: [{name: a}, {name: b}]}");
  w.ended("a", 0).deleted(0);
  EXPECT_EQ(w.phase(), "Failed");
  const auto status = w.status();
  EXPECT_EQ(json::str(json::list(status, "containerStatuses")[1], "state.terminated.reason"), "ContainerStatusUnknown");
}

TEST(PodStatus, ARunningContainer) {
  World w(kOne);
  auto& c = w.running("c").seen.containers["c"];
  c.id = "abc";
  c.image = "local/spark:4";
  c.image_id = "sha256:1";
  c.restarts = 2;
  c.last = Ended{"old", 137, 0, "OOMKilled", "", kNow - 90s, kNow - 80s};
  const auto status = w.status();
  EXPECT_EQ(
      json::dump(json::list(status, "containerStatuses")[0]),
      R"({"name":"c","state":{"running":{"startedAt":"2026-03-01T11:59:30Z"}},)"
      R"("lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"2026-03-01T11:58:30Z","finishedAt":"2026-03-01T11:58:40Z",)"
      R"("containerID":"spoke://old"}},"ready":true,"restartCount":2,"image":"local/spark:4","imageID":"sha256:1","started":true,)"
      R"("containerID":"spoke://abc"})");
}

}  // namespace
}  // namespace spoke::cluster
