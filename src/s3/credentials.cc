#include "s3/credentials.h"

#include <pugixml.hpp>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "base/process.h"
#include "base/strings.h"
#include "data/json.h"
#include "net/async.h"
#include "net/http_client.h"
#include "net/url.h"

namespace spoke::s3 {
namespace {

using Found = std::optional<Credentials>;

std::string variable(const Variables& env, std::string_view name) {
  const auto it = env.find(name);
  return it == env.end() ? "" : it->second;
}

Found from_variables(const Variables& env) {
  Credentials out;
  out.keys = {variable(env, "AWS_ACCESS_KEY_ID"), variable(env, "AWS_SECRET_ACCESS_KEY"),
              variable(env, "AWS_SESSION_TOKEN")};
  if (out.keys.access_key.empty() || out.keys.secret_key.empty()) return std::nullopt;
  out.source = "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  return out;
}

// The answers of container and instance, and of credential_process, have the same members.
Credentials from_json(std::string_view text, std::string source) {
  const json::value v = json::parse(text);
  Credentials out;
  out.keys.access_key = json::str(v, "AccessKeyId");
  out.keys.secret_key = json::str(v, "SecretAccessKey");
  out.keys.session_token = json::str(v, "Token", json::str(v, "SessionToken"));
  out.source = std::move(source);
  if (out.keys.access_key.empty() || out.keys.secret_key.empty()) fail("{} answered without keys", out.source);
  return out;
}

// `named` is what holds the URL, for the error of one that is none.
net::Task<net::Response> send(std::string address, std::string_view named, net::Request request, net::Millis patience) {
  net::Url url;
  try {
    url = net::parse_url(address);
  } catch (const Error& e) {
    fail("{} is {}", named, e.what());
  }
  net::ClientOptions server = net::server_of(url);
  server.connect_timeout = server.request_timeout = patience;
  request.target = net::request_of(url).target;
  net::HttpClient client(co_await net::this_executor(), server);
  co_return co_await client.send(std::move(request));
}

constexpr net::Millis kPatience{10000};

net::Task<Found> by_web_identity(const Variables& env, std::string token_file, std::string role, std::string session) {
  if (token_file.empty() || role.empty()) co_return std::nullopt;
  const std::string token(trim(read_file(token_file)));
  std::string region = variable(env, "AWS_REGION");
  if (region.empty()) region = variable(env, "AWS_DEFAULT_REGION");
  std::string endpoint = variable(env, "AWS_ENDPOINT_URL_STS");
  if (endpoint.empty())
    endpoint = region.empty() ? "https://sts.amazonaws.com" : fmt::format("https://sts.{}.amazonaws.com", region);
  net::Request request;
  request.method = "POST";
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.headers.set("Accept", "text/xml");
  net::Query form;
  form.add("Action", "AssumeRoleWithWebIdentity");
  form.add("Version", "2011-06-15");
  form.add("RoleArn", role);
  form.add("RoleSessionName", session.empty() ? "spoke" : session);
  form.add("WebIdentityToken", token);
  request.body = form.encode();
  const net::Response response = co_await send(endpoint, "AWS_ENDPOINT_URL_STS", std::move(request), kPatience);
  pugi::xml_document document;
  document.load_string(response.body.c_str());
  if (response.status != 200)
    fail("{} does not let the web identity of {} take on {}: {} {}", endpoint, token_file, role, response.status,
         document.select_node("//Message").node().text().as_string());
  const auto keys = document.select_node("//Credentials").node();
  Credentials out;
  out.keys = {keys.child("AccessKeyId").text().as_string(), keys.child("SecretAccessKey").text().as_string(),
              keys.child("SessionToken").text().as_string()};
  out.source = fmt::format("the web identity of {} as {}", token_file, role);
  if (out.keys.access_key.empty()) fail("{} answered without keys", endpoint);
  co_return out;
}

std::string profile_name(const Variables& env) {
  const std::string name = variable(env, "AWS_PROFILE");
  return name.empty() ? "default" : name;
}

net::Task<Found> from_profile(const Variables& env) {
  const std::string name = profile_name(env);
  const auto profile = read_profile(env);
  if (!profile) {
    if (!variable(env, "AWS_PROFILE").empty())
      fail("AWS_PROFILE names {}, which neither ~/.aws/credentials nor ~/.aws/config has", name);
    co_return std::nullopt;
  }
  const auto setting = [&](std::string_view key) { return profile->setting(key).value_or(""); };
  if (const std::string token_file = setting("web_identity_token_file"); !token_file.empty())
    co_return co_await by_web_identity(env, token_file, setting("role_arn"), setting("role_session_name"));
  if (const std::string command = setting("credential_process"); !command.empty()) {
    co_return from_json(run_or_fail({"sh", "-c", command}), "credential_process of the profile " + name);
  }
  for (const auto way : {"role_arn", "sso_session", "sso_start_url"})
    if (!setting(way).empty())
      fail(
          "the profile {} logs in by {}, which spoke cannot do; put its keys into the environment with "
          "`aws configure export-credentials --profile {} --format env`",
          name, way, name);
  Credentials out;
  out.keys = {setting("aws_access_key_id"), setting("aws_secret_access_key"), setting("aws_session_token")};
  out.source = "the profile " + name;
  if (out.keys.access_key.empty() || out.keys.secret_key.empty()) co_return std::nullopt;
  co_return out;
}

// A token goes there: in the clear only to this machine and to the addresses of ECS and EKS, as AWS' own tools have it.
void check_container_url(const std::string& text) {
  const net::Url url = net::parse_url(text);
  if (url.scheme == "https") return;
  boost::system::error_code not_an_address;
  const auto address = boost::asio::ip::make_address(url.host, not_an_address);
  const bool near = url.host == "localhost" || url.host == "169.254.170.2" || url.host == "169.254.170.23" ||
                    url.host == "fd00:ec2::23" || (!not_an_address && address.is_loopback());
  if (!near)
    fail("AWS_CONTAINER_CREDENTIALS_FULL_URI is {}://{}: only https:// may be another machine", url.scheme,
         url.authority());
}

net::Task<Found> from_container(const Variables& env) {
  std::string url = variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (const std::string path = variable(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); !path.empty())
    url = "http://169.254.170.2" + path;
  if (url.empty()) co_return std::nullopt;
  check_container_url(url);
  net::Request request;
  std::string token = variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty())
    token = trim(read_file(file));
  if (!token.empty()) request.headers.set("Authorization", token);
  const net::Response response =
      co_await send(url, "AWS_CONTAINER_CREDENTIALS_FULL_URI", std::move(request), kPatience);
  if (response.status != 200) fail("the container's credentials ({}) answered with {}", url, response.status);
  co_return from_json(response.body, "the container's role");
}

// Where there is no such service, nothing answers: that must not take long.
net::Task<Found> from_instance(const Variables& env) {
  constexpr net::Millis kShort{1000};
  if (lower(variable(env, "AWS_EC2_METADATA_DISABLED")) == "true") co_return std::nullopt;
  std::string endpoint = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.empty()) endpoint = "http://169.254.169.254";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  constexpr std::string_view kNamed = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  std::string token;
  try {
    net::Request request;
    request.method = "PUT";
    request.headers.set("X-aws-ec2-metadata-token-ttl-seconds", "300");
    const net::Response response = co_await send(endpoint + "/latest/api/token", kNamed, std::move(request), kShort);
    if (response.status != 200) co_return std::nullopt;
    token = response.body;
  } catch (const net::ConnectionError&) {
    co_return std::nullopt;
  }
  constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
  net::Request request;
  request.headers.set("X-aws-ec2-metadata-token", token);
  const net::Response roles = co_await send(endpoint + std::string(kRoles), kNamed, request, kPatience);
  const std::string role(trim(roles.body.substr(0, roles.body.find('\n'))));
  if (roles.status != 200 || role.empty()) co_return std::nullopt;  // an instance without a role
  const net::Response response = co_await send(endpoint + std::string(kRoles) + role, kNamed, request, kPatience);
  if (response.status != 200) fail("the instance's role {} gives no keys: {}", role, response.status);
  co_return from_json(response.body, "the instance's role " + role);
}

net::Task<Found> ask(Provider provider, const Variables& env) {
  switch (provider) {
    case Provider::Variables: co_return from_variables(env);
    case Provider::WebIdentity:
      co_return co_await by_web_identity(env, variable(env, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                                         variable(env, "AWS_ROLE_ARN"), variable(env, "AWS_ROLE_SESSION_NAME"));
    case Provider::Profile: co_return co_await from_profile(env);
    case Provider::Container: co_return co_await from_container(env);
    case Provider::Instance: co_return co_await from_instance(env);
  }
  co_return std::nullopt;
}

Path file_of(const Variables& env, std::string_view setting, std::string_view name) {
  const std::string chosen = variable(env, setting);
  return chosen.empty() ? Path(variable(env, "HOME")) / ".aws" / name : Path(chosen);
}

}  // namespace

net::Task<std::optional<Credentials>> find_credentials(std::vector<Provider> providers, Variables env) {
  for (const Provider provider : providers)
    if (auto found = co_await ask(provider, env)) co_return found;
  co_return std::nullopt;
}

std::optional<std::string> Profile::setting(std::string_view name) const {
  const auto it = settings.find(name);
  return it == settings.end() ? std::nullopt : std::optional(it->second);
}

std::optional<Profile> parse_profile(std::string_view text, std::string_view name, bool config_file) {
  std::optional<Profile> profile;
  bool inside = false;
  for (const auto& raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      std::string_view section = trim(line.substr(1, line.find(']') - 1));
      if (config_file && section.starts_with("profile "))
        section = trim(section.substr(8));
      else if (config_file && section != "default")
        section = "";
      inside = !section.empty() && section == name;
      if (inside && !profile) profile.emplace();
      continue;
    }
    const auto equals = line.find('=');
    // A line that begins with a blank belongs to a nested setting: s3 = \n addressing_style = path.
    if (!inside || equals == std::string_view::npos || raw.starts_with(' ') || raw.starts_with('\t')) continue;
    profile->settings[lower(trim(line.substr(0, equals)))] = trim(line.substr(equals + 1));
  }
  return profile;
}

std::optional<Profile> read_profile(const Variables& env) {
  const std::string name = profile_name(env);
  std::optional<Profile> found;
  const auto take = [&](const Path& file, bool config_file) {
    const auto text = try_read_file(file);
    auto profile = text ? parse_profile(*text, name, config_file) : std::nullopt;
    if (!profile) return;
    if (!found)
      found = std::move(profile);
    else
      found->settings.merge(profile->settings);  // what is there stays
  };
  take(file_of(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), false);
  take(file_of(env, "AWS_CONFIG_FILE", "config"), true);
  return found;
}

}  // namespace spoke::s3
