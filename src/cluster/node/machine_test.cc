#include "cluster/node/machine.h"

#include <gtest/gtest.h>

namespace spoke::cluster {
namespace {

TEST(CgroupLayout, ByWhatIsMounted) {
  const char* v1 = "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n";
  const char* v2_beside = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
  const char* v2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n";
  EXPECT_EQ(cgroup_layout(v1), CgroupLayout::V1);
  EXPECT_EQ(cgroup_layout(std::string(v1) + v2_beside), CgroupLayout::Hybrid);
  EXPECT_EQ(cgroup_layout(v2), CgroupLayout::V2);
  EXPECT_EQ(cgroup_layout("tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"), CgroupLayout::None);
  EXPECT_EQ(cgroup_layout("cgroup2 /somewhere/else cgroup2 rw 0 0\n\nbroken\n"), CgroupLayout::None);
}

TEST(ChooseRuntime, CrunButForHybridCgroups) {
  EXPECT_EQ(choose_runtime(CgroupLayout::V2, "/crun", "/runc"), "/crun");
  EXPECT_EQ(choose_runtime(CgroupLayout::V1, "/crun", ""), "/crun");
  EXPECT_EQ(choose_runtime(CgroupLayout::V2, "", "/runc"), "/runc");
  EXPECT_EQ(choose_runtime(CgroupLayout::Hybrid, "/crun", "/runc"), "/runc");
  EXPECT_EQ(choose_runtime(CgroupLayout::Hybrid, "/crun", ""), "");
}

TEST(OomCounter, LiesWhereTheLayoutHasIt) {
  EXPECT_EQ(oom_counter(CgroupLayout::Hybrid, "/spoke/x"), "/sys/fs/cgroup/memory/spoke/x/memory.oom_control");
  EXPECT_EQ(oom_counter(CgroupLayout::V2, "/spoke/x"), "/sys/fs/cgroup/spoke/x/memory.events");
  EXPECT_EQ(oom_counter(CgroupLayout::None, "/spoke/x"), std::nullopt);
}

}  // namespace
}  // namespace spoke::cluster
