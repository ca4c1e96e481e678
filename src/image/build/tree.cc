#include "image/build/tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"

namespace spoke::image {
namespace {

struct stat stat_of(const Path& path, bool follow) {
  struct stat out{};
  if ((follow ? ::stat(path.c_str(), &out) : ::lstat(path.c_str(), &out)) != 0) fail_errno(path.string());
  return out;
}

constexpr int kMostLinks = 16;

bool is_below(const Path& path, const Path& folder) {
  const Path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

std::vector<Path> sorted_entries(const Path& folder) {
  std::vector<Path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

}  // namespace

const TreeNode* Tree::find(const std::string& path) const {
  if (const auto own = nodes_.find(path); own != nodes_.end()) return &own->second;
  if (lower_ == nullptr) return nullptr;
  const auto lower = lower_->find(path);
  return lower == lower_->end() ? nullptr : &lower->second;
}

// "bin" is "usr/bin" where it is a link there.
std::string Tree::followed(const Path& folder) const {
  Path rest = folder, at;
  for (int links = 0; !rest.empty();) {
    const Path part = *rest.begin();
    rest = rest.lexically_relative(part);
    if (rest == ".") rest.clear();
    const TreeNode* node = find((at / part).string());
    if (node == nullptr || node->kind != TreeNode::Kind::Link) {
      at /= part;
      continue;
    }
    if (++links > kMostLinks) fail("/{} leads through too many links", folder.string());
    const Path target =
        (Path("/") / at / node->text).lexically_normal().relative_path();  // an absolute one stands for itself
    rest = rest.empty() ? target : target / rest;
    at.clear();
  }
  return at.string();
}

void Tree::put(const Path& path, TreeNode node) {
  Path normal = path.lexically_normal();
  if (!normal.is_absolute()) fail("{} is no absolute path in an image", path.string());
  if (!normal.has_filename()) normal = normal.parent_path();
  if (normal == "/") return;
  const std::string folder = followed(normal.relative_path().parent_path());
  Path above;
  for (const Path& part : Path(folder)) {
    above /= part;
    const TreeNode* lower = find(above.string());
    nodes_.try_emplace(above.string(), lower != nullptr ? *lower : TreeNode{});
  }
  const std::string place = (Path(folder) / normal.filename()).string();
  // What the layers below have of folders stays as it is: a layer that names /tmp would give it another owner and mode.
  if (const TreeNode* there = find(place); there != nullptr && there->kind == TreeNode::Kind::Folder) {
    if (node.kind != TreeNode::Kind::Folder) fail("{} is a folder in the image; name the file in it", normal.string());
    if (!nodes_.contains(place)) node = *there;
  }
  nodes_.insert_or_assign(place, std::move(node));
}

void Tree::add_folder(const Path& path, unsigned mode) { put(path, {.mode = mode}); }

void Tree::add_text(const Path& path, std::string content, unsigned mode) {
  put(path, {.kind = TreeNode::Kind::Text, .mode = mode, .text = std::move(content)});
}

void Tree::add_link(const Path& path, std::string target) {
  put(path, {.kind = TreeNode::Kind::Link, .mode = 0777, .text = std::move(target)});
}

void Tree::add(const Path& path, const Path& source, const TreeOwner& owner, const Wanted& wanted) {
  try {
    const Path real = std::filesystem::canonical(source);
    add_below(path, real, real, owner, wanted);
  } catch (const std::filesystem::filesystem_error& e) {
    fail("{}: {}", source.string(), e.code().message());
  }
}

void Tree::add_below(const Path& path, const Path& source, const Path& root, const TreeOwner& owner,
                     const Wanted& wanted) {
  struct stat found = stat_of(source, false);
  if (S_ISLNK(found.st_mode)) {
    const Path target = std::filesystem::read_symlink(source);
    if (target.is_relative() && is_below((source.parent_path() / target).lexically_normal(), root))
      return put(path, {.kind = TreeNode::Kind::Link,
                        .mode = 0777,
                        .user = owner.user,
                        .group = owner.group,
                        .text = target.string()});
    found = stat_of(source, true);
    // A circle would have no end, and a folder elsewhere is nobody's to guess.
    if (S_ISDIR(found.st_mode))
      fail("{} leads to the folder {} outside of {}", source.string(), target.string(), root.string());
  }
  if (S_ISDIR(found.st_mode)) {
    put(path, {.mode = 0755, .user = owner.user, .group = owner.group});
    for (const Path& entry : sorted_entries(source))
      if (!wanted || wanted(entry.lexically_relative(root)))
        add_below(path / entry.filename(), entry, root, owner, wanted);
    return;
  }
  if (!S_ISREG(found.st_mode)) fail("{} is neither a file nor a folder", source.string());
  // Whoever unpacked it may have done so under a umask; in an image everyone reads.
  const unsigned usual = (found.st_mode & S_IXUSR) != 0 ? 0755 : 0644;
  put(path, {.kind = TreeNode::Kind::File,
             .mode = owner.mode != 0 ? owner.mode : usual,
             .user = owner.user,
             .group = owner.group,
             .source = source});
}

}  // namespace spoke::image
