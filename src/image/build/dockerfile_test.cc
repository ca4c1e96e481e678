#include "image/build/dockerfile.h"

#include <gtest/gtest.h>

namespace spoke::image {
namespace {

// A context with a job, its jar and a folder.
std::vector<ContextFile> find(const std::string& pattern) {
  if (pattern == "src" || pattern == "src/") return {{"src", true}};
  if (pattern == "target/*.jar") return {{"target/a.jar", false}, {"target/b.jar", false}};
  if (pattern.find("gone") != std::string::npos) return {};
  return {{pattern, false}};
}

DockerBase base_of(const std::string& name) {
  EXPECT_EQ(name, "docker.io/apache/spark:3.5.3-java17");
  return {.environment = {{"SPARK_HOME", "/opt/spark"}},
          .working_dir = "/opt/spark/work-dir",
          .has_folder = [](const std::string& path) { return path == "/opt/spark/jars" || path == "/opt"; }};
}

Dockerfile parse(std::string_view text, const std::map<std::string, std::string>& arguments = {}) {
  return parse_dockerfile(text, arguments, find, base_of);
}

std::string refused(std::string_view text) {
  try {
    parse(text);
  } catch (const RecipeError& e) {
    return e.what();
  }
  return "";
}

constexpr std::string_view kFrom = "FROM apache/spark:3.5.3-java17\n";

TEST(Dockerfile, PutsFilesUponAnImage) {
  const Dockerfile read = parse(R"(# syntax=docker/dockerfile:1
ARG SPARK=3.5.3
FROM --platform=linux/amd64 apache/spark:${SPARK}-java17 AS final
USER root
ENV TZ=UTC GREETING="hello  $SPARK_HOME" OTHER='$SPARK_HOME' \
    # a comment in the middle
    LAST=a\ b
env OLD one of the old kind
LABEL org.example.team="etl" version=1
COPY --chown=185:185 --chmod=0750 src/ /opt/app/src
COPY target/*.jar ${SPARK_HOME}/jars/
COPY job.py run.py /opt/app/
WORKDIR /opt/app
COPY conf.json .
COPY ["with blank.txt", "sub/"]
EXPOSE 4040
USER 185
ENTRYPOINT ["/opt/entrypoint.sh", "driver"]
)");
  const Recipe& recipe = read.recipe;
  EXPECT_EQ(recipe.base, "docker.io/apache/spark:3.5.3-java17");
  EXPECT_EQ(recipe.env, (std::map<std::string, std::string>{{"TZ", "UTC"},
                                                            {"GREETING", "hello  /opt/spark"},
                                                            {"OTHER", "$SPARK_HOME"},
                                                            {"LAST", "a b"},
                                                            {"OLD", "one of the old kind"}}));
  EXPECT_EQ(recipe.labels, (std::map<std::string, std::string>{{"org.example.team", "etl"}, {"version", "1"}}));
  EXPECT_EQ(recipe.jars, (std::vector<std::string>{"target/a.jar", "target/b.jar"})) << "which are checked so";
  std::vector<std::string> places;
  for (const RecipeFile& file : recipe.files) places.push_back(file.from + " " + file.place());
  EXPECT_EQ(places,
            (std::vector<std::string>{"src /opt/app/src", "job.py /opt/app/job.py", "run.py /opt/app/run.py",
                                      "conf.json /opt/app/conf.json", "with blank.txt /opt/app/sub/with blank.txt"}));
  EXPECT_EQ(recipe.files[0].user, 185U);
  EXPECT_EQ(recipe.files[0].mode, 0750U);
  EXPECT_EQ(recipe.user, "185");
  EXPECT_EQ(recipe.workdir, "/opt/app");
  EXPECT_EQ(recipe.entrypoint, (std::vector<std::string>{"/opt/entrypoint.sh", "driver"}));
  EXPECT_EQ(recipe.command, std::vector<std::string>()) << "the base's is forgotten";
  EXPECT_EQ(read.notes, std::vector<std::string>{"line 16: EXPOSE changes nothing in a pod, and is left out"});
}

TEST(Dockerfile, FilesGoIntoFolders) {
  const Recipe recipe = parse(std::string(kFrom) +
                              "COPY a.jar /opt/spark/jars\nCOPY job.py .\nCOPY b.py /opt\nCOPY src /opt/src\n"
                              "COPY c.py /opt/src\nCOPY d.py /opt/spark/d.py\nCOPY e.py /opt/spark/work-dir\n")
                            .recipe;
  EXPECT_EQ(recipe.jars, std::vector<std::string>{"a.jar"});
  std::vector<std::string> places;
  for (const RecipeFile& file : recipe.files) places.push_back(file.place());
  EXPECT_EQ(places, (std::vector<std::string>{"/opt/spark/work-dir/job.py", "/opt/b.py", "/opt/src", "/opt/src/c.py",
                                              "/opt/spark/d.py", "/opt/spark/work-dir/e.py"}));
}

TEST(Dockerfile, ArgumentsAreOfTheCommandLine) {
  EXPECT_EQ(parse("ARG TAG=1\nFROM apache/spark:3.5.3-$TAG\n", {{"TAG", "java17"}}).recipe.base,
            "docker.io/apache/spark:3.5.3-java17");
  const Dockerfile read =
      parse(std::string(kFrom) + "ARG JOB\nCOPY ${JOB:-job}.py /opt/${JOB:+special-}job.py\nUSER $WHO\n");
  EXPECT_EQ(read.recipe.files.at(0).from, "job.py");
  EXPECT_EQ(read.recipe.files.at(0).to, "/opt/job.py");
  EXPECT_EQ(read.notes, std::vector<std::string>{"line 4: $WHO is not set"});
  EXPECT_EQ(parse(std::string(kFrom) + "ARG JOB\nCOPY ${JOB}.py /opt/${JOB:+special-}job.py\n", {{"JOB", "x"}})
                .recipe.files.at(0)
                .to,
            "/opt/special-job.py");
  EXPECT_EQ(parse(std::string(kFrom) + "CMD spark-submit $A\n").recipe.command,
            (std::vector<std::string>{"/bin/sh", "-c", "spark-submit $A"}));
}

TEST(Dockerfile, WhatHasToRunIsNamed) {
  const std::string from(kFrom);
  const std::map<std::string, std::string> cases = {
      {from + "RUN pip install pandas",
       "line 2: RUN pip install pandas: nothing runs in an image here; a recipe names "
       "Python's packages under python.requirements"},
      {from + "RUN apt-get update && \\\n  apt-get install -y curl", "under packages"},
      {from + "RUN wget https://repo1.maven.org/maven2/x.jar", "names Maven's artifacts under maven"},
      {from + "FROM other", "line 2: FROM again"},
      {from + "COPY --from=build /x /y", "takes it from another image or stage"},
      {from + "COPY --chown=spark x /y", "--chown: \"spark\" must be a number"},
      {from + "COPY --what x /y", "is not read here"},
      {from + "COPY gone.py /y", "there is no gone.py beside the Dockerfile"},
      {from + "COPY a b /y", "goes to a folder: write /y/"},
      {from + "COPY a", "needs a source and a place"},
      {from + "COPY <<EOF /x", "text that stands in the file"},
      {from + "ADD https://example.org/x /x", "fetches it"},
      {from + "ADD x.tar.gz /x", "unpacks x.tar.gz"},
      {from + "ONBUILD COPY a b", "ONBUILD is not read here"},
      {from + "ENV A", "must be NAME=VALUE"},
      {from + "ENV =a", "must be NAME=VALUE"},
      {from + "ENV A=\"b", "a quote has no end"},
      {from + "ENV A=${B", "has no }"},
      {from + "ENV A=${B%x}", "is not read here"},
      {from + "ENTRYPOINT [\"a\", 1]", "must be a list of texts"},
      {from + "USER 1 \\", "the file ends where the line goes on"},
      {"COPY a b", "line 1: COPY before FROM"},
      {"# nothing", "there is no FROM"},
      {"FROM", "names no image"},
      {"FROM a b", "has \"b\" after the image"},
      {"FROM UPPER CASE", "line 1: "}};
  for (const auto& [text, why] : cases)
    EXPECT_NE(refused(text).find(why), std::string::npos) << text << "\n" << refused(text);
}

TEST(Dockerfile, IsToldFromARecipe) {
  EXPECT_TRUE(is_dockerfile("# a comment\n\n  from scratch\n"));
  EXPECT_TRUE(is_dockerfile("ARG A=1\nFROM $A"));
  EXPECT_FALSE(is_dockerfile("name: shop\nbase: scratch\n"));
  EXPECT_FALSE(is_dockerfile(""));
}

}  // namespace
}  // namespace spoke::image
