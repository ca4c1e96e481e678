#!/usr/bin/env bash
# Asks the executor of this container to hand its blocks on and to end: the preStop hook of executor pods where
# spark.decommission.enabled is set (spark.kubernetes.decommission.script; BasicExecutorFeatureStep). Spark's executors
# take SIGPWR for it.
set -u

executor=
for process in /proc/[0-9]*; do
  # By its name too: the shell or tini that started it has the same words in its command line.
  if [ "$(cat "$process/comm" 2>/dev/null)" = java ] && grep -qs ExecutorBackend "$process/cmdline"; then
    executor=${process#/proc/}
  fi
done
if [ -z "$executor" ]; then
  echo "decom: no executor runs here" >&2
  exit 0
fi
kill -PWR "$executor"
# The kubelet ends the container as soon as this hook ends.
timeout 60 tail --pid="$executor" -f /dev/null
exit 0
