#include "image/build/jar_classes.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/error.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/build/digests.h"
#include "image/check/class_file.h"

namespace spoke::image {
namespace {

constexpr size_t kBlock = size_t{64} << 10;
constexpr size_t kLargestClass = size_t{16} << 20;  // of real ones some hundred kilobytes are the most

// Of how many classes the Java version is asked: a jar may have some that only a newer Java uses.
constexpr size_t kLookedAt = 100;

class Jar {
 public:
  explicit Jar(const Path& file) : file_(file), zip_(::archive_read_new(), &::archive_read_free) {
    ::archive_read_support_format_zip_seekable(zip_.get());
    if (::archive_read_open_filename(zip_.get(), file.c_str(), kBlock) != ARCHIVE_OK) fail_reading();
  }

  // "" at the end.
  std::string next_class() {
    archive_entry* entry = nullptr;
    for (int got = 0; (got = ::archive_read_next_header(zip_.get(), &entry)) != ARCHIVE_EOF;) {
      if (got != ARCHIVE_OK && got != ARCHIVE_WARN) fail_reading();
      const char* path = ::archive_entry_pathname(entry);
      std::string_view name = path == nullptr ? "" : path;
      constexpr std::string_view suffix = ".class";
      if (!name.ends_with(suffix) || name.starts_with("META-INF/")) continue;
      name.remove_suffix(suffix.size());
      if (!name.empty() && !name.ends_with("module-info") && !name.ends_with("package-info")) return std::string(name);
    }
    return "";
  }

  // The first `most` bytes of it.
  std::string read(size_t most) {
    std::string out;
    while (out.size() < most) {
      const la_ssize_t got =
          ::archive_read_data(zip_.get(), buffer_.data(), std::min(buffer_.size(), most - out.size()));
      if (got < 0) fail_reading();
      if (got == 0) break;
      out.append(buffer_.data(), static_cast<size_t>(got));
    }
    return out;
  }

 private:
  [[noreturn]] void fail_reading() {
    const char* why = ::archive_error_string(zip_.get());
    fail("{} cannot be read as a jar: {}", file_.string(), why == nullptr ? "it is damaged" : why);
  }

  Path file_;
  std::unique_ptr<archive, decltype(&::archive_read_free)> zip_;
  std::string buffer_ = std::string(kBlock, '\0');
};

}  // namespace

ClassJar list_classes(const Path& jar, const JarFact& fact) {
  ClassJar out{.fact = fact};
  Jar reader(jar);
  for (std::string name; !(name = reader.next_class()).empty(); out.classes.push_back(std::move(name)))
    if (out.classes.size() < kLookedAt)
      if (const int java = java_of_class(reader.read(8)); java != 0)
        out.java = out.java == 0 ? java : std::min(out.java, java);
  return out;
}

ClassJar list_classes(const Path& jar, const JarFact& fact, const Path& known) {
  const Path file = known / sha256_hex(file_state(jar));
  if (const auto text = try_read_file(file)) {
    ClassJar out{.fact = fact};
    out.classes = split(*text, '\n');
    std::from_chars(out.classes.front().data(), out.classes.front().data() + out.classes.front().size(), out.java);
    out.classes.erase(out.classes.begin());
    return out;
  }
  ClassJar out = list_classes(jar, fact);
  std::string text = std::to_string(out.java);
  for (const std::string& name : out.classes) {
    if (name.find('\n') != std::string::npos) return out;
    text += "\n" + name;
  }
  make_dirs(known);
  write_file(file, text);
  return out;
}

void read_classes(const Path& jar, const std::function<bool(const std::string& name)>& wanted,
                  const std::function<void(const std::string& name, std::string_view bytes)>& each) {
  Jar reader(jar);
  for (std::string name; !(name = reader.next_class()).empty();) {
    if (!wanted(name)) continue;
    const std::string bytes = reader.read(kLargestClass);
    if (bytes.size() < kLargestClass) each(name, bytes);
  }
}

}  // namespace spoke::image
