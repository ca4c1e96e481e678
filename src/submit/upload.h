// The submitter's own files, put where a driver can read them: spark.kubernetes.file.upload.path.
// Source: KubernetesUtils.uploadFileUri (Spark 3.5 to 4.3).
#pragma once

#include <functional>

#include "net/task.h"
#include "spark/submission.h"
#include "submit/surroundings.h"

namespace spoke::submit {

struct UploadProgress {
  std::string file;  // that is under way
  size_t number = 0, count = 0;
  std::uint64_t done = 0, total = 0;  // bytes of all files
};

struct Upload {
  std::string uri;  // as the submission has it
  Path file;
  std::string copy;  // "s3a://bucket/prefix/spark-upload-<uuid>/name"
};

// What must be uploaded, and where to. Each file gets a folder of its own. Throws InvalidConf where there is something
// to upload and no place for it, Error where a file is not there.
std::vector<Upload> plan_uploads(const spark::Submission& submission, const Surroundings& around);

// Writes all copies. Throws Error: which file, why, and what to do.
net::Task<> upload(std::vector<Upload> uploads, spark::Properties hadoop, Surroundings around,
                   std::function<void(const UploadProgress&)> progress);

// A file that is not the submitter's own, such as a pod template: https:, http:, s3a:. At most 1 MiB. Throws Error.
net::Task<std::string> fetch_file(std::string uri, spark::Properties hadoop, Surroundings around);

}  // namespace spoke::submit
