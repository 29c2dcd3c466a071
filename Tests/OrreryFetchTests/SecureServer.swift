import Foundation
import Glibc

/// `openssl s_server` on loopback with certificates made for it. Ends with its last reference.
final class SecureServer: Sendable {
    let port: UInt16
    private let program: Program

    init(_ certificates: TestCertificates, asksForClient: Bool) throws {
        program = Program(
            [
                "/usr/bin/openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert",
                certificates.path("server.pem"), "-key", certificates.path("server.key"), "-CAfile",
                certificates.path("ca.pem"),
            ] + (asksForClient ? ["-Verify", "1", "-verify_return_error"] : []))
        port = try Self.readPort(of: program)
    }

    deinit { program.end() }

    /// From the line `ACCEPT 127.0.0.1:41243`.
    private static func readPort(of program: Program) throws -> UInt16 {
        let deadline = ContinuousClock.now + .seconds(60)
        var text = ""
        while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
            guard ContinuousClock.now < deadline else { throw ScriptedServer.ServerError.cannotListen }
            sched_yield()
            text = String(decoding: program.output, as: UTF8.self)
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT") } ?? ""
        guard let port = line.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw ScriptedServer.ServerError.cannotListen
        }
        return port
    }
}

/// An authority, a server's certificate for 127.0.0.1 and a client's, made by the `openssl` program.
final class TestCertificates: Sendable {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        issue(
            ["req", "-x509", "-subj", "/CN=test authority", "-addext", "basicConstraints=critical,CA:TRUE"], "ca")
        let issued = ["-CA", path("ca.pem"), "-CAkey", path("ca.key")]
        issue(
            ["req", "-x509", "-subj", "/CN=server", "-addext", "subjectAltName=IP:127.0.0.1"] + issued, "server")
        issue(
            ["req", "-x509", "-subj", "/CN=client", "-addext", "extendedKeyUsage=clientAuth"] + issued, "client")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func path(_ name: String) -> String { directory.appending(path: name).path }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    private func issue(_ arguments: [String], _ name: String) {
        openssl(
            arguments + [
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
                path("\(name).key"), "-out", path("\(name).pem"),
            ])
    }
}
