#include "image/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "base/strings.h"
#include "data/json.h"
#include "image/image_config.h"
#include "image/names.h"

namespace spoke::image {
namespace {

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw ImageError(fmt::format(format, std::forward<Args>(args)...));
}

json::value parse_document(const std::string& path, const std::string& text) {
  try {
    json::value v = json::parse(text);
    if (!v.is_object() && !v.is_array()) refuse("{} is not a JSON document", path);
    return v;
  } catch (const json::ParseError& e) {
    refuse("{} is {}", path, e.what());
  }
}

std::string read_digest(const json::value& descriptor, const std::string& of) {
  std::string digest(json::str(descriptor, "digest"));
  if (!is_digest(digest)) refuse("{} names \"{}\", which is not a sha256 digest", of, digest);
  return digest;
}

const std::string& document(const Documents& documents, const std::string& path) {
  const auto found = documents.find(path);
  if (found == documents.end()) refuse("{} is missing; the archive is not whole", path);
  return found->second;
}

json::value read_blob(const Documents& documents, const std::string& digest) {
  const std::string path = blob_path(digest);
  const std::string& text = document(documents, path);
  if (sha256_digest(text) != digest) refuse("{} does not have the digest it goes by; the archive is damaged", path);
  return parse_document(path, text);
}

// containerd and Docker write the whole name beside the tag. org.opencontainers.image.ref.name alone may be a whole
// name (skopeo, podman) or a bare tag (the specification's examples), which names no image by itself.
std::string name_of(const json::value& descriptor) {
  if (std::string whole = annotation(descriptor, kWholeName); !whole.empty()) return whole;
  std::string ref = annotation(descriptor, kRefName);
  return ref.find_first_of(":/") != std::string::npos ? ref : "";
}

struct Candidate {  // one image of the archive
  std::vector<std::string> names;
  std::string manifest;                // digest, in an OCI layout
  const json::value* saved = nullptr;  // its entry in docker save's manifest.json
};

std::string names_for_people(const std::vector<Candidate>& candidates) {
  std::set<std::string> names;
  for (const Candidate& c : candidates)
    for (const std::string& name : c.names) names.insert(name);
  return names.empty() ? "without names" : join({names.begin(), names.end()}, ", ");
}

// Chooses by `as`, and puts full names in place of those that the archive gives.
Candidate choose(std::vector<Candidate> candidates, const std::string& as) {
  if (candidates.empty()) refuse("there is no image in it");
  for (Candidate& c : candidates)
    for (std::string& name : c.names) name = parse_reference(name).str();
  const std::string wanted = as.empty() ? "" : parse_reference(as).str();
  Candidate chosen = candidates.front();
  if (candidates.size() > 1) {
    const auto called = std::ranges::find_if(candidates, [&](const Candidate& c) {
      return !wanted.empty() && std::ranges::find(c.names, wanted) != c.names.end();
    });
    if (called == candidates.end())
      refuse("there are {} images in it ({}); say which with --as NAME", candidates.size(),
             names_for_people(candidates));
    chosen = *called;
  }
  if (!wanted.empty()) chosen.names = {wanted};
  if (chosen.names.empty()) refuse("the image in it has no name; give it one with --as NAME");
  return chosen;
}

Blob read_descriptor(const json::value& v, const std::string& of) {
  return {std::string(json::str(v, "mediaType")), read_digest(v, of), json::num(v, "size")};
}

Manifest manifest_from(const json::value& v, const std::string& called) {
  Manifest out;
  out.is_index = json::find(v, "manifests") != nullptr;
  for (const json::value& item : json::list(v, "manifests"))
    out.platforms.push_back({read_descriptor(item, called), std::string(json::str(item, "platform.architecture"))});
  if (out.is_index) return out;
  const json::value* config = json::find(v, "config");
  if (config == nullptr) refuse("{} names no configuration", called);
  out.config = read_descriptor(*config, called);
  for (const json::value& layer : json::list(v, "layers")) out.layers.push_back(read_descriptor(layer, called));
  return out;
}

// The manifest that a digest leads to, through an index of platforms where it is one.
std::pair<std::string, Manifest> pick_platform(const Documents& documents, std::string digest,
                                               std::string_view architecture) {
  // An index may list indexes; two levels are what builders write.
  for (int level = 0; level < 3; ++level) {
    Manifest manifest = manifest_from(read_blob(documents, digest), level == 0 ? "the manifest" : blob_path(digest));
    if (!manifest.is_index) return {digest, std::move(manifest)};
    digest = choose_platform(manifest, architecture).digest;
  }
  refuse("its indexes lead to indexes without end");
}

std::vector<std::string> diff_ids_in(const json::value& config) {
  std::vector<std::string> out = string_list(config, "rootfs.diff_ids");
  for (const std::string& one : out)
    if (!is_digest(one)) refuse("the configuration names the layer \"{}\", not a sha256 digest", one);
  return out;
}

// Completes a plan whose layers know their files: configuration and diff_ids.
void add_config(ImagePlan& plan, const json::value& v, std::string_view architecture) {
  const std::string_view built_for = json::str(v, "architecture");
  if (!built_for.empty() && built_for != architecture)
    refuse("the image is for {}, and this machine is {}", built_for, architecture);
  const std::vector<std::string> diff_ids = diff_ids_in(v);
  if (diff_ids.size() != plan.layers.size())
    refuse("the manifest has {} layers and the configuration {}", plan.layers.size(), diff_ids.size());
  if (diff_ids.empty()) refuse("the image has no layers");
  for (size_t i = 0; i < diff_ids.size(); ++i) plan.layers[i].diff_id = diff_ids[i];
  if (const json::value* config = json::find(v, "config")) plan.config = config_from_json(*config);
}

ImagePlan plan_layout(const Documents& documents, const std::string& as, std::string_view architecture) {
  const json::value index = parse_document("index.json", document(documents, "index.json"));
  std::map<std::string, Candidate> by_digest;  // one manifest may stand there once for each of its names
  for (const json::value& item : json::list(index, "manifests")) {
    const std::string digest = read_digest(item, "index.json");
    Candidate& candidate = by_digest[digest];
    candidate.manifest = digest;
    if (std::string name = name_of(item); !name.empty()) candidate.names.push_back(std::move(name));
  }
  std::vector<Candidate> candidates;
  candidates.reserve(by_digest.size());
  for (auto& [digest, candidate] : by_digest) candidates.push_back(std::move(candidate));

  const Candidate chosen = choose(std::move(candidates), as);
  ImagePlan plan;
  plan.names = chosen.names;
  auto [digest, manifest] = pick_platform(documents, chosen.manifest, architecture);
  plan.manifest_digest = digest;
  for (const Blob& layer : manifest.layers) plan.layers.push_back({blob_path(layer.digest), layer.digest, ""});
  plan.config_digest = manifest.config.digest;
  add_config(plan, read_blob(documents, plan.config_digest), architecture);
  return plan;
}

ImagePlan plan_saved(const Documents& documents, const std::string& as, std::string_view architecture) {
  const json::value saved = parse_document("manifest.json", document(documents, "manifest.json"));
  if (!saved.is_array()) refuse("manifest.json is not a list of images");
  std::vector<Candidate> candidates;
  candidates.reserve(saved.get_array().size());
  for (const json::value& item : saved.get_array()) candidates.push_back({string_list(item, "RepoTags"), "", &item});

  const Candidate chosen = choose(std::move(candidates), as);
  ImagePlan plan;
  plan.names = chosen.names;
  for (std::string& file : string_list(*chosen.saved, "Layers")) plan.layers.push_back({std::move(file), "", ""});
  const std::string path(json::str(*chosen.saved, "Config"));
  const std::string& config = document(documents, path);
  plan.config_digest = sha256_digest(config);
  add_config(plan, parse_document(path, config), architecture);
  return plan;
}

}  // namespace

std::string annotation(const json::value& descriptor, std::string_view name) {
  const json::value* all = json::find(descriptor, "annotations");
  const json::value* one = all != nullptr ? json::find_member(*all, name) : nullptr;
  return one != nullptr && one->is_string() ? json::to_string(one->get_string()) : "";
}

Manifest read_manifest(const std::string& text, const std::string& called) {
  return manifest_from(parse_document(called, text), called);
}

const Blob& choose_platform(const Manifest& index, std::string_view architecture) {
  std::vector<std::string> others;
  for (const Manifest::Platform& one : index.platforms) {
    if (one.architecture == architecture || one.architecture.empty()) return one.blob;
    if (one.architecture != "unknown") others.push_back(one.architecture);  // "unknown" are BuildKit's attestations
  }
  refuse("the image is for {}, and this machine is {}", join(others, ", "), architecture);
}

std::vector<std::string> diff_ids_of(const std::string& config) {
  return diff_ids_in(parse_document("the configuration", config));
}

ImagePlan plan_image(const Documents& documents, const std::string& as, std::string_view architecture) {
  if (documents.contains("index.json")) return plan_layout(documents, as, architecture);
  if (documents.contains("manifest.json")) return plan_saved(documents, as, architecture);
  refuse("it has neither index.json (an OCI layout) nor manifest.json (docker save)");
}

std::string machine_architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#else
#error "name this architecture as Go does"
#endif
}

}  // namespace spoke::image
