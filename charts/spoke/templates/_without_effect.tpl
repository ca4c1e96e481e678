{{/* kubeflow's values that have no effect here, with kubeflow's defaults, which nobody has to be told of. */}}
{{- define "spoke.withoutEffect" -}}
- why: the controller serves the webhook too, see controller
  values:
    webhook.affinity: {}
    webhook.annotations: {}
    webhook.deploymentAnnotations: {}
    webhook.env: []
    webhook.envFrom: []
    webhook.hostUsers: null
    webhook.kubeAPIBurst: 30
    webhook.kubeAPIQPS: 20
    webhook.labels: {}
    webhook.leaderElection.enable: true
    webhook.logEncoder: console
    webhook.logLevel: info
    webhook.nodeSelector: {}
    webhook.podDisruptionBudget.enable: false
    webhook.podDisruptionBudget.minAvailable: 1
    webhook.podSecurityContext: {fsGroup: 185}
    webhook.priorityClassName: ""
    webhook.rbac.annotations: {}
    webhook.rbac.create: true
    webhook.replicas: 1
    webhook.resources: {}
    webhook.revisionHistoryLimit: 10
    webhook.securityContext:
      readOnlyRootFilesystem: true
      privileged: false
      allowPrivilegeEscalation: false
      runAsNonRoot: true
      capabilities: {drop: [ALL]}
      seccompProfile: {type: RuntimeDefault}
    webhook.serviceAccount.annotations: {}
    webhook.serviceAccount.automountServiceAccountToken: true
    webhook.serviceAccount.create: true
    webhook.serviceAccount.name: ""
    webhook.sidecars: []
    webhook.tolerations: []
    webhook.topologySpreadConstraints: []
    webhook.volumeMounts:
    - {name: serving-certs, mountPath: /etc/k8s-webhook-server/serving-certs, subPath: serving-certs, readOnly: false}
    webhook.volumes:
    - {name: serving-certs, emptyDir: {sizeLimit: 500Mi}}
- why: the API server says itself when it is asked too much, and is heard
  values:
    controller.kubeAPIBurst: 30
    controller.kubeAPIQPS: 20
- why: what fails is tried again with pauses of its own
  values:
    controller.workqueueRateLimiter.bucketQPS: 50
    controller.workqueueRateLimiter.bucketSize: 500
    controller.workqueueRateLimiter.maxDelay.duration: 6h
    controller.workqueueRateLimiter.maxDelay.enable: true
- why: it is for programs in Go
  values:
    controller.pprof.enable: false
    controller.pprof.port: 6060
    controller.pprof.portName: pprof
- why: the operator brings its kinds itself, and needs no Job
  values:
    hook.affinity: {}
    hook.annotations: {}
    hook.image.registry: ghcr.io
    hook.image.repository: kubeflow/spark-operator/kubectl
    hook.image.tag: ""
    hook.labels: {}
    hook.nodeSelector: {}
    hook.resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 100m, memory: 64Mi}}
    hook.tolerations: []
- why: no other program is needed to submit
  values:
    submitter.initialBackoff: 2s
    submitter.maxRetries: 3
    submitter.requestTimeout: 2m
    submitter.serviceUrl: http://spark-operator-submitter-svc:8080/api/v1/spark-submit
    submitter.startupProbe.failureThreshold: 60
    submitter.startupProbe.periodSeconds: 5
    submitter.startupTimeout: 5m
{{- end -}}

{{/* A line for each value that was set to no effect. */}}
{{- define "spoke.toldOfValues" -}}
{{- range include "spoke.withoutEffect" . | fromYamlArray }}
{{- $why := .why }}
{{- range $name, $default := .values }}
{{- $set := $.Values }}
{{- range splitList "." $name }}{{ if kindIs "map" $set }}{{ $set = get $set . }}{{ end }}{{ end }}
{{- if not (has (toJson $set) (list (toJson "") (toJson $default))) }}
{{ $name }} has no effect: {{ $why }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.controller }}
{{- if and (not .leaderElection.enable) (include "spoke.elects" $ | eq "true") }}
controller.leaderElection.enable=false has no effect: several replicas have to agree on who works
{{- end }}
{{- if and .defaultTimeToLiveSeconds (not (include "spoke.timeToLive" $)) }}
controller.defaultTimeToLiveSeconds has no effect: the DefaultTimeToLive of controller.featureGates is not enabled
{{- end }}
{{- range .featureGates }}
{{- if and .enabled (ne .name "DefaultTimeToLive") }}
controller.featureGates: {{ .name }} has no effect: DefaultTimeToLive is the only gate here
{{- end }}
{{- end }}
{{- end }}
{{- if contains "kubeflow/" .Values.image.repository }}
image.repository has kubeflow's operator, not spoke's: the pod will not start
{{- end }}
{{- end -}}
