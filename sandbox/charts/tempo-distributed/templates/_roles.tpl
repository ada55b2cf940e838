{{- /* Stands in for the per-role templates of chart `tempo-distributed` 2.26.2: what tells the roles apart, as a table. */ -}}

{{- /* component -> section of values, kind, whether workload and budget are labelled as memberlist's, volume, Services. */ -}}
{{- define "standin.roles" -}}
distributor:
  section: distributor
  kind: Deployment
  labelled: [workload, budget]
ingester:
  section: ingester
  kind: StatefulSet
  labelled: [budget]
  volume: data
querier:
  section: querier
  kind: Deployment
  labelled: [workload, budget]
query-frontend:
  section: queryFrontend
  kind: Deployment
  labelled: []
compactor:
  section: compactor
  kind: Deployment
  labelled: [workload, budget]
{{- if .Values.metricsGenerator.enabled }}
metrics-generator:
  section: metricsGenerator
  kind: {{ .Values.metricsGenerator.kind }}
  labelled: [workload, budget]
  volume: wal
{{- end }}
{{- end -}}

{{- /* How a Deployment is rolled; the generator's takes no strategy, the query-frontend's cannot be changed. */ -}}
{{- define "standin.strategy" -}}
{{- $values := .values -}}
{{- $fixed := dict
  "querier" (dict "rollingUpdate" (dict "maxSurge" $values.maxSurge "maxUnavailable" (dig "rollingUpdate" "maxUnavailable" 1 $values)))
  "query-frontend" (dict "rollingUpdate" (dict "maxSurge" 0 "maxUnavailable" 1)) -}}
{{ get $fixed .component | default $values.strategy | toJson }}
{{- end -}}

{{- /* The autoscaler of a role, flat in its section but for the compactor's; empty without one. */ -}}
{{- define "standin.scaler" -}}
{{- $scaling := .values.autoscaling | default dict -}}
{{- if and $scaling.enabled (or (ne .component "compactor") $scaling.hpa.enabled) -}}
{{ merge (dict "minReplicas" $scaling.minReplicas "maxReplicas" $scaling.maxReplicas) ($scaling.hpa | default $scaling) | toJson }}
{{- end -}}
{{- end -}}

{{- /* How many pods of a role a disruption may take; empty without a budget. Takes: ctx, component, values. */ -}}
{{- define "standin.budget" -}}
{{- $replicas := .values.replicas | int -}}
{{- if and (eq .component "compactor") .values.autoscaling.enabled -}}
{{- $replicas = ternary (int .values.autoscaling.minReplicas) 0 .values.autoscaling.hpa.enabled -}}
{{- end -}}
{{- if and (gt $replicas 1) .values.podDisruptionBudget.enabled -}}
{{- $quorum := add 1 (div (dig "config" "replication_factor" 0 .values | int) 2) -}}
{{ .values.maxUnavailable | default (sub $replicas $quorum) }}
{{- end -}}
{{- end -}}

{{- /* Mebibytes of a memory quantity such as 4Gi. */ -}}
{{- define "standin.mebibytes" -}}
{{- $text := toString . -}}
{{- $factors := dict "Ki" 0.0009765625 "Mi" 1.0 "Gi" 1024.0 "M" 0.9536743164 "G" 953.6743164 -}}
{{- $suffix := regexFind "[A-Za-z]+$" $text -}}
{{ trimSuffix $suffix $text | float64 | mulf (get $factors $suffix | default 0.00000095367431640625) | int }}
{{- end -}}

{{- /* Go's own limits: GOMEMLIMIT follows the memory LIMIT, and is absent without one. Takes: ctx, resources, env. */ -}}
{{- define "standin.env" -}}
{{- $go := .ctx.Values.global.goSettings -}}
{{- $names := list -}}
{{- range .env }}{{ $names = append $names .name }}{{ end -}}
{{- $env := .env -}}
{{- $limit := dig "limits" "memory" "" .resources -}}
{{- if and $limit (not (has "GOMEMLIMIT" $names)) -}}
{{- $mebibytes := include "standin.mebibytes" $limit | float64 | mulf $go.goMemLimitFactor | int -}}
{{- $env = append $env (dict "name" "GOMEMLIMIT" "value" (printf "%dMiB" $mebibytes)) -}}
{{- end -}}
{{- if not (has "GOGC" $names) }}{{ $env = append $env (dict "name" "GOGC" "value" (toString $go.gogc)) }}{{ end -}}
{{ toJson $env }}
{{- end -}}
