import OrreryFetch

extension FaultDouble {
    /// Passes a watch on until one of its ends comes, by the upstream or by a fault.
    func relay(
        _ answer: FetchStream, _ watch: OpenWatch, _ action: Fault.Action?, _ out: Listener.Writer
    ) async throws {
        let number = book.open(watch)
        defer { book.close(number) }
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
            + "Connection: close\r\n\r\n"
        try await out.write(Array(head.utf8))
        try await withThrowingTaskGroup { group in
            group.addTask { await Self.read(answer, into: watch) }
            group.addTask { try await self.write(watch, action, out) }
            // The reader may be done first: the writer ends the watch.
            while try await group.next() != nil {}
        }
    }

    private static func read(_ answer: FetchStream, into watch: OpenWatch) async {
        var rest: [UInt8] = []
        var chunks = answer.makeAsyncIterator()
        while let chunk = try? await chunks.next() {
            rest += chunk
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                watch.send(.line(Array(rest[..<end])))
                rest = Array(rest[(end + 1)...])
            }
        }
        watch.send(.end(.close))
    }

    private func write(_ watch: OpenWatch, _ action: Fault.Action?, _ out: Listener.Writer) async throws {
        var passed = 0
        if try await act(action, after: passed, out) { throw Done() }
        for await piece in watch.pieces {
            switch piece {
            case .line(let line):
                let rewriting = Rewriting(conditions: book.conditions(watch.request))
                try await send(rewriting.line(line) + [UInt8(ascii: "\n")], action, out)
                passed += 1
                if try await act(action, after: passed, out) { throw Done() }
            case .bytes(let bytes): try await send(bytes, action, out)
            case .end(let how):
                try await end(how, out)
                throw Done()
            }
        }
    }

    /// Does what a fault wants after so many lines; true when the watch is over with it.
    private func act(_ action: Fault.Action?, after passed: Int, _ out: Listener.Writer) async throws -> Bool {
        switch action {
        case .inject(let lines, let after) where (after ?? 0) == passed:
            try await out.chunk(lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] })
            return false
        case .end(let how, let after) where (after ?? 0) == passed:
            try await end(how, out)
            return true
        default: return false
        }
    }

    private func send(_ bytes: [UInt8], _ action: Fault.Action?, _ out: Listener.Writer) async throws {
        guard case .split(let size) = action else { return try await out.chunk(bytes) }
        for start in stride(from: 0, to: bytes.count, by: max(1, size)) {
            try await out.chunk(Array(bytes[start..<min(start + max(1, size), bytes.count)]))
        }
    }

    private func end(_ how: Fault.End, _ out: Listener.Writer) async throws {
        switch how {
        case .close: try await out.write(Array("0\r\n\r\n".utf8))
        case .cut: break
        case .stall: try await Task.sleep(for: .seconds(86_400))
        }
    }

    /// The watch is over and so is its connection.
    private struct Done: Error {}
}
