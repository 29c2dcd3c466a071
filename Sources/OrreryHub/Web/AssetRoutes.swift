import HTTPTypes
import Hummingbird
import NIOCore

/// The files that pages refer to.
struct AssetRoutes: Sendable {
    func add(to router: Router<HubContext>) {
        router.get("hub/static/:hash/:name") { request, context in
            guard let found = Asset.find(hash: try context.name("hash"), name: try context.name("name")) else {
                throw HubError(.notFound, "there is no such file")
            }
            let cache = found.isCurrent ? Asset.cacheControl : "no-cache"
            return Response(
                status: .ok, headers: [.contentType: found.asset.type, .cacheControl: cache],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: found.asset.bytes)))
        }
    }
}
