#include "image/check/identity.h"

#include <gtest/gtest.h>

#include "image/check/test_classes.h"

namespace spoke::image {
namespace {

constexpr const char* kWebIdentity = "software/amazon/awssdk/auth/credentials/WebIdentityTokenFileCredentialsProvider";
constexpr const char* kSts = "software/amazon/awssdk/services/sts/internal/StsWebIdentityCredentialsProviderFactory";
constexpr const char* kContainer = "com/amazonaws/auth/ContainerCredentialsProvider";
constexpr const char* kTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

class IdentityTest : public testing::Test, protected TestClassPath {
 protected:
  IdentityTest() { jar("added", "1.0", JarFact::From::Maven); }
  void has(const std::string& name, const std::string& bytes = "") { put(0, name, bytes); }
  Findings check(const std::string& identity) { return check_identity({identity}, path, read()); }
};

TEST_F(IdentityTest, AnIdentityThatNothingTakes) {
  const Findings found = check("azure-workload-identity");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "identity");
  EXPECT_EQ(found[0].subject, "azure-workload-identity");
  EXPECT_EQ(found[0].problem,
            "is taken by org.apache.hadoop.fs.azurebfs.oauth2.WorkloadIdentityTokenProvider, which no jar has: a "
            "configuration that names it fails with ClassNotFoundException, one that names none finds no credentials");
  EXPECT_EQ(found[0].remedy, "add org.apache.hadoop:hadoop-azure 3.4.1 or newer, which is of Spark 4's Hadoop");
  // What takes another is not what takes this.
  has("org/apache/hadoop/fs/azurebfs/oauth2/MsiTokenProvider");
  EXPECT_EQ(check("azure-workload-identity").size(), 1U);
  EXPECT_TRUE(check("azure-managed-identity").empty());
  has("org/apache/hadoop/fs/azurebfs/oauth2/WorkloadIdentityTokenProvider");
  EXPECT_TRUE(check("azure-workload-identity").empty());
}

TEST_F(IdentityTest, WhatTakesItNeedsAnotherModule) {
  has(kWebIdentity);
  const Findings found = check("aws-irsa");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "added:1.0");
  EXPECT_NE(found[0].problem.find("StsWebIdentityCredentialsProviderFactory, which no jar has"), std::string::npos);
  EXPECT_NE(found[0].remedy.find("software.amazon.awssdk:sts"), std::string::npos);
  // Which may come in another jar.
  put(jar("sts", "2.29.52", JarFact::From::Maven), kSts, "");
  EXPECT_TRUE(check("aws-irsa").empty());
}

TEST_F(IdentityTest, ALibraryFromBeforeTheIdentity) {
  has(kContainer, TestClass(kContainer).bytes());
  const Findings found = check("aws-pod-identity");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].problem.find(kTokenFile), std::string::npos);
  path = {};
  put(jar("newer", "1.12.746", JarFact::From::Maven), kContainer, TestClass(kContainer).has({kTokenFile, "I"}).bytes());
  EXPECT_TRUE(check("aws-pod-identity").empty());
}

TEST_F(IdentityTest, AClassMayHaveMovedToAnotherPackage) {
  has("com/google/cloud/hadoop/repackaged/gcs/notcom/google/cloud/hadoop/util/CredentialFactory");
  EXPECT_EQ(check("gcp-workload-identity").size(), 1U);
  has("com/google/cloud/hadoop/repackaged/gcs/com/google/cloud/hadoop/util/CredentialFactory");
  EXPECT_TRUE(check("gcp-workload-identity").empty());
}

TEST_F(IdentityTest, NoneIsAskedFor) { EXPECT_TRUE(check_identity({}, path, read()).empty()); }

}  // namespace
}  // namespace spoke::image
