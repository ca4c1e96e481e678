#include "spark/volumes.h"

#include <gtest/gtest.h>

namespace spoke::spark {
namespace {

std::vector<Volume> parse(const Properties& options, const char* version = "4.1.4") {
  Properties properties;
  for (const auto& [option, value] : options) properties.emplace(std::string(kDriverVolumes) + option, value);
  return parse_volumes(Conf(properties), kDriverVolumes, rules_for(version));
}

std::string why(const Properties& options, const char* version = "4.1.4") {
  try {
    parse(options, version);
  } catch (const InvalidConf& e) {
    return e.what();
  }
  return "";
}

TEST(ParseVolumes, HostPath) {
  const auto volumes = parse({{"hostPath.data.mount.path", "/data"},
                              {"hostPath.data.options.path", "/srv"},
                              {"hostPath.data.options.type", "Directory"},
                              {"hostPath.data.mount.readOnly", "TRUE"}});
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_EQ(volumes[0].type, Volume::Type::HostPath);
  EXPECT_EQ(volumes[0].name, "data");
  EXPECT_EQ(volumes[0].mount_path, "/data");
  EXPECT_EQ(volumes[0].path, "/srv");
  EXPECT_EQ(volumes[0].host_type, "Directory");
  EXPECT_TRUE(volumes[0].read_only);
}

TEST(ParseVolumes, HostPathHasNoTypeBeforeSpark4) {
  const Properties options = {
      {"hostPath.d.mount.path", "/d"}, {"hostPath.d.options.path", "/s"}, {"hostPath.d.options.type", "File"}};
  EXPECT_EQ(parse(options, "3.5.8")[0].host_type, "");
}

TEST(ParseVolumes, Claim) {
  const Properties options = {{"persistentVolumeClaim.pv.mount.path", "/pv"},
                              {"persistentVolumeClaim.pv.options.claimName", "OnDemand"},
                              {"persistentVolumeClaim.pv.options.storageClass", "fast"},
                              {"persistentVolumeClaim.pv.options.sizeLimit", "5Gi"},
                              {"persistentVolumeClaim.pv.label.a.b/c", "d"},
                              {"persistentVolumeClaim.pv.annotation.k", "v"}};
  const auto volumes = parse(options);
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_EQ(volumes[0].type, Volume::Type::Claim);
  EXPECT_EQ(volumes[0].claim_name, "OnDemand");
  EXPECT_EQ(volumes[0].storage_class, "fast");
  EXPECT_EQ(volumes[0].size_limit, "5Gi");
  EXPECT_EQ(volumes[0].labels, (Properties{{"a.b/c", "d"}}));
  EXPECT_EQ(volumes[0].annotations, (Properties{{"k", "v"}}));
  EXPECT_EQ(parse(options, "3.5.8")[0].labels, Properties());
}

TEST(ParseVolumes, EmptyDirAndNfs) {
  const auto volumes = parse({{"nfs.n.mount.path", "/n"},
                              {"nfs.n.options.server", "s"},
                              {"nfs.n.options.path", "/x"},
                              {"emptyDir.t.mount.path", "/t"},
                              {"emptyDir.t.options.medium", "Memory"},
                              {"emptyDir.t.options.sizeLimit", "1Gi"},
                              {"emptyDir.t.mount.subPathExpr", "$(POD)"}});
  ASSERT_EQ(volumes.size(), 2U);
  EXPECT_EQ(volumes[0].medium, "Memory");
  EXPECT_EQ(volumes[0].size_limit, "1Gi");
  EXPECT_EQ(volumes[0].sub_path_expr, "$(POD)");
  EXPECT_EQ(volumes[1].server, "s");
  EXPECT_EQ(volumes[1].path, "/x");
  EXPECT_FALSE(volumes[1].read_only);
}

TEST(ParseVolumes, SaysWhatIsMissing) {
  EXPECT_EQ(why({{"emptyDir.x.options.medium", "Memory"}}),
            "spark.kubernetes.driver.volumes.emptyDir.x.mount.path: key not found: emptyDir.x.mount.path");
  EXPECT_NE(why({{"hostPath.x.mount.path", "/x"}}).find("hostPath.x.options.path is required for hostPath"),
            std::string::npos);
  EXPECT_NE(why({{"persistentVolumeClaim.x.mount.path", "/x"}}).find("options.claimName is required for"),
            std::string::npos);
  EXPECT_NE(why({{"nfs.x.mount.path", "/x"}, {"nfs.x.options.path", "/x"}}).find("options.server is required"),
            std::string::npos);
}

TEST(ParseVolumes, SaysWhatMakesNoSense) {
  EXPECT_NE(why({{"blob.x.mount.path", "/x"}}).find("Kubernetes Volume type `blob` is not supported"),
            std::string::npos);
  EXPECT_NE(
      why({{"emptyDir.x.mount.path", "/x"}, {"emptyDir.x.mount.readOnly", "yes"}}).find("For input string: \"yes\""),
      std::string::npos);
  EXPECT_NE(
      why({{"emptyDir.x.mount.path", "/x"}, {"emptyDir.x.mount.subPath", "a"}, {"emptyDir.x.mount.subPathExpr", "b"}})
          .find("mutually exclusive: emptyDir.x.mount.subPath, emptyDir.x.mount.subPathExpr"),
      std::string::npos);
}

TEST(ParseVolumes, MissesUnitsFromSpark4On) {
  const Properties options = {{"emptyDir.x.mount.path", "/x"}, {"emptyDir.x.options.sizeLimit", "500"}};
  EXPECT_NE(why(options).find("Volume size `500` is smaller than 1KiB. Missing units?"), std::string::npos);
  EXPECT_EQ(why(options, "3.5.8"), "");
  EXPECT_EQ(why({{"emptyDir.x.mount.path", "/x"}, {"emptyDir.x.options.sizeLimit", "99999999999999999999999"}}), "");
}

TEST(ParseVolumes, IgnoresWhatNamesNoVolume) { EXPECT_TRUE(parse({{"emptyDir", "/x"}}).empty()); }

}  // namespace
}  // namespace spoke::spark
