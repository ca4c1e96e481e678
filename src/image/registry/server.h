// A registry's server: requests with authentication, redirections, and other tries where it is worth one.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "image/registry/challenge.h"
#include "image/registry/repository.h"
#include "net/http_client.h"
#include "net/url.h"

namespace spoke::image {

class RegistryServer {
 public:
  RegistryServer(net::Executor executor, const RepositoryOptions& options);

  // The answer to a request at `target` ("/v2/..." or a whole URL that the server gave), below 400 or 404; its body
  // is yet to be read. Throws RegistryError for others, net::ConnectionError.
  net::Task<net::ResponseStream> ask(net::Request request, std::string target,
                                     std::optional<net::LongBody> body = std::nullopt);

  // The same, its body read: errors and answers to uploads are small.
  net::Task<net::Response> ask_small(net::Request request, std::string target);

  [[noreturn]] void refuse(int status, std::string_view body) const;
  const std::string& name() const { return options_.host; }

 private:
  bool is_same_server(const net::Url& url) const;
  struct Followed {
    net::ResponseStream answer;
    bool own = true;  // it is this server's
  };
  net::Task<Followed> follow(net::Request request, net::Url url, std::optional<net::LongBody> body);
  net::Task<net::ResponseStream> send(net::Request request, net::Url url, std::optional<net::LongBody> body);
  net::Task<> find_scheme();
  net::Task<bool> authenticate(std::string header, size_t attempt);
  net::Task<std::string> fetch_token(Challenge challenge, std::optional<Login> login);
  std::string scope_for(const std::string& asked) const;
  net::HttpClient& client(const net::Url& url, bool commits);

  net::Executor executor_;
  RepositoryOptions options_;
  net::Url server_;        // without a path; its scheme is "" until it is known
  bool insecure_ = false;  // may be talked to without TLS
  bool answered_ = false;  // ever
  std::string authorization_;
  std::string challenge_;                                            // the last one
  std::map<std::string, std::unique_ptr<net::HttpClient>> clients_;  // by "https://host:port", and what for
};

// All of a small body. Throws Error beyond `most` bytes.
net::Task<std::string> read_all(net::ResponseStream stream, std::size_t most);

}  // namespace spoke::image
