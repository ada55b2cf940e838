{{- /* Stands in for the naming, label and port rules of chart `tempo` 2.2.4. */ -}}

{{- define "tempo.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* The release's own name when it holds the chart's, else both joined. */ -}}
{{- define "tempo.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "tempo.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "tempo.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end -}}

{{- define "tempo.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tempo.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tempo.labels" -}}
{{ include "tempo.selectorLabels" . }}
app.kubernetes.io/version: {{ mustRegexReplaceAllLiteral "@sha.*" .Values.tempo.tag "" | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- with merge dict .Values.extraLabels .Values.global.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Reading `.jaeger.protocols` is deliberate: as upstream, a null `jaeger` stops the render. */ -}}
{{- define "tempo.receiverPorts" -}}
{{- $jaeger := .Values.tempo.receivers.jaeger.protocols -}}
{{- $otlp := .Values.tempo.receivers.otlp.protocols -}}
{{- $table := list
  (list "tempo-jaeger-thrift-compact" $jaeger.thrift_compact 6831 "UDP")
  (list "tempo-jaeger-thrift-binary" $jaeger.thrift_binary 6832 "UDP")
  (list "tempo-jaeger-thrift-http" $jaeger.thrift_http 14268 "TCP")
  (list "grpc-tempo-jaeger" $jaeger.grpc 14250 "TCP")
  (list "grpc-tempo-otlp" $otlp.grpc 4317 "TCP")
  (list "tempo-otlp-http" $otlp.http 4318 "TCP") -}}
{{- range $row := $table }}
{{- with (index $row 1).endpoint }}
- {name: {{ index $row 0 }}, port: {{ splitList ":" . | last }}, targetPort: {{ index $row 2 }}, protocol: {{ index $row 3 }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "standin.generator" -}}
{{- with .Values.tempo.metricsGenerator }}
{{- if .enabled }}
{{- $writers := .storage.remote_write | default (list (dict "url" .remoteWriteUrl)) }}
{{- $storage := dict "path" .storage.path "remote_write" $writers }}
{{- $generator := dict "storage" $storage "traces_storage" (dict "path" .traces_storage.path) }}
{{- with .processor }}{{ $_ := set $generator "processor" . }}{{ end }}
{{- with .registry }}{{ $_ := set $generator "registry" . }}{{ end }}
metrics_generator: {{ toJson $generator }}
{{- end }}
{{- end }}
{{- end -}}
