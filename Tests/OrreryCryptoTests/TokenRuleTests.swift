import Testing

@testable import OrreryCrypto

typealias Row = IndependentTokens.Row

/// The rules for tokens and keys, each a test that bears its id, on tokens of an independent library.
@Suite(.enabled(if: IndependentTokens.arePossible, "joserfc is not in .build/test-tools, where Tests/run puts it"))
struct TokenRuleTests {
    @Test("B1: a token and its parts have a greatest length", arguments: IndependentTokens.rows("B1"))
    func lengths(_ row: Row) { judge(row) }

    @Test("B2: a token has one spelling, in the URL alphabet", arguments: IndependentTokens.rows("B2"))
    func alphabet(_ row: Row) { judge(row) }

    @Test("B3: a token has three parts; an encrypted one is none", arguments: IndependentTokens.rows("B3"))
    func parts(_ row: Row) { judge(row) }

    @Test("B4: header and claims are strict JSON objects", arguments: IndependentTokens.rows("B4"))
    func documents(_ row: Row) { judge(row) }

    @Test("H1: alg is one of ours, spelt exactly", arguments: IndependentTokens.rows("H1"))
    func algorithms(_ row: Row) { judge(row) }

    @Test("H2: the key decides about the algorithm", arguments: IndependentTokens.rows("H2"))
    func bindings(_ row: Row) { judge(row) }

    @Test("H3: extensions are refused", arguments: IndependentTokens.rows("H3"))
    func extensions(_ row: Row) { judge(row) }

    @Test("H4: a token brings no key and names no place for one", arguments: IndependentTokens.rows("H4"))
    func keysBroughtAlong(_ row: Row) { judge(row) }

    @Test("H5: one kind of token never passes for another", arguments: IndependentTokens.rows("H5"))
    func types(_ row: Row) { judge(row) }

    @Test("H6: kid names exactly one key", arguments: IndependentTokens.rows("H6"))
    func names(_ row: Row) { judge(row) }

    @Test("K1: keys for something else are passed over", arguments: IndependentTokens.rows("K1"))
    func purposes(_ row: Row) { judge(row) }

    @Test("K2: weak and broken keys are passed over", arguments: IndependentTokens.rows("K2"))
    func strength(_ row: Row) { judge(row) }

    @Test("K3: of two keys of one name neither is used", arguments: IndependentTokens.rows("K3"))
    func namesakes(_ row: Row) { judge(row) }

    @Test(
        "K4: a set that gives away a private key, or has none for us, is refused",
        arguments: IndependentTokens.rows("K4"))
    func sets(_ row: Row) { judge(row) }

    @Test(arguments: ["B1", "B2", "B3", "B4", "H1", "H2", "H3", "H4", "H5", "H6", "K1", "K2", "K3", "K4"])
    func everyRuleHasTokensThatBreakIt(_ rule: String) {
        #expect(IndependentTokens.rows(rule).contains { $0.verdict != "claims" })
    }

    private func judge(_ row: Row) {
        #expect(verdict(row) == row.verdict, "\(row.text.prefix(2000))")
    }

    /// What becomes of the token: `claims`, `set` when its keys are refused as a whole, or the kind of the error.
    private func verdict(_ row: Row) -> String {
        guard let keys = try? KeySet(IndependentTokens.keySet(row.keys)) else { return "set" }
        do throws(CryptoError) {
            let token = try SignedToken(row.text, as: row.kind)
            _ = try token.claims(verifiedBy: keys.key(for: token))
            return "claims"
        } catch { return error.kind.rawValue }
    }
}
