// Custom kinds: expectations are what kube-apiserver 1.34 answers to the same definitions and objects.

#include "kube/schema.h"

#include <gtest/gtest.h>

namespace spoke::kube {
namespace {

constexpr const char* kAt = "spec.versions[0].schema.openAPIV3Schema";

SchemaPtr build(const std::string& open_api, std::vector<std::string>* problems = nullptr) {
  std::vector<Cause> causes;
  SchemaPtr out = structural_schema(json::parse(open_api), kAt, causes);
  if (problems == nullptr) {
    EXPECT_TRUE(causes.empty()) << open_api << "\n"
                                << (causes.empty() ? "" : causes[0].field + ": " + causes[0].message);
  } else {
    for (const auto& c : causes) problems->push_back(c.field.substr(std::string(kAt).size()) + ": " + c.message);
  }
  return out;
}

// A definition whose objects have these properties under spec.
std::string with_spec(const std::string& properties) {
  return R"({"type": "object", "properties": {"spec": {"type": "object", "properties": {)" + properties + "}}}}";
}

std::vector<std::string> problems_of(const std::string& open_api) {
  std::vector<std::string> out;
  EXPECT_EQ(build(open_api, &out), nullptr) << open_api;
  return out;
}

using Texts = std::vector<std::string>;

TEST(StructuralSchema, DemandsTypes) {
  EXPECT_EQ(problems_of("{}"), (Texts{".type: Required value: must not be empty at the root"}));
  EXPECT_EQ(
      problems_of(with_spec(R"("a": {})")),
      (Texts{".properties[spec].properties[a].type: Required value: must not be empty for specified object fields"}));
  EXPECT_EQ(
      problems_of(with_spec(R"("a": {"type": "array", "items": {}})")),
      (Texts{
          ".properties[spec].properties[a].items.type: Required value: must not be empty for specified array items"}));
  EXPECT_EQ(problems_of(with_spec(R"("a": {"type": "array"})")),
            (Texts{".properties[spec].properties[a].items: Required value: must be specified"}));
  EXPECT_EQ(problems_of(with_spec(R"("a": {"type": "foo"})")),
            (Texts{".properties[spec].properties[a].type: Unsupported value: \"foo\": supported values: \"array\", "
                   "\"boolean\", \"integer\", "
                   "\"number\", \"object\", \"string\""}));
}

TEST(StructuralSchema, ForbidsWhatMakesPruningUnclear) {
  EXPECT_EQ(problems_of(R"({"type": "object", "additionalProperties": {"type": "string"}})"),
            (Texts{".additionalProperties: Forbidden: must not be used at the root"}));
  EXPECT_EQ(
      problems_of(with_spec(
          R"("a": {"type": "object", "properties": {"x": {"type": "string"}},
              "additionalProperties": {"type": "string"}})")),
      (Texts{".properties[spec].properties[a].additionalProperties: Forbidden: additionalProperties and properties are "
             "mutual exclusive"}));
  EXPECT_EQ(problems_of(with_spec(R"("a": {"type": "string", "$ref": "x"})")),
            (Texts{".properties[spec].properties[a].$ref: Forbidden: $ref is not supported"}));
  EXPECT_EQ(problems_of(
                R"({"type": "object", "properties": {"metadata": {"type": "object",
              "properties": {"labels": {"type": "object"}}}}})"),
            (Texts{".properties[metadata]: Forbidden: must not specify anything other than name and generateName, but "
                   "metadata is "
                   "implicitly specified"}));
}

TEST(StructuralSchema, KeepsValueValidationsFromShapingValues) {
  EXPECT_EQ(problems_of(with_spec(R"("a": {"type": "string", "anyOf": [{"type": "string"}]})")),
            (Texts{".properties[spec].properties[a].anyOf[0].type: Forbidden: must be empty to be structural"}));
  EXPECT_EQ(problems_of(R"({"type": "object", "allOf": [{"properties": {"b": {"pattern": "x"}}}]})"),
            (Texts{".properties[b]: Required value: because it is defined in "
                   "spec.versions[0].schema.openAPIV3Schema.allOf[0].properties[b]"}));
  build(with_spec(R"("a": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]})"));
}

TEST(StructuralSchema, ChecksListTypes) {
  EXPECT_EQ(problems_of(with_spec(
                R"("a": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "string"}}},
                                           "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]})")),
            (Texts{".properties[spec].properties[a].items.properties[n].default: Required value: this property is in "
                   "x-kubernetes-list-map-keys, so it must have a default or be a required property"}));
  EXPECT_EQ(
      problems_of(with_spec(R"("a": {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "set"})")),
      (Texts{".properties[spec].properties[a].items.x-kubernetes-map-type: Invalid value: null: must be atomic as item "
             "of a list with "
             "x-kubernetes-list-type=set"}));
}

TEST(StructuralSchema, ChecksPatternsAndDefaults) {
  EXPECT_EQ(problems_of(with_spec(R"("a": {"type": "string", "pattern": "(a"})")),
            (Texts{".properties[spec].properties[a].pattern: Invalid value: \"(a\": must be a valid regular "
                   "expression, but isn't: error "
                   "parsing regexp: missing closing ): `(a`"}));
  EXPECT_EQ(problems_of(with_spec(R"("a": {"type": "string", "default": 5})")),
            (Texts{".properties[spec].properties[a].default: Invalid value: \"integer\":  in body must be of type "
                   "string: \"integer\""}));
  EXPECT_EQ(problems_of(
                with_spec(R"("a": {"type": "object", "properties": {"x": {"type": "string"}}, "default": {"y": 1}})")),
            (Texts{".properties[spec].properties[a].default: Invalid value: {\"y\":1}: must not have unknown fields"}));
}

TEST(StructuralSchema, KnowsMetadata) {
  const SchemaPtr s = build(
      R"({"type": "object", "properties": {"metadata": {"type": "object",
          "properties": {"name": {"type": "string", "maxLength": 3}}}}})");
  EXPECT_EQ(s->properties.at("metadata")->properties.at("finalizers")->merge, Schema::Merge::Set);
  json::value object = json::parse(R"({"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "long", "foo": 1}})");
  EXPECT_EQ(prune(*s, object), Texts{"metadata.foo"});
}

TEST(ToOpenApi, WritesWhatWasRead) {
  const std::string text = with_spec(
      R"("l": {"type": "array", "items": {"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"]},
               "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
         "m": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1.0}},
         "e": {"type": "string", "enum": ["a", "b"], "default": "a", "nullable": true},
         "p": {"type": "string", "pattern": "^x$", "maxLength": 5},
         "o": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "oneOf": [{"required": ["a"]}]},
         "i": {"x-kubernetes-int-or-string": true})");
  EXPECT_EQ(*json::find(to_open_api(*build(text)), "properties.spec"),
            *json::find(json::parse(text), "properties.spec"));
}

// --- pruning and defaults ---

TEST(Prune, ListsMetadataFirstAndThenSorts) {
  const SchemaPtr s = build(with_spec(
      R"("lm": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
         "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
             "properties": {"x": {"type": "object"}}},
         "r": {"type": "object", "x-kubernetes-embedded-resource": true,
             "x-kubernetes-preserve-unknown-fields": true})"));
  json::value object =
      json::parse(R"({"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "s", "foo": 1}, "zed": 1, "alpha": {},
      "spec": {"b": 1, "a": 2, "lm": [{"name": "x", "q": 1}], "any": {"z": {"deep": 1}, "x": {"y": 1}},
               "r": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "bar": 1}, "spec": {"c": 1}}}})");
  EXPECT_EQ(prune(*s, object), (Texts{"metadata.foo", "alpha", "spec.a", "spec.any.x.y", "spec.b", "spec.lm[0].q",
                                      "spec.r.metadata.bar", "zed"}));
  EXPECT_EQ(*json::find(object, "spec.any"), json::parse(R"({"z": {"deep": 1}, "x": {}})"));
  EXPECT_EQ(*json::find(object, "spec.r.spec"), json::parse(R"({"c": 1})"));
}

TEST(ApplyDefaults, FillsWhatIsMissingOrNull) {
  const SchemaPtr s = build(with_spec(
      R"("a": {"type": "string", "default": "x"}, "n": {"type": "string", "default": "x", "nullable": true},
          "p": {"type": "string"},
         "o": {"type": "object", "default": {}, "properties": {"q": {"type": "integer", "default": 5}}},
         "l": {"type": "array", "items": {"type": "object", "properties": {"q": {"type": "integer", "default": 5}}}},
         "m": {"type": "object", "additionalProperties": {"type": "string", "default": "y"}})"));
  json::value object =
      json::parse(R"({"spec": {"a": null, "n": null, "p": null, "l": [{}, {"q": 1}], "m": {"k": null}}})");
  apply_defaults(*s, object);
  EXPECT_EQ(
      object,
      json::parse(R"({"spec": {"a": "x", "n": null, "o": {"q": 5}, "l": [{"q": 5}, {"q": 1}], "m": {"k": "y"}}})"));
}

// --- validation ---

struct Case {
  const char* property;  // of spec.x
  const char* value;
  Texts expected;  // "reason field: message"; the field less "spec.x", the reason less "FieldValue"
};

TEST(Validate, SaysWhatTheApiServerSays) {
  const Case cases[] = {
      {R"({"type": "integer"})",
       R"("a")",
       {R"(TypeInvalid : Invalid value: "string": spec.x in body must be of type integer: "string")"}},
      {R"({"type": "integer"})",
       "1.5",
       {R"(TypeInvalid : Invalid value: "number": spec.x in body must be of type integer: "number")"}},
      {R"({"type": "integer"})", "1.0", {}},
      {R"({"type": "number"})", "1", {}},
      {R"({"type": "string"})",
       "null",
       {R"(TypeInvalid : Invalid value: "null": spec.x in body must be of type string: "null")"}},
      {R"({"type": "string", "nullable": true})", "null", {}},
      {R"({"type": "array", "items": {"type": "string"}})",
       R"([1])",
       {R"(TypeInvalid [0]: Invalid value: "integer": spec.x[0] in body must be of type string: "integer")"}},
      {R"({"type": "string", "enum": ["a", "b"]})",
       R"("c")",
       {R"(NotSupported : Unsupported value: "c": supported values: "a", "b")"}},
      {R"({"type": "integer", "enum": [1, 2]})",
       "3",
       {R"(NotSupported : Unsupported value: 3: supported values: "1", "2")"}},
      {R"({"type": "string", "pattern": "^[a-z]+$"})",
       R"("A1")",
       {R"(Invalid : Invalid value: "A1": spec.x in body should match '^[a-z]+$')"}},
      {R"({"type": "string", "minLength": 2})",
       R"("é")",
       {R"(Invalid : Invalid value: "é": spec.x in body should be at least 2 chars long)"}},
      {R"({"type": "string", "maxLength": 1})", R"("ab")", {"TooLong : Too long: may not be more than 1 byte"}},
      {R"({"type": "integer", "minimum": 2})",
       "1",
       {"Invalid : Invalid value: 1: spec.x in body should be greater than or equal to 2"}},
      {R"({"type": "integer", "maximum": 10, "exclusiveMaximum": true})",
       "10",
       {"Invalid : Invalid value: 10: spec.x in body should be less than 10"}},
      {R"({"type": "number", "minimum": 1.5})", "1", {}},
      {R"({"type": "integer", "multipleOf": 5})",
       "3",
       {"Invalid : Invalid value: 3: spec.x in body should be a multiple of 5"}},
      {R"({"type": "array", "items": {"type": "string"}, "minItems": 1})",
       "[]",
       {"Invalid : Invalid value: 0: spec.x in body should have at least 1 items"}},
      {R"({"type": "array", "items": {"type": "string"}, "maxItems": 1})",
       R"(["a", "b"])",
       {"TooMany : Too many: 2: must have at most 1 item"}},
      {R"({"type": "object", "properties": {"y": {"type": "string"}}, "required": ["y"]})",
       "{}",
       {"Required .y: Required value"}},
      {R"({"type": "object", "additionalProperties": {"type": "integer"}})",
       R"({"k": "v"})",
       {R"(TypeInvalid .k: Invalid value: "string": spec.x.k in body must be of type integer: "string")"}},
      {R"({"type": "string", "format": "date-time"})",
       R"("x")",
       {R"(TypeInvalid : Invalid value: "x": spec.x in body must be of type date-time: "x")"}},
      {R"({"type": "string", "format": "date-time"})", R"("2020-01-01T00:00:00.5+01:00")", {}},
      {R"({"type": "string", "format": "ipv4"})",
       R"("1.2.3")",
       {R"(TypeInvalid : Invalid value: "1.2.3": spec.x in body must be of type ipv4: "1.2.3")"}},
      {R"({"type": "string", "format": "whatever"})", R"("anything")", {}},
      {R"({"type": "integer", "format": "int32"})", "99999999999", {}},
      {R"({"x-kubernetes-int-or-string": true})",
       "true",
       {R"(TypeInvalid : Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean")"}},
      {R"({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
          "oneOf": [{"required": ["a"]}, {"required": ["b"]}]})",
       R"({"a": "x", "b": "y"})",
       {R"(Invalid <nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf).)"
        R"( Found 2 valid alternatives)"}},
      {R"({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
          "anyOf": [{"required": ["a"]}, {"required": ["b"]}]})",
       "{}",
       {R"(Invalid <nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf))",
        "Required .a: Required value"}},
      {R"({"type": "string", "not": {"pattern": "x"}})",
       R"("x")",
       {R"(Invalid <nil>: Invalid value: "": "spec.x" must not validate the schema (not))"}},
      {R"({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"})",
       R"(["a", "a", "b", "a"])",
       {R"(Duplicate [1]: Duplicate value: "a")"}},
      {R"({"type": "array", "items": {"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"]},
           "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]})",
       R"([{"k": "a"}, {"k": "a"}])",
       {R"(Duplicate [1]: Duplicate value: {"k":"a"})"}},
      {R"({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true})",
       R"({"kind": ""})",
       {"Required .apiVersion: Required value", R"(Invalid .kind: Invalid value: "": must not be empty)"}},
  };
  for (const Case& c : cases) {
    const SchemaPtr schema = build(with_spec(R"("x": )" + std::string(c.property)));
    Texts found;
    for (const auto& cause : validate(*schema, json::parse(R"({"spec": {"x": )" + std::string(c.value) + "}}"))) {
      const std::string field = cause.field.starts_with("spec.x") ? cause.field.substr(6) : cause.field;
      found.push_back(cause.reason.substr(10) + " " + field + ": " + cause.message);
    }
    EXPECT_EQ(found, c.expected) << c.property << " " << c.value;
  }
}

TEST(Validate, NamesTheRootsRequiredMembers) {
  const auto causes = validate(*build(R"({"type": "object", "required": ["spec"]})"), json::parse("{}"));
  ASSERT_EQ(causes.size(), 1u);
  EXPECT_EQ(causes[0].field, "spec");
}

// A large list with keys is looked through once.
TEST(Validate, TakesTimeLinearInTheObject) {
  const SchemaPtr s =
      build(with_spec(R"("l": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}})"));
  json::array items;
  for (int i = 0; i < 200'000; ++i) items.push_back(json::value(std::to_string(i)));
  json::value object = json::object{{"spec", json::object{{"l", std::move(items)}}}};
  EXPECT_TRUE(validate(*s, object).empty());
}

}  // namespace
}  // namespace spoke::kube
