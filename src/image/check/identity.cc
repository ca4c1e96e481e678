// Which class takes which identity is said by hadoop-aws's "Authenticating with S3", hadoop-azure's "OAuth 2.0
// authentication", the AWS SDKs' guides ("Use web identity with IRSA": needs the module sts; "EKS Pod Identity":
// minimum versions) and gcs-connector's CONFIGURATION.md.
#include "image/check/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "image/check/class_file.h"

namespace spoke::image {
namespace {

// One library's way to take an identity.
struct Taker {
  std::string_view library;
  std::string_view entry;   // the class that connectors name; below any package where it begins with "*/"
  std::string_view needs;   // the class that this loads by its name; "" where it needs none
  std::string_view says;    // a text that the entry has in it where it knows the identity; "" where all do
  std::string_view remedy;  // where the library is there, and cannot take it
};

struct Identity {
  std::string_view name;
  std::string_view connector;  // what would bring a taker
  std::span<const Taker> takers;
};

constexpr auto kIrsa = std::to_array<Taker>(
    {{"AWS SDK v2", "software/amazon/awssdk/auth/credentials/WebIdentityTokenFileCredentialsProvider",
      "software/amazon/awssdk/services/sts/internal/StsWebIdentityCredentialsProviderFactory", "",
      "add software.amazon.awssdk:sts of the SDK's version, or take software.amazon.awssdk:bundle"},
     {"AWS SDK v1", "com/amazonaws/auth/WebIdentityTokenCredentialsProvider",
      "com/amazonaws/services/securitytoken/internal/STSProfileCredentialsService", "",
      "add com.amazonaws:aws-java-sdk-sts of the SDK's version, or take com.amazonaws:aws-java-sdk-bundle"}});

constexpr std::string_view kTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr auto kPodIdentity =
    std::to_array<Taker>({{"AWS SDK v2", "software/amazon/awssdk/core/SdkSystemSetting", "", kTokenFile,
                           "take software.amazon.awssdk 2.21.30 or newer"},
                          {"AWS SDK v1", "com/amazonaws/auth/ContainerCredentialsProvider", "", kTokenFile,
                           "take com.amazonaws:aws-java-sdk-bundle 1.12.746 or newer, or aws-irsa"}});

constexpr auto kManagedIdentity =
    std::to_array<Taker>({{"hadoop-azure", "org/apache/hadoop/fs/azurebfs/oauth2/MsiTokenProvider", "", "", ""}});

constexpr auto kAzureWorkloadIdentity = std::to_array<Taker>(
    {{"hadoop-azure", "org/apache/hadoop/fs/azurebfs/oauth2/WorkloadIdentityTokenProvider", "", "", ""}});

// The metadata server that GKE runs on each node answers for the pod's account.
constexpr auto kGkeWorkloadIdentity = std::to_array<Taker>(
    {{"gcs-connector 2", "*/com/google/cloud/hadoop/util/CredentialFactory", "", "", ""},
     {"gcs-connector 3", "*/com/google/cloud/hadoop/util/HadoopCredentialsConfiguration", "", "", ""},
     {"gcs-connector 4", "*/com/google/cloud/hadoop/fs/gcs/HadoopCredentialsConfiguration", "", "", ""}});

constexpr auto kIdentities = std::to_array<Identity>(
    {{"aws-irsa", "org.apache.hadoop:hadoop-aws", kIrsa},
     {"aws-pod-identity", "org.apache.hadoop:hadoop-aws", kPodIdentity},
     {"azure-managed-identity", "org.apache.hadoop:hadoop-azure", kManagedIdentity},
     {"azure-workload-identity", "org.apache.hadoop:hadoop-azure 3.4.1 or newer, which is of Spark 4's Hadoop",
      kAzureWorkloadIdentity},
     {"gcp-workload-identity", "com.google.cloud.bigdataoss:gcs-connector", kGkeWorkloadIdentity}});

class Places {
 public:
  explicit Places(const ClassPath& path) : path_(path) {}

  // The first jar that has the class.
  std::optional<size_t> find(std::string_view name) const {
    constexpr std::string_view anywhere = "*/";
    const bool below = name.starts_with(anywhere);
    if (below) name.remove_prefix(anywhere.size());
    for (size_t i = 0; i < path_.jars.size(); ++i)
      for (const std::string& one : path_.jars[i].classes)
        if (one == name || (below && one.ends_with(name) && one[one.size() - name.size() - 1] == '/')) return i;
    return std::nullopt;
  }

 private:
  const ClassPath& path_;
};

}  // namespace

Findings check_identity(const std::vector<std::string>& identities, const ClassPath& path, const ReadClasses& read) {
  const Places places(path);
  Findings out;
  for (const Identity& identity : kIdentities) {
    if (std::ranges::find(identities, identity.name) == identities.end()) continue;
    bool is_taken = false;
    for (const Taker& taker : identity.takers) {
      const std::optional<size_t> jar = places.find(taker.entry);
      if (!jar) continue;
      is_taken = true;
      const std::string subject = coordinates(path.jars[*jar].fact);
      if (!taker.needs.empty() && !places.find(taker.needs))
        out.push_back({"identity", subject,
                       fmt::format("takes {} with {}, which no jar has: the first use of its file system fails, for no "
                                   "credentials are found",
                                   identity.name, dotted(taker.needs)),
                       std::string(taker.remedy)});
      if (taker.says.empty()) continue;
      bool knows = false;
      read(
          *jar, [&](const std::string& name) { return name == taker.entry; },
          [&](const std::string&, std::string_view bytes) { knows = knows || bytes.find(taker.says) != bytes.npos; });
      if (!knows)
        out.push_back({"identity", subject,
                       fmt::format("is {} from before {}, and does not read {}: the first use of its file system "
                                   "fails, for no credentials are found",
                                   taker.library, identity.name, taker.says),
                       std::string(taker.remedy)});
    }
    if (!is_taken)
      out.push_back(
          {"identity", std::string(identity.name),
           fmt::format("is taken by {}, which no jar has: a configuration that names it fails with "
                       "ClassNotFoundException, one that names none finds no credentials",
                       identity.takers.front().entry.starts_with("*/") ? dotted(identity.takers.front().entry.substr(2))
                                                                       : dotted(identity.takers.front().entry)),
           fmt::format("add {}", identity.connector)});
  }
  return out;
}

}  // namespace spoke::image
