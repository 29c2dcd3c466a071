import OrreryModel

extension ObjectMeta {
    init(told reader: inout JSONReader) throws(JSONReader.Offence) {
        self.init()
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "name": self.name = try reader.text()
            case "namespace": namespace = try reader.text()
            case "uid": uid = try reader.text()
            case "resourceVersion": resourceVersion = try reader.text()
            case "creationTimestamp": creationTimestamp = try reader.text()
            case "deletionTimestamp": deletionTimestamp = try reader.text()
            case "deletionGracePeriodSeconds": deletionGracePeriodSeconds = try reader.number()
            case "labels": labels = try reader.texts()
            case "annotations": annotations = try reader.texts()
            default: try reader.skip()
            }
        }
    }
}
