{{/* << name >>.pod: metadata and spec of a pod. */}}
{{- define "<< name >>.pod" -}}
metadata:
  labels:
    {{- include "<< name >>.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "<< name >>.account" . }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automount }}
<%- if starter == "cron" %>
  restartPolicy: Never
<%- endif %>
<%- if starter == "worker" %>
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
<%- endif %>
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .Chart.Name }}
      image: {{ list .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | join ":" | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- range $field := list "command" "args" "envFrom" "securityContext" "resources" "volumeMounts" }}
      {{- with get $.Values $field }}
      {{ $field }}:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with .Values.env }}
      env:
        {{- range $name, $value := . }}
        - name: {{ $name }}
          {{- if kindIs "map" $value }}
          {{- toYaml $value | nindent 10 }}
          {{- else }}
          value: {{ $value | quote }}
          {{- end }}
        {{- end }}
      {{- end }}
<%- if starter == "web" %>
      ports:
        - name: http
          containerPort: {{ .Values.containerPort }}
      {{- range $probe := list "livenessProbe" "readinessProbe" }}
      {{- with get $.Values $probe }}
      {{ $probe }}:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
<%- endif %>
<%- if starter == "worker" %>
      {{- with .Values.livenessProbe }}
      livenessProbe:
        {{- toYaml . | nindent 8 }}
      {{- end }}
<%- endif %>
  {{- range $field := list "volumes" "nodeSelector" "tolerations" "affinity" }}
  {{- with get $.Values $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}
