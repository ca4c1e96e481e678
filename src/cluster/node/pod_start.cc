// A container's beginning: its image, its root, its configuration, its process.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "base/random.h"
#include "base/strings.h"
#include "cluster/node/oci_config.h"
#include "cluster/node/plain_file.h"
#include "cluster/node/pod_files.h"
#include "cluster/node/pod_worker.h"
#include "cluster/node/probes.h"
#include "cluster/node/volumes.h"

namespace spoke::cluster {
namespace {

constexpr Duration kConfigRetry = std::chrono::seconds(5);
constexpr size_t kPullsAtOnce = 3;
constexpr Duration kPullTurn = std::chrono::milliseconds(50);

// Every device of the machine, for a privileged container.
std::vector<Device> machine_devices() {
  std::vector<Device> out;
  std::error_code error;
  for (auto at = std::filesystem::recursive_directory_iterator("/dev", error);
       at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    if (error) break;
    const std::string path = at->path().string();
    if (path == "/dev/pts" || path == "/dev/shm" || path == "/dev/mqueue") {
      at.disable_recursion_pending();
      continue;
    }
    struct stat about{};
    if (path == "/dev/console" || ::lstat(path.c_str(), &about) != 0 ||
        (!S_ISCHR(about.st_mode) && !S_ISBLK(about.st_mode)))
      continue;
    out.push_back({path, S_ISCHR(about.st_mode) ? 'c' : 'b', major(about.st_rdev), minor(about.st_rdev),
                   about.st_mode & 07777, about.st_uid, about.st_gid});
  }
  return out;
}

// Where pods find the API (enableServiceLinks is limited to it): what client libraries in containers look for.
Env service_variables(const std::string& host) {
  const std::string tcp = "tcp://" + host + ":443";
  return {{"KUBERNETES_SERVICE_HOST", host},        {"KUBERNETES_SERVICE_PORT", "443"},
          {"KUBERNETES_SERVICE_PORT_HTTPS", "443"}, {"KUBERNETES_PORT", tcp},
          {"KUBERNETES_PORT_443_TCP", tcp},         {"KUBERNETES_PORT_443_TCP_PROTO", "tcp"},
          {"KUBERNETES_PORT_443_TCP_PORT", "443"},  {"KUBERNETES_PORT_443_TCP_ADDR", host}};
}

// All that has to be known to put a container on the disk; by value, since a thread does it.
struct Preparation {
  kube::Object pod;
  json::value spec;
  image::Image image;
  Machine machine;
  Sources sources;
  PodPlace place;
  PodDir dir;
  Sandbox sandbox;
  ContainerFiles files;
  Path state_dir;
  std::string service_host;
};

ContainerRecord put_on_disk(const Preparation& p) {
  unmount_below(p.files.dir);  // of a try that was cut short
  std::filesystem::remove_all(p.files.dir);
  make_dirs(p.files.dir, 0750);
  mount_root(p.files, p.image);
  const Env env = container_env(p.pod, p.spec, service_variables(p.service_host), p.sources, p.place);
  write_plain_file(p.files.termination_log(), "", 0666);

  ContainerRecord record;
  record.id = hex(random_bytes(32));
  record.image = p.image.name;
  record.image_id = p.image.id;
  record.runtime = p.machine.runtime;
  record.state_dir = p.state_dir.string();
  const std::string cgroup = "/spoke/" + record.id;
  if (const auto counter = oom_counter(p.machine.cgroups, cgroup)) record.oom_counter = counter->string();

  const User user = container_user(p.pod, p.spec, p.image.config.user, read_in_image(p.files, p.image, "/etc/passwd"),
                                   read_in_image(p.files, p.image, "/etc/group"));
  record.user = std::to_string(user.uid);
  const auto own = [&](const Path& file, bool of_machine) { return of_machine ? Path() : file; };
  const Bundle bundle{p.pod,
                      p.spec,
                      p.image,
                      p.machine,
                      container_args(p.spec, p.image.config, env),
                      env,
                      user,
                      p.sandbox.hostname,
                      p.files.rootfs(),
                      container_mounts(p.pod, p.dir, p.files, p.spec, env),
                      own(p.sandbox.net(), p.sandbox.host_network),
                      own(p.sandbox.ipc(), p.sandbox.host_ipc),
                      own(p.sandbox.uts(), p.sandbox.host_network),
                      cgroup,
                      privileged(p.spec) ? machine_devices() : std::vector<Device>()};
  write_plain_file(p.files.config(), json::dump(oci_config(bundle)), 0600);
  write_record(p.files, record);
  return record;
}

}  // namespace

net::Task<> PodWorker::start(std::string name) {
  ContainerSeen& c = seen_.containers[name];
  const bool again = c.state == ContainerSeen::State::Ended;
  const int attempt = again ? c.restarts + 1 : c.restarts;
  std::string reason;
  std::string message;
  Duration pause = kConfigRetry;
  try {
    co_await create(name, attempt);
  } catch (const image::ImageError& e) {
    const auto* spec = find_container(pod_, name);
    const auto image = spec != nullptr ? json::str(*spec, "image") : "";
    if (spec != nullptr && json::str(*spec, "imagePullPolicy") == "Never") {
      reason = "ErrImageNeverPull";
      message = fmt::format("Container image \"{}\" is not present with pull policy of Never", image);
      warning("ErrImageNeverPull", message);
    } else {
      reason = "ErrImagePull";
      message = e.what();
      warning("Failed", fmt::format("Failed to pull image \"{}\": {}", image, message));
      c.pull.grow(now());
      normal("BackOff", fmt::format("Back-off pulling image \"{}\"", image));
    }
    pause = std::max(c.pull.delay, kConfigRetry);
  } catch (const ConfigError& e) {
    reason = "CreateContainerConfigError";
    message = e.what();
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    reason = "CreateContainerError";
    message = e.what();
  }
  c.starting = false;
  if (!reason.empty()) {
    c.setback = Setback{reason, message, now(), now() + pause};
    warning("Failed", fmt::format("Error: {}", reason.starts_with("Create") ? message : reason));
  }
  wake_.notify();
}

net::Task<> PodWorker::create(std::string name, int attempt) {
  const auto* found = find_container(pod_, name);
  if (found == nullptr) co_return;
  const json::value spec = *found;
  image::Image image = co_await pull(spec);
  if (ending(pod_, seen_)) co_return;
  const LivePtr live = co_await prepare(spec, std::move(image), attempt);
  co_await launch(name, live, attempt);
}

// An image without a name where the pod is to end meanwhile: nobody wants it then.
// With the policy Always a registry is asked again for what came from one; what was loaded or built here is ours.
net::Task<image::Image> PodWorker::pull(json::value spec) {
  const std::string name(json::str(spec, "image"));
  const std::string policy(json::str(spec, "imagePullPolicy"));
  const bool pulls = node_.options.pull != nullptr && policy != "Never";
  const auto is_turn = [this, name] { return node_.pulling.size() < kPullsAtOnce && !node_.pulling.contains(name); };
  for (bool waited = false;; waited = true) {
    Here here = co_await look(name);
    if (here.image && !(here.image->pulled && policy == "Always" && pulls)) {
      normal("Pulled", fmt::format("Container image \"{}\" already present on machine", name));
      co_return *std::move(here.image);
    }
    if (!pulls) throw image::ImageError(here.why);
    if (!waited) normal("Pulling", fmt::format("Pulling image \"{}\"", name));
    // One at a time of a name, whose next finds it here; few at all, for each holds a worker.
    if (is_turn()) {
      node_.pulling.insert(name);
      co_return co_await pull_from_registry(name, here.why);
    }
    while (!is_turn()) {
      if (ending(pod_, seen_)) co_return image::Image();
      co_await net::sleep_for(kPullTurn);
    }
  }
}

net::Task<PodWorker::Here> PodWorker::look(std::string name) {
  co_return co_await net::on_worker([resolve = node_.images, name]() -> Here {
    try {
      return {resolve(name), ""};
    } catch (const image::NoSuchImage& e) {
      return {std::nullopt, e.what()};
    }
  });
}

// It is this one's turn, which ends here. `why` it is not here already, "" where it is.
net::Task<image::Image> PodWorker::pull_from_registry(std::string name, std::string why) {
  std::exception_ptr failure;
  try {
    const std::vector<std::string> secrets = co_await pull_secrets();
    const Time begun = now();
    const auto pull = [pull = node_.options.pull, name, secrets, closing = node_.closing, unwanted = unwanted_] {
      return pull(name, secrets, [closing, unwanted] { return closing->load() || unwanted->load(); });
    };
    const std::int64_t size = co_await net::on_worker(pull);
    normal("Pulled", fmt::format("Successfully pulled image \"{}\" in {:.3f}s. Image size: {} bytes.", name,
                                 std::chrono::duration<double>(now() - begun).count(), size));
  } catch (const image::ImageError& e) {
    failure =
        std::make_exception_ptr(image::ImageError(why.empty() ? e.what() : fmt::format("{}; and {}", e.what(), why)));
  } catch (...) {
    failure = std::current_exception();
  }
  node_.pulling.erase(name);
  if (ending(pod_, seen_)) co_return image::Image();
  if (failure) std::rethrow_exception(failure);
  Here here = co_await look(name);
  if (!here.image) throw image::ImageError(here.why);
  co_return *std::move(here.image);
}

// The texts of the pod's imagePullSecrets. As the kubelet does, goes on without those that are not there.
net::Task<std::vector<std::string>> PodWorker::pull_secrets() {
  SourceNames names;
  for (const auto& one : json::list(pod_, "spec.imagePullSecrets")) names.secrets.emplace(json::str(one, "name"));
  std::vector<std::string> out, missing;
  const std::set<std::string> wanted = names.secrets;
  const Sources sources = co_await fetch(std::move(names));
  for (const std::string& name : wanted) {
    const auto found = sources.secrets.find(name);
    if (found == sources.secrets.end()) {
      missing.push_back(name);
      continue;
    }
    for (const auto& [key, text] : json::members(found->second, "data"))
      if ((key == ".dockerconfigjson" || key == ".dockercfg") && text.is_string())
        if (const auto bytes = from_base64(std::string_view(text.get_string()))) out.push_back(*bytes);
  }
  if (!missing.empty())
    warning(
        "FailedToRetrieveImagePullSecret",
        fmt::format("Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                    join(missing, ", ")));
  co_return out;
}

net::Task<PodWorker::LivePtr> PodWorker::prepare(json::value spec, image::Image image, int attempt) {
  SourceNames names;
  env_sources(spec, names);
  auto live = std::make_shared<Live>();
  live->files.dir = dir_.attempt(std::string(json::str(spec, "name")), attempt);
  Preparation p{
      pod_, spec,      std::move(image), node_.machine,   co_await fetch(std::move(names)), node_.place(seen_.ip),
      dir_, sandbox(), live->files,      node_.state_dir, node_.options.service_host};
  std::exception_ptr failure;
  try {
    live->record = co_await net::on_worker([p = std::move(p)] { return put_on_disk(p); });
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await clear_attempt(live->files);
    std::rethrow_exception(failure);
  }
  live->spec = std::move(spec);
  co_return live;
}

net::Task<> PodWorker::launch(std::string name, LivePtr live, int attempt) {
  ContainerSeen& c = seen_.containers[name];
  normal("Created", "Created container: " + name);
  co_await start_container(node_.options.executable, live->files);
  live->running = RunningContainer::attach(node_.executor, live->files);

  if (c.ended) {
    c.last = std::exchange(c.ended, std::nullopt);
    c.restart.grow(now());
  }
  c.restarts = attempt;
  c.id = live->record.id;
  c.image = json::str(live->spec, "image");
  c.image_id = live->record.image_id;
  c.user = live->record.user;
  c.setback.reset();
  c.asked_to_end.reset();
  c.stop_grace.reset();
  c.unhealthy.clear();
  c.killed = false;
  if (const auto exit = read_exit(live->files); exit && !exit->start_error.empty()) {
    warning("Failed", fmt::format("Error: failed to start container \"{}\": {}", name, exit->start_error));
    ended(name, live->files);
    co_await net::on_worker([files = live->files] { release_root(files); });
    co_return;
  }
  const auto started = read_started(live->files);
  c.state = ContainerSeen::State::Running;
  c.started = started ? started->at : now();
  c.startup_passed = c.ready = false;
  live_[name] = live;
  normal("Started", "Started container " + name);
  spawn("container " + name, follow(name, live));

  if (const auto* hook = json::find(live->spec, "lifecycle.postStart")) {
    const auto result = co_await ask(*hook, {live->record, live->spec, seen_.ip}, std::chrono::hours(24));
    if (!is_live(name, live)) co_return;
    if (!result.success) {
      warning("FailedPostStartHook", "PostStartHook failed");
      c.unhealthy = "FailedPostStartHook";
      co_return;
    }
  }
  watch_over(name);
}

}  // namespace spoke::cluster
