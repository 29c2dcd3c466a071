internal import OrreryWire

/// Appends the lines of a head that go on: all that this proxy does not understand, and of the others those that
/// `isKept`. What `Connection` names goes no further either, unless it is something the next hop must be told.
func appendKept(
    _ fields: borrowing Fields, _ bytes: Span<UInt8>, to target: inout Buffer, isKept: (FieldName) -> Bool
) {
    if fields.connection.contains(.names) {
        return appendLines(fields, bytes, to: &target, isKept: isKept) { _, _, _ in false }
    }
    // Lines were checked byte by byte, so they are copied as they are, in runs between those that are left out.
    var start = Int(fields.lines.start)
    for index in 0..<fields.markCount where !isKept(fields.mark(index).name) {
        let line = fields.mark(index).line
        target.append(bytes.extracting(start..<Int(line.start)))
        start = Int(line.end)
    }
    target.append(bytes.extracting(start..<Int(fields.lines.end)))
}

/// The same for whoever wants a say in every line. `taking` is given the name and the value of each that would go on; when
/// it is true the line is not copied, and what it has appended stands there instead.
func appendLines(
    _ fields: borrowing Fields, _ bytes: Span<UInt8>, to target: inout Buffer, isKept: (FieldName) -> Bool,
    taking: (_ name: Slice, _ value: Slice, inout Buffer) -> Bool
) {
    let hasNames = fields.connection.contains(.names)
    var start = Int(fields.lines.start)
    var mark = 0
    while start < Int(fields.lines.end) {
        var colon = start
        while bytes[colon] != UInt8(ascii: ":") { colon += 1 }
        var end = colon
        while bytes[end] != 10 { end += 1 }
        end += 1
        let name = Slice(start, colon)
        let isMarked = mark < fields.markCount && Int(fields.mark(mark).line.start) == start
        // A client must not be able to strip what the upstream judges it by: our own fields, Host, Cookie, lengths.
        let goesOn = isMarked ? isKept(fields.mark(mark).name) : !hasNames || !fields.names(bytes, name)
        if isMarked { mark += 1 }
        if goesOn, !taking(name, withoutBlanks(bytes, colon + 1, end - 2), &target) {
            target.append(bytes.extracting(start..<end))
        }
        start = end
    }
}

private func withoutBlanks(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Slice {
    var (start, end) = (start, end)
    while start < end, bytes[start] == 32 || bytes[start] == 9 { start += 1 }
    while end > start, bytes[end - 1] == 32 || bytes[end - 1] == 9 { end -= 1 }
    return Slice(start, end)
}
