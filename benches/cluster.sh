#!/usr/bin/env bash
# Installs and upgrades a chart of 8 objects with --wait, by turns with helm and with pintle, on the
# test cluster, and prints medians of wall and CPU time side by side; then an upgrade that changes
# nothing. Without helm, or without Go to build the cluster with, there is nothing to do.
#
#   PINTLE, HELM        the programs (see head.sh)
#   PINTLE_BENCH_RUNS   runs of each program (default: 7)
set -euo pipefail
cd "$(dirname "$0")/.."

. benches/head.sh
need_helm
start_cluster

mkdir -p "$folder/chart/templates"
cat >"$folder/chart/Chart.yaml" <<'END'
apiVersion: v2
name: eight
version: 0.1.0
END
echo 'color: blue' >"$folder/chart/values.yaml"
cat >"$folder/chart/templates/all.yaml" <<'END'
{{- range $name := list "web" "api" }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ $name }}}
spec:
  replicas: 2
  selector: {matchLabels: {app: {{ $name }}}}
  template:
    metadata: {labels: {app: {{ $name }}}, annotations: {color: {{ $.Values.color }}}}
    spec: {containers: [{name: main, image: "registry.test/app:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ $name }}}
spec:
  selector: {app: {{ $name }}}
  ports: [{port: 80}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ $name }}}
data: {color: {{ $.Values.color }}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ $name }}}
---
{{- end }}
END

python3 - "$pintle" "$folder/chart" "${PINTLE_BENCH_RUNS:-7}" <<'PYTHON'
import os, statistics, subprocess, sys, time

pintle, chart, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
helm = os.environ["HELM"]
programs = {"helm": [helm], "pintle": [pintle], "pintle as helm": [pintle, "helm"]}
steps = {
    "install --wait": ["install", "shop", chart, "--create-namespace", "--wait"],
    "upgrade --wait": ["upgrade", "shop", chart, "--wait", "--set", "color=red"],
    "upgrade --wait, nothing changed": ["upgrade", "shop", chart, "--wait", "--set", "color=red"],
}
took = {}
for run in range(runs):
    for name, program in programs.items():
        namespace = f"{name.replace(' ', '-')}-{run}"
        for step, words in steps.items():
            before, begin = os.times(), time.perf_counter()
            done = subprocess.run(program + words + ["-n", namespace], capture_output=True, text=True)
            wall, after = time.perf_counter() - begin, os.times()
            if done.returncode != 0:
                sys.exit(f"{name} {step}: {done.stderr}")
            cpu = after.children_user - before.children_user + after.children_system - before.children_system
            took.setdefault((step, name), []).append((wall, cpu))
        subprocess.run([helm, "uninstall", "shop", "-n", namespace], capture_output=True, check=True)

print(f"{'':34}{'program':16}{'wall':>9}{'CPU':>9}")
for step in steps:
    for name in programs:
        walls, cpus = zip(*took[step, name])
        wall, cpu = statistics.median(walls) * 1000, statistics.median(cpus) * 1000
        print(f"{step:34}{name:16}{wall:6.0f} ms{cpu:6.0f} ms")
PYTHON
