/// A login that begins: where to send the browser, and what must be remembered, on the server and for this browser only,
/// until it comes back.
package struct LoginStart: Hashable, Sendable {
    package let url: String
    package let state: String
    package let nonce: String
    package let verifier: String

    package init(url: String, state: String, nonce: String, verifier: String) {
        self.url = url
        self.state = state
        self.nonce = nonce
        self.verifier = verifier
    }

    /// What `IssuerDirectory.finish` wants back.
    package var transaction: LoginTransaction { LoginTransaction(state: state, nonce: nonce, verifier: verifier) }
}

/// What was remembered of a login. The caller takes it out of its store once, so that no second answer can use it.
package struct LoginTransaction: Hashable, Sendable {
    package let state: String
    package let nonce: String
    package let verifier: String

    package init(state: String, nonce: String, verifier: String) {
        self.state = state
        self.nonce = nonce
        self.verifier = verifier
    }
}
