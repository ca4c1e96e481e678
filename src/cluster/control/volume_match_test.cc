#include "cluster/control/volume_match.h"

#include <gtest/gtest.h>

namespace spoke::cluster {
namespace {

Object claim(const char* spec = "{}") {
  Object out = json::parse(R"({"metadata": {"name": "c", "namespace": "ns", "uid": "u"},
      "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "manual", "volumeMode": "Filesystem",
               "resources": {"requests": {"storage": "1Gi"}}}})");
  for (const auto& [member, value] : json::parse(spec).as_object()) out.at("spec").get_object()[member] = value;
  return out;
}

Object volume(const char* name, const char* size, const char* spec = "{}") {
  Object out = json::parse(R"({"metadata": {"labels": {"disk": "fast"}},
      "spec": {"accessModes": ["ReadWriteOnce", "ReadWriteMany"], "storageClassName": "manual"}})");
  json::set(out, "metadata.name", name);
  json::set(out, "spec.capacity.storage", size);
  for (const auto& [member, value] : json::parse(spec).as_object()) out.at("spec").get_object()[member] = value;
  return out;
}

std::string match(const Object& wanted, const std::vector<Object>& volumes) {
  const Object* found = match_volume(wanted, volumes);
  return found == nullptr ? "" : std::string(kube::name(*found));
}

TEST(VolumeMatchTest, TheSmallestThatWillDo) {
  EXPECT_EQ(match(claim(), {volume("big", "10Gi"), volume("small", "500Mi"), volume("fits", "2Gi")}), "fits");
  EXPECT_EQ(match(claim(), {}), "");
}

TEST(VolumeMatchTest, OfTheSameClassModesAndLabels) {
  EXPECT_EQ(match(claim(), {volume("v", "1Gi", R"({"storageClassName": "other"})")}), "");
  EXPECT_EQ(match(claim(), {volume("v", "1Gi", R"({"accessModes": ["ReadOnlyMany"]})")}), "");
  EXPECT_EQ(match(claim(), {volume("v", "1Gi", R"({"volumeMode": "Block"})")}), "");
  EXPECT_EQ(match(claim(R"({"selector": {"matchLabels": {"disk": "slow"}}})"), {volume("v", "1Gi")}), "");
  EXPECT_EQ(match(claim(R"({"selector": {"matchLabels": {"disk": "fast"}}})"), {volume("v", "1Gi")}), "v");
}

TEST(VolumeMatchTest, OneThatIsKeptForAClaimIsForThatAlone) {
  const Object kept = volume("kept", "5Gi", R"({"claimRef": {"namespace": "ns", "name": "c"}})");
  const Object others = volume("others", "1Gi", R"({"claimRef": {"namespace": "ns", "name": "d"}})");
  const Object earlier = volume("earlier", "1Gi", R"({"claimRef": {"namespace": "ns", "name": "c", "uid": "before"}})");
  EXPECT_EQ(match(claim(), {others, earlier, volume("free", "1Gi"), kept}), "kept");
  EXPECT_EQ(match(claim(), {others, earlier}), "");
  const Object of_a_class =
      volume("v", "5Gi", R"({"claimRef": {"namespace": "ns", "name": "c"}, "storageClassName": "another"})");
  EXPECT_EQ(match(claim(R"({"selector": {"matchLabels": {"disk": "slow"}}})"), {of_a_class}), "v");
}

TEST(VolumeMatchTest, TheOneThatTheClaimNames) {
  EXPECT_EQ(match(claim(R"({"volumeName": "b"})"), {volume("a", "1Gi"), volume("b", "9Gi")}), "b");
}

TEST(VolumeMatchTest, ClaimAndVolumeKnowEachOther) {
  Object c = claim(), v = volume("v", "2Gi");
  bind(c, v);
  EXPECT_TRUE(is_bound_to(v, c));
  EXPECT_EQ(json::str(c, "spec.volumeName"), "v");
  EXPECT_EQ(json::str(c, "status.capacity.storage"), "2Gi");
  EXPECT_EQ(json::str(v, "status.phase"), "Bound");
  EXPECT_EQ(match_volume(c, {v}) != nullptr, true);
}

TEST(VolumeMatchTest, OneThatIsMadeIsForItsClaim) {
  const Object c = claim();
  const Object made = volume_for(c, nullptr, "/data/pvc-u");
  EXPECT_EQ(kube::name(made), "pvc-u");
  EXPECT_EQ(match(c, {made}), "pvc-u");
  EXPECT_EQ(json::str(made, "spec.persistentVolumeReclaimPolicy"), "Delete");
  const Object keeps = json::parse(R"({"reclaimPolicy": "Retain"})");
  EXPECT_EQ(json::str(volume_for(c, &keeps, "/x"), "spec.persistentVolumeReclaimPolicy"), "Retain");
}

}  // namespace
}  // namespace spoke::cluster
