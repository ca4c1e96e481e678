// Kubeconfigs from anywhere: reading, merging and choosing end with a value or an Error, never otherwise.
// uses: spoke_client
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/exec_plugin.h"
#include "client/kubeconfig_file.h"

namespace {

template <class Work>
void allow_errors(Work work) {
  try {
    work();
  } catch (const spoke::Error&) {  // NOLINT(bugprone-empty-catch): refusing is fine
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto half = text.substr(0, size / 2);
  allow_errors([&] {
    client::Kubeconfig config = client::parse_kubeconfig(text, "/home/user/.kube/config");
    allow_errors([&] { client::merge_kubeconfig(config, client::parse_kubeconfig(half, "/other/config")); });
    for (const auto& [name, cluster] : config.clusters)
      allow_errors([&] { client::parse_server_url(json::str(cluster, "server"), true); });
    for (const auto& [name, user] : config.users) {
      const json::value* exec = json::find(user, "exec");
      if (exec == nullptr) continue;
      allow_errors([&] {
        const auto plugin = client::parse_exec_plugin(*exec, json::object{});
        client::exec_info(plugin, false);
        client::parse_exec_credential(plugin, half);
      });
    }
  });
  allow_errors([&] { client::parse_server_url(text, false); });
  return 0;
}
