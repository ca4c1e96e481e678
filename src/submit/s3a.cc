#include "submit/s3a.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "net/async.h"
#include "spark/memory.h"

namespace spoke::submit {
namespace {

class Bucket {
 public:
  Bucket(const spark::Properties& hadoop, std::string_view bucket) : hadoop_(hadoop), bucket_(bucket) {}

  std::optional<std::string> text(std::string_view name) const {
    for (const auto& property : {fmt::format("fs.s3a.bucket.{}.{}", bucket_, name), fmt::format("fs.s3a.{}", name)})
      if (const auto it = hadoop_.find(property); it != hadoop_.end())
        if (const auto value = trim(it->second); !value.empty()) return std::string(value);
    return std::nullopt;
  }
  std::string text(std::string_view name, std::string_view otherwise) const {
    return text(name).value_or(std::string(otherwise));
  }
  bool flag(std::string_view name, bool otherwise) const {
    const auto value = text(name);
    return value ? lower(*value) == "true" : otherwise;
  }

 private:
  const spark::Properties& hadoop_;
  std::string bucket_;
};

std::string proxy_of(const Bucket& bucket) {
  const std::string host = bucket.text("proxy.host", "");
  if (host.empty()) return "";
  const std::string user = bucket.text("proxy.username", "");
  const std::string who =
      user.empty() ? ""
                   : net::percent_encode(user) + ":" + net::percent_encode(bucket.text("proxy.password", "")) + "@";
  return fmt::format("http://{}{}:{}", who, host, bucket.text("proxy.port", "80"));
}

// By the end of the class' name: the packages differ between the SDK's versions.
struct Known {
  std::string_view name;
  std::vector<s3::Provider> providers;
};

const std::vector<Known>& known_providers() {
  using s3::Provider;
  static const std::vector<Known> known = {
      {"EnvironmentVariableCredentialsProvider", {Provider::Variables}},
      {"WebIdentityTokenCredentialsProvider", {Provider::WebIdentity}},
      {"WebIdentityTokenFileCredentialsProvider", {Provider::WebIdentity}},
      {"ProfileCredentialsProvider", {Provider::Profile}},
      {"ProfileAWSCredentialsProvider", {Provider::Profile}},
      {"ContainerCredentialsProvider", {Provider::Container}},
      {"EC2ContainerCredentialsProviderWrapper", {Provider::Container, Provider::Instance}},
      {"IAMInstanceCredentialsProvider", {Provider::Container, Provider::Instance}},
      {"InstanceProfileCredentialsProvider", {Provider::Instance}},
      {"DefaultAWSCredentialsProviderChain", {std::begin(s3::kAllProviders), std::end(s3::kAllProviders)}},
      {"DefaultCredentialsProvider", {std::begin(s3::kAllProviders), std::end(s3::kAllProviders)}},
  };
  return known;
}

std::optional<s3::Credentials> from_properties(const Bucket& bucket, bool with_token) {
  s3::Credentials found;
  found.keys = {bucket.text("access.key", ""), bucket.text("secret.key", ""), bucket.text("session.token", "")};
  if (found.keys.access_key.empty() || found.keys.secret_key.empty()) return std::nullopt;
  if (with_token && found.keys.session_token.empty()) return std::nullopt;
  found.source = "fs.s3a.access.key and fs.s3a.secret.key";
  return found;
}

net::Task<std::optional<s3::Credentials>> credentials_of(const Bucket& bucket, s3::Variables env) {
  const std::string list = bucket.text("aws.credentials.provider", "");
  if (list.empty()) {
    if (auto found = from_properties(bucket, false)) co_return found;
    co_return co_await s3::find_credentials({std::begin(s3::kAllProviders), std::end(s3::kAllProviders)},
                                            std::move(env));
  }
  for (const auto& item : split(replace_all(list, "\n", ","), ',')) {
    const std::string name(trim(item));
    const std::string_view simple = std::string_view(name).substr(name.rfind('.') + 1);
    if (simple.empty()) continue;
    if (simple == "AnonymousAWSCredentialsProvider" || simple == "AnonymousCredentialsProvider") co_return std::nullopt;
    if (simple == "SimpleAWSCredentialsProvider" || simple == "TemporaryAWSCredentialsProvider") {
      if (auto found = from_properties(bucket, simple.starts_with("Temporary"))) co_return found;
      continue;
    }
    const auto known = std::find_if(known_providers().begin(), known_providers().end(),
                                    [&](const Known& one) { return one.name == simple; });
    if (known == known_providers().end())
      fail(
          "fs.s3a.aws.credentials.provider names {}, a class that only a JVM can load; name one of AWS' or Hadoop's "
          "own, or "
          "run spark-submit itself with --jvm",
          name);
    if (auto found = co_await s3::find_credentials(known->providers, env)) co_return found;
  }
  co_return std::nullopt;
}

}  // namespace

bool is_s3(std::string_view uri) {
  constexpr std::array<std::string_view, 3> kSchemes = {"s3a://", "s3://", "s3n://"};
  return std::any_of(kSchemes.begin(), kSchemes.end(), [&](auto scheme) { return uri.starts_with(scheme); });
}

s3::Options s3a_options(const spark::Properties& hadoop, std::string_view name) {
  const Bucket bucket(hadoop, name);
  s3::Options options;
  options.endpoint = bucket.text("endpoint", "");
  options.region = bucket.text("endpoint.region", "");
  options.path_style = bucket.flag("path.style.access", false);
  options.tls = bucket.flag("connection.ssl.enabled", true);
  options.proxy = proxy_of(bucket);
  if (const auto size = bucket.text("multipart.size"))
    if (const auto bytes = spark::parse_memory(*size, spark::Unit::Bytes, false); bytes && *bytes > 0)
      options.part_size = std::min<size_t>(static_cast<size_t>(*bytes), options.part_size);
  const std::string algorithm =
      bucket.text("encryption.algorithm", bucket.text("server-side-encryption-algorithm", ""));
  options.kms_key = bucket.text("encryption.key", bucket.text("server-side-encryption.key", ""));
  if (algorithm == "AES256" || algorithm == "SSE-S3") {
    options.encryption = "AES256";
    options.kms_key.clear();
  } else if (algorithm == "SSE-KMS") {
    options.encryption = "aws:kms";
  } else if (algorithm == "DSSE-KMS") {
    options.encryption = "aws:kms:dsse";
  } else if (!algorithm.empty()) {
    fail(
        "fs.s3a.encryption.algorithm is {}, which spoke cannot do; AES256 and SSE-KMS it can, or run spark-submit "
        "itself "
        "with --jvm",
        algorithm);
  }
  return options;
}

net::Task<std::shared_ptr<s3::Store>> open_s3a(spark::Properties hadoop, std::string name, Surroundings around) {
  const Bucket bucket(hadoop, name);
  auto credentials = co_await credentials_of(bucket, s3::Variables(around.env.begin(), around.env.end()));
  s3::Options options = s3a_options(hadoop, name);
  if (options.region.empty()) {  // the AWS tools' own variables come last
    for (const auto variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
      if (const auto region = around.variable(variable); region && options.region.empty()) options.region = *region;
  }
  co_return std::make_shared<s3::Store>(co_await net::this_executor(), std::move(options), std::move(credentials));
}

}  // namespace spoke::submit
