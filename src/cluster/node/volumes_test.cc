// Volumes: which files they consist of, how those change all at once, and what may not be reached through them.
#include "cluster/node/volumes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/node/atomic_files.h"
#include "cluster/node/host_path.h"
#include "cluster/node/subpath.h"
#include "cluster/node/test_support.h"
#include "data/yaml.h"

namespace spoke::cluster {
namespace {

namespace fs = std::filesystem;

const Time kNow = *parse_rfc3339("2026-03-01T12:00:00Z");

kube::Object pod() {
  return yaml::parse(R"(
    metadata: {name: p, namespace: ns, uid: u, labels: {b: '2', a: '1"'}}
    spec: {containers: [{name: c, resources: {limits: {cpu: '2'}}}]}
  )");
}

Sources sources() {
  Sources s;
  s.config_maps["m"] = yaml::parse("{data: {a: A, b: B}, binaryData: {c: Qw==}}");
  s.secrets["s"] = yaml::parse("{data: {key: c2VjcmV0}}");
  return s;
}

// "path=content:mode ..." of a volume, or the error.
std::string files_of(std::string_view volume, const Tokens& tokens = {}) {
  std::string out;
  try {
    for (const auto& [path, file] : volume_files(pod(), yaml::parse(volume), sources(), tokens, {})) {
      out += fmt::format("{}{}={}:{:o}", out.empty() ? "" : " ", path, file.content, file.mode);
    }
  } catch (const MountError& e) {
    return e.what();
  }
  return out;
}

TEST(VolumeFiles, ByKind) {
  const std::pair<const char*, const char*> cases[] = {
      {"{configMap: {name: m}}", "a=A:644 b=B:644 c=C:644"},
      {"{configMap: {name: m, defaultMode: 256}}", "a=A:400 b=B:400 c=C:400"},
      {"{configMap: {name: m, items: [{key: b, path: x/y, mode: 511}]}}", "x/y=B:777"},
      {"{secret: {secretName: s}}", "key=secret:644"},
      {"{configMap: {name: none, optional: true}}", ""},
      {"{configMap: {name: m, optional: true, items: [{key: none, path: x}]}}", ""},
      {"{downwardAPI: {items: [{path: l, fieldRef: {fieldPath: metadata.labels}}]}}", "l=a=\"1\\\"\"\nb=\"2\":644"},
      {"{downwardAPI: {items: [{path: cpu, resourceFieldRef: {containerName: c, resource: limits.cpu}}]}}",
       "cpu=2:644"},
      {"{name: v, projected: {defaultMode: 256, sources: [{configMap: {name: m, items: [{key: a, path: a}]}}, {secret: "
       "{name: s}}]}}",
       "a=A:400 key=secret:400"},
  };
  for (const auto& [volume, expected] : cases) EXPECT_EQ(files_of(volume), expected) << volume;
  EXPECT_EQ(files_of("{name: v, projected: {sources: [{secret: {name: s}}, {serviceAccountToken: {path: token}}]}}",
                     {{{"v", 1}, "T"}}),
            "key=secret:644 token=T:644");
}

TEST(VolumeFiles, WhatIsMissingIsNamedAsTheKubeletDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"{configMap: {name: none}}", "configmap \"none\" not found"},
      {"{secret: {secretName: none}}", "secret \"none\" not found"},
      {"{configMap: {name: m, items: [{key: z, path: z}]}}", "references non-existent config key: z"},
      {"{secret: {secretName: s, items: [{key: z, path: z}]}}", "references non-existent secret key: z"},
      {"{downwardAPI: {items: [{path: x, fieldRef: {fieldPath: spec.nope}}]}}", "unsupported fieldPath: spec.nope"},
  };
  for (const auto& [volume, expected] : cases) EXPECT_EQ(files_of(volume), expected) << volume;
}

TEST(VolumeFiles, PathsStayInside) {
  for (const char* path : {"../x", "a/../../x", "/etc/passwd", "..data", "", "a/.."}) {
    EXPECT_EQ(files_of(fmt::format("{{configMap: {{name: m, items: [{{key: a, path: \"{}\"}}]}}}}", path)),
              fmt::format("invalid path {}", path));
  }
}

TEST(VolumeFiles, SourcesAndTokensThatAreCalledFor) {
  const auto with = yaml::parse(R"(
    spec:
      volumes:
      - {name: a, configMap: {name: m1}}
      - {name: b, secret: {secretName: s1}}
      - {name: c, projected: {sources: [{configMap: {name: m2}}, {secret: {name: s2}}, {serviceAccountToken: {path: t, expirationSeconds: 600}}]}}
  )");
  SourceNames names;
  volume_sources(with, names);
  EXPECT_EQ(names.config_maps, (std::set<std::string>{"m1", "m2"}));
  EXPECT_EQ(names.secrets, (std::set<std::string>{"s1", "s2"}));
  const auto tokens = token_requests(with);
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].volume, "c");
  EXPECT_EQ(tokens[0].source, 2U);
  EXPECT_EQ(tokens[0].seconds, 600);
}

TEST(AtomicFiles, AreSeenThroughLinksThatChangeAtOnce) {
  const TempDir dir;
  const Path v = dir.path() / "v";
  EXPECT_TRUE(write_atomically(v, {{"a", {"1"}}, {"d/b", {"2", 0600}}}, {}, kNow));
  EXPECT_EQ(read_file(v / "a"), "1");
  EXPECT_EQ(read_file(v / "d/b"), "2");
  EXPECT_EQ(fs::read_symlink(v / "a"), "..data/a");
  EXPECT_EQ(fs::read_symlink(v / "d"), "..data/d");
  const Path first = fs::read_symlink(v / "..data");
  EXPECT_EQ(fs::status(v / "d/b").permissions(), fs::perms(0600));

  EXPECT_FALSE(write_atomically(v, {{"a", {"1"}}, {"d/b", {"2", 0600}}}, {}, kNow + std::chrono::seconds(1)));
  EXPECT_EQ(fs::read_symlink(v / "..data"), first);

  EXPECT_TRUE(write_atomically(v, {{"a", {"3"}}, {"c", {"4"}}}, {}, kNow + std::chrono::seconds(2)));
  EXPECT_EQ(read_file(v / "a"), "3");
  EXPECT_EQ(read_file(v / "c"), "4");
  EXPECT_FALSE(fs::exists(fs::symlink_status(v / "d")));
  EXPECT_FALSE(fs::exists(v / first));
}

TEST(AtomicFiles, RepairsAWritingThatWasCutShort) {
  const TempDir dir;
  const Path v = dir.path() / "v";
  write_atomically(v, {{"a", {"1"}}}, {}, kNow);
  fs::remove(v / "a");
  EXPECT_TRUE(write_atomically(v, {{"a", {"1"}}}, {}, kNow));
  EXPECT_EQ(read_file(v / "a"), "1");
}

TEST(AtomicFiles, TheGroupMayReadWhereThereIsOne) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const TempDir dir;
  write_atomically(dir.path() / "v", {{"a", {"1", 0600}}}, {185, 42}, kNow);
  struct stat about{};
  ASSERT_EQ(::stat((dir.path() / "v/a").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640U);
  EXPECT_EQ(about.st_uid, 185U);
  EXPECT_EQ(about.st_gid, 42U);
}

std::string host_path_error(const Path& path, std::string_view type) {
  try {
    check_host_path(path, type);
  } catch (const MountError& e) {
    return e.what();
  }
  return "";
}

TEST(HostPath, MayBeMadeOrHasToBeThere) {
  const TempDir dir;
  const Path file = dir.path() / "file";
  write_file(file, "");
  const Path missing = dir.path() / "missing";
  for (const char* type : {"Directory", "File", "Socket", "CharDevice", "BlockDevice"})
    EXPECT_NE(host_path_error(missing, type), "") << type;
  EXPECT_EQ(host_path_error(missing, "File"), "hostPath type check failed: " + missing.string() + " is not a file");
  EXPECT_EQ(host_path_error(file, "Directory"), "hostPath type check failed: " + file.string() + " is not a directory");
  EXPECT_EQ(host_path_error(file, "Socket"), "hostPath type check failed: " + file.string() + " is not a socket file");
  EXPECT_EQ(host_path_error("/dev/null", "CharDevice"), "");
  EXPECT_EQ(host_path_error(file, "File"), "");
  EXPECT_EQ(host_path_error(file, ""), "");
  EXPECT_EQ(host_path_error(dir.path() / "a/b", "DirectoryOrCreate"), "");
  EXPECT_TRUE(fs::is_directory(dir.path() / "a/b"));
  EXPECT_EQ(host_path_error(dir.path() / "a/f", "FileOrCreate"), "");
  EXPECT_TRUE(fs::is_regular_file(dir.path() / "a/f"));
}

class SubpathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    make_dirs(volume_ / "in/side");
    write_file(volume_ / "in/file", "inner");
    write_file(dir_.path() / "secret", "outer");
  }
  std::string error_of(const std::string& sub) {
    try {
      hold_subpath(volume_, sub, dir_.path() / "at" / std::to_string(++count_));
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
  TempDir dir_;
  Path volume_ = dir_.path() / "volume";
  int count_ = 0;
};

TEST_F(SubpathTest, ShowsAPartOfTheVolume) {
  const Path at = hold_subpath(volume_, "in", dir_.path() / "at");
  EXPECT_EQ(read_file(at / "file"), "inner");
  EXPECT_EQ(read_file(hold_subpath(volume_, "in/file", dir_.path() / "one")), "inner");
}

TEST_F(SubpathTest, MakesWhatIsMissing) {
  ASSERT_EQ(::chmod(volume_.c_str(), 0777), 0);
  const Path at = hold_subpath(volume_, "new/deep", dir_.path() / "at");
  write_file(at / "f", "x");
  EXPECT_EQ(read_file(volume_ / "new/deep/f"), "x");
  EXPECT_EQ(fs::status(volume_ / "new/deep").permissions(), fs::perms(0777));
}

TEST_F(SubpathTest, FollowsLinksInsideAndNoneOutside) {
  fs::create_symlink("in/file", volume_ / "inside");
  EXPECT_EQ(read_file(hold_subpath(volume_, "inside", dir_.path() / "at")), "inner");
  fs::create_symlink("../secret", volume_ / "relative");
  fs::create_symlink(dir_.path() / "secret", volume_ / "absolute");
  fs::create_symlink("/", volume_ / "root");
  EXPECT_EQ(error_of("relative"), "relative leads out of the volume");
  EXPECT_EQ(error_of("absolute"), "absolute leads out of the volume");
  EXPECT_NE(error_of("root/etc"), "");
  EXPECT_NE(error_of("root/made/by/us"), "");
  EXPECT_FALSE(fs::exists("/made"));
  EXPECT_EQ(error_of("../secret"), "../secret contains '..'");
  EXPECT_EQ(error_of("in/../../secret"), "in/../../secret contains '..'");
  EXPECT_EQ(error_of("/etc"), "/etc is not relative");
}

TEST(Volumes, KindsThatCannotBeMountedAreRefusedByName) {
  const TempDir dir;
  const auto error = [&](const char* volume) -> std::string {
    kube::Object p = pod();
    json::set(p, "spec.volumes", json::array{yaml::parse(volume)});
    const PodDir place{dir.path()};
    try {
      set_up_volumes({p, place, {}, {}, {}, {}});
    } catch (const MountError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(error("{name: v, persistentVolumeClaim: {claimName: data}}"),
            "MountVolume.SetUp failed for volume \"v\" : persistentvolumeclaim \"data\" not found");
  EXPECT_EQ(error("{name: v, nfs: {server: s, path: /}}"),
            "MountVolume.SetUp failed for volume \"v\" : volumes of type nfs are not supported by this node");
  EXPECT_EQ(error("{name: v, configMap: {name: none}}"),
            "MountVolume.SetUp failed for volume \"v\" : configmap \"none\" not found");
  EXPECT_EQ(error("{name: v, emptyDir: {}}"), "");
  EXPECT_EQ(fs::status(dir.path() / "volumes/v").permissions(), fs::perms(0777));
}

TEST(Volumes, AClaimIsTheFolderThatItIsBoundTo) {
  const TempDir dir, other;
  const PodDir place{dir.path() / "pod"};
  kube::Object p = pod();
  json::set(p, "spec.volumes", yaml::parse("[{name: v, persistentVolumeClaim: {claimName: data, readOnly: true}}]"));
  const auto folder = [](const Path& path) {
    return path_of_volume(json::object{
        {"spec", json::object{{"hostPath", json::object{{"path", path.string()}, {"type", "DirectoryOrCreate"}}}}}});
  };
  const auto source = [&](const Path& path) {
    const ClaimedPaths claimed{{"data", folder(path)}};
    set_up_volumes({p, place, {}, {}, {}, claimed});
    json::value container = *json::list(p, "spec.containers").begin();
    json::set(container, "volumeMounts", yaml::parse("[{name: v, mountPath: /mnt}]"));
    const auto mounts = container_mounts(p, place, ContainerFiles{place.dir}, container, {});
    EXPECT_TRUE(mounts.front().read_only);
    return mounts.front().source;
  };
  EXPECT_EQ(source(dir.path() / "a"), dir.path() / "a");
  EXPECT_TRUE(fs::is_directory(dir.path() / "a"));
  EXPECT_EQ(source(other.path()), other.path());  // bound anew
  EXPECT_THROW(path_of_volume(json::object{{"spec", json::object{{"nfs", json::object()}}}}), MountError);
}

TEST(Volumes, KnowWhenAnEmptyDirOutgrowsItsLimit) {
  const TempDir temp;
  const PodDir dir{temp.path()};
  kube::Object p = pod();
  json::set(p, "spec.volumes",
            yaml::parse("[{name: a, emptyDir: {}}, {name: b, emptyDir: {sizeLimit: 64Ki}}, {name: m, emptyDir: "
                        "{medium: Memory, sizeLimit: 1}}]"));
  for (const char* name : {"a", "b", "m"}) {
    make_dirs(dir.volumes() / name / "sub");
    write_file(dir.volumes() / name / "sub/file", std::string(4096, 'x'));
  }
  EXPECT_EQ(outgrown_volume(p, dir), "");
  write_file(dir.volumes() / "b/more", std::string(100000, 'x'));
  EXPECT_EQ(outgrown_volume(p, dir), "Usage of EmptyDir volume \"b\" exceeds the limit \"64Ki\". ");
}

TEST(ContainerMounts, OfVolumesAndOfTheFilesThatEveryContainerGets) {
  const TempDir temp;
  const PodDir dir{temp.path()};
  const ContainerFiles files{temp.path() / "attempt"};
  kube::Object p = pod();
  json::set(p, "spec.volumes",
            yaml::parse("[{name: e, emptyDir: {}}, {name: h, hostPath: {path: /srv}}, {name: m, configMap: {name: m}}, "
                        "{name: s, secret: {secretName: s}}]"));
  const auto container = yaml::parse(R"(
    name: c
    volumeMounts:
    - {name: e, mountPath: /e}
    - {name: h, mountPath: relative/h, readOnly: true, mountPropagation: HostToContainer}
    - {name: m, mountPath: /etc/hosts}
    - {name: s, mountPath: /s}
  )");
  std::vector<std::string> found;
  for (const auto& m : container_mounts(p, dir, files, container, {})) {
    std::string source = m.source.string();
    if (source.starts_with(temp.path().string())) source = source.substr(temp.path().string().size() + 1);
    found.push_back(fmt::format("{} {}{}{}", m.target.string(), source, m.read_only ? " ro" : "",
                                m.propagation == "rprivate" ? "" : " " + m.propagation));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"/e volumes/e", "/relative/h /srv ro rslave", "/etc/hosts volumes/m ro",
                                             "/s memory/s ro", "/etc/hostname etc/hostname",
                                             "/etc/resolv.conf etc/resolv.conf",
                                             "/dev/termination-log attempt/termination-log"}));
}

}  // namespace
}  // namespace spoke::cluster
