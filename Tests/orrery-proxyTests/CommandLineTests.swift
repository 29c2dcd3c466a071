import ArgumentParser
import Glibc
import OrreryModel
import OrreryProxy
import OrreryWire
import Testing

@testable import orrery_proxy

/// configurable-http-proxy's command line, as hubs write it.
struct CommandLineTests {
    @Test func whatAHubWritesIsUnderstood() throws {
        let configuration = try read(
            "--ip=", "--port=8000", "--api-ip=127.0.0.1", "--api-port", "8001", "--error-target",
            "http://h:8081/hub/error", "--default-target=http://h:8081", "--log-level=INFO", "--log-level", "debug",
            "--timeout=0")
        #expect(configuration.listener == .init(host: "", port: 8000))
        #expect(configuration.api == .init(host: "127.0.0.1", port: 8001))
        #expect(configuration.errorTarget == "http://h:8081/hub/error")
        #expect(configuration.defaultTarget == "http://h:8081")
        #expect(configuration.logLevel == .debug && configuration.logOutput == .standardOutput)
        #expect(configuration.limits.stall == ProxyLimits().stall)
    }

    @Test func withoutOptionsItIsAsExpected() throws {
        let configuration = try read()
        #expect(configuration.listener == .init(host: "", port: 8000))
        #expect(configuration.api == .init(host: "localhost", port: 8001))
        #expect(configuration.forwarding == ForwardingOptions())
        #expect(configuration.token == nil && configuration.metrics == nil && !configuration.routesByHost)
    }

    @Test func theRestInterfaceFollowsThePublicPort() throws {
        #expect(try read("--port", "9000").api.port == 9001)
        #expect(try read("--port", "0").api.port == 0)
        #expect(throws: StartError("--api-port is needed: no port comes after --port 65535")) {
            try read("--port", "65535")
        }
        #expect(try read("--port", "65535", "--api-port", "80").api.port == 80)
        #expect(try read("--port", "65535", "--api-socket", "/s").api.path == "/s")
        #expect(try read("--socket", "/s").api.port == 8001)
        #expect(try read("--socket", "/s").listener.path == "/s")
        #expect(try read("--api-socket", "/s").api.path == "/s")
    }

    @Test func forwardingIsAdjusted() throws {
        let options = try read(
            "--no-x-forward", "--no-prepend-path", "--no-include-prefix", "--auto-rewrite", "--protocol-rewrite",
            "https", "--change-origin", "--custom-header", "k1: v1", "--custom-header", " k2 : host:123 "
        ).forwarding
        #expect(!options.xForward && !options.prependsPath && !options.includesPrefix)
        #expect(options.autoRewrite && options.protocolRewrite == "https" && options.changesOrigin)
        #expect(options.customHeaders.map(\.name) == ["k1", "k2"])
        #expect(options.customHeaders.map(\.value) == ["v1", "host:123"])
    }

    @Test func everySideMaySpeakTLS() throws {
        let configuration = try read(
            "--ssl-key", "/k", "--ssl-cert", "/c", "--ssl-ca", "/a", "--ssl-request-cert", "--ssl-reject-unauthorized",
            "--ssl-protocol", "TLSv1_2", "--ssl-ciphers", "HIGH", "--ssl-dhparam", "/d", "--ssl-allow-rc4",
            "--api-ssl-key", "/ak", "--api-ssl-cert", "/ac", "--api-ssl-ca", "/aa", "--api-ssl-request-cert",
            "--api-ssl-reject-unauthorized", "--client-ssl-key", "/ck", "--client-ssl-cert", "/cc", "--client-ssl-ca",
            "/ca", "--client-ssl-request-cert", "--client-ssl-reject-unauthorized", "--insecure", "--redirect-port",
            "80",
            "--redirect-to", "443")
        let tls = try #require(configuration.tls)
        #expect(tls.identities.map(\.key) == ["/k"] && tls.identities.map(\.certificate) == ["/c"])
        #expect(tls.clientAuthorities == "/a" && tls.clientCertificates == .required)
        #expect(tls.least == .v12 && tls.greatest == .v12 && tls.ciphers == "HIGH" && tls.parameters == "/d")
        let api = try #require(configuration.apiTLS)
        #expect(api.identities.map(\.key) == ["/ak"] && api.clientAuthorities == "/aa")
        #expect(api.clientCertificates == .required && api.greatest == .v12)
        let client = try #require(configuration.clientTLS)
        #expect(client.identity?.certificate == "/cc" && client.authorities == "/ca" && !client.verifies)
        #expect(configuration.redirect == .init(listener: .init(host: "", port: 80), port: 443))
        #expect(configuration.notes.map { $0.prefix { $0 != " " } } == ["--ssl-allow-rc4", "--client-ssl-ca"])
        let plain = try read("--ssl-cert", "/both", "--ssl-request-cert", "--redirect-port", "81", "--port", "80")
        #expect(plain.tls?.clientCertificates == .requested && plain.tls?.identities.map(\.key) == ["/both"])
        #expect(plain.redirect == nil && plain.apiTLS == nil && plain.clientTLS?.verifies == true)
    }

    /// configurable-http-proxy takes these, so they start; but what was wanted is not there, and that is said.
    @Test(
        arguments: [
            (["--ssl-ca", "/a"], ["--ssl-ca has no effect without --ssl-key or --ssl-cert"]),
            (["--ssl-request-cert"], ["--ssl-request-cert has no effect without --ssl-key or --ssl-cert"]),
            (
                ["--ssl-reject-unauthorized"],
                ["--ssl-reject-unauthorized has no effect without --ssl-key or --ssl-cert"]
            ),
            (["--ssl-cert", "/c", "--ssl-ca", "/a"], ["--ssl-ca has no effect without --ssl-request-cert"]),
            (
                ["--ssl-cert", "/c", "--ssl-reject-unauthorized"],
                ["--ssl-reject-unauthorized has no effect without --ssl-request-cert"]
            ),
            (["--ssl-ciphers", "HIGH"], ["--ssl-ciphers has no effect without the certificate of a listener"]),
            (["--ssl-ciphers", "HIGH", "--api-ssl-key", "/k"], []), (["--ssl-ciphers", "HIGH", "--ssl-key", "/k"], []),
            (
                ["--api-ssl-ca", "/a", "--api-ssl-request-cert"],
                [
                    "--api-ssl-ca has no effect without --api-ssl-key or --api-ssl-cert",
                    "--api-ssl-request-cert has no effect without --api-ssl-key or --api-ssl-cert",
                ]
            ),
            (
                ["--insecure", "--client-ssl-ca", "/a"],
                ["--client-ssl-ca has no effect with --insecure: no target is verified"]
            ),
            (["--metrics-ip", "::1"], ["--metrics-ip has no effect without --metrics-port"]),
            // What JupyterHub says with internal_ssl.
            (
                [
                    "--api-ssl-key", "/k", "--api-ssl-cert", "/c", "--api-ssl-ca", "/a", "--api-ssl-request-cert",
                    "--api-ssl-reject-unauthorized", "--client-ssl-key", "/k", "--client-ssl-cert", "/c",
                    "--client-ssl-ca", "/a", "--client-ssl-request-cert", "--client-ssl-reject-unauthorized",
                ], []
            ),
        ] as [([String], [String])])
    func whatHasNoEffectIsSaid(_ arguments: [String], _ notes: [String]) throws {
        let command = try OrreryProxyCommand.read(arguments)
        #expect(try command.proxyConfiguration(environment: Environment { _ in nil }).notes == notes)
    }

    @Test func requestsAreWrittenDownWhereTheyShouldBe() throws {
        #expect(try read().accessLog == nil && read("--access-log-file", "/l", "--access-log", "off").accessLog == nil)
        #expect(try read("--access-log", "json", "--access-log-file", "/l").accessLog?.path == "/l")
        let standard = try read("--access-log", "short", "--access-log-file", "-").accessLog
        #expect(standard?.format == .short && standard?.path == nil)
    }

    @Test func timesAreIdleTimes() throws {
        let limits = try read("--timeout=3000", "--proxy-timeout=2000", "--keep-alive-timeout=500", "--drain-seconds=9")
            .limits
        #expect(limits.stall == .seconds(3) && limits.answer == .seconds(2) && limits.quiet == .seconds(2))
        #expect(limits.idle == .milliseconds(500) && limits.drain == .seconds(9))
        #expect(limits.uploadRate == 0, "a silent upload would be noticed later than it was asked for")
        #expect(try read("--timeout=60000").limits.uploadRate == ProxyLimits().uploadRate)
    }

    @Test(arguments: [
        (["--prot", "8000"], "Did you mean '--port'?"), (["--socket", "/s", "--port", "1"], "--socket cannot be used"),
        (["--socket", "/s", "--ip="], "--socket cannot be used"), (["--port", "70000"], "--port"),
        (["--api-socket", "/s", "--api-ip", "x"], "--api-socket cannot be used"),
        (["--metrics-socket", "/s", "--metrics-port", "1"], "--metrics-socket cannot be used"),
        (["--custom-header", "invalid"], "colon was expected"), (["--custom-header", ": v"], "colon was expected"),
        (["--custom-header", "a b: c"], "cannot be the name"), (["--custom-header", "a: b\nc"], "control characters"),
        (["--custom-header", "Content-Length: 5"], "belongs to the connection"),
        (["--error-target", "http://h", "--error-path", "/p"], "Pick one"), (["--storage-backend", "x"], "Node.js"),
        (["--protocol-rewrite", "ftp"], "http or https"), (["--log-level", "loud"], "loud"),
        (["--redirect-to", "443"], "--redirect-port"),
        (["--redirect-port", "1"], "HTTPS redirection specified but certificates not provided."),
        (["--ssl-protocol", "TLSv1"], "TLSv1_3"), (["--log-level", "loud"], "warn"),
        (["--socket="], "--socket needs"), (["--api-socket="], "--api-socket needs"),
        (["--metrics-socket="], "--metrics-socket needs"),
        (["--redirect-to", "0", "--redirect-port", "1"], "--redirect-to takes 1 to 65535"),
        (["--workers", "0"], "--workers"),
        (["--access-log-file", "/l"], "--access-log-file needs --access-log"),
        (["--access-log-file=", "--access-log", "json"], "--access-log-file needs the name of a file"),
    ])
    func whatCannotBeIsRefusedWithASentence(_ arguments: [String], _ sentence: String) {
        let error = #expect(throws: (any Error).self) { try OrreryProxyCommand.read(arguments) }
        #expect(error.map { OrreryProxyCommand.fullMessage(for: $0) }?.contains(sentence) == true)
    }

    @Test(arguments: [["-V"], ["--version"]])
    func theVersionIsNoError(_ arguments: [String]) throws {
        let error = try #require(throws: (any Error).self) { try OrreryProxyCommand.read(arguments) }
        #expect(OrreryProxyCommand.exitCode(for: error).isSuccess)
        #expect(OrreryProxyCommand.fullMessage(for: error).hasPrefix("0."))
    }

    @Test func aHubIsFollowedWithAToken() throws {
        let environment = Environment { $0 == "ORRERY_PROXY_TOKEN" ? "t" : nil }
        func hub(_ arguments: String...) throws -> ProxyConfiguration {
            try OrreryProxyCommand.read(arguments).proxyConfiguration(environment: environment)
        }
        let authority = "/tmp/orrery-authority-\(UInt64.random(in: 0 ... .max)).pem"
        defer { unsafe unlink(authority) }
        let file = unsafe open(authority, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        let line = "-----BEGIN CERTIFICATE-----\n"
        let count = unsafe write(file, line, line.utf8.count)
        #expect(count == line.utf8.count)
        close(file)
        let configuration = try hub("--hub", "https://hub.example:8081/", "--state-dir=/s", "--hub-ca", authority)
        #expect(configuration.hub?.authority == line)
        #expect(configuration.hub?.url == "https://hub.example:8081" && configuration.hub?.token == Secret("t"))
        #expect(configuration.stateDirectory == "/s" && configuration.token == nil)
        #expect(throws: (any Error).self) { try hub("--hub", "hub.example") }
        #expect(throws: (any Error).self) { try hub("--hub", "http://h/path") }
        for (path, reason) in [
            ("/does/not/exist", "cannot read /does/not/exist: No such file or directory"),
            ("/tmp", "cannot read /tmp: Is a directory"),
            ("/dev/null", "/dev/null holds no certificate; give a PEM file with a BEGIN CERTIFICATE"),
            ("/dev/zero", "/dev/zero has more than a MiB"),
        ] {
            #expect(throws: StartError("--hub-ca: \(reason)")) { try hub("--hub", "http://h", "--hub-ca", path) }
        }
        #expect(throws: (any Error).self) { try hub("--hub-ca", "/dev/null") }
        #expect(throws: (any Error).self) { try read("--hub", "http://h") }
    }

    @Test func aFileForTheProcessIDThatCannotBeIsNamedAndNothingElseSaid() throws {
        let error = try #require(throws: StartError.self) { try PidFile(path: "/does/not/exist/pid") }
        let sentence = "--pid-file: cannot write /does/not/exist/pid: No such file or directory"
        #expect(OrreryProxyCommand.fullMessage(for: error) == "Error: \(sentence)")
        #expect(OrreryProxyCommand.exitCode(for: error) == .failure)
        // There is never room on it.
        #expect(throws: StartError("--pid-file: cannot write /dev/full: No space left on device")) {
            try PidFile(path: "/dev/full")
        }
    }

    @Test func theTokenComesFromOnePlace() throws {
        func token(_ value: @escaping (String) -> String?) throws -> Secret? { try Environment(value).token("TOKEN") }
        #expect(try token { _ in nil } == nil)
        for name in ["TOKEN", "TOKEN_FILE"] {
            #expect(throws: StartError("\(name) is set but empty; set it to the token, or do not set it at all")) {
                try token { $0 == name ? "" : nil }
            }
        }
        #expect(try token { $0 == "TOKEN" ? "t" : "" } == Secret("t"))
        #expect(try token { $0 == "TOKEN" ? "" : "/proc/sys/kernel/ostype" } == Secret("Linux"))
        #expect(try token { $0 == "TOKEN" ? "t" : nil } == Secret("t"))
        #expect(throws: (any Error).self) { try token { _ in "/dev/null" } }
        for word in ["a b", "a\n", "\u{1}a"] {
            #expect { try token { $0 == "TOKEN" ? word : nil } } throws: { "\($0)".contains("one word") }
        }
        // Two lines, and blanks within the only one.
        for file in ["/proc/self/mounts", "/proc/uptime"] {
            #expect(throws: (any Error).self) { try token { $0 == "TOKEN_FILE" ? file : nil } }
        }
        #expect(try token { $0 == "TOKEN_FILE" ? "/proc/sys/kernel/ostype" : nil } == Secret("Linux"))
        #expect(throws: (any Error).self) { try token { $0 == "TOKEN_FILE" ? "/does/not/exist" : nil } }
    }

    private func read(_ arguments: String...) throws -> ProxyConfiguration {
        try OrreryProxyCommand.read(arguments).proxyConfiguration(environment: Environment { _ in nil })
    }
}
