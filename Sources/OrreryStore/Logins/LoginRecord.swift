package import FoundationEssentials
package import OrreryModel

/// One browser in which somebody is logged in.
package struct LoginRecord: Hashable, Sendable {
    /// SHA-256 of the cookie.
    package let hash: [UInt8]
    package let person: Int64
    /// What the browser carries as `jupyterhub-session-id`; it ties servers' cookies and tokens to this login.
    package let sid: String
    /// The groups that this login holds beyond those of the person.
    package let raised: [Raised]
    /// Who vouched for it; nil for a login that was made before this was recorded.
    package let origin: Origin?
    package let createdAt: Date
    package let expiresAt: Date
    package let lastSeen: Date

    package init(
        hash: [UInt8], person: Int64, sid: String, raised: [Raised] = [], origin: Origin? = nil, createdAt: Date,
        expiresAt: Date, lastSeen: Date
    ) {
        self.hash = hash
        self.person = person
        self.sid = sid
        self.raised = raised
        self.origin = origin
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastSeen = lastSeen
    }

    /// The issuer that vouched for a login, and what it calls the person and the browser.
    package struct Origin: Hashable, Sendable {
        /// The label of the issuer in the configuration.
        package let issuer: String
        package let subject: String
        /// The issuer's own session (`sid`), if it says one.
        package let session: String?

        package init(issuer: String, subject: String, session: String?) {
            self.issuer = issuer
            self.subject = subject
            self.session = session
        }
    }

    /// A group that was opened by how the login was made.
    package typealias Raised = RaisedGroup
}

/// A login that is under way at an issuer: what the hub must remember between sending the browser there and its return.
package struct TransactionRecord: Hashable, Sendable {
    /// SHA-256 of the state parameter.
    package let stateHash: [UInt8]
    /// The label of the issuer in the configuration.
    package let issuer: String
    /// SHA-256 of the name of the browser.
    package let browser: [UInt8]
    package let nonce: String
    /// The PKCE verifier.
    package let verifier: String
    /// Where the browser wanted to go, as path and query.
    package let next: String
    /// The person whose account the identity shall open too; nil for a login.
    package let linkTo: Int64?
    package let createdAt: Date
    package let expiresAt: Date

    package init(
        stateHash: [UInt8], issuer: String, browser: [UInt8], nonce: String, verifier: String, next: String,
        linkTo: Int64? = nil, createdAt: Date, expiresAt: Date
    ) {
        self.stateHash = stateHash
        self.issuer = issuer
        self.browser = browser
        self.nonce = nonce
        self.verifier = verifier
        self.next = next
        self.linkTo = linkTo
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}
