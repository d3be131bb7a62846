{{/* The environment of every process. */}}
{{- define "holdfast.env" -}}
- name: HOLDFAST_OPERATIONS_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.operations.name }}
      key: {{ .Values.secrets.operations.key }}
{{- if eq .Values.mode "cluster" }}
- name: HOLDFAST_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.database.name }}
      key: {{ .Values.secrets.database.key }}
- name: HOLDFAST_TEMPORAL_ADDRESS
  value: {{ required "temporal.address is not set: host:port of the frontend, or mode: single" .Values.temporal.address | quote }}
- name: HOLDFAST_TEMPORAL_NAMESPACE
  value: {{ .Values.temporal.namespace | quote }}
{{- with .Values.temporal.tls }}
{{- if .secret }}
{{- if .cert }}
- name: HOLDFAST_TEMPORAL_TLS_CERT
  value: /etc/holdfast/temporal/{{ .cert }}
{{- end }}
{{- if .key }}
- name: HOLDFAST_TEMPORAL_TLS_KEY
  value: /etc/holdfast/temporal/{{ .key }}
{{- end }}
{{- if .ca }}
- name: HOLDFAST_TEMPORAL_TLS_CA
  value: /etc/holdfast/temporal/{{ .ca }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.migrate.enabled }}
- name: HOLDFAST_MIGRATE
  value: "off"
{{- end }}
{{- with .Values.temporal.payloadKeys }}
{{- if .secret }}
- name: HOLDFAST_PAYLOAD_KEYS
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- end }}
{{- with .Values.temporal.apiKey }}
{{- if .secret }}
- name: HOLDFAST_TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* The first release is this directory of the image; --public opens the doors. */}}
{{- define "holdfast.args" -}}
{{- $root := .root -}}
{{- $args := list .role -}}
{{- if eq .role "server" -}}
{{- $args = list "server" $root.Values.project "--dir" "/var/lib/holdfast" "--with" "none" "--public" ":8080" -}}
{{- else if eq .role "single" -}}
{{- $args = list "server" $root.Values.project "--dir" "/var/lib/holdfast" "--public" ":8080" -}}
{{- end -}}
{{- $args = concat $args (list "--operations" (printf ":%v" $root.Values.operations.port)) -}}
{{- range concat $args (index $root.Values .role).args }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{/* The pod of a role: (dict "root" $ "role" "worker"). */}}
{{- define "holdfast.pod" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
metadata:
  labels:
    {{- include "holdfast.labels" . | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "holdfast.serviceAccount" $root }}
  # Nothing here asks Kubernetes for anything.
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if ne .role "single" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "holdfast.selector" . | nindent 10 }}
  {{- end }}
  containers:
    - name: holdfast
      image: {{ include "holdfast.image" $root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args:
        {{- include "holdfast.args" . | nindent 8 }}
      env:
        {{- include "holdfast.env" $root | nindent 8 }}
      {{- if ne .role "relay" }}
      envFrom:
        - secretRef:
            name: {{ $values.secrets.environment }}
      {{- end }}
      ports:
        {{- if eq .role (include "holdfast.doors" $root) }}
        - {name: doors, containerPort: 8080}
        {{- end }}
        - {name: operations, containerPort: {{ $values.operations.port }}}
      # Migrations of a large database may take their time.
      startupProbe:
        httpGet: {path: /healthz, port: operations}
        periodSeconds: 2
        failureThreshold: 150
      livenessProbe:
        httpGet: {path: /healthz, port: operations}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: operations}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      {{- if eq .role (include "holdfast.doors" $root) }}
      # Until every proxy has heard that this pod goes, it still answers.
      lifecycle:
        preStop:
          sleep: {seconds: 5}
      {{- end }}
      resources:
        {{- toYaml (index $values .role).resources | nindent 8 }}
      securityContext:
        {{- toYaml $values.securityContext | nindent 8 }}
      volumeMounts:
        - {name: data, mountPath: /var/lib/holdfast}
        - {name: tmp, mountPath: /tmp}
        {{- if and (eq $values.mode "cluster") $values.temporal.tls.secret }}
        - {name: temporal-tls, mountPath: /etc/holdfast/temporal, readOnly: true}
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- if ne .role "single" }}
    - name: data
      emptyDir: {sizeLimit: 256Mi}
    {{- end }}
    - name: tmp
      emptyDir: {sizeLimit: 256Mi}
    {{- if and (eq $values.mode "cluster") $values.temporal.tls.secret }}
    - name: temporal-tls
      secret:
        secretName: {{ $values.temporal.tls.secret }}
        defaultMode: 0440
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
