#include "image/build/listing.h"

#include <archive_entry.h>
#include <sys/stat.h>

#include "base/strings.h"
#include "data/json.h"
#include "image/archive_reader.h"
#include "image/image_config.h"
#include "image/layer_writer.h"

namespace spoke::image {
namespace {

constexpr std::int64_t kMostLookedAt = std::int64_t{1} << 30;  // of a jar: AWS's SDK has 600 MB

// "./usr//bin" is "usr/bin"; "" for the root, and for what would lead out: unpacking refuses that.
std::string normal(const std::string& path) {
  std::string out;
  try {
    for (const std::string& name : layer_path(path)) out += (out.empty() ? "" : "/") + name;
  } catch (const Error&) {
    return "";
  }
  return out;
}

std::string to_text(const LayerListing& listing) {
  json::array paths;
  for (const auto& [path, node] : listing.paths)
    paths.push_back(json::array{path, node.kind == TreeNode::Kind::Link ? "link" : "folder", node.mode, node.user,
                                node.group, node.text});
  json::object packages;
  for (const auto& [file, found] : listing.packages) {
    json::array list;
    for (const Package& one : found)
      list.push_back(
          json::array{static_cast<int>(one.kind), one.group, one.name, one.version, one.architecture, one.sha256});
    packages[file] = std::move(list);
  }
  return json::dump(json::object{{"paths", std::move(paths)},
                                 {"packages", std::move(packages)},
                                 {"distribution", listing.distribution},
                                 {"files", to_json(listing.files)},
                                 {"gone", to_json(listing.gone)},
                                 {"opaque", to_json(listing.opaque)}});
}

LayerListing from_text(const std::string& text) {
  LayerListing out;
  const json::value v = json::parse(text);
  for (const json::value& item : json::list(v, "paths")) {
    const json::array& one = item.as_array();
    const auto number = [&](size_t i) { return one.at(i).to_number<unsigned>(); };
    out.paths[json::to_string(one.at(0).as_string())] = {
        .kind = one.at(1).as_string() == "link" ? TreeNode::Kind::Link : TreeNode::Kind::Folder,
        .mode = number(2),
        .user = number(3),
        .group = number(4),
        .text = json::to_string(one.at(5).as_string())};
  }
  for (const auto& [file, list] : json::members(v, "packages"))
    for (const json::value& item : list.as_array()) {
      const json::array& one = item.as_array();
      const auto text_at = [&](size_t i) { return json::to_string(one.at(i).as_string()); };
      out.packages[std::string(file)].push_back({static_cast<Package::Kind>(one.at(0).to_number<int>()), text_at(1),
                                                 text_at(2), text_at(3), text_at(4), text_at(5)});
    }
  out.distribution = json::str(v, "distribution");
  out.files = string_list(v, "files");
  out.gone = string_list(v, "gone");
  out.opaque = string_list(v, "opaque");
  return out;
}

// All of an entry; "" where it is longer than is looked at.
std::string read_entry(archive_entry* entry, ArchiveReader& reader) {
  std::string out;
  if (archive_entry_size(entry) > kMostLookedAt) return out;
  while (const auto piece = reader.read()) {
    if (piece->offset > kMostLookedAt) return "";
    out.resize(static_cast<size_t>(piece->offset));  // holes are zeros
    out += piece->bytes;
  }
  return out;
}

void look_inside(const std::string& path, archive_entry* entry, ArchiveReader& reader, LayerListing& out) {
  const bool dpkg = path == "var/lib/dpkg/status" || path.starts_with("var/lib/dpkg/status.d/");
  if (dpkg && !path.ends_with(".md5sums")) out.packages[path] = read_dpkg_status(read_entry(entry, reader));
  if (path == "etc/os-release" || path == "usr/lib/os-release")
    for (const std::string& line : split(read_entry(entry, reader), '\n'))
      if (line.starts_with("ID=")) out.distribution = replace_all(line.substr(3), "\"", "");
  if (!path.ends_with(".jar")) return;
  if (const auto jar = read_jar(path.substr(path.rfind('/') + 1), read_entry(entry, reader)))
    out.packages[path] = {*jar};
}

// What begins with `lead`, of a set or a map of paths.
template <class Paths>
void drop_from(Paths& all, const std::string& lead) {
  for (auto at = all.lower_bound(lead); at != all.end(); at = all.erase(at)) {
    if constexpr (requires { at->first; }) {
      if (!at->first.starts_with(lead)) return;
    } else {
      if (!at->starts_with(lead)) return;
    }
  }
}

}  // namespace

LayerListing list_layer(const Path& layer) {
  LayerListing out;
  ArchiveReader reader(ArchiveReader::Format::Tar, layer);
  while (archive_entry* entry = reader.next()) {
    const std::string path = normal(entry_path(entry));
    if (path.empty()) continue;
    constexpr std::string_view whiteout = ".wh.", opaque = ".wh..wh..opq";
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name == opaque) {
      out.opaque.push_back(folder);
      continue;
    }
    if (name.starts_with(whiteout) && name.size() > whiteout.size()) {
      out.gone.push_back((folder.empty() ? "" : folder + "/") + name.substr(whiteout.size()));
      continue;
    }
    TreeNode node{.mode = static_cast<unsigned>(archive_entry_perm(entry)),
                  .user = static_cast<unsigned>(archive_entry_uid(entry)),
                  .group = static_cast<unsigned>(archive_entry_gid(entry))};
    if (S_ISLNK(archive_entry_filetype(entry))) {
      node.kind = TreeNode::Kind::Link;
      node.text = entry_symlink(entry);
    } else if (!S_ISDIR(archive_entry_filetype(entry))) {
      out.files.push_back(path);
      if (S_ISREG(archive_entry_filetype(entry)) && entry_hardlink(entry).empty())
        look_inside(path, entry, reader, out);
      continue;
    }
    out.paths.insert_or_assign(path, std::move(node));
  }
  return out;
}

LayerListing list_layer(const BuildCache& cache, const std::string& digest) {
  const Path known = cache.dir() / "listings-2" / (digest.substr(digest.find(':') + 1) + ".json");
  if (const auto text = try_read_file(known)) {
    try {
      return from_text(*text);
    } catch (const std::exception&) {  // as if it had never been read
    }
  }
  LayerListing out = list_layer(cache.blob(digest));
  make_dirs(known.parent_path());
  write_file(known, to_text(out));
  return out;
}

void ImageListing::remove_below(const std::string& path) {
  const std::string lead = path.empty() ? "" : path + "/";
  drop_from(paths, lead);
  drop_from(files, lead);
  drop_from(packages, lead);
}

void ImageListing::add(const LayerListing& layer) {
  if (!layer.distribution.empty()) distribution = layer.distribution;
  for (const std::string& path : layer.opaque) remove_below(path);
  for (const std::string& path : layer.gone) {
    paths.erase(path);
    files.erase(path);
    packages.erase(path);
    remove_below(path);
  }
  for (const auto& [path, node] : layer.paths) {
    files.erase(path);
    packages.erase(path);
    if (node.kind == TreeNode::Kind::Link) remove_below(path);
    paths.insert_or_assign(path, node);
  }
  for (const std::string& file : layer.files) {
    if (paths.erase(file) > 0) remove_below(file);
    files.insert(file);
    packages.erase(file);
  }
  for (const auto& [file, found] : layer.packages) packages[file] = found;
}

}  // namespace spoke::image
