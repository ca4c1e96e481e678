#include "cluster/node/unsupported.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cluster {
namespace {

std::string why(const char* spec) { return unsupported(json::object{{"spec", yaml::parse(spec)}}); }

TEST(Unsupported, IsSaidOfWhatWouldOnlySeemToBeThere) {
  EXPECT_NE(why("shareProcessNamespace: true"), "");
  EXPECT_NE(why("hostUsers: false"), "");
  EXPECT_NE(why("containers: [{name: c, ports: [{containerPort: 80, hostPort: 8080}]}]"), "");
  EXPECT_NE(why("containers: [{name: c, securityContext: {procMount: Unmasked}}]"), "");
  EXPECT_NE(why("containers: [{name: c, securityContext: {seccompProfile: {type: Localhost}}}]"), "");
  EXPECT_NE(why("securityContext: {appArmorProfile: {type: Localhost}}"), "");
}

TEST(Unsupported, TheMachinesOwnSysctls) {
  const auto with = [](const char* name, const char* more = "") {
    return why((std::string("securityContext: {sysctls: [{name: ") + name + ", value: '1'}]}\n" + more).c_str());
  };
  for (const char* own :
       {"net.core.somaxconn", "kernel.shm_rmid_forced", "kernel.msgmax", "kernel.sem", "fs.mqueue.msg_max"})
    EXPECT_EQ(with(own), "") << own;
  for (const char* machines : {"kernel.core_pattern", "vm.overcommit_memory", "net.../../kernel.core_pattern"})
    EXPECT_NE(with(machines), "") << machines;
  EXPECT_NE(with("net.core.somaxconn", "hostNetwork: true"), "");
  EXPECT_NE(with("kernel.sem", "hostIPC: true"), "");
}

TEST(Unsupported, NothingOfAnOrdinaryPod) {
  EXPECT_EQ(why("containers: [{name: c, ports: [{containerPort: 80}], securityContext: {seccompProfile: {type: "
                "RuntimeDefault}}}]"),
            "");
  EXPECT_EQ(why("hostNetwork: true\ncontainers: [{name: c, ports: [{containerPort: 80, hostPort: 80}]}]"), "");
}

}  // namespace
}  // namespace spoke::cluster
