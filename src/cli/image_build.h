// `spoke image build`, `check` and `init`.
#pragma once

#include "cli/command.h"

namespace spoke::cli {

Action set_up_image_build(CLI::App& app);
Action set_up_image_check(CLI::App& app);
Action set_up_image_init(CLI::App& app);

}  // namespace spoke::cli
