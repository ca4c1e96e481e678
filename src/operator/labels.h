// Words of sparkoperator.k8s.io on the wire.
//
// Namespaces follow folders, but `operator` is a word of C++: this room's is spoke::op.
#pragma once

#include <string_view>

namespace spoke::op {

inline constexpr std::string_view kApiVersion = "sparkoperator.k8s.io/v1beta2";
inline constexpr std::string_view kKind = "SparkApplication";
inline constexpr std::string_view kScheduledKind = "ScheduledSparkApplication";
inline constexpr std::string_view kConnectApiVersion = "sparkoperator.k8s.io/v1alpha1";
inline constexpr std::string_view kConnectKind = "SparkConnect";

namespace label {
inline constexpr std::string_view app_name = "sparkoperator.k8s.io/app-name";
inline constexpr std::string_view launched_by = "sparkoperator.k8s.io/launched-by-spark-operator";
inline constexpr std::string_view created_by = "sparkoperator.k8s.io/created-by-spark-operator";
inline constexpr std::string_view mutated_by = "sparkoperator.k8s.io/mutated-by-spark-operator";
inline constexpr std::string_view scheduled_by = "sparkoperator.k8s.io/scheduled-app-name";
inline constexpr std::string_view connect_name = "sparkoperator.k8s.io/connect-name";
inline constexpr std::string_view submission_id = "sparkoperator.k8s.io/submission-id";
inline constexpr std::string_view role = "spark-role";  // "driver", "executor" or "connect-server"
inline constexpr std::string_view version = "spark-version";
inline constexpr std::string_view app_selector = "spark-app-selector";  // spark.app.id
inline constexpr std::string_view executor_id = "spark-exec-id";
}  // namespace label

inline constexpr std::string_view kDriverContainer = "spark-kubernetes-driver";
inline constexpr std::string_view kExecutorContainer = "spark-kubernetes-executor";
inline constexpr std::string_view kOldExecutorContainer = "executor";  // before Spark 3
// Volumes of this name are Spark's scratch space, and go by Spark's own properties.
inline constexpr std::string_view kLocalDirPrefix = "spark-local-dir-";

}  // namespace spoke::op
