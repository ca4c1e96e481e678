// A WebSocket of a client: messages both ways over one connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/task.h"

namespace spoke::net {

// One coroutine may read while another writes.
class WebSocket {
 public:
  struct Impl;
  explicit WebSocket(std::unique_ptr<Impl> impl);
  ~WebSocket();  // closes the connection
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) noexcept;

  // The next message; nothing once the server has closed. Throws ConnectionError where the connection breaks off, or
  // the server stays silent for minutes, even when it is asked for a sign.
  Task<std::optional<std::string>> read();
  Task<> write(std::string_view message);  // binary
  Task<> close();                          // in order; does not throw ConnectionError

 private:
  std::unique_ptr<Impl> impl_;
};

// What a server answers to the request for a WebSocket.
struct Upgraded {
  Response answer;                  // status 101, or why not
  std::optional<WebSocket> socket;  // with 101
};

}  // namespace spoke::net
