#include "cli/session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <utility>

namespace spoke::cli {
namespace {

net::Task<int> session(net::Executor executor, client::Target target, Work work) {
  client::HttpApi api(executor, target);
  Session session{executor, target, api};
  co_return co_await work(session);
}

std::string remedy(const client::Target& target) {
  if (is_embedded(target)) return "; start the embedded cluster with `spoke up`";
  return target.context.empty() ? "" : "; is the cluster of the context \"" + target.context + "\" up?";
}

// A missing kind is a 404 too, but one that names no object.
[[noreturn]] void rethrow_clearly(const kube::StatusError& e) {
  if (e.code() == 404 && json::str(e.details(), "name").empty())
    fail(
        "this cluster has no SparkApplications; run `spoke operator` against it, or install the Spark operator's CRDs");
  throw e;
}

}  // namespace

int on_target(client::Target target, const Work& work) {
  boost::asio::io_context loop(1);
  int code = 1;
  std::exception_ptr failure;
  const std::string hint = remedy(target);
  boost::asio::co_spawn(loop, session(loop.get_executor(), std::move(target), work),
                        [&](const std::exception_ptr& e, int result) {
                          failure = e;
                          code = result;
                          loop.stop();
                        });
  loop.run();
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const net::ConnectionError& e) {
    throw Error(e.what() + hint);
  }
  return code;
}

int on_cluster(const client::KubeconfigChoice& choice, const Work& work) {
  auto target = client::find_target(choice);
  if (!target) fail("there is no kubeconfig, and so no cluster; start the embedded one with `spoke up`");
  return on_target(std::move(*target), work);
}

net::Task<client::Object> get_application(Session& session, std::string ns, std::string name) {
  try {
    co_return co_await session.api.get(client::resources::spark_applications, ns, name);
  } catch (const kube::StatusError& e) {
    rethrow_clearly(e);
  }
}

net::Task<std::vector<client::Object>> list_applications(Session& session, std::string ns, std::string selector) {
  client::ListOptions options;
  options.label_selector = std::move(selector);
  try {
    co_return (co_await session.api.list(client::resources::spark_applications, ns, options)).items;
  } catch (const kube::StatusError& e) {
    rethrow_clearly(e);
  }
}

}  // namespace spoke::cli
