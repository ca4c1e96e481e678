{{/* Names are those of kubeflow's chart: a release keeps its objects, and applications their account. */}}
{{- define "spoke.name" -}}
{{- .Values.nameOverride | default "spark-operator" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "spoke.fullname" -}}
{{- $name := include "spoke.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "spoke.controller" -}}{{ include "spoke.fullname" . }}-controller{{- end -}}
{{- define "spoke.webhook" -}}{{ include "spoke.fullname" . }}-webhook{{- end -}}
{{- define "spoke.webhook.service" -}}{{ include "spoke.webhook" . }}-svc{{- end -}}
{{- define "spoke.webhook.secret" -}}{{ include "spoke.webhook" . }}-certs{{- end -}}
{{- define "spoke.certificate" -}}{{ include "spoke.name" . }}-certificate{{- end -}}
{{- define "spoke.issuer" -}}{{ include "spoke.name" . }}-self-signed-issuer{{- end -}}

{{- define "spoke.controller.account" -}}
{{- with .Values.controller.serviceAccount -}}
{{- .name | default (ternary (include "spoke.controller" $) "default" .create) -}}
{{- end -}}
{{- end -}}

{{- define "spoke.spark.account" -}}
{{- with .Values.spark.serviceAccount -}}
{{- .name | default (ternary (printf "%s-spark" (include "spoke.fullname" $)) "default" .create) -}}
{{- end -}}
{{- end -}}

{{- define "spoke.selectorLabels" -}}
app.kubernetes.io/name: {{ include "spoke.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "spoke.controller.selectorLabels" -}}
{{ include "spoke.selectorLabels" . }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "spoke.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "spoke.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A document: `object` with the chart's labels, those of `component`, and `annotations`. */}}
{{- define "spoke.document" -}}
{{- $labels := include "spoke.labels" .root | fromYaml -}}
{{- with .component }}{{ $_ := set $labels "app.kubernetes.io/component" . }}{{ end -}}
{{- $_ := set .object.metadata "labels" (merge dict (.object.metadata.labels | default dict) $labels) -}}
{{- with .annotations }}{{ $_ := set $.object.metadata "annotations" . }}{{ end }}
---
{{ toYaml .object }}
{{ end -}}

{{- define "spoke.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The namespaces that are named, as JSON; none: all, or those of the selector. */}}
{{- define "spoke.namedNamespaces" -}}
{{- $named := .Values.spark.jobNamespaces | default list | uniq -}}
{{- if has "" $named }}[]{{ else }}{{ toJson $named }}{{ end -}}
{{- end -}}

{{/* The namespaces where alone it has rights, as JSON; none: everywhere. A selector may choose any. */}}
{{- define "spoke.jobNamespaces" -}}
{{- if .Values.spark.jobNamespaceSelector }}[]{{ else }}{{ include "spoke.namedNamespaces" . }}{{ end -}}
{{- end -}}

{{/* "true" where replicas have to agree on who works. */}}
{{- define "spoke.elects" -}}
{{- or .Values.controller.leaderElection.enable (gt (int .Values.controller.replicas) 1) (gt (int .Values.spoke.shards) 1) -}}
{{- end -}}

{{/* The default time to live, behind its gate as kubeflow's. */}}
{{- define "spoke.timeToLive" -}}
{{- range .Values.controller.featureGates -}}
{{- if and (eq .name "DefaultTimeToLive") .enabled (gt (int64 $.Values.controller.defaultTimeToLiveSeconds) 0) -}}
{{ int64 $.Values.controller.defaultTimeToLiveSeconds }}
{{- end -}}
{{- end -}}
{{- end -}}
