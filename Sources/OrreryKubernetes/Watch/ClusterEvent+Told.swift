package import OrreryModel

extension ClusterEvent {
    package static func told(_ reader: inout JSONReader) throws(JSONReader.Offence) -> ClusterEvent? {
        var (metadata, about): (ObjectMeta?, Reference?)
        var (type, reason, message, count): (String?, String?, String?, Int?)
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "metadata": metadata = try ObjectMeta(told: &reader)
            case "involvedObject": about = try Reference(told: &reader)
            case "type": type = try reader.text()
            case "reason": reason = try reader.text()
            case "message": message = try reader.text()
            case "count": count = try reader.number()
            default: try reader.skip()
            }
        }
        guard let metadata, let about else { return nil }
        var event = ClusterEvent(metadata: metadata, about: about, type: "", reason: "", message: "", count: count)
        (event.type, event.reason, event.message) = (type, reason, message)
        return event
    }
}

extension ClusterEvent.Reference {
    fileprivate init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init(kind: "", name: "", uid: nil)
        kind = nil
        self.name = nil
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "kind": kind = try reader.text()
            case "name": self.name = try reader.text()
            case "uid": uid = try reader.text()
            default: try reader.skip()
            }
        }
    }
}
