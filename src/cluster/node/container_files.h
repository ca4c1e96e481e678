// The files of one attempt of a container, in a folder of its own: pods/<uid>/containers/<name>/<attempt>/. They are
// how the node and the container's monitor speak with each other, and all that is left when either has gone.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/files.h"
#include "base/time.h"

namespace spoke::cluster {

struct ContainerFiles {
  Path dir;

  Path config() const { return dir / "config.json"; }     // OCI; the folder is the bundle
  Path record() const { return dir / "container.json"; }  // ContainerRecord
  Path rootfs() const { return dir / "rootfs"; }          // where the root is mounted
  Path writes() const { return dir / "writes"; }          // the root's private layer
  Path scratch() const { return dir / "scratch"; }        // overlayfs' own
  Path subpaths() const { return dir / "subpaths"; }      // mounts of volumes' subPaths
  Path log() const { return dir / "log"; }
  Path rotated_log() const { return dir / "log.1"; }
  Path termination_log() const { return dir / "termination-log"; }
  Path pid_file() const { return dir / "pid"; }
  Path runtime_log() const { return dir / "runtime.log"; }
  Path started() const { return dir / "started.json"; }  // by the monitor, once the process runs
  Path exit() const { return dir / "exit.json"; }        // by the monitor, once it has ended
  // FIFOs. The monitor holds `alive` open as long as it lives, and writes one byte once `exit` is there. From `control`
  // it reads signals to send, a byte each: it alone knows whether the process id is still the container's.
  Path alive() const { return dir / "alive"; }
  Path control() const { return dir / "control"; }
};

// Written by the node before the container is started.
struct ContainerRecord {
  std::string id;  // 64 hexadecimal digits; the runtime knows the container by it
  std::string image;
  std::string image_id;
  std::string runtime;      // program
  std::string state_dir;    // its --root
  std::string oom_counter;  // file, or ""
  std::string user;         // "185": for the status
};
void write_record(const ContainerFiles& files, const ContainerRecord& record);
std::optional<ContainerRecord> read_record(const ContainerFiles& files);

struct Started {
  pid_t pid = 0;
  Time at;
};
void write_started(const ContainerFiles& files, const Started& started);
std::optional<Started> read_started(const ContainerFiles& files);

struct Exit {
  int code = 0;  // 128 + signal where a signal ended it
  int signal = 0;
  bool oom_killed = false;
  bool lost = false;        // how it ended is not known: its monitor died, or the machine
  std::string start_error;  // why it never ran; code is 128 then
  std::optional<Time> started;
  Time finished;
};
void write_exit(const ContainerFiles& files, const Exit& exit);
std::optional<Exit> read_exit(const ContainerFiles& files);

}  // namespace spoke::cluster
