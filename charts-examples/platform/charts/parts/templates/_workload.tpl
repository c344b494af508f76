{{/*
A deployment. The caller defines a template of overrides, whose YAML is merged over the shape:
  {{ include "parts.deployment" (list . "api.deployment") }}
*/}}
{{- define "parts.deployment" -}}
{{- $top := first . }}
{{- $shape := fromYaml (include "parts.deployment.shape" $top) }}
{{- $own := fromYaml (include (index . 1) $top) | default dict }}
{{- toYaml (mergeOverwrite $shape $own) }}
{{- end -}}

{{- define "parts.deployment.shape" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "parts.fullname" . }}
  labels: {{- include "parts.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .Chart.Name }}
      app.kubernetes.io/instance: {{ .Release.Name }}
  template:
    metadata:
      labels: {{- include "parts.labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: {{ include "parts.image" . }}
          {{- with .Values.port }}
          ports:
            - name: main
              containerPort: {{ . }}
          {{- end }}
          {{- with .Values.env }}
          env:
            {{- range $name, $value := . }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          {{- end }}
{{- end -}}

{{- define "parts.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "parts.fullname" . }}
  labels: {{- include "parts.labels" . | nindent 4 }}
spec:
  selector:
    app.kubernetes.io/name: {{ .Chart.Name }}
    app.kubernetes.io/instance: {{ .Release.Name }}
  ports:
    - name: main
      port: {{ .Values.service.port }}
      targetPort: main
      {{- with .Values.service.protocol }}
      appProtocol: {{ . }}
      {{- end }}
{{- end -}}
