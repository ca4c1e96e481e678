#include "client/credentials.h"

#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "net/async.h"

namespace spoke::client {
namespace {

using std::chrono::steady_clock;

// The kubelet rotates a projected token well before it expires; client-go reads the file once a minute as well.
constexpr std::chrono::seconds kReadAgain{60};
// Requests take their time too.
constexpr std::chrono::seconds kBeforeExpiry{10};

}  // namespace

Credentials::Credentials(const Target& target)
    : target_(target),
      token_(target.bearer_token),
      cert_(target.server.client_cert_pem),
      key_(target.server.client_key_pem),
      expires_(target.expires) {
  if (!target_.token_file.empty()) read_token_file();
}

std::string Credentials::header() const {
  if (!token_.empty()) return "Bearer " + token_;
  if (!target_.username.empty()) return "Basic " + base64(target_.username + ":" + target_.password);
  return "";
}

void Credentials::read_token_file() {
  file_read_ = steady_clock::now();
  const auto text = try_read_file(target_.token_file);
  if (text && !trim(*text).empty())
    token_ = trim(*text);
  else
    log::warn("cannot read the token file; the last token is used on", "file", target_.token_file);
}

net::Task<std::string> Credentials::authorization() {
  if (!target_.token_file.empty() && steady_clock::now() - file_read_ > kReadAgain) read_token_file();
  if (target_.renew && expires_ && now() > *expires_ - kBeforeExpiry) co_await run_plug_in();
  co_return header();
}

net::Task<bool> Credentials::renew(std::string refused) {
  if (!target_.token_file.empty()) read_token_file();
  // Another request may have renewed it while this one was under way.
  if (target_.renew && header() == refused) {
    const int before = generation_;
    co_await run_plug_in();
    if (generation_ != before) co_return true;
  }
  co_return header() != refused;
}

net::Task<> Credentials::run_plug_in() {
  if (renewing_) {  // a plug-in may ask a person: once, however many requests wait for it
    while (renewing_) co_await net::sleep_for(std::chrono::milliseconds(20));
    co_return;
  }
  struct Mark {
    bool& set;
    explicit Mark(bool& flag) : set(flag) { set = true; }
    ~Mark() { set = false; }
  } const mark(renewing_);
  Credential fresh = co_await net::on_worker(target_.renew);
  token_ = std::move(fresh.bearer_token);
  expires_ = fresh.expires;
  if (fresh.client_cert_pem != cert_) {
    cert_ = std::move(fresh.client_cert_pem);
    key_ = std::move(fresh.client_key_pem);
    ++generation_;
  }
}

}  // namespace spoke::client
