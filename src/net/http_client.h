// An HTTP/1.1 client for one server: connections are kept and reused, TLS by default.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/task.h"
#include "net/websocket.h"

namespace spoke::net {

struct ClientOptions {
  std::string host;
  std::string port = "443";
  bool tls = true;
  std::string server_name;      // for TLS where it is not `host`
  std::string ca_pem;           // "": the machine's own authorities
  std::string client_cert_pem;  // with client_key_pem, shown to the server
  std::string client_key_pem;
  bool insecure = false;  // takes any certificate
  std::string proxy;      // "http://[user:password@]host:port" or "socks5://...": through it; "" for none
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds request_timeout{30000};  // until a whole answer; a stream's pieces have none
};

// For the server of an https: or http: URL, "https://host[:port]". Throws Error for any other.
struct Url;
ClientOptions server_of(const Url& url);

// A response whose body comes piece by piece.
class ResponseStream {
 public:
  struct Impl;
  explicit ResponseStream(std::unique_ptr<Impl> impl);
  ~ResponseStream();  // closes the connection unless the body was read to its end
  ResponseStream(ResponseStream&&) noexcept;
  ResponseStream& operator=(ResponseStream&&) noexcept;

  int status() const;
  const Headers& headers() const;
  // The next bytes of the body, as they come; nothing at its end. Throws ConnectionError where it breaks off.
  Task<std::optional<std::string>> read();
  // From now on, what is read has to be there within this time; else read() throws ConnectionError. No limit unless
  // told.
  void expires_after(std::chrono::milliseconds limit);

 private:
  std::unique_ptr<Impl> impl_;
};

// A body that is too long to be held in memory.
struct LongBody {
  std::uint64_t size = 0;  // bytes
  // Begins it (again): the function answers the next bytes, valid until its next call, and none at the end.
  std::function<std::function<std::string_view()>()> open;
};

class HttpClient {
 public:
  struct Impl;
  HttpClient(Executor executor, ClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Throws ConnectionError. A request on a kept connection that turns out to be closed is sent once more on a new one.
  Task<Response> send(Request request);
  Task<ResponseStream> stream(Request request);
  // Sends the body piece by piece, each within the time of a request. Throws what the body's functions throw, too.
  Task<ResponseStream> stream(Request request, LongBody body);
  // Closes the connections that nobody has asked for since that time: each holds 80 kB, and a burst leaves many.
  void close_idle(std::chrono::steady_clock::time_point before);
  // On a connection of its own. Sec-WebSocket-Protocol is among the request's headers.
  Task<Upgraded> websocket(Request request);

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace spoke::net
