{{- define "gateway.name" -}}{{ tpl .Values.names.service . }}{{- end -}}

{{/* A value in which templates may stand, whatever its shape. */}}
{{- define "gateway.fill" -}}
{{- $text := kindIs "string" .value | ternary .value (toYaml .value) -}}
{{- if contains "{{" $text }}{{ tpl $text .root }}{{ else }}{{ $text }}{{ end -}}
{{- end -}}

{{- define "gateway.upstreams" -}}
{{- range $name, $to := .Values.upstreams }}
upstream {{ $name }} {
  server {{ tpl $to.host $ }}:{{ $to.port }}{{ with $to.weight }} weight={{ . }}{{ end }};
}
{{- end }}
{{- end -}}

{{- define "gateway.sites" -}}
{{- range $name, $site := .Values.sites }}
server {
  listen {{ $.Values.listen }};
  server_name {{ tpl $site.server $ }};
  {{- range $header, $value := merge (default dict $site.headers) $.Values.headers }}
  add_header {{ $header }} {{ tpl $value $ | quote }} always;
  {{- end }}
  {{- range $path, $upstream := $site.routes }}
  {{- if not (hasKey $.Values.upstreams $upstream) }}
  {{- fail (printf "site %s: route %s goes to %q, which is no upstream (%s)" $name $path $upstream (keys $.Values.upstreams | sortAlpha | join ", ")) }}
  {{- end }}
  location {{ $path }} {
    proxy_pass http://{{ $upstream }}/;
  }
  {{- end }}
}
{{- end }}
{{- end -}}
