internal import OrreryWire

/// Writing requests down. All of it is behind one test of a constant, and touches memory of its own only when there is an
/// access log.
extension Worker {
    /// A connection begins: its place may have been another's.
    mutating func beginRecords(_ client: UInt32) {
        while records.extent <= client { _ = records.add { AccessRecord() } }
        records[client].isOpen = false
        records[client].received = 0
        records[client].sent = 0
    }

    /// A request has begun; `head` is its head, which stands at the beginning of `bytes`.
    mutating func beginRecord(_ client: UInt32, _ bytes: borrowing Buffer) {
        beginBareRecord(client)
        records[client].isHTTP10 = head.version == .http10
        bytes.read { bytes in
            records[client].method.set(bytes.extracting(head.methodName.range))
            records[client].path.set(bytes.extracting(head.path.range))
            recordAgent(client, bytes)
        }
    }

    /// The browser's name: nobody else asks for it, so it is looked for here among all fields.
    private mutating func recordAgent(_ client: UInt32, _ bytes: Span<UInt8>) {
        var start = Int(head.fields.lines.start)
        while start < Int(head.fields.lines.end) {
            var end = start
            while bytes[end] != 10 { end += 1 }
            if end - start > 11, isSame(bytes, Slice(start, start + 11), as: "user-agent:") {
                let first = start + 11 + (bytes[start + 11] == 32 ? 1 : 0)
                return records[client].agent.set(bytes.extracting(first..<max(first, end - 1)))
            }
            start = end + 1
        }
    }

    /// Something came that is no request.
    mutating func beginBareRecord(_ client: UInt32) {
        records[client].isOpen = true
        records[client].isHTTP10 = false
        records[client].status = 0
        records[client].beganWall = now.wall
        records[client].began = now.monotonic
        records[client].answered = now.monotonic
        records[client].client = slots[client].endpoint.address
        records[client].upstream = .none
        records[client].method.clear()
        records[client].path.clear()
        records[client].person.clear()
        records[client].agent.clear()
    }

    /// Who the gate says it is.
    mutating func recordPerson(_ client: UInt32) { gate.readPerson { records[client].person.set($0) } }

    mutating func recordUpstream(_ client: UInt32, _ endpoint: Endpoint) {
        records[client].upstream = endpoint.address
    }

    mutating func recordAnswer(_ client: UInt32, _ status: Int) {
        records[client].status = UInt16(truncatingIfNeeded: status)
        records[client].answered = now.monotonic
    }

    /// The exchange has ended, well or not: its line goes to the thread that writes it.
    mutating func endRecord(_ client: UInt32) {
        guard let lines, records[client].isOpen else { return }
        records[client].isOpen = false
        line.reset()
        AccessLine.write(records[client], lines.format, now: now, to: &line)
        metrics.add(lines.ring.append(line) ? .linesWritten : .linesDropped)
        records[client].received = 0
        records[client].sent = 0
    }
}

/// Where a worker's lines go.
struct AccessLines {
    let ring: LineRing
    let format: AccessFormat
}
