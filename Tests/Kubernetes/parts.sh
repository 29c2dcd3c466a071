# The parts of Tests/Kubernetes/up, sourced by it; `state` is its directory.
source_url=http://deb.debian.org/debian/pool/main/k/kubernetes/kubernetes_1.20.5+really1.20.2.orig.tar.gz
source_sum=b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc
go_path=$state/go
tree=$go_path/src/k8s.io/kubernetes
# Debian has no packages of these.
built=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
export PATH=$state/bin:$state/debian/usr/bin:$state/debian/usr/sbin:$PATH

# unpack PACKAGE...: without installing them.
unpack() {
    local each
    rm -rf "$state/packages" && mkdir -p "$state/packages" "$state/debian"
    apt-get -q update
    # As root, without the user that apt would fetch as: it may not enter the directory.
    (cd "$state/packages" && apt-get -q -o APT::Sandbox::User=root download "$@")
    for each in "$state"/packages/*.deb; do dpkg -x "$each" "$state/debian"; done
    rm -r "$state/packages"
    touch "$state/debian.made"
}

sources() { [ -e "$state/source" ] || step "Kubernetes 1.20.2 (Debian's source, 34 MB)" fetch; }

fetch() {
    curl -sSf -o "$state/source.tar.gz" "$source_url"
    printf '%s  %s\n' "$source_sum" "$state/source.tar.gz" | sha256sum -c
    rm -rf "$tree" && mkdir -p "$tree"
    tar -xzf "$state/source.tar.gz" -C "$tree" --strip-components 1
    # Its own reflect2 reads maps of a Go before 1.18.
    local reflect=$tree/vendor/github.com/modern-go/reflect2
    rm -f "$reflect"/*.go "$reflect"/*.s
    cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} "$reflect"
    rm -f "$reflect"/*_test.go
    rm "$state/source.tar.gz"
    touch "$state/source"
}

go() {
    (cd "$tree" && env GO111MODULE=off GOPROXY=off CGO_ENABLED=0 GOPATH="$go_path" GOCACHE="$state/go-cache" \
        /usr/lib/go-1.19/bin/go "$@")
}

programs() {
    local each
    mkdir -p "$state/bin"
    [ -e "$tree/pkg/generated/openapi/zz_generated.openapi.go" ] || step "its description of itself" describe
    for each in "${built[@]}"; do
        [ -x "$state/bin/$each" ] || step "$each (minutes)" go build -o "$state/bin/$each" "k8s.io/kubernetes/cmd/$each"
    done
    [ -x "$state/bin/pause" ] || step "pause" gcc -Os -static -s -o "$state/bin/pause" "$here/pause.c"
}

# The file of all types, which the source leaves to its makefiles.
describe() {
    go build -o "$state/bin/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
    local packages
    packages=$(cd "$tree" && grep -rl --include='*.go' '^// +k8s:openapi-gen=' pkg cmd plugin vendor/k8s.io/*/ |
        grep -vE 'code-generator|sample-|_test.go|testing|/test/' | xargs -n1 dirname | tr -s / | LC_ALL=C sort -u |
        sed 's#^#k8s.io/kubernetes/#' | paste -sd,)
    (cd "$tree" && PATH=/usr/lib/go-1.19/bin:$PATH GO111MODULE=off GOPATH=$go_path "$state/bin/openapi-gen" --logtostderr \
        -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi --output-base "$go_path/src" \
        -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$state/log/violations")
}

# What becomes the image: Debian's Python with JupyterLab and jupyterhub-singleuser.
make_tree() {
    rm -rf "$state/lab"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$state/lab"
    cp /etc/resolv.conf "$state/lab/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$state/lab/etc/ssl/certs/ca-certificates.crt"
    chroot "$state/lab" python3 -m venv /opt/lab
    chroot "$state/lab" env -u PIP_FIND_LINKS PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
        /opt/lab/bin/pip install --quiet --disable-pip-version-check jupyterhub==6.1.1 jupyterlab
    touch "$state/lab.made"
}

# certificate NAME SUBJECT [NAMES]: signed by the cluster's authority.
certificate() {
    openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile <(
        printf 'extendedKeyUsage=clientAuth,serverAuth\n'
        [ -z "${3:-}" ] || printf 'subjectAltName=%s\n' "$3"
    )
}

# kubeconfig NAME: for whom a certificate was made.
kubeconfig() {
    cat >"$1.conf" <<END
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: $1}}]
clusters: [{name: here, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
END
}

certificates() {
    local each
    cd "$state/run"
    umask 077
    {
        openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=here -keyout ca.key -out ca.crt
        openssl genrsa -out accounts.key 2048
        openssl rsa -in accounts.key -pubout -out accounts.pub
        certificate server /CN=server DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:10.96.0.1,IP:10.244.0.1
        certificate admin /O=system:masters/CN=admin
        certificate controllers /CN=system:kube-controller-manager
        certificate scheduler /CN=system:kube-scheduler
        certificate node /O=system:nodes/CN=system:node:node IP:10.244.0.1
        certificate proxy /O=system:masters/CN=proxy
    } >>"$log" 2>&1
    for each in admin controllers scheduler node proxy; do kubeconfig "$each"; done
    umask 022
}

# start NAME COMMAND...: in the background, in a session of its own; what it says goes to a log.
declare -A started=()
start() {
    local name=$1
    shift
    setsid "$@" >"$state/log/$name.log" 2>&1 </dev/null 9>&- &
    started[$name]=$!
}

# until_answers NAME COMMAND...: a cold start of all this takes a while on a small machine.
until_answers() {
    local name=$1
    shift
    step "$name" within 300 "$@"
}

within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { tail -n 5 "$state"/log/*.log && return 1; }
        sleep 0.5
    done
}

# admin PATH [MORE...]: a call of the API with all rights.
admin() {
    local path=$1
    shift
    curl -sSf --noproxy '*' --cacert "$state/run/ca.crt" --cert "$state/run/admin.crt" --key "$state/run/admin.key" \
        "https://127.0.0.1:6443$path" "$@"
}

api_server() {
    start api-server kube-apiserver --etcd-servers http://127.0.0.1:2379 --advertise-address 10.244.0.1 --secure-port 6443 \
        --tls-cert-file server.crt --tls-private-key-file server.key --client-ca-file ca.crt \
        --kubelet-client-certificate admin.crt --kubelet-client-key admin.key \
        --kubelet-preferred-address-types InternalIP --allow-privileged \
        --service-account-key-file accounts.pub --service-account-signing-key-file accounts.key \
        --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.0.0/16 \
        --api-audiences https://kubernetes.default.svc --authorization-mode Node,RBAC \
        --enable-admission-plugins NodeRestriction
}

controllers() {
    start controllers kube-controller-manager --kubeconfig controllers.conf --use-service-account-credentials \
        --root-ca-file ca.crt --service-account-private-key-file accounts.key --leader-elect=false --port 0 \
        --allocate-node-cidrs --cluster-cidr 10.244.0.0/24 --node-cidr-mask-size 24
    start scheduler kube-scheduler --kubeconfig scheduler.conf --leader-elect=false --port 0
    cat >registry.yml <<END
version: 0.1
storage: {filesystem: {rootdirectory: $state/run/images}}
http: {addr: 127.0.0.1:5000}
END
}

push_images() {
    rm -rf "$state/pause" && mkdir -p "$state/pause"
    cp "$state/bin/pause" "$state/pause/pause"
    python3 "$here/image.py" pause "$state/pause" /pause >"$state/run/pause.image"
    python3 "$here/image.py" lab "$state/lab" >"$state/run/lab.image"
}

runtime() {
    mkdir -p networks
    # Whoever may not lower a process's chance to be chosen when memory ends would otherwise start no pod.
    cat >containerd.toml <<END
version = 2
root = "$state/run/containerd"
state = "$state/run/containerd-state"
[grpc]
  address = "$state/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$(cat pause.image)"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$state/debian/usr/lib/cni"
    conf_dir = "$state/run/networks"
  [plugins."io.containerd.grpc.v1.cri".registry.mirrors."127.0.0.1:5000"]
    endpoint = ["http://127.0.0.1:5000"]
END
    cat >networks/pods.conflist <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
    {"type": "bridge", "bridge": "orrery-pods", "isGateway": true, "hairpinMode": true, "ipam": {
        "type": "host-local", "dataDir": "$state/run/addresses", "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": [[{"subnet": "10.244.0.0/24", "gateway": "10.244.0.1"}]]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
}

node() {
    # A bridge of our own, on which pods and this machine meet.
    ip link show orrery-pods >>"$log" 2>&1 || ip link add orrery-pods type bridge
    ip addr replace 10.244.0.1/24 dev orrery-pods
    ip link set orrery-pods up
    cat >kubelet.yaml <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $state/run/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
failSwapOn: false
tlsCertFile: $state/run/node.crt
tlsPrivateKeyFile: $state/run/node.key
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 99
imageGCLowThresholdPercent: 98
END
    start kubelet kubelet --config kubelet.yaml --kubeconfig node.conf --root-dir "$state/run/kubelet" \
        --container-runtime remote --container-runtime-endpoint "unix://$state/run/containerd.sock" \
        --hostname-override node --node-ip 10.244.0.1
    start proxy kube-proxy --kubeconfig proxy.conf --proxy-mode iptables --hostname-override node \
        --cluster-cidr 10.244.0.0/24 --conntrack-max-per-core 0
}

node_is_ready() { admin /api/v1/nodes/node | tr -d ' \n' | grep -q '"type":"Ready","status":"True"'; }

# A usual class of storage, and volumes of it for claims that a test makes.
volumes() {
    local each
    {
        admin /apis/storage.k8s.io/v1/storageclasses -H 'Content-Type: application/json' -d '{"metadata": {"name": "usual",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"}'
        # Whoever a session is may write to its volume, as a driver would see to.
        for each in {1..100}; do
            mkdir -p "$state/run/volumes/$each" && chmod 1777 "$state/run/volumes/$each"
            admin /api/v1/persistentvolumes -H 'Content-Type: application/json' -d '{"metadata": {"name": "usual-'$each'"}, "spec": {
                "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce", "ReadWriteMany"], "storageClassName": "usual",
                "hostPath": {"path": "'"$state/run/volumes/$each"'", "type": "Directory"}}}'
        done
    } >>"$log"
}

wait_for_an_end() {
    local name
    while sleep 2; do
        for name in "${!started[@]}"; do
            kill -0 "${started[$name]}" 2>/dev/null || { tail -n 5 "$state/log/$name.log" && fail "$name has ended"; }
        done
    done
}

# Pods end with the processes of their shims, which outlive containerd; then nothing is mounted below the state any more.
end() {
    trap - EXIT INT TERM
    stop_working
    local name pid
    [ ${#started[@]} -eq 0 ] || say "" "Ending"
    for name in kubelet proxy scheduler controllers api-server registry etcd; do
        [ -z "${started[$name]:-}" ] || kill "${started[$name]}" 2>/dev/null || true
    done
    for pid in $(pgrep -f "^$(command -v containerd-shim-runc-v2) .*$state/run/containerd.sock"); do
        pkill -KILL -P "$pid" || true
        kill -KILL "$pid" 2>/dev/null || true
    done
    [ -z "${started[containerd]:-}" ] || kill "${started[containerd]}" 2>/dev/null || true
    wait
    awk -v below="$state/run/" 'index($2, below) == 1 {print $2}' /proc/mounts | sort -r | xargs -r umount -l
    ! ip link show orrery-pods >/dev/null 2>&1 || ip link del orrery-pods
    iptables-save | sed '/KUBE-/d' | iptables-restore
}
