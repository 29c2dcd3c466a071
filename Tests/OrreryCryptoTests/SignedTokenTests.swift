import OrreryModel
import Testing

@testable import OrreryCrypto

@Suite struct SignedTokenTests {
    let signer = OpenSSLSigner.rsa
    let key: VerificationKey

    init() throws { key = try VerificationKey(jwk: JSON(strict: OpenSSLSigner.rsa.members.jsonText)) }

    static let good: [String] = [
        #"{"alg":"RS256"}"#, #"{"alg":"RS256","kid":"k","typ":"JWT"}"#, #"{"typ":"jwt","alg":"RS256","unknown":[1]}"#,
        #"{"alg":"\u0052S256"}"#,
    ]

    @Test(arguments: good) func isBelieved(_ header: String) throws {
        let token = try SignedToken(signer.token(header, #"{"sub":"ada"}"#), as: .identity)
        #expect(try token.claims(verifiedBy: key) == ["sub": "ada"])
    }

    @Test(arguments: ["384", "512"]) func longerHashesAreBelieved(_ bits: String) throws {
        let token = try SignedToken(signer.token(#"{"alg":"RS\#(bits)"}"#, "{}", digest: "sha\(bits)"), as: .identity)
        #expect(try token.claims(verifiedBy: key) == [:])
    }

    /// Every one of these is correctly signed with RS256; only the header is wrong.
    static let badHeaders: [(String, String)] = [
        (#"{"alg":"none"}"#, "alg"), (#"{"alg":"nOnE"}"#, "alg"), (#"{"alg":"rs256"}"#, "alg"),
        (#"{"alg":"HS256"}"#, "alg"),
        (#"{"alg":"PS256"}"#, "alg"), (#"{"alg":"EdDSA"}"#, "alg"), (#"{"alg":null}"#, "alg"),
        (#"{"alg":["RS256"]}"#, "alg"),
        ("{}", "alg"), (#"{"alg":"RS256","alg":"HS256"}"#, "twice"), (#"{"alg":"HS256","alg":"RS256"}"#, "twice"),
        (#"{"alg":"RS256","\u0061lg":"HS256"}"#, "twice"), (#"{"alg":"RS256","crit":["exp"],"exp":1}"#, "crit"),
        (#"{"alg":"RS256","crit":[]}"#, "crit"), (#"{"alg":"RS256","crit":null}"#, "crit"),
        (#"{"alg":"RS256","b64":false}"#, "b64"), (#"{"alg":"RS256","b64":true}"#, "b64"),
        (#"{"alg":"RS256","jwk":{"kty":"oct","k":"AAAA"}}"#, "jwk"),
        (#"{"alg":"RS256","jku":"https://evil.test/"}"#, "jku"),
        (#"{"alg":"RS256","x5u":"https://evil.test/"}"#, "x5u"), (#"{"alg":"RS256","x5c":[]}"#, "x5c"),
        (#"{"alg":"RS256","cty":"JWT"}"#, "cty"), (#"{"alg":"RS256","typ":"at+jwt"}"#, "typ"),
        (#"{"alg":"RS256","typ":"logout+jwt"}"#, "typ"), (#"{"alg":"RS256","typ":1}"#, "typ"),
        (#"{"alg":"RS256","kid":1}"#, "kid"), (#"{"alg":"RS256","kid":null}"#, "kid"),
        (#"{"alg":"RS256","kid":"\#(String(repeating: "k", count: 257))"}"#, "kid"),
        (#"["RS256"]"#, "object"), (#"{"alg":"RS256"}x"#, "follows"), ("\u{feff}{\"alg\":\"RS256\"}", "no value"),
        ("{\"alg\":\"RS256\"}\0", "follows"), (#"{"alg":"RS256","a":[[[[[[[[1]]]]]]]]}"#, "deeply"), ("", "ends"),
    ]

    @Test(arguments: badHeaders) func headerIsRefused(_ header: String, _ reason: String) {
        let token = signer.token(header, "{}")
        let error = #expect(throws: CryptoError.self) { try SignedToken(token, as: .identity) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    static let badPayloads: [String] = ["[]", #""sub""#, #"{"sub":"a","sub":"b"}"#, "{} {}", "", #"{"sub":"\ud800"}"#]

    @Test(arguments: badPayloads) func payloadIsRefused(_ payload: String) throws {
        let token = try SignedToken(signer.token(#"{"alg":"RS256"}"#, payload), as: .identity)
        #expect(throws: CryptoError.self) { try token.claims(verifiedBy: key) }
    }

    static let mutations: [(String, @Sendable (String) -> String)] = [
        ("two parts", { $0.split(separator: ".").prefix(2).joined(separator: ".") }), ("four parts", { $0 + ".AAAA" }),
        ("five parts, as an encrypted token", { $0 + ".AAAA.AAAA" }), ("padding", { $0 + "=" }),
        ("a line end", { $0 + "\n" }),
        ("a space in front", { " " + $0 }),
        ("the other alphabet", { $0.replacing("-", with: "+").replacing("_", with: "/") + "+" }),
        ("too long", { $0 + String(repeating: "A", count: 16 << 10) }), ("nothing", { _ in "" }),
        ("dots", { _ in ".." }),
    ]

    @Test(arguments: mutations.map(\.0)) func shapeIsRefused(_ name: String) throws {
        let mutate = try #require(Self.mutations.first { $0.0 == name }).1
        let token = mutate(signer.token(#"{"alg":"RS256"}"#, #"{"sub":"ada"}"#))
        #expect(throws: CryptoError.self) { try SignedToken(token, as: .identity) }
    }

    @Test func aTruncatedOrChangedSignatureIsWrong() throws {
        let good = signer.token(#"{"alg":"RS256"}"#, #"{"sub":"ada"}"#)
        let parts = good.split(separator: ".")
        let other = signer.token(#"{"alg":"RS256"}"#, #"{"sub":"eve"}"#).split(separator: ".")
        let wrong = [
            "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1]).\(parts[2].dropLast(2))",
            "\(parts[0]).\(parts[1]).AAAA\(parts[2])", "\(parts[0]).\(parts[1]).\(other[2])",
            "\(parts[0]).\(other[1]).\(parts[2])",
        ]
        for text in wrong {
            let token = try SignedToken(text, as: .identity)
            let error = #expect(throws: CryptoError.self) { try token.claims(verifiedBy: key) }
            #expect(error?.kind == .signature)
        }
    }

    @Test func aHeaderCannotChooseAnotherAlgorithmThanTheKeys() throws {
        var members = signer.members
        members["alg"] = "RS512"
        let key = try VerificationKey(jwk: JSON(strict: members.jsonText))
        let token = try SignedToken(signer.token(#"{"alg":"RS256"}"#, "{}"), as: .identity)
        let error = #expect(throws: CryptoError.self) { try token.claims(verifiedBy: key) }
        #expect(error?.message == "the key that the token names is not for RS256")
    }

    @Test func anHMACOverThePublicKeyIsWorthless() throws {
        for header in [#"{"alg":"HS256"}"#, #"{"alg":"RS256"}"#] {
            let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(#"{"sub":"root"}"#.utf8))
            let forged =
                signed + "." + Base64URL.encode(Digest.sha256.code(of: Array(signed.utf8), key: signer.publicPEM))
            #expect(throws: CryptoError.self) { try SignedToken(forged, as: .identity).claims(verifiedBy: key) }
        }
    }
}
