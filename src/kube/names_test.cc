#include "kube/names.h"

#include <gtest/gtest.h>

namespace spoke::kube {
namespace {

using Reasons = std::vector<std::string>;

const std::string kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const std::string kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    R"('[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'))";
const std::string kNamePart =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

TEST(Names, Dns1123Label) {
  for (const char* fine : {"a", "0", "a-b", "x1", "1x"}) EXPECT_TRUE(check_dns1123_label(fine).empty()) << fine;
  for (const char* bad : {"", "-a", "a-", "A", "a_b", "é", "a b", "a..b"})
    EXPECT_EQ(check_dns1123_label(bad), Reasons{kLabel}) << bad;
  EXPECT_EQ(check_dns1123_label("a.b"), Reasons{"must not contain dots"});
  EXPECT_EQ(check_dns1123_label(std::string(64, 'a')), Reasons{"must be no more than 63 characters"});
  EXPECT_EQ(check_dns1123_label(std::string(64, '-')), (Reasons{"must be no more than 63 characters", kLabel}));
}

TEST(Names, Dns1123Subdomain) {
  for (const char* fine : {"a", "a.b", "sparkoperator.k8s.io", "0.1"})
    EXPECT_TRUE(check_dns1123_subdomain(fine).empty());
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a.-b", "A.b"})
    EXPECT_EQ(check_dns1123_subdomain(bad), Reasons{kSubdomain}) << bad;
  EXPECT_TRUE(check_dns1123_subdomain(std::string(253, 'a')).empty());
  EXPECT_EQ(check_dns1123_subdomain(std::string(254, 'a')), Reasons{"must be no more than 253 characters"});
}

TEST(Names, Dns1035LabelStartsWithALetter) {
  EXPECT_TRUE(check_dns1035_label("svc-1").empty());
  EXPECT_EQ(
      check_dns1035_label("1-svc"),
      Reasons{"a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
              "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
              "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"});
}

TEST(Names, QualifiedName) {
  for (const char* fine : {"a", "A_b.c", "example.com/Name", "spark-role"})
    EXPECT_TRUE(check_qualified_name(fine).empty());
  EXPECT_EQ(check_qualified_name(""), (Reasons{"name part must be non-empty", kNamePart}));
  EXPECT_EQ(check_qualified_name("/a"), Reasons{"prefix part must be non-empty"});
  EXPECT_EQ(check_qualified_name("B/a"), Reasons{"prefix part " + kSubdomain});
  EXPECT_EQ(check_qualified_name("b/"), (Reasons{"name part must be non-empty", kNamePart}));
  EXPECT_EQ(check_qualified_name(std::string(64, 'a')), Reasons{"name part must be no more than 63 characters"});
  EXPECT_EQ(
      check_qualified_name("a/b/c"),
      Reasons{"a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
              "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
              "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
              "'example.com/MyName')"});
}

TEST(Names, LabelValue) {
  for (const char* fine : {"", "a", "A-b_c.9"}) EXPECT_TRUE(check_label_value(fine).empty()) << fine;
  for (const char* bad : {"-", "a b", "a/b", "é", "a."}) EXPECT_EQ(check_label_value(bad).size(), 1U) << bad;
  EXPECT_EQ(check_label_value(std::string(64, 'a')), Reasons{"must be no more than 63 characters"});
}

TEST(Names, EnvironmentVariablesAreRelaxedSince134) {
  for (const char* fine : {"A", "1A", "a b", "a:b", "../x"}) EXPECT_TRUE(check_env_var_name(fine).empty()) << fine;
  EXPECT_EQ(check_env_var_name(""), Reasons{"environment variable name must be non-empty"});
  for (const char* bad : {"a=b", "é", "a\nb", "\x7f"})
    EXPECT_EQ(
        check_env_var_name(bad),
        Reasons{"a valid environment variable name must consist only of printable ASCII characters other than '='"});
}

TEST(Names, ConfigMapKey) {
  for (const char* fine : {"a", "A.b_c-d", ".hidden"}) EXPECT_TRUE(check_config_map_key(fine).empty()) << fine;
  EXPECT_EQ(check_config_map_key("."), Reasons{"must not be '.'"});
  EXPECT_EQ(check_config_map_key(".."), Reasons{"must not be '..'"});
  EXPECT_EQ(check_config_map_key("..a"), Reasons{"must not start with '..'"});
  EXPECT_EQ(check_config_map_key("a/b"),
            Reasons{"a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
                    "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"});
}

TEST(Names, PathSegment) {
  EXPECT_TRUE(check_path_segment("system:node").empty());
  EXPECT_EQ(check_path_segment(".."), Reasons{"may not be '..'"});
  EXPECT_EQ(check_path_segment("a/%"), (Reasons{"may not contain '/'", "may not contain '%'"}));
}

TEST(Names, PortName) {
  EXPECT_TRUE(check_port_name("driver-rpc-port").empty());
  EXPECT_EQ(check_port_name("driver-rpc-ports"), Reasons{"must be no more than 15 characters"});
  EXPECT_EQ(check_port_name("80"), Reasons{"must contain at least one letter (a-z)"});
  EXPECT_EQ(check_port_name("a--b"), Reasons{"must not contain consecutive hyphens"});
  EXPECT_EQ(check_port_name("a-"), Reasons{"must not begin or end with a hyphen"});
  EXPECT_EQ(check_port_name(""), (Reasons{"must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
                                          "must contain at least one letter (a-z)"}));
}

Reasons lines(const char* metadata, const char* api_version = "v1") {
  Reasons out;
  const json::value object = json::object{{"apiVersion", api_version}, {"metadata", json::parse(metadata)}};
  for (const auto& cause : check_metadata(object)) out.push_back(cause.field + ": " + cause.message);
  return out;
}

TEST(ObjectMeta, FineMetadataHasNothingToSay) {
  EXPECT_TRUE(lines(R"({"labels": {"app.kubernetes.io/name": "x"}, "annotations": {"Example.com/Any": "any text\n"},
                        "finalizers": ["orphan", "example.com/f"],
                        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Job", "name": "j", "uid": "u"}]})")
                  .empty());
  EXPECT_TRUE(check_metadata(json::value(nullptr)).empty());
  EXPECT_TRUE(lines(R"({"labels": 3, "finalizers": [3], "ownerReferences": {}})").empty());  // the decoder's to refuse
}

TEST(ObjectMeta, LabelsAndAnnotations) {
  EXPECT_EQ(lines(R"({"labels": {"-": "x"}})"), Reasons{"metadata.labels: Invalid value: \"-\": " + kNamePart});
  EXPECT_EQ(lines(R"({"labels": {"a": "-"}})").size(), 1U);
  EXPECT_EQ(lines(R"({"annotations": {"a b": "x"}})"),
            Reasons{"metadata.annotations: Invalid value: \"a b\": " + kNamePart});
  const std::string large(256 * 1024, 'x');
  EXPECT_EQ(lines(("{\"annotations\": {\"a\": \"" + large + "\"}}").c_str()),
            Reasons{"metadata.annotations: Too long: may not be more than 262144 bytes"});
}

TEST(ObjectMeta, Finalizers) {
  EXPECT_EQ(lines(R"({"finalizers": ["orphan", "foregroundDeletion"]})"),
            Reasons{"metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and "
                    "foregroundDeletion cannot be both set"});
  EXPECT_EQ(
      lines(R"({"finalizers": ["a/b", "mine"]})"),
      Reasons{"metadata.finalizers[1]: Invalid value: \"mine\": name is neither a standard finalizer name nor is it "
              "fully qualified"});
  EXPECT_TRUE(lines(R"({"finalizers": ["mine"]})", "sparkoperator.k8s.io/v1beta2").empty());
}

TEST(ObjectMeta, OwnerReferences) {
  EXPECT_EQ(lines(R"({"ownerReferences": [{}]})"),
            (Reasons{"metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty",
                     "metadata.ownerReferences.kind: Invalid value: \"\": must not be empty",
                     "metadata.ownerReferences.name: Invalid value: \"\": must not be empty",
                     "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"}));
  EXPECT_EQ(lines(R"({"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "e<", "uid": "u"}]})"),
            Reasons{R"(metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e\u003c",)"
                    R"("uid":"u"}: /v1, Kind=Event is disallowed from being an owner)"});
  const auto two = lines(R"({"ownerReferences": [
      {"apiVersion": "v1", "kind": "A", "name": "a", "uid": "1", "controller": true},
      {"apiVersion": "v1", "kind": "B", "name": "b", "uid": "2", "controller": true}]})");
  ASSERT_EQ(two.size(), 1U);
  EXPECT_NE(
      two[0].find("Only one reference can have Controller set to true. Found \"true\" in references for A/a and B/b"),
      std::string::npos);
}

}  // namespace
}  // namespace spoke::kube
