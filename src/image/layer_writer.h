// One layer of an image, written into a folder as overlayfs wants its lower layers.
//
// A layer comes from strangers. Every path is walked below the folder without following a link (openat2), and what says
// otherwise is refused: absolute paths, "..", a way through a symbolic link, a hard link to anything but a file of the
// same layer. Whiteouts ("AUFS style", image-spec: layer.md) become overlayfs's: ".wh.NAME" a character device 0/0,
// ".wh..wh..opq" the attribute overlay.opaque; a layer's own overlay attributes are dropped, for they could redirect.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "image/entry_meta.h"

struct archive_entry;

namespace spoke::image {

class ArchiveReader;

// The names on the way, without "." and empty ones. Throws Error where the path is absolute, has ".." or is no path.
std::vector<std::string> layer_path(std::string_view path);

class LayerWriter {
 public:
  explicit LayerWriter(const Path& folder);  // an empty one

  // `content` stands at `entry`. Throws Error that names the entry and the reason.
  void add(archive_entry* entry, ArchiveReader& content);

  // Modes and times of folders: writing into them changes the one and may be forbidden by the other. Call at the end.
  void finish();

 private:
  int parent_of(const std::vector<std::string>& names);
  Fd make_parents(const std::vector<std::string>& names);
  void whiteout(int parent, const std::string& name);
  bool clear_place(int parent, const std::string& name, bool for_folder);
  void make_folder(int parent, const std::vector<std::string>& names, EntryMeta meta);
  void make_file(int parent, const std::string& name, const EntryMeta& meta, ArchiveReader& content);
  void make_hard_link(int parent, const std::string& name, const std::string& target);
  void make_symlink(int parent, const std::string& name, const EntryMeta& meta, const std::string& target);
  void make_special(int parent, const std::string& name, const EntryMeta& meta);

  Fd root_;
  bool keeps_owners_;        // root alone may give files away and make devices
  std::string last_parent_;  // most entries share their folder with the one before
  Fd last_parent_fd_;
  std::map<std::string, EntryMeta> folders_;  // by path, in which a folder sorts before what is in it
};

}  // namespace spoke::image
