import OrreryModel
import Testing

@testable import OrreryPocket

struct HollowServerTests {
    private static func server() throws -> HollowServer {
        var pod = JSON.pod("a")
        pod["metadata"]?["uid"] = "1"
        pod["spec"]?["containers"] = [
            ["name": "notebook", "env": [["name": "JUPYTERHUB_SERVICE_PREFIX", "value": "/user/ada/"]]]
        ]
        return HollowServer(try #require(PodManifest(pod)))
    }

    @Test(arguments: [
        ("GET /user/ada/ HTTP/1.1", "302 Found", false),
        ("GET /user/ada/api HTTP/1.1", "200 OK", false),
        ("GET /user/ada/api?x=1 HTTP/1.1\r\nConnection: close", "200 OK", true),
        ("GET /user/ada/api/status HTTP/1.1", "200 OK", false),
        ("POST /user/ada/api/kernels HTTP/1.1\r\nContent-Length: 2", "200 OK", true),
        ("GET /user/ada/lab HTTP/1.0", "200 OK", true),
        ("GET /user/adam/ HTTP/1.1", "404 Not Found", false),
        ("GARBAGE", "400 Bad Request", true),
    ])
    func answersLikeANotebookServerAtItsOwnPrefix(head: String, status: String, isLast: Bool) throws {
        let answer = try Self.server().answer(to: head)
        #expect(String(decoding: answer.bytes, as: UTF8.self).hasPrefix("HTTP/1.1 \(status)\r\n"))
        #expect(answer.isLast == isLast)
    }

    @Test func whereItLivesIsSaidByTheRedirect() throws {
        let answer = try Self.server().answer(to: "GET /user/ada/ HTTP/1.1")
        #expect(String(decoding: answer.bytes, as: UTF8.self).contains("\r\nLocation: /user/ada/lab\r\n"))
    }
}
