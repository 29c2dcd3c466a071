// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// The field names that a proxy must understand; every other is passed on unread.
public enum FieldName: UInt8, Sendable {
    case other
    case authorization, connection, contentLength, cookie, date, expect, forwardedFor, forwardedHost, forwardedPort
    case forwardedProto, host, keepAlive, orreryPerson, orrerySession, origin, proxyAuthenticate, proxyAuthorization
    case proxyConnection, te, trailer, transferEncoding, upgrade
    /// A name of a request with an underscore in it. Servers that turn names into variables (CGI, WSGI) cannot tell it
    /// from one with a hyphen, so `X_Forwarded_For` would be believed as if we had written it.
    case underscored

    /// The name in `slice`, which holds a token.
    public static func of(_ bytes: Span<UInt8>, _ slice: Slice) -> FieldName {
        // The length alone rules out almost every name of a browser's request.
        switch slice.count {
        case 2: return match(bytes, slice, .te, "te")
        case 4: return match(bytes, slice, .host, "host", .date, "date")
        case 6:
            if begins(bytes, slice, "origin"), isSame(bytes, slice, as: "origin") { return .origin }
            return match(bytes, slice, .cookie, "cookie", .expect, "expect")
        case 7: return match(bytes, slice, .upgrade, "upgrade", .trailer, "trailer")
        case 10: return match(bytes, slice, .connection, "connection", .keepAlive, "keep-alive")
        case 13: return match(bytes, slice, .authorization, "authorization")
        case 14: return match(bytes, slice, .contentLength, "content-length")
        case 15: return match(bytes, slice, .forwardedFor, "x-forwarded-for", .orreryPerson, "x-orrery-person")
        case 16:
            if begins(bytes, slice, "x-"), isSame(bytes, slice, as: "x-orrery-session") { return .orrerySession }
            if begins(bytes, slice, "proxy"), isSame(bytes, slice, as: "proxy-connection") { return .proxyConnection }
            return match(bytes, slice, .forwardedHost, "x-forwarded-host", .forwardedPort, "x-forwarded-port")
        case 17:
            return match(bytes, slice, .transferEncoding, "transfer-encoding", .forwardedProto, "x-forwarded-proto")
        case 18: return match(bytes, slice, .proxyAuthenticate, "proxy-authenticate")
        case 19: return match(bytes, slice, .proxyAuthorization, "proxy-authorization")
        default: return .other
        }
    }

    @inline(__always) private static func match(
        _ bytes: Span<UInt8>, _ slice: Slice, _ name: FieldName, _ word: StaticString
    ) -> FieldName {
        begins(bytes, slice, word) && isSameInlined(bytes, slice, as: word) ? name : .other
    }

    @inline(__always) private static func match(
        _ bytes: Span<UInt8>, _ slice: Slice, _ first: FieldName, _ firstWord: StaticString,
        _ second: FieldName, _ secondWord: StaticString
    ) -> FieldName {
        if begins(bytes, slice, firstWord), isSameInlined(bytes, slice, as: firstWord) { return first }
        return match(bytes, slice, second, secondWord)
    }

    /// Whether the first letters are the same, which with the length settles almost all names.
    @inline(__always) private static func begins(
        _ bytes: Span<UInt8>, _ slice: Slice, _ word: StaticString
    ) -> Bool {
        // No word is empty.
        unsafe bytes[Int(slice.start)] | 0x20 == word.utf8Start[0]
    }

    /// Whether a field of this name speaks to the next hop only, or is said anew by every proxy.
    public var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyAuthenticate, .proxyAuthorization, .proxyConnection, .te, .trailer,
            .transferEncoding, .underscored, .upgrade:
            true
        default: false
        }
    }
}
