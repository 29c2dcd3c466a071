"""What a site admin does by kubectl: applies an agent's manifest to a pocket cluster and writes the agent's kubeconfig.

    orrery-agent manifest --sessions hub | site.py --server URL --token-file ADMIN --kubeconfig FILE

A pocket runs no Deployments, so of the manifest it gets namespaces, accounts and rights; the agent runs beside it, as the
account that these rights belong to.
"""
import argparse
import json
import os
import pathlib
import sys
import urllib.error
import urllib.request

import yaml

PLACES = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
}
MONTH = 30 * 86400


class Cluster:
    def __init__(self, server, token):
        self.server, self.token = server, token
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method, path, body):
        request = urllib.request.Request(
            self.server + path, method=method, data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        try:
            with self.opener.open(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def apply(self, thing):
        """Makes an object, or puts it in the place of the one that is there."""
        path = PLACES[thing["kind"]].format(namespace=thing["metadata"].get("namespace", ""))
        status, answer = self.call("POST", path, thing)
        if status == 409 and thing["kind"] in ("Role", "RoleBinding"):
            status, answer = self.call("PUT", f"{path}/{thing['metadata']['name']}", thing)
        if status not in (200, 201, 409):
            sys.exit(f"{thing['kind']} {thing['metadata']['name']}: {status} {answer.get('message')}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--token-file", type=pathlib.Path, required=True)
    parser.add_argument("--kubeconfig", type=pathlib.Path, required=True)
    options = parser.parse_args()
    cluster = Cluster(options.server, options.token_file.read_text().strip())
    things = [thing for thing in yaml.safe_load_all(sys.stdin) if thing and thing["kind"] in PLACES]
    for kind in PLACES:
        for thing in things:
            if thing["kind"] == kind:
                cluster.apply(thing)
    account = next(thing["metadata"] for thing in things if thing["kind"] == "ServiceAccount")
    path = f"/api/v1/namespaces/{account['namespace']}/serviceaccounts/{account['name']}/token"
    status, answer = cluster.call("POST", path, {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": MONTH}})
    if status != 201:
        sys.exit(f"no token for {account['name']}: {status} {answer.get('message')}")
    with open(os.open(options.kubeconfig, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "site",
            "clusters": [{"name": "site", "cluster": {"server": options.server}}],
            "users": [{"name": "agent", "user": {"token": answer["status"]["token"]}}],
            "contexts": [{"name": "site", "context": {
                "cluster": "site", "user": "agent", "namespace": account["namespace"]}}],
        }, file)


if __name__ == "__main__":
    main()
