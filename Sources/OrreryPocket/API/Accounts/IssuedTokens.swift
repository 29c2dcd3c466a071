internal import Foundation
internal import Glibc
internal import OrreryModel
internal import Synchronization

/// The tokens that service accounts were given. Each has the shape of a real one, so that clients can read from it whose it is
/// and when it ends; its signature is 32 random bytes, and what counts is that it stands in this list.
///
/// Kept in the state directory, readable by this account alone, one line for each.
///
/// Concurrency: any request may issue or look one up.
final class IssuedTokens: Sendable {
    struct Issued: Codable, Sendable {
        let token: String
        let namespace: String
        let account: String
        /// Of the account's object: another one of the same name has other tokens.
        let uid: String
        let audiences: [String]
        let ends: Date
    }

    /// What a token is for when nobody says so, and what the API wants.
    static let ownAudience = "https://kubernetes.default.svc.cluster.local"

    private let file: String
    private let tokens: Mutex<[String: Issued]>

    init(directory: String) {
        file = directory + "/account-tokens"
        let lines = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n") ?? []
        let known = lines.compactMap { try? JSONDecoder().decode(Issued.self, from: Data($0.utf8)) }
            .filter { $0.ends > Date.now }
        tokens = Mutex(Dictionary(known.map { ($0.token, $0) }) { _, last in last })
    }

    /// The token's holder; nil for one that is none, or has ended.
    func find(_ token: String) -> Issued? {
        tokens.withLock { $0[token] }.flatMap { $0.ends > Date.now ? $0 : nil }
    }

    func issue(namespace: String, account: String, uid: String, audiences: [String], seconds: Int64) throws -> Issued {
        let now = Date.now
        let ends = now + TimeInterval(seconds)
        let audiences = audiences.isEmpty ? [Self.ownAudience] : audiences
        let claims: JSON = [
            "aud": .array(audiences.map { .string($0) }), "exp": .integer(Int64(ends.timeIntervalSince1970)),
            "iat": .integer(Int64(now.timeIntervalSince1970)), "iss": .string(Self.ownAudience),
            "sub": .string("system:serviceaccount:\(namespace):\(account)"),
        ]
        let parts = [
            Data(#"{"alg":"RS256","kid":"pocket"}"#.utf8), try JSONEncoder().encode(claims),
            Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }),
        ]
        let issued = Issued(
            token: parts.map(Self.text).joined(separator: "."), namespace: namespace, account: account, uid: uid,
            audiences: audiences, ends: ends)
        try tokens.withLock { tokens in
            tokens[issued.token] = issued
            tokens = tokens.filter { $0.value.ends > now }
            try keep(tokens.values.map { $0 })
        }
        return issued
    }

    private func keep(_ issued: [Issued]) throws {
        let lines = try issued.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n" }.joined()
        let next = file + ".next"
        let mode: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: next, contents: Data(lines.utf8), attributes: mode) else {
            throw PocketError.state("the tokens of service accounts cannot be written to \(next)")
        }
        guard unsafe rename(next, file) == 0 else {
            throw PocketError.state("the tokens of service accounts cannot be written to \(file)")
        }
    }

    private static func text(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
