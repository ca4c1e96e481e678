#include "cluster/node/container_files.h"

#include "cluster/node/plain_file.h"
#include "data/json.h"

namespace spoke::cluster {
namespace {

void put(const Path& path, const json::value& content) { write_plain_file(path, json::dump(content), 0600); }

// Nothing where the file is not there, or was cut short by a power cut.
std::optional<json::value> get(const Path& path) {
  const auto text = try_read_file(path);
  if (!text) return std::nullopt;
  try {
    return json::parse(*text);
  } catch (const json::ParseError&) {
    return std::nullopt;
  }
}

std::string text_of(Time t) { return rfc3339_nano(t); }
std::optional<Time> time_of(const json::value& v, std::string_view name) { return parse_rfc3339(json::str(v, name)); }

}  // namespace

void write_record(const ContainerFiles& files, const ContainerRecord& r) {
  put(files.record(), json::object{{"id", r.id},
                                   {"image", r.image},
                                   {"imageID", r.image_id},
                                   {"runtime", r.runtime},
                                   {"stateDir", r.state_dir},
                                   {"oomCounter", r.oom_counter},
                                   {"user", r.user}});
}

std::optional<ContainerRecord> read_record(const ContainerFiles& files) {
  const auto v = get(files.record());
  if (!v) return std::nullopt;
  const auto text = [&](const char* name) { return std::string(json::str(*v, name)); };
  return ContainerRecord{text("id"),       text("image"),      text("imageID"), text("runtime"),
                         text("stateDir"), text("oomCounter"), text("user")};
}

void write_started(const ContainerFiles& files, const Started& s) {
  put(files.started(), json::object{{"pid", s.pid}, {"at", text_of(s.at)}});
}

std::optional<Started> read_started(const ContainerFiles& files) {
  const auto v = get(files.started());
  const auto at = v ? time_of(*v, "at") : std::nullopt;
  if (!at) return std::nullopt;
  return Started{static_cast<pid_t>(json::num(*v, "pid")), *at};
}

void write_exit(const ContainerFiles& files, const Exit& e) {
  json::object v{{"code", e.code},
                 {"signal", e.signal},
                 {"oomKilled", e.oom_killed},
                 {"lost", e.lost},
                 {"finished", text_of(e.finished)}};
  if (!e.start_error.empty()) v["startError"] = e.start_error;
  if (e.started) v["started"] = text_of(*e.started);
  put(files.exit(), v);
}

std::optional<Exit> read_exit(const ContainerFiles& files) {
  const auto v = get(files.exit());
  const auto finished = v ? time_of(*v, "finished") : std::nullopt;
  if (!finished) return std::nullopt;
  Exit e;
  e.code = static_cast<int>(json::num(*v, "code"));
  e.signal = static_cast<int>(json::num(*v, "signal"));
  e.oom_killed = json::flag(*v, "oomKilled");
  e.lost = json::flag(*v, "lost");
  e.start_error = json::str(*v, "startError");
  e.started = time_of(*v, "started");
  e.finished = *finished;
  return e;
}

}  // namespace spoke::cluster
