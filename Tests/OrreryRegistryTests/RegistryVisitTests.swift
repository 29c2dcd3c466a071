import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryRegistry

struct RegistryVisitTests {
    @Test func dockersOwnRegistryAnswersUnderAnotherName() {
        #expect(RegistryVisit.address(of: "docker.io") == "https://registry-1.docker.io")
        #expect(RegistryVisit.address(of: "quay.io") == "https://quay.io")
        #expect(RegistryVisit.address(of: "localhost:5000") == "http://localhost:5000")
    }

    @Test(arguments: [
        ("docker.io", "python", "library/python"), ("docker.io", "library/python", "library/python"),
        ("docker.io", "jupyter/base", "jupyter/base"), ("quay.io", "python", "python"),
    ])
    func dockersOwnRegistryHasImagesWithoutAnOwnerInItsLibrary(_ host: String, _ repository: String, _ name: String) {
        let visit = RegistryVisit(
            fetcher: Fetcher(), host: host, repository: repository, login: nil, trust: .system)
        #expect(visit.name == name)
        // In the document it goes on to be called as it was written.
        #expect(visit.repository == repository)
    }

    @Test(arguments: ["docker.io", "https://index.docker.io/v1/"])
    func theLoginForDockersOwnRegistryIsFoundAsDockerWritesIt(_ key: String) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "logins-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = #"{"auths": {"\#(key)": {"auth": "YWRhOng="}}}"#
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let logins = try RegistryLogins(file: path)
        #expect(logins.authorization(for: "docker.io") == Secret("Basic YWRhOng="))
        #expect(logins.authorization(for: "quay.io") == nil)
    }

    @Test(
        arguments: [
            (400, "", .locked), (401, "", .locked), (403, "", .locked), (429, "", .unreachable),
            (500, "", .unreachable), (503, "", .unreachable), (200, "{}", .broken),
        ] as [(Int, String, RegistryError.Kind)])
    func aTokenThatIsNotGivenIsNotAlwaysAWrongLogin(
        _ status: Int, _ body: String, _ kind: RegistryError.Kind
    ) async throws {
        try await serving { request in
            guard request.uri.path == "/token" else {
                let host = request.head.authority ?? ""
                let challenge = #"Bearer realm="http://\#(host)/token",service="\#(host)""#
                return Response(status: .unauthorized, headers: [.wwwAuthenticate: challenge])
            }
            return Response(status: .init(code: status), body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        } while: { url in
            let host = String(url.dropFirst("http://".count))
            let error = await #expect(throws: RegistryError.self) {
                try await RegistryClient(fetcher: Fetcher()).resolve(host: host, repository: "lab/x", tag: "1")
            }
            #expect(error?.kind == kind, "\(String(describing: error))")
        }
    }
}
