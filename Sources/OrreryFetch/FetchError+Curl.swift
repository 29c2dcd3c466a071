import CCurl
import Glibc

extension FetchError {
    /// libcurl's result in our words. `words` are libcurl's own and are used only where they say more and hold no URL.
    init(_ code: CURLcode, of transfer: Transfer, words: String, errorNumber: CInt, wasConnected: Bool) {
        let peer = transfer.origin.description
        func error(_ kind: Kind, _ message: String) -> FetchError { FetchError(kind, message, host: peer) }
        self =
            switch code {
            case CURLE_URL_MALFORMAT: error(.badRequest, "the URL to fetch cannot be used")
            case CURLE_COULDNT_RESOLVE_HOST:
                error(.cannotResolve, "the name \(transfer.origin.host) cannot be resolved")
            case CURLE_COULDNT_CONNECT where transfer.wasKeptBack:
                error(.cannotConnect, "\(peer) is at an address to which this request may not go")
            case CURLE_COULDNT_CONNECT: error(.cannotConnect, "cannot connect to \(peer): \(Self.reason(errorNumber))")
            case CURLE_OPERATION_TIMEDOUT where !wasConnected:
                error(.cannotConnect, "cannot connect to \(peer) within \(transfer.request.connectLimit)")
            case CURLE_OPERATION_TIMEDOUT: error(.timedOut, "\(peer) did not answer in time")
            case CURLE_SSL_CERTPROBLEM: error(.badRequest, "the client certificate or key for \(peer) cannot be used")
            case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
                error(.badRequest, "the certificate authority for \(peer) cannot be read as PEM")
            case CURLE_PEER_FAILED_VERIFICATION:
                error(.tls, "the certificate of \(peer) is not trusted\(Self.clause(words))")
            case CURLE_SSL_CONNECT_ERROR: error(.tls, "no TLS connection to \(peer)\(Self.clause(words))")
            // TLS 1.3 lets the client finish its handshake before the server looks at its certificate.
            case CURLE_RECV_ERROR where Self.alert(in: words) != nil:
                error(.tls, "\(peer) refused the TLS connection: \(Self.alert(in: words) ?? "")")
            case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR: transfer.cut
            case CURLE_TOO_MANY_REDIRECTS: error(.badAnswer, "\(peer) redirects in a circle")
            // Our URL was checked, so a protocol that libcurl refuses is that of the answer: HTTP/0.9, or a redirect elsewhere.
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2, CURLE_HTTP3,
                CURLE_BAD_CONTENT_ENCODING:
                error(.badAnswer, "what \(peer) answered is not HTTP")
            default: error(.cut, "the exchange with \(peer) failed: libcurl error \(code.rawValue)")
            }
    }

    private static func reason(_ errorNumber: CInt) -> String {
        switch errorNumber {
        case ECONNREFUSED: "refused"
        case ETIMEDOUT: "no answer"
        case EHOSTUNREACH, ENETUNREACH: "no route to it"
        case 0: "refused"
        default: unsafe String(cString: strerror(errorNumber))
        }
    }

    /// `certificate required` of `… SSL routines::tlsv13 alert certificate required, errno 0`.
    private static func alert(in words: String) -> String? {
        words.firstRange(of: " alert ").map { String(words[$0.upperBound...].prefix { $0 != "," }) }
    }

    private static func clause(_ words: String) -> String {
        guard let colon = words.firstRange(of: ": ") else { return "" }
        return ": \(words[colon.upperBound...])"
    }
}
