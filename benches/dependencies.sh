#!/usr/bin/env bash
# Builds the dependencies of an umbrella chart (20 charts of one repository on this machine) with helm
# and with pintle, by turns: cold, with empty caches, and warm. Prints medians of CPU time, user and
# system, and how many requests the repository saw. Without helm there is nothing to compare
# with.
#
#   PINTLE, HELM        the programs (see head.sh)
#   PINTLE_BENCH_RUNS   runs of each program (default: 7)
#   PINTLE_BENCH_INDEX  how many more charts the index lists, of 20 versions each (default: 100)
set -euo pipefail
cd "$(dirname "$0")/.."

. benches/head.sh
need_helm

PINTLE="$pintle" FOLDER="$folder" python3 - <<'PYTHON'
import functools, http.server, os, resource, shutil, statistics, subprocess, threading

folder, pintle = os.environ["FOLDER"], os.environ["PINTLE"]
helm = os.environ["HELM"]
runs = int(os.environ.get("PINTLE_BENCH_RUNS", "7"))
more = int(os.environ.get("PINTLE_BENCH_INDEX", "100"))
requests = 0

class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        global requests
        requests += 1
        super().do_GET()

    def log_message(self, *_):
        pass

repository = f"{folder}/repository"
os.makedirs(repository)
server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=repository))
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"

def environment(name):
    return {
        "PATH": os.environ["PATH"], "HOME": f"{folder}/{name}", "KUBECONFIG": "/dev/null",
        "HELM_CACHE_HOME": f"{folder}/{name}/cache", "HELM_CONFIG_HOME": f"{folder}/{name}/config",
        "HELM_DATA_HOME": f"{folder}/{name}/data", "NO_PROXY": "*",
    }

def run(name, words, cwd=folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, cwd=cwd, env=environment(name), check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

for number in range(20):
    chart = f"{folder}/charts/part{number}"
    write(f"{chart}/Chart.yaml", f"apiVersion: v2\nname: part{number}\nversion: 1.{number}.0\n")
    write(f"{chart}/values.yaml", "".join(f"key{index}: value {index}\n" for index in range(200)))
    for index in range(10):
        write(f"{chart}/templates/{index}.yaml", "kind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n" * 20)
    run("setup", [helm, "package", chart, "-d", repository])
run("setup", [helm, "repo", "index", repository, "--url", url])
with open(f"{repository}/index.yaml", "a") as file:
    for chart in range(more):
        file.write(f"  other{chart}:\n")
        for version in range(20):
            file.write(
                f"  - apiVersion: v2\n    created: \"2026-01-02T03:04:05Z\"\n"
                f"    description: Another chart, number {chart}, which nobody asks for\n"
                f"    digest: {version:064x}\n    name: other{chart}\n    urls:\n"
                f"    - {url}/other{chart}-1.{version}.0.tgz\n    version: 1.{version}.0\n")
# The list of charts comes before what else is said.
with open(f"{repository}/index.yaml") as file:
    lines = file.readlines()
generated = [line for line in lines if line.startswith("generated:")]
with open(f"{repository}/index.yaml", "w") as file:
    file.writelines([line for line in lines if not line.startswith("generated:")] + generated)

needs = "".join(f"- {{name: part{number}, version: 1.{number}.0, repository: \"{url}\"}}\n" for number in range(20))
programs = {
    "helm": [helm], "pintle as helm": [pintle, "helm"], "pintle": [pintle],
}
results = {}
for name, program in programs.items():
    parent = f"{folder}/{name}/umbrella"
    write(f"{parent}/Chart.yaml", f"apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n{needs}")
    run(name, program + ["repo", "add", "local", url])
    run(name, program + ["dependency", "update", parent])
for name, program in programs.items():
    for _ in range(runs):
        for heat in ("cold", "warm"):
            parent = f"{folder}/{name}/umbrella"
            shutil.rmtree(f"{parent}/charts", ignore_errors=True)
            if heat == "cold":
                shutil.rmtree(f"{folder}/{name}/cache")
            requests = 0
            time = run(name, program + ["dependency", "build", parent])
            assert len(os.listdir(f"{parent}/charts")) == 20
            results.setdefault((name, heat), []).append((time, requests))

print(f"{'':16} {'cold':>10} {'requests':>9} {'warm':>10} {'requests':>9}")
for name in programs:
    line = f"{name:16}"
    for heat in ("cold", "warm"):
        times, asked = zip(*results[name, heat])
        line += f" {statistics.median(times) * 1000:7.1f} ms {statistics.median(asked):9.0f}"
    print(line)
for heat in ("cold", "warm"):
    base = statistics.median(time for time, _ in results["helm", heat])
    ours = {name: statistics.median(time for time, _ in results[name, heat]) for name in programs}
    print(f"{heat}: pintle as helm {base / ours['pintle as helm']:.1f}x, pintle {base / ours['pintle']:.1f}x less CPU time")
PYTHON
