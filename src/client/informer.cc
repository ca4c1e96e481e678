#include "client/informer.h"

#include <set>
#include <utility>

#include "base/log.h"
#include "client/backoff.h"
#include "net/scope.h"

namespace spoke::client {
namespace {

using std::chrono::steady_clock;

constexpr long kPage = 500;
// A stream that stood this long was no failure, whatever ended it.
constexpr std::chrono::seconds kStood{1};

}  // namespace

Informer::Informer(Api& api, InformerOptions options, Changed changed)
    : api_(api), options_(std::move(options)), changed_(std::move(changed)) {}

Task<> Informer::run() {
  Backoff backoff(net::Millis(100), net::Millis(10000));
  for (;;) {
    const auto begun = steady_clock::now();
    std::string problem;
    try {
      if (resource_version_.empty()) co_await list();
      co_await watch();
    } catch (const kube::StatusError& e) {
      if (e.code() == 410)
        resource_version_.clear();  // too far behind: what happened since is found by a new list
      else
        problem = e.what();
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) throw;
      problem = e.what();
    }
    if (steady_clock::now() - begun > kStood) backoff.reset();
    const auto pause = backoff.next();
    if (!problem.empty())
      log::warn("watch failed, trying again", "resource", options_.resource.plural, "error", problem, "in_ms",
                pause.count());
    co_await net::sleep_for(pause);
  }
}

Task<> Informer::list() {
  ListOptions options;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.limit = kPage;
  std::set<std::string, std::less<>> seen;
  do {
    // Page by page: only the projections are ever there all at once.
    List page = co_await api_.list(options_.resource, options_.ns, options);
    for (auto& object : page.items) {
      if (options_.keep && !options_.keep(object)) continue;
      std::string key = kube::key(object);
      seen.insert(key);
      put(std::move(key), std::move(object));
    }
    resource_version_ = page.continue_token.empty() ? page.resource_version : "";
    options.continue_token = page.continue_token;
  } while (!options.continue_token.empty());

  std::vector<std::string> gone;
  for (const auto& [key, object] : objects_)
    if (!seen.contains(key)) gone.push_back(key);
  for (const auto& key : gone) drop(key);
  synced_ = true;
}

Task<> Informer::watch() {
  WatchOptions options;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.resource_version = resource_version_;
  const auto stream = co_await api_.watch(options_.resource, options_.ns, options);
  while (auto event = co_await stream->next()) {
    Object& object = event->object;
    std::string version(kube::resource_version(object));
    if (options_.keep && event->type != WatchEvent::Type::Bookmark && !options_.keep(object)) {
      drop(kube::key(object));  // it may have been kept as it was before
      if (!version.empty()) resource_version_ = std::move(version);
      continue;
    }
    switch (event->type) {
      case WatchEvent::Type::Added:
      case WatchEvent::Type::Modified: {
        std::string key = kube::key(object);
        put(std::move(key), std::move(object));
        break;
      }
      case WatchEvent::Type::Deleted: drop(kube::key(object)); break;
      case WatchEvent::Type::Bookmark: break;
    }
    if (!version.empty()) resource_version_ = std::move(version);
  }
}

void Informer::put(std::string key, Object object) {
  std::string version(kube::resource_version(object));
  auto& known = versions_[key];
  if (!version.empty() && known == version) return;
  known = std::move(version);
  if (options_.project) object = options_.project(std::move(object));
  auto it = objects_.find(key);
  if (it == objects_.end()) {
    it = objects_.emplace(std::move(key), std::move(object)).first;
    if (changed_) changed_(nullptr, &it->second);
    return;
  }
  const Object before = std::exchange(it->second, std::move(object));
  if (changed_) changed_(&before, &it->second);
}

void Informer::drop(std::string_view key) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return;
  const auto node = objects_.extract(it);
  if (const auto version = versions_.find(key); version != versions_.end()) versions_.erase(version);
  if (changed_) changed_(&node.mapped(), nullptr);
}

const Object* Informer::find(std::string_view key) const {
  const auto it = objects_.find(key);
  return it == objects_.end() ? nullptr : &it->second;
}

}  // namespace spoke::client
