{{- /* Stands in for the per-role templates of chart `mimir-distributed` 6.1.0: what tells the roles apart, as a table. */ -}}

{{- /* component -> section of values, kind, gossip (joins memberlist), ports, headless Service (null: none), zone flag, fixed arguments. */ -}}
{{- define "standin.roles" -}}
{{- $response := .Values.store_gateway.grpcMaxQueryResponseSizeBytes -}}
distributor:
  section: distributor
  kind: Deployment
  gossip: true
  headless: {}
  args:
    - -server.grpc.keepalive.max-connection-age=60s
    - -server.grpc.keepalive.max-connection-age-grace=5m
    - -server.grpc.keepalive.max-connection-idle=1m
    - -shutdown-delay=90s
querier:
  section: querier
  kind: Deployment
  gossip: true
  args: ["-querier.store-gateway-client.grpc-max-recv-msg-size={{ $response }}"]
query-frontend:
  section: query_frontend
  kind: Deployment
  args: [-server.grpc.keepalive.max-connection-age=30s, -shutdown-delay=90s]
query-scheduler:
  section: query_scheduler
  kind: Deployment
  headless: {publishNotReadyAddresses: true}
ruler:
  section: ruler
  kind: Deployment
  gossip: true
  httpOnly: true
  args: [-mem-ballast-size-bytes=1073741824, -distributor.remote-timeout=10s]
overrides-exporter:
  section: overrides_exporter
  kind: Deployment
compactor:
  section: compactor
  kind: StatefulSet
  gossip: true
  serviceName: compactor
ingester:
  section: ingester
  kind: StatefulSet
  gossip: true
  headless: {}
  serviceName: ingester-headless
  zoneFlag: -ingester.ring.instance-availability-zone
store-gateway:
  section: store_gateway
  kind: StatefulSet
  gossip: true
  headless: {}
  serviceName: store-gateway-headless
  zoneFlag: -store-gateway.sharding-ring.instance-availability-zone
  args: ["-server.grpc-max-send-msg-size-bytes={{ $response }}"]
alertmanager:
  section: alertmanager
  kind: StatefulSet
  gossip: true
  headless: {publishNotReadyAddresses: true}
  clusterPort: 9094
  serviceName: alertmanager
  zoneFlag: -alertmanager.sharding-ring.instance-availability-zone
  args: [-server.http-idle-timeout=6m]
{{- end -}}

{{- /* One entry per workload of a role: one for each zone, or a single one without. Takes the role's section. */ -}}
{{- define "standin.zones" -}}
{{- $zones := .zoneAwareReplication | default dict -}}
{{- if $zones.enabled -}}
{{- $count := len $zones.zones -}}
{{- if lt $count 3 }}{{ fail "zone-aware replication needs at least 3 zones" }}{{ end -}}
{{- $each := div (add .replicas $count -1) $count -}}
{{- range $zones.zones }}
- {zone: {{ .name }}, replicas: {{ $each }}}
{{- end }}
{{- else -}}
- {zone: "", replicas: {{ toJson .replicas }}}
{{- end -}}
{{- end -}}

{{- define "standin.args" -}}
{{- $zone := .zone -}}
- -target={{ .component }}
- -config.expand-env=true
- -config.file=/etc/mimir/mimir.yaml
{{- if and .role.zoneFlag .zone }}
- {{ .role.zoneFlag }}={{ .zone }}
{{- end }}
{{- if eq .component "ingester" }}
{{- if not .zone }}
- -ingester.ring.instance-availability-zone=zone-default
- -server.grpc-max-concurrent-streams=500
{{- else if dig "ingest_storage" "enabled" true .ctx.Values.mimir.structuredConfig }}
- -ingest-storage.kafka.client-rack={{ .zone }}
{{- end }}
- -memberlist.abort-if-fast-join-fails=true
{{- end }}
{{- range .role.args }}
- {{ . }}
{{- end }}
{{- range $flag, $value := .values.extraArgs }}
- {{ printf "-%s=%v" $flag $value | quote }}
{{- end }}
{{- end -}}

{{- /* Cores of a CPU quantity such as 100m or 2. */ -}}
{{- define "standin.cores" -}}
{{- $text := toString . -}}
{{ ternary (trimSuffix "m" $text | float64 | mulf 0.001) (float64 $text) (hasSuffix "m" $text) }}
{{- end -}}

{{- /* Bytes of a memory quantity such as 128Mi, rounded up. */ -}}
{{- define "standin.bytes" -}}
{{- $text := toString . -}}
{{- $factors := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 -}}
{{- $suffix := regexFind "[A-Za-z]+$" $text -}}
{{ trimSuffix $suffix $text | float64 | mulf (get $factors $suffix | default 1) | ceil | int64 }}
{{- end -}}

{{- /* Go's own limits, from the requests: the store-gateway's GOMEMLIMIT is its memory REQUEST, whatever its limit. */ -}}
{{- define "standin.runtimeEnv" -}}
{{- $requests := dig "resources" "requests" dict .values -}}
{{- $procs := "" -}}
{{- if $requests.cpu -}}
{{- $cores := include "standin.cores" $requests.cpu | float64 -}}
{{- $double := mulf $cores 2 | ceil -}}
{{- if eq .component "distributor" }}{{ $procs = max $double 8 }}{{ end -}}
{{- if has .component (list "querier" "store-gateway") }}{{ $procs = max $double (addf $cores 4 | ceil) }}{{ end -}}
{{- /* Upstream adds the raw quantity here, in which a milli-CPU reads as 0. */ -}}
{{- if eq .component "ingester" }}{{ $procs = addf (float64 $requests.cpu) (max 3 (min 6 $cores)) 1 | ceil }}{{ end -}}
{{- end -}}
{{- $env := list -}}
{{- if $procs }}{{ $env = append $env (dict "name" "GOMAXPROCS" "value" (toString $procs)) }}{{ end -}}
{{- if and (eq .component "store-gateway") $requests.memory -}}
{{- $env = append $env (dict "name" "GOMEMLIMIT" "value" (include "standin.bytes" $requests.memory)) -}}
{{- end -}}
{{ dict "env" $env | toJson }}
{{- end -}}

{{- /* The container's env and envFrom: the role's own entries win over global ones, and both over the runtime's. */ -}}
{{- define "standin.env" -}}
{{- $chosen := dict -}}
{{- range concat .ctx.Values.global.extraEnv .values.env }}{{ $_ := set $chosen .name . }}{{ end -}}
{{- $env := list -}}
{{- range (include "standin.runtimeEnv" . | fromJson).env -}}
{{- $env = append $env (get $chosen .name | default .) -}}
{{- $_ := unset $chosen .name -}}
{{- end -}}
{{- range $chosen }}{{ $env = append $env . }}{{ end -}}
env: {{ toJson $env }}
{{- with concat .ctx.Values.global.extraEnvFrom .values.extraEnvFrom }}
envFrom: {{ toJson . }}
{{- end }}
{{- end -}}
