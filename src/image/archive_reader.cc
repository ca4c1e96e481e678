#include "image/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

#include "base/error.h"

namespace spoke::image {
namespace {

constexpr size_t block = size_t{256} << 10;

archive* make_reader(ArchiveReader::Format format) {
  archive* a = archive_read_new();
  if (a == nullptr) fail("out of memory");
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_zstd(a);
  if (format == ArchiveReader::Format::Tar) {
    archive_read_support_format_tar(a);
  } else {
    archive_read_support_format_raw(a);
  }
  return a;
}

// libarchive converts pax's UTF-8 names to the locale's charset, and answers null where that has no such letters.
std::string first_of(const char* utf8, const char* bytes) {
  return utf8 != nullptr ? utf8 : bytes != nullptr ? bytes : "";
}

}  // namespace

void ArchiveReader::Free::operator()(archive* a) const { archive_read_free(a); }

ArchiveReader::ArchiveReader(Format format, Source source) : archive_(make_reader(format)), source_(std::move(source)) {
  if (archive_read_open(archive_.get(), this, nullptr, pull, nullptr) != ARCHIVE_OK) fail_reading();
}

ArchiveReader::ArchiveReader(Format format, const Path& file) : archive_(make_reader(format)) {
  if (archive_read_open_filename(archive_.get(), file.c_str(), block) != ARCHIVE_OK) fail_reading();
}

ArchiveReader::~ArchiveReader() = default;

long ArchiveReader::pull(archive* a, void* self, const void** bytes) {
  auto* reader = static_cast<ArchiveReader*>(self);
  try {
    const std::string_view piece = reader->source_();
    *bytes = piece.data();
    return static_cast<long>(piece.size());
  } catch (...) {
    reader->thrown_ = std::current_exception();
    archive_set_error(a, EIO, "its source failed");
    return -1;
  }
}

void ArchiveReader::fail_reading() {
  if (thrown_) std::rethrow_exception(thrown_);
  const char* why = archive_error_string(archive_.get());
  fail("{}", why != nullptr ? why : "cannot be read as an archive");
}

archive_entry* ArchiveReader::next() {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_.get(), &entry);
  if (result == ARCHIVE_EOF) return nullptr;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail_reading();
  return entry;
}

std::optional<ArchiveReader::Piece> ArchiveReader::read() {
  const void* bytes = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  const int result = archive_read_data_block(archive_.get(), &bytes, &size, &offset);
  if (result == ARCHIVE_EOF) return std::nullopt;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail_reading();
  return Piece{{static_cast<const char*>(bytes), size}, offset};
}

std::string entry_path(archive_entry* entry) {
  return first_of(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
}

std::string entry_hardlink(archive_entry* entry) {
  return first_of(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry));
}

std::string entry_symlink(archive_entry* entry) {
  return first_of(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry));
}

}  // namespace spoke::image
