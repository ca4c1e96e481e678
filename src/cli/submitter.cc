#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "base/files.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/session.h"
#include "net/async.h"
#include "net/bind_address.h"
#include "net/http_server.h"
#include "net/scope.h"
#include "submit/service.h"

namespace spoke::cli {
namespace {

constexpr net::Millis kBetweenLooks{10000};
constexpr std::uint64_t kMostBody = 2U << 20;  // more than etcd takes

struct Options {
  client::KubeconfigChoice cluster;
  std::string address = "127.0.0.1:8080";
  std::string cert_file, key_file, client_ca_file;
  std::string spark_version;
  bool plain_http = false;
};

void check(const Options& options, const net::BindAddress& at) {
  if (options.cert_file.empty() != options.key_file.empty())
    throw UsageError("--tls-cert-file and --tls-key-file go together");
  if (!options.client_ca_file.empty() && options.cert_file.empty())
    throw UsageError("--client-ca-file needs --tls-cert-file and --tls-key-file");
  if (options.cert_file.empty() && !options.plain_http && !at.only_this_machine())
    throw UsageError(
        "who reaches this address may run pods as any service account: give --tls-cert-file, --tls-key-file and "
        "--client-ca-file, or --plain-http where nobody else can reach it");
  if (!options.cert_file.empty() && options.client_ca_file.empty())
    log::warn("whoever reaches this address may submit: --client-ca-file lets in only who has a certificate");
}

// What a file holds, which has to be something: without it, connections would not be what was asked for.
std::string read_pem(const std::string& file) {
  if (file.empty()) return "";
  std::string text = read_file(file);
  if (text.find("-----BEGIN ") == std::string::npos) fail("{} has no PEM in it", file);
  return text;
}

struct Pems {
  std::string cert, key, client_ca;
  bool operator==(const Pems&) const = default;
};

Pems read_pems(const Options& options) {
  return {read_pem(options.cert_file), read_pem(options.key_file), read_pem(options.client_ca_file)};
}

// What was renewed is used from the next connection on; what is half written is passed over.
net::Task<> renew(net::HttpServer& server, const Options& options, Pems used) {
  std::string said;
  for (;;) {
    co_await net::sleep_for(kBetweenLooks);
    std::string problem;
    try {
      Pems there = read_pems(options);
      if (there == used) continue;
      server.use(there.key, there.cert, there.client_ca);
      used = std::move(there);
      log::info("a new certificate is in use", "file", options.cert_file);
    } catch (const std::exception& e) {
      problem = e.what();
    }
    if (!problem.empty() && problem != said) log::warn("the new certificate cannot be used", "error", problem);
    said = problem;
  }
}

net::Task<int> serve(Session& session, const Options& options) {
  const auto at = net::BindAddress::parse(options.address);
  check(options, at);
  const Pems pems = read_pems(options);
  submit::SubmitService service(session.api, {.spark_version = options.spark_version});
  net::HttpServer server(session.executor,
                         {.key_pem = pems.key,
                          .cert_pem = pems.cert,
                          .client_ca_pem = pems.client_ca,
                          .max_body = kMostBody,
                          .port_option = "--bind-address"},
                         [&service](net::Exchange& exchange) { return service.answer(exchange); });
  server.listen(at.address, at.port);
  log::info("submissions are taken", "address", options.address, "tls", !pems.cert.empty());
  net::Scope scope(session.executor);
  if (!pems.cert.empty()) scope.spawn("certificate", renew(server, options, pems));
  boost::asio::signal_set signals(session.executor, SIGTERM, SIGINT);
  co_await signals.async_wait(boost::asio::use_awaitable);
  co_await service.end();
  co_await scope.close();
  co_await server.close();
  co_return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_cluster_options(app, options->cluster);
  app.add_option("--bind-address", options->address, "where to listen")
      ->capture_default_str()
      ->type_name("[HOST]:PORT");
  app.add_option("--tls-cert-file", options->cert_file,
                 "certificate of this server, with its chain; looked at again every 10 s")
      ->type_name(takes::kFile);
  app.add_option("--tls-key-file", options->key_file, "its key")->type_name(takes::kFile);
  app.add_option("--client-ca-file", options->client_ca_file,
                 "let in only clients with a certificate of these authorities")
      ->type_name(takes::kFile);
  app.add_option(
         "--spark-version", options->spark_version,
         "whose rules count for images whose tag says no version; the newest that is known where it is not given")
      ->type_name("VERSION");
  app.add_flag("--plain-http", options->plain_http, "listen without TLS for others than this machine");
  return [options] {
    return on_cluster(options->cluster, [options](Session& session) { return serve(session, *options); });
  };
}

}  // namespace

extern const Command submitter_command{
    .name = "submitter",
    .group = "The operator",
    .summary = "take submissions over HTTP, as kubeflow's operator sends them",
    .details =
        "Serves POST /api/v1/spark-submit: spark-submit's arguments and pod templates in JSON become a driver's pod, "
        "without a JVM. It is what the feature RestSubmitter of kubeflow's operator asks "
        "(--submitter-service-url); spoke's own operator needs no submitter.\n\n"
        "The same request makes one driver, however often it comes. Nothing of this machine is read for it: it names "
        "no "
        "file and no other cluster. Whoever may send one may run pods as any service account, so let the authority of "
        "--client-ca-file be for this alone.",
    .examples =
        "spoke submitter\n"
        "spoke submitter --bind-address :8080 --tls-cert-file tls.crt --tls-key-file tls.key --client-ca-file ca.crt",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
