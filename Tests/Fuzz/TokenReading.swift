import Foundation
import OrreryModel

@testable import OrreryCrypto

/// Any bytes at all as JSON, as a token, and as a key set.
enum TokenReading {
    /// What our reader takes, Foundation's takes too and understands in the same way: it is stricter, not different.
    static func documentFault(_ bytes: [UInt8]) -> String? {
        guard let value = try? JSON(strict: bytes) else { return nil }
        guard let other = foundation(bytes) else { return "was read, though Foundation does not read it" }
        return isSame(value, other) ? nil : "was read otherwise than Foundation reads it"
    }

    /// Header, payload and signature, with a zero byte between them; when the first byte is one, a token as it stands.
    static func tokenFault(_ bytes: [UInt8]) -> String? {
        let text: String
        if bytes.first == 1 {
            text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        } else {
            let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
            text = parts.map { Base64URL.encode(Array($0)) }.joined(separator: ".")
        }
        return TokenKind.allCases.lazy.compactMap { fault(text, as: $0) }.first
    }

    /// A token that is taken has no other spelling, and other readers see the same header.
    private static func fault(_ text: String, as kind: TokenKind) -> String? {
        guard let token = try? SignedToken(text, as: kind) else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, text.utf8.elementsEqual(token.signedBytes + [46] + Array(parts[2].utf8)),
            Base64URL.encode(token.payload) == parts[1], Base64URL.encode(token.signature) == parts[2]
        else { return "a token has two spellings" }
        guard let header = Base64URL.decode(parts[0].utf8).flatMap(foundation),
            header["alg"]?.string == token.algorithm.rawValue, header["kid"]?.string == token.keyID,
            header["typ"]?.string?.lowercased() == token.type, header["crit"] == nil, header["jwk"] == nil
        else { return "a header was read otherwise than Foundation reads it" }
        return nil
    }

    /// Every key that is taken is sound enough for OpenSSL to verify with, and none came with its private part.
    static func keySetFault(_ bytes: [UInt8]) -> String? {
        guard let keys = try? KeySet(bytes), let document = foundation(bytes) else { return nil }
        for entry in document["keys"]?.array ?? [] {
            if entry["kty"] != "oct", entry["d"] != nil { return "a set with a private key was taken" }
            guard let key = try? VerificationKey(jwk: entry) else { continue }
            if key.algorithms.isEmpty { return "a key is for no algorithm" }
            for algorithm in key.algorithms where key.verifies(bytes, of: bytes, with: algorithm) {
                return "a key verifies what nobody has signed"
            }
        }
        return keys.ambiguousNames.isEmpty || document["keys"]?.array?.count ?? 0 > 1 ? nil : "one key has namesakes"
    }

    private static func foundation(_ bytes: [UInt8]) -> JSON? {
        try? JSONDecoder().decode(JSON.self, from: Data(bytes))
    }

    /// Foundation makes an integer of `1.0`.
    private static func isSame(_ one: JSON, _ other: JSON) -> Bool {
        switch (one, other) {
        case (.array(let one), .array(let other)):
            one.count == other.count && zip(one, other).allSatisfy(isSame)
        case (.object(let one), .object(let other)):
            one.count == other.count && one.allSatisfy { name, value in other[name].map { isSame(value, $0) } ?? false }
        default: one == other || one.number != nil && one.number == other.number
        }
    }

    /// Where to begin, each with the byte in front that leads to its reader.
    static let seeds: [[UInt8]] =
        documents.map { [6] + Array($0.utf8) }
        + headers.map { [7] + Array($0.utf8) + [0] + Array(#"{"sub":"a"}"#.utf8) + [0, 1, 2, 3] }
        + [[7, 1] + Array("eyJhbGciOiJSUzI1NiJ9.e30.AAAA".utf8)] + sets.map { [8] + Array($0.utf8) }

    private static let documents = [
        #"{"a":{"b":[true,false,null,-0,1.5e-3,"\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t"]}}"#, " [ 1 , 2 ] ", #""ä😀""#,
        "9223372036854775808", #"{"alg":1,"\u0061lg":2}"#, "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
    ]
    private static let headers = [
        #"{"alg":"RS256","kid":"k","typ":"JWT"}"#, #"{"alg":"ES384","typ":"at+jwt","kid":""}"#,
        #"{"typ":"logout+jwt","alg":"ES512"}"#, #"{"alg":"none"}"#, #"{"alg":"RS256","crit":["b64"],"b64":false}"#,
    ]
    private static let sets = [
        // RFC 7517 A.1.
        #"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","#
            + #""y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"1"}]}"#,
        #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"RS256","key_ops":["verify"]},{"kty":"oct","k":"AAAA"}]}"#,
    ]
}
