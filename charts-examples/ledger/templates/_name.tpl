{{- define "ledger.name" -}}
{{- eq .Release.Name .Chart.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "ledger.match" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ledger.labels" -}}
{{ include "ledger.match" . }}
app.kubernetes.io/version: {{ include "ledger.version" . | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "ledger.version" -}}
{{ coalesce .Values.version .Chart.AppVersion }}
{{- end -}}

{{- define "ledger.image" -}}
{{ .Values.image }}:{{ include "ledger.version" . }}
{{- end -}}

{{/* Settings in the syntax of the server: numbers bare, texts in quotes. */}}
{{- define "ledger.settings" -}}
{{- range $key, $value := .Values.settings }}
{{ $key }} = {{ if kindIs "string" $value }}{{ $value | squote }}{{ else }}{{ $value }}{{ end }}
{{- end }}
{{- end -}}
