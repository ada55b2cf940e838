{{- /* Stands in for the pod of a role in chart `thanos` 1.24.1. Takes: ctx, component, role, values. */ -}}

{{- define "standin.pod" -}}
metadata:
  labels:
    {{- merge dict .values.podLabels (include "standin.selector" . | fromYaml) | toYaml | nindent 4 }}
  annotations:
    {{- if and .role.bucket .ctx.Values.objstoreConfig.create }}
    checksum/config: {{ sha256sum .ctx.Values.objstoreConfig.value }}
    {{- end }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with .ctx.Values.imagePullSecrets }}
  imagePullSecrets: {{ toJson . }}
  {{- end }}
  serviceAccountName: {{ .values.serviceAccount.name | default (include "standin.name" .) }}
  securityContext: {{ toJson .values.podSecurityContext }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .values.terminationGracePeriodSeconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  {{- range $key := list "tolerations" "nodeSelector" "affinity" }}
  {{- with index $.values $key }}
  {{ $key }}: {{ toJson . }}
  {{- end }}
  {{- end }}
  {{- with .values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- $own := dict "matchLabels" (include "standin.selector" $ | fromYaml) }}
    {{- range . }}
    - {{ merge (deepCopy .) (dict "labelSelector" $own) | toJson }}
    {{- end }}
  {{- end }}
  containers:
    - name: thanos-{{ .component }}
      image: {{ .ctx.Values.image.repository }}:{{ .ctx.Values.image.tag | default (printf "v%s" .ctx.Chart.AppVersion) }}
      imagePullPolicy: {{ .ctx.Values.image.pullPolicy }}
      args:
        {{- include "standin.args" . | nindent 8 }}
      env:
        - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: HOST_IP_ADDRESS, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
        {{- with .values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- if .role.grpc }}
        - {name: grpc, containerPort: 10901, protocol: TCP}
        {{- end }}
        - {name: http, containerPort: 10902, protocol: TCP}
        {{- if .role.push }}
        - {name: http-rem-write, containerPort: 19291, protocol: TCP}
        {{- end }}
      livenessProbe: {{ toJson .values.livenessProbe }}
      readinessProbe: {{ toJson .values.readinessProbe }}
      resources: {{ toJson .values.resources }}
      securityContext: {{ toJson .values.securityContext }}
      volumeMounts:
        {{- include "standin.mounts" . | nindent 8 }}
    {{- if and (eq .component "rule") .values.configReloader.enabled }}
    - name: config-reloader
      image: {{ .values.configReloader.image.repository }}:{{ .values.configReloader.image.tag }}
      imagePullPolicy: {{ .values.configReloader.image.pullPolicy }}
      args: ["--webhook-url=http://localhost:10902/-/reload", -volume-dir=/etc/thanos/rules]
      resources: {{ toJson .values.configReloader.resources }}
      volumeMounts: [{name: rules, mountPath: /etc/thanos/rules, readOnly: true}]
    {{- end }}
  volumes:
    {{- include "standin.volumes" . | nindent 4 }}
{{- end -}}

{{- define "standin.mounts" -}}
{{- if .role.bucket -}}
- {name: objstore-config, mountPath: /etc/thanos/objstore.yaml, subPath: {{ .ctx.Values.objstoreConfig.key }}, readOnly: true}
- {name: data, mountPath: {{ .role.data }}}
{{- end }}
{{- if eq .component "receive-router" }}
- {name: hashrings-config, mountPath: /etc/thanos/hashrings.json, subPath: hashrings.json, readOnly: true}
{{- end }}
{{- if eq .component "rule" }}
- {name: alertmanagers-config, mountPath: /etc/thanos/alertmanagers-config.yaml, subPath: {{ .values.alertmanagersConfig.key }}, readOnly: true}
- {name: rules, mountPath: /etc/thanos/rules, readOnly: true}
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "standin.volumes" -}}
{{- if .role.bucket -}}
- {name: objstore-config, secret: {secretName: {{ include "standin.objstore" .ctx }}}}
{{- if not .values.persistence.enabled }}
- {name: data, emptyDir: {}}
{{- end }}
{{- end }}
{{- if eq .component "receive-router" }}
- {name: hashrings-config, configMap: {name: {{ include "standin.name" . }}-hashrings}}
{{- end }}
{{- if eq .component "rule" }}
- {name: alertmanagers-config, secret: {secretName: {{ include "standin.alertmanagers" .ctx }}}}
- {name: rules, configMap: {name: {{ include "standin.rules" .ctx }}}}
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* A claim template; a storage class of "-" asks for none at all. */ -}}
{{- define "standin.claim" -}}
- metadata:
    name: data
    labels:
      {{- include "standin.selector" . | nindent 6 }}
    {{- with .values.persistence.annotations }}
    annotations: {{ toJson . }}
    {{- end }}
  spec:
    {{- with .values.persistence.storageClass }}
    storageClassName: {{ ternary "" . (eq "-" .) | quote }}
    {{- end }}
    accessModes: [{{ .values.persistence.accessMode }}]
    resources: {requests: {storage: {{ .values.persistence.size | quote }}}}
{{- end -}}
