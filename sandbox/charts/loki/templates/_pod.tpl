{{- /* Stands in for the pods of chart `loki` 18.11.0. */ -}}
{{- define "standin.pod" -}}
{{- $values := .values -}}
{{- $defaults := .ctx.Values.defaults -}}
{{- $loki := .ctx.Values.loki -}}
metadata:
  annotations:
    checksum/config: {{ include "standin.config" .ctx | sha256sum }}
    {{- with mergeOverwrite dict $loki.podAnnotations $defaults.podAnnotations $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if eq .component "single-binary" }}
    storage/size: {{ $values.persistence.size | quote }}
    {{- end }}
    kubectl.kubernetes.io/default-container: {{ .role.container }}
  labels:
    {{- include "loki.labels" . | nindent 4 }}
    app.kubernetes.io/part-of: memberlist
    {{- with mergeOverwrite dict $defaults.podLabels $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "loki.serviceAccountName" .ctx }}
  enableServiceLinks: {{ $defaults.enableServiceLinks }}
  {{- $token := ternary $values.automountServiceAccountToken $defaults.automountServiceAccountToken (kindIs "bool" $values.automountServiceAccountToken) }}
  automountServiceAccountToken: {{ $token }}
  {{- with .ctx.Values.imagePullSecrets }}
  imagePullSecrets: {{ toJson . }}
  {{- end }}
  {{- with coalesce $values.priorityClassName $defaults.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext: {{ coalesce $defaults.podSecurityContext $loki.podSecurityContext | toJson }}
  terminationGracePeriodSeconds: {{ coalesce $values.terminationGracePeriodSeconds $defaults.terminationGracePeriodSeconds }}
  {{- with $values.affinity }}
  affinity: {{ toJson . }}
  {{- end }}
  {{- with $values.topologySpreadConstraints }}
  topologySpreadConstraints: {{ toJson . }}
  {{- end }}
  {{- with coalesce $values.nodeSelector $defaults.nodeSelector }}
  nodeSelector: {{ toJson . }}
  {{- end }}
  {{- with coalesce $values.tolerations $defaults.tolerations }}
  tolerations: {{ toJson . }}
  {{- end }}
  volumes:
    - {name: temp, emptyDir: {}}
    - {name: config, configMap: {name: {{ include "loki.name" .ctx }}, items: [{key: config.yaml, path: config.yaml}]}}
    - {name: runtime-config, configMap: {name: {{ include "loki.name" .ctx }}-runtime}}
    {{- if not (include "standin.claims" .) }}
    - {name: {{ .role.volume }}, emptyDir: {}}
    {{- end }}
    {{- with concat $defaults.extraVolumes $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  containers:
    - name: {{ .role.container }}
      {{- $version := printf ":%s" ($loki.image.tag | default .ctx.Chart.AppVersion) }}
      image: {{ $loki.image.registry }}/{{ $loki.image.repository }}{{ ternary (printf "@%s" $loki.image.digest) $version (not (empty $loki.image.digest)) }}
      imagePullPolicy: {{ $loki.image.pullPolicy }}
      args:
        - -config.file=/etc/loki/config/config.yaml
        - -config.expand-env=true
        - -memberlist.advertise-addr=$(POD_IP)
        - -target={{ .role.target }}
        {{- if eq .component "backend" }}
        - -legacy-read-mode=false
        {{- end }}
      ports:
        - {name: http-metrics, containerPort: {{ $loki.server.http_listen_port }}, protocol: TCP}
        - {name: grpc, containerPort: {{ $loki.server.grpc_listen_port }}, protocol: TCP}
        - {name: http-memberlist, containerPort: 7946, protocol: TCP}
      env:
        {{- with dig "limits" "memory" "" $values.resources }}
        - {name: GOMEMLIMIT, value: {{ printf "%dMiB" (include "standin.mib" . | float64 | mulf $defaults.goSettings.goMemLimitFactor | int) }}}
        {{- end }}
        - {name: GOGC, value: {{ $defaults.goSettings.gogc | quote }}}
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        {{- with concat .ctx.Values.global.extraEnv $defaults.extraEnv $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with concat .ctx.Values.global.extraEnvFrom $defaults.extraEnvFrom $values.extraEnvFrom }}
      envFrom: {{ toJson . }}
      {{- end }}
      securityContext: {{ coalesce $defaults.containerSecurityContext $loki.containerSecurityContext | toJson }}
      livenessProbe: {{ coalesce $defaults.livenessProbe $loki.livenessProbe | toJson }}
      readinessProbe: {{ coalesce $defaults.readinessProbe $loki.readinessProbe | toJson }}
      resources: {{ toJson $values.resources }}
      volumeMounts:
        - {name: config, mountPath: /etc/loki/config}
        - {name: runtime-config, mountPath: /etc/loki/runtime-config}
        - {name: {{ .role.volume }}, mountPath: /var/loki}
        - {name: temp, mountPath: /tmp}
        {{- with concat $defaults.extraVolumeMounts $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- if and .ctx.Values.sidecar.rules.enabled (ne .component "read") (ne .component "write") }}
    - {name: loki-sc-rules, image: sandbox/k8s-sidecar}
    {{- end }}
{{- end -}}

{{- define "standin.mib" -}}
{{- if hasSuffix "Gi" . }}{{ mulf (trimSuffix "Gi" . | float64) 1024 }}{{ else }}{{ trimSuffix "Mi" . }}{{ end -}}
{{- end -}}

{{- /* Whether a role has volume claims: the single binary's and the others' switches are called differently. */ -}}
{{- define "standin.claims" -}}
{{- if or (dig "persistence" "enabled" false .values) (dig "persistence" "volumeClaimsEnabled" false .values) }}true{{ end -}}
{{- end -}}
