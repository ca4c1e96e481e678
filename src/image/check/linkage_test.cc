#include "image/check/linkage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "image/check/test_classes.h"

namespace spoke::image {
namespace {

using From = JarFact::From;
const Member kSplit{"splitToList", "(Ljava/lang/CharSequence;)Ljava/util/List;"};

TEST(ClassFile, SaysWhatItIsAndWhatItCalls) {
  const ClassFile read = parse_class(TestClass("com/example/A", "com/example/Base")
                                         .java(21)
                                         .holds_long()
                                         .implements("java/lang/Runnable")
                                         .has({"count", "I"})
                                         .has({"run", "()V"})
                                         .uses("com/example/B", kSplit)
                                         .uses("[I", {"clone", "()Ljava/lang/Object;"})
                                         .bytes());
  EXPECT_EQ(read.java, 21);
  EXPECT_FALSE(read.is_interface);
  EXPECT_EQ(read.super, "com/example/Base");
  EXPECT_EQ(read.interfaces, std::vector<std::string>{"java/lang/Runnable"});
  EXPECT_EQ(read.members, (std::vector<Member>{{"count", "I"}, {"run", "()V"}}));
  ASSERT_EQ(read.uses.size(), 1U) << "arrays have no class file";
  EXPECT_EQ(read.uses[0].owner, "com/example/B");
  EXPECT_EQ(read.uses[0].member, kSplit);
}

TEST(ClassFile, DamageIsAnError) {
  const std::string whole = TestClass("A").has({"run", "()V"}).uses("B", kSplit).bytes();
  EXPECT_NO_THROW(parse_class(whole));
  for (size_t size = 0; size < whole.size() - 2; ++size)  // its last two bytes count attributes, which nobody reads
    EXPECT_THROW(parse_class(std::string_view(whole).substr(0, size)), Error) << size;
  EXPECT_THROW(parse_class("PK\x03\x04 and so on"), Error);
}

TEST(ClassFile, ASmallFileTellsOfNoGigabytes) {
  TestClass bomb("A");
  for (int i = 0; i < 20000; ++i) bomb.uses("B", {"run", std::string(60000, 'L')});
  const std::string bytes = bomb.bytes();
  EXPECT_LT(bytes.size(), 500'000U);
  EXPECT_THROW(parse_class(bytes), Error);
}

TEST(ClassFile, MembersAreShownAsInJava) {
  EXPECT_EQ((Member{"check", "(Z[Ljava/lang/String;[[JI)V"}.str()), "check(boolean, String[], long[][], int)");
  EXPECT_EQ((Member{"count", "I"}.str()), "count");
  EXPECT_EQ(dotted("com/example/A$B"), "com.example.A$B");
  EXPECT_EQ(classes_of("(Z[Lx/A;I)Lx/B;"), (std::vector<std::string>{"x/A", "x/B"}));
  EXPECT_EQ(java_of_class(TestClass("A").java(11).bytes()), 11);
  EXPECT_EQ(java_of_class("PK\x03\x04----"), 0);
}

TEST(ClassFile, RelocatedTypesAreTheSame) {
  const Member here{"map", "(ILorg/x/Mapper;)Lorg/x/Out;"};
  EXPECT_TRUE(is_relocated(here, here));
  EXPECT_TRUE(is_relocated(here, {"map", "(ILshaded/org/x/Mapper;)Lorg/x/Out;"}));
  EXPECT_FALSE(is_relocated(here, {"map", "(ILorg/y/Mapper;)Lorg/x/Out;"}));
  EXPECT_FALSE(is_relocated(here, {"map", "(JLorg/x/Mapper;)Lorg/x/Out;"}));
  EXPECT_FALSE(is_relocated(here, {"map", "(ILorg/x/Mapper;)V"}));
  EXPECT_FALSE(is_relocated(here, {"map", "(ILorg/x/Mapper;)Lorg/x/Out;I"}));
  EXPECT_FALSE(is_relocated({"a", "(L;)V"}, {"a", "(Lx;)V"}));
}

class LinkageTest : public testing::Test, protected TestClassPath {
 protected:
  LinkageTest() { path = {.jars = {}, .wanted_versions = {{"guava", "33.1.0-jre"}}, .java = 17}; }
  Findings check() { return check_linkage(path, read()); }
};

constexpr const char* kSplitter = "com/google/common/base/Splitter";

TEST_F(LinkageTest, ALibraryThatSparkShipsInAnotherVersion) {
  const size_t guava = jar("guava", "14.0.1", From::Spark), gcs = jar("gcs-connector", "2.2.26", From::Maven);
  put(guava, kSplitter, TestClass(kSplitter).has({"split", "()V"}).bytes());
  put(gcs, "com/google/Fs",
      TestClass("com/google/Fs").uses(kSplitter, kSplit).uses(kSplitter, {"split", "()V"}).bytes());
  const Findings found = check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "linkage");
  EXPECT_EQ(found[0].subject, "guava:14.0.1");
  EXPECT_EQ(found[0].problem,
            "is what Spark ships, and gcs-connector:2.2.26 asks for 33.1.0-jre: "
            "com.google.common.base.Splitter.splitToList(CharSequence), which com.google.Fs uses, is not there and "
            "fails with NoSuchMethodError");
  // Somebody asked for the version that is there; the connector's own trouble is not the image's.
  path.wanted_versions["guava"] = "14.0.1";
  EXPECT_TRUE(check().empty());
}

TEST_F(LinkageTest, WhatIsInheritedIsThere) {
  const size_t guava = jar("guava", "14.0.1", From::Spark), other = jar("other", "1", From::Spark),
               gcs = jar("gcs-connector", "2.2.26", From::Maven);
  put(guava, "g/A", TestClass("g/A", "o/B").bytes());
  put(other, "o/B", TestClass("o/B").implements("o/C").bytes());
  put(other, "o/C", TestClass("o/C").interface().has(kSplit).bytes());
  put(guava, "g/OfJava", TestClass("g/OfJava", "java/util/ArrayList").bytes());
  put(guava, "g/Interface", TestClass("g/Interface").interface().bytes());
  put(gcs, "x/User",
      TestClass("x/User")
          .uses("g/A", kSplit)
          .uses("g/A", {"hashCode", "()I"})
          .uses("g/OfJava", {"size", "()I"})  // nobody knows what Java's own have
          .uses("g/Interface", {"toString", "()Ljava/lang/String;"})
          .uses("gone/Away", kSplit)  // a class that is not there belongs to what is optional
          .bytes());
  EXPECT_TRUE(check().empty());
  put(gcs, "x/Other", TestClass("x/Other").uses("g/A", {"<init>", "(I)V"}).uses("g/A", {"size", "I"}).bytes());
  const Findings found = check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].problem.find("g.A(int), which x.Other uses"), std::string::npos) << found[0].problem;
}

TEST_F(LinkageTest, ClassesThatAnotherJarHasToo) {
  const size_t codec = jar("commons-codec", "1.16.1", From::Spark), bundle = jar("bundle", "2", From::Maven);
  put(codec, "codec/Hex", TestClass("codec/Hex").bytes());
  put(bundle, "codec/Hex", TestClass("codec/Hex").has(kSplit).bytes());
  put(bundle, "codec/Hex$Builder", TestClass("codec/Hex$Builder").uses("codec/Hex", kSplit).bytes());
  EXPECT_TRUE(check().empty()) << "what only goes with classes that are not loaded";
  put(bundle, "aws/Signer", TestClass("aws/Signer").uses("codec/Hex", kSplit).bytes());
  const Findings found = check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "bundle:2");
  EXPECT_NE(found[0].problem.find("has classes inside that commons-codec:1.16.1 has too"), std::string::npos);
}

TEST_F(LinkageTest, AClassOfALaterVersionIsMissedFirst) {
  const size_t guava = jar("guava", "14.0.1", From::Spark), gcs = jar("gcs-connector", "2.2.26", From::Maven);
  put(guava, "g/Codec", TestClass("g/Codec").bytes());
  put(gcs, "x/User", TestClass("x/User").uses("g/Codec", {"<init>", "(Lg/Config;Z)V"}).bytes());
  const Findings found = check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].problem.find("g.Codec(Config, boolean), which x.User uses, is not there and fails with "
                                  "NoClassDefFoundError"),
            std::string::npos)
      << found[0].problem;
}

TEST_F(LinkageTest, AJobForAnotherSpark) {
  const size_t core = jar("spark-core_2.13", "4.1.4", From::Spark), job = jar("job", "", From::Jars);
  put(core, "org/apache/spark/SparkConf", TestClass("org/apache/spark/SparkConf").bytes());
  put(job, "shop/Job", TestClass("shop/Job").uses("org/apache/spark/SparkConf", {"old", "I"}).bytes());
  const Findings found = check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(
      found[0].problem,
      "was compiled with another Spark than 4.1.4: org.apache.spark.SparkConf.old, which shop.Job uses, is not there "
      "and fails with NoSuchFieldError");
}

TEST_F(LinkageTest, DamageIsPassedOver) {
  const size_t guava = jar("guava", "14.0.1", From::Spark), gcs = jar("gcs-connector", "2.2.26", From::Maven);
  put(guava, "g/A", "no class");
  put(gcs, "x/User", TestClass("x/User").uses("g/A", kSplit).bytes());
  put(gcs, "x/Damaged", "no class either");
  EXPECT_TRUE(check().empty());
}

TEST_F(LinkageTest, JavasOwnInterfacesAreKnown) {
  const size_t core = jar("spark-core_2.13", "4.1.4", From::Spark), job = jar("job", "", From::Jars);
  put(core, "s/Rdd", TestClass("s/Rdd").implements("java/io/Serializable").implements("java/io/Closeable").bytes());
  put(job, "shop/Job", TestClass("shop/Job").uses("s/Rdd", {"close", "()V"}).bytes());
  EXPECT_TRUE(check().empty());
  put(job, "shop/Other", TestClass("shop/Other").uses("s/Rdd", {"gone", "()V"}).bytes());
  EXPECT_EQ(check().size(), 1U);
}

TEST_F(LinkageTest, DeepInheritanceEndsSomewhere) {
  const size_t guava = jar("guava", "14.0.1", From::Spark), gcs = jar("gcs-connector", "2.2.26", From::Maven);
  for (int i = 0; i < 20000; ++i)
    put(guava, fmt::format("g/C{}", i), TestClass(fmt::format("g/C{}", i), fmt::format("g/C{}", i + 1)).bytes());
  put(gcs, "x/User", TestClass("x/User").uses("g/C0", kSplit).bytes());
  EXPECT_TRUE(check().empty()) << "what is too deep to know is taken to be there";
}

TEST_F(LinkageTest, ClassesThatInheritFromThemselves) {
  const size_t guava = jar("guava", "14.0.1", From::Spark), gcs = jar("gcs-connector", "2.2.26", From::Maven);
  for (int i = 0; i < 64; ++i) {
    const std::string name = fmt::format("g/C{}", i);
    TestClass one(name);
    for (int j = 0; j < 64; ++j) one.implements(fmt::format("g/C{}", j));
    put(guava, name, one.bytes());
  }
  put(gcs, "x/User", TestClass("x/User").uses("g/C0", kSplit).bytes());
  EXPECT_EQ(check().size(), 1U);
}

TEST_F(LinkageTest, ClassesForANewerJava) {
  jar("new", "1", From::Maven);
  path.jars[0].java = 21;
  const Findings found = check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule + " " + found[0].subject, "java new:1");
  path.java = 21;
  EXPECT_TRUE(check().empty());
}

}  // namespace
}  // namespace spoke::image
