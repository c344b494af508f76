{{/*
Names and labels that the manifests share.

<CHARTNAME>.name: what the application is called.
*/}}
{{- define "<CHARTNAME>.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
<CHARTNAME>.fullname: what objects are called. The release's name is enough where the application's is a
part of it. DNS allows 63 characters.
*/}}
{{- define "<CHARTNAME>.fullname" -}}
{{- $application := .Values.nameOverride | default .Chart.Name -}}
{{- $both := list .Release.Name $application | join "-" -}}
{{- $usual := contains $application .Release.Name | ternary .Release.Name $both -}}
{{- .Values.fullnameOverride | default $usual | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
<CHARTNAME>.chart: the chart and its version, as a label can hold it.
*/}}
{{- define "<CHARTNAME>.chart" -}}
{{- list .Chart.Name .Chart.Version | join "-" | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
<CHARTNAME>.selectorLabels: what pods are found by. They must not change between versions.
*/}}
{{- define "<CHARTNAME>.selectorLabels" -}}
app.kubernetes.io/name: {{ template "<CHARTNAME>.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
<CHARTNAME>.labels: what every object carries.
*/}}
{{- define "<CHARTNAME>.labels" -}}
helm.sh/chart: {{ template "<CHARTNAME>.chart" . }}
{{ template "<CHARTNAME>.selectorLabels" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ quote . }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/*
<CHARTNAME>.serviceAccountName: the account that pods run as.
*/}}
{{- define "<CHARTNAME>.serviceAccountName" -}}
{{- $account := .Values.serviceAccount -}}
{{- $account.name | default ($account.create | ternary (include "<CHARTNAME>.fullname" .) "default") -}}
{{- end -}}
