#include "cluster/node/atomic_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "base/strings.h"

namespace spoke::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kData = "..data";

std::string first_part(const std::string& path) { return path.substr(0, path.find('/')); }

unsigned final_mode(const VolumeFile& file, const FileOwner& owner) { return owner.gid ? file.mode | 0440 : file.mode; }

// What is there now, to be compared with what should be.
VolumeFiles present(const Path& dir, const Path& data) {
  VolumeFiles files;
  std::error_code none;
  for (auto at = fs::recursive_directory_iterator(data, none); at != fs::recursive_directory_iterator();
       at.increment(none)) {
    if (none || !at->is_regular_file(none)) continue;
    struct stat about{};
    ::stat(at->path().c_str(), &about);
    files[at->path().lexically_relative(data).string()] = {try_read_file(at->path()).value_or(""),
                                                           about.st_mode & 0777u};
  }
  for (const auto& [path, file] : VolumeFiles(files)) {
    if (!fs::is_symlink(dir / first_part(path))) files.erase(path);  // an earlier writing was cut short
  }
  return files;
}

void write_one(const Path& path, const VolumeFile& file, const FileOwner& owner) {
  make_dirs(path.parent_path());
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) fail_errno("create " + path.string());
  for (std::string_view rest = file.content; !rest.empty();) {
    const ssize_t n = ::write(fd.get(), rest.data(), rest.size());
    if (n < 0 && errno != EINTR) fail_errno("write " + path.string());
    if (n > 0) rest.remove_prefix(static_cast<size_t>(n));
  }
  // Owner before mode: a change of owner takes mode bits away.
  if (::fchown(fd.get(), owner.uid ? *owner.uid : static_cast<uid_t>(-1),
               owner.gid ? *owner.gid : static_cast<gid_t>(-1)) != 0 ||
      ::fchmod(fd.get(), final_mode(file, owner)) != 0)
    fail_errno("set the owner of " + path.string());
}

void link(const Path& target, const Path& at) {
  const Path beside = at.string() + "_tmp";
  fs::remove(beside);
  fs::create_symlink(target, beside);
  fs::rename(beside, at);
}

std::string stamp(Time now) {
  // "2026-03-01T12:00:00.123456000Z" with what a file name should not have replaced.
  std::string text = rfc3339_nano(now);
  for (char& c : text) c = c == '-' || c == 'T' || c == ':' ? '_' : c;
  text.pop_back();
  return ".." + text;
}

}  // namespace

bool write_atomically(const Path& dir, const VolumeFiles& files, const FileOwner& owner, Time now) {
  make_dirs(dir);
  VolumeFiles wanted = files;
  for (auto& [path, file] : wanted) file.mode = final_mode(file, owner);
  const Path data = dir / kData;
  const bool before = fs::is_symlink(data);
  if (before && present(dir, data) == wanted) return false;

  std::string name = stamp(now);
  if (fs::exists(dir / name)) name += random_suffix(5);
  try {
    make_dirs(dir / name);
    for (const auto& [path, file] : files) write_one(dir / name / path, file, owner);
    link(name, data);
  } catch (const std::exception& e) {
    std::error_code ignored;
    fs::remove_all(dir / name, ignored);
    throw Error(e.what());
  }
  std::set<std::string> names;
  for (const auto& [path, file] : files) names.insert(first_part(path));
  for (const auto& visible : names) {
    if (!fs::is_symlink(dir / visible)) fs::create_symlink(Path(kData) / visible, dir / visible);
  }
  for (const auto& entry : fs::directory_iterator(dir)) {
    const std::string visible = entry.path().filename().string();
    if (visible != kData && visible != name && !names.contains(visible)) fs::remove_all(entry.path());
  }
  return true;
}

}  // namespace spoke::cluster
