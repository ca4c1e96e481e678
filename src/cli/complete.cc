// `spoke __complete -- WORDS`: what the completion scripts ask. The words stand before the cursor, the last one is not
// finished. Whatever goes wrong, the answer is fewer lines: a person is typing.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/strings.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/parser.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/text/application.h"
#include "cli/text/completion_scripts.h"

namespace spoke::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{1500};  // with a cluster that does not answer

struct Candidate {
  std::string value, meaning;
};
using Candidates = std::vector<Candidate>;

// --context, --kubeconfig and -n among the words, so that names come from the cluster that is meant.
client::KubeconfigChoice choice_in(const std::vector<std::string>& words) {
  client::KubeconfigChoice out;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const auto take = [&](const std::string& name, std::string& into) {
      if (words[i] == name && i + 2 < words.size()) into = words[i + 1];
      if (words[i].starts_with(name + "=")) into = words[i].substr(name.size() + 1);
    };
    take("--context", out.context);
    take("--kubeconfig", out.kubeconfig);
    take("--namespace", out.ns);
    take("-n", out.ns);
  }
  return out;
}

// Names in the cluster, each with its state.
Candidates from_cluster(const client::KubeconfigChoice& choice, bool applications) {
  auto target = client::find_target(choice);
  if (!target) return {};
  target->server.connect_timeout = target->server.request_timeout = kPatience;
  Candidates out;
  on_target(std::move(*target), [&out, applications](Session& session) {
    return [](Session& s, Candidates& into, bool apps) -> net::Task<int> {
      const auto& resource = apps ? client::resources::spark_applications : client::resources::namespaces;
      for (const auto& object : (co_await s.api.list(resource, apps ? s.target.ns : "", {})).items)
        into.push_back({std::string(kube::name(object)),
                        apps ? state_of(object) : std::string(json::str(object, "status.phase"))});
      co_return 0;
    }(session, out, applications);
  });
  return out;
}

Candidates values(const std::string& takes, const std::vector<std::string>& words) {
  Candidates out;
  if (takes == takes::kFile) return {{std::string(kCompleteFiles), ""}};
  if (takes == takes::kApplication) return from_cluster(choice_in(words), true);
  if (takes == takes::kNamespace) return from_cluster(choice_in(words), false);
  if (takes == takes::kContext)
    for (auto& name : client::context_names(choice_in(words))) out.push_back({std::move(name), "context"});
  if (takes == "COMMAND")
    for (const Command* command : commands())
      if (*command->group != '\0') out.push_back({command->name, command->summary});
  if (takes.find('|') != std::string::npos)
    for (auto& value : split(takes, '|')) out.push_back({std::move(value), ""});
  return out;
}

// The option of that name that wants a value, or null.
const CLI::Option* valued_option(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = name.starts_with('-') ? app.get_option_no_throw(name) : nullptr;
  return option != nullptr && option->get_type_size() > 0 ? option : nullptr;
}

const CLI::App* subcommand(const CLI::App& app, const std::string& name) {
  const auto found = app.get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

Candidates options_of(const CLI::App& app) {
  Candidates out;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back({"--" + name, option->get_description()});
    if (option->get_lnames().empty())
      for (const auto& name : option->get_snames()) out.push_back({"-" + name, option->get_description()});
  }
  return out;
}

Candidates complete(const std::vector<std::string>& words) {
  if (words.size() <= 1) return values("COMMAND", words);
  const Parser parser = make_parser();
  const CLI::App* app = subcommand(*parser.app, words[0]);
  if (app == nullptr) return {};
  for (size_t i = 1; i + 1 < words.size(); ++i)
    if (const CLI::App* sub = subcommand(*app, words[i])) app = sub;

  const std::string& current = words.back();
  if (const CLI::Option* option = valued_option(*app, words[words.size() - 2]))
    return values(option->get_type_name(), words);
  if (const auto equals = current.find('='); current.starts_with("--") && equals != std::string::npos) {
    const CLI::Option* option = valued_option(*app, current.substr(0, equals));
    Candidates out = option != nullptr ? values(option->get_type_name(), words) : Candidates();
    for (auto& candidate : out)
      if (candidate.value != kCompleteFiles) candidate.value = current.substr(0, equals + 1) + candidate.value;
    return out;
  }
  if (current.starts_with('-')) return options_of(*app);
  Candidates out;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    out.push_back({sub->get_name(), sub->get_description()});
  for (const CLI::Option* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); }))
    for (auto& value : values(option->get_type_name(), words)) out.push_back(std::move(value));
  return out;
}

int answer(const std::vector<std::string>& words) {
  log::set_level(log::Level::Error);
  Candidates candidates;
  try {
    candidates = complete(words);
  } catch (const std::exception&) {
    return kFailure;
  }
  const std::string current = words.empty() ? "" : words.back();
  for (const auto& [value, meaning] : candidates)
    if (value == kCompleteFiles)
      print(value + "\n");
    else if (value.starts_with(current))
      print(value + "\t" + meaning + "\n");
  return 0;
}

Action set_up(CLI::App& app) {
  const auto words = std::make_shared<std::vector<std::string>>();
  app.add_option("WORD", *words);
  return [words] { return answer(*words); };
}

}  // namespace

extern const Command complete_command{
    .name = "__complete",
    .group = "",
    .summary = "answer a shell's completion script",
    .details = "",
    .examples = "",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
