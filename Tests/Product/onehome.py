"""What the sites of tests and benchmarks have in common: one claim, one home, one profile that lasts an hour."""
import hashlib

DIGEST = "sha256:" + hashlib.sha256(b"lab of the tests").hexdigest()
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: home, namespace: hub}
spec: {accessModes: [ReadWriteMany], storageClassName: "", volumeName: home, resources: {requests: {storage: 1Gi}}}
"""
FILESETS = """
filesets:
  home: {at: "/home/{user}", home: true, required: true, grants: [{to: [everyone], mode: rw}]}
"""
PROFILES = """
registries: [{host: registry.test, repos: ["lab/*"]}]
environments: {lab: {title: Lab, image: registry.test/lab/lab, digest: "%s"}}
sizes: {small: {cpu: {request: 100m, limit: 1}, memory: {request: 256Mi, limit: 1Gi}}}
profiles:
  standard:
    title: Standard
    default: true
    allow: [developers]
    environments: [lab]
    sizes: {small: [everyone]}
    filesets: {offer: all}
    life: {max: 1h, grace: 1s}
""" % DIGEST
