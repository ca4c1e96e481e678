#include "kube/patch.h"

#include <gtest/gtest.h>

#include "kube/test_refusal.h"

namespace spoke::kube {
namespace {

constexpr const char* kRejected = "422 Invalid: the server rejected our request due to an error in our request";

std::string patched(const char* document, const std::string& patch) {
  std::string out;
  const std::string refused = refusal([&] { out = json::dump(json_patch(json::parse(document), json::parse(patch))); });
  return refused.empty() ? out : refused;
}

TEST(JsonPatch, Operations) {
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"add","path":"/b","value":[1]}])"), R"({"a":1,"b":[1]})");
  EXPECT_EQ(patched(R"({"a":1,"b":2,"c":3})", R"([{"op":"remove","path":"/b"}])"), R"({"a":1,"c":3})");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])"), R"({"a":null})");
  EXPECT_EQ(patched(R"({"a":{"x":1}})", R"([{"op":"move","from":"/a/x","path":"/y"}])"), R"({"a":{},"y":1})");
  EXPECT_EQ(patched(R"({"a":{"x":1}})", R"([{"op":"copy","from":"/a","path":"/b"}])"), R"({"a":{"x":1},"b":{"x":1}})");
  EXPECT_EQ(patched(R"({"a":[1]})", R"([{"op":"test","path":"/a","value":[1]}])"), R"({"a":[1]})");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"","value":{"b":2}}])"), R"({"b":2})");
  EXPECT_EQ(patched(R"({"a":1})", "[]"), R"({"a":1})");
}

TEST(JsonPatch, ListsTakeIndicesFromBothEnds) {
  const char* list = R"({"l":[1,2]})";
  EXPECT_EQ(patched(list, R"([{"op":"add","path":"/l/0","value":0}])"), R"({"l":[0,1,2]})");
  EXPECT_EQ(patched(list, R"([{"op":"add","path":"/l/2","value":3}])"), R"({"l":[1,2,3]})");
  EXPECT_EQ(patched(list, R"([{"op":"add","path":"/l/-","value":3}])"), R"({"l":[1,2,3]})");
  EXPECT_EQ(patched(list, R"([{"op":"remove","path":"/l/-1"}])"), R"({"l":[1]})");
  EXPECT_EQ(patched(list, R"([{"op":"replace","path":"/l/01","value":9}])"), R"({"l":[1,9]})");
  for (const char* path : {"/l/3", "/l/-4", "/l/x", "/l/", "/l/99999999999999999999"})
    EXPECT_EQ(patched(list, fmt::format(R"([{{"op":"add","path":"{}","value":0}}])", path)), kRejected) << path;
  for (const char* path : {"/l/2", "/l/-3", "/l/-", "/l/1/x", "/l/x/y"})
    EXPECT_EQ(patched(list, fmt::format(R"([{{"op":"remove","path":"{}"}}])", path)), kRejected) << path;
}

TEST(JsonPatch, PointersEscapeSlashAndTilde) {
  EXPECT_EQ(patched(R"({"a/b":1,"~1":2})", R"([{"op":"remove","path":"/a~1b"}])"), R"({"~1":2})");
  EXPECT_EQ(patched(R"({"a/b":1,"~1":2})", R"([{"op":"remove","path":"/~01"}])"), R"({"a/b":1})");
}

TEST(JsonPatch, AFailedTestOrPathDoesNotSayWhy) {
  for (const char* operation :
       {R"({"op":"test","path":"/a","value":2})", R"({"op":"test","path":"/a","value":1.0})",
        R"({"op":"test","path":"/a"})", R"({"op":"remove","path":"/x"})", R"({"op":"remove","path":""})",
        R"({"op":"add","path":"","value":{}})", R"({"op":"add","path":"/x/y","value":1})",
        R"({"op":"add","path":"/a/y","value":1})", R"({"op":"move","from":"/x","path":"/y"})",
        R"({"op":"copy","from":"/x/y","path":"/y"})", R"({"op":"bogus","path":"/a"})", R"({"path":"/a"})",
        R"({"op":"add","value":1})", R"({"op":"add","path":"a","value":1})", "null"})
    EXPECT_EQ(patched(R"({"a":1})", fmt::format("[{}]", operation)), kRejected) << operation;
}

// As the library that the API server uses does.
TEST(JsonPatch, IsLenientWhereKubernetesIs) {
  EXPECT_EQ(patched("{}", R"([{"op":"replace","path":"/a","value":1}])"), R"({"a":1})");
  EXPECT_EQ(patched("{}", R"([{"op":"add","path":"/a"}])"), R"({"a":null})");
  EXPECT_EQ(patched("{}", R"([{"op":"copy","from":"/x","path":"/a"}])"), R"({"a":null})");
  EXPECT_EQ(patched("{}", R"([{"op":"test","path":"/a","value":null}])"), "{}");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"","value":3}])"), R"({"a":1})");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"remove","path":"junk/a"}])"), "{}");
  EXPECT_EQ(patched(R"({"a":1})", "null"), R"({"a":1})");
}

TEST(JsonPatch, RefusesWhatIsNoPatchInTheWordsOfGosDecoder) {
  const std::string start = "400 BadRequest: error decoding patch: json: cannot unmarshal ";
  EXPECT_EQ(patched("{}", "{}"), start + "object into Go value of type []handlers.jsonPatchOp");
  EXPECT_EQ(patched("{}", "3"), start + "number into Go value of type []handlers.jsonPatchOp");
  EXPECT_EQ(patched("{}", "[3]"), start + "number into Go value of type handlers.jsonPatchOp");
  EXPECT_EQ(patched("{}", R"([{"op":true,"path":3}])"),
            start + "bool into Go struct field jsonPatchOp.op of type string");
}

TEST(JsonPatch, HasAtMostTenThousandOperations) {
  json::array operations(10000, json::parse(R"({"op":"test","path":"/a","value":1})"));
  const json::value document = json::parse(R"({"a":1})");
  EXPECT_EQ(json_patch(document, operations), document);
  operations.push_back(operations[0]);
  EXPECT_EQ(
      refusal([&] { json_patch(document, operations); }),
      "413 RequestEntityTooLarge: Request entity too large: The allowed maximum operations in a JSON patch is 10000, "
      "got 10001");
}

TEST(JsonPatch, CopiesCannotGrowWithoutBound) {
  json::array operations;
  for (int i = 0; i < 40; ++i) operations.push_back(json::parse(R"({"op":"copy","from":"/a","path":"/a/-"})"));
  EXPECT_EQ(patched(R"({"a":["xxxxxxxxxx"]})", json::dump(operations)), kRejected);
}

TEST(JsonPatch, DocumentsCannotGrowDeeperThanTheyCanBeRead) {
  json::array operations;
  for (int i = 0; i < 70; ++i) {
    operations.push_back(json::parse(R"({"op":"add","path":"/b","value":{}})"));
    operations.push_back(json::parse(R"({"op":"move","from":"/a","path":"/b/a"})"));
    operations.push_back(json::parse(R"({"op":"move","from":"/b","path":"/a"})"));
  }
  EXPECT_EQ(patched(R"({"a":{}})", json::dump(operations)), kRejected);
  std::string path;
  for (int i = 0; i < 1000; ++i) path += "/a";
  EXPECT_EQ(patched("{}", fmt::format(R"([{{"op":"add","path":"{}","value":1}}])", path)), kRejected);
}

TEST(JsonPatch, CannotMoveLargeListsAroundForEver) {
  json::array operations(10000, json::parse(R"({"op":"move","from":"/l/0","path":"/l/0"})"));
  const json::value document = json::object{{"l", json::array(300'000, json::value(0))}};
  EXPECT_EQ(refusal([&] { json_patch(document, operations); }),
            "413 RequestEntityTooLarge: Request entity too large: the JSON patch moves too many values around");
}

std::string merged(const char* document, const char* patch) {
  std::string out;
  const std::string refused =
      refusal([&] { out = json::dump(merge_patch(json::parse(document), json::parse(patch))); });
  return refused.empty() ? out : refused;
}

TEST(MergePatch, MergesObjectsAndReplacesTheRest) {
  EXPECT_EQ(merged(R"({"a":{"x":1,"y":2},"b":[1,2]})", R"({"a":{"x":null,"z":3},"b":[9]})"),
            R"({"a":{"y":2,"z":3},"b":[9]})");
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":{"b":null,"c":{"d":null}}})"), R"({"a":{"c":{}}})");
  EXPECT_EQ(merged(R"({"a":1,"b":2,"c":3})", R"({"x":null,"b":null})"), R"({"a":1,"c":3})");
  EXPECT_EQ(merged(R"({"a":{"b":1}})", R"({"a":[{"n":null}]})"), R"({"a":[{"n":null}]})");
  EXPECT_EQ(merged("{}", R"({"a":[{"n":null},null]})"), R"({"a":[{},null]})");
}

TEST(MergePatch, RefusesWhatIsNoObject) {
  EXPECT_EQ(merged("{}", "[]"),
            "400 BadRequest: error decoding patch: json: cannot unmarshal array into Go value of type "
            "map[string]interface {}");
  EXPECT_EQ(merged("{}", "null"), "400 BadRequest: Invalid JSON Patch");
}

}  // namespace
}  // namespace spoke::kube
