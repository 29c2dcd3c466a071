extension Schema {
    static let podSpec = Schema(
        "PodSpec",
        [
            "volumes": .list(.object(volume)), "initContainers": .list(.object(container)),
            "containers": .list(.object(container)), "ephemeralContainers": .unchecked, "restartPolicy": .string,
            "terminationGracePeriodSeconds": .int64, "activeDeadlineSeconds": .int64, "dnsPolicy": .string,
            "nodeSelector": .map(.string), "serviceAccountName": .string, "serviceAccount": .string,
            "automountServiceAccountToken": .bool, "nodeName": .string, "hostNetwork": .flag, "hostPID": .flag,
            "hostIPC": .flag, "shareProcessNamespace": .bool, "securityContext": .object(podSecurityContext),
            "imagePullSecrets": .list(.object(nameOnly)), "hostname": .string, "subdomain": .string,
            "affinity": .unchecked, "schedulerName": .string, "tolerations": .list(.object(toleration)),
            "hostAliases": .list(.object(Schema("HostAlias", ["ip": .string, "hostnames": .list(.string)]))),
            "priorityClassName": .string, "priority": .int32, "dnsConfig": .unchecked, "readinessGates": .unchecked,
            "runtimeClassName": .string, "enableServiceLinks": .bool, "preemptionPolicy": .string,
            "overhead": .map(.quantity), "topologySpreadConstraints": .unchecked, "setHostnameAsFQDN": .bool,
            "os": .unchecked, "hostUsers": .bool, "schedulingGates": .unchecked, "resourceClaims": .unchecked,
            "resources": .object(resources), "hostnameOverride": .string, "workloadRef": .unchecked,
        ])

    static let container = Schema(
        "Container",
        [
            "name": .string, "image": .string, "command": .list(.string), "args": .list(.string),
            "workingDir": .string, "ports": .list(.object(containerPort)), "envFrom": .list(.object(envFrom)),
            "env": .list(.object(env)), "resources": .object(resources), "resizePolicy": .unchecked,
            "restartPolicy": .string, "restartPolicyRules": .unchecked,
            "volumeMounts": .list(.object(volumeMount)), "volumeDevices": .unchecked,
            "livenessProbe": .object(probe), "readinessProbe": .object(probe), "startupProbe": .object(probe),
            "lifecycle": .object(
                Schema(
                    "Lifecycle",
                    ["postStart": .object(handler), "preStop": .object(handler), "stopSignal": .string])),
            "terminationMessagePath": .string, "terminationMessagePolicy": .string, "imagePullPolicy": .string,
            "securityContext": .object(securityContext), "stdin": .flag, "stdinOnce": .flag, "tty": .flag,
        ])

    private static let containerPort = Schema(
        "ContainerPort",
        ["name": .string, "hostPort": .int32, "containerPort": .int32, "protocol": .string, "hostIP": .string])

    private static let keySelector = Schema("KeySelector", ["name": .string, "key": .string, "optional": .bool])
    private static let optionalName = Schema("SourceReference", ["name": .string, "optional": .bool])
    private static let nameOnly = Schema("LocalObjectReference", ["name": .string])
    private static let fieldRef = Schema("ObjectFieldSelector", ["apiVersion": .string, "fieldPath": .string])
    private static let resourceFieldRef = Schema(
        "ResourceFieldSelector", ["containerName": .string, "resource": .string, "divisor": .quantity])

    private static let env = Schema(
        "EnvVar",
        [
            "name": .string, "value": .string,
            "valueFrom": .object(
                Schema(
                    "EnvVarSource",
                    [
                        "fieldRef": .object(fieldRef), "resourceFieldRef": .object(resourceFieldRef),
                        "configMapKeyRef": .object(keySelector), "secretKeyRef": .object(keySelector),
                        "fileKeyRef": .unchecked,
                    ])),
        ])

    private static let envFrom = Schema(
        "EnvFromSource",
        ["prefix": .string, "configMapRef": .object(optionalName), "secretRef": .object(optionalName)])

    private static let resources = Schema(
        "ResourceRequirements",
        ["limits": .map(.quantity), "requests": .map(.quantity), "claims": .unchecked])

    private static let volumeMount = Schema(
        "VolumeMount",
        [
            "name": .string, "readOnly": .flag, "recursiveReadOnly": .string, "mountPath": .string,
            "subPath": .string, "mountPropagation": .string, "subPathExpr": .string,
        ])

    private static let handlerFields: [String: FieldType] = [
        "exec": .object(Schema("ExecAction", ["command": .list(.string)])),
        "httpGet": .object(
            Schema(
                "HTTPGetAction",
                [
                    "path": .string, "port": .intOrString, "host": .string, "scheme": .string,
                    "httpHeaders": .list(.object(Schema("HTTPHeader", ["name": .string, "value": .string]))),
                ])),
        "tcpSocket": .object(Schema("TCPSocketAction", ["port": .intOrString, "host": .string])),
    ]

    private static let handler = Schema(
        "LifecycleHandler",
        handlerFields.merging(["sleep": .object(Schema("SleepAction", ["seconds": .int64]))]) { _, own in own })

    private static let probe = Schema(
        "Probe",
        handlerFields.merging([
            "grpc": .object(Schema("GRPCAction", ["port": .int32, "service": .string])),
            "initialDelaySeconds": .int32, "timeoutSeconds": .int32, "periodSeconds": .int32,
            "successThreshold": .int32, "failureThreshold": .int32, "terminationGracePeriodSeconds": .int64,
        ]) { _, own in own })

    private static let securityContext = Schema(
        "SecurityContext",
        [
            "capabilities": .object(Schema("Capabilities", ["add": .list(.string), "drop": .list(.string)])),
            "privileged": .bool, "seLinuxOptions": .unchecked, "windowsOptions": .unchecked, "runAsUser": .int64,
            "runAsGroup": .int64, "runAsNonRoot": .bool, "readOnlyRootFilesystem": .bool,
            "allowPrivilegeEscalation": .bool, "procMount": .string, "seccompProfile": .object(seccompProfile),
            "appArmorProfile": .unchecked,
        ])

    private static let podSecurityContext = Schema(
        "PodSecurityContext",
        [
            "seLinuxOptions": .unchecked, "windowsOptions": .unchecked, "runAsUser": .int64, "runAsGroup": .int64,
            "runAsNonRoot": .bool, "supplementalGroups": .list(.int64), "supplementalGroupsPolicy": .string,
            "fsGroup": .int64, "sysctls": .unchecked, "fsGroupChangePolicy": .string,
            "seccompProfile": .object(seccompProfile), "appArmorProfile": .unchecked,
            "seLinuxChangePolicy": .string,
        ])

    private static let seccompProfile = Schema("SeccompProfile", ["type": .string, "localhostProfile": .string])

    private static let toleration = Schema(
        "Toleration",
        ["key": .string, "operator": .string, "value": .string, "effect": .string, "tolerationSeconds": .int64])

    private static let keyToPath = Schema("KeyToPath", ["key": .string, "path": .string, "mode": .int32])
    private static let downwardAPIItems: FieldType = .list(
        .object(
            Schema(
                "DownwardAPIVolumeFile",
                [
                    "path": .string, "fieldRef": .object(fieldRef), "resourceFieldRef": .object(resourceFieldRef),
                    "mode": .int32,
                ])))

    /// The sources that pocket can mount have their fields; the others are taken as they are, and refused later by
    /// the node with an event, as a kubelet without the driver does.
    static let volume = Schema(
        "Volume",
        [
            "name": .string,
            "emptyDir": .object(Schema("EmptyDirVolumeSource", ["medium": .string, "sizeLimit": .quantity])),
            "hostPath": .object(Schema("HostPathVolumeSource", ["path": .string, "type": .string])),
            "nfs": .object(Schema("NFSVolumeSource", ["server": .string, "path": .string, "readOnly": .flag])),
            "persistentVolumeClaim": .object(
                Schema("PersistentVolumeClaimVolumeSource", ["claimName": .string, "readOnly": .flag])),
            "secret": .object(
                Schema(
                    "SecretVolumeSource",
                    [
                        "secretName": .string, "items": .list(.object(keyToPath)), "defaultMode": .int32,
                        "optional": .bool,
                    ])),
            "configMap": .object(
                Schema(
                    "ConfigMapVolumeSource",
                    [
                        "name": .string, "items": .list(.object(keyToPath)), "defaultMode": .int32,
                        "optional": .bool,
                    ])),
            "downwardAPI": .object(
                Schema("DownwardAPIVolumeSource", ["items": downwardAPIItems, "defaultMode": .int32])),
            "projected": .object(
                Schema("ProjectedVolumeSource", ["sources": .unchecked, "defaultMode": .int32])),
            "awsElasticBlockStore": .unchecked, "azureDisk": .unchecked, "azureFile": .unchecked,
            "cephfs": .unchecked, "cinder": .unchecked, "csi": .unchecked, "ephemeral": .unchecked, "fc": .unchecked,
            "flexVolume": .unchecked, "flocker": .unchecked, "gcePersistentDisk": .unchecked, "gitRepo": .unchecked,
            "glusterfs": .unchecked, "image": .unchecked, "iscsi": .unchecked, "photonPersistentDisk": .unchecked,
            "portworxVolume": .unchecked, "quobyte": .unchecked, "rbd": .unchecked, "scaleIO": .unchecked,
            "storageos": .unchecked, "vsphereVolume": .unchecked,
        ])

    /// The names of the sources a volume can have.
    static let volumeSources = Set(volume.fields.keys).subtracting(["name"])
}
