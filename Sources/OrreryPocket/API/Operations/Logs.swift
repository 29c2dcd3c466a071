internal import Hummingbird
internal import OrreryModel
internal import OrreryServing
internal import ServiceLifecycle

extension API {
    func podLog(_ call: Call) throws -> Response {
        guard let pod = store.object(call.key) else { throw Status.notFound(call.key) }
        let container = try Self.container(of: pod, call)
        let isPrevious = call.query.flag("previous")
        let uid = pod["metadata"]?["uid"]?.string ?? ""
        guard let path = logs.logFile(podUID: uid, container: container, previous: isPrevious) else {
            throw Self.noLog(of: container, in: pod, isPrevious: isPrevious)
        }
        var reader = LogReader(path: path, query: call.query)
        guard call.query.flag("follow"), !isPrevious else {
            return Answer.stream("text/plain", ResponseBody(byteBuffer: ByteBuffer(bytes: reader.next())))
        }
        return Answer.stream("text/plain", following(reader, container, call, uid: uid))
    }

    /// The log, and what is added to it until the container or the client is gone.
    private func following(_ reader: LogReader, _ container: String, _ call: Call, uid: String) -> ResponseBody {
        ResponseBody { writer in
            var reader = reader
            let (ticks, feed) = AsyncStream.makeStream(of: Void.self)
            try await call.request.whileConnected(left: { feed.finish() }) {
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        while true {
                            feed.yield()
                            try await Task.sleep(for: .milliseconds(200))
                        }
                    }
                    for await _ in ticks.cancelOnGracefulShutdown() {
                        // Asked before reading, so that what was printed until the end is read too.
                        let runs = isRunning(container, call.key, uid: uid)
                        let bytes = reader.next()
                        if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                        if !runs { break }
                    }
                    group.cancelAll()
                }
            }
            try await writer.finish(nil)
        }
    }

    /// The container that is meant: the one named, or the only one there is.
    private static func container(of pod: JSON, _ call: Call) throws(Status) -> String {
        func names(_ list: String) -> [String] {
            (pod["spec"]?[list]?.array ?? []).compactMap { $0["name"]?.string }
        }
        let (containers, all) = (names("containers"), names("initContainers") + names("containers"))
        let pod = call.key.name
        guard let name = call.query["container"] else {
            if all.count == 1 { return all[0] }
            var choice = "[\(containers.joined(separator: " "))]"
            let others = names("initContainers")
            if !others.isEmpty { choice += " or one of the init containers: [\(others.joined(separator: " "))]" }
            throw .badRequest("a container name must be specified for pod \(pod), choose one of: \(choice)")
        }
        guard all.contains(name) else { throw .badRequest("container \(name) is not valid for pod \(pod)") }
        return name
    }

    private static func noLog(of container: String, in pod: JSON, isPrevious: Bool) -> Status {
        let name = pod["metadata"]?["name"]?.string ?? ""
        if isPrevious {
            return .badRequest("previous terminated container \"\(container)\" in pod \"\(name)\" not found")
        }
        let status = statuses(of: pod).first { $0["name"]?.string == container }
        let reason = status?["state"]?["waiting"]?["reason"]?.string ?? "ContainerCreating"
        return .badRequest("container \"\(container)\" in pod \"\(name)\" is waiting to start: \(reason)")
    }

    private static func statuses(of pod: JSON) -> [JSON] {
        ["containerStatuses", "initContainerStatuses"].flatMap { pod["status"]?[$0]?.array ?? [] }
    }

    private func isRunning(_ container: String, _ key: ObjectStore.Key, uid: String) -> Bool {
        guard let pod = store.object(key), pod["metadata"]?["uid"]?.string == uid else { return false }
        let status = Self.statuses(of: pod).first { $0["name"]?.string == container }
        return status?["state"]?["terminated"] == nil
    }
}
