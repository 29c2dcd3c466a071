/// How much of one cluster's API the hub takes: so many calls a second after so many at once, and so many under way at one
/// time. Watches and the lists before them count, but never wait: what a cluster holds has to be seen however busy the hub is.
package struct Budget: Hashable, Sendable {
    package var callsPerSecond: Double
    package var burst: Int
    package var underWay: Int

    package init(callsPerSecond: Double = 20, burst: Int = 40, underWay: Int = 32) {
        self.callsPerSecond = callsPerSecond
        self.burst = burst
        self.underWay = underWay
    }
}
