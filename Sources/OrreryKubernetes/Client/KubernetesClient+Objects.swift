extension KubernetesClient {
    /// The object called `name`, as it is now: the read is not served from a stale cache.
    package func get<Object: KubernetesObject>(_ type: Object.Type, _ name: String) async throws(KubernetesError)
        -> Object
    {
        let path = try ResourcePath(Object.plural, in: namespace, name: name)
        return try decode(type, try await send("GET", path))
    }

    /// Makes an object and gives it as the cluster keeps it. A field that the cluster does not know is an error, not a
    /// warning. When the error `isUncertain`, the object may have been made all the same: read before trying again.
    package func create<Object: KubernetesObject>(_ object: Object) async throws(KubernetesError) -> Object {
        try decode(Object.self, try await post(object))
    }

    /// The same, for whoever does not want to know how the cluster keeps it.
    package func put<Object: KubernetesObject>(_ object: Object) async throws(KubernetesError) {
        _ = try await post(object)
    }

    private func post<Object: KubernetesObject>(_ object: Object) async throws(KubernetesError) -> [UInt8] {
        var path = try ResourcePath(Object.plural, in: namespace)
        path.add("fieldValidation", "Strict")
        return try await send("POST", path, body: try encode(object))
    }

    /// Merges `patch` into an object (RFC 7396): a member replaces, null removes.
    package func patch<Object: KubernetesObject>(_ type: Object.Type, _ name: String, with patch: some Encodable)
        async throws(KubernetesError) -> Object
    {
        var path = try ResourcePath(Object.plural, in: namespace, name: name)
        path.add("fieldValidation", "Strict")
        let body = try encode(patch)
        return try decode(
            type, try await send("PATCH", path, body: body, contentType: "application/merge-patch+json"))
    }

    /// Asks for an object's deletion. With `uid`, an object of that name but another uid is left alone and the call is
    /// refused as a conflict. A success means that the cluster will do it, not that it is done.
    package func delete<Object: KubernetesObject>(
        _ type: Object.Type, _ name: String, uid: String? = nil, grace: Duration? = nil
    ) async throws(KubernetesError) {
        let path = try ResourcePath(Object.plural, in: namespace, name: name)
        // Always a body and never a query: given a body, a server ignores the parameters of the query.
        let options = DeleteOptions(
            gracePeriodSeconds: grace.map { max(0, $0.components.seconds) },
            preconditions: uid.map { DeleteOptions.Preconditions(uid: $0) })
        _ = try await send("DELETE", path, body: try encode(options))
    }

    /// All objects of the selection in one consistent picture, read in pages of 500.
    ///
    /// When the picture grows too old between two pages, reading begins again without pages: what comes back is never
    /// put together from two pictures. An object that cannot be understood is named in `unreadable` instead of being among
    /// the items: it is there, and nothing else is known of it. `.unreadable` when there is no end after 200 pages, or
    /// 100,000 objects.
    package func list<Object: KubernetesObject>(_ type: Object.Type, _ selection: Selection)
        async throws(KubernetesError) -> ObjectList<Object>
    {
        var whole = try await page(type, selection, limit: 500, after: nil)
        var pages = 1
        while let next = whole.metadata.continue, !next.isEmpty {
            let count = whole.items.count + whole.unreadable.count
            guard pages < Self.mostPages, count < Self.mostPages * 500 else {
                throw .unreadable("a list goes on after \(count) objects")
            }
            pages += 1
            do {
                let page = try await page(type, selection, limit: 500, after: next)
                whole.items += page.items
                whole.unreadable += page.unreadable
                whole.metadata.continue = page.metadata.continue
            } catch {
                guard error.isExpired else { throw error }
                return try await page(type, selection, limit: nil, after: nil)
            }
        }
        return whole
    }

    /// Several times what the largest clusters have of anything, since a broken one may name a next page for ever.
    private static var mostPages: Int { 200 }

    private func page<Object: KubernetesObject>(
        _ type: Object.Type, _ selection: Selection, limit: Int?, after next: String?
    ) async throws(KubernetesError) -> ObjectList<Object> {
        var path = try ResourcePath(Object.plural, in: namespace)
        path.add("labelSelector", selection.labels)
        path.add("fieldSelector", selection.fields)
        path.add("limit", limit.map { String($0) })
        path.add("continue", next)
        return try decode(
            ObjectList<Object>.self, try await send("GET", path, urgent: true), with: .amongMany)
    }

    /// The last `lines` lines that a container wrote, at most 64 KiB of them.
    package func logTail(of pod: String, container: String, lines: Int) async throws(KubernetesError) -> String {
        var path = try ResourcePath(Pod.plural, in: namespace, name: pod, subresource: "log")
        path.add("container", container)
        path.add("tailLines", String(lines))
        path.add("limitBytes", String(Self.longestLog))
        // A server may send more than it was asked for.
        let end = try await send("GET", path).suffix(Self.longestLog)
        return String(decoding: end.drop { $0 & 0b1100_0000 == 0b1000_0000 }, as: UTF8.self)
    }

    private static var longestLog: Int { 64 << 10 }
}

private struct DeleteOptions: Encodable {
    let apiVersion = "v1"
    let kind = "DeleteOptions"
    let gracePeriodSeconds: Int64?
    let preconditions: Preconditions?

    struct Preconditions: Encodable {
        let uid: String
    }
}
