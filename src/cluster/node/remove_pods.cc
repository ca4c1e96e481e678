#include <filesystem>

#include "cluster/node/container.h"
#include "cluster/node/node.h"
#include "cluster/node/pod_record.h"
#include "cluster/node/sandbox.h"

namespace spoke::cluster {
namespace {

namespace fs = std::filesystem;

std::vector<Path> entries(const Path& dir) {
  std::vector<Path> out;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(dir, none)) out.push_back(entry.path());
  return out;
}

}  // namespace

void remove_pods(const NodeOptions& options) {
  std::error_code none;
  const Path root = fs::canonical(options.data_dir, none);
  if (none) return;  // there never was a node
  for (const auto& path : entries(root / "pods")) {
    const PodDir dir{path};
    for (const auto& container : entries(dir.containers())) {
      for (const auto& attempt : entries(container)) end_container({attempt});
    }
    Sandbox sandbox;
    sandbox.dir = dir.namespaces();
    if (const auto record = read_record(dir)) sandbox.address = record->ip;
    remove_sandbox(sandbox);
    unmount_below(path);
    fs::remove_all(path);
  }
  fs::remove_all(root / "runtime");
}

}  // namespace spoke::cluster
