// `spoke image build` and `spoke image init`.
#pragma once

#include "cli/command.h"

namespace spoke::cli {

Action set_up_image_build(CLI::App& app);
Action set_up_image_init(CLI::App& app);

}  // namespace spoke::cli
