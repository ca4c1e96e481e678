// What a store does when it is not well; the rest is tested against a real one (tests/e2e/35-submit).
#include "s3/store.h"

#include <algorithm>

#include "s3/test_server.h"

namespace spoke::s3 {
namespace {

using net::Exchange;
using net::Executor;
using net::Task;
using testing::respond;

constexpr size_t kMiB = 1U << 20;

class StoreTest : public testing::Scripted {
 protected:
  Path file(size_t size) {
    const Path path = dir_.path() / "file";
    write_file(path, std::string(size, 'x'));
    return path;
  }
  static Options options(const std::string& endpoint) {
    Options o;
    o.endpoint = endpoint;
    o.part_size = 5 * kMiB;
    o.attempts = 3;
    return o;
  }
  static Credentials keys() { return {{"AK", "SK", ""}, "the test"}; }
  static Task<> put(Executor executor, std::string endpoint, Path path) {
    Store store(executor, options(endpoint), keys());
    co_await store.put_file({"b", "k"}, std::move(path), nullptr);
  }
  // What it says where it fails.
  static Task<std::string> refused(Executor executor, std::string endpoint, Path path) {
    try {
      co_await put(executor, std::move(endpoint), std::move(path));
    } catch (const Error& e) {
      co_return e.what();
    }
    co_return "";
  }
  size_t count(const std::string& what) const {
    return static_cast<size_t>(
        std::ranges::count_if(seen_, [&](const auto& request) { return request.find(what) != std::string::npos; }));
  }
};

bool asks(const Exchange& exchange, std::string_view method, std::string_view parameter) {
  return exchange.request().method == method && exchange.request().query.has(parameter);
}

constexpr const char* kBegun = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";

TEST_F(StoreTest, ABusyServerIsAskedAgain) {
  int busy = 2;
  serve(
      [&](Exchange& x) -> Task<> { return respond(x, busy-- > 0 ? 503 : 200, "<Error><Code>SlowDown</Code></Error>"); },
      [this](Executor executor, std::string endpoint) { return put(executor, endpoint, file(10)); });
  EXPECT_EQ(seen_, (std::vector<std::string>(3, "PUT /b/k")));
}

TEST_F(StoreTest, AServerThatStaysBusyIsGivenUp) {
  serve(
      [](Exchange& x) -> Task<> { return respond(x, 503, "<Error><Code>SlowDown</Code><Message>m</Message></Error>"); },
      [this](Executor executor, std::string endpoint) -> Task<> {
        EXPECT_EQ(co_await refused(executor, endpoint, file(10)), "cannot write s3a://b/k: SlowDown: m");
      });
  EXPECT_EQ(seen_.size(), 3U);
}

TEST_F(StoreTest, TheRegionThatTheStoreNamesIsSignedFor) {
  std::vector<std::string> scopes;
  serve(
      [&](Exchange& x) -> Task<> {
        const std::string authorization(x.request().headers.get("Authorization"));
        scopes.push_back(
            authorization.substr(authorization.find("/20"), authorization.find(',') - authorization.find("/20")));
        if (scopes.size() == 1) return respond(x, 301, "", {{"x-amz-bucket-region", "eu-west-2"}});
        return respond(x, 200);
      },
      [this](Executor executor, std::string endpoint) { return put(executor, endpoint, file(10)); });
  ASSERT_EQ(scopes.size(), 2U);
  EXPECT_NE(scopes[0].find("/us-east-1/s3/"), std::string::npos) << scopes[0];
  EXPECT_NE(scopes[1].find("/eu-west-2/s3/"), std::string::npos) << scopes[1];
}

TEST_F(StoreTest, APartThatFailsIsSentAgainAndAnErrorInside200Counts) {
  int part_failures = 1, completion_failures = 1;
  std::string completed;
  serve(
      [&](Exchange& x) -> Task<> {
        if (asks(x, "POST", "uploads")) return respond(x, 200, kBegun);
        if (asks(x, "PUT", "partNumber")) {
          if (x.request().query.get("partNumber") == "2" && part_failures-- > 0) return respond(x, 500);
          return respond(x, 200, "", {{"ETag", "\"e" + std::string(x.request().query.get("partNumber")) + "\""}});
        }
        completed = x.request().body;
        return respond(x, 200, completion_failures-- > 0 ? "<Error><Code>InternalError</Code></Error>" : "<R/>");
      },
      [this](Executor executor, std::string endpoint) { return put(executor, endpoint, file(12 * kMiB)); });
  EXPECT_EQ(count("partNumber=2"), 2U);
  EXPECT_EQ(count("POST /b/k?uploadId=u"), 2U);
  EXPECT_EQ(completed,
            "<?xml "
            "version=\"1.0\"?><CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"e1\"</ETag></"
            "Part><Part><PartNumber>2"
            "</PartNumber><ETag>\"e2\"</ETag></Part><Part><PartNumber>3</PartNumber><ETag>\"e3\"</ETag></Part>"
            "</CompleteMultipartUpload>");
}

TEST_F(StoreTest, AnUploadThatFailsIsAborted) {
  serve(
      [](Exchange& x) -> Task<> {
        if (asks(x, "POST", "uploads")) return respond(x, 200, kBegun);
        if (x.request().method == "DELETE") return respond(x, 204);
        return respond(x, 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
      },
      [this](Executor executor, std::string endpoint) -> Task<> {
        EXPECT_EQ(co_await refused(executor, endpoint, file(12 * kMiB)),
                  "cannot write s3a://b/k: AccessDenied: no; the keys are those of the test");
      });
  EXPECT_EQ(seen_.back(), "DELETE /b/k?uploadId=u");
}

// The first answer to the completion is lost on its way; by the second, the upload is no more.
Task<> lose_completion(Exchange& x, int& completions, size_t size) {
  if (asks(x, "POST", "uploads")) co_return co_await respond(x, 200, kBegun);
  if (asks(x, "PUT", "partNumber")) co_return co_await respond(x, 200, "", {{"ETag", "\"e\""}});
  if (x.request().method == "HEAD") co_return co_await respond(x, 200, std::string(size, 'x'));
  if (x.request().method == "DELETE") co_return co_await respond(x, 204);
  if (++completions > 1) co_return co_await respond(x, 404, "<Error><Code>NoSuchUpload</Code></Error>");
  co_await x.begin(200, {});
  throw net::ConnectionError("lost");
}

TEST_F(StoreTest, ACompletionWhoseAnswerIsLostIsLookedAt) {
  int completions = 0;
  serve([&](Exchange& x) { return lose_completion(x, completions, 12 * kMiB); },
        [this](Executor executor, std::string endpoint) { return put(executor, endpoint, file(12 * kMiB)); });
  EXPECT_EQ(seen_.back(), "HEAD /b/k");
}

TEST_F(StoreTest, AnObjectOfAnotherSizeIsNotTheUpload) {
  int completions = 0;
  serve([&](Exchange& x) { return lose_completion(x, completions, 7); },
        [this](Executor executor, std::string endpoint) -> Task<> {
          const std::string why = co_await refused(executor, endpoint, file(12 * kMiB));
          EXPECT_NE(why.find("NoSuchUpload"), std::string::npos) << why;
        });
}

}  // namespace
}  // namespace spoke::s3
