{{- /* Stands in for the naming and label rules of chart `alertmanager` 1.42.0: its pods have no component. */ -}}

{{- define "standin.fullname" -}}
{{ ternary .Release.Name (printf "%s-alertmanager" .Release.Name) (contains "alertmanager" .Release.Name) }}
{{- end -}}

{{- define "standin.selector" -}}
app.kubernetes.io/name: alertmanager
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "standin.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{ include "standin.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
