{{- /* Stands in for the naming and label rules of chart `prometheus` 29.27.0. */ -}}

{{- define "standin.fullname" -}}
{{- $joined := ternary .Release.Name (printf "%s-prometheus" .Release.Name) (contains "prometheus" .Release.Name) -}}
{{ $joined }}-{{ .Values.server.name }}
{{- end -}}

{{- define "standin.selector" -}}
app.kubernetes.io/component: server
app.kubernetes.io/name: prometheus
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "standin.labels" -}}
{{ include "standin.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/part-of: prometheus
{{- with .Values.commonMetaLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "standin.account" -}}
{{ .Values.serviceAccounts.server.name | default (include "standin.fullname" .) }}
{{- end -}}
