import CJWT
import Foundation
import OrreryCrypto
import OrreryModel

/// Verifies one token again and again; prints how often in a second of CPU. `Tests/Benchmarks/tokens.py` makes the input.
@main
enum TokenCosts {
    struct Input: Decodable {
        let algorithm: String
        let token: String
        let pem: String
        let keys: String
    }

    static func main() throws {
        guard CommandLine.arguments.count == 4, let seconds = Double(CommandLine.arguments[3]) else {
            fatalError("usage: token-costs orrery|signature|libjwt|pinned FILE SECONDS")
        }
        let file = try Data(contentsOf: URL(filePath: CommandLine.arguments[2]))
        let input = try JSONDecoder().decode(Input.self, from: file)
        switch CommandLine.arguments[1] {
        case "orrery": print(try rate(seconds, orrery(input)))
        case "signature": print(try rate(seconds, signature(input)))
        case "libjwt": print(rate(seconds, libjwt(input)))
        case "pinned": print(rate(seconds, pinned(input)))
        default: fatalError("no such contestant")
        }
    }

    /// From the text to the claims, as a login does it with a key set that it has.
    private static func orrery(_ input: Input) throws -> () -> Bool {
        let keys = try KeySet(Array(input.keys.utf8))
        return {
            guard let token = try? SignedToken(input.token, as: .identity), let key = try? keys.key(for: token) else {
                return false
            }
            return (try? token.claims(verifiedBy: key))?["sub"] != nil
        }
    }

    /// The signature alone: what OpenSSL costs.
    private static func signature(_ input: Input) throws -> () -> Bool {
        let token = try SignedToken(input.token, as: .identity)
        let key = try KeySet(Array(input.keys.utf8)).key(for: token)
        let dot = input.token.lastIndex(of: ".") ?? input.token.endIndex
        let signed = Array(input.token[..<dot].utf8)
        let signature = Base64URL.decode(input.token[dot...].dropFirst().utf8) ?? []
        return { key.verifies(signature, of: signed, with: token.algorithm) }
    }

    /// `jwt_decode`, and a look at the algorithm afterwards, without which anybody can forge tokens for it.
    private static func libjwt(_ input: Input) -> () -> Bool {
        let pem = Array(input.pem.utf8)
        let algorithm = unsafe jwt_str_alg(input.algorithm)
        return {
            var token: OpaquePointer?
            guard unsafe jwt_decode(&token, input.token, pem, CInt(pem.count)) == 0 else { return false }
            defer { unsafe jwt_free(token) }
            return unsafe jwt_get_alg(token) == algorithm && jwt_get_grant(token, "sub") != nil
        }
    }

    /// Its signature alone, with the algorithm given.
    private static func pinned(_ input: Input) -> () -> Bool {
        let pem = Array(input.pem.utf8)
        let dot = input.token.lastIndex(of: ".") ?? input.token.endIndex
        let (signed, signature) = (String(input.token[..<dot]), String(input.token[dot...].dropFirst()))
        return {
            var token: OpaquePointer?
            guard unsafe jwt_new(&token) == 0 else { return false }
            defer { unsafe jwt_free(token) }
            return unsafe jwt_set_alg(token, jwt_str_alg(input.algorithm), pem, CInt(pem.count)) == 0
                && jwt_verify_sha_pem(token, signed, signature) == 0
        }
    }

    private static func rate(_ seconds: Double, _ verify: () -> Bool) -> Double {
        for _ in 0..<50 { precondition(verify(), "the token was refused") }
        let start = cpu()
        var count = 0
        while cpu() - start < seconds {
            for _ in 0..<50 { precondition(verify(), "the token was refused") }
            count += 50
        }
        return Double(count) / (cpu() - start)
    }

    private static func cpu() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
