#include "submit/files.h"

#include <archive.h>
#include <archive_entry.h>
#include <glob.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include "base/strings.h"
#include "spark/uris.h"

namespace spoke::submit {
namespace {

constexpr size_t kConfigMapSize = 1U << 20;
constexpr size_t kManifestSize = 1U << 20;
constexpr std::string_view kRemoteAsTheyAre[] = {"local:", "http:", "https:", "ftp:"};

// `?` is none: spark-submit takes it for the beginning of a URI's query.
bool is_glob(std::string_view path) { return path.find_first_of("*[{") != std::string_view::npos; }

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  const std::unique_ptr<glob_t, void (*)(glob_t*)> freed(&found, ::globfree);
  if (const int error = ::glob(pattern.c_str(), GLOB_BRACE | GLOB_PERIOD, nullptr, &found);
      error != 0 && error != GLOB_NOMATCH)
    fail("cannot look for {}: {}", pattern, error == GLOB_NOSPACE ? "out of memory" : "a folder cannot be read");
  std::vector<std::string> files;
  std::error_code ignored;
  for (size_t i = 0; i < found.gl_pathc; ++i)
    if (std::filesystem::is_regular_file(found.gl_pathv[i], ignored)) files.emplace_back(found.gl_pathv[i]);
  return files;
}

// What one item of a list stands for.
std::vector<std::string> resolve_glob(const std::string& uri) {
  const std::string_view base = spark::without_fragment(uri);
  for (const auto scheme : kRemoteAsTheyAre)
    if (base.starts_with(scheme)) return {uri};
  if (!spark::needs_upload(base)) {
    if (is_glob(base))
      fail(
          "{} is a pattern on a filesystem that spoke cannot list; name the files, or run spark-submit itself with "
          "--jvm",
          base);
    return {uri};
  }
  std::string path = spark::local_path(base);
  path.resize(std::min(path.find('?'), path.size()));
  std::error_code ignored;
  if (std::count(path.begin(), path.end(), '{') != std::count(path.begin(), path.end(), '}'))
    fail("Illegal file pattern: Unclosed group in {}: commas part a list's items, within braces too", path);
  if (!is_glob(path)) {
    if (std::filesystem::is_directory(path, ignored)) return {};
    std::string named = spark::file_uri(path);
    if (const auto name = spark::fragment(uri); !name.empty()) named.append("#").append(name);
    return {base.find("%3F") == std::string_view::npos && base.find('?') == std::string_view::npos ? uri : named};
  }
  std::vector<std::string> files = matches(path);
  for (auto& file : files) file = spark::file_uri(file);
  const std::string_view name = spark::fragment(uri);
  if (!name.empty() && files.size() > 1) fail("{} resolves ambiguously to multiple files: {}", base, join(files, ","));
  if (!name.empty() && !files.empty()) files.front().append("#").append(name);
  return files;
}

struct FreeArchive {
  void operator()(archive* a) const { ::archive_read_free(a); }
};

std::string read_entry(archive* jar, const Path& path) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const auto n = ::archive_read_data(jar, buffer, sizeof buffer);
    if (n < 0) fail("cannot read the manifest of {}: {}", path.string(), ::archive_error_string(jar));
    if (n == 0 || text.size() > kManifestSize) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

// The main section's attribute; lines that begin with a blank continue the one before.
std::optional<std::string> attribute(std::string_view manifest, std::string_view name) {
  std::optional<std::string> value;
  for (auto& line : split(replace_all(std::string(manifest), "\r\n", "\n"), '\n')) {
    if (line.empty()) return value;
    if (value && !line.starts_with(' ')) return value;
    if (value) value->append(line.substr(1));
    if (!value && lower(line.substr(0, name.size())) == lower(name) && line.substr(name.size()).starts_with(":"))
      value = line.substr(name.size() + 1);
  }
  return value;
}

std::string beginning_of(const Path& file, size_t size) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail("cannot read {}", file.string());
  std::string text(size, '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

}  // namespace

std::string resolve_globs(std::string_view list, const Surroundings& around) {
  std::vector<std::string> uris;
  for (const auto& item : split(list, ','))
    if (const auto uri = trim(item); !uri.empty())
      for (auto& found : resolve_glob(spark::resolve_uri(uri, around.folder))) uris.push_back(std::move(found));
  return join(uris, ",");
}

std::optional<std::string> main_class_of(const Path& jar) {
  const std::unique_ptr<archive, FreeArchive> reader(::archive_read_new());
  ::archive_read_support_format_zip(reader.get());
  if (::archive_read_open_filename(reader.get(), jar.c_str(), 65536) != ARCHIVE_OK)
    fail("cannot read {}: {}", jar.string(), ::archive_error_string(reader.get()));
  archive_entry* entry = nullptr;
  for (;;) {
    const int status = ::archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) fail("{} has no manifest", jar.string());
    if (status < ARCHIVE_WARN) fail("cannot read {}: {}", jar.string(), ::archive_error_string(reader.get()));
    const char* name = ::archive_entry_pathname(entry);
    if (name == nullptr || upper(name) != "META-INF/MANIFEST.MF") continue;
    const auto value = attribute(read_entry(reader.get(), jar), "Main-Class");
    return value ? std::optional<std::string>(trim(*value)) : std::nullopt;
  }
}

spark::Properties read_folder(const Path& folder) {
  spark::Properties files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.is_regular_file(error))
      files[entry.path().filename().string()] = beginning_of(entry.path(), kConfigMapSize + 1);
  return files;
}

}  // namespace spoke::submit
