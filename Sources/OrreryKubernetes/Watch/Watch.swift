/// The changes of a selection from one version on, as the API server sends them. It ends when the server ends it, which
/// it does after `timeoutSeconds` at the latest. Read it from one task, once.
package struct Watch<Object: KubernetesObject>: AsyncSequence, Sendable {
    package typealias Element = WatchEvent<Object>
    package typealias Failure = KubernetesError

    let answer: StreamedAnswer

    package func makeAsyncIterator() -> Iterator { Iterator(answer: answer) }

    package struct Iterator: AsyncIteratorProtocol {
        let answer: StreamedAnswer
        private var splitter = LineSplitter()
        private var lines: ArraySlice<[UInt8]> = []

        init(answer: StreamedAnswer) { self.answer = answer }

        package mutating func next() async throws(KubernetesError) -> WatchEvent<Object>? {
            while lines.isEmpty {
                guard let chunk = try await read() else { return nil }
                lines = try splitter.split(chunk)[...]
            }
            return WatchEvent(line: lines.removeFirst())
        }

        package mutating func next(isolation: isolated (any Actor)?) async throws(KubernetesError)
            -> WatchEvent<Object>?
        {
            try await next()
        }

        private func read() async throws(KubernetesError) -> [UInt8]? {
            do { return try await answer.next() } catch { throw KubernetesError(error) }
        }
    }
}

extension KubernetesClient {
    /// Opens a watch that begins after `version`, with bookmarks. The server ends it after `timeout`; a client needs a
    /// clock of its own beside it, since a server that is going down leaves a watch open and silent.
    package func watch<Object: KubernetesObject>(
        _ type: Object.Type, _ selection: Selection, after version: String, timeout: Duration
    ) async throws(KubernetesError) -> Watch<Object> {
        var path = try ResourcePath(Object.plural, in: namespace)
        path.add("watch", "1")
        path.add("labelSelector", selection.labels)
        path.add("fieldSelector", selection.fields)
        path.add("resourceVersion", version)
        path.add("allowWatchBookmarks", "true")
        path.add("timeoutSeconds", String(timeout.components.seconds))
        return Watch(answer: try await open(path))
    }
}
