#include "image/build/layer_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <memory>

#include "base/error.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/archive_reader.h"
#include "image/entry_meta.h"

namespace spoke::image {
namespace {

constexpr std::time_t kFirstOfZip = 315532800;
constexpr const char* kGzipLevel = "6";
// Beyond it zstd takes much longer for little; most of an image are jars, which are packed already.
constexpr const char* kZstdLevel = "3";

struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

const char* media_type(Packing packing) {
  switch (packing) {
    case Packing::None: return "application/vnd.oci.image.layer.v1.tar";
    case Packing::Gzip: return "application/vnd.oci.image.layer.v1.tar+gzip";
    case Packing::Zstd: break;
  }
  return "application/vnd.oci.image.layer.v1.tar+zstd";
}

// libarchive's writer, whose bytes go on to `sink`.
class Writer {
 public:
  using Sink = std::function<void(std::string_view)>;

  explicit Writer(Sink sink) : sink_(std::move(sink)), archive_(archive_write_new()) {
    if (!archive_) fail("out of memory");
  }
  // Freeing one that is not closed writes its end, which then goes nowhere.
  ~Writer() { dropped_ = true; }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  archive* get() const { return archive_.get(); }

  void open() {
    check(archive_write_set_bytes_in_last_block(get(), 1));
    check(archive_write_open(get(), this, nullptr, push, nullptr));
  }
  void header(archive_entry* entry) { check(archive_write_header(get(), entry)); }
  void data(std::string_view bytes) {
    while (!bytes.empty()) {
      const la_ssize_t written = archive_write_data(get(), bytes.data(), bytes.size());
      if (written <= 0) check(ARCHIVE_FATAL);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  void close() { check(archive_write_close(get())); }
  void check(int result) const {
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
    if (thrown_) std::rethrow_exception(thrown_);
    const char* why = archive_error_string(get());
    fail("{}", why != nullptr ? why : "cannot be written");
  }

 private:
  struct Free {
    void operator()(archive* a) const { archive_write_free(a); }
  };
  static la_ssize_t push(archive* a, void* self, const void* bytes, size_t size) {
    auto* writer = static_cast<Writer*>(self);
    if (writer->dropped_) return static_cast<la_ssize_t>(size);
    try {
      writer->sink_({static_cast<const char*>(bytes), size});
      return static_cast<la_ssize_t>(size);
    } catch (...) {  // libarchive is C: no exception may pass through it
      writer->thrown_ = std::current_exception();
      archive_set_error(a, EIO, "its target failed");
      return -1;
    }
  }

  Sink sink_;
  std::exception_ptr thrown_;
  bool dropped_ = false;
  std::unique_ptr<archive, Free> archive_;
};

// libarchive writes names as UTF-8 where the thread's locale is of UTF-8, whatever locale the program runs in.
class NamesAreUtf8 {
 public:
  NamesAreUtf8() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = ::uselocale(locale_);
  }
  ~NamesAreUtf8() {
    if (locale_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  NamesAreUtf8(const NamesAreUtf8&) = delete;
  NamesAreUtf8& operator=(const NamesAreUtf8&) = delete;

 private:
  locale_t locale_, before_ = nullptr;
};

// A tar on its way into a file: summed, packed, summed again.
class LayerFile {
 public:
  LayerFile(Packing packing, const Path& file)
      : packing_(packing),
        file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)),
        path_(file),
        packer_([this](std::string_view bytes) { write(bytes); }),
        tar_([this](std::string_view bytes) {
          diff_.add(bytes);
          packer_.data(bytes);
        }) {
    if (!file_) fail_system("create " + file.string());
    packer_.check(archive_write_set_format_raw(packer_.get()));
    if (packing == Packing::Gzip) {
      packer_.check(archive_write_add_filter_gzip(packer_.get()));
      packer_.check(archive_write_set_filter_option(packer_.get(), "gzip", "compression-level", kGzipLevel));
      packer_.check(archive_write_set_filter_option(packer_.get(), "gzip", "timestamp", nullptr));
    } else if (packing == Packing::Zstd) {
      packer_.check(archive_write_add_filter_zstd(packer_.get()));
      packer_.check(archive_write_set_filter_option(packer_.get(), "zstd", "compression-level", kZstdLevel));
    }
    packer_.open();
    const Entry whole(archive_entry_new());
    archive_entry_set_filetype(whole.get(), AE_IFREG);
    packer_.header(whole.get());
    tar_.check(archive_write_set_format_pax_restricted(tar_.get()));
    tar_.open();
  }

  Writer& tar() { return tar_; }

  LayerBlob finish() {
    tar_.close();
    packer_.close();
    if (::close(file_.release()) != 0) fail_system("write " + path_.string());
    return {.blob = {media_type(packing_), sum_.digest(), size_}, .diff_id = diff_.digest(), .created_by = ""};
  }

 private:
  void write(std::string_view bytes) {
    sum_.add(bytes);
    size_ += static_cast<std::int64_t>(bytes.size());
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_system("write " + path_.string());
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }

  NamesAreUtf8 names_;
  Packing packing_;
  Fd file_;
  Path path_;
  Sha256 sum_, diff_;
  std::int64_t size_ = 0;
  Writer packer_, tar_;
};

void add_file(Writer& tar, archive_entry* entry, const Path& source) {
  const Fd file(::open(source.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found{};
  if (!file || ::fstat(file.get(), &found) != 0) fail_errno("open " + source.string());
  archive_entry_set_size(entry, found.st_size);
  tar.header(entry);
  std::string buffer(size_t{256} << 10, '\0');
  off_t left = found.st_size;
  while (left > 0) {
    const ssize_t got = ::read(file.get(), buffer.data(), std::min<size_t>(buffer.size(), static_cast<size_t>(left)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("read " + source.string());
    if (got == 0) fail("{} has become shorter while it was read", source.string());
    tar.data({buffer.data(), static_cast<size_t>(got)});
    left -= got;
  }
}

void add_node(Writer& tar, const std::string& path, const TreeNode& node) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname_utf8(entry.get(), path.c_str());
  archive_entry_set_perm(entry.get(), node.mode);
  archive_entry_set_uid(entry.get(), node.user);
  archive_entry_set_gid(entry.get(), node.group);
  archive_entry_set_mtime(entry.get(), layer_time(), 0);
  archive_entry_set_size(entry.get(), 0);
  switch (node.kind) {
    case TreeNode::Kind::Folder:
      archive_entry_set_pathname_utf8(entry.get(), (path + "/").c_str());
      archive_entry_set_filetype(entry.get(), AE_IFDIR);
      return tar.header(entry.get());
    case TreeNode::Kind::Link:
      archive_entry_set_filetype(entry.get(), AE_IFLNK);
      archive_entry_set_symlink_utf8(entry.get(), node.text.c_str());
      return tar.header(entry.get());
    case TreeNode::Kind::Text:
      archive_entry_set_filetype(entry.get(), AE_IFREG);
      archive_entry_set_size(entry.get(), static_cast<la_int64_t>(node.text.size()));
      tar.header(entry.get());
      return tar.data(node.text);
    case TreeNode::Kind::File:
      archive_entry_set_filetype(entry.get(), AE_IFREG);
      return add_file(tar, entry.get(), node.source);
  }
}

// "./usr/bin/" -> "usr/bin"
std::string_view bare(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path == "." ? "" : path;
}

std::time_t latest_before(const Path& tar, std::time_t made) {
  std::time_t latest = kFirstOfZip;
  ArchiveReader reader(ArchiveReader::Format::Tar, tar);
  while (archive_entry* entry = reader.next())
    if (const std::time_t time = archive_entry_mtime(entry); time < made) latest = std::max(latest, time);
  return latest;
}

}  // namespace

std::time_t layer_time() {
  const char* set = std::getenv("SOURCE_DATE_EPOCH");
  return set == nullptr ? kFirstOfZip : static_cast<std::time_t>(to_int(set).value_or(kFirstOfZip));
}

LayerBlob write_layer(const Tree& tree, Packing packing, const Path& file) {
  LayerFile layer(packing, file);
  for (const auto& [path, node] : tree.nodes()) add_node(layer.tar(), path, node);
  return layer.finish();
}

LayerBlob write_layer(const Path& tar, const std::function<bool(std::string_view)>& wanted, std::time_t made,
                      Packing packing, const Path& file) {
  const std::time_t latest = latest_before(tar, made);
  LayerFile layer(packing, file);
  ArchiveReader reader(ArchiveReader::Format::Tar, tar);
  while (archive_entry* entry = reader.next()) {
    const std::string path = entry_path(entry);
    if (bare(path).empty() || !wanted(bare(path))) continue;
    archive_entry_set_mtime(entry, std::min(archive_entry_mtime(entry), latest), 0);
    archive_entry_unset_atime(entry);
    archive_entry_unset_ctime(entry);
    archive_entry_unset_birthtime(entry);
    // Numbers alone say who owns it, as in the layers that are made here.
    archive_entry_set_uname(entry, nullptr);
    archive_entry_set_gname(entry, nullptr);
    layer.tar().header(entry);
    while (const auto piece = reader.read()) layer.tar().data(piece->bytes);
  }
  return layer.finish();
}

}  // namespace spoke::image
