{{/* << name >>.deployment: a Deployment with one container. */}}
{{- define "<< name >>.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "<< name >>.metadata" . | nindent 2 }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels:
      {{- include "<< name >>.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "<< name >>.labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          {{- $image := required "image.repository has to be set" (.Values.image).repository }}
          image: {{ list $image (.Values.image.tag | default .Chart.AppVersion | default "latest") | join ":" | quote }}
          {{- with .Values.port }}
          ports:
            - name: http
              containerPort: {{ . }}
          {{- end }}
          {{- with .Values.env }}
          env:
            {{- range $name, $value := . }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          {{- end }}
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
{{- end -}}
