import FoundationEssentials
import OrreryDocument
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryKubernetes

@Suite struct KubeconfigTests {
    static let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    static let data = Data(pem.utf8).base64EncodedString()

    private func read(
        cluster: String = "{server: \"https://api.test:6443\", certificate-authority-data: \(data)}",
        user: String = "{token: abc}", context: String = "{cluster: c, user: u, namespace: hub}", extra: String = "",
        namespace: String? = nil, origin: Kubeconfig.Origin = .local, file: String = "/tmp/kubeconfig"
    ) throws(DocumentError) -> ClusterAccess {
        let text = """
            apiVersion: v1
            kind: Config
            current-context: x
            preferences: {}
            contexts: [{name: y, context: {cluster: gone, user: gone}}, {name: x, context: \(context)}]
            clusters: [{name: other, cluster: {insecure-skip-tls-verify: true}}, {name: c, cluster: \(cluster)}]
            users: [{name: other, user: {exec: {command: rm}}}, {name: u, user: \(user)}]
            \(extra)
            """
        return try Kubeconfig.read(
            DocumentNode.parse(text, file: file), name: "north", namespace: namespace, origin: origin)
    }

    @Test func theCurrentContextSaysWhereAndAsWhom() throws {
        let access = try read()
        #expect(access.server == "https://api.test:6443")
        #expect(access.namespace == "hub")
        #expect(access.authority == .pem(Self.pem))
        guard case .token(let token) = access.credential else { return #expect(Bool(false), "no token") }
        #expect(token.reveal() == "abc")
        #expect(try read(namespace: "notebooks").namespace == "notebooks")
    }

    @Test func aClientCertificateComesInBase64() throws {
        let access = try read(user: "{client-certificate-data: \(Self.data), client-key-data: \(Self.data)}")
        guard case .certificate(let pair) = access.credential else { return #expect(Bool(false), "no certificate") }
        #expect(pair == ClientCertificate(chain: Self.pem, key: Self.pem))
    }

    @Test(arguments: [
        ("{exec: {command: aws}}", "run any program"), ("{auth-provider: {name: gcp}}", "run any program"),
        ("{token: abc, exec: {command: aws}}", "run any program"), ("{username: a, password: b}", "passwords"),
        ("{token: abc, as: admin}", "acts as nobody else"), ("{token: abc, as-groups: [x]}", "acts as nobody else"),
        ("{}", "is needed"), ("{token: \"a b\"}", "no token"), ("{token: \"a\\nb\"}", "no token"),
        ("{client-certificate-data: \(data)}", "client-key-data"), ("{tokn: abc}", "tokn"),
        ("{client-certificate-data: AAAA, client-key-data: AAAA}", "PEM in Base64"),
    ])
    func aUserThatIsMoreThanATokenIsRefusedByName(_ user: String, _ words: String) throws {
        let error = #expect(throws: DocumentError.self) { try read(user: user) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("abc") == false)
    }

    @Test(arguments: [
        ("{server: \"https://a\", insecure-skip-tls-verify: true}", "could be the cluster"),
        ("{server: \"https://a\", proxy-url: \"http://p\"}", "directly or through"),
        ("{server: \"https://a\", tls-server-name: b}", "name that stands in the certificate"),
        ("{server: \"ftp://a\"}", "https://"), ("{}", "server"), ("{server: \"https://a\", sever: b}", "sever"),
    ])
    func aClusterThatCannotBeTrustedIsRefusedByName(_ cluster: String, _ words: String) throws {
        let error = #expect(throws: DocumentError.self) { try read(cluster: cluster) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func whatIsSaidToBeOffIsNoReasonToRefuse() throws {
        #expect(try read(cluster: "{server: \"https://a\", insecure-skip-tls-verify: false}").server == "https://a")
    }

    @Test func anUploadedFileMayNotNameFilesOfTheHub() throws {
        for user in ["{tokenFile: /etc/shadow}", "{client-certificate: a, client-key: b}"] {
            let error = #expect(throws: DocumentError.self) { try read(user: user, origin: .uploaded) }
            #expect(error?.message.contains("is refused here") == true)
        }
        let cluster = "{server: \"https://a\", certificate-authority: /etc/ssl/cert.pem}"
        #expect(throws: DocumentError.self) { try read(cluster: cluster, origin: .uploaded) }
    }

    @Test func pathsCountFromTheFilesOwnDirectory() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kube-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for name in ["token", "ca.pem"] { try Data("x".utf8).write(to: directory.appending(path: name)) }
        let access = try read(
            cluster: "{server: \"https://a\", certificate-authority: ca.pem}", user: "{tokenFile: token}",
            file: directory.appending(path: "config").path)
        guard case .tokenFile(let path) = access.credential else { return #expect(Bool(false), "no token file") }
        #expect(path == directory.appending(path: "token").path)
        #expect(access.authority == .file(directory.appending(path: "ca.pem").path))
        let error = #expect(throws: DocumentError.self) { try read(user: "{tokenFile: /no/such}") }
        #expect(error?.message.contains("cannot be read") == true)
    }

    @Test func aContextWithoutNamespaceNeedsOneBesideIt() throws {
        let error = #expect(throws: DocumentError.self) { try read(context: "{cluster: c, user: u}") }
        #expect(error?.message.contains("namespace") == true)
        #expect(try read(context: "{cluster: c, user: u}", namespace: "hub").namespace == "hub")
        #expect(throws: DocumentError.self) { try read(context: "{cluster: none, user: u, namespace: hub}") }
    }
}
