import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OrreryCrypto
import OrreryModel
import OrreryServing
import ServiceLifecycle

/// What proxies ask of the hub. Browsers reach these addresses too, so each asks for the proxies' token.
struct ProxyRoutes: Sendable {
    let feed: ProxyFeed
    let token: Secret
    let activity: ActivityLedger
    let now: @Sendable () -> Date
    var beat = Duration.seconds(10)
    /// What changes so soon after the last change is told together: for each time that it is told something a proxy answers with a
    /// request of its own.
    var pace = Duration.milliseconds(50)

    func add(to router: Router<HubContext>) {
        router.get("api/v1/proxy/feed", use: follow)
        router.post("api/v1/proxy/activity", use: report)
    }

    /// Answers for as long as both live.
    @Sendable func follow(_ request: Request, _ context: HubContext) async throws -> Response {
        try check(request)
        let fields = request.fields
        guard let name = fields["proxy"], ProxyReport.isName(name) else {
            throw HubError(.badRequest, "`proxy` must be 1 to 64 letters, digits, hyphens and underscores")
        }
        guard feed.isOpen else {
            throw HubError(.unavailable, "the hub has not read its sessions yet", next: "try again in a moment")
        }
        let door = try fields["at"].map { address throws(HubError) in
            guard let door = AgentDoor(address: address, pins: fields["pins"] ?? "") else {
                throw HubError(.badRequest, "`at` must be host:port, and `pins` sha256:BASE64 with commas between them")
            }
            return door
        }
        var position: ProxyFeed.Position?
        if let epoch = fields["epoch"], let number = fields["after"].flatMap({ UInt64($0) }) {
            position = ProxyFeed.Position(epoch: epoch, number: number)
        }
        context.logger.notice("a proxy follows", metadata: ["proxy": "\(name)"])
        return Response(
            status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
            body: ResponseBody { [position] writer in
                let (id, wakes) = feed.join(name, door: door)
                defer { feed.leave(id) }
                try await request.whileConnected(left: { feed.leave(id) }) {
                    var (lines, number) = feed.beginning(after: position)
                    for piece in Self.pieces(lines) { try await writer.write(piece) }
                    for await _ in beating(wakes).cancelOnGracefulShutdown() {
                        // It reads so slowly that what it has not read is forgotten: it comes again for everything.
                        guard let changes = feed.changes(after: number) else { break }
                        number += UInt64(changes.count)
                        lines = changes.isEmpty ? [ProxyFeed.text(["alive": true])] : changes
                        for piece in Self.pieces(lines) { try await writer.write(piece) }
                        if !changes.isEmpty { try? await Task.sleep(for: pace) }
                    }
                    // A hub that stops does not keep the last of it to itself.
                    for piece in Self.pieces(feed.changes(after: number) ?? []) { try await writer.write(piece) }
                }
                try await writer.finish(nil)
            })
    }

    /// A snapshot may be many megabytes.
    private static func pieces(_ lines: [String]) -> [ByteBuffer] {
        var pieces = [ByteBuffer()]
        for line in lines {
            if pieces[pieces.count - 1].readableBytes >= 64 << 10 { pieces.append(ByteBuffer()) }
            pieces[pieces.count - 1].writeString(line)
        }
        return pieces
    }

    /// `wakes`, and an element after every beat.
    private func beating(_ wakes: AsyncStream<Void>) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let forwarding = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { for await _ in wakes { continuation.yield() } }
                    group.addTask { while (try? await Task.sleep(for: beat)) != nil { continuation.yield() } }
                    await group.next()
                    group.cancelAll()
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in forwarding.cancel() }
        }
    }

    @Sendable func report(_ request: Request, _ context: HubContext) async throws -> Response {
        try check(request)
        let report = try ProxyReport(try await request.json(), now: now())
        if let position = report.position { feed.report(report.proxy, position) }
        for (prefix, instant) in report.activity {
            // A route that has been removed meanwhile belongs to no session any more.
            if let route = feed.route(prefix) { activity.report(route.session, at: instant) }
        }
        return Response(status: .noContent)
    }

    private func check(_ request: Request) throws(HubError) {
        guard let said = request.bearer, said.equalsInConstantTime(token.reveal()) else {
            throw HubError(.forbidden, "this address is for proxies, which have a token")
        }
    }
}
