{{/* << name >>.ecs: annotations that only ECS reads. */}}
{{- define "<< name >>.ecs" -}}
{{- range $name, $value := .Values.ecs }}
{{ list "ecs.pintle.dev" $name | join "/" }}: {{ kindIs "string" $value | ternary $value ($value | toJson) | quote }}
{{- end }}
{{- end -}}

{{/* << name >>.health: how often, how long and how many times a check may fail. */}}
{{- define "<< name >>.health" -}}
{{- with .Values.health }}
periodSeconds: {{ .periodSeconds }}
timeoutSeconds: {{ .timeoutSeconds }}
failureThreshold: {{ .failureThreshold }}
{{- end }}
{{- end -}}

{{/* << name >>.task: metadata and spec of a pod, with what ECS tasks have, too. */}}
{{- define "<< name >>.task" -}}
metadata:
  labels:
    {{- include "<< name >>.labels" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "<< name >>.account" . }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  containers:
    - name: {{ .Chart.Name }}
      image: {{ list .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | join ":" | quote }}
      {{- with .Values.command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if or .Values.env .Values.secrets }}
      env:
        {{- range $name, $value := .Values.env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- range $name, $from := .Values.secrets }}
        - name: {{ $name }}
          valueFrom:
            secretKeyRef:
              name: {{ required (printf "secrets.%s.secret is not set" $name) $from.secret }}
              key: {{ required (printf "secrets.%s.key is not set" $name) $from.key }}
        {{- end }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ .Values.containerPort }}
      livenessProbe:
        {{- with .Values.health.command }}
        exec:
          command:
            {{- toYaml . | nindent 12 }}
        {{- else }}
        httpGet: {path: {{ .Values.health.path | quote }}, port: http}
        {{- end }}
        initialDelaySeconds: {{ .Values.health.startSeconds }}
        {{- include "<< name >>.health" . | trim | nindent 8 }}
      {{- if .Values.ingress.enabled }}
      readinessProbe:
        httpGet: {path: {{ .Values.health.path | quote }}, port: http}
        {{- include "<< name >>.health" . | trim | nindent 8 }}
      {{- end }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        runAsUser: {{ .Values.user }}
        runAsNonRoot: {{ ne (int .Values.user) 0 }}
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      {{- with .Values.scratch }}
      volumeMounts:
        - name: scratch
          mountPath: {{ . }}
      {{- end }}
  {{- if .Values.scratch }}
  volumes:
    - name: scratch
      emptyDir: {}
  {{- end }}
{{- end -}}
