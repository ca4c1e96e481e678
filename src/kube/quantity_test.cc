#include "kube/quantity.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

namespace spoke::kube {
namespace {

// Each pair is what k8s.io/apimachinery v0.34's Quantity.String() makes of the first text.
TEST(Quantity, CanonicalFormIsTheApiServers) {
  const std::pair<const char*, const char*> kForms[] = {
      {"0", "0"},           {"1", "1"},          {"1000", "1k"},         {"1500", "1500"},      {"0.5", "500m"},
      {"1.5", "1500m"},     {"1000m", "1"},      {"100m", "100m"},       {"0.1", "100m"},       {"1024Mi", "1Gi"},
      {"1025Mi", "1025Mi"}, {"1.5Gi", "1536Mi"}, {"512Ki", "512Ki"},     {"2048", "2048"},      {"1e3", "1e3"},
      {"1E3", "1E3"},       {"100e1", "1e3"},    {"1e1", "10"},          {"12e6", "12e6"},      {"1000k", "1M"},
      {"1M", "1M"},         {"1000000", "1M"},   {"0.0000000001", "1n"}, {"-1.5", "-1500m"},    {"-1Gi", "-1Gi"},
      {"1023", "1023"},     {"0.5Ki", "512"},    {"0.1Ki", "102400m"},   {"1.1Ki", "1126400m"}, {"0Gi", "0"},
      {"0.000", "0"},       {"8Ki", "8Ki"},      {"4096Pi", "4Ei"},      {"1000P", "1E"}};
  for (const auto& [text, form] : kForms) EXPECT_EQ(Quantity::canonical(text), form) << text;
}

TEST(Quantity, KeepsWhatKubernetesTakesForCanonicalAlready) {
  for (const char* text : {"+1", "0100m", "1.500", "1500m", "1025Ki"}) EXPECT_EQ(Quantity::canonical(text), text);
}

TEST(Quantity, HasKubernetesQuirks) {
  EXPECT_EQ(Quantity::canonical("-"), "0");
  EXPECT_EQ(Quantity::canonical("."), "0");
  EXPECT_EQ(Quantity::canonical("e3"), "0");
  EXPECT_EQ(Quantity::canonical("1000E"), "1");  // there is no suffix for it
  EXPECT_EQ(Quantity::canonical("9Ei"), "9223372036854775807");
  EXPECT_EQ(Quantity::canonical(" 1Gi\n"), "1Gi");
}

TEST(Quantity, RefusesInApimachinerysWords) {
  const std::string format =
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  for (const char* text : {"", " ", "abc", "1x", "1 Gi", "1.2.3", "1e3.5", "0x10", "1Gi\n1", "é"}) {
    EXPECT_FALSE(Quantity::parse(text)) << text;
    EXPECT_FALSE(Quantity::canonical(text)) << text;
    EXPECT_EQ(Quantity::refusal(text), format) << text;
  }
  for (const char* text : {"1mm", "--1", "1ki", "1K", "1iG", "1e", "1m5", "1e99999999999999999999"})
    EXPECT_EQ(Quantity::refusal(text), "unable to parse quantity's suffix") << text;
  EXPECT_EQ(Quantity::refusal("e-10"), "unable to parse numeric part of quantity");
  EXPECT_EQ(Quantity::refusal("500m"), "");
}

TEST(Quantity, ValuesRoundAwayFromZero) {
  EXPECT_EQ(Quantity::parse("1.5")->value(), 2);
  EXPECT_EQ(Quantity::parse("1.5")->milli(), 1500);
  EXPECT_EQ(Quantity::parse("1n")->milli(), 1);
  EXPECT_EQ(Quantity::parse("0.1n")->value(), 1);
  EXPECT_EQ(Quantity::parse("-1.5")->value(), -2);
  EXPECT_EQ(Quantity::parse("1Gi")->value(), 1 << 30);
  EXPECT_EQ(Quantity::parse("1e3")->value(), 1000);
  EXPECT_EQ(Quantity::of_milli(250).milli(), 250);
  EXPECT_EQ(Quantity::of(2), *Quantity::parse("2000m"));
}

TEST(Quantity, AddsAndCompares) {
  EXPECT_EQ(*Quantity::parse("1") + *Quantity::parse("500m"), *Quantity::parse("1.5"));
  EXPECT_TRUE((*Quantity::parse("1") - *Quantity::parse("2")).negative());
  EXPECT_TRUE((*Quantity::parse("1Gi") - *Quantity::parse("1024Mi")).zero());
  EXPECT_LT(*Quantity::parse("1G"), *Quantity::parse("1Gi"));
}

TEST(Quantity, IsCappedAtAnInt64) {
  const auto most = std::numeric_limits<std::int64_t>::max();
  for (const std::string text : {"9223372036854775807", "9223372036854775808", "100E", "16Ei", "1e2147483647"}) {
    EXPECT_EQ(Quantity::parse(text)->value(), most) << text;
    EXPECT_EQ(Quantity::parse("-" + text)->value(), -most) << text;
  }
  EXPECT_EQ(Quantity::parse("1E")->milli(), most);
}

TEST(Quantity, HostileLengthsAndExponentsCostLittle) {
  const std::string nines(1 << 20, '9');
  EXPECT_EQ(Quantity::parse(nines)->value(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Quantity::canonical(nines + "Ki"), "9223372036854775807");
  EXPECT_EQ(Quantity::canonical("0." + nines), "1");
  EXPECT_EQ(Quantity::canonical("1234567890123456789e-2147483648"), "1e-9");
  EXPECT_EQ(Quantity::canonical("1e2147483646"), "1e2147483646");
  EXPECT_EQ(Quantity::parse("1" + std::string(1 << 20, '0') + "e-1048576")->value(), 1);
}

}  // namespace
}  // namespace spoke::kube
