#include "cluster/node/host_path.h"

#include <fcntl.h>

#include "cluster/node/volume_files.h"

namespace spoke::cluster {
namespace {

namespace fs = std::filesystem;

struct Kind {
  std::string_view type;
  bool (*is)(const fs::file_status&);
  const char* words;
};

constexpr auto kIsDirectory = [](const fs::file_status& s) { return fs::is_directory(s); };
constexpr auto kIsFile = [](const fs::file_status& s) { return fs::is_regular_file(s); };
const Kind kKinds[] = {
    {"Directory", kIsDirectory, "a directory"},
    {"DirectoryOrCreate", kIsDirectory, "a directory"},
    {"File", kIsFile, "a file"},
    {"FileOrCreate", kIsFile, "a file"},
    {"Socket", [](const fs::file_status& s) { return fs::is_socket(s); }, "a socket file"},
    {"CharDevice", [](const fs::file_status& s) { return fs::is_character_file(s); }, "a character device"},
    {"BlockDevice", [](const fs::file_status& s) { return fs::is_block_file(s); }, "a block device"},
};

}  // namespace

void check_host_path(const Path& path, std::string_view type) {
  if (!fs::exists(path)) {
    if (type == "DirectoryOrCreate" || type.empty()) make_dirs(path);
    if (type == "FileOrCreate") {
      const Fd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      if (!made) fail_errno("create " + path.string());
    }
  }
  for (const auto& kind : kKinds) {
    if (kind.type == type && !kind.is(fs::status(path)))
      throw MountError(fmt::format("hostPath type check failed: {} is not {}", path.string(), kind.words));
  }
}

}  // namespace spoke::cluster
