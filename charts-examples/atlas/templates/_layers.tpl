{{/* The settings of a region as YAML: the later layer wins. Wants (dict "root" $ "region" NAME). */}}
{{- define "atlas.settings" -}}
{{- $v := .root.Values -}}
{{- $result := deepCopy $v.all -}}
{{- range list (get $v.byEnvironment $v.environment) (get $v.byRegion .region) (get $v.byBoth (printf "%s/%s" $v.environment .region)) -}}
{{- with . -}}
{{- $result = mergeOverwrite $result (deepCopy .) -}}
{{- end -}}
{{- end -}}
{{- toYaml $result -}}
{{- end -}}

{{/* What a file says of a region. */}}
{{- define "atlas.facts" -}}
{{- $path := printf "regions/%s.json" .region -}}
{{- .root.Files.Get $path | required (printf "no facts of region %s: %s is missing" .region $path) | fromJson | toYaml -}}
{{- end -}}

{{- define "atlas.name" -}}
{{ .root.Release.Name }}-{{ regexReplaceAll "^([a-z]+)-([a-z])[a-z]*-([0-9]+)$" .region "${1}${2}${3}" }}
{{- end -}}
