/// A client of the model: what it sends, and what it has got.
struct ModelClient {
    let number: CInt
    let serial: Int
    let host: String
    var requests: [ModelRequest]
    var unsent: ArraySlice<UInt8>
    var received: [UInt8] = []
    var hasEnded = false
    var hasFailed = false
}

/// A connection that the proxy has made to one of the model's upstreams.
struct ModelUpstream {
    let number: CInt
    let serial: Int
    let address: String
    var isMade: Bool
    /// What has come and is not understood yet.
    var received: [UInt8] = []
    /// The requests that have come, the last one possibly in part.
    var requests: [Int] = []
    var current: Reading?
    var unsent: ArraySlice<UInt8> = []
    var sentCount = 0
    var ending = ModelAnswer.Ending.none
    var hasEnded = false

    /// The request that is coming in.
    struct Reading {
        var number: Int
        var body: [UInt8] = []
        var length: Int?
        var isChunked = false
        var isTunnel = false
        var isWhole = false
    }
}

/// The first line and the fields of a head that the proxy wrote, names in small letters. Nil: its end has not come.
func modelHead(_ bytes: ArraySlice<UInt8>) -> (line: String, fields: [String: String], length: Int)? {
    var index = bytes.startIndex
    while index + 3 < bytes.endIndex {
        if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 { break }
        index += 1
    }
    guard index + 3 < bytes.endIndex else { return nil }
    let lines = String(decoding: bytes[bytes.startIndex..<index], as: UTF8.self).split(separator: "\r\n")
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { continue }
        fields[parts[0].lowercased()] = parts[1].drop { $0 == " " }.description
    }
    return (lines.first.map { String($0) } ?? "", fields, index + 4 - bytes.startIndex)
}

/// Takes chunks off, as far as they are whole.
func modelChunks(_ bytes: ArraySlice<UInt8>) -> (content: [UInt8], rest: ArraySlice<UInt8>, isEnded: Bool, isBad: Bool)
{
    var (content, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes)
    while let end = rest.firstIndex(of: 10) {
        let line = String(decoding: rest[rest.startIndex..<max(rest.startIndex, end - 1)], as: UTF8.self)
        guard let size = Int(line, radix: 16), end > rest.startIndex, rest[end - 1] == 13 else {
            return (content, rest, false, true)
        }
        let body = rest[(end + 1)...]
        guard body.count >= size + 2 else {
            content += body.prefix(size)
            return (content, [], false, false)
        }
        content += body.prefix(size)
        guard Array(body.dropFirst(size).prefix(2)) == [13, 10] else { return (content, rest, false, true) }
        rest = body.dropFirst(size + 2)
        if size == 0 { return (content, rest, true, false) }
    }
    return (content, [], false, rest.count > 20)
}
