internal import OrreryCrypto
internal import OrreryModel

/// The keys of the gate: set whole, and never told.
extension ControlInterface {
    static let gatePath = "/api/gate-keys"

    /// `GET` and `PUT` of the keys. Whoever may set them is whoever the proxy holds for the hub, so an interface that
    /// asks for no token takes none.
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
        if let reason = shared.gate.set(object) { return .text(400, reason) }
        return Answer(status: 204)
    }
}
