// Reading tars, and what gzip or zstd packed, over libarchive: in one pass, from a file or from another reader.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"

struct archive;
struct archive_entry;

namespace spoke::image {

class ArchiveReader {
 public:
  enum class Format {
    Tar,  // a tar, unpacked first where it is packed
    Raw,  // any bytes, unpacked where they are packed: one entry without a name
  };
  // The next bytes, valid until the next call; none at the end. What it throws comes out of the reader's own calls.
  using Source = std::function<std::string_view()>;

  ArchiveReader(Format format, Source source);
  ArchiveReader(Format format, const Path& file);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // The next entry, or null after the last one. Throws Error where the archive is damaged, without its name.
  archive_entry* next();

  struct Piece {
    std::string_view bytes;
    std::int64_t offset = 0;  // in the entry: what pieces leave out of a sparse file is zeros
  };
  // The next piece of the entry's content, valid until the next call; nothing at its end.
  std::optional<Piece> read();

 private:
  struct Free {
    void operator()(archive* a) const;
  };
  static long pull(archive* a, void* self, const void** bytes);
  [[noreturn]] void fail_reading();

  std::unique_ptr<archive, Free> archive_;
  Source source_;
  std::exception_ptr thrown_;  // by source_: libarchive is C, no exception may pass through it
};

// An entry's names as bytes, whatever the locale; "" where there is none.
std::string entry_path(archive_entry* entry);
std::string entry_hardlink(archive_entry* entry);
std::string entry_symlink(archive_entry* entry);

}  // namespace spoke::image
