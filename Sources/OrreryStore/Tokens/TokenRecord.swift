package import FoundationEssentials

/// A bearer token that this hub issued. The token itself is nowhere.
package struct TokenRecord: Hashable, Sendable {
    /// Names the token on pages and in the REST API; see `RecordID`.
    package let id: String
    /// SHA-256 of the token.
    package let hash: [UInt8]
    package let person: Int64
    package let kind: Kind
    /// The session that the token was made for; the token goes when the session's row goes.
    package let session: String?
    /// The login through which it was granted; logging out there ends the token.
    package let sid: String?
    /// SHA-256 of the code that it was exchanged for; whoever shows that code again ends the token.
    package let code: [UInt8]?
    /// The token with which it was made, by id; it goes when that one goes.
    package let parent: String?
    package let scopes: [String]
    package let note: String
    package let createdAt: Date
    /// Nil when only its session, its person or its owner ends it.
    package let expiresAt: Date?
    package let lastUsed: Date?

    package enum Kind: String, Sendable, CaseIterable {
        /// Lies in a session's pod and speaks for the server there.
        case server
        /// Given to a server for one browser, through OAuth.
        case oauth
        /// Made by a person for scripts.
        case personal
    }

    package init(
        id: String, hash: [UInt8], person: Int64, kind: Kind, session: String?, sid: String?, code: [UInt8]? = nil,
        parent: String? = nil, scopes: [String], note: String, createdAt: Date, expiresAt: Date?, lastUsed: Date? = nil
    ) {
        self.id = id
        self.hash = hash
        self.person = person
        self.kind = kind
        self.session = session
        self.sid = sid
        self.code = code
        self.parent = parent
        self.scopes = scopes
        self.note = note
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsed = lastUsed
    }
}

/// An OAuth authorization code that waits to be exchanged, once.
package struct CodeRecord: Hashable, Sendable {
    /// SHA-256 of the code.
    package let hash: [UInt8]
    /// The OAuth client: `jupyterhub-user-ada`.
    package let client: String
    package let person: Int64
    package let sid: String
    package let redirectURI: String
    /// The PKCE challenge, S256.
    package let challenge: String
    package let scopes: [String]
    package let expiresAt: Date

    package init(
        hash: [UInt8], client: String, person: Int64, sid: String, redirectURI: String, challenge: String,
        scopes: [String], expiresAt: Date
    ) {
        self.hash = hash
        self.client = client
        self.person = person
        self.sid = sid
        self.redirectURI = redirectURI
        self.challenge = challenge
        self.scopes = scopes
        self.expiresAt = expiresAt
    }
}
