{{- define "bakery.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: bakery
{{- end }}

{{- define "bakery.selector" -}}
app.kubernetes.io/name: bakery-{{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "bakery.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "bakery.secret" -}}
{{ .Values.existingSecret | default (printf "%s-database" .Release.Name) }}
{{- end }}

{{- define "bakery.env" -}}
envFrom:
  - configMapRef: {name: {{ .Release.Name }}-settings}
env:
  - name: DATABASE_HOST
    value: {{ .Values.database.host }}
  - name: DATABASE_USER
    valueFrom: {secretKeyRef: {name: {{ include "bakery.secret" . }}, key: user}}
  - name: DATABASE_PASSWORD
    valueFrom: {secretKeyRef: {name: {{ include "bakery.secret" . }}, key: password}}
{{- end }}

{{- define "bakery.security" -}}
securityContext: {runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true}
{{- end }}
