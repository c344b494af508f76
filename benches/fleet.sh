#!/usr/bin/env bash
# State files of many releases, by turns with Helmfile and with pintle: `list` and `build` of 1,000
# releases, `template` of 100, `sync` of 100 to the test cluster; and `template` of 100, 300 and 1,000
# by pintle alone, for what more releases cost. Prints medians of wall and CPU time (user and system,
# of all processes) and of peak memory (of the largest one). Without helmfile and helm, pintle alone is
# measured; without Go to build the cluster with, nothing is synced.
#
#   PINTLE, HELM        the programs (see head.sh)
#   HELMFILE            Helmfile (default: helmfile)
#   PINTLE_BENCH_RUNS   runs of pintle (default: 5); Helmfile runs once where it takes long
#   PINTLE_BENCH_ONLY   which parts: list, template, growth, sync (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."

. benches/head.sh
HELMFILE=$(command -v "${HELMFILE:-helmfile}" || true)
[ -n "$HELM" ] && [ -n "$HELMFILE" ] || {
  echo 'helmfile and helm are not both installed: pintle is measured alone'
  HELMFILE=
}
parts=${PINTLE_BENCH_ONLY:-list template growth sync}

# Helmfile finds helm by its name.
mkdir "$folder/bin"
[ -z "$HELM" ] || ln -s "$(realpath "$HELM")" "$folder/bin/helm"
export PATH="$folder/bin:$PATH" HELMFILE

python3 - "$folder" <<'PYTHON'
import os, sys

root = sys.argv[1]

def write(path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

HELPERS = """{{- define "app.name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "app.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
"""
WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "app.name" . }}
  labels: {{- include "app.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {{- include "app.labels" . | nindent 6 }}
  template:
    metadata:
      annotations:
        checksum/config: {{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}
      labels: {{- include "app.labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "app.name" . }}
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ tpl $value $ | quote }}
            {{- end }}
          {{- with .Values.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
"""
SERVICE = """{{- if .Values.ports }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "app.name" . }}
  labels: {{- include "app.labels" . | nindent 4 }}
spec:
  selector: {{- include "app.labels" . | nindent 4 }}
  ports:
    {{- range .Values.ports }}
    - port: {{ . }}
    {{- end }}
{{- end }}
"""
CONFIG = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "app.name" . }}
  labels: {{- include "app.labels" . | nindent 4 }}
data:
  {{- range $name, $value := .Values.settings }}
  {{ $name }}: {{ $value | quote }}
  {{- end }}
"""
ACCOUNT = """apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "app.name" . }}
  labels: {{- include "app.labels" . | nindent 4 }}
"""
VALUES = """replicas: 1
image: {repository: registry.example.com/app}
labels: {}
ports: [80, 8080]
env: {NAME: "{{ .Release.Name }}", SPACE: "{{ .Release.Namespace }}", MODE: plain}
settings: {a: "1", b: "2", c: "3"}
resources: {requests: {cpu: 10m, memory: 32Mi}}
"""
CHARTS = ["web", "worker", "batch"]
for chart in CHARTS:
    write(f"charts/{chart}/Chart.yaml", f"apiVersion: v2\nname: {chart}\nversion: 1.2.3\nappVersion: '4.5'\n")
    write(f"charts/{chart}/values.yaml", VALUES)
    for name, text in [("_helpers.tpl", HELPERS), ("workload.yaml", WORKLOAD), ("service.yaml", SERVICE),
                       ("config.yaml", CONFIG), ("account.yaml", ACCOUNT)]:
        write(f"charts/{chart}/templates/{name}", text)
write("charts/small/Chart.yaml", "apiVersion: v2\nname: small\nversion: 0.1.0\n")
write("charts/small/values.yaml", "color: blue\n")
write("charts/small/templates/all.yaml", """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {color: {{ .Values.color }}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ .Release.Name }}}
""")

write("values/common.yaml.gotmpl", """labels:
  team: {{ .Release.Labels.team }}
  stage: {{ .Environment.Name }}
env:
  REGION: {{ .Values.region | quote }}
  DOMAIN: {{ .Release.Name }}.{{ .Release.Namespace }}.{{ .Values.domain }}
""")
for tier in ("front", "back"):
    write(f"values/{tier}.yaml.gotmpl", f"""resources:
  requests: {{cpu: {{{{ .Values | get "cpu.{tier}" "20m" }}}}, memory: 64Mi}}
settings:
  tier: {tier}
  {{{{- range $name, $value := .Values.settings }}}}
  {{{{ $name }}}}: {{{{ $value | quote }}}}
  {{{{- end }}}}
""")
write("environments/common.yaml", "region: nowhere\ndomain: example.com\nsettings:\n" + "".join(
    f"  setting{index}: value {index}\n" for index in range(20)))
write("environments/production.yaml.gotmpl", "region: {{ .Environment.Name }}-1\ncpu: {front: 100m}\n")

RELEASE = """  - name: app{at}
    namespace: team{space}
    chart: ../charts/{chart}
    labels: {{tier: {tier}, team: team{space}}}
    inherit: [{{template: default}}]
    {needs}
    values:
      - replicas: {{{{ if eq .Environment.Name "production" }}}}3{{{{ else }}}}1{{{{ end }}}}
        image: {{tag: "1.0.{at}"}}
      - ports: [80, {port}]
"""
SMALL = """  - name: app{at}
    namespace: team{space}
    chart: ../charts/small
    values:
      - color: {{{{ .Values.region }}}}
"""
HEAD = """environments:
  staging:
    values: [../environments/common.yaml]
  production:
    values: [../environments/common.yaml, ../environments/production.yaml.gotmpl]
---
commonLabels: {fleet: bench}
templates:
  default:
    missingFileHandler: Warn
    values:
      - ../values/common.yaml.gotmpl
      - ../values/{{`{{ .Release.Labels.tier }}`}}.yaml.gotmpl
releases:
"""
for name, count, release in [("small", 100, SMALL), ("fleet100", 100, RELEASE), ("fleet300", 300, RELEASE), ("fleet1000", 1000, RELEASE)]:
    releases = "".join(release.format(
        at=at, space=at % 5, chart=CHARTS[at % 3], tier=("front", "back")[at % 2], port=8000 + at,
        needs=f"needs: [team{at % 5}/app{at - 10}]" if at % 10 == 9 and at > 10 else "") for at in range(count))
    write(f"{name}/helmfile.yaml.gotmpl", HEAD + releases)
PYTHON

case " $parts " in *" sync "*)
  if command -v go >/dev/null; then start_cluster; else parts=${parts/sync/}; echo 'go is not installed: nothing is synced'; fi ;;
esac

python3 - "$pintle" "$folder" "${PINTLE_BENCH_RUNS:-5}" "$parts" <<'PYTHON'
import hashlib, os, statistics, subprocess, sys, time

pintle, root, runs, parts = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split()
helmfile = os.environ["HELMFILE"]
ours, theirs = "pintle", "Helmfile"

class Run:
    """One run: seconds, peak megabytes, and what was written."""

    def __init__(self, words, place):
        digest, self.size, self.first = hashlib.sha256(), 0, None
        begin = time.perf_counter()
        with open(f"{root}/stderr", "wb") as errors:
            child = subprocess.Popen(words, cwd=f"{root}/{place}", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        while piece := os.read(child.stdout.fileno(), 1 << 16):
            self.first = self.first or time.perf_counter() - begin
            self.size += len(piece)
            digest.update(piece)
        child.stdout.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024
        self.output = digest.hexdigest()
        if child.returncode:
            with open(f"{root}/stderr", errors="replace") as errors:
                sys.exit(f"{' '.join(words)} in {place}: exit code {child.returncode}\n{errors.read()[-2000:]}")

def median(runs, name):
    return statistics.median(getattr(run, name) for run in runs)

def line(what, program, runs, base=None):
    wall, cpu, memory = (median(runs, name) for name in ("wall", "cpu", "memory"))
    ratio = f"{median(base, 'wall') / wall:6.1f}x wall {median(base, 'cpu') / cpu:7.1f}x CPU" if base else ""
    print(f"{what:32} {program:19} {wall * 1000:9.1f} ms {cpu * 1000:9.1f} ms {memory:7.1f} MB {ratio}", flush=True)

def compare(what, words, place, theirs_runs, same=True):
    """The same command line in the same folder, by turns."""
    found = {theirs: [], f"{ours} as helmfile": [], f"{ours} fleet": []}
    commands = {theirs: [helmfile], f"{ours} as helmfile": [pintle, "helmfile"], f"{ours} fleet": [pintle, "fleet"]}
    if not helmfile:
        del found[theirs]
    for run in range(runs + 1):
        for name, results in found.items():
            if name == theirs and run >= theirs_runs:
                continue
            result = Run(commands[name] + words, place)
            # pintle's first run warms the disk's cache.
            if run or name == theirs:
                results.append(result)
    for name, results in found.items():
        line(what, name, results, found.get(theirs) if name != theirs else None)
    if same and len({result.output for results in found.values() for result in results}) > 1:
        print(f"  what is written differs: {({name: results[0].size for name, results in found.items()})}")

print(f"{'':32} {'program':19} {'wall':>12} {'CPU':>12} {'memory':>10}")
if "list" in parts:
    compare("list, 1000 releases", ["-e", "production", "list"], "fleet1000", min(runs, 3))
    compare("build, 1000 releases", ["-e", "production", "build"], "fleet1000", min(runs, 3))
if "template" in parts:
    compare("template, 100 releases", ["-e", "production", "template"], "fleet100", 1)
if "growth" in parts:
    for count in (100, 300, 1000):
        found = [Run([pintle, "fleet", "-e", "production", "template"], f"fleet{count}") for _ in range(runs)]
        line(f"template, {count} releases", ours, found)
        print(f"  {found[0].size / 1e6:.1f} MB written, the first after {median(found, 'first') * 1000:.0f} ms; "
              f"{median(found, 'cpu') * 1e6 / count:.0f} us of CPU time a release")
if "sync" in parts:
    programs = {theirs: [helmfile], f"{ours} as helmfile": [pintle, "helmfile"], f"{ours} fleet": [pintle, "fleet"]}
    if not helmfile:
        del programs[theirs]
    found = {step: {name: [] for name in programs} for step in ("sync, 100 new", "sync, 100 there")}
    # One of each: each takes its turn on namespaces that the one before has left.
    for name, program in programs.items():
        for step, results in found.items():
            results[name].append(Run(program + ["-e", "production", "sync"], "small"))
        Run([pintle, "fleet", "-e", "production", "destroy"], "small")
    for step, results in found.items():
        for name, runs in results.items():
            line(step, name, runs, results.get(theirs) if name != theirs else None)
PYTHON
