/// The proxy's routes, as far as sessions have any.
package protocol RouteBook: Sendable {
    /// Leads `prefix` to `target` (`http://ip:port`) from the moment of return. Doing it again changes the target.
    func open(_ prefix: String, to target: String, session: String, person: String) async throws

    /// Leads `prefix` nowhere from the moment of return. No route is a success.
    func close(_ prefix: String) async throws

    /// Whether the server behind `prefix` answers through the proxy, on the way that a person's requests take.
    func answers(_ prefix: String) async -> Bool
}
