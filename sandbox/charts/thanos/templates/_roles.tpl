{{- /* Stands in for the per-role templates of chart `thanos` 1.24.1: what tells the roles apart, as a table. */ -}}

{{- /* component -> where the values have it, kind, whether it runs, ports beside http, Services, mounts, own arguments. */ -}}
{{- define "standin.roles" -}}
query:
  path: [query]
  kind: Deployment
  runs: {{ .Values.query.enabled }}
  grpc: true
  service: true
store-gateway:
  path: [storeGateway]
  kind: StatefulSet
  runs: {{ .Values.storeGateway.enabled }}
  grpc: true
  headless: true
  bucket: true
  data: /var/thanos/store
compact:
  path: [compact]
  kind: StatefulSet
  runs: {{ .Values.compact.enabled }}
  headless: true
  bucket: true
  data: /var/thanos/compact
receive-ingestor:
  path: [receive, ingestor]
  kind: StatefulSet
  runs: {{ .Values.receive.enabled }}
  grpc: true
  push: true
  headless: true
  bucket: true
  data: /var/thanos/receive
receive-router:
  path: [receive, router]
  kind: Deployment
  runs: {{ .Values.receive.enabled }}
  grpc: true
  push: true
  service: true
rule:
  path: [rule]
  kind: StatefulSet
  runs: {{ .Values.rule.enabled }}
  grpc: true
  service: true
  headless: true
  bucket: true
  data: /var/thanos/rule
{{- end -}}

{{- /* The arguments of a role; takes ctx, component, values. */ -}}
{{- define "standin.args" -}}
{{- $all := .ctx.Values -}}
- {{ first (splitList "-" .component) }}
- --log.level={{ $all.logLevel }}
- --log.format={{ $all.logFormat }}
{{- if .role.grpc }}
- --grpc-address=0.0.0.0:10901
{{- end }}
- --http-address=0.0.0.0:10902
{{- if .role.push }}
- --remote-write.address=0.0.0.0:19291
{{- end }}
{{- if .role.bucket }}
- --objstore.config-file=/etc/thanos/objstore.yaml
{{- end }}
{{- include (printf "standin.args.%s" .component) . }}
{{- range .values.extraArgs }}
- {{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "standin.args.query" -}}
{{- $all := .ctx.Values }}
{{- range concat .values.replicaLabels (ternary (list "rule_replica") list $all.rule.enabled) (ternary (list "receive_replica") list $all.receive.enabled) }}
- --query.replica-label={{ . }}
{{- end }}
{{- range $component, $role := include "standin.roles" .ctx | fromYaml }}
{{- if and $role.runs $role.grpc $role.headless }}
- --endpoint=dnssrv+_grpc._tcp.{{ include "standin.host" (list $.ctx (printf "%s-headless" $component)) }}
{{- end }}
{{- end }}
{{- range $all.additionalEndpoints }}
- --endpoint={{ tpl . $.ctx }}
{{- end }}
{{- end -}}

{{- define "standin.args.store-gateway" }}
- --data-dir=/var/thanos/store
{{- end -}}

{{- define "standin.args.compact" }}
- --wait
- --data-dir=/var/thanos/compact
{{- if .values.deduplication.enabled }}
- --compact.enable-vertical-compaction
{{- range concat (ternary (list "rule_replica") list .ctx.Values.rule.enabled) (ternary (list "receive_replica") list .ctx.Values.receive.enabled) }}
- --deduplication.replica-label={{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "standin.args.receive-ingestor" }}
- --tsdb.path=/var/thanos/receive
- --tsdb.retention={{ .ctx.Values.receive.retention }}
- --label=receive_replica="$(NAME)"
- --receive.local-endpoint=$(NAME).{{ include "standin.host" (list .ctx "receive-ingestor-headless") }}:10901
{{- end -}}

{{- define "standin.args.receive-router" }}
- --receive.hashrings-file=/etc/thanos/hashrings.json
- --receive.replication-factor={{ .ctx.Values.receive.replicationFactor }}
- --label=receive_replica="$(NAME)"
{{- end -}}

{{- define "standin.args.rule" }}
- --data-dir=/var/thanos/rule
- --label=rule_replica="$(NAME)"
- --alert.label-drop=rule_replica
- --tsdb.retention={{ .values.retention }}
- --tsdb.block-duration={{ .values.blockDuration }}
- --query=dnssrv+_http._tcp.{{ include "standin.host" (list .ctx "query") }}
- --rule-file=/etc/thanos/rules/*.yaml
- --eval-interval={{ .values.evalInterval }}
- --alertmanagers.config-file=/etc/thanos/alertmanagers-config.yaml
{{- end -}}
