// The commands below `spoke image`.
#pragma once

#include "cli/command.h"

namespace spoke::cli {

Action set_up_image_build(CLI::App& app);
Action set_up_image_check(CLI::App& app);
Action set_up_image_init(CLI::App& app);
Action set_up_image_pull(CLI::App& app);
Action set_up_image_push(CLI::App& app);
Action set_up_image_copy(CLI::App& app);
Action set_up_image_inspect(CLI::App& app);
Action set_up_image_diff(CLI::App& app);
Action set_up_image_sbom(CLI::App& app);

}  // namespace spoke::cli
