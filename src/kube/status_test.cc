#include "kube/status.h"

#include <gtest/gtest.h>

namespace spoke::kube {
namespace {

TEST(Status, SaysNoAsTheApiServerDoes) {
  EXPECT_EQ(json::dump(not_found("", "pods", "x").to_json()),
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \"x\" not found",)"
            R"("reason":"NotFound","details":{"name":"x","kind":"pods"},"code":404})");
  EXPECT_EQ(already_exists("coordination.k8s.io", "leases", "x").message(),
            "leases.coordination.k8s.io \"x\" already exists");
  EXPECT_EQ(conflict("apps", "deployments", "x", "why").message(),
            "Operation cannot be fulfilled on deployments.apps \"x\": why");
  EXPECT_EQ(json::dump(rejected().to_json()),
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
            R"("message":"the server rejected our request due to an error in our request",)"
            R"("reason":"Invalid","details":{},"code":422})");
  EXPECT_EQ(json::dump(unclassified("oh").to_json()),
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"oh","code":500})");
}

TEST(Status, ForbiddenNamesWhatThereIs) {
  EXPECT_EQ(forbidden("", "pods", "x", "no").message(), "pods \"x\" is forbidden: no");
  EXPECT_EQ(forbidden("", "pods", "", "no").message(), "pods is forbidden: no");
  EXPECT_EQ(forbidden("", "", "", "no").message(), "forbidden: no");
}

TEST(Status, InvalidListsItsCausesAndRepeatsNoneInTheMessage) {
  const Cause name = required("metadata.name", "name or generateName is required");
  const Cause port = invalid_value("spec.port", 0, "must be between 1 and 65535, inclusive");
  EXPECT_EQ(invalid("", "Service", "s", {name}).message(),
            "Service \"s\" is invalid: metadata.name: Required value: name or generateName is required");
  EXPECT_EQ(
      invalid("", "Service", "s", {name, port, name}).message(),
      "Service \"s\" is invalid: [metadata.name: Required value: name or generateName is required, spec.port: Invalid "
      "value: 0: must be between 1 and 65535, inclusive]");
  EXPECT_EQ(json::list(invalid("", "Service", "s", {name, port, name}).details(), "causes").size(), 3U);
  EXPECT_EQ(
      json::dump(invalid("", "", "", {invalid_value("patch", "{}", "why")}).to_json()),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
      R"("message":" \"\" is invalid: patch: Invalid value: \"{}\": why","reason":"Invalid",)"
      R"("details":{"causes":[{"reason":"FieldValueInvalid","message":"Invalid value: \"{}\": why","field":"patch"}]},)"
      R"("code":422})");
}

TEST(Status, CausesAreWordedAsFieldErrors) {
  EXPECT_EQ(required("f", "").message, "Required value");
  EXPECT_EQ(invalid_value("f", json::parse("1.5"), "why").message, "Invalid value: 1.5: why");
  EXPECT_EQ(not_supported("f", "x\"", {"A", "B"}).message, R"(Unsupported value: "x\"": supported values: "A", "B")");
  EXPECT_EQ(duplicate("f", "x").message, "Duplicate value: \"x\"");
  EXPECT_EQ(too_long("f", 1).message, "Too long: may not be more than 1 byte");
  EXPECT_EQ(forbidden_field("f", "why").message, "Forbidden: why");
}

TEST(Status, ReadsWhatAServerSent) {
  const StatusError sent(not_found("apps", "deployments", "x").to_json());
  EXPECT_EQ(sent.code(), 404);
  EXPECT_TRUE(sent.is("NotFound"));
  EXPECT_EQ(json::str(sent.details(), "group"), "apps");
  EXPECT_STREQ(sent.what(), "deployments.apps \"x\" not found");
  const StatusError odd(json::parse("[1]"));
  EXPECT_EQ(odd.code(), 500);
  EXPECT_EQ(odd.message(), "the server answered without a message");
}

}  // namespace
}  // namespace spoke::kube
