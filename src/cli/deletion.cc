#include "cli/deletion.h"

#include <chrono>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "net/async.h"

namespace spoke::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{60};

std::string finalizers(const client::Object& app) {
  std::vector<std::string> names;
  for (const auto& name : json::list(app, "metadata.finalizers"))
    if (name.is_string()) names.push_back(json::to_string(name.get_string()));
  return names.empty() ? "" : " (its finalizers are " + join(names, ", ") + ")";
}

}  // namespace

net::Task<> delete_application(Session& session, std::string ns, std::string name, std::string uid,
                               std::string propagation) {
  client::DeleteOptions options;
  options.uid = std::move(uid);
  options.propagation = std::move(propagation);
  try {
    co_await session.api.remove(client::resources::spark_applications, ns, name, options);
  } catch (const kube::StatusError& e) {
    // A conflict is another uid: the one that was meant is gone.
    if (e.code() != 404 && e.code() != 409) throw;
  }
}

net::Task<> wait_until_gone(Session& session, std::string ns, std::string name, std::string uid) {
  const auto until = steady_clock::now() + kPatience;
  for (auto pause = net::Millis(50);; pause = std::min(pause * 2, net::Millis(1000))) {
    std::optional<client::Object> app;
    try {
      app = co_await session.api.get(client::resources::spark_applications, ns, name);
    } catch (const kube::StatusError& e) {
      if (e.code() != 404) throw;
    }
    if (!app || kube::uid(*app) != uid) co_return;
    if (steady_clock::now() > until)
      fail("{}/{} is still there a minute after its deletion{}", ns, name, finalizers(*app));
    co_await net::sleep_for(pause);
  }
}

}  // namespace spoke::cli
