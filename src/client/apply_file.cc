#include "client/apply_file.h"

#include <chrono>
#include <utility>

#include "base/strings.h"
#include "client/answers.h"
#include "data/yaml.h"
#include "net/async.h"

namespace spoke::client {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kDefinitionTakes{10};

Error no_match(std::string_view api_version, std::string_view kind) {
  return Error(
      fmt::format("the cluster has no kind \"{}\" in {}; is what brings its CustomResourceDefinition installed?", kind,
                  api_version));
}

std::string where(const Object& object) { return fmt::format("{} {}", kube::kind(object), kube::name(object)); }

void add_documents(json::value document, const std::string& from, std::vector<Object>& out) {
  const size_t number = out.size() + 1;
  if (!document.is_object()) fail("{}: document {} is no object", from, number);
  if (kube::kind(document).empty()) fail("{}: document {} has no kind", from, number);
  if (json::str(document, "apiVersion").empty())
    fail("{}: document {}, a {}, has no apiVersion", from, number, kube::kind(document));
  if (kube::kind(document) == "List") {
    json::value* items = json::find(document, "items");
    if (items != nullptr && items->is_array())
      for (auto& item : items->get_array()) add_documents(std::move(item), from, out);
    return;
  }
  if (kube::name(document).empty() && json::str(document, "metadata.generateName").empty())
    fail("{}: document {}, a {}, has no metadata.name", from, number, kube::kind(document));
  out.push_back(std::move(document));
}

}  // namespace

std::vector<Resource> parse_resource_list(const json::value& answer, std::string_view api_version) {
  const auto [group, version] = kube::group_version(api_version);
  std::vector<Resource> out;
  for (const auto& item : json::list(answer, "resources")) {
    const std::string plural(json::str(item, "name"));
    if (plural.empty() || plural.find('/') != std::string::npos) continue;
    out.push_back({group, version, plural, std::string(json::str(item, "kind")), json::flag(item, "namespaced")});
  }
  return out;
}

Task<Resource> RestMapper::find(std::string_view api_version, std::string_view kind) {
  auto it = known_.find(api_version);
  if (it == known_.end()) {
    const std::string path =
        (api_version.find('/') == std::string_view::npos ? "/api/" : "/apis/") + std::string(api_version);
    std::vector<Resource> found;
    try {
      net::Request request;
      request.path = path;
      found = parse_resource_list(parse_answer(request, co_await api_.get_raw(path)), api_version);
    } catch (const kube::StatusError& e) {
      if (e.code() != 404) throw;
      throw no_match(api_version, kind);  // and ask again next time: the group may come
    }
    it = known_.emplace(std::string(api_version), std::move(found)).first;
  }
  for (const auto& resource : it->second)
    if (resource.kind == kind) co_return resource;
  throw no_match(api_version, kind);
}

std::vector<Object> read_documents(std::string_view text, const std::string& from) {
  std::vector<json::value> documents;
  try {
    documents = yaml::parse_all(text);
  } catch (const Error& e) {
    fail("{}: {}", from, e.what());
  }
  std::vector<Object> out;
  for (auto& document : documents) add_documents(std::move(document), from, out);
  return out;
}

namespace {

// Finds the resource of a kind that may be on its way.
Task<Resource> find_resource(RestMapper& mapper, const Object& object) {
  const std::string api_version(json::str(object, "apiVersion"));
  const std::string kind(kube::kind(object));
  const auto until = steady_clock::now() + kDefinitionTakes;
  for (;;) {
    try {
      co_return co_await mapper.find(api_version, kind);
    } catch (const Error& e) {
      if (!mapper.expecting() || steady_clock::now() > until) throw;
    }
    mapper.forget();
    co_await net::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace

Task<Applied> apply_object(HttpApi& api, RestMapper& mapper, Object object, const ApplyOptions& options) {
  Applied out;
  out.resource = co_await find_resource(mapper, object);
  std::string ns;
  if (out.resource.namespaced) {
    ns = kube::ns(object);
    if (ns.empty()) ns = options.ns;
    if (options.ns_is_binding && ns != options.ns)
      fail("{} is for the namespace {}, not {} as --namespace says", where(object), ns, options.ns);
    json::set(object, "metadata.namespace", json::value(ns));
  }
  const std::string name(kube::name(object));
  if (name.empty()) {
    out.object = co_await api.create(out.resource, ns, std::move(object));
    co_return out;
  }

  json::remove(object, "metadata.managedFields");  // from a `kubectl get -o yaml`; an apply must not carry them

  std::string before;
  try {
    before = kube::resource_version(co_await api.get(out.resource, ns, name));
  } catch (const kube::StatusError& e) {
    if (e.code() != 404) throw;
  }
  PatchOptions patch;
  patch.field_manager = options.field_manager;
  patch.force = options.force;
  out.object = co_await api.patch(out.resource, ns, name, PatchType::Apply, std::move(object), patch);
  if (!before.empty())
    out.change =
        kube::resource_version(out.object) == before ? Applied::Change::Unchanged : Applied::Change::Configured;
  if (out.resource.kind == "CustomResourceDefinition") mapper.definition_came();
  co_return out;
}

std::string display_name(const Resource& resource, std::string_view name) {
  return fmt::format("{}{}{}/{}", lower(resource.kind), resource.group.empty() ? "" : ".", resource.group, name);
}

}  // namespace spoke::client
