#include "image/build/base.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "data/json.h"
#include "image/build/oci_form.h"
#include "image/image_config.h"
#include "image/manifest.h"
#include "image/spark_image.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

constexpr int kMostHops = 40;  // as Linux has it

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What made each layer, for the new image's history.
std::vector<std::string> makers(const json::value& config) {
  std::vector<std::string> out;
  for (const json::value& item : json::list(config, "history"))
    if (!json::flag(item, "empty_layer")) out.emplace_back(json::str(item, "created_by"));
  return out;
}

// The blobs of a layout, into the cache.
void keep(const ImageSet& set, const BuildCache& cache) {
  if (std::filesystem::exists(cache.dir()) && std::filesystem::equivalent(set.blobs, cache.dir())) return;
  make_dirs(cache.dir() / "blobs/sha256");
  const Staging staging(cache.dir());
  for (const Blob& blob : set.images.front().blobs) {
    const Path place = cache.blob(blob.digest), partial = staging.path() / place.filename();
    if (std::filesystem::exists(place)) continue;
    std::error_code failed;
    std::filesystem::copy_file(set.blobs / blob_path(blob.digest), partial, failed);
    if (!failed) std::filesystem::rename(partial, place, failed);
    if (failed) fail("{} could not be written: {}", place.string(), failed.message());
  }
}

// "jdk-17.0.12+7", "17.0.12", "1.8.0_292", "8u292".
int read_java_version(std::string_view text) {
  for (const std::string_view lead : {"jdk-", "jdk", "openjdk-"})
    if (text.starts_with(lead)) text.remove_prefix(lead.size());
  if (text.starts_with("1.")) text.remove_prefix(2);
  size_t end = 0;
  while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
  return static_cast<int>(to_int(text.substr(0, std::min<size_t>(end, 3))).value_or(0));
}

// "java-17-openjdk-amd64" and "temurin-17-jre" tell it, too.
int java_version_in(std::string_view path) {
  for (const std::string& part : split(path, '/'))
    for (const std::string& word : split(part, '-'))
      if (all_digits(word) && word.size() <= 2 &&
          (part.find("java") == 0 || part.find("jdk") != std::string::npos || part.find("temurin") == 0 ||
           part.find("zulu") == 0))
        return read_java_version(word);
  return 0;
}

// "3.11" of "python3.11".
std::string python_minor(std::string_view name) {
  constexpr std::string_view lead = "python3.";
  if (!name.starts_with(lead) || !all_digits(name.substr(lead.size()))) return "";
  return std::string(name.substr(lead.size() - 2));
}

// PEP 503: "Typing_Extensions" is "typing-extensions".
std::string normal_name(std::string_view name) {
  std::string out;
  for (const char c : lower(name)) {
    const char one = c == '_' || c == '.' ? '-' : c;
    if (one != '-' || !out.ends_with('-')) out += one;
  }
  return out;
}

// By the folders NAME-VERSION.dist-info and files NAME-VERSION.egg-info that installers leave.
void add_python_packages(const ImageListing& listing, const std::string& version, ImageFacts& facts) {
  const auto add = [&](const std::string& path, std::string_view suffix) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    if (!folder.ends_with("-packages") ||
        (!folder.ends_with("/python3/dist-packages") && folder.find("/python" + version + "/") == std::string::npos))
      return;
    const std::string name = path.substr(slash + 1, path.size() - slash - 1 - suffix.size());
    const auto dash = name.find('-');
    if (dash == std::string::npos) return;
    std::string number = name.substr(dash + 1);
    if (const auto python = number.find("-py"); python != std::string::npos) number.resize(python);
    facts.python_packages[normal_name(name.substr(0, dash))] = number;
  };
  for (const auto& [path, node] : listing.paths)
    for (const std::string_view suffix : {".dist-info", ".egg-info"})
      if (path.ends_with(suffix)) add(path, suffix);
  for (const std::string& path : listing.files)
    if (path.ends_with(".egg-info")) add(path, ".egg-info");
}

}  // namespace

std::string resolved(const LowerPaths& paths, const std::string& path) {
  Path out;
  std::vector<std::string> waiting = split(path, '/');
  std::ranges::reverse(waiting);
  for (int hops = 0; !waiting.empty();) {
    const std::string name = std::move(waiting.back());
    waiting.pop_back();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      out = out.parent_path();
      continue;
    }
    const auto found = paths.find((out / name).string());
    if (found == paths.end() || found->second.kind != TreeNode::Kind::Link || ++hops > kMostHops) {
      out /= name;
      continue;
    }
    if (found->second.text.starts_with('/')) out.clear();
    std::vector<std::string> more = split(found->second.text, '/');
    waiting.insert(waiting.end(), more.rbegin(), more.rend());
  }
  return out.string();
}

std::string variable_in(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env)
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  return "";
}

// Debian's own Python looks for packages elsewhere than others.
PythonPlace find_python(const LowerPaths& paths, const std::vector<std::string>& env) {
  std::vector<std::string> programs;
  if (const std::string told = variable_in(env, "PYSPARK_PYTHON"); told.starts_with('/')) programs.push_back(told);
  const std::string usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/conda/bin";
  for (const std::string& folder : split(variable_in(env, "PATH") + ":" + usual, ':'))
    if (folder.starts_with('/')) programs.push_back(folder + "/python3");
  for (const std::string& program : programs) {
    const std::string real = resolved(paths, program);
    const std::string version = python_minor(Path(real).filename().string());
    if (version.empty()) continue;
    const Path prefix = Path("/" + real).parent_path().parent_path();
    const bool debian = paths.contains("usr/lib/python3/dist-packages");
    std::string packages = fmt::format("{}/lib/python{}/site-packages", prefix.string(), version);
    if (prefix == "/usr")
      packages = fmt::format("/usr/local/lib/python{}/{}-packages", version, debian ? "dist" : "site");
    return {version, packages, program};
  }
  return {};
}

std::string BaseImage::variable(std::string_view name) const { return variable_in(contents.config.env, name); }

std::string BaseImage::spark_home() const {
  for (const std::string& home : {variable("SPARK_HOME"), std::string(spark_path), std::string("/opt/bitnami/spark")}) {
    if (!home.starts_with('/')) continue;
    const std::string real = resolved(listing.paths, home);
    const std::string lead = real + "/jars/spark-core_";
    const auto at = listing.files.lower_bound(lead);
    if (at != listing.files.end() && at->starts_with(lead)) return "/" + real;
  }
  // pip's, in whatever Python.
  for (const std::string& file : listing.files)
    if (const auto at = file.find("/pyspark/jars/spark-core_"); at != std::string::npos)
      return "/" + file.substr(0, at) + "/pyspark";
  return "";
}

int BaseImage::java_version() const {
  if (const int told = read_java_version(variable("JAVA_VERSION")); told != 0) return told;
  if (const int told = java_version_in(variable("JAVA_HOME")); told != 0) return told;
  for (auto at = listing.paths.lower_bound("usr/lib/jvm/");
       at != listing.paths.end() && at->first.starts_with("usr/lib/jvm/"); ++at)
    if (const int told = java_version_in(at->first); told != 0) return told;
  return 0;
}

BaseImage read_image(const Place& place, const std::string& architecture, const BuildCache& cache,
                     const Transport& transport) {
  const ImageSet set = transport.read(place, architecture);
  if (set.images.size() != 1)
    fail("there are {} images in {}; say which with its tag", set.images.size(), place.path.string());
  const ImageBlobs& image = set.images.front();
  const Manifest manifest = read_manifest(read_document(set.blobs, image.manifest), "the manifest");
  const std::string text = read_document(set.blobs, manifest.config);
  const json::value config = json::parse(text);
  const std::vector<std::string> diff_ids = diff_ids_of(text), made_by = makers(config);
  if (diff_ids.size() != manifest.layers.size())
    fail("its manifest has {} layers and its configuration {}", manifest.layers.size(), diff_ids.size());
  keep(set, cache);

  BaseImage out;
  out.digest = image.manifest.digest;
  out.created = json::str(config, "created");
  out.contents.architecture = json::str(config, "architecture");
  if (out.contents.architecture != architecture)
    fail("it is for {}, and what is built on it for {}", out.contents.architecture, architecture);
  if (const json::value* of_config = json::find(config, "config")) {
    out.contents.config = config_from_json(*of_config);
    for (const auto& [name, value] : json::members(*of_config, "Labels"))
      if (value.is_string()) out.contents.labels[std::string(name)] = json::to_string(value.get_string());
  }
  for (size_t i = 0; i < diff_ids.size(); ++i) {
    LayerBlob layer{manifest.layers[i], diff_ids[i], made_by.size() == diff_ids.size() ? made_by[i] : "base"};
    layer.blob.media_type = oci_type(layer.blob.media_type);
    if (!layer.blob.media_type.starts_with(media::kLayer))
      fail("its layer {} is {}, which is not known here", layer.blob.digest, layer.blob.media_type);
    out.listing.add(list_layer(cache, layer.blob.digest));
    out.contents.layers.push_back(std::move(layer));
  }
  return out;
}

void add_facts(const BaseImage& image, bool as_shipped, ImageFacts& facts) {
  if (const std::string python = find_python(image.listing.paths, image.contents.config.env).version; !python.empty()) {
    facts.python = python;
    add_python_packages(image.listing, python, facts);
  }
  if (const int java = image.java_version(); java != 0) facts.java = java;
  const std::string home = image.spark_home();
  if (home.empty()) return;
  const std::string folder = (Path(home).relative_path() / "jars/").string();
  std::vector<JarFact> jars;
  for (auto at = image.listing.files.lower_bound(folder); at != image.listing.files.end() && at->starts_with(folder);
       ++at) {
    const std::string name = at->substr(folder.size());
    if (!name.ends_with(".jar") || name.find('/') != std::string::npos) continue;
    JarFact jar = read_jar_name(name);
    if (const auto told = image.listing.packages.find(*at); told != image.listing.packages.end()) {
      jar.group = told->second.front().group;
      // A jar may have another name than its artifact, and the version of one that was put into it.
      if (!jar.group.empty()) jar.name = told->second.front().name;
      if (jar.version.empty()) jar.version = told->second.front().version;
    }
    jars.push_back(std::move(jar));
  }
  for (const JarFact& jar : jars) {
    const auto suffix = scala_suffix(jar.name);
    if (!suffix || suffix->bare != "spark-core") continue;
    facts.spark = jar.version;
    facts.scala = suffix->scala;
  }
  for (JarFact& jar : jars) {
    const auto suffix = scala_suffix(jar.name);
    const bool of_spark = (suffix && suffix->bare.starts_with("spark-") && jar.version == facts.spark) ||
                          jar.name.starts_with("hadoop-client-");
    jar.from = as_shipped || of_spark ? JarFact::From::Spark : JarFact::From::Jars;
    jar.asked_for = jar.from == JarFact::From::Jars;
    facts.jars.push_back(std::move(jar));
  }
}

std::optional<BaseImage> get_base(const Recipe& recipe, const Path& folder, const std::string& architecture,
                                  const BuildCache& cache, const Registries& registries,
                                  const std::function<void(std::string_view)>& say) {
  if (recipe.base == "scratch" || !recipe.debian_suite().empty()) return std::nullopt;
  try {
    Place place = parse_place(recipe.base);
    if (place.kind == Place::Kind::Layout || place.kind == Place::Kind::Archive) place.path = folder / place.path;
    say(fmt::format("reading the base {}", recipe.base));
    return read_image(place, architecture, cache, Transport(cache, registries, nullptr));
  } catch (const Error& e) {
    fail("base: {}", e.what());
  }
}

}  // namespace spoke::image
