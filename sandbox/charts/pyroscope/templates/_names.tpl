{{- /* Stands in for the names and labels of chart `pyroscope` 2.2.1, and says which components a mode has. */ -}}

{{- define "standin.name" -}}
{{ .Values.pyroscope.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* The release's own name when it holds the chart's, else both joined. */ -}}
{{- define "standin.fullname" -}}
{{- $name := include "standin.name" . -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.pyroscope.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "standin.selector" -}}
app.kubernetes.io/name: {{ include "standin.name" .ctx }}
app.kubernetes.io/instance: {{ .ctx.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "standin.metadata" -}}
name: {{ .name }}
namespace: {{ .ctx.Release.Namespace }}
labels:
  helm.sh/chart: {{ .ctx.Chart.Name }}-{{ .ctx.Chart.Version }}
  {{- include "standin.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ .ctx.Chart.AppVersion | quote }}
  {{- range $key, $value := .ctx.Values.pyroscope.extraLabels }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- end -}}

{{- define "standin.account" -}}
{{- $account := .Values.pyroscope.serviceAccount -}}
{{ $account.name | default (ternary (include "standin.fullname" .) "default" $account.create) }}
{{- end -}}

{{- /* Component -> its values, which are `pyroscope` with the component's own on top. */ -}}
{{- define "standin.components" -}}
{{- $full := include "standin.fullname" . -}}
{{- if .Values.architecture.microservices.enabled }}
{{- range $component, $own := .Values.architecture.microservices.v2 }}
{{ $component }}: {{ mergeOverwrite (deepCopy $.Values.pyroscope) (include "standin.stated" $own | fromYaml) (dict "name" (printf "%s-%s" $full $component)) | toJson }}
{{- end }}
{{- else }}
all: {{ mergeOverwrite (deepCopy .Values.pyroscope) (dict "kind" "StatefulSet" "name" $full) | toJson }}
{{- end }}
{{- end -}}

{{- /* A component's values without those that this stand-in lists only to show that they may be set. */ -}}
{{- define "standin.stated" -}}
{{- range $key, $value := . }}
{{- if kindIs "map" $value }}
{{ $key }}: {{ include "standin.stated" $value | fromYaml | toJson }}
{{- else if not (kindIs "invalid" $value) }}
{{ $key }}: {{ $value | toJson }}
{{- end }}
{{- end }}
{{- end -}}
