import OrreryCrypto
import OrreryModel
import Testing

@testable import OrreryProxy

/// The gate's keys over the REST interface.
struct GateControlTests {
    private let shared = Shared(limits: ProxyLimits(), log: ProxyLog(level: .error), errorTarget: nil)
    private static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private static let login = "https://hub.example.org/hub/gate"
    private static let body =
        #"{"keys":[{"id":20000,"key":"\#(key)"},{"id":20001,"key":"\#(key)"}],"login":"\#(login)"}"#

    private func ask(_ method: String, _ body: String = "", token: String? = "sesame") -> ControlInterface.Answer {
        let control = ControlInterface(shared: shared, token: token.map { Secret($0) }, signals: [])
        return control.answer(
            .init(
                method: method, path: "/api/gate-keys", authorization: token.map { "token \($0)" },
                body: Array(body.utf8)))
    }

    @Test func keysAreSetWholeAndOnlyTheirNumbersComeBack() {
        #expect(String(decoding: ask("GET").body, as: UTF8.self) == #"{"ids":[]}"#)
        #expect(ask("PUT", Self.body).status == 204)
        #expect(shared.gate.snapshot()?.keys.keys.map(\.id) == [20000, 20001])
        #expect(shared.gate.snapshot()?.keys.keys[0].reveal() == [UInt8](0..<32))
        let state = String(decoding: ask("GET").body, as: UTF8.self)
        #expect(state == #"{"ids":[20000,20001],"login":"\#(Self.login)"}"#)
    }

    @Test func theSameKeysAgainChangeNothing() {
        #expect(ask("PUT", Self.body).status == 204)
        let version = shared.gate.currentVersion
        #expect(ask("PUT", Self.body).status == 204)
        #expect(shared.gate.currentVersion == version)
    }

    @Test func anInterfaceWithoutATokenTakesNoKeys() {
        #expect(ask("PUT", Self.body, token: nil).status == 403)
        #expect(ask("GET", token: nil).status == 403)
        #expect(shared.gate.snapshot() == nil)
    }

    @Test func aWrongTokenTakesNoKeys() {
        let control = ControlInterface(shared: shared, token: Secret("sesame"), signals: [])
        let answer = control.answer(
            .init(method: "PUT", path: "/api/gate-keys", authorization: "token x", body: Array(Self.body.utf8)))
        #expect(answer.status == 403)
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"keys":[],"login":"\#(login)"}"#,
        #"{"keys":[{"id":1,"key":"AAEC"}],"login":"\#(login)"}"#, #"{"keys":[{"id":1,"key":"\#(key)"}]}"#,
        #"{"keys":[{"id":-1,"key":"\#(key)"}],"login":"\#(login)"}"#,
        #"{"keys":[{"id":4294967296,"key":"\#(key)"}],"login":"\#(login)"}"#,
        #"{"keys":[{"id":"1","key":"\#(key)"}],"login":"\#(login)"}"#,
        #"{"keys":[{"id":1,"key":"\#(key)"},{"id":1,"key":"\#(key)"}],"login":"\#(login)"}"#,
        #"{"keys":[{"id":1,"key":"\#(key)"},7],"login":"\#(login)"}"#,
        #"{"keys":[{"id":1,"key":"\#(key)"}],"login":"javascript:x"}"#,
        #"{"keys":[{"id":1,"key":"\#(key)"}],"login":"https://"}"#,
        #"{"keys":[{"id":1,"key":"\#(key)"}],"login":"https:///x"}"#,
        #"{"keys":[{"id":1,"key":"\#(key)"}],"login":"https://h/x?y"}"#,
        #"{"keys":[{"id":1,"key":"\#(key)"}],"login":"https://h/x\r\nSet-Cookie: a"}"#,
    ])
    func badKeysAreRefused(_ body: String) {
        #expect(ask("PUT", body).status == 400)
        #expect(shared.gate.snapshot() == nil)
    }

    @Test func otherMethodsAreNot() { #expect(ask("POST", Self.body).status == 405) }
}
