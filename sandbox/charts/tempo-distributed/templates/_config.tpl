{{- /* Stands in for the text `config` of chart `tempo-distributed` 2.26.2: what of tempo.yaml the values give. */ -}}

{{- define "standin.config" -}}
{{- $ring := dict "kvstore" (dict "store" "memberlist") }}
multitenancy_enabled: {{ .Values.multitenancyEnabled }}
stream_over_http_enabled: {{ .Values.streamOverHTTPEnabled }}
usage_report: {reporting_enabled: {{ .Values.reportingEnabled }}}
distributor: {ring: {{ toJson $ring }}, receivers: {{ include "standin.receivers" . }}}
ingester:
  lifecycler:
    ring: {{ merge (pick .Values.ingester.config "replication_factor") $ring | toJson }}
    tokens_file_path: /var/tempo/tokens.json
  {{- with .Values.ingester.config.flush_all_on_shutdown }}
  flush_all_on_shutdown: {{ . }}
  {{- end }}
compactor: {ring: {{ toJson $ring }}, compaction: {{ toJson .Values.compactor.config.compaction }}}
querier:
  {{- omit .Values.querier.config "frontend_worker" | toYaml | nindent 2 }}
  frontend_worker:
    frontend_address: "{{ include "tempo.fullname" . }}-query-frontend-discovery:9095"
    {{- with .Values.querier.config.frontend_worker.grpc_client_config }}
    grpc_client_config: {{ toJson . }}
    {{- end }}
query_frontend:
  {{- toYaml .Values.queryFrontend.config | nindent 2 }}
  mcp_server: {{ toJson .Values.queryFrontend.mcp_server }}
{{- if .Values.metricsGenerator.enabled }}
metrics_generator: {{ merge (dict "ring" $ring) .Values.metricsGenerator.config | toJson }}
{{- end }}
memberlist:
  {{- toYaml .Values.memberlist | nindent 2 }}
  join_members: ["dns+{{ include "tempo.fullname" . }}-gossip-ring:{{ .Values.memberlist.bind_port }}"]
overrides: {{ toJson .Values.overrides }}
server:
  http_listen_port: {{ .Values.server.httpListenPort }}
  log_level: {{ .Values.server.logLevel }}
  log_format: {{ .Values.server.logFormat }}
  {{- omit .Values.server "httpListenPort" "logLevel" "logFormat" | toYaml | nindent 2 }}
cache: {{ include "standin.cache" . }}
storage:
  trace:
    {{- toYaml .Values.storage.trace | nindent 4 }}
    local: {path: /var/tempo/traces}
    wal: {path: /var/tempo/wal}
{{- end -}}

{{- define "standin.receivers" -}}
{{- $protocols := dict -}}
{{- range $protocol, $port := dict "grpc" 4317 "http" 4318 -}}
{{- with index $.Values.traces.otlp $protocol -}}
{{- if .enabled -}}
{{- $_ := set $protocols $protocol (merge dict .receiverConfig (dict "endpoint" (printf "0.0.0.0:%d" $port))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ ternary (dict "otlp" (dict "protocols" $protocols)) dict (gt (len $protocols) 0) | toJson }}
{{- end -}}

{{- define "standin.cache" -}}
{{- if .Values.memcached.enabled -}}
{{- $own := dict "host" (printf "%s-memcached" (include "tempo.fullname" .)) "service" "memcached-client"
  "consistent_hash" .Values.memcached.consistentHash "timeout" .Values.memcached.timeout -}}
{{ dict "caches" (list (dict "memcached" $own "roles" (list "parquet-footer" "bloom" "frontend-search"))) | toJson }}
{{- else -}}
{{ toJson .Values.cache }}
{{- end -}}
{{- end -}}
