internal import OrreryWire

/// The inner port: the hub asks the APIs of clusters, as `/<cluster>/<path>`.
extension Worker {
    mutating func welcomeInner(_ client: UInt32) {
        slots[client].isInner = true
        slots[client].phase = .head
        wait(client, idleWait)
    }

    /// As `begin`: a whole head is here.
    mutating func beginInner(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        slots[client].phase = .exchange
        slots[client].errorStatus = 0
        slots[client].activity = nil
        slots[client].exchange = Exchange(Exchange.Request(head), body: head.body)
        if leavesBy != nil { slots[client].exchange.closeAfterwards() }
        var bytes = bytes
        guard let tunnel = shared.tunnel else { return answerBefore(client, 404, bytes) }
        let inner = tunnel.inner.snapshot()
        switch bytes.read({ judgeInner($0, inner) }) {
        case .answer(let status): return answerBefore(client, status, bytes)
        case .unknown:
            leaveHead(client, bytes)
            return answer(
                client, 404, fields: "Orrery-Tunnel: unknown\r\n", sentence: "No cluster has this name here.")
        case .pass(let match, let endpoint):
            let limit = RequestWriter.limit(head, match, innerPlan)
            var out = head.body.isNone ? buffers.buffer(for: limit) : headBuffer(for: limit + bytes.count + 64)
            let address = slots[client].endpoint.address
            bytes.read { bytes in
                RequestWriter.write(
                    head, bytes, from: address, isSecure: false, over: match, innerPlan, to: &out,
                    hidesAuthorization: true, text: { if !$0.isEmpty { inner.append($0, of: match, to: &$1) } },
                    visitor: { _ in })
            }
            bytes.consume(head.length)
            guard moveBody(client, &bytes, to: &out) else {
                buffers.recycle(bytes)
                buffers.recycle(out)
                return answer(client, 400)
            }
            keepInput(client, bytes)
            return send(client, out, to: endpoint)
        }
    }

    private mutating func judgeInner(_ bytes: Span<UInt8>, _ inner: RouteSnapshot) -> InnerVerdict {
        guard let token = shared.innerToken, isBearer(token, bytes) else { return .answer(401) }
        if head.methodName.isWord("CONNECT", bytes) || head.methodName.isWord("TRACE", bytes) { return .answer(405) }
        // The name is one plain segment, so that whatever follows cannot change which cluster is meant.
        guard let match = inner.route(for: bytes.extracting(head.path.range)), let endpoint = match.endpoint else {
            return .unknown
        }
        return .pass(match, endpoint)
    }

    private func isBearer(_ token: APIToken, _ bytes: Span<UInt8>) -> Bool {
        for index in 0..<head.fields.markCount where head.fields.mark(index).name == .authorization {
            return token.isBearer(bytes.extracting(head.fields.mark(index).value.range))
        }
        return false
    }
}

extension ForwardingOptions {
    /// Towards a cluster's API: its name is no part of the path there, and nobody is forwarded for.
    static var inner: ForwardingOptions {
        var options = ForwardingOptions()
        options.xForward = false
        options.includesPrefix = false
        return options
    }
}
