import OrreryModel

extension PodStatus {
    init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init()
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "phase": phase = try reader.text()
            case "reason": reason = try reader.text()
            case "message": message = try reader.text()
            case "podIP": podIP = try reader.text()
            case "conditions":
                conditions = try reader.list { reader throws(JSONReader.Offence) in try PodCondition(told: &reader) }
            case "containerStatuses":
                containerStatuses = try reader.list { reader throws(JSONReader.Offence) in
                    try ContainerStatus(told: &reader)
                }
            default: try reader.skip()
            }
        }
    }
}

extension PodCondition {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        var (type, status): (String?, String?)
        var (reason, message): (String?, String?)
        let start = reader
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "type": type = try reader.string()
            case "status": status = try reader.string()
            case "reason": reason = try reader.text()
            case "message": message = try reader.text()
            default: try reader.skip()
            }
        }
        guard let type, let status else { throw start.offence }
        self.init(type, status, reason: reason, message: message)
    }
}

extension ContainerStatus {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        var ownName: String?
        var (state, ready, restarts): (State?, Bool?, Int?)
        let start = reader
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "name": ownName = try reader.string()
            case "state": state = try reader.ifAny { reader throws(JSONReader.Offence) in try State(told: &reader) }
            case "ready": ready = try reader.truth()
            case "restartCount": restarts = try reader.number()
            default: try reader.skip()
            }
        }
        guard let ownName else { throw start.offence }
        self.init(name: ownName, state: state, ready: ready)
        restartCount = restarts
    }
}

extension ContainerStatus.State {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init()
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "waiting":
                waiting = try reader.ifAny { reader throws(JSONReader.Offence) in
                    try ContainerStatus.Waiting(told: &reader)
                }
            case "running":
                running = try reader.ifAny { reader throws(JSONReader.Offence) in
                    try ContainerStatus.Running(told: &reader)
                }
            case "terminated":
                terminated = try reader.ifAny { reader throws(JSONReader.Offence) in
                    try ContainerStatus.Terminated(told: &reader)
                }
            default: try reader.skip()
            }
        }
    }
}

extension ContainerStatus.Waiting {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init(reason: "")
        reason = nil
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "reason": reason = try reader.text()
            case "message": message = try reader.text()
            default: try reader.skip()
            }
        }
    }
}

extension ContainerStatus.Running {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init()
        try reader.members { name, reader throws(JSONReader.Offence) in
            if name == "startedAt" { startedAt = try reader.text() } else { try reader.skip() }
        }
    }
}

extension ContainerStatus.Terminated {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        var (code, reason, message): (Int?, String?, String?)
        let start = reader
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "exitCode": code = try reader.integer()
            case "reason": reason = try reader.text()
            case "message": message = try reader.text()
            default: try reader.skip()
            }
        }
        guard let code else { throw start.offence }
        self.init(exitCode: code, reason: reason, message: message)
    }
}
