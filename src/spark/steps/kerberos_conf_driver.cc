// Kerberos: krb5.conf, and a keytab or delegation tokens.
// Source: KerberosConfDriverFeatureStep (Spark 3.5 to 4.3). Spark obtains delegation tokens itself where Hadoop's
// security is on and neither keytab nor Secret is given; here they come with the submission.

#include <fmt/format.h>

#include "base/strings.h"
#include "spark/conf_dir.h"
#include "spark/steps.h"

namespace spoke::spark {
namespace {

constexpr std::string_view kKrb5File = "spark.kubernetes.kerberos.krb5.path";
constexpr std::string_view kKrb5ConfigMap = "spark.kubernetes.kerberos.krb5.configMapName";
constexpr std::string_view kKeytab = "spark.kerberos.keytab";
constexpr std::string_view kPrincipal = "spark.kerberos.principal";
constexpr std::string_view kTokenSecret = "spark.kubernetes.kerberos.tokenSecret.name";
constexpr std::string_view kTokenKey = "spark.kubernetes.kerberos.tokenSecret.itemKey";

void require_with(const Conf& conf, std::string_view given, std::string_view needed, const char* why) {
  if (conf.has(given) && !conf.has(needed)) throw InvalidConf(std::string(needed), why);
}

void check(const Conf& conf) {
  if (conf.has(kKrb5File) && conf.has(kKrb5ConfigMap))
    throw InvalidConf(
        std::string(kKrb5ConfigMap),
        "requirement failed: Do not specify both a Krb5 local file and the ConfigMap as the creation of an additional "
        "ConfigMap, when one is already specified, is extraneous");
  require_with(conf, kKeytab, kPrincipal,
               "requirement failed: If a Kerberos keytab is specified you must also specify a Kerberos principal");
  require_with(conf, kPrincipal, kKeytab,
               "requirement failed: If a Kerberos principal is specified you must also specify a Kerberos keytab");
  require_with(conf, kTokenSecret, kTokenKey,
               "If a secret storing a Kerberos Delegation Token is specified you must also specify the item-key where "
               "the data is stored");
  require_with(conf, kTokenKey, kTokenSecret,
               "If a secret data item-key where the data of the Kerberos Delegation Token is specified you must also "
               "specify the name of the secret");
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

kube::Object immutable_secret(std::string_view name, std::string_view key, std::string_view content) {
  kube::Object secret = named_object("v1", "Secret", name);
  json::set(secret, "immutable", true);
  json::set(secret, "data", json::object{{key, base64(content)}});
  return secret;
}

void mount_krb5(const Submission& s, Draft& draft) {
  json::object source;
  if (const auto existing = s.conf.text(kKrb5ConfigMap)) {
    source["name"] = *existing;
  } else if (const auto path = s.conf.text(kKrb5File)) {
    const std::string file = base_name(*path);
    const std::string name = draft.names.prefix + "-krb5-file";
    source["name"] = name;
    source["items"] = json::array{json::object{{"key", file}, {"path", file}}};
    draft.resources.push_back(immutable_config_map(name, {{file, decode_utf8(file_of(s, kKrb5File))}}));
  } else {
    return;
  }
  draft.add_volume("krb5-file", "configMap", std::move(source));
  draft.add_mount({{"name", "krb5-file"}, {"mountPath", "/etc/krb5.conf"}, {"subPath", "krb5.conf"}});
}

void mount_keytab(const Submission& s, Draft& draft, const std::string& keytab) {
  constexpr std::string_view kVolume = "kerberos-keytab";
  constexpr std::string_view kPath = "/mnt/secrets/kerberos-keytab";
  const std::string name = draft.names.prefix + "-kerberos-keytab";
  draft.resources.push_back(immutable_secret(name, base_name(keytab), file_of(s, kKeytab)));
  draft.add_volume(kVolume, "secret", {{"secretName", name}});
  draft.add_mount(kVolume, kPath);
  draft.properties[std::string(kKeytab)] = fmt::format("{}/{}", kPath, base_name(keytab));
}

void mount_tokens(Draft& draft, const std::string& secret, const std::string& key) {
  constexpr std::string_view kVolume = "hadoop-secret";
  constexpr std::string_view kPath = "/mnt/secrets/hadoop-credentials";
  draft.add_volume(kVolume, "secret", {{"secretName", secret}});
  draft.add_mount(kVolume, kPath);
  draft.add_env("HADOOP_TOKEN_FILE_LOCATION", fmt::format("{}/{}", kPath, key));
}

}  // namespace

void kerberos_conf_driver(const Submission& s, Draft& draft) {
  check(s.conf);
  mount_krb5(s, draft);
  const auto keytab = s.conf.text(kKeytab);
  if (keytab && !keytab->starts_with("local:")) {
    mount_keytab(s, draft, *keytab);
  } else if (const auto secret = s.conf.text(kTokenSecret)) {
    mount_tokens(draft, *secret, s.conf.text(kTokenKey, ""));
  } else if (!keytab && !s.delegation_tokens.empty()) {
    const std::string name = draft.names.prefix + "-delegation-tokens";
    draft.resources.push_back(immutable_secret(name, "hadoop-tokens", s.delegation_tokens));
    mount_tokens(draft, name, "hadoop-tokens");
  }
}

}  // namespace spoke::spark
