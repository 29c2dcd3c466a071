/// What a worker counts, each in a cell of its own.
///
/// A new kind is a case here and a line in `MetricsText+Families.swift`.
enum Metric: Int, CaseIterable {
    // Connections, since the start: what is open is the difference.
    case clientsOpened, clientsClosed, upstreamsOpened, upstreamsClosed, tunnelsOpened, tunnelsClosed

    // Bytes as the sockets see them: heads and the framing of bodies count, TLS does not.
    case bytesFromClients, bytesToClients, bytesFromUpstreams, bytesToUpstreams

    // Requests that went to a route.
    case requestsWeb, requestsUpgrade
    /// The client left before an answer began, and while one was being sent.
    case clientsLeft, answersCut

    // Upstreams.
    case reuses, retries, failedUnreachable, failedTimedOut, failedGarbled, failedClosedEarly,
        failedInsecure

    /// Answers of the hub's that were given again while it was away.
    case staleAnswers

    // Refused by a limit.
    case refusedHead, refusedSlowHead, refusedSlowBody, refusedSlowReader, refusedAddress, refusedConnection
    case refusedPipeline, refusedHandshake, evicted

    // TLS.
    case clientHandshakes, clientHandshakesFailed, upstreamHandshakes, upstreamHandshakesFailed
    case clientsLent, upstreamsLent

    // The gate.
    case gatePassed, gateLogin, gateDenied, gateLoggedOut

    // Lines of the access log.
    case linesWritten, linesDropped

    /// 1 in a worker whose connections are not in the process's common table of descriptors.
    case ownsDescriptors
}
