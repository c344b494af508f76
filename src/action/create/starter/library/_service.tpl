{{/* << name >>.service: a Service in front of the pods of << name >>.deployment. */}}
{{- define "<< name >>.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "<< name >>.metadata" . | nindent 2 }}
spec:
  selector:
    {{- include "<< name >>.selector" . | nindent 4 }}
  ports:
    - name: http
      port: 80
      targetPort: {{ .Values.port | default 8080 }}
{{- end -}}
