{{- /* Stands in for the pod of a Mimir role in chart `mimir-distributed` 6.1.0. Takes: ctx, component, role, values, zone. */ -}}

{{- define "standin.podMetadata" -}}
namespace: {{ .ctx.Release.Namespace }}
labels:
  {{- merge dict .values.podLabels .ctx.Values.global.podLabels (include "standin.labels" . | fromYaml) | toYaml | nindent 2 }}
annotations:
  checksum/config: {{ include (print .ctx.Template.BasePath "/config.yaml") .ctx | sha256sum }}
  {{- with .values.fallbackConfig }}
  checksum/alertmanager-fallback-config: {{ sha256sum . }}
  {{- end }}
  {{- with merge dict .values.podAnnotations .ctx.Values.global.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- /* What the gateway's pod has too: account, security, placement, grace. */ -}}
{{- define "standin.podCommon" -}}
serviceAccountName: {{ include "standin.serviceAccount" .ctx }}
securityContext: {{ mergeOverwrite (deepCopy .ctx.Values.rbac.podSecurityContext) .values.securityContext | toJson }}
terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
{{- with .ctx.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - {name: {{ . }}}
  {{- end }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $key := list "tolerations" "nodeSelector" "affinity" }}
{{- /* Zones bring their own placement. */ -}}
{{- with and (or (not $.zone) (eq $key "tolerations")) (index $.values $key) }}
{{ $key }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- $own := dict "matchLabels" (include "standin.selector" (omit $ "zone") | fromYaml) }}
  {{- range ternary . (list .) (kindIs "slice" .) }}
  {{- /* Upstream spells these keys out and drops any other. */}}
  {{- $known := pick . "maxSkew" "topologyKey" "whenUnsatisfiable" "labelSelector" "matchLabelKeys" "nodeAffinityPolicy" "nodeTaintsPolicy" "minDomains" }}
  - {{ merge $known (dict "labelSelector" $own) | toJson }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "standin.configVolumes" -}}
- {name: config, configMap: {name: {{ include "mimir.fullname" . }}-config, items: [{key: mimir.yaml, path: mimir.yaml}]}}
- {name: runtime-config, configMap: {name: {{ include "mimir.fullname" . }}-runtime}}
{{- end -}}

{{- define "standin.pod" -}}
{{- $volume := .values.persistentVolume | default dict -}}
metadata:
  {{- include "standin.podMetadata" . | nindent 2 }}
spec:
  {{- include "standin.podCommon" . | nindent 2 }}
  containers:
    - name: {{ .component }}
      image: {{ .ctx.Values.image.repository }}:{{ .ctx.Values.image.tag | default .ctx.Chart.AppVersion }}
      imagePullPolicy: {{ .ctx.Values.image.pullPolicy }}
      args:
        {{- include "standin.args" . | nindent 8 }}
      {{- include "standin.env" . | nindent 6 }}
      ports:
        - {name: http-metrics, containerPort: {{ include "standin.httpPort" .ctx }}, protocol: TCP}
        - {name: grpc, containerPort: {{ include "standin.grpcPort" .ctx }}, protocol: TCP}
        {{- if .role.gossip }}
        - {name: memberlist, containerPort: {{ include "standin.gossipPort" .ctx }}, protocol: TCP}
        {{- end }}
      livenessProbe: {{ toJson .values.livenessProbe }}
      readinessProbe: {{ toJson .values.readinessProbe }}
      resources: {{ toJson .values.resources }}
      securityContext: {{ toJson .values.containerSecurityContext }}
      volumeMounts:
        - {name: config, mountPath: /etc/mimir}
        - {name: runtime-config, mountPath: /var/{{ include "mimir.name" .ctx }}}
        {{- with .values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        - {name: storage, mountPath: /data}
        - {name: active-queries, mountPath: /active-query-tracker}
        {{- if eq .component "alertmanager" }}
        - {name: tmp, mountPath: /tmp}
        - {name: alertmanager-fallback-config, mountPath: /configs/}
        {{- end }}
  volumes:
    {{- include "standin.configVolumes" .ctx | nindent 4 }}
    {{- if not $volume.enabled }}
    - {name: storage, emptyDir: {}}
    {{- end }}
    - {name: active-queries, emptyDir: {}}
    {{- with .values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if eq .component "alertmanager" }}
    - {name: tmp, emptyDir: {}}
    - {name: alertmanager-fallback-config, configMap: {name: {{ include "standin.name" (omit . "zone") }}-fallback-config}}
    {{- end }}
{{- end -}}

{{- /* A claim template; a storage class of "-" asks for none at all. */ -}}
{{- define "standin.claim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: {{ .name }}
    annotations: {{ toJson .annotations }}
    labels: {{ toJson .labels }}
  spec:
    {{- with .storageClass }}
    storageClassName: {{ ternary "" . (eq "-" .) | quote }}
    {{- end }}
    accessModes: {{ toJson .accessModes }}
    resources: {requests: {storage: {{ .size | quote }}}}
{{- end -}}
