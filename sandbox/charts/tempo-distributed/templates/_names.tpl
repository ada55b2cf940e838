{{- /* Stands in for the naming and label rules of chart `tempo-distributed` 2.26.2. Dicts carry: ctx, component, memberlist. */ -}}

{{- define "tempo.name" -}}
{{ .Values.nameOverride | default "tempo" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* The release's own name when it holds the chart's, else both joined. */ -}}
{{- define "tempo.fullname" -}}
{{- $name := .Values.nameOverride | default "tempo" -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "tempo.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "tempo.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end -}}

{{- define "standin.name" -}}
{{ list (include "tempo.fullname" .ctx) .component | compact | join "-" }}
{{- end -}}

{{- define "tempo.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tempo.name" .ctx }}
app.kubernetes.io/instance: {{ .ctx.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "standin.ownLabels" -}}
{{ include "tempo.selectorLabels" . }}
app.kubernetes.io/version: {{ .ctx.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .ctx.Release.Service }}
helm.sh/chart: {{ .ctx.Chart.Name }}-{{ .ctx.Chart.Version }}
{{- if .memberlist }}
app.kubernetes.io/part-of: memberlist
{{- end }}
{{- end -}}

{{- define "tempo.labels" -}}
{{ merge dict .ctx.Values.global.labels .ctx.Values.global.commonLabels (include "standin.ownLabels" . | fromYaml) | toYaml }}
{{- end -}}

{{- define "standin.metadata" -}}
name: {{ include "standin.name" . }}{{ .suffix }}
namespace: {{ .ctx.Release.Namespace }}
labels:
  {{- merge dict (.labels | default dict) (include "tempo.labels" . | fromYaml) | toYaml | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Defaults of the texts `affinity` and `topologySpreadConstraints`: (list ctx "querier"). */ -}}
{{- define "standin.own" -}}
{{ dict "labelSelector" (dict "matchLabels" (include "tempo.selectorLabels" (dict "ctx" (index . 0) "component" (index . 1)) | fromYaml)) | toJson }}
{{- end -}}

{{- define "standin.zones" -}}
{{ list (merge (dict "maxSkew" 1 "topologyKey" "topology.kubernetes.io/zone" "whenUnsatisfiable" "ScheduleAnyway")
  (include "standin.own" . | fromJson)) | toJson }}
{{- end -}}

{{- define "standin.apart" -}}
{{- $term := include "standin.own" . | fromJson -}}
{{- $node := merge (dict "topologyKey" "kubernetes.io/hostname") $term -}}
{{- $zone := dict "weight" 100 "podAffinityTerm" (merge (dict "topologyKey" "topology.kubernetes.io/zone") $term) -}}
{{ dict "podAntiAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $node)
  "preferredDuringSchedulingIgnoredDuringExecution" (list $zone)) | toJson }}
{{- end -}}

{{- define "standin.rather.apart" -}}
{{- $term := include "standin.own" . | fromJson -}}
{{- $node := dict "weight" 100 "podAffinityTerm" (merge (dict "topologyKey" "kubernetes.io/hostname") $term) -}}
{{- $zone := dict "weight" 75 "podAffinityTerm" (merge (dict "topologyKey" "topology.kubernetes.io/zone") $term) -}}
{{ dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list $node $zone)) | toJson }}
{{- end -}}
