#include "cli/text/completion_scripts.h"

#include <gtest/gtest.h>

#include "base/process.h"

namespace spoke::cli {
namespace {

TEST(CompletionScripts, ThereIsOneForEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    ASSERT_TRUE(script) << shell;
    EXPECT_NE(script->find("__complete --"), std::string_view::npos);
    EXPECT_NE(script->find(kCompleteFiles), std::string_view::npos);
  }
  EXPECT_FALSE(completion_script("cmd.exe"));
}

TEST(CompletionScripts, AShellThatIsHereTakesIts) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    if (find_program(shell).empty()) continue;
    const Finished checked = run({shell, "-n"}, std::string(*completion_script(shell)));
    EXPECT_EQ(checked.exit_code, 0) << shell << ": " << checked.errors;
  }
}

TEST(CompletionScripts, BashCompletesWhatSpokeAnswers) {
  if (find_program("bash").empty()) GTEST_SKIP() << "bash is not installed";
  const std::string program = std::string(*completion_script("bash")) + R"(
spoke() { [[ $* == "__complete -- list --n" ]] && printf -- '--namespace\tthe namespace\n--no\tx\n'; }
COMP_WORDS=(spoke list --n more) COMP_CWORD=2
_spoke
printf '%s\n' "${COMPREPLY[@]}"
)";
  EXPECT_EQ(run_or_fail({"bash", "-c", program}), "--namespace\n--no\n");
}

}  // namespace
}  // namespace spoke::cli
