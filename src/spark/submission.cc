#include "spark/submission.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "spark/memory.h"
#include "spark/uris.h"

namespace spoke::spark {
namespace {

void check_positive_memory(const Submission& s, std::string_view property, std::string_view whose) {
  const auto value = s.conf.raw(property);
  if (value && parse_memory(*value, Unit::Bytes, s.rules.iec_suffixes).value_or(-1) <= 0)
    throw InvalidConf(std::string(property),
                      fmt::format("{} memory must be a positive number; correct {}", whose, property));
}

void check_positive_count(const Conf& conf, std::string_view property, std::string_view what) {
  const auto value = conf.raw(property);
  if (value && to_int(*value).value_or(-1) <= 0)
    throw InvalidConf(std::string(property), fmt::format("{} must be a positive number; correct {}", what, property));
}

// SparkSubmitArguments.validateSubmitArguments.
void check(const Submission& s) {
  check_positive_memory(s, "spark.driver.memory", "Driver");
  check_positive_memory(s, "spark.executor.memory", "Executor");
  check_positive_count(s.conf, "spark.driver.cores", "Driver cores");
  check_positive_count(s.conf, "spark.executor.cores", "Executor cores");
  check_positive_count(s.conf, "spark.cores.max", "Total executor cores");
  if (lower(s.conf.raw("spark.dynamicAllocation.enabled", "false")) != "true")
    check_positive_count(s.conf, "spark.executor.instances", "Number of executors");
  if (s.proxy_user && s.conf.has("spark.kerberos.principal"))
    throw InvalidConf("spark.kerberos.principal", "Only one of --proxy-user or --principal can be provided.");
  if (s.language == Language::Jvm && s.main_class.empty())
    fail("No main class set in JAR; please specify one with --class.");
  if (s.language != Language::Jvm && s.resource.empty())
    fail("Must specify a primary resource (JAR or Python or R file)");
}

std::string default_name(const Submission& s) {
  if (s.language == Language::Jvm) return s.main_class;
  return s.resource.substr(s.resource.rfind('/') + 1);  // npos + 1 is 0
}

void append(std::string& list, std::string_view item) {
  if (!list.empty()) list += ',';
  list += item;
}

void drop_foreign_properties(Conf& conf, std::vector<std::string>& warnings) {
  std::vector<std::string> foreign;
  for (const auto& [property, value] : conf.all())
    if (!property.starts_with("spark.")) foreign.push_back(property);
  for (const auto& property : foreign) {
    warnings.push_back("Ignoring non-Spark config property: " + property);
    conf.erase(property);
  }
}

void resolve_dependencies(Submission& s) {
  for (const auto property : {"spark.files", "spark.archives"})
    if (const auto list = s.conf.raw(property)) s.conf.set(property, resolve_uris(*list, s.folder));
  s.conf.set("spark.submit.pyFiles", resolve_uris(s.conf.raw("spark.submit.pyFiles", ""), s.folder));
  if (!s.resource.empty() && s.resource != kNoResource) s.resource = resolve_uri(s.resource, s.folder);

  // A JVM application's own jar is one of its jars, so that executors get it too.
  std::string jars = resolve_uris(s.conf.raw("spark.jars", ""), s.folder);
  if (s.language == Language::Jvm && !s.resource.empty() && s.resource != kNoResource) append(jars, s.resource);
  if (s.language == Language::Jvm || s.conf.has("spark.jars")) s.conf.set("spark.jars", jars);
}

}  // namespace

Language language_of(std::string_view resource) {
  if (resource.ends_with(".py")) return Language::Python;
  return resource.ends_with(".R") || resource.ends_with(".r") ? Language::R : Language::Jvm;
}

std::string check_master(std::string_view master) {
  std::string_view url = master;
  if (!url.starts_with("k8s://"))
    throw InvalidConf("spark.master",
                      fmt::format("Kubernetes master URL must start with k8s:// (spark.master is \"{}\")", master));
  url.remove_prefix(6);
  const auto at = url.find("://");
  if (at == std::string_view::npos) return fmt::format("k8s://https://{}", url);
  if (const auto scheme = url.substr(0, at); scheme != "https" && scheme != "http")
    throw InvalidConf("spark.master",
                      fmt::format("Invalid Kubernetes master scheme: {} found in URL: {}", scheme, url));
  return std::string(master);
}

Submission with_submit_rules(Submission s, std::vector<std::string>& warnings) {
  check(s);
  drop_foreign_properties(s.conf, warnings);
  if (!s.conf.has("spark.master"))
    throw InvalidConf("spark.master", "A master URL must be set in your configuration; set spark.master to k8s://URL");
  s.conf.set("spark.master", check_master(s.conf.raw("spark.master", "")));
  s.conf.set("spark.submit.deployMode", "cluster");
  s.conf.set_if_missing("spark.app.name", default_name(s));
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(s.ids.now.time_since_epoch()).count();
  s.conf.set_if_missing("spark.app.submitTime", std::to_string(ms));
  s.conf.erase("spark.driver.host");  // the driver's Service has its name
  resolve_dependencies(s);
  return s;
}

std::vector<std::string> uploads_needed(const Submission& submission) {
  std::vector<std::string> warnings;
  const Submission s = with_submit_rules(submission, warnings);
  std::vector<std::string> needed;
  const auto add = [&](std::string_view uri) {
    if (needs_upload(uri)) needed.emplace_back(without_fragment(uri));
  };
  for (const auto property : {"spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles"})
    for (const auto& uri : s.conf.list(property)) add(uri);
  if (s.language == Language::Python) add(s.resource);
  return needed;
}

const std::string& file_of(const Submission& submission, std::string_view property) {
  const std::string path = submission.conf.text(property, "");
  const auto it = submission.files.find(path);
  if (it == submission.files.end())
    throw InvalidConf(std::string(property),
                      fmt::format("{} provided by {} does not exist or is not a file.", path, property));
  return it->second;
}

const std::string& copy_of(const Submission& submission, std::string_view uri) {
  constexpr std::string_view kUploadPath = "spark.kubernetes.file.upload.path";
  const auto it = submission.uploads.find(without_fragment(uri));
  if (it != submission.uploads.end()) return it->second;
  if (!submission.conf.has(kUploadPath))
    throw InvalidConf(std::string(kUploadPath),
                      fmt::format("Please specify spark.kubernetes.file.upload.path property. {} is a file of the "
                                  "submitter's, which the driver cannot see",
                                  local_path(uri)));
  throw InvalidConf(std::string(kUploadPath), fmt::format("Uploading file {} failed...", local_path(uri)));
}

}  // namespace spoke::spark
