{{- /* Stands in for the pods of chart `pyroscope` 2.2.1. */ -}}
{{- define "standin.pod" -}}
{{- $values := .values -}}
{{- $full := include "standin.fullname" .ctx -}}
metadata:
  annotations:
    {{- /* As upstream: of config.yaml alone, so tenants' limits restart nothing. */}}
    checksum/config: {{ include "standin.config" .ctx | sha256sum }}
    {{- toYaml $values.podAnnotations | nindent 4 }}
  labels:
    {{- include "standin.selector" . | nindent 4 }}
    {{- range $key, $label := .ctx.Values.pyroscope.extraLabels }}
    {{ $key }}: {{ $label | quote }}
    {{- end }}
    name: {{ ternary "pyroscope" .component (eq .component "all") | quote }}
spec:
  serviceAccountName: {{ include "standin.account" .ctx }}
  securityContext: {{ toJson $values.podSecurityContext }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets: {{ toJson . }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector: {{ toJson . }}
  {{- end }}
  {{- with $values.topologySpreadConstraints }}
  topologySpreadConstraints: {{ toJson . }}
  {{- end }}
  {{- with $values.affinity }}
  affinity: {{ toJson . }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations: {{ toJson . }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with $values.terminationGracePeriodSeconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  volumes:
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    - {name: config, configMap: {name: {{ $full }}-config}}
    - {name: overrides-config, configMap: {name: {{ $full }}-overrides-config}}
    {{- if not $values.persistence.enabled }}
    - {name: data, emptyDir: {}}
    {{- end }}
  containers:
    - name: {{ ternary "pyroscope" .component (eq .component "all") | quote }}
      image: {{ with $values.image.registry }}{{ . }}/{{ end }}{{ $values.image.repository }}:{{ $values.image.tag | default .ctx.Chart.AppVersion }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      securityContext: {{ toJson $values.securityContext }}
      args:
        {{- include "standin.arguments" . | nindent 8 }}
      env:
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: NAMESPACE_FQDN, value: "{{ .ctx.Release.Namespace }}.svc{{ $values.cluster_domain }}"}
        - {name: PYROSCOPE_METASTORE_SERVICE, value: "{{ include "standin.metastores" .ctx }}.{{ .ctx.Release.Namespace }}.svc{{ $values.cluster_domain }}:{{ $values.metastore.port }}"}
        {{- range $name, $value := $values.extraEnvVars }}
        - {{ merge (dict "name" $name) (kindIs "map" $value | ternary $value (dict "value" (toString $value))) | toJson }}
        {{- end }}
      {{- with $values.extraEnvFrom }}
      envFrom: {{ toJson . }}
      {{- end }}
      ports:
        {{- range include "standin.ports" . | fromYamlArray }}
        - {name: {{ .name }}, containerPort: {{ .port }}, protocol: TCP}
        {{- end }}
        - {name: {{ $values.memberlist.port_name }}, containerPort: {{ $values.memberlist.port }}, protocol: TCP}
      readinessProbe: {httpGet: {path: /ready, port: {{ $values.service.port_name }}, scheme: {{ $values.service.scheme }}}}
      resources: {{ toJson $values.resources }}
      volumeMounts:
        - {name: config, mountPath: /etc/pyroscope/config.yaml, subPath: config.yaml}
        - {name: overrides-config, mountPath: /etc/pyroscope/overrides/}
        - {name: data, mountPath: /data}
        {{- if include "standin.raft" .component }}
        - {name: data, mountPath: /data-metastore, subPath: {{ $values.persistence.metastore.subPath }}}
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{- define "standin.arguments" -}}
{{- $values := .values -}}
{{- $full := include "standin.fullname" .ctx -}}
{{- $apart := .ctx.Values.architecture.microservices -}}
- "-target={{ .component }}"
- "-self-profiling.disable-push={{ $values.disableSelfProfile }}"
- "-server.http-listen-port={{ $values.service.port }}"
- "-memberlist.cluster-label={{ .ctx.Release.Namespace }}-{{ $full }}{{ if $apart.enabled }}{{ $apart.clusterLabelSuffix }}{{ end }}"
- "-memberlist.join=dns+{{ $full }}-memberlist.{{ .ctx.Release.Namespace }}.svc{{ $values.cluster_domain }}:{{ $values.memberlist.port }}"
- "-config.file=/etc/pyroscope/config.yaml"
- "-runtime-config.file=/etc/pyroscope/overrides/overrides.yaml"
{{- range $flag, $value := $values.extraArgs }}
- "-{{ $flag }}={{ $value }}"
{{- end }}
{{- if not (hasKey $values.extraArgs "query-backend.address") }}
- "-query-backend.address=dns:///_grpc._tcp.{{ $full }}{{ if $apart.enabled }}-query-backend{{ end }}-headless.$(NAMESPACE_FQDN):{{ $values.grpc.port }}"
{{- end }}
{{- if not (hasKey $values.extraArgs "metastore.address") }}
- "-metastore.address=kubernetes:///{{ include "standin.metastores" .ctx }}.$(NAMESPACE_FQDN):{{ $values.grpc.port }}"
{{- end }}
{{- if include "standin.raft" .component }}
- "-metastore.raft.bootstrap-peers=dnssrvnoa+_raft._tcp.$(PYROSCOPE_METASTORE_SERVICE)"
{{- end }}
- "-architecture.storage=v2"
{{- end -}}

{{- define "standin.metastores" -}}
{{ include "standin.fullname" . }}{{ if .Values.architecture.microservices.enabled }}-metastore{{ end }}-headless
{{- end -}}

{{- define "standin.raft" -}}
{{- if or (eq . "all") (eq . "metastore") }}true{{ end -}}
{{- end -}}

{{- /* The ports that a Service has. */ -}}
{{- define "standin.ports" -}}
- {name: {{ .values.service.port_name }}, port: {{ .values.service.port }}}
- {name: {{ .values.grpc.port_name }}, port: {{ .values.grpc.port }}}
{{- if include "standin.raft" .component }}
- {name: {{ .values.metastore.port_name }}, port: {{ .values.metastore.port }}}
{{- end }}
{{- end -}}
