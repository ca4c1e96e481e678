// The commands below `spoke image`.
#pragma once

#include <string>

#include "cli/command.h"
#include "image/check/check.h"

namespace spoke::cli {

inline constexpr int kMisfits = 3;  // the exit code where parts of an image do not fit

// What does not fit of `what`, a recipe or an image, as lines.
std::string findings_text(const std::string& what, const image::Findings& findings);

Action set_up_image_build(CLI::App& app);
Action set_up_image_check(CLI::App& app);
Action set_up_image_dockerfile(CLI::App& app);
Action set_up_image_bake(CLI::App& app);
Action set_up_image_docker_image_tool(CLI::App& app);
Action set_up_image_init(CLI::App& app);
Action set_up_image_pull(CLI::App& app);
Action set_up_image_push(CLI::App& app);
Action set_up_image_copy(CLI::App& app);
Action set_up_image_inspect(CLI::App& app);
Action set_up_image_diff(CLI::App& app);
Action set_up_image_sbom(CLI::App& app);

}  // namespace spoke::cli
