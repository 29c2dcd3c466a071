import HTTPTypes

extension HTTPField.Name {
    static let requestID = named("X-Request-Id")
    static let contractVersion = named("X-JupyterHub-Version")
    static let forwardedFor = named("X-Forwarded-For")
    static let formProof = named("X-XSRFToken")
    static let fetchSite = named("Sec-Fetch-Site")
    static let upgrade = named("Upgrade")
    static let lastEventID = named("Last-Event-ID")

    /// For names written in this code.
    static func named(_ name: String) -> HTTPField.Name {
        guard let known = HTTPField.Name(name) else { preconditionFailure("\(name) is not a header's name") }
        return known
    }
}
