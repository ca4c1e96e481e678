#include "cluster/workloads/job.h"

#include <gtest/gtest.h>

#include "cluster/workloads/test_world.h"

namespace spoke::cluster {
namespace {

using testing::World;

class JobTest : public ::testing::Test {
 protected:
  void make(const char* spec) {
    Object job = json::parse(R"({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "status": {}})");
    json::set(job, "spec", json::parse(spec));
    json::set(job, "spec.template", json::parse(R"({"metadata": {}, "spec": {"restartPolicy": "Never"}})"));
    world.add(job);
    settle();
  }

  // One look after the other, and each may be the last of a process.
  void settle() {
    for (int i = 0; i < 50; ++i) {
      const Object job = world.get("j");
      if (!look(job)) return;
      if (std::ranges::none_of(world.objects, [](const Object& o) { return kube::kind(o) == "Job"; })) return;
    }
    FAIL() << "it does not come to rest";
  }
  bool look(const Object& job) {
    const Step step = next_of_job(job, world.all("Pod"), world.time);
    again = step.look_again;
    const bool changed = world.carry_out("j", step);
    // What is being deleted goes with its last finalizer.
    std::erase_if(world.objects,
                  [](const Object& o) { return kube::deleting(o) && json::list(o, "metadata.finalizers").empty(); });
    return changed;
  }

  std::vector<std::string> running() {
    std::vector<std::string> out;
    for (const auto& pod : world.all("Pod"))
      if (is_active(pod)) out.emplace_back(kube::name(pod));
    return out;
  }
  void end_one(const char* phase) {
    world.end(running().front(), phase);
    settle();
  }
  std::int64_t count(const char* of) { return json::num(world.get("j"), std::string("status.") + of); }
  bool is(const char* condition) { return kube::condition_is_true(world.get("j"), condition); }

  World world;
  std::optional<Duration> again;
};

TEST_F(JobTest, RunsItsPodsToTheNumberOfCompletions) {
  make(R"({"completions": 3, "parallelism": 2, "backoffLimit": 6})");
  EXPECT_EQ(running().size(), 2U);
  EXPECT_EQ(count("active"), 2);
  end_one("Succeeded");
  EXPECT_EQ(count("succeeded"), 1);
  EXPECT_EQ(running().size(), 2U);
  end_one("Succeeded");
  EXPECT_EQ(running().size(), 1U);
  end_one("Succeeded");
  EXPECT_TRUE(is("Complete"));
  EXPECT_TRUE(is("SuccessCriteriaMet"));
  EXPECT_EQ(count("succeeded"), 3);
  EXPECT_FALSE(json::str(world.get("j"), "status.completionTime").empty());
  for (const auto& pod : world.all("Pod")) EXPECT_TRUE(json::list(pod, "metadata.finalizers").empty());
}

TEST_F(JobTest, AFailedPodIsTriedAgainLaterAndLaterUntilTheLimit) {
  make(R"({"completions": 1, "parallelism": 1, "backoffLimit": 1})");
  end_one("Failed");
  EXPECT_EQ(count("failed"), 1);
  EXPECT_TRUE(running().empty());
  EXPECT_EQ(again, std::optional<Duration>(std::chrono::seconds(10)));
  world.time += std::chrono::seconds(10);
  settle();
  EXPECT_EQ(running().size(), 1U);
  end_one("Failed");
  EXPECT_TRUE(is("Failed"));
  EXPECT_EQ(json::str(*kube::condition(world.get("j"), "Failed"), "reason"), "BackoffLimitExceeded");
  EXPECT_EQ(count("failed"), 2);
}

// Whenever the process ends between two looks, no pod counts twice or not at all.
TEST_F(JobTest, EachPodCountsOnce) {
  make(R"({"completions": 2, "parallelism": 2, "backoffLimit": 6})");
  for (const auto& name : running()) world.end(name, "Succeeded");
  int looks = 0;
  while (!is("Complete") && ++looks < 20) {
    const Object as_it_was = world.get("j");
    look(as_it_was);
    const auto there = world.all("Pod").size();
    EXPECT_LE(count("succeeded") + static_cast<std::int64_t>(
                                       json::list(world.get("j"), "status.uncountedTerminatedPods.succeeded").size()),
              2);
    EXPECT_EQ(there, 2U);
  }
  EXPECT_EQ(count("succeeded"), 2);
}

TEST_F(JobTest, APodThatSomebodyDeletedIsReplaced) {
  make(R"({"completions": 1, "parallelism": 1, "backoffLimit": 6})");
  const std::string name = running().front();
  json::set(world.get(name), "metadata.deletionTimestamp", rfc3339(world.time));
  settle();
  EXPECT_EQ(count("failed"), 1);
  world.time += std::chrono::seconds(10);
  settle();
  EXPECT_EQ(running().size(), 1U);
  EXPECT_NE(running().front(), name);
}

TEST_F(JobTest, ADeadlineEndsWhatRuns) {
  make(R"({"completions": 1, "parallelism": 1, "backoffLimit": 6, "activeDeadlineSeconds": 30})");
  EXPECT_EQ(again, std::optional<Duration>(std::chrono::seconds(30)));
  world.time += std::chrono::seconds(30);
  settle();
  EXPECT_TRUE(running().empty());
  EXPECT_TRUE(is("Failed"));
  EXPECT_EQ(json::str(*kube::condition(world.get("j"), "Failed"), "reason"), "DeadlineExceeded");
}

TEST_F(JobTest, SuspendedItHasNoPods) {
  make(R"({"completions": 1, "parallelism": 1, "backoffLimit": 6, "suspend": true})");
  EXPECT_TRUE(running().empty());
  EXPECT_TRUE(is("Suspended"));
  json::set(world.get("j"), "spec.suspend", false);
  settle();
  EXPECT_EQ(running().size(), 1U);
  EXPECT_FALSE(is("Suspended"));
  json::set(world.get("j"), "spec.suspend", true);
  settle();
  EXPECT_TRUE(running().empty());
  EXPECT_EQ(count("failed"), 0);
  EXPECT_FALSE(is("Failed"));
}

TEST_F(JobTest, NoDeadlineIsTooLong) {
  make(R"({"completions": 1, "parallelism": 1, "backoffLimit": 6, "activeDeadlineSeconds": 9223372036854775807})");
  EXPECT_EQ(again, std::optional<Duration>(std::chrono::hours(24)));
  EXPECT_EQ(running().size(), 1U);
}

TEST_F(JobTest, ManyPodsComeBatchByBatch) {
  make(R"({"completions": 250, "parallelism": 250, "backoffLimit": 6})");
  EXPECT_EQ(running().size(), 250U);
  EXPECT_EQ(next_of_job(json::parse(R"({"metadata": {"name": "j"}, "spec": {"completions": 2147483647,
      "parallelism": 2147483647, "template": {}}})"),
                        {}, world.time)
                .create.size(),
            100U);
}

TEST_F(JobTest, AWorkQueueEndsWithItsFirstSuccessAndTheRestOfItsPods) {
  make(R"({"parallelism": 2, "backoffLimit": 6})");
  EXPECT_EQ(running().size(), 2U);
  end_one("Succeeded");
  EXPECT_EQ(running().size(), 1U);
  EXPECT_FALSE(is("Complete"));
  end_one("Succeeded");
  EXPECT_TRUE(is("Complete"));
}

TEST_F(JobTest, GoesAfterItsTime) {
  make(R"({"completions": 1, "parallelism": 1, "backoffLimit": 6, "ttlSecondsAfterFinished": 60})");
  end_one("Succeeded");
  EXPECT_TRUE(is("Complete"));
  EXPECT_EQ(again, std::optional<Duration>(std::chrono::seconds(60)));
  world.time += std::chrono::seconds(60);
  settle();
  EXPECT_TRUE(world.all("Job").empty());
}

}  // namespace
}  // namespace spoke::cluster
