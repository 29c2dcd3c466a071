import Foundation
import OrreryModel
import OrreryWire
import Testing

@testable import OrreryProxy

struct RouteFileTests {
    /// A file with three routes, one of which has more members.
    private func book() throws -> RouteBook {
        let book = RouteBook()
        let routes: [(String, String)] = [
            ("/", #"{"target":"http://127.0.0.1:8081"}"#),
            ("/user/ada", #"{"target":"http://10.0.0.2:8888","user":"ada","n":[1,2.5,null,true]}"#),
            ("/user/\"秀 x", #"{"target":"http://pod.example:8888/base"}"#),
        ]
        let settings = try routes.map { key, object in
            let key = try #require(RouteKey(key))
            let members = try #require(JSONText.read(Array(object.utf8))?.object)
            return try RouteSetting(key, members, resolve: Target.literalAddress)
        }
        #expect(book.replaceAll(settings, position: FeedPosition(epoch: "e1", number: 77), at: 1_795_256_559_123))
        return book
    }

    private func file(_ book: RouteBook) -> [UInt8] {
        let (routes, position) = book.saved()
        return RouteFile.encode(routes, position: position) { book.activity.last($0.activity) }
    }

    @Test func whatWasWrittenIsRead() throws {
        let book = try book()
        let content = try RouteFile.decode(file(book))
        #expect(content.position == FeedPosition(epoch: "e1", number: 77))
        let again = RouteBook()
        #expect(again.replaceAll(content.routes, position: content.position, at: 5))
        #expect(again.all().map(\.key) == book.all().map(\.key))
        #expect(again.all().map(\.route.members) == book.all().map(\.route.members))
        #expect(again.all().map(\.route.target) == book.all().map(\.route.target))
        #expect(again.all().allSatisfy { again.activity.last($0.route.activity) == 1_795_256_559_123 })
        #expect(again.takeNewNames() && !again.takeNewNames())
    }

    @Test func anEmptyBookIsAFileToo() throws {
        let content = try RouteFile.decode(file(RouteBook()))
        #expect(content.routes.isEmpty && content.position == nil)
    }

    @Test func everyCutAndEveryFlippedBitIsNoticed() throws {
        let bytes = file(try book())
        for count in 0..<bytes.count {
            #expect(throws: RouteFile.Fault.self, "cut at \(count)") {
                try RouteFile.decode(Array(bytes.prefix(count)))
            }
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(throws: RouteFile.Fault.self, "bit flipped at \(index)") { try RouteFile.decode(changed) }
        }
        #expect(throws: RouteFile.Fault.self) { try RouteFile.decode(bytes + bytes) }
    }

    @Test func whatAnEarlierVersionTookIsLeftOutAndTheRestServed() throws {
        let book = try book()
        var routes = book.saved().routes
        let target = try #require(Target("http://h:80"))
        let route = Route(
            target: target, address: nil, peer: 0, activity: .init(index: 0, generation: 0),
            members: Array(#""target":"http://h:+80""#.utf8), access: "")
        routes.append((try #require(RouteKey("/later")), route))
        let content = try RouteFile.decode(RouteFile.encode(routes, position: nil) { _ in 0 })
        #expect(content.leftOut == 1 && content.routes.count == 3)
    }

    @Test func theReasonIsSaid() throws {
        let bytes = file(try book())
        let text = String(decoding: bytes, as: UTF8.self)
        func fault(_ text: String) -> RouteFile.Fault? {
            do { _ = try RouteFile.decode(Array(text.utf8)) } catch { return error }
            return nil
        }
        #expect(fault("") == .notOurs)
        #expect(fault("hello\nworld\n") == .notOurs)
        #expect(fault(text.replacing("routes 1 ", with: "routes 2 ")) == .otherVersion("2"))
        let length = text.utf8.count - text.prefix { $0 != "\n" }.utf8.count - 1
        #expect(fault(text + "x") == .wrongLength(expected: length, found: length + 1))
        #expect(fault(text.replacing("10.0.0.2", with: "10.0.0.3")) == .wrongDigest)
    }

    // MARK: The directory

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test func aDirectoryIsOneProxysAndThisAccountsAlone() throws {
        try withDirectory { path in
            let directory = try StateDirectory(path)
            #expect(throws: ProxyError.stateDirectoryInUse(path)) { try StateDirectory(path) }
            try directory.replace("routes", with: [1, 2, 3])
            try directory.replace("routes", with: [4])
            #expect(try directory.read("routes") == [4])
            #expect(try directory.read("other") == nil)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/routes")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let own = try FileManager.default.attributesOfItem(atPath: path)
            #expect(own[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test func whetherAFileWasPutAsideIsKnown() throws {
        try withDirectory { path in
            let directory = try StateDirectory(path)
            try directory.replace("routes", with: [1])
            #expect(try directory.putAside("routes") == "routes.damaged" && directory.read("routes") == nil)
            #expect(throws: SystemError(number: ENOENT)) { try directory.putAside("routes") }
            try directory.replace("routes", with: [2])
            try FileManager.default.removeItem(atPath: "\(path)/routes.damaged")
            try FileManager.default.createDirectory(
                atPath: "\(path)/routes.damaged", withIntermediateDirectories: false)
            #expect(throws: SystemError(number: EISDIR)) { try directory.putAside("routes") }
            #expect(try directory.read("routes") == [2])
        }
    }

    @Test func theDirectoryIsFreeWhenItsProxyIsGone() throws {
        try withDirectory { path in
            _ = try StateDirectory(path)
            _ = try StateDirectory(path)
        }
    }

    @Test func anUnusableDirectoryIsNamed() throws {
        #expect(throws: ProxyError.stateDirectory("/dev/null/x", SystemError(number: 20))) {
            try StateDirectory("/dev/null/x")
        }
    }

    // MARK: A whole proxy

    @Test func routesAreServedAgainBeforeTheFirstConnection() throws {
        let origin = try Origin { stream in
            _ = stream.receive(through: "\r\n\r\n")
            stream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
        try withDirectory { path in
            do {
                let proxy = try RunningProxy { $0.stateDirectory = path }
                try proxy.setRoute("/user/ada", port: origin.port)
            }
            let proxy = try RunningProxy { $0.stateDirectory = path }
            let client = try proxy.client()
            client.send("GET /user/ada/x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.answer().body == "ok")
        }
    }

    @Test func aDamagedFileIsPutAsideAndTheProxyServesWithoutIt() throws {
        try withDirectory { path in
            do {
                let proxy = try RunningProxy { $0.stateDirectory = path }
                try proxy.setRoute("/user/ada", port: 9)
            }
            var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/routes"))
            bytes[bytes.count - 5] ^= 4
            try bytes.write(to: URL(fileURLWithPath: "\(path)/routes"))
            let log = try KeptLog()
            let proxy = try RunningProxy {
                $0.stateDirectory = path
                $0.logOutput = log.output
            }
            #expect(log.hasError("\(path)/routes is damaged", "kept as routes.damaged"))
            #expect(try proxy.api("GET", "/api/routes/user/ada") == 404)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path)/routes.damaged")) == bytes)
        }
    }
}
