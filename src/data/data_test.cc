#include <gtest/gtest.h>

#include "data/json.h"
#include "data/yaml.h"

namespace spoke {
namespace {

TEST(Json, ReadersAnswerWithTheDefaultWhereSomethingElseStands) {
  const json::value v = json::parse(R"({"a": {"b": "text", "n": 3, "t": true, "l": [1]}})");
  EXPECT_EQ(json::str(v, "a.b"), "text");
  EXPECT_EQ(json::num(v, "a.n"), 3);
  EXPECT_TRUE(json::flag(v, "a.t"));
  EXPECT_EQ(json::list(v, "a.l").size(), 1U);
  EXPECT_EQ(json::str(v, "a.n", "none"), "none");
  EXPECT_EQ(json::num(v, "a.b.c", 7), 7);
  EXPECT_TRUE(json::members(v, "x.y").empty());
}

TEST(Json, SetMakesTheObjectsOnTheWay) {
  json::value v;
  json::set(v, "a.b.c", 1);
  json::make_array(v, "a.l").push_back(2);
  EXPECT_EQ(json::dump(v), R"({"a":{"b":{"c":1},"l":[2]}})");
  EXPECT_THROW(json::set(v, "a.b.c.d", 1), Error);
  EXPECT_TRUE(json::remove(v, "a.b.c"));
  EXPECT_FALSE(json::remove(v, "a.x.c"));
}

TEST(Json, SetTakesEachKindAsItIsMeant) {
  json::value v;
  json::set(v, "zero", 0);
  json::set(v, "null", nullptr);
  json::set(v, "text", "t");
  json::set(v, "string", std::string("s"));
  json::set(v, "flag", false);
  EXPECT_EQ(json::dump(v), R"({"zero":0,"null":null,"text":"t","string":"s","flag":false})");
}

TEST(Json, RefusesDepth) { EXPECT_THROW(json::parse(std::string(100, '[')), json::ParseError); }

TEST(Yaml, PlainScalarsHaveTypesAndQuotedOnesAreText) {
  const json::value v =
      yaml::parse("a: 1\nb: '1'\nc: true\nd: yes\ne: 1.5\nf: null\ng: ~\nh: \"true\"\ni: 100m\nj: 0x10\n");
  EXPECT_EQ(json::dump(v),
            R"({"a":1,"b":"1","c":true,"d":"yes","e":1.5E0,"f":null,"g":null,"h":"true","i":"100m","j":16})");
}

TEST(Yaml, AFilesModeIsOctal) {
  EXPECT_EQ(json::dump(yaml::parse("[0400, 0o400, 0, 08, 0x1F]")), "[256,256,0,8E0,31]");
}

TEST(Yaml, OfJsonsScalarsAllOthersAreText) {
  EXPECT_EQ(
      json::dump(yaml::parse("[0400, 0x1F, True, +1, 1_0, .5, -0, 1., 1e3, true, null, '1']", yaml::Scalars::Json)),
      R"(["0400","0x1F","True","+1","1_0",".5",0,1E0,1E3,true,null,"1"])");
}

TEST(Yaml, ManyDocumentsEmptyOnesLeftOut) {
  EXPECT_EQ(yaml::parse_all("---\na: 1\n---\n---\nb: 2\n").size(), 2U);
  EXPECT_TRUE(yaml::parse_all("# nothing\n").empty());
}

TEST(Yaml, ErrorsSayWhere) {
  try {
    yaml::parse_all("a:\n  - b\n c: d\n");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("line 3"), std::string::npos) << e.what();
  }
  EXPECT_THROW(yaml::parse("a: 1\na: 2\n"), Error);
}

TEST(Yaml, AliasesCannotGrowWithoutBound) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string refs;
    for (int k = 0; k < 10; ++k) refs += fmt::format("{}*a{}", k > 0 ? "," : "", i - 1);
    bomb += fmt::format("a{0}: &a{0} [{1}]\n", i, refs);
  }
  EXPECT_THROW(yaml::parse(bomb), Error);
}

TEST(Yaml, RefusesWhatIsNoDocumentAndEnds) {
  for (const std::string text :
       {",", "a: 1\n]", ",a: v1\nb: c", "}", "a: &x [*x]", "a: *b", "\xff", "\"\\ud800\"", "[]: 1"})
    EXPECT_THROW(yaml::parse_all(text), Error) << text;
  EXPECT_THROW(yaml::parse_all(std::string_view("a\0b", 3)), Error);
  EXPECT_THROW(yaml::parse_all(std::string(100, '[') + std::string(100, ']')), Error);
}

TEST(Yaml, AliasesStandForWhatTheyReferTo) {
  EXPECT_EQ(json::dump(yaml::parse("a: &x {k: [1]}\nb: *x\nc: &y z\n*y : 1\n")),
            R"({"a":{"k":[1]},"b":{"k":[1]},"c":"z","z":1})");
}

TEST(Yaml, DumpReadsOddTextsBackAsTheSame) {
  for (const std::string text :
       {"--- a", "...", "\n", "a\n\n", " a\n", "\x01\n", "a\x7f", "- x", "? a", "", "~", "1e3"})
    EXPECT_EQ(yaml::parse(yaml::dump(json::array{text})), json::value(json::array{text})) << text;
}

TEST(Yaml, DumpReadsBackAsTheSame) {
  const json::value v = json::parse(
      R"({"a":"1","b":1,"c":"true","d":"plain","e":"two\nlines\n","f":[],"g":{},"h":[{"x":1,"y":[1,2]}],"i":"","j":null,"k":"a: b","l":"tab\there","m":"- x","1":"n"})");
  EXPECT_EQ(json::dump(yaml::parse(yaml::dump(v))), json::dump(v)) << yaml::dump(v);
}

}  // namespace
}  // namespace spoke
