# What the end-to-end scripts share: an embedded cluster of their own, and checks that count.
#
#   source "$(dirname "$0")/lib.sh"
#   cluster_up [option...]       data, kubeconfig and port are the script's own; taken down at the end, however it ends
#   check "what must hold" command...   passes where the command ends with 0
#   finish                       prints `N passed, N failed`
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scratch=$(mktemp -d /tmp/spoke-e2e-XXXXXX)
export SPOKE_SPARK=${SPOKE_SPARK:-${XDG_DATA_HOME:-$HOME/.local/share}/spoke-spark}
export XDG_DATA_HOME=$scratch/share KUBECONFIG=$scratch/kubeconfig
spoke=${SPOKE:-$PWD/build/spoke}
port=${SPOKE_TEST_PORT:-17443}
passed=0 failed=0

cleanup() {
  [ -z "${KEEP:-}" ] || { echo "kept: $scratch"; return; }
  "$spoke" down >/dev/null 2>&1
  rm -rf "$scratch"
}
trap cleanup EXIT
trap "exit 1" INT TERM

cluster_up() {
  "$spoke" up --port "$port" --image-alias docker.io/library/spark=local/spark \
    --spark-home "$SPOKE_SPARK/4.1.4" --spark-home "$SPOKE_SPARK/3.5.8" "$@"
}

check() {
  local what=$1; shift
  if "$@" >"$scratch/check.log" 2>&1; then
    passed=$((passed + 1)); echo "ok   $what"
  else
    failed=$((failed + 1)); echo "FAIL $what"; tail -40 "$scratch/check.log" | sed 's/^/     /'
  fi
}

# api METHOD PATH [BODY]   a request to the API server as the administrator; prints the answer's body. TYPE: of the body.
api() {
  local token; token=$(cat "$XDG_DATA_HOME/spoke/keys/admin.token")
  curl -sS --cacert "$XDG_DATA_HOME/spoke/keys/ca.crt" -H @<(printf 'Authorization: Bearer %s' "$token") \
    -H "Content-Type: ${TYPE:-application/json}" -X "$1" "https://127.0.0.1:$port$2" ${3:+--data "$3"}
}

# refuses WORDS COMMAND...   the command fails, and says the words
refuses() { local wanted=$1; shift; ! "$@" >"$scratch/said" 2>&1; local status=$?; cat "$scratch/said"; [ $status -eq 0 ] && grep -qF -- "$wanted" "$scratch/said"; }

# needs WHAT PROGRAM...   without one of the programs, of `scripts/setup images`, what is not tried is said; in CI that is a failure
needs() {
  local what=$1 program; shift
  for program; do
    command -v "$program" >/dev/null && continue
    [ -z "${CI:-}" ] || { echo "FAIL $program is missing"; echo "0 passed, 1 failed"; exit 1; }
    echo "SKIP $what: $program is missing; install it with: scripts/setup images"; echo "0 passed, 0 failed"; exit 0
  done
}

# field JSON-PATH-LIKE   of the document on standard input: `field status.phase`
field() { python3 -c 'import json,sys
v=json.load(sys.stdin)
for k in sys.argv[1].split("."):
    v=v[int(k)] if isinstance(v,list) else v.get(k,{}) if isinstance(v,dict) else {}
print(v if not isinstance(v,(dict,list)) else json.dumps(v))' "$1"; }

# wait_until SECONDS command...
wait_until() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
