{{- /* Stands in for the names and labels of chart `loki` 18.11.0, and says which roles a mode has. */ -}}

{{- define "loki.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* The release's own name when it holds the chart's, else both joined. */ -}}
{{- define "loki.fullname" -}}
{{- $name := include "loki.name" . -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "loki.selectorLabels" -}}
app.kubernetes.io/name: {{ include "loki.name" .ctx }}
app.kubernetes.io/instance: {{ .ctx.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "loki.labels" -}}
helm.sh/chart: {{ .ctx.Chart.Name }}-{{ .ctx.Chart.Version }}
{{ include "loki.selectorLabels" . }}
app.kubernetes.io/version: {{ .ctx.Values.loki.image.tag | default .ctx.Chart.AppVersion | quote }}
{{- with .ctx.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "standin.metadata" -}}
name: {{ .name }}
namespace: {{ .ctx.Release.Namespace }}
labels:
  {{- include "loki.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "loki.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "loki.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end -}}

{{- /* component -> section of the values, name, kind, target and volume. */ -}}
{{- define "standin.roles" -}}
{{- $full := include "loki.fullname" . -}}
{{- $name := include "loki.name" . -}}
{{- if eq .Values.deploymentMode "Monolithic" }}
single-binary: {section: singleBinary, name: {{ $full }}, service: {{ $full }}, kind: StatefulSet, target: all, container: loki, volume: storage}
{{- else if eq .Values.deploymentMode "SimpleScalable" }}
backend: {section: backend, name: {{ $name }}-backend, service: {{ $full }}-backend, kind: StatefulSet, target: backend, container: backend, volume: data}
read: {section: read, name: {{ $name }}-read, service: {{ $full }}-read, kind: Deployment, target: read, container: read, volume: data}
write: {section: write, name: {{ $name }}-write, service: {{ $full }}-write, kind: StatefulSet, target: write, container: write, volume: data}
{{- else }}
{{- fail "the sandbox's loki chart covers the modes Monolithic and SimpleScalable only" }}
{{- end }}
{{- end -}}
