{{- define "keeper.name" -}}
{{ hasPrefix .Chart.Name .Release.Name | ternary .Release.Name (print .Release.Name "-" .Chart.Name) }}
{{- end -}}
{{- define "keeper.labels" -}}
app: {{ include "keeper.name" . }}
version: {{ .Chart.AppVersion }}
{{- end -}}

{{/* The rules of a role. */}}
{{- define "keeper.rules" -}}
{{- range . }}
- apiGroups: {{ .groups | toJson }}
  resources: {{ .resources | toJson }}
  verbs: {{ .verbs | toJson }}
{{- end }}
{{- end -}}

{{/* A role and its binding, in a namespace or in the whole cluster: (dict "root" $ "namespace" "") */}}
{{- define "keeper.role" -}}
{{- $name := include "keeper.name" .root -}}
{{- $prefix := empty .namespace | ternary "Cluster" "" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $prefix }}Role
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
rules:
  {{- include "keeper.rules" .root.Values.rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $prefix }}RoleBinding
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $prefix }}Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ .root.Release.Namespace }}
{{- end -}}
