#include "cluster/api/auth.h"

#include "cluster/store/test_store.h"
#include "net/tls.h"

namespace spoke::cluster {
namespace {

using net::Task;

json::value rule(const char* text) { return json::parse(text); }
Attributes wants(std::string verb, std::string group, std::string resource, std::string name = "") {
  return {std::move(verb), std::move(group), std::move(resource), "ns", std::move(name), ""};
}

TEST(RuleTest, CoversVerbsGroupsAndResources) {
  const auto pods = rule(R"({"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]})");
  EXPECT_TRUE(covers(pods, wants("get", "", "pods")));
  EXPECT_FALSE(covers(pods, wants("delete", "", "pods")));
  EXPECT_FALSE(covers(pods, wants("get", "apps", "pods")));
  EXPECT_FALSE(covers(pods, wants("get", "", "pods/log")));
  EXPECT_TRUE(
      covers(rule(R"({"verbs":["*"],"apiGroups":["*"],"resources":["*"]})"), wants("patch", "x.y", "z/status")));
}

TEST(RuleTest, SubresourcesAreNamedOrMeantByAStar) {
  EXPECT_TRUE(
      covers(rule(R"({"verbs":["get"],"apiGroups":[""],"resources":["pods/log"]})"), wants("get", "", "pods/log")));
  EXPECT_TRUE(
      covers(rule(R"({"verbs":["get"],"apiGroups":[""],"resources":["*/log"]})"), wants("get", "", "pods/log")));
  EXPECT_FALSE(
      covers(rule(R"({"verbs":["get"],"apiGroups":[""],"resources":["pods/*"]})"), wants("get", "", "pods/log")));
}

TEST(RuleTest, NamesNarrowItAndWhatHasNoNameIsNotMeant) {
  const auto one = rule(R"({"verbs":["get","list"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]})");
  EXPECT_TRUE(covers(one, wants("get", "", "pods", "a")));
  EXPECT_FALSE(covers(one, wants("get", "", "pods", "b")));
  EXPECT_FALSE(covers(one, wants("list", "", "pods")));
}

TEST(RuleTest, PathsAreWholeOrEndInAStar) {
  const auto paths = rule(R"({"verbs":["get"],"nonResourceURLs":["/version","/api/*"]})");
  const auto get = [](std::string path) { return Attributes{"get", "", "", "", "", std::move(path)}; };
  EXPECT_TRUE(covers(paths, get("/version")));
  EXPECT_TRUE(covers(paths, get("/api/v1")));
  EXPECT_FALSE(covers(paths, get("/version/x")));
  EXPECT_FALSE(covers(paths, wants("get", "", "pods")));
}

TEST(RuleTest, AMalformedRuleCoversNothing) {
  for (const char* text :
       {"{}", "[]", "null", R"({"verbs":"*"})", R"({"verbs":[1],"apiGroups":[null],"resources":[{}]})"})
    EXPECT_FALSE(covers(rule(text), wants("get", "", "pods"))) << text;
}

struct AuthTest : ::testing::Test {
  TempDir dir;
  const std::string key = net::make_ca("tokens", now(), std::chrono::hours(1)).key;
  const Time at = now();

  void run(std::function<Task<>(Store&, Authenticator&)> test) {
    testing::with_store(dir.path() / "objects.sqlite", [this, test](Store& store) -> Task<> {
      co_await testing::put(store, "core/serviceaccounts/ns/spark",
                            R"({"metadata":{"name":"spark","namespace":"ns","uid":"u1"}})");
      Authenticator authenticator(store, key, "secret");
      co_await test(store, authenticator);
    });
  }
  static json::value account(const char* uid = "u1") {
    return json::object{{"metadata", json::object{{"name", "spark"}, {"namespace", "ns"}, {"uid", uid}}}};
  }
};

TEST_F(AuthTest, TheAdministratorAndNobody) {
  run([this](Store&, Authenticator& a) -> Task<> {
    EXPECT_EQ(a.identify("Bearer secret", at)->groups[0], "system:masters");
    EXPECT_TRUE(a.identify("", at)->anonymous());
    for (const char* wrong : {"Bearer", "Bearer ", "Bearer secre", "Basic c2VjcmV0", "Bearer a.b.c", "secret"})
      EXPECT_FALSE(a.identify(wrong, at)) << wrong;
    co_return;
  });
}

TEST_F(AuthTest, ATokenOfAServiceAccountIsThatAccountUntilItExpires) {
  run([this](Store&, Authenticator& a) -> Task<> {
    const std::string token = "Bearer " + a.sign("ns", account(), "", "", {}, at, 600);
    const auto who = a.identify(token, at);
    EXPECT_TRUE(who.has_value());
    if (!who) co_return;
    EXPECT_EQ(who->name, "system:serviceaccount:ns:spark");
    EXPECT_EQ(who->groups, (std::vector<std::string>{"system:serviceaccounts", "system:serviceaccounts:ns",
                                                     "system:authenticated"}));
    EXPECT_FALSE(a.identify(token, at + std::chrono::seconds(601)));
    EXPECT_FALSE(a.identify("Bearer " + a.sign("ns", account(), "", "", {"https://elsewhere"}, at, 600), at));
    EXPECT_FALSE(a.identify(token.substr(0, token.size() - 4) + "AAAA", at));
  });
}

TEST_F(AuthTest, ATokenDiesWithItsAccountAndItsPod) {
  run([this](Store& store, Authenticator& a) -> Task<> {
    EXPECT_FALSE(a.identify("Bearer " + a.sign("ns", account("another"), "", "", {}, at, 600), at));
    const std::string bound = "Bearer " + a.sign("ns", account(), "p", "pod-1", {}, at, 600);
    EXPECT_FALSE(a.identify(bound, at));
    co_await testing::put(store, "core/pods/ns/p", R"({"metadata":{"name":"p","uid":"pod-1"}})");
    EXPECT_TRUE(a.identify(bound, at));
    co_await store.erase("core/serviceaccounts/ns/spark", "{}", {});
    EXPECT_FALSE(a.identify(bound, at));
  });
}

TEST_F(AuthTest, BindingsGiveRightsAndTakeThemWhenTheyGo) {
  run([](Store& store, Authenticator&) -> Task<> {
    Authorizer authorizer(store);
    const Identity spark{"system:serviceaccount:ns:spark", "u1", {"system:authenticated"}, {}};
    const Attributes list{"list", "", "pods", "ns", "", ""};
    EXPECT_FALSE(authorizer.allowed(spark, list));
    co_await testing::put(
        store, "rbac.authorization.k8s.io/roles/ns/r",
        R"({"metadata":{"name":"r"},"rules":[{"verbs":["list"],"apiGroups":[""],"resources":["pods"]}]})");
    co_await testing::put(store, "rbac.authorization.k8s.io/rolebindings/ns/b",
                          R"({"metadata":{"name":"b","namespace":"ns"},"roleRef":{"kind":"Role","name":"r"},)"
                          R"("subjects":[{"kind":"ServiceAccount","name":"spark","namespace":"ns"}]})");
    EXPECT_EQ(authorizer.decide(spark, list).reason,
              R"(RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "spark/ns")");
    EXPECT_FALSE(authorizer.allowed(spark, {"list", "", "pods", "other", "", ""}));
    EXPECT_FALSE(authorizer.allowed({"system:serviceaccount:other:spark", "", {}, {}}, list));
    co_await store.erase("rbac.authorization.k8s.io/rolebindings/ns/b", "{}", {});
    EXPECT_FALSE(authorizer.allowed(spark, list));
    EXPECT_TRUE(authorizer.allowed({"admin", "", {"system:masters"}, {}}, list));
  });
}

}  // namespace
}  // namespace spoke::cluster
