// For the tests of this room: a machine made up of files.
#pragma once

#include <fstream>
#include <map>
#include <string>

#include "base/files.h"
#include "image/machine.h"
#include "image/test_archives.h"

namespace spoke::image::test {

class MadeUpMachine {
 public:
  MadeUpMachine() { make_dirs(scratch_.path() / "machine"); }

  Machine machine() const {
    return {scratch_.path() / "machine", [this](const std::string& name) {
              const auto found = env.find(name);
              return found != env.end() ? found->second : "";
            }};
  }
  Path at(const Path& path) const { return machine().at(path); }
  Path store() const { return scratch_.path() / "store"; }

  void put(const Path& path, const std::string& content = "", mode_t mode = 0644) const {
    make_dirs(at(path).parent_path());
    std::ofstream(at(path)) << content;
    std::filesystem::permissions(at(path), std::filesystem::perms(mode));
  }
  void link(const Path& path, const std::string& target) const {
    make_dirs(at(path).parent_path());
    std::filesystem::create_symlink(target, at(path));
  }

  // Spark's own layout.
  void put_spark(const Path& home, const std::string& version, const std::string& scala = "2.13") const {
    put(home / "jars" / ("spark-core_" + scala + "-" + version + ".jar"));
    put(home / "bin/spark-submit", "", 0755);
    put(home / "python/pyspark/__init__.py");
    put(home / "python/lib/pyspark.zip");
    put(home / "python/lib/py4j-0.10.9.9-src.zip");
  }
  // pip's, where the package is the home.
  void put_pyspark(const Path& package, const std::string& version) const {
    put_spark(package, version);
    std::filesystem::remove(at(package) / "python/pyspark/__init__.py");
    put(package / "python/pyspark/shell.py");
    put(package / "__init__.py");
  }
  void put_java(const Path& home, const std::string& version) const {
    put(home / "bin/java", "", 0755);
    put(home / "release", "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
  }

  std::map<std::string, std::string> env;

 private:
  Scratch scratch_;
};

}  // namespace spoke::image::test
