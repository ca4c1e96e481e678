#include "client/informer.h"

#include <utility>

#include "base/log.h"
#include "client/backoff.h"
#include "net/scope.h"

namespace spoke::client {
namespace {

using std::chrono::steady_clock;

// Objects of a page: all of it is in memory at once, and as a tree some four times as large as its text.
constexpr long kPage = 200;
// A stream that stood this long was no failure, whatever ended it.
constexpr std::chrono::seconds kStood{1};

}  // namespace

Task<> Reflector::run() {
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
      log::warn("watch failed, trying again", "resource", collection_.resource.plural, "error", problem, "in_ms",
                pause.count());
    co_await net::sleep_for(pause);
  }
}

Task<> Reflector::list() {
  ListOptions options;
  options.label_selector = collection_.label_selector;
  options.field_selector = collection_.field_selector;
  options.limit = kPage;
  ++list_;
  do {
    // Page by page: only the projections are ever there all at once.
    List page = co_await api_.list(collection_.resource, collection_.ns, options);
    for (auto& object : page.items) {
      if (collection_.keep && !collection_.keep(object)) continue;
      put(std::move(object));
    }
    resource_version_ = page.continue_token.empty() ? page.resource_version : "";
    options.continue_token = page.continue_token;
  } while (!options.continue_token.empty());

  for (const auto& key : unlisted()) drop(key);
  synced_ = true;
}

Task<> Reflector::watch() {
  WatchOptions options;
  options.label_selector = collection_.label_selector;
  options.field_selector = collection_.field_selector;
  options.resource_version = resource_version_;
  const auto stream = co_await api_.watch(collection_.resource, collection_.ns, options);
  while (auto event = co_await stream->next()) {
    Object& object = event->object;
    std::string version(kube::resource_version(object));
    if (collection_.keep && event->type != WatchEvent::Type::Bookmark && !collection_.keep(object)) {
      drop(kube::key(object));  // it may have been kept as it was before
      if (!version.empty()) resource_version_ = std::move(version);
      continue;
    }
    switch (event->type) {
      case WatchEvent::Type::Added:
      case WatchEvent::Type::Modified: put(std::move(object)); break;
      case WatchEvent::Type::Deleted: drop(kube::key(object)); break;
      case WatchEvent::Type::Bookmark: break;
    }
    if (!version.empty()) resource_version_ = std::move(version);
  }
}

void Reflector::put(Object object) {
  std::string key = kube::key(object), version(kube::resource_version(object));
  put(std::move(key), std::move(version), std::move(object));
}

}  // namespace spoke::client
