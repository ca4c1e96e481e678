// As whom one comes to S3: the ways in which AWS' tools find keys.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "net/task.h"
#include "s3/signature.h"

namespace spoke::s3 {

using Variables = std::map<std::string, std::string, std::less<>>;

struct Credentials {
  Keys keys;           // without an access key: requests go unsigned
  std::string source;  // "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
};

enum class Provider {
  Variables,    // AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  WebIdentity,  // AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN: a service account's on EKS
  Profile,      // AWS_PROFILE of ~/.aws/credentials and ~/.aws/config
  Container,    // AWS_CONTAINER_CREDENTIALS_{RELATIVE,FULL}_URI: ECS, EKS Pod Identity
  Instance,     // the instance's metadata service (version 2)
};

// AWS' own order.
inline constexpr Provider kAllProviders[] = {Provider::Variables, Provider::WebIdentity, Provider::Profile,
                                             Provider::Container, Provider::Instance};

// The first provider that is set up here; nothing where none is. One that is set up and fails throws Error, for another
// that comes by chance would be somebody else.
net::Task<std::optional<Credentials>> find_credentials(std::vector<Provider> providers, Variables env);

// What a profile says, of both files. Nothing where neither has it.
struct Profile {
  Variables settings;
  std::optional<std::string> setting(std::string_view name) const;
};
std::optional<Profile> read_profile(const Variables& env);

// The profile `name` in text of the form of ~/.aws/credentials; in ~/.aws/config a profile is called [profile NAME],
// but [default].
std::optional<Profile> parse_profile(std::string_view text, std::string_view name, bool config_file);

}  // namespace spoke::s3
