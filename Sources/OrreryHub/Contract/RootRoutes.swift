import HTTPTypes
import Hummingbird
import OrreryModel

/// What the contract says to everybody: which version it is, and that the hub is there.
struct RootRoutes: Sendable {
    /// The version of JupyterHub whose contract this is. Single-user servers and clients compare it with their own.
    static let version = "6.1.1"

    func add(to router: Router<HubContext>) {
        router.get("hub/api") { _, _ in
            var response = try Response.json(["version": .string(Self.version)])
            response.headers[.accessControlAllowOrigin] = "*"
            return response
        }
        router.get("hub/health") { _, _ in Response(status: .ok) }
        router.get("hub/api/health") { _, _ in Response(status: .ok) }
        router.get("/") { _, _ in Response.redirect(to: "/hub/") }
    }
}
