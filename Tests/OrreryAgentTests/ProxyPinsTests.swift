import Testing

@testable import OrreryAgent

/// By which keys an agent knows proxies beside those of its join string.
struct ProxyPinsTests {
    private static let given: [[UInt8]] = [[0]]

    @Test func whatABelievedProxyNamesIsBelieved() {
        var pins = ProxyPins(Self.given)
        let isNews = pins.hear([[0], [1]], at: 0)
        #expect(isNews && pins.all == [[0], [1]])
        let isNewsAgain = pins.hear([[1]], at: 1)
        #expect(!isNewsAgain)
    }

    @Test func withoutAPinInTheJoinStringNoneIsLearnt() {
        var pins = ProxyPins([])
        let isNews = pins.hear([[1]], at: 0)
        #expect(!isNews && pins.all == [])
    }

    @Test func aNewOneHasAPlaceHoweverManyThereWere() {
        var pins = ProxyPins(Self.given)
        for number in 1...200 { _ = pins.hear([[UInt8(number)]], at: Int64(number)) }
        #expect(pins.all.count == 1 + ProxyPins.limit)
        #expect(pins.all.first == [0] && pins.all.last == [200] && !pins.all.contains([1]))
    }

    @Test func whatNobodyNamesAnyMoreIsForgottenAndWhatIsNamedAgainStays() {
        var pins = ProxyPins(Self.given)
        _ = pins.hear([[1], [2]], at: 0)
        _ = pins.hear([[2]], at: ProxyPins.memory)
        #expect(pins.all == [[0], [1], [2]])
        let isNews = pins.hear([[2]], at: ProxyPins.memory + 1)
        #expect(isNews && pins.all == [[0], [2]])
    }
}
