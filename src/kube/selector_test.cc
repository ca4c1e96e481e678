#include "kube/selector.h"

#include <gtest/gtest.h>

#include "kube/test_refusal.h"

namespace spoke::kube {
namespace {

bool matches(std::string_view selector, const Labels& labels) { return LabelSelector::parse(selector).matches(labels); }

TEST(LabelSelector, MatchesAsKubernetesDoes) {
  const Labels labels{{"app", "spark"}, {"tier", ""}, {"n", "5"}};
  for (const char* yes : {"", " ", "app", "app=spark", "app==spark", "app!=x", "app in (x,spark)", "app notin (x)",
                          "!gone", "gone!=x", "gone notin (x)", "tier=", "tier", "tier in (,a)", "tier in ()", "n>4",
                          "n<6", "app=spark,n,!gone", " app = spark "})
    EXPECT_TRUE(matches(yes, labels)) << yes;
  for (const char* no : {"gone", "app=x", "app!=spark", "app in (x)", "app notin (spark,x)", "!app", "gone in (x)",
                         "n>5", "n<5", "app>1", "gone>1", "app=spark,gone", "app="})
    EXPECT_FALSE(matches(no, labels)) << no;
}

TEST(LabelSelector, WordsOfTheGrammarMayBeKeysAndValues) {
  EXPECT_TRUE(matches("in in (in,notin)", {{"in", "notin"}}));
  EXPECT_TRUE(matches("notin=in", {{"notin", "in"}}));
}

TEST(LabelSelector, RequirementsAreInOrderAndTheirValuesOnceEach) {
  const auto selector = LabelSelector::parse("b in (y,x,y),a");
  ASSERT_EQ(selector.requirements().size(), 2U);
  EXPECT_EQ(selector.requirements()[0].key, "a");
  EXPECT_EQ(selector.requirements()[0].op, LabelSelector::Op::Exists);
  EXPECT_EQ(selector.requirements()[1].values, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(LabelSelector().empty());
}

// What k8s.io/apimachinery v0.34 answers, character for character.
TEST(LabelSelector, RefusesInApimachinerysWords) {
  const std::pair<std::string_view, const char*> kRefusals[] = {
      {"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"=a", "found '=', expected: !, identifier, or 'end of string'"},
      {"a,", "found '', expected: identifier after ','"},
      {"a=b c", "found 'c', expected: ',' or 'end of string'"},
      {"!a=b", "found '=', expected: ',' or 'end of string'"},
      {"!", "unable to parse requirement: found '', expected: identifier"},
      {"a=(", "unable to parse requirement: found '(', expected: identifier"},
      {"a in b", "unable to parse requirement: found 'b' expected: '('"},
      {"a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"},
      {"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"},
      {"a in (b,=", "unable to parse requirement: found '=', expected: ',', or identifier"},
      {"a>b",
       "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an "
       "integer"},
      {"a=-",
       "unable to parse requirement: values[0][a]: Invalid value: \"-\": a valid label must be an empty string or "
       "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
       "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
       "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"},
      {"/a", "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty"}};
  for (const auto& [text, message] : kRefusals)
    EXPECT_EQ(refusal([&, t = text] { LabelSelector::parse(t); }), std::string("400 BadRequest: ") + message) << text;
}

TEST(LabelSelector, FromAnObject) {
  const auto selector = LabelSelector::from_object(json::parse(R"({
      "matchLabels": {"a": "1"},
      "matchExpressions": [{"key": "b", "operator": "In", "values": ["x", "y"]}, {"key": "c", "operator": "DoesNotExist"}]})"));
  EXPECT_TRUE(selector.matches({{"a", "1"}, {"b", "y"}}));
  EXPECT_FALSE(selector.matches({{"a", "1"}, {"b", "y"}, {"c", ""}}));
  EXPECT_TRUE(LabelSelector::from_object(json::value(nullptr)).empty());
  EXPECT_TRUE(LabelSelector::from_object(json::parse("{}")).empty());
  EXPECT_EQ(refusal([] {
              LabelSelector::from_object(json::parse(R"({"matchExpressions": [{"key": "a", "operator": "Gt"}]})"));
            }),
            "400 BadRequest: \"Gt\" is not a valid label selector operator");
  EXPECT_EQ(refusal([] {
              LabelSelector::from_object(json::parse(R"({"matchExpressions": [{"key": "a", "operator": "In"}]})"));
            }),
            "400 BadRequest: values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty");
}

TEST(LabelSelector, FromAMap) {
  const auto selector = LabelSelector::from_map(json::parse(R"({"a": "1", "b": "2"})").get_object());
  EXPECT_TRUE(selector.matches(labels_of(json::parse(R"({"metadata": {"labels": {"b": "2", "a": "1", "c": 3}}})"))));
  EXPECT_FALSE(selector.matches({{"a", "1"}}));
}

std::string_view value_of(std::string_view field) { return field == "status.phase" ? "Running" : ""; }

TEST(FieldSelector, Matches) {
  for (const char* yes : {"", ",,", "status.phase=Running", "status.phase==Running", "status.phase!=Failed",
                          "spec.nodeName=", "status.phase=Running,spec.nodeName!=n"})
    EXPECT_TRUE(FieldSelector::parse(yes).matches(value_of)) << yes;
  for (const char* no : {"status.phase!=Running", "status.phase=Running,spec.nodeName=n"})
    EXPECT_FALSE(FieldSelector::parse(no).matches(value_of)) << no;
}

TEST(FieldSelector, ReadsEscapesInValues) {
  const auto selector = FieldSelector::parse(R"(b=x\,y\=z\\,a!=w)");
  ASSERT_EQ(selector.requirements().size(), 2U);
  EXPECT_EQ(selector.requirements()[0].field, "a");
  EXPECT_FALSE(selector.requirements()[0].equal);
  EXPECT_EQ(selector.requirements()[1].value, R"(x,y=z\)");
  EXPECT_TRUE(FieldSelector::parse("=").empty());
}

TEST(FieldSelector, RefusesInApimachinerysWords) {
  const std::pair<const char*, const char*> kRefusals[] = {
      {"a", "invalid selector: 'a'; can't understand 'a'"},
      {"a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"},
      {"a=\\b", "invalid field selector: invalid escape sequence: \\b"},
      {"a=\\é", "invalid field selector: invalid escape sequence: \\é"},
      {"a=b\\", "invalid field selector: invalid escape sequence: \\"},
      {"a=b=c", "invalid field selector: unescaped character in value: 61"}};
  for (const auto& [text, message] : kRefusals)
    EXPECT_EQ(refusal([&, t = text] { FieldSelector::parse(t); }), std::string("400 BadRequest: ") + message) << text;
}

}  // namespace
}  // namespace spoke::kube
