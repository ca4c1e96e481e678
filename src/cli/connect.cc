#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <memory>
#include <set>

#include "base/strings.h"
#include "cli/child.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "cli/submission.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "cli/text/pods.h"
#include "cli/text/progress.h"
#include "client/informer.h"
#include "client/port_forward.h"
#include "data/yaml.h"
#include "kube/pod_trouble.h"
#include "net/scope.h"
#include "spark/connect.h"
#include "spark/uris.h"
#include "submit/connect.h"
#include "submit/create.h"
#include "submit/mixed_words.h"
#include "submit/pod_text.h"

namespace spoke::cli {
namespace {

using client::Object;

constexpr const char* kDefaultName = "connect";
constexpr std::uint16_t kUsualPort = 15002;
constexpr const char* kLoopback = "127.0.0.1";
constexpr int kTail = 200;         // lines of the log of a server that ended
constexpr size_t kLastWords = 20;  // and how many of them are shown
constexpr std::chrono::minutes kGoes{2};

// A server, and how this user comes to it: for commands that can be typed as they are shown.
struct Named {
  std::string name = kDefaultName;
  std::string ns = "default";
  std::string context;  // where one was asked for

  std::string command(std::string_view verb) const {
    return fmt::format("`spoke connect {} {}{}{}`", verb, name, ns == "default" ? "" : " -n " + ns,
                       context.empty() ? "" : " --context " + context);
  }
};

// The last lines of a log that are no frames of a Java stack: those say where, not why.
std::string last_words(const std::string& log) {
  std::vector<std::string> lines;
  for (auto& line : split(log, '\n'))
    if (!line.starts_with("\tat ") && !line.starts_with("\t... ") && !trim(line).empty())
      lines.push_back(std::move(line));
  if (lines.size() > kLastWords) lines.erase(lines.begin(), lines.end() - kLastWords);
  return lines.empty() ? "" : join(lines, "\n") + "\n";
}

net::Task<std::vector<Object>> find_servers(Session& session, std::string ns, std::string selector) {
  client::ListOptions options;
  options.label_selector = std::move(selector);
  co_return (co_await session.api.list(client::resources::pods, ns, options)).items;
}

// Null where none is there, or is about to stay.
net::Task<Object> find_server(Session& session, Named server) {
  for (auto& pod : co_await find_servers(session, server.ns, submit::connect_selector(server.name)))
    if (!submit::connect_ended(pod)) co_return std::move(pod);
  co_return Object();
}

// Deletes it, and waits until its name is free again.
net::Task<> remove(Session& session, client::Resource resource, Object object) {
  const std::string ns(kube::ns(object)), name(kube::name(object)), uid(kube::uid(object));
  client::DeleteOptions options;
  options.uid = uid;
  options.propagation = "Background";
  const auto patience = std::chrono::steady_clock::now() + kGoes;
  try {
    co_await session.api.remove(resource, ns, name, options);
    while (kube::uid(co_await session.api.get(resource, ns, name)) == uid) {
      if (std::chrono::steady_clock::now() > patience)
        fail("{} {}/{} is being deleted and does not go; `spoke connect list` shows it", resource.kind, ns, name);
      co_await net::sleep_for(net::Millis(100));
    }
  } catch (const kube::StatusError& e) {
    if (e.code() != 404 && e.code() != 409) throw;
  }
}

// Takes away what an earlier server of the name left behind. Throws Error where its Service is somebody else's.
net::Task<> clear_way(Session& session, Named server) {
  for (auto& pod : co_await find_servers(session, server.ns, submit::connect_selector(server.name)))
    co_await remove(session, client::resources::pods, std::move(pod));
  try {
    Object service =
        co_await session.api.get(client::resources::services, server.ns, submit::connect_service(server.name));
    if (!submit::is_connect(service, server.name))
      fail("the Service {}/{} is there and is no Connect server's; choose another name", server.ns,
           submit::connect_service(server.name));
    co_await remove(session, client::resources::services, std::move(service));
  } catch (const kube::StatusError& e) {
    if (e.code() != 404 && e.code() != 403) throw;  // who may not look will be told by the creation
  }
}

// One server, kept in view.
class Server {
 public:
  Server(Session& session, boost::asio::signal_set& signals, Named named, Object pod)
      : session_(session),
        signals_(signals),
        named_(std::move(named)),
        uid_(kube::uid(pod)),
        pod_(std::move(pod)),
        begun_(now()),
        pods_(session.api, watched(),
              [this](const Object*, const Object* after) {
                if (after != nullptr && kube::uid(*after) == uid_) pod_ = *after;
                changed_.notify();
              }),
        changed_(session.executor) {}

  // Runs `work` while the server and signals are watched.
  net::Task<int> during(net::Task<int> work) {
    net::Scope scope(session_.executor);
    scope.spawn("pod", pods_.run());
    scope.spawn("signals", await_signal());
    co_return co_await scope.during(std::move(work));
  }

  // Answers nothing once it is ready; an exit code where it was not waited for to the end.
  net::Task<std::optional<int>> until_ready() {
    while (!submit::connect_ready(pod_)) {
      if (over()) co_return co_await tell_failure();
      if (signal_ != 0) {
        screen_.progress("");
        complain(fmt::format("the server goes on coming up; {} waits for it again, {} ends it", named_.command("up"),
                             named_.command("down")));
        co_return 128 + signal_;
      }
      tell_trouble();
      Progress line;
      line.name = named_.name;
      line.state = submit::phase(pod_) == "Running" ? "Starting" : submit::phase(pod_);
      line.elapsed = now() - begun_;
      line.trouble = kube::pod_trouble(pod_);
      screen_.progress(progress_line({line}, screen_.width() - 1, screen_.colour()));
      co_await changed_.wait_for(net::Millis(250));
    }
    screen_.progress("");
    co_return std::nullopt;
  }

  // Until it ends, or this process is asked to.
  net::Task<int> until_over() {
    while (signal_ == 0 && !over()) co_await changed_.wait_for(std::chrono::seconds(5));
    if (signal_ != 0) {
      complain(fmt::format("the server goes on; {} forwards it again, {} ends it", named_.command("up"),
                           named_.command("down")));
      co_return 128 + signal_;
    }
    co_return co_await tell_failure();
  }

  std::unique_ptr<client::PortForward> forward() {
    return std::make_unique<client::PortForward>(
        session_.executor, session_.api,
        client::ForwardedPort{named_.ns, std::string(kube::name(pod_)), submit::connect_port(pod_)}, complain);
  }

  const Object& pod() const { return pod_; }

 private:
  client::InformerOptions watched() const {
    client::InformerOptions options;
    options.resource = client::resources::pods;
    options.ns = named_.ns;
    options.field_selector = "metadata.name=" + std::string(kube::name(pod_));
    return options;
  }

  bool over() const {
    if (submit::connect_ended(pod_)) return true;
    if (!pods_.synced()) return false;
    return std::ranges::none_of(pods_.all(), [&](const auto& entry) { return kube::uid(entry.second.object) == uid_; });
  }

  net::Task<> await_signal() {
    signal_ = co_await signals_.async_wait(boost::asio::use_awaitable);
    changed_.notify();
  }

  void tell_trouble() {
    if (const std::string why = kube::pod_trouble(pod_);
        !why.empty() && !screen_.interactive() && told_.insert(why).second)
      complain(fmt::format("{}: {}", named_.name, printable(why)));
  }

  net::Task<int> tell_failure() {
    screen_.progress("");
    if (!submit::has_ended(pod_)) {
      complain(fmt::format("the Connect server {} was deleted", named_.name));
      co_return kFailure;
    }
    try {
      net::Query query;
      query.add("container", main_container(pod_));
      query.add("tailLines", std::to_string(kTail));
      std::string text;
      co_await session_.api.logs(named_.ns, kube::name(pod_), std::move(query),
                                 [&text](std::string_view piece) { text += piece; });
      print_error(last_words(text));
    } catch (const kube::StatusError&) {  // a container that never ran has no log
    } catch (const net::ConnectionError&) {
    }
    const auto code = exit_code(pod_);
    const std::string trouble = kube::pod_trouble(pod_);
    complain(fmt::format("the Connect server {} has ended{}{}; its pod {}/{} is kept until the next `spoke connect up`",
                         named_.name, code ? fmt::format(" with exit code {}", *code) : "",
                         trouble.empty() ? "" : ": " + printable(trouble), named_.ns, kube::name(pod_)));
    co_return code && *code != 0 ? *code : kFailure;
  }

  Session& session_;
  boost::asio::signal_set& signals_;
  Screen screen_;
  Named named_;
  std::string uid_;
  Object pod_;
  Time begun_;
  client::Informer pods_;
  net::Event changed_;
  std::set<std::string> told_;
  int signal_ = 0;
};

struct Up {
  Named named;
  bool detach = false;
  std::optional<std::uint16_t> port;  // of this machine
};

// The usual port where it is free, else any; the one that was asked for, or an error.
std::uint16_t listen(client::PortForward& forward, std::optional<std::uint16_t> port) {
  if (port) return forward.listen(*port);
  try {
    return forward.listen(kUsualPort);
  } catch (const Error&) {
    return forward.listen(0);
  }
}

net::Task<int> bring_up(Session& session, Server& server, const Up& up) {
  if (const auto code = co_await server.until_ready()) co_return *code;
  print(fmt::format("in the cluster:   {}\n", submit::connect_address(server.pod())));
  const std::string down = up.named.command("down");
  if (up.detach) {
    complain(down + " ends it");
    co_return 0;
  }
  const auto forward = server.forward();
  print(fmt::format("on this machine:  sc://{}:{}\n", kLoopback, listen(*forward, up.port)));
  complain(fmt::format("forwarding until Ctrl-C; the server goes on after it, and {} ends it", down));
  net::Scope scope(session.executor);
  scope.spawn("forward", forward->run());
  co_return co_await scope.during(server.until_over());
}

net::Task<int> attend(Session& session, boost::asio::signal_set& signals, Object pod, const Up& up) {
  Server server(session, signals, up.named, std::move(pod));
  co_return co_await server.during(bring_up(session, server, up));
}

// `found` says whether there is such a server yet.
net::Task<int> attend_existing(Session& session, const Up& up, bool& found) {
  Object pod = co_await find_server(session, up.named);
  found = !pod.is_null();
  if (!found) co_return 0;
  complain(fmt::format("the Connect server {} is there already; to change it, end it first: {}", up.named.name,
                       up.named.command("down")));
  boost::asio::signal_set signals(session.executor, SIGINT, SIGTERM);
  co_return co_await attend(session, signals, std::move(pod), up);
}

net::Task<int> create_and_attend(Session& session, spark::DriverObjects driver, const Up& up) {
  bool found = false;  // another may have been faster: files are uploaded before this
  const int code = co_await attend_existing(session, up, found);
  if (found) co_return code;
  co_await clear_way(session, up.named);
  boost::asio::signal_set signals(session.executor, SIGINT, SIGTERM);  // from before it is created: they find it whole
  auto created = co_await submit::create_driver(session.api, std::move(driver), submit::connect_rights());
  co_return co_await attend(session, signals, std::move(created.pod), up);
}

std::uint16_t port_number(const std::string& text) {
  const auto number = to_int(text);
  if (!number || *number < 0 || *number > 65535)
    throw UsageError(fmt::format("--port takes a number of 0 to 65535, not \"{}\"", text));
  return static_cast<std::uint16_t>(*number);
}

Up read_up(submit::MixedWords& words) {
  Up up;
  up.detach = words.flag("--detach") || words.flag("-d");
  for (const auto& port : words.values("--port")) up.port = port_number(port);
  const auto names = words.names();
  if (names.size() > 1) throw UsageError(fmt::format("one name is enough: \"{}\" and \"{}\"", names[0], names[1]));
  if (!names.empty()) up.named.name = names[0];
  return up;
}

int run_up(std::vector<std::string> words) {
  submit::MixedWords mixed(std::move(words));
  Up up = read_up(mixed);
  words = mixed.rest();
  words.emplace_back(spark::kNoResource);
  submit::Arguments arguments = submit::parse_arguments(words);
  if (arguments.action != submit::Action::Submit || arguments.main_class || arguments.as_application || arguments.jvm ||
      arguments.follow || arguments.remote || arguments.deploy_mode)
    throw UsageError(
        "--class, --deploy-mode, --remote, --kill, --status, --version, --as-application, --follow and --jvm have no "
        "meaning for a Connect server");
  auto [around, settings, target] = read_pod_submission(arguments);
  up.named.ns = settings.conf.text("spark.kubernetes.namespace", "default");
  up.named.context = arguments.context.value_or("");
  submit::configure_connect_server(settings.conf, spark::rules_for(settings.spark_version), up.named.name);
  bool found = false;
  if (arguments.dry_run == submit::DryRun::No) {
    const int code = on_target(target, [&](Session& session) { return attend_existing(session, up, found); });
    if (found) return code;
  }
  Variant variant;
  variant.adapt = [](spark::Submission& s) { s.main_class = spark::kConnectServerClass; };
  variant.extend = submit::add_connect_service;
  variant.create = [&](Session& session, spark::DriverObjects driver) {
    return create_and_attend(session, std::move(driver), up);
  };
  return submit_to_cluster(arguments, std::move(settings), around, variant);
}

struct Options {
  client::KubeconfigChoice cluster;
  std::vector<std::string> names;
  std::string name = kDefaultName;
  bool all = false;
  bool all_namespaces = false;
  std::string format;
};

Named named_in(const Session& session, const Options& options, const std::string& name) {
  submit::check_connect_name(name);
  return {name, session.target.ns, options.cluster.context};
}

[[noreturn]] void refuse_absent(const Named& named) {
  fail("there is no Connect server {} in the namespace {}; {} starts one", named.name, named.ns, named.command("up"));
}

net::Task<int> down(Session& session, const Options& options) {
  std::vector<Object> chosen;
  if (options.all) {
    chosen = co_await find_servers(session, session.target.ns, submit::all_connect_servers());
  } else {
    for (const auto& name : options.names.empty() ? std::vector<std::string>{kDefaultName} : options.names) {
      const Named named = named_in(session, options, name);
      auto found = co_await find_servers(session, named.ns, submit::connect_selector(name));
      if (found.empty()) refuse_absent(named);
      for (auto& pod : found) chosen.push_back(std::move(pod));
    }
  }
  for (auto& pod : chosen) {
    const std::string name = submit::connect_name(pod);
    co_await remove(session, client::resources::pods, std::move(pod));
    print(fmt::format("Connect server {} ended\n", name));
  }
  co_return 0;
}

std::string state_of_server(const Object& pod) {
  if (kube::deleting(pod)) return "Ending";
  if (submit::connect_ready(pod)) return "Ready";
  const auto phase = submit::phase(pod);
  return phase == "Running" ? "Starting" : phase;
}

json::value as_json(const Object& pod, size_t executors) {
  return json::object{{"name", submit::connect_name(pod)},
                      {"namespace", kube::ns(pod)},
                      {"pod", kube::name(pod)},
                      {"state", state_of_server(pod)},
                      {"sparkVersion", kube::label(pod, "spark-version")},
                      {"executors", executors},
                      {"address", submit::connect_address(pod)}};
}

net::Task<int> list(Session& session, const Options& options) {
  const std::string ns = options.all_namespaces ? "" : session.target.ns;
  const auto servers = co_await find_servers(session, ns, submit::all_connect_servers());
  std::map<std::string, size_t, std::less<>> executors;  // by application
  if (!servers.empty()) {
    client::ListOptions executor_pods;
    executor_pods.label_selector = "spark-role=executor";
    for (const auto& pod : (co_await session.api.list(client::resources::pods, ns, executor_pods)).items)
      if (json::str(pod, "status.phase") == "Running") ++executors[std::string(kube::label(pod, "spark-app-selector"))];
  }
  const auto running = [&](const Object& pod) {
    return executors[std::string(kube::label(pod, "spark-app-selector"))];
  };
  if (!options.format.empty()) {
    json::array all;
    for (const auto& pod : servers) all.push_back(as_json(pod, running(pod)));
    print(options.format == "yaml" ? yaml::dump(all) : json::dump_pretty(all) + "\n");
    co_return 0;
  }
  if (servers.empty()) {
    complain(ns.empty() ? "no Connect servers in any namespace" : "no Connect servers in the namespace " + ns);
    co_return 0;
  }
  Table table(options.all_namespaces
                  ? std::vector<std::string>{"NAMESPACE", "NAME", "STATE", "SPARK", "EXECUTORS", "AGE", "ADDRESS"}
                  : std::vector<std::string>{"NAME", "STATE", "SPARK", "EXECUTORS", "AGE", "ADDRESS"});
  for (const auto& pod : servers) {
    const std::string state = state_of_server(pod);
    std::vector<Cell> row;
    if (options.all_namespaces) row.emplace_back(std::string(kube::ns(pod)));
    row.emplace_back(submit::connect_name(pod));
    row.emplace_back(state, style_of_state(state == "Ready" ? "Running" : state));
    row.emplace_back(std::string(kube::label(pod, "spark-version")));
    row.emplace_back(std::to_string(running(pod)));
    row.emplace_back(age(pod, now()));
    row.emplace_back(submit::connect_address(pod));
    table.add(std::move(row));
  }
  print(table.text(use_colour(Stream::Out)));
  co_return 0;
}

// What stands after `--` in `spoke connect exec NAME -- python app.py`: the ordinary parser would take it for names.
std::vector<std::string>& command_of_exec() {
  static std::vector<std::string> command;
  return command;
}

net::Task<int> run_client(Session& session, Server& server, boost::asio::signal_set& signals) {
  if (const auto code = co_await server.until_ready()) co_return *code;
  const auto forward = server.forward();
  const auto remote = fmt::format("sc://{}:{}", kLoopback, forward->listen(0));
  net::Scope scope(session.executor);
  scope.spawn("forward", forward->run());
  co_return co_await scope.during(run_child(command_of_exec(), {{"SPARK_REMOTE", remote}}, signals));
}

net::Task<int> exec(Session& session, const Options& options) {
  const Named named = named_in(session, options, options.name);
  Object pod = co_await find_server(session, named);
  if (pod.is_null()) refuse_absent(named);
  boost::asio::signal_set signals(session.executor, SIGINT, SIGTERM);
  Server server(session, signals, named, std::move(pod));
  co_return co_await server.during(run_client(session, server, signals));
}

std::optional<int> run_words(std::vector<std::string>& words) {
  if (words.empty()) {
    words = {"--help"};
    return std::nullopt;
  }
  if (words[0] == "exec") {
    const auto dashes = std::find(words.begin(), words.end(), "--");
    command_of_exec().assign(dashes == words.end() ? dashes : dashes + 1, words.end());
    words.erase(dashes, words.end());
    return std::nullopt;
  }
  if (words[0] != "up" || has_help_flag(words)) return std::nullopt;
  return with_submit_errors("connect", [&] { return run_up({words.begin() + 1, words.end()}); });
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* up = app.add_subcommand("up", "start a server, or take up one that runs, and forward it to this machine");
  up->add_option("NAME", options->name, "the server's name; connect unless told")->type_name("NAME");
  up->add_flag("-d,--detach")->description("come back once it is ready; forward nothing");
  up->add_option_function<std::string>(
        "--port", [](const std::string&) {}, "the port of this machine, 0 for any; 15002 unless told or taken")
      ->type_name(takes::kNumber);
  add_submit_options(*up);
  CLI::App* ending = app.add_subcommand("down", "end servers, with their executors");
  ending->add_option("NAME", options->names, "the servers; connect unless told")->type_name("NAME");
  ending->add_flag("--all", options->all, "all of the namespace");
  add_cluster_options(*ending, options->cluster);
  CLI::App* listing = app.add_subcommand("list", "list the servers");
  listing->add_flag("-A,--all-namespaces", options->all_namespaces, "in all namespaces");
  add_output_option(*listing, options->format, {"json", "yaml"}, "for programs");
  add_cluster_options(*listing, options->cluster);
  CLI::App* running = app.add_subcommand("exec", "run a program with SPARK_REMOTE set: spoke connect exec -- COMMAND");
  running->add_option("NAME", options->name, "the server's name; connect unless told")->type_name("NAME");
  add_cluster_options(*running, options->cluster);
  return [options, ending, listing, running] {
    if (options->all && !options->names.empty()) throw UsageError("either names or --all, not both");
    if (*running && command_of_exec().empty())
      throw UsageError("name the program to run after --: spoke connect exec -- python app.py");
    return on_cluster(options->cluster, [&](Session& session) {
      return *ending ? down(session, *options) : *listing ? list(session, *options) : exec(session, *options);
    });
  };
}

}  // namespace

extern const Command connect_command{
    .name = "connect",
    .group = "Applications",
    .summary = "run Spark Connect servers, and programs against them",
    .details =
        "A server is a driver's pod that serves Spark Connect on port 15002, with executors of its own. `up` takes "
        "spark-submit's options: image, memory, --conf, --packages. Pods of the cluster reach it as "
        "sc://NAME-server.NAMESPACE.svc:15002; this machine by a forwarded port, through the API server. Whoever "
        "reaches that port of the loopback interface reaches the server.",
    .examples =
        "spoke connect up --conf spark.kubernetes.container.image=apache/spark:4.1.1-python3   # until Ctrl-C\n"
        "spoke connect up team --detach --num-executors 4 ...\n"
        "spoke connect exec team -- python app.py\n"
        "spoke connect list\n"
        "spoke connect down team",
    .exit_codes =
        "N of the program that exec ran, or of a server that ended\n130 interrupted by Ctrl-C (143: by "
        "SIGTERM); the server goes on",
    .set_up = set_up,
    .run_words = run_words,
};

}  // namespace spoke::cli
