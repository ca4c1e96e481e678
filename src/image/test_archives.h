// For the tests of this room: tars, and archives of images around them.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "data/json.h"
#include "image/manifest.h"

namespace spoke::image::test {

using Scratch = TempDir;

enum class Packing { None, Gzip, Zstd };

struct Item {
  std::string path;
  mode_t type = S_IFREG;
  std::string content;  // of a file; the target of a link
  mode_t mode = 0644;
  bool hardlink = false;
  std::map<std::string, std::string> attributes;
  uid_t uid = 0;
};

inline Item file(std::string path, std::string content = "", mode_t mode = 0644) {
  return {std::move(path), S_IFREG, std::move(content), mode};
}
inline Item folder(std::string path, mode_t mode = 0755) { return {std::move(path), S_IFDIR, "", mode}; }
inline Item symlink(std::string path, std::string target) {
  return {std::move(path), S_IFLNK, std::move(target), 0777};
}
inline Item hardlink(std::string path, std::string target) {
  return {std::move(path), S_IFREG, std::move(target), 0644, true};
}

inline std::string make_tar(const std::vector<Item>& items, Packing packing = Packing::None) {
  size_t size = 1 << 20;
  for (const Item& item : items) size += item.content.size() + 8192;
  std::string out(size, '\0');
  archive* a = archive_write_new();
  archive_write_set_format_pax_restricted(a);
  archive_write_set_options(a, "hdrcharset=BINARY");
  if (packing == Packing::Gzip) archive_write_add_filter_gzip(a);
  if (packing == Packing::Zstd) archive_write_add_filter_zstd(a);
  archive_write_set_bytes_in_last_block(a, 1);
  size_t used = 0;
  archive_write_open_memory(a, out.data(), out.size(), &used);
  for (const Item& item : items) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.path.c_str());
    archive_entry_set_mode(entry, item.type | item.mode);
    archive_entry_set_uid(entry, item.uid);
    archive_entry_set_mtime(entry, 1700000000, 0);
    if (item.hardlink) {
      archive_entry_set_hardlink(entry, item.content.c_str());
    } else if (S_ISLNK(item.type)) {
      archive_entry_set_symlink(entry, item.content.c_str());
    } else if (S_ISREG(item.type)) {
      archive_entry_set_size(entry, static_cast<la_int64_t>(item.content.size()));
    }
    for (const auto& [name, value] : item.attributes)
      archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), value.size());
    if (archive_write_header(a, entry) < ARCHIVE_WARN) fail("header of {}: {}", item.path, archive_error_string(a));
    if (S_ISREG(item.type) && !item.hardlink) archive_write_data(a, item.content.data(), item.content.size());
    archive_entry_free(entry);
  }
  if (archive_write_close(a) != ARCHIVE_OK) fail("close: {}", archive_error_string(a));
  archive_write_free(a);
  out.resize(used);
  return out;
}

struct Layer {
  std::vector<Item> items;
  Packing packing = Packing::None;
};

inline std::string blob(const std::string& digest) { return "blobs/sha256/" + digest.substr(7); }

inline std::string config_of(const std::vector<Layer>& layers,
                             const std::string& architecture = machine_architecture()) {
  json::array diff_ids;
  for (const Layer& layer : layers) diff_ids.emplace_back(sha256_digest(make_tar(layer.items)));
  return json::dump(json::object{{"architecture", architecture},
                                 {"os", "linux"},
                                 {"config", json::object{{"Entrypoint", json::array{"/init"}},
                                                         {"Cmd", json::array{"a", "b"}},
                                                         {"Env", json::array{"X=1"}},
                                                         {"User", "185:0"},
                                                         {"WorkingDir", "/work"}}},
                                 {"rootfs", json::object{{"type", "layers"}, {"diff_ids", std::move(diff_ids)}}}});
}

// The files of an OCI layout with one image, called `name` where it is not "".
inline std::map<std::string, std::string> layout_files(const std::vector<Layer>& layers, const std::string& name) {
  std::map<std::string, std::string> files;
  const auto add = [&](const std::string& text) {
    const std::string digest = sha256_digest(text);
    files[blob(digest)] = text;
    return json::object{{"digest", digest}, {"size", text.size()}};
  };
  json::array descriptors;
  for (const Layer& layer : layers) descriptors.emplace_back(add(make_tar(layer.items, layer.packing)));
  const json::object config = add(config_of(layers));
  json::object manifest =
      add(json::dump(json::object{{"schemaVersion", 2}, {"config", config}, {"layers", std::move(descriptors)}}));
  if (!name.empty()) manifest["annotations"] = json::object{{"org.opencontainers.image.ref.name", name}};
  files["index.json"] = json::dump(json::object{{"schemaVersion", 2}, {"manifests", json::array{manifest}}});
  files["oci-layout"] = R"({"imageLayoutVersion": "1.0.0"})";
  return files;
}

inline std::string tar_of(const std::map<std::string, std::string>& files, Packing packing = Packing::None) {
  std::vector<Item> items;
  items.reserve(files.size());
  for (const auto& [path, content] : files) items.push_back(file(path, content));
  return make_tar(items, packing);
}

}  // namespace spoke::image::test
