internal import CScan

extension RequestHead {
    /// Reads a head from the beginning of `bytes`. Only when it is `.complete` may anything of it be used.
    public mutating func parse(_ bytes: Span<UInt8>, limits: HeadLimits) -> HeadOutcome {
        reset()
        let outcome = parseLines(bytes, limits: limits)
        switch outcome {
        case .incomplete where bytes.count >= limits.bytes: return .bad(.tooLarge)
        case .complete where length > limits.bytes: return .bad(.tooLarge)
        case .complete: return settle(bytes)
        default: return outcome
        }
    }

    /// Forgets the head read before. What is not listed is written by every complete reading.
    private mutating func reset() {
        query = .nothing
        isAsterisk = false
        isPathDelicate = false
        body = .none
        fields.reset()
    }

    private mutating func parseLines(_ bytes: Span<UInt8>, limits: HeadLimits) -> HeadOutcome {
        var index = 0
        // One empty line before a request is forgiven (RFC 9112 2.2).
        if bytes.count > 0, bytes[0] == 13 {
            guard bytes.count > 1 else { return .incomplete }
            if bytes[1] == 10 { index = 2 }
        }
        let methodStart = index
        if begins(bytes, index, "GET ") { index += 3 }
        while index < bytes.count, bytes[index].isToken { index += 1 }
        guard index < bytes.count else { return index - methodStart > 32 ? .bad(.malformed) : .incomplete }
        guard index > methodStart, index - methodStart <= 32, bytes[index] == 32 else { return .bad(.malformed) }
        methodName = Slice(methodStart, index)
        method = Method(bytes, methodName)

        let targetStart = index + 1
        index = endOfTarget(bytes, from: targetStart)
        guard index - targetStart <= limits.target else { return .bad(.targetTooLong) }
        guard index < bytes.count else { return .incomplete }
        guard index > targetStart, bytes[index] == 32 else { return .bad(.malformed) }
        let target = Slice(targetStart, index)

        if begins(bytes, index, " HTTP/1.1\r\n") {
            version = .http11
            let outcome = fields.parse(bytes, from: index + 11, limits: limits, end: &length)
            return outcome == .complete ? takeTarget(target, bytes) : outcome
        }
        // "HTTP/1.1" and CRLF are ten bytes.
        guard index + 10 < bytes.count else {
            return isBeginningOfVersion(bytes, from: index) ? .incomplete : .bad(.malformed)
        }
        switch readVersion(bytes, at: index + 1) {
        case .success(let found): version = found
        case .failure(let fault): return .bad(fault)
        }
        guard bytes[index + 9] == 13, bytes[index + 10] == 10 else { return .bad(.malformed) }
        let outcome = fields.parse(bytes, from: index + 11, limits: limits, end: &length)
        guard outcome == .complete else { return outcome }
        return takeTarget(target, bytes)
    }

    /// Whether a request line can end in what is there so far. Else whoever sends anything else would be waited for.
    private func isBeginningOfVersion(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        guard Slice(start, bytes.count).isPrefix(of: " HTTP/", bytes) else { return false }
        for index in min(start + 6, bytes.count)..<bytes.count {
            let byte = bytes[index]
            switch index - start {
            case 6, 8: guard byte.isDigit else { return false }
            case 7: guard byte == 46 else { return false }
            default: guard byte == 13 else { return false }
            }
        }
        return true
    }

    private func readVersion(_ bytes: Span<UInt8>, at index: Int) -> Result<Version, HeadFault> {
        guard Slice(index, index + 5).isWord("HTTP/", bytes), bytes[index + 5].isDigit, bytes[index + 6] == 46,
            bytes[index + 7].isDigit
        else { return .failure(.malformed) }
        switch (bytes[index + 5], bytes[index + 7]) {
        case (49, 49): return .success(.http11)
        case (49, 48): return .success(.http10)
        default: return .failure(.unknownVersion)
        }
    }

    /// Where the target ends: at the first byte that is no visible one of ASCII, or at a `#`, which no sender may send.
    /// Finds the query and what makes a path delicate on the way.
    private mutating func endOfTarget(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            // It reads inside [index, count) only.
            index = unsafe bytes.withUnsafeBufferPointer { unsafe scan_path($0.baseAddress, index, $0.count) }
            let byte = bytes[index]
            switch byte {
            case 0...32, 35, 127...255: return index
            case 63:
                let queryStart = index
                while index < bytes.count, bytes[index] &- 33 < 94, bytes[index] != 35 { index += 1 }
                query = Slice(queryStart, index)
                return index
            case 37, 59, 92: isPathDelicate = true
            case 46: if index > start, bytes[index - 1] == 47 { isPathDelicate = true }
            case 47: if index + 1 < bytes.count, bytes[index + 1] == 47 { isPathDelicate = true }
            default: break
            }
            index += 1
        }
        return index
    }

    private mutating func takeTarget(_ target: Slice, _ bytes: Span<UInt8>) -> HeadOutcome {
        var start = Int(target.start)
        if bytes[start] == 42, target.count == 1 {
            isAsterisk = true
            path = .nothing
            return method == .options ? .complete : .bad(.malformed)
        }
        if bytes[start] != 47 {
            guard let path = afterAuthority(target, bytes) else { return takeTunnel(target, bytes) }
            start = path
        }
        path = Slice(start, query.isEmpty ? Int(target.end) : Int(query.start))
        return .complete
    }

    /// `host:port`, which only CONNECT may ask for (RFC 9112 3.2.3): that is understood, so that it can be refused for
    /// what it is. It has no path.
    private mutating func takeTunnel(_ target: Slice, _ bytes: Span<UInt8>) -> HeadOutcome {
        guard methodName.isWord("CONNECT", bytes), isAuthority(bytes, target) else { return .bad(.malformed) }
        path = .nothing
        return .complete
    }

    /// Where the path of an absolute target begins. Its authority must be the one of `Host`: a reader of only one of
    /// them would otherwise see another site.
    private func afterAuthority(_ target: Slice, _ bytes: Span<UInt8>) -> Int? {
        let start = Int(target.start)
        var authority = start
        var port: StaticString = ":80"
        if target.count > 7, isSame(bytes, Slice(start, start + 7), as: "http://") { authority += 7 }
        if target.count > 8, isSame(bytes, Slice(start, start + 8), as: "https://") {
            authority += 8
            port = ":443"
        }
        var index = authority
        while index < Int(target.end), bytes[index] != 47, bytes[index] != 63 { index += 1 }
        guard authority > start, !fields.host.isEmpty else { return nil }
        let one = withoutPort(Slice(authority, index), port, bytes)
        let other = withoutPort(fields.host, port, bytes)
        guard one.count == other.count else { return nil }
        for (one, other) in zip(one.range, other.range) where bytes[one].lowercased != bytes[other].lowercased {
            return nil
        }
        return index
    }

    /// An authority without the port that its scheme has anyway, said or left empty (RFC 9110 4.2.3).
    private func withoutPort(_ authority: Slice, _ port: StaticString, _ bytes: Span<UInt8>) -> Slice {
        for end in [":", port] {
            let start = Int(authority.end) - end.utf8CodeUnitCount
            if start > Int(authority.start), Slice(start, Int(authority.end)).isWord(end, bytes) {
                return Slice(Int(authority.start), start)
            }
        }
        return authority
    }

    /// What only all fields together decide.
    private mutating func settle(_ bytes: Span<UInt8>) -> HeadOutcome {
        if fields.isChunked {
            // RFC 9112 6.1: both lengths, or chunks before HTTP/1.1 had them: an attack or a bug.
            guard fields.contentLength == nil, version == .http11 else { return .bad(.framing) }
            body = .chunked
        } else if let length = fields.contentLength, length > 0 {
            body = .length(length)
        }
        guard version == .http11 else { return .complete }
        if fields.host.isEmpty { return .bad(.malformed) }
        // RFC 9110 10.1.1: expectations are HTTP/1.1's.
        if fields.expectsUnknown { return .bad(.unknownExpectation) }
        // Where the body ends and the other protocol begins would be anybody's guess.
        if !body.isNone, !fields.upgrade.isEmpty, fields.connection.contains(.upgrade) { return .bad(.framing) }
        return .complete
    }
}

extension RequestHead.Method {
    init(_ bytes: Span<UInt8>, _ name: Slice) {
        switch name.count {
        case 3: self = begins(bytes, Int(name.start), "GET") ? .get : name.isWord("PUT", bytes) ? .put : .other
        case 4: self = name.isWord("HEAD", bytes) ? .head : name.isWord("POST", bytes) ? .post : .other
        case 6: self = name.isWord("DELETE", bytes) ? .delete : .other
        case 7: self = name.isWord("OPTIONS", bytes) ? .options : .other
        default: self = .other
        }
    }
}

/// Whether `word` stands at `index`. Always inlined: its length is known there, and one or two comparisons are left.
@inline(__always) func begins(_ bytes: Span<UInt8>, _ index: Int, _ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard index >= 0, bytes.count - index >= length else { return false }
    // Both have `length` bytes there.
    return unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let first = bytes.baseAddress else { return length == 0 }
        return unsafe scan_is_word(first + index, word.utf8Start, length) != 0
    }
}

extension Slice {
    /// Whether the bytes are exactly `word`, case included.
    @inlinable public func isWord(_ word: StaticString, _ bytes: Span<UInt8>) -> Bool {
        count == word.utf8CodeUnitCount && begins(with: word, bytes)
    }

    // Its length is that of the slice.
    @usableFromInline func begins(with word: StaticString, _ bytes: Span<UInt8>) -> Bool {
        OrreryWire.begins(bytes, Int(start), word)
    }
}

extension Slice {
    /// Whether `word` begins with the bytes, as far as both go.
    func isPrefix(of word: StaticString, _ bytes: Span<UInt8>) -> Bool {
        for index in 0..<Swift.min(count, word.utf8CodeUnitCount) {
            // Inside the literal, by the bound of the loop.
            guard unsafe bytes[Int(start) + index] == word.utf8Start[index] else { return false }
        }
        return true
    }
}

extension UInt8 {
    fileprivate var lowercased: UInt8 { (65...90).contains(self) ? self + 32 : self }
}
