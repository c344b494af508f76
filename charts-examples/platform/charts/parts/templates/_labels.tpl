{{/* Labels of everything, with those that the umbrella adds. */}}
{{- define "parts.labels" -}}
{{- $own := dict "app.kubernetes.io/name" .Chart.Name "app.kubernetes.io/instance" .Release.Name "app.kubernetes.io/managed-by" .Release.Service }}
{{- toYaml (merge $own (dig "labels" dict .Values.global)) -}}
{{- end -}}

{{- define "parts.fullname" -}}
{{ .Release.Name }}-{{ .Chart.Name }}
{{- end -}}

{{- define "parts.image" -}}
{{- $image := .Values.image | default dict -}}
{{ .Values.global.registry }}/{{ $image.name | default .Chart.Name }}:{{ $image.tag | default .Chart.AppVersion | default "latest" }}
{{- end -}}
