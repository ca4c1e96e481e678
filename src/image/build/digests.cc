#include "image/build/digests.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/blob.h"
#include "image/names.h"

namespace spoke::image {
namespace {

// More would be other machines' worth of files; the oldest are forgotten by forgetting all.
constexpr size_t kMost = 100'000;

}  // namespace

FileDigests::FileDigests(Path store) : store_(std::move(store)) {
  const auto text = try_read_file(store_);
  if (!text) return;
  for (const std::string& line : split(*text, '\n')) {
    const auto blank = line.rfind(' ');
    if (blank != std::string::npos && is_digest(line.substr(blank + 1)))
      known_[line.substr(0, blank)] = line.substr(blank + 1);
  }
  if (known_.size() > kMost) known_.clear();
}

std::string file_state(const Path& file) {
  struct stat s{};
  if (::stat(file.c_str(), &s) != 0) fail_errno(file.string());
  // The time of the inode's last change too: a program may set the other back.
  std::string out = fmt::format("{} {} {} {}.{} {}.{}", std::filesystem::absolute(file).string(), s.st_size, s.st_ino,
                                s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
  std::ranges::replace(out, '\n', '?');
  return out;
}

std::string FileDigests::of(const Path& file) {
  const std::string key = file_state(file);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  changed_ = true;
  return known_[key] = digest_of(file);
}

void FileDigests::save() const {
  if (!changed_) return;
  std::string text;
  for (const auto& [key, digest] : known_) text += key + " " + digest + "\n";
  make_dirs(store_.parent_path());
  write_file(store_, text);
}

std::string fingerprint(const Tree& tree, FileDigests& digests) {
  Sha256 sum;
  for (const auto& [path, node] : tree.nodes()) {
    const std::string content = node.kind == TreeNode::Kind::File   ? digests.of(node.source)
                                : node.kind == TreeNode::Kind::Text ? sha256_digest(node.text)
                                                                    : node.text;
    // A text is a file like any other, once it is written.
    const int kind =
        node.kind == TreeNode::Kind::Text ? static_cast<int>(TreeNode::Kind::File) : static_cast<int>(node.kind);
    sum.add(fmt::format("{} {:o} {}:{} {}", kind, node.mode, node.user, node.group, path));
    sum.add({"\0", 1});
    sum.add(content);
    sum.add({"\0", 1});
  }
  return sum.digest();
}

}  // namespace spoke::image
