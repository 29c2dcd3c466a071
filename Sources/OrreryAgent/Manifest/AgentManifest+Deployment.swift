import OrreryModel

// The agent's own pods.
extension AgentManifest {
    /// Two replicas on two nodes, both active: one may go at any time.
    var deployment: JSON {
        var deployment = object("apps/v1", "Deployment", Self.name, in: namespace)
        deployment["spec"] = [
            "replicas": 2, "selector": ["matchLabels": Self.label],
            "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1, "maxSurge": 1]],
            "template": ["metadata": ["labels": Self.label], "spec": pod],
        ]
        return deployment
    }

    var disruptionBudget: JSON {
        var budget = object("policy/v1", "PodDisruptionBudget", Self.name, in: namespace)
        budget["spec"] = ["minAvailable": 1, "selector": ["matchLabels": Self.label]]
        return budget
    }

    private var pod: JSON {
        [
            "serviceAccountName": .string(Self.name), "enableServiceLinks": false, "terminationGracePeriodSeconds": 60,
            "securityContext": [
                "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
                "seccompProfile": ["type": "RuntimeDefault"],
            ],
            "affinity": [
                "podAntiAffinity": [
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        [
                            "weight": 100,
                            "podAffinityTerm": [
                                "labelSelector": ["matchLabels": Self.label], "topologyKey": "kubernetes.io/hostname",
                            ],
                        ]
                    ]
                ]
            ],
            "containers": [container], "volumes": volumes,
        ]
    }

    private var container: JSON {
        [
            "name": "agent", "image": .string(image), "imagePullPolicy": "IfNotPresent",
            "args": [
                "run", "--join-file", "/etc/orrery/join/join", "--namespace", .string(sessions), "--policy",
                .string(Self.policyFile),
            ],
            "resources": ["requests": ["cpu": "100m", "memory": "64Mi"], "limits": ["memory": "512Mi"]],
            "securityContext": [
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": ["drop": ["ALL"]],
            ],
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [
                ["name": "join", "mountPath": "/etc/orrery/join", "readOnly": true],
                ["name": "policy", "mountPath": "/etc/orrery/policy", "readOnly": true],
                ["name": "run", "mountPath": "/tmp"],
            ],
        ]
    }

    /// The Secret is the site's to make: `orrery-join` with the join string as `join`.
    private var volumes: JSON {
        [
            ["name": "join", "secret": ["secretName": "orrery-join", "defaultMode": 0o440]],
            ["name": "policy", "configMap": ["name": "orrery-site-policy"]],
            ["name": "run", "emptyDir": ["medium": "Memory", "sizeLimit": "16Mi"]],
        ]
    }
}
