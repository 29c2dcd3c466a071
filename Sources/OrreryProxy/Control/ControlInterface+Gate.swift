internal import FoundationEssentials
internal import OrreryCrypto
internal import OrreryModel

/// The keys of the gate: set whole, and never told.
extension ControlInterface {
    static let gatePath = "/api/gate-keys"

    /// `GET` and `PUT` of the keys. Whoever may set them is whoever the proxy holds for the hub, so an interface that asks
    /// for no token takes none.
    func answerGate(_ request: Request) -> Answer {
        guard !isOpen else {
            return .text(403, "The gate's keys are only taken by an interface with a token: set CONFIGPROXY_AUTH_TOKEN")
        }
        return request.method == "PUT" ? setGate(request.body) : gateState()
    }

    /// Which keys there are, by their numbers, so that a hub sees whether it must give them again.
    private func gateState() -> Answer {
        let settings = shared.gate.snapshot()
        let ids = (settings?.keys.keys ?? []).map { JSON.integer(Int64($0.id)) }
        var state: [String: JSON] = ["ids": .array(ids)]
        if let settings { state["login"] = .string(settings.login) }
        return .json(Array("{".utf8) + JSONText.members(state) + Array("}".utf8))
    }

    private func setGate(_ body: [UInt8]) -> Answer {
        guard let object = JSONText.read(body)?.object else { return .text(400, "Body not valid JSON") }
        guard let listed = object["keys"]?.array, let keys = GateKeys(listed.compactMap(Self.gateKey)),
            keys.keys.count == listed.count
        else {
            return .text(400, "'keys' are 1 to \(GateKeys.limit) of {\"id\": number, \"key\": 32 bytes in base64}")
        }
        guard let login = object["login"]?.string, shared.gate.set(keys: keys, login: login) else {
            return .text(400, "'login' is the address of the hub's page for tickets, without a query")
        }
        return Answer(status: 204)
    }

    private static func gateKey(_ value: JSON) -> GateKey? {
        guard let number = value["id"]?.integer, let id = UInt32(exactly: number), let text = value["key"]?.string,
            let bytes = Data(base64Encoded: text)
        else { return nil }
        return GateKey(id: id, bytes: Array(bytes))
    }
}
