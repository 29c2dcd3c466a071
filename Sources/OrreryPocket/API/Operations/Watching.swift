internal import Hummingbird
internal import OrreryModel
internal import OrreryServing

extension API {
    func watch(_ call: Call) throws -> Response {
        let watch = try Watch(
            labels: LabelSelector(call.query["labelSelector"]),
            fields: FieldSelector(call.query["fieldSelector"], for: call.kind), kind: call.kind,
            namespace: call.listedNamespace, sendsBookmarks: call.query.flag("allowWatchBookmarks"))
        guard let place = watches.place() else { return Answer.tooMany() }
        let timeout =
            call.query.integer("timeoutSeconds").map { Duration.seconds(max(0, $0)) }
            ?? .seconds(Int64.random(in: 1800...3600))
        let beginning: Beginning
        do {
            beginning = try begin(watch, call)
        } catch let status as Status where status.code == 410 {
            let line = Watch.line("ERROR", status.json)
            return Answer.stream("application/json", ResponseBody(contentsOf: [ByteBuffer(bytes: line)]))
        }
        let request = call.request
        let body = ResponseBody { writer in
            // The place is given back when this closure goes, however the watch ends.
            defer { withExtendedLifetime(place) {} }
            let (signals, feed) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingOldest(5000))
            try await request.whileConnected(left: { feed.finish() }) {
                try await run(watch, beginning, timeout: timeout, signals, feed) { line in
                    try await writer.write(ByteBuffer(bytes: line))
                }
            }
            try await writer.finish(nil)
        }
        return Answer.stream("application/json", body)
    }

    /// What a watch starts with: lines for what is there already, and the changes after `version`.
    struct Beginning: Sendable {
        var lines: [[UInt8]] = []
        let version: Int64
        let changes: AsyncStream<ObjectStore.Change>
    }

    private func begin(_ watch: Watch, _ call: Call) throws -> Beginning {
        let version = try Self.version(of: call)
        if let version, !call.query.flag("sendInitialEvents") {
            return Beginning(version: version, changes: try changes(of: call.kind, after: version))
        }
        let (objects, present) = store.list(call.kind, namespace: call.listedNamespace)
        var lines = objects.filter(watch.matches).map { Watch.line("ADDED", $0) }
        if call.query.flag("sendInitialEvents"), watch.sendsBookmarks {
            lines.append(watch.bookmark(present, annotations: ["k8s.io/initial-events-end": "true"]))
        }
        return Beginning(lines: lines, version: present, changes: try store.changes(call.kind, after: present))
    }

    private func changes(of kind: Kind, after version: Int64) throws -> AsyncStream<ObjectStore.Change> {
        do {
            return try store.changes(kind, after: version)
        } catch {
            guard case .expired(let oldest) = error else { throw error }
            throw Status.watchExpired(version, oldest: oldest)
        }
    }

    private enum Signal {
        case change(ObjectStore.Change)
        case bookmark
    }

    /// Writes lines until the time is up, the store ends the changes, or the client goes.
    @concurrent private func run(
        _ watch: Watch, _ beginning: Beginning, timeout: Duration, _ signals: AsyncStream<Signal>,
        _ feed: AsyncStream<Signal>.Continuation, write: @concurrent ([UInt8]) async throws -> Void
    ) async throws {
        for line in beginning.lines { try await write(line) }
        let limits = limits
        try await withThrowingTaskGroup { group in
            group.addTask {
                for await change in beginning.changes {
                    // A client that falls this far behind has to begin anew.
                    if case .dropped = feed.yield(.change(change)) { break }
                }
                feed.finish()
            }
            group.addTask {
                try await Self.beat(limits, until: timeout) { feed.yield(.bookmark) }
                feed.finish()
            }
            var seen = beginning.version
            for await signal in signals {
                switch signal {
                case .change(let change) where change.version > seen:
                    seen = change.version
                    if let line = watch.line(for: change) { try await write(line) }
                case .change: break
                case .bookmark where watch.sendsBookmarks:
                    let position = store.position(of: watch.kind)
                    if position.kind <= seen { seen = max(seen, position.all) }
                    try await write(watch.bookmark(seen))
                case .bookmark: break
                }
            }
            group.cancelAll()
        }
    }

    /// Calls `tick` at every interval and once more shortly before the end, and returns at the end.
    private static func beat(
        _ limits: PocketConfiguration.Limits, until timeout: Duration, _ tick: @Sendable () -> Void
    ) async throws {
        let end = ContinuousClock.now + timeout
        let last = end - limits.lastBookmark
        var next = ContinuousClock.now + limits.bookmarkInterval
        while next < last {
            try await Task.sleep(until: next)
            tick()
            next += limits.bookmarkInterval
        }
        if timeout > limits.lastBookmark {
            try await Task.sleep(until: last)
            tick()
        }
        try await Task.sleep(until: end)
    }
}

/// What one watch wants to see, and how a change looks to it.
struct Watch: Sendable {
    let labels: LabelSelector
    let fields: FieldSelector
    let kind: Kind
    let namespace: String?
    let sendsBookmarks: Bool

    func matches(_ object: JSON) -> Bool { labels.matches(object) && fields.matches(object) }

    /// The line for a change; nil for one that the watch does not see. An object that comes to match is added, one
    /// that no longer matches is deleted.
    func line(for change: ObjectStore.Change) -> [UInt8]? {
        guard namespace == nil || change.key.namespace == namespace else { return nil }
        let before = change.previous.map(matches) ?? false
        let after = change.type != .deleted && matches(change.object)
        switch (before, after) {
        case (false, false): return nil
        case (false, true): return Self.line("ADDED", change.object)
        case (true, true): return Self.line("MODIFIED", change.object)
        case (true, false): return Self.line("DELETED", change.object)
        }
    }

    func bookmark(_ version: Int64, annotations: JSON? = nil) -> [UInt8] {
        var metadata: JSON = ["resourceVersion": .string("\(version)")]
        metadata["annotations"] = annotations
        return Self.line(
            "BOOKMARK",
            ["kind": .string(kind.name), "apiVersion": .string(kind.apiVersion), "metadata": metadata])
    }

    static func line(_ type: String, _ object: JSON) -> [UInt8] {
        var line: [UInt8] = Array("{\"type\":\"\(type)\",\"object\":".utf8)
        object.write(into: &line)
        line += "}\n".utf8
        return line
    }
}
