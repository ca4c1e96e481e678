#include "s3/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <pugixml.hpp>
#include <random>
#include <utility>

#include "base/strings.h"
#include "net/async.h"
#include "net/parallel.h"
#include "net/url.h"

namespace spoke::s3 {
namespace {

using net::Request;
using net::Response;
using net::Task;

constexpr size_t kSmallestPart = 5U << 20;
constexpr std::uint64_t kMostParts = 10000;
constexpr size_t kAtATime = 4;
constexpr std::chrono::seconds kAnswer{60};
constexpr size_t kSlowest = 64U << 10;  // bytes a second: four parts share the line
constexpr auto kLongestPause = std::chrono::milliseconds(10000);

struct Address {
  bool tls = true;
  std::string host, port;
};

Address parse_endpoint(std::string_view text, bool tls) {
  const net::Url url = net::parse_url(text);
  if (!url.scheme.empty() && url.scheme != "http" && url.scheme != "https")
    fail("fs.s3a.endpoint is \"{}\"; it is http:// or https://", text);
  if (!url.path.empty() && url.path != "/")
    fail("fs.s3a.endpoint is \"{}\"; it has a path, which S3 knows nothing of", text);
  Address out;
  out.tls = url.scheme.empty() ? tls : url.scheme == "https";
  out.host = url.host;
  out.port = std::to_string(url.port_or(out.tls ? 443 : 80));
  return out;
}

// "eu-west-1" of s3.eu-west-1.amazonaws.com and s3-eu-west-1.amazonaws.com; "" of any other.
std::string region_in(std::string_view host) {
  constexpr std::string_view kAws[] = {".amazonaws.com", ".amazonaws.com.cn"};
  for (const auto suffix : kAws) {
    if (!host.ends_with(suffix)) continue;
    std::string_view name = host.substr(0, host.size() - suffix.size());
    for (const std::string_view service : {"s3.dualstack.", "s3-fips.", "s3.", "s3-"})
      if (name.starts_with(service)) return std::string(name.substr(service.size()));
  }
  return "";
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

bool worth_another_try(int status, std::string_view code) {
  return status == 429 || status == 408 || (status >= 500 && status != 501) || code == "RequestTimeout" ||
         code == "SlowDown";
}

std::chrono::milliseconds pause_before(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = std::min(std::chrono::milliseconds(100) * (1 << std::min(attempt, 10)), kLongestPause);
  return longest / 2 + std::chrono::milliseconds(std::uniform_int_distribution<long>(0, longest.count() / 2)(random));
}

std::string read_part(int file, std::uint64_t offset, size_t size, const Path& path) {
  std::string bytes(size, '\0');
  for (size_t got = 0; got < size;) {
    const ssize_t n = ::pread(file, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno("read " + path.string());
    if (n == 0) fail("{} became shorter while it was uploaded", path.string());
    got += static_cast<size_t>(n);
  }
  return bytes;
}

struct Failure {
  std::string code, message, region;
};

Failure failure_in(const Response& response) {
  Failure out;
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    out.code = document.child("Error").child("Code").text().as_string();
    out.message = document.child("Error").child("Message").text().as_string();
    out.region = document.child("Error").child("Region").text().as_string();
  }
  if (const auto region = response.headers.get("x-amz-bucket-region"); !region.empty()) out.region = region;
  return out;
}

}  // namespace

namespace {

class Refused : public Error {
 public:
  Refused(const std::string& what, std::string code) : Error(what), code_(std::move(code)) {}
  const std::string& code() const { return code_; }  // S3's, "NoSuchUpload"

 private:
  std::string code_;
};

}  // namespace

Location parse_location(std::string_view uri) {
  const auto at = uri.find("://");
  const auto slash = at == std::string_view::npos ? at : uri.find('/', at + 3);
  if (at == std::string_view::npos || at + 3 == uri.size() || slash == at + 3) fail("{} names no bucket", uri);
  Location out;
  out.bucket = uri.substr(at + 3, slash == std::string_view::npos ? slash : slash - at - 3);
  if (slash == std::string_view::npos) return out;
  // Hadoop's paths know no empty parts.
  for (const char c : uri.substr(slash + 1))
    if (c != '/' || (!out.key.empty() && !out.key.ends_with('/'))) out.key += c;
  return out;
}

struct Store::Impl {
  Impl(net::Executor e, Options o, std::optional<Credentials> c)
      : executor(std::move(e)), options(std::move(o)), credentials(std::move(c)) {
    if (!options.endpoint.empty()) address = parse_endpoint(options.endpoint, options.tls);
    if (options.region.empty()) options.region = region_in(address.host);
    if (options.region.empty()) options.region = "us-east-1";
    own_endpoint = options.endpoint.empty() || (address.host == "s3.amazonaws.com");
    options.part_size = std::max(options.part_size, kSmallestPart);
    locate();
  }

  void locate() {
    if (own_endpoint)
      address = {options.endpoint.empty() ? options.tls : address.tls,
                 fmt::format("s3.{}.amazonaws.com{}", options.region, options.region.starts_with("cn-") ? ".cn" : ""),
                 address.port.empty() ? (options.tls ? "443" : "80") : address.port};
    clients.clear();
  }

  // The server of a bucket, and where in it a key is. A bucket with a dot has no certificate of its own name.
  bool in_path(const std::string& bucket) const {
    return options.path_style || is_address(address.host) || (address.tls && bucket.find('.') != std::string::npos);
  }

  net::HttpClient& client(const std::string& host) {
    auto& found = clients[host];
    if (!found) {
      net::ClientOptions server;
      server.host = host;
      server.port = address.port;
      server.tls = address.tls;
      server.proxy = options.proxy;
      server.request_timeout = kAnswer + std::chrono::seconds(options.part_size / kSlowest);
      found = std::make_shared<net::HttpClient>(executor, server);
    }
    return *found;
  }

  Request addressed(Request request, const Location& where, std::string& host) const {
    const bool path = in_path(where.bucket);
    host = path ? address.host : where.bucket + "." + address.host;
    request.path = path ? "/" + where.bucket + "/" + where.key : "/" + where.key;
    const bool usual_port = address.port == (address.tls ? "443" : "80");
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    request.headers.set("Host", usual_port ? name : name + ":" + address.port);
    return request;
  }

  // One answer that is good, after as many tries as it takes. `doing`: "put s3a://b/k".
  // Where the answer to a try was lost, `repeated` says so: that try may have done its work.
  Task<Response> send(Request request, Location where, std::string doing, bool* repeated = nullptr) {
    bool moved = false;
    for (int attempt = 0;; ++attempt) {
      std::string host;
      Request attempted = addressed(request, where, host);
      if (credentials && !credentials->keys.access_key.empty())
        sign(attempted, credentials->keys, {options.region, "s3"}, now());
      std::exception_ptr lost;
      std::optional<Response> response;
      try {
        client(host);  // another may clear the map while this one waits
        const auto kept = clients.at(host);
        response = co_await kept->send(std::move(attempted));
      } catch (const net::ConnectionError&) {
        lost = std::current_exception();
      }
      if (lost) {
        if (attempt + 1 >= options.attempts) std::rethrow_exception(lost);
        if (repeated != nullptr) *repeated = true;
        co_await net::sleep_for(pause_before(attempt));
        continue;
      }
      if (response->status / 100 == 2) co_return std::move(*response);
      const Failure failure = failure_in(*response);
      if (!failure.region.empty() && failure.region != options.region && !moved) {
        moved = true;  // S3 says where the bucket is
        options.region = failure.region;
        locate();
        continue;
      }
      if (worth_another_try(response->status, failure.code) && attempt + 1 < options.attempts) {
        co_await net::sleep_for(pause_before(attempt));
        continue;
      }
      refuse(*response, failure, where, doing);
    }
  }

  [[noreturn]] void refuse(const Response& response, const Failure& failure, const Location& where,
                           const std::string& doing) const {
    std::string why = failure.code.empty() ? fmt::format("HTTP {}", response.status)
                                           : fmt::format("{}: {}", failure.code, failure.message);
    if (!credentials && (response.status == 401 || response.status == 403))
      why +=
          "; no credentials were found: set spark.hadoop.fs.s3a.access.key and spark.hadoop.fs.s3a.secret.key, "
          "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";
    else if (credentials && (response.status == 401 || response.status == 403))
      why += fmt::format("; the keys are those of {}", credentials->source);
    if (failure.code == "NoSuchBucket") why += fmt::format("; create the bucket {} or name another", where.bucket);
    if (failure.code == "RequestTimeTooSkewed") why += "; this machine's clock is wrong";
    throw Refused(fmt::format("cannot {}: {}", doing, why), failure.code);
  }

  Request put_request() const {
    Request request;
    request.method = "PUT";
    return request;
  }

  void add_encryption(Request& request) const {
    if (options.encryption.empty()) return;
    request.headers.set("x-amz-server-side-encryption", options.encryption);
    if (!options.kms_key.empty()) request.headers.set("x-amz-server-side-encryption-aws-kms-key-id", options.kms_key);
  }

  Task<> put_whole(Location to, std::string content, std::string doing) {
    Request request = put_request();
    add_encryption(request);
    request.body = std::move(content);
    co_await send(std::move(request), std::move(to), std::move(doing));
  }

  Task<> complete(Request request, Location to, std::string doing, std::uint64_t size) {
    bool repeated = false, done_before = false;
    for (int attempt = 0;; ++attempt) {
      Failure why;
      try {
        // S3 may answer 200 and say only in the body that it failed.
        why = failure_in(co_await send(request, to, doing, &repeated));
      } catch (const Refused& e) {
        if (e.code() != "NoSuchUpload" || !repeated) throw;
        done_before = true;  // or so it seems: by a try whose answer was lost
      }
      if (done_before) {
        Request head;
        head.method = "HEAD";
        const Response object = co_await send(head, to, doing);
        if (object.headers.get("Content-Length") != std::to_string(size))
          fail("cannot {}: NoSuchUpload: the upload was lost while its end was confirmed; try again", doing);
        co_return;
      }
      if (why.code.empty()) co_return;
      const bool passes = why.code == "InternalError" || why.code == "SlowDown" || why.code == "ServiceUnavailable";
      if (!passes || attempt + 1 >= options.attempts) fail("cannot {}: {}: {}", doing, why.code, why.message);
      co_await net::sleep_for(pause_before(attempt));
    }
  }

  net::Executor executor;
  Options options;
  std::optional<Credentials> credentials;
  Address address;
  bool own_endpoint = false;
  std::map<std::string, std::shared_ptr<net::HttpClient>> clients;
};

namespace {

// A file in several parts.
struct Parts {
  Location to;
  Path path;
  Fd file;
  std::uint64_t size = 0;
  size_t part_size = 0;
  std::string upload_id, doing;
  Progress progress;
  std::uint64_t next = 0;  // the part that is taken next
  std::uint64_t done = 0;  // bytes
  bool failed = false;
  std::vector<std::string> etags;
};

}  // namespace

Store::Store(net::Executor executor, Options options, std::optional<Credentials> credentials)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(options), std::move(credentials))) {}
Store::~Store() = default;

Task<> Store::put_file(Location to, Path path, Progress progress) {
  Parts parts;
  parts.file = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!parts.file || ::fstat(parts.file.get(), &info) != 0) fail_errno("read " + path.string());
  parts.size = static_cast<std::uint64_t>(info.st_size);
  parts.doing = fmt::format("write s3a://{}/{}", to.bucket, to.key);
  parts.part_size = std::max<std::uint64_t>(impl_->options.part_size, (parts.size + kMostParts - 1) / kMostParts);
  if (progress) progress(0, parts.size);
  if (parts.size <= parts.part_size) {
    co_await impl_->put_whole(to, read_part(parts.file.get(), 0, parts.size, path), parts.doing);
    if (progress) progress(parts.size, parts.size);
    co_return;
  }
  parts.to = to;
  parts.path = std::move(path);
  parts.progress = std::move(progress);
  parts.etags.resize((parts.size + parts.part_size - 1) / parts.part_size);

  Request begin;
  begin.method = "POST";
  begin.query.add("uploads", "");
  impl_->add_encryption(begin);
  const Response begun = co_await impl_->send(begin, to, parts.doing);
  pugi::xml_document document;
  document.load_buffer(begun.body.data(), begun.body.size());
  parts.upload_id = document.child("InitiateMultipartUploadResult").child("UploadId").text().as_string();
  if (parts.upload_id.empty()) fail("cannot {}: the store began no upload in parts", parts.doing);

  std::exception_ptr failure;
  try {
    const auto work = [](Impl& impl, Parts& all) -> Task<> {
      while (all.next < all.etags.size() && !all.failed) {
        const std::uint64_t number = all.next++;
        const std::uint64_t offset = number * all.part_size;
        const size_t size = std::min<std::uint64_t>(all.part_size, all.size - offset);
        Request request = impl.put_request();
        request.query.add("partNumber", std::to_string(number + 1));
        request.query.add("uploadId", all.upload_id);
        try {
          request.body = read_part(all.file.get(), offset, size, all.path);
          const Response response = co_await impl.send(std::move(request), all.to, all.doing);
          all.etags[number] = response.headers.get("ETag");
        } catch (...) {
          all.failed = true;  // the others take no more parts
          throw;
        }
        all.done += size;
        if (all.progress) all.progress(all.done, all.size);
      }
    };
    std::vector<Task<>> workers;
    for (size_t i = 0; i < std::min<size_t>(kAtATime, parts.etags.size()); ++i) workers.push_back(work(*impl_, parts));
    for (const auto& thrown : co_await net::all_of(std::move(workers)))
      if (thrown) std::rethrow_exception(thrown);

    pugi::xml_document list;
    auto root = list.append_child("CompleteMultipartUpload");
    for (size_t i = 0; i < parts.etags.size(); ++i) {
      auto part = root.append_child("Part");
      part.append_child("PartNumber").text().set(static_cast<unsigned>(i + 1));
      part.append_child("ETag").text().set(parts.etags[i].c_str());
    }
    struct Writer : pugi::xml_writer {
      std::string text;
      void write(const void* data, size_t size) override { text.append(static_cast<const char*>(data), size); }
    } writer;
    list.save(writer, "", pugi::format_raw);
    Request complete;
    complete.method = "POST";
    complete.query.add("uploadId", parts.upload_id);
    complete.body = std::move(writer.text);
    co_await impl_->complete(std::move(complete), to, parts.doing, parts.size);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  // Parts that nobody completes would be paid for ever.
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  Request abort;
  abort.method = "DELETE";
  abort.query.add("uploadId", parts.upload_id);
  impl_->options.attempts = 2;  // a person may be waiting for the end of this
  try {
    co_await impl_->send(abort, to, "abort the upload");
  } catch (const Error&) {
  }
  std::rethrow_exception(failure);
}

Task<std::string> Store::get(Location from, size_t limit) {
  const std::string doing = fmt::format("read s3a://{}/{}", from.bucket, from.key);
  Response response = co_await impl_->send(Request(), from, doing);
  if (response.body.size() > limit) fail("cannot {}: it is larger than {} bytes", doing, limit);
  co_return std::move(response.body);
}

}  // namespace spoke::s3
