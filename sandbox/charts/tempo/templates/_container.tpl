{{- /* Stands in for the `tempo` container of chart `tempo` 2.2.4. */ -}}
{{- define "standin.container" -}}
- name: tempo
  image: {{ .Values.global.imageRegistry | default .Values.tempo.registry }}/{{ .Values.tempo.repository }}:{{ .Values.tempo.tag | default .Chart.AppVersion }}
  imagePullPolicy: {{ .Values.tempo.pullPolicy }}
  args:
    - -config.file=/conf/tempo.yaml
    - -mem-ballast-size-mbs={{ .Values.tempo.memBallastSizeMbs }}
    {{- range $flag, $value := .Values.tempo.extraArgs }}
    - {{ ternary (printf "-%s=%v" $flag $value) (printf "-%s" $flag) (not (empty $value)) | quote }}
    {{- end }}
  ports:
    - {name: prom-metrics, containerPort: 3200}
    - {name: jaeger-thrift-c, containerPort: 6831, protocol: UDP}
    - {name: jaeger-thrift-b, containerPort: 6832, protocol: UDP}
    - {name: jaeger-thrift-h, containerPort: 14268}
    - {name: jaeger-grpc, containerPort: 14250}
    - {name: zipkin, containerPort: 9411}
    - {name: otlp-legacy, containerPort: 55680}
    - {name: otlp-grpc, containerPort: 4317}
    - {name: otlp-httplegacy, containerPort: 55681}
    - {name: otlp-http, containerPort: 4318}
  livenessProbe: {{ toJson .Values.tempo.livenessProbe }}
  readinessProbe: {{ toJson .Values.tempo.readinessProbe }}
  resources: {{ toJson .Values.tempo.resources }}
  {{- with .Values.tempo.securityContext }}
  securityContext: {{ toJson . }}
  {{- end }}
  env: {{ toJson .Values.tempo.extraEnv }}
  {{- with .Values.tempo.extraEnvFrom }}
  envFrom: {{ toJson . }}
  {{- end }}
  volumeMounts:
    {{- with .Values.tempo.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    - {name: tempo-conf, mountPath: /conf}
    {{- if .Values.persistence.enabled }}
    - {name: storage, mountPath: /var/tempo}
    {{- end }}
    {{- if .Values.tempo.metricsGenerator.enabled }}
    - {name: tmp, mountPath: /tmp}
    {{- end }}
{{- end -}}
