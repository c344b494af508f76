{{/* A job's name: what DNS allows, short enough for the suffix that Kubernetes adds. */}}
{{- define "reports.jobName" -}}
{{ printf "%s-%s" .release (.name | lower | replace "_" "-" | kebabcase) | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "reports.pod" -}}
restartPolicy: Never
serviceAccountName: {{ .root.Release.Name }}
containers:
  - name: report
    image: {{ .root.Values.image }}:{{ .root.Chart.AppVersion }}
    args: {{ toJson .job.args }}
    env:
      - name: REPORT_NAME
        value: {{ .name | camelcase }}
      {{- range $key := keys .job.env | sortAlpha }}
      - name: {{ $key | snakecase | upper }}
        value: {{ get $.job.env $key | toString | quote }}
      {{- end }}
    resources: {{- toYaml .job.resources | nindent 6 }}
{{- end }}
