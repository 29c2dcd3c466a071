import HTTPTypes
import Hummingbird

/// Answers 405 with `Allow` (RFC 9110 15.5.6) where an address is right and the method is not. Without it a program that
/// sends the wrong one would be told that the address does not exist.
struct OtherMethods: Sendable {
    private static let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]

    /// For every address of `router`; to be called when all are there.
    func add(to router: Router<HubContext>) {
        for (path, routes) in Dictionary(grouping: router.routes, by: { "\($0.path)" }) {
            // HEAD comes with GET by itself.
            let methods = Set(routes.map(\.method)).union(routes.contains { $0.method == .get } ? [.head] : [])
            let allowed = Self.known.filter(methods.contains).map(\.rawValue).joined(separator: ", ")
            for method in Self.known where !methods.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    throw HubError(.wrongMethod, "this address takes \(allowed), not \(method.rawValue)")
                        .with("Allow", allowed)
                }
            }
        }
    }
}
