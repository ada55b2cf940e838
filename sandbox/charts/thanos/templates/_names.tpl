{{- /* Stands in for the naming and label rules of chart `thanos` 1.24.1. Dicts carry: ctx, component, role, values. */ -}}

{{- define "standin.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "standin.name" -}}
{{ include "standin.fullname" .ctx }}-{{ .component }}
{{- end -}}

{{- define "standin.selector" -}}
app.kubernetes.io/name: {{ .ctx.Values.nameOverride | default .ctx.Chart.Name }}
app.kubernetes.io/instance: {{ .ctx.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "standin.metadata" -}}
name: {{ include "standin.name" . }}{{ .suffix }}
namespace: {{ .ctx.Release.Namespace }}
labels:
  helm.sh/chart: {{ .ctx.Chart.Name }}-{{ .ctx.Chart.Version }}
  {{- include "standin.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ .ctx.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .ctx.Release.Service }}
  {{- with .ctx.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* A Service's name in the whole cluster: (list ctx "query"). */ -}}
{{- define "standin.host" -}}
{{- $ctx := index . 0 -}}
{{ include "standin.fullname" $ctx }}-{{ index . 1 }}.{{ $ctx.Release.Namespace }}.svc.{{ $ctx.Values.clusterDomain }}
{{- end -}}

{{- define "standin.objstore" -}}
{{ .Values.objstoreConfig.name | default (printf "%s-objstore-config" (include "standin.fullname" .)) }}
{{- end -}}

{{- define "standin.rules" -}}
{{ .Values.rule.rules.name | default (printf "%s-rule-rules" (include "standin.fullname" .)) }}
{{- end -}}

{{- define "standin.alertmanagers" -}}
{{ .Values.rule.alertmanagersConfig.name | default (printf "%s-rule-alertmanagers-config" (include "standin.fullname" .)) }}
{{- end -}}
