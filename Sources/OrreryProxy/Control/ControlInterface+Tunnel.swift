internal import OrreryModel

/// What a hub must know to invite an agent.
extension ControlInterface {
    static let tunnelPath = "/api/tunnel"

    /// By what agents know this proxy; 404 where it takes none.
    func answerTunnel() -> Answer {
        guard let tunnel = shared.tunnel else {
            return .text(404, "This proxy takes no agents: it follows no hub")
        }
        return .json(JSONText.bytes(["pins": .array(tunnel.pins.map(JSON.string))]))
    }
}
