import Foundation
import Testing

@testable import OrreryHub

struct ScopesTests {
    @Test func aRightBringsWhatItIncludesWithItsFilter() {
        let scopes = Scopes(["access:servers!user=alice", "read:users!user=alice"])
        #expect(
            scopes.expanded == [
                "access:servers!user=alice", "read:users!user=alice", "read:users:activity!user=alice",
                "read:users:groups!user=alice", "read:users:name!user=alice",
            ])
    }

    @Test(
        arguments: [
            (["servers"], "start:servers", "ada", nil, true), (["servers!user=ada"], "start:servers", "ada", nil, true),
            (["servers!user=ada"], "start:servers", "grace", nil, false),
            (["access:servers!server=ada/"], "access:servers", "ada", "", true),
            (["access:servers!server=ada/"], "access:servers", "ada", "gpu", false),
            (["access:servers!server=ada/"], "access:servers", "ada", nil, false),
            (["access:servers!server=ada"], "access:servers", "ada", "", false),
            (["read:servers"], "start:servers", "ada", nil, false),
            ([""], "read:users:name", "ada", nil, false), (["!"], "servers", "ada", nil, false),
            (["servers!"], "servers", "ada", nil, false), (["!servers"], "servers", "ada", nil, false),
            ([], "read:users:name", "ada", nil, false),
        ] as [([String], String, String, String?, Bool)])
    func allows(_ granted: [String], _ scope: String, _ user: String, _ server: String?, _ expected: Bool) {
        #expect(Scopes(granted).allow(scope, user: user, server: server) == expected)
    }

    @Test(
        arguments: [
            (["servers!user=ada"], "start:servers!user=ada", true), (["servers!user=ada"], "start:servers", false),
            (["servers!user=ada"], "start:servers!user=grace", false), (["servers"], "start:servers!user=ada", true),
            (["servers!user=ada"], "servers!server=ada/gpu", true),
            (["servers!user=ada"], "servers!server=adam/", false),
            (["servers!server=ada/gpu"], "servers!server=ada/gpu", true),
            (["servers!group=a"], "servers!group=a", true),
            (["servers!server=ada/gpu"], "servers!server=ada/", false),
            (["servers!group=a"], "servers!user=ada", false),
            (["start:servers"], "servers", false), (["nothing"], "nothing", false), ([""], "", false),
        ] as [([String], String, Bool)])
    func covers(_ granted: [String], _ right: String, _ expected: Bool) {
        #expect(Scopes(granted).covers(right) == expected)
    }

    @Test func anIssuersTokenMakesNoTokens() {
        let scopes = Scopes.ofBearer(named: "ada", isAdmin: true)
        #expect(!scopes.allow("tokens", user: "ada") && scopes.allow("read:tokens", user: "ada"))
        #expect(scopes.allow("servers", user: "ada") && scopes.allow("admin:users", user: "grace"))
    }

    @Test func whatTwoSetsShareHasTheNarrowerFilter() {
        let own = Scopes(["servers!user=ada", "read:servers"])
        #expect(Scopes(["read:servers!server=grace/"]).within(own).allow("read:servers", user: "grace", server: ""))
        #expect(!Scopes(["start:servers"]).within(own).allow("start:servers", user: "grace"))
        #expect(Scopes(["start:servers"]).within(own).allow("start:servers", user: "ada"))
        #expect(Scopes(["start:servers!server=ada/gpu"]).within(own).allow("start:servers", user: "ada", server: "gpu"))
        #expect(Scopes(["start:servers!server=grace/"]).within(own).expanded.allSatisfy { $0.hasPrefix("read:") })
    }

    @Test func everyIncludedRightIsInTheTable() {
        let names = Set(Scope.table.map(\.name))
        #expect(names.count == Scope.table.count)
        #expect(Scope.table.flatMap(\.includes).allSatisfy(names.contains))
    }

    @Test func anOperatorSeesAndStopsButDoesNotOpenOtherPeoplesServers() {
        let operators = Scopes.ofPerson(named: "ada", isAdmin: true)
        #expect(operators.allow("delete:servers", user: "grace"))
        #expect(!operators.allow("access:servers", user: "grace", server: ""))
        #expect(!operators.allow("start:servers", user: "grace"))
        #expect(!Scopes.ofPerson(named: "ada", isAdmin: false).allow("read:users:name", user: "grace"))
    }
}

struct ReferencePageTests {
    @Test func thePageSaysWhatTheTableDoes() throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        for scope in Scope.table {
            let includes = scope.includes.map { "`\($0)`" }.joined(separator: ", ")
            let row = "| `\(scope.name)` | \(scope.promise) | \(includes.isEmpty ? "" : includes + " ")|"
            #expect(page.contains(row), "\(row)")
        }
    }

    @Test func thePageHasNoRightBesides() throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let table = try #require(page.components(separatedBy: "| right | allows to | includes |\n").dropFirst().first)
        let rows = table.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("|") }
            .dropFirst()
        let names = rows.compactMap { $0.firstMatch(of: /^\| `([a-z:]+)` \|/)?.output.1 }.map(String.init)
        #expect(names == Scope.table.map(\.name))
    }

    private static var page: URL {
        URL(fileURLWithPath: #filePath).appendingPathComponent("../../../docs/hub-api.md").standardized
    }
}
