#!/usr/bin/env bash
# What a container of a Spark image runs, for Spark 3.5 to 4.x. The first argument chooses:
#
#   driver ARGUMENTS...   spark-submit in client mode with these arguments, as DriverCommandFeatureStep gives them
#   executor              an executor, described by the variables of BasicExecutorFeatureStep
#   anything else         is run as it is; a `--` in front goes
#
# What runs replaces this shell, so that the kubelet's signals reach it; before Spark, tini stays in between where it is
# installed, to bury orphaned processes.
set -euo pipefail
trap 'exit 143' TERM  # the first process of a container ends by no signal that it does not handle

: "${SPARK_HOME:=/opt/spark}"
export SPARK_HOME

# A pod may run as a user that the image does not know; without a name, Java's and Hadoop's logins fail.
name_user() {
  local uid
  uid=$(id -u)
  if ! getent passwd "$uid" >/dev/null && [ -w /etc/passwd ]; then
    echo "$uid:x:$uid:$(id -g):${SPARK_USER_NAME:-anonymous uid}:$SPARK_HOME:/bin/false" >>/etc/passwd
  fi
}

# run WORD...: instead of this shell, and as `spark` where it would be root.
run() {
  local -a before=()
  if [ "$(id -u)" = 0 ] && getent passwd spark >/dev/null && command -v setpriv >/dev/null; then
    HOME=$(getent passwd spark | cut -d: -f6)
    export HOME
    before=(setpriv --reuid=spark --regid=spark --init-groups)
  fi
  if command -v tini >/dev/null; then
    before+=(tini -s --)
  fi
  exec "${before[@]}" "$@"
}

# The executor's class path, as spark-class composes a driver's: configuration first, the working directory (where
# spark.files and --py-files arrive) last.
class_path() {
  local path="${SPARK_CLASSPATH:-}:$SPARK_HOME/jars/*"
  [ -z "${SPARK_EXTRA_CLASSPATH:-}" ] || path+=":$SPARK_EXTRA_CLASSPATH"
  [ -z "${HADOOP_CONF_DIR:-}" ] || path="$HADOOP_CONF_DIR:$path"
  path="${SPARK_CONF_DIR:-$SPARK_HOME/conf}:$path:$PWD"
  [ -z "${SPARK_DIST_CLASSPATH:-}" ] || path+=":$SPARK_DIST_CLASSPATH"
  # An empty item would be the working directory, in front of Spark's own jars.
  while [[ $path == *::* ]]; do path=${path//::/:}; done
  printf '%s' "$path"
}

run_driver() {
  # Spark starts a JVM to compose the driver's command line (spark-class). It has one small task: without compiling much,
  # and without opening each of Spark's jars to find its one class, it takes a third of the time.
  local launcher
  launcher=$(compgen -G "$SPARK_HOME/jars/spark-launcher_*.jar" | head -n 1 || true)
  export SPARK_LAUNCHER_OPTS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1${launcher:+ -Xbootclasspath/a:$launcher} ${SPARK_LAUNCHER_OPTS:-}"
  run "$SPARK_HOME/bin/spark-submit" \
    --conf "spark.driver.bindAddress=${SPARK_DRIVER_BIND_ADDRESS:-}" \
    --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=${SPARK_DRIVER_BIND_ADDRESS:-}" \
    --deploy-mode client "$@"
}

run_executor() {
  local java=java name
  [ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
  [ -z "${SPARK_EXECUTOR_LIBRARY_PATH:-}" ] ||
    export LD_LIBRARY_PATH="$SPARK_EXECUTOR_LIBRARY_PATH${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

  # SPARK_JAVA_OPT_0, _1, ... _10: in the order of their numbers, because of two that contradict each other the later
  # counts.
  local -a options=()
  while read -r name; do
    options+=("${!name}")
  done < <(compgen -e SPARK_JAVA_OPT_ | sort -V)

  local -a with_classes=()
  [ ! -x "$SPARK_HOME/cds/run" ] || with_classes=("$SPARK_HOME/cds/run")
  run "${with_classes[@]}" "$java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" -cp "$(class_path)" \
    org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
    --driver-url "$SPARK_DRIVER_URL" \
    --executor-id "$SPARK_EXECUTOR_ID" \
    --cores "$SPARK_EXECUTOR_CORES" \
    --app-id "$SPARK_APPLICATION_ID" \
    --hostname "$SPARK_EXECUTOR_POD_IP" \
    --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
    --podName "$SPARK_EXECUTOR_POD_NAME"
}

if [ -n "${HADOOP_HOME:-}" ] && [ -z "${SPARK_DIST_CLASSPATH:-}" ] && [ -x "$HADOOP_HOME/bin/hadoop" ]; then
  SPARK_DIST_CLASSPATH=$("$HADOOP_HOME/bin/hadoop" classpath)
  export SPARK_DIST_CLASSPATH
fi

case "${1:-}" in
  driver)
    shift
    name_user
    run_driver "$@"
    ;;
  executor)
    name_user
    run_executor
    ;;
  --)
    shift
    ;;&
  *)
    if [ $# = 0 ]; then
      echo "entrypoint: nothing to run; say driver, executor or a command" >&2
      exit 64
    fi
    exec "$@"
    ;;
esac
