import Foundation
import Hummingbird
import Logging
import OrreryCrypto

/// What a handler knows of a request besides the request itself.
struct HubContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Names the request in the log, in `X-Request-Id` and on error pages.
    var requestID: String { didSet { logger[metadataKey: "request"] = .string(requestID) } }
    /// By which machines the request came.
    var way: RequestWay
    /// Where the request comes from, for limits.
    var client: ClientAddress { way.client }

    init(source: ApplicationRequestContextSource) {
        way = RequestWay(peer: source.channel.remoteAddress)
        coreContext = CoreRequestContextStorage(source: source)
        requestID = RandomToken.make(bytes: 8)
        logger[metadataKey: "request"] = .string(requestID)
    }

    /// A path parameter, decoded. One whose escapes are broken is a bad request.
    func name(_ parameter: String) throws(HubError) -> String {
        let written = parameters.get(parameter)
        // Nearly all are plain, and Foundation takes a way round by other encodings.
        if let written, !written.utf8.contains(UInt8(ascii: "%")) { return written }
        guard let text = written?.removingPercentEncoding else {
            throw HubError(.badRequest, "the address of this request is not properly encoded")
        }
        return text
    }
}
