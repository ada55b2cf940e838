{{- /* Stands in for the pod of a Tempo role in chart `tempo-distributed` 2.26.2. Takes: ctx, component, role, values. */ -}}

{{- define "standin.ports" -}}
{{- if .values.ports }}
{{- range .values.ports }}
- {name: {{ .name }}, containerPort: {{ .port }}}
{{- end }}
{{- else }}
- {name: http-memberlist, containerPort: {{ dig "memberlist" "bind_port" 7946 .ctx.Values.tempo.structuredConfig }}, protocol: TCP}
- {name: http-metrics, containerPort: 3200, protocol: TCP}
{{- if eq .component "distributor" }}
{{- with .ctx.Values.traces.otlp }}
{{- if .http.enabled }}
- {name: otlp-http, containerPort: 4318, protocol: TCP}
{{- end }}
{{- if .grpc.enabled }}
- {name: grpc-otlp, containerPort: 4317, protocol: TCP}
{{- end }}
{{- end }}
{{- end }}
{{- range .values.extraPorts }}
- {{ toJson . }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A role's own placement wins over `defaults`; affinity and spread are a role's alone, and text. */ -}}
{{- define "standin.placement" -}}
{{- $defaults := .ctx.Values.defaults -}}
{{- with coalesce .values.priorityClassName $defaults.priorityClassName .ctx.Values.global.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" }}
{{- with coalesce (index $.values $key) (index $defaults $key) }}
{{ $key }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- range $key := list "affinity" "topologySpreadConstraints" }}
{{- with index $.values $key }}
{{ $key }}:
  {{- tpl . $.ctx | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "standin.pod" -}}
{{- $all := .ctx.Values -}}
{{- $values := .values -}}
{{- $resources := coalesce $values.resources $all.defaults.resources | default dict -}}
{{- $volume := .role.volume | default (printf "tempo-%s-store" .component) -}}
{{- $persistence := $values.persistence | default dict -}}
{{- $kept := and (eq .role.kind "StatefulSet") $persistence.enabled -}}
metadata:
  labels:
    {{- $own := include "standin.ownLabels" (merge (dict "memberlist" true) .) | fromYaml }}
    {{- merge dict $values.podLabels $all.tempo.podLabels $all.defaults.podLabels $all.global.podLabels $all.global.commonLabels $own | toYaml | nindent 4 }}
  annotations:
    checksum/config: {{ include (print .ctx.Template.BasePath "/config.yaml") .ctx | sha256sum }}
    {{- if $kept }}
    storage/size: {{ $persistence.size }}
    {{- end }}
    {{- with merge dict $values.podAnnotations $all.tempo.podAnnotations $all.defaults.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "tempo.serviceAccountName" .ctx }}
  enableServiceLinks: false
  securityContext: {{ toJson $all.tempo.podSecurityContext }}
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  {{- with coalesce $all.tempo.image.pullSecrets $all.global.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - {name: {{ . }}}
    {{- end }}
  {{- end }}
  {{- include "standin.placement" . | nindent 2 }}
  containers:
    - name: {{ .component }}
      image: {{ $all.tempo.image.registry | default $all.global.image.registry }}/{{ $all.tempo.image.repository }}:{{ $all.tempo.image.tag | default .ctx.Chart.AppVersion }}
      imagePullPolicy: {{ $all.tempo.image.pullPolicy }}
      args: {{ concat (list (printf "-target=%s" .component) "-config.file=/conf/tempo.yaml") $all.global.extraArgs $all.defaults.extraArgs $values.extraArgs | toJson }}
      ports:
        {{- include "standin.ports" . | nindent 8 }}
      env: {{ include "standin.env" (dict "ctx" .ctx "resources" $resources "env" (concat $all.global.extraEnv $all.defaults.extraEnv $values.extraEnv)) }}
      {{- with concat $all.global.extraEnvFrom $all.defaults.extraEnvFrom $values.extraEnvFrom | uniq }}
      envFrom: {{ toJson . }}
      {{- end }}
      livenessProbe: {{ toJson $all.tempo.livenessProbe }}
      readinessProbe: {{ toJson $all.tempo.readinessProbe }}
      {{- with $resources }}
      resources: {{ toJson . }}
      {{- end }}
      securityContext: {{ toJson $all.tempo.securityContext }}
      volumeMounts:
        - {name: config, mountPath: /conf}
        - {name: runtime-config, mountPath: /runtime-config}
        - {name: {{ $volume }}, mountPath: /var/tempo}
        {{- with $all.defaults.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - {name: config, configMap: {name: {{ include "tempo.fullname" .ctx }}-config, items: [{key: tempo.yaml, path: tempo.yaml}]}}
    - {name: runtime-config, configMap: {name: {{ include "tempo.fullname" .ctx }}-runtime, items: [{key: overrides.yaml, path: overrides.yaml}]}}
    {{- with $all.defaults.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if not $kept }}
    - {name: {{ $volume }}, emptyDir: {{ $values.walEmptyDir | default dict | toJson }}}
    {{- end }}
{{- end -}}

{{- /* A claim template; a storage class of "-" asks for none at all. Takes: name, persistence, class. */ -}}
{{- define "standin.claim" -}}
{{- $class := .persistence.storageClass | default .class -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: {{ .name }}
    {{- range $key := list "annotations" "labels" }}
    {{- with index $.persistence $key }}
    {{ $key }}: {{ toJson . }}
    {{- end }}
    {{- end }}
  spec:
    {{- with $class }}
    storageClassName: {{ ternary "" . (eq "-" .) | quote }}
    {{- end }}
    accessModes: [ReadWriteOnce]
    resources: {requests: {storage: {{ .persistence.size | quote }}}}
{{- end -}}
