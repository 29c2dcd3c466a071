import Foundation
import OrreryWire
import Testing

@testable import OrreryProxy

/// Sockets in the file system, on both sides of a proxy.
struct LoopbackSocketTests {
    private let directory: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { directory + "/" + name }

    private func connect(_ path: String) throws -> Stream {
        let kernel = try #require(LinuxKernel())
        defer { kernel.end() }
        guard case .connected(let number) = kernel.connect(path: path) else { throw SystemError(number: ENOENT) }
        _ = fcntl(number, F_SETFL, 0)
        return Stream(owning: number)
    }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    @Test func browsersAndTheRESTInterfaceAndTargetsMayBeSockets() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let origin = try Origin { stream in
            while case let head = stream.receive(through: "\r\n\r\n"), !head.isEmpty {
                stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)")
            }
        }
        let (front, api) = (path("front"), path("api"))
        var inner: RunningProxy? = try RunningProxy(defaultPort: origin.port, workers: 3) { configuration in
            configuration.listener = .init(path: front)
            configuration.api = .init(path: api)
        }
        let outer = try RunningProxy { $0.defaultTarget = "unix:\(front)" }
        let client = try outer.client()
        client.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        let seen = client.answer().body
        #expect(seen.contains("GET /x HTTP/1.1\r\n") && seen.contains("X-Forwarded-For: 127.0.0.1\r\n"))
        let direct = try connect(front)
        direct.send("GET /y HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(!direct.answer().body.contains("X-Forwarded-For"), "nobody has said who it is")
        let rest = try connect(api)
        rest.send("GET /api/routes HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rest.answer().body.contains("127.0.0.1:\(origin.port)"))
        #expect(inner != nil && exists("front") && exists("api"))
        inner = nil
        #expect(!exists("front") && !exists("api"))
    }

    @Test func aSocketLeftBehindIsReplacedAndOneInUseIsNot() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try Descriptor.listener(path: path("s"), replaces: false)
        #expect(exists("s"), "nobody listens any more, but the file is there")
        let second = try Descriptor.listener(path: path("s"), replaces: false)
        let file = SocketFile(path: path("s"))
        #expect(throws: SystemError(number: EADDRINUSE)) {
            _ = try Descriptor.listener(path: path("s"), replaces: false)
        }
        let third = try Descriptor.listener(path: path("s"), replaces: true)
        file.remove()
        #expect(exists("s"), "it leads to the successor now")
        _ = try connect(path("s"))
        SocketFile(path: path("s")).remove()
        #expect(!exists("s"))
        _ = (second.number, third.number)
    }

    @Test func whatIsNoSocketStays() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(FileManager.default.createFile(atPath: path("f"), contents: nil))
        #expect(throws: SystemError(number: EADDRINUSE)) {
            _ = try Descriptor.listener(path: path("f"), replaces: false)
        }
        #expect(exists("f"))
        #expect(throws: ProxyError.self) {
            _ = try RunningProxy { $0.listener = .init(path: directory + "/none/s") }
        }
    }
}
