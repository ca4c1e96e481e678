// Docker's form of manifests (schema 2) in OCI's, which is what layouts have.
#pragma once

#include "base/files.h"
#include "image/blob.h"

namespace spoke::image {

// The same image, whose new documents are put into the folder of blobs. What is OCI's already stays as it is, to the
// byte. Throws Error.
ImageBlobs in_oci_form(ImageBlobs image, const Path& blobs);

// A layer's or a document's type, in OCI's words: "application/vnd.docker.image.rootfs.diff.tar.gzip" is
// "application/vnd.oci.image.layer.v1.tar+gzip". Pure.
std::string oci_type(const std::string& type);

}  // namespace spoke::image
