// Parity with spark-submit: each case of tests/parity/cases.json must give the objects that spark-submit sent, recorded
// in tests/parity/golden/VERSION by tests/parity/parity. Command lines are translated here only as far as the cases go;
// tests/parity/parity compares whole programs.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <tuple>

#include "base/files.h"
#include "base/strings.h"
#include "spark/driver.h"
#include "spark/properties_text.h"
#include "spark/uris.h"

namespace spoke::spark {
namespace {

const Path kParity = Path(SPOKE_SOURCE_DIR) / "tests/parity";
constexpr std::string_view kUniqueId = "0123456789abcdef";   // "ID" in what was recorded
constexpr std::string_view kFolder = "/folder/of/the/case";  // "$DIR" there, and in the cases

struct Case {
  std::vector<std::string> args;
  Properties files;
  Properties env;
  std::optional<std::string> fails;
};

std::string in_folder(std::string_view text) { return replace_all(std::string(text), "$DIR", kFolder); }

Case read_case(const json::value& value) {
  Case c;
  for (const auto& arg : json::list(value, "args")) c.args.push_back(in_folder(arg.as_string()));
  for (const auto& [path, content] : json::members(value, "files"))
    c.files.emplace(fmt::format("{}/{}", kFolder, std::string_view(path)), std::string_view(content.as_string()));
  for (const auto& [name, content] : json::members(value, "env")) c.env.emplace(name, in_folder(content.as_string()));
  if (json::find(value, "fails") != nullptr) c.fails = in_folder(json::str(value, "fails"));
  return c;
}

const std::map<std::string, Case>& cases() {
  static const auto all = [] {
    std::map<std::string, Case> found;
    for (const auto& [name, value] : json::parse(read_file(kParity / "cases.json")).as_object())
      found.emplace(name, read_case(value));
    return found;
  }();
  return all;
}

// The case's files that stand in a folder, where the environment names one.
std::optional<Properties> folder_of(const Case& c, std::string_view variable) {
  const auto folder = c.env.find(variable);
  if (folder == c.env.end()) return std::nullopt;
  Properties files;
  for (const auto& [path, content] : c.files)
    if (path.starts_with(folder->second + "/")) files.emplace(path.substr(folder->second.size() + 1), content);
  return files;
}

const std::map<std::string, std::string> kOptions = {
    {"--name", "spark.app.name"},
    {"--jars", "spark.jars"},
    {"--files", "spark.files"},
    {"--archives", "spark.archives"},
    {"--py-files", "spark.submit.pyFiles"},
    {"--driver-memory", "spark.driver.memory"},
    {"--driver-cores", "spark.driver.cores"},
    {"--executor-memory", "spark.executor.memory"},
    {"--executor-cores", "spark.executor.cores"},
    {"--num-executors", "spark.executor.instances"},
    {"--driver-java-options", "spark.driver.extraJavaOptions"},
    {"--driver-class-path", "spark.driver.extraClassPath"},
    {"--driver-library-path", "spark.driver.extraLibraryPath"},
};

// The part of spark-submit's command line that the cases use.
void parse_arguments(const Case& c, Submission& s, Properties& properties) {
  std::string defaults;
  if (s.conf_dir && s.conf_dir->contains("spark-defaults.conf")) defaults = s.conf_dir->at("spark-defaults.conf");
  size_t i = 0;
  for (; i < c.args.size() && c.args[i].starts_with("--"); i += 2) {
    const std::string& option = c.args[i];
    const std::string& value = c.args.at(i + 1);
    if (option == "--conf")
      properties[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
    else if (option == "--class")
      s.main_class = value;
    else if (option == "--proxy-user")
      s.proxy_user = value;
    else if (option == "--properties-file")
      defaults = s.files.at(value);
    else
      properties[kOptions.at(option)] = value;
  }
  s.resource = c.args.at(i);
  s.args.assign(c.args.begin() + static_cast<std::ptrdiff_t>(i) + 1, c.args.end());
  for (const auto& [property, value] : load_spark_properties(defaults)) properties.emplace(property, value);
}

Submission submission_of(const Case& c, const std::string& version) {
  Submission s;
  s.rules = rules_for(version);
  s.folder = kFolder;
  s.ids = {{}, "spark-APPID", std::string(kUniqueId), std::string(kUniqueId), std::string(kUniqueId), "UID", 0};
  s.files = c.files;
  s.conf_dir = folder_of(c, "SPARK_CONF_DIR");
  s.hadoop_conf_dir = folder_of(c, "HADOOP_CONF_DIR");
  Properties properties = {{"spark.master", "k8s://http://MASTER"},
                           {"spark.kubernetes.submission.waitAppCompletion", "false"}};
  parse_arguments(c, s, properties);
  properties.emplace("spark.app.submitTime", "TIME");
  s.language = language_of(s.resource);
  Properties env = c.env;
  env.emplace("SPARK_USER", "parity");
  s.conf = Conf(std::move(properties), std::move(env));
  if (const auto path = s.conf.raw("spark.kubernetes.file.upload.path"))
    for (const auto& uri : uploads_needed(s))
      s.uploads[uri] = fmt::format("{}/spark-upload-UID/{}", *path, uri.substr(uri.rfind('/') + 1));
  return s;
}

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

json::value comparable(json::value objects) {
  unshuffle(objects);
  put_in_order(objects);
  return objects;
}

json::array property_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& line : split(text, '\n'))
    if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return json::array(lines.begin(), lines.end());
}

// The objects in the form in which `parity` records them.
json::value recorded_form(DriverObjects objects) {
  kube::Object pod = objects.pod;
  json::set(pod, "metadata.uid", "UID");
  own(objects, pod);
  json::array all = {objects.pod, objects.config_map};
  all.insert(all.end(), objects.resources.begin(), objects.resources.end());
  for (auto& object : all) {
    json::set(object, "metadata.namespace", objects.ns);
    if (json::value* data = json::find(object, "data");
        data != nullptr && data->get_object().contains("spark.properties"))
      data->get_object()["spark.properties"] = property_lines(data->get_object()["spark.properties"].as_string());
  }
  std::string text = replace_all(json::dump(all), "-" + std::string(kUniqueId), "-ID");
  text = replace_all(text, kFolder, "$DIR");
  text = std::regex_replace(text, std::regex("-driver-pvc-[0-9]+"), "-driver-pvc-N");
  return comparable(json::parse(text));
}

std::vector<std::string> differences(const json::value& want, const json::value& got, const std::string& at = "") {
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

class Parity : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Parity, SameObjectsAsSparkSubmit) {
  const auto& [version, name] = GetParam();
  const Case& c = cases().at(name);
  if (c.fails) {
    try {
      build_driver(submission_of(c, version));
      FAIL() << "it should be refused";
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(*c.fails), std::string::npos) << e.what();
    }
    return;
  }
  const json::value got = recorded_form(build_driver(submission_of(c, version)));
  const json::value want = comparable(json::parse(read_file(kParity / "golden" / version / (name + ".json"))));
  for (const auto& difference : differences(want, got)) ADD_FAILURE() << difference;
}

std::vector<std::string> versions() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kParity / "golden"))
    found.push_back(entry.path().filename().string());
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& [name, c] : cases()) names.push_back(name);
  return names;
}

std::string test_name(const testing::TestParamInfo<Parity::ParamType>& info) {
  const std::string name = fmt::format("Spark_{}_{}", std::get<0>(info.param), std::get<1>(info.param));
  return replace_all(replace_all(name, ".", "_"), "-", "_");
}

INSTANTIATE_TEST_SUITE_P(Recorded, Parity,
                         testing::Combine(testing::ValuesIn(versions()), testing::ValuesIn(case_names())), test_name);

}  // namespace
}  // namespace spoke::spark
