internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import OrreryModel

/// One request about objects, as far as everybody who answers it needs it.
struct Call: Sendable {
    let request: Request
    let caller: Access.Caller
    let target: Target.Resource
    let kind: Kind
    let query: Query

    /// The key of the object that the path names.
    var key: ObjectStore.Key { key(named: target.object) }

    /// The key of another object in the same place.
    func key(named name: String) -> ObjectStore.Key {
        ObjectStore.Key(kind: kind, namespace: kind.isNamespaced ? target.namespace : "", name: name)
    }

    /// The namespace to list; nil for all, and for kinds without.
    var listedNamespace: String? { kind.isNamespaced && !target.namespace.isEmpty ? target.namespace : nil }

    var isDryRun: Bool { query["dryRun"] == "All" }

    /// The content type without parameters; empty when there is none.
    var contentType: String {
        String((request.headers[.contentType] ?? "").prefix { $0 != ";" }).trimmingCharacters(in: .whitespaces)
    }

    /// The whole body. Throws 413 when it is longer than `limit`.
    func body(limit: Int) async throws -> [UInt8] {
        do {
            return Array(buffer: try await request.body.collect(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw Status.tooLarge(limit: limit)
        }
    }

    /// Throws 406 unless the caller takes plain JSON.
    func checkAccept() throws(Status) {
        guard let accept = request.headers[.accept], !accept.isEmpty else { return }
        let takesJSON = accept.split(separator: ",").contains { range in
            let parts = range.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            let isTransformed = parts.dropFirst().contains { $0.hasPrefix("as=") && $0 != "as=" }
            return !isTransformed && ["application/json", "application/*", "*/*"].contains(parts.first ?? "")
        }
        guard takesJSON else { throw .notAcceptable }
    }
}
