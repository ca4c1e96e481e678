#include "cli/parser.h"

#include "cli/help.h"
#include "cli/terminal.h"

namespace spoke::cli {
namespace {

// `--help` of CLI11 in our words.
class Formatter : public CLI::FormatterBase {
 public:
  explicit Formatter(const Command& command, const CLI::App* top) : command_(command), top_(top) {}
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    const bool colour = use_colour(Stream::Out);
    return app == top_ ? help_of(command_, *app, colour) : help_of_subcommand(*app, colour);
  }

 private:
  const Command& command_;
  const CLI::App* top_;
};

void set_help(CLI::App& app, const std::shared_ptr<Formatter>& formatter) {
  app.set_help_flag("-h,--help", "this help")->group("Options");
  app.formatter(formatter);
  for (CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) set_help(*sub, formatter);
}

}  // namespace

Parser make_parser() {
  Parser parser;
  parser.app = std::make_unique<CLI::App>("", "spoke");
  parser.app->set_help_flag();
  parser.app->require_subcommand(1);
  for (const Command* command : commands()) {
    CLI::App* sub = parser.app->add_subcommand(command->name, command->summary);
    parser.actions[sub] = command->set_up(*sub);
    set_help(*sub, std::make_shared<Formatter>(*command, sub));
  }
  return parser;
}

}  // namespace spoke::cli
