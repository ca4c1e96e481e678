// An HTTP/1.1 server, over TLS or for probes without: whole answers, streams, WebSockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "net/scope.h"
#include "net/task.h"

namespace spoke::net {

// One request and the answer to it. Exactly one of respond, begin (then write, finish) or accept_websocket is called.
class Exchange {
 public:
  virtual ~Exchange() = default;
  const Request& request() const { return request_; }
  Request& request() { return request_; }

  virtual Task<> respond(Response response) = 0;

  // A chunked body. write() throws ConnectionError when the client has gone; so does whatever is awaited by
  // until_gone().
  virtual Task<> begin(int status, Headers headers) = 0;
  virtual Task<> write(std::string_view chunk) = 0;
  virtual Task<> finish() = 0;

  // Answers 101; from then on write() sends one message each, read() takes one (nothing once the client has closed),
  // finish() closes. `protocol` is what was chosen of Sec-WebSocket-Protocol, "" for none.
  enum class Messages { Text, Binary };
  virtual bool wants_websocket() const = 0;
  virtual Task<> accept_websocket(std::string_view protocol, Messages messages) = 0;
  virtual Task<std::optional<std::string>> read() = 0;

  // Returns when the client has closed the connection. To be awaited beside a stream that may be idle for long.
  virtual Task<> until_gone() = 0;
  virtual bool answered() const = 0;

 protected:
  Request request_;
};

using Handler = std::function<Task<>(Exchange&)>;

struct ServerOptions {
  std::string key_pem, cert_pem;       // chain; both "": without TLS
  std::string client_ca_pem;           // only clients with a certificate of these authorities; "": any
  std::uint64_t max_body = 3U << 20;   // bytes; more is answered 413
  std::string port_option = "--port";  // who chose the port, for errors
};

class HttpServer {
 public:
  HttpServer(Executor executor, ServerOptions options, Handler handler);
  ~HttpServer();

  // Listens there and begins to accept. Address "": all of the machine's. Port 0: any. Answers the port. Throws Error
  // "127.0.0.1:7443 is in use ...".
  std::uint16_t listen(const std::string& address, std::uint16_t port);
  // For connections from now on: in place of what the options said.
  void use(const std::string& key_pem, const std::string& cert_pem, const std::string& client_ca_pem = "");
  Task<> close();  // ends all connections

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace spoke::net
