#include "image/registry/registries.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <exception>
#include <optional>

#include "base/strings.h"
#include "image/image_store.h"
#include "image/manifest.h"
#include "image/registry/repository.h"
#include "net/http.h"
#include "net/parallel.h"
#include "net/url.h"

namespace spoke::image {
namespace {

using net::Task;

constexpr size_t kAtATime = 4;
constexpr std::chrono::milliseconds kLookAtStop{200};

// On a loop of its own, until `stop` says so.
template <class T>
T run_here(std::function<Task<T>(net::Executor)> make, const std::function<bool()>& stop = nullptr) {
  std::optional<T> out;
  std::exception_ptr thrown;
  boost::asio::io_context loop(1);
  boost::asio::co_spawn(loop, make(loop.get_executor()), [&](std::exception_ptr failure, T value) {
    thrown = failure;
    if (!failure) out.emplace(std::move(value));
  });
  while (!loop.stopped()) {
    loop.run_for(kLookAtStop);
    if (stop && stop()) fail("it was stopped");
  }
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(out);
}

struct Place {  // a server and the path there
  std::string host, path;
  bool insecure = false, plain = false;
};

Place place_of(const std::string& repository, const RegistryOptions& options) {
  const auto slash = repository.find('/');
  Place out{repository.substr(0, slash), repository.substr(slash + 1)};
  out.insecure = options.insecure.contains(out.host);
  return out;
}

// Mirrors first, then the server itself.
std::vector<Place> places_of(const std::string& repository, const RegistryOptions& options) {
  const Place own = place_of(repository, options);
  std::vector<Place> out;
  if (const auto mirrors = options.mirrors.find(own.host); mirrors != options.mirrors.end())
    for (const std::string& text : mirrors->second) {
      const net::Url url = net::parse_url(text);
      Place place{url.authority(), own.path};
      if (url.path.size() > 1) place.path = url.path.substr(1) + "/" + own.path;
      place.plain = url.scheme == "http";
      place.insecure = place.plain || options.insecure.contains(place.host);
      out.push_back(std::move(place));
    }
  out.push_back(own);
  return out;
}

RepositoryOptions options_for(const Place& place, const Keyring& keys, bool push) {
  return {.host = place.host,
          .path = place.path,
          .insecure = place.insecure,
          .plain = place.plain,
          .logins = keys.find(place.host + "/" + place.path),
          .push = push};
}

std::string wanted_version(const Reference& reference) {
  return reference.digest.empty() ? reference.tag : reference.digest;
}

// Blobs on their way, a few at a time.
struct Transfer {
  std::deque<Blob> waiting;
  std::function<Task<>(Blob, Repository::Progress)> move;
  std::function<void(std::int64_t, std::int64_t)> told;
  std::int64_t done = 0, total = 0;
  bool failed = false;

  Task<> work() {
    while (!waiting.empty() && !failed) {
      const Blob blob = waiting.front();
      waiting.pop_front();
      try {
        co_await move(blob, [this](std::int64_t bytes) {
          done += bytes;
          if (told) told(done, total);
        });
      } catch (...) {
        failed = true;  // the others end what they have begun
        throw;
      }
    }
  }
};

Task<> transfer(std::vector<Blob> blobs, std::function<Task<>(Blob, Repository::Progress)> move,
                std::function<void(std::int64_t, std::int64_t)> told) {
  Transfer all{.move = std::move(move), .told = std::move(told)};
  std::set<std::string> seen;
  for (Blob& blob : blobs) {
    if (!seen.insert(blob.digest).second) continue;
    all.total += blob.size;
    all.waiting.push_back(std::move(blob));
  }
  std::vector<Task<>> workers;
  for (size_t i = 0; i < std::min(kAtATime, all.waiting.size()); ++i) workers.push_back(all.work());
  for (const std::exception_ptr& failure : co_await net::all_of(std::move(workers)))
    if (failure) std::rethrow_exception(failure);
}

void check_size(const Blob& blob) {
  if (blob.size < 0) fail("its manifest gives {} a size of {}", blob.digest, blob.size);
}

class Pull {
 public:
  Pull(Repository& repository, const Path& folder, const TransferOptions& how)
      : repository_(repository), folder_(folder), how_(how) {
    make_dirs(folder / "blobs/sha256");
  }

  Task<ImageBlobs> run(Repository::Document top, std::string architecture) {
    ImageBlobs out;
    Manifest manifest = keep(top);
    out.manifest = top.blob;
    // An index may list indexes; two levels are what builders write.
    for (int level = 0; manifest.is_index && !architecture.empty(); ++level) {
      if (level == 3) fail("its indexes lead to indexes without end");
      Repository::Document next = co_await repository_.manifest(choose_platform(manifest, architecture).digest);
      manifest = keep(next);
      out.manifest = next.blob;
    }
    if (manifest.is_index)
      for (const Manifest::Platform& one : manifest.platforms) {
        Repository::Document document = co_await repository_.manifest(one.blob.digest);
        const Manifest platform = keep(document);
        if (platform.is_index) fail("its index leads to another, which is not known here");
        out.blobs.push_back(document.blob);
        co_await add(platform, out);
      }
    else
      co_await add(manifest, out);
    co_await fetch(missing_);
    co_return out;
  }

 private:
  Manifest keep(const Repository::Document& document) {
    write_file(folder_ / blob_path(document.blob.digest), document.text);
    return read_manifest(document.text, "the manifest");
  }

  bool is_there(const Blob& blob) const { return holds(folder_ / blob_path(blob.digest), blob); }

  // The configuration at once, for it tells the layers.
  Task<> add(Manifest manifest, ImageBlobs& out) {
    check_size(manifest.config);
    if (manifest.config.size > static_cast<std::int64_t>(kMostDocument))
      fail("its configuration of {} bytes is longer than any", manifest.config.size);
    const Path config = folder_ / blob_path(manifest.config.digest);
    if (!is_there(manifest.config)) co_await repository_.fetch(manifest.config, config, [](std::int64_t) {});
    out.blobs.push_back(manifest.config);
    const std::vector<std::string> diff_ids = how_.wanted ? diff_ids_of(read_file(config)) : std::vector<std::string>();
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
      const Blob& layer = manifest.layers[i];
      check_size(layer);
      out.blobs.push_back(layer);
      if (how_.wanted && i < diff_ids.size() && !how_.wanted(diff_ids[i])) continue;
      if (!is_there(layer)) missing_.push_back(layer);
    }
  }

  Task<> fetch(std::vector<Blob> blobs) {
    const auto move = [this](const Blob& blob, Repository::Progress progress) {
      return repository_.fetch(blob, folder_ / blob_path(blob.digest), std::move(progress));
    };
    co_await transfer(std::move(blobs), move, how_.progress);
  }

  Repository& repository_;
  const Path& folder_;
  const TransferOptions& how_;
  std::vector<Blob> missing_;
};

// `work` at the first place that can do it: where a mirror fails, whatever the reason, the next one is asked.
template <class T>
Task<T> at_first(net::Executor executor, std::vector<RepositoryOptions> places,
                 std::function<Task<T>(Repository&)> work) {
  for (size_t i = 0; i < places.size(); ++i) {
    try {
      Repository repository(executor, places[i]);
      co_return co_await work(repository);
    } catch (const Error&) {
      if (i + 1 == places.size()) throw;
    }
  }
  fail("there is no server to ask");
}

std::vector<RepositoryOptions> pulling_from(const Reference& reference, const Keyring& keys,
                                            const RegistryOptions& options) {
  std::vector<RepositoryOptions> out;
  for (const Place& place : places_of(reference.repository, options)) out.push_back(options_for(place, keys, false));
  return out;
}

Task<ImageBlobs> pull_from(Repository& repository, const std::string& version, const std::string& architecture,
                           const Path& blobs, const TransferOptions& how) {
  Pull pull(repository, blobs, how);
  Repository::Document top = co_await repository.manifest(version);
  co_return co_await pull.run(std::move(top), architecture);
}

// Every error names the image, once.
template <class T>
T named(const Reference& reference, const std::function<T()>& work) {
  try {
    return work();
  } catch (const Error& e) {
    const std::string name = reference.str(), what = e.what();
    throw ImageError(what.starts_with(name) ? what : name + ": " + what);
  }
}

}  // namespace

ImageBlobs Registries::pull(const Reference& reference, const std::string& architecture, const Path& blobs,
                            const TransferOptions& how) const {
  return named<ImageBlobs>(reference, [&] {
    const std::string version = wanted_version(reference);
    const std::function<Task<ImageBlobs>(Repository&)> work = [&](Repository& repository) {
      return pull_from(repository, version, architecture, blobs, how);
    };
    const auto places = pulling_from(reference, keys_, options_);
    ImageBlobs out = run_here<ImageBlobs>(
        [&](net::Executor executor) { return at_first<ImageBlobs>(executor, places, work); }, how.stop);
    out.names = {reference.str()};
    return out;
  });
}

void Registries::push(const ImageBlobs& image, const Path& blobs, const Reference& reference,
                      const TransferOptions& how, const std::string& from) const {
  named<bool>(reference, [&] {
    return run_here<bool>([&](net::Executor executor) -> Task<bool> {
      const Place place = place_of(reference.repository, options_), source = place_of(from, options_);
      const std::string mount_from = source.host == place.host && source.path != place.path ? source.path : "";
      Repository repository(executor, options_for(place, keys_, true));
      std::vector<Blob> files, manifests;
      for (const Blob& blob : image.blobs) (is_manifest(blob.media_type) ? manifests : files).push_back(blob);
      const auto move = [&](const Blob& blob, Repository::Progress progress) {
        return repository.push(blob, blobs / blob_path(blob.digest), mount_from, std::move(progress));
      };
      co_await transfer(std::move(files), move, how.progress);
      for (const Blob& blob : manifests)
        co_await repository.push_manifest(blob.digest, {blob, read_file(blobs / blob_path(blob.digest))});
      co_await repository.push_manifest(reference.tag.empty() ? image.manifest.digest : reference.tag,
                                        {image.manifest, read_file(blobs / blob_path(image.manifest.digest))});
      co_return true;
    });
  });
}

}  // namespace spoke::image
