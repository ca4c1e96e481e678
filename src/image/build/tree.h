// What a layer is to hold, before it is written: folders, files of this machine or of texts, links.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/files.h"

namespace spoke::image {

struct TreeNode {
  enum class Kind { Folder, File, Text, Link };
  Kind kind = Kind::Folder;
  unsigned mode = 0755;  // permissions
  unsigned user = 0, group = 0;
  Path source;       // File: where its content is
  std::string text;  // Text: its content; Link: where it leads
};

// Who owns what is added, and with which permissions: 0755 and 0644 by whether it is executable, where `mode` is 0.
struct TreeOwner {
  unsigned user = 0, group = 0, mode = 0;
};

// Folders and links of the layers below, by path without the first slash.
using LowerPaths = std::map<std::string, TreeNode>;

// Paths are absolute ones of the image. Those above a path are made too: as the layers below have them, for a layer
// that names a folder gives it its own owner and permissions; else root's and 0755. A folder that is there stays as it
// is. A path through a link goes where it leads.
class Tree {
 public:
  using Wanted = std::function<bool(const Path&)>;  // of a path below the folder that is copied

  explicit Tree(const LowerPaths* lower = nullptr) : lower_(lower) {}  // `lower` lives longer

  void add_folder(const Path& path, unsigned mode = 0755);
  void add_text(const Path& path, std::string content, unsigned mode = 0644);
  void add_link(const Path& path, std::string target);
  // A file, or a folder with all that is in it and `wanted`. Links inside of it stay links where they lead to somewhere
  // inside, else what they lead to is copied. Throws Error for what is not there, and for devices and sockets.
  void add(const Path& path, const Path& source, const TreeOwner& owner = {}, const Wanted& wanted = {});

  bool empty() const { return nodes_.empty(); }
  // By path without the first slash; in this order a folder comes before what is in it.
  const std::map<std::string, TreeNode>& nodes() const { return nodes_; }

 private:
  void put(const Path& path, TreeNode node);
  const TreeNode* find(const std::string& path) const;
  std::string followed(const Path& folder) const;
  void add_below(const Path& path, const Path& source, const Path& root, const TreeOwner& owner, const Wanted& wanted);

  const LowerPaths* lower_;
  std::map<std::string, TreeNode> nodes_;
};

}  // namespace spoke::image
