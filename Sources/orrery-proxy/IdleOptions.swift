/// Options that were given and change nothing, because another one that they go with is missing. configurable-http-proxy takes
/// them without a word and hubs may write them, so they are no errors; but whoever wrote them expects something of them.
struct IdleOptions {
    private(set) var notes: [String] = []

    /// Notes that `option` changes nothing, if it was given and what it `needs` was not.
    mutating func check(_ option: String, isGiven: Bool, needs: String, isThere: Bool) {
        guard isGiven, !isThere else { return }
        notes.append("\(option) has no effect without \(needs)")
    }

    /// The same for what is said about clients' certificates. `prefix` is what the options of this side begin with.
    mutating func checkClients(_ prefix: String, isOn: Bool, authorities: String?, asks: Bool, rejects: Bool) {
        let tls = "\(prefix)key or \(prefix)cert"
        check("\(prefix)ca", isGiven: authorities != nil, needs: tls, isThere: isOn)
        check("\(prefix)request-cert", isGiven: asks, needs: tls, isThere: isOn)
        check("\(prefix)reject-unauthorized", isGiven: rejects, needs: tls, isThere: isOn)
        guard isOn else { return }
        let question = "\(prefix)request-cert"
        check("\(prefix)ca", isGiven: authorities != nil, needs: question, isThere: asks)
        check("\(prefix)reject-unauthorized", isGiven: rejects, needs: question, isThere: asks)
    }
}
