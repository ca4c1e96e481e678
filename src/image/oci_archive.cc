#include "image/oci_archive.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <map>
#include <optional>
#include <set>

#include "base/sha256.h"
#include "base/strings.h"
#include "image/archive_reader.h"
#include "image/layer_writer.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

// Honest layers come to some five times their packed size, and text of little variety to fifty.
constexpr size_t kHarmless = size_t{1} << 30, kMostProportion = 300;
constexpr size_t max_documents = size_t{64} << 20;

struct Contents {
  Documents documents;
  std::map<std::string, std::string> links;  // docker save writes a layer that two images share once, and links to it
};

std::string archive_path(const std::string& path) { return join(layer_path(path), "/"); }

// "../x/layer.tar" in "y/" is "x/layer.tar"; "" where it leads out.
std::string link_target(const std::string& link, const std::string& target) {
  const std::string path = (Path(link).parent_path() / target).lexically_normal().string();
  return path.starts_with("..") || path.starts_with("/") ? "" : path;
}

// The first bytes tell JSON from layers, which begin with a compressor's magic or with a file's name.
std::optional<std::string> read_document(archive_entry* entry, ArchiveReader& reader) {
  if (archive_entry_size(entry) > static_cast<la_int64_t>(kMostDocument)) return std::nullopt;
  std::string text;
  while (const auto piece = reader.read()) {
    if (text.empty() && !piece->bytes.starts_with('{') && !piece->bytes.starts_with('[')) return std::nullopt;
    if (piece->offset != static_cast<std::int64_t>(text.size())) return std::nullopt;
    text += piece->bytes;
  }
  return text;
}

// A file of a layout's folder, in pieces.
ArchiveReader::Source pieces_of(const Path& path) {
  struct State {
    Fd file;
    std::string buffer = std::string(size_t{256} << 10, '\0');
  };
  auto state = std::make_shared<State>();
  state->file = Fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat found{};
  if (!state->file || ::fstat(state->file.get(), &found) != 0) fail_errno("open " + path.string());
  if (!S_ISREG(found.st_mode)) fail("{} is not a file", path.string());
  return [state, path]() -> std::string_view {
    ssize_t got = 0;
    do got = ::read(state->file.get(), state->buffer.data(), state->buffer.size());
    while (got < 0 && errno == EINTR);
    if (got < 0) fail_errno("read " + path.string());
    return {state->buffer.data(), static_cast<size_t>(got)};
  };
}

std::optional<std::string> read_document(const Path& path) {
  const ArchiveReader::Source source = pieces_of(path);
  std::string text;
  for (std::string_view piece = source(); !piece.empty(); piece = source()) {
    if (text.empty() && !piece.starts_with('{') && !piece.starts_with('[')) return std::nullopt;
    text += piece;
    if (text.size() > kMostDocument) return std::nullopt;
  }
  return text;
}

Contents read_layout(const Path& folder) {
  Contents contents;
  std::vector<Path> files{"index.json"};
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "blobs/sha256", none))
    files.push_back(Path("blobs/sha256") / entry.path().filename());
  size_t total = 0;
  for (const Path& file : files) {
    if (!std::filesystem::is_regular_file(folder / file)) continue;
    auto text = read_document(folder / file);
    if (!text) continue;
    total += text->size();
    if (total > max_documents) fail("it holds more than {} MiB of JSON", max_documents >> 20);
    contents.documents[file.string()] = std::move(*text);
  }
  return contents;
}

Contents read_contents(const Path& archive) {
  if (std::filesystem::is_directory(archive)) return read_layout(archive);
  Contents contents;
  size_t total = 0;
  ArchiveReader reader(ArchiveReader::Format::Tar, archive);
  while (archive_entry* entry = reader.next()) {
    const std::string path = archive_path(entry_path(entry));
    if (const std::string target = entry_hardlink(entry); !target.empty()) {
      contents.links[path] = archive_path(target);
    } else if (S_ISLNK(archive_entry_filetype(entry))) {
      contents.links[path] = link_target(path, entry_symlink(entry));
    } else if (S_ISREG(archive_entry_filetype(entry))) {
      auto text = read_document(entry, reader);
      if (!text) continue;
      total += text->size();
      if (total > max_documents) fail("it holds more than {} MiB of JSON", max_documents >> 20);
      contents.documents[path] = std::move(*text);
    }
  }
  return contents;
}

// The bytes of a reader's entry, each piece added to `sum` on its way. Holes of sparse files are spelled out.
ArchiveReader::Source summed(ArchiveReader& reader, Sha256& sum) {
  struct State {
    std::int64_t at = 0;
    std::string zeros;
    std::optional<ArchiveReader::Piece> waiting;
  };
  return [&reader, &sum, state = std::make_shared<State>()]() -> std::string_view {
    if (!state->waiting) state->waiting = reader.read();
    while (state->waiting && state->waiting->bytes.empty()) state->waiting = reader.read();
    if (!state->waiting) return {};
    std::string_view bytes = state->waiting->bytes;
    if (const std::int64_t hole = state->waiting->offset - state->at; hole > 0) {
      state->zeros.resize(static_cast<size_t>(std::min<std::int64_t>(hole, 65536)));
      bytes = state->zeros;
    } else {
      state->waiting.reset();
    }
    state->at += static_cast<std::int64_t>(bytes.size());
    sum.add(bytes);
    return bytes;
  };
}

// Fails where bytes come out that are out of all proportion to the `came` ones that they are made of.
ArchiveReader::Source no_bomb(ArchiveReader::Source source, const size_t& came) {
  return [source = std::move(source), &came, out = size_t{0}]() mutable {
    const std::string_view bytes = source();
    out += bytes.size();
    if (out > kHarmless && out / kMostProportion > came)
      fail("unpacks to more than {} times its size; that is no honest layer", kMostProportion);
    return bytes;
  };
}

void drain(const ArchiveReader::Source& source) {
  while (!source().empty()) {
  }
}

// Blob -> unpacked tar -> files. Both sums run along, `blob_sum` with `packed`; what follows the tar's end belongs to
// them too.
void unpack_layer(const ArchiveReader::Source& packed, Sha256& blob_sum, const LayerPlan& layer, const Path& folder) {
  Sha256 diff_sum;
  size_t came = 0;
  const auto counted = [&packed, &came] {
    const std::string_view bytes = packed();
    came += bytes.size();
    return bytes;
  };
  {
    ArchiveReader unpacked(ArchiveReader::Format::Raw, counted);
    if (unpacked.next() == nullptr) fail("is empty");
    const auto tar = no_bomb(summed(unpacked, diff_sum), came);
    ArchiveReader files(ArchiveReader::Format::Tar, tar);
    LayerWriter writer(folder);
    while (archive_entry* entry = files.next()) writer.add(entry, files);
    writer.finish();
    drain(tar);
  }
  drain(packed);
  if (!layer.digest.empty() && blob_sum.digest() != layer.digest)
    fail("its content does not have the digest it goes by; the archive is damaged");
  if (diff_sum.digest() != layer.diff_id) fail("its content is not what the configuration says ({})", layer.diff_id);
}

// Follows docker save's links; a circle of them ends nowhere.
std::string resolve_link(const Contents& contents, std::string file) {
  for (int i = 0; i < 8; ++i) {
    const auto link = contents.links.find(file);
    if (link == contents.links.end()) return file;
    file = link->second;
  }
  return "";
}

// The layers that are not there yet, by the archive's file.
std::map<std::string, LayerPlan> absent_layers(const Path& store, const Contents& contents, const ImagePlan& plan) {
  std::map<std::string, LayerPlan> absent;
  for (const LayerPlan& layer : plan.layers) {
    if (std::filesystem::is_directory(layer_folder(store, layer.diff_id))) continue;
    const auto [place, added] = absent.try_emplace(resolve_link(contents, layer.file), layer);
    if (!added && place->second.diff_id != layer.diff_id) fail("two different layers are one file, {}", layer.file);
  }
  return absent;
}

void unpack_into(const Path& staging, const LayerPlan& layer, const ArchiveReader::Source& packed, Sha256& sum) {
  const Path folder = staging / layer_folder("", layer.diff_id).filename();
  make_dirs(folder, 0700);
  try {
    unpack_layer(packed, sum, layer, folder);
  } catch (const DiskFull&) {
    throw;
  } catch (const Error& e) {
    fail("layer {}: {}", layer.file, e.what());
  }
}

void unpack_layout(const Path& layout, const std::map<std::string, LayerPlan>& absent, const Path& staging) {
  for (const auto& [file, layer] : absent) {
    Sha256 sum;
    unpack_into(
        staging, layer,
        [&sum, source = pieces_of(layout / file)] {
          const std::string_view bytes = source();
          sum.add(bytes);
          return bytes;
        },
        sum);
  }
}

void unpack_layers(const Path& archive, std::map<std::string, LayerPlan> absent, const Path& staging) {
  if (std::filesystem::is_directory(archive)) return unpack_layout(archive, absent, staging);
  ArchiveReader reader(ArchiveReader::Format::Tar, archive);
  while (!absent.empty()) {
    archive_entry* entry = reader.next();
    if (entry == nullptr) fail("the layer {} is not in it; the archive is not whole", absent.begin()->second.file);
    if (!S_ISREG(archive_entry_filetype(entry)) || !entry_hardlink(entry).empty()) continue;
    const auto wanted = absent.find(archive_path(entry_path(entry)));
    if (wanted == absent.end()) continue;
    Sha256 sum;
    unpack_into(staging, wanted->second, summed(reader, sum), sum);
    absent.erase(wanted);
  }
}

}  // namespace

Path layer_folder(const Path& store, const std::string& diff_id) {
  return store / "layers" / diff_id.substr(std::string("sha256:").size());
}

ImagePlan load_archive(const Path& store, const Path& archive, const std::string& as) {
  try {
    const Contents contents = read_contents(archive);
    ImagePlan plan = plan_image(contents.documents, as, machine_architecture());
    const auto absent = absent_layers(store, contents, plan);
    if (absent.empty()) return plan;
    Staging staging(store);
    unpack_layers(archive, absent, staging.path());
    staging.sync();
    for (const auto& [file, layer] : absent) {
      const Path place = layer_folder(store, layer.diff_id);
      staging.publish(place.filename(), place);
    }
    return plan;
  } catch (const DiskFull&) {
    throw ImageError(fmt::format("{}: no space left to unpack it in {}; make room and load it again", archive.string(),
                                 store.string()));
  } catch (const Error& e) {
    throw ImageError(fmt::format("{}: {}", archive.string(), e.what()));
  }
}

}  // namespace spoke::image
