# What the benches beside other tools begin with; sourced by them, from their folder's parent.
#
#   PINTLE  the program (default: target/release/pintle)
#   HELM    what it is put beside (default: helm)
#
# Sets `pintle`, `HELM` (a path, or nothing) and `folder`, which is empty and is removed at the end.

skip() {
  echo "$1"
  exit 0
}

need_helm() {
  [ -n "$HELM" ] || skip 'helm is not installed: nothing to compare with'
}

pintle=$(realpath "${PINTLE:-target/release/pintle}")
HELM=$(command -v "${HELM:-helm}" || true)
export HELM
command -v python3 >/dev/null || { echo 'python3 is not installed' >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
user_home=$HOME
export TZ=UTC HOME="$folder/home" KUBECONFIG=/dev/null
export HELM_CACHE_HOME="$folder/cache" HELM_CONFIG_HOME="$folder/config" HELM_DATA_HOME="$folder/data"
mkdir "$HOME"

# Starts the test cluster, which ends with this script, and names it in KUBECONFIG.
start_cluster() {
  command -v go >/dev/null || skip 'go is not installed: no cluster to compare on'
  local program files server
  # Go keeps what it built below the user's own home.
  program=$(HOME=$user_home sh testdata/cluster/build.sh)
  mkfifo "$folder/stdin"
  "$program" -exit-on-eof -proxy <"$folder/stdin" >"$folder/out" 2>/dev/null &
  exec 9>"$folder/stdin"
  trap 'exec 9>&-; wait; rm -rf "$folder"' EXIT
  for _ in $(seq 360); do grep -q '^READY ' "$folder/out" && break; sleep 0.5; done
  files=$(sed -n 's/.* dir=\([^ ]*\).*/\1/p' "$folder/out")
  [ -n "$files" ] || { echo 'the test cluster did not start' >&2; exit 1; }
  server=https://$(cat "$files/address")
  export KUBECONFIG="$folder/kubeconfig"
  cat >"$KUBECONFIG" <<KUBECONFIG
apiVersion: v1
kind: Config
current-context: bench
clusters: [{name: bench, cluster: {server: "$server", certificate-authority: "$files/ca.crt"}}]
users: [{name: bench, user: {token: "$(cat "$files/token")"}}]
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
KUBECONFIG
}
