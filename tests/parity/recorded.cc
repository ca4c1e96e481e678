#include "recorded.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>

#include "base/strings.h"
#include "kube/meta.h"
#include "submit/job.h"
#include "submit/target.h"

namespace spoke::parity {
namespace {

const Path kParity = Path(SPOKE_SOURCE_DIR) / "tests/parity";

std::string filled(std::string_view text, const Path& folder) {
  return replace_all(replace_all(std::string(text), "$DIR", folder.string()), "$MASTER", "k8s://http://MASTER");
}

}  // namespace

std::vector<std::string> Case::words(const Path& folder) const {
  std::vector<std::string> out;
  if (!has("raw"))
    out = {"--master",      "k8s://http://MASTER",
           "--deploy-mode", "cluster",
           "--conf",        "spark.kubernetes.submission.waitAppCompletion=false"};
  for (const auto& word : json::list(document, "args")) out.push_back(filled(word.as_string(), folder));
  return out;
}

void Case::write_files(const Path& folder) const {
  for (const auto& [file, content] : json::members(document, "files")) {
    const Path path = folder / std::string_view(file);
    make_dirs(path.parent_path());
    if (content.is_string())
      write_file(path, filled(content.as_string(), folder));
    else
      write_file(path, from_base64(json::str(content, "base64")).value());
  }
}

submit::Surroundings Case::surroundings(const Path& folder) const {
  spark::Properties env = {{"PATH", "/usr/bin:/bin"}, {"KUBECONFIG", "/dev/null"}, {"HOME", folder.string()},
                           {"SPARK_USER", "parity"},  {"USER", "parity"},          {"TZ", "UTC"}};
  for (const auto& [variable, value] : json::members(document, "env")) {
    env.erase(std::string(variable));
    if (value.is_string()) env.emplace(variable, filled(value.as_string(), folder));
  }
  return submit::surroundings(std::move(env), folder.string());
}

bool Case::is_for(std::string_view version) const {
  const auto& versions = json::list(document, "versions");
  return versions.empty() || std::find(versions.begin(), versions.end(), json::value(version)) != versions.end();
}

ReadCase read_case(const Case& c, const std::string& version, const Path& folder) {
  c.write_files(folder);
  std::vector<std::string> words = {"--spark-version", version};
  for (auto& word : c.words(folder)) words.push_back(std::move(word));
  submit::Arguments arguments = submit::parse_arguments(words);
  ReadCase out;
  out.around = c.surroundings(folder);
  arguments.kubeconfig = out.around.variable("KUBECONFIG").value_or("/dev/null");
  const submit::Settings settings = submit::read_settings(arguments, out.around);
  out.submission = submit::read_submission(arguments, settings, out.around,
                                           [](const std::string& uri) -> std::string { fail("{} is elsewhere", uri); });
  submit::find_submission_target(settings, arguments, out.around);  // what it refuses is refused too
  return out;
}

const std::vector<Case>& all_cases() {
  static const auto all = [] {
    std::vector<Case> found;
    for (const auto* file : {"cases.json", "more-cases.json"})
      for (const auto& [name, value] : json::parse(read_file(kParity / file)).as_object())
        found.push_back({std::string(name), value});
    return found;
  }();
  return all;
}

std::vector<std::string> recorded_versions() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kParity / "golden"))
    found.push_back(entry.path().filename().string());
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<json::value> recorded(const std::string& version, const std::string& name) {
  static std::map<std::string, json::value> more;  // by version
  const Path folder = kParity / "golden" / version;
  if (const auto text = try_read_file(folder / (name + ".json"))) return json::parse(*text);
  if (!more.contains(version)) more[version] = json::parse(try_read_file(folder / "more-cases.json").value_or("{}"));
  const json::value* found = json::find_member(more[version], name);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

namespace {

// Sorts what has no order in spark-submit, which keeps it in hash tables, as tests/parity/parity does.
std::string sort_key(const json::value& v) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}", json::str(v, "kind"), json::str(v, "metadata.name"),
                     json::str(v, "name"), json::str(v, "mountPath"), json::str(v, "key"), json::dump(v));
}

void put_in_order(json::value& v, std::string_view member = "") {
  static constexpr std::string_view kUnordered[] = {"volumes", "volumeMounts", "env", "items", "imagePullSecrets"};
  if (v.is_object())
    for (auto& [name, value] : v.get_object()) put_in_order(value, name);
  if (!v.is_array()) return;
  auto& items = v.get_array();
  for (auto& item : items) put_in_order(item);
  const bool unordered = std::find(std::begin(kUnordered), std::end(kUnordered), member) != std::end(kUnordered);
  if (unordered || (!items.empty() && json::find(items[0], "metadata") != nullptr))
    std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return sort_key(a) < sort_key(b); });
}

// spark-submit shuffles the directories of SPARK_LOCAL_DIRS.
void unshuffle(json::value& objects) {
  for (auto& object : objects.as_array()) {
    if (json::str(object, "kind") != "Pod") continue;
    for (auto& container : json::make_array(object, "spec.containers")) {
      std::map<std::string, json::value*> mounts;
      for (auto& mount : json::make_array(container, "volumeMounts"))
        if (const auto name = json::str(mount, "name"); name.starts_with("spark-local-dir-"))
          mounts.emplace(name, &mount);
      std::vector<std::string> paths;
      for (const auto& [name, mount] : mounts) paths.emplace_back(json::str(*mount, "mountPath"));
      std::sort(paths.begin(), paths.end());
      for (auto path = paths.begin(); auto& [name, mount] : mounts) json::set(*mount, "mountPath", *path++);
      for (auto& variable : json::make_array(container, "env"))
        if (json::str(variable, "name") == "SPARK_LOCAL_DIRS") json::set(variable, "value", join(paths, ","));
    }
  }
}

}  // namespace

json::value comparable(json::value objects) {
  unshuffle(objects);
  put_in_order(objects);
  return objects;
}

namespace {

json::array property_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& line : split(text, '\n'))
    if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return json::array(lines.begin(), lines.end());
}

std::string without_chance(std::string text, const Path& folder) {
  text = replace_all(text, folder.string(), "$DIR");
  const std::pair<const char*, const char*> kRandom[] = {
      {"spark-[0-9a-f]{32}\\b", "spark-APPID"},
      {"\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b", "UID"},
      {"([-=\"])[0-9a-fx][0-9a-f]{15}(?=-|\")", "$1ID"},
      {"(spark\\.app\\.submitTime=)[0-9]{10,}", "$1TIME"},
      {"(-driver-pvc-)[0-9]+", "$1N"},
  };
  for (const auto& [pattern, placeholder] : kRandom) text = std::regex_replace(text, std::regex(pattern), placeholder);
  return text;
}

}  // namespace

json::value in_recorded_form_of(json::array all, const Path& folder) {
  for (auto& object : all)
    for (const auto* member : {"creationTimestamp", "resourceVersion", "uid", "managedFields"})
      json::make_object(object, "metadata").erase(member);
  return comparable(json::parse(without_chance(json::dump(all), folder)));
}

json::value in_recorded_form(spark::DriverObjects objects, const Path& folder) {
  kube::Object pod = objects.pod;
  json::set(pod, "metadata.uid", "UID");
  spark::own(objects, pod);
  json::array all = {objects.pod, objects.config_map};
  all.insert(all.end(), objects.resources.begin(), objects.resources.end());
  for (auto& object : all) {
    json::set(object, "metadata.namespace", objects.ns);
    if (json::value* data = json::find(object, "data");
        data != nullptr && data->get_object().contains("spark.properties"))
      data->get_object()["spark.properties"] = property_lines(data->get_object()["spark.properties"].as_string());
  }
  return in_recorded_form_of(std::move(all), folder);
}

std::vector<std::string> differences(const json::value& want, const json::value& got, const std::string& at) {
  std::vector<std::string> found;
  const auto add = [&](std::vector<std::string> more) { found.insert(found.end(), more.begin(), more.end()); };
  if (want.is_object() && got.is_object()) {
    for (const auto& [name, value] : want.get_object()) {
      const json::value* other = json::find_member(got, name);
      if (other == nullptr)
        found.push_back(fmt::format("{}.{}: missing, want {}", at, std::string_view(name), json::dump(value)));
      else
        add(differences(value, *other, fmt::format("{}.{}", at, std::string_view(name))));
    }
    for (const auto& [name, value] : got.get_object())
      if (json::find_member(want, name) == nullptr)
        found.push_back(fmt::format("{}.{}: not wanted, got {}", at, std::string_view(name), json::dump(value)));
  } else if (want.is_array() && got.is_array() && want.get_array().size() == got.get_array().size()) {
    for (size_t i = 0; i < want.get_array().size(); ++i)
      add(differences(want.get_array()[i], got.get_array()[i], fmt::format("{}[{}]", at, i)));
  } else if (want != got) {
    found.push_back(fmt::format("{}: want {}\n   got {}", at, json::dump(want), json::dump(got)));
  }
  return found;
}

}  // namespace spoke::parity
