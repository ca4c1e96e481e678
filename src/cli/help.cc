#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "cli/text/style.h"

namespace spoke::cli {
namespace {

constexpr size_t kWidth = 96;  // of a line of help

// Words in lines of at most `limit` cells.
std::vector<std::string> wrapped(const std::string& text, size_t limit) {
  std::vector<std::string> lines(1);
  for (const auto& word : split(text, ' ')) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > limit) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

std::string heading(const std::string& title, bool colour) { return "\n" + paint(Style::Strong, title, colour) + "\n"; }

std::string indented(const std::string& text) {
  std::string out;
  for (const auto& line : split(text, '\n')) out += line.empty() ? "\n" : "  " + line + "\n";
  return out;
}

// Names on the left, what they mean on the right.
std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t left = 0;
  for (const auto& [name, meaning] : rows) left = std::max(left, std::min<size_t>(name.size(), 32));
  std::string out;
  for (const auto& [name, meaning] : rows) {
    std::string line = "  " + name;
    if (name.size() > left) {  // a long name has a line of its own
      out += line + "\n";
      line.clear();
    }
    for (const auto& part : wrapped(meaning, kWidth - left - 5)) {
      line.resize(left + 5, ' ');
      out += line + part + "\n";
      line.clear();
    }
  }
  return out;
}

// "-n, --namespace NAMESPACE"
std::string option_names(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  std::string out = join(names, ", ");
  if (option.get_snames().empty()) out = "    " + out;
  return option.get_type_size() > 0 ? out + " " + option.get_type_name() : out;
}

std::vector<const CLI::Option*> visible_options(const CLI::App& app, bool positional) {
  return app.get_options([positional](const CLI::Option* option) {
    return !option->get_group().empty() && option->get_positional() == positional;
  });
}

std::string usage(const CLI::App& app) {
  std::string line = app.get_name();
  for (const CLI::App* parent = app.get_parent(); parent != nullptr; parent = parent->get_parent())
    line = parent->get_name() + " " + line;
  line += " [options]";
  if (!app.get_subcommands([](const CLI::App*) { return true; }).empty()) line += " COMMAND";
  for (const CLI::Option* option : visible_options(app, true)) {
    std::string name = option->get_type_name();
    if (option->get_expected_max() > 1) name += "...";
    line += " " + (option->get_required() ? name : "[" + name + "]");
  }
  return line;
}

std::string arguments_and_options(const CLI::App& app, bool colour) {
  std::string out;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    rows.emplace_back(sub->get_name(), sub->get_description());
  if (!rows.empty()) out += heading("Commands", colour) + two_columns(rows);
  rows.clear();
  for (const CLI::Option* option : visible_options(app, true))
    rows.emplace_back(option->get_type_name(), option->get_description());
  if (!rows.empty()) out += heading("Arguments", colour) + two_columns(rows);
  for (const auto& group : app.get_groups()) {
    rows.clear();
    for (const CLI::Option* option : visible_options(app, false))
      if (option->get_group() == group) rows.emplace_back(option_names(*option), option->get_description());
    if (!rows.empty()) out += heading(group, colour) + two_columns(rows);
  }
  return out;
}

std::string paragraphs(const std::string& text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = rest.find("\n\n");
    std::string paragraph = replace_all(std::string(rest.substr(0, end)), "\n", " ");
    for (const auto& line : wrapped(paragraph, kWidth)) out += line + "\n";
    if (end == std::string_view::npos) break;
    rest = rest.substr(end + 2);
    out += "\n";
  }
  return out;
}

std::string exit_codes(const Command& command) {
  std::vector<std::pair<std::string, std::string>> rows = {
      {"0", "it went well"},
      {std::to_string(kFailure), "it did not; standard error says why"},
      {std::to_string(kUsage), "the command line makes no sense"}};
  for (const auto& line : split(command.exit_codes, '\n'))
    if (const auto blank = line.find(' '); blank != std::string::npos)
      rows.emplace_back(line.substr(0, blank), std::string(trim(line.substr(blank))));
  return two_columns(rows);
}

}  // namespace

std::string help_of(const Command& command, const CLI::App& app, bool colour) {
  std::string out = std::string("spoke ") + command.name + ": " + command.summary + "\n";
  out += heading("Usage", colour) + "  " + usage(app) + "\n";
  if (*command.details != '\0') out += "\n" + paragraphs(command.details);
  out += arguments_and_options(app, colour);
  if (*command.examples != '\0') out += heading("Examples", colour) + indented(command.examples);
  return out + heading("Exit codes", colour) + exit_codes(command);
}

std::string help_of_subcommand(const CLI::App& app, bool colour) {
  std::string name = usage(app);
  name = name.substr(0, name.find(" ["));
  return name + ": " + app.get_description() + "\n" + heading("Usage", colour) + "  " + usage(app) + "\n" +
         arguments_and_options(app, colour);
}

std::string overview(bool colour) {
  std::string out =
      "spoke: Spark on Kubernetes, on a laptop and on a cluster with the same files and the same commands\n" +
      heading("Usage", colour) + "  spoke COMMAND [options]\n";
  std::vector<std::string> groups;
  for (const Command* command : commands())
    if (*command->group != '\0' && std::find(groups.begin(), groups.end(), command->group) == groups.end())
      groups.emplace_back(command->group);
  for (const auto& group : groups) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command* command : commands())
      if (group == command->group) rows.emplace_back(command->name, command->summary);
    out += heading(group, colour) + two_columns(rows);
  }
  return out + "\nA command's own help: spoke help COMMAND, or spoke COMMAND --help.\n";
}

}  // namespace spoke::cli
