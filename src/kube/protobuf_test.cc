#include "kube/protobuf.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace spoke::kube {
namespace {

// As base64 of what client-go sends; what the API server makes of whole objects is told by tests/api/protobuf.test.
std::string decoded(std::string_view text) { return json::dump(from_protobuf(*from_base64(text))); }

// A message whose fields are all shorter than 128 bytes.
std::string field(int number, std::string_view bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + std::string(bytes);
}

std::string envelope(std::string_view api_version, std::string_view kind, std::string_view raw) {
  return std::string("k8s\0", 4) + field(1, field(1, api_version) + field(2, kind)) + field(2, raw);
}

std::string refusal(const std::string& body) {
  try {
    return json::dump(from_protobuf(body));
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(Protobuf, ReadsMapsBytesAndEmptyMembers) {
  EXPECT_EQ(
      decoded("azhzAAoPCgJ2MRIJQ29uZmlnTWFwEi8KGQoBYxIAGgAiACoAMgA4AEIAWgYKAWESAWISBgoBaxIBdhoICgFiEgMAAf8gABoAIgA="),
      R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c","generateName":"","namespace":"","selfLink":"",)"
      R"("uid":"","resourceVersion":"","generation":0,"creationTimestamp":null,"labels":{"a":"b"}},"data":{"k":"v"},)"
      R"("binaryData":{"b":"AAH/"},"immutable":false})");
}

TEST(Protobuf, ReadsWhatJsonHasInLine) {  // Volume.volumeSource.emptyDir
  EXPECT_EQ(refusal(envelope("v1", "Pod", field(2, field(1, field(1, "v") + field(2, field(2, "")))))),
            R"({"kind":"Pod","apiVersion":"v1","spec":{"volumes":[{"name":"v","emptyDir":{}}]}})");
}

TEST(Protobuf, ReadsListsInMaps) {  // SubjectAccessReviewSpec.extra
  EXPECT_EQ(
      refusal(envelope("authorization.k8s.io/v1", "SubjectAccessReview",
                       field(2, field(5, field(1, "k") + field(2, field(1, "a") + field(1, "b")))))),
      R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"extra":{"k":["a","b"]}}})");
}

TEST(Protobuf, OfAKindThatThereIsNotTellsItsName) {
  EXPECT_EQ(refusal(envelope("v9", "Nothing", "\xff\xff")), R"({"kind":"Nothing","apiVersion":"v9"})");
}

TEST(Protobuf, RefusesWhatIsMalformed) {
  const auto spec = [](std::string_view raw) { return refusal(envelope("v1", "ConfigMap", raw)); };
  EXPECT_EQ(refusal("{}"), kNotProtobuf);
  EXPECT_EQ(spec("\x0a"), "unexpected EOF");
  EXPECT_EQ(spec("\x0a\x7f"), "unexpected EOF");
  EXPECT_EQ(spec("\x0f"), "proto: illegal wireType 7");
  EXPECT_EQ(spec(std::string("\x02\x00", 2)), "proto: illegal tag 0 (wire type 2)");
  EXPECT_EQ(spec("\x08\x01"), "proto: wrong wireType = 0 for field metadata");
  EXPECT_EQ(spec(std::string(11, '\xff')), "proto: integer overflow");
  EXPECT_EQ(spec(field(2, field(1, "\xff"))), "proto: field data holds text that is not UTF-8");
}

}  // namespace
}  // namespace spoke::kube
