{{- /* Stands in for Loki's configuration in chart `loki` 18.11.0: the sections of the values, structuredConfig over them. */ -}}

{{- define "standin.s3" -}}
{{- $s3 := .ctx.Values.loki.storage.s3 -}}
bucketnames: {{ .bucket }}
s3forcepathstyle: {{ $s3.s3ForcePathStyle }}
insecure: {{ $s3.insecure }}
endpoint: {{ $s3.endpoint }}
region: {{ $s3.region }}
{{- with $s3.accessKeyId }}
access_key_id: {{ . }}
{{- end }}
{{- with $s3.secretAccessKey }}
secret_access_key: {{ . }}
{{- end }}
{{- with $s3.http_config }}
http_config: {{ toJson . }}
{{- end }}
{{- end -}}

{{- define "standin.address" -}}
{{ .name }}.{{ .ctx.Release.Namespace }}.svc.{{ .ctx.Values.global.clusterDomain }}
{{- end -}}

{{- define "standin.sections" -}}
{{- $loki := .Values.loki -}}
{{- $full := include "loki.fullname" . -}}
{{- $single := eq .Values.deploymentMode "Monolithic" -}}
{{- $buckets := $loki.storage.bucketNames | default dict -}}
{{- $grpc := int $loki.server.grpc_listen_port -}}
{{- $chunks := required "Please define loki.storage.bucketNames.chunks" $buckets.chunks -}}
{{- $index := ternary "" (printf "dns+%s:%d" (include "standin.address" (dict "ctx" . "name" (printf "%s-backend-headless" $full))) $grpc) $single -}}
auth_enabled: {{ $loki.auth_enabled }}
server: {{ toJson $loki.server }}
memberlist: {{ merge (dict "join_members" (list (include "standin.address" (dict "ctx" . "name" (printf "%s-memberlist" $full))))) $loki.extraMemberlistConfig | toJson }}
ingester: {{ toJson $loki.ingester }}
pattern_ingester: {{ toJson $loki.pattern_ingester }}
common:
  path_prefix: {{ $loki.commonConfig.path_prefix }}
  replication_factor: {{ $loki.commonConfig.replication_factor }}
  compactor_grpc_address: {{ include "standin.address" (dict "ctx" . "name" (ternary $full (printf "%s-backend" $full) $single)) }}:{{ $grpc }}
  storage:
    s3:
      {{- include "standin.s3" (dict "ctx" . "bucket" $chunks) | nindent 6 }}
limits_config: {{ toJson $loki.limits_config }}
runtime_config: {file: /etc/loki/runtime-config/runtime-config.yaml}
schema_config: {{ toJson $loki.schemaConfig }}
{{- if .Values.ruler.enabled }}
ruler:
  storage:
    type: s3
    s3:
      {{- include "standin.s3" (dict "ctx" . "bucket" (required "Please define loki.storage.bucketNames.ruler" $buckets.ruler)) | nindent 6 }}
  wal: {{ toJson $loki.rulerConfig.wal }}
{{- end }}
query_range: {{ merge (dict "align_queries_with_step" true) $loki.query_range | toJson }}
{{- $client := dict "index_gateway_client" (dict "server_address" $index) }}
storage_config: {{ merge (dict "use_thanos_objstore" $loki.storage.use_thanos_objstore "boltdb_shipper" $client "tsdb_shipper" $client) $loki.storage_config | toJson }}
{{- with $loki.compactor }}
compactor: {{ toJson . }}
{{- end }}
{{- with $loki.analytics }}
analytics: {{ toJson . }}
{{- end }}
{{- with $loki.querier }}
querier: {{ toJson . }}
{{- end }}
index_gateway: {{ toJson $loki.index_gateway }}
frontend: {scheduler_address: "", tail_proxy_url: ""}
frontend_worker: {scheduler_address: ""}
tracing: {{ toJson $loki.tracing }}
bloom_build: {enabled: false, builder: {planner_address: {{ ternary "" ($index | trimPrefix "dns+") $single | quote }}}}
bloom_gateway: {enabled: false, client: {addresses: {{ ternary "" (printf "dnssrvnoa+_grpc._tcp.%s" (include "standin.address" (dict "ctx" . "name" (printf "%s-backend-headless" $full)))) $single | quote }}}}
{{- end -}}

{{- define "standin.config" -}}
{{- $sections := include "standin.sections" . | fromYaml -}}
{{- with $sections.Error }}{{ fail (printf "the configuration is not YAML: %s" .) }}{{ end -}}
{{- mergeOverwrite $sections .Values.loki.structuredConfig | toYaml }}
{{- end -}}
