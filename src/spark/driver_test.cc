// What the recorded cases of parity_test.cc do not show: credentials, Kerberos, uploads, excluded and added steps,
// errors.

#include "spark/driver.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace spoke::spark {
namespace {

constexpr std::string_view kFeatures = "org.apache.spark.deploy.k8s.features.";

Submission pi(Properties properties = {}, const char* version = "4.3.0") {
  Submission s;
  s.rules = rules_for(version);
  properties.emplace("spark.master", "k8s://https://h:6443");
  properties.emplace("spark.app.name", "pi");
  properties.emplace("spark.kubernetes.container.image", "spark:x");
  s.conf = Conf(std::move(properties));
  s.main_class = "org.example.Pi";
  s.resource = "local:///pi.jar";
  s.user = "me";
  s.ids = {{}, "spark-1", "n", "s", "c", "UUID", 0};
  return s;
}

const json::value& container(const DriverObjects& objects) { return json::list(objects.pod, "spec.containers").back(); }

const json::value* named(const json::array& list, std::string_view name) {
  for (const auto& item : list)
    if (json::str(item, "name") == name) return &item;
  return nullptr;
}

std::string env(const DriverObjects& objects, std::string_view name) {
  const json::value* variable = named(json::list(container(objects), "env"), name);
  return variable == nullptr ? "(unset)" : std::string(json::str(*variable, "value"));
}

const kube::Object* resource(const DriverObjects& objects, std::string_view name) {
  for (const auto& object : objects.resources)
    if (kube::name(object) == name) return &object;
  return nullptr;
}

std::string mount_path(const DriverObjects& objects, std::string_view volume) {
  const json::value* mount = named(json::list(container(objects), "volumeMounts"), volume);
  return mount == nullptr ? "(unmounted)" : std::string(json::str(*mount, "mountPath"));
}

std::string why(const Submission& s) {
  try {
    build_driver(s);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(BuildDriver, MakesTheSameFromTheSame) {
  const auto text = [](const DriverObjects& o) { return json::dump(o.pod) + json::dump(o.config_map); };
  EXPECT_EQ(text(build_driver(pi())), text(build_driver(pi())));
}

TEST(BuildDriver, NamesTheSubmission) {
  const DriverObjects objects = build_driver(pi({{"spark.kubernetes.namespace", "jobs"}}));
  EXPECT_EQ(objects.submission_id(), "jobs:pi-n-driver");
  EXPECT_EQ(objects.app_id, "spark-1");
  EXPECT_EQ(objects.ns, "jobs");
}

TEST(BuildDriver, NeedsAnImage) {
  Submission s = pi();
  s.conf.erase("spark.kubernetes.container.image");
  EXPECT_NE(why(s).find("Must specify the driver container image"), std::string::npos);
}

TEST(BuildDriver, PutsTheVersionIntoImagesFromSpark41On) {
  const Properties image = {{"spark.kubernetes.container.image", "spark:{{SPARK_VERSION}}"}};
  EXPECT_EQ(json::str(container(build_driver(pi(image, "4.1.4"))), "image"), "spark:4.1.4");
  EXPECT_EQ(json::str(container(build_driver(pi(image, "4.0.2"))), "image"), "spark:{{SPARK_VERSION}}");
}

TEST(BuildDriver, RunsAsTheProxyUserFromSpark43On) {
  Submission s = pi();
  s.proxy_user = "alice";
  EXPECT_EQ(env(build_driver(s), "SPARK_USER"), "alice");
  s.rules = rules_for("4.2.1");
  EXPECT_EQ(env(build_driver(s), "SPARK_USER"), "me");
  s.conf = Conf(s.conf.all(), {{"SPARK_USER", "env"}});
  EXPECT_EQ(env(build_driver(s), "SPARK_USER"), "env");
}

TEST(BuildDriver, KeepsSparksOwnLabels) {
  EXPECT_NE(why(pi({{"spark.kubernetes.driver.label.spark-role", "x"}}))
                .find("Label with key spark-role is not allowed as it is reserved for Spark bookkeeping operations."),
            std::string::npos);
}

TEST(BuildDriver, ChecksExecutorVolumesToo) {
  EXPECT_NE(why(pi({{"spark.kubernetes.executor.volumes.emptyDir.x.options.medium", "Memory"}})).find("key not found"),
            std::string::npos);
}

TEST(BuildDriver, RefusesDevicesWithoutAmountOrVendor) {
  EXPECT_NE(why(pi({{"spark.driver.resource.gpu.vendor", "nvidia.com"}})).find("You must specify an amount for gpu"),
            std::string::npos);
  EXPECT_NE(why(pi({{"spark.driver.resource.gpu.amount", "1"}})).find("vendor was not specified"), std::string::npos);
  EXPECT_NE(why(pi({{"spark.driver.resource.gpu", "1"}})).find("You must specify an amount config for resource"),
            std::string::npos);
  EXPECT_NE(why(pi({{"spark.driver.resource.gpu.amount", "1.5"}, {"spark.driver.resource.gpu.vendor", "v"}}))
                .find("For input string: \"1.5\""),
            std::string::npos);
  EXPECT_EQ(why(pi({{"spark.driver.resource.gpu.amount", "0"}})), "");
}

TEST(Credentials, GoIntoASecretAndLeaveTheServiceAccountOut) {
  const std::string family = "spark.kubernetes.authenticate.driver.";
  Submission s = pi({{family + "oauthToken", "secret"},
                     {family + "caCertFile", "/ca.pem"},
                     {family + "mounted.caCertFile", "/my/ca"},
                     {family + "serviceAccountName", "sa"},
                     {"spark.other.oauthToken", "x"}});
  s.files["/ca.pem"] = "CA\n";
  const DriverObjects objects = build_driver(s);
  const kube::Object* secret = resource(objects, "pi-n-kubernetes-credentials");
  ASSERT_NE(secret, nullptr);
  EXPECT_EQ(json::dump(*json::find(*secret, "data")), R"({"ca-cert":"Q0EK","oauth-token":"c2VjcmV0"})");
  EXPECT_EQ(mount_path(objects, "kubernetes-credentials"), "/mnt/secrets/spark-kubernetes-credentials");
  EXPECT_EQ(json::find(objects.pod, "spec.serviceAccountName"), nullptr);
  EXPECT_EQ(objects.properties.at(family + "oauthToken"), "<present_but_redacted>");
  EXPECT_EQ(objects.properties.at("spark.other.oauthToken"), "<present_but_redacted>");
  EXPECT_EQ(objects.properties.at(family + "mounted.oauthTokenFile"),
            "/mnt/secrets/spark-kubernetes-credentials/oauth-token");
  EXPECT_EQ(objects.properties.at(family + "mounted.caCertFile"), "/my/ca");
  ASSERT_EQ(objects.warnings.size(), 1U);
  EXPECT_NE(objects.warnings[0].find("serviceAccountName=sa"), std::string::npos);
  EXPECT_EQ(json::dump(objects.config_map).find("secret\""), std::string::npos);
}

TEST(Credentials, MustBeThere) {
  EXPECT_NE(why(pi({{"spark.kubernetes.authenticate.driver.clientKeyFile", "/k"}}))
                .find("Driver client key file provided at /k does not exist or is not a file."),
            std::string::npos);
}

TEST(Service, RefusesABindAddress) {
  EXPECT_EQ(why(pi({{"spark.driver.bindAddress", "1.2.3.4"}})),
            "requirement failed: spark.driver.bindAddress is not supported in Kubernetes mode, as the driver's bind "
            "address is managed and "
            "set to "
            "the driver pod's IP address.");
}

TEST(Service, GetsAShortNameWithAWarningWhereItsOwnIsTooLong) {
  const DriverObjects objects = build_driver(pi({{"spark.app.name", std::string(60, 'a')}}));
  EXPECT_NE(resource(objects, "spark-s-driver-svc"), nullptr);
  EXPECT_EQ(objects.properties.at("spark.driver.host"), "spark-s-driver-svc.default.svc");
  EXPECT_EQ(objects.warnings.size(), 1U);
}

TEST(Service, DoesNotFollowTheCommonBlockManagerPort) {
  const DriverObjects objects = build_driver(pi({{"spark.blockManager.port", "9100"}}));
  EXPECT_EQ(json::num(*named(json::list(container(objects), "ports"), "blockmanager"), "containerPort"), 9100);
  EXPECT_EQ(json::num(*named(json::list(*resource(objects, "pi-n-driver-svc"), "spec.ports"), "blockmanager"), "port"),
            7079);
}

TEST(EnvSecrets, NeedANameAndAKey) {
  EXPECT_NE(why(pi({{"spark.kubernetes.driver.secretKeyRef.A", "noColon"}}))
                .find("SecretKeyRef must be in the form name:key."),
            std::string::npos);
  EXPECT_NE(why(pi({{"spark.kubernetes.driver.secretKeyRef.A", "a:b:c"}})), "");
}

TEST(Volumes, MustNotShareAMountPath) {
  EXPECT_NE(why(pi({{"spark.kubernetes.driver.volumes.emptyDir.x.mount.path", "/x"},
                    {"spark.kubernetes.driver.volumes.emptyDir.y.mount.path", "/x"}}))
                .find("Found duplicated mountPath: '/x'"),
            std::string::npos);
}

TEST(Volumes, AccessModeOfClaimsChangedWithSpark4) {
  const auto mode = [](const char* version, const char* legacy) {
    const std::string claim = "spark.kubernetes.driver.volumes.persistentVolumeClaim.pv.";
    Properties properties = {{claim + "mount.path", "/pv"},
                             {claim + "options.claimName", "OnDemand"},
                             {claim + "options.storageClass", "fast"},
                             {claim + "options.sizeLimit", "5Gi"}};
    if (*legacy != 0) properties["spark.kubernetes.legacy.useReadWriteOnceAccessMode"] = legacy;
    const DriverObjects objects = build_driver(pi(properties, version));
    return json::dump(json::list(*resource(objects, "pi-n-driver-pvc-0"), "spec.accessModes"));
  };
  EXPECT_EQ(mode("3.5.8", ""), R"(["ReadWriteOnce"])");
  EXPECT_EQ(mode("3.5.8", "false"), R"(["ReadWriteOncePod"])");
  EXPECT_EQ(mode("4.0.0", ""), R"(["ReadWriteOncePod"])");
  EXPECT_EQ(mode("4.0.0", "true"), R"(["ReadWriteOnce"])");
}

TEST(Uploads, ComeBeforeTheOthersAndTheMainJarBecomesSparkInternal) {
  Submission s = pi({{"spark.jars", "/x.jar,local:///y.jar"}, {"spark.archives", "/a.zip#a"}});
  s.resource = "/main.jar";
  s.uploads = {{"file:/x.jar", "s3a://b/1/x.jar"},
               {"file:/main.jar", "s3a://b/2/main.jar"},
               {"file:/a.zip", "file:///up/3/a.zip"}};
  const DriverObjects objects = build_driver(s);
  EXPECT_EQ(objects.properties.at("spark.jars"), "s3a://b/1/x.jar,s3a://b/2/main.jar,local:///y.jar");
  EXPECT_EQ(objects.properties.at("spark.archives"), "file:/up/3/a.zip#a");
  EXPECT_NE(json::dump(*json::find(container(objects), "args")).find("spark-internal"), std::string::npos);
}

TEST(Uploads, NeedAPlace) {
  Submission s = pi();
  s.resource = "/main.jar";
  EXPECT_NE(why(s).find("Please specify spark.kubernetes.file.upload.path property."), std::string::npos);
  s.conf.set("spark.kubernetes.file.upload.path", "s3a://b");
  EXPECT_NE(why(s).find("Uploading file /main.jar failed..."), std::string::npos);
}

TEST(Python, IsTheConfiguredOneOrTheSubmitters) {
  const auto pythons = [](Properties properties, Properties environment) {
    Submission s = pi(std::move(properties));
    s.conf = Conf(s.conf.all(), std::move(environment));
    s.language = Language::Python;
    s.resource = "local:///pi.py";
    const DriverObjects objects = build_driver(s);
    return env(objects, "PYSPARK_PYTHON") + " " + env(objects, "PYSPARK_DRIVER_PYTHON");
  };
  EXPECT_EQ(pythons({}, {}), "(unset) (unset)");
  EXPECT_EQ(pythons({}, {{"PYSPARK_PYTHON", "e"}}), "e e");
  EXPECT_EQ(pythons({}, {{"PYSPARK_PYTHON", "e"}, {"PYSPARK_DRIVER_PYTHON", "d"}}), "e d");
  EXPECT_EQ(pythons({{"spark.pyspark.python", "c"}}, {{"PYSPARK_DRIVER_PYTHON", "d"}}), "c c");
  EXPECT_EQ(pythons({{"spark.pyspark.driver.python", "cd"}}, {{"PYSPARK_PYTHON", "e"}}), "e cd");
}

TEST(Hadoop, TakesAFolderOrAConfigMapNotBoth) {
  Submission s = pi({{"spark.kubernetes.hadoop.configMapName", "h"}});
  s.hadoop_conf_dir = Properties{{"core-site.xml", "<configuration/>"}};
  EXPECT_NE(why(s).find("Do not specify both the `HADOOP_CONF_DIR` in your ENV and the ConfigMap"), std::string::npos);
}

TEST(Kerberos, MountsKrb5AndKeytab) {
  Submission s = pi({{"spark.kubernetes.kerberos.krb5.path", "/etc/krb5.conf"},
                     {"spark.kerberos.keytab", "/k/me.keytab"},
                     {"spark.kerberos.principal", "me@R"}});
  s.files = {{"/etc/krb5.conf", "[libdefaults]"}, {"/k/me.keytab", std::string("\0\1", 2)}};
  const DriverObjects objects = build_driver(s);
  EXPECT_EQ(mount_path(objects, "krb5-file"), "/etc/krb5.conf");
  EXPECT_EQ(mount_path(objects, "kerberos-keytab"), "/mnt/secrets/kerberos-keytab");
  EXPECT_EQ(objects.properties.at("spark.kerberos.keytab"), "/mnt/secrets/kerberos-keytab/me.keytab");
  EXPECT_EQ(json::dump(*json::find(*resource(objects, "pi-n-kerberos-keytab"), "data")), R"({"me.keytab":"AAE="})");
  EXPECT_EQ(json::dump(*json::find(*resource(objects, "pi-n-krb5-file"), "data")), R"({"krb5.conf":"[libdefaults]"})");
}

TEST(Kerberos, MountsTokens) {
  Submission s = pi();
  s.delegation_tokens = "T";
  EXPECT_EQ(env(build_driver(s), "HADOOP_TOKEN_FILE_LOCATION"), "/mnt/secrets/hadoop-credentials/hadoop-tokens");
  EXPECT_NE(resource(build_driver(s), "pi-n-delegation-tokens"), nullptr);
  s.conf.set("spark.kubernetes.kerberos.tokenSecret.name", "dt");
  s.conf.set("spark.kubernetes.kerberos.tokenSecret.itemKey", "tok");
  EXPECT_EQ(env(build_driver(s), "HADOOP_TOKEN_FILE_LOCATION"), "/mnt/secrets/hadoop-credentials/tok");
  EXPECT_EQ(resource(build_driver(s), "pi-n-delegation-tokens"), nullptr);
}

TEST(Kerberos, WantsSettingsThatBelongTogether) {
  EXPECT_NE(why(pi({{"spark.kerberos.keytab", "/k"}})).find("you must also specify a Kerberos principal"),
            std::string::npos);
  EXPECT_NE(why(pi({{"spark.kerberos.principal", "p"}})).find("you must also specify a Kerberos keytab"),
            std::string::npos);
  EXPECT_NE(why(pi({{"spark.kubernetes.kerberos.tokenSecret.name", "n"}})).find("specify the item-key"),
            std::string::npos);
  EXPECT_NE(
      why(pi({{"spark.kubernetes.kerberos.krb5.path", "/k"}, {"spark.kubernetes.kerberos.krb5.configMapName", "k"}}))
          .find("Do not specify both a Krb5 local file and the ConfigMap"),
      std::string::npos);
}

TEST(LocalDirs, AreShuffledAndEachGetsAVolume) {
  Submission s = pi({{"spark.local.dir", "/a,,/b,"}});
  s.ids.shuffle = 1;
  std::vector<std::string> dirs = split(env(build_driver(s), "SPARK_LOCAL_DIRS"), ',');
  ASSERT_EQ(dirs.size(), 3U);  // Java's split keeps an empty item but for the last
  for (size_t i = 0; i < dirs.size(); ++i)
    EXPECT_EQ(mount_path(build_driver(s), fmt::format("spark-local-dir-{}", i + 1)), dirs[i]);
  std::sort(dirs.begin(), dirs.end());
  EXPECT_EQ(dirs, (std::vector<std::string>{"", "/a", "/b"}));
}

TEST(Template, MustHaveComeWithTheSubmission) {
  EXPECT_NE(
      why(pi({{"spark.kubernetes.driver.podTemplateFile", "/t.yaml"}})).find("Could not load pod from template file."),
      std::string::npos);
  EXPECT_NE(why(pi({{"spark.kubernetes.executor.podTemplateFile", "/t.yaml"}})).find("/t.yaml"), std::string::npos);
}

TEST(Template, KeepsWhatSparkDoesNotSet) {
  Submission s = pi({{"spark.kubernetes.driver.podTemplateFile", "/t"}, {"spark.kubernetes.node.selector.zone", "a"}});
  s.files["/t"] = R"({"metadata": {"labels": {"spark-role": "x"}}, "spec": {"restartPolicy": "Always",
      "nodeSelector": {"zone": "b", "disk": "hdd"}, "containers": [{"name": "c", "args": ["pre"],
      "resources": {"limits": {"cpu": 4, "memory": "1Gi"}}, "securityContext": {"runAsUser": 1}}]}})";
  const DriverObjects objects = build_driver(s);
  EXPECT_EQ(kube::label(objects.pod, "spark-role"), "driver");
  EXPECT_EQ(json::str(objects.pod, "spec.restartPolicy"), "Never");
  EXPECT_EQ(json::str(objects.pod, "spec.nodeSelector.zone"), "a");
  EXPECT_EQ(json::str(objects.pod, "spec.nodeSelector.disk"), "hdd");
  EXPECT_EQ(json::str(container(objects), "name"), "c");
  EXPECT_EQ(json::str(container(objects), "resources.limits.cpu"), "4");
  EXPECT_EQ(json::str(container(objects), "resources.limits.memory"), "1408Mi");
  EXPECT_EQ(json::num(container(objects), "securityContext.runAsUser"), 1);
  EXPECT_EQ(json::list(container(objects), "args")[0], json::value("pre"));
}

TEST(Steps, CanBeLeftOutFromSpark41On) {
  const Properties exclude = {
      {"spark.kubernetes.driver.pod.excludedFeatureSteps", std::string(kFeatures) + "DriverServiceFeatureStep"}};
  EXPECT_EQ(resource(build_driver(pi(exclude, "4.1.4")), "pi-n-driver-svc"), nullptr);
  EXPECT_NE(resource(build_driver(pi(exclude, "4.0.2")), "pi-n-driver-svc"), nullptr);
}

TEST(Steps, StillRefuseWhatTheyRefuseWhenLeftOut) {
  EXPECT_NE(
      why(pi({{"spark.kubernetes.driver.pod.excludedFeatureSteps", std::string(kFeatures) + "DriverServiceFeatureStep"},
              {"spark.driver.bindAddress", "1.2.3.4"}})),
      "");
}

TEST(Steps, OfTheUserNeedAJvmExceptVolcanos) {
  EXPECT_NE(why(pi({{"spark.kubernetes.driver.pod.featureSteps", "com.example.Step"}})).find("com.example.Step"),
            std::string::npos);
  Submission s = pi({{"spark.kubernetes.driver.pod.featureSteps", std::string(kFeatures) + "VolcanoFeatureStep"},
                     {"spark.kubernetes.scheduler.volcano.podGroupTemplateJson", R"({"spec": {"queue": "q"}})"}});
  DriverObjects objects = build_driver(s);
  ASSERT_EQ(objects.pre_resources.size(), 1U);
  EXPECT_EQ(kube::name(objects.pre_resources[0]), "spark-1-podgroup");
  EXPECT_EQ(json::str(objects.pre_resources[0], "spec.queue"), "q");
  EXPECT_EQ(kube::annotation(objects.pod, "scheduling.k8s.io/group-name"), "spark-1-podgroup");
  s.conf.set("spark.kubernetes.scheduler.volcano.podGroupTemplateJson", "[");
  EXPECT_NE(why(s).find("holds no PodGroup"), std::string::npos);
}

TEST(ConfigMap, IsNotLargerThanKubernetesTakes) {
  EXPECT_NE(why(pi({{"spark.kubernetes.configMap.maxSize", "99999999"}})).find("Must have at most 1048576 bytes"),
            std::string::npos);
}

TEST(ConfigMap, ListsItsFilesInTheVolumeAndTheNamespaceBesides) {
  Submission s = pi();
  s.conf_dir = Properties{{"log4j2.properties", "x"}, {"spark-defaults.conf", "y"}};
  const DriverObjects objects = build_driver(s);
  const json::value* volume = named(json::list(objects.pod, "spec.volumes"), "spark-conf-volume-driver");
  EXPECT_EQ(json::dump(*json::find(*volume, "configMap.items")),
            R"([{"key":"log4j2.properties","path":"log4j2.properties","mode":420},)"
            R"({"key":"spark.properties","path":"spark.properties","mode":420}])");
  const json::value* data = json::find(objects.config_map, "data");
  EXPECT_EQ(data->get_object().size(), 3U);
  EXPECT_EQ(*json::find_member(*data, "spark.kubernetes.namespace"), json::value("default"));
}

TEST(Own, MakesThePodTheControllerOfEverythingElse) {
  DriverObjects objects = build_driver(pi());
  kube::Object pod = objects.pod;
  json::set(pod, "metadata.uid", "u");
  own(objects, pod);
  const std::string owner = R"([{"apiVersion":"v1","kind":"Pod","name":"pi-n-driver","uid":"u","controller":true}])";
  ASSERT_EQ(objects.resources.size(), 2U);
  for (const auto& object : objects.resources)
    EXPECT_EQ(json::dump(json::list(object, "metadata.ownerReferences")), owner);
  EXPECT_EQ(json::dump(json::list(objects.config_map, "metadata.ownerReferences")), owner);
  EXPECT_EQ(json::find(objects.pod, "metadata.ownerReferences"), nullptr);
}

}  // namespace
}  // namespace spoke::spark
