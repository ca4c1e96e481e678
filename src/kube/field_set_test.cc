#include "kube/field_set.h"

#include <gtest/gtest.h>

#include "kube/managed_fields.h"

namespace spoke::kube {
namespace {

FieldSet set(const char* fields) { return FieldSet::from_json(json::parse(fields)); }
std::string text(const FieldSet& fields) { return json::dump(fields.to_json()); }

TEST(FieldSet, ReadsAndWritesFieldsV1) {
  const std::string fields = R"({"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:ports":{)"
                             R"("k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}})";
  EXPECT_EQ(text(set(fields.c_str())), fields);
}

TEST(FieldSet, SortsByKindOfElementAndThenByValue) {
  EXPECT_EQ(text(set(R"({"v:10": {}, "v:9": {}, "v:\"a\"": {}, "i:2": {}, "i:10": {}, "f:z": {}, "f:a": {}})")),
            R"({"f:a":{},"f:z":{},"v:9":{},"v:10":{},"v:\"a\"":{},"i:2":{},"i:10":{}})");
  EXPECT_EQ(text(set(R"({"k:{\"port\":443}": {}, "k:{\"port\":80}": {}, "k:{\"name\":\"x\"}": {}})")),
            R"({"k:{\"name\":\"x\"}":{},"k:{\"port\":80}":{},"k:{\"port\":443}":{}})");
}

TEST(FieldSet, ReadsKeysHoweverTheyAreWritten) {
  EXPECT_EQ(text(set(R"({"k:{ \"protocol\": \"TCP\", \"port\": 80.0 }": {}})")),
            R"({"k:{\"port\":80,\"protocol\":\"TCP\"}":{}})");
}

TEST(FieldSet, EscapesAsGoDoes) { EXPECT_EQ(value_element("a<b"), "v:\"a\\u003cb\""); }

TEST(FieldSet, LeavesOutWhatItDoesNotKnow) {
  EXPECT_EQ(text(set(R"({"x:new": {}, "f:a": {"z:other": {}}})")), R"({"f:a":{}})");
}

TEST(FieldSet, RefusesMalformedElements) {
  for (const char* fields :
       {R"({"f": {}})", R"({"": {}})", R"({"fa": {}})", R"({"k:[1]": {}})", R"({"k:{": {}})", R"({"v:": {}})"})
    EXPECT_THROW(set(fields), Error) << fields;
}

TEST(FieldSet, JoinsAndParts) {
  const FieldSet a = set(R"({"f:a": {".": {}, "f:b": {}}, "f:c": {}})"),
                 b = set(R"({"f:a": {"f:b": {}, "f:d": {}}, "f:e": {}})");
  EXPECT_EQ(text(a.united(b)), R"({"f:a":{".":{},"f:b":{},"f:d":{}},"f:c":{},"f:e":{}})");
  EXPECT_EQ(text(a.intersected(b)), R"({"f:a":{"f:b":{}}})");
  EXPECT_EQ(text(a.without(b)), R"({"f:a":{},"f:c":{}})");
  // A parent that goes leaves its children.
  EXPECT_EQ(text(a.without(set(R"({"f:a": {}})"))), R"({"f:a":{"f:b":{}},"f:c":{}})");
  EXPECT_TRUE(a.without(a).empty());
}

TEST(FieldSet, NamesPathsAsConflictsDo) {
  const FieldSet fields = set(
      R"({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}}}, "f:replicas": {}},
          "f:l": {"v:\"x\"": {}, "i:0": {}}})");
  EXPECT_EQ(fields.paths(),
            (std::vector<std::string>{".l[=\"x\"]", ".l[0]", ".spec.replicas", ".spec.containers[name=\"a\"]",
                                      ".spec.containers[name=\"a\"].image"}));
}

TEST(ManagedFields, RefusesEntriesThatAreNone) {
  for (const char* entries :
       {R"("x")", R"([{"manager": "a"}])", R"([{"operation": "Apply", "apiVersion": "v1"}])",
        R"([{"operation": "Eat", "apiVersion": "v1", "fieldsType": "FieldsV1"}])",
        R"([{"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"x": {}}}])"}) {
    const json::value v = json::parse(entries);
    EXPECT_THROW(read_managed_fields(&v), Error) << entries;
  }
}

}  // namespace
}  // namespace spoke::kube
