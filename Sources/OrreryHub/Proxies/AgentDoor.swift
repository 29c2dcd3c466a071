/// Where agents of clusters may dial a proxy, and by what they know it there.
struct AgentDoor: Hashable, Sendable {
    /// `host:port`.
    let address: String
    /// The keys that it shows, as join strings have them; empty where authorities vouch for it.
    let pins: [String]

    /// Nil unless `address` is host and port, and each of `pins`, with commas between them, may be a pin.
    init?(address: String, pins: String) {
        guard address.wholeMatch(of: /(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):[1-9][0-9]{0,4}/) != nil else {
            return nil
        }
        self.address = address
        self.pins = pins.split(separator: ",").prefix(8).map(String.init)
        guard self.pins.allSatisfy({ $0.wholeMatch(of: /sha256:[A-Za-z0-9+\/=]{43,44}/) != nil }) else { return nil }
    }
}
