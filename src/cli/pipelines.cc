#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/submission.h"
#include "cli/terminal.h"
#include "submit/mixed_words.h"
#include "submit/pipeline.h"

namespace spoke::cli {
namespace {

struct Run {
  submit::Pipeline pipeline;
  std::vector<std::string> args;
};

Run read_run(submit::MixedWords& words, const std::string& command) {
  const bool all = words.flag("--full-refresh-all");
  const auto specs = words.values("--spec");
  const auto full = words.values("--full-refresh"), some = words.values("--refresh");
  if (command != "run" && (all || !full.empty() || !some.empty()))
    throw UsageError("a dry-run refreshes nothing: --refresh, --full-refresh and --full-refresh-all are of run");
  if (all && (!full.empty() || !some.empty()))
    throw UsageError("--full-refresh-all leaves nothing to --refresh or --full-refresh");
  if (const auto names = words.names(); !names.empty())
    throw UsageError(fmt::format("unexpected argument \"{}\"; the spec is named with --spec", names.front()));
  Run run;
  run.pipeline = submit::read_pipeline(specs.empty() ? submit::find_pipeline_spec(std::filesystem::current_path())
                                                     : std::filesystem::absolute(specs.back()));
  run.args = submit::pipeline_arguments(run.pipeline, command);
  const auto add = [&](std::string_view option, const std::vector<std::string>& lists) {
    for (const auto& list : lists) {
      run.args.emplace_back(option);
      run.args.push_back(list);
    }
  };
  add("--full-refresh", full);
  add("--refresh", some);
  if (all) run.args.emplace_back("--full-refresh-all");
  return run;
}

int run_pipeline(const std::string& command, std::vector<std::string> words) {
  submit::MixedWords mixed(std::move(words));
  Run run = read_run(mixed, command);
  words = mixed.rest();
  words.emplace_back(submit::kPipelineProgram);
  submit::Arguments arguments = submit::parse_arguments(words);
  if (arguments.main_class) throw submit::BadArguments("--class argument not supported.");  // spark-pipelines' words
  if (arguments.action != submit::Action::Submit || arguments.as_application || arguments.jvm || arguments.remote ||
      arguments.deploy_mode)
    throw UsageError(
        "--deploy-mode, --remote, --kill, --status, --version, --as-application and --jvm have no meaning for a "
        "pipeline");
  arguments.follow = true;
  arguments.args = std::move(run.args);
  auto [around, settings, target] = read_pod_submission(arguments);
  submit::configure_pipeline(settings.conf, spark::rules_for(settings.spark_version), run.pipeline);
  Variant variant;
  variant.extend = [&](spark::DriverObjects& driver) {
    submit::add_pipeline(driver, run.pipeline);
    if (const auto warning = submit::storage_warning(driver, run.pipeline); !warning.empty()) complain(warning);
  };
  return submit_to_cluster(arguments, std::move(settings), around, variant);
}

std::optional<int> run_words(std::vector<std::string>& words) {
  if (words.empty()) words = {"--help"};
  if (has_help_flag(words) || (words[0] != "run" && words[0] != "dry-run")) return std::nullopt;
  return with_submit_errors("pipelines", [&] { return run_pipeline(words[0], {words.begin() + 1, words.end()}); });
}

int init(const std::string& name) {
  for (const auto& path : submit::start_pipeline(std::filesystem::current_path(), name))
    print(path.lexically_relative(std::filesystem::current_path()).string() + "\n");
  complain(fmt::format("set storage in {}/spark-pipeline.yml, then: cd {} && spoke pipelines run", name, name));
  return 0;
}

void add_spec_option(CLI::App& app) {
  app.add_option_function<std::string>(
         "--spec", [](const std::string&) {},
         "the pipeline's spec; else spark-pipeline.yaml or .yml of this folder or the nearest above it")
      ->type_name(takes::kFile);
}

Action set_up(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand("run", "run the pipeline of this folder, and follow its log");
  add_spec_option(*run);
  const auto add = [&](const char* option, const char* meaning) {
    run->add_option_function<std::string>(option, [](const std::string&) {}, meaning)->type_name("DATASETS");
  };
  add("--refresh", "only these datasets, commas between");
  add("--full-refresh", "reset these datasets, and compute them anew");
  run->add_flag("--full-refresh-all")->description("reset all, and compute them anew");
  add_submit_options(*run);
  CLI::App* dry = app.add_subcommand("dry-run", "check the pipeline's graph on the cluster, without running it");
  add_spec_option(*dry);
  add_submit_options(*dry);
  CLI::App* starting = app.add_subcommand("init", "make a project: a spec, and an example in Python and in SQL");
  starting->add_option("--name", *name, "the project's name, and its folder's")->required()->type_name("NAME");
  return [name] { return init(*name); };
}

}  // namespace

extern const Command pipelines_command{
    .name = "pipelines",
    .group = "Applications",
    .summary = "run declarative pipelines of Spark 4.1 and later",
    .details =
        "As spark-pipelines, on the cluster: the spec and the files that its libraries name go with the driver, "
        "executors are pods, and the log is followed. spark-submit's options say image, memory and --conf. The "
        "image needs what pyspark[pipelines] needs (grpcio, pandas, pyarrow, PyYAML); the pipeline's storage must be a "
        "place that driver and executors share.",
    .examples =
        "spoke pipelines init --name sales\n"
        "spoke pipelines dry-run --conf spark.kubernetes.container.image=registry.example.org/spark:4.1.4\n"
        "spoke pipelines run --full-refresh orders --conf ...",
    .exit_codes =
        "N the driver's exit code, where it failed\n130 interrupted by Ctrl-C (143: by SIGTERM); the driver "
        "goes on",
    .set_up = set_up,
    .run_words = run_words,
};

}  // namespace spoke::cli
