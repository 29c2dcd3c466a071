internal import Foundation
internal import OrreryModel

/// Where a list that was cut goes on: base64 of `{"v":"meta.k8s.io/v1","rv":361,"start":"/c2\u0000"}`, as a real
/// server makes it. Clients must not look inside, but some do.
struct ContinueToken {
    /// The version the first page was of; -1 for one that goes on with whatever is there now.
    let version: Int64
    /// The last object of the page before: `name`, or `namespace/name` in a list of all namespaces.
    let last: String

    init(version: Int64, last: String) {
        self.version = version
        self.last = last
    }

    init(_ text: String) throws(Status) {
        let unpadded = text.replacing("-", with: "+").replacing("_", with: "/")
        let padded = unpadded + String(repeating: "=", count: (4 - unpadded.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: padded) else {
            throw Self.bad("illegal base64 data at input byte \(text.utf8.count / 4 * 4)")
        }
        let json: JSON
        do {
            json = try JSON(parsing: Array(data))
        } catch {
            throw Self.bad("\(error)")
        }
        guard json["v"]?.string == "meta.k8s.io/v1" else {
            throw .badRequest(
                "invalid continue token: continue key is not valid: server does not recognize this encoded version "
                    + "\"\(json["v"]?.string ?? "")\"")
        }
        guard let version = json["rv"]?.integer, version != 0, let start = json["start"]?.string, !start.isEmpty else {
            throw .badRequest(
                "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion")
        }
        self.version = version
        last = String(start.drop { $0 == "/" }.filter { $0 != "\0" })
    }

    var text: String {
        let slash = version < 0 ? "" : "/"
        let json = "{\"v\":\"meta.k8s.io/v1\",\"rv\":\(version),\"start\":\"\(slash)\(last)\\u0000\"}"
        return Data(json.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    private static func bad(_ sentence: String) -> Status {
        .badRequest("invalid continue token: continue key is not valid: \(sentence)")
    }
}
