internal import OrreryWire

/// What is to be done with a request, from its head alone.
extension Worker {
    enum Verdict {
        case pass(RouteMatch, Endpoint, session: UInt64)
        case answer(Int)
        case healthy
        /// The browser has been logged out, and this is not a page of the hub.
        case loggedOut
        /// The gate does not let it through.
        case gate(GateRefusal)
        /// Somebody comes from the hub with an entry, or asks for that in another way than one can.
        case enter
    }

    /// What somebody who came to the inner port gets.
    enum InnerVerdict {
        case pass(RouteMatch, Endpoint)
        case answer(Int)
        /// No cluster has this name.
        case unknown
    }

    mutating func judge(_ bytes: Span<UInt8>) -> Verdict {
        if head.method == .other, head.methodName.isWord("CONNECT", bytes) || head.methodName.isWord("TRACE", bytes) {
            return .answer(405)
        }
        // It asks about us: of what is behind us there is more than one.
        if head.isAsterisk { return .answer(204) }
        if head.path.isWord("/_chp_healthz", bytes), head.query.isEmpty { return .healthy }
        gate.forgetVisitor()
        if head.path.isWord("/.orrery/enter", bytes) { return .enter }
        guard case .route(let match) = findRoute(bytes) else { return .answer(400) }
        guard let match else { return .answer(404) }
        if match.isGated {
            if let refusal = refusal(match, bytes) { return .gate(refusal) }
            guard let endpoint = match.endpoint else { return .answer(503) }
            return .pass(match, endpoint, session: head.wantsUpgrade ? gate.session : 0)
        }
        return judgeOpen(match, bytes)
    }

    /// On a route that asks nobody who he is.
    private mutating func judgeOpen(_ match: RouteMatch, _ bytes: Span<UInt8>) -> Verdict {
        var session: UInt64 = 0
        if head.wantsUpgrade || !logouts.isEmpty {
            var isLoggedOut = false
            SessionCookie.forEachHash(head.fields, bytes) { hash in
                session = hash
                isLoggedOut = isLoggedOut || logouts.contains(hash)
            }
            if isLoggedOut, !match.isHub { return .loggedOut }
            if match.isHub { session = 0 }
        }
        guard let endpoint = match.endpoint else { return .answer(503) }
        return .pass(match, endpoint, session: session)
    }

    private mutating func findRoute(_ bytes: Span<UInt8>) -> PathReading.Outcome {
        let path = bytes.extracting(head.path.range)
        if shared.routes.isByHost {
            return paths.route(for: path, at: bytes.extracting(head.fields.host.range), in: routes)
        }
        return head.isPathDelicate ? paths.route(for: path, in: routes) : .route(routes.route(for: path))
    }
}
