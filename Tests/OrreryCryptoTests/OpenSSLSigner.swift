import Foundation

@testable import OrreryCrypto

/// Makes keys and signatures with the `openssl` program, so that no code under test has a part in the tokens it is shown.
struct OpenSSLSigner: Sendable {
    let directory: URL
    /// The public key as a JSON Web Key without `kid`, `use` and `alg`.
    let members: [String: String]

    static let rsa = OpenSSLSigner(bits: 2048)

    init(bits: Int) {
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-signer-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let key = directory.appending(path: "key.pem").path
        _ = Self.openssl("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)", "-out", key)
        let modulus = String(decoding: Self.openssl("rsa", "-in", key, "-noout", "-modulus"), as: UTF8.self)
        let digits = Array(modulus.drop { $0 != "=" }.dropFirst().filter(\.isHexDigit))
        let octets = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0..<($0 + 2)]), radix: 16)
        }
        members = ["kty": "RSA", "n": Base64URL.encode(octets), "e": "AQAB"]
    }

    var publicPEM: [UInt8] { Self.openssl("pkey", "-in", directory.appending(path: "key.pem").path, "-pubout") }

    /// `header.payload.signature` with the texts exactly as given.
    func token(_ header: String, _ payload: String, digest: String = "sha256") -> String {
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        let key = directory.appending(path: "key.pem").path
        return signed + "."
            + Base64URL.encode(Self.openssl("dgst", "-\(digest)", "-sign", key, input: Array(signed.utf8)))
    }

    private static func openssl(_ arguments: String..., input: [UInt8] = []) -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        let (stdin, stdout) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, FileHandle.nullDevice)
        do { try process.run() } catch { fatalError("openssl does not run: \(error)") }
        stdin.fileHandleForWriting.write(Data(input))
        try? stdin.fileHandleForWriting.close()
        let output = (try? stdout.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        precondition(process.terminationStatus == 0, "openssl \(arguments.first ?? "") failed")
        return Array(output)
    }
}

extension [String: String] {
    var jsonText: String { "{" + map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",") + "}" }
}
