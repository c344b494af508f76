{{/* The settings of a queue as YAML: those of all workers, with the queue's own over them. */}}
{{- define "mailer.worker" -}}
{{- $own := omit .queue "name" -}}
{{- merge $own (.root.Values.worker | deepCopy) | toYaml -}}
{{- end -}}

{{- define "mailer.secret" -}}
{{ .Release.Name }}-broker
{{- end -}}
