#include "image/registry/repository.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/sha256.h"
#include "base/strings.h"
#include "data/json.h"
#include "image/entry_meta.h"
#include "image/names.h"
#include "image/registry/server.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::image {
namespace {

using net::Request;
using net::Response;
using net::Task;

constexpr int kTries = 5;  // without a byte of progress
constexpr std::chrono::milliseconds kPause{500}, kLook{100};
constexpr std::chrono::seconds kSilence{60};
constexpr size_t kPiece = size_t{256} << 10;
// Of an upload that is taken up: a registry may ask for larger ones.
constexpr std::int64_t kChunk = std::int64_t{16} << 20;

void write_all(int file, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_system("write " + path.string());
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

std::int64_t size_of(int file, const Path& path) {
  struct stat found{};
  if (::fstat(file, &found) != 0) fail_errno("stat " + path.string());
  return found.st_size;
}

// The bytes of a file from `at` on, `length` of them, each piece valid until the next.
std::function<std::string_view()> pieces(const Path& path, std::int64_t at, std::int64_t length) {
  struct State {
    Fd file;
    std::int64_t at, left;
    std::string buffer = std::string(kPiece, '\0');
  };
  auto state = std::make_shared<State>();
  state->file = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!state->file) fail_errno("open " + path.string());
  state->at = at;
  state->left = length;
  return [state, path]() -> std::string_view {
    if (state->left == 0) return {};
    const auto most = static_cast<size_t>(std::min<std::int64_t>(state->left, kPiece));
    ssize_t got = 0;
    do got = ::pread(state->file.get(), state->buffer.data(), most, state->at);
    while (got < 0 && errno == EINTR);
    if (got < 0) fail_errno("read " + path.string());
    if (got == 0) fail("{} became shorter while it was sent", path.string());
    state->at += got;
    state->left -= got;
    return {state->buffer.data(), static_cast<size_t>(got)};
  };
}

// Whether the descriptor is that file still.
bool is_at(const Fd& fd, const Path& path) {
  struct stat open{}, there{};
  return fd && ::fstat(fd.get(), &open) == 0 && ::stat(path.c_str(), &there) == 0 && open.st_ino == there.st_ino &&
         open.st_dev == there.st_dev;
}

// "bytes=0-1023" or "0-1023": how many are there. 0 where it does not say.
std::int64_t received(std::string_view range) {
  const auto dash = range.rfind('-');
  if (dash == std::string_view::npos) return 0;
  const auto last = to_int(range.substr(dash + 1));
  return last && *last > 0 ? *last + 1 : 0;  // "0-0" is what registries say of nothing
}

// The content's own word first: Content-Type is lost by some proxies.
std::string type_of(const std::string& text, std::string_view header) {
  try {
    const json::value v = json::parse(text);
    if (const auto own = json::str(v, "mediaType"); !own.empty()) return std::string(own);
    if (json::find(v, "manifests") != nullptr) return std::string(media::kIndex);
    if (json::find(v, "config") != nullptr) return std::string(media::kManifest);
  } catch (const Error&) {  // whoever reads it says so
  }
  return std::string(trim(header.substr(0, header.find(';'))));
}

}  // namespace

struct Repository::Impl {
  Impl(net::Executor executor, RepositoryOptions o)
      : options(std::move(o)), server(std::move(executor), options), base("/v2/" + options.path) {}

  std::string shown(std::string_view what) const {
    return fmt::format("{}/{}{}{}", options.host, options.path, is_digest(what) ? "@" : ":", what);
  }

  // What is missing of the blob.
  Task<> fetch_rest(Blob blob, int file, Path path, Progress progress) {
    std::int64_t have = size_of(file, path);
    Request request;
    if (have > 0) request.headers.set("Range", fmt::format("bytes={}-", have));
    net::ResponseStream stream = co_await server.ask(std::move(request), base + "/blobs/" + blob.digest);
    if (stream.status() == 404)
      throw RegistryError(fmt::format("{} does not have the blob {}", server.name(), blob.digest), 404);
    if (stream.status() != 206) {  // it does not take up: from the beginning
      if (have > 0 && ::ftruncate(file, 0) != 0) fail_errno("truncate " + path.string());
      progress(-have);
      have = 0;
      if (stream.status() != 200) server.refuse(stream.status(), "");
    }
    stream.expires_after(kSilence);
    while (auto piece = co_await stream.read()) {
      have += static_cast<std::int64_t>(piece->size());
      if (have > blob.size)
        fail("{} sends more for {} than the {} bytes that the manifest says", server.name(), blob.digest, blob.size);
      write_all(file, *piece, path);
      progress(static_cast<std::int64_t>(piece->size()));
      stream.expires_after(kSilence);
    }
  }

  Task<> fetch(Blob blob, Path file, Progress progress) {
    const Path partial = file.string() + ".partial";
    Fd out;
    // Somebody else may be at it; what they get is ours too, and what they take away is gone for us.
    while (!is_at(out, partial)) {
      out = Fd(::open(partial.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!out) fail_errno("open " + partial.string());
      while (::flock(out.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) fail_errno("lock " + partial.string());
        co_await net::sleep_for(kLook);
      }
    }
    if (holds(file, blob)) {
      ::unlink(partial.c_str());
      co_return progress(blob.size);
    }
    std::int64_t have = size_of(out.get(), partial);
    std::error_code none;
    const auto room = std::filesystem::space(partial.parent_path(), none);
    if (!none && blob.size > have && static_cast<std::uintmax_t>(blob.size - have) > room.available)
      fail("no space left: {} has {} MB, and there is room for {} MB in {}", blob.digest, blob.size >> 20,
           room.available >> 20, partial.parent_path().string());
    progress(have);
    for (int tries = 0; have < blob.size;) {
      std::exception_ptr broke;
      try {
        co_await fetch_rest(blob, out.get(), partial, progress);
      } catch (const net::ConnectionError&) {
        broke = std::current_exception();
      } catch (const DiskFull&) {
        ::unlink(partial.c_str());  // others need the room
        throw;
      }
      // A server that always begins anew, and never comes further, is as bad as one that says nothing.
      const std::int64_t before = std::exchange(have, std::max(have, size_of(out.get(), partial)));
      tries = have > before ? 0 : tries + 1;
      if (have >= blob.size) break;
      if (tries >= kTries && broke) std::rethrow_exception(broke);
      if (tries >= kTries)
        fail("{} sends less for {} than the {} bytes that the manifest says", server.name(), blob.digest, blob.size);
      if (tries > 0) co_await net::sleep_for(kPause);
    }
    if (!holds(partial, blob)) {
      ::unlink(partial.c_str());
      fail("what {} sends for {} does not have that digest", server.name(), blob.digest);
    }
    // A name must not be on the disk before what it stands for.
    if (::fdatasync(out.get()) != 0) fail_errno("sync " + partial.string());
    if (::rename(partial.c_str(), file.c_str()) != 0) fail_errno("rename " + partial.string());
  }

  Task<bool> is_there(std::string what, std::string accept) {
    Request request{.method = "HEAD"};
    if (!accept.empty()) request.headers.set("Accept", accept);
    const Response answer = co_await server.ask_small(std::move(request), base + what);
    co_return answer.status == 200;
  }

  // Where to send it; "" where it is there by now.
  Task<std::string> begin_upload(std::string digest, std::string mount_from) {
    std::string target = base + "/blobs/uploads/";
    if (!mount_from.empty())
      target += fmt::format("?mount={}&from={}", net::percent_encode(digest), net::percent_encode(mount_from));
    const Response answer = co_await server.ask_small(Request{.method = "POST"}, target);
    if (answer.status == 201) co_return "";
    co_return location_of(answer);
  }

  std::string location_of(const Response& answer) const {
    const std::string location(answer.headers.get("Location"));
    if (answer.status >= 300 || location.empty()) server.refuse(answer.status, answer.body);
    return location;
  }

  static std::string finished(const std::string& location, const std::string& digest) {
    return location + (location.find('?') == std::string::npos ? "?" : "&") + "digest=" + net::percent_encode(digest);
  }

  Task<Response> send_part(std::string method, std::string target, Path file, std::int64_t at, std::int64_t length,
                           bool ranged, Progress progress) {
    Request request{.method = std::move(method)};
    request.headers.set("Content-Type", "application/octet-stream");
    if (ranged) request.headers.set("Content-Range", fmt::format("{}-{}", at, at + length - 1));
    auto sent = std::make_shared<std::int64_t>(0);
    net::LongBody body{static_cast<std::uint64_t>(length), [=] {
                         progress(-*sent);  // it is sent anew
                         *sent = 0;
                         return [next = pieces(file, at, length), progress, sent] {
                           const std::string_view piece = next();
                           *sent += static_cast<std::int64_t>(piece.size());
                           progress(static_cast<std::int64_t>(piece.size()));
                           return piece;
                         };
                       }};
    net::ResponseStream stream = co_await server.ask(std::move(request), std::move(target), std::move(body));
    Response out{stream.status(), stream.headers(), ""};
    out.body = co_await read_all(std::move(stream), kMostDocument);
    co_return out;
  }

  // One request for all of it is what every registry takes; where the line breaks, chunks go on from where it broke.
  Task<> push(Blob blob, Path file, std::string mount_from, Progress progress) {
    if (co_await is_there("/blobs/" + blob.digest, "")) co_return progress(blob.size);
    const std::string location = co_await begin_upload(blob.digest, std::move(mount_from));
    if (location.empty()) co_return progress(blob.size);
    bool broke = false;
    try {
      const Response answer =
          co_await send_part("PUT", finished(location, blob.digest), file, 0, blob.size, false, progress);
      if (answer.status != 201 && answer.status != 204) server.refuse(answer.status, answer.body);
    } catch (const net::ConnectionError&) {
      broke = true;
    } catch (const RegistryError& e) {
      // The first try may have ended it, or a server between us and the registry wants less at once.
      if (e.status() != 404 && e.status() != 416 && e.status() != 413) throw;
      broke = true;
    }
    if (broke) co_await push_in_chunks(blob, file, progress);
  }

  // Of an upload that broke off. Nothing where the registry has forgotten it, or cannot take it up: distribution's, up
  // to 2.8, refuse what has come to another length than they have told.
  Task<std::optional<Response>> state_of(std::string location) {
    try {
      Response state = co_await server.ask_small(Request{}, std::move(location));
      if (state.status == 200 || state.status == 204) co_return state;
    } catch (const RegistryError& e) {
      if (e.status() == 401 || e.status() == 403 || e.status() >= 500) throw;
    }
    co_return std::nullopt;
  }

  Task<> push_in_chunks(Blob blob, Path file, Progress progress) {
    if (co_await is_there("/blobs/" + blob.digest, "")) co_return;
    std::string location = co_await begin_upload(blob.digest, "");
    std::int64_t at = 0;
    for (int tries = 0; at < blob.size;) {
      bool broke = false;
      try {
        const std::int64_t length = std::min(kChunk, blob.size - at);
        const Response answer = co_await send_part("PATCH", location, file, at, length, true, [](std::int64_t) {});
        if (answer.status != 202 && answer.status != 416 && answer.status != 404)
          server.refuse(answer.status, answer.body);
        if (answer.status == 202) {
          location = location_of(answer);
          at += length;
          tries = 0;
        } else {
          broke = true;
        }
      } catch (const net::ConnectionError&) {
        broke = true;
      }
      if (!broke) continue;
      if (++tries >= kTries) throw net::ConnectionError(fmt::format("{} broke off again and again", server.name()));
      co_await net::sleep_for(kPause);
      const std::optional<Response> state = co_await state_of(location);
      if (!state) {  // from the beginning
        location = co_await begin_upload(blob.digest, "");
        at = 0;
        continue;
      }
      at = std::min(received(state->headers.get("Range")), blob.size);
      if (const auto next = state->headers.get("Location"); !next.empty()) location = next;
    }
    std::exception_ptr broke;
    try {
      const Response answer = co_await server.ask_small(Request{.method = "PUT"}, finished(location, blob.digest));
      if (answer.status != 201 && answer.status != 204) server.refuse(answer.status, answer.body);
    } catch (const net::ConnectionError&) {
      broke = std::current_exception();
    } catch (const RegistryError&) {
      broke = std::current_exception();
    }
    // An answer that was lost is told by what is there.
    if (broke && !co_await is_there("/blobs/" + blob.digest, "")) std::rethrow_exception(broke);
  }

  RepositoryOptions options;
  RegistryServer server;
  std::string base;
};

Repository::Repository(net::Executor executor, RepositoryOptions options)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(options))) {}
Repository::~Repository() = default;

Task<Repository::Document> Repository::manifest(std::string reference) {
  Request request;
  request.headers.set("Accept", fmt::format("{}, {}, {}, {}", media::kManifest, media::kIndex, media::kDockerManifest,
                                            media::kDockerIndex));
  const Response answer = co_await impl_->server.ask_small(std::move(request), impl_->base + "/manifests/" + reference);
  if (answer.status == 404)
    throw RegistryError(fmt::format("{}: the registry has no such image", impl_->shown(reference)), 404);
  if (answer.status != 200) impl_->server.refuse(answer.status, answer.body);
  Document out{{type_of(answer.body, answer.headers.get("Content-Type")), sha256_digest(answer.body),
                static_cast<std::int64_t>(answer.body.size())},
               answer.body};
  if (is_digest(reference) && out.blob.digest != reference)
    fail("{}: what {} sends does not have that digest", impl_->shown(reference), impl_->server.name());
  if (!is_manifest(out.blob.media_type))
    fail("{}: the registry has it as {}, which is no image of containers", impl_->shown(reference),
         out.blob.media_type.empty() ? "something without a type" : out.blob.media_type);
  co_return out;
}

Task<> Repository::fetch(Blob blob, Path file, Progress progress) {
  co_await impl_->fetch(std::move(blob), std::move(file), std::move(progress));
}

Task<> Repository::push(Blob blob, Path file, std::string mount_from, Progress progress) {
  co_await impl_->push(std::move(blob), std::move(file), std::move(mount_from), std::move(progress));
}

Task<> Repository::push_manifest(std::string reference, Document document) {
  Request request{.method = "PUT"};
  request.headers.set("Content-Type", document.blob.media_type);
  request.body = std::move(document.text);
  const Response answer = co_await impl_->server.ask_small(std::move(request), impl_->base + "/manifests/" + reference);
  if (answer.status != 201 && answer.status != 200) impl_->server.refuse(answer.status, answer.body);
}

}  // namespace spoke::image
