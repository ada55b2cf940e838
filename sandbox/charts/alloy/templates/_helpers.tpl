{{- /* Stands in for the naming and label rules of chart `alloy` 1.11.1. */ -}}

{{- define "alloy.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "alloy.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "alloy.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{ include "alloy.selectorLabels" . }}
app.kubernetes.io/version: {{ regexReplaceAll "^(@sha256)?:" (include "alloy.imageId" .) "" | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: alloy
{{- end -}}

{{- /* A digest takes the place of the tag. */ -}}
{{- define "alloy.imageId" -}}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "alloy.account" -}}
{{ .Values.serviceAccount.name | default (ternary (include "alloy.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end -}}

{{- define "alloy.config" -}}
{{ .Values.alloy.configMap.name | default (include "alloy.fullname" .) }}
{{- end -}}

{{- define "alloy.configKey" -}}
{{ .Values.alloy.configMap.key | default "config.alloy" }}
{{- end -}}
