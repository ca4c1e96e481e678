// What a SparkApplication says, as the Spark properties that kubeflow's operator gives spark-submit.
// Source: kubeflow/spark-operator v2.5.2, buildSparkSubmitArgs: the order of its options decides which of two wins.
#pragma once

#include "operator/application.h"
#include "spark/conf.h"

namespace spoke::op {

// Throws InvalidApplication.
spark::Properties properties_of(const Application& app, const Spec& spec);

// Nothing where it is not enabled.
void add_dynamic_allocation(spark::Properties& to, const DynamicAllocation& dynamic);

}  // namespace spoke::op
