import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import OrreryKubernetes
import OrreryModel

extension APIGate {
    /// A success with a Secret, without what it holds. An API server answers whoever makes or changes one, and at times whoever
    /// removes one, with all of it: beyond the site nobody reads that.
    func withoutContent(_ answer: StreamedAnswer) async throws -> Response {
        let object = try JSONDecoder().decode(JSON.self, from: Data(try await answer.collect(upTo: 4 << 20)))
        var shown = object
        if object["kind"] != "Status" {
            let metadata = (object["metadata"]?.object ?? [:]).filter { Self.shownMetadata.contains($0.key) }
            shown = ["metadata": .object(metadata)]
            for name in ["apiVersion", "kind"] { shown[name] = object[name] }
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: GateHeaders.answer(answer.headers),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(shown))))
    }

    /// No annotations: `kubectl apply` writes the whole object into one.
    private static let shownMetadata: Set<String> = [
        "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "labels",
    ]
}
