{{- /* Stands in for the naming, label and address rules of chart `mimir-distributed` 6.1.0. Dicts carry: ctx, component, section, zone. */ -}}

{{- define "mimir.name" -}}
{{ .Values.nameOverride | default "mimir" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* The release's own name when it holds the chart's, else both joined. */ -}}
{{- define "mimir.fullname" -}}
{{- $name := .Values.nameOverride | default "mimir" -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "standin.name" -}}
{{ list (include "mimir.fullname" .ctx) .component .zone | compact | join "-" }}
{{- end -}}

{{- define "standin.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (ternary (include "mimir.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end -}}

{{- define "standin.selector" -}}
app.kubernetes.io/name: {{ include "mimir.name" .ctx }}
app.kubernetes.io/instance: {{ .ctx.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- if .zone }}
rollout-group: {{ .component }}
zone: {{ .zone }}
{{- end }}
{{- end -}}

{{- define "standin.labels" -}}
{{ include "standin.selector" . }}
app.kubernetes.io/version: {{ .ctx.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .ctx.Release.Service }}
helm.sh/chart: {{ .ctx.Chart.Name }}-{{ .ctx.Chart.Version }}
{{- if .gossip }}
app.kubernetes.io/part-of: memberlist
{{- end }}
{{- if .zone }}
name: {{ .component }}-{{ .zone }}
{{- end }}
{{- end -}}

{{- define "standin.metadata" -}}
name: {{ include "standin.name" . }}{{ .suffix }}
namespace: {{ .ctx.Release.Namespace }}
labels:
  {{- merge dict (.labels | default dict) (include "standin.labels" . | fromYaml) | toYaml | nindent 2 }}
{{- end -}}

{{- define "standin.httpPort" -}}
{{ dig "server" "http_listen_port" 8080 .Values.mimir.structuredConfig }}
{{- end -}}

{{- define "standin.grpcPort" -}}
{{ dig "server" "grpc_listen_port" 9095 .Values.mimir.structuredConfig }}
{{- end -}}

{{- define "standin.gossipPort" -}}
{{ dig "memberlist" "bind_port" 7946 .Values.mimir.structuredConfig }}
{{- end -}}

{{- /* A Service's cluster-wide name with the cluster's domain: (list ctx "querier"). */ -}}
{{- define "standin.host" -}}
{{- $ctx := index . 0 -}}
{{ include "mimir.fullname" $ctx }}-{{ index . 1 }}.{{ $ctx.Release.Namespace }}.svc.{{ $ctx.Values.global.clusterDomain }}
{{- end -}}

{{- define "standin.gossipAddress" -}}
dns+{{ include "standin.host" (list . "gossip-ring") }}:{{ include "standin.gossipPort" . }}
{{- end -}}

{{- define "standin.kafkaAddress" -}}
{{ include "standin.host" (list . "kafka") }}:{{ .Values.kafka.service.port }}
{{- end -}}

{{- define "standin.schedulerAddress" -}}
{{ include "mimir.fullname" . }}-query-scheduler-headless.{{ .Release.Namespace }}.svc:{{ include "standin.grpcPort" . }}
{{- end -}}

{{- define "standin.alertmanagerUrl" -}}
dnssrvnoa+http://_http-metrics._tcp.{{ include "standin.host" (list . "alertmanager-headless") }}/alertmanager
{{- end -}}

{{- /* The s3 block that the bundled MinIO would bring: (list ctx "bucket"). */ -}}
{{- define "standin.minioBucket" -}}
{{- $ctx := index . 0 -}}
{{- $minio := $ctx.Values.minio -}}
{{- dict "endpoint" (printf "%s-minio.%s.svc:9000" $ctx.Release.Name $ctx.Release.Namespace) "bucket_name" (index . 1)
  "access_key_id" $minio.rootUser "secret_access_key" $minio.rootPassword "insecure" true | toJson }}
{{- end -}}
