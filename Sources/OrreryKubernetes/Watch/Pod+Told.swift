package import OrreryModel

extension Pod {
    package static func told(_ reader: inout JSONReader) throws(JSONReader.Offence) -> Pod? {
        var (apiVersion, kind): (String?, String?)
        var (metadata, spec, status): (ObjectMeta?, PodSpec?, PodStatus?)
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "apiVersion": apiVersion = try reader.text()
            case "kind": kind = try reader.text()
            case "metadata": metadata = try ObjectMeta(told: &reader)
            case "spec": spec = try PodSpec(told: &reader)
            case "status":
                status = try reader.ifAny { reader throws(JSONReader.Offence) in try PodStatus(told: &reader) }
            default: try reader.skip()
            }
        }
        guard let metadata, let spec else { return nil }
        var pod = Pod(metadata: metadata, spec: spec, status: status)
        (pod.apiVersion, pod.kind) = (apiVersion, kind)
        return pod
    }
}

extension PodSpec {
    /// What is read of the spec of a pod among many; see `Pod.init(from:)`.
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init(containers: [])
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "schedulingGates":
                schedulingGates = try reader.list { reader throws(JSONReader.Offence) in
                    try SchedulingGate(told: &reader)
                }
            case "hostNetwork": hostNetwork = try reader.truth()
            case "containers":
                containers =
                    try reader.list { reader throws(JSONReader.Offence) in try Container(told: &reader) } ?? []
            default: try reader.skip()
            }
        }
    }
}

extension SchedulingGate {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        var ownName: String?
        let start = reader
        try reader.members { name, reader throws(JSONReader.Offence) in
            if name == "name" { ownName = try reader.string() } else { try reader.skip() }
        }
        guard let ownName else { throw start.offence }
        self.init(name: ownName)
    }
}

extension Container {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init(name: "", image: "")
        image = nil
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "name": self.name = try reader.text() ?? ""
            case "ports":
                ports = try reader.list { reader throws(JSONReader.Offence) in try ContainerPort(told: &reader) }
            default: try reader.skip()
            }
        }
    }
}

extension ContainerPort {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        var (ownName, number): (String?, Int?)
        let start = reader
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "name": ownName = try reader.text()
            case "containerPort": number = try reader.integer()
            default: try reader.skip()
            }
        }
        guard let number else { throw start.offence }
        self.init(name: "", containerPort: number)
        self.name = ownName
    }
}
