#include "image/build/class_archive.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/archive_reader.h"
#include "image/blob.h"
#include "image/layer_writer.h"
#include "image/spark_image.h"

namespace spoke::embedded {
extern const std::string_view classes_txt;
extern const std::string_view cds_run;
extern const std::string_view spark_class;
extern const std::string_view class_archive_sh;
}  // namespace spoke::embedded

namespace spoke::image {
namespace {

// Part of its identity: another way of making it makes another archive.
constexpr std::string_view kWay = "class archive 1";

// The order of the class path. Spark puts slf4j's interfaces before all other jars (AbstractCommandBuilder), for some
// of them bring their own.
std::vector<std::string> ordered(std::vector<std::string> jars) {
  std::ranges::sort(jars, {}, [](const std::string& jar) { return std::pair(!jar.starts_with("slf4j-api-"), jar); });
  return jars;
}

std::string class_path(const std::vector<std::string>& jars) {
  std::vector<std::string> out;
  for (const std::string& jar : ordered(jars)) out.push_back(fmt::format("{}/jars/{}", spark_path, jar));
  return join(out, ":");
}

void unpack(const Path& blob, const Path& folder) {
  make_dirs(folder);
  ArchiveReader reader(ArchiveReader::Format::Tar, blob);
  LayerWriter writer(folder);
  while (archive_entry* entry = reader.next()) writer.add(entry, reader);
  writer.finish();
}

int first_processor() {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (::sched_getaffinity(0, sizeof mine, &mine) != 0) return 0;
  int processor = 0;
  while (processor < CPU_SETSIZE - 1 && !CPU_ISSET(processor, &mine)) ++processor;
  return processor;
}

bool can(const std::vector<std::string>& argv) { return run(argv).exit_code == 0; }

// What lets the JVM do the same in the same order each time: no other thread comes in between (one processor, first in
// first out) and its memory lies at the same addresses. `exact` says whether all of it is allowed here.
struct Steady {
  std::vector<std::string> before;
  bool exact = true;
};

Steady find_steady() {
  Steady out;
  const std::string processor = std::to_string(first_processor());
  if (can({"taskset", "-c", processor, "true"}))
    out.before.insert(out.before.end(), {"taskset", "-c", processor});
  else
    out.exact = false;
  // Where there is one processor alone, nobody else would get a word in for a minute.
  if (std::thread::hardware_concurrency() > 1 && can({"chrt", "--fifo", "1", "true"})) {
    out.before.insert(out.before.end(), {"chrt", "--fifo", "1"});
  } else {
    out.exact = false;
    if (can({"chrt", "--batch", "0", "true"})) out.before.insert(out.before.end(), {"chrt", "--batch", "0"});
  }
  if (can({"setarch", "--addr-no-randomize", "true"}))
    out.before.insert(out.before.end(), {"setarch", "--addr-no-randomize"});
  else
    out.exact = false;
  return out;
}

// Asked once: it starts programs.
const Steady& steady() {
  static const Steady found = find_steady();
  return found;
}

std::string last_line(const Finished& done) {
  std::string out = "it ended with " + std::to_string(done.exit_code);
  for (const std::string& text : {done.output, done.errors})
    for (const std::string& line : split(trim(text), '\n'))
      if (!line.empty() && line.find("[warning]") == std::string::npos) out = line;
  return out;
}

}  // namespace

std::string ClassArchive::key() const {
  // What was made where others came in between may be another one.
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", kWay, steady().exact, java_home, class_path(jars),
                                embedded::classes_txt, embedded::cds_run, embedded::spark_class,
                                embedded::class_archive_sh));
}

void ClassArchive::make(const Path& scratch, const std::function<void(std::string_view)>& say, Tree& tree) const {
  for (const char* program : {"unshare", "setpriv", "chroot", "mount"})
    if (find_program(program).empty())
      fail(
          "{} is not installed, which archives Spark's classes; install util-linux, or say cds: false in the recipe's "
          "spark",
          program);
  // Folders of an overlay, below one with the places that are needed besides.
  std::string lower = "top";
  for (const char* place : {"top/proc", "top/cds-out", "out", "root"}) make_dirs(scratch / place);
  for (size_t i = layers.size(); i-- > 0;) {
    const std::string name = fmt::format("l{}", i);
    unpack(layers[i], scratch / name);
    lower += ":" + name;
  }
  write_file(scratch / "out/classes", archived_classes());

  const Steady& way = steady();
  // Whoever of these dies takes the next along, so that nothing goes on when spoke is killed.
  std::vector<std::string> argv = {"setpriv", "--pdeathsig", "KILL", "timeout", "--signal=KILL", "1800"};
  for (const char* word :
       {"setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child"})
    argv.emplace_back(word);
  if (::geteuid() != 0) argv.emplace_back("--map-root-user");
  for (const std::string& word : {std::string("sh"), std::string("-c"), std::string(embedded::class_archive_sh),
                                  std::string("sh"), scratch.string(), lower, java_home, class_path(jars)})
    argv.push_back(word);
  argv.insert(argv.end(), way.before.begin(), way.before.end());

  const Path made = scratch / "out/classes.jsa", first = scratch / "classes.jsa";
  std::string before;
  constexpr int kMostTries = 3;  // a minute each
  for (int i = 0;; ++i) {
    const Finished done = run(argv);
    if (done.exit_code != 0)
      fail("Spark's classes could not be archived: {}; say cds: false in the recipe's spark to build without",
           last_line(done));
    if (std::filesystem::symlink_status(made).type() != std::filesystem::file_type::regular)
      fail("Java says that it has archived Spark's classes, and there is no file");
    std::filesystem::rename(made, first);
    const std::string digest = digest_of(first);
    if (way.exact || digest == before) break;
    if (i + 1 == kMostTries) {
      say("the archive of Spark's classes may be another one elsewhere: this machine runs nothing undisturbed "
          "(chrt --fifo needs CAP_SYS_NICE)");
      break;
    }
    before = digest;
  }
  tree.add(Path(spark_path) / "cds/classes.jsa", first, {.mode = 0644});
  for (const auto& [place, text, mode] : archive_scripts(jars)) tree.add_text(place, text, mode);
}

std::vector<ArchiveScript> archive_scripts(const std::vector<std::string>& jars) {
  const Path home = spark_path;
  return {{home / "cds/class-path", class_path(jars)},
          {home / "cds/run", std::string(embedded::cds_run), 0755},
          {home / "bin/spark-class", std::string(embedded::spark_class), 0755}};
}

std::string archived_classes() {
  std::string out;
  for (const std::string& line : split(embedded::classes_txt, '\n')) {  // "PACKAGE CLASS..."
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> words = split(line, ' ');
    for (size_t i = 1; i < words.size(); ++i) out += words[0] + "/" + words[i] + "\n";
  }
  return out;
}

}  // namespace spoke::image
