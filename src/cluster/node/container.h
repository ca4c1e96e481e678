// One attempt of a container: its root, its start, its end.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/node/async_process.h"
#include "cluster/node/container_files.h"
#include "image/image_store.h"
#include "net/task.h"

namespace spoke::cluster {

// Mounts the image's layers under a layer of the container's own. Where the image has none, the root is that layer.
// Blocks.
void mount_root(const ContainerFiles& files, const image::Image& image);

// A file of the image as the container will see it, "" where there is none; links lead nowhere but inside the image.
std::string read_in_image(const ContainerFiles& files, const image::Image& image, const Path& path);

// Takes away what the attempt mounted and wrote, but for its log and its records. Blocks.
void release_root(const ContainerFiles& files);

// Starts a monitor, which starts the container; `files` holds configuration and record. Whatever goes wrong is an exit
// in `files`, with a start_error.
net::Task<> start_container(std::string executable, ContainerFiles files);

// A container whose monitor lives.
class RunningContainer {
 public:
  // Null where no monitor lives: it has ended (see read_exit), or was never started.
  static std::unique_ptr<RunningContainer> attach(net::Executor executor, const ContainerFiles& files);
  ~RunningContainer();

  net::Task<> ended();  // until there is an exit to read, or the monitor has died
  net::Task<> gone();   // until the monitor has gone, the runtime has forgotten the container
  void signal(int number);

 private:
  struct Impl;
  explicit RunningContainer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Kills a container and waits until its monitor has gone; where the monitor has died, ends what is left. Blocks.
void end_container(const ContainerFiles& files);

// For a container whose monitor has died: ends what is left of it, and writes an exit if there is none.
net::Task<> clean_up_container(ContainerFiles files);

// Runs a program in a container, with the container's user and environment.
net::Task<ProcessResult> exec_in_container(ContainerRecord record, std::vector<std::string> argv,
                                           ProcessOptions options);

}  // namespace spoke::cluster
