#include <sys/utsname.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "data/json.h"

namespace spoke::cli {
namespace {

Action set_up(CLI::App& app) {
  const auto format = std::make_shared<std::string>();
  add_output_option(app, *format, {"json"}, "for programs");
  return [format] {
    utsname machine{};
    ::uname(&machine);
    const std::string platform = std::string(machine.sysname) + "/" + machine.machine;
    if (*format == "json")
      print(json::dump_pretty(
                json::object{{"version", SPOKE_VERSION}, {"compiler", __VERSION__}, {"platform", platform}}) +
            "\n");
    else
      print(std::string("spoke ") + SPOKE_VERSION + " on " + platform + "\n");
    return 0;
  };
}

}  // namespace

extern const Command version_command{
    .name = "version",
    .group = "About spoke",
    .summary = "show spoke's version",
    .details = "",
    .examples = "spoke version\nspoke version -o json",
    .exit_codes = "",
    .set_up = set_up,
};

}  // namespace spoke::cli
