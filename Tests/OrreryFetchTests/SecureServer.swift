import Foundation
import Glibc

/// `openssl s_server` on loopback with certificates made for it. Ends with its last reference.
final class SecureServer: Sendable {
    let port: UInt16
    private let process: Process

    init(_ certificates: TestCertificates, asksForClient: Bool) throws {
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments =
            [
                "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificates.path("server.pem"), "-key",
                certificates.path("server.key"), "-CAfile", certificates.path("ca.pem"),
            ] + (asksForClient ? ["-Verify", "1", "-verify_return_error"] : [])
        let output = Pipe()
        (process.standardInput, process.standardOutput, process.standardError) = (Pipe(), output, FileHandle.nullDevice)
        try process.run()
        port = try Self.readPort(output.fileHandleForReading)
    }

    // Not SIGTERM: the child inherits the signal mask of a thread that blocks it.
    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// From the line `ACCEPT 127.0.0.1:41243`.
    private static func readPort(_ output: FileHandle) throws -> UInt16 {
        var text = ""
        while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
            let more = output.availableData
            guard !more.isEmpty else { throw ScriptedServer.ServerError.cannotListen }
            text += String(decoding: more, as: UTF8.self)
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
        try openssl(
            ["req", "-x509", "-subj", "/CN=test authority", "-addext", "basicConstraints=critical,CA:TRUE"], "ca")
        let issued = ["-CA", path("ca.pem"), "-CAkey", path("ca.key")]
        try openssl(
            ["req", "-x509", "-subj", "/CN=server", "-addext", "subjectAltName=IP:127.0.0.1"] + issued, "server")
        try openssl(
            ["req", "-x509", "-subj", "/CN=client", "-addext", "extendedKeyUsage=clientAuth"] + issued, "client")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func path(_ name: String) -> String { directory.appending(path: name).path }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    private func openssl(_ arguments: [String], _ name: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments =
            arguments + [
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
                path("\(name).key"),
                "-out", path("\(name).pem"),
            ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        precondition(process.terminationStatus == 0, "openssl made no certificate")
    }
}
