#include "cli/text/completion_scripts.h"

namespace spoke::cli {
namespace {

// `spoke __complete -- WORDS` takes the words up to the cursor, the last one unfinished, and answers lines of a value,
// a tab and what it is.

constexpr std::string_view kBash = R"(# bash completion of spoke
_spoke() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :file ]]; then
      compopt -o default
      COMPREPLY=()
      return
    fi
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _spoke spoke
)";

constexpr std::string_view kZsh = R"(#compdef spoke
# zsh completion of spoke
_spoke() {
  local line
  local -a values
  while IFS= read -r line; do
    if [[ $line == :file ]]; then
      _files
      return
    fi
    values+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done < <(${words[1]} __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe spoke values
}
if [[ $funcstack[1] == _spoke ]]; then
  _spoke "$@"
else
  compdef _spoke spoke
fi
)";

constexpr std::string_view kFish = R"(# fish completion of spoke
function __spoke_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l program $before[1]
  set -e before[1]
  for line in ($program __complete -- $before "$current" 2>/dev/null)
    if test "$line" = :file
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c spoke -f -a '(__spoke_complete)'
)";

}  // namespace

std::optional<std::string_view> completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return std::nullopt;
}

}  // namespace spoke::cli
