#include "image/build/python.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace spoke::image {
namespace {

// A python3 that has pip.
std::string find_python() {
  for (const char* python : {"/usr/bin/python3", "python3"})
    if (!find_program(python).empty() && run({python, "-m", "pip", "--version"}).exit_code == 0) return python;
  fail("there is no Python with pip on this machine; install the package python3-pip");
}

std::string last_error(std::string_view text) {
  std::string out;
  for (const std::string& line : split(text, '\n'))
    if (line.starts_with("ERROR: ")) out = line.substr(7);
  return out.empty() ? std::string(trim(text)) : out;
}

}  // namespace

std::string Requirements::key() const {
  std::string text = fmt::format("python 1\n{} {}\n{}\n", python, architecture, join(lines, "\n"));
  for (const Path& file : files) text += "\n" + read_file(file);
  return sha256_hex(text);
}

Requirements requirements_of(const std::vector<std::string>& requirements, const Path& folder) {
  Requirements out;
  for (const std::string& line : requirements) {
    if (std::filesystem::is_regular_file(folder / line))
      out.files.push_back(folder / line);
    else if (line.ends_with(".txt"))
      fail("python.requirements: there is no file {}", (folder / line).string());
    else if (line.starts_with('-'))
      fail("python.requirements: \"{}\" is an option of pip; put it into a file of requirements", line);
    else
      out.lines.push_back(line);
  }
  return out;
}

void install_requirements(const Requirements& requirements, const Path& target) {
  const std::string machine = requirements.architecture == "arm64" ? "aarch64" : "x86_64";
  std::vector<std::string> argv{find_python(),
                                "-m",
                                "pip",
                                "install",
                                "--disable-pip-version-check",
                                "--no-compile",
                                "--only-binary=:all:",
                                "--implementation",
                                "cp",
                                "--python-version",
                                requirements.python,
                                "--target",
                                target.string()};
  // pip takes what is named and no older kind by itself. Debian 12's glibc is 2.36.
  for (const char* kind : {"manylinux_2_34", "manylinux_2_31", "manylinux_2_28", "manylinux_2_27", "manylinux_2_24",
                           "manylinux_2_17", "manylinux2014"}) {
    argv.emplace_back("--platform");
    argv.push_back(fmt::format("{}_{}", kind, machine));
  }
  for (const Path& file : requirements.files) {
    argv.emplace_back("--requirement");
    argv.push_back(file.string());
  }
  argv.insert(argv.end(), requirements.lines.begin(), requirements.lines.end());
  const Finished done = run(argv);
  if (done.exit_code != 0)
    fail("pip could not get wheels for Python {} of {}: {}", requirements.python, join(requirements.lines, ", "),
         last_error(done.errors));
}

}  // namespace spoke::image
