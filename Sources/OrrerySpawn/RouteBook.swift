/// The proxy's routes, as far as sessions have any.
package protocol RouteBook: Sendable {
    /// Leads `prefix` to `target` (`http://ip:port`) from the moment of return. Doing it again changes the target.
    func open(_ prefix: String, to target: String, session: String, person: String) async throws

    /// Leads `prefix` nowhere from the moment of return. No route is a success.
    func close(_ prefix: String) async throws

    /// Whether the server behind `prefix` answers through the proxy, on the way that a person's requests take.
    func answers(_ prefix: String) async -> Bool

    /// Whether the server at `target` answers at `prefix` when it is asked there, and not through the proxy. False also where
    /// it cannot be reached from here.
    func listens(_ target: String, at prefix: String) async -> Bool

    /// Waits until the routes of ready sessions, as they are stored, are in force again after a start; not for longer than
    /// a few seconds.
    func restored() async
}
