// S3 as Hadoop's S3A is configured.
// Source: hadoop-aws' documentation and Constants (Hadoop 3.3 and 3.4).
#pragma once

#include <memory>
#include <string>

#include "s3/store.h"
#include "spark/conf.h"
#include "submit/surroundings.h"

namespace spoke::submit {

bool is_s3(std::string_view uri);  // s3a://, s3://, s3n://

// fs.s3a.* for one bucket: fs.s3a.bucket.NAME.x stands before fs.s3a.x. Throws Error for what spoke cannot do.
s3::Options s3a_options(const spark::Properties& hadoop, std::string_view bucket);

// The store that a bucket is in, with the keys that fs.s3a.aws.credentials.provider and its like lead to.
net::Task<std::shared_ptr<s3::Store>> open_s3a(spark::Properties hadoop, std::string bucket, Surroundings around);

}  // namespace spoke::submit
