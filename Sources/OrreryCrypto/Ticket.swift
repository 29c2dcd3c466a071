/// What the gate knows of somebody who may pass: who, through which login, and until when. Times are seconds since
/// 1970.
package struct Ticket: Hashable, Sendable {
    package var person: String
    /// The name of the login it came from: what a logout ends.
    package var session: String
    package var issued: UInt32
    package var expires: UInt32
    /// When the cookie ends that an entry is exchanged for; that of a cookie is its own end.
    package var until: UInt32

    package init(person: String, session: String, issued: UInt32, expires: UInt32, until: UInt32) {
        self.person = person
        self.session = session
        self.issued = issued
        self.expires = expires
        self.until = until
    }

    /// What a ticket is for. One kind never opens as another.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Comes with every request.
        case cookie = 1
        /// Brings somebody from the hub to another host, where it is exchanged for a cookie.
        case entry = 2
    }

    /// No ticket lives longer, in seconds: for so long at most must a proxy remember a logout.
    package static let longest: UInt32 = 86_400

    /// How far the clock of the sealing machine may be ahead of ours, in seconds.
    package static let skew: UInt64 = 60

    /// Bytes of a name: of the person, and of the login.
    package static let nameLimit = 64
}
