import Foundation
import OrreryWire
import Testing

@testable import OrreryProxy

/// Error pages from a directory.
struct ErrorPagesTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "pages-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: directory.appending(path: name))
    }

    @Test func whatIsNoDirectoryIsAnError() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        try write("404.html", "lost")
        for path in ["\(directory.path)/404.html", "\(directory.path)/404.html/x"] {
            #expect(throws: ProxyError.errorDirectory(path, SystemError(number: ENOTDIR))) {
                _ = try ErrorPages(directory: path)
            }
        }
    }

    @Test func eachStatusHasItsOwnOrTheCommonOne() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        let pages = try ErrorPages(directory: directory.path)
        #expect(pages.isEmpty && pages.page(404) == nil)
        try write("404.html", "lost")
        pages.refresh()
        #expect(pages.page(404) == Array("lost".utf8) && pages.page(503) == nil)
        try write("error.html", "some error")
        try write("404.html", "gone")
        pages.refresh()
        #expect(pages.page(404) == Array("gone".utf8) && pages.page(503) == Array("some error".utf8))
        try FileManager.default.removeItem(at: directory.appending(path: "404.html"))
        pages.refresh()
        #expect(pages.page(404) == Array("some error".utf8))
    }

    @Test func whatIsTooLargeOrNoFileIsNotTaken() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        try write("404.html", String(repeating: "x", count: ErrorPages.limit))
        try write("503.html", String(repeating: "x", count: ErrorPages.limit + 1))
        try FileManager.default.createDirectory(
            at: directory.appending(path: "error.html"), withIntermediateDirectories: true)
        let pages = try ErrorPages(directory: directory.path)
        #expect(pages.page(404)?.count == ErrorPages.limit && pages.page(503) == nil)
        #expect(try ErrorPages(directory: "/does/not/exist").isEmpty)
    }

    @Test func theyAreWhatClientsGet() throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        try write("404.html", "<b>lost</b>")
        let rig = try Rig(
            routes: ["/user/ada": "http://10.0.0.2:8888"], errorPages: try ErrorPages(directory: directory.path))
        let client = rig.client()
        rig.send(client, "GET /lost HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\n"))
        #expect(answer.contains("Content-Length: 11\r\n") && answer.hasSuffix("\r\n\r\n<b>lost</b>"))
        rig.send(client, "HEAD /lost HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\n"))
        rig.kernel.failures = 1
        rig.send(client, Sample.get)
        #expect(rig.kernel.sent(client).contains("<title>503: Service Unavailable</title>"))
        let socket = rig.client()
        rig.send(socket, "GET /lost HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        let refusal = rig.kernel.sent(socket)
        #expect(refusal.hasPrefix("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n") && refusal.hasSuffix("\r\n\r\n"))
        #expect(!rig.kernel.isOpen(socket))
    }
}
