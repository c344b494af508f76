{{/* << name >>.name: what objects are called, 63 characters at most. */}}
{{- define "<< name >>.name" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $both := list .Release.Name $name | join "-" -}}
{{- contains $name .Release.Name | ternary .Release.Name $both | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* << name >>.selector: labels that pods are found by. They must not change between versions. */}}
{{- define "<< name >>.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* << name >>.labels: labels of every object. */}}
{{- define "<< name >>.labels" -}}
{{ include "<< name >>.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
helm.sh/chart: {{ list .Chart.Name .Chart.Version | join "-" | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* << name >>.metadata: name and labels of an object. */}}
{{- define "<< name >>.metadata" -}}
name: {{ include "<< name >>.name" . }}
labels:
  {{- include "<< name >>.labels" . | nindent 2 }}
{{- end -}}
<% if starter != "library" %>
{{/* << name >>.account: the account that pods run as. */}}
{{- define "<< name >>.account" -}}
{{- $account := .Values.serviceAccount -}}
{{- $account.name | default ($account.create | ternary (include "<< name >>.name" .) "default") -}}
{{- end -}}
<% endif %>
