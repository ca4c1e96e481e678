#include "cli/pod_log.h"

#include "base/log.h"
#include "cli/text/log_lines.h"
#include "cli/text/pods.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cli {
namespace {

struct End {
  bool complete = false;  // nothing can follow in the log
  std::optional<int> exit_code;
};

net::Task<End> look(Session& session, const LoggedPod& pod) {
  End end;
  try {
    const client::Object current = co_await session.api.get(client::resources::pods, pod.ns, pod.name);
    end.exit_code = exit_code(current);
    end.complete = end.exit_code || kube::uid(current) != pod.uid;
  } catch (const kube::StatusError& e) {
    end.complete = e.code() == 404;
  } catch (const net::ConnectionError&) {  // it may come back
  }
  co_return end;
}

}  // namespace

net::Task<std::optional<int>> follow_log(Session& session, LoggedPod pod, std::function<void(std::string_view)> sink) {
  LogLines lines;
  for (;;) {
    net::Query query;
    query.add("container", pod.container);
    query.add("follow", "true");
    query.add("timestamps", "true");
    if (const auto since = lines.since(); !since.empty()) query.add("sinceTime", since);
    std::string problem;
    try {
      co_await session.api.logs(pod.ns, pod.name, query, [&](std::string_view piece) { sink(lines.add(piece)); });
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) {
        sink(lines.finish());
        throw;
      }
      problem = e.what();
    }
    const End end = co_await look(session, pod);
    if (end.complete) {
      sink(lines.finish());
      co_return end.exit_code;
    }
    // A proxy on the way cuts what is silent for long, a kubelet restarts: the log goes on where it stopped.
    lines.resume();
    if (!problem.empty()) log::debug("the log broke off", "pod", pod.name, "error", problem);
    co_await net::sleep_for(net::Millis(500));
  }
}

}  // namespace spoke::cli
