import Foundation
import OrreryModel
import OrreryStore

/// People and servers as the JupyterHub contract shows them. What a caller has no right to see is left out, not empty.
struct UserModel: Sendable {
    let person: PersonRecord
    /// The person's sessions that have not ended.
    let sessions: [SessionRecord]
    let url: PublicURL

    /// The person as `caller` may see them.
    func json(for caller: Caller) -> JSON {
        let name = person.person.name
        let may = { (scope: String) in caller.scopes.allow(scope, user: name) }
        var model: JSON = [
            "kind": "user", "name": .string(name), "admin": .bool(person.isAdmin), "user_info": nil,
        ]
        if may("read:users:groups") {
            model["groups"] = .array(person.person.groups.map(\.name).sorted().map { .string($0) })
        }
        if may("read:users") {
            model["created"] = .string(Timestamp.text(person.createdAt))
            model["roles"] = person.isAdmin ? ["admin", "user"] : ["user"]
            model["pending"] = ServerModel.pending(defaultServer)
            model["server"] = defaultServer.map { $0.state == .ready ? .string($0.prefix) : .null } ?? .null
        }
        if may("read:users:activity") {
            model["last_activity"] = .string(Timestamp.text(sessions.map(\.lastActivity).max() ?? person.lastLogin))
        }
        if may("read:servers") {
            model["servers"] = .object(
                Dictionary(uniqueKeysWithValues: sessions.map { ($0.server, ServerModel(session: $0, url: url).json) }))
        }
        return model
    }

    private var defaultServer: SessionRecord? { sessions.first { $0.server.isEmpty } }
}

/// A session as the contract shows a server.
struct ServerModel: Sendable {
    let session: SessionRecord
    let url: PublicURL

    var json: JSON {
        let progress = Self.progressPath(person: session.personName, server: session.server)
        return [
            "name": .string(session.server), "display_name": .string(session.server),
            "full_name": .string("\(session.personName)/\(session.server)"),
            "last_activity": .string(Timestamp.text(session.lastActivity)),
            "started": .string(Timestamp.text(session.createdAt)), "pending": Self.pending(session),
            "ready": .bool(session.state == .ready), "stopped": .bool(session.state == .ended),
            "url": .string(session.prefix), "full_url": .string(url.origin + session.prefix),
            "progress_url": .string(progress), "full_progress_url": .string(url.origin + progress),
            "user_options": [
                "profile": .string(session.profile), "environment": .string(session.environment),
                "size": .string(session.size), "cluster": .string(session.cluster),
                "options": .object((session.plan.options ?? [:]).mapValues { .string($0) }),
            ],
            "state": [:],
        ]
    }

    /// `spawn`, `stop` or nothing: what the contract calls pending.
    static func pending(_ session: SessionRecord?) -> JSON {
        guard let session else { return nil }
        return session.state.isPending ? "spawn" : session.state == .stopping ? "stop" : nil
    }

    static func progressPath(person: String, server: String) -> String {
        let base = "/hub/api/users/\(person.escapedForContract)/server"
        return server.isEmpty ? "\(base)/progress" : "\(base)s/\(server.escapedForContract)/progress"
    }
}
