-- Users and what they may do in {{ .Values.database }}.
{{ range .Values.users -}}
CREATE ROLE {{ .name }} LOGIN;
GRANT {{ join ", " .grants }} ON DATABASE {{ $.Values.database }} TO {{ .name }};
{{ end }}
