#!/usr/bin/env bash
# Renders charts with helm and with pintle, by turns, and prints medians of CPU time and peak memory
# side by side. Without helm there is nothing to compare with.
#
#   PINTLE, HELM         the programs (see head.sh)
#   PINTLE_BENCH_RUNS    runs of each program for each chart (default: 7)
#   PINTLE_BENCH_CHARTS  more charts: folders, with colons between
set -euo pipefail
cd "$(dirname "$0")/.."

. benches/head.sh
need_helm

mkdir "$folder/charts"
(cd "$folder/charts" && "$HELM" create fresh >/dev/null)

python3 - "$folder/charts" <<'PYTHON'
import os, sys, textwrap
root = sys.argv[1]

def write(path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

def metadata(name, more=""):
    return f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n{more}"

# 3 MB of definitions, and one small template.
write("definitions/Chart.yaml", metadata("definitions"))
write("definitions/templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n")
for number in range(30):
    fields = "".join(
        f"              field{index}:\n                description: Says what field {index} of kind {number} is for, in a sentence of some length.\n"
        f"                type: string\n                maxLength: {index + 1}\n"
        for index in range(530)
    )
    write(f"definitions/crds/kind{number}.yaml", f"""apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: kind{number}s.bench.example.com
spec:
  group: bench.example.com
  names: {{kind: Kind{number}, listKind: Kind{number}List, plural: kind{number}s, singular: kind{number}}}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
{textwrap.indent(fields, "  ")}""")

# An umbrella over 30 subcharts that share helpers.
write("umbrella/Chart.yaml", metadata("umbrella"))
write("umbrella/values.yaml", "global:\n  domain: example.com\n" + "".join(
    f"part{number}:\n  replicas: {number % 5 + 1}\n" for number in range(30)))
write("umbrella/templates/_shapes.tpl", """{{- define "shapes.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
""")
for number in range(30):
    part = f"umbrella/charts/part{number}"
    write(f"{part}/Chart.yaml", metadata(f"part{number}"))
    write(f"{part}/values.yaml", "replicas: 1\nimage: {repository: registry.example.com/part, tag: '1'}\nenv:\n" + "".join(
        f"  VARIABLE_{index}: value {index}\n" for index in range(40)) + "ports: [80, 443, 8080]\nresources: {requests: {cpu: 10m, memory: 32Mi}}\n")
    for copy in range(4):
        write(f"{part}/templates/workload{copy}.yaml", """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}-%d
  labels: {{- include "shapes.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {{- include "shapes.labels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "shapes.labels" . | nindent 8 }}
      annotations:
        checksum/env: {{ toJson .Values.env | sha256sum }}
    spec:
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ tpl $value $ | quote }}
            {{- end }}
          ports:
            {{- range .Values.ports }}
            - containerPort: {{ . }}
            {{- end }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}-%d
spec:
  selector: {{- include "shapes.labels" . | nindent 4 }}
  ports:
    {{- range .Values.ports }}
    - port: {{ . }}
    {{- end }}
""" % (copy, copy))
PYTHON

charts=("$folder/charts/fresh" "$folder/charts/definitions" "$folder/charts/umbrella")
IFS=: read -r -a more <<<"${PINTLE_BENCH_CHARTS:-}"
for chart in "${more[@]}"; do
  [ -n "$chart" ] && charts+=("$(realpath "$chart")")
done

python3 - "$pintle" "${PINTLE_BENCH_RUNS:-7}" "${charts[@]}" <<'PYTHON'
import os, statistics, subprocess, sys

pintle, runs, charts = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
programs = {"helm": [os.environ["HELM"]], "pintle": [pintle, "helm"]}

def measure(words, chart):
    """CPU seconds, peak kilobytes, exit code and bytes of one run."""
    with open(os.devnull, "wb") as nothing:
        command = words + ["template", "bench", chart, "--include-crds"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=nothing)
        size = len(child.stdout.read())
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, child.returncode, size

print(f"median of {runs} runs by turns; CPU time is user and system")
print(f"{'chart':24} {'output':>10} {'helm':>10} {'pintle':>10} {'ratio':>7} {'helm':>10} {'pintle':>10} {'ratio':>7}")
for chart in charts:
    found = {name: [] for name in programs}
    for run in range(runs + 1):
        for name, words in programs.items():
            result = measure(words, chart)
            # The first run warms caches.
            if run:
                found[name].append(result)
    cpu = {name: statistics.median(result[0] for result in results) for name, results in found.items()}
    memory = {name: statistics.median(result[1] for result in results) for name, results in found.items()}
    outcome = {name: (results[0][2], results[0][3]) for name, results in found.items()}
    note = "" if outcome["helm"] == outcome["pintle"] else f"  differs: {outcome}"
    print(
        f"{os.path.basename(chart)[:24]:24} {outcome['helm'][1]:8} B "
        f"{cpu['helm'] * 1000:7.1f} ms {cpu['pintle'] * 1000:7.1f} ms {cpu['helm'] / max(cpu['pintle'], 1e-4):6.1f}x "
        f"{memory['helm'] / 1024:7.1f} MB {memory['pintle'] / 1024:7.1f} MB {memory['helm'] / max(memory['pintle'], 1):6.1f}x{note}"
    )
PYTHON
