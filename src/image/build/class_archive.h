// An archive of Spark's classes as the JVM has them in memory (class data sharing, -XX:SharedArchiveFile): drivers and
// executors map it where they would read, check and link some twenty thousand classes.
//
// What goes into it: Spark's own jars, so that images with the same Spark share the layer, whatever is added to them;
// of those the classes that images/spark/classes.txt names. How it is used: images/spark/cds-run.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "image/build/tree.h"

namespace spoke::image {

struct ClassArchive {
  std::vector<Path> layers;       // blobs with Java and Spark, bottom first
  std::string java_home;          // inside of them
  std::vector<std::string> jars;  // names of files in Spark's folder of jars, any order

  // What else than the layers decides the archive's bytes.
  std::string key() const;
  // Runs their Java, which has to be one that this machine may run as its own: Debian's. The same layers give the same
  // bytes. Takes a minute; needs util-linux, and root or user namespaces. Throws Error with a remedy. The tree's file
  // is in `scratch`.
  void make(const Path& scratch, const std::function<void(std::string_view)>& say, Tree& tree) const;
};

// What stands beside classes.jsa in an image.
struct ArchiveScript {
  Path place;
  std::string text;
  unsigned mode = 0644;
};
std::vector<ArchiveScript> archive_scripts(const std::vector<std::string>& jars);

// A class a line, as -XX:SharedClassListFile wants it.
std::string archived_classes();

}  // namespace spoke::image
