// The images of this machine: what a container's root is made of, and what it runs.
//
// They come from the machine itself (local/spark:VERSION), from archives that were loaded, or from registries
// (image/registry/pull.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"

namespace spoke::image {

// Why there is no image, for the event and the container's waiting state. what() names image, reason and remedy.
class ImageError : public Error {
 public:
  using Error::Error;
};

// The name itself is malformed: no image can ever have it (the kubelet's InvalidImageName).
class InvalidImageName : public ImageError {
 public:
  using ImageError::ImageError;
};

// There is none of that name here. A registry may have it.
class NoSuchImage : public ImageError {
 public:
  using ImageError::ImageError;
};

struct ImageConfig {                              // of the OCI image specification
  std::vector<std::string> entrypoint, cmd, env;  // env: "NAME=value"
  std::string user;                               // "", "185", "185:0", "spark"
  std::string working_dir;
};

struct Bind {
  Path source, target;  // target inside of the container
  bool read_only = true;
};

// What to mount as a container's root: an overlay of `layers` under a private writable layer, then the binds.
struct Image {
  std::string name;          // as resolved, "local/spark:4.1.4"
  std::string id;            // "sha256:..." of its configuration
  std::vector<Path> layers;  // topmost first, each a folder, read-only
  std::vector<Bind> binds;
  ImageConfig config;
  bool pulled = false;  // from a registry, which may have a newer one by now; else it was loaded or built here
};

class ImageStore {
 public:
  // `dir` holds unpacked layers and image records. `aliases`: "docker.io/library/spark" -> "local/spark": an image name
  // that starts with the key (whole name or up to ':') stands for the value, tag kept. `spark_homes`: where to look for
  // Spark distributions besides SPARK_HOME, pip's site-packages (pyspark) and $XDG_DATA_HOME/spoke-spark/VERSION.
  ImageStore(Path dir, std::map<std::string, std::string> aliases, std::vector<Path> spark_homes);

  // Blocks (reads files, may unpack): call on a worker. Docker's short names are understood: "spark:4.1.4" is
  // "docker.io/library/spark:4.1.4". An image that was loaded or pulled by that very name goes before an alias. Throws
  // ImageError, NoSuchImage where a registry may have it.
  Image resolve(const std::string& name);

  // Unpacks an OCI layout (its folder, or an archive of it: a tar that may be packed by gzip or zstd), or docker save's
  // archive. The one image
  // in it is known by the name `as` thereafter, or by the archive's own names where `as` is ""; of several images it is
  // the one called `as`. Answers the names it is known by. Layers may be plain, gzip or zstd; whiteouts become
  // overlayfs's; hostile paths (absolute, "..", through links) are refused. A broken or truncated archive, or a full
  // disk, leaves nothing behind. Blocks. Throws ImageError.
  std::vector<std::string> load(const Path& archive, const std::string& as);

  std::vector<std::string> list() const;  // names that resolve without looking at Spark homes

  // For what is pulled: whether a layer is here; the folder of what is under way; taking in the layout of an image,
  // which may lack the layers that are here. Throws ImageError.
  bool has_layer(const std::string& diff_id) const;
  Path downloads() const { return dir_ / "downloads"; }
  void take_pulled(const Path& layout, const std::string& name);

 private:
  std::vector<std::string> take(const Path& archive, const std::string& as, bool pulled);

  Path dir_;
  std::map<std::string, std::string> aliases_;
  std::vector<Path> spark_homes_;
};

}  // namespace spoke::image
