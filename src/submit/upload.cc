#include "submit/upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/random.h"
#include "base/strings.h"
#include "net/async.h"
#include "net/http_client.h"
#include "net/url.h"
#include "spark/uris.h"
#include "submit/s3a.h"

namespace spoke::submit {
namespace {

constexpr std::string_view kUploadPath = "spark.kubernetes.file.upload.path";
constexpr size_t kFetchLimit = 1U << 20;
constexpr int kMostRedirects = 10;

std::string_view scheme_of(std::string_view uri) {
  const auto colon = uri.find(':');
  return colon == std::string_view::npos ? std::string_view() : uri.substr(0, colon);
}

// A copy that is whole or not there: under another name first.
void copy_whole(const Path& from, const Path& to) {
  make_dirs(to.parent_path());
  const Path partial = to.string() + ".partial";
  std::error_code error;
  std::filesystem::copy_file(from, partial, std::filesystem::copy_options::overwrite_existing, error);
  // The driver is another user; spark-submit's copies are new files, whatever the source's mode.
  if (!error) std::filesystem::permissions(partial, std::filesystem::perms(0644), error);
  if (!error) std::filesystem::rename(partial, to, error);
  if (!error) return;
  const std::string why = error.message();
  std::filesystem::remove(partial, error);
  fail("cannot write {}: {}", to.string(), why);
}

class Uploader {
 public:
  Uploader(spark::Properties hadoop, Surroundings around, std::function<void(const UploadProgress&)> progress)
      : hadoop_(std::move(hadoop)), around_(std::move(around)), told_(std::move(progress)) {}

  net::Task<> run(std::vector<Upload> uploads) {
    progress_.count = uploads.size();
    for (const auto& upload : uploads) progress_.total += std::filesystem::file_size(upload.file);
    for (const auto& upload : uploads) {
      progress_.file = upload.file.filename().string();
      ++progress_.number;
      std::string why;
      try {
        co_await put(upload);
      } catch (const Error& e) {
        why = e.what();
      }
      if (!why.empty()) fail("Uploading file {} failed... {}", upload.file.string(), why);
    }
  }

 private:
  net::Task<> put(const Upload& upload) {
    const std::uint64_t before = progress_.done;
    tell(before);
    if (is_s3(upload.copy)) {
      const s3::Location to = s3::parse_location(upload.copy);
      auto& store = stores_[to.bucket];
      if (!store) store = co_await open_s3a(hadoop_, to.bucket, around_);
      co_await store->put_file(to, upload.file, [&](std::uint64_t done, std::uint64_t) { tell(before + done); });
    } else {
      copy_whole(upload.file, path_in(upload.copy));  // nothing else is on this loop
    }
    tell(before + std::filesystem::file_size(upload.file));
  }

  // Of a copy, whose name stands there as it is, not as in a URI.
  Path path_in(std::string_view copy) const {
    if (copy.starts_with("file:")) copy.remove_prefix(5);
    if (copy.starts_with("//")) copy.remove_prefix(std::min(copy.find('/', 2), copy.size()));
    return Path(around_.folder) / copy;
  }

  void tell(std::uint64_t done) {
    progress_.done = done;
    if (told_) told_(progress_);
  }

  spark::Properties hadoop_;
  Surroundings around_;
  std::function<void(const UploadProgress&)> told_;
  UploadProgress progress_;
  std::map<std::string, std::shared_ptr<s3::Store>> stores_;
};

}  // namespace

std::vector<Upload> plan_uploads(const spark::Submission& submission, const Surroundings& around) {
  std::vector<Upload> uploads;
  for (const auto& uri : spark::uploads_needed(submission)) {
    const auto same = [&](const Upload& one) { return one.uri == uri; };
    if (std::find_if(uploads.begin(), uploads.end(), same) != uploads.end()) continue;
    uploads.push_back({uri, around.path_of(uri), ""});
  }
  if (uploads.empty()) return uploads;
  const std::string path = submission.conf.text(kUploadPath, "");
  if (path.empty()) spark::copy_of(submission, uploads.front().uri);  // says what is missing
  const std::string_view scheme = scheme_of(path);
  if (!is_s3(path) && !scheme.empty() && scheme != "file")
    throw spark::InvalidConf(
        std::string(kUploadPath),
        fmt::format(
            "No FileSystem for scheme \"{}\": {} is {}, and spoke uploads to s3a:// and file: alone; upload the "
            "files first and name their URIs, or run spark-submit itself with --jvm",
            scheme, kUploadPath, path));
  for (auto& one : uploads) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(one.file, ignored))
      fail("Uploading file {} failed... {}", one.file.string(),
           std::filesystem::exists(one.file, ignored) ? "it is no file" : "there is no such file");
    one.copy = fmt::format("{}/spark-upload-{}/{}", path, random_uuid(), one.file.filename().string());
  }
  return uploads;
}

net::Task<> upload(std::vector<Upload> uploads, spark::Properties hadoop, Surroundings around,
                   std::function<void(const UploadProgress&)> progress) {
  Uploader uploader(std::move(hadoop), std::move(around), std::move(progress));
  co_await uploader.run(std::move(uploads));
}

namespace {

bool is_redirect(int status) { return (status >= 301 && status <= 303) || status == 307 || status == 308; }

net::Task<std::string> fetch_url(net::Url url) {
  std::string shown;
  for (int hops = 0; hops < kMostRedirects; ++hops) {
    shown = fmt::format("{}://{}{}", url.scheme, url.authority(), url.path);  // no password, no signature
    net::HttpClient http(co_await net::this_executor(), net::server_of(url));
    net::ResponseStream response = co_await http.stream(net::request_of(url));
    if (is_redirect(response.status())) {
      const net::Url next = net::resolve(url, response.headers().get("Location"));
      if (url.scheme == "https" && next.scheme != "https")
        fail("{} cannot be read: it leads to {}://{}, which is not protected", shown, next.scheme, next.authority());
      url = next;
      continue;
    }
    if (response.status() != 200) fail("{} cannot be read: HTTP {}", shown, response.status());
    std::string body;
    response.expires_after(std::chrono::seconds(30));
    while (auto piece = co_await response.read()) {
      body += *piece;
      if (body.size() > kFetchLimit) fail("{} cannot be read: it is larger than 1 MiB", shown);
    }
    co_return body;
  }
  fail("{} cannot be read: it leads on and on", shown);
}

}  // namespace

net::Task<std::string> fetch_file(std::string uri, spark::Properties hadoop, Surroundings around) {
  if (is_s3(uri)) {
    const s3::Location from = s3::parse_location(uri);
    const auto store = co_await open_s3a(std::move(hadoop), from.bucket, std::move(around));
    co_return co_await store->get(from, kFetchLimit);
  }
  const std::string_view scheme = scheme_of(uri);
  if (scheme != "http" && scheme != "https")
    fail("{} cannot be read: spoke reads files, https://, http:// and s3a://; copy it to one of these", uri);
  co_return co_await fetch_url(net::parse_url(uri));
}

}  // namespace spoke::submit
